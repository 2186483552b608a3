"""Do names use the field's terms? Private words of earlier versions must not come back.

Looked at are the public functions, classes and constants of the package, the fields of its configurations,
and in the tables of figures/ the names of arms, metrics and slices. No setting is a letter, save widths."""

import ast
import csv
import re
import sys
from pathlib import Path

from check_lines import PKG, modules

# a word of the past -> what the field says
OLD = dict(
    ask="evaluate",
    asked="evaluated",
    asking="evaluate",
    judge="evaluate",
    judged="evaluated",
    told="soft labels",
    pointer="copy mechanism",
    side="split",
    sides="splits",
    nobody="no context",
    hidden="masked",
    reader="encoder",
    counted="TF-IDF",
    most="max_...",
    few="n_...",
)
# where such a word is the field's own
FINE = ("hidden_size", "d_hidden")
LETTERS = ("d", "h")  # widths may be a letter, as in the shape alphabet


def words_of(name):
    "Words of a name: at underscores, and where a capital begins."
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)
    return [p.lower() for p in parts]


def old_words(name):
    "Old words in a name."
    return [] if name in FINE else [w for w in words_of(name) if w in OLD]


def is_configuration(node):
    "Is this class a configuration?"
    return isinstance(node, ast.ClassDef) and any(
        getattr(d, "id", "") == "configuration" for d in node.decorator_list
    )


def names(tree):
    "Public names of a module, as (kind, name)."
    for n in tree.body:
        if isinstance(n, (ast.FunctionDef, ast.ClassDef)):
            yield "definition", n.name
        elif isinstance(n, ast.Assign):
            yield from (("constant", t.id) for t in n.targets if isinstance(t, ast.Name))
        if is_configuration(n):
            for f in n.body:
                if isinstance(f, ast.AnnAssign):
                    yield f"field of {n.name}", f.target.id


def problems(root):
    "Names with an old word, and settings of one letter."
    res = []
    for p in modules(root):
        where = p.relative_to(root).as_posix()
        for kind, name in names(ast.parse(p.read_text(encoding="utf-8"))):
            if name.startswith("_"):
                continue
            res += [
                f"{where}: {kind} `{name}`: not {w!r} but {OLD[w]!r}"
                for w in old_words(name)
            ]
            if kind.startswith("field") and len(name) == 1 and name not in LETTERS:
                res.append(
                    f"{where}: {kind} `{name}` is a letter; give it the field's term"
                )
    for p in sorted((Path(root) / "figures").glob("*.csv")):
        with p.open(encoding="utf-8", newline="") as f:
            rows = [r for r in csv.DictReader(f)]
        for column in ("arm", "metric", "slice"):
            for v in sorted({r.get(column) or "" for r in rows}):
                words = re.findall(r"[a-z]+(?![a-z=])", v)  # no settings, `d_hidden=25`
                found = [w for w in words if w in OLD]
                res += [
                    f"figures/{p.name}: {column} {v!r}: not {w!r} but {OLD[w]!r}"
                    for w in found
                ]
    if not (Path(root) / PKG).is_dir():
        res.append(f"there is no {PKG}/ in {root}")
    return res


if __name__ == "__main__":
    sys.exit("\n".join(problems(Path(__file__).parents[1])) or None)
