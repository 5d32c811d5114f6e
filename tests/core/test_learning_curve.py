"""A loss that does not move is told from one that has nowhere to go."""

from __future__ import annotations

import numpy as np
import pytest

from napari_unet.core.learning_curve import loss_is_stuck

FLAT = [0.7 + 0.01 * (n % 2) for n in range(12)]
FALLING = list(np.linspace(0.9, 0.5, 12))


@pytest.mark.parametrize(
    ("losses", "score", "stuck"),
    [
        (FLAT, None, True),
        (FLAT, 0.4, True),
        (FLAT, 0.9, False),
        (FLAT[:6], None, False),
        ([None] * 9 + FLAT[:3], None, False),
        (FALLING, None, False),
        ([0.05] * 12, None, False),
        (FALLING[::-1], None, True),
    ],
)
def test_stuck(losses: list[float | None], score: float | None, stuck: bool) -> None:
    assert loss_is_stuck(losses, [score] * len(losses)) == stuck
