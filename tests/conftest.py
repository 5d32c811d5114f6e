"""What every test shares: one Qt binding, a home of its own, and no widget left behind."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

_BINDINGS = {"pyqt5": "PyQt5", "pyqt6": "PyQt6", "pyside6": "PySide6"}


def _choose_binding() -> None:
    """Make qtpy (napari) and pytest-qt agree; left alone they prefer different bindings."""
    installed = [name for name, module in _BINDINGS.items() if importlib.util.find_spec(module)]
    wanted = os.environ.get("QT_API") or os.environ.get("PYTEST_QT_API")
    if wanted or installed:
        os.environ["QT_API"] = os.environ["PYTEST_QT_API"] = wanted or installed[0]


# Before any plugin or test imports Qt, napari or torch.
_choose_binding()
os.environ["NAPARI_CONFIG"] = ""  # the developer's own napari settings are neither read nor changed
os.environ.setdefault("OMP_NUM_THREADS", "1")  # tiny networks, and as many test processes as cores

# Examples are the same in every run and carry no deadline: a busy machine fails no test.
settings.register_profile("steady", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("steady")


@pytest.fixture(scope="session", autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep caches, settings and model folders of the tests out of the developer's home."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
            patch.setenv(name, str(home / name.lower()))
        patch.setenv("LOCALAPPDATA", str(home / "local"))
        patch.setenv("APPDATA", str(home / "roaming"))
        yield home


def _our_windows() -> list[str]:
    """Our widgets that stand on their own, without a parent, as text."""
    qtpy = sys.modules.get("qtpy.QtWidgets")
    if qtpy is None or qtpy.QApplication.instance() is None:
        return []
    widgets = qtpy.QApplication.topLevelWidgets()
    return [repr(w) for w in widgets if type(w).__module__.startswith("napari_unet")]


@pytest.fixture(autouse=True)
def _no_leaked_widgets() -> Iterator[None]:
    """Fail a test that leaves one of our widgets alive without a parent."""
    before = len(_our_windows())
    yield
    left = _our_windows()
    if len(left) > before and (qtpy := sys.modules.get("qtpy.QtWidgets")):
        qtpy.QApplication.sendPostedEvents()  # deletions that wait for the event loop
        qtpy.QApplication.processEvents()
        left = _our_windows()
    assert len(left) <= before, f"widgets left behind: {left}"
