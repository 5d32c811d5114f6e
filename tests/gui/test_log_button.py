"""Copy log: versions, device, layers, classes and what went wrong, on the clipboard."""

from __future__ import annotations

import platform

import numpy as np
from napari.layers import Image
from qtpy.QtCore import QEvent, Qt, QThreadPool
from qtpy.QtWidgets import QApplication, QPushButton

from napari_unet import __version__
from napari_unet.app.jobs import single
from napari_unet.gui import warm_up
from napari_unet.gui.panel import UNetPaint


def broken() -> None:
    raise ValueError("no such axis")


def test_the_log_is_copied_with_all_that_a_report_needs(
    make_napari_viewer, monkeypatch, qtbot
) -> None:
    monkeypatch.setattr(warm_up, "DELAY_MS", 10**8)  # no torch in these tests
    viewer = make_napari_viewer()
    viewer.add_layer(Image(np.random.default_rng(0).normal(size=(3, 40, 50)), name="cells"))
    panel = UNetPaint(viewer)
    viewer.window.add_dock_widget(panel, name="U-Net Paint")
    panel.paint.new_paint()
    layer = panel.paint.paint
    with qtbot.waitSignal(panel.paint.editor.painted):
        layer.data_setitem((np.zeros(9, int), np.arange(9), np.arange(9)), 2)
    runner = panel._new_runner()
    with qtbot.waitSignal(runner.failed):
        runner.run(
            single(broken), on_event=print, on_done=print, on_error=lambda _: None, words="test"
        )
    panel._advanced_section.set_expanded(True)
    button = panel.findChild(QPushButton, "copy_log_button")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    text = QApplication.clipboard().text()
    for wanted in (
        f"napari-unet-paint {__version__}, Python {platform.python_version()}",
        "'cells': ZYX 3 x 40 x 50 float64 (numpy)",
        "'cells paint': 3 x 40 x 50 uint8",
        "2 Object: 9 pixels",
        "device: not chosen yet",
        "error ValueError: no such axis",
        "now: idle",
    ):
        assert wanted in text
    assert "lines are on the clipboard" in panel.advisor.line.text()
    viewer.close()
    assert QThreadPool.globalInstance().waitForDone(10_000)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
