"""The pictures of the demo show what they are given."""

from __future__ import annotations

from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest

from napari_unet.data.plots import curve_picture, side_by_side, write_png

BLUE, RED = (31, 119, 180), (214, 39, 40)


def count(picture: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int((picture == colour).all(axis=-1).sum())


def test_every_curve_is_drawn_in_its_colour() -> None:
    line = [(0.0, 1.0), (10.0, 0.5), (20.0, 0.1)]
    picture = curve_picture({"training": line, "validation": line[::-1]}, "steps", "loss")
    assert count(picture, RED) > 300
    one = curve_picture({"training": line}, "steps", "loss")
    assert count(one, BLUE) > 300
    assert count(one, RED) == 0


@pytest.mark.parametrize("points", [[], [(0.0, 0.0)], [(3.0, 0.2)], [(1e6, 1e-6), (2e6, 3e-6)]])
def test_few_and_odd_points_make_a_picture_too(points: list[tuple[float, float]]) -> None:
    assert curve_picture({"training": points}, "steps", "loss").shape == (420, 640, 3)


def test_cells_lie_in_rows_and_columns_and_small_ones_are_enlarged() -> None:
    image = np.zeros((40, 40, 3), np.uint8)
    image[..., 0] = 200
    mask = np.eye(40, dtype=np.uint8)
    picture = side_by_side([(image, mask)] * 2, ("image", "truth"))
    assert count(picture, (200, 0, 0)) == 2 * 120 * 120
    large = side_by_side([(np.repeat(image, 5, 0).repeat(5, 1),)], ("image",))
    assert count(large, (200, 0, 0)) == 200 * 200


def test_a_picture_is_written(tmp_path: Path) -> None:
    picture = np.full((5, 6, 3), 7, np.uint8)
    write_png(tmp_path / "new" / "a.png", picture)
    assert np.array_equal(iio.imread(tmp_path / "new" / "a.png"), picture)
