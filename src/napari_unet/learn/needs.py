"""What of each layer of a U-Net the scores of a box look at."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, product
from math import prod

from napari_unet.learn.blocks import CONVOLUTION, POOL
from napari_unet.learn.filters import enlarged_reach
from napari_unet.learn.reach import BLOCK_REACH
from napari_unet.learn.unet import UNet

Span = tuple[int, int]
"""First pixel, and the one after the last, along one axis of one level."""

Spans = list[Span]
"""One span for each spatial axis."""


def strips(spans: Spans, pixels: int) -> list[Spans]:
    """The spans cut along the first axis that is long enough to be cut."""
    total = prod(b - a for a, b in spans)
    count = -(-total // pixels)
    longest = max(b - a for a, b in spans)
    axis = next(i for i, (a, b) in enumerate(spans) if 2 * (b - a) >= longest)
    low, high = spans[axis]
    count = min(count, max(1, (high - low) // (8 * BLOCK_REACH)))
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


def grown(spans: Spans, margin: int, limits: Spans) -> Spans:
    """The spans with a margin, inside their limits."""
    return [
        (max(a - margin, low), min(b + margin, high))
        for (a, b), (low, high) in zip(spans, limits, strict=True)
    ]


def aligned(spans: Spans, multiple: int) -> Spans:
    """The spans grown to multiples of a number."""
    return [(a // multiple * multiple, -(-b // multiple) * multiple) for a, b in spans]


def common(a: Spans, b: Spans) -> Spans | None:
    """What two boxes share; None if nothing."""
    shared = [(max(p[0], q[0]), min(p[1], q[1])) for p, q in zip(a, b, strict=True)]
    return shared if all(low < high for low, high in shared) else None


def head_span(read: int, wanted: Span, length: int) -> Span:
    """What the head must compute at full resolution for the pixels wanted."""
    coarsest = POOL ** (read - 1)
    first, last = enlarged_reach(wanted[0], wanted[1] - 1, coarsest)
    return max(first * coarsest, 0), min((last + 1) * coarsest, length)


@dataclass(frozen=True)
class Needs:
    """Along one axis: what of each level the scores of a box need, in pixels of that level."""

    length: int
    further: int
    """How far the up-sampling convolution looks ahead."""
    head: Span
    outputs: tuple[Span, ...]
    """Of each decoder level, finest first."""
    encoder: Span
    """Of the features, by the encoder; it begins and ends on the grid of the deepest level."""
    image: Span
    """Of the features, by anybody."""

    @classmethod
    def of(cls, net: UNet, box: slice, length: int) -> Needs:
        """What a box needs along an axis of that length."""
        depth, read = net.config.depth, min(net.config.head_levels, net.config.depth + 1)
        further = POOL - 1 if net.config.upsampling == "resize" else 0
        head = head_span(read, (box.start, box.stop), length)
        last = CONVOLUTION // 2 if net.last is not None else 0
        span = max(head[0] - last, 0), min(head[1] + last, length)
        empty = cls(length, further, head, (), span, span)
        outputs, inputs = [], []
        for level in range(depth):
            outputs.append(span)
            source = empty.grown(span, level)
            inputs.append(source)
            span = empty.deeper(source, level)
            if level + 1 < read:
                scale = POOL ** (level + 1)
                span = min(span[0], head[0] // scale), max(span[1], head[1] // scale)
        encoder = _encoder_span(net, inputs, span, length)
        image = min(encoder[0], head[0]), max(encoder[1], head[1])
        return cls(length, further, head, tuple(outputs), encoder, image)

    def limits(self, level: int) -> Span:
        """All of a level."""
        return 0, self.length // POOL**level

    def grown(self, span: Span, level: int) -> Span:
        """What a block of convolutions reads."""
        return grown([span], BLOCK_REACH, [self.limits(level)])[0]

    def deeper(self, span: Span, level: int) -> Span:
        """What of the next deeper level is up-sampled into a span."""
        last = (span[1] - 1 + self.further) // POOL + 1
        return span[0] // POOL, min(last, self.length // POOL ** (level + 1))


def _encoder_span(net: UNet, skips: list[Span], bottom: Span, length: int) -> Span:
    """What the encoder must read, on the grid of its deepest level."""
    low, high = bottom[0] - BLOCK_REACH, bottom[1] + BLOCK_REACH
    for skip in reversed(skips):
        low, high = min(POOL * low, skip[0]), max(POOL * high, skip[1])
        low, high = low - BLOCK_REACH, high + BLOCK_REACH
    stride = net.stride
    return max(low // stride * stride, 0), min(-(-high // stride) * stride, length)
