"""Running a network on blocks of any size, whatever memory there is, until told to stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, combinations
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from napari_unet.core.cancel import CancelToken
from napari_unet.core.errors import OutOfMemory
from napari_unet.core.mosaic import add_tile
from napari_unet.core.source import Box
from napari_unet.core.tiles import box_shape, inside, overlap, tile_grid, tile_sides
from napari_unet.learn.blocks import pad_to_multiple
from napari_unet.learn.devices import (
    Device,
    cpu,
    free_memory,
    is_out_of_memory,
    release_memory,
)
from napari_unet.learn.edge_smoothing import smooth_along_edges, smoothing_reach
from napari_unet.learn.inside import Insides
from napari_unet.learn.memory import affordable_pixels
from napari_unet.learn.precision import Precision, autocast, best_precision, lay_out_network
from napari_unet.learn.statistics import folded, measure
from napari_unet.learn.stopping import stoppable
from napari_unet.learn.unet import UNet, probabilities

Result = TypeVar("Result")


class Engine:
    """A network on a device, which does with less when memory runs out.

    When it does, fewer blocks are computed together, then blocks in pieces, with the same
    context and blended alike, so that the answer stays the same; then the CPU takes over.
    Each of these is said once, in a sentence.

    Parameters
    ----------
    net : UNet
        Taken over; changed by `adapt`.
    device : Device
    precision : Precision
    requested : str
        The precision that was asked for, in case the device changes.
    flips : bool
        Average over mirrored copies of every block.
    cancel : CancelToken
        Looked at before every layer.
    say : callable
        Called with each sentence the user should read.

    Attributes
    ----------
    device, precision
        Those in use now.
    context, ramp : tuple of int
        Halo and blending, along each axis, of the pieces a block is cut into when memory is
        short.
    """

    def __init__(
        self,
        net: UNet,
        device: Device,
        precision: Precision,
        *,
        requested: str = "auto",
        flips: bool = False,
        cancel: CancelToken | None = None,
        say: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self.config = net.config
        self.device, self.precision = device, precision
        self.context: tuple[int, ...] = net.context
        self.ramp: tuple[int, ...] = (0,) * net.config.dimensions
        self._net: UNet = net.eval().requires_grad_(False)
        self._strength = net.head.smoothing
        self._requested, self._flips = requested, flips
        self._cancel, self._say = cancel or CancelToken(), say
        self._said: set[str] = set()
        self._batch: int | None = None
        self._side: int | None = None
        self._persist(self._place)

    # -- the network ----------------------------------------------------------------------

    def _place(self) -> None:
        """Move the network to the device in use."""
        self._net.to(self.device.torch_device)
        if self.precision.channels_last:
            lay_out_network(self._net, self.config.dimensions)
        self._insides = Insides(
            self._net,
            self.precision.dtype,
            strips=self.device.is_cpu and self.precision.channels_last,
        )

    def adapt(self, crops: Sequence[Tensor], own: float = 1.0) -> None:
        """Measure feature statistics on these crops, each (N, C, *spatial), and freeze them.

        They count for a share, `own`; the rest, and all of it without crops, is as in training.
        """
        if crops:
            self._persist(lambda: self._measure(crops, own))
        self._net = folded(self._net)
        self._place()

    def _measure(self, crops: Sequence[Tensor], own: float) -> None:
        with autocast(self.device, self.precision), stoppable(self._net, self._cancel):
            measure(self._net, [self.precision.lay_out(crop) for crop in crops], own)

    # -- answers --------------------------------------------------------------------------

    def probabilities(self, blocks: Tensor, box: Box | None = None) -> Tensor:
        """Class probabilities inside a box of blocks of one size.

        Parameters
        ----------
        blocks : Tensor of float32, shape (N, C, *spatial)
            Normalised intensities, on the CPU.
        box : tuple of slice, optional
            What is wanted of each block; the rest is context. All of it when not given.

        Returns
        -------
        Tensor of float32, shape (N, K, *box)
            On the CPU.

        Raises
        ------
        OutOfMemory
            If not even the smallest piece fits on the CPU.
        Stopped
            If the cancel token says so.
        """
        wanted = box or tuple(slice(0, n) for n in blocks.shape[2:])
        return self._persist(
            lambda: self._compute(blocks, wanted), lambda: self._do_with_less(blocks.shape)
        )

    def _compute(self, blocks: Tensor, box: Box) -> Tensor:
        """All blocks, in batches or pieces as small as memory was found to ask for."""
        if self._side is not None and max(blocks.shape[2:]) > self._side:
            return torch.stack([self._in_pieces(block, box) for block in blocks])
        step = self._batch or len(blocks)
        parts = [self._forward(blocks[i : i + step], box) for i in range(0, len(blocks), step)]
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _in_pieces(self, block: Tensor, box: Box) -> Tensor:
        """One block (C, *spatial), cut into tiles like an image of its own."""
        size = tuple(block.shape[1:])
        result = np.zeros((self.config.classes, *box_shape(box)), np.float32)
        side = self._side or max(size)
        for tile in tile_grid(size, side, self.context, self._net.alignments, self.ramp):
            if overlap(tile.reach, box):
                part = block[(slice(None), *tile.read)][None]
                values = self._forward(part, tile.reach_crop)[0].numpy()
                add_tile(result, box, tile, values)
        return torch.from_numpy(result)

    def _forward(self, blocks: Tensor, box: Box) -> Tensor:
        """One pass of the network, or one for each way to mirror the blocks."""
        with (
            torch.inference_mode(),
            autocast(self.device, self.precision),
            stoppable(self._net, self._cancel),
        ):
            data = pad_to_multiple(blocks.to(self.device.torch_device), self._net.alignments)
            total: Tensor | None = None
            for axes in self._mirrors:
                answer = self._mirrored(data, box, axes)
                total = answer if total is None else total.add_(answer)
            assert total is not None
            if len(self._mirrors) > 1:
                total /= len(self._mirrors)
            total = total.cpu()
        if self.precision.dtype == torch.float16 and not bool(torch.isfinite(total).all()):
            self._use_float32()
            return self._forward(blocks, box)
        return total

    def _mirrored(self, data: Tensor, box: Box, axes: tuple[int, ...]) -> Tensor:
        """The answer for blocks mirrored along some axes, mirrored back."""
        if axes:
            data = data.flip(axes)
            box = tuple(
                slice(n - s.stop, n - s.start) if axis in axes else s
                for axis, (s, n) in enumerate(zip(box, data.shape[2:], strict=True), start=2)
            )
        around = self._smoothed_over(box, data.shape[2:])
        scores = self._insides.scores(self.precision.lay_out(data), around)
        answer = probabilities(scores.contiguous(), self.config)
        if self._strength:
            seen = data[(slice(None), slice(None), *around)]
            answer = smooth_along_edges(answer, seen, self._strength)
            answer = answer[(slice(None), slice(None), *inside(box, around))]
        return answer.flip(axes) if axes else answer

    def _smoothed_over(self, box: Box, shape: Sequence[int]) -> Box:
        """What must be answered for a box to be smoothed: the box, or more where there is more."""
        reach = smoothing_reach(self.config.dimensions) if self._strength else 0
        return tuple(
            slice(max(0, s.start - reach), min(n, s.stop + reach))
            for s, n in zip(box, shape, strict=True)
        )

    @property
    def _mirrors(self) -> list[tuple[int, ...]]:
        """The sets of axes to mirror along, the empty one first."""
        axes = range(2, 2 + self.config.dimensions) if self._flips else ()
        return list(chain.from_iterable(combinations(axes, n) for n in range(len(axes) + 1)))

    # -- when memory runs out -------------------------------------------------------------

    def _persist(
        self, work: Callable[[], Result], do_with_less: Callable[[], bool] = lambda: False
    ) -> Result:
        """Do some work until it succeeds, with less, then on the CPU."""
        while True:
            try:
                return work()
            except NotImplementedError as err:
                if self.device.is_cpu:
                    raise
                reason: Exception = err.with_traceback(None)
                trouble = "cannot compute all of this network"
            except Exception as err:
                if not is_out_of_memory(err):
                    raise
                # without its traceback, which would keep the tensors that fill the memory
                reason = err.with_traceback(None)
                trouble = "has too little free memory"
            release_memory(self.device)
            if isinstance(reason, NotImplementedError) or not do_with_less():
                self._go_to_cpu(trouble, reason)

    def _do_with_less(self, shape: Sequence[int]) -> bool:
        """Halve the batch, else the tile; False if neither can be smaller."""
        batch = min(self._batch or shape[0], shape[0])
        longest = max(shape[2:])
        side = min(self._side or longest, longest)
        half, net = max(side // 2, 1), self._net
        pieces = [tile_sides(shape[2:], n, self.context, net.alignments) for n in (half, side)]
        if batch > 1:
            self._batch = batch // 2
            self._say_once("Memory ran out, so fewer tiles are computed at a time.")
        elif pieces[0] != pieces[1]:
            self._side = half
            self._say_once(
                "Memory ran out, so tiles are computed in smaller pieces, which takes longer."
            )
        else:
            return False
        return True

    def _go_to_cpu(self, trouble: str, reason: Exception) -> None:
        """Go on with the CPU, in batches and tiles of its own."""
        left = self.device
        try:
            if left.is_cpu:
                raise reason
            self.device = cpu()
            self.precision = best_precision(self.device, self._requested, self.config)
            self._place()
        except Exception as err:
            if not is_out_of_memory(err):
                raise
            raise OutOfMemory(
                "Memory ran out, even for the smallest tile on the CPU. "
                "Close other programs or large images, or use a smaller network, and try again."
            ) from reason
        pixels = affordable_pixels(
            self.config, self.device, self.precision, free_memory(self.device)
        )
        side = int(pixels ** (1 / self.config.dimensions))
        self._batch, self._side = 1, max(side, 1)
        self._say_once(f"{left.words} {trouble}, so the CPU goes on, which takes longer.")

    def _use_float32(self) -> None:
        self.precision = Precision(torch.float32, self.precision.channels_last)
        self._place()
        self._say_once("This network needs float32, so it is used instead of float16.")

    def _say_once(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._say(text)
