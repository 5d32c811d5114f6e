"""What there is to compute on: choosing a device, its free memory, and telling when it is full."""

from __future__ import annotations

import logging
import os
import platform
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch

from napari_unet.core.errors import DeviceUnavailable

_GIBIBYTE = 2**30

_FULL = (
    "out of memory",
    "can't allocate memory",
    "cannot allocate memory",
    "not enough memory",
    "insufficient memory",
    "bad_alloc",
    "bad allocation",
    "alloc_failed",
)
"""What PyTorch's back ends say, in small letters, when an allocation fails."""


@dataclass(frozen=True)
class Device:
    """Something a network can run on.

    Parameters
    ----------
    name : str
        What settings call it: ``"cpu"``, ``"cuda:0"``, ``"mps"``.
    words : str
        What people call it: ``"CPU, 2 cores"``, ``"NVIDIA RTX 4090, 24 GB"``.
    torch_device : torch.device
    """

    name: str
    words: str
    torch_device: torch.device

    @property
    def is_cpu(self) -> bool:
        """True for the device every machine has."""
        return self.torch_device.type == "cpu"


def cpu() -> Device:
    """The device every machine has."""
    cores = cpu_cores()
    return Device("cpu", f"CPU, {cores} core{'' if cores == 1 else 's'}", torch.device("cpu"))


def cpu_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def list_devices() -> list[Device]:
    """Every device of this machine, the fastest first; the CPU is always the last."""
    found = [_cuda(i) for i in range(torch.cuda.device_count())] if _has_cuda() else []
    if _has_mps():
        found.append(Device("mps", "Apple GPU", torch.device("mps")))
    return [*found, cpu()]


def choose_device(name: str = "auto") -> Device:
    """The device of that name.

    Parameters
    ----------
    name : str
        ``"auto"`` for the fastest there is, ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``.

    Raises
    ------
    DeviceUnavailable
        If this machine, or this PyTorch, does not have it.
    """
    wanted = name.strip().lower()
    devices = list_devices()
    if wanted == "auto":
        return devices[0]
    if wanted == "cuda":
        wanted = "cuda:0"
    for device in devices:
        if device.name == wanted:
            return device
    here = ", ".join(f"{d.name} ({d.words})" for d in devices)
    raise DeviceUnavailable(
        f"There is no device {name!r} on this machine: it has {here}. Choose one of these, or auto."
    )


def _has_cuda() -> bool:
    return bool(torch.cuda.is_available())


def _has_mps() -> bool:
    return bool(torch.backends.mps.is_available())


def _cuda(index: int) -> Device:
    facts = torch.cuda.get_device_properties(index)
    words = f"{facts.name}, {facts.total_memory / _GIBIBYTE:.0f} GB"
    return Device(f"cuda:{index}", words, torch.device("cuda", index))


def cpu_model() -> str:
    """The processor's name, as well as the system tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def free_memory(device: Device) -> int:
    """Bytes that can be allocated on the device now without pushing others out.

    On the CPU that is what the system calls available, or less if this process lives in a
    control group (a container, a batch job) with a limit of its own.
    """
    kind = device.torch_device.type
    if kind == "cuda":
        free, _ = torch.cuda.mem_get_info(device.torch_device)
        kept = torch.cuda.memory_reserved(device.torch_device)
        used = torch.cuda.memory_allocated(device.torch_device)
        return int(free) + int(kept) - int(used)
    available = int(psutil.virtual_memory().available)
    if kind == "mps":
        room = torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
        return max(0, min(int(room), available))
    limits = [available, *cgroup_rooms(Path("/sys/fs/cgroup"), Path("/proc/self/cgroup"))]
    return max(0, min(limits))


def cgroup_rooms(root: Path, membership: Path) -> list[int]:
    """Bytes left under each memory limit this process's control groups set (Linux, v1 and v2).

    Parameters
    ----------
    root : Path
        Where the control groups are mounted.
    membership : Path
        The file that says which groups this process is in.
    """
    try:
        lines = membership.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    rooms = []
    for line in lines:
        _, controllers, place = line.split(":", 2)
        if controllers == "":
            names, base = ("memory.max", "memory.current", "inactive_file"), root
        elif "memory" in controllers.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            base = root / "memory"
        else:
            continue
        inner = base / place.strip("/")
        for folder in (inner, *inner.parents):
            rooms += _room(folder, *names)
            if folder == base:
                break
    return rooms


def _room(folder: Path, limit_name: str, used_name: str, cache_name: str) -> list[int]:
    """What is left under one group's limit; nothing if it sets none."""
    try:
        limit = (folder / limit_name).read_text(encoding="utf-8").strip()
        used = int((folder / used_name).read_text(encoding="utf-8"))
        facts = (folder / "memory.stat").read_text(encoding="utf-8").split()
    except (OSError, ValueError):
        return []
    if not limit.isdigit():
        return []
    stat = dict(zip(facts[::2], facts[1::2], strict=False))
    return [max(0, int(limit) - used + int(stat.get(cache_name, 0)))]


def is_out_of_memory(err: BaseException) -> bool:
    """True if the error says that memory ran out, whichever back end says it."""
    if isinstance(err, MemoryError | torch.cuda.OutOfMemoryError):
        return True
    return isinstance(err, RuntimeError) and any(part in str(err).lower() for part in _FULL)


def release_memory(device: Device) -> None:
    """Give memory that PyTorch keeps for later back to the device."""
    if device.torch_device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.torch_device.type == "mps":
        torch.mps.empty_cache()


def lower_priority() -> bool:
    """Let every other thread go before the calling one; True if the system agreed.

    Linux gives each thread its own priority, and the threads that PyTorch starts from here
    inherit it. Elsewhere priorities belong to processes, and nothing is done.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
    except OSError as err:
        logging.getLogger(__name__).debug("Priority stays as it is: %s", err)
        return False
    return True
