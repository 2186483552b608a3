"""Run notebooks from clean and keep what they print; cells with a flag are left as they are.

usage: execute.py WORD...   notebooks whose path below nbs/ holds one of the words"""

import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from warm import ROOT, below, matching


def skipped(cell, flags):
    "Is this a cell that is not run here?"
    if cell.cell_type != "code":
        return True
    directives = getattr(cell, "directives_", None) or {}
    return directives.get("eval:", [""])[0].lower() == "false" or bool(
        flags & directives.keys()
    )


def execute(path):
    "Run one notebook and write its outputs; what went wrong, or None."
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault(
        "CTX_AUTO_PRECISION", "fp32"
    )  # the same numbers on every processor
    os.environ.setdefault("CTX_AUTO_DEVICE", "cpu")
    os.environ["IN_TEST"] = "1"
    os.environ["CTX_PROGRESS"] = "0"
    os.chdir(path.parent)
    sys.path.insert(0, str(ROOT))
    from execnb.shell import CaptureShell
    from nbdev.config import get_config
    from nbdev.process import NBProcessor

    flags = set(get_config().tst_flags.split()) - (
        {"data"} if os.environ.get("CTX_DATA") else set()
    )
    nb = NBProcessor(path).nb
    shell = CaptureShell(path, mpl_format="png")
    try:
        shell.run_all(nb, exc_stop=True, preproc=lambda cell: skipped(cell, flags))
    except Exception:
        return shell.prettytb(fname=path)
    raw = json.loads(path.read_text(encoding="utf-8"))
    for old, new in zip(raw["cells"], nb.cells):
        if not skipped(new, flags):
            old["outputs"] = json.loads(json.dumps(new.get("outputs", []), default=dict))
            old["execution_count"] = None
    text = json.dumps(raw, sort_keys=True, indent=1, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")


def main(words):
    if not words:
        sys.exit(__doc__)
    paths = matching(sorted((ROOT / "nbs").rglob("[!_.]*.ipynb")), words)
    failed = 0
    # no pool of daemons: a notebook may start processes of its own
    workers = min(2, len(paths))
    with ProcessPoolExecutor(
        workers, get_context("spawn"), max_tasks_per_child=1
    ) as pool:
        for path, wrong in zip(paths, pool.map(execute, paths)):
            print(f"{below(path):<40} {wrong or 'ok'}", flush=True)
            failed += bool(wrong)
    sys.exit(bool(failed))


if __name__ == "__main__":
    main(sys.argv[1:])
