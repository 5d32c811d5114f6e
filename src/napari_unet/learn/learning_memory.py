"""What to learn from at once: size and number of patches, planned before the first step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from napari_unet.core.config import ModelConfig, TrainConfig
from napari_unet.core.dataset import TrainingSet
from napari_unet.core.events import Notice
from napari_unet.core.volume_plan import VolumePlan, patch_shape, plan_volume
from napari_unet.learn.devices import free_memory
from napari_unet.learn.filters import FilterBank
from napari_unet.learn.levels import strides_of
from napari_unet.learn.precision import Precision

if TYPE_CHECKING:
    from napari_unet.learn.learner import Learner
    from napari_unet.learn.material import Material

_SHARE = 0.5
"""Share of the free memory to learn in; the rest is for images, weights and everybody else."""

_STEP_2D = 16
"""Patches in 2D have sides of a multiple of this."""

LEAST_SIDE = 32
"""Patches are not made smaller than this to save memory; a volume's, not than its square."""

_LONGEST_3D = 256


@dataclass(frozen=True)
class LearningPlan:
    """What to learn from at once.

    Parameters
    ----------
    patch : tuple of int
        Size of a patch.
    parts : int
        In how many parts a batch goes through the network.
    """

    patch: tuple[int, ...]
    parts: int


def bytes_to_learn(config: ModelConfig, precision: Precision) -> int:
    """Memory one pixel of a patch needs in a step at its peak; rather too much than too little.

    Every convolution keeps what it gives before and after normalisation until the way back;
    filter responses are kept in float32, and held three times while they are put together.
    """
    volume, floats = 1, 0.0
    for level, stride in enumerate([*strides_of(config), None]):
        width = config.base_width * 2**level
        floats += (4 if stride is None else 12) * width / volume
        volume *= prod(stride or ())
    bank = config.input_channels
    if config.filter_bank:
        bank *= FilterBank(config.dimensions).per_channel
    item = max(precision.dtype.itemsize, 2)
    return int(1.3 * item * (floats + 6 * config.base_width) + 16 * bank + 24 * config.classes)


def fit_to_memory(learner: Learner, material: Material, config: TrainConfig) -> Notice | None:
    """Fit patches, and how many go through the network at once, to the free memory.

    Returns
    -------
    Notice or None
        What to say if patches are smaller than was asked for.
    """
    network, largest = learner.net.config, largest_shape(material.training)
    free = free_memory(learner.device)
    plan = plan_learning(largest, network, config, learner.precision, free=free)
    material.set_patch(plan.patch)
    learner.splits = plan.parts
    if plan.patch == sized(largest, network, config.patch_size):
        return None
    size = " x ".join(str(n) for n in plan.patch)
    return Notice(f"{learner.device.words} has little memory free, so patches are {size} pixels.")


def plan_learning(
    largest: Sequence[int],
    config: ModelConfig,
    train: TrainConfig,
    precision: Precision,
    *,
    free: int,
) -> LearningPlan:
    """Choose the size of patches and how many go through the network together.

    Parameters
    ----------
    largest : sequence of int
        Size of the largest image.
    config : ModelConfig
    train : TrainConfig
        Its patch size is the side of a square; a volume's patch has as many voxels, and is about
        as long as wide in the world.
    precision : Precision
    free : int
        Bytes free on the device.
    """
    affordable = max(1, int(_SHARE * free / bytes_to_learn(config, precision)))
    side = train.patch_size
    patch = sized(largest, config, side)
    while prod(patch) > affordable and side // 2 >= LEAST_SIDE:
        side //= 2
        patch = sized(largest, config, side)
    together = max(1, min(train.batch_size, affordable // prod(patch)))
    return LearningPlan(patch, -(-train.batch_size // together))


def largest_shape(training: TrainingSet) -> tuple[int, ...]:
    """The largest size there is along each axis of the images."""
    shapes = [image.source.spatial_shape for image in training.images]
    return tuple(max(sizes) for sizes in zip(*shapes, strict=True))


def sized(largest: Sequence[int], config: ModelConfig, side: int) -> tuple[int, ...]:
    """Patches of about a square's pixels, no larger than the images ask for.

    Parameters
    ----------
    largest : sequence of int
        Size of the largest image.
    config : ModelConfig
    side : int
        Of the square.
    """
    if config.dimensions == 3:
        plan: VolumePlan = config.plan or plan_volume((1, 1, 1), largest, config.depth)
        return patch_shape(plan, largest, side**2, _LONGEST_3D)
    step = _STEP_2D
    return tuple(min(-(-side // step) * step, -(-n // step) * step) for n in largest)


def smaller(
    patch: tuple[int, ...], largest: Sequence[int], config: ModelConfig
) -> tuple[int, ...] | None:
    """Patches of at most half the pixels, or None if they would be too small to learn from."""
    side = int(prod(patch) ** 0.5)
    while side > LEAST_SIDE:
        side = max(int(side / 1.5), LEAST_SIDE)
        found = sized(largest, config, side)
        if 2 * prod(found) <= prod(patch):
            return found
    return None
