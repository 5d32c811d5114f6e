"""Which channels make one input, and whether they are those a model knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from napari_unet.core.axes import AxesSpec
from napari_unet.core.channel_names import known_as
from napari_unet.core.channel_stack import ChannelStack, Plane
from napari_unet.core.errors import ChannelMismatch, ShapeMismatch
from napari_unet.core.source import ImageSource

Channel = int | str | None
"""A channel by number, counted from 0, or by name; None for one that is missing."""


_EXPECT = {
    True: "The model learned to do without, though less well.",
    False: "The model never learned to do without, so do not expect much.",
}


@dataclass(frozen=True)
class KnownChannels:
    """The channels a model was trained on.

    Parameters
    ----------
    count : int
    names : tuple of str, optional
        One for each, where they are known.
    spared : bool, optional
        True if channels were left out now and then in training, so that it can do without one.
    """

    count: int
    names: tuple[str, ...] = ()
    spared: bool = False

    @property
    def words(self) -> str:
        """For example ``"2 channels (DAPI, GFP)"``."""
        return in_words(self.count, self.names)


def in_words(count: int, names: Sequence[str] = ()) -> str:
    """How many channels, and which."""
    many = f"{count} channel{'' if count == 1 else 's'}"
    return f"{many} ({', '.join(names)})" if any(names) else many


def pick_channels(source: ImageSource, wanted: Sequence[Channel]) -> ImageSource:
    """The same image with some of its channels, in the given order.

    Parameters
    ----------
    source : ImageSource
    wanted : sequence of int, str or None
        Numbers count from 0. None is a channel that the image lacks: it is mid grey
        everywhere, whatever the intensities.

    Raises
    ------
    ChannelMismatch
        If the image has no such channel, or none is wanted.
    """
    places = [None if one is None else _place(source, one) for one in wanted]
    if places == list(range(source.channels)):
        return source
    if all(place is None for place in places):
        raise ChannelMismatch(
            f"No channel of {source.name!r} is chosen. Choose at least one of its "
            f"{in_words(source.channels, source.names)}."
        )
    axes, names = source.axes, source.names
    own = axes.axes.index("C") if "C" in axes.axes else None
    planes = [Plane(None) if p is None else Plane(source.array, own, p) for p in places]
    if own is None:
        axes = AxesSpec(f"C{axes.axes}", (1.0, *axes.spacing), axes.spatial)
    kept = tuple("" if p is None else names[p] for p in places) if names else ()
    return ImageSource(ChannelStack(planes, own or 0), axes, source.name, kept)


def _place(source: ImageSource, wanted: int | str) -> int:
    named = [name.strip().casefold() for name in source.names]
    text = str(wanted).strip()
    if text.casefold() in named and not isinstance(wanted, int):
        return named.index(text.casefold())
    if text.isdigit() and int(text) < source.channels:
        return int(text)
    raise ChannelMismatch(
        f"{source.name!r} has no channel {wanted!r} among its "
        f"{in_words(source.channels, source.names)}. Give numbers counted from 0, or names."
    )


def join_channels(
    sources: Sequence[ImageSource], name: str, names: Sequence[str] = ()
) -> ImageSource:
    """Several images of the same pixels as the channels of one.

    Parameters
    ----------
    sources : sequence of ImageSource
        In the order of their channels; one with a channel axis gives all of these.
    name : str
        What to call the image in messages.
    names : sequence of str, optional
        One for each channel.

    Raises
    ------
    ShapeMismatch
        If they have other axes or another size, but for the channels.
    """
    first = sources[0]
    if len(sources) == 1:
        return replace(first, name=name, channel_names=tuple(names) or first.channel_names)
    axes = first.axes.without_channels()
    shape = first.axes.label_shape(tuple(first.array.shape))
    planes = []
    for source in sources:
        here = source.axes.label_shape(tuple(source.array.shape))
        if source.axes.label_axes != axes.axes or here != shape:
            raise ShapeMismatch(
                f"{source.name!r} ({_size(here)}, {source.axes.label_axes}) does not cover the "
                f"pixels of {first.name!r} ({_size(shape)}, {axes.axes}), so it cannot be one of "
                "its channels. Untick it, or choose an image of the same size."
            )
        own = source.axes.axes.index("C") if "C" in source.axes.axes else None
        planes += [Plane(source.array, own, place) for place in range(source.channels)]
    spec = AxesSpec(f"C{axes.axes}", (1.0, *axes.spacing), axes.spatial)
    return ImageSource(ChannelStack(planes, 0), spec, name, tuple(names))


def match_channels(known: KnownChannels, source: ImageSource) -> tuple[ImageSource, str]:
    """The channels of an image in the order a model knows them, and what to say about it.

    Where both have names, names decide: more channels than needed, or another order, are no
    trouble, and one that is missing is let pass with a notice.

    Parameters
    ----------
    known : KnownChannels
        Those of the model.
    source : ImageSource

    Returns
    -------
    ImageSource
    str
        A sentence for the user; empty if there is nothing to say.

    Raises
    ------
    ChannelMismatch
        If the image has too few or too many channels, and names do not tell which to take.
    """
    if source.channels == known.count == 1:
        return source, ""
    wanted = list(known.names)
    names = [known_as(name, wanted) for name in source.names]
    named = len(set(names)) == source.channels and len(set(wanted)) == known.count
    if named and all(name in names for name in wanted):
        chosen = pick_channels(source, [names.index(name) for name in wanted])
        if chosen is source:
            return source, ""
        used = ", ".join(source.names[names.index(name)] for name in wanted)
        return chosen, f"Of {source.name!r} the channels {used} are used, as in training."
    if source.channels == known.count:
        if not named or names == wanted:
            return source, ""
        return source, (
            f"The model was trained on {known.words}, and is applied to "
            f"{', '.join(source.names)} of {source.name!r}, in this order. "
            "Choose other channels if these are not alike."
        )
    if named and source.channels < known.count and set(names) <= set(wanted):
        return _without(known, source, names, wanted)
    advice = f"only {known.count} of these"
    if source.channels < known.count:
        advice = "add the layers of the others to it"
    raise ChannelMismatch(
        f"The model was trained on {known.words}, but {source.name!r} has "
        f"{in_words(source.channels, source.names)}. "
        f"Choose an image with the same channels, {advice}, or train a new model."
    )


def in_order_of(first: ImageSource, other: ImageSource) -> ImageSource:
    """The other image with its channels in the order of the first, where names tell it."""
    names = [known_as(name, first.names) for name in other.names]
    if not first.names or sorted(names) != sorted(first.names):
        return other
    return pick_channels(other, [names.index(name) for name in first.names])


def misfit(known: KnownChannels, source: ImageSource) -> str:
    """Why an image does not have the channels a model needs, and what to do; empty if it has."""
    try:
        match_channels(known, source)
    except ChannelMismatch as err:
        return str(err)
    return ""


def _without(
    known: KnownChannels, source: ImageSource, names: list[str], wanted: list[str]
) -> tuple[ImageSource, str]:
    places = [names.index(name) if name in names else None for name in wanted]
    missing = [name for name, place in zip(known.names, places, strict=True) if place is None]
    return pick_channels(source, places), (
        f"{source.name!r} lacks {' and '.join(missing)}. {_EXPECT[known.spared]} "
        "Add what is missing if there is an image of it."
    )


def _size(shape: Sequence[int]) -> str:
    return " x ".join(str(n) for n in shape)
