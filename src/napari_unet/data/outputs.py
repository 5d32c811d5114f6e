"""Where results may be written: never over an input, and complete or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from napari_unet.core.errors import OutputExists, UNetError
from napari_unet.data.scenes import file_of

TIFF_SUFFIXES = (".tif", ".tiff")


def check_output(
    path: Path,
    inputs: Iterable[Path],
    overwrite: bool,
    suffixes: tuple[str, ...] = (*TIFF_SUFFIXES, ".png"),
) -> None:
    """Refuse to write over an input ever, and over another file without `overwrite`.

    Raises
    ------
    OutputExists
        If the result would replace what must stay.
    UNetError
        If the name does not end in one of `suffixes`.
    """
    if suffixes and path.suffix.lower() not in suffixes:
        raise UNetError(
            f"{path} does not end in a format that can be written. "
            f"Give the result a name that ends in {' or '.join(suffixes)}."
        )
    if any(_same_file(path, file_of(other)) for other in inputs):
        raise OutputExists(
            f"{path} is the input itself and is never overwritten. Choose another output."
        )
    if path.is_dir():
        raise OutputExists(f"{path} is a folder. Give the name of a file.")
    if path.exists() and not overwrite:
        raise OutputExists(
            f"{path} exists. Choose another name, or allow it with --overwrite "
            "(from Python: overwrite=True)."
        )


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a name beside `path` to write to; only when all went well does it become `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{uuid4().hex}{path.suffix}")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _same_file(one: Path, other: Path) -> bool:
    if one.exists() and other.exists():
        return one.samefile(other)
    return one.resolve() == other.resolve()
