"""Feature statistics: exactly those of the inputs, and gone after folding."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from napari_unet.learn.statistics import folded, measure
from napari_unet.learn.unet import UNet

MakeNet = Callable[..., UNet]


def _statistics(net: nn.Module) -> dict[str, Tensor]:
    return {k: v.clone() for k, v in net.state_dict().items() if "running" in k}


def _answer(net: nn.Module, image: Tensor) -> Tensor:
    with torch.no_grad():
        answer: Tensor = net(image)
    return answer


def _image(*size: int) -> Tensor:
    return torch.randn(1, 1, *size, generator=torch.Generator().manual_seed(7)).cumsum(-1) / 4


def test_the_network_answers_as_if_it_normalised_by_the_image(make_net: MakeNet) -> None:
    net, image = make_net(), _image(40, 36)
    expected = _answer(copy.deepcopy(net).train(), image)
    assert not torch.allclose(_answer(net, image), expected, atol=0.1)
    measure(net, [image])
    assert torch.allclose(_answer(net, image), expected, atol=1e-4)


def test_inputs_of_one_shape_count_as_one(make_net: MakeNet) -> None:
    images = torch.randn(3, 1, 24, 24) * torch.tensor([0.1, 1.0, 3.0]).reshape(3, 1, 1, 1)
    whole, parts = make_net(), make_net()
    measure(whole, [images])
    measure(parts, (image[None] for image in images))
    for name, value in _statistics(whole).items():
        assert torch.allclose(value, _statistics(parts)[name], atol=1e-5), name


def test_every_pixel_of_differently_sized_inputs_weighs_the_same(make_net: MakeNet) -> None:
    net = make_net(filter_bank=False)
    small, large = _image(8, 8) + 2, _image(16, 24)
    measure(net, [small, large])
    first = net.encoder[0][0]
    with torch.no_grad():
        pixels = torch.cat([first.conv(x).flatten(2) for x in (small, large)], 2)
    assert torch.allclose(first.norm.running_mean, pixels.mean((0, 2)), atol=1e-5)
    assert torch.allclose(first.norm.running_var, pixels.var((0, 2), correction=0), atol=1e-4)


def test_the_same_inputs_give_the_same_statistics(make_net: MakeNet) -> None:
    net, image = make_net(), _image(32, 32)
    measure(net, [image])
    first = _statistics(net)
    measure(net, [torch.zeros(1, 1, 16, 16)])
    measure(net, [image])
    assert all(torch.equal(value, first[name]) for name, value in _statistics(net).items())


def test_dropout_is_off_and_modes_stay(make_net: MakeNet) -> None:
    net = make_net(dropout=0.5).train()
    net.head.eval()
    image = _image(32, 32)
    measure(net, [image])
    first = _statistics(net)
    measure(net, [image])
    assert all(torch.equal(value, first[name]) for name, value in _statistics(net).items())
    assert net.training
    assert net.encoder[2].training
    assert not net.head.training


def test_a_single_pixel_can_be_measured(make_net: MakeNet) -> None:
    net, image = make_net(), torch.ones(1, 1, 1, 1)
    measure(net, [image])
    assert _answer(net, image).isfinite().all()


def test_a_failure_leaves_no_hooks(make_net: MakeNet) -> None:
    net = make_net().train()
    with pytest.raises(RuntimeError):
        measure(net, [torch.zeros(1, 5, 8, 8)])  # five channels instead of one
    assert net.training
    assert not any(module._forward_pre_hooks for module in net.modules())


def test_a_failure_leaves_the_statistics_as_they_were(make_net: MakeNet) -> None:
    net = make_net(filter_bank=False)
    measure(net, [_image(16, 16)])
    first = _statistics(net)
    with pytest.raises(RuntimeError):
        measure(net, [_image(24, 24) + 2, torch.zeros(1, 5, 8, 8)])
    assert all(torch.equal(value, first[name]) for name, value in _statistics(net).items())


@pytest.mark.parametrize("own", [0.0, 0.3, 1.0])
def test_two_images_mixed_count_as_if_both_were_seen(make_net: MakeNet, own: float) -> None:
    net, first, second = make_net(filter_bank=False), _image(24, 24), 3 * _image(32, 32) - 1
    measure(net, [first])
    measure(net, [second], own)
    unit = net.encoder[0][0]
    with torch.no_grad():
        ours, theirs = (unit.conv(x).flatten(2) for x in (second, first))
    mean = own * ours.mean((0, 2)) + (1 - own) * theirs.mean((0, 2))
    square = own * ours.square().mean((0, 2)) + (1 - own) * theirs.square().mean((0, 2))
    assert torch.allclose(unit.norm.running_mean, mean, atol=1e-5)
    assert torch.allclose(unit.norm.running_var, square - mean**2, rtol=1e-3, atol=1e-4)


def test_without_batch_normalisation_nothing_is_run(make_net: MakeNet) -> None:
    measure(make_net(normalisation="group"), [torch.zeros(1, 5, 8, 8)])


@pytest.mark.parametrize(
    "settings",
    [{}, {"upsampling": "transpose"}, {"dimensions": 3, "depth": 1}, {"feature_count": 3}],
)
def test_folding_changes_nothing_but_the_layers(
    make_net: MakeNet, settings: dict[str, object]
) -> None:
    net = make_net(**settings)
    image = _image(*(16, 20, 24)[: net.config.dimensions])
    measure(net, [image])
    before = copy.deepcopy(net.state_dict())
    lean = folded(net.train())
    left = [name for name, m in lean.named_modules() if "BatchNorm" in type(m).__name__]
    assert left == ["bank.norm"]
    assert not lean.training
    assert not any(weights.requires_grad for weights in lean.parameters())
    assert net.training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert torch.allclose(_answer(lean, image), _answer(net.eval(), image), atol=1e-4)


def test_folding_leaves_other_normalisations_alone(make_net: MakeNet) -> None:
    net, image = make_net(normalisation="instance"), _image(16, 16)
    assert torch.equal(_answer(folded(net), image), _answer(net, image))
