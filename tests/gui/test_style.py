from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from napari.qt import get_stylesheet
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QLabel

from napari_unet.gui.style import READABLE, VISIBLE, colours_of, contrast, readable

COLOURS = st.builds(QColor, *[st.integers(0, 255)] * 3)


@given(COLOURS, COLOURS)
def test_readable_is_readable(colour, background):
    assert contrast(readable(colour, background), background) >= READABLE


def test_contrast_runs_from_1_to_21():
    black, white = QColor("black"), QColor("white")
    assert contrast(white, white) == pytest.approx(1)
    assert contrast(black, white) == contrast(white, black) == pytest.approx(21)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_everything_said_is_readable_in_napari_s_themes(docked, theme):
    label = QLabel("text")
    docked(label, theme=theme)
    colours = colours_of(label.parentWidget())
    assert colours.theme == theme
    for colour in (colours.good, colours.warning, colours.error):
        assert contrast(colour, colours.background) >= READABLE
    assert contrast(colours.quiet, colours.background) >= READABLE
    assert contrast(colours.on_accent, colours.accent) >= READABLE
    for curve in (colours.loss, colours.score):
        assert contrast(curve, colours.raised) >= VISIBLE


def test_the_panel_follows_a_change_of_theme(qtbot, docked):
    label = QLabel("text")
    host = docked(label, theme="dark")
    dark = label.parentWidget().styleSheet()
    assert dark
    host.setStyleSheet(get_stylesheet("light"))
    qtbot.waitUntil(lambda: label.parentWidget().styleSheet() != dark)
    now = colours_of(label.parentWidget())
    assert now.theme == "light"
    assert now.button.name() in label.parentWidget().styleSheet()
