"""Small plain pictures: a learning curve, and images side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import imageio.v3 as iio
import numpy as np
from PIL import Image, ImageDraw

from napari_unet.data.files import replacing

Point = tuple[float, float]

_COLOURS = ((31, 119, 180), (214, 39, 40), (44, 160, 44))
_GREY = (120, 120, 120)
_PALE = (225, 225, 225)
_SIZE = (640, 420)
_FRAME = (70, 20, 620, 370)
"""Left, top, right and bottom of the plot inside its picture."""
_GAP = 4
_LEAST_CELL = 120
"""Smaller pictures are enlarged, pixel by pixel, so that they can be seen."""


def curve_picture(curves: Mapping[str, Sequence[Point]], across: str, up: str) -> np.ndarray:
    """Draw lines, one per name, on one pair of axes.

    Parameters
    ----------
    curves : mapping of str to sequence of (float, float)
        Name of each line, and its points.
    across, up : str
        What the axes show.

    Returns
    -------
    ndarray of uint8, shape (420, 640, 3)
    """
    picture = Image.new("RGB", _SIZE, "white")
    draw = ImageDraw.Draw(picture)
    points = [p for line in curves.values() for p in line] or [(0.0, 0.0)]
    right = max(x for x, _ in points) or 1.0
    top = 1.05 * max(y for _, y in points) or 1.0
    x0, y0, x1, y1 = _FRAME
    for value in _ticks(top):
        y = y1 - value / top * (y1 - y0)
        draw.line([(x0, y), (x1, y)], fill=_PALE)
        draw.text((x0 - 8, y), f"{value:.3g}", fill=_GREY, anchor="rm")
    for value in _ticks(right):
        x = x0 + value / right * (x1 - x0)
        draw.line([(x, y0), (x, y1)], fill=_PALE)
        draw.text((x, y1 + 8), f"{value:.3g}", fill=_GREY, anchor="mt")
    draw.rectangle(_FRAME, outline=_GREY)
    draw.text(((x0 + x1) / 2, y1 + 28), across, fill="black", anchor="mt")
    draw.text((x0 + 8, y0 + 8), up, fill="black", anchor="lt")
    for row, (name, line) in enumerate(curves.items()):
        colour = _COLOURS[row % len(_COLOURS)]
        path = [(x0 + x / right * (x1 - x0), y1 - y / top * (y1 - y0)) for x, y in line]
        draw.line(path, fill=colour, width=2)
        for x, y in path:
            draw.ellipse((x - 2, y - 2, x + 2, y + 2), fill=colour)
        draw.text((x1 - 8, y0 + 8 + 16 * row), name, fill=colour, anchor="rt")
    return np.asarray(picture)


def side_by_side(rows: Sequence[Sequence[np.ndarray]], titles: Sequence[str]) -> np.ndarray:
    """Lay pictures out in rows and columns, with a title above each column.

    Parameters
    ----------
    rows : sequence of sequence of ndarray
        Pictures of one size: uint8 colour ``(Y, X, 3)``, or masks ``(Y, X)``.
    titles : sequence of str
        One per column.

    Returns
    -------
    ndarray of uint8, shape (Y, X, 3)
    """
    zoom = max(1, round(_LEAST_CELL / rows[0][0].shape[1]))
    height, width = (zoom * n for n in rows[0][0].shape[:2])
    head = 18
    size = (
        len(titles) * (width + _GAP) + _GAP,
        head + len(rows) * (height + _GAP) + _GAP,
    )
    picture = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(picture)
    for column, title in enumerate(titles):
        left = _GAP + column * (width + _GAP)
        draw.text((left + width / 2, head / 2 + 2), title, fill="black", anchor="mm")
        for row, cells in enumerate(rows):
            place = (left, head + _GAP + row * (height + _GAP))
            cell = np.kron(_coloured(cells[column]), np.ones((zoom, zoom, 1), np.uint8))
            picture.paste(Image.fromarray(cell), place)
    return np.asarray(picture)


def write_png(path: Path, picture: np.ndarray) -> None:
    """Write a picture, whole or not at all."""
    with replacing(path) as unfinished:
        iio.imwrite(unfinished, picture, plugin="pillow", extension=".png")


def _ticks(top: float) -> list[float]:
    """Round numbers from 0 to `top`, four to eight of them."""
    size = 10 ** math.floor(math.log10(top / 4))
    step = next(size * n for n in (5, 2, 1) if size * n <= top / 4)
    return [i * step for i in range(int(top / step + 1e-9) + 1)]


def _coloured(cell: np.ndarray) -> np.ndarray:
    if cell.ndim == 3:
        return cell
    return np.repeat((cell > 0).astype(np.uint8)[..., np.newaxis] * 255, 3, axis=-1)
