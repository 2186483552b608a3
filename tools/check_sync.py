"Is the package exactly what the notebooks export, and is every notebook clean? Looks, and changes nothing."

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PKG = "ctx_transformers"


def _files(root):
    "The notebooks and the modules of a checkout, as paths relative to it."
    res = [*(root / "nbs").rglob("*.ipynb"), *(root / PKG).rglob("*.py")]
    res = [p.relative_to(root) for p in res]
    return {p for p in res if not any(o.startswith(".") for o in p.parts)}


def _export(root):
    "Export and clean the notebooks of `root` as a contributor does."
    env = {
        k: v for k, v in os.environ.items() if k != "IN_TEST"
    }  # nbdev exports nothing while it thinks that it is being tested
    for cmd in "nbdev_export", "nbdev_clean":
        r = subprocess.run(
            [str(Path(sys.executable).with_name(cmd))],
            cwd=root,
            env=env,
            capture_output=True,
            text=True,
        )
        if r.returncode:
            return f"{cmd} failed:\n{r.stdout}{r.stderr}"


def problems(root):
    "What differs from a fresh export into an empty package."
    root, had = Path(root).resolve(), _files(Path(root).resolve())
    with tempfile.TemporaryDirectory() as tmp:
        tmp = Path(tmp).resolve()
        for p in [
            "settings.ini",
            "pyproject.toml",
            f"{PKG}/__init__.py",
            *(p for p in had if p.suffix == ".ipynb"),
        ]:
            (tmp / p).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / p, tmp / p)
        failed = _export(tmp)
        if failed:
            return [failed]
        made, res = _files(tmp), []
        for p in sorted(had | made):
            if p not in made:
                res.append(f"{p.as_posix()}: no notebook writes it; delete it")
            elif p not in had:
                res.append(f"{p.as_posix()}: missing; run `make export`")
            elif (root / p).read_bytes() != (tmp / p).read_bytes():
                why = (
                    "not clean"
                    if p.suffix == ".ipynb"
                    else "not what the notebooks export"
                )
                res.append(f"{p.as_posix()}: {why}; run `make export`")
        return res


if __name__ == "__main__":
    sys.exit("\n".join(problems(Path(__file__).parents[1])) or None)
