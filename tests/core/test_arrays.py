"""Arrays are taken as they come, and refused in words."""

from __future__ import annotations

import numpy as np
import pytest

from napari_unet.core.arrays import (
    image_source,
    labels_in_layer_axes,
    likely_axes,
    paint_array,
    pixel_size_notice,
    probabilities_in_layer_axes,
)
from napari_unet.core.axes import AxesSpec
from napari_unet.core.config import ModelConfig, TrainConfig
from napari_unet.core.errors import (
    AxesError,
    InvalidSetting,
    JobFailed,
    PaintError,
    UnreadableImage,
)
from napari_unet.core.settings import changed, changed_where_given, network_for, with_budget


@pytest.mark.parametrize(
    "shape",
    [(9, 8), (9, 8, 3), (2, 9, 8), (20, 9, 8), (20, 9, 8, 3), (6, 2, 9, 8), (2, 6, 9, 8),
     (6, 6, 9, 8), (6, 6, 2, 9, 8), (6, 6, 9, 8, 3)],
)  # fmt: skip
def test_likely_axes_are_axes_of_that_shape(shape: tuple[int, ...]) -> None:
    for letters in likely_axes(shape):
        AxesSpec(letters).check(shape)


def test_shapes_nobody_can_guess() -> None:
    assert likely_axes((5,)) == []
    with pytest.raises(AxesError, match="Give one letter per axis"):
        image_source(np.zeros(5))


def test_lists_are_images_too() -> None:
    source = image_source([[1, 2], [3, 4]], spacing=(2, 3))
    assert source.spatial_shape == (2, 2)
    assert source.axes.spacing == (2.0, 3.0)


def test_a_pixel_size_may_be_the_scale_of_a_layer() -> None:
    source = image_source(np.zeros((4, 5)), spacing=np.array([0.5, 0.25]))
    assert source.axes.spacing == (0.5, 0.25)
    with pytest.raises(AxesError, match="1 pixel sizes were given for 2 axes"):
        image_source(np.zeros((4, 5)), spacing=0.5)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [np.complex64, object, str])
def test_what_holds_no_numbers_is_no_image(kind: type) -> None:
    with pytest.raises(UnreadableImage, match="Give whole or floating-point numbers"):
        image_source(np.ones((4, 5)).astype(kind))


def test_what_has_no_pixels_is_no_image() -> None:
    with pytest.raises(UnreadableImage, match="no pixels"):
        image_source(np.ones((0, 5)))


def test_a_3d_network_asks_for_slices() -> None:
    with pytest.raises(AxesError, match="slices"):
        image_source(np.zeros((4, 5)), spatial="ZYX")


def test_paint_is_whole_numbers() -> None:
    assert paint_array(np.array([True, False])).dtype == np.uint8
    assert paint_array(np.array([0.0, 2.0])).tolist() == [0, 2]
    assert paint_array(np.array([0, 300])).tolist() == [0, 300]
    for wrong in (np.array([0.5]), np.array([np.nan]), np.array(["a"])):
        with pytest.raises(PaintError, match="whole numbers"):
            paint_array(wrong)


def test_results_come_back_in_the_axes_of_the_image() -> None:
    source = image_source(np.zeros((3, 9, 2, 8)), "TYCX")
    labels = np.arange(3 * 9 * 8).reshape(3, 9, 8)
    assert labels_in_layer_axes(labels, source).shape == (3, 9, 8)
    chances = np.stack([labels, -labels], axis=1)
    maps = probabilities_in_layer_axes(chances, source)
    assert maps.shape == (2, 3, 9, 8)
    assert np.array_equal(maps[1], -labels)
    for nothing in (labels_in_layer_axes, probabilities_in_layer_axes):
        with pytest.raises(JobFailed, match="stopped"):
            nothing(None, source)


@pytest.mark.parametrize(
    ("trained", "now", "said"),
    [
        ((0.3, 0.3), (0.3, 0.3), False),
        ((0.3, 0.3), (0.4, 0.4), False),
        ((0.3, 0.3), (0.65, 0.65), True),
        ((2.0, 0.3, 0.3), (2.0, 0.3, 0.1), True),
        (None, (0.3, 0.3), False),
        ((1.0, 1.0), (0.3, 0.3), False),
        ((0.3, 0.3), (1.0, 1.0), False),
        ((0.3, 0.3), (2.0, 0.3, 0.3), False),
    ],
)
def test_very_different_pixels_are_told(
    trained: tuple[float, ...] | None, now: tuple[float, ...], said: bool
) -> None:
    assert bool(pixel_size_notice(trained, now)) == said


def test_settings_are_changed_or_refused_in_words() -> None:
    assert changed_where_given(TrainConfig(seed=4), seed=None, device="cpu").seed == 4
    assert changed(TrainConfig(), max_seconds=None).max_seconds is None
    with pytest.raises(InvalidSetting, match=r"patch_size cannot be 17: .*multiple of 16"):
        changed(TrainConfig(), patch_size=17)


def test_the_budget_is_what_was_asked_for() -> None:
    usual = TrainConfig()
    assert with_budget(usual, None, None) == usual
    assert with_budget(usual, 5, None).max_seconds == 5
    only_steps = with_budget(usual, None, 7)
    assert (only_steps.max_seconds, only_steps.max_steps) == (None, 7)


def test_a_network_is_made_for_its_data() -> None:
    sigmoid = ModelConfig(output="sigmoid")
    assert network_for(sigmoid, 3, 2).output == "sigmoid"
    made = network_for(sigmoid, 3, 4)
    assert (made.input_channels, made.classes, made.output) == (3, 4, "softmax")
