"""Labels larger than memory, written block by block as OME-Zarr, to be continued any time."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from napari_unet.core.annotations import ClassMap
from napari_unet.core.blocks import BlockGrid, Setup, block_sides
from napari_unet.core.errors import OtherResult, OutputExists
from napari_unet.core.source import Box
from napari_unet.data.apart import check_apart
from napari_unet.data.canvas import Canvas
from napari_unet.data.ngff import NgffVersion, labels_metadata
from napari_unet.data.ome_zarr import ome_attributes, zarr_package
from napari_unet.data.work_log import WorkLog

_LOG = ".unet-paint.jsonl"
_SMALLEST_LEVEL = 512
"""Levels are added until no side of a plane is longer than this."""

_FINEST = "0"


class LabelStore:
    """A pyramid of labels in OME-Zarr that fills block by block; a `BlockStore`.

    Blocks are whole chunks, so each is written once. A line in a log beside the chunks of the
    finest level says that one is done, and the head of the log what the result is made of.

    Parameters
    ----------
    path : Path
        The folder to write. In the folder ``labels`` of an OME-Zarr image the labels become
        part of that image.
    canvas : Canvas
    classes : ClassMap
    version : {"0.4", "0.5"}, optional
        Version of OME-Zarr.
    side : int, optional
        Side of a block.
    inputs : sequence of Path, optional
        Folders and files that are never written to.
    overwrite : bool, optional
        Replace a result of this program that stands there.

    Raises
    ------
    OutputExists
        If `path` is one of the inputs, or one would hold the other.
    MissingPackage
        If zarr is not installed.
    """

    def __init__(
        self,
        path: Path,
        canvas: Canvas,
        classes: ClassMap,
        *,
        version: NgffVersion = "0.4",
        side: int | None = None,
        inputs: Sequence[Path] = (),
        overwrite: bool = False,
    ) -> None:
        self._zarr = zarr_package(f"Writing {path}")
        check_apart(path, inputs)
        self._path, self._canvas, self._classes = path, canvas, classes
        self._version, self._overwrite = version, overwrite
        samples, _, *spatial = canvas.axes.canonical_shape(canvas.shape)
        self._sides = block_sides(spatial, side)
        self._grids = {_FINEST: BlockGrid(samples, tuple(spatial), self._sides)}
        while max(self._grids[str(len(self._grids) - 1)].shape[-2:]) > _SMALLEST_LEVEL:
            *deep, rows, columns = self._grids[str(len(self._grids) - 1)].shape
            shape = (*deep, -(-rows // 2), -(-columns // 2))
            self._grids[str(len(self._grids))] = BlockGrid(samples, shape, self._sides)
        self._dtype = classes.to_labels(np.zeros(1, np.uint8)).dtype
        self._log: WorkLog | None = None
        self._arrays: dict[str, Any] = {}

    # -- what is there --------------------------------------------------------------------

    def grid(self, stage: str) -> BlockGrid:
        """The blocks of a level; those of any other stage are those of the finest level."""
        return self._grids.get(stage, self._grids[_FINEST])

    def resume(self, recipe: Mapping[str, str]) -> Setup | None:
        """How the result that is there was begun; None if a new one is to be begun.

        Raises
        ------
        OtherResult
            If it was begun from something else, or cut differently.
        OutputExists
            If something else stands there.
        """
        if not self._path.exists():
            return None
        log = WorkLog.read(self._path / _FINEST / _LOG)
        if log is None:
            raise OutputExists(
                f"{self._path} exists and is not a result that could be continued or replaced. "
                "Choose another name, or delete it yourself."
            )
        if self._overwrite:
            return None
        begun, wanted = log.work["recipe"], dict(recipe)
        wanted["layout"] = self._layout()
        other = [name for name, value in wanted.items() if begun.get(name) != value]
        if other:
            raise OtherResult(
                f"{self._path} was begun with another {' and another '.join(other)}. Choose "
                "another name, or replace it with --overwrite (from Python: overwrite=True)."
            )
        self._open(log)
        setup = log.work["setup"]
        return Setup(**{**setup, "sides": tuple(setup["sides"])})

    @property
    def finished(self) -> bool:
        """True if nothing is left to do."""
        return self._log is not None and self._log.finished

    def done(self, stage: str) -> Mapping[int, Sequence[int]]:
        """Numbers of the blocks that are written, and how many pixels of each class they have."""
        return self._open_log().done(stage)

    def _open_log(self) -> WorkLog:
        if self._log is None:
            raise RuntimeError("neither begun nor resumed")
        return self._log

    def _layout(self) -> str:
        """What else must agree for blocks to fit together."""
        canvas, classes = self._canvas, self._classes
        facts = (self._version, self._sides, canvas.geometry(), canvas.label_shape, classes)
        return repr(facts)

    # -- writing --------------------------------------------------------------------------

    def begin(self, recipe: Mapping[str, str], setup: Setup) -> None:
        """Make an empty result, which appears complete with its metadata or not at all."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._path.with_name(f".{uuid4().hex}.zarr")
        try:
            self._create(unfinished)
            work = {"recipe": {**recipe, "layout": self._layout()}, "setup": asdict(setup)}
            WorkLog.begin(unfinished / _FINEST / _LOG, work)
            if self._overwrite and self._path.exists():
                shutil.rmtree(self._path)
            unfinished.rename(self._path)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        if self._path.parent.name == "labels":
            self._register()
        log = WorkLog.read(self._path / _FINEST / _LOG)
        assert log is not None
        self._open(log)

    def _open(self, log: WorkLog) -> None:
        group = self._zarr.open_group(str(self._path), mode="r+")
        self._log = log
        self._arrays = {level: group[level] for level in self._grids}

    def _create(self, path: Path) -> None:
        group = self._zarr.open_group(str(path), mode="w", zarr_format=self._format)
        for level in self._grids:
            self._create_array(group, level)
        base = self._canvas.label_shape
        levels = [
            (level, [a / b for a, b in zip(base, self._level_shape(level), strict=True)])
            for level in self._grids
        ]
        named = zip(self._classes.label_values, self._classes.names, strict=True)
        group.attrs.update(
            labels_metadata(
                self._path.name.removesuffix(".zarr").removesuffix(".ome"),
                self._version,
                self._canvas.geometry(),
                [(level, [round(f) for f in factors]) for level, factors in levels],
                dict(named),
            )
        )

    @property
    def _format(self) -> int:
        return 3 if self._version == "0.5" else 2

    def _level_shape(self, stage: str) -> tuple[int, ...]:
        """Shape of the array of a stage."""
        size = dict(zip(self._canvas.letters, self._canvas.label_shape, strict=True))
        size |= dict(zip(self._canvas.axes.spatial, self.grid(stage).shape, strict=True))
        return tuple(size[a] for a in self._canvas.letters)

    def _create_array(self, group: Any, stage: str) -> Any:
        shape, letters = self._level_shape(stage), self._canvas.letters
        sides = dict(zip(self._canvas.axes.spatial, self._sides, strict=True))
        options: dict[str, Any] = {"chunk_key_encoding": {"name": "v2", "separator": "/"}}
        if self._version == "0.5":
            options = {"dimension_names": [a.lower() for a in letters]}
        chunks = tuple(min(n, sides.get(a, 1)) for a, n in zip(letters, shape, strict=True))
        return group.create_array(
            stage, shape=shape, chunks=chunks, dtype=self._dtype, fill_value=0, **options
        )

    def _register(self) -> None:
        """Tell the image in whose folder the labels lie that they are there."""
        labels = self._zarr.open_group(str(self._path.parent), mode="a", zarr_format=self._format)
        about = dict(ome_attributes(labels))
        names = [*about.get("labels", ()), self._path.name]
        about["labels"] = list(dict.fromkeys(names))
        if self._version == "0.5":
            labels.attrs["ome"] = {"version": self._version, **about}
        else:
            labels.attrs.update(about)

    def write(self, stage: str, number: int, labels: np.ndarray, pixels: Sequence[int]) -> None:
        """Write one block, then note that it is done.

        Parameters
        ----------
        stage : str
        number : int
            Of the block in the grid of the stage.
        labels : ndarray, shape (*box)
        pixels : sequence of int
            How many pixels of each class it has.
        """
        self._array(stage)[self._canvas.index(*self.grid(stage).place(number))] = labels
        self._open_log().add(stage, number, pixels)
        if str(int(stage) + 1 if stage in self._grids else -1) in self._grids:
            self._coarsen(stage, number)

    def _coarsen(self, level: str, number: int) -> None:
        """Write the block of the next level above a block, once all of its pixels are there."""
        above = str(int(level) + 1)
        fine, coarse = self._grids[level], self._grids[above]
        sample, box = fine.place(number)
        deep = len(box) - 2
        halved = tuple(
            s if axis < deep else slice(s.start // 2, -(-s.stop // 2)) for axis, s in enumerate(box)
        )
        for parent in coarse.touched(sample, halved):
            _, place = coarse.place(parent)
            below = tuple(
                s if axis < deep else slice(2 * s.start, min(2 * s.stop, n))
                for axis, (s, n) in enumerate(zip(place, fine.shape, strict=True))
            )
            done, log = self._open_log().done(level), self._open_log().done(above)
            if parent not in log and all(n in done for n in fine.touched(sample, below)):
                self.write(above, parent, self._halved(above, parent), ())

    def read(self, stage: str, sample: int, box: Box) -> np.ndarray:
        """Labels of a stage inside a box, shape ``(*box)``; 0 where nothing is written yet."""
        return np.asarray(self._array(stage)[self._canvas.index(sample, box)])

    def _array(self, stage: str) -> Any:
        if stage not in self._arrays:
            group = self._zarr.open_group(str(self._path), mode="r+")
            known = stage in group
            self._arrays[stage] = group[stage] if known else self._create_array(group, stage)
        return self._arrays[stage]

    def finish(self) -> None:
        """Write the coarser levels of what is done, remove what was only needed on the way."""
        log = self._open_log()
        if log.finished:
            return
        each = self._grids[_FINEST].per_sample
        found = Counter(number // each for number in log.done(_FINEST))
        whole = {sample for sample, blocks in found.items() if blocks == each}
        for level, grid in self._grids.items():
            for number in range(len(grid) if level != _FINEST else 0):
                if number not in log.done(level) and number // grid.per_sample in whole:
                    self.write(level, number, self._halved(level, number), ())
        for stage in set(self._arrays) - set(self._grids):
            if log.done(_FINEST).keys() >= log.done(stage).keys():
                shutil.rmtree(self._path / stage)
                del self._arrays[stage]
        if len(whole) == self._grids[_FINEST].samples:
            log.finish()

    def _halved(self, level: str, number: int) -> np.ndarray:
        """A block of a coarser level: every second pixel of the finer one, in both directions."""
        sample, box = self.grid(level).place(number)
        finer = str(int(level) - 1)
        *_, rows, columns = self.grid(finer).shape
        plane = tuple(
            slice(2 * s.start, min(2 * s.stop, n))
            for s, n in zip(box[-2:], (rows, columns), strict=True)
        )
        return self.read(finer, sample, (*box[:-2], *plane))[..., ::2, ::2]
