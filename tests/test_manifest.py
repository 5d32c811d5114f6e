"""What napari shows of the plugin, and that everything it names exists."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import pytest
from npe2 import PluginManifest

ROOT = Path(__file__).parents[1]
MANIFEST = ROOT / "src" / "napari_unet" / "napari.yaml"


@pytest.fixture(scope="module")
def manifest() -> PluginManifest:
    return PluginManifest.from_file(MANIFEST)


def test_the_name_is_that_of_the_distribution(manifest: PluginManifest) -> None:
    assert manifest.name == "napari-unet-paint"
    assert manifest.display_name == "U-Net Paint"


def test_every_command_names_something_that_can_be_called(manifest: PluginManifest) -> None:
    assert manifest.contributions.commands
    for command in manifest.contributions.commands:
        module, _, name = command.python_name.partition(":")
        assert callable(getattr(import_module(module), name)), command.id


def test_there_is_one_panel_and_it_is_in_both_menus(manifest: PluginManifest) -> None:
    [widget] = manifest.contributions.widgets
    assert widget.display_name == "U-Net Paint"
    menus = manifest.contributions.menus
    assert widget.command in [item.command for item in menus["napari/layers/segment"]]


def test_samples_have_a_name_and_a_key_each(manifest: PluginManifest) -> None:
    samples = manifest.contributions.sample_data
    assert {"coins", "cell", "ihc"} <= {sample.key for sample in samples}
    assert len({sample.key for sample in samples}) == len(samples)
    assert all(sample.display_name for sample in samples)


def test_every_contribution_names_a_declared_command(manifest: PluginManifest) -> None:
    declared = {command.id for command in manifest.contributions.commands}
    used = {widget.command for widget in manifest.contributions.widgets}
    used |= {sample.command for sample in manifest.contributions.sample_data}
    assert used <= declared


@pytest.mark.skipif(sys.platform == "win32", reason="a checkout on Windows may have no links")
def test_the_manifest_is_linked_at_the_root() -> None:
    assert (ROOT / "napari.yaml").resolve() == MANIFEST
