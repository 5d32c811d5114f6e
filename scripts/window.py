"""A napari window with the panel in it, on a screen or on a virtual one.

The demo, the pictures of the README and the benchmarks of the window start from here.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import napari

    from napari_unet.gui.panel import UNetPaint

PLUGIN, PANEL = "napari-unet-paint", "U-Net Paint"
SIZE = (1280, 800)


def has_screen() -> bool:
    """True if windows can be shown to somebody."""
    if sys.platform.startswith("linux"):
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return True


def run_on_virtual_screen(module: str, *arguments: str, capture: bool = False) -> str:
    """Run a module of ours in a process of its own, on a screen nobody sees.

    The process finds the machine as on its first day: no settings of napari, no caches, no
    models. It has ended before the screen goes away, which Qt would not survive.

    Parameters
    ----------
    module : str
        What follows ``python -m``.
    *arguments : str
        What follows the module.
    capture : bool, optional
        Return what the module prints instead of showing it.

    Raises
    ------
    subprocess.CalledProcessError
        If the module fails.
    """
    from pyvirtualdisplay import Display

    with tempfile.TemporaryDirectory() as home, Display(size=SIZE, color_depth=24):
        names = ("CACHE_HOME", "CONFIG_HOME", "DATA_HOME", "STATE_HOME", "RUNTIME_DIR")
        own = {f"XDG_{name}": home for name in names}
        environment = {**os.environ, **own, "NAPARI_CONFIG": ""}
        environment.pop("WAYLAND_DISPLAY", None)
        done = subprocess.run(
            (sys.executable, "-m", module, *arguments),
            env=environment,
            stdout=subprocess.PIPE if capture else None,
            text=True,
            check=True,
        )
    return done.stdout or ""


def open_window(sample: str | None = None) -> napari.Viewer:
    """Open napari with a sample of ours.

    Parameters
    ----------
    sample : str, optional
        Key of the sample, for example ``"coins"``.
    """
    import napari

    viewer = napari.Viewer(title="napari")
    viewer.window.resize(*SIZE)
    if sample is not None:
        viewer.open_sample(PLUGIN, sample)
    settle()
    return viewer


def open_panel(viewer: napari.Viewer) -> UNetPaint:
    """Dock the panel as the menu does, and show the image whole beside it."""
    _, panel = viewer.window.add_plugin_dock_widget(PLUGIN, PANEL)
    settle()
    viewer.reset_view()
    return panel


def only_errors_pop_up() -> None:
    """Keep what napari says of its own out of pictures. It changes a setting: not for users."""
    from napari.settings import get_settings

    get_settings().application.gui_notification_level = "error"


def settle(seconds: float = 0.3) -> None:
    """Let the window draw what it has to."""
    end = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() > end, seconds + 1)


def wait_until(condition: Callable[[], bool], seconds: float, pause: float = 0.01) -> None:
    """Keep the window alive until a condition holds.

    Raises
    ------
    TimeoutError
        If it does not within so many seconds.
    """
    from qtpy.QtWidgets import QApplication

    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"nothing happened within {seconds:.0f} s")
        QApplication.processEvents()
        time.sleep(pause)


def wait_for_job(panel: UNetPaint, seconds: float) -> None:
    """Wait until what the panel works on has come to its end, or rests.

    Raises
    ------
    RuntimeError
        If it failed, with what the panel says of it.
    TimeoutError
        If it has not ended within so many seconds.
    """
    state = panel.session.state
    wait_until(lambda: not state.busy or state.phase.value == "resting", seconds)
    if state.phase.value == "failed":
        raise RuntimeError(state.message.text)


def close_window(viewer: napari.Viewer) -> None:
    """Close the window and let work in the background come to its end, as napari does."""
    from qtpy.QtCore import QThreadPool

    viewer.close()
    settle()
    QThreadPool.globalInstance().waitForDone(30_000)
    settle(0)


def save_picture(viewer: napari.Viewer, path: Path) -> Path:
    """Save the whole window as a PNG and return where."""
    settle()
    path.parent.mkdir(parents=True, exist_ok=True)
    viewer.window.screenshot(str(path), canvas_only=False, flash=False)
    return path
