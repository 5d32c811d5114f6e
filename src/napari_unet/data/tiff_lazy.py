"""Large TIFF files, opened and not read."""

from __future__ import annotations

from importlib.util import find_spec
from math import prod
from pathlib import Path
from typing import Any
from weakref import finalize

import tifffile

from napari_unet.data.lazy import REMEMBERED_BYTES, LazyArray


def open_lazily(path: Path, series: Any, index: int = 0) -> Any:
    """Return the pixels of a TIFF without reading them now.

    Pixels that lie in the file as they are in memory are mapped. Compressed ones are decoded
    tile by tile or strip by strip when they are wanted, through the Zarr interface of tifffile;
    without the package zarr, or with a tifffile from before zarr 3, they are decoded into a
    temporary file at once.

    Parameters
    ----------
    path : Path
        The file.
    series : tifffile.TiffPageSeries
        The image in it.
    index : int, optional
        Its place among those of the file.

    Returns
    -------
    array-like
    """
    if series.dataoffset is not None:
        return LazyArray(tifffile.memmap(path, series=index, level=0, mode="r"), path)
    if find_spec("zarr") is None or find_spec("tifffile.zarr") is None:
        return series.asarray(out="memmap")
    import zarr

    store = tifffile.imread(path, aszarr=True, series=index, level=0)
    array = zarr.open_array(store, mode="r")
    finalize(array, store.close)
    if prod(array.chunks) * array.dtype.itemsize > REMEMBERED_BYTES:
        return series.asarray(out="memmap")  # one strip for all: each look would decode it whole
    return LazyArray(array, path)
