"""Every check of the repository, then every notebook with nbdev's own tester, each in a process of its own.

usage: test.py [--checks] [--flags "slow cuda data"] [WORD...]
  WORD  only notebooks whose path below nbs/ holds a WORD (`ranking/` is a folder), without the checks"""

import argparse
import hashlib
import json
import os
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

import check_answers
import check_floors
import check_format
import check_lines
import check_names
import check_order
import check_outputs
import check_sync
import docs
import readme
import test_checks
from nbdev.config import get_config
from nbdev.doclinks import nbglob
from warm import ROOT, below, matching, spread

CHECKS = {
    "package is what the notebooks export": check_sync,
    "imports point down": check_floors,
    "transformers is asked for after core": check_order,
    "formatted, and nothing to complain of": check_format,
    "lines can be read": check_lines,
    "names are the field's terms": check_names,
    "stored outputs are small and repeatable": check_outputs,
    "README is the index": readme,
    "CONTRIBUTING answers as the code does": check_answers,
    "the checks find what they look for": test_checks,
    "every notebook makes a page": docs,
}


def flags_of(asked):
    "Flags to run: those asked for, and `data` where CTX_DATA names a folder."
    known, flags = get_config().tst_flags.split(), asked.split()
    for f in flags:
        if f not in known:
            sys.exit(f"No flag {f!r}: the flags are {' '.join(known)}")
    data = os.environ.get("CTX_DATA")
    if data and not Path(data).is_dir():
        sys.exit(
            f"CTX_DATA is {data!r}, which is not a folder: unset it, or name the folder of the data"
        )
    if data:
        os.environ["CTX_DATA"] = str(
            Path(data).resolve()
        )  # notebooks run in another folder
    elif "data" in flags:
        sys.exit("Cells flagged data need CTX_DATA, the folder of the data")
    return sorted({*flags, *(["data"] if data else [])})


def test(worker, nb, flags):
    "Run one notebook: what happened, and all that it wrote."
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as tmp:
        out, log = Path(tmp) / "out.json", Path(tmp) / "log"
        rc = worker(str(nb), " ".join(flags), str(out), str(log))
        res = json.loads(out.read_text()) if out.exists() else {}
        said = log.read_text(errors="replace") if log.exists() else ""
    if rc or not res.get("ok"):
        res["ok"] = False
    res = dict(ran=0, flagged={}, slow=[], cells=0) | res
    return res | dict(secs=time.perf_counter() - start, log=said, rc=rc)


def all_skipped(r):
    "Did flags leave nothing of this notebook to run?"
    return r["ok"] and r["cells"] > 0 and r["ran"] == 0


def report(nb, r):
    "One line for a notebook that passed; all that it wrote for one that failed."
    word = "FAILED" if not r["ok"] else "skipped" if all_skipped(r) else "ok"
    print(
        f"{below(nb):<36} {word:<8} {r['ran']:>4} cells {r['secs']:>7.1f} s", flush=True
    )
    if not r["ok"]:
        print(f"{r['log'].rstrip()}\n{nb.name} ended with {r['rc']}\n", flush=True)
    for s, src in r["slow"]:
        print(f"    {s:.0f} s: {src[:90]}")


def run_notebooks(nbs, flags):
    "Test the notebooks; what happened in each."
    res = {}
    for nb, r in spread(nbs, lambda worker, nb: test(worker, nb, flags)):
        report(nb, r)
        res[nb] = r
    return res


def run_checks():
    "Names of the checks that failed."
    failed = []
    for name, mod in CHECKS.items():
        try:
            bad = mod.problems(ROOT)
        except (
            Exception
        ):  # a notebook that cannot be read fails its check, and the rest goes on
            bad = traceback.format_exc().splitlines()
        print(
            f"{name:<41} {'FAILED' if bad else 'ok'}",
            *(f"    {o}" for o in bad),
            sep="\n",
            flush=True,
        )
        if bad:
            failed.append(name)
    return failed


def figures():
    "A digest of every figure and table."
    found = sorted((ROOT / "figures").glob("*.*"))
    return {p.name: hashlib.sha256(p.read_bytes()).digest() for p in found}


def chosen(words):
    "The notebooks to test."
    nbs = [n.absolute() for n in sorted(nbglob(as_path=True))]
    return matching(nbs, words) if words else nbs


def summary(res, skipped):
    "What ran, in a line."
    flagged = sum((Counter(r["flagged"]) for r in res.values()), Counter())
    kinds = f" ({', '.join(f'{k} {n}' for k, n in flagged.items())})" if flagged else ""
    slowest = max(res, key=lambda n: res[n]["secs"])
    ran = sum(r["ran"] for r in res.values())
    return (
        f"{len(res) - skipped} notebooks and {ran} code cells ran, "
        f"{sum(flagged.values())} cells skipped by flag{kinds}; "
        f"slowest {below(slowest)}, {res[slowest]['secs']:.0f} s"
    )


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--checks", action="store_true", help="the checks alone")
    p.add_argument(
        "--flags", default="", help="kinds of cells to run that are skipped otherwise"
    )
    words = "only notebooks whose path below nbs/ holds one of these words, without the checks"
    p.add_argument("words", nargs="*", help=words)
    a = p.parse_args()
    os.chdir(ROOT)
    start, before = time.perf_counter(), figures()
    flags = flags_of(a.flags)
    nbs = [] if a.checks else chosen(a.words)
    failed = [] if a.words else run_checks()
    checks = 0 if a.words else len(CHECKS)
    res = run_notebooks(nbs, flags)
    bad = [below(n) for n, r in res.items() if not r["ok"]]
    skipped = sum(all_skipped(r) for r in res.values())
    print()
    if res:
        print(summary(res, skipped))
    for name in [k for k, v in figures().items() if before.get(k) != v]:
        print(f"figures/{name} was written anew and differs")
    took = (
        f"{checks} checks and {len(res)} notebooks in {time.perf_counter() - start:.0f} s"
    )
    print(took + (f"; failed: {', '.join(failed + bad)}" if failed + bad else ""))
    n_bad = len(failed) + len(bad)
    print(
        f"{checks + len(res) - n_bad - skipped} passed, {n_bad} failed"
        + (f", {skipped} skipped" if skipped else "")
    )
    sys.exit(bool(n_bad))


if __name__ == "__main__":
    main()
