"""The scores of a box inside a block, with no more work and memory than the box needs.

A tile needs context on all sides, but hardly any of it in the last, full-sized layers, which
are the expensive ones. So each layer is computed only where a later one looks, as when
convolutions are not padded. On the CPU each layer is moreover computed strip by strip into
memory that the next tile uses again: strips stay in the processor's cache, and the system need
not fetch and clear fresh memory for every layer, which takes up to a third of the time of a
large tile (fusing layers by strips: Alwani et al. 2016, doi:10.1109/MICRO.2016.7783725). Where
a box or a strip begins does not change a score by more than rounding in float32.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

from napari_unet.core.source import Box
from napari_unet.learn.blocks import crop, enlarge
from napari_unet.learn.needs import (
    Needs,
    Spans,
    aligned,
    blocks,
    common,
    grown,
    head_span,
    magnified,
    reduced,
    strips,
)
from napari_unet.learn.stem import AdaptedBank
from napari_unet.learn.unet import UNet

_STRIP = 2**16
"""Pixels of a strip of the finest level; fewer in deeper ones, which have more channels."""

_VOTE_STRIP = 2**15
"""The bank's responses are many and in float32, so that they are weighed in smaller ones."""

_BANK_STRIP = 2**18
"""The filter bank looks further, so that its strips are larger, and square."""


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
        self._net, self.dtype, self._strips = net, dtype, strips
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
            Valid until the next call. Equal to the box of ``net(x)``, but that the head adds up
            in float32.
        """
        if self._whole:
            start, size = [s.start for s in box], [s.stop - s.start for s in box]
            return crop(self._net(x), size, start)
        sizes = x.shape[2:]
        needs = [
            Needs.of(self._net, levels, s, n)
            for levels, s, n in zip(self._net.axes, box, sizes, strict=True)
        ]
        image, votes = self._features(_Map(x, [0] * len(sizes)), needs)
        levels = self._encode(image, [n.encoder for n in needs])
        maps = self._decode(levels, needs)
        wanted = [(s.start, s.stop) for s in box]
        return self._fill("scores", wanted, lambda part: self._head(maps, votes, part, sizes)).data

    # -- layers ---------------------------------------------------------------------------

    def _features(self, x: _Map, needs: Sequence[Needs]) -> tuple[_Map, _Map | None]:
        """What the encoder reads, and the head's scores of the filter bank's responses.

        The responses themselves, many and in float32, are never held for more than a strip.
        """
        bank = self._net.bank
        if bank is None:
            return x, None
        seen = bank.trunk_inputs if isinstance(bank, AdaptedBank) else None
        limits, encoder = [(0, n.length) for n in needs], [n.encoder for n in needs]
        head = [n.head for n in needs]
        read, votes = _Filling(self, "bank", encoder), _Filling(self, "votes", head)
        for part in self._parts([n.image for n in needs], _BANK_STRIP, square=True):
            source = aligned(grown(part, bank.radii, limits), bank.alignments)
            responses = _Map(bank(x.cut(source)), [a for a, _ in source])
            if shared := common(part, encoder):
                read.put(shared, responses.cut(shared)[:, :seen].to(self.dtype))
            if shared := common(part, head):
                for piece in self._parts(shared, _VOTE_STRIP):
                    votes.put(piece, self._vote(responses.cut(piece)))
        return read.map, votes.map

    def _vote(self, responses: Tensor) -> Tensor:
        """What the head makes of the bank's responses, in float32 like these."""
        weights = self._net.head.levels[-1].get_parameter("weight").flatten(1)
        with torch.autocast(responses.device.type, enabled=False):
            scores = torch.matmul(weights, responses.flatten(2))
        return scores.view(*scores.shape[:2], *responses.shape[2:])

    def _encode(self, image: _Map, spans: Spans) -> list[_Map]:
        """Encoder levels, finest first, on what lies under these spans of the finest."""
        levels = [image]
        for number, block in enumerate(self._net.encoder):
            limits = reduced(spans, self._net.scales(number))

            def compute(
                part: Spans,
                block: torch.nn.Module = block,
                limits: Spans = limits,
                below: _Map = levels[-1],
                number: int = number,
            ) -> Tensor:
                source = grown(part, [axis.margins[number] for axis in self._net.axes], limits)
                if number > 0:
                    strides = [axis.strides[number - 1] for axis in self._net.axes]
                    x = self._net.pools[number - 1](below.cut(magnified(source, strides)))
                else:
                    x = below.cut(source)
                return _Map(block(x), [a for a, _ in source]).cut(part)

            levels.append(self._fill(f"encoder{number}", limits, compute, number))
        return levels[1:]

    def _decode(self, levels: list[_Map], needs: Sequence[Needs]) -> list[_Map]:
        """What the head reads of the decoder, finest first."""
        net, maps, below = self._net, [levels[-1]], levels[-1]
        for level in reversed(range(self._depth)):

            def compute(part: Spans, level: int = level, below: _Map = below) -> Tensor:
                source = [n.grown(span, level) for n, span in zip(needs, part, strict=True)]
                deeper = [n.deeper(span, level) for n, span in zip(needs, source, strict=True)]
                first = [a for a, _ in magnified(deeper, [x.strides[level] for x in net.axes])]
                enlarged = _Map(net.up[level](below.cut(deeper)), first)
                both = torch.cat([levels[level].cut(source), enlarged.cut(source)], 1)
                return _Map(net.decoder[level](both), [a for a, _ in source]).cut(part)

            spans = [n.outputs[level] for n in needs]
            below = self._fill(f"decoder{level}", spans, compute, level)
            maps.insert(0, below)
        if net.last is not None:
            last, limits = net.last, [n.limits(0) for n in needs]

            def finish(part: Spans) -> Tensor:
                source = grown(part, [axis.last for axis in net.axes], limits)
                return _Map(last(below.cut(source)), [a for a, _ in source]).cut(part)

            maps[0] = self._fill("last", [n.head for n in needs], finish)
        return maps[: self._read]

    def _head(
        self, maps: list[_Map], votes: _Map | None, part: Spans, sizes: Sequence[int]
    ) -> Tensor:
        """Scores of a part of the box; see `napari_unet.learn.head.ClassHead`."""
        coarsest = self._net.scales(self._read - 1)
        spans = [head_span(c, span, n) for c, span, n in zip(coarsest, part, sizes, strict=True)]
        total: Tensor | None = None
        for number, features in enumerate(maps):
            scale = self._net.scales(number)
            cut = features.cut(reduced(spans, scale))
            # resizing is much slower where two channels lie side by side
            scores = self._net.head.levels[number](cut).float().contiguous()
            scores = enlarge(scores, scale)
            total = scores if total is None else total + scores
        assert total is not None
        if votes is not None:
            total = total + votes.cut(spans)
        return _Map(total, [a for a, _ in spans]).cut(part)

    # -- strips ---------------------------------------------------------------------------

    def _parts(self, spans: Spans, pixels: int, *, square: bool = False) -> list[Spans]:
        if not self._strips:
            return [spans]
        return blocks(spans, pixels) if square else strips(spans, pixels)

    def _fill(
        self, name: str, spans: Spans, compute: Callable[[Spans], Tensor], level: int = 0
    ) -> _Map:
        """A part of a level, computed strip by strip into memory kept under this name."""
        filling = _Filling(self, name, spans)
        for part in self._parts(spans, _STRIP >> level):
            filling.put(part, compute(part))
        return filling.map

    def room(self, name: str, like: Tensor, size: list[int]) -> Tensor:
        """Memory of this spatial size, channels last, for tensors like that one."""
        shape = [like.shape[0], *size, like.shape[1]]
        kept = self._memory.get(name)
        if kept is None or kept.numel() < prod(shape) or kept.dtype != like.dtype:
            self._memory.pop(name, None)
            kept = self._memory[name] = torch.empty(prod(shape), dtype=like.dtype)
        return kept[: prod(shape)].view(shape).movedim(-1, 1)


class _Filling:
    """A part of a level that is filled strip by strip."""

    def __init__(self, owner: Insides, name: str, spans: Spans) -> None:
        self._owner, self._name, self._spans = owner, name, spans
        self._map: _Map | None = None

    def put(self, part: Spans, data: Tensor) -> None:
        """Put what was computed for a part where it belongs."""
        first = [a for a, _ in self._spans]
        if part == self._spans:
            self._map = _Map(data, first)
            return
        if self._map is None:
            size = [b - a for a, b in self._spans]
            self._map = _Map(self._owner.room(self._name, data, size), first)
        self._map.cut(part).copy_(data)

    @property
    def map(self) -> _Map:
        """All of it."""
        assert self._map is not None
        return self._map
