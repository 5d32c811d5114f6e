"""How much context a tile really needs: measured on the image, network by network.

What a pixel's score can depend on is far more than what it does depend on (Luo et al. 2016,
arXiv:1701.04128), and every halo is computed to be thrown away. So strips of the image are
computed twice, once cut short, and one looks how far the cut is felt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from napari_unet.core.tiles import round_up

TOLERANCE = 1e-4
"""Largest change of a probability that counts as not felt: a tenth of what is promised."""

_WIDTH = {2: 96, 3: 32}
"""How wide a strip is across its length, by dimensions."""

_LONGEST_REACH = {2: 256, 3: 48}
"""How far a cut is followed at most; what is felt beyond it counts as felt everywhere."""


def strip_shape(axis: int, dimensions: int, radius: int, multiple: int) -> tuple[int, ...]:
    """Size of the strip to measure along one axis with: four reaches long.

    Its middle half is what is cut out, so that the ends of the strip itself are as far away
    from what is compared as the network can look.
    """
    reach = round_up(min(radius, _LONGEST_REACH[dimensions]), multiple)
    width = round_up(_WIDTH[dimensions], multiple)
    return tuple(4 * reach if a == axis else width for a in range(dimensions))


def needed_halo(
    answer: Callable[[Tensor], Tensor],
    strips: Sequence[tuple[int, Tensor]],
    *,
    radius: int,
    multiple: int,
) -> int:
    """Pixels of context after which a cut is not felt.

    Parameters
    ----------
    answer : callable
        From normalised intensities (1, C, *spatial) to probabilities (1, K, *spatial).
    strips : sequence of (int, Tensor)
        Axis to measure along, and a strip of the image of that `strip_shape`, (1, C, *spatial).
    radius : int
        How far the network can look; the answer is never more.
    multiple : int
        The network's alignment; the answer is a multiple of it.

    Returns
    -------
    int
        One step more than what was measured, for parts of the image that were not; the whole
        radius if nothing could be measured.
    """
    most = round_up(radius, multiple)
    if not strips:
        return most
    felt = max(_felt(answer, axis + 2, strip) for axis, strip in strips)
    return min(most, round_up(felt, multiple) + multiple)


def _felt(answer: Callable[[Tensor], Tensor], axis: int, strip: Tensor) -> int:
    """Largest distance at which cutting the strip's outer quarters off changes the answer."""
    quarter = strip.shape[axis] // 4
    whole = answer(strip).narrow(axis, quarter, 2 * quarter)
    cut = answer(strip.narrow(axis, quarter, 2 * quarter))
    change = (cut - whole).abs().movedim(axis, -1).flatten(0, -2).amax(0)
    change = torch.maximum(change[:quarter], change[quarter:].flip(0))
    distances = torch.nonzero(change > TOLERANCE)
    if not len(distances):
        return 0
    furthest = int(distances.max()) + 1
    return furthest if furthest < quarter else 2 * strip.shape[axis]  # felt further than seen
