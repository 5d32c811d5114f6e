"""Hold functions and modules to their budgets, so that each stays one thing."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

FOLDERS = ("src", "benchmarks", "pretraining", "scripts")
MODULE_LINES = 300
FUNCTION_LINES = 60
FUNCTION_GOAL = 40


def functions(tree: ast.AST) -> Iterator[tuple[str, int, int]]:
    """Name, first line and length of every function, methods and nested ones included.

    Signature and docstring do not count: they are documentation, of the facade and the
    command line above all.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[ast.get_docstring(node, clean=False) is not None :]
            length = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            yield node.name, node.lineno, length


def check(root: Path, path: Path) -> tuple[list[str], list[str]]:
    """Return what is over budget in one file, and what is over the goal."""
    text = path.read_text("utf-8")
    lines, shown = text.count("\n"), path.relative_to(root)
    broken = [f"{shown}: {lines} lines, {MODULE_LINES} allowed"] if lines > MODULE_LINES else []
    long = []
    for name, line, size in functions(ast.parse(text)):
        if size > FUNCTION_GOAL:
            allowed = f"{FUNCTION_LINES} allowed, {FUNCTION_GOAL} wished for"
            (broken if size > FUNCTION_LINES else long).append(
                f"{shown}:{line} {name}: {size} lines, {allowed}"
            )
    return broken, long


def main() -> int:
    """Print every module and function over budget; return 1 if there is one."""
    root = Path(__file__).parents[1]
    results = [
        check(root, path) for folder in FOLDERS for path in sorted((root / folder).rglob("*.py"))
    ]
    broken = [row for rows, _ in results for row in rows]
    long = [row for _, rows in results for row in rows]
    for row in (*broken, *(f"long: {row}" for row in long)):
        print(row)
    print(f"{len(results)} modules, {len(broken)} over budget, {len(long)} long functions")
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
