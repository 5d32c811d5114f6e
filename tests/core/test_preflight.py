"""What a user is told before training, in words that end in what to do."""

from __future__ import annotations

import numpy as np
import pytest

from napari_unet.core.axes import AxesSpec
from napari_unet.core.paint_reading import PaintReading, read_paint
from napari_unet.core.preflight import Advice, check_paint

AXES = AxesSpec("YX")
IMAGE = np.random.default_rng(0).normal(size=(100, 100))


def painted(**pixels: int) -> np.ndarray:
    """Paint with so many pixels of each value, given as ``v1=10``."""
    paint = np.zeros((100, 100), np.uint8)
    for value, count in pixels.items():
        row = 30 * int(value[1:]) - 29
        paint[row : row + 28].flat[:count] = int(value[1:])
    return paint


def advice(
    paint: np.ndarray, image: np.ndarray = IMAGE, mode: str = "strokes"
) -> dict[str, Advice]:
    reading = read_paint(paint, None, AXES, mode=mode)  # type: ignore[arg-type]
    return {a.code: a for a in check_paint(paint, image, AXES, reading)}


def test_good_paint_needs_no_advice() -> None:
    assert advice(painted(v1=400, v2=100)) == {}


@pytest.mark.parametrize(
    ("paint", "code", "serious"),
    [
        (painted(), "nothing-painted", True),
        (painted(v1=400), "one-class", True),
        (painted(v2=400), "one-class", True),
        (painted(v1=2700, v2=60), "rare-class", False),
        (painted(v1=400, v2=9), "little-paint", False),
        (painted(v2=400, v3=400), "no-background", False),
    ],
)
def test_each_trouble_is_named(paint: np.ndarray, code: str, serious: bool) -> None:
    found = advice(paint)

    assert list(found) == [code]
    assert found[code].serious == serious
    assert found[code].text.endswith(".")


def test_the_missing_class_is_asked_for() -> None:
    assert "strokes of another class" in advice(painted(v1=400))["one-class"].text
    assert "strokes of the background" in advice(painted(v2=400))["one-class"].text


def test_rare_objects_in_a_mask_are_normal() -> None:
    assert advice(painted(v1=60), mode="mask") == {}


def test_the_background_of_a_mask_counts_as_painted() -> None:
    assert advice(painted(v1=400), mode="mask") == {}


def test_a_flat_image_is_serious_and_comes_first() -> None:
    found = advice(painted(v1=400, v2=9), image=np.ones((100, 100)))

    assert list(found) == ["flat-image", "little-paint"]
    assert found["flat-image"].serious


@pytest.mark.parametrize("shape", [(100, 90), (2, 100, 100)])
def test_paint_of_another_shape_is_the_only_advice(shape: tuple[int, ...]) -> None:
    (found,) = check_paint(painted(v1=400), np.zeros(shape), AXES)

    assert (found.code, found.serious) == ("shape", True)


def test_objects_count_together() -> None:
    paint = np.zeros((100, 100), np.uint16)
    for i in range(12):
        paint[8 * i : 8 * i + 3, 20:23] = i + 1
    reading: PaintReading = read_paint(paint, None, AXES)

    assert reading.instances
    assert check_paint(paint, IMAGE, AXES, reading) == []


def test_advice_names_the_value_to_go_on_with() -> None:
    assert advice(painted(v1=400))["one-class"].value == 2
    assert advice(painted(v2=400))["one-class"].value == 1
    assert advice(painted(v1=2700, v2=60))["rare-class"].value == 2
    assert advice(painted(v2=400, v3=400))["no-background"].value == 1


def test_classes_painted_where_the_image_is_clipped_look_the_same() -> None:
    clipped = np.minimum(IMAGE, 0.0)
    clipped[:70] = 0
    found = advice(painted(v1=400, v2=400), clipped)
    assert "look the same" in found["clipped-image"].text
    clipped[32:60] = -1  # most of class 2
    assert advice(painted(v1=400, v2=400), clipped) == {}


def test_two_flat_brightnesses_are_not_clipped() -> None:
    image = np.zeros((100, 100))
    image[30:60] = 1
    assert advice(painted(v1=400, v2=400), image) == {}


def cells(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """An image with uneven light and noise, and the true mask."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:200, :200]
    mask = np.zeros((200, 200), np.uint8)
    for row, column in rng.uniform(20, 180, (14, 2)):
        mask[np.hypot(rows - row, columns - column) < rng.uniform(7, 13)] = 1
    light = 1 + 0.5 * np.sin(columns / 60)
    return light * (0.3 + mask) + 0.15 * rng.normal(size=mask.shape), mask


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shift", [(0, 0), (5, -4), (0, 9), (1, -1)])
def test_a_mask_beside_the_image_is_noticed(seed: int, shift: tuple[int, int]) -> None:
    image, mask = cells(seed)
    moved = np.roll(mask, (-shift[0], -shift[1]), axis=(0, 1))
    found = advice(moved, image, mode="mask")
    if max(map(abs, shift)) < 3:
        assert "shifted-labels" not in found
    else:
        assert np.abs(np.subtract(found["shifted-labels"].shift, shift)).max() <= 1


@pytest.mark.parametrize("seed", range(6))
def test_a_mask_of_what_has_no_edges_is_left_alone(seed: int) -> None:
    _, mask = cells(seed)
    noise = np.random.default_rng(100 + seed).normal(size=mask.shape)
    _, other = cells(seed + 50)
    assert "shifted-labels" not in advice(mask, noise, mode="mask")
    assert "shifted-labels" not in advice(other, cells(seed)[0], mode="mask")


def test_a_generous_mask_is_left_alone() -> None:
    image, mask = cells(1)
    from scipy import ndimage as ndi

    wide = ndi.binary_dilation(mask, iterations=4).astype(np.uint8)
    assert "shifted-labels" not in advice(wide, image, mode="mask")
