"""Model files: exact, whole, safe, and plain about what is wrong with them."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save as save_arrays

from napari_unet.core.card import CARD_KEY, SCHEMA_VERSION
from napari_unet.core.config import ModelConfig
from napari_unet.core.errors import (
    DamagedModel,
    ForeignModel,
    ModelFileError,
    NewerModel,
    OutputExists,
)
from napari_unet.core.normalize import Normalisation
from napari_unet.learn.checkpoint import load_model, read_card, save_model
from napari_unet.learn.model import Model
from napari_unet.learn.unet import UNet


@pytest.fixture
def file(small_model: Model, tmp_path: Path) -> Path:
    path = tmp_path / "Modell é.unet"
    small_model.save(path)
    return path


def _edit_card(path: Path, **changes: Any) -> None:
    """Change the card inside a file and leave the rest as it is."""
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    card = json.loads(header["__metadata__"][CARD_KEY])
    header["__metadata__"][CARD_KEY] = json.dumps({**card, **changes})
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + content[8 + length :])


def _same_weights(one: Model, other: Model) -> bool:
    a, b = one.net.state_dict(), other.net.state_dict()
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_everything_comes_back(small_model: Model, file: Path) -> None:
    loaded = load_model(str(file))
    assert _same_weights(loaded, small_model)
    for field in ("config", "classes", "normalisation", "spacing", "axes", "history", "preset"):
        assert getattr(loaded, field) == getattr(small_model, field), field
    assert loaded.version == small_model.version
    image = torch.randn(1, 1, 20, 20)
    with torch.no_grad():
        assert torch.equal(loaded.net(image), small_model.net(image))


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    normalisation=st.sampled_from(["none", "batch", "group", "instance"]),
    upsampling=st.sampled_from(["transpose", "resize"]),
    dimensions=st.sampled_from([2, 3]),
    channels=st.integers(1, 3),
)
def test_every_network_comes_back(tmp_path: Path, small_model: Model, **shape: Any) -> None:
    channels = shape.pop("channels")
    net = UNet(ModelConfig(base_width=2, depth=1, input_channels=channels, **shape))
    model = Model(net, small_model.classes, Normalisation((0.0,) * channels, (1.0,) * channels))
    model.save(tmp_path / "any.unet", overwrite=True)
    assert _same_weights(load_model(tmp_path / "any.unet"), model)


def test_how_much_own_statistics_count_comes_back(small_model: Model, tmp_path: Path) -> None:
    model = small_model.copy()
    model.own_share = 0.25
    model.save(tmp_path / "model.unet")
    assert load_model(tmp_path / "model.unet").own_share == 0.25


def test_a_loaded_model_can_go_on_learning(file: Path) -> None:
    net = load_model(file).net
    assert not net.training
    net.train()(torch.randn(2, 1, 16, 16)).sum().backward()
    assert all(weights.grad is not None for weights in net.parameters())


def test_half_precision_halves_the_file_and_rounds(small_model: Model, tmp_path: Path) -> None:
    small_model.save(tmp_path / "full.unet")
    small_model.save(tmp_path / "half.unet", weights="float16")
    full, half = ((tmp_path / f"{n}.unet").stat().st_size for n in ("full", "half"))
    assert half < 0.8 * full
    assert read_card(tmp_path / "half.unet")["weights"] == "float16"
    loaded = load_model(tmp_path / "half.unet").net.state_dict()
    for name, value in small_model.net.state_dict().items():
        assert loaded[name].dtype == value.dtype
        assert torch.allclose(loaded[name], value, rtol=1e-3, atol=1e-3)


def test_odd_layouts_and_formats_are_stored_plainly(small_model: Model, tmp_path: Path) -> None:
    twin = small_model.copy()
    twin.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    twin.save(tmp_path / "a.unet")
    assert _same_weights(load_model(tmp_path / "a.unet"), small_model)
    twin.net.bfloat16()
    twin.save(tmp_path / "b.unet")
    assert all(w.dtype == torch.float32 for w in load_model(tmp_path / "b.unet").net.parameters())


def test_the_history_survives_numbers_json_does_not_know(
    small_model: Model, tmp_path: Path
) -> None:
    small_model.history = [{"loss": float("nan"), "score": np.float32(0.5), "classes": (0.25, 1)}]
    small_model.save(tmp_path / "a.unet")
    history = load_model(tmp_path / "a.unet").history
    assert history == [{"loss": None, "score": 0.5, "classes": [0.25, 1]}]


def test_loading_draws_no_random_numbers(file: Path) -> None:
    torch.manual_seed(3)
    load_model(file)
    after = torch.rand(1)
    torch.manual_seed(3)
    assert torch.equal(after, torch.rand(1))


def test_the_card_is_read_without_torch(file: Path) -> None:
    code = (
        "import sys; from napari_unet.core.card import read_card;"
        f"card = read_card({str(file)!r}); assert card['preset'] == 'fast';"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# -- files that are not what they should be -----------------------------------------------


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_file_cut_anywhere_is_damaged(file: Path, tmp_path: Path, share: float) -> None:
    content = file.read_bytes()
    cut = tmp_path / "cut.unet"
    cut.write_bytes(content[: int(len(content) * share)])
    for read in (load_model, read_card):
        with pytest.raises(DamagedModel, match=r"cut\.unet"):
            read(cut)


@pytest.mark.parametrize("kept", [0, 1, 7, 8, 9, 100])
def test_a_file_cut_in_its_first_bytes_is_damaged(file: Path, kept: int) -> None:
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(DamagedModel):
        load_model(file)


@pytest.mark.parametrize("where", [0.3, 0.6, 0.999])
def test_a_flipped_bit_among_the_weights_is_noticed(file: Path, where: float) -> None:
    content = bytearray(file.read_bytes())
    start = 8 + int.from_bytes(content[:8], "little")
    content[start + int((len(content) - start) * where)] ^= 1
    file.write_bytes(content)
    with pytest.raises(DamagedModel, match="Copy it again"):
        load_model(file)


def test_bytes_behind_the_end_are_noticed(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"more")
    with pytest.raises(DamagedModel):
        load_model(file)


class _Trap:
    """Runs when it is unpickled, which must never happen."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("unpickled",)


@pytest.mark.parametrize(
    "content",
    [
        np.random.default_rng(0).bytes(5000),
        pickle.dumps({"weights": _Trap()}) + bytes(100),
        save_arrays({"weights": np.zeros(3)}),
        save_arrays({"weights": np.zeros(3)}, {"format": "pt"}),
        b"II*\x00 this could be a TIFF file",
        bytes(64),
    ],
    ids=["random", "pickle", "bare", "other", "tiff", "zeros"],
)
def test_a_foreign_file_is_not_a_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "foreign.unet"
    path.write_bytes(content)
    for read in (load_model, read_card):
        with pytest.raises(ForeignModel, match=r"foreign\.unet.* Choose"):
            read(path)
    assert [p.name for p in tmp_path.iterdir()] == ["foreign.unet"]


def test_a_torch_file_is_not_a_model(tmp_path: Path) -> None:
    torch.save({"weights": torch.zeros(3)}, tmp_path / "model.pt")
    with pytest.raises(ForeignModel):
        load_model(tmp_path / "model.pt")


def test_a_newer_file_asks_for_an_update(file: Path) -> None:
    _edit_card(file, schema_version=SCHEMA_VERSION + 1, version="9.9", config={"new": "shape"})
    for read in (load_model, read_card):
        with pytest.raises(NewerModel, match=r"9\.9.*Update"):
            read(file)


@pytest.mark.parametrize(
    "changes",
    [
        {"schema_version": "one"},
        {"config": {"base_width": -4}},
        {"config": ModelConfig(base_width=4, depth=2, classes=3).model_dump()},
        {"config": ModelConfig(base_width=6, depth=2).model_dump()},
        {"classes": {"values": [1], "background": 1, "names": ["A"]}},
        {"normalisation": {"low": [0, 0], "high": [1, 1]}},
        {"history": "none"},
    ],
)
def test_a_card_that_contradicts_the_weights_is_damage(file: Path, changes: dict[str, Any]) -> None:
    _edit_card(file, **changes)
    with pytest.raises(DamagedModel):
        load_model(file)


def test_unknown_entries_of_the_same_format_are_ignored(file: Path) -> None:
    _edit_card(file, licence="CC0")
    assert load_model(file).preset == "fast"


def test_a_missing_file_and_a_folder_are_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="no model file"):
        load_model(tmp_path / "none.unet")
    with pytest.raises(ModelFileError, match="Check"):
        read_card(tmp_path)


# -- writing ------------------------------------------------------------------------------


def test_nothing_is_overwritten_unasked(small_model: Model, file: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(OutputExists, match="Modell"):
        save_model(small_model, file)
    assert file.read_bytes() == before
    small_model.preset = "other"
    save_model(small_model, file, overwrite=True)
    assert load_model(file).preset == "other"


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("exists", [True, False])
def test_a_failed_write_leaves_everything_as_it_was(
    small_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, exists: bool
) -> None:
    path = tmp_path / "model.unet"
    if exists:
        path.write_bytes(b"precious")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os if step == "fsync" else Path, step, fail)
        with pytest.raises(ModelFileError, match="No space left"):
            small_model.save(path, overwrite=True)
    assert [p.name for p in tmp_path.iterdir()] == (["model.unet"] if exists else [])
    assert not exists or path.read_bytes() == b"precious"


def test_an_interrupted_write_leaves_no_half_file(
    small_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", interrupt)
        with pytest.raises(KeyboardInterrupt):
            small_model.save(tmp_path / "model.unet")
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_said_plainly(small_model: Model, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="no folder"):
        small_model.save(tmp_path / "none" / "model.unet")
