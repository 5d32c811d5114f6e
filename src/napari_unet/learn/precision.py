"""Which number format and memory layout is fastest on this machine without changing the mask.

Nothing is assumed from names: whether bfloat16 is fast depends on the processor's instructions
and on PyTorch's build, so it is measured once and remembered in the user's cache folder.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import torch
from torch import Tensor

from napari_unet.core.config import ModelConfig
from napari_unet.learn.devices import Device, cpu_model, is_out_of_memory
from napari_unet.learn.unet import UNet, probabilities

_LOG = logging.getLogger(__name__)

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}

_CANDIDATES = {"cpu": ("bfloat16",), "cuda": ("bfloat16", "float16"), "mps": ("float16",)}
"""What to try beside float32 on each kind of device."""

_WORTH_IT = 1.1
"""Another format must be faster by this factor to be chosen."""

_UNDECIDED = 0.05
"""Masks may differ where the two likeliest classes are closer than this: that is rounding."""

_SIDE = {2: 256, 3: 32}
"""Side of the image that is timed, by dimensions."""

_ROUNDS = 5
_ENOUGH_SECONDS = 1.0


@dataclass(frozen=True)
class Precision:
    """How a network computes.

    Parameters
    ----------
    dtype : torch.dtype
        Format of convolutions; float32 means no automatic casting.
    channels_last : bool
        Whether features of a pixel lie side by side in memory.
    """

    dtype: torch.dtype
    channels_last: bool

    @property
    def words(self) -> str:
        """The format's name, for example ``"bfloat16"``."""
        return str(self.dtype).removeprefix("torch.")

    def lay_out(self, data: Tensor) -> Tensor:
        """The same tensor, shape (N, C, *spatial), in this memory layout."""
        if not self.channels_last:
            return data.contiguous()
        return data.contiguous(memory_format=memory_format(data.ndim - 2))


def precision_named(words: str, channels_last: bool) -> Precision:
    """The precision whose `words` these are."""
    return Precision(_DTYPES[words], channels_last)


def memory_format(dimensions: int) -> torch.memory_format:
    """The layout with channels last, for 2D or 3D."""
    return torch.channels_last if dimensions == 2 else torch.channels_last_3d


def lay_out_network(net: torch.nn.Module, dimensions: int) -> None:
    """Put a network's weights in the layout with channels last, in place."""
    net.to(memory_format=memory_format(dimensions))  # type: ignore[call-overload]


def autocast(device: Device, precision: Precision) -> AbstractContextManager[object]:
    """A context in which networks compute on the device at this precision."""
    if precision.dtype == torch.float32:
        return nullcontext()
    return torch.autocast(device.torch_device.type, dtype=precision.dtype)


def best_precision(device: Device, requested: str, config: ModelConfig) -> Precision:
    """The precision to compute with.

    Parameters
    ----------
    device : Device
    requested : str
        ``"auto"``, or one of ``"float32"``, ``"bfloat16"``, ``"float16"``, which is granted if
        the device can compute with it, and becomes float32 if not.
    config : ModelConfig
        The network; its size decides what pays.

    Returns
    -------
    Precision
        For ``"auto"``, the fastest that leaves the mask of a test image as it is in float32, up
        to pixels whose two likeliest classes are as good as equal. Measured when this kind of
        network first meets this device, in about a second, and read from a file from then on.
    """
    last = device.torch_device.type != "mps"  # Metal has a layout of its own
    if requested != "auto":
        wanted = Precision(_DTYPES[requested], last)
        works = wanted.dtype == torch.float32 or _works(device, wanted)
        return wanted if works else Precision(torch.float32, last)
    key = _key(device, config)
    remembered = _recall(key)
    if remembered is None:
        measured = _measure(device, config)
        if measured is None:
            return Precision(torch.float32, last)
        remembered, certain = measured
        if certain:
            _remember(key, remembered)
    return remembered


def _works(device: Device, precision: Precision) -> bool:
    """True if the device can convolve in this format at all."""
    layer = torch.nn.Conv2d(1, 1, 3)
    try:
        with torch.inference_mode(), autocast(device, precision):
            layer.to(device.torch_device)(torch.zeros(1, 1, 8, 8, device=device.torch_device))
    except (RuntimeError, TypeError, ValueError) as err:
        _LOG.info("%s cannot compute in %s: %s", device.words, precision.words, err)
        return False
    return True


# -- measuring --------------------------------------------------------------------------------


@torch.inference_mode()
def _measure(device: Device, config: ModelConfig) -> tuple[Precision, bool] | None:
    """The fastest exact precision, as `_fastest`; None if memory does not allow to find out."""
    kind = device.torch_device.type
    options = [Precision(_DTYPES[n], kind != "mps") for n in ("float32", *_CANDIDATES[kind])]
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            net = UNet(config).eval().to(device.torch_device)
            image = _test_image(config).to(device.torch_device)
        if options[0].channels_last:
            lay_out_network(net, config.dimensions)
            image = options[0].lay_out(image)
        return _fastest(net, image, device, options)
    except Exception as err:
        if not is_out_of_memory(err):
            raise
        return None


def _fastest(
    net: UNet, image: Tensor, device: Device, options: list[Precision]
) -> tuple[Precision, bool]:
    """The option that answers soonest, and whether that is certain.

    It is the first, float32, unless another is clearly faster. One that is faster, but not
    clearly, may have been slowed by what else the machine did, so that is measured again.
    """
    plain, *others = options
    exact = probabilities(net(image), net.config)
    valid = [o for o in others if _same_mask(exact, _answer(net, image, device, o))]
    seconds = dict.fromkeys([plain, *valid], float("inf"))
    started = time.perf_counter()
    for _ in range(_ROUNDS if valid else 0):
        for option in seconds:  # in turns, so that a busy moment of the machine hits all alike
            seconds[option] = min(seconds[option], _time(net, image, device, option))
        if time.perf_counter() - started > _ENOUGH_SECONDS:
            break
    best = min(seconds, key=seconds.__getitem__)
    clearly = seconds[best] * _WORTH_IT < seconds[plain]
    return (best if clearly else plain), (clearly or best == plain)


def _test_image(config: ModelConfig) -> Tensor:
    """Blobs in noise, normalised, always the same; shape (1, C, *spatial)."""
    side = _SIDE[config.dimensions]
    noise = torch.randn(1, config.input_channels, *[side] * config.dimensions)
    coarse = torch.randn(1, config.input_channels, *[side // 16] * config.dimensions)
    mode = "bilinear" if config.dimensions == 2 else "trilinear"
    blobs = torch.nn.functional.interpolate(coarse, scale_factor=16, mode=mode)
    return (blobs + 0.2 * noise).clamp(-3, 3)


def _answer(net: UNet, image: Tensor, device: Device, precision: Precision) -> Tensor | None:
    """Probabilities at a precision; None if the device cannot compute with it."""
    try:
        with autocast(device, precision):
            return probabilities(net(image), net.config)
    except (RuntimeError, TypeError, ValueError) as err:
        if is_out_of_memory(err):
            raise
        _LOG.info("%s cannot compute in %s: %s", device.words, precision.words, err)
        return None


def _time(net: UNet, image: Tensor, device: Device, precision: Precision) -> float:
    """Seconds of one answer."""
    started = time.perf_counter()
    with autocast(device, precision):
        logits = net(image)
    logits.float().sum().item()  # waits for devices that work on their own
    return time.perf_counter() - started


def _same_mask(exact: Tensor, other: Tensor | None) -> bool:
    """True if masks agree wherever the exact answer is not as good as undecided."""
    if other is None or not bool(torch.isfinite(other).all()):
        return False
    first, second = exact.topk(2, dim=1).values.unbind(1)
    differ = exact.argmax(1) != other.argmax(1)
    return not bool((differ & (first - second > _UNDECIDED)).any())


# -- remembering ------------------------------------------------------------------------------


def _cache_file() -> Path:
    return Path(platformdirs.user_cache_dir("napari-unet", appauthor=False)) / "precision.json"


def _key(device: Device, config: ModelConfig) -> str:
    """What the measurement depends on: program, machine, device, threads, kind of network."""
    kind = config.model_dump(exclude={"classes", "dropout", "output"})
    digest = hashlib.sha256(json.dumps(kind, sort_keys=True).encode()).hexdigest()[:12]
    parts = [torch.__version__, cpu_model(), device.words, str(torch.get_num_threads()), digest]
    return " | ".join(parts)


def _read_cache() -> dict[str, object]:
    try:
        stored = json.loads(_cache_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stored if isinstance(stored, dict) else {}


def _recall(key: str) -> Precision | None:
    """What was measured before; None if nothing, or nothing that can be understood."""
    entry = _read_cache().get(key)
    if not isinstance(entry, dict):
        return None
    dtype = _DTYPES.get(str(entry.get("dtype")))
    return None if dtype is None else Precision(dtype, bool(entry.get("channels_last")))


def _remember(key: str, precision: Precision) -> None:
    """Write down a measurement; not being able to is no harm, it is measured again."""
    path = _cache_file()
    entries = _read_cache()
    entries[key] = {"dtype": precision.words, "channels_last": precision.channels_last}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(entries, file, indent=1)
        Path(name).replace(path)
    except OSError as err:
        _LOG.info("The measured precision is not remembered: %s", err)
