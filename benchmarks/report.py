"""What a benchmark answers, and how it is shown to people and to programs."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypedDict

PACKAGES = ("napari-unet-paint", "torch", "napari", "numpy", "scikit-image")


class Report(TypedDict):
    """The answer of a benchmark's ``run()``; everything in it can be written as JSON."""

    name: str
    figures: dict[str, Any]
    """What was measured, with the unit in the name: ``lag_p99_ms``."""
    reference: str | dict[str, Any]
    """What it is measured against, in words or as figures of the same run."""
    ratio: float | None
    """Ours against the reference, the number the target is about."""
    target: str | float | dict[str, Any]
    met: bool


def as_json(report: Report) -> str:
    """The report as one line of JSON."""
    return json.dumps(report, default=_plain)


def _plain(value: Any) -> Any:
    """A numpy scalar or array as what JSON knows."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


def rows(figures: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Name and value of every figure, nested ones as ``outer.inner``."""
    if not isinstance(figures, Mapping):
        yield prefix or "value", show(figures)
        return
    for name, value in figures.items():
        path = f"{prefix}.{name}" if prefix else str(name)
        if isinstance(value, Mapping):
            yield from rows(value, path)
        else:
            yield path, show(value)


def show(value: Any) -> str:
    """A figure as text: four significant digits, lists separated by commas."""
    value = _plain(value) if hasattr(value, "tolist") else value
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list | tuple):
        return ", ".join(show(item) for item in value)
    return str(value)


def as_text(report: Report, title: str) -> str:
    """The report for a terminal."""
    lines = [f"{report['name']}: {title}", ""]
    pairs = list(rows(report["figures"]))
    width = max((len(name) for name, _ in pairs), default=0)
    lines += [f"  {name:<{width}}  {value}" for name, value in pairs]
    lines.append("")
    lines += [f"  {name}: {value}" for name, value in _verdict(report)]
    return "\n".join(lines)


def _verdict(report: Report) -> Iterator[tuple[str, str]]:
    """What the figures are held against, and whether they hold."""
    reference = report["reference"]
    if isinstance(reference, Mapping):
        reference = "; ".join(f"{name} {value}" for name, value in rows(reference))
    target = report["target"]
    if isinstance(target, Mapping):
        target = "; ".join(f"{name} {value}" for name, value in rows(target))
    yield "reference", show(reference)
    yield "ratio", show(report["ratio"])
    yield "target", show(target)
    yield "met", show(report["met"])


def machine() -> list[tuple[str, str]]:
    """What the figures were measured on."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return [
        ("processor", f"{_processor()}, {cores} cores"),
        ("system", f"{platform.system()} {platform.machine()}"),
        ("Python", platform.python_version()),
        *((name, version(name)) for name in PACKAGES),
        ("measured", datetime.now(UTC).strftime("%Y-%m-%d")),
    ]


def _processor() -> str:
    """The processor's own name where the system tells it."""
    facts = Path("/proc/cpuinfo")
    if facts.is_file():
        for line in facts.read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown processor"


def as_markdown(reports: Sequence[tuple[Report, str]]) -> str:
    """The page of all reports, each with the one line that says what it measures."""
    command = "python -m benchmarks --all --write docs/benchmarks.md"
    lines = [
        "# Benchmarks",
        "",
        f"Written by `make bench` (`{command}`); edit nothing here by hand.",
        "One alone: `python -m benchmarks NAME`. Each measures what it is compared with in the",
        "same run on the same machine, so ratios travel better than seconds.",
        "",
        *_table(("machine", ""), machine()),
        "",
        *_table(
            ("benchmark", "ratio", "target", "met"),
            [
                (f"[{r['name']}](#{r['name']})", *(value for _, value in list(_verdict(r))[1:]))
                for r, _ in reports
            ],
        ),
    ]
    for report, title in reports:
        lines += ["", f"## {report['name']}", "", title, ""]
        lines += _table(("figure", "value"), rows(report["figures"]))
        lines += ["", *(f"- {name}: {value}" for name, value in _verdict(report))]
    return "\n".join(lines) + "\n"


def _table(head: Sequence[str], body: Any) -> list[str]:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return lines + [
        "| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in body
    ]


def progress(text: str) -> None:
    """Tell a person what is going on, apart from the report itself."""
    print(text, file=sys.stderr, flush=True)
