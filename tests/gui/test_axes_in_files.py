"""Axes that napari's reader drops are found again in the file it read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from napari.layers import Image

from napari_unet.data.named_axes import named_axes
from napari_unet.gui.input_words import input_in_words
from napari_unet.gui.layers import axes_choices, axes_of, choose_axes, guess_axes

THREE = np.random.default_rng(0).integers(0, 999, (3, 40, 50), dtype=np.uint16)


@pytest.fixture
def opened(make_napari_viewer: Callable[..., Any]) -> Callable[[Path], Any]:
    """Open a file as a user does."""
    viewer = make_napari_viewer()

    def open_(path: Path) -> Any:
        [layer] = viewer.open(str(path), plugin="napari")
        return layer

    return open_


def test_three_planes_are_what_the_file_says(tmp_path: Path, opened: Callable[..., Any]) -> None:
    for letter in "CTZ":
        path = tmp_path / f"{letter}.tif"
        tifffile.imwrite(path, THREE, imagej=True, metadata={"axes": f"{letter}YX"})
        layer = opened(path)
        guess = guess_axes(layer)
        assert (guess.axes, guess.sentence) == (f"{letter}YX", "")
        assert not input_in_words(layer, [layer]).startswith("Guessed")
    path = tmp_path / "colour.ome.tif"
    tifffile.imwrite(path, THREE, photometric="minisblack", metadata={"axes": "CYX"})
    layer = opened(path)
    assert input_in_words(layer, [layer]) == "40 \u00d7 50, 3 channels"
    choose_axes(layer, "TYX")  # who knows better is believed
    assert (axes_of(layer), axes_choices(layer)[0]) == ("TYX", "TYX")


def test_what_no_file_says_is_guessed_as_before(tmp_path: Path, opened: Callable[..., Any]) -> None:
    tifffile.imwrite(tmp_path / "plain.tif", THREE, photometric="minisblack")
    layer = opened(tmp_path / "plain.tif")
    assert guess_axes(layer).axes == "ZYX"
    assert input_in_words(layer, [layer]).startswith("Guessed: 3 slices")
    assert guess_axes(Image(THREE)).sentence


def test_a_part_of_a_file_is_not_taken_for_all_of_it(
    tmp_path: Path, opened: Callable[..., Any]
) -> None:
    tifffile.imwrite(tmp_path / "a.tif", THREE, imagej=True, metadata={"axes": "CYX"})
    layer = opened(tmp_path / "a.tif")
    assert axes_of(layer) == "CYX"
    layer.data = np.zeros((4, 40, 50), np.uint16)  # another picture in the same layer
    assert axes_of(layer) == "ZYX"
    assert guess_axes(layer).sentence


@pytest.mark.parametrize(
    ("shape", "options", "axes"),
    [
        ((5, 2, 6, 7), {"imagej": True, "metadata": {"axes": "ZCYX"}}, "ZCYX"),
        ((4, 6, 7, 3), {"imagej": True, "metadata": {"axes": "TYXS"}}, "TYXC"),
        ((4, 6, 7, 3), {"photometric": "rgb", "metadata": {"axes": "ZYXS"}}, "ZYXC"),
        ((2, 3, 1, 6, 7), {"metadata": {"axes": "TCZYX"}}, "TCYX"),
        ((4, 6, 7), {"metadata": {"axes": "QYX"}}, ""),
        ((4, 6, 7), {"metadata": None}, ""),
    ],
)
def test_headers_are_understood(
    tmp_path: Path, shape: tuple[int, ...], options: dict[str, Any], axes: str
) -> None:
    colours = {} if shape[-1] == 3 else {"photometric": "minisblack"}
    for name in ("a.tif", "a.ome.tif"):
        if name == "a.ome.tif" and ("imagej" in options or not axes):
            continue
        path = tmp_path / name
        tifffile.imwrite(path, np.zeros(shape, np.uint8), **{**colours, **options})
        lengths = tuple(n for n in shape if n > 1) if axes else ()
        assert named_axes(path) == (axes, lengths)


def test_an_ome_zarr_says_its_axes_and_nothing_else_does(tmp_path: Path) -> None:
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w", zarr_format=2)
    group.create_array("0", data=THREE)
    assert named_axes(tmp_path / "a.zarr") == ("", ())
    axes = [{"name": "c", "type": "channel"}, *({"name": a, "type": "space"} for a in "yx")]
    steps = [{"type": "scale", "scale": [1.0, 1.0, 1.0]}]
    level = {"path": "0", "coordinateTransformations": steps}
    group.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": [level]}]
    assert named_axes(tmp_path / "a.zarr") == ("CYX", (3, 40, 50))
    (tmp_path / "broken.tif").write_bytes(b"II*\x00 no image")
    for name in ("broken.tif", "missing.tif", "."):
        assert named_axes(tmp_path / name) == ("", ())
