"""The installed distribution says what it should."""

from __future__ import annotations

import tomllib
from importlib import resources
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import napari_unet

ROOT = Path(__file__).parents[1]
NAME = "napari-unet-paint"


def test_there_is_one_version() -> None:
    assert distribution(NAME).version == napari_unet.__version__


def test_the_changelog_tells_of_this_version() -> None:
    assert f"## {napari_unet.__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_typing_information_and_manifest_lie_in_the_package() -> None:
    package = resources.files("napari_unet")
    assert (package / "py.typed").is_file()
    assert (package / "napari.yaml").is_file()


def test_no_qt_binding_is_forced_on_the_user() -> None:
    required = [Requirement(line) for line in distribution(NAME).requires or []]
    always = {r.name.lower() for r in required if r.marker is None}
    assert always.isdisjoint({"pyqt5", "pyqt6", "pyside2", "pyside6"})
    assert not any(r.extras for r in required if r.marker is None)


@pytest.mark.parametrize("extra", ["pyqt5", "pyqt6", "pyside6", "all"])
def test_each_extra_brings_a_binding_through_napari(extra: str) -> None:
    required = [Requirement(line) for line in distribution(NAME).requires or []]
    chosen = [r for r in required if r.marker and r.marker.evaluate({"extra": extra})]
    assert [r.extras for r in chosen if r.name == "napari"] == [{extra}]


def test_the_command_starts_the_command_line() -> None:
    [script] = [e for e in distribution(NAME).entry_points if e.group == "console_scripts"]
    assert (script.name, script.value) == ("unet-paint", "napari_unet.cli:main")
    assert callable(script.load())


def test_the_tested_set_lies_within_the_ranges() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pairs = (line.split("==") for line in lines if not line.startswith("#"))
    pins = {canonicalize_name(name): version for name, version in pairs}
    groups = project["dependency-groups"]
    lines = [
        *project["project"]["dependencies"],
        *(line for group in groups.values() for line in group if isinstance(line, str)),
    ]
    for line in lines:
        requirement = Requirement(line)
        name = canonicalize_name(requirement.name)
        assert name in pins, f"{name} is not pinned"
        assert requirement.specifier.contains(pins[name]), line


def test_public_names_are_all_there() -> None:
    for name in napari_unet.__all__:
        assert getattr(napari_unet, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'unknown'"):
        _ = napari_unet.unknown
