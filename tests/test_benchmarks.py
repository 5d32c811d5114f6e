"""Reports say what was measured, to people and to programs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.__main__ import available
from benchmarks.report import Report, as_json, as_markdown, as_text, show

ROOT = Path(__file__).parents[1]
NAMES = {"window", "training_rate", "tiling", "first_preview", "coins", "journal"}
NAMES |= {"stream_memory", "stream_rate", "resume", "cluster", "next_place", "volume"}


@pytest.fixture
def report() -> Report:
    figures = {"lag_ms": np.float32(3.25), "inner": {"steps": np.int64(12345), "ok": True}}
    return Report(
        name="window",
        figures=figures,
        reference={"idle_ms": 10.0},
        ratio=np.float64(0.325),
        target="at most 20 ms",
        met=np.bool_(True),
    )


def test_every_promised_benchmark_is_there_and_says_what_it_measures() -> None:
    titles = available()
    assert set(titles) >= NAMES
    assert all(title.rstrip().endswith((".", "?")) for title in titles.values())


def test_json_is_one_line_of_plain_values(report: Report) -> None:
    line = as_json(report)
    assert "\n" not in line
    assert json.loads(line)["figures"] == {"lag_ms": 3.25, "inner": {"steps": 12345, "ok": True}}
    assert json.loads(line)["met"] is True


def test_people_read_every_figure_with_its_verdict(report: Report) -> None:
    text = as_text(report, "Lag.")
    assert "inner.steps" in text
    assert "12,345" in text
    assert "reference: idle_ms 10" in text
    assert "met: yes" in text


def test_the_page_has_a_row_and_a_section_for_each(report: Report) -> None:
    page = as_markdown([(report, "Lag of the window.")])
    assert "| [window](#window) | 0.325 | at most 20 ms | yes |" in page
    assert "## window\n\nLag of the window." in page
    assert "| lag_ms | 3.25 |" in page


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.123456, "0.1235"), (123456.7, "123,457"), (None, "none"), ([1, 2.5], "1, 2.5"), ("a", "a")],
)
def test_figures_are_shown_short(value: object, text: str) -> None:
    assert show(value) == text


def test_the_list_is_printed_without_running_anything() -> None:
    command = (sys.executable, "-m", "benchmarks")
    listed = subprocess.check_output(command, cwd=ROOT, text=True)
    assert {line.split()[0] for line in listed.splitlines()} >= NAMES
