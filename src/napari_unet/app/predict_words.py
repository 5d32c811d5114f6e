"""What to say when a prediction has come to its end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from napari_unet.app.state import Message
from napari_unet.core.annotations import ClassMap


def closing_words(
    stopped: bool, count: int, folders: Sequence[Path], painted_on: bool = False
) -> str:
    """What became of a prediction.

    Parameters
    ----------
    stopped : bool
        True if the user ended it.
    count : int
        How many masks are complete.
    folders : sequence of Path
        Where masks are that are too large for memory.
    painted_on : bool, optional
        True if the user painted on a mask before it was finished.
    """
    if folders and stopped:
        return f"Stopped. What is done stays in {folders[-1]}; press Predict to go on."
    if folders:
        return f"Done: the mask is in {' and '.join(map(str, folders))}, and is read from there."
    masks = "1 mask is" if count == 1 else f"{count} masks are"
    if painted_on:
        return f"{masks} finished. What you painted on meanwhile stays in a layer of its own."
    if not stopped:
        return f"Done: {masks} ready. Where it is wrong, paint there and train more."
    return f"Stopped. {masks} finished and kept." if count else "Stopped. Nothing was changed."


def everything_alike(label: int, classes: ClassMap) -> Message:
    """What to say of results in which every pixel is of one class."""
    number = classes.label_values.index(label)
    others = [value for i, value in enumerate(classes.values) if i != number]
    names = dict(zip(classes.values, classes.names, strict=True))
    missing = f"paint {names[others[0]]}" if others else ""
    text = (
        f"Everything was predicted to be {classes.names[number]}. Paint more of what was missed, "
        "close to its border, and train more."
    )
    return Message(text, "warning", missing, f"paint:{others[0]}" if others else "")
