"""How strongly the answers of a solved head are smoothed along edges: as much as the paint bears.

Thin lines and small objects suffer from smoothing, and then painted pixels come out wrong. So
answers around strokes are smoothed more and more, and the strongest that gets few more painted
pixels wrong than none is taken.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from napari_unet.core.annotations import UNPAINTED
from napari_unet.core.source import Box
from napari_unet.core.strokes import Stroke
from napari_unet.core.tiles import inside
from napari_unet.learn.edge_smoothing import STRENGTHS, smoothed_by_each, smoothing_reach
from napari_unet.learn.feature_cache import cut_maps
from napari_unet.learn.painted_parts import PaintedPart
from napari_unet.learn.unet import UNet, probabilities

_WORSE = 0.03
"""So large a share of a class's painted pixels may come out wrong more than without."""

_CORE = 64
"""Side of the part of a window whose paint counts, in pixels; strokes are cut at this size."""

_MOST_WINDOWS = 12


@torch.no_grad()
def best_strength(net: UNet, looked: Sequence[PaintedPart]) -> float:
    """The strength of smoothing to use with the head of a network; one of `STRENGTHS`.

    Parameters
    ----------
    net : UNet
        Its head is solved.
    looked : sequence of PaintedPart
        What it was solved from.
    """
    if net.config.dimensions != 2 or not net.config.filter_bank:
        return STRENGTHS[0]
    places = [(part, stroke) for part in looked for stroke in part.strokes]
    every = max(1, -(-len(places) // _MOST_WINDOWS))
    groups: dict[tuple[int, ...], list[tuple[PaintedPart, Box]]] = {}
    for part, stroke in places[::every]:
        box = _window(net, part, stroke)
        groups.setdefault(tuple(s.stop - s.start for s in box), []).append((part, box))
    classes = net.config.classes
    wrong, painted = torch.zeros(len(STRENGTHS), classes), torch.zeros(classes)
    for side, windows in groups.items():
        if min(side) == 0:
            continue
        target = torch.stack([part.target_in(box) for part, box in windows])
        answers = smoothed_by_each(_chances(net, windows), _image(windows), STRENGTHS)
        counts = [_wrong(target, answer, classes) for answer in answers]
        wrong, painted = wrong + torch.stack(counts), painted + _per_class(target, classes)
    return _strongest_borne(wrong, painted)


def strength_for(chances: Tensor, image: Tensor, target: Tensor) -> float:
    """The same for one image of which all is answered.

    Parameters
    ----------
    chances : Tensor of float32, shape (K, y, x)
    image : Tensor of float32, shape (C, y, x)
        Normalised intensities.
    target : Tensor of uint8, shape (y, x)
        Class numbers, `UNPAINTED` where there is no paint.
    """
    answers = smoothed_by_each(chances[None], image[None], STRENGTHS)
    counts = [_wrong(target[None], answer, len(chances)) for answer in answers]
    return _strongest_borne(torch.stack(counts), _per_class(target, len(chances)))


def _strongest_borne(wrong: Tensor, painted: Tensor) -> float:
    """The strongest of `STRENGTHS` that the paint bears.

    Parameters
    ----------
    wrong : Tensor, shape (strengths, K)
        Painted pixels that come out wrong, for each strength and class.
    painted : Tensor, shape (K,)
        Painted pixels of each class.
    """
    there = painted > 0
    if not bool(there.any()):
        return STRENGTHS[0]
    share = (wrong[:, there] / painted[there]).mean(1)
    return STRENGTHS[int((share <= share[0] + _WORSE).nonzero()[-1])]


def _window(net: UNet, part: PaintedPart, stroke: Stroke) -> Box:
    """The surroundings of a stroke, of one size where there is room, where the grids begin."""
    margin = smoothing_reach(len(part.box))
    found = []
    for side, begin, step in zip(part.box, stroke.start, net.alignments, strict=True):
        length = min(_CORE + 2 * margin, side.stop - side.start) // step * step
        latest = (side.stop - side.start - length) // step * step
        first = min(max(0, (begin - margin - side.start) // step * step), latest)
        found.append(slice(side.start + first, side.start + first + length))
    return tuple(found)


def _chances(net: UNet, windows: Sequence[tuple[PaintedPart, Box]]) -> Tensor:
    """What the head answers in windows of one size, float32 (N, K, *window), on the CPU."""
    cuts = [cut_maps(part.maps, inside(box, part.box)) for part, box in windows]
    maps = [torch.cat(level).float() for level in zip(*cuts, strict=True)]
    return probabilities(net.head(maps), net.config).cpu()


def _image(windows: Sequence[tuple[PaintedPart, Box]]) -> Tensor:
    """The image in these windows, normalised, float32 (N, C, *window)."""
    return torch.stack([part.image.read(part.sample, box) for part, box in windows])


def _wrong(target: Tensor, chances: Tensor, classes: int) -> Tensor:
    """Painted pixels of each class that are answered otherwise; chances are (N, K, *spatial)."""
    painted = target != UNPAINTED
    number = target[painted].long()
    answer = chances.movedim(1, -1)[painted].argmax(1)
    return torch.bincount(number[answer != number], minlength=classes).float()


def _per_class(target: Tensor, classes: int) -> Tensor:
    """Painted pixels of each class."""
    return torch.bincount(target[target != UNPAINTED].long(), minlength=classes).float()
