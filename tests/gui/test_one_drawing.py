"""Progress in the panel has the window drawn once, because that means the canvas as well."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QApplication, QWidget

from napari_unet.app.state import Phase, Progress
from napari_unet.gui.train_form import TrainBox
from tests.gui.test_panel import image, window  # noqa: F401


class Drawings(QObject):
    """Counts how often a window is asked to draw itself, and widgets arrange themselves."""

    def __init__(self, watched: QWidget) -> None:
        super().__init__()
        self.window, self.kinds = watched.window(), []
        QApplication.instance().installEventFilter(self)

    def eventFilter(self, watched: Any, event: Any) -> bool:
        if event.type() == QEvent.Type.UpdateRequest and watched is self.window:
            self.kinds.append("draw")
        if event.type() == QEvent.Type.LayoutRequest:
            self.kinds.append("arrange")
        return False


def test_bar_and_time_left_are_drawn_together_and_nothing_is_arranged_anew(docked, qtbot):
    box = TrainBox()
    docked(box)
    box.set_state("training")
    box.set_progress(0.1, 95)
    qtbot.wait(50)
    drawings = Drawings(box)
    try:
        box.set_progress(0.5, 81)
        assert drawings.kinds == []  # not at once
        qtbot.wait(50)
    finally:
        QApplication.instance().removeEventFilter(drawings)
    assert drawings.kinds == ["draw"]
    assert box._bar.value() == 500
    assert box._time.text() == "1:21 left"


def test_a_longer_time_has_room_and_no_time_takes_none(docked):
    box = TrainBox()
    docked(box)
    box.set_state("training")
    for seconds in (5, 36000, 59):
        box.set_progress(0.5, seconds)
        wanted = box._time.fontMetrics().horizontalAdvance(box._time.text())
        assert wanted <= box._time.width() <= wanted + 40
    box.set_state("resting")
    assert box._time.isHidden()


def test_progress_is_shown_once_a_second_and_the_last_one_is_not_lost(window, qtbot):  # noqa: F811
    _, panel = window(image())
    state, shown = panel.session.state, []
    panel.train.box.set_progress = lambda fraction, seconds: shown.append(fraction)
    state.move(Phase.PREPARING)
    state.move(Phase.TRAINING)
    panel.train._pause.stop()
    shown.clear()
    for percent in range(10, 60, 10):
        state.set_progress(Progress(percent / 100, 5.0))
    assert shown == [0.1]
    qtbot.waitUntil(lambda: len(shown) == 2, timeout=5000)
    assert shown == [0.1, 0.5]
