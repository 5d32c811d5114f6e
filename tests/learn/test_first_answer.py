"""What was answered at first travels with every patch, bent like the image."""

from __future__ import annotations

import numpy as np
import torch

from napari_unet.core.assemble import assemble_arrays
from napari_unet.core.config import AugmentConfig, TrainConfig, preset
from napari_unet.core.dataset import TrainingSet
from napari_unet.core.patches import PatchSpec
from napari_unet.core.repaint import all_strokes
from napari_unet.learn.batches import Batches
from napari_unet.learn.devices import cpu
from napari_unet.learn.first_answer import FirstAnswer
from napari_unet.learn.instant import AnswerAtOnce
from napari_unet.learn.learner import Learner
from napari_unet.learn.unet import UNet

CONFIG = TrainConfig(
    precision="float32", patch_size=32, augment=AugmentConfig(intensity=0.0, noise=0.0)
)


def _training(size: int = 48) -> TrainingSet:
    image = np.random.default_rng(0).normal(0, 0.1, (size, size))
    image[:, size // 2 :] += 1
    paint = np.zeros((size, size), np.uint8)
    paint[10:13, 2:20], paint[30:33, 28:46] = 1, 2
    return assemble_arrays(image, paint, mode="strokes").training


def test_a_patch_reads_what_the_mirrored_image_was_answered_with() -> None:
    first = FirstAnswer(2)
    chances = torch.rand(2, 8, 8).half()
    first.add(0, 0, chances)
    read = first.read(PatchSpec(0, 0, (-2, 4), (6, 6)))
    mirrored = np.pad(chances.float().numpy(), ((0, 0), (2, 2), (2, 2)), mode="reflect")
    assert np.allclose(read.numpy(), mirrored[:, :6, 6:12])
    assert not first.read(PatchSpec(0, 1, (0, 0), (4, 4))).any()


def test_it_is_bent_with_the_image() -> None:
    training = _training()
    strokes = all_strokes(training)
    batches = Batches(training, strokes, [], CONFIG, single_image=True)
    first = FirstAnswer(2)
    image = training.normalisations[0].apply(training.images[0].source.read(0))
    chance = torch.from_numpy((image[0] - image.min()) / (image.max() - image.min()))
    first.add(0, 0, torch.stack([1 - chance, chance]))
    batches.first = first
    batch = batches.draw()
    assert batch.chances is not None
    like = batch.image[:, 0] * 1.0
    found = np.corrcoef(like.flatten(), batch.chances[:, 1].flatten())[0, 1]
    assert found > 0.999
    assert batch.image.shape[1] == 1


def test_newer_paint_is_answered_and_the_learner_left_alone() -> None:
    training = _training()
    torch.manual_seed(0)
    net = UNet(preset("fast").changed(base_width=4, depth=2, head_levels=3, input_channels=1))
    learner = Learner(net, CONFIG, cpu())
    at_once = AnswerAtOnce(training, learner)
    strokes = all_strokes(training)
    at_once.solve(strokes)
    first = at_once.answer(training, strokes)
    before = {k: v.clone() for k, v in learner.net.state_dict().items()}
    again = at_once.answer(training, strokes)
    assert all(torch.equal(v, before[k]) for k, v in learner.net.state_dict().items())
    spec = PatchSpec(0, 0, (0, 0), (48, 48))
    assert torch.equal(first.read(spec), again.read(spec))
    assert first.read(spec)[1, :, 30:].mean() > 0.8


def test_patches_are_no_larger_than_the_image() -> None:
    training = _training(40)
    wide = TrainConfig(patch_size=320, batch_size=1)
    batch = Batches(training, all_strokes(training), [], wide, single_image=True).draw()
    assert batch.image.shape == (1, 1, 48, 48)
