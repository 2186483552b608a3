"""The documentation site: nbdev makes pages of the notebooks in _proc/, quarto renders them in _docs/.

As a check it makes the pages in a temporary folder: definitions and imports are run for their documentation,
tests are not."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from check_floors import PAGES, SYSTEMS, notebooks
from warm import ROOT, spread

TITLES = {"": "Start", **{f: f.capitalize() for f in (*SYSTEMS, *PAGES)}}


def sidebar(root):
    "The folders as sections, in reading order, as lines of YAML."
    rows, section = ["website:", "  sidebar:", "    contents:"], None
    for nb in notebooks(root):
        at = nb.path.relative_to(Path(root) / "nbs").as_posix()
        if not nb.folder:
            rows.append(f"    - {at}")
            continue
        if nb.folder != section:
            section = nb.folder
            rows += [f"    - section: {TITLES.get(section, section)}", "      contents:"]
        rows.append(f"      - {at}")
    return rows


def make_pages(root, to):
    "A page of every notebook below `to`; what went wrong, by notebook."
    nbs, to = Path(root).resolve() / "nbs", Path(to)
    jobs = [nb.path.resolve() for nb in notebooks(root)]
    bad = {}

    def page(worker, path):
        dst = to / path.relative_to(nbs)
        dst.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("r", errors="replace") as log:
            rc = worker(str(path), "--page", str(dst), log.name)
            return rc, Path(log.name).read_text(errors="replace")

    for path, (rc, said) in spread(jobs, page):
        if rc:
            lines = said.strip().splitlines() or [f"ended with {rc}"]
            bad[path.relative_to(nbs).as_posix()] = lines[-12:]
    return bad


def problems(root):
    "Notebooks that nbdev cannot make a page of."
    with tempfile.TemporaryDirectory() as tmp:
        return [
            f"{name}: {line}"
            for name, lines in make_pages(root, tmp).items()
            for line in lines
        ]


def main():
    from nbdev.quarto import refresh_quarto_yml

    pages, site = ROOT / "_proc", ROOT / "_docs"
    shutil.rmtree(pages, ignore_errors=True)
    bad = make_pages(ROOT, pages)
    if bad:
        sys.exit(
            "\n".join(f"{name}: {line}" for name, lines in bad.items() for line in lines)
        )
    (pages / "sidebar.yml").write_text("\n".join(sidebar(ROOT)) + "\n", encoding="utf-8")
    refresh_quarto_yml()  # writes nbs/nbdev.yml
    for name in ("_quarto.yml", "nbdev.yml", "styles.css"):
        shutil.copy(ROOT / "nbs" / name, pages / name)
    shutil.copytree(ROOT / "figures", pages / "figures")
    for p in pages.rglob("*.ipynb"):  # a site holds its figures itself
        up = "../" * (len(p.relative_to(pages).parts) - 1)
        text = p.read_text(encoding="utf-8").replace(
            "../" * len(p.relative_to(pages).parts) + "figures/", f"{up}figures/"
        )
        p.write_text(text, encoding="utf-8")
    print(f"{len(list(pages.rglob('*.ipynb')))} pages are ready in {pages.name}/")
    if not shutil.which("quarto"):
        sys.exit(
            "To render them as a site, install quarto (https://quarto.org) and run `make docs` again"
        )
    subprocess.run(
        ["quarto", "render", "--no-execute", "--output-dir", str(site)],
        cwd=pages,
        check=True,
    )
    print(f"The site is in {site.name}/: open {site.name}/index.html")


if __name__ == "__main__":
    main()
