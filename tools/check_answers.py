"Are the answers of CONTRIBUTING to the questions that a listing should answer those of the code?"

import ast
import re
import sys
from pathlib import Path

from check_floors import PKG, imported, notebooks


def tree(root, module):
    "Syntax tree of a module such as 'ranking/loss'."
    return ast.parse((Path(root) / PKG / f"{module}.py").read_text(encoding="utf-8"))


def modules(root):
    "Every module as 'ranking/loss'."
    found = sorted((Path(root) / PKG).rglob("[!_]*.py"))
    return [p.relative_to(Path(root) / PKG).with_suffix("").as_posix() for p in found]


def defining(root, name):
    "Modules that define a class or function of this name."
    kinds = (ast.ClassDef, ast.FunctionDef)
    return [
        m
        for m in modules(root)
        if any(isinstance(n, kinds) and n.name == name for n in tree(root, m).body)
    ]


def registered(root, registry):
    "Where parts are named: the registry, and whoever fills it."
    return [
        m
        for m in modules(root)
        if any(fills(node, registry) for node in ast.walk(tree(root, m)))
    ]


def fills(node, registry):
    "Does this make a registry, or fill it?"
    if isinstance(node, ast.Assign):
        return getattr(node.targets[0], "id", "") == registry
    return isinstance(node, ast.Call) and ast.unparse(node.func) == f"{registry}.add"


def intervals(root):
    "The module of `Interval`, if all that make one take it from there."
    made = []
    for m in modules(root):
        t = tree(root, m)
        calls = [n for n in ast.walk(t) if isinstance(n, ast.Call)]
        if any(isinstance(n.func, ast.Name) and n.func.id == "Interval" for n in calls):
            froms = [n for n in t.body if isinstance(n, ast.ImportFrom)]
            at = [n.module for n in froms if any(a.name == "Interval" for a in n.names)]
            made.append(
                at[0].replace(".", "/").split("/")[-1] if at else m.split("/")[-1]
            )
    return defining(root, "Interval") if set(made) == {"stats"} else made


def training(root, name):
    "The notebook that defines this function."
    for nb in notebooks(root):
        if any(re.search(rf"^def {name}\(", c.source, re.M) for _, c in nb.cells):
            return [f"nbs/{nb.name}"]


def imports(root, module):
    "What a module imports of the package, as 'models/hf'."
    code = (Path(root) / PKG / f"{module}.py").read_text(encoding="utf-8")
    known = {f"{PKG}.{m.replace('/', '.')}" for m in modules(root)}
    names = imported(code, f"{PKG}.{module.replace('/', '.')}", known)
    return sorted({n.removeprefix(f"{PKG}.").replace(".", "/") for n, _, _ in names})


QUESTIONS = {
    "Where is the loss of the ranker?": lambda root: defining(root, "RankLoss"),
    "What must be touched to add a merge?": lambda root: registered(root, "MERGES"),
    "Where are intervals made?": intervals,
    "Which notebook shows how an author encoder is trained?": lambda root: training(
        root, "train_authors"
    ),
    "What does `encode` of documents import?": lambda root: imports(
        root, "documents/embed"
    ),
    "What must be touched to add a kind of context?": lambda root: registered(
        root, "CONTEXTS"
    ),
}


def wrong(text, root):
    "Answers of this text that the code does not give."
    for question, answer in QUESTIONS.items():
        m = re.search(rf"\*{re.escape(question)}\* (.*)", text)
        if not m:
            yield f"CONTRIBUTING.md does not ask: {question}"
            continue
        said = m[1].partition(": ")[2] if m[1].startswith("What ") else m[1]
        said = [w for w in re.findall(r"`([\w/.]+)`", said) if "/" in w or w == "core"]
        if sorted(said) != sorted(answer(root)):
            yield f"CONTRIBUTING.md says of {question!r}: {said}; the code says {answer(root)}"


def problems(root):
    "Answers that the code does not give."
    return [*wrong((Path(root) / "CONTRIBUTING.md").read_text(encoding="utf-8"), root)]


if __name__ == "__main__":
    sys.exit("\n".join(problems(Path(__file__).parents[1])) or None)
