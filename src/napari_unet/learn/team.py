"""Several processes that train one network, each on a device of its own.

The first process leads: it keeps the clock, scores, and decides. The others follow its orders: they
compute gradients from patches of their own, the mean of all is taken, and every process makes
the same step, so that all have the same weights all the time (synchronous data parallelism,
Goyal et al. 2017, arXiv:1706.02677). Processes are started and connected by Lightning Fabric,
which also takes the tasks of a SLURM job as it finds them.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from napari_unet.core.errors import DeviceUnavailable, MissingPackage

if TYPE_CHECKING:
    from napari_unet.learn.run import TrainingRun

Order = tuple[Any, ...]
"""What all do next: its name, and what it needs."""


class Team:
    """The processes that train together, as one of them sees them.

    Parameters
    ----------
    fabric : lightning_fabric.Fabric
        Launched.

    Attributes
    ----------
    leads : bool
        True in the process that decides.
    device : str
        The device of this process, as in `TrainConfig.device`.
    """

    def __init__(self, fabric: Any) -> None:
        self._fabric = fabric
        self.leads: bool = fabric.global_rank == 0
        self.rank: int = fabric.global_rank
        where = fabric.device
        self.device = str(where) if where.type != "cpu" else "cpu"

    def tell(self, *order: Any) -> None:
        """Have the others do something; only the leader can."""
        if self.leads:
            self._fabric.broadcast(order)

    def listen(self) -> Order:
        """Wait for the leader's next order."""
        order: Order = self._fabric.broadcast(None)
        return order

    def average(self, weights: Iterable[Tensor], *, counts: bool = True) -> None:
        """Set every gradient to its mean over the processes that have one.

        Parameters
        ----------
        weights : iterable of Tensor
            All processes pass the same ones.
        counts : bool, optional
            False if this process could not compute its own.
        """
        learned = [w for w in weights if w.requires_grad]
        parts = [w.grad if counts and w.grad is not None else torch.zeros_like(w) for w in learned]
        flat = torch.cat([*(p.flatten() for p in parts), parts[0].new_full((1,), float(counts))])
        total: Tensor = self._fabric.all_reduce(flat, reduce_op="sum")
        mean = total[:-1] / total[-1].clamp_min(1)
        for weight, part in zip(learned, mean.split([w.numel() for w in learned]), strict=True):
            weight.grad = part.view_as(weight).clone(memory_format=torch.preserve_format)

    @contextmanager
    def leading(self) -> Iterator[None]:
        """Let the others go home at the end of the block, however it ends."""
        try:
            yield
        finally:
            self.tell("end")


def gather_team(devices: int, device: str) -> Team:
    """Start as many processes as there are devices, and return this one's place among them.

    The others run this very command again and come here, too. Those on other machines are started
    by ``srun`` or ``torchrun``, which tell by the environment who is who.

    Parameters
    ----------
    devices : int
        How many on each machine.
    device : str
        ``"auto"``, ``"cuda"`` or ``"cpu"``: on graphics cards if there are enough, or else as
        processes that share the processor.

    Raises
    ------
    MissingPackage
        If Lightning Fabric is not installed.
    DeviceUnavailable
        If there are not so many graphics cards, or another number of processes was started.
    """
    try:
        from lightning_fabric import Fabric
    except ImportError as err:
        raise MissingPackage(
            "Training on several devices needs the package lightning-fabric. "
            "Install it with: pip install 'napari-unet-paint[cluster]'"
        ) from err
    cards = torch.cuda.device_count()
    if device.startswith("cuda") and cards < devices:
        raise DeviceUnavailable(
            f"There are {cards} graphics cards, not {devices}. "
            "Ask for fewer devices, or choose --device cpu."
        )
    graphics = device.startswith("cuda") or (device == "auto" and cards >= devices)
    if not graphics:
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // devices))
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    accelerator = "cuda" if graphics else "cpu"
    nodes = machines()
    try:
        fabric = Fabric(accelerator=accelerator, devices=devices, num_nodes=nodes, strategy="ddp")
        fabric.launch()
    except ValueError as err:
        raise DeviceUnavailable(
            f"This job was not started with {devices} processes on each of {nodes} machines "
            f"({err}). Start as many tasks on each machine as --devices says."
        ) from err
    return Team(fabric)


def machines() -> int:
    """On how many machines this command was started at once, by ``srun`` or ``torchrun``."""
    told = os.environ
    if "TORCHELASTIC_RUN_ID" in told:
        return int(told["WORLD_SIZE"]) // int(told["LOCAL_WORLD_SIZE"])
    return int(told.get("SLURM_STEP_NUM_NODES", 1))


def follow(run: TrainingRun, team: Team) -> None:
    """Do what the leader says until it says end.

    Parameters
    ----------
    run : TrainingRun
        Made from the same paint and settings as the leader's.
    team : Team
    """
    while True:
        match team.listen():
            case ("step", rate):
                run.step(rate)
            case ("weights", weights):
                run.learner.take(weights)
            case ("smaller",):
                run.material.shrink_patches(run.learner.net.config)
            case ("all",):
                run.material.show_all()
            case ("end",):
                return
