"""An image of which the same few boxes are read again and again."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np

from napari_unet.core.source import Box, ImageSource

MOST_BYTES = 32 * 2**20
"""Boxes are remembered up to this size in all; one may have a quarter of it."""

_Key = tuple[int, tuple[tuple[int, int], ...]]


@dataclass(frozen=True)
class RememberedSource(ImageSource):
    """As an `ImageSource`; the boxes that were read last need not be read again.

    A box of a lazy image costs every chunk it touches, and a preview reads the same ones each
    time: what is on screen, and those that feature statistics are measured on. For one thread.
    """

    _kept: OrderedDict[_Key, np.ndarray] = field(
        default_factory=OrderedDict, compare=False, repr=False
    )

    @classmethod
    def of(cls, source: ImageSource) -> RememberedSource:
        """The same image, of which nothing is remembered yet."""
        return cls(source.array, source.axes, source.name, source.channel_names)

    def read(self, sample: int, box: Box | None = None) -> np.ndarray:
        """Return one box of one sample as stored, shape ``(C, *spatial)``; not to be changed."""
        if box is None:
            box = tuple(slice(0, n) for n in self.spatial_shape)
        key = sample, tuple((int(side.start), int(side.stop)) for side in box)
        known = self._kept.get(key)
        if known is not None:
            self._kept.move_to_end(key)
            return known
        block = super().read(sample, box)
        if block.nbytes <= MOST_BYTES // 4:
            self._kept[key] = block.copy()  # a view would hold all that it is a part of
            while sum(one.nbytes for one in self._kept.values()) > MOST_BYTES:
                self._kept.popitem(last=False)
        return block
