"""The learning rate over the budget."""

from __future__ import annotations

import math

from napari_unet.core.config import TrainConfig

_WARM_UP = 0.04
_LAST = 0.01


def learning_rate(config: TrainConfig, fraction: float, step: int) -> float:
    """Learning rate when this share of the budget is used.

    A short rise, then half a cosine (Loshchilov and Hutter 2017, arXiv:1608.03983),
    driven by time or steps, whichever is the budget.
    """
    if config.schedule == "constant":
        return config.learning_rate
    rise = min(1.0, (step + 1) / 10, (fraction + 1e-3) / _WARM_UP if fraction else 1.0)
    fall = _LAST + (1 - _LAST) * 0.5 * (1 + math.cos(math.pi * min(1.0, fraction)))
    return config.learning_rate * rise * fall
