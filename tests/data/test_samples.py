"""The samples are real images with strokes a person could have painted."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage as ndi

from napari_unet.data.samples import load_sample, open_cell, open_coins, open_ihc
from napari_unet.data.strokes import Stroke, paint_strokes

SAMPLES = {"coins": open_coins, "cell": open_cell, "ihc": open_ihc}


@pytest.mark.parametrize("name", SAMPLES)
def test_layers_go_together(name: str) -> None:
    [(image, about_image, kind), (paint, about_paint, paint_kind)] = SAMPLES[name]()
    assert (kind, paint_kind) == ("image", "labels")
    assert paint.shape == image.shape[:2]
    assert about_image["name"] == name
    assert about_image.get("rgb", False) == (image.ndim == 3)
    ours = about_paint["metadata"]["napari_unet"]
    assert ours["image"] == name
    assert set(np.unique(paint)) == {0, *ours["classes"]}
    assert ours["classes"][1] == "Background"


@pytest.mark.parametrize("name", SAMPLES)
def test_strokes_are_few_and_of_every_class(name: str) -> None:
    sample = load_sample(name)
    share = (sample.paint > 0).mean()
    assert 0.005 < share < 0.015
    for value in sample.classes:
        _, pieces = ndi.label(sample.paint == value)
        assert pieces >= 4, "whole strokes are held out, so each class needs several"


def test_coins_are_painted_on_coins_and_not_elsewhere() -> None:
    sample = load_sample("coins")
    smooth = ndi.gaussian_filter(sample.image.astype(float), 2)
    assert smooth[sample.paint == 2].mean() > 1.5 * smooth[sample.paint == 1].mean()


def test_a_stroke_is_as_wide_as_its_brush_and_ends_round() -> None:
    paint = paint_strokes((20, 40), [Stroke(2, ((10, 10), (10, 30)), radius=3)])
    assert np.flatnonzero(paint[:, 20]).tolist() == list(range(7, 14))
    assert np.flatnonzero(paint[10]).tolist() == list(range(7, 34))
    assert paint[7, 8] == 0


def test_a_dot_and_strokes_across_the_border() -> None:
    dot = paint_strokes((9, 9), [Stroke(3, ((4, 4),), radius=1)])
    assert dot.sum() == 3 * 5
    across = paint_strokes((9, 9), [Stroke(1, ((-20, 4), (30, 4)), radius=0.5)])
    assert across[:, 4].all()
    assert across.sum() == 9


def test_later_strokes_cover_earlier_ones() -> None:
    strokes = [Stroke(1, ((2, 0), (2, 8))), Stroke(2, ((2, 4),), radius=0)]
    assert paint_strokes((5, 9), strokes)[2, 3:6].tolist() == [1, 2, 1]
