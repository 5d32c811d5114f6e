"""The filter bank: right values, at any size, the same in a tile as in the whole."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage
from torch import Tensor

from napari_unet.learn.filters import EDGE_GAIN, LEAST_VARIANCE, FilterBank

GAUSSIAN, EDGE, LARGER, SMALLER, DEVIATION = 1, 2, 3, 4, 5  # of the first scale, in 2D


def _grid(size: int) -> tuple[Tensor, Tensor]:
    axis = torch.arange(size, dtype=torch.float32) - size // 2
    return torch.meshgrid(axis, axis, indexing="ij")


def _middle(responses: Tensor) -> Tensor:
    half = responses.shape[-1] // 2
    return responses[0, :, half, half]


@pytest.mark.parametrize(("dimensions", "expected"), [(2, 21), (3, 25)])
def test_number_of_responses(dimensions: int, expected: int) -> None:
    bank = FilterBank(dimensions)
    image = torch.randn(2, 3, *(6, 7, 8)[:dimensions])
    assert bank.per_channel == expected
    assert bank(image).shape == (2, 3 * expected, *image.shape[2:])


def test_channels_do_not_mix() -> None:
    bank = FilterBank(2)
    image = torch.randn(1, 2, 20, 20)
    both = bank(image)
    assert torch.allclose(both[:, :21], bank(image[:, :1]), atol=1e-5)
    assert torch.allclose(both[:, 21:], bank(image[:, 1:]), atol=1e-5)


@given(height=st.integers(1, 40), width=st.integers(1, 40))
def test_any_size_even_smaller_than_the_kernels(height: int, width: int) -> None:
    responses = FilterBank(2)(torch.randn(1, 1, height, width))
    assert responses.shape == (1, 21, height, width)
    assert responses.isfinite().all()


def test_a_flat_image_has_no_edges() -> None:
    responses = FilterBank(2)(torch.full((1, 1, 33, 20), 0.7)).unflatten(1, (21, 1)).squeeze(2)[0]
    scales = responses[1:].unflatten(0, (4, 5))
    assert torch.allclose(scales[:, 0], torch.tensor(0.7), atol=1e-5)
    assert scales[:, 1:4].abs().max() < 1e-4
    floor = EDGE_GAIN * LEAST_VARIANCE**0.5
    assert torch.allclose(scales[:, 4], torch.tensor(floor), atol=1e-4)


@pytest.mark.parametrize("number", [0, 1])
def test_smoothing_agrees_with_scipy(number: int) -> None:
    sigma = (1.0, 2.0)[number]
    image = torch.randn(1, 1, 52, 40)
    expected = ndimage.gaussian_filter(
        image[0, 0].numpy(), sigma, mode="mirror", radius=int(3 * sigma)
    )
    found = FilterBank(2)(image)[0, GAUSSIAN + 5 * number]
    assert np.allclose(found, expected, atol=1e-5)


def test_reduced_scales_are_close_to_exact_smoothing() -> None:
    image = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(128, 128)), 2) * 5
    responses = FilterBank(2)(torch.from_numpy(image).float()[None, None])[0].numpy()
    inside = np.s_[32:-32, 32:-32]
    for number, sigma in ((2, 4.0), (3, 8.0)):
        exact = ndimage.gaussian_filter(image, sigma, mode="mirror", truncate=3)[inside]
        error = responses[GAUSSIAN + 5 * number][inside] - exact
        assert np.sqrt(np.mean(error**2)) < 0.03 * exact.std()


def test_a_ramp_has_its_slope() -> None:
    rows, columns = _grid(65)
    responses = _middle(FilterBank(2)((0.03 * rows + 0.04 * columns)[None, None]))
    for number, sigma in enumerate((1.0, 2.0, 4.0, 8.0)):
        assert float(responses[EDGE + 5 * number]) == pytest.approx(
            0.05 * sigma * EDGE_GAIN, rel=0.05
        )


def test_a_saddle_has_its_curvatures() -> None:
    rows, columns = _grid(65)
    image = (0.004 * rows**2 - 0.001 * columns**2)[None, None]
    responses = _middle(FilterBank(2, (1.0, 2.0))(image))
    for number, sigma in enumerate((1.0, 2.0)):
        gain = EDGE_GAIN * sigma**2
        assert float(responses[LARGER + 5 * number]) == pytest.approx(0.008 * gain, rel=1e-2)
        assert float(responses[SMALLER + 5 * number]) == pytest.approx(-0.002 * gain, rel=1e-2)


def test_curvatures_in_3d_are_the_eigenvalues() -> None:
    """A quadratic image has the same second derivatives everywhere."""
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=(3, 3)) * 0.01
    matrix = matrix + matrix.T
    place = np.stack(np.meshgrid(*[np.arange(17.0) - 8] * 3, indexing="ij"), -1)
    image = 0.5 * np.einsum("...i,ij,...j", place, matrix, place)
    responses = FilterBank(3, (1.0,))(torch.from_numpy(image).float()[None, None])[0, :, 8, 8, 8]
    expected = np.linalg.eigvalsh(matrix)[::-1] * EDGE_GAIN
    assert np.allclose(responses[3:6], expected, atol=1e-3)


def test_noise_has_its_deviation() -> None:
    torch.manual_seed(0)
    noise = 0.3 * torch.randn(1, 1, 128, 128)
    found = FilterBank(2)(noise)[0, DEVIATION + 5].mean()
    assert float(found) == pytest.approx(0.3 * EDGE_GAIN, rel=0.1)


@given(turns=st.integers(1, 3), seed=st.integers(0, 100))
def test_turning_the_image_turns_the_responses(turns: int, seed: int) -> None:
    image = torch.randn(1, 1, 32, 32, generator=torch.Generator().manual_seed(seed))
    bank = FilterBank(2)
    turned = bank(torch.rot90(image, turns, (2, 3)))
    assert torch.allclose(turned, torch.rot90(bank(image), turns, (2, 3)), atol=1e-4)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_a_tile_equals_the_whole(dimensions: int) -> None:
    bank = FilterBank(dimensions)
    assert bank.alignment == 4
    image = torch.randn(1, 1, *(96, 8, 8)[:dimensions])
    start, length, reach = 40, 8, -(-bank.radius // 4) * 4
    tile = bank(image[:, :, start - reach : start + length + reach])[:, :, reach : reach + length]
    assert torch.allclose(tile, bank(image)[:, :, start : start + length], atol=1e-5)


def test_the_radius_is_exact() -> None:
    bank, found = FilterBank(2), 0
    for pixel in range(80, 84):
        image = torch.zeros(1, 1, 4, 160)
        image[..., pixel] = torch.nan
        noticed = bank(image).isnan().flatten(0, 2).any(0).nonzero()
        found = max(found, pixel - int(noticed.min()), int(noticed.max()) - pixel)
    assert found == bank.radius


def test_float32_without_gradient_whatever_surrounds_it() -> None:
    bank, image = FilterBank(2), torch.randn(1, 1, 24, 24, requires_grad=True)
    exact = bank(image.detach())
    with torch.autocast("cpu", torch.bfloat16):
        responses = bank(image)
    assert responses.dtype == torch.float32
    assert not responses.requires_grad
    assert torch.equal(responses, exact)
    assert not list(bank.parameters())
    assert not bank.state_dict()
