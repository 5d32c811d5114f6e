"""Processes that learn together have the same weights, and one of them leads."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from torch import nn

from napari_unet.core.errors import DeviceUnavailable, MissingPackage, OutOfMemory
from napari_unet.learn.checkpoint import load_model
from napari_unet.learn.learner import Learner
from napari_unet.learn.team import Team, gather_team

MEMBER = Path(__file__).with_name("team_member.py")
ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1", "MASTER_ADDR": "127.0.0.1"}


class FakeFabric:
    """One process whose neighbour always has gradients of a known value."""

    def __init__(self, rank: int, neighbour: float, *, neighbour_counts: bool = True) -> None:
        self.global_rank, self.device = rank, torch.device("cpu")
        self._neighbour, self._counts = neighbour, neighbour_counts
        self.told: list[Any] = []

    def broadcast(self, order: Any) -> Any:
        self.told.append(order)
        return order

    def all_reduce(self, flat: torch.Tensor, reduce_op: str) -> torch.Tensor:
        assert reduce_op == "sum"
        other = torch.full_like(flat, self._neighbour)
        other[-1] = float(self._counts)
        return flat + other if self._counts else flat


def _layer(value: float) -> nn.Linear:
    layer = nn.Linear(2, 3)
    for weight in layer.parameters():
        weight.grad = torch.full_like(weight, value)
    return layer


def test_gradients_become_their_mean() -> None:
    layer = _layer(1.0)
    Team(FakeFabric(0, 3.0)).average(layer.parameters())
    assert all((weight.grad == 2).all() for weight in layer.parameters() if weight.grad is not None)


@pytest.mark.parametrize(("counts", "others", "mean"), [(False, True, 3.0), (True, False, 1.0)])
def test_who_has_none_does_not_count(counts: bool, others: bool, mean: float) -> None:
    layer = _layer(1.0)
    fabric = FakeFabric(0, 3.0, neighbour_counts=others)
    Team(fabric).average(layer.parameters(), counts=counts)
    assert all((w.grad == mean).all() for w in layer.parameters() if w.grad is not None)


def test_only_the_leader_gives_orders_and_it_always_ends() -> None:
    leader, other = FakeFabric(0, 0.0), FakeFabric(1, 0.0)
    with pytest.raises(ZeroDivisionError), Team(leader).leading():
        raise ZeroDivisionError
    Team(other).tell("step", 0.1)
    assert leader.told == [("end",)]
    assert other.told == []


def test_who_runs_out_of_memory_still_makes_the_step_of_the_others(make_net, monkeypatch) -> None:
    """Or its weights would be others from then on."""
    from napari_unet.core.config import TrainConfig
    from napari_unet.learn.devices import cpu

    def full(*_args: Any) -> float:
        raise MemoryError

    config = TrainConfig(precision="float32")
    for rank in (0, 1):
        learner = Learner(make_net(), config, cpu(), Team(FakeFabric(rank, 1.0)))
        before = [w.detach().clone() for w in learner.net.parameters() if w.requires_grad]
        monkeypatch.setattr(learner, "_pass", full)
        batch = torch.zeros(2, 1, 16, 16), torch.zeros(2, 16, 16, dtype=torch.uint8)
        if rank == 0:
            with pytest.raises(OutOfMemory):
                learner.step(*batch, 1e-2)
        else:
            learner.step(*batch, 1e-2)
        assert learner.steps == 1
        after = [w for w in learner.net.parameters() if w.requires_grad]
        assert not any(torch.equal(a, b) for a, b in zip(before, after, strict=True))
        assert not learner.fall_back()


def test_without_the_package_one_is_told_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "lightning_fabric", None)
    with pytest.raises(MissingPackage, match=r"napari-unet-paint\[cluster\]"):
        gather_team(2, "cpu")


def test_more_graphics_cards_than_there_are_are_refused(monkeypatch) -> None:
    pytest.importorskip("lightning_fabric")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(DeviceUnavailable, match="1 graphics card"):
        gather_team(2, "cuda")


def test_two_processes_draw_other_patches_and_keep_the_same_weights(tmp_path) -> None:
    pytest.importorskip("lightning_fabric")
    done = subprocess.run(
        [sys.executable, str(MEMBER), str(tmp_path)],
        env=ONE_THREAD, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    first, second = (torch.load(tmp_path / f"{rank}.pt") for rank in (0, 1))
    assert first.pop("drawn") != second.pop("drawn")
    assert first.keys() == second.keys()
    for name, value in first.items():
        torch.testing.assert_close(value, second[name], atol=1e-6, rtol=1e-6)


def _free_port() -> str:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1])


def _as_srun_tells(node: int) -> dict[str, str]:
    tasks = {"SLURM_NTASKS": "2", "SLURM_NTASKS_PER_NODE": "1", "SLURM_PROCID": str(node)}
    nodes = {"SLURM_NNODES": "2", "SLURM_STEP_NUM_NODES": "2", "SLURM_NODEID": str(node)}
    names = {"SLURM_JOB_ID": "7", "SLURM_JOB_NAME": "paint", "SLURM_NODELIST": "127.0.0.1"}
    return {**tasks, **nodes, **names, "SLURM_LOCALID": "0"}


def _as_torchrun_tells(node: int) -> dict[str, str]:
    here = {"LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "1", "GROUP_RANK": str(node)}
    return {**here, "RANK": str(node), "WORLD_SIZE": "2", "TORCHELASTIC_RUN_ID": "7"}


@pytest.mark.parametrize("told", [_as_srun_tells, _as_torchrun_tells])
def test_two_machines_keep_the_same_weights(told, tmp_path: Path) -> None:
    """Two processes that are told they are on two machines, each with one device."""
    pytest.importorskip("lightning_fabric")
    port = _free_port()
    members = [
        subprocess.Popen(
            [sys.executable, str(MEMBER), str(tmp_path), "1"],
            env={**ONE_THREAD, **told(node), "MASTER_PORT": port},
            stderr=subprocess.PIPE, text=True,
        )
        for node in range(2)
    ]  # fmt: skip
    try:
        said = [member.communicate(timeout=240)[1] for member in members]
    finally:
        for member in members:
            member.kill()
    assert [member.returncode for member in members] == [0, 0], said[0][-2000:]
    first, second = (torch.load(tmp_path / f"{rank}.pt") for rank in (0, 1))
    assert first.pop("drawn") != second.pop("drawn")
    for name, value in first.items():
        torch.testing.assert_close(value, second[name], atol=1e-6, rtol=1e-6)


def test_another_number_of_tasks_than_devices_is_refused(monkeypatch) -> None:
    pytest.importorskip("lightning_fabric")
    for name, value in _as_srun_tells(0).items():
        monkeypatch.setenv(name, value)
    threads = torch.get_num_threads()
    try:
        with pytest.raises(DeviceUnavailable, match="as many tasks on each machine"):
            gather_team(2, "cpu")
    finally:
        torch.set_num_threads(threads)


def test_the_command_trains_on_two_processes_into_one_file(tmp_path) -> None:
    pytest.importorskip("lightning_fabric")
    image = np.random.default_rng(0).normal(100, 5, (64, 64)).astype(np.float32)
    image[:, 32:] += 60
    paint = np.zeros((64, 64), np.uint8)
    paint[10:13, 3:25], paint[40:43, 35:60] = 1, 2
    tifffile.imwrite(tmp_path / "a.tif", image)
    tifffile.imwrite(tmp_path / "p.tif", paint)
    script = "from napari_unet.cli import main; main()"
    (tmp_path / "paint.py").write_text(script, "utf-8")
    command = [
        sys.executable, "paint.py", "train", "a.tif", "p.tif", "-o", "m.unet",
        "--steps", "3", "--devices", "2", "--device", "cpu", "--json",
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=tmp_path, env=ONE_THREAD, capture_output=True, text=True, timeout=240,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count('"model"') == 1
    assert load_model(tmp_path / "m.unet").config.classes == 2
