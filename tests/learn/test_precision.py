"""The fastest precision that leaves the mask alone is measured once, and remembered."""

from __future__ import annotations

import json
from contextlib import nullcontext

import pytest
import torch

from napari_unet.core.config import ModelConfig
from napari_unet.learn import precision
from napari_unet.learn.devices import Device, cpu
from napari_unet.learn.precision import Precision, autocast, best_precision

TINY = ModelConfig(base_width=2, depth=1)
FLOAT32 = Precision(torch.float32, True)
BFLOAT16 = Precision(torch.bfloat16, True)


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    path = tmp_path / "cache" / "precision.json"
    monkeypatch.setattr(precision, "_cache_file", lambda: path)
    return path


@pytest.fixture
def timed(monkeypatch):
    """Pretend that each format takes so many seconds."""
    seconds = {"float32": 1.0, "bfloat16": 0.5}
    calls = []

    def time_it(net, image, device, option):
        calls.append(option.words)
        return seconds[option.words]

    monkeypatch.setattr(precision, "_time", time_it)
    return seconds, calls


def test_the_faster_format_is_chosen(timed):
    assert best_precision(cpu(), "auto", TINY) == BFLOAT16


@pytest.mark.parametrize("seconds", [0.95, 1.0, 3.0])
def test_a_format_that_is_hardly_faster_is_not(timed, seconds):
    timed[0]["bfloat16"] = seconds
    assert best_precision(cpu(), "auto", TINY) == FLOAT32


@pytest.mark.parametrize(("seconds", "remembered"), [(0.5, True), (0.95, False), (3.0, True)])
def test_what_a_busy_machine_may_have_decided_is_measured_again(timed, cache, seconds, remembered):
    timed[0]["bfloat16"] = seconds
    best_precision(cpu(), "auto", TINY)
    assert cache.exists() == remembered


def test_a_format_that_changes_the_mask_is_not(timed, monkeypatch):
    def flipped(net, image, device, option):
        return precision.probabilities(net(image), net.config).flip(1)

    monkeypatch.setattr(precision, "_answer", flipped)
    assert best_precision(cpu(), "auto", TINY) == FLOAT32


def test_a_format_that_overflows_is_not(timed, monkeypatch):
    monkeypatch.setattr(precision, "_answer", lambda *_: torch.full((1, 2, 8, 8), torch.nan))
    assert best_precision(cpu(), "auto", TINY) == FLOAT32


def test_a_format_the_device_cannot_compute_in_is_not(timed, monkeypatch):
    def refuse(device, option):
        if option.dtype == torch.float32:
            return nullcontext()
        raise RuntimeError("not implemented for 'BFloat16'")

    monkeypatch.setattr(precision, "autocast", refuse)
    assert best_precision(cpu(), "auto", TINY) == FLOAT32
    assert best_precision(cpu(), "bfloat16", TINY) == FLOAT32


def test_measuring_happens_once_per_kind_of_network(timed, cache):
    _, calls = timed
    best_precision(cpu(), "auto", TINY)
    measured = len(calls)
    assert measured > 0
    assert best_precision(cpu(), "auto", TINY) == BFLOAT16
    assert best_precision(cpu(), "auto", TINY.changed(classes=5)) == BFLOAT16
    assert len(calls) == measured
    best_precision(cpu(), "auto", TINY.changed(base_width=4))
    assert len(calls) > measured
    assert len(json.loads(cache.read_text())) == 2


@pytest.mark.parametrize("content", ["", "[]", "{", '{"x": 1}'])
def test_a_cache_that_cannot_be_understood_is_measured_anew(timed, cache, content):
    cache.parent.mkdir(parents=True)
    cache.write_text(content)
    assert best_precision(cpu(), "auto", TINY) == BFLOAT16


def test_an_entry_that_cannot_be_understood_is_measured_anew(timed, cache):
    best_precision(cpu(), "auto", TINY)
    key = next(iter(json.loads(cache.read_text())))
    for entry in ("fast", {"dtype": "float8"}):
        cache.write_text(json.dumps({key: entry}))
        assert best_precision(cpu(), "auto", TINY) == BFLOAT16


def test_a_cache_that_cannot_be_written_does_no_harm(timed, monkeypatch, tmp_path):
    blocked = tmp_path / "a file"
    blocked.write_text("")
    monkeypatch.setattr(precision, "_cache_file", lambda: blocked / "precision.json")
    assert best_precision(cpu(), "auto", TINY) == BFLOAT16


def test_running_out_of_memory_while_measuring_is_not_remembered(timed, monkeypatch, cache):
    def full(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(precision, "_answer", full)
    assert best_precision(cpu(), "auto", TINY) == FLOAT32
    assert not cache.exists()


@pytest.mark.parametrize("name", ["float32", "bfloat16"])
def test_what_is_asked_for_is_granted(timed, name):
    assert best_precision(cpu(), name, TINY).words == name
    assert timed[1] == []


def test_metal_keeps_its_own_layout():
    device = Device("mps", "Apple GPU", torch.device("mps"))
    assert not best_precision(device, "float32", TINY).channels_last


def test_measuring_for_real_leaves_the_random_numbers_alone():
    before = torch.get_rng_state()
    assert best_precision(cpu(), "auto", TINY).dtype in (torch.float32, torch.bfloat16)
    assert torch.equal(before, torch.get_rng_state())


def test_autocast_computes_in_the_format():
    layer, data = torch.nn.Conv2d(1, 1, 1), torch.zeros(1, 1, 2, 2)
    for option in (FLOAT32, BFLOAT16):
        with autocast(cpu(), option):
            assert layer(data).dtype == option.dtype


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (1, 3, 2, 4, 5)])
def test_layout(shape):
    data = torch.randn(shape)
    layout = precision.memory_format(len(shape) - 2)
    assert FLOAT32.lay_out(data).is_contiguous(memory_format=layout)
    assert Precision(torch.float32, False).lay_out(FLOAT32.lay_out(data)).is_contiguous()
    assert torch.equal(FLOAT32.lay_out(data), data)
