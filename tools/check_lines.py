"""Can the lines be read? Widths, syntax nodes a line, and definitions that are programs.

Density of a function: the syntax nodes of its body without the docstring, over the lines of that body that
are neither empty nor comments; of bodies of four lines or more. As a script it prints the figures."""

import ast
import json
import sys
from pathlib import Path

PKG = "ctx_transformers"
WIDTH = 110  # columns of a line
DENSE = 20  # syntax nodes a line that nine of ten functions stay below
LONG = 30  # lines of a body
LARGE = 300  # syntax nodes of a body


def body_of(f):
    "Statements of a function, its docstring left out."
    documented = isinstance(f.body[0], ast.Expr) and isinstance(
        f.body[0].value, ast.Constant
    )
    return f.body[1:] if documented else f.body


def functions(source):
    "Name, first line, lines and syntax nodes of each function that has a body."
    lines = source.splitlines()
    for f in ast.walk(ast.parse(source)):
        if not isinstance(f, (ast.FunctionDef, ast.AsyncFunctionDef)) or not body_of(f):
            continue
        body = body_of(f)
        span = lines[body[0].lineno - 1 : body[-1].end_lineno]
        span = [
            line for line in span if line.strip() and not line.strip().startswith("#")
        ]
        yield (
            f.name,
            f.lineno,
            len(span),
            sum(1 for statement in body for _ in ast.walk(statement)),
        )


def modules(root):
    "Every module that a notebook writes."
    return [p for p in sorted((Path(root) / PKG).rglob("*.py")) if p.name != "_modidx.py"]


def sources(root):
    "Every text whose lines are read by people: cells of notebooks, and tools; as (where, line)."
    for p in sorted((Path(root) / "nbs").rglob("*.ipynb")):
        if any(o[0] in "._" for o in p.relative_to(root).parts):
            continue
        for i, c in enumerate(json.loads(p.read_text(encoding="utf-8"))["cells"]):
            if c["cell_type"] == "code":
                for line in "".join(c["source"]).splitlines():
                    yield f"{p.relative_to(root).as_posix()} cell {i}", line
    for p in sorted((Path(root) / "tools").glob("*.py")):
        for i, line in enumerate(p.read_text(encoding="utf-8").splitlines(), 1):
            yield f"{p.relative_to(root).as_posix()} line {i}", line


def measure(root):
    "Every function of the package as (nodes a line, lines, nodes, where)."
    found = []
    for p in modules(root):
        for name, line, n, nodes in functions(p.read_text(encoding="utf-8")):
            found.append(
                (nodes / n, n, nodes, f"{p.relative_to(root).as_posix()}:{line} {name}")
            )
    return sorted(found)


def share(densities, q):
    "The density that a share `q` of the functions stays below."
    return densities[min(int(len(densities) * q), len(densities) - 1)]


def problems(root):
    "Lines that are too wide, definitions that are programs, and a package that is too dense."
    res = [
        f"{at}: {len(line)} columns, more than {WIDTH}"
        for at, line in sources(root)
        if len(line) > WIDTH
    ]
    found = measure(root)
    dense = share([d for d, n, _, _ in found if n >= 4], 0.9)
    if dense > DENSE:
        res.append(
            f"a tenth of the functions has more than {dense:.1f} syntax nodes a line; {DENSE} are the limit"
        )
    for _, n, nodes, where in found:
        if n > LONG or nodes > LARGE:
            res.append(
                f"{where}: {n} lines and {nodes} syntax nodes; make two of it ({LONG} and {LARGE} are the "
                "limits)"
            )
    return res


def report(root):
    "The figures, and what is densest and largest."
    found = measure(root)
    counted = [x for x in found if x[1] >= 4]
    densities = [d for d, _, _, _ in counted]
    widest = max((len(line), at) for at, line in sources(root))
    print(
        f"{len(counted)} functions of four lines or more: median {share(densities, 0.5):.1f}, "
        f"90th percentile {share(densities, 0.9):.1f} syntax nodes a line; widest line {widest[0]} columns "
        f"({widest[1]})"
    )
    for d, n, nodes, where in counted[:-11:-1]:
        print(f"{d:6.1f} nodes a line  {where}")
    large = [x for x in found if x[1] > LONG or x[2] > LARGE]
    print(f"{len(large)} functions of more than {LONG} lines or {LARGE} nodes")
    for _, n, nodes, where in sorted(large, key=lambda x: -x[2])[:10]:
        print(f"{n:4} lines {nodes:5} nodes  {where}")


if __name__ == "__main__":
    root = Path(__file__).parents[1]
    report(root)
    sys.exit("\n".join(problems(root)) or None)
