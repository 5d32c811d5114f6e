"""What channels are called, when all that is known are the names of their layers or files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_WORD = re.compile(r"[^\W_]+")


def short_names(names: Sequence[str]) -> tuple[str, ...]:
    """What tells the names of the channels of one image apart.

    Parameters
    ----------
    names : sequence of str
        For example those of layers.

    Returns
    -------
    tuple of str
        Each without the words that all have in common; as they are if nothing would be left.

    Examples
    --------
    >>> short_names(["cells 7 DAPI", "cells 7 GFP"])
    ('DAPI', 'GFP')
    """
    if len(names) < 2:
        return tuple(names)
    common = set.intersection(*({w.casefold() for w in _WORD.findall(name)} for name in names))
    short = [" ".join(w for w in _WORD.findall(n) if w.casefold() not in common) for n in names]
    return tuple(short) if all(short) and len(set(short)) == len(short) else tuple(names)


def known_as(name: str, known: Sequence[str]) -> str:
    """Which of some known names a name means: the one whose words are all in it.

    Parameters
    ----------
    name : str
    known : sequence of str

    Returns
    -------
    str
        The name itself if it is none of them, or could be several.

    Examples
    --------
    >>> known_as("cells 8 DAPI", ["DAPI", "GFP"])
    'DAPI'
    """
    if name in known:
        return name
    words = _words(name)
    found = [other for other in known if _words(other) and _words(other) <= words]
    return found[0] if len(found) == 1 else name


def groups(names: Mapping[str, str], parts: Sequence[str]) -> list[tuple[str, ...]]:
    """Layers that together have all of some channels, an image each.

    Parameters
    ----------
    names : mapping of str to str
        The name of each layer, by its key.
    parts : sequence of str
        The channels, in order.

    Returns
    -------
    list of tuple of str
        The keys of the layers of each complete image, in the order of `parts`.

    Examples
    --------
    >>> layers = {"1": "a DAPI", "2": "a GFP", "3": "b DAPI", "4": "b GFP", "5": "c GFP"}
    >>> groups(layers, ["DAPI", "GFP"])
    [('1', '2'), ('3', '4')]
    """
    images: dict[frozenset[str], dict[str, list[str]]] = {}
    for key, name in names.items():
        part = known_as(name, parts)
        if part in parts:
            rest = frozenset(_words(name) - _words(part))
            images.setdefault(rest, {}).setdefault(part, []).append(key)
    return [
        tuple(found[part][0] for part in parts)
        for found in images.values()
        if all(len(found.get(part, ())) == 1 for part in parts)
    ]


def _words(name: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(name)}
