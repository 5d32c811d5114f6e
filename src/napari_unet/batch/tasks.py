"""Which images to predict, and where each result goes, settled before anything starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from napari_unet.batch.summary import PROBABILITIES
from napari_unet.core.errors import InvalidSetting, OutputExists, UNetError, UnreadableImage
from napari_unet.data.files import IMAGE_SUFFIXES, scenes_in
from napari_unet.data.ome_zarr import is_zarr
from napari_unet.data.scenes import SIGN, address, as_mark, chosen, file_of, split_address

WriteAs = Literal["image", "ome-tiff", "ome-zarr"]
"""What results are: like their images, or all of one kind."""

_PATTERN = "*?["


@dataclass(frozen=True)
class Task:
    """One image and where its results go.

    Parameters
    ----------
    image : Path
        The file; of one that holds several images the address, such as ``a.lif#Series003``.
    labels : Path
    probabilities : Path or None
    """

    image: Path
    labels: Path
    probabilities: Path | None

    @property
    def streams(self) -> bool:
        """True if the result is OME-Zarr, which is written block by block."""
        return _is_zarr_name(self.labels)

    @property
    def results(self) -> tuple[Path, ...]:
        """Every file or folder that is written."""
        return (self.labels, *((self.probabilities,) if self.probabilities else ()))


@dataclass(frozen=True)
class Tasks:
    """What a command is to predict.

    Parameters
    ----------
    each : tuple of Task
    folder : Path or None
        The folder of a batch; None if one image was named.
    """

    each: tuple[Task, ...]
    folder: Path | None

    @property
    def images(self) -> list[Path]:
        """Every image."""
        return [task.image for task in self.each]


def tasks_for(
    images: Sequence[Path],
    output: Path,
    probabilities: bool,
    write_as: WriteAs = "image",
    *,
    into_folder: bool = False,
) -> Tasks:
    """What to predict and where to write it.

    Parameters
    ----------
    images : sequence of Path
        Images, folders whose images are all taken, and patterns such as ``images/*.tif``. Of
        files that hold several images each is one; ``slide.lif#2`` is only that image.
    output : Path
        A file (or the folder of an OME-Zarr) if there is one image and the name says so; else a
        folder.
    probabilities : bool
        Whether probabilities are written too.
    write_as : {"image", "ome-tiff", "ome-zarr"}, optional
        Whether results are like their images, or all TIFF with OME's metadata, or all OME-Zarr.
    into_folder : bool, optional
        Whether `output` is a folder even if there is one image.

    Raises
    ------
    OutputExists
        If two results would have the same name.
    UnreadableImage
        If there is no image.
    InvalidSetting
        If probabilities would go to OME-Zarr, or several images into one file.
    """
    several = into_folder or len(images) > 1 or any(_stands_for_several(path) for path in images)
    files = list(dict.fromkeys(file for path in images for file in _images_in(path)))
    if not files:
        raise UnreadableImage(
            f"There is no image in {', '.join(map(str, images))}. Give TIFF, PNG or OME-Zarr files."
        )
    as_file = not several and (_is_zarr_name(output) or bool(output.suffix and _is_image(files[0])))
    as_file = as_file and (_is_zarr_name(output) or not output.is_dir())
    each = dict(image for file in files for image in _images_of(file))
    if as_file and len(each) > 1:
        other = list(each)[1].name
        raise InvalidSetting(
            f"{files[0].name} holds {len(each)} images, which do not go into one file. "
            f"Give a folder with -o, or choose one of the images, for example {other}."
        )
    several = several or len(each) > 1
    tasks = tuple(
        _task(image, stem, output, as_file, probabilities, write_as) for image, stem in each.items()
    )
    for task in tasks:
        if task.streams and probabilities:
            raise InvalidSetting(
                "Probabilities are not written as OME-Zarr. Leave out --probabilities, "
                "or give the result a name that ends in .tif."
            )
    _check_names(tasks)
    return Tasks(tasks, output if several else None)


def images_in_folder(folder: Path, pattern: str = "") -> list[Path]:
    """The images in a folder, or whatever in it has names like a pattern.

    Parameters
    ----------
    folder : Path
    pattern : str, optional
        For example ``"*_red.tif"`` or ``"**/*.tif"``; all images when empty.

    Raises
    ------
    UnreadableImage
        If there is no such folder, or nothing in it.
    InvalidSetting
        If the pattern cannot be understood.
    """
    if not folder.is_dir():
        raise UnreadableImage(f"There is no folder {folder}. Choose the folder of your images.")
    if not pattern.strip():
        found = list(_images_in(folder))
    else:
        try:
            matches = sorted(folder.glob(pattern.strip()))
        except (ValueError, NotImplementedError, IndexError) as err:
            raise InvalidSetting(
                f"{pattern!r} is no pattern of names. Give one such as *.tif, or leave it empty."
            ) from err
        found = [file for match in matches for file in _images_in(match)]
    if not found:
        raise UnreadableImage(
            f"No image in {folder} has a name like {pattern or 'those of images'}. "
            "Choose another folder or pattern."
        )
    return found


def _check_names(tasks: Sequence[Task]) -> None:
    taken: dict[Path, Path] = {}
    for task in tasks:
        for path in task.results:
            if path in taken:
                raise OutputExists(
                    f"{taken[path]} and {task.image} would both be written to {path}. "
                    "Predict them into different folders."
                )
            taken[path] = task.image


def _is_zarr_name(path: Path) -> bool:
    """True for ``name.zarr`` and for a name in the labels of an OME-Zarr image."""
    return path.suffix == ".zarr" or (path.parent.name == "labels" and is_zarr(path.parent.parent))


def _is_image(path: Path) -> bool:
    file = file_of(path)
    return file.is_file() or is_zarr(file)


def _is_pattern(path: Path) -> bool:
    return not file_of(path).exists() and any(sign in str(path) for sign in _PATTERN)


def _stands_for_several(path: Path) -> bool:
    file = file_of(path)
    return _is_pattern(path) or (file.is_dir() and not is_zarr(file))


def _images_in(path: Path) -> Iterator[Path]:
    """An image itself; the images in a folder; what a pattern matches; each with a mark it has."""
    file, mark = split_address(path)
    if _is_pattern(path):
        name, _, last = path.name.rpartition(SIGN)
        if Path(name).suffix and any(sign in name for sign in _PATTERN):
            file, mark = path.with_name(name), last
    yield from (address(each, mark or "") for each in _files_in(file))


def _files_in(path: Path) -> Iterator[Path]:
    if _is_pattern(path):
        plain = next(i for i, part in enumerate(path.parts) if any(s in part for s in _PATTERN))
        matches = Path(*path.parts[:plain]).glob(str(Path(*path.parts[plain:])))
        for match in sorted(matches):
            yield from _files_in(match)
    elif path.is_dir() and not is_zarr(path):
        yield from sorted(
            p for p in path.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES or is_zarr(p)
        )
    else:
        yield path


def _images_of(where: Path) -> list[tuple[Path, str]]:
    """The addresses of all that a file holds, and what their results are named after beside it.

    What is wrong with a file is told when it is read.
    """
    file, wanted = split_address(where)
    try:
        scenes = scenes_in(file)
        if wanted is not None:
            scenes = (chosen(scenes, wanted, file),)
    except UNetError:
        return [(where, as_mark(wanted or ""))]
    return [(address(file, scene.mark), scene.stem) for scene in scenes]


def _task(
    image: Path, scene: str, output: Path, as_file: bool, probabilities: bool, write_as: WriteAs
) -> Task:
    file = file_of(image)
    stem = file.name.removesuffix(file.suffix)
    ome = stem.lower().endswith(".ome")
    stem = stem[: -len(".ome")] if ome else stem
    if write_as == "ome-tiff":
        suffix = ".ome.tif"
    elif write_as == "ome-zarr" or file.suffix == ".zarr" or file.is_dir():
        suffix = ".ome.zarr"
    elif file.suffix.lower() == ".png":
        suffix = ".png"
    else:
        suffix = f"{file.name[len(stem) :]}" if ome else ".tif"
    stem = f"{stem}_{scene}" if scene else stem
    labels = output if as_file else output / f"{stem}_labels{suffix}"
    if not probabilities:
        return Task(image, labels, None)
    folder, name = (output.parent, output.stem) if as_file else (output, stem)
    return Task(image, labels, folder / f"{name}{PROBABILITIES}")
