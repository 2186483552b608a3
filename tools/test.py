"""Every check of the repository, then every notebook with nbdev's own tester, each in a process of its own.

usage: test.py [--checks] [--flags "slow cuda data"] [WORD...]
  WORD  test only notebooks whose path below nbs/ holds one of the words (`ranking/` is a folder), without the checks"""

import argparse, hashlib, json, os, subprocess, sys, tempfile, time, traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
import check_floors, check_outputs, check_sync, readme
from nbdev.config import get_config
from nbdev.doclinks import nbglob

ROOT = Path(__file__).resolve().parents[1]
CHECKS = {
    "package is what the notebooks export": check_sync,
    "imports point down": check_floors,
    "stored outputs are small and repeatable": check_outputs,
    "README is the index": readme,
}


def cores():
    "Processors that this process may use."
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def flags_of(asked):
    "Flags to run: those asked for, and `data` where CTX_DATA names a folder."
    known, flags = get_config().tst_flags.split(), asked.split()
    for f in flags:
        if f not in known:
            sys.exit(f"No flag {f!r}: the flags are {' '.join(known)}")
    data = os.environ.get("CTX_DATA")
    if data and not Path(data).is_dir():
        sys.exit(f"CTX_DATA is {data!r}, which is not a folder: unset it, or name the folder of the data")
    if data:
        os.environ["CTX_DATA"] = str(Path(data).resolve())  # notebooks run in another folder
    elif "data" in flags:
        sys.exit("Cells flagged data need CTX_DATA, the folder of the data")
    return sorted({*flags, *(["data"] if data else [])})


class Tester:
    "Tests notebooks one after another, each in a process of its own: forks of one that is warm, where forks are safe."

    def __init__(self, env):
        self.cmd, self.how = (
            [sys.executable, str(ROOT / "tools" / "test_one.py")],
            dict(cwd=ROOT, env=env, text=True),
        )
        self.warm = (
            subprocess.Popen(
                [*self.cmd, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **self.how
            )
            if sys.platform == "linux"
            else None
        )

    def __call__(self, *args):
        "Exit status of the test of NOTEBOOK, FLAGS, JSON, LOG."
        if self.warm:
            try:
                print(json.dumps(args), file=self.warm.stdin, flush=True)
            except BrokenPipeError:
                pass
            if said := self.warm.stdout.readline():
                return int(said)
            self.warm = None  # it could not even import what it serves: the notebooks will say why
        with open(args[-1], "w") as f:
            return subprocess.run(
                [*self.cmd, *args[:-1]],
                stdin=subprocess.DEVNULL,
                stdout=f,
                stderr=subprocess.STDOUT,
                **self.how,
            ).returncode

    def close(self):
        if self.warm:
            self.warm.stdin.close()
            self.warm.wait()


def test(tester, nb, flags):
    "Run one notebook: what happened, and all that it wrote."
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as tmp:
        out, log = Path(tmp) / "out.json", Path(tmp) / "log"
        rc = tester(str(nb), " ".join(flags), str(out), str(log))
        res = json.loads(out.read_text()) if out.exists() else {}
        said = log.read_text(errors="replace") if log.exists() else ""
    if rc or not res.get("ok"):
        res["ok"] = False
    res = dict(ran=0, flagged={}, slow=[]) | res
    return res | dict(secs=time.perf_counter() - start, log=said, rc=rc)


def all_skipped(r):
    "Did flags leave nothing of this notebook to run?"
    return r["ok"] and r["cells"] > 0 and r["ran"] == 0


def report(nb, r):
    "One line for a notebook that passed; all that it wrote for one that failed."
    word = "FAILED" if not r["ok"] else "skipped" if all_skipped(r) else "ok"
    print(
        f"{nb.relative_to(ROOT / 'nbs').with_suffix('').as_posix():<36} {word:<8} {r['ran']:>4} cells {r['secs']:>7.1f} s",
        flush=True,
    )
    if not r["ok"]:
        print(f"{r['log'].rstrip()}\n{nb.name} ended with {r['rc']}\n", flush=True)
    for s, src in r["slow"]:
        print(f"    {s:.0f} s: {src[:90]}")


def run_notebooks(nbs, flags):
    "Test the notebooks, as many at once as there are processors, up to four."
    workers = max(1, min(cores(), 4, len(nbs)))
    env = dict(os.environ)
    env.setdefault("OMP_NUM_THREADS", str(max(1, cores() // workers)))
    env.setdefault("HF_HUB_OFFLINE", "1")  # no cell may need the network
    env.setdefault(
        "CTX_AUTO_PRECISION", "fp32"
    )  # the same numbers on every processor; empty: what this one has units for
    free, res = SimpleQueue(), {}
    testers = [Tester(env) for _ in range(workers)]
    for t in testers:
        free.put(t)

    def run(nb):
        t = free.get()
        try:
            return test(t, nb, flags)
        finally:
            free.put(t)

    with ThreadPoolExecutor(workers) as ex:
        for nb, r in zip(nbs, ex.map(run, nbs)):
            report(nb, r)
            res[nb] = r
    for t in testers:
        t.close()
    return res


def run_checks():
    "Names of the checks that failed."
    failed = []
    for name, mod in CHECKS.items():
        try:
            bad = mod.problems(ROOT)
        except Exception:
            bad = (
                traceback.format_exc().splitlines()
            )  # a notebook that cannot be read fails its check, and the rest goes on
        print(f"{name:<41} {'FAILED' if bad else 'ok'}", *(f"    {o}" for o in bad), sep="\n", flush=True)
        if bad:
            failed.append(name)
    return failed


def figures():
    "A digest of every figure and table."
    return {p.name: hashlib.sha256(p.read_bytes()).digest() for p in sorted((ROOT / "figures").glob("*.*"))}


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--checks", action="store_true", help="the checks alone")
    p.add_argument("--flags", default="", help="kinds of cells to run that are skipped otherwise")
    p.add_argument(
        "words",
        nargs="*",
        help="only notebooks whose path below nbs/ holds one of these words, without the checks",
    )
    a = p.parse_args()
    os.chdir(ROOT)
    flags, start, before = flags_of(a.flags), time.perf_counter(), figures()
    nbs = (
        []
        if a.checks
        else [
            n
            for n in sorted(nbglob(as_path=True))
            if not a.words or any(w in n.absolute().relative_to(ROOT / "nbs").as_posix() for w in a.words)
        ]
    )
    if a.words and not nbs:
        sys.exit(f"No notebook has {' or '.join(a.words)} in its path below nbs/")
    failed = [] if a.words else run_checks()
    checks = 0 if a.words else len(CHECKS)
    res = run_notebooks([n.absolute() for n in nbs], flags)
    bad = [n.name for n, r in res.items() if not r["ok"]]
    skipped = sum(all_skipped(r) for r in res.values())
    flagged = sum((Counter(r["flagged"]) for r in res.values()), Counter())
    print()
    if res:
        slowest = max(res, key=lambda n: res[n]["secs"])
        kinds = f" ({', '.join(f'{k} {n}' for k, n in flagged.items())})" if flagged else ""
        print(
            f"{len(res) - skipped} notebooks and {sum(r['ran'] for r in res.values())} code cells ran, {sum(flagged.values())} cells skipped by flag{kinds}; "
            f"slowest {slowest.relative_to(ROOT / 'nbs').with_suffix('').as_posix()}, {res[slowest]['secs']:.0f} s"
        )
    for name in [k for k, v in figures().items() if before.get(k) != v]:
        print(f"figures/{name} was written anew and differs")
    print(
        f"{checks} checks and {len(res)} notebooks in {time.perf_counter() - start:.0f} s"
        + (f"; failed: {', '.join(failed + bad)}" if failed + bad else "")
    )
    n_bad = len(failed) + len(bad)
    print(
        f"{checks + len(res) - n_bad - skipped} passed, {n_bad} failed"
        + (f", {skipped} skipped" if skipped else "")
    )
    sys.exit(bool(n_bad))


if __name__ == "__main__":
    main()
