"""Files with several images (scenes, positions, series, wells): their names, and choosing one.

An image in such a file has an address: the file, ``#``, and its name or its number from 0, such
as ``slide.czi#2`` or ``slide.lif#Series003``. Wherever an image file is given, an address may be.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_unet.core.errors import UnreadableImage

SIGN = "#"
_LONGEST = 60
_LISTED = 6


@dataclass(frozen=True)
class Scene:
    """One of the images in a file.

    Parameters
    ----------
    number : int
        Counted from 0.
    name : str
        As the file has it; may be empty.
    mark : str
        What stands after the file in its address: its name where the names in the file tell
        images apart and suit names of files, else its number. Empty for the only image.
    """

    number: int
    name: str
    mark: str

    @property
    def stem(self) -> str:
        """What its results are named after, beside the file; empty for the only image."""
        return f"scene{self.mark}" if self.mark.isdigit() else self.mark

    @property
    def words(self) -> str:
        """What to call it in a sentence."""
        if self.number == 0 and (not self.name or self.name.isdigit()):
            return "the first"
        return repr(self.name) if self.name else f"number {self.number}"


def scenes_named(names: Sequence[str]) -> tuple[Scene, ...]:
    """The images of a file, from what it calls them."""
    if len(names) == 1:
        return (Scene(0, names[0], ""),)
    marks = [as_mark(name) for name in names]
    suited = all(mark and not mark.isdigit() and len(mark) <= _LONGEST for mark in marks)
    if not suited or len({mark.casefold() for mark in marks}) < len(marks):
        marks = [str(number) for number in range(len(names))]
    return tuple(Scene(i, name, marks[i]) for i, name in enumerate(names))


def as_mark(name: str) -> str:
    """A name as it can be part of the name of a file."""
    return re.sub(r"[^\w.+ -]+", "_", name).strip(" ._")


def chosen(scenes: Sequence[Scene], wanted: str, path: Path) -> Scene:
    """The image that has this number or name.

    Raises
    ------
    UnreadableImage
        If there is none, or several have the name.
    """
    if wanted.isdecimal() and int(wanted) < len(scenes):
        return scenes[int(wanted)]
    for found in (
        [scene for scene in scenes if wanted == scene.name],
        [scene for scene in scenes if wanted.casefold() == scene.mark.casefold()],
    ):
        if len(found) == 1:
            return found[0]
    listed = ", ".join(
        f"{scene.number} ({scene.name})" if scene.name else str(scene.number)
        for scene in scenes[:_LISTED]
    )
    more = ", ..." if len(scenes) > _LISTED else ""
    raise UnreadableImage(
        f"{path} has no single image {wanted!r}; it holds {listed}{more}. "
        "Give one of these numbers or names."
    )


def only_one_used(path: Path, scenes: Sequence[Scene], used: Scene) -> tuple[str, ...]:
    """What to say where nobody chose; nothing if there is one image."""
    if len(scenes) < 2:
        return ()
    other = next(scene for scene in scenes if scene is not used)
    said = (
        f"{path.name} holds {len(scenes)} images; only {used.words} is used. "
        f"Choose another by its name or number: {path.name}{SIGN}{other.mark}."
    )
    return (said,)


def address(path: Path, mark: str) -> Path:
    """Where an image is: the file, and which of its images if it holds several."""
    return path.with_name(f"{path.name}{SIGN}{mark}") if mark else path


def split_address(where: str | Path) -> tuple[Path, str | None]:
    """The file, and which image in it is meant; None if that is not said.

    A file whose own name has a ``#`` is itself.
    """
    path, text = Path(where), str(where)
    places = [] if path.exists() else [i for i, sign in enumerate(text) if sign == SIGN]
    for place in reversed(places):
        file, mark = Path(text[:place]), text[place + 1 :].strip()
        inside = file.is_dir() and file.suffix != ".zarr" and Path(mark).name != mark
        if mark and file.exists() and not inside:  # a file in a folder that has the sign
            return file, mark
    return path, None


def file_of(where: Path) -> Path:
    """The file an address leads to."""
    return split_address(where)[0]
