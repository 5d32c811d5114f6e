"""Smoothing along edges: specks go, edges stay."""

from __future__ import annotations

import pytest
import torch

from napari_unet.learn.edge_smoothing import smooth_along_edges


def _halves(dimensions: int) -> tuple[torch.Tensor, torch.Tensor]:
    size = (24,) * dimensions
    image = torch.zeros(1, *size)
    image[..., 12:] = 1
    object_ = torch.full(size, 0.2)
    object_[..., 12:] = 0.8
    return torch.stack([1 - object_, object_]), image


@pytest.mark.parametrize("dimensions", [2, 3])
def test_a_speck_goes_and_the_edge_stays(dimensions: int) -> None:
    chances, image = _halves(dimensions)
    speck = (12,) * (dimensions - 1) + (4,)
    chances[(slice(None), *speck)] = torch.tensor([0.4, 0.6])
    smooth = smooth_along_edges(chances, image)
    assert smooth[(1, *speck)] < 0.5
    answer = smooth.argmax(0)
    assert (answer[..., 12:] == 1).all()
    assert (answer[..., :12] == 0).all()


def test_without_an_edge_in_the_image_a_wrong_border_is_not_kept_sharp() -> None:
    chances, image = _halves(2)
    sharp = smooth_along_edges(chances, image)[1, 5, 11]
    assert smooth_along_edges(chances, torch.zeros_like(image))[1, 5, 11] > sharp


def test_probabilities_sum_to_one() -> None:
    chances = torch.rand(3, 9, 11).softmax(0)
    smooth = smooth_along_edges(chances, torch.randn(2, 9, 11))
    assert smooth.shape == (3, 9, 11)
    assert torch.allclose(smooth.sum(0), torch.ones(9, 11), atol=1e-5)
