"""The network: its sizes, what it looks at, and that tiles agree with the whole."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from napari_unet.core.config import ModelConfig, preset
from napari_unet.core.errors import ModelFileError, UNetError
from napari_unet.learn.blocks import layers_for, mirror_pad
from napari_unet.learn.statistics import folded, measure
from napari_unet.learn.stem import AdaptedBank
from napari_unet.learn.unet import UNet, count_parameters, load_weights, probabilities

MakeNet = Callable[..., UNet]


@pytest.mark.parametrize(
    ("name", "published"), [("classic-transpose", 31_031_745), ("classic-resize", 31_031_685)]
)
def test_the_historical_networks_have_their_published_size(name: str, published: int) -> None:
    with torch.device("meta"):
        net = UNet(preset(name))
    assert count_parameters(net) == published


def test_the_default_network_is_small() -> None:
    assert count_parameters(UNet(preset("fast"))) < 1_000_000


@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    padding=st.sampled_from(["same", "valid"]),
    upsampling=st.sampled_from(["resize", "transpose"]),
    bank=st.booleans(),
)
def test_any_size_comes_out_as_it_went_in(
    height: int, width: int, padding: str, upsampling: str, bank: bool
) -> None:
    config = ModelConfig(
        base_width=2, depth=2, padding=padding, upsampling=upsampling, filter_bank=bank
    )
    with torch.no_grad():
        scores = UNet(config).eval()(torch.randn(1, 1, height, width))
    assert scores.shape == (1, 2, height, width)
    assert scores.isfinite().all()


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("size", [(1, 1, 1), (3, 9, 10)])
def test_the_same_in_3d(make_net: MakeNet, padding: str, size: tuple[int, ...]) -> None:
    net = make_net(dimensions=3, input_channels=2, classes=3, depth=1, padding=padding)
    with torch.no_grad():
        assert net(torch.randn(2, 2, *size)).shape == (2, 3, *size)


def test_the_unpadded_network_eats_what_the_paper_says() -> None:
    with torch.device("meta"):
        net = UNet(preset("classic-transpose", padding="valid"))
    assert net._fitting(388) == 572
    assert net._paper_padding() == 92


def test_the_unpadded_network_never_sees_the_end_of_its_padding(make_net: MakeNet) -> None:
    """Whether the mirrored border is computed by the network or handed to it is the same."""
    net = make_net(padding="valid", normalisation="none", filter_bank=False)
    image = torch.randn(1, 1, 33, 37)
    margin = 32
    enlarged = mirror_pad(image, [(margin, margin)] * 2)
    with torch.no_grad():
        inside = net(enlarged)[..., margin : margin + 33, margin : margin + 37]
        assert torch.allclose(net(image), inside, atol=1e-5)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_up_sampling_is_resizing_and_a_2x2_convolution(dimensions: int) -> None:
    layer = layers_for(dimensions).resized(3, 5, 2)
    image = torch.randn(2, 3, *(4, 5, 6)[:dimensions])
    resized = functional.interpolate(image, scale_factor=2.0, mode="nearest")
    padded = functional.pad(resized, [0, 1] * dimensions)
    convolve = functional.conv2d if dimensions == 2 else functional.conv3d
    expected = convolve(padded, layer.weight, layer.bias)
    assert torch.allclose(layer(image), expected, atol=1e-5)


def test_the_head_is_one_convolution_on_all_maps_resized(make_net: MakeNet) -> None:
    net = make_net(head_levels=3)
    with torch.no_grad():
        maps = net.feature_maps(torch.randn(1, 1, 24, 16))
        resized = [
            functional.interpolate(m, maps[0].shape[2:], mode="bilinear", align_corners=False)
            for m in maps
        ]
        weight = torch.cat([level.weight for level in net.head.levels], 1)
        expected = functional.conv2d(torch.cat(resized, 1), weight, net.head.levels[0].bias)
        assert [m.shape[1] for m in maps] == list(net.head_channels)
        assert torch.allclose(net.head(maps), expected, atol=1e-4)


def test_without_levels_and_bank_the_head_is_a_plain_convolution() -> None:
    with torch.device("meta"):
        net = UNet(preset("classic-resize"))
    assert [tuple(p.shape) for p in net.head.parameters()] == [(1, 2, 1, 1), (1,)]


def test_weights_are_drawn_after_he() -> None:
    torch.manual_seed(0)
    net = UNet(preset("classic-resize", base_width=32, depth=2))
    for name, weight in net.named_parameters():
        if name.endswith("bias"):
            assert not weight.any()
        elif weight.numel() > 5000:
            fan_in = weight[0].numel()
            assert float(weight.detach().std()) == pytest.approx((2 / fan_in) ** 0.5, rel=0.1)


def test_normalised_convolutions_have_no_bias(make_net: MakeNet) -> None:
    net = make_net(normalisation="group", base_width=6)
    names = [name for name, _ in net.named_parameters() if name.endswith("conv.bias")]
    assert names == []


@pytest.mark.parametrize("normalisation", ["none", "batch", "group", "instance"])
@pytest.mark.parametrize("upsampling", ["resize", "transpose"])
def test_every_weight_learns(make_net: MakeNet, normalisation: str, upsampling: str) -> None:
    net = make_net(normalisation=normalisation, upsampling=upsampling, dropout=0.1).train()
    net(torch.randn(2, 1, 32, 32)).square().mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())


def _found_radius(net: UNet) -> int:
    """How far one pixel is noticed: not-a-number spreads along every path of the network."""
    net.double()
    size = 2 * (net.radius // net.alignment + 2) * net.alignment
    found = 0
    for offset in range(net.alignment):
        image = torch.zeros(1, 1, net.alignment, size, dtype=torch.float64)
        image[..., size // 2 + offset] = torch.nan
        with torch.no_grad():
            noticed = net(image).isnan().flatten(0, 2).any(0).nonzero()
        pixel = size // 2 + offset
        found = max(found, pixel - int(noticed.min()), int(noticed.max()) - pixel)
    return found


class _DoubleBank(AdaptedBank):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).double()


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"depth": 3, "head_levels": 4, "filter_bank": False},
        {"upsampling": "transpose", "head_levels": 1},
        {"feature_count": 3, "depth": 1, "filter_bank": False},
        {"padding": "valid", "filter_bank": False},
        {"padding": "valid"},
    ],
)
def test_the_radius_is_exact(make_net: MakeNet, settings: dict[str, object]) -> None:
    net = make_net(base_width=2, **settings)
    if net.bank is not None:
        net.bank = _DoubleBank(2, 1).eval()
    assert _found_radius(net) == net.radius


@pytest.mark.parametrize("start", [(0, 0), (64, 8), (104, 40)])
def test_a_tile_of_the_default_network_equals_the_whole(start: tuple[int, int]) -> None:
    torch.manual_seed(0)
    net = UNet(preset("fast"))
    image = torch.randn(1, 1, 256, 261).cumsum(2).div(8).clamp(-3, 3)
    measure(net, [image])
    net = folded(net)
    assert net.alignment == 8
    box = [slice(max(0, s - 88), s + 32 + 88) for s in start]  # 88 is a multiple of 8
    assert net.radius <= 88
    with torch.no_grad():
        whole, tile = net(image), net(image[:, :, box[0], box[1]])
    inside = whole[:, :, start[0] : start[0] + 32, start[1] : start[1] + 32]
    offset = [s - b.start for s, b in zip(start, box, strict=True)]
    cut = tile[:, :, offset[0] : offset[0] + 32, offset[1] : offset[1] + 32]
    assert torch.allclose(cut, inside, atol=1e-4)


def test_probabilities_sum_to_one() -> None:
    scores = torch.randn(2, 3, 4, 5, dtype=torch.bfloat16)
    shares = probabilities(scores, ModelConfig(classes=3))
    assert shares.dtype == torch.float32
    assert torch.allclose(shares.sum(1), torch.ones(2, 4, 5))


def test_one_score_is_that_of_the_second_class() -> None:
    shares = probabilities(torch.full((1, 1, 2, 2), 3.0), ModelConfig(output="sigmoid"))
    assert shares.shape == (1, 2, 2, 2)
    assert (shares[:, 1] > 0.9).all()


def test_one_score_cannot_tell_three_classes_apart() -> None:
    with pytest.raises(UNetError, match="softmax"):
        UNet(ModelConfig(output="sigmoid", classes=3))


def test_weights_of_another_network_are_refused(make_net: MakeNet) -> None:
    net, other = make_net(), make_net(base_width=6)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    with pytest.raises(ModelFileError, match=r"other\.unet"):
        load_weights(net, other.state_dict(), "other.unet")
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


@pytest.mark.parametrize("wrong", ["missing", "unknown"])
def test_missing_and_unknown_weights_are_refused(make_net: MakeNet, wrong: str) -> None:
    weights = dict(make_net().state_dict())
    if wrong == "missing":
        weights.popitem()
    else:
        weights["extra"] = torch.zeros(1)
    with pytest.raises(ModelFileError, match="1 of them"):
        load_weights(make_net(), weights)


def test_pretrained_weights_give_the_same_answers(make_net: MakeNet) -> None:
    net, other = make_net(), make_net(normalisation="batch")
    for weights in other.parameters():
        weights.data.mul_(0.5)
    load_weights(net, other.state_dict())
    image = torch.randn(1, 1, 16, 16)
    with torch.no_grad():
        assert torch.equal(net(image), other(image))


@given(size=st.integers(1, 6), before=st.integers(0, 20), after=st.integers(0, 20))
def test_mirroring_goes_on_beyond_the_size_of_the_image(size: int, before: int, after: int) -> None:
    row = torch.arange(float(size)).reshape(1, 1, 1, size)
    padded = mirror_pad(row, [(0, 0), (before, after)]).flatten()
    assert torch.equal(padded[before : before + size], row.flatten())
    period = max(1, 2 * (size - 1))
    assert torch.equal(padded[period:], padded[: max(0, len(padded) - period)])
    assert (padded.diff().abs() <= 1).all()
