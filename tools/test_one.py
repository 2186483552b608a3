"""Test one notebook with nbdev, in a process of its own, and write what happened to a file; or make its page.

usage: test_one.py NOTEBOOK FLAGS JSON
       test_one.py NOTEBOOK --page PAGE
       test_one.py --serve   reads lines of JSON, [NOTEBOOK, FLAGS, OUT, LOG], answers with exit statuses"""

import faulthandler
import importlib
import json
import os
import sys
import time
from collections import Counter
from pathlib import Path

LIMIT = 30 * 60  # seconds after which a notebook counts as hung
LONG = 3 * 60 * 60  # the same with the slow cells


def page(path, dst):
    "The notebook as a page of the site: definitions and imports are run, for their documentation."
    from nbdev.processors import FilterDefaults
    from nbdev.serve_drv import exec_nb

    faulthandler.dump_traceback_later(LIMIT, exit=True)
    os.environ["IN_TEST"] = "1"
    os.environ["CTX_PROGRESS"] = "0"
    exec_nb(Path(path), Path(dst), FilterDefaults)
    return 0


def timed_shell(shell, took):
    "A shell that notes the seconds and the first line of each cell that it runs."

    class Shell(shell):
        def cell(self, cell, **kw):
            start = time.perf_counter()
            super().cell(cell, **kw)
            if cell.cell_type == "code":
                took.append(
                    (time.perf_counter() - start, cell.source.strip().split("\n")[0])
                )

    return Shell


def main(path, flags, out):
    if flags == "--page":
        return page(path, out)
    import nbdev.test as t
    from nbdev.config import get_config
    from nbdev.process import NBProcessor

    cfg, flags = get_config(), flags.split()
    faulthandler.dump_traceback_later(LONG if "slow" in flags else LIMIT, exit=True)
    took = []
    t.CaptureShell = timed_shell(t.CaptureShell, took)
    skip = set(cfg.tst_flags.split()) - set(flags)
    cells = [c for c in NBProcessor(path).nb.cells if c.cell_type == "code"]
    flagged = Counter(f for c in cells for f in sorted(skip & c.directives_.keys())[:1])
    ok, secs = t.test_nb(Path(path), skip_flags=skip, basepath=cfg.config_path)
    slow = [(s, src) for s, src in took if s > 10]
    res = dict(
        ok=ok, secs=secs, cells=len(cells), ran=len(took), flagged=flagged, slow=slow
    )
    Path(out).write_text(json.dumps(res))
    return 0 if ok else 1


WARM = (
    "ctx_transformers.core",  # first: it hides a torchvision that does not fit
    "numpy",
    "pandas",
    "scipy.stats",
    "scipy.sparse.linalg",
    "sklearn.linear_model",
    "sklearn.feature_extraction.text",
    "matplotlib.pyplot",
    "torch",
    "safetensors.torch",
    "tokenizers",
    "transformers.modeling_utils",
    "transformers.tokenization_utils_fast",
    "fastai.learner",
    "fastai.callback.core",
    "datasets",
    "nbdev.test",
    "nbdev.process",
    "nbdev.processors",
)


def in_child(args, log):
    "Run one job in a fork: nothing to read, and all that is written goes to the log."
    how = ((os.devnull, os.O_RDONLY), (log, os.O_WRONLY | os.O_CREAT | os.O_APPEND))
    for fd, (path, mode) in enumerate(how):
        os.dup2(os.open(path, mode), fd)
    os.dup2(1, 2)
    return main(*args)


def serve():
    "Do jobs in forks of this process, which has imported what nearly all of them need."
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what an import prints is no answer
    for m in WARM:
        importlib.import_module(m)
    for line in sys.stdin:
        *args, log = json.loads(line)
        pid = os.fork()
        if not pid:
            return in_child(args, log)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), file=answer, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(serve() if sys.argv[1:] == ["--serve"] else main(*sys.argv[1:]))
