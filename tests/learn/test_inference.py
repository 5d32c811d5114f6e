"""Prediction: tiled equals whole, any size goes in, memory may run out anywhere, stop is obeyed."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch

from napari_unet.core.annotations import ClassMap
from napari_unet.core.axes import AxesSpec
from napari_unet.core.cancel import CancelToken
from napari_unet.core.config import ModelConfig, PredictConfig, preset
from napari_unet.core.errors import AxesError, ChannelMismatch, DeviceUnavailable, OutOfMemory
from napari_unet.core.events import Notice, TileDone
from napari_unet.core.normalize import Normalisation
from napari_unet.core.source import ImageSource
from napari_unet.core.tiles import box_shape
from napari_unet.learn import forward, predictor
from napari_unet.learn.adapt import statistics_crops
from napari_unet.learn.devices import Device, cpu
from napari_unet.learn.inference import Predictor, measure_on, predict
from napari_unet.learn.model import Model
from napari_unet.learn.precision import Precision
from napari_unet.learn.statistics import folded
from napari_unet.learn.stopping import Stopped
from napari_unet.learn.unet import UNet, probabilities

FLOAT32 = PredictConfig(precision="float32")
SMALL = ModelConfig(base_width=4, depth=2)
TINY = ModelConfig(base_width=4, depth=1, filter_bank=False)
GRID = PredictConfig(precision="float32", tile_size=64)


def trained(config: ModelConfig) -> Model:
    """A model whose scores are as decided, and statistics as uneven, as after training."""
    torch.manual_seed(0)
    net = UNet(config)
    with torch.no_grad():
        for name, weight in net.named_parameters():
            if name.startswith("head"):
                weight *= 4
            elif weight.ndim == 1:
                weight += 0.3 * torch.randn_like(weight)
    return Model(
        net,
        ClassMap(tuple(range(1, config.classes + 1))),
        Normalisation((0.0,) * config.input_channels, (200.0,) * config.input_channels),
    )


@cache
def small_model() -> Model:
    return trained(SMALL)


@cache
def tiny_model() -> Model:
    """It looks no further than a few pixels, so that small images have many tiles."""
    return trained(TINY)


def image(*shape: int, seed: int = 0) -> np.ndarray:
    """Blobs with noise, 8-bit."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    blobs = gaussian_filter(rng.random(shape), [4 if n > 16 else 0 for n in shape])
    spread = (blobs - blobs.min()) / max(float(np.ptp(blobs)), 1e-9)
    return (200 * spread + 30 * rng.random(shape)).astype(np.uint8)


def source(array: np.ndarray, axes: str = "YX", **kwargs) -> ImageSource:
    return ImageSource(array, AxesSpec(axes, **kwargs))


def exhaust(work):
    """All events of a generator, and what it returns."""
    events = []
    while True:
        try:
            events.append(next(work))
        except StopIteration as end:
            return events, end.value


def whole(model, where, config=FLOAT32, **kwargs):
    return exhaust(predict(model, where, config, want_probabilities=True, **kwargs))[1]


@pytest.fixture
def _one_at_a_time(monkeypatch):
    """So little memory that tiles are not computed together."""
    monkeypatch.setattr(predictor, "free_memory", lambda device: 10**5)


# -- tiled equals untiled ---------------------------------------------------------------------


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "auto"])
def test_tiles_of_the_default_network_agree_with_one_tile(precision):
    model, where = trained(preset("fast")), source(image(333, 420))
    tiled = PredictConfig(tile_size=264, precision=precision)
    assert len(Predictor(model, where, tiled).grid) > 4
    one = whole(model, where, PredictConfig(tile_size=1024, precision=precision))
    many = whole(model, where, tiled)
    assert np.std(one.probabilities) > 0.01
    np.testing.assert_allclose(many.probabilities, one.probabilities, atol=1e-3)
    assert (many.labels != one.labels).mean() < 1e-3


@pytest.mark.parametrize(
    "changes",
    [
        {"upsampling": "transpose"},
        {"padding": "valid"},
        {"normalisation": "none", "filter_bank": False, "output": "sigmoid", "head_levels": 1},
        {"feature_count": 2, "classes": 3},
        {"depth": 1, "input_channels": 2},
    ],
    ids="-".join,
)
def test_tiles_of_other_networks_agree_with_one_tile(changes):
    model = trained(SMALL.changed(**changes))
    channels = model.config.input_channels
    array = image(211, 187) if channels == 1 else image(channels, 211, 187)
    where = source(array, "YX" if channels == 1 else "CYX")
    tiled = PredictConfig(tile_size=144, precision="float32")
    assert len(Predictor(model, where, tiled).grid) > 1
    one, many = whole(model, where), whole(model, where, tiled)
    np.testing.assert_allclose(many.probabilities, one.probabilities, atol=1e-4)


def test_tiles_agree_with_one_tile_where_answers_are_smoothed():
    model = trained(SMALL)
    model.net.head.smoothing = 12.0
    where = source(image(311, 287))
    tiled = PredictConfig(tile_size=264, precision="float32")
    one, many = whole(model, where), whole(model, where, tiled)
    assert len(Predictor(model, where, tiled).grid) > 1
    np.testing.assert_allclose(many.probabilities, one.probabilities, atol=1e-4)
    part = (slice(100, 180), slice(90, 200))
    alone = Predictor(model, where, FLOAT32).probabilities(0, part)
    np.testing.assert_allclose(alone, one.probabilities[0][:, *part], atol=1e-4)
    model.net.head.smoothing = 0.0
    assert (whole(model, where).labels != one.labels).mean() > 1e-3


def test_tiles_of_a_volume_agree_with_one_tile():
    model = trained(ModelConfig(dimensions=3, base_width=2, depth=1))
    where = source(image(9, 130, 40), "ZYX", spatial="ZYX")
    tiled = PredictConfig(tile_size=112, precision="float32")
    assert len(Predictor(model, where, tiled).grid) > 1
    one, many = whole(model, where), whole(model, where, tiled)
    assert one.labels.shape == (1, 9, 130, 40)
    np.testing.assert_allclose(many.probabilities, one.probabilities, atol=1e-4)


def test_the_network_alone_gives_the_same():
    """Nothing in between normalises, pads or crops differently."""
    model, array = small_model(), image(120, 96)
    where = source(array)
    result = whole(model, where, FLOAT32.changed(normalisation="training"))
    net = model.copy().net
    measure_on(net, where, model.normalisation, cpu())
    data = torch.from_numpy(model.normalisation.apply(array[None]))[None]
    with torch.inference_mode():
        expected = probabilities(folded(net)(data), model.config).numpy()
    np.testing.assert_allclose(result.probabilities, expected, atol=1e-4)


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (2, 3), (7, 7), (63, 65), (5, 300)])
def test_any_size_goes_in_and_comes_out(shape):
    result = whole(tiny_model(), source(image(*shape)), GRID)
    assert result.labels.shape == (1, *shape)
    assert result.probabilities.shape == (1, 2, *shape)
    np.testing.assert_allclose(result.probabilities.sum(1), 1, atol=1e-5)
    assert set(np.unique(result.labels)) <= {0, 2}


def test_flips_average_mirrored_copies_and_tiles_still_agree():
    model, array = small_model(), image(93, 150)
    config = FLOAT32.changed(flips=True, statistics="training", normalisation="training")
    plain = whole(model, source(array), config)
    mirrored = whole(model, source(array[:, ::-1].copy()), config)
    tiled = whole(model, source(array), config.changed(tile_size=136))
    # the width is no multiple of the network's stride, so that a mirrored image is padded
    # at its other side: only far from the border is the answer mirrored exactly
    inner = (slice(None), slice(None), slice(48, -48), slice(60, -60))
    back = mirrored.probabilities[..., ::-1]
    np.testing.assert_allclose(plain.probabilities[inner], back[inner], atol=0.05)
    np.testing.assert_allclose(plain.probabilities, tiled.probabilities, atol=1e-4)
    once = whole(model, source(array), config.changed(flips=False))
    assert np.abs(once.probabilities - plain.probabilities).max() > 1e-3


# -- parts of an image ------------------------------------------------------------------------


@pytest.mark.usefixtures("_one_at_a_time")
def test_any_box_is_what_the_whole_has_there():
    model, where = small_model(), source(image(150, 170))
    fitted = Predictor(model, where, PredictConfig(precision="float32", tile_size=136))
    everything = fitted.probabilities(0, (slice(0, 150), slice(0, 170)), exact=True)
    result = whole(model, where, PredictConfig(precision="float32", tile_size=136))
    assert np.array_equal(result.probabilities[0], everything)
    for box in [(slice(0, 150), slice(0, 170)), (slice(3, 4), slice(169, 170)),
                (slice(60, 101), slice(50, 90))]:  # fmt: skip
        part = fitted.probabilities(0, box, exact=True)
        assert np.array_equal(part, everything[(slice(None), *box)])
        np.testing.assert_allclose(fitted.probabilities(0, box), part, atol=1e-5)


def test_a_small_box_of_a_large_image_is_cheap(monkeypatch):
    fitted = Predictor(small_model(), source(image(300, 300)), FLOAT32)
    read = []
    engine = forward.Engine.probabilities
    monkeypatch.setattr(
        forward.Engine,
        "probabilities",
        lambda self, blocks, box=None: read.append(blocks.shape) or engine(self, blocks, box),
    )
    fitted.probabilities(0, (slice(150, 158), slice(150, 158)))
    assert read == [(1, 1, *[8 + 2 * -(-fitted.halo // 4) * 4] * 2)] or max(read[0]) < 200


def test_samples_are_predicted_on_their_own_but_together():
    model, stack = small_model(), image(5, 40, 48)
    config = FLOAT32.changed(statistics="training", normalisation="training")
    result = whole(model, source(stack, "TYX"), config)
    assert result.labels.shape == (5, 40, 48)
    for number in (0, 4):
        alone = whole(model, source(stack[number]), config)
        np.testing.assert_allclose(result.probabilities[number], alone.probabilities[0], atol=1e-5)


# -- events, labels ---------------------------------------------------------------------------


def test_tiles_are_reported_one_by_one_with_their_labels():
    where = source(image(2, 100, 90), "TYX")
    work = predict(tiny_model(), where, GRID, want_probabilities=True)
    events, result = exhaust(work)
    tiles = [e for e in events if isinstance(e, TileDone)]
    assert [e.done for e in tiles] == list(range(1, len(tiles) + 1))
    assert {e.of for e in tiles} == {len(tiles)}
    assert len(tiles) > 4
    seen = np.zeros((2, 100, 90), int)
    shown = np.zeros_like(result.labels)
    for tile in tiles:
        assert tile.labels.shape == box_shape(tile.box)
        seen[tile.sample][tile.box] += 1
        shown[tile.sample][tile.box] = tile.labels
    assert (seen == 1).all()
    assert (shown != result.labels).mean() < 0.02
    assert result.labels.dtype == tiles[0].labels.dtype


def test_labels_are_decided_by_the_settings():
    where, model = source(image(80, 80)), small_model()
    plain = whole(model, where)
    assert np.array_equal(plain.labels[0] > 0, plain.probabilities[0, 1] > 0.5)
    config = FLOAT32.changed(threshold=0.8)
    assert np.array_equal(whole(model, where, config).labels > 0, plain.probabilities[:, 1] >= 0.8)
    everything = whole(model, where, FLOAT32.changed(smallest_object=6401))
    assert not everything.labels.any()


def test_without_probabilities_there_are_none():
    assert exhaust(predict(small_model(), source(image(30, 30)), FLOAT32))[1].probabilities is None


def test_the_model_is_left_as_it_is():
    model = small_model()
    before = {k: v.clone() for k, v in model.net.state_dict().items()}
    exhaust(predict(model, source(image(90, 90)), FLOAT32))
    assert all(torch.equal(v, before[k]) for k, v in model.net.state_dict().items())


# -- one normalisation, one set of statistics -------------------------------------------------


def test_statistics_are_measured_on_a_bounded_part_that_is_always_the_same():
    identity = Normalisation((0.0,), (255.0,))
    small = statistics_crops(source(image(100, 120)), identity, 8)
    assert [c.shape for c in small] == [(1, 1, 100, 120)]
    large = source(np.broadcast_to(np.arange(5000, dtype=np.uint16), (4000, 5000)))
    crops = statistics_crops(large, identity, 8)
    assert sum(c.numel() for c in crops) < 400_000
    assert all(torch.equal(a, b) for a, b in zip(crops, statistics_crops(large, identity, 8)))
    assert statistics_crops(source(image(9, 9)), identity, 8) == []


def test_the_intensities_of_an_image_do_not_matter_but_those_of_training_do():
    model, array = small_model(), image(90, 90)
    dark = whole(model, source(array)).probabilities
    bright = whole(model, source(array.astype(np.uint16) * 100 + 7)).probabilities
    np.testing.assert_allclose(dark, bright, atol=1e-3)
    fixed = FLOAT32.changed(normalisation="training", statistics="training")
    other = whole(model, source(array.astype(np.uint16) * 100 + 7), fixed).probabilities
    assert np.abs(other - bright).max() > 0.01


def test_statistics_of_an_image_are_mixed_with_those_kept_in_the_model():
    where, model = source(image(90, 90)), small_model().copy()
    kept, own = (whole(model, where, FLOAT32.changed(statistics=s)) for s in ("training", "image"))
    assert np.array_equal(
        whole(model, where).probabilities, own.probabilities
    )  # none were measured
    model.own_share = 0.3
    both = whole(model, where).probabilities
    assert np.abs(both - own.probabilities).max() > 0.01
    assert np.abs(both - kept.probabilities).max() > 0.01
    model.own_share = 0.0
    np.testing.assert_allclose(whole(model, where).probabilities, kept.probabilities, atol=1e-5)


def test_where_a_channel_is_missing_an_image_has_its_own_statistics():
    model = trained(ModelConfig(base_width=4, depth=2, input_channels=2))
    array = np.stack([image(80, 80), image(80, 80, seed=1)]).astype(np.float32)
    model.own_share = 0.3
    for missing in (False, True):
        array[0] = np.nan if missing else array[0]
        answers = [
            whole(model, source(array, "CYX"), FLOAT32.changed(statistics=s)).probabilities
            for s in ("both", "image")
        ]
        assert np.array_equal(*answers) == missing


@pytest.mark.parametrize("value", [7, np.nan])
def test_a_flat_image_is_predicted_with_a_word_of_warning(value):
    events, result = exhaust(predict(small_model(), source(np.full((70, 70), value)), FLOAT32))
    assert isinstance(events[0], Notice)
    assert "same value" in events[0].text
    assert result.notices == (events[0].text,)
    assert result.labels.shape == (1, 70, 70)


def test_pixels_without_a_value_do_not_spread():
    array = image(100, 100).astype(np.float32)
    broken = array.copy()
    broken[10, 10] = np.nan
    broken[11, 10] = np.inf
    result = whole(small_model(), source(broken))
    assert np.isfinite(result.probabilities).all()


# -- what does not go together ----------------------------------------------------------------


def test_another_number_of_channels_is_refused():
    with pytest.raises(ChannelMismatch, match="Choose an image"):
        next(predict(small_model(), source(image(3, 40, 40), "CYX"), FLOAT32))


def test_a_flat_model_refuses_a_volume():
    with pytest.raises(AxesError, match="2D"):
        next(predict(small_model(), source(image(9, 40, 40), "ZYX", spatial="ZYX"), FLOAT32))


def test_a_device_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceUnavailable):
        next(predict(small_model(), source(image(40, 40)), PredictConfig(device="cuda")))


# -- stopping ---------------------------------------------------------------------------------


def test_stopping_before_the_first_tile():
    cancel = CancelToken()
    cancel.cancel()
    events, result = exhaust(predict(small_model(), source(image(99, 99)), FLOAT32, cancel=cancel))
    assert events == []
    assert result.stopped
    assert result.labels is None


@pytest.mark.usefixtures("_one_at_a_time")
def test_stopping_in_the_middle_of_a_tile(monkeypatch):
    """No further layer is computed once somebody has said stop."""
    cancel, after = CancelToken(), []
    pooling = torch.nn.MaxPool2d.forward

    def pool(self, x):
        if cancel.cancelled:
            after.append(x)
        cancel.cancel()
        return pooling(self, x)

    work = predict(tiny_model(), source(image(99, 99)), GRID, cancel=cancel)
    assert next(work).of > 2
    monkeypatch.setattr(torch.nn.MaxPool2d, "forward", pool)
    events, result = exhaust(work)
    assert (events, after, result.stopped) == ([], [], True)


def test_stopping_between_two_tiles_that_were_computed_together():
    cancel = CancelToken()
    work = predict(tiny_model(), source(image(99, 99)), GRID, cancel=cancel)
    next(work)
    cancel.cancel()
    events, result = exhaust(work)
    assert events == []
    assert result.stopped


def test_a_predictor_says_that_it_was_stopped():
    cancel = CancelToken()
    fitted = Predictor(small_model(), source(image(99, 99)), FLOAT32, cancel=cancel)
    cancel.cancel()
    with pytest.raises(Stopped):
        fitted.probabilities(0, (slice(0, 9), slice(0, 9)))


# -- running out of memory --------------------------------------------------------------------

CUDA_FULL = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
CPU_FULL = RuntimeError(
    "[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"
)
MPS_FULL = RuntimeError("MPS backend out of memory (MPS allocated: 8.00 GB, max allowed: 9 GB)")


class Memory:
    """A device that can hold so many pixels at once, by the network's first layer."""

    def __init__(self, monkeypatch, error: BaseException = CUDA_FULL) -> None:
        self.pixels: float = float("inf")
        self.cpu_pixels: float = float("inf")
        self.on_gpu = True
        self.seen: list[tuple[int, ...]] = []
        self.passes = 0
        self.fail_at: int | None = None
        scores = forward.Insides.scores

        def limited(insides, x, box):
            self.passes += 1
            room = self.pixels if self.on_gpu else self.cpu_pixels
            if x[:, 0].numel() > room or self.passes == self.fail_at:
                raise error
            self.seen.append(tuple(x.shape))
            return scores(insides, x, box)

        place = forward.Engine._place

        def moved(engine):
            self.on_gpu = not engine.device.is_cpu
            place(engine)

        monkeypatch.setattr(forward.Insides, "scores", limited)
        monkeypatch.setattr(forward.Engine, "_place", moved)


@pytest.fixture
def gpu(monkeypatch):
    """A device that calls itself a GPU and computes on the CPU."""
    device = Device("cuda:0", "NVIDIA RTX 4090, 24 GB", torch.device("cpu"))
    kind = property(lambda self: self.name == "cpu")
    monkeypatch.setattr(Device, "is_cpu", kind)
    monkeypatch.setattr(predictor, "choose_device", lambda name: device)
    return device


@pytest.mark.parametrize("error", [CUDA_FULL, CPU_FULL, MPS_FULL, MemoryError()])
@pytest.mark.parametrize(
    ("pixels", "said"),
    [
        (3 * 96 * 100, ["fewer tiles"]),
        (96 * 100, ["fewer tiles"]),
        (96 * 60, ["fewer tiles", "smaller pieces"]),
        (10, ["fewer tiles", "smaller pieces", "the CPU goes on"]),
    ],
)
def test_with_less_memory_the_answer_is_the_same(monkeypatch, gpu, error, pixels, said):
    where = source(image(6, 96, 100), "TYX")
    expected = whole(tiny_model(), where)
    memory = Memory(monkeypatch, error)
    memory.pixels = pixels
    events, result = exhaust(predict(tiny_model(), where, FLOAT32, want_probabilities=True))
    notices = [e.text for e in events if isinstance(e, Notice)]
    assert len(notices) == len(said)
    assert all(word in text for word, text in zip(said, notices, strict=True))
    assert result.notices == tuple(notices)
    if pixels > 10:
        assert max(s[0] * s[2] * s[3] for s in memory.seen) <= pixels
    np.testing.assert_allclose(result.probabilities, expected.probabilities, atol=1e-5)
    assert np.array_equal(result.labels, expected.labels)


def test_pieces_of_a_network_that_looks_far_give_the_same_answer(monkeypatch, gpu):
    where = source(image(300, 200))
    expected = whole(small_model(), where)
    Memory(monkeypatch).pixels = 300 * 200 - 1
    result = whole(small_model(), where)
    assert "smaller pieces" in result.notices[0]
    np.testing.assert_allclose(result.probabilities, expected.probabilities, atol=1e-5)


@pytest.mark.usefixtures("_one_at_a_time")
@pytest.mark.parametrize("which", [1, 2, 5])
def test_memory_may_run_out_at_any_tile(monkeypatch, gpu, which):
    where = source(image(150, 140))
    expected = whole(tiny_model(), where, GRID)
    Memory(monkeypatch).fail_at = which
    result = whole(tiny_model(), where, GRID)
    assert len(result.notices) == 1
    np.testing.assert_allclose(result.probabilities, expected.probabilities, atol=1e-5)


def test_memory_may_run_out_while_the_network_is_moved(monkeypatch, gpu):
    where, move, calls = source(image(99, 99)), torch.nn.Module.to, []
    expected = whole(small_model(), where)

    def full(self, *args, **kwargs):
        calls.append(args)
        if len(calls) == 1:
            raise CUDA_FULL
        return move(self, *args, **kwargs)

    monkeypatch.setattr(UNet, "to", full)
    result = whole(small_model(), where)
    assert "NVIDIA RTX 4090, 24 GB has too little free memory" in result.notices[0]
    assert np.array_equal(result.probabilities, expected.probabilities)


def test_memory_may_run_out_while_statistics_are_measured(monkeypatch, gpu):
    where, measure, calls = source(image(99, 99)), forward.measure, []
    expected = whole(small_model(), where)

    def full(net, crops, own):
        calls.append(crops)
        if len(calls) == 1:
            raise CUDA_FULL
        measure(net, crops, own)

    monkeypatch.setattr(forward, "measure", full)
    result = whole(small_model(), where)
    assert "the CPU goes on" in result.notices[0]
    assert np.array_equal(result.probabilities, expected.probabilities)


def test_what_a_device_cannot_compute_the_cpu_does(monkeypatch, gpu):
    Memory(monkeypatch, NotImplementedError("max_pool3d is not implemented for MPS")).pixels = 10
    result = whole(small_model(), source(image(99, 99)))
    assert len(result.notices) == 1
    assert "cannot compute" in result.notices[0]


def test_when_nothing_helps_it_is_said_and_what_to_do(monkeypatch, gpu):
    memory = Memory(monkeypatch)
    memory.pixels = memory.cpu_pixels = 10
    with pytest.raises(OutOfMemory, match="Close other programs"):
        exhaust(predict(small_model(), source(image(99, 99)), FLOAT32))


def test_a_result_that_does_not_fit_is_said_too(monkeypatch):
    where = source(np.broadcast_to(np.uint8(0), (10**15, 8, 8)), "TYX")
    config = FLOAT32.changed(normalisation="training", statistics="training")
    monkeypatch.setattr(predictor, "fit_normalisation", None)
    with pytest.raises(OutOfMemory, match="does not fit"):
        next(predict(small_model(), where, config))


def test_other_errors_are_not_taken_for_a_lack_of_memory(monkeypatch, gpu):
    Memory(monkeypatch, RuntimeError("mat1 and mat2 shapes cannot be multiplied")).pixels = 10
    with pytest.raises(RuntimeError, match="mat1"):
        exhaust(predict(small_model(), source(image(99, 99)), FLOAT32))


def test_a_network_too_large_for_float16_gets_float32(monkeypatch):
    where, config = source(image(99, 99)), FLOAT32.changed(statistics="training")
    expected = whole(tiny_model(), where, config)
    scores = forward.Insides.scores

    def overflowing(insides, x, box):
        return scores(insides, x, box) * (torch.inf if insides.dtype == torch.float16 else 1)

    half = Precision(torch.float16, True)
    monkeypatch.setattr(predictor, "best_precision", lambda *_: half)
    monkeypatch.setattr(forward.Insides, "scores", overflowing)
    result = whole(tiny_model(), where, config)
    assert "float32" in result.notices[0]
    assert np.array_equal(result.probabilities, expected.probabilities)


def test_tile_size_follows_free_memory(monkeypatch):
    shape = (3000, 3000)
    where = source(np.broadcast_to(np.uint8(3), shape))
    config = FLOAT32.changed(normalisation="training", statistics="training")
    sides = []
    for free in (10**8, 10**9, 10**10):
        monkeypatch.setattr(predictor, "free_memory", lambda device, free=free: free)
        sides.append(Predictor(small_model(), where, config).plan.sides[0])
    assert sides[0] < sides[1] < sides[2] <= 3000
