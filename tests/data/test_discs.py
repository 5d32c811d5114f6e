"""The discs are those of the tutorial, and the same every time."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_unet.data.discs import TRAINING_DISCS, VALIDATION_DISCS, discs


@given(seed=st.integers(0, 1000), side=st.sampled_from([40, 64, 128]))
def test_one_disc_of_one_colour_on_black_with_its_truth(seed: int, side: int) -> None:
    [disc] = discs(1, side=side, seed=seed)
    assert disc.image.shape == (side, side, 3)
    assert disc.image.dtype == disc.truth.dtype == np.uint8
    assert np.array_equal(disc.image.any(axis=-1), disc.truth == 1)
    assert len(np.unique(disc.image[disc.truth == 1], axis=0)) == 1
    assert disc.truth.sum() <= np.pi * (side // 4 + 1) ** 2
    assert disc.truth.any()


def test_radii_span_ten_pixels_to_a_quarter_of_the_side() -> None:
    whole = [d.truth for d in discs(300) if not _touches_border(d.truth)]
    radii = [np.sqrt(truth.sum() / np.pi) for truth in whole]
    assert 9.5 < min(radii) < 12
    assert 30 < max(radii) < 32.5


def test_the_same_seed_gives_the_same_discs() -> None:
    one, again, other = (
        np.stack([d.image for d in discs(5, side=40, seed=seed)]) for seed in (1, 1, 2)
    )
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_as_many_as_in_the_tutorial() -> None:
    assert (TRAINING_DISCS, VALIDATION_DISCS) == (1000, 200)


def _touches_border(truth: np.ndarray) -> bool:
    edges = (truth[0], truth[-1], truth[:, 0], truth[:, -1])
    return any(edge.any() for edge in edges)
