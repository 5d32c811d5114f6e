"""Ending the work of a network between two layers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from napari_unet.core.cancel import CancelToken


class Stopped(Exception):
    """Somebody asked the work to end; raised between two layers."""


@contextmanager
def stoppable(net: torch.nn.Module, cancel: CancelToken) -> Iterator[None]:
    """Within this context the network raises `Stopped` before its next layer when cancelled."""

    def look(_layer: torch.nn.Module, _inputs: object) -> None:
        if cancel.cancelled:
            raise Stopped

    layers = [m for m in net.modules() if not any(True for _ in m.children())]
    hooks = [layer.register_forward_pre_hook(look) for layer in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
