"""Intensities: robust, bounded, the same whatever the dtype."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_unet.core.axes import AxesSpec
from napari_unet.core.errors import ChannelMismatch, FlatImage
from napari_unet.core.normalize import CLIP, Normalisation, fit_normalisation
from napari_unet.core.source import ImageSource


def source(array: Any, axes: str = "YX") -> ImageSource:
    return ImageSource(array, AxesSpec(axes))


def noise(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 1000, shape).astype(np.uint16)


def test_percentiles_become_minus_one_and_one() -> None:
    image = np.arange(10_001.0).reshape(73, 137)

    fitted = fit_normalisation(source(image))

    assert fitted.low == pytest.approx((50.0,))
    assert fitted.high == pytest.approx((9950.0,))
    assert fitted.apply(np.array([[50.0, 5000.0, 9950.0]]))[0] == pytest.approx([-1, 0, 1])


@given(
    hnp.arrays(
        st.sampled_from([np.uint8, np.int16, np.uint32, np.float32, np.float64, np.bool_]),
        (2, 5, 5),
    )
)
def test_whatever_comes_in_stays_in_range(block: np.ndarray) -> None:
    out = Normalisation((0.0, -5.0), (1.0, 300.0)).apply(block)

    assert out.dtype == np.float32
    assert out.shape == block.shape
    assert np.isfinite(out).all()
    assert np.abs(out).max() <= CLIP


@given(st.integers(0, 2**32 - 1), st.integers(1, 1000))
def test_wide_integers_and_floats_agree(offset: int, span: int) -> None:
    values = np.array([[offset, offset + span // 2, offset + span]], np.int64)
    fitted = Normalisation((float(offset),), (float(offset + span),))

    assert fitted.apply(values) == pytest.approx(fitted.apply(values.astype(float)), abs=1e-6)


def test_nan_and_infinity_are_mid_grey_and_do_not_count() -> None:
    clean = noise((64, 64)).astype(np.float32)
    holed = clean.copy()
    holed[:, :10] = np.nan
    holed[0, 20], holed[1, 20] = np.inf, -np.inf

    fitted = fit_normalisation(source(holed))
    out = fitted.apply(holed[np.newaxis])

    assert fitted.low[0] == pytest.approx(fit_normalisation(source(clean)).low[0], abs=10)
    assert (out[0, :, :10] == 0).all()
    assert out[0, 0, 20] == out[0, 1, 20] == 0


def test_a_few_hot_pixels_do_not_matter() -> None:
    image = noise((100, 100))
    image[0, :10] = 65535

    assert fit_normalisation(source(image)).high[0] < 1001


def test_rare_bright_spots_on_black_are_still_seen() -> None:
    image = np.zeros((100, 100), np.uint8)
    image[50, 50] = 200

    assert fit_normalisation(source(image)) == Normalisation((0.0,), (200.0,))


def test_a_rare_spot_between_the_blocks_is_found_on_a_second_look() -> None:
    image = np.zeros((512, 512), np.uint8)
    image[300:304, 300:304] = 9

    assert fit_normalisation(source(image), most=20_000).high == (9.0,)


@pytest.mark.parametrize("value", [0, 7])
def test_a_flat_image_is_refused(value: int) -> None:
    with pytest.raises(FlatImage, match="Choose another"):
        fit_normalisation(source(np.full((9, 9), value)))


def test_an_image_of_nan_is_refused() -> None:
    with pytest.raises(FlatImage):
        fit_normalisation(source(np.full((9, 9), np.nan)))


def test_a_flat_channel_beside_others_is_mid_grey() -> None:
    image = np.stack([noise((40, 40)), np.zeros((40, 40), np.uint16)])

    out = fit_normalisation(source(image, "CYX")).apply(image)

    assert (out[1] == 0).all()
    assert out[0].std() > 0.3


def test_channels_are_normalised_each_on_its_own() -> None:
    image = np.stack([noise((40, 40)), noise((40, 40)) * 10], axis=-1)

    fitted = fit_normalisation(source(image, "YXC"))

    assert fitted.high[1] == pytest.approx(10 * fitted.high[0])


def test_another_number_of_channels_is_refused() -> None:
    with pytest.raises(ChannelMismatch, match="3 channels"):
        Normalisation((0.0,), (1.0,)).apply(np.zeros((3, 4, 4)))


def test_it_survives_json() -> None:
    fitted = Normalisation((0.25, 1.0), (3.5, 1e9))

    assert Normalisation.from_json(json.loads(json.dumps(fitted.to_json()))) == fitted


class Counting:
    """A lazy array that counts the pixels read from it."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array
        self.shape, self.dtype, self.read = array.shape, array.dtype, 0

    def __getitem__(self, index: Any) -> np.ndarray:
        self.read += self._array[index].size
        return self._array[index]


@pytest.mark.parametrize(
    ("shape", "spec"),
    [
        ((900, 1100), AxesSpec("YX")),
        ((50, 150, 160), AxesSpec("TYX")),
        ((10, 300, 310), AxesSpec("ZYX", spatial="ZYX")),
    ],
)
def test_a_large_image_is_sampled_and_judged_the_same_each_time(
    shape: tuple[int, ...], spec: AxesSpec
) -> None:
    image = noise(shape) + np.linspace(0, 1000, shape[-1]).astype(np.uint16)
    lazy = Counting(image)
    most = 200_000

    fitted = fit_normalisation(ImageSource(lazy, spec), most=most)

    assert most / 4 < lazy.read < 3 * most
    assert fitted == fit_normalisation(ImageSource(image, spec), most=most)
    everything = fit_normalisation(ImageSource(image, spec), most=10**9)
    assert fitted.low[0] == pytest.approx(everything.low[0], abs=150)
    assert fitted.high[0] == pytest.approx(everything.high[0], abs=150)
