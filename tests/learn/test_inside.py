"""Computing only what a box needs gives what computing everything gives."""

from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_unet.core.config import ModelConfig
from napari_unet.learn import inside
from napari_unet.learn.inside import Insides
from napari_unet.learn.unet import UNet


def scores(net, block, box):
    """With strips of a few rows, so that there are many of them."""
    return Insides(net, torch.float32, strips=True).scores(block, box)


@pytest.fixture(autouse=True)
def _narrow_strips(monkeypatch):
    monkeypatch.setattr(inside, "_STRIP", 600)
    monkeypatch.setattr(inside, "_BANK_STRIP", 900)


configs = st.builds(
    ModelConfig,
    base_width=st.just(2),
    depth=st.integers(1, 3),
    classes=st.integers(2, 3),
    feature_count=st.sampled_from([None, 2]),
    upsampling=st.sampled_from(["transpose", "resize"]),
    padding=st.sampled_from(["same", "same", "valid"]),
    normalisation=st.sampled_from(["none", "batch", "instance"]),
    filter_bank=st.booleans(),
    head_levels=st.integers(1, 5),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(configs, st.tuples(st.integers(1, 6), st.integers(1, 6)), st.data())
def test_a_box_has_the_scores_it_has_in_the_whole(config, size, data):
    torch.manual_seed(0)
    net = UNet(config).eval()
    shape = [n * net.alignment * 2 for n in size]
    starts = [data.draw(st.integers(0, n - 1)) for n in shape]
    box = tuple(slice(a, data.draw(st.integers(a + 1, n))) for a, n in zip(starts, shape))
    block = torch.randn(1, 1, *shape)
    with torch.inference_mode():
        part, whole = scores(net, block, box), net(block)
    torch.testing.assert_close(part, whole[(..., *box)], atol=1e-4, rtol=1e-4)


def test_a_volume_too():
    net = UNet(ModelConfig(dimensions=3, base_width=2, depth=2)).eval()
    block = torch.randn(1, 1, 16, 48, 40)
    box = (slice(3, 9), slice(20, 30), slice(0, 7))
    with torch.inference_mode():
        torch.testing.assert_close(
            scores(net, block, box), net(block)[(..., *box)], atol=1e-4, rtol=1e-4
        )


def test_in_bfloat16_boxes_agree_with_each_other_and_about_with_the_network():
    """Were one feature rounded differently, scores would differ by far more than 1e-5."""
    torch.manual_seed(0)
    net = UNet(ModelConfig(base_width=4, depth=2)).eval()
    block = torch.randn(1, 1, 320, 160)
    boxes = [(slice(101, 220), slice(40, 160)), (slice(96, 240), slice(0, 160))]
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        insides = Insides(net, torch.bfloat16, strips=True)
        first, second = (insides.scores(block, box).clone() for box in boxes)
        whole = net(block)[(..., *boxes[0])].float()
    torch.testing.assert_close(first, second[..., 5:124, 40:], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(first, whole, atol=0.05, rtol=0.02)


def test_kept_memory_is_used_again_and_answers_stay_right():
    net = UNet(ModelConfig(base_width=2, depth=1)).eval()
    insides = Insides(net, torch.float32, strips=True)
    with torch.inference_mode():
        for seed, side in enumerate((64, 96, 32, 96)):
            block = torch.randn(2, 1, side, side, generator=torch.manual_seed(seed))
            box = (slice(0, side), slice(8, side - 3))
            torch.testing.assert_close(
                insides.scores(block, box), net(block)[(..., *box)], atol=1e-4, rtol=1e-4
            )


@pytest.mark.parametrize("upsampling", ["transpose", "resize"])
def test_the_last_layers_are_computed_on_little_more_than_the_box(upsampling):
    net = UNet(ModelConfig(base_width=2, upsampling=upsampling)).eval()
    rows = []
    net.decoder[0].register_forward_hook(lambda layer, inputs, out: rows.append(out.shape[2:]))
    with torch.inference_mode():
        Insides(net, torch.float32, strips=False).scores(
            torch.zeros(1, 1, 256, 256), (slice(96, 160), slice(96, 160))
        )
    assert len(rows) == 1
    assert max(rows[0]) <= 64 + 32
