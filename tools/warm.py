"Processes that have imported what nearly all notebooks need, and fork for each: seconds less a notebook."

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).resolve().parents[1]


def below(path):
    "A notebook's path below nbs/, without its ending."
    return Path(path).absolute().relative_to(ROOT / "nbs").with_suffix("").as_posix()


def matching(paths, words):
    "The notebooks that are named, or whose path below nbs/ holds one of the words; none is an error."
    found = []
    for word in words:
        same = [p for p in paths if below(p) == word.removesuffix(".ipynb")]
        found += same or [p for p in paths if word in below(p)]
    if not found:
        sys.exit(f"No notebook has {' or '.join(words)} in its path below nbs/")
    return sorted(set(found))


def cores():
    "Processors that this process may use."
    return (
        len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1
    )


class Worker:
    """Runs `test_one.py` again and again, each time in a process of its own: forks of a warm one where forks
    are safe."""

    def __init__(self, env):
        self.cmd = [sys.executable, str(ROOT / "tools" / "test_one.py")]
        self.how = dict(cwd=ROOT, env=env, text=True)
        self.warm = None
        if sys.platform == "linux":
            pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self.warm = subprocess.Popen([*self.cmd, "--serve"], **pipes, **self.how)

    def __call__(self, *args):
        "Exit status of `test_one.py NOTEBOOK FLAGS OUT`; the last argument is the file of what it says."
        if self.warm:
            try:
                print(json.dumps(args), file=self.warm.stdin, flush=True)
            except BrokenPipeError:
                pass
            if said := self.warm.stdout.readline():
                return int(said)
            self.warm = None  # it could not even import what it serves: the notebooks will say why
        with open(args[-1], "w") as f:
            how = dict(stdin=subprocess.DEVNULL, stdout=f, stderr=subprocess.STDOUT)
            return subprocess.run([*self.cmd, *args[:-1]], **how, **self.how).returncode

    def close(self):
        "End the warm process."
        if self.warm:
            self.warm.stdin.close()
            self.warm.wait()


def environment(workers):
    "What a worker finds: its share of the processors, no network, and one precision on every machine."
    env = dict(os.environ)
    env.setdefault("OMP_NUM_THREADS", str(max(1, cores() // workers)))
    env.setdefault("CTX_PROGRESS", "0")  # outputs are compared
    env.setdefault("HF_HUB_OFFLINE", "1")  # no cell may need the network
    env.setdefault(
        "CTX_AUTO_PRECISION", "fp32"
    )  # the same everywhere; empty: what this one has units for
    env.setdefault(
        "CTX_AUTO_DEVICE", "cpu"
    )  # cells make their batches there; empty: a GPU if there is one
    return env


def spread(jobs, call):
    """`call(worker, job)` for each job, as many at once as there are processors, up to four; (job, result) in
    order."""
    workers = max(1, min(cores(), 4, len(jobs)))
    env = environment(workers)
    made = [Worker(env) for _ in range(workers)]
    free = SimpleQueue()
    for w in made:
        free.put(w)

    def one(job):
        w = free.get()
        try:
            return call(w, job)
        finally:
            free.put(w)

    with ThreadPoolExecutor(workers) as ex:
        yield from zip(jobs, ex.map(one, jobs))
    for w in made:
        w.close()
