"""Does the package work as a user installs it: the built wheel, no development extras, an empty folder?

usage: clean_install.py [PYTHON]
  PYTHON  an interpreter that has the package; without it a new environment gets the built wheel

Each system is trained for five steps on a small table; the model is used by every command that takes one."""

import csv
import os
import random
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SMALL = ["encoder.d=32", "encoder.heads=2", "encoder.layers=1"]
STEPS = ["train.steps=5", "train.valid_every=5", "train.warmup=0"]
TRAIN = dict(
    context=["posts=posts.csv", "base_steps=5", "vocab_size=300", "heldout=0", *SMALL],
    authors=["posts=posts.csv", "vocab_size=300", "heldout=0", "batch_size=4", *SMALL],
    ranking=[
        "posts=pairs.csv",
        "columns=context=question,response=answer",
        "vocab_size=300",
        *SMALL,
    ],
    chars=["posts=names.tsv", *SMALL],
    documents=["posts=documents.csv", "vocab_size=300", *SMALL],
    sts=[
        "posts=scored.csv",
        "columns=a=one,b=two,score=score",
        "vocab_size=300",
        "pretrained=",
        "segment_len=32",
        *SMALL,
    ],
)
USE = [
    *(["evaluate", s] for s in TRAIN),
    ["evaluate", "authors", "posts=other.csv"],
    ["encode", "authors", "posts.csv", "out=authors.parquet", "per=author"],
    *(["encode", s, "posts.csv", f"out={s}.parquet"] for s in TRAIN if s != "chars"),
    ["encode", "chars", "names.tsv", "out=chars.parquet"],
    ["predict", "context", "masked.txt"],
    ["predict", "documents", "documents.csv", "out=classes.csv"],
    ["predict", "chars", "names.tsv"],
    ["predict", "sts", "scored.csv", "columns=a=one,b=two"],
    ["search", "ranking", "candidates.txt", "question=@question.txt"],
    ["list"],
]


def write(path, rows):
    "A CSV, or a TSV, of dicts."
    with path.open("w", newline="", encoding="utf-8") as f:
        w = csv.DictWriter(
            f, [*rows[0]], delimiter="\t" if path.suffix == ".tsv" else ","
        )
        w.writeheader()
        w.writerows(rows)


def make_data(folder):
    "Small tables of every kind."
    rng = random.Random(0)
    letters = "abcdefghijklmnop"
    words = ["".join(rng.choices(letters, k=5)) for _ in range(200)]

    def text(n=10):
        return " ".join(rng.choices(words, k=n))

    def posts(who, n=6):
        return [
            dict(author=f"{who}{a}", community=f"c{a % 3}", text=text())
            for a in range(60)
            for _ in range(n)
        ]

    write(folder / "posts.csv", posts("a"))
    write(folder / "other.csv", posts("b"))
    write(
        folder / "pairs.csv", [dict(question=text(), answer=text(6)) for _ in range(300)]
    )
    names = [
        dict(text="".join(rng.choices(letters, k=6)), label=f"class{i % 3}")
        for i in range(300)
    ]
    write(folder / "names.tsv", names)
    write(
        folder / "documents.csv",
        [dict(text=text(40), label=f"class{i % 2}") for i in range(300)],
    )
    scored = [
        dict(one=text(6), two=text(6), score=round(rng.uniform(0, 5), 1))
        for _ in range(200)
    ]
    write(folder / "scored.csv", scored)
    (folder / "candidates.txt").write_text("\n".join(text(5) for _ in range(50)) + "\n")
    (folder / "question.txt").write_text(text(4))
    (folder / "masked.txt").write_text(f"{words[0]} [MASK] {words[1]}\n")


def environment(folder):
    "The wheel, built and installed into a new environment; its interpreter."
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv/bin/python"
    pip = [
        python,
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        "-c",
        ROOT / "constraints.txt",
    ]
    subprocess.run([*pip, "build", "setuptools"], check=True)
    subprocess.run(
        [python, "-m", "build", "-q", "--wheel", "-o", folder / "dist", ROOT], check=True
    )
    subprocess.run([*pip, *(folder / "dist").glob("*.whl")], check=True)
    return python


def _from_file(word, folder):
    "`key=@file` with what stands in the file."
    key, _, name = word.partition("=@")
    return f"{key}={(folder / name).read_text()}"


def run(python, words, folder):
    "One command of the installed package, in an empty place; what it printed, and how it ended."
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "CTX_"))}
    env |= dict(
        CTX_CACHE=str(folder / "cache"),
        HOME=str(folder / "home"),
        OMP_NUM_THREADS="2",
        CTX_PROGRESS="0",
    )
    words = [w if "=@" not in w else _from_file(w, folder / "work") for w in words]
    code = "from ctx_transformers.cli import main; main()"
    said = subprocess.run(
        [python, "-c", code, *words],
        cwd=folder / "work",
        env=env,
        capture_output=True,
        text=True,
    )
    ok = said.returncode == 0
    print(f"{'ok' if ok else 'FAILED':<7}ctx {' '.join(words)}", flush=True)
    if not ok:
        print(said.stdout[-1500:], said.stderr[-3000:], sep="\n", flush=True)
    return ok


def main(python=None):
    with tempfile.TemporaryDirectory() as tmp:
        folder = Path(tmp)
        for d in ("work", "home"):
            (folder / d).mkdir()
        make_data(folder / "work")
        python = python or environment(folder)
        good = [
            run(python, ["train", s, *words, *STEPS, f"out={s}"], folder)
            for s, words in TRAIN.items()
        ]
        good += [run(python, words, folder) for words in USE]
    print(f"{sum(good)} passed, {len(good) - sum(good)} failed")
    sys.exit(not all(good))


if __name__ == "__main__":
    main(*sys.argv[1:])
