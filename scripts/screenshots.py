"""Make the pictures of the README: the panel at rest, training and done, in a real napari.

Usage: ``python -m scripts.screenshots [FOLDER]``; without a screen it makes one (Xvfb).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scripts.window import SIZE, close_window, has_screen, run_on_virtual_screen

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "images"
PANEL_WIDTH = 340
LEARNING_SECONDS = 30.0
PATIENCE_SECONDS = 300.0


def main() -> int:
    """Make the pictures; the exit code is 0 when all were made."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    if has_screen():
        make_pictures(folder)
    else:
        run_on_virtual_screen("scripts.screenshots", str(folder))
    return 0


def make_pictures(folder: Path) -> None:
    """Paint, train and predict the coins, and picture the window at each stage."""
    import napari

    from napari_unet.app.state import Phase
    from napari_unet.core.config import TrainConfig
    from napari_unet.gui.advanced_form import AdvancedSettings
    from napari_unet.gui.panel import UNetPaint

    viewer = napari.Viewer(show=False)
    panel = UNetPaint(viewer)
    window = dock(viewer, panel)
    open_coins(viewer)
    panel.apply(AdvancedSettings(train=TrainConfig(max_seconds=LEARNING_SECONDS)))
    state = panel.session.state
    wait_until(lambda: panel.train.box.button.isEnabled() and panel.train.section.aside() != "")
    take(window, folder / "panel-at-rest.png")

    panel.train.box.button.click()
    wait_until(lambda: state.phase is Phase.TRAINING)
    wait_until(lambda: (state.progress.fraction or 0) > 0.6 or not state.busy)
    take(window, folder / "panel-training.png")

    wait_until(lambda: not state.busy or state.phase is Phase.RESTING)
    panel.predict.form.button.click()
    wait_until(lambda: not state.busy)
    hide_strokes(viewer)
    take(window, folder / "panel-done.png")
    close_window(viewer)


def dock(viewer: Any, panel: Any) -> Any:
    """Dock the panel at its usual width in a window of the usual size; return the window."""
    from qtpy.QtCore import Qt

    docked = viewer.window.add_dock_widget(panel, name="U-Net Paint", area="right")
    window = docked.window()
    viewer.window.show()
    window.resize(*SIZE)  # after showing, which brings back the size of the last session
    window.resizeDocks([docked], [PANEL_WIDTH], Qt.Orientation.Horizontal)
    return window


def open_coins(viewer: Any) -> None:
    """Open the coins sample with its strokes, as File > Open Sample does."""
    from napari_unet.data.samples import open_coins as layers

    for data, properties, kind in layers():
        getattr(viewer, f"add_{kind}")(data, **properties)
    viewer.reset_view()


def hide_strokes(viewer: Any) -> None:
    """Show the image and the result alone."""
    for layer in viewer.layers:
        if layer.name.endswith(" paint"):
            layer.visible = False


def wait_until(condition: Callable[[], bool]) -> None:
    """Keep the window alive until something holds.

    Raises
    ------
    TimeoutError
        If it does not hold within `PATIENCE_SECONDS`.
    """
    from qtpy.QtWidgets import QApplication

    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("The panel did not get to the next stage. Run it by hand to see.")
        QApplication.processEvents()
        time.sleep(0.01)


def take(window: Any, path: Path) -> None:
    """Save a picture of the window, without napari's own notifications."""
    from qtpy.QtWidgets import QApplication, QWidget

    for _ in range(20):
        QApplication.processEvents()
        time.sleep(0.02)
    for widget in window.findChildren(QWidget):
        if type(widget).__name__ == "NapariQtNotification":
            widget.close()
    QApplication.processEvents()
    if not window.grab().save(str(path)):
        raise OSError(f"{path} cannot be written. Choose another folder.")


if __name__ == "__main__":
    sys.exit(main())
