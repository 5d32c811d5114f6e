"""Tiles are as large as memory allows, whatever the shape of the image."""

from __future__ import annotations

from math import prod

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from napari_unet.core.config import ModelConfig
from napari_unet.core.tiles import round_up
from napari_unet.learn.devices import Device, cpu
from napari_unet.learn.memory import affordable_pixels, bytes_per_pixel, plan_tiles
from napari_unet.learn.precision import Precision

CUDA = Device("cuda:0", "GPU", torch.device("cuda", 0))
FLOAT32, BFLOAT16 = Precision(torch.float32, True), Precision(torch.bfloat16, True)
CONFIG = ModelConfig()
GIB = 2**30


def plan(shape, device=None, free=8 * GIB, **kwargs):
    options = {"halo": 96, "multiple": 8, **kwargs}
    return plan_tiles(shape, CONFIG, device or cpu(), FLOAT32, free=free, **options)


@given(
    st.lists(st.integers(1, 20_000), min_size=2, max_size=3),
    st.integers(10**6, 10**11),
    st.sampled_from([cpu(), CUDA]),
)
def test_tiles_fit_memory_and_the_network(shape, free, device):
    config = ModelConfig(dimensions=len(shape))
    result = plan_tiles(shape, config, device, FLOAT32, free=free, halo=16, multiple=8)
    fits = affordable_pixels(config, device, FLOAT32, free)
    least = [min(round_up(n, 8), 80) for n in shape]
    assert result.batch >= 1
    for side, n, low in zip(result.sides, shape, least, strict=True):
        assert side % 8 == 0
        assert low <= side <= round_up(n, 8)
    assert result.batch == 1 or result.batch * prod(result.sides) <= fits
    if all(side > 80 for side in result.sides):
        assert prod(result.sides) <= fits


def test_a_small_image_is_one_tile():
    assert plan((500, 301)).sides == (504, 304)


def test_a_thin_volume_is_not_cut_across():
    config = ModelConfig(dimensions=3)
    sides = plan_tiles((20, 3000, 3000), config, cpu(), FLOAT32, free=8 * GIB, halo=32, multiple=8)
    assert sides.sides[0] == 24
    assert sides.sides[1] > 160


def test_more_memory_makes_larger_tiles_up_to_a_limit():
    sides = [plan((20_000, 20_000), free=free).sides[0] for free in (GIB // 2, GIB, 64 * GIB)]
    assert sides[0] < sides[1] < sides[2] < 4096
    assert sides[2] == plan((20_000, 20_000), free=640 * GIB).sides[0]


def test_a_tile_is_never_mostly_halo():
    assert plan((20_000, 20_000), free=1).sides == (480, 480)


def test_a_tile_size_that_is_asked_for_is_granted():
    assert plan((1000, 100), tile_size=260).sides == (256, 104)


def test_a_gpu_computes_many_small_images_together_and_the_cpu_a_few():
    assert plan((64, 64), CUDA).batch > 100
    assert plan((64, 64)).batch == 16
    assert plan((512, 512)).batch == 1


@pytest.mark.parametrize("device", [cpu(), CUDA])
def test_wider_networks_and_formats_need_more(device):
    wide = CONFIG.changed(base_width=64)
    small = bytes_per_pixel(CONFIG, device, BFLOAT16)
    assert small < bytes_per_pixel(CONFIG, device, FLOAT32)
    assert small < bytes_per_pixel(wide, device, BFLOAT16)
    assert small < bytes_per_pixel(CONFIG.changed(input_channels=3), device, BFLOAT16)
