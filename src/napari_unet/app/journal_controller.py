"""Kept paint, decided without Qt: what is written, when a restore is offered, in which words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import platformdirs
from psygnal import Signal

from napari_unet.app.jobs import LatestOnly, single
from napari_unet.app.journal_writer import JournalWriter
from napari_unet.app.painted import ImageIdentity, Painted, PaintTarget
from napari_unet.app.ports import JobRunner, LayerId
from napari_unet.app.state import SessionState
from napari_unet.core.errors import UNetError
from napari_unet.core.image_mark import image_mark
from napari_unet.core.journal_records import JournalHead
from napari_unet.core.kept_paint import Journal, KeptPaint
from napari_unet.data.journal_folder import JournalFolder

_FLUSH_SECONDS = 5.0
"""How long a search waits for a journal that is just being ended."""


@dataclass(frozen=True, eq=False)
class Offer:
    """Kept paint that may be given back.

    Parameters
    ----------
    image : LayerId
        The image it was painted for.
    file : Path
        Its journal.
    head : JournalHead
        What the journal says of layer and image.
    notes : mapping
        Names and colours of the classes.
    kept : KeptPaint
    sentence : str
        What to say to the user.
    """

    image: LayerId
    file: Path
    head: JournalHead
    notes: Mapping[str, Any]
    kept: KeptPaint
    sentence: str


class PaintReceiver(Protocol):
    """Gives paint back to the user; the window."""

    def give_back(self, offer: Offer) -> PaintTarget:
        """Fill the image's paint layer where it is not painted, or add one; return the layer.

        Raises
        ------
        UNetError
            If the image is gone.
        """


@dataclass(frozen=True)
class LayersNow:
    """The labels layers an image has now.

    Parameters
    ----------
    paint : LayerId or None
        The one that kept paint would be given back to.
    arrays : mapping of LayerId to array-like
        Labels of every layer that may hold paint.
    """

    paint: LayerId | None = None
    arrays: Mapping[LayerId, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class _Found:
    """What was found on disk: an offer, and which layers hold all paint of which journals."""

    offer: Offer | None
    held: Mapping[LayerId, tuple[str, ...]]


def default_journal_folder() -> Path:
    """Where this user's journals live."""
    return Path(platformdirs.user_data_dir("napari-unet-paint", appauthor=False)) / "paint"


class JournalController:
    """Has strokes written, and offers what an earlier session left.

    Parameters
    ----------
    state : SessionState
    folder : JournalFolder
    writer : JournalWriter
    runner : JobRunner
        Looks for kept paint; used by nobody else.
    """

    offer_changed = Signal(object)
    """The `Offer` to be shown, or None."""

    def __init__(
        self, state: SessionState, folder: JournalFolder, writer: JournalWriter, runner: JobRunner
    ) -> None:
        self._state, self._folder, self._writer = state, folder, writer
        self._jobs = LatestOnly(runner)
        self._held: dict[LayerId, tuple[str, ...]] = {}
        self._kept: set[LayerId] = set()
        self._seen: tuple[Any, ...] = ()
        self._image: LayerId | None = None
        self._offer: Offer | None = None

    @property
    def offer(self) -> Offer | None:
        """What is offered now."""
        return self._offer

    def painted(self, painted: Painted) -> None:
        """Have a change of paint written; returns at once."""
        self._kept.add(painted.target.layer)
        held = self._held.pop(painted.target.layer, ())
        self._writer.put(replace(painted, contains=(*painted.contains, *held)))

    def keeps(self, layer: LayerId) -> bool:
        """True if paint of this layer was written in this session."""
        return layer in self._kept

    def gone(self, layer: LayerId) -> None:
        """End the journal of a layer that was removed, or let go of an image that was."""
        self._kept.discard(layer)
        self._writer.end(layer)

    def look(self, image: ImageIdentity, layers: LayersNow) -> None:
        """Look in the background whether paint for this image was kept that is on no layer.

        Parameters
        ----------
        image : ImageIdentity
            The image in view.
        layers : LayersNow
        """
        arrays = layers.arrays
        seen = (image.key, image.path, image.array, layers.paint, *arrays, *arrays.values())
        if _same(seen, self._seen):
            return
        if image.key != self._image:
            self.forget()
        self._seen, self._image = seen, image.key

        def find() -> _Found:
            self._writer.flush(_FLUSH_SECONDS)
            return _find(self._folder, image, layers)

        self._jobs.submit(
            lambda: single(find),
            on_done=self._on_found,
            on_error=lambda _: self._show(None),  # an image that cannot be read is said elsewhere
            words="looking for kept paint",
        )

    def forget(self) -> None:
        """Offer nothing: there is no image in view, or another one."""
        self._seen, self._image = (), None
        self._show(None)

    def restore(self, receiver: PaintReceiver) -> None:
        """Give back what is offered; paint that is there stays as it is."""
        offer = self._offer
        if offer is None:
            return
        try:
            target = receiver.give_back(offer)
        except UNetError as err:
            self._state.say(str(err), "error")
            return
        self.painted(Painted(target, contains=(offer.file.name,)))
        self._show(None)
        self._seen = ()

    def dismiss(self) -> None:
        """Offer this paint no more."""
        offer = self._offer
        if offer is not None:
            self._folder.dismiss(offer.file)
            self._show(None)
            self._seen = ()

    def _on_found(self, found: _Found) -> None:
        self._held.update(found.held)
        current = found.offer is not None and found.offer.image == self._image
        self._show(found.offer if current else None)

    def _show(self, offer: Offer | None) -> None:
        if offer is not None or self._offer is not None:
            self._offer = offer
            self.offer_changed.emit(offer)


def _find(folder: JournalFolder, image: ImageIdentity, layers: LayersNow) -> _Found:
    """The newest kept paint of an image that is on no layer; runs on a worker."""
    held: dict[LayerId, tuple[str, ...]] = {}
    for file, journal in folder.waiting(image_mark(image.array), image.path).items():
        kept = folder.paint_of(file, journal)
        if not kept.pixels:
            continue
        holder = _holder(kept, layers)
        if holder is not None:
            held[holder] = (*held.get(holder, ()), file.name)
            continue
        sentence = _in_words(file, kept, journal)
        return _Found(Offer(image.key, file, journal.head, journal.notes, kept, sentence), held)
    return _Found(None, held)


def _holder(kept: KeptPaint, layers: LayersNow) -> LayerId | None:
    """A layer that has all of this paint, or nothing left to fill; None if there is none."""
    for layer, array in layers.arrays.items():
        if tuple(array.shape) != kept.shape:
            continue
        full = layer == layers.paint and next(kept.missing_from(array), None) is None
        if full or kept.is_in(array):
            return layer
    return None


def _in_words(file: Path, kept: KeptPaint, journal: Journal) -> str:
    then = datetime.fromtimestamp(file.stat().st_mtime).astimezone()
    today = then.date() == datetime.now().astimezone().date()
    when = f"{then:%H:%M} today" if today else f"{then:%d %b %Y, %H:%M}"
    text = f"Paint on this image from {when} was kept: {kept.pixels:,} pixels."
    channels = journal.notes.get("channels", ())
    names = [str(one.get("name", "")) for one in channels if isinstance(one, Mapping)]
    if names:
        text += f" Its channels were {' + '.join(names)}."
    return f"{text} Its last moments are missing." if journal.damaged else text


def _same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Compare without asking arrays whether they are equal."""
    return len(one) == len(other) and all(
        a is b or (isinstance(a, str) and a == b) for a, b in zip(one, other)
    )
