"Do the checks find what they look for? Each is shown a small checkout with one thing wrong."

import json
import sys
import tempfile
import textwrap
from pathlib import Path

import check_answers
import check_floors
import check_lines
import check_names
import check_order


def notebook(root, name, *cells):
    "A notebook of code cells."
    path = root / "nbs" / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    made = [
        dict(
            cell_type="code",
            id=f"c{i}",
            metadata={},
            execution_count=None,
            outputs=[],
            source=textwrap.dedent(c).splitlines(True),
        )
        for i, c in enumerate(cells)
    ]
    path.write_text(
        json.dumps(dict(cells=made, metadata={}, nbformat=4, nbformat_minor=5), indent=1),
        encoding="utf-8",
    )


def house(root, **changed):
    """A checkout that breaks no rule, but for the notebooks named in `changed`: path with `__` for `/` ->
    cells."""
    files = (
        "#| default_exp data.files",
        "#| export\nfrom ctx_transformers.core import x",
        "#| export\ny = x",
    )
    cells = {
        "00_core": ("#| default_exp core", "#| export\nx = 1"),
        "data__00_files": files,
        "eval__02_figures": ("#| default_exp eval.figures", "#| export\nz = 1"),
    }
    without = ", ".join(f"`{room}`" for room in check_floors.ROOMS if room != "model")
    for system in check_floors.SYSTEMS:
        cells[f"{system}__index"] = (f"'Does without: {without}'\n'`model`'",)
        cells[f"{system}__04_model"] = (
            f"#| default_exp {system}.model",
            "#| export\nm = 1",
        )
    for name, made in {**cells, **changed}.items():
        notebook(root, name.replace("__", "/"), *made)


def found(package=(), **changed):
    "What the check of floors says of such a checkout; `package` holds modules, as (path, code)."
    with tempfile.TemporaryDirectory() as tmp:
        house(Path(tmp), **changed)
        for path, code in package:
            at = Path(tmp) / check_floors.PKG / path
            at.parent.mkdir(parents=True, exist_ok=True)
            at.write_text(code, encoding="utf-8")
        return check_floors.problems(tmp)


PLANTED = {
    "no system imports another": dict(
        ranking__04_model=(
            "#| default_exp ranking.model",
            "#| export\nfrom ctx_transformers.authors.model import m",
        )
    ),
    "the base knows no system": dict(
        data__00_files=(
            "#| default_exp data.files",
            "#| export\nfrom ctx_transformers.authors.model import m",
        )
    ),
    "imports point down": dict(
        data__00_files=(
            "#| default_exp data.files",
            "#| export\nfrom ctx_transformers.eval.figures import z",
        )
    ),
    "it runs no cell with a flag": dict(
        data__00_files=(
            "#| default_exp data.files",
            "#| export\ny = 1",
            "#| slow\nimport os",
        )
    ),
    "imports point to lower numbers only": dict(
        data__00_files=(
            "#| default_exp data.files",
            "#| export\nfrom ctx_transformers.data.posts import p",
        ),
        data__01_posts=("#| default_exp data.posts", "#| export\np = 1"),
    ),
    "but its place says": dict(
        data__00_files=("#| default_exp data.other", "#| export\ny = 1")
    ),
    "expected one of": {"04_extra": ("#| default_exp extra", "#| export\ny = 1")},
    "05_data.ipynb: stands in no room": {
        "05_data": ("#| default_exp data", "#| export\ny = 1")
    },
    "stands in no room": dict(attic__00_old=("#| default_exp attic.old",)),
    "which no notebook writes": dict(
        data__00_files=(
            "#| default_exp data.files",
            "#| export\nfrom ctx_transformers.data.gone import p",
        )
    ),
    "imports stand in cells of their own": dict(
        data__00_files=(
            "#| default_exp data.files",
            "#| export\ny = 1",
            "import os\nos.getcwd()",
        )
    ),
    "imports the private _y": dict(package=[("data/files.py", "from ..core import _y")]),
    "defines x, which": dict(
        package=[("core.py", "x = 1"), ("data/files.py", "def x(): pass")]
    ),
    "there is no `loss`": dict(ranking__index=("'Does without: `batches`'",)),
}


def problems(root):
    "Rules that are broken and not seen, and a sound checkout that is complained about."
    res = [f"the check of floors complains about a sound checkout: {o}" for o in found()]
    for rule, changed in PLANTED.items():
        said = found(**changed)
        if not any(rule in o for o in said):
            res.append(
                f"the check of floors does not see a planted fault ({rule}); it says {said}"
            )
    needs = {
        "ctx_transformers.a": ["transformers"],
        "ctx_transformers.b": ["ctx_transformers.core"],
    }
    for first, early in (("a", True), ("b", False)):
        order = [f"ctx_transformers.{first}", "ctx_transformers.a"]
        if check_order.too_early(order, needs, set()) is not early:
            res.append(f"the check of order is wrong about {order}")
    example = ("from ctx_transformers.eval.figures import z", "z")
    allowed = dict(
        data__00_files=("#| default_exp data.files", "#| export\ny = 1", *example)
    )
    res += [
        f"an example may draw, and the check of floors says: {o}"
        for o in found(**allowed)
    ]
    text = (Path(root) / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for true, false in (
        ("`ranking/loss`", "`authors/loss`"),
        ("authors/12_training", "authors/05_model"),
        ("`models/hf`, ", ""),
    ):
        if not [*check_answers.wrong(text.replace(true, false), root)]:
            res.append(
                f"the check of answers does not see that {true} became {false or 'nothing'}"
            )
    for name, old in (
        ("judge_arm", ["judge"]),
        ("RankReader", ["reader"]),
        ("read_posts", []),
    ):
        if check_names.old_words(name) != old:
            res.append(
                f"the check of names finds {check_names.old_words(name)} in {name}"
            )
    line = (
        "    y{i} = [(x + {i}) * (x - {i}) for x in range({i}) if x > {i} and x < {i}]\n"
    )
    long = "def f(x):\n" + "".join(line.format(i=i) for i in range(40))
    (_, _, lines, nodes) = next(iter(check_lines.functions(long)))
    if lines != 40 or nodes <= check_lines.LARGE:
        res.append(
            f"the check of lines counts {lines} lines and {nodes} nodes in a function of 40 lines"
        )
    return res


if __name__ == "__main__":
    sys.exit("\n".join(problems(Path(__file__).parents[1])) or None)
