"""Run benchmarks: ``python -m benchmarks [NAME | --all] [--write FILE]``.

Without a name it lists what there is. The last line printed for a name is one JSON object.
"""

from __future__ import annotations

import argparse
import ast
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

from benchmarks.report import Report, as_json, as_markdown, as_text, progress

FOLDER = Path(__file__).parent


def available() -> dict[str, str]:
    """Name and first docstring line of every benchmark; nothing is imported for that."""
    found = {}
    for path in sorted(FOLDER.glob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        if "run" in defined and not path.stem.startswith("_"):
            found[path.stem] = (ast.get_docstring(tree) or "").partition("\n")[0]
    return found


def run_here(name: str) -> Report:
    """Run one benchmark in this process."""
    report: Report = import_module(f"benchmarks.{name}").run()
    return report


def run_apart(name: str) -> Report:
    """Run one benchmark in a process of its own, so that none warms up another."""
    progress(f"running {name} ...")
    command = (sys.executable, "-m", "benchmarks", name)
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    if not lines or not lines[-1].startswith("{"):
        sys.exit(f"the benchmark {name} ended without a report (exit code {done.returncode})")
    print(*lines[:-1], "", sep="\n", flush=True)
    report: Report = json.loads(lines[-1])
    return report


def parse(arguments: list[str], names: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="?", choices=names, help="the benchmark to run")
    parser.add_argument("--all", action="store_true", help="run every benchmark")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write all reports to FILE")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Do what the command line asks; a missed target is an answer, not a failure."""
    titles = available()
    chosen = parse(arguments, list(titles))
    if chosen.all:
        reports = [run_apart(name) for name in titles]
        if chosen.write:
            pairs = [(report, titles[report["name"]]) for report in reports]
            chosen.write.write_text(as_markdown(pairs), "utf-8")
            print(f"written to {chosen.write}")
        missed = [report["name"] for report in reports if not report["met"]]
        print(f"targets missed: {', '.join(missed) or 'none'}")
        return 0
    if chosen.name:
        report = run_here(chosen.name)
        print(as_text(report, titles[chosen.name]))
        print(as_json(report), flush=True)
        return 0
    for name, title in titles.items():
        print(f"{name:<16} {title}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
