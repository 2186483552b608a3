"""Does every notebook and module import `core` before transformers?

`core` hides a torchvision that does not fit the torch that is installed; transformers looks for it when it is
first imported. A tester that has imported `core` long before would not notice."""

import ast
import sys
from pathlib import Path

from check_floors import PKG, notebooks

CORE = f"{PKG}.core"
LATE = ("transformers", "sentence_transformers")


def asked(tree, module=""):
    "Modules that code asks for, in order, as absolute names."
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            up = module.split(".")[: -node.level] if node.level else []
            base = ".".join([*up, *filter(None, [node.module])])
            yield base
            yield from (f"{base}.{a.name}" for a in node.names)


def package(root):
    "Module -> what it asks for when it is imported; what functions import is left out."
    found = {}
    for p in sorted((Path(root) / PKG).rglob("[!_]*.py")):
        module = ".".join(p.relative_to(root).with_suffix("").parts)
        body = ast.parse(p.read_text(encoding="utf-8")).body
        imports = [n for n in body if isinstance(n, (ast.Import, ast.ImportFrom))]
        found[module] = [*asked(ast.Module(imports, []), module)]
    return found


def too_early(names, needs, seen):
    "Is one of `LATE` asked for before `core`? None if neither is."
    for name in names:
        if name == CORE:
            return False
        if name.split(".")[0] in LATE:
            return True
        if name in needs and name not in seen:
            seen.add(name)
            early = too_early(needs[name], needs, seen)
            if early is not None:
                return early
    return None


def problems(root):
    "Modules and notebooks that ask for transformers first."
    needs = package(root)
    res = [m for m in needs if too_early(needs[m], needs, {m})]
    for nb in notebooks(root):
        if nb.name == "00_core.ipynb":
            continue  # it is `core`
        names = [n for _, c in nb.cells for n in asked(ast.parse(c.source))]
        if too_early(names, needs, set()):
            res.append(nb.name)
    return [
        f"{o}: imports transformers before {CORE}, which hides a broken torchvision"
        for o in res
    ]


if __name__ == "__main__":
    sys.exit("\n".join(problems(Path(__file__).parents[1])) or None)
