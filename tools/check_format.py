"Are notebooks and tools formatted, and does the linter find nothing? ruff, as pyproject.toml sets it up."

import subprocess
import sys
from pathlib import Path

PLACES = ("nbs", "tools")


def problems(root):
    "What the formatter would change, and what the linter finds."
    ruff = str(Path(sys.executable).with_name("ruff"))
    res = []
    for args in (["format", "--check"], ["check", "--output-format", "concise"]):
        r = subprocess.run(
            [ruff, *args, *PLACES], cwd=root, capture_output=True, text=True
        )
        said = [line for line in f"{r.stdout}{r.stderr}".splitlines() if line.strip()]
        if r.returncode:
            res += said or [f"ruff {args[0]} ended with {r.returncode}"]
    return res


if __name__ == "__main__":
    sys.exit("\n".join(problems(Path(__file__).parents[1])) or None)
