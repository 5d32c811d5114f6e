"""A network that takes steps: optimiser, averaged weights, micro-batches, memory errors."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Mapping

import torch
from torch import Tensor

from napari_unet.core.config import TrainConfig
from napari_unet.core.errors import OutOfMemory
from napari_unet.learn.devices import Device, choose_device, is_out_of_memory, release_memory
from napari_unet.learn.losses import disagreement, paint_loss
from napari_unet.learn.precision import Precision, autocast, best_precision, lay_out_network
from napari_unet.learn.team import Team
from napari_unet.learn.unet import UNet

_LONGEST_PASS_SECONDS = 0.5
"""A pass that takes longer is split, so that Stop is answered within a second."""

_GRADIENT_NORM = 5.0

_LEARNED_SHARE = 0.5
"""What is shown is so much of the learned weights, and the rest of the solved ones."""

SOLVED_HEAD_PACE = 0.2
"""Steps of a head that began as a solution, against those of the trunk."""


class Learner:
    """Owns the network while it learns.

    The weights it shows (`average`) are an exponential moving average of those it trains,
    which scores better and steadier than the last ones (Polyak and Juditsky 1992,
    doi:10.1137/0330046).

    Parameters
    ----------
    net : UNet
        Taken over and trained in place.
    config : TrainConfig
    device : Device
    team : Team, optional
        Processes that take every step together.
    """

    def __init__(
        self, net: UNet, config: TrainConfig, device: Device, team: Team | None = None
    ) -> None:
        self._config = config
        self.team = team
        self.net = net.requires_grad_(True)
        if net.bank is not None:
            # filters stay as they are; a gradient through them would cost as much as the trunk
            net.bank.requires_grad_(False)
        self.steps = 0
        self.splits = 1
        self._solved: UNet | None = None
        self._move(device)

    def _move(self, device: Device) -> None:
        self.device = device
        if self._solved is not None:
            self._solved.to(device.torch_device)
        self.precision: Precision = best_precision(device, self._config.precision, self.net.config)
        self.net.to(device.torch_device)
        if self.precision.channels_last:
            lay_out_network(self.net, self.net.config.dimensions)
        self.average = copy.deepcopy(self.net).eval().requires_grad_(False)
        self._optimiser = self._make_optimiser()
        self._scaler = torch.amp.GradScaler(
            device.torch_device.type, enabled=self.precision.dtype == torch.float16
        )

    @property
    def _head_pace(self) -> float:
        """A solved head is wide and near its best: large steps in every weight harm it."""
        return SOLVED_HEAD_PACE if self.net.config.filter_bank else 1.0

    def _make_optimiser(self) -> torch.optim.Optimizer:
        kind = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}[self._config.optimiser]
        decay = self._config.weight_decay if self._config.optimiser == "adamw" else 0.0
        head = {id(weights) for weights in self.net.head.parameters()}
        learned = [weights for weights in self.net.parameters() if weights.requires_grad]
        groups = [
            {"params": [w for w in learned if id(w) not in head], "pace": 1.0},
            {"params": [w for w in learned if id(w) in head], "pace": self._head_pace},
        ]
        fused = self.device.torch_device.type in {"cpu", "cuda"}
        return kind(groups, lr=self._config.learning_rate, weight_decay=decay, fused=fused)

    def step(
        self, image: Tensor, target: Tensor, rate: float, chances: Tensor | None = None
    ) -> float:
        """Learn from one batch and return its loss.

        Parameters
        ----------
        image : Tensor of float32, shape (N, C, *spatial)
        target : Tensor of uint8, shape (N, *spatial)
        rate : float
            Learning rate of this step.
        chances : Tensor of float32, shape (N, K, *spatial), optional
            Class probabilities to keep to where nobody painted.

        Raises
        ------
        OutOfMemory
            If even one patch does not fit on this device; `fall_back` may help.
        """
        for group in self._optimiser.param_groups:
            group["lr"] = rate * group["pace"]
        missed: OutOfMemory | None = None
        if self.team is None:
            loss = self._pass_in_parts(image, target, chances)
        else:
            self.team.tell("step", rate)
            loss, missed = self._pass_together(self.team, image, target, chances)
        self._scaler.unscale_(self._optimiser)
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), _GRADIENT_NORM)
        self._scaler.step(self._optimiser)
        self._scaler.update()
        self.steps += 1
        self._average()
        if missed is not None:
            raise missed
        return loss

    def _pass_together(
        self, team: Team, image: Tensor, target: Tensor, chances: Tensor | None
    ) -> tuple[float, OutOfMemory | None]:
        """Mean gradients of the batches of all processes, and the loss of the own one.

        Who runs out of memory has no gradients, and still makes the step of the others.
        """
        loss, missed = math.nan, None
        try:
            loss = self._pass_in_parts(image, target, chances)
        except OutOfMemory as error:
            missed = error
        team.average(self.net.parameters(), counts=missed is None)
        return loss, missed if team.leads else None

    def _pass_in_parts(self, image: Tensor, target: Tensor, chances: Tensor | None) -> float:
        """Gradients of one batch, in parts as small as memory asks for."""
        while True:
            try:
                return self._pass(image, target, chances)
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                self._optimiser.zero_grad(set_to_none=True)
                release_memory(self.device)
                if self.splits >= len(image):
                    raise OutOfMemory(
                        f"Not even one patch fits into the memory of {self.device.words}. "
                        "Choose a smaller patch or a smaller network under Advanced."
                    ) from error
                self.splits = min(2 * self.splits, len(image))

    def _pass(self, image: Tensor, target: Tensor, chances: Tensor | None) -> float:
        """Gradients of one batch, in as many micro-batches as memory and time ask for."""
        self.net.train()
        self._optimiser.zero_grad(set_to_none=True)
        total, started = 0.0, time.monotonic()
        parts = min(self.splits, len(image))
        earlier = [None] * parts if chances is None else chances.chunk(parts)
        for some, paint, before in zip(
            image.chunk(parts), target.chunk(parts), earlier, strict=True
        ):
            some = self.precision.lay_out(some.to(self.device.torch_device))
            paint = paint.to(self.device.torch_device)
            with autocast(self.device, self.precision):
                logits = self.net(some)
            loss = paint_loss(logits, paint, self._config)
            if before is not None:
                before = before.to(self.device.torch_device)
                loss = loss + self._config.agreement * disagreement(logits, paint, before)
            loss = loss * (len(some) / len(image))
            self._scaler.scale(loss).backward()
            total += float(loss.detach())
        longest = (time.monotonic() - started) / parts
        if longest > _LONGEST_PASS_SECONDS and self.splits < len(image):
            self.splits = min(2 * self.splits, len(image))
        return total

    @torch.no_grad()
    def _average(self) -> None:
        decay = min(self._config.average_decay, (1 + self.steps) / (10 + self.steps))
        mean: list[Tensor] = list(self.average.parameters())
        now: list[Tensor] = list(self.net.parameters())
        torch._foreach_lerp_(mean, now, 1 - decay)

    def tell(self, order: str) -> None:
        """Have the others of a team do something; nothing happens without one."""
        if self.team is not None:
            self.team.tell(order)

    def fall_back(self) -> bool:
        """Go on, on the CPU; False if it is there already, or one of a team."""
        if self.team is not None or self.device.torch_device.type == "cpu":
            return False
        self.splits = 1
        self._move(choose_device("cpu"))
        return True

    def restart_from(self, weights: UNet) -> None:
        """Set trained and averaged weights to those of `weights`, in all of a team."""
        if self.team is not None:
            self.team.tell("weights", {k: v.cpu() for k, v in weights.state_dict().items()})
        self.take(weights.state_dict())

    def take(self, weights: Mapping[str, Tensor]) -> None:
        """Set trained and averaged weights, of this process only."""
        self.net.load_state_dict(weights)
        self.average.load_state_dict(weights)

    def hold_to(self, solved: UNet) -> None:
        """Show from now on the mean of what is learned and of a network solved from the paint.

        What learns from few strokes goes wrong in other places than what is solved from them, and
        the mean of weights that began alike is better than either (Wortsman et al. 2022,
        arXiv:2109.01903). Answers are smoothed as suits the solved one.

        Parameters
        ----------
        solved : UNet
            With the trunk that learning began with.
        """
        self._solved = copy.deepcopy(solved).to(self.device.torch_device)
        for net in (self.net, self.average):
            net.head.smoothing = solved.head.smoothing

    @torch.no_grad()
    def shown_copy(self) -> UNet:
        """The network to show and to keep, a copy that training no longer touches."""
        shown = copy.deepcopy(self.average)
        if self._solved is not None:
            ours: list[Tensor] = list(shown.parameters())
            torch._foreach_lerp_(ours, list(self._solved.parameters()), 1 - _LEARNED_SHARE)
        return shown

    def learned_copy(self) -> UNet | None:
        """The learned weights behind what is shown, a copy; None where they are what is shown."""
        return None if self._solved is None else copy.deepcopy(self.average)
