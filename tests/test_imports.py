"""What is slow loads late: napari starts, and the panel opens, without torch."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("torch", "napari_unet.learn")


def loaded_after(code: str) -> set[str]:
    """Run `code` in a fresh interpreter and return the names of the modules it loaded."""
    script = f"import sys\n{code}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "module",
    [
        "napari_unet",
        "napari_unet.app.train_controller",
        "napari_unet.app.predict_controller",
        "napari_unet.cli",
        "napari_unet.core.config",
        "napari_unet.data.samples",
        "napari_unet.files",
        "napari_unet.gui.panel",
    ],
)
def test_importing_it_leaves_torch_alone(module: str) -> None:
    loaded = loaded_after(f"import {module}")
    assert module in loaded
    assert loaded.isdisjoint(HEAVY)


def test_the_probe_sees_torch_when_it_is_loaded() -> None:
    assert "torch" in loaded_after("import napari_unet.learn.unet")


@pytest.mark.parametrize(
    "module", ["napari_unet", "napari_unet.cli", "napari_unet.api", "napari_unet.files"]
)
def test_working_without_a_window_needs_no_qt(module: str) -> None:
    loaded = loaded_after(f"import {module}")
    assert loaded.isdisjoint({"qtpy", "napari", "magicgui", "superqt", "vispy"})


def test_zarr_loads_when_a_zarr_is_opened() -> None:
    assert loaded_after("import napari_unet.files, napari_unet.cli").isdisjoint({"zarr", "dask"})


def test_the_package_offers_its_names_before_they_are_loaded() -> None:
    loaded = loaded_after(
        "import napari_unet\n"
        "assert {'fit', 'load_model', 'predict', 'predict_proba'} <= set(dir(napari_unet))"
    )
    assert loaded.isdisjoint({"numpy", "pydantic", "torch"})


def test_listing_the_plugin_imports_none_of_it() -> None:
    loaded = loaded_after(
        "from npe2 import PluginManager\n"
        "manager = PluginManager.instance()\n"
        "manager.discover()\n"
        "manifest = manager.get_manifest('napari-unet-paint')\n"
        "assert manifest.contributions.widgets"
    )
    assert not [name for name in loaded if name.startswith("napari_unet")]


def test_opening_napari_and_the_panel_leaves_torch_alone() -> None:
    loaded = loaded_after(
        "import napari\n"
        "viewer = napari.Viewer(show=False)\n"
        "viewer.window.add_plugin_dock_widget('napari-unet-paint', 'U-Net Paint')\n"
        "viewer.close()"
    )
    assert "napari_unet.gui.panel" in loaded
    assert loaded.isdisjoint(HEAVY)
