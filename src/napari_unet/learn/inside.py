"""The scores of a box inside a block, with no more work and memory than the box needs.

A tile needs context on all sides, but hardly any of it in the last, full-sized layers, which
are the expensive ones. So each layer is computed only where a later one looks, as when
convolutions are not padded. On the CPU each layer is moreover computed strip by strip into
memory that the next tile uses again: strips stay in the processor's cache, and the system need
not fetch and clear fresh memory for every layer, which takes up to a third of the time of a
large tile (fusing layers by strips: Alwani et al. 2016, doi:10.1109/MICRO.2016.7783725). The
result is the same to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

from napari_unet.core.source import Box
from napari_unet.learn.blocks import CONVOLUTION, POOL, crop
from napari_unet.learn.filters import enlarged_reach
from napari_unet.learn.unet import BLOCK_REACH, UNet

Span = tuple[int, int]
"""First pixel, and the one after the last, along one axis of one level."""

Spans = list[Span]
"""One span for each spatial axis."""

_STRIP = 2**18
"""Pixels of a strip of the finest level; fewer in deeper ones, which have more channels."""

_BANK_STRIP = 2**19
"""The filter bank looks further, so that its strips are larger."""


@dataclass
class _Map:
    """Feature maps of a part of one level."""

    data: Tensor
    first: list[int]
    """Where its first pixel lies in the level."""

    def cut(self, spans: Spans) -> Tensor:
        """The part inside these spans of the level, a view."""
        start = [a - f for (a, _), f in zip(spans, self.first, strict=True)]
        return crop(self.data, [b - a for a, b in spans], start)


class Insides:
    """Computes scores of boxes with one network, keeping its working memory in between.

    Parameters
    ----------
    net : UNet
        For prediction: in evaluation mode.
    dtype : torch.dtype
        Format the network's convolutions compute in.
    strips : bool
        Compute strip by strip. On devices that keep freed memory themselves it does not pay.
    """

    def __init__(self, net: UNet, dtype: torch.dtype, *, strips: bool) -> None:
        self._net, self._dtype, self._strips = net, dtype, strips
        self._memory: dict[str, Tensor] = {}
        self._depth = net.config.depth
        self._read = min(net.config.head_levels, net.config.depth + 1)
        # what normalises by all it sees must see all
        local = net.config.normalisation in ("none", "batch")
        self._whole = net.config.padding != "same" or not local

    def scores(self, x: Tensor, box: Box) -> Tensor:
        """Scores before softmax or sigmoid inside a box.

        Parameters
        ----------
        x : Tensor, shape (N, C, *spatial)
            Normalised intensities; spatial sizes are multiples of the network's alignment.
        box : tuple of slice
            Inside `x`.

        Returns
        -------
        Tensor, shape (N, K, *box)
            Valid until the next call. Equal to the box of ``net(x)``.
        """
        if self._whole:
            start, size = [s.start for s in box], [s.stop - s.start for s in box]
            return crop(self._net(x), size, start)
        sizes = x.shape[2:]
        needs = [_Needs.of(self._net, s, n) for s, n in zip(box, sizes, strict=True)]
        image = self._features(_Map(x, [0] * len(sizes)), [n.image for n in needs])
        levels = self._encode(image, [n.encoder for n in needs])
        maps = self._decode(levels, needs)
        if self._net.bank is not None:
            maps.append(image)
        wanted = [(s.start, s.stop) for s in box]
        return self._fill("scores", wanted, lambda part: self._head(maps, part, sizes)).data

    # -- layers ---------------------------------------------------------------------------

    def _features(self, x: _Map, spans: Spans) -> _Map:
        """What the first convolution reads: the image, or the responses of the filter bank."""
        bank, sizes = self._net.bank, x.data.shape[2:]
        if bank is None:
            return x
        step = bank.alignment

        def respond(part: Spans) -> Tensor:
            source = [
                (
                    max(0, (a - bank.radius) // step * step),
                    min(n, -(-(b + bank.radius) // step) * step),
                )
                for (a, b), n in zip(part, sizes, strict=True)
            ]
            responses: Tensor = bank(x.cut(source))
            return _Map(responses, [a for a, _ in source]).cut(part).to(self._dtype)

        return self._fill("bank", spans, respond, _BANK_STRIP)

    def _encode(self, image: _Map, spans: Spans) -> list[_Map]:
        """Encoder levels, finest first, on what lies under these spans of the finest."""
        levels = [image]
        for number, block in enumerate(self._net.encoder):
            limits = [(a // POOL**number, b // POOL**number) for a, b in spans]
            source_map, pooled = levels[-1], number > 0

            def compute(
                part: Spans,
                block: torch.nn.Module = block,
                limits: Spans = limits,
                below: _Map = source_map,
                pooled: bool = pooled,
            ) -> Tensor:
                source = _grown(part, BLOCK_REACH, limits)
                if pooled:
                    x = self._net.pool(below.cut([(POOL * a, POOL * b) for a, b in source]))
                else:
                    x = below.cut(source)
                return _Map(block(x), [a for a, _ in source]).cut(part)

            levels.append(self._fill(f"encoder{number}", limits, compute, _STRIP >> number))
        return levels[1:]

    def _decode(self, levels: list[_Map], needs: Sequence[_Needs]) -> list[_Map]:
        """What the head reads of the decoder, finest first."""
        net, maps, below = self._net, [levels[-1]], levels[-1]
        for level in reversed(range(self._depth)):

            def compute(part: Spans, level: int = level, below: _Map = below) -> Tensor:
                limits = [n.limits(level) for n in needs]
                source = _grown(part, BLOCK_REACH, limits)
                deeper = [n.deeper(span, level) for n, span in zip(needs, source, strict=True)]
                enlarged = _Map(net.up[level](below.cut(deeper)), [POOL * a for a, _ in deeper])
                both = torch.cat([levels[level].cut(source), enlarged.cut(source)], 1)
                return _Map(net.decoder[level](both), [a for a, _ in source]).cut(part)

            spans = [n.outputs[level] for n in needs]
            below = self._fill(f"decoder{level}", spans, compute, _STRIP >> level)
            maps.insert(0, below)
        if net.last is not None:
            last, limits = net.last, [n.limits(0) for n in needs]

            def finish(part: Spans) -> Tensor:
                source = _grown(part, CONVOLUTION // 2, limits)
                return _Map(last(below.cut(source)), [a for a, _ in source]).cut(part)

            maps[0] = self._fill("last", [n.head for n in needs], finish)
        return maps[: self._read]

    def _head(self, maps: list[_Map], part: Spans, sizes: Sequence[int]) -> Tensor:
        """Scores of a part of the box."""
        spans = [_head_span(self._read, span, n) for span, n in zip(part, sizes, strict=True)]
        cuts = []
        for number, features in enumerate(maps):
            scale = POOL**number if number < self._read else 1
            cuts.append(features.cut([(a // scale, b // scale) for a, b in spans]))
        return _Map(self._net.head(cuts), [a for a, _ in spans]).cut(part)

    # -- strips ---------------------------------------------------------------------------

    def _fill(
        self, name: str, spans: Spans, compute: Callable[[Spans], Tensor], pixels: int = _STRIP
    ) -> _Map:
        """A part of a level, computed strip by strip into memory kept under this name."""
        first = [a for a, _ in spans]
        parts = list(_strips(spans, pixels)) if self._strips else [spans]
        if len(parts) == 1:
            return _Map(compute(spans), first)
        whole: _Map | None = None
        for part in parts:
            result = compute(part)
            if whole is None:
                size = [b - a for a, b in spans]
                whole = _Map(self._room(name, result, size), first)
            whole.cut(part).copy_(result)
        assert whole is not None
        return whole

    def _room(self, name: str, like: Tensor, size: list[int]) -> Tensor:
        """Memory of this spatial size, channels last, for tensors like that one."""
        shape = [like.shape[0], *size, like.shape[1]]
        kept = self._memory.get(name)
        if kept is None or kept.numel() < prod(shape) or kept.dtype != like.dtype:
            self._memory.pop(name, None)
            kept = self._memory[name] = torch.empty(prod(shape), dtype=like.dtype)
        return kept[: prod(shape)].view(shape).movedim(-1, 1)


def _strips(spans: Spans, pixels: int) -> list[Spans]:
    """The spans cut along the first axis that is long enough to be cut."""
    total = prod(b - a for a, b in spans)
    count = -(-total // pixels)
    longest = max(b - a for a, b in spans)
    axis = next(i for i, (a, b) in enumerate(spans) if 2 * (b - a) >= longest)
    low, high = spans[axis]
    count = min(count, max(1, (high - low) // (8 * BLOCK_REACH)))
    edges = [low + i * (high - low) // count for i in range(count + 1)]
    return [
        [*spans[:axis], (a, b), *spans[axis + 1 :]] for a, b in zip(edges, edges[1:], strict=False)
    ]


def _grown(spans: Spans, margin: int, limits: Spans) -> Spans:
    return [
        (max(a - margin, low), min(b + margin, high))
        for (a, b), (low, high) in zip(spans, limits, strict=True)
    ]


def _head_span(read: int, wanted: Span, length: int) -> Span:
    """What the head must compute at full resolution for the pixels wanted."""
    coarsest = POOL ** (read - 1)
    first, last = enlarged_reach(wanted[0], wanted[1] - 1, coarsest)
    return max(first * coarsest, 0), min((last + 1) * coarsest, length)


@dataclass(frozen=True)
class _Needs:
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
    def of(cls, net: UNet, box: slice, length: int) -> _Needs:
        """What a box needs along an axis of that length."""
        depth, read = net.config.depth, min(net.config.head_levels, net.config.depth + 1)
        further = POOL - 1 if net.config.upsampling == "resize" else 0
        head = _head_span(read, (box.start, box.stop), length)
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
        return _grown([span], BLOCK_REACH, [self.limits(level)])[0]

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
