"""What a batch tells whoever drives it, beside what predicting one image tells."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class FileBegun:
    """An image is at work; tiles and notices that follow are its own."""

    number: int
    """Counted from 1."""
    of: int
    image: Path


@dataclass(frozen=True)
class FileFailed:
    """An image could not be predicted; the others can."""

    image: Path
    error: str
    """One sentence or two."""


@dataclass(frozen=True)
class Written:
    """An image is predicted, and its results are written.

    Parameters
    ----------
    image, labels : Path
    pixels : dict of str to int
        How many pixels each class has.
    probabilities : Path, optional
    blocks, computed : int, optional
        Of a result in OME-Zarr: how many blocks it has, and were computed now.
    """

    image: Path
    labels: Path
    pixels: dict[str, int]
    probabilities: Path | None = None
    blocks: int | None = None
    computed: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON values, without what does not apply."""
        facts: dict[str, Any] = {"image": str(self.image), "labels": str(self.labels)}
        if self.blocks is not None:
            facts |= {"blocks": self.blocks, "computed": self.computed}
        if self.probabilities is not None:
            facts["probabilities"] = str(self.probabilities)
        return facts | {"pixels": self.pixels}


@dataclass(frozen=True)
class BatchResult:
    """What became of a batch.

    Parameters
    ----------
    summary : Path
        The table.
    written : list of Written
    skipped : list of Path
        Images that were done before.
    failed : list of FileFailed
    stopped : bool, optional
        True if it was asked to end; the same call goes on where it was.
    """

    summary: Path
    written: list[Written] = field(default_factory=list)
    skipped: list[Path] = field(default_factory=list)
    failed: list[FileFailed] = field(default_factory=list)
    stopped: bool = False
