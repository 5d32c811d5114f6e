"""Batch normalisation adapted to one image: measured on it once, frozen, folded away.

A network that normalises by the statistics of the image at hand adapts to it (Li et al. 2016,
arXiv:1603.04779), and by too much where another image holds more or less of a class; a mixture
with those of the training images keeps both in bounds (Schneider et al. 2020, arXiv:2006.16971).
With the statistics frozen every tile is treated alike, so there are no seams, and with the
normalisation folded into the convolutions it costs nothing.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from napari_unet.learn.blocks import ConvUnit

_BATCH_NORMS = (nn.BatchNorm2d, nn.BatchNorm3d)

Net = TypeVar("Net", bound=nn.Module)


class _Moments:
    """Mean and variance per channel over everything seen, in float64.

    Parameters
    ----------
    norm : Module
        A batch normalisation; it is left as it is until `write`.
    own : float
        Share of what is seen in what is written; the rest is what the layer had at first.
    """

    def __init__(self, norm: nn.Module, own: float) -> None:
        self._norm, self._own = norm, own
        first = norm.get_buffer("running_mean"), norm.get_buffer("running_var")
        self._first_mean, self._first_variance = (value.cpu().double() for value in first)
        self._count = 0
        self._mean = torch.zeros(())
        self._squares = torch.zeros(())

    def add(self, x: Tensor) -> None:
        """Take in a tensor ``(N, C, *spatial)``; Chan et al. 1983, doi:10.2307/2683386."""
        axes, values = [0, *range(2, x.ndim)], x.float()
        # eight times as fast as torch.var_mean over these axes, on the CPU
        centre = values.mean(axes, keepdim=True)
        variance = (values - centre).square_().mean(axes).cpu().double()
        mean = centre.flatten().cpu().double()
        count = x.numel() // x.shape[1]
        total = self._count + count
        step = mean - self._mean
        self._squares = self._squares + variance * count + step**2 * (self._count * count / total)
        self._mean = self._mean + step * (count / total)
        self._count = total

    def undo(self) -> None:
        """Give the layer back what it had at first."""
        self._norm.get_buffer("running_mean").copy_(self._first_mean.float())
        self._norm.get_buffer("running_var").copy_(self._first_variance.float())

    def write(self) -> None:
        """Make these the statistics the layer normalises by."""
        mean, variance = self._mean, self._squares / self._count
        if self._own < 1:
            own, other = self._own, 1 - self._own
            mean = own * mean + other * self._first_mean
            variance = own * (variance + (self._mean - mean) ** 2) + other * (
                self._first_variance + (self._first_mean - mean) ** 2
            )
        self._norm.get_buffer("running_mean").copy_(mean.float())
        self._norm.get_buffer("running_var").copy_(variance.float())

    def note(self, _norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        """Before the layer normalises: count its input in, and normalise by all counted so far."""
        self.add(inputs[0])
        self.write()


@torch.no_grad()
def measure(net: nn.Module, batches: Iterable[Tensor], own: float = 1.0) -> None:
    """Set the statistics of every batch normalisation to those of exactly these inputs.

    The network then answers as if it normalised by the statistics of the inputs
    themselves. Inputs of one shape are measured together, exactly; inputs of several
    shapes one after the other, each normalised by what was seen until then, every pixel
    with the same weight. Dropout is off; the same inputs give the same statistics. An error,
    as where memory runs out, leaves them as they were.

    Parameters
    ----------
    net : Module
        Changed in place; its training mode stays as it is. Nothing happens if it has no
        batch normalisation.
    batches : iterable of Tensor, each of shape (N, C, *spatial)
        Normalised images, whole or in part.
    own : float, optional
        Mix so much of these statistics with those the network has, as if both were seen.
    """
    norms = [m for m in net.modules() if isinstance(m, _BATCH_NORMS)]
    if not norms:
        return
    device = next(net.parameters()).device
    inputs = [batch.to(device) for batch in batches]
    if len({batch.shape[1:] for batch in inputs}) == 1:
        inputs = [torch.cat(inputs)]
    modes = {module: module.training for module in net.modules()}
    net.eval()
    moments = [_Moments(norm, own) for norm in norms]
    hooks = [
        norm.register_forward_pre_hook(its.note) for norm, its in zip(norms, moments, strict=True)
    ]
    try:
        for batch in inputs:
            net(batch)
    except BaseException:
        for its in moments:
            its.undo()
        raise
    finally:
        for hook in hooks:
            hook.remove()
        for module, mode in modes.items():
            module.training = mode


def folded(net: Net) -> Net:
    """Return a copy for prediction with batch normalisation folded into the convolutions.

    That of the filter bank stays: there is no convolution behind it but the head's.

    Parameters
    ----------
    net : Module
        Left as it is.

    Returns
    -------
    Module
        In evaluation mode, without gradients; the same outputs but for rounding.
    """
    copied = copy.deepcopy(net).eval().requires_grad_(False)
    for unit in copied.modules():
        if isinstance(unit, ConvUnit) and isinstance(unit.norm, _BATCH_NORMS):
            unit.conv = fuse_conv_bn_eval(unit.conv, unit.norm)
            unit.norm = nn.Identity()
    return copied
