"""Run every check the project must pass, tell how each went, and fail if one failed.

Usage: python -m scripts.run_checks [lint]

A failed check does not stop the others: one run tells everything that is wrong.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
QT_FOLDER = ROOT / "build" / "qt"
PYTEST_CLOSING = re.compile(r"^=+ .*\b(passed|failed|errors?|no tests ran)\b.* in [\d.]+s.*=+$")


@dataclass(frozen=True)
class Check:
    """One thing that must hold."""

    name: str
    command: tuple[str, ...]
    """What follows ``python -m``."""
    binding: str = "pyqt5"
    lint: bool = False
    """Part of the fast checks, those that run nothing."""


@dataclass(frozen=True)
class Outcome:
    """How a check went."""

    check: Check
    passed: bool
    seconds: float
    closing: str
    """The last summary line of pytest, if it was pytest."""


PYTEST = ("pytest", "--numprocesses=2", "--dist=worksteal")
WINDOW_TESTS = ("tests/gui", "tests/e2e", "tests/test_manifest.py")

UNIT_TESTS = Check("tests, PyQt5", PYTEST)
CHECKS = (
    Check("style", ("ruff", "check", "."), lint=True),
    Check("format", ("ruff", "format", "--check", "."), lint=True),
    Check("import contracts", ("scripts.check_imports",), lint=True),
    Check("sizes", ("scripts.check_sizes",), lint=True),
    Check("types", ("mypy",), lint=True),
    Check("manifest", ("npe2", "validate", "--imports", "napari-unet-paint")),
    UNIT_TESTS,
    Check("window tests, PyQt6", (*PYTEST, *WINDOW_TESTS), binding="pyqt6"),
    Check("window tests, PySide6", (*PYTEST, *WINDOW_TESTS), binding="pyside6"),
    Check("wheel and sdist", ("scripts.check_package",)),
)
EXTRA_BINDINGS = {"pyqt6": ("PyQt6", "PyQt6-Qt6"), "pyside6": ("PySide6-Essentials",)}


def environment(binding: str) -> dict[str, str]:
    """Environment in which napari, qtpy and pytest-qt use this Qt binding.

    Bindings other than PyQt5 lie in folders of their own, so that the environment of the
    developer has exactly one and nothing has to be chosen there.
    """
    chosen = {**os.environ, "QT_API": binding, "PYTEST_QT_API": binding, "PYTHONUNBUFFERED": "1"}
    if binding in EXTRA_BINDINGS:
        chosen["PYTHONPATH"] = str(QT_FOLDER / binding)
    return chosen


def install(binding: str) -> bool:
    """Put an extra Qt binding into its folder; True if it is there."""
    folder = QT_FOLDER / binding
    ready = folder / ".ready"
    pins = (ROOT / "constraints.txt").read_text("utf-8")
    if ready.is_file() and ready.read_text("utf-8") == pins:
        return True
    pip = (sys.executable, "-m", "pip", "install", "-qq", "--upgrade", "--target", str(folder))
    command = (*pip, "-c", "constraints.txt", *EXTRA_BINDINGS[binding])
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
        return False
    ready.write_text(pins, "utf-8")
    return True


def run(check: Check) -> Outcome:
    """Run one check, passing its output on as it comes."""
    print(f"\n--- {check.name}: python -m {' '.join(check.command)}", flush=True)
    start, closing = time.monotonic(), ""
    if check.binding in EXTRA_BINDINGS and not install(check.binding):
        return Outcome(check, False, time.monotonic() - start, closing)
    process = subprocess.Popen(
        [sys.executable, "-m", *check.command],
        cwd=ROOT,
        env=environment(check.binding),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
    )
    assert process.stdout is not None
    for line in process.stdout:
        print(line, end="", flush=True)
        if PYTEST_CLOSING.match(line.strip()):
            closing = line.strip()
    return Outcome(check, process.wait() == 0, time.monotonic() - start, closing)


def summary(outcomes: list[Outcome]) -> str:
    """One line a check, and as the last line what pytest said of the full test run."""
    lines = ["", "--- summary"]
    for outcome in outcomes:
        word = "ok    " if outcome.passed else "FAILED"
        closing = f"  {outcome.closing.strip('= ')}" if outcome.closing else ""
        lines.append(f"{word}  {outcome.seconds:6.1f} s  {outcome.check.name}{closing}")
    lines += [o.closing for o in outcomes if o.check is UNIT_TESTS and o.closing]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Run the checks; return 1 if one failed."""
    checks = [check for check in CHECKS if check.lint or arguments != ["lint"]]
    outcomes = [run(check) for check in checks]
    print(summary(outcomes), flush=True)
    return int(not all(outcome.passed for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
