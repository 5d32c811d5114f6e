"""The door to the engine: torch is loaded here, late, on a worker, and without stalling the window.

Importing torch links hundreds of megabytes of libraries while Python's interpreter lock is
held: 0.2 s in which no window can move. Opening the same libraries first through a foreign
function call, which gives the lock away, leaves nothing long to link.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

from napari_unet.core.errors import JobFailed

_LIBRARIES = ("libgomp*.so*", "libc10.so", "libtorch_cpu.so", "libtorch.so", "libtorch_python.so")
"""What ``import torch`` opens in the end, in the order of dependence (CPU wheels on Linux)."""

_DLL_ADVICE = (
    "PyTorch could not start, because an older Visual C++ runtime was loaded before it "
    "(pytorch issue 166628). Install the current Visual C++ Redistributable from "
    "https://aka.ms/vs/17/release/vc_redist.x64.exe and start napari again."
)


def engine(module: str) -> ModuleType:
    """Return a module of `napari_unet.learn`, loading torch first if need be.

    Call it on a worker: the first call takes a second or more.

    Parameters
    ----------
    module : str
        Name inside `napari_unet.learn`, for example ``"training"``.

    Raises
    ------
    JobFailed
        If torch cannot be loaded on this computer.
    """
    if "torch" not in sys.modules and sys.platform == "linux":
        _open_libraries()
    try:
        return importlib.import_module(f"napari_unet.learn.{module}")
    except OSError as err:
        advice = _DLL_ADVICE if sys.platform == "win32" else f"PyTorch could not start: {err}."
        raise JobFailed(f"{advice} If that does not help, install PyTorch anew.") from err
    except ImportError as err:
        raise JobFailed(
            f"A package is missing ({err.name or err}). "
            "Install napari-unet-paint again, with everything it needs."
        ) from err


def lower_priority() -> None:
    """Let the window come first: everything this thread does from now on waits for it."""
    engine("devices").lower_priority()


def warm_up() -> list[tuple[str, str]]:
    """Load what training and predicting need, and return the devices; call it on a worker.

    Returns
    -------
    list of (str, str)
        Name and words of each device; the first is ``"auto"``, with the words of its choice.
    """
    lower_priority()
    engine("training")
    engine("inference")
    devices = engine("devices")
    return [
        ("auto", devices.choose_device("auto").words),
        *((device.name, device.words) for device in devices.list_devices()),
    ]


def _open_libraries() -> None:
    """Open torch's libraries without holding the interpreter lock; harmless if it fails."""
    found = importlib.util.find_spec("torch")
    if found is None or found.origin is None:
        return
    folder = Path(found.origin).parent / "lib"
    if any(folder.glob("libtorch_cuda*")):
        return  # CUDA wheels choose among libraries in other packages; leave it to them
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.restype, dlopen.argtypes = ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_int]
    for pattern in _LIBRARIES:
        for library in sorted(folder.glob(pattern)):
            dlopen(os.fsencode(library), os.RTLD_NOW | os.RTLD_GLOBAL)
