"""Volumes of long voxels: planned networks, start weights, memory."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest
import torch

from napari_unet.api import fit, predict
from napari_unet.core.assemble import assemble_arrays
from napari_unet.core.config import ModelConfig, PredictConfig, TrainConfig, preset
from napari_unet.core.errors import OutOfMemory
from napari_unet.core.events import Notice
from napari_unet.core.repaint import all_strokes
from napari_unet.core.volume_plan import plan_volume
from napari_unet.learn import instant, painted_parts
from napari_unet.learn import learning_memory as memory_module
from napari_unet.learn.checkpoint import load_model
from napari_unet.learn.devices import cpu
from napari_unet.learn.feature_cache import FeatureCache
from napari_unet.learn.first_network import first_network, planned
from napari_unet.learn.inflation import load_volume_start
from napari_unet.learn.inside import Insides
from napari_unet.learn.learner import Learner
from napari_unet.learn.learning_memory import bytes_to_learn, plan_learning, smaller
from napari_unet.learn.painted_parts import pictured_of
from napari_unet.learn.precision import Precision
from napari_unet.learn.predictor import Predictor
from napari_unet.learn.start_weights import load_start
from napari_unet.learn.statistics import measure
from napari_unet.learn.training import train
from napari_unet.learn.unet import UNet
from napari_unet.learn.volume_cells import cells

FLOAT32 = Precision(torch.float32, False)
LONG = plan_volume((5, 1, 1), (40, 128, 128), 2)
SMALL = ModelConfig(dimensions=3, base_width=2, depth=2, plan=LONG)


def stack(slices: int = 12, side: int = 48) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A bright tube in noise, its truth, and strokes on two slices."""
    rng = np.random.default_rng(0)
    z, y, x = np.indices((slices, side, side))
    truth = np.hypot(y - side / 2, x - side / 2 - z) < side / 5
    image = rng.normal(0, 0.4, truth.shape).astype(np.float32) + 2 * truth
    paint = np.zeros(truth.shape, np.uint8)
    for number in (3, 8):
        middle = side // 2 + number
        paint[number, side // 2 - 2 : side // 2 + 3, middle - 4 : middle + 5] = 2
        paint[number, 3:6, 4:40] = paint[number, 42:45, 4:40] = 1
    return image, truth, paint


# -- the network ------------------------------------------------------------------------------


@pytest.mark.parametrize("upsampling", ["resize", "transpose"])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_radius_along_each_axis_is_exact(upsampling: str, axis: int) -> None:
    """Not-a-number spreads along every path of the network."""
    plan = plan_volume((2.5, 1, 1), (64, 64, 64), 1)
    net = UNet(
        ModelConfig(
            dimensions=3, base_width=2, depth=1, plan=plan, upsampling=upsampling, filter_bank=False
        )
    ).eval()
    step = net.alignments[axis]
    side = 2 * (net.radii[axis] // step + 2) * step
    shape = [side if a == axis else net.alignments[a] for a in range(3)]
    found = 0
    for offset in range(step):
        image = torch.zeros(1, 1, *shape)
        pixel = side // 2 + offset
        image.select(2 + axis, pixel).fill_(torch.nan)
        with torch.no_grad():
            noticed = net(image).isnan()[0, 0]
        others = [a for a in range(3) if a != axis]
        where = noticed.any(others[1]).any(others[0]).nonzero()
        found = max(found, pixel - int(where.min()), int(where.max()) - pixel)
    assert found == net.radii[axis]


def test_far_slices_are_looked_at_less_far() -> None:
    net = UNet(SMALL)
    assert net.alignments[0] < net.alignments[1]
    assert net.radii[0] < net.radii[1] == net.radius
    assert net.context[0] < net.context[1]


@pytest.mark.parametrize("upsampling", ["resize", "transpose"])
def test_any_size_comes_out_as_it_went_in(upsampling: str) -> None:
    net = UNet(SMALL.changed(upsampling=upsampling)).eval()
    for size in [(1, 5, 7), (9, 33, 16), (4, 16, 16)]:
        assert net(torch.randn(1, 1, *size)).shape[2:] == size


def test_a_box_has_the_scores_it_has_in_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("napari_unet.learn.inside._STRIP", 900)
    monkeypatch.setattr("napari_unet.learn.inside._BANK_STRIP", 3000)
    net = UNet(SMALL.changed(feature_count=3)).eval()
    block = torch.randn(1, 1, 10, 40, 48)
    box = (slice(2, 7), slice(11, 30), slice(0, 9))
    with torch.inference_mode():
        part = Insides(net, torch.float32, strips=True).scores(block, box)
        torch.testing.assert_close(part, net(block)[(..., *box)], atol=1e-4, rtol=1e-4)


def test_filters_see_the_same_in_the_world_along_all_axes() -> None:
    """A blob stretched as the voxels are has the responses of the round one."""
    z, y, x = torch.meshgrid(*[torch.arange(-20.0, 21)] * 3, indexing="ij")
    round_blob = torch.exp(-(z**2 + y**2 + x**2) / 60)[None, None]
    flat = round_blob[:, :, ::2]
    bank = UNet(ModelConfig(dimensions=3, normalisation="none")).bank
    plan = plan_volume((2, 1, 1), (21, 41, 41), 3)
    other = UNet(ModelConfig(dimensions=3, normalisation="none", plan=plan)).bank
    assert bank is not None
    assert other is not None
    cubes, long = bank(round_blob)[0, :, ::2], other(flat)[0]
    for response in (1, 2, 3, 4, 5, 7, 8, 9):
        a, b = cubes[response, 3:-3, 8:-8, 8:-8], long[response, 3:-3, 8:-8, 8:-8]
        assert float((a - b).abs().max()) < 0.15 * float(a.abs().max()) + 0.02


# -- plans in use -----------------------------------------------------------------------------


def test_the_plan_comes_from_the_spacing_and_stays_with_the_model(tmp_path) -> None:
    image, truth, paint = stack()
    model = fit(
        image, paint, axes="ZYX", spacing=(4, 1, 1), dimensions=3, max_seconds=0,
        preset=ModelConfig(dimensions=3, base_width=4, depth=2), precision="float32",
    )  # fmt: skip
    assert model.config.plan is not None
    assert model.config.plan.spacing == (4, 1, 1)
    model.save(tmp_path / "long.unet")
    again = load_model(tmp_path / "long.unet")
    assert again.config == model.config
    answer = predict(again, image, axes="ZYX")
    assert (answer == predict(model, image, axes="ZYX")).all()
    unpainted = [z for z in range(12) if z not in (3, 8)]
    found = answer[unpainted] == 2
    union = (found | truth[unpainted]).sum()
    assert (found & truth[unpainted]).sum() / union > 0.6


def test_a_model_without_a_plan_is_as_it_was() -> None:
    assert UNet(ModelConfig(dimensions=3)).alignments == (8, 8, 8)
    assert planned(ModelConfig(), None) == ModelConfig()  # type: ignore[arg-type]


def test_volumes_begin_with_the_weights_that_ship_for_images() -> None:
    flat = load_start(preset("fast"))
    plan = plan_volume((5, 1, 1), (32, 128, 128), 3)
    net = load_volume_start(preset("fast").changed(dimensions=3, plan=plan))
    assert flat is not None
    assert net is not None
    own, shipped = net.state_dict(), flat.state_dict()
    name = "encoder.3.1.conv.weight"
    assert torch.equal(own[name][:, :, 1], shipped[name])
    assert not own[name][:, :, 0].any()
    name = "encoder.0.2.conv.weight"  # slices are too far apart to be convolved there
    assert torch.equal(own[name][:, :, 0], shipped[name])
    assert load_volume_start(preset("standard").changed(dimensions=3)) is None


def test_with_these_weights_a_stack_of_one_picture_is_seen_as_the_picture() -> None:
    """The deepest kernels look at one slice only, so that z adds nothing but the filters."""
    config = preset("fast").changed(dimensions=3, filter_bank=True)
    net = load_volume_start(config)
    assert net is not None
    net.eval()
    picture = torch.randn(1, 1, 1, 32, 32).cumsum(3) / 4
    volume = picture.expand(1, 1, 16, 32, 32).contiguous()
    measure(net, [volume])
    with torch.no_grad():
        maps = net.feature_maps(volume)
    middle = maps[0][:, :, 8]
    torch.testing.assert_close(maps[0][:, :, 4], middle, atol=1e-3, rtol=1e-2)


# -- memory -----------------------------------------------------------------------------------


def test_features_of_strokes_are_the_same_cell_by_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    image, _, paint = stack(20, 64)
    training = assemble_arrays(
        image, paint, axes="ZYX", mode="strokes", spacing=(2, 1, 1), spatial="ZYX"
    ).training
    net, _ = first_network(SMALL.changed(plan=None), training, "scratch", 0)
    net = net.eval().requires_grad_(False)
    whole = np.prod(image.shape)
    heads = []
    for limit in (whole, 10):
        monkeypatch.setattr(painted_parts, "WHOLE_SAMPLE", limit)
        features = FeatureCache(net, cpu(), FLOAT32)
        instant.solve_from(net, features, training, all_strokes(training))
        heads.append(torch.cat([w.detach().flatten().clone() for w in net.head.parameters()]))
    torch.testing.assert_close(heads[0], heads[1], atol=5e-2, rtol=5e-2)


def test_cells_hold_all_paint_once_and_little_is_kept() -> None:
    image, _, paint = stack(40, 200)
    training = assemble_arrays(image, paint, axes="ZYX", mode="strokes", spatial="ZYX").training
    net = UNet(SMALL)
    found = list(cells(image.shape, all_strokes(training), net))
    held = np.zeros(image.shape, int)
    for cell in found:
        held[cell.box] += 1
        sizes = [s.stop - s.start for s in cell.keep]
        assert prod(sizes) < 200_000
        assert all(s.start % step == 0 for s, step in zip(cell.look, net.alignments, strict=True))
    assert (held[paint > 0] == 1).all()
    pictured = pictured_of(training, 0)
    assert pictured.source.spatial_shape == image.shape


def test_a_volume_in_tiles_is_the_volume_at_once() -> None:
    image, _, paint = stack(20, 120)
    model = fit(
        image, paint, axes="ZYX", dimensions=3, max_seconds=0, precision="float32",
        spacing=(3, 1, 1), preset=ModelConfig(dimensions=3, base_width=4, depth=2),
    )  # fmt: skip
    source = assemble_arrays(
        image, paint, axes="ZYX", mode="strokes", spatial="ZYX", spacing=(3, 1, 1)
    ).training.images[0].source  # fmt: skip
    everything = tuple(slice(0, n) for n in image.shape)
    answers = []
    for size in (None, 96):
        config = PredictConfig(precision="float32", device="cpu", tile_size=size)
        predictor = Predictor(model, source, config)
        answers.append(predictor.probabilities(0, everything, exact=True))
    assert len(predictor.grid) > 1
    assert np.abs(answers[0] - answers[1]).max() < 2e-3


def test_patches_and_batches_shrink_with_the_free_memory() -> None:
    config = ModelConfig(dimensions=3, plan=plan_volume((2, 1, 1), (64, 512, 512), 3))
    wide = plan_learning((64, 512, 512), config, TrainConfig(), FLOAT32, free=10**11)
    assert wide.parts == 1
    assert prod(wide.patch) <= 320**2
    pixel = bytes_to_learn(config, FLOAT32)
    one = plan_learning(
        (64, 512, 512), config, TrainConfig(), FLOAT32, free=3 * prod(wide.patch) * pixel
    )
    assert (one.patch, one.parts) == (wide.patch, 2)
    short = plan_learning((64, 512, 512), config, TrainConfig(), FLOAT32, free=10**8)
    assert prod(short.patch) * 4 <= prod(wide.patch)
    assert smaller(wide.patch, (64, 512, 512), config) is not None


def test_images_need_what_they_did() -> None:
    plan = plan_learning((1000, 1000), ModelConfig(), TrainConfig(), FLOAT32, free=10**11)
    assert plan.patch == (320, 320)
    assert plan.parts == 1


@pytest.mark.parametrize("error", [MemoryError(), torch.OutOfMemoryError("CUDA out of memory")])
def test_first_batches_then_patches_shrink_then_the_cpu_takes_over(monkeypatch, error) -> None:
    image, _, paint = stack(24, 96)
    training = assemble_arrays(image, paint, axes="ZYX", mode="strokes", spatial="ZYX").training
    config = TrainConfig(
        max_seconds=None, max_steps=2, batch_size=2, patch_size=160, precision="float32"
    )
    sizes: list[tuple[int, int]] = []
    fallen: list[int] = []
    real = Learner._pass

    def full(self, images, targets, chances):
        parts = min(self.splits, len(images))
        sizes.append((len(images) // parts, prod(images.shape[2:])))
        if not fallen:
            raise error
        return real(self, images, targets, chances)

    monkeypatch.setattr(Learner, "_pass", full)
    monkeypatch.setattr(Learner, "fall_back", lambda self: not fallen and not fallen.append(1))
    events = list(_drive(train(training, SMALL.changed(plan=None), config)))
    said = [event.text for event in events if isinstance(event, Notice)]
    assert [("patches" in text, "CPU" in text) for text in said][-1] == (False, True)
    assert all("smaller patches" in text for text in said[:-1])
    assert sizes[0][0] == 2
    assert sizes[1][0] == 1
    voxels = [pixels for _, pixels in sizes]
    assert voxels == sorted(voxels, reverse=True)
    assert voxels[-1] < voxels[0] / 2


def test_when_the_computer_itself_is_full_patches_shrink_too(monkeypatch) -> None:
    image, _, paint = stack(24, 96)
    training = assemble_arrays(image, paint, axes="ZYX", mode="strokes", spatial="ZYX").training
    config = TrainConfig(max_seconds=None, max_steps=2, patch_size=160, precision="float32")
    from napari_unet.learn.batches import Batches

    real, calls = Batches.draw, []

    def full_once(self):
        calls.append(self.size)
        if len(calls) == 1:
            raise MemoryError
        return real(self)

    monkeypatch.setattr(Batches, "draw", full_once)
    events = list(_drive(train(training, SMALL.changed(plan=None), config)))
    assert any("smaller patches" in e.text for e in events if isinstance(e, Notice))
    assert prod(calls[1]) < prod(calls[0])


def test_with_little_memory_free_it_begins_small_and_says_so(monkeypatch) -> None:
    image, _, paint = stack(24, 96)
    training = assemble_arrays(image, paint, axes="ZYX", mode="strokes", spatial="ZYX").training
    monkeypatch.setattr(memory_module, "free_memory", lambda device: 10**7)
    config = TrainConfig(max_seconds=None, max_steps=1, precision="float32")
    events = list(_drive(train(training, SMALL.changed(plan=None), config)))
    (notice,) = [event for event in events if isinstance(event, Notice)]
    assert "little memory" in notice.text


def test_an_answer_that_does_not_fit_looks_only_near_strokes(monkeypatch) -> None:
    image, _, paint = stack(24, 96)
    training = assemble_arrays(image, paint, axes="ZYX", mode="strokes", spatial="ZYX").training
    net, _ = first_network(SMALL.changed(plan=None), training, "scratch", 0)
    learner = Learner(net, TrainConfig(precision="float32"), cpu())
    at_once = instant.AnswerAtOnce(training, learner)
    monkeypatch.setattr("napari_unet.learn.volume_cells._CELL", (8, 16, 16))
    monkeypatch.setattr("napari_unet.learn.reach._CONTEXT_3D", 8)
    sizes = []
    real = FeatureCache._compute

    def full(self, image, sample, box):
        sizes.append(prod(s.stop - s.start for s in box))
        if sizes[-1] > 200_000:
            raise MemoryError
        return real(self, image, sample, box)

    monkeypatch.setattr(FeatureCache, "_compute", full)
    at_once.solve(all_strokes(training))
    assert sizes[0] == image.size
    assert max(sizes[1:]) < image.size
    assert any(weight.any() for weight in learner.net.head.parameters())
    monkeypatch.setattr(FeatureCache, "_compute", lambda *_: (_ for _ in ()).throw(MemoryError))
    with pytest.raises(OutOfMemory, match="Close other programs"):
        instant.AnswerAtOnce(training, learner).solve(all_strokes(training))


def test_when_nothing_helps_the_error_says_what_to_do(monkeypatch) -> None:
    image, _, paint = stack()
    training = assemble_arrays(image, paint, axes="ZYX", mode="strokes", spatial="ZYX").training

    def full(*_args):
        raise MemoryError

    monkeypatch.setattr(Learner, "_pass", full)
    config = TrainConfig(max_seconds=None, max_steps=1, precision="float32", device="cpu")
    with pytest.raises(OutOfMemory, match="Choose a smaller"):
        list(_drive(train(training, SMALL.changed(plan=None), config)))


def _drive(events):
    """Everything a training yields."""
    while True:
        try:
            yield next(events)
        except StopIteration:
            return
