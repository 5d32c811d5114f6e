"""The door to the engine, in fresh interpreters: what is loaded when, and what is left behind."""

from __future__ import annotations

import gc
import importlib
import subprocess
import sys
import threading
from types import ModuleType

import pytest

from napari_unet.app import engine as door
from napari_unet.core.errors import JobFailed


def test_the_door_itself_loads_nothing_and_the_first_call_loads_torch() -> None:
    code = (
        "import sys, gc; from napari_unet.app.engine import engine\n"
        "assert 'torch' not in sys.modules\n"
        "devices = engine('devices')\n"
        "assert 'torch' in sys.modules\n"
        "assert gc.isenabled() and gc.get_freeze_count() == 0\n"
        "assert engine('devices') is devices\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_garbage_is_collected_again_after_an_error() -> None:
    def fail() -> None:
        with door._without_collection():
            assert not gc.isenabled()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert gc.isenabled()


def test_a_program_that_froze_or_stopped_collection_keeps_its_way() -> None:
    gc.disable()
    try:
        with door._without_collection():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("raised", "words"),
    [
        (OSError("[WinError 1114] c10.dll"), "PyTorch could not start"),
        (ModuleNotFoundError("No module named 'torch'", name="torch"), "missing (torch)"),
    ],
)
def test_a_broken_installation_is_told_in_words(monkeypatch, raised, words) -> None:
    def broken(name: str):
        raise raised

    monkeypatch.delitem(sys.modules, "napari_unet.learn.devices", raising=False)
    monkeypatch.setattr(importlib, "import_module", broken)
    with pytest.raises(JobFailed) as caught:
        door.engine("devices")
    assert words in str(caught.value)
    assert str(caught.value).endswith(".")


def test_on_windows_the_advice_names_the_runtime_to_install(monkeypatch) -> None:
    def broken(name: str):
        raise OSError("[WinError 1114]")

    monkeypatch.delitem(sys.modules, "napari_unet.learn.devices", raising=False)
    monkeypatch.setattr(importlib, "import_module", broken)
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(JobFailed, match="Visual C"):
        door.engine("devices")


def test_libraries_that_cannot_be_opened_harm_nobody(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    door._open_libraries()
    spec = importlib.util.spec_from_file_location("torch", tmp_path / "__init__.py")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "libc10.so").write_bytes(b"no library")
    door._open_libraries()


def test_a_module_another_worker_is_loading_is_waited_for(tmp_path, monkeypatch) -> None:
    import napari_unet.learn

    (tmp_path / "slow.py").write_text(
        "import sys\nbegun, go = sys.modules['gate'].begun, sys.modules['gate'].go\n"
        "begun.set()\ngo.wait(20)\ndone = True\n"
    )
    gate = ModuleType("gate")
    gate.begun, gate.go = threading.Event(), threading.Event()
    monkeypatch.setitem(sys.modules, "gate", gate)
    monkeypatch.setattr(napari_unet.learn, "__path__", [*napari_unet.learn.__path__, str(tmp_path)])
    seen: list[bool] = []
    workers = [
        threading.Thread(target=lambda: seen.append(door.engine("slow").done)) for _ in range(2)
    ]
    workers[0].start()
    assert gate.begun.wait(20)
    workers[1].start()
    workers[1].join(0.2)
    gate.go.set()
    for worker in workers:
        worker.join(20)
    sys.modules.pop("napari_unet.learn.slow", None)
    assert seen == [True, True]
