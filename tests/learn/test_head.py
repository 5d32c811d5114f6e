"""The instant answer: the head solved from paint."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage
from skimage import data
from torch import Tensor

from napari_unet.core.annotations import UNPAINTED
from napari_unet.core.config import preset
from napari_unet.core.errors import NothingPainted
from napari_unet.learn.blocks import enlarge
from napari_unet.learn.head import _interpolate, solve_head
from napari_unet.learn.statistics import measure
from napari_unet.learn.unet import UNet, probabilities

MakeNet = Callable[..., UNet]


def _scene(classes: int = 2) -> tuple[Tensor, Tensor]:
    """An image of vertical bands, one brightness per class, and which class is where."""
    bands = torch.arange(48) * classes // 48
    truth = bands.expand(32, 48).to(torch.uint8)
    noise = torch.randn(32, 48, generator=torch.Generator().manual_seed(0)) * 0.05
    return ((truth / max(1, classes - 1)) * 2 - 1 + noise)[None, None], truth


def _strokes(truth: Tensor) -> Tensor:
    """Paint on two rows only."""
    paint = torch.full_like(truth, UNPAINTED)
    paint[[8, 20]] = truth[[8, 20]]
    return paint


def _solved(net: UNet, image: Tensor, paint: Tensor, **options: object) -> Tensor:
    """Probabilities of the network once its head is solved."""
    measure(net, [image])
    with torch.no_grad():
        maps = net.feature_maps(image)
        solve_head(net, [maps], [paint], net.config.classes, **options)  # type: ignore[arg-type]
        return probabilities(net(image), net.config)[0]


def _accuracy(found: Tensor, truth: Tensor) -> float:
    return float((found.argmax(0) == truth).float().mean())


@given(
    factor=st.sampled_from([1, 2, 4, 8]),
    size=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    seed=st.integers(0, 99),
)
def test_features_are_read_as_the_head_resizes_them(
    factor: int, size: tuple[int, int], seed: int
) -> None:
    coarse = torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(seed))
    fine = enlarge(coarse, factor)[0]
    place = (fine[0] == fine[0]).nonzero()
    assert torch.allclose(_interpolate(coarse[0], place, factor), fine.flatten(1).T, atol=1e-5)


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_strokes_teach_all_of_the_image(make_net: MakeNet, classes: int) -> None:
    image, truth = _scene(classes)
    found = _solved(make_net(classes=classes), image, _strokes(truth))
    assert _accuracy(found, truth) > 0.85


@pytest.mark.parametrize(
    "settings",
    [
        {"output": "sigmoid"},
        {"head_levels": 1, "filter_bank": False, "base_width": 16},
        {"padding": "valid", "head_levels": 3},
        {"normalisation": "none", "upsampling": "transpose"},
    ],
)
def test_every_kind_of_head_can_be_solved(make_net: MakeNet, settings: dict[str, object]) -> None:
    image, truth = _scene()
    assert _accuracy(_solved(make_net(**settings), image, _strokes(truth)), truth) > 0.9


def test_volumes_and_several_images(make_net: MakeNet) -> None:
    net = make_net(dimensions=3, depth=1)
    image, truth = _scene()
    volume, paint = image[:, :, None].repeat(1, 1, 6, 1, 1), _strokes(truth)
    targets = [torch.full((6, 32, 48), UNPAINTED, dtype=torch.uint8) for _ in range(3)]
    targets[0][2] = torch.where(paint == 0, paint, UNPAINTED)
    targets[2][3] = torch.where(paint == 1, paint, UNPAINTED)
    with torch.no_grad():
        maps = [net.feature_maps(volume)] * 3
        solve_head(net, maps, targets, 2)
        assert _accuracy(net(volume)[0], truth.expand(6, -1, -1)) > 0.9


def test_rare_classes_are_not_drowned(make_net: MakeNet) -> None:
    image, truth = _scene()
    paint = torch.where(truth == 0, truth, UNPAINTED)
    paint[8, 40:48] = 1  # 8 pixels against 768
    assert _accuracy(_solved(make_net(), image, paint), truth) > 0.9


def test_classes_nobody_painted_are_unlikely(make_net: MakeNet) -> None:
    image, truth = _scene()
    paint = _strokes(truth)
    paint[paint == 1] = 200
    found = _solved(make_net(classes=254), image, paint)
    assert set(found.argmax(0).unique().tolist()) <= {0, 200}
    absent = [number for number in range(254) if number not in (0, 200)]
    assert float(found[absent].sum(0).max()) < 0.1


def test_a_single_class_wins_everywhere(make_net: MakeNet) -> None:
    image, truth = _scene()
    paint = torch.where(truth == 1, truth, UNPAINTED)
    assert (_solved(make_net(), image, paint).argmax(0) == 1).all()


def test_one_pixel_of_each_class_is_enough_not_to_fail(make_net: MakeNet) -> None:
    image, _ = _scene()
    paint = torch.full((32, 48), UNPAINTED, dtype=torch.uint8)
    paint[4, 4], paint[4, 40] = 0, 1
    found = _solved(make_net(), image, paint)
    assert found.isfinite().all()
    assert found[0, 4, 4] > 0.5 > found[0, 4, 40]


def test_no_paint_is_an_error(make_net: MakeNet) -> None:
    image, truth = _scene()
    with pytest.raises(NothingPainted):
        _solved(make_net(), image, torch.full_like(truth, UNPAINTED))


def test_only_painted_pixels_and_only_the_head_matter(make_net: MakeNet) -> None:
    image, truth = _scene()
    net = make_net()
    other = copy.deepcopy(net)
    paint = _strokes(truth)
    with torch.no_grad():
        maps = net.feature_maps(image)
        changed = [m.clone() for m in maps]
        for fine in (0, -1):  # the maps at full resolution are read at painted pixels alone
            changed[fine][:, :, 28:] = 1e3
        solve_head(net, [maps], [paint], 2)
        solve_head(other, [changed], [paint], 2)
    for name, value in net.state_dict().items():
        assert torch.equal(value, other.state_dict()[name])
    trunk = {k: v for k, v in make_net().state_dict().items() if not k.startswith("head")}
    assert all(torch.equal(net.state_dict()[name], value) for name, value in trunk.items())


def test_the_same_paint_gives_the_same_head(make_net: MakeNet) -> None:
    image, truth = _scene()
    torch.manual_seed(1)
    first = _solved(make_net(), image, truth, most=50)
    torch.manual_seed(2)
    assert torch.equal(first, _solved(make_net(), image, truth, most=50))


def test_weights_say_which_paint_counts(make_net: MakeNet) -> None:
    """Wrong paint of no weight does no harm."""
    image, truth = _scene()
    paint = _strokes(truth)
    paint[25:30] = 1 - truth[25:30]
    weights = torch.ones(paint.shape)
    weights[25:30] = 1e-6
    assert _accuracy(_solved(make_net(), image, paint), truth) < 0.9
    assert _accuracy(_solved(make_net(), image, paint, weights=[weights]), truth) > 0.9


def test_probabilities_are_honest(make_net: MakeNet) -> None:
    """Where a quarter of the paint says otherwise, the probability is about three quarters."""
    image, truth = _scene()
    wrong = torch.rand(truth.shape, generator=torch.Generator().manual_seed(1)) < 0.25
    paint = torch.where(wrong, 1 - truth, truth)
    found = _solved(make_net(), image, paint, ridge=0.03)
    right = found.gather(0, truth[None].long())
    assert 0.65 < float(right.mean()) < 0.85


def _coins() -> tuple[Tensor, Tensor, np.ndarray]:
    """The coins of scikit-image, three strokes, and a mask good enough to judge by."""
    coins = data.coins()[:200].astype(np.float32)
    truth = ndimage.binary_fill_holes(ndimage.gaussian_filter(coins, 2) > 115)
    truth = ndimage.binary_opening(truth, iterations=3)
    paint = np.full(coins.shape, UNPAINTED, np.uint8)
    paint[3:6, 30:370] = 0
    paint[95:98, 100:300][~truth[95:98, 100:300]] = 0
    labels, count = ndimage.label(truth)
    for number in range(1, count + 1, 4):
        row, column = (int(c) for c in ndimage.center_of_mass(truth, labels, number))
        paint[row - 8 : row + 8, column - 1 : column + 2] = 1
    low, high = np.percentile(coins, (0.5, 99.5))
    image = torch.from_numpy((coins - low) / (high - low) * 2 - 1)
    return image[None, None], torch.from_numpy(paint), truth


def test_a_network_that_never_learned_finds_coins() -> None:
    image, paint, truth = _coins()
    torch.manual_seed(0)
    net = UNet(preset("fast")).eval()
    found = _solved(net, image, paint).argmax(0).numpy() == 1
    assert (found & truth).sum() / (found | truth).sum() > 0.7
