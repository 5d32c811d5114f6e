"""Channels and pixel sizes from Python and from the shell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from typer.testing import CliRunner

from napari_unet.api import fit, load_model, predict
from napari_unet.cli import app
from napari_unet.core.config import PRESETS, ModelConfig
from napari_unet.core.errors import ChannelMismatch
from napari_unet.core.events import Notice
from napari_unet.data.files import read_image
from napari_unet.files import predict_to_zarr

TINY = ModelConfig(base_width=4, depth=2, head_levels=2)


def scene(size: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """Three channels, of which the middle one shows nothing; and strokes."""
    rows, columns = np.mgrid[:size, :size] * 64 // size
    mask = ((rows % 32 - 16) ** 2 + (columns % 32 - 16) ** 2) < 64
    random = np.random.default_rng(0)
    image = (
        random.normal(300, 30, (3, size, size)) + 400 * mask * np.array([1, 0, 0.5])[:, None, None]
    )
    paint = np.zeros(mask.shape, np.uint8)
    paint[[14, 17, 48]] = np.where(mask[[14, 17, 48]], 2, 0)
    paint[2::29, ::2] = 1
    return image.astype(np.uint16), paint


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(PRESETS, "tiny", TINY)
    image, paint = scene()
    about = {"axes": "CYX", "Channel": {"Name": ["DAPI", "empty", "GFP"]},
             "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5}  # fmt: skip
    tifffile.imwrite(tmp_path / "im.ome.tif", image, metadata=about)
    tifffile.imwrite(tmp_path / "paint.tif", paint)
    return tmp_path


def test_channels_are_chosen_by_number_and_found_again_by_name() -> None:
    image, paint = scene()
    names = ("DAPI", "empty", "GFP")
    how = {"axes": "CYX", "max_seconds": 0, "preset": TINY}
    model = fit(image, paint, channels=[0, "GFP"], channel_names=names, **how)
    assert model.channels == ("DAPI", "GFP")
    alone = fit(image[[0, 2]], paint, **how)
    expected = predict(alone, image[[0, 2]], axes="CYX")
    assert np.array_equal(predict(model, image, axes="CYX", channels=[0, 2]), expected)
    with pytest.raises(ChannelMismatch, match=r"DAPI, GFP.*only 2 of these"):
        predict(model, image, axes="CYX")
    said: list[str] = []

    def note(event: object) -> None:
        if isinstance(event, Notice):
            said.append(event.text)

    labels = predict(model, image[0], channels=[0, None], on_event=note)
    assert labels.shape == (64, 64)


def test_a_numbered_subset_is_taken_from_other_images_too() -> None:
    image, paint = scene()
    model = fit(image, paint, axes="CYX", channels=[2, 0], max_seconds=0, preset=TINY)
    assert model.channels == ("channel 2", "channel 0")
    chosen = predict(model, image[[2, 0]], axes="CYX")
    assert np.array_equal(predict(model, image, axes="CYX"), chosen)


def test_the_names_in_a_file_are_known(folder: Path) -> None:
    assert read_image(folder / "im.ome.tif").source().names == ("DAPI", "empty", "GFP")
    model = folder / "m.unet"
    done = run("train", folder / "im.ome.tif", folder / "paint.tif", "-o", model,
               "--channels", "GFP,DAPI", "--seconds", 0, "--preset", "tiny")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert load_model(model).channels == ("GFP", "DAPI")
    assert load_model(model).spacing == (0.5, 0.5)
    assert "2 channels (GFP, DAPI)" in run("info", model).output
    done = run("predict", model, folder / "im.ome.tif", "-o", folder / "all.tif")
    assert done.exit_code == 0, done.output
    run("predict", model, folder / "im.ome.tif", "-o", folder / "two.tif", "--channels", "2,0")
    both = [tifffile.imread(folder / name) for name in ("all.tif", "two.tif")]
    assert np.array_equal(*both)
    assert both[0].max() == 2
    refused = run(
        "predict", model, folder / "im.ome.tif", "-o", folder / "x.tif", "--channels", "Cy5"
    )
    assert refused.exit_code == 1
    assert "DAPI, empty, GFP" in refused.output.replace("\n", " ")


def test_rescaling_from_the_shell_and_in_blocks(folder: Path) -> None:
    image, paint = scene()
    model = fit(image[0], paint, max_seconds=0, preset=TINY, spacing=(0.5, 0.5))
    model.save(folder / "m.unet")
    fine, _ = scene(128)
    tifffile.imwrite(
        folder / "fine.ome.tif", fine[0],
        metadata={"axes": "YX", "PhysicalSizeX": 250, "PhysicalSizeXUnit": "nm",
                  "PhysicalSizeY": 250, "PhysicalSizeYUnit": "nm"},
    )  # fmt: skip
    outputs = {}
    for option in ("--rescale", "--no-rescale", None):
        where = folder / f"out{option}.tif"
        done = run("predict", folder / "m.unet", folder / "fine.ome.tif", "-o", where,
                   *([option] if option else []))  # fmt: skip
        assert done.exit_code == 0, done.output
        outputs[option] = tifffile.imread(where)
        said = done.output.replace("\n", " ")
        assert ("The pixels measure 0.25 x 0.25" in said) == (option is None)
        assert ("0.5 x 0.5 times its size" in said) == (option == "--rescale")
    assert np.array_equal(outputs["--no-rescale"], outputs[None])
    assert not np.array_equal(outputs["--rescale"], outputs[None])
    assert outputs["--rescale"].shape == (128, 128)
    pytest.importorskip("zarr")
    import zarr

    predict_to_zarr(
        model, fine[0], folder / "out.zarr", spacing=(0.25, 0.25), block_size=64,
        rescale="on", tile_size=64,
    )  # fmt: skip
    streamed = np.asarray(zarr.open(str(folder / "out.zarr"), mode="r")["0"]).reshape(128, 128)
    assert np.mean(streamed != outputs["--rescale"]) < 1e-3


def test_planes_without_a_name_are_channels_where_nothing_else_fits(folder: Path) -> None:
    image, _ = scene()
    plain, model = folder / "plain.tif", folder / "m.unet"
    tifffile.imwrite(plain, image, photometric="minisblack")
    assert read_image(plain).axes == "ZYX"  # as ever where nothing more is known
    how = ("--seconds", 0, "--preset", "tiny")
    done = run("train", plain, folder / "paint.tif", "-o", model, *how)
    assert done.exit_code == 0, done.output
    said = " ".join(done.output.split())
    assert "axis of length 3; it is read as channels, since the paint lacks it" in said
    assert load_model(model).config.input_channels == 3
    done = run("predict", model, plain, "-o", folder / "labels.tif")
    assert done.exit_code == 0, done.output
    assert "read as channels, as many as the model has" in " ".join(done.output.split())
    expected = predict(str(model), image, axes="CYX")
    assert np.array_equal(read_image(folder / "labels.tif").array, expected)
    said_so = run("predict", model, plain, "-o", folder / "z.tif", "--axes", "ZYX")
    assert said_so.exit_code != 0  # who names the axes is believed
    result = predict_to_zarr(str(model), plain, folder / "labels.zarr")
    assert sum(result.pixels) == expected.size


def test_named_slices_and_slices_of_a_grey_model_stay_slices(folder: Path) -> None:
    image, paint = scene()
    model = fit(image, np.stack([paint] * 3), axes="ZYX", max_seconds=0, preset=TINY)
    plain, named = folder / "plain.tif", folder / "named.tif"
    tifffile.imwrite(plain, image, photometric="minisblack")
    tifffile.imwrite(named, image, imagej=True, metadata={"axes": "ZYX"})
    for path in (plain, named):
        loaded = read_image(path)
        assert loaded.suiting_model(model.config.input_channels, "YX") is loaded
        assert loaded.suiting_paint((3, 64, 64)) is loaded
    assert read_image(named).suiting_model(3, "YX").axes == "ZYX"
    assert read_image(plain).suiting_model(3, "ZYX").axes == "ZYX"  # a volume needs its slices
    assert read_image(plain).suiting_model(3, "YX").axes == "CYX"
