"""Training steps a second against a bare loop of forward, backward and optimiser step.

Both train the default network on batches of one shape in one precision, in turns, so that
whatever else the machine does meets both. The bare loop has ready tensors, no augmentation, no
averaging of weights, no scores; ours is `train` as everybody calls it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from benchmarks.report import Report, progress
from napari_unet.core.assemble import assemble_arrays
from napari_unet.core.config import ModelConfig, TrainConfig
from napari_unet.core.events import Prepared, ScoreDone, StepDone
from napari_unet.core.settings import network_for, network_named
from napari_unet.data.samples import load_sample
from napari_unet.learn.devices import choose_device
from napari_unet.learn.precision import autocast, best_precision, lay_out_network
from napari_unet.learn.training import train
from napari_unet.learn.unet import UNet

ROUNDS = 5
SECONDS = 8.0
TARGET = 0.9


def run() -> Report:
    """Measure both in turns and report the median of the ratios."""
    training = assemble_arrays(*_coins()).training
    network = network_for(network_named("fast", None), training.channels, len(training.classes))
    config = TrainConfig(max_seconds=None, max_steps=1_000_000, patience=1_000_000)
    ours, bare = _Ours(train(training, network, config)), _bare_loop(network, config)
    _steps_per_second(bare, 2.0)
    rows = []
    for number in range(ROUNDS):
        progress(f"round {number + 1} of {ROUNDS}")
        rows.append((ours.steps_per_second(SECONDS), _steps_per_second(bare, SECONDS)))
    rates, bare_rates = (np.array(column) for column in zip(*rows, strict=True))
    ratio = median(rates / bare_rates)
    return Report(
        name="training_rate",
        figures={
            "steps_per_second": median(rates),
            "bare_steps_per_second": median(bare_rates),
            "ratio_each_round": (rates / bare_rates).round(3),
            "batch": f"{config.batch_size} x {training.channels} x {config.patch_size}^2",
            "precision": ours.precision,
            "scores_while_measured": ours.scores,
            "threads": torch.get_num_threads(),
        },
        reference="forward, backward and optimiser step on ready tensors, same shape and precision",
        ratio=ratio,
        target=TARGET,
        met=ratio >= TARGET,
    )


def _coins() -> tuple[np.ndarray, np.ndarray]:
    sample = load_sample("coins")
    return sample.image, sample.paint


class _Ours:
    """The product's training, advanced for a while at a time."""

    def __init__(self, events: Iterator[object]) -> None:
        self._events = events
        self.precision = ""
        self.scores = 0
        while not isinstance(event := next(events), StepDone):
            if isinstance(event, Prepared):
                self.precision = event.precision
        self._step = event.step

    def steps_per_second(self, seconds: float) -> float:
        """Let it train and return its rate; scoring counts as part of the time."""
        begin, first = time.perf_counter(), self._step
        while True:
            event = next(self._events)
            if isinstance(event, ScoreDone):
                self.scores += 1
            if isinstance(event, StepDone):
                self._step = event.step
                spent = time.perf_counter() - begin
                if spent >= seconds:
                    return (self._step - first) / spent


def _bare_loop(network: ModelConfig, config: TrainConfig) -> Callable[[], None]:
    """One step of a loop that does nothing but learn."""
    device = choose_device("auto")
    precision = best_precision(device, "auto", network)
    net = UNet(network).to(device.torch_device).train()
    if net.bank is not None:
        net.bank.requires_grad_(False)  # as in training: the filters are not learned
    if precision.channels_last:
        lay_out_network(net, network.dimensions)
    optimiser = torch.optim.AdamW(
        [weights for weights in net.parameters() if weights.requires_grad], lr=config.learning_rate
    )
    side = (config.patch_size,) * network.dimensions
    image = torch.randn(config.batch_size, network.input_channels, *side)
    image = precision.lay_out(image.to(device.torch_device))
    target = torch.randint(network.classes, (config.batch_size, *side), device=image.device)

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        with autocast(device, precision):
            logits = net(image)
        cross_entropy(logits.float(), target).backward()
        optimiser.step()

    return step


def _steps_per_second(step: Callable[[], None], seconds: float) -> float:
    """Repeat a step for a while and return how often it ran a second."""
    begin, steps = time.perf_counter(), 0
    while (spent := time.perf_counter() - begin) < seconds:
        step()
        steps += 1
    return steps / spent
