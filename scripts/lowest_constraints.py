"""Print constraints that pin every direct dependency to its lower bound.

Usage: python -m scripts.lowest_constraints > lowest.txt
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from packaging.requirements import Requirement


def lowest(line: str) -> str:
    """Turn ``name>=1.2`` into ``name==1.2``."""
    requirement = Requirement(line)
    [bound] = [s.version for s in requirement.specifier if s.operator == ">="]
    return f"{requirement.name}=={bound}"


def main() -> None:
    """Print one constraint a line."""
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8")
    for line in tomllib.loads(text)["project"]["dependencies"]:
        print(lowest(line))


if __name__ == "__main__":
    main()
