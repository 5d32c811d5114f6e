"""An image as the engine reads it: box by box, in canonical axes, from any array-like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_unet.core.axes import AxesSpec
from napari_unet.core.errors import AxesError

Box = tuple[slice, ...]
"""One slice per spatial axis, with explicit start and stop."""


@dataclass(frozen=True)
class ImageSource:
    """One image: an array-like (numpy, dask, zarr) and what its axes mean.

    Parameters
    ----------
    array : array-like
        Anything with ``shape``, ``dtype`` and basic slicing; it is never copied whole.
    axes : AxesSpec
        One letter per axis of `array`.
    name : str, optional
        What to call the image in messages.
    channel_names : tuple of str, optional
        One for each channel, where they are known.

    Raises
    ------
    AxesError
        If the axes do not fit the array's shape, or the names the channels.
    """

    array: Any
    axes: AxesSpec
    name: str = "image"
    channel_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.axes.check(tuple(self.array.shape), self.name)
        if self.channel_names and len(self.channel_names) != self.channels:
            raise AxesError(
                f"{len(self.channel_names)} names were given for the {self.channels} channels of "
                f"{self.name!r}. Give one name for each."
            )

    @property
    def canonical_shape(self) -> tuple[int, ...]:
        """Shape ``(S, C, *spatial)``."""
        return self.axes.canonical_shape(tuple(self.array.shape))

    @property
    def samples(self) -> int:
        """How many samples (slices, frames, positions) the image has."""
        return self.canonical_shape[0]

    @property
    def channels(self) -> int:
        """How many channels the image has."""
        return self.canonical_shape[1]

    @property
    def colour(self) -> bool:
        """True if the channels are the colours of one picture, which belong together."""
        return self.axes.axes.endswith("C") and self.channels in (3, 4)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the channels, by number where nothing better is known.

        Empty for colours and for an image that has no channels.
        """
        if self.channel_names or self.colour or "C" not in self.axes.axes:
            return self.channel_names
        return tuple(f"channel {number}" for number in range(self.channels))

    @property
    def spatial_shape(self) -> tuple[int, ...]:
        """Size along the spatial axes."""
        return self.canonical_shape[2:]

    def read(self, sample: int, box: Box | None = None) -> np.ndarray:
        """Return one box of one sample as stored, shape ``(C, *spatial)``.

        Parameters
        ----------
        sample : int
            Canonical sample number, 0 to ``samples - 1``.
        box : tuple of slice, optional
            Spatial box inside the image; the whole sample when not given.
        """
        if box is None:
            box = tuple(slice(0, n) for n in self.spatial_shape)
        shape = tuple(self.array.shape)
        block = np.asarray(self.array[self.axes.array_index(sample, box, shape)])
        left = [a for a in self.axes.axes if a not in self.axes.sample_axes]
        wanted = ("C" if "C" in left else "") + self.axes.spatial
        block = block.transpose([left.index(a) for a in wanted])
        return block if "C" in left else block[np.newaxis]
