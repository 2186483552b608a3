"README.md is nbs/index.ipynb, rendered. `--write` writes it; without, says whether the two agree."

import re
import sys
import tomllib
from pathlib import Path
from nbdev.process import NBProcessor

from ctx_transformers.cli import COMMANDS, EXPERIMENTS, SYSTEMS, recipes


def _links(s):
    """Links as they must be one folder higher: `../figures/x.svg` is `figures/x.svg`, `00_core.ipynb` is
    `nbs/00_core.ipynb`."""
    s = re.sub(r'(\]\(|(?:src|href)=")\.\./', r"\1", s)
    return re.sub(r'(\]\(|href=")(?=[\w./]+\.ipynb)', r"\1nbs/", s)


def _output(out, where):
    "One stored output as markdown."
    data = out.get("data", {})
    if any(k.startswith("image/") for k in data):
        raise ValueError(
            f"{where}: a picture in an output has no file; save it in figures/ and link it from a markdown "
            "cell"
        )
    if "text/markdown" in data:
        return "".join(data["text/markdown"])
    txt = "".join(out.get("text") or data.get("text/plain") or "").rstrip()
    return f"```text\n{txt}\n```" if txt else None


def _cell(i, c):
    "One cell as blocks of markdown."
    if (
        "hide" in c.directives_
        or c.directives_.get("readme:", [""])[0].lower() == "false"
    ):
        return
    if c.cell_type == "markdown":
        yield _links(c.source.strip())
        return
    if c.cell_type != "code":
        return
    hidden = lambda k: c.directives_.get(f"{k}:", [""])[0].lower() == "false"
    code = "\n".join(
        l for l in c.source.splitlines() if not re.match(r"\s*#\s*\|", l)
    ).strip()
    if code and not hidden("echo"):
        yield f"```python\n{code}\n```"
    if not hidden("output"):
        yield from filter(
            None, (_output(o, f"index.ipynb cell {i}") for o in c.get("outputs", []))
        )


def render(root):
    "The text of README.md."
    cells = NBProcessor(Path(root) / "nbs" / "index.ipynb").nb.cells
    note = "<!-- Written by `make readme` from nbs/index.ipynb: edit that. -->"
    return (
        "\n\n".join([note, *(b for i, c in enumerate(cells) for b in _cell(i, c))]) + "\n"
    )


def _commands(root, txt):
    "Commands that start nothing, and those that the README or the package does not know."
    scripts = tomllib.loads((Path(root) / "pyproject.toml").read_text(encoding="utf-8"))[
        "project"
    ]["scripts"]
    for name, at in scripts.items():
        module, f = at.split(":")
        p = (Path(root) / module.replace(".", "/")).with_suffix(".py")
        if not (
            p.exists() and re.search(rf"^def {f}\(", p.read_text(encoding="utf-8"), re.M)
        ):
            yield f"{name} would start {at}, which is not there: mend pyproject.toml"
    yield from shown_commands(txt, "README.md")
    shown = set(re.findall(r"^(?:\.venv/bin/)?ctx (\w+)", txt, re.M))
    yield from (
        f"README.md does not show ctx {c}"
        for c in sorted({*COMMANDS} - shown - {"clean"})
    )


def shown_commands(txt, where):
    "Lines that call `ctx` with words that it does not know."
    for line in re.findall(r"^ *(?:\$ |!)?(?:\.venv/bin/)?ctx (\w[^#\n`]*)", txt, re.M):
        command, *words = line.split()
        plain = [w for w in words if "=" not in w and not w.startswith("-")]
        if command not in COMMANDS:
            yield f"{where} shows `ctx {line.strip()}`: there is no command {command}"
        known = dict(train=SYSTEMS, experiment=EXPERIMENTS).get(command)
        if known is None or not plain:
            continue
        name, *rest = plain
        if name not in known:
            yield f"{where} shows `ctx {line.strip()}`: there is no {name}"
            continue
        for w in rest:
            if w not in recipes(command, name) and not w.endswith((".yaml", ".json")):
                yield f"{where} shows `ctx {line.strip()}`: {name} has no recipe {w}"


def problems(root):
    """Where README.md does not agree with the index, commands that are not there, and files it links to that
    do not exist."""
    path, txt = Path(root) / "README.md", render(root)
    have = path.read_text(encoding="utf-8") if path.exists() else ""
    res = (
        []
        if have == txt
        else ["README.md does not agree with nbs/index.ipynb; run `make readme`"]
    )
    links = re.findall(r'\]\(([^)#\s]+)|(?:src|href)="([^"#]+)', txt)
    links = sorted({a or b for a, b in links if not re.match(r"[a-z]+:", a or b)})
    return (
        res
        + [
            f"README.md links to {l}, which is not there"
            for l in links
            if not (Path(root) / l).exists()
        ]
        + [*_commands(root, txt)]
    )


if __name__ == "__main__":
    root = Path(__file__).parents[1]
    if "--write" in sys.argv:
        (root / "README.md").write_text(render(root), encoding="utf-8", newline="\n")
    sys.exit("\n".join(problems(root)) or None)
