"""Devices are found, named and measured; running out of memory is recognised in every accent."""

from __future__ import annotations

import os
import sys
import threading
from types import SimpleNamespace

import pytest
import torch

from napari_unet.core.errors import DeviceUnavailable
from napari_unet.learn import devices
from napari_unet.learn.devices import (
    Device,
    cgroup_rooms,
    choose_device,
    cpu,
    free_memory,
    is_out_of_memory,
    list_devices,
    lower_priority,
    release_memory,
)

GIB = 2**30


@pytest.fixture
def _only_cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.fixture
def _two_gpus(monkeypatch, _only_cpu):
    cards = [
        SimpleNamespace(name="NVIDIA GeForce RTX 4090", total_memory=int(23.6 * GIB)),
        SimpleNamespace(name="NVIDIA T400", total_memory=int(3.9 * GIB)),
    ]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: len(cards))
    monkeypatch.setattr(torch.cuda, "get_device_properties", cards.__getitem__)


@pytest.fixture
def _apple(monkeypatch, _only_cpu):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)


@pytest.mark.usefixtures("_only_cpu")
def test_without_a_gpu_the_cpu_is_chosen():
    assert [d.name for d in list_devices()] == ["cpu"]
    assert choose_device("auto").is_cpu


@pytest.mark.parametrize(("cores", "words"), [(1, "CPU, 1 core"), (2, "CPU, 2 cores")])
def test_the_cpu_in_words(monkeypatch, cores, words):
    monkeypatch.setattr(devices, "cpu_cores", lambda: cores)
    assert cpu().words == words


@pytest.mark.usefixtures("_two_gpus")
def test_gpus_come_first_and_are_named_with_their_memory():
    assert [d.words for d in list_devices()][:2] == [
        "NVIDIA GeForce RTX 4090, 24 GB",
        "NVIDIA T400, 4 GB",
    ]
    assert choose_device("auto").name == "cuda:0"
    assert choose_device("cuda") == choose_device("CUDA:0 ")
    assert choose_device("cuda:1").torch_device == torch.device("cuda", 1)
    assert choose_device("cpu").is_cpu


@pytest.mark.usefixtures("_apple")
def test_apple():
    assert choose_device("auto") == Device("mps", "Apple GPU", torch.device("mps"))


@pytest.mark.usefixtures("_only_cpu")
@pytest.mark.parametrize("name", ["cuda", "cuda:3", "mps", "abacus"])
def test_a_device_that_is_not_there_is_refused_with_what_is(name):
    with pytest.raises(DeviceUnavailable, match=r"cpu .CPU.*Choose one of these"):
        choose_device(name)


@pytest.mark.usefixtures("_two_gpus")
def test_free_memory_of_a_gpu_counts_what_torch_keeps_for_later(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (5 * GIB, 24 * GIB))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 3 * GIB)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 1 * GIB)
    assert free_memory(choose_device("cuda")) == 7 * GIB


@pytest.mark.usefixtures("_apple")
def test_free_memory_of_an_apple_gpu_is_also_everybodys(monkeypatch):
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 10 * GIB)
    monkeypatch.setattr(torch.mps, "driver_allocated_memory", lambda: 4 * GIB)
    memory = SimpleNamespace(available=100 * GIB)
    monkeypatch.setattr(devices.psutil, "virtual_memory", lambda: memory)
    assert free_memory(choose_device("mps")) == 6 * GIB
    memory.available = 2 * GIB
    assert free_memory(choose_device("mps")) == 2 * GIB


def test_free_memory_of_the_cpu_respects_the_control_group(monkeypatch):
    memory = SimpleNamespace(available=10 * GIB)
    monkeypatch.setattr(devices.psutil, "virtual_memory", lambda: memory)
    monkeypatch.setattr(devices, "cgroup_rooms", lambda root, membership: [])
    assert free_memory(cpu()) == 10 * GIB
    monkeypatch.setattr(devices, "cgroup_rooms", lambda root, membership: [3 * GIB, 20 * GIB])
    assert free_memory(cpu()) == 3 * GIB


def group(folder, names, *values):
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in zip(names, values, strict=True):
        (folder / name).write_text(f"{value}\n")


V2 = ("memory.max", "memory.current", "memory.stat")
V1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "memory.stat")


def test_control_groups_v2_limit_from_the_inner_to_the_outer(tmp_path):
    (tmp_path / "membership").write_text("0::/user/job\n")
    group(tmp_path / "user" / "job", V2, "max", 5, "inactive_file 0")
    group(tmp_path / "user", V2, 1000, 700, "anon 600\ninactive_file 100")
    group(tmp_path, V2, 5000, 9000, "inactive_file 0")
    assert cgroup_rooms(tmp_path, tmp_path / "membership") == [400, 0]


def test_control_groups_v1(tmp_path):
    (tmp_path / "membership").write_text("4:cpu,cpuacct:/x\n7:memory:/job\n")
    group(tmp_path / "memory" / "job", V1, 1000, 900, "total_inactive_file 50")
    assert cgroup_rooms(tmp_path, tmp_path / "membership") == [150]


def test_without_control_groups_there_is_no_limit(tmp_path):
    assert cgroup_rooms(tmp_path, tmp_path / "absent") == []
    (tmp_path / "membership").write_text("0::/nowhere\n")
    assert cgroup_rooms(tmp_path, tmp_path / "membership") == []


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't "
                     "allocate memory: you tried to allocate 1 bytes. Error code 12"),
        RuntimeError("[enforce fail] . DefaultCPUAllocator: not enough memory: you tried to"),
        RuntimeError("MPS backend out of memory (MPS allocated: 8.00 GB, other allocations: 1)"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("std::bad_alloc"),
        MemoryError(),
    ],
)  # fmt: skip
def test_running_out_of_memory_is_recognised(error):
    assert is_out_of_memory(error)


def test_what_torch_itself_raises_is_recognised():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60, dtype=torch.uint8)
    assert is_out_of_memory(caught.value)


@pytest.mark.parametrize(
    "error", [RuntimeError("size mismatch"), ValueError("out of memory"), KeyboardInterrupt()]
)
def test_other_errors_are_not(error):
    assert not is_out_of_memory(error)


@pytest.mark.parametrize("kind", ["cuda", "mps"])
def test_memory_is_released_where_torch_keeps_some(monkeypatch, kind):
    called = []
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: called.append("cuda"))
    monkeypatch.setattr(torch.mps, "empty_cache", lambda: called.append("mps"))
    release_memory(Device(kind, kind, torch.device(kind)))
    release_memory(cpu())
    assert called == [kind]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="threads have no priority")
def test_only_the_calling_thread_gets_a_lower_priority():
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    seen = []

    def work():
        seen.append(lower_priority())
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [True, 19]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before


def test_elsewhere_lowering_the_priority_is_harmless(monkeypatch):
    monkeypatch.setattr(devices.sys, "platform", "win32")
    assert lower_priority() is False


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="threads have no priority")
def test_not_being_allowed_to_lower_it_is_harmless(monkeypatch):
    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", refuse)
    assert lower_priority() is False
