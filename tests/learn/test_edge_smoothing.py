"""Smoothing along edges: specks go, edges stay."""

from __future__ import annotations

import pytest
import torch

from napari_unet.learn.edge_smoothing import (
    STRENGTHS,
    smooth_along_edges,
    smoothed_by_each,
    smoothing_reach,
)


def _halves(dimensions: int) -> tuple[torch.Tensor, torch.Tensor]:
    size = (24,) * dimensions
    image = torch.zeros(1, *size)
    image[..., 12:] = 1
    object_ = torch.full(size, 0.2)
    object_[..., 12:] = 0.8
    return torch.stack([1 - object_, object_])[None], image[None]


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("strength", STRENGTHS[1:])
def test_a_speck_goes_and_the_edge_stays(dimensions: int, strength: float) -> None:
    chances, image = _halves(dimensions)
    speck = (12,) * (dimensions - 1) + (4,)
    chances[(0, slice(None), *speck)] = torch.tensor([0.45, 0.55])
    smooth = smooth_along_edges(chances, image, strength)
    assert smooth[(0, 1, *speck)] < 0.5
    answer = smooth[0].argmax(0)
    assert (answer[..., 12:] == 1).all()
    assert (answer[..., :12] == 0).all()


def test_without_an_edge_in_the_image_a_wrong_border_is_not_kept_sharp() -> None:
    chances, image = _halves(2)
    sharp = smooth_along_edges(chances, image, 1.0)[0, 1, 5, 11]
    assert smooth_along_edges(chances, torch.zeros_like(image), 1.0)[0, 1, 5, 11] > sharp


def test_probabilities_sum_to_one() -> None:
    chances = torch.rand(2, 3, 9, 11).softmax(1)
    smooth = smooth_along_edges(chances, torch.randn(2, 2, 9, 11), 3.0)
    assert smooth.shape == (2, 3, 9, 11)
    assert torch.allclose(smooth.sum(1), torch.ones(2, 9, 11), atol=1e-5)


def test_strength_zero_leaves_everything_alone() -> None:
    chances = torch.rand(1, 2, 9, 11).softmax(1)
    assert smooth_along_edges(chances, torch.randn(1, 1, 9, 11), 0.0) is chances


def test_a_pixel_sees_no_further_than_the_reach() -> None:
    generator = torch.Generator().manual_seed(0)
    chances = torch.rand(1, 2, 80, 80, generator=generator).softmax(1)
    image = torch.rand(1, 1, 80, 80, generator=generator)
    whole = smooth_along_edges(chances, image, 12.0)
    reach = smoothing_reach(2)
    some = (..., slice(40 - reach, 41 + reach), slice(40 - reach, 41 + reach))
    part = smooth_along_edges(chances[some], image[some], 12.0)
    assert torch.equal(part[..., reach, reach], whole[..., 40, 40])


def test_several_strengths_at_once_are_the_same_as_one_by_one() -> None:
    chances, image = torch.rand(2, 3, 20, 22).softmax(1), torch.randn(2, 1, 20, 22)
    for strength, answer in zip(
        STRENGTHS, smoothed_by_each(chances, image, STRENGTHS), strict=True
    ):
        assert torch.equal(answer, smooth_along_edges(chances, image, strength))
