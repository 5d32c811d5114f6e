"""What was painted, on which layer of which image: what the window hands to the journal."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from napari_unet.core.edits import Edit


@dataclass(frozen=True, eq=False)
class ImageIdentity:
    """What an image is recognised by.

    Parameters
    ----------
    key : hashable
        Its layer.
    array : array-like
        Its pixels; only a bounded sample is read.
    path : str
        Its file; empty if it has none.
    name : str
        What the user calls it.
    axes : str
        One letter per axis of the array.
    """

    key: Hashable
    array: Any
    path: str = ""
    name: str = ""
    axes: str = ""


@dataclass(frozen=True, eq=False)
class PaintTarget:
    """A labels layer that is painted on.

    Parameters
    ----------
    layer : hashable
        The layer.
    data : array-like of int
        Its labels, read on another thread.
    name : str
        What the user calls it.
    image : ImageIdentity
        The image it belongs to.
    notes : mapping
        Plain values to be kept with the paint: names and colours of the classes.
    """

    layer: Hashable
    data: Any
    name: str
    image: ImageIdentity
    notes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Painted:
    """Something happened to the paint of a layer.

    Parameters
    ----------
    target : PaintTarget
    edits : sequence of Edit, optional
        The changed pixels in the order of change; read on another thread.
    replaced : bool, optional
        True if the layer was given another array.
    contains : tuple of str, optional
        Names of earlier journals whose paint is on the layer by now.
    """

    target: PaintTarget
    edits: Sequence[Edit] = ()
    replaced: bool = False
    contains: tuple[str, ...] = ()
