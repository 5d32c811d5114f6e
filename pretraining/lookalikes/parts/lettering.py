"""Handwriting and print: where the ink is."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from pretraining.lookalikes.parts.tapering import fine_noise, refined, stroke

LETTERS = (
    ((0, 0), (0.5, 0.5), (0.3, 1), (0, 0.6), (0.35, 0), (0.8, 0.1)),
    ((0, 0), (0.1, 1), (0.15, 0), (0.35, 0.9), (0.55, 0.8), (0.6, 0), (0.8, 0.1)),
    ((0, 0.9), (0.05, 0.1), (0.4, 0.05), (0.55, 1), (0.58, 0.1), (0.8, 0.1)),
    ((0, 0), (0.45, 1.6), (0.3, 2.2), (0.1, 1.6), (0.2, 0.1), (0.6, 0.1)),
    ((0.5, 0.9), (0.1, 0.8), (0.05, 0.1), (0.45, 0.2), (0.55, 1), (0.6, 0), (0.8, 0.1)),
    ((0, 0), (0.2, 1), (0.3, 0), (0.5, 0.1)),
    ((0.5, 0.9), (0.1, 0.7), (0.2, 0), (0.5, 0.5), (0.5, 1), (0.45, -1), (0.1, -0.9), (0.7, 0.1)),
    ((0, 0), (0.2, 2), (0.25, 0), (0.3, 0.7), (0.6, 0.8), (0.6, 0), (0.8, 0.1)),
    ((0, 0), (0.05, 1), (0.1, 0), (0.3, 1), (0.4, 0), (0.6, 1), (0.7, 0), (0.9, 0.1)),
    ((0.4, 0.9), (0, 0.6), (0.15, 0), (0.5, 0.2), (0.5, 0.8), (0.3, 1), (0.8, 0.8)),
    ((0, 0.8), (0.3, 1), (0.2, 0.4), (0.4, 0.1), (0.2, -0.1), (0.7, 0.1)),
    ((0, 0.9), (0.3, 1.0), (0.0, 0.0), (0.6, 0.1)),
)
"""Middle lines of letters: right and up, in units of the height of small letters."""


def handwriting(
    rng: np.random.Generator, side: int, size: float, half: float, slant: float
) -> np.ndarray:
    """Cover (side, side) of lines of joined letters.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides what is written.
    side : int
        Side of the square in pixels.
    size, half, slant : float
        Height of small letters and half width of the pen in pixels; how far letters lean.
    """
    paths = []
    step = size * rng.uniform(2.6, 4.0)
    angle = rng.normal(0, 0.03)
    for base in np.arange(rng.uniform(0, step), side + 2 * size, step):
        at = rng.uniform(-8 * size, 4 * size)
        end = side * rng.uniform(0.7, 1.5) if rng.random() < 0.2 else 1.1 * side
        while at < end:
            word = []
            for _ in range(int(rng.integers(1, 10))):
                letter = np.array(LETTERS[rng.integers(len(LETTERS))])
                letter = letter * (1, rng.uniform(0.85, 1.15)) + rng.normal(0, 0.04, letter.shape)
                word.append(letter * size + (at, 0))
                at += (letter[:, 0].max() + rng.uniform(-0.05, 0.15)) * size
            points = np.concatenate(word)
            fine = np.linspace(0, len(points) - 1, 5 * len(points))
            knots = np.arange(len(points))
            right, up = (
                ndimage.gaussian_filter1d(np.interp(fine, knots, column), 2.2)
                for column in points.T
            )
            row = base - up + angle * right + 0.3 * size * np.sin(right / (9 * size))
            paths.append(refined(np.stack([row, right + slant * up], 1), max(0.9 * half, 0.75)))
            at += size * rng.uniform(0.5, 1.4)
    every = np.concatenate(paths)
    heading = np.arctan2(*np.gradient(every, axis=0).T)
    nib = half * (0.8 + 0.35 * np.abs(np.sin(heading + 0.6)))
    return stroke(every, np.maximum(nib, 0.45), side).cover


def printed(rng: np.random.Generator, side: int, size: float, bold: int = 0) -> np.ndarray:
    """Cover (side, side) of printed lines, slightly turned; `size` in pixels."""
    letters = np.array(list("eeeetttaaaooinshrdlucmfwygpbvk"))
    width = int(1.3 * side)
    page = Image.new("L", (width, width))
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(max(size, 6))
    top = rng.uniform(-1, 0) * size
    while top < width:
        words = []
        for _ in range(int(2.2 * width / size / 4) + 1):
            word = "".join(rng.choice(letters, rng.integers(2, 9)))
            words.append(word.capitalize() if rng.random() < 0.12 else word)
        if rng.random() < 0.92:
            pen.text((rng.uniform(-3, 0.2) * size, top), " ".join(words), 255, font,
                     stroke_width=bold)  # fmt: skip
        top += size * 1.35
    page = page.rotate(rng.normal(0, 1.5), Image.Resampling.BILINEAR)
    cut = (width - side) // 2
    return np.asarray(page, np.float32)[cut : cut + side, cut : cut + side] / 255


def worn(rng: np.random.Generator, cover: np.ndarray, amount: float) -> np.ndarray:
    """How dark ink is on paper: uneven, with frayed edges where `amount` is large."""
    side = len(cover)
    soft = cover + amount * 0.5 * fine_noise(rng, side, 0.8) * (cover > 0.05) * (cover < 0.95)
    tone = 1 - 0.25 * amount * np.abs(fine_noise(rng, side, 14)) - 0.1 * amount * fine_noise(
        rng, side, 1.0
    )  # fmt: skip
    return np.clip(soft, 0, 1) * np.clip(tone, 0.25, 1)
