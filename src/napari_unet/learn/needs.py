"""What of each layer of a U-Net the scores of a box look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from math import prod

from napari_unet.core.tiles import per_axis
from napari_unet.learn.filters import enlarged_reach
from napari_unet.learn.levels import AxisLevels
from napari_unet.learn.unet import UNet

Span = tuple[int, int]
"""First pixel, and the one after the last, along one axis of one level."""

Spans = list[Span]
"""One span for each spatial axis."""


_LEAST_STRIP = 16
"""Strips are no thinner: they read a margin on both sides."""


def strips(spans: Spans, pixels: int) -> list[Spans]:
    """The spans cut along the first axis that is long enough to be cut."""
    total = prod(b - a for a, b in spans)
    count = -(-total // pixels)
    longest = max(b - a for a, b in spans)
    axis = next(i for i, (a, b) in enumerate(spans) if 2 * (b - a) >= longest)
    low, high = spans[axis]
    count = min(count, max(1, (high - low) // _LEAST_STRIP))
    edges = [low + i * (high - low) // count for i in range(count + 1)]
    return [[*spans[:axis], (a, b), *spans[axis + 1 :]] for a, b in pairwise(edges)]


def blocks(spans: Spans, pixels: int) -> list[Spans]:
    """The spans cut along every axis, into blocks that are about as long as wide."""
    side = pixels ** (1 / len(spans))
    cuts = []
    for low, high in spans:
        count = max(1, round((high - low) / side))
        edges = [low + i * (high - low) // count for i in range(count + 1)]
        cuts.append(list(pairwise(edges)))
    return [list(block) for block in product(*cuts)]


def grown(spans: Spans, margin: int | Sequence[int], limits: Spans) -> Spans:
    """The spans with a margin, the same or one for each axis, inside their limits."""
    margins = per_axis(margin, len(spans))
    return [
        (max(a - more, low), min(b + more, high))
        for (a, b), more, (low, high) in zip(spans, margins, limits, strict=True)
    ]


def aligned(spans: Spans, multiples: Sequence[int]) -> Spans:
    """The spans grown to multiples of a number for each axis."""
    return [(a // n * n, -(-b // n) * n) for (a, b), n in zip(spans, multiples, strict=True)]


def magnified(spans: Spans, factors: Sequence[int]) -> Spans:
    """The spans on a grid finer by a factor for each axis."""
    return [(a * f, b * f) for (a, b), f in zip(spans, factors, strict=True)]


def reduced(spans: Spans, factors: Sequence[int]) -> Spans:
    """The spans on a grid coarser by a factor for each axis; their ends lie on it."""
    return [(a // f, b // f) for (a, b), f in zip(spans, factors, strict=True)]


def common(a: Spans, b: Spans) -> Spans | None:
    """What two boxes share; None if nothing."""
    shared = [(max(p[0], q[0]), min(p[1], q[1])) for p, q in zip(a, b, strict=True)]
    return shared if all(low < high for low, high in shared) else None


def head_span(coarsest: int, wanted: Span, length: int) -> Span:
    """What the head must compute at full resolution for the pixels wanted.

    Parameters
    ----------
    coarsest : int
        Pixels per pixel of the coarsest level it reads.
    wanted : Span
    length : int
        Of the axis.
    """
    first, last = enlarged_reach(wanted[0], wanted[1] - 1, coarsest)
    return max(first * coarsest, 0), min((last + 1) * coarsest, length)


@dataclass(frozen=True)
class Needs:
    """Along one axis: what of each level the scores of a box need, in pixels of that level."""

    length: int
    levels: AxisLevels
    head: Span
    outputs: tuple[Span, ...]
    """Of each decoder level, finest first."""
    encoder: Span
    """Of the features, by the encoder; it begins and ends on the grid of the deepest level."""
    image: Span
    """Of the features, by anybody."""

    @classmethod
    def of(cls, net: UNet, levels: AxisLevels, box: slice, length: int) -> Needs:
        """What a box needs along an axis of that length with those levels."""
        depth, read = levels.depth, min(net.config.head_levels, levels.depth + 1)
        head = head_span(levels.scale(read - 1), (box.start, box.stop), length)
        span = max(head[0] - levels.last, 0), min(head[1] + levels.last, length)
        empty = cls(length, levels, head, (), span, span)
        outputs, inputs = [], []
        for level in range(depth):
            outputs.append(span)
            source = empty.grown(span, level)
            inputs.append(source)
            span = empty.deeper(source, level)
            if level + 1 < read:
                scale = levels.scale(level + 1)
                span = min(span[0], head[0] // scale), max(span[1], head[1] // scale)
        encoder = _encoder_span(levels, inputs, span, length)
        image = min(encoder[0], head[0]), max(encoder[1], head[1])
        return cls(length, levels, head, tuple(outputs), encoder, image)

    def limits(self, level: int) -> Span:
        """All of a level."""
        return 0, self.length // self.levels.scale(level)

    def grown(self, span: Span, level: int) -> Span:
        """What a block of convolutions reads."""
        return grown([span], self.levels.margins[level], [self.limits(level)])[0]

    def deeper(self, span: Span, level: int) -> Span:
        """What of the next deeper level is up-sampled into a span."""
        stride = self.levels.strides[level]
        last = (span[1] - 1 + self.levels.ahead(level)) // stride + 1
        return span[0] // stride, min(last, self.limits(level + 1)[1])


def _encoder_span(levels: AxisLevels, skips: list[Span], bottom: Span, length: int) -> Span:
    """What the encoder must read, on the grid of its deepest level."""
    margin = levels.margins[-1]
    low, high = bottom[0] - margin, bottom[1] + margin
    for level in reversed(range(levels.depth)):
        stride, margin = levels.strides[level], levels.margins[level]
        low, high = min(stride * low, skips[level][0]), max(stride * high, skips[level][1])
        low, high = low - margin, high + margin
    grid = levels.scale(levels.depth)
    return max(low // grid * grid, 0), min(-(-high // grid) * grid, length)
