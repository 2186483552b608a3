"Are the stored outputs of the notebooks small, and the same wherever they are made?"

import json
import re
import sys
from pathlib import Path

KB = 200  # a notebook above this is slow to open and to review
MACHINE = re.compile(
    r"(?<![\w.:/<~])/(?:[\w.+-]+/){2,}[\w.+-]+|\b[A-Za-z]:\\{1,2}\w"
)  # an absolute path
ADDRESS = re.compile(r"\bat 0x[0-9a-f]{6,}")
PROGRESS = re.compile(r"\r(?!\n)|\d(?:it/s|s/it)\b")


def _text(out):
    "All that one output says in words; pictures are left out."
    data = out.get("data", {})
    return "\n".join(
        "".join(o)
        for o in (
            out.get("text", ""),
            *(v for k, v in data.items() if k.startswith("text/")),
        )
    )


def faults(out):
    "What is wrong with one stored output."
    if out.get("name") == "stderr":
        yield "stderr: " + _text(out).strip().splitlines()[0][:80]
    if out.get("output_type") == "error":
        yield f"a stored error: {out.get('ename')}"
    if any("widget" in k for k in out.get("data", {})):
        yield "a widget, which shows nothing when it is only read"
    for what, pat in (
        ("path of one machine", MACHINE),
        ("address in memory", ADDRESS),
        ("progress bar", PROGRESS),
    ):
        m = pat.search(_text(out))
        if m:
            yield f"{what}: {m[0][:60]!r}"


def problems(root):
    "Every notebook that is too large, and every output that another machine would not give."
    res = []
    for p in sorted((Path(root) / "nbs").rglob("*.ipynb")):
        if any(o[0] in "._" for o in p.relative_to(root).parts):
            continue
        if p.stat().st_size > KB * 1024:
            res.append(f"{p.name}: {p.stat().st_size // 1024} KB, more than {KB}")
        for i, c in enumerate(json.loads(p.read_text(encoding="utf-8"))["cells"]):
            res += [
                f"{p.name} cell {i}: {o}"
                for out in c.get("outputs", [])
                for o in faults(out)
            ]
    return res


if __name__ == "__main__":
    sys.exit("\n".join(problems(Path(__file__).parents[1])) or None)
