"""The door to the engine: torch is loaded here, late, on a worker, and without stalling the window.

Importing torch links hundreds of megabytes of libraries while Python's interpreter lock is
held: 0.2 s in which no window can move. Opening the same libraries first through a foreign
function call, which gives the lock away, leaves nothing long to link. And the hundred thousands
of objects that torch's modules make would set off a full garbage collection, on the worker and
over everything napari holds: 0.3 s and more in which no window can move either.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from napari_unet.core.errors import JobFailed

_LIBRARIES = ("libgomp*.so*", "libc10.so", "libtorch_cpu.so", "libtorch.so", "libtorch_python.so")
"""What ``import torch`` opens in the end, in the order of dependence (CPU wheels on Linux)."""

_LATE = {"training": ("torch._dynamo",)}
"""What torch would import in the middle of the work, at the first optimiser: seconds of Python."""

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
    name = f"napari_unet.learn.{module}"
    if name in sys.modules:
        # not taken from there: another worker may be in the middle of loading it
        return importlib.import_module(name)
    if "torch" not in sys.modules and sys.platform == "linux":
        _open_libraries()
    try:
        with _without_collection():
            for late in _LATE.get(module, ()):
                importlib.import_module(late)
            return importlib.import_module(name)
    except OSError as err:
        advice = _DLL_ADVICE if sys.platform == "win32" else f"PyTorch could not start: {err}."
        raise JobFailed(f"{advice} If that does not help, install PyTorch anew.") from err
    except ImportError as err:
        raise JobFailed(
            f"A package is missing ({err.name or err}). "
            "Install napari-unet-paint again, with everything it needs."
        ) from err


@contextmanager
def _without_collection() -> Iterator[None]:
    """No garbage is looked for meanwhile, and what was made is not looked through afterwards."""
    if not gc.isenabled() or gc.get_freeze_count():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # moves all objects to the oldest generation, without visiting any:
        gc.unfreeze()  # nothing is left that would set off a full collection
        gc.enable()


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
