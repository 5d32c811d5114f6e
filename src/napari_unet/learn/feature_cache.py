"""Feature maps of images under one trunk, remembered: the next stroke need not compute them."""

from __future__ import annotations

import copy
import sys
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from napari_unet.core.normalize import Normalisation
from napari_unet.core.source import Box, ImageSource
from napari_unet.core.tiles import inside
from napari_unet.learn.adapt import measure_on
from napari_unet.learn.devices import Device
from napari_unet.learn.precision import Precision, autocast
from napari_unet.learn.statistics import folded
from napari_unet.learn.unet import UNet

_ROOM = 1_000_000_000
"""Bytes of feature maps that are remembered at most."""


@dataclass(frozen=True, eq=False)
class Pictured:
    """An image as a trunk sees it.

    Parameters
    ----------
    source : ImageSource
    normalisation : Normalisation
    """

    source: ImageSource
    normalisation: Normalisation

    @property
    def key(self) -> tuple[int, str, Normalisation]:
        """The same for the same array read in the same way."""
        return id(self.source.array), self.source.axes.axes, self.normalisation

    def read(self, sample: int, box: Box | None = None) -> Tensor:
        """Normalised intensities of a box of one sample, or of all of it, float32 (C, *box)."""
        return torch.from_numpy(self.normalisation.apply(self.source.read(sample, box)))


class FeatureCache:
    """What the head reads of parts of images, under one trunk that does not change.

    Parameters
    ----------
    net : UNet
        Copied; its head does not matter.
    device : Device
    precision : Precision
    room : int, optional
        Bytes to remember at most; the parts used longest ago are forgotten first.

    Attributes
    ----------
    precision : Precision
        Format the maps are in.
    at_once : int
        Pixels to ask for at once at most; less where memory was found to be short.
    """

    def __init__(self, net: UNet, device: Device, precision: Precision, room: int = _ROOM) -> None:
        self._net = copy.deepcopy(net)
        self.precision, self.at_once = precision, sys.maxsize
        self._device, self._room = device, room
        self._adapted: dict[tuple[int, str, Normalisation], tuple[Pictured, UNet, UNet]] = {}
        self._maps: OrderedDict[tuple[object, ...], list[Tensor]] = OrderedDict()

    def keep_only(self, images: Iterable[Pictured]) -> None:
        """Forget all other images."""
        kept = {image.key for image in images}
        self._adapted = {key: its for key, its in self._adapted.items() if key in kept}
        for key in [key for key in self._maps if key[:3] not in kept]:
            del self._maps[key]

    def adapted(self, image: Pictured) -> UNet:
        """The network with the statistics of an image; not to be changed."""
        return self._fit(image)[0]

    def maps(
        self, image: Pictured, sample: int, box: Box, keep: Box | None = None, *, last: bool = False
    ) -> list[Tensor]:
        """Feature maps of a box of one sample, as `UNet.feature_maps` returns them.

        Parameters
        ----------
        image : Pictured
        sample : int
            Canonical sample number.
        box : tuple of slice
            Inside the image, starting at multiples of the network's alignment. What lies
            outside it is taken for a mirror image, so that its margin should not be used.
        keep : tuple of slice, optional
            Remember and return only this part of it, in the format the network computes in; it
            starts at multiples of the alignment, and ends there or where `box` does.
        last : bool, optional
            Do not remember what is not known yet.

        Returns
        -------
        list of Tensor
            On the device, in the format they were computed in; not to be changed.
        """
        key = (*image.key, sample, *((s.start, s.stop) for s in keep or box), keep is None)
        known = self._maps.pop(key, None)
        if known is None:
            known = self._compute(image, sample, box)
            if keep is not None:
                known = [m.to(self.precision.dtype) for m in cut_maps(known, inside(keep, box))]
            if last:
                return known
            self._make_room(sum(m.nbytes for m in known))
        self._maps[key] = known
        return known

    @torch.no_grad()
    def _compute(self, image: Pictured, sample: int, box: Box) -> list[Tensor]:
        block = image.read(sample, box)
        data = self.precision.lay_out(block[None].to(self._device.torch_device))
        with autocast(self._device, self.precision):
            return self._fit(image)[1].feature_maps(data)

    def _fit(self, image: Pictured) -> tuple[UNet, UNet]:
        """The network adapted to an image, plainly and with its normalisation folded away."""
        if image.key not in self._adapted:
            net = copy.deepcopy(self._net).eval().requires_grad_(False)
            measure_on(net, image.source, image.normalisation, self._device)
            # holding on to the image keeps the identity of its array from being used again
            self._adapted[image.key] = (image, net, folded(net))
        return self._adapted[image.key][1:]

    def _make_room(self, wanted: int) -> None:
        held = sum(m.nbytes for maps in self._maps.values() for m in maps)
        while self._maps and held + wanted > self._room:
            _, forgotten = self._maps.popitem(last=False)
            held -= sum(m.nbytes for m in forgotten)


def cut_maps(maps: Sequence[Tensor], box: Box) -> list[Tensor]:
    """Copies of what lies in a box, in pixels of the finest map.

    Parameters
    ----------
    maps : sequence of Tensor, each of shape (1, channels, *spatial)
    box : tuple of slice
        It starts at multiples of the network's alignment.
    """
    finest = maps[0].shape[2:]
    cut = []
    for features in maps:
        factors = [n // m for n, m in zip(finest, features.shape[2:], strict=True)]
        part = [slice(s.start // f, -(-s.stop // f)) for s, f in zip(box, factors, strict=True)]
        cut.append(features[(slice(None), slice(None), *part)].clone())
    return cut
