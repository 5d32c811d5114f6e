"""Paint a few strokes, train a U-Net, predict masks: in napari, from Python, from a shell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_unet.api import fit, load_model, predict, predict_proba

__version__ = "0.1.0"

__all__ = ["__version__", "fit", "load_model", "predict", "predict_proba"]

_API = frozenset({"fit", "load_model", "predict", "predict_proba"})


def __getattr__(name: str) -> Any:
    """Import the engine only when it is first used, so that napari starts without torch."""
    if name in _API:
        from napari_unet import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
