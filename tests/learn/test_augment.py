"""Image and paint are varied alike, and nothing is painted that was not."""

from __future__ import annotations

import pytest
import torch

from napari_unet.core.annotations import UNPAINTED
from napari_unet.core.config import AugmentConfig
from napari_unet.learn.augment import Augmenter

STILL = AugmentConfig(flips=False, right_angles=False, scale=0, elastic=0, intensity=0, noise=0)


def _augmenter(seed: int = 0, **changes) -> Augmenter:
    return Augmenter(STILL.changed(**changes), torch.Generator().manual_seed(seed))


def _batch(*sizes: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A smooth image whose bright half is painted 1 and dark half 0, with a gap between."""
    ramp = torch.linspace(-1, 1, sizes[-1]).expand(*sizes)
    target = torch.full(sizes, UNPAINTED, dtype=torch.uint8)
    target[ramp > 0.2], target[ramp < -0.2] = 1, 0
    return ramp[None, None].repeat(4, 2, *[1] * len(sizes)), target.repeat(4, *[1] * len(sizes))


def test_with_everything_off_nothing_changes():
    image, target = _batch(16, 16)
    varied, paint = _augmenter()(image, target)
    assert torch.equal(varied, image)
    assert torch.equal(paint, target)


@pytest.mark.parametrize("sizes", [(32, 32), (24, 32), (16, 32, 32)])
@pytest.mark.parametrize(
    "changes",
    [{"flips": True}, {"right_angles": True}, {"scale": 0.5}, {"elastic": 4.0}],
    ids=lambda c: next(iter(c)),
)
def test_paint_stays_on_what_it_was_painted_on(sizes, changes):
    image, target = _batch(*sizes)
    varied, paint = _augmenter(1, **changes)(image, target)
    assert not (torch.equal(varied, image) and torch.equal(paint, target)) or sizes == (24, 32)
    assert varied[:, 0][paint == 1].min() > 0.1
    assert varied[:, 0][paint == 0].max() < -0.1


def test_what_falls_in_from_outside_is_not_painted():
    image, target = torch.zeros(8, 1, 32, 32), torch.ones(8, 32, 32, dtype=torch.uint8)
    _, paint = _augmenter(0, scale=0.9)(image, target)
    assert set(paint.unique().tolist()) == {1, UNPAINTED}


def test_the_same_seed_gives_the_same_variation():
    image, target = _batch(32, 32)
    settings = AugmentConfig().model_dump()
    one, two = (_augmenter(7, **settings)(image, target) for _ in range(2))
    assert torch.equal(one[0], two[0])
    assert torch.equal(one[1], two[1])
    assert not torch.equal(_augmenter(8, **settings)(image, target)[0], one[0])


def test_intensity_and_noise_leave_the_paint_alone():
    image, target = _batch(16, 16)
    varied, paint = _augmenter(0, intensity=0.3, noise=0.2)(image, target)
    assert torch.equal(paint, target)
    assert not torch.allclose(varied, image)
