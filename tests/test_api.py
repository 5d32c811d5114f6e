"""Arrays in, a model or labels out: what `napari_unet` promises without a window."""

from __future__ import annotations

import doctest
import re
import runpy
from dataclasses import replace
from pathlib import Path

import dask.array as da
import numpy as np
import pytest

import napari_unet
from napari_unet import api
from napari_unet.core.config import ModelConfig
from napari_unet.core.errors import (
    AxesError,
    ChannelMismatch,
    InvalidSetting,
    ModelFileError,
    NothingPainted,
    OneClassOnly,
    PaintError,
    ShapeMismatch,
    UnknownPreset,
)
from napari_unet.core.events import ModelImproved, Notice, ScoreDone, TileDone
from napari_unet.data import samples

TINY = ModelConfig(base_width=4, depth=2, head_levels=2)
RNG = np.random.default_rng(0)


def blobs(side: int = 64, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A noisy image of four bright discs, and their mask."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:side, :side]
    mask = np.zeros((side, side), bool)
    for row in (side // 4, 3 * side // 4):
        for column in (side // 4, 3 * side // 4):
            mask |= (rows - row) ** 2 + (columns - column) ** 2 < (side // 8) ** 2
    image = 400 * mask + rng.normal(300, 30, mask.shape)
    return image.astype(np.uint16), mask


def strokes(mask: np.ndarray, values: tuple[int, int] = (1, 2)) -> np.ndarray:
    """A few lines of background and of object."""
    paint = np.zeros(mask.shape, np.uint8)
    middle = mask.shape[-1] // 4
    for row in (middle - 2, middle + 1, 3 * middle):
        paint[..., row, :] = np.where(mask[..., row, :], values[1], 0)
    paint[..., 2::29, ::2] = np.where(mask[..., 2::29, ::2], 0, values[0])
    return paint


def iou(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())


@pytest.fixture(scope="module")
def model() -> api.Model:
    image, mask = blobs()
    return api.fit(image, strokes(mask), max_seconds=0, preset=TINY)


def test_the_instant_answer_finds_the_discs(model: api.Model) -> None:
    image, mask = blobs(seed=1)
    labels = api.predict(model, image)
    assert labels.shape == mask.shape
    assert labels.dtype == np.uint8
    assert iou(labels == 2, mask) > 0.7


def dim_and_bright(bright: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A noisy image of three greys, of which the brightest covers some columns."""
    rng = np.random.default_rng(seed)
    image = rng.normal(100, 12, (96, 96))
    image[:, 40:60] += 60
    image[:, 96 - bright :] += 120
    return image.astype(np.float32), np.arange(96)[None].repeat(96, 0) >= 96 - bright


def test_another_share_of_a_class_in_the_next_image_is_not_explained_away() -> None:
    image, mask = dim_and_bright(32, seed=0)
    paint = np.zeros(image.shape, np.uint8)
    paint[20:24] = paint[70:74] = np.where(mask[0], 2, 1)
    model = api.fit(image, paint, max_seconds=0, paint_mode="strokes")
    following, truth = dim_and_bright(8, seed=1)
    found = {s: api.predict(model, following, statistics=s) == 2 for s in ("both", "image")}
    assert iou(found["both"], truth) > 0.9 > 0.5 > iou(found["image"], truth)


@pytest.mark.parametrize("settings", [{"max_seconds": 0}, {"max_steps": 2, "patch_size": 32}])
def test_painted_images_are_answered_with_their_own_statistics(settings: dict[str, int]) -> None:
    image, mask = blobs()
    model = api.fit(image, strokes(mask), preset=TINY, precision="float32", **settings)
    assert model.own_share < 1
    answers = [
        api.predict_proba(model, image, precision="float32", statistics=s)
        for s in ("both", "image", "training")
    ]
    np.testing.assert_allclose(answers[0], answers[1], atol=1e-3)
    np.testing.assert_allclose(answers[2], answers[1], atol=1e-3)


def test_steps_improve_or_keep_the_model_and_are_told() -> None:
    image, mask = blobs()
    seen: list[object] = []
    learned = api.fit(
        image,
        strokes(mask),
        max_steps=3,
        score_every=1,
        preset=TINY,
        patch_size=32,
        on_event=seen.append,
    )
    kinds = {type(event) for event in seen}
    assert {Notice, ScoreDone, ModelImproved} <= kinds
    assert "strokes" in next(e.text for e in seen if isinstance(e, Notice))
    assert learned.history[-1]["step"] >= 1
    assert iou(api.predict(learned, image) == 2, mask) > 0.7


def test_the_same_seed_gives_the_same_model() -> None:
    image, mask = blobs()
    answers = [
        api.predict_proba(
            api.fit(image, strokes(mask), max_steps=2, seed=3, preset=TINY, patch_size=32), image
        )
        for _ in range(2)
    ]
    assert np.array_equal(*answers)


@pytest.mark.parametrize("values", [(1, 2), (1, 7)])
def test_background_is_zero_and_classes_keep_their_value(values: tuple[int, int]) -> None:
    image, mask = blobs()
    learned = api.fit(image, strokes(mask, values), max_seconds=0, preset=TINY)
    labels = api.predict(learned, image)
    assert set(np.unique(labels)) == {0, values[1]}


def test_a_mask_is_recognised_and_can_be_overruled() -> None:
    image, mask = blobs()
    notices: list[str] = []

    def listen(event: object) -> None:
        if isinstance(event, Notice):
            notices.append(event.text)

    learned = api.fit(
        image, mask.astype(np.uint8) * 255, max_seconds=0, preset=TINY, on_event=listen
    )
    assert "full mask" in notices[0]
    assert set(np.unique(api.predict(learned, image))) == {0, 255}
    with pytest.raises(OneClassOnly):
        api.fit(image, mask, max_seconds=0, preset=TINY, paint_mode="strokes")


def test_probabilities_agree_with_labels(model: api.Model) -> None:
    image, _ = blobs(seed=2)
    chances = api.predict_proba(model, image)
    assert chances.shape == (2, *image.shape)
    assert chances.dtype == np.float32
    assert np.allclose(chances.sum(axis=0), 1, atol=1e-3)
    labels = api.predict(model, image)
    assert np.array_equal(np.where(chances.argmax(axis=0) == 1, 2, 0), labels)
    strict = api.predict(model, image, threshold=0.99)
    assert (strict > 0).sum() <= (labels > 0).sum()


def test_axes_are_honoured_in_and_out() -> None:
    image, mask = blobs()
    stack = np.stack([np.stack([image, image[::-1]])] * 3, axis=1)  # C Z Y X
    paint = np.zeros((3, *mask.shape), np.uint8)
    paint[1] = strokes(mask)
    learned = api.fit(stack, paint, axes="CZYX", max_seconds=0, preset=TINY)
    assert learned.config.input_channels == 2
    labels = api.predict(learned, stack, axes="CZYX")
    assert labels.shape == (3, *mask.shape)
    assert all(iou(plane == 2, mask) > 0.6 for plane in labels)
    assert api.predict_proba(learned, stack, axes="CZYX").shape == (2, 3, *mask.shape)


def test_colour(model: api.Model) -> None:
    image, mask = blobs()
    colour = np.stack([image, image // 2, image.max() - image], axis=-1)
    learned = api.fit(colour, strokes(mask), axes="YXC", max_seconds=0, preset=TINY)
    assert api.predict(learned, colour, axes="YXC").shape == mask.shape
    with pytest.raises(ChannelMismatch):
        api.predict(learned, image)
    with pytest.raises(ChannelMismatch):
        api.fit(colour, strokes(mask), axes="YXC", max_seconds=0, start=model)


@pytest.mark.parametrize(
    ("shape", "likely"),
    [((64, 64, 3), "YXC"), ((30, 64, 64), "ZYX"), ((2, 64, 64), "CYX"), ((5, 3, 64, 64), "ZCYX")],
)
def test_wrong_axes_name_the_likely_ones(
    model: api.Model, shape: tuple[int, ...], likely: str
) -> None:
    with pytest.raises(AxesError, match=f'axes="{likely}"'):
        api.predict(model, np.zeros(shape))
    with pytest.raises(AxesError, match=f'axes="{likely}"'):
        api.fit(np.zeros(shape), np.zeros(shape[:2]))


def test_several_images_train_together() -> None:
    (one, mask), (two, _) = blobs(seed=1), blobs(48, seed=2)
    painted = [strokes(mask), strokes(blobs(48)[1])]
    learned = api.fit([one, two], painted, max_seconds=0, preset=TINY)
    assert iou(api.predict(learned, two) == 2, blobs(48)[1]) > 0.6
    with pytest.raises(ShapeMismatch, match="one paint layer for every image"):
        api.fit([one, two], painted[:1])


def test_validation_data_are_scored_on() -> None:
    image, mask = blobs()
    learned = api.fit(
        image,
        strokes(mask),
        max_steps=1,
        preset=TINY,
        patch_size=32,
        validation=(blobs(seed=5)[0], strokes(mask)),
    )
    assert learned.history[-1]["score"] is not None


def test_training_continues_from_a_model_or_its_file(model: api.Model, tmp_path: Path) -> None:
    image, mask = blobs()
    file = tmp_path / "model.unet"
    model.save(file)
    for start in (model, file, str(file)):
        again = api.fit(image, strokes(mask), start=start, max_steps=1, patch_size=32)
        assert again.config == model.config
    assert np.array_equal(api.predict(file, image), api.predict(model, image))


def test_lazy_arrays_are_read_piece_by_piece(model: api.Model) -> None:
    image, mask = blobs()
    lazy = da.from_array(image, chunks=17)
    learned = api.fit(lazy, strokes(mask), max_seconds=0, preset=TINY)
    assert np.array_equal(api.predict(learned, lazy), api.predict(learned, image))

    class Guarded:
        """Like a zarr array: it can be sliced, but never turned into one array."""

        shape, dtype = image.shape, image.dtype

        def __getitem__(self, index: tuple[slice, ...]) -> np.ndarray:
            return image[index]

        def __array__(self, *args: object, **kwargs: object) -> np.ndarray:
            raise AssertionError("read whole")

    assert np.array_equal(api.predict(model, Guarded()), api.predict(model, image))


def test_a_stack_of_files_as_zarr() -> None:
    zarr = pytest.importorskip("zarr")
    image, mask = blobs()
    stored = zarr.array(image, chunks=(16, 16))
    learned = api.fit(stored, strokes(mask), max_seconds=0, preset=TINY)
    assert np.array_equal(api.predict(learned, stored), api.predict(learned, image))


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64, bool])
def test_any_dtype_and_nan(dtype: type) -> None:
    image, mask = blobs()
    values = (image > 500) if dtype is bool else (image / 4).astype(dtype)
    if values.dtype.kind == "f":
        values[:3, :3] = np.nan
        values[5, 5] = np.inf
    learned = api.fit(values, strokes(mask), max_seconds=0, preset=TINY)
    assert iou(api.predict(learned, values) == 2, mask) > 0.6


def test_evaluation_on_strokes_and_on_any_mask(model: api.Model) -> None:
    image, mask = blobs(seed=4)
    on_mask = api.evaluate(model, image, mask)
    assert on_mask.pixels == mask.size
    assert on_mask == api.evaluate(model, image, mask.astype(np.uint8) * 255)
    predicted = api.predict(model, image) == 2
    assert on_mask.classes[1].iou == pytest.approx(iou(predicted, mask))
    on_strokes = api.evaluate(model, image, strokes(mask))
    assert on_strokes.pixels == (strokes(mask) > 0).sum()
    with pytest.raises(PaintError, match="does not know: 9"):
        api.evaluate(model, image, strokes(mask, (1, 9)))


def test_tiles_and_another_pixel_size_are_told() -> None:
    image, mask = blobs()
    learned = api.fit(image, strokes(mask), max_seconds=0, preset=TINY, spacing=(0.3, 0.3))
    seen: list[object] = []
    api.predict(learned, image, spacing=(0.9, 0.9), on_event=seen.append)
    assert any(isinstance(e, TileDone) for e in seen)
    assert any(isinstance(e, Notice) and "0.9 x 0.9" in e.text for e in seen)
    seen.clear()
    api.predict(learned, image, spacing=(0.3, 0.3), on_event=seen.append)
    assert not any(isinstance(e, Notice) for e in seen)


def test_what_cannot_be_learned_is_said(tmp_path: Path) -> None:
    image, mask = blobs()
    with pytest.raises(NothingPainted):
        api.fit(image, np.zeros_like(mask))
    with pytest.raises(OneClassOnly):
        api.fit(image, np.where(mask, 2, 0))
    with pytest.raises(ShapeMismatch, match=r"\(64, 64\)"):
        api.fit(image, strokes(mask)[:-1])
    with pytest.raises(PaintError, match="whole numbers"):
        api.fit(image, RNG.random(image.shape))
    with pytest.raises(UnknownPreset):
        api.fit(image, strokes(mask), preset="huge")
    with pytest.raises(InvalidSetting, match="max_seconds cannot be -1"):
        api.fit(image, strokes(mask), max_seconds=-1)
    with pytest.raises(InvalidSetting, match="colour"):
        api.fit(image, strokes(mask), colour="red")
    with pytest.raises(ModelFileError):
        api.predict(tmp_path / "nothing.unet", image)


def test_the_package_hands_out_the_api() -> None:
    for name in ("fit", "predict", "predict_proba", "load_model"):
        assert getattr(napari_unet, name) is getattr(api, name)


@pytest.mark.parametrize("module", ["core.arrays", "core.metrics", "data.strokes", "data.discs"])
def test_examples_in_the_documentation_are_true(module: str) -> None:
    import importlib

    result = doctest.testmod(
        importlib.import_module(f"napari_unet.{module}"), extraglobs={"np": np}
    )
    assert result.attempted
    assert not result.failed


def test_the_documentation_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    coins, corner = samples.load_sample("coins"), np.s_[:120, :120]
    small = replace(coins, image=coins.image[corner], paint=coins.paint[corner])
    monkeypatch.setattr(samples, "load_sample", lambda name: small)
    text = (Path(__file__).parents[1] / "docs" / "python-api.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) >= 5
    script = tmp_path / "python_api.py"
    script.write_text("\n".join(blocks), "utf-8")
    runpy.run_path(str(script))
    assert "Read as strokes" in capsys.readouterr().out
