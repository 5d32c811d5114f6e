"""Annotated images: folders of ``*_img.tif`` and ``*_mask.tif`` pairs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import tifffile


@dataclass(frozen=True, eq=False)
class Pair:
    """One annotated image.

    Parameters
    ----------
    image : ndarray of float32, shape (C, Y, X)
        Between 0 and 1.
    mask : ndarray of int32, shape (Y, X)
        Objects, or classes for a semantic set; 0 is background.
    series : str
        Images of one series are alike.
    """

    image: np.ndarray
    mask: np.ndarray
    series: str


def data_sets(root: Path) -> list[str]:
    """Names of the data sets below a folder, sorted; none if there is no such folder."""
    return sorted({file.parent.name for file in root.glob("*/*_mask.tif")})


@lru_cache(maxsize=64)
def load_data_set(folder: Path) -> tuple[Pair, ...]:
    """All annotated images of one data set; stacks and series give a few planes each."""
    pairs = []
    for file in sorted(folder.glob("*_mask.tif")):
        masks = tifffile.imread(file)
        image = tifffile.imread(file.with_name(file.name.replace("_mask", "_img")))
        name = file.name.removesuffix("_mask.tif")
        series = name.split("_")[0] if "x" in name.split("_")[0] else folder.name
        if masks.ndim == 2:
            pairs.append(pair_of(image, masks, series))
            continue
        pairs += [
            pair_of(image[plane], masks[plane], series)
            for plane in range(0, len(masks), max(1, len(masks) // 10))
            if (masks[plane] > 0).mean() > 0.01
        ]
    return tuple(pairs)


def pair_of(image: np.ndarray, mask: np.ndarray, series: str) -> Pair:
    """A pair with intensities from 0 to 1.

    Parameters
    ----------
    image : ndarray, shape (Y, X) or (Y, X, C)
    mask : ndarray of int, shape (Y, X)
    series : str
        See `Pair`.
    """
    planes = image.transpose(2, 0, 1) if image.ndim == 3 else image[None]
    planes = planes.astype(np.float32)
    low, high = np.percentile(planes, (0.1, 99.9))
    planes = np.clip((planes - low) / max(high - low, 1e-6), 0, 1)
    return Pair(planes, mask.astype(np.int32), series)
