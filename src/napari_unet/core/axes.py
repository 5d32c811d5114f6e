"""Which axis of an array means what: the only home of geometry below the window.

Everywhere else an image is canonical, ``(S, C, *spatial)``: samples (time, positions,
and Z under a 2D network), channels, and two or three spatial axes.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import numpy as np

from napari_unet.core.errors import AxesError

AXIS_LETTERS = "TPCZYX"
"""Time, position, channel, and the three spatial axes."""

Spatial = Literal["YX", "ZYX"]


@dataclass(frozen=True)
class AxesSpec:
    """How one image's axes map onto the canonical order ``(S, C, *spatial)``.

    Parameters
    ----------
    axes : str
        One letter per array axis, in array order, from ``T P C Z Y X``, each at most once;
        for example ``"TCZYX"`` or ``"YXC"``.
    spacing : tuple of float, optional
        Pixel size along each array axis, in the layer's units; ones when not given.
    spatial : {"YX", "ZYX"}, optional
        The axes the network sees. Under ``"YX"`` a Z axis counts as samples.

    Raises
    ------
    AxesError
        If a letter is unknown, repeated or missing, or the spacing has another length.
    """

    axes: str
    spacing: tuple[float, ...] = ()
    spatial: Spatial = "YX"

    def __post_init__(self) -> None:
        unknown = sorted(set(self.axes) - set(AXIS_LETTERS))
        if unknown or len(set(self.axes)) != len(self.axes):
            raise AxesError(
                f"The axes {self.axes!r} are not understood. "
                f"Give one letter per axis from {', '.join(AXIS_LETTERS)}, each at most once."
            )
        missing = [letter for letter in self.spatial if letter not in self.axes]
        if missing:
            advice = "Say which axes of the image are its rows (Y) and columns (X)."
            if missing == ["Z"]:
                advice = "A 3D network needs slices (Z): give a volume, or use a 2D network."
            raise AxesError(f"The axes {self.axes!r} lack {' and '.join(missing)}. {advice}")
        if not self.spacing:
            object.__setattr__(self, "spacing", (1.0,) * len(self.axes))
        elif len(self.spacing) != len(self.axes):
            raise AxesError(
                f"{len(self.spacing)} pixel sizes were given for {len(self.axes)} axes. "
                "Give one pixel size per axis."
            )

    @property
    def ndim(self) -> int:
        """Number of array axes."""
        return len(self.axes)

    @property
    def sample_axes(self) -> str:
        """The letters of the axes along which samples are counted, in array order."""
        return "".join(a for a in self.axes if a not in self.spatial + "C")

    @property
    def label_axes(self) -> str:
        """The letters of a labels array for this image: its axes without C."""
        return self.axes.replace("C", "")

    @property
    def spatial_spacing(self) -> tuple[float, ...]:
        """Pixel size along the spatial axes, in canonical order."""
        return tuple(self.spacing[self.axes.index(a)] for a in self.spatial)

    def check(self, shape: tuple[int, ...], what: str = "image") -> None:
        """Raise `AxesError` unless an array of this shape can have these axes."""
        if len(shape) != self.ndim:
            raise AxesError(
                f"The {what} has {len(shape)} axes (shape {tuple(shape)}), "
                f"but {self.axes!r} names {self.ndim}. Give one letter per axis."
            )

    def canonical_order(self) -> list[int]:
        """Array axes in the order samples, channel (if any), spatial."""
        channel = "C" if "C" in self.axes else ""
        return [self.axes.index(a) for a in self.sample_axes + channel + self.spatial]

    def canonical_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Shape ``(S, C, *spatial)`` of an array of the given shape."""
        self.check(shape)
        size = dict(zip(self.axes, shape, strict=True))
        return (
            prod(size[a] for a in self.sample_axes),
            size.get("C", 1),
            *(size[a] for a in self.spatial),
        )

    def to_canonical(self, array: np.ndarray) -> np.ndarray:
        """View `array` as ``(S, C, *spatial)``; an absent S or C has length 1."""
        shape = self.canonical_shape(array.shape)
        return array.transpose(self.canonical_order()).reshape(shape)

    def without_channels(self) -> AxesSpec:
        """The spec of a labels array that goes with this image."""
        kept = [i for i, a in enumerate(self.axes) if a != "C"]
        return AxesSpec(self.label_axes, tuple(self.spacing[i] for i in kept), self.spatial)

    def label_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Shape of the labels array that goes with an image array of the given shape."""
        self.check(shape)
        return tuple(n for a, n in zip(self.axes, shape, strict=True) if a != "C")

    def labels_from_canonical(self, labels: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """View canonical labels ``(S, *spatial)`` in the layer's own axes, without C.

        Parameters
        ----------
        labels : ndarray, shape (S, *spatial)
        shape : tuple of int
            Shape of the image array the labels belong to.
        """
        size = dict(zip(self.axes, shape, strict=True))
        letters = self.sample_axes + self.spatial
        unfolded = labels.reshape([size[a] for a in letters])
        return unfolded.transpose([letters.index(a) for a in self.label_axes])

    def sample_index(self, sample: int, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Index along each sample axis (array order) of the canonical sample number."""
        size = dict(zip(self.axes, shape, strict=True))
        lengths = [size[a] for a in self.sample_axes]
        return tuple(int(i) for i in np.unravel_index(sample, lengths)) if lengths else ()

    def sample_number(self, index: tuple[int, ...], shape: tuple[int, ...]) -> int:
        """The canonical sample number at this index along the sample axes."""
        size = dict(zip(self.axes, shape, strict=True))
        lengths = [size[a] for a in self.sample_axes]
        return int(np.ravel_multi_index(index, lengths)) if lengths else 0

    def array_index(
        self, sample: int, slices: tuple[slice, ...], shape: tuple[int, ...]
    ) -> tuple[Any, ...]:
        """Index into the array itself that reads one spatial box of one sample."""
        where: dict[str, Any] = dict(
            zip(self.sample_axes, self.sample_index(sample, shape), strict=True)
        )
        where.update(zip(self.spatial, slices, strict=True))
        return tuple(where.get(a, slice(None)) for a in self.axes)
