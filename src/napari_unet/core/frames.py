"""Which frames, slices or positions of an image are wanted, where not all are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_unet.core.axes import AxesSpec
from napari_unet.core.errors import InvalidSetting

_WORDS = {"T": "frame", "Z": "slice", "P": "position"}


@dataclass(frozen=True)
class Part:
    """Consecutive places along one axis.

    Parameters
    ----------
    axis : str
        ``"T"``, ``"Z"`` or ``"P"``.
    start : int
        The first one, counted from 0.
    stop : int or None, optional
        The first one that is not wanted any more; the end of the image when not given.

    Raises
    ------
    InvalidSetting
        If nothing is left.
    """

    axis: str
    start: int = 0
    stop: int | None = None

    def __post_init__(self) -> None:
        if self.axis not in _WORDS:
            raise InvalidSetting(f"{self.axis!r} is no axis to choose from. Give T, Z or P.")
        if self.start < 0 or (self.stop is not None and self.stop <= self.start):
            raise InvalidSetting(
                f"There is no {_WORDS[self.axis]} from {self.start} up to {self.stop}. "
                f"Count from 0; 10:20 means {_WORDS[self.axis]}s 10 to 19."
            )

    @classmethod
    def read(cls, axis: str, text: str) -> Part:
        """Understand ``"7"``, ``"10:20"``, ``"10:"`` or ``":20"`` as Python would.

        Raises
        ------
        InvalidSetting
            If it is something else.
        """
        first, colon, last = text.strip().partition(":")
        try:
            start = int(first) if first.strip() or not colon else 0
            stop = int(last) if last.strip() else None
        except ValueError as err:
            raise InvalidSetting(
                f"{text!r} does not say which {_WORDS.get(axis, axis)}s. "
                "Give one number such as 7, or a range such as 10:20 (10 to 19, counted from 0)."
            ) from err
        return cls(axis, start, stop if colon else start + 1)


def parts_of(
    frames: str | None = None, slices: str | None = None, positions: str | None = None
) -> tuple[Part, ...]:
    """What was asked for along each axis, for example ``frames="10:20"``; see `Part.read`."""
    asked = {"T": frames, "Z": slices, "P": positions}
    return tuple(Part.read(axis, text) for axis, text in asked.items() if text is not None)


def samples_in(
    parts: tuple[Part, ...], axes: AxesSpec, shape: tuple[int, ...], name: str = "image"
) -> tuple[int, ...] | None:
    """Numbers of the samples that lie in every part; None if all of them do.

    Parameters
    ----------
    parts : tuple of Part
    axes : AxesSpec
    shape : tuple of int
        Of the image's array.
    name : str, optional
        What to call the image in messages.

    Raises
    ------
    InvalidSetting
        If the image has no such axis or nothing there, or a 3D network sees all of the axis.
    """
    size = dict(zip(axes.axes, shape, strict=True))
    wanted = np.ones([size[a] for a in axes.sample_axes], bool)
    for part in parts:
        word = _WORDS[part.axis]
        if part.axis in axes.spatial:
            raise InvalidSetting(
                f"The network is 3D and sees all {word}s at once. Leave out the range of {word}s."
            )
        if part.axis not in axes.sample_axes:
            raise InvalidSetting(
                f"{name} has no {word}s: its axes are {axes.axes}. "
                f"Leave out the range of {word}s, or say its axes."
            )
        count = size[part.axis]
        if part.start >= count:
            raise InvalidSetting(
                f"{name} has {count} {word}s, counted from 0, and none from {part.start} on. "
                "Give an earlier one."
            )
        inside = np.zeros(count, bool)
        inside[part.start : part.stop] = True
        place = axes.sample_axes.index(part.axis)
        wanted &= inside.reshape([-1 if i == place else 1 for i in range(wanted.ndim)])
    if wanted.all():
        return None
    return tuple(int(n) for n in np.flatnonzero(wanted))
