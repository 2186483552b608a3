"""Do imports point down, and does each notebook write one module? `--order` prints the one reading order.

A folder of `nbs/` is a floor, and two digits order the notebooks within it. The five systems stand on one
floor and never import each other; whatever is below them knows none of them."""

import ast
import re
import sys
from pathlib import Path

from IPython.core.inputtransformer2 import TransformerManager
from nbdev.process import NBProcessor

PKG = "ctx_transformers"
SYSTEMS = ("context", "authors", "ranking", "chars", "documents")
# from the ground up; `core`, `config`, `losses` and `cli` are single modules, the others are folders
FLOORS = (
    "core",
    "config",
    "data",
    "losses",
    "layers",
    "train",
    "eval",
    "models",
    SYSTEMS,
    "experiments",
    "cli",
    "__main__",
)
# what faces, experiments and the command define alike
VERBS = (
    "train learner load encode predict rank search evaluate arms experiment main".split()
    + [
        "train_run",
        "train_folder",
        "VERSION",
    ]
)
FLAGS = ("slow", "cuda", "data")  # of cells that are not always run
PAGES = ("tutorials", "results", "benchmarks")  # folders whose notebooks export nothing
LOOSE = ("core", "config", "losses", "cli", "__main__")  # the only modules in the root
# what an example, a cell that exports nothing, may use wherever it stands: pictures, tables, and a small
# encoder to try on
EXAMPLES = tuple(
    f"{PKG}.{m}"
    for m in (
        "eval.config",
        "eval.figures",
        "eval.tables",
        "models.config",
        "models.encoder",
    )
)
ROOMS = (
    "model",
    "loss",
    "batches",
    "training",
    "embed",
    "evaluation",
    "baselines",
)  # of every system


def floor_of(room):
    "Height of a folder, or of a module in the root; that of pages is above all."
    for height, floor in enumerate(FLOORS):
        if room == floor or room in (floor if isinstance(floor, tuple) else ()):
            return height
    return len(FLOORS) if room in PAGES else None


class Notebook:
    "One notebook: where it stands, the module it writes, and the code of its cells."

    def __init__(self, path, nbs):
        self.path = path
        self.name = path.relative_to(nbs).as_posix()
        parts = path.relative_to(nbs).with_suffix("").parts
        self.folder = parts[0] if len(parts) == 2 else ""
        m = re.fullmatch(r"(\d\d)_(\w+)", parts[-1])
        self.number = int(m[1]) if m else None
        self.title = m[2] if m else parts[-1]
        self.is_index = parts[-1] == "index"
        self.depth = len(parts)
        loose = (
            not self.folder and self.title not in LOOSE
        )  # a module where only folders stand
        self.floor = None if loose else floor_of(self.folder or self.title)
        if self.is_index and not self.folder:
            self.floor = len(FLOORS) + 1  # the front page reads everything
        self.cells = [
            (i, c)
            for i, c in enumerate(NBProcessor(path).nb.cells)
            if c.cell_type == "code"
        ]
        self.default = [
            " ".join(a)
            for _, c in self.cells
            for k, a in c.directives_.items()
            if k == "default_exp"
        ]
        self.exports = [
            (i, a)
            for i, c in self.cells
            for k, a in c.directives_.items()
            if k in ("export", "exports", "exporti")
        ]
        self.module = (
            f"{PKG}.{self.default[0]}".removesuffix(".__init__") if self.default else None
        )

    @property
    def place(self):
        "What the reading order sorts by: floor, folder on it, number; an index stands before its folder."
        systems = SYSTEMS.index(self.folder) if self.folder in SYSTEMS else 0
        pages = PAGES.index(self.folder) if self.folder in PAGES else 0
        number = -1 if self.is_index else self.number if self.number is not None else 0
        return (
            -1 if not self.folder and self.is_index else self.floor,
            systems,
            pages,
            number,
            self.title,
        )


def shape(nb):
    "What is wrong with one notebook's place and with what it exports."
    if nb.depth > 2 or nb.floor is None:
        yield f"stands in no room of the house: expected one of {', '.join(map(str, (*FLOORS, *PAGES)))}"
        return
    if nb.folder in PAGES or (nb.is_index and not nb.folder):
        if nb.default or nb.exports:
            yield "exports code, and pages (and the front page) export nothing"
        return
    if nb.is_index:
        if nb.default and nb.default[0] != f"{nb.folder}.__init__":
            yield f"writes `{nb.default[0]}`; the index of a system may write `{nb.folder}.__init__` alone"
        return
    if nb.number is None:
        yield "the name must be two digits, `_`, and the module: `04_model.ipynb`"
    should = f"{nb.folder}.{nb.title}" if nb.folder else nb.title
    if len(nb.default) != 1:
        yield f"needs exactly one `#| default_exp`, has {len(nb.default)}"
    elif nb.default[0] != should:
        yield f"writes `{nb.default[0]}` but its place says `{should}`"
    for i, to in nb.exports:
        if to:
            yield f"cell {i}: exports to `{to[0]}`; a notebook writes one module, its own"


def imported(code, module, modules):
    "Modules of the package that `code` imports, as (dotted name, is it a star import, line)."
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names = [(a.name, False) for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                up = (module or f"{PKG}._").split(".")[: -node.level]
                base = ".".join(up + ([base] if base else []))
            known = base in modules
            names = [
                (
                    base
                    if known or a.name in ("*", "__version__")
                    else f"{base}.{a.name}",
                    a.name == "*",
                )
                for a in node.names
            ]
        else:
            continue
        yield from (
            (n, star, node.lineno)
            for n, star in names
            if n.split(".")[0] == PKG and n != PKG
        )


def room_of(module):
    "Folder of a module, or the module itself where it stands in the root."
    return module.split(".")[1]


def climbs(where, code, nb, owner, free=()):
    """What is wrong with the imports of `code`, which belongs to notebook `nb`; those of modules in `free`
    are not asked."""
    for name, star, line in imported(code, nb.module, owner):
        at = f"{where} line {line}: imports {name}"
        if name not in owner:
            yield f"{at}, which no notebook writes"
            continue
        if star:
            yield f"{at} with a star; name what is used"
        if name == nb.module or name in free:
            continue
        to = owner[name]
        mine, theirs = nb.folder or nb.title, room_of(name)
        if mine in SYSTEMS and theirs in SYSTEMS and mine != theirs:
            yield f"{at}: no system imports another; what both need belongs into the base"
        elif theirs in SYSTEMS and nb.floor < floor_of(theirs):
            yield f"{at}: the base knows no system; move what is needed into the base"
        elif mine == theirs and nb.folder not in PAGES:
            # the face of a system stands above its modules
            if (to.number if to.number is not None else 100) >= (
                101 if nb.is_index else nb.number
            ):
                yield f"{at}, written by {to.name}; within a folder imports point to lower numbers only"
        elif to.floor >= nb.floor:
            yield f"{at}, written by {to.name}; imports point down: {', '.join(map(str, FLOORS))}"


def brings(code):
    "Does this code import anything?"
    return any(
        isinstance(n, (ast.Import, ast.ImportFrom)) for n in ast.walk(ast.parse(code))
    )


def mixed(cell):
    "Does a cell that is no definition mix imports with other code? The documentation would run it."
    if cell.directives_.get("eval:", [""])[0].lower() == "false":
        return False
    if cell.directives_.keys() & {"export", "exports", "exporti"}:
        nodes = ast.parse(cell.source).body
    else:
        nodes = list(ast.walk(ast.parse(cell.source)))[1:]
    found = [isinstance(n, (ast.Import, ast.ImportFrom)) for n in nodes]
    other = [
        n
        for n in ast.parse(cell.source).body
        if not isinstance(n, (ast.Import, ast.ImportFrom))
    ]
    return any(found) and bool(other)


def notebooks(root):
    "All notebooks of a checkout, in reading order."
    nbs = Path(root) / "nbs"
    paths = [
        p
        for p in nbs.rglob("*.ipynb")
        if not any(o[0] in "._" for o in p.relative_to(nbs).parts)
    ]
    found = [Notebook(p, nbs) for p in sorted(paths)]
    return sorted(found, key=lambda nb: nb.place if nb.floor is not None else (99,))


def reading_order(root):
    "Folders by floor, and in each its notebooks by number, as lines."
    rows = {}
    for nb in notebooks(root):
        rows.setdefault(nb.folder or ("" if nb.is_index else nb.title), []).append(
            nb.path.stem
        )
    return [
        f"{row if row in LOOSE else f'{row}/':<13} {' '.join(stems)}"
        for row, stems in rows.items()
    ]


def rooms(nbs):
    "Systems whose index does not name every notebook, or does not say which of the rooms there are none of."
    for system in SYSTEMS:
        mine = [nb for nb in nbs if nb.folder == system]
        index = [nb for nb in mine if nb.is_index]
        if not index:
            yield f"{system}/: has no index.ipynb, which says what stands in it"
            continue
        text = index[0].path.read_text(encoding="utf-8")
        without = re.search(r"Does without: ([^\n]*)", text)
        said = (
            set(re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", without[1])))
            if without
            else set()
        )
        have = {nb.title for nb in mine}
        for room in ROOMS:
            if room not in have and room not in said:
                yield f"{index[0].name}: there is no `{room}`; write it, or name it under `Does without:`"
            if room in have and room in said:
                yield f"{index[0].name}: says that it does without `{room}`, which is there"
        for title in sorted(have - {"index"}):
            if f"`{title}`" not in text:
                yield f"{index[0].name}: does not say what `{title}` is for"


def of_notebooks(nbs, owner):
    "Every cell that imports upwards, or mixes imports with other code."
    for nb in nbs:
        if nb.floor is None:
            continue
        for i, c in nb.cells:
            try:
                c.source = TransformerManager().transform_cell(c.source)
                defines = c.directives_.keys() & {"export", "exports", "exporti"}
                yield from climbs(
                    f"{nb.name} cell {i}",
                    c.source,
                    nb,
                    owner,
                    () if defines else EXAMPLES,
                )
                if (
                    c.directives_.keys() & set(FLAGS)
                    and "import " in c.source
                    and brings(c.source)
                ):
                    yield f"{nb.name} cell {i}: imports, which a page runs; it runs no cell with a flag"
                if mixed(c):
                    yield f"{nb.name} cell {i}: imports stand in cells of their own, or a page runs the rest"
            except SyntaxError as e:
                yield f"{nb.name} cell {i}: not Python: {e.msg}"


def of_face(rel, code, owner):
    "What a package imports when it is imported: settings, so that a help text needs nothing else."
    module = ".".join(rel.parent.parts)
    top = [n for n in ast.parse(code).body if isinstance(n, (ast.Import, ast.ImportFrom))]
    light = ast.unparse(ast.Module(top, []))
    for name, _, line in imported(light, f"{module}.__init__", owner):
        if not name.endswith("config"):
            yield f"{rel.as_posix()}: imports {name}; its functions import what they need"
    if module in owner:
        yield from climbs(rel.as_posix(), code, owner[module], owner)


def of_package(root, owner):
    "Every module that no notebook writes, or that imports upwards."
    for p in sorted((root / PKG).rglob("*.py")):
        rel = p.relative_to(root)
        if rel.name == "_modidx.py":
            continue
        module = ".".join(rel.with_suffix("").parts)
        code = p.read_text(encoding="utf-8")
        if rel.name == "__init__.py":
            yield from of_face(rel, code, owner)
        elif module not in owner:
            yield f"{rel.as_posix()}: no notebook writes it; delete it"
        else:
            yield from climbs(rel.as_posix(), code, owner[module], owner)


def definitions(code):
    "Public names that a module defines at its top, methods that are added to a class left out."
    for node in ast.parse(code).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            if not any("patch" in ast.unparse(d) for d in node.decorator_list):
                yield node.name
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                yield from (n.id for n in ast.walk(target) if isinstance(n, ast.Name))


def of_names(root):
    "Private names that cross modules, and public ones, verbs aside, that two modules define."
    first = dict.fromkeys((*VERBS, "__all__"), "")
    for p in sorted((root / PKG).rglob("*.py")):
        if p.name in ("_modidx.py", "__init__.py"):
            continue
        where, code = p.relative_to(root).as_posix(), p.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom) and node.level:
                for a in node.names:
                    if a.name.startswith("_"):
                        yield f"{where} line {node.lineno}: imports the private {a.name}: make it public"
        for name in sorted(set(definitions(code))):
            if first.setdefault(name, where) not in ("", where) and not name.startswith(
                "_"
            ):
                yield f"{where}: defines {name}, which {first[name]} does too: one will do, or two names"


def problems(root):
    "Every import that does not point down, and every notebook that stands or writes where it should not."
    root = Path(root)
    nbs, owner = notebooks(root), {}
    res = [f"{nb.name}: {o}" for nb in nbs for o in shape(nb)]
    places = {}
    for nb in nbs:
        if nb.floor is None:
            continue
        if nb.place in places and nb.number is not None:
            res.append(f"{nb.name}: {places[nb.place]} has its place too")
        places[nb.place] = nb.name
        if nb.module:
            if nb.module in owner:
                res.append(f"{nb.name}: {owner[nb.module].name} writes {nb.module} too")
            owner[nb.module] = nb
    return res + [
        *of_notebooks(nbs, owner),
        *of_package(root, owner),
        *of_names(root),
        *rooms(nbs),
    ]


if __name__ == "__main__":
    root = Path(__file__).parents[1]
    if "--order" in sys.argv:
        print("\n".join(reading_order(root)))
    else:
        sys.exit("\n".join(problems(root)) or None)
