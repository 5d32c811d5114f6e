"""Pictures of scikit-image's wheel with masks by classic methods."""

from __future__ import annotations

import numpy as np
import pytest

from pretraining.images import draw_photographed
from pretraining.wheel import WHEEL, load_wheel


@pytest.mark.parametrize("name", [name for name in WHEEL if name != "vessels"])
def test_masks_tell_bright_from_dark_or_one_colour_from_another(name: str) -> None:
    (pair,) = load_wheel(name)
    found = pair.mask > 0
    assert pair.image.shape[1:] == pair.mask.shape
    assert 0.03 < found.mean() < 0.6
    there, elsewhere = (pair.image[:, mask].mean(1) for mask in (found, ~found))
    assert np.abs(there - elsewhere).max() > 0.1


def test_kinds_are_drawn_from_it_without_any_data_set() -> None:
    rng = np.random.default_rng(1)
    seen = {len(draw_photographed(rng, ()).pairs) for _ in range(5)}
    assert seen == {1}
