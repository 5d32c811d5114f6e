"""The instant answer in a volume that is too large to be looked at as a whole."""

from __future__ import annotations

import numpy as np
import pytest

from napari_unet.core.assemble import assemble_arrays
from napari_unet.core.cancel import CancelToken
from napari_unet.core.config import ModelConfig
from napari_unet.core.dataset import TrainingSet
from napari_unet.core.events import PreviewDone
from napari_unet.core.preview import PreviewRequest
from napari_unet.core.source import Box
from napari_unet.learn import glance_parts, painted_parts, volume_cells
from napari_unet.learn.feature_cache import FeatureCache
from napari_unet.learn.glance import Glance

NETWORK = ModelConfig(dimensions=3, base_width=4, depth=1)
SHAPE = (24, 64, 80)
NOWHERE = 255


@pytest.fixture(autouse=True)
def _large(monkeypatch) -> None:
    """What is large, and how large cells are, at the scale of a test."""
    monkeypatch.setattr(glance_parts, "_MOST_VOXELS", 1)
    monkeypatch.setattr(painted_parts, "WHOLE_SAMPLE", 1)
    monkeypatch.setattr(volume_cells, "_CELL", (8, 32, 32))


@pytest.fixture
def computed(monkeypatch) -> list[Box]:
    """Boxes whose features were computed."""
    boxes: list[Box] = []
    real = FeatureCache._compute
    monkeypatch.setattr(FeatureCache, "_compute", lambda *a: boxes.append(a[3]) or real(*a))
    return boxes


def training(*more: int) -> TrainingSet:
    """A bright tube, strokes on one slice, and on others if wanted."""
    rng = np.random.default_rng(0)
    _, y, x = np.indices(SHAPE)
    truth = np.hypot(y - 32, x - 40) < 14
    paint = np.zeros(SHAPE, np.uint8)
    for z in (4, *more):
        paint[z, 30:33, 30:50] = 2
        paint[z, 4:7, 5:70] = 1
    image = rng.normal(0, 0.3, SHAPE).astype(np.float32) + 2 * truth
    return assemble_arrays(image, paint, axes="ZYX", mode="strokes", spatial="ZYX").training


def request(z: int, *, deep: int = 1) -> PreviewRequest:
    return PreviewRequest(1, 0, 0, (slice(z, z + deep), slice(0, 64), slice(0, 80)), (z, 10, 70))


def labels(parts: list[PreviewDone]) -> np.ndarray:
    out = np.full(SHAPE, NOWHERE, np.uint8)
    for part in parts:
        out[part.box] = part.labels
    return out


def test_a_slice_is_answered_cell_by_cell_from_where_somebody_looks(computed: list[Box]) -> None:
    look, painted = Glance("cpu", "float32"), training()
    parts = list(look.answers(painted, NETWORK, request(4)))
    assert len(parts) == 6
    middles = [[(s.start + s.stop) / 2 for s in part.box[1:]] for part in parts]
    far = [np.hypot(y - 10, x - 70) for y, x in middles]
    assert far == sorted(far)
    found = labels(parts)[4]
    assert (found != NOWHERE).all()
    _, y, x = np.indices(SHAPE)
    truth = (np.hypot(y - 32, x - 40) < 14)[4]
    assert ((found == 2) & truth).sum() / ((found == 2) | truth).sum() > 0.9


def test_neither_a_stroke_nor_the_next_slice_computes_features(computed: list[Box]) -> None:
    look, first = Glance("cpu", "float32"), training()
    before = labels(list(look.answers(first, NETWORK, request(4))))
    del computed[:]
    painted = first.with_paint([training(5).images[0].annotation])
    after = labels(list(look.answers(painted, NETWORK, request(5))))
    assert not computed
    assert (before[4] != NOWHERE).all()
    assert (after[5] != NOWHERE).all()
    list(look.answers(painted, NETWORK, request(20)))
    assert computed


def test_it_is_the_answer_of_the_whole_volume(monkeypatch) -> None:
    parts = labels(list(Glance("cpu", "float32").answers(training(), NETWORK, request(3, deep=9))))
    monkeypatch.setattr(glance_parts, "_MOST_VOXELS", 10**9)
    monkeypatch.setattr(painted_parts, "WHOLE_SAMPLE", 10**9)
    whole = labels(list(Glance("cpu", "float32").answers(training(), NETWORK, request(3, deep=9))))
    assert (parts[3:12] == whole[3:12]).mean() > 0.99
    chances = Glance("cpu", "float32").probabilities(training(), NETWORK, request(3, deep=9))
    assert chances is not None
    assert np.allclose(chances.sum(0), 1, atol=1e-4)
    assert ((chances.argmax(0) == 1) == (whole[3:12] == 2)).mean() > 0.99


def test_newer_paint_ends_the_look_at_strokes_and_nothing_is_lost(computed: list[Box]) -> None:
    look, painted, cancel = Glance("cpu", "float32"), training(12, 20), CancelToken()
    real = FeatureCache.maps

    class Impatient(FeatureCache):
        def maps(self, *args, **more):
            cancel.cancel()
            return real(self, *args, **more)

    look._ready(painted, NETWORK, None)
    look._features.__class__ = Impatient
    assert list(look.answers(painted, NETWORK, request(4), cancel=cancel)) == []
    assert len(computed) == 1
    look._features.__class__ = FeatureCache
    list(look.answers(painted, NETWORK, request(4)))
    with_a_break = len(computed)
    list(Glance("cpu", "float32").answers(painted, NETWORK, request(4)))
    assert len(computed) == 2 * with_a_break
