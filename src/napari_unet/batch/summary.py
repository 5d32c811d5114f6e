"""The table of a batch: a line for each image, by which the batch is resumed as well."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from napari_unet.core.errors import OutputExists
from napari_unet.data.files import replacing

NAME = "summary.csv"
DIGEST_LENGTH = 16
"""Of what a result is made of; a shorter one was cut off."""

PROBABILITIES = "_probabilities.tif"
"""End of the name of probabilities, which have no line of their own."""

STARTED, DONE, FAILED = "started", "done", "failed"

_BEFORE = ("image", "labels", "status", "seconds")
_AFTER = ("error", "made_of")


class Summary:
    """``summary.csv``, with a line appended whenever something happens to an image.

    The last line about a result counts. Lines that a killed process left unfinished do not.

    Parameters
    ----------
    folder : Path
        Where the results of the batch go.
    classes : sequence of str
        Names of the classes, whose pixels get a column each.
    fresh : bool
        Forget what an earlier batch noted.

    Raises
    ------
    OutputExists
        If a table of something else stands there.
    """

    def __init__(self, folder: Path, classes: Sequence[str], fresh: bool) -> None:
        self._path = folder / NAME
        self._columns = [*_BEFORE, *(f"pixels {name}" for name in classes), *_AFTER]
        self._rows: dict[str, dict[str, str]] = {}
        self._earlier: set[str] = set()
        if self._path.exists():
            rows = self._read(fresh)
            self._rows, self._earlier = {} if fresh else rows, set(rows)

    def _read(self, fresh: bool) -> dict[str, dict[str, str]]:
        with self._path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            columns = list(reader.fieldnames or ())
            ours = {*_BEFORE, *_AFTER} <= set(columns)
            if not ours or (columns != self._columns and not fresh):
                raise OutputExists(
                    f"{self._path} is the table of something else. Choose another folder"
                    + ("; from a shell, --overwrite replaces results." if ours else ".")
                )
            return {row["labels"]: row for row in reader if _whole(row)}

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    def status(self, labels: Path, made_of: str) -> str | None:
        """What was noted about a result that was made of the same; None if nothing was."""
        row = self._rows.get(labels.name)
        return row["status"] if row and row["made_of"] == made_of else None

    def knows(self, result: Path) -> bool:
        """True if a file is a result that was noted, be it by a batch that is forgotten now."""
        noted, stem = {*self._earlier, *self._rows}, result.name.removesuffix(PROBABILITIES)
        beside = stem != result.name and any(n.startswith(f"{stem}_labels.") for n in noted)
        return result.name in noted or beside

    def begin(self) -> None:
        """Write down what counts so far; to be called once before the first `note`."""
        with (
            replacing(self._path) as unfinished,
            unfinished.open("x", newline="", encoding="utf-8") as file,
        ):
            self._write(file, list(self._rows.values()), header=True)

    def note(
        self,
        image: Path,
        labels: Path,
        made_of: str,
        status: str,
        *,
        seconds: float | None = None,
        pixels: Mapping[str, int] | None = None,
        error: str = "",
    ) -> None:
        """Append a line about an image."""
        row = {
            "image": str(image),
            "labels": labels.name,
            "status": status,
            "seconds": "" if seconds is None else f"{seconds:.1f}",
            **{f"pixels {name}": str(n) for name, n in (pixels or {}).items()},
            "error": error,
            "made_of": made_of,
        }
        self._rows[labels.name] = row
        with self._path.open("a", newline="", encoding="utf-8") as file:
            self._write(file, [row])

    def finish(self) -> Path:
        """Leave one line for each image; return the file."""
        self.begin()
        return self._path

    def _write(self, file: Any, rows: Sequence[Mapping[str, str]], header: bool = False) -> None:
        writer = csv.DictWriter(file, self._columns, restval="")
        if header:
            writer.writeheader()
        writer.writerows(rows)


def _whole(row: Mapping[str, Any]) -> bool:
    """True for a line that was written to its end."""
    digest = row.get("made_of") or ""
    return len(digest) == DIGEST_LENGTH and row["status"] in (STARTED, DONE, FAILED)
