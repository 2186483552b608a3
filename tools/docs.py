"The documentation site in _docs/: nbdev makes pages of the notebooks in _proc/, quarto renders them."

import shutil, subprocess, sys
from pathlib import Path


def main():
    from nbdev.config import get_config
    from nbdev.quarto import nbdev_sidebar, refresh_quarto_yml
    from nbdev.serve import proc_nbs

    cfg = get_config()
    refresh_quarto_yml()
    nbdev_sidebar.__wrapped__()
    pages = Path(
        proc_nbs(force=True)
    )  # not through `nbdev_proc_nbs`, which starts to install quarto where there is none
    shutil.copytree(cfg.config_path / "figures", pages / "figures", dirs_exist_ok=True)
    for p in pages.rglob("*.ipynb"):  # a site holds its figures itself
        p.write_text(p.read_text(encoding="utf-8").replace("../figures/", "figures/"), encoding="utf-8")
    print(f"{len(list(pages.rglob('*.ipynb')))} pages are ready in {pages.name}/")
    if not shutil.which("quarto"):
        sys.exit("To render them as a site, install quarto (https://quarto.org) and run `make docs` again")
    subprocess.run(["quarto", "render", "--no-execute"], cwd=pages, check=True)
    shutil.rmtree(cfg.doc_path, ignore_errors=True)
    shutil.move(pages / cfg.doc_path.name, cfg.doc_path)
    print(f"The site is in {cfg.doc_path.name}/: open {cfg.doc_path.name}/index.html")


if __name__ == "__main__":
    main()
