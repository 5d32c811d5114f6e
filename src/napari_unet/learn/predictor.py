"""A model fitted to one image, ready to answer for any part of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from napari_unet.core.blocks import Setup
from napari_unet.core.cancel import CancelToken
from napari_unet.core.config import ModelConfig, PredictConfig
from napari_unet.core.errors import AxesError, ChannelMismatch, FlatImage
from napari_unet.core.mosaic import add_tile
from napari_unet.core.normalize import Normalisation, fit_normalisation
from napari_unet.core.source import Box, ImageSource
from napari_unet.core.tiles import Tile, box_shape, inside, moved, overlap, tile_grid
from napari_unet.learn.adapt import statistics_crops
from napari_unet.learn.blocks import pad_to_multiple
from napari_unet.learn.devices import Device, choose_device, free_memory
from napari_unet.learn.forward import Engine
from napari_unet.learn.memory import TilePlan, plan_tiles
from napari_unet.learn.model import Model
from napari_unet.learn.precision import Precision, best_precision, precision_named
from napari_unet.learn.reach import answer_context
from napari_unet.learn.spare_heads import missing_channels, net_for


def check_fits(config: ModelConfig, source: ImageSource) -> None:
    """Raise unless a network of this config can be applied to the image.

    Raises
    ------
    AxesError
        If the network has another number of spatial axes.
    ChannelMismatch
        If it was made for another number of channels.
    """
    if len(source.spatial_shape) != config.dimensions:
        raise AxesError(
            f"The model is for {config.dimensions}D images, but {source.name!r} is read as "
            f"{len(source.spatial_shape)}D. Choose other axes, or train a new model."
        )
    if source.channels != config.input_channels:
        raise ChannelMismatch(
            f"The model was trained on {config.input_channels} channels, but {source.name!r} has "
            f"{source.channels}. Choose an image with the same channels, or train a new model."
        )


class Predictor:
    """One model on one image: fitted to it once, then asked for any part of it.

    The image's intensities are normalised by one range, feature statistics are measured once
    and frozen, and how it is cut into tiles depends on nothing that changes later. So whoever
    asks for a part gets what the whole prediction has there.

    Parameters
    ----------
    model : Model
        Left as it is.
    source : ImageSource
    config : PredictConfig, optional
    cancel : CancelToken, optional
        Looked at before every layer of the network.
    setup : Setup, optional
        Cut and compute as a prediction did before, instead of as suits the machine now.

    Attributes
    ----------
    notices : list of str
        What the user should know, so far.

    Raises
    ------
    AxesError, ChannelMismatch
        If the model cannot be applied to the image.
    DeviceUnavailable
        If the chosen device is not there.
    OutOfMemory
        If memory ran out on every device and at every size.
    Stopped
        If `cancel` says so; every method raises it too.
    """

    def __init__(
        self,
        model: Model,
        source: ImageSource,
        config: PredictConfig | None = None,
        *,
        cancel: CancelToken | None = None,
        setup: Setup | None = None,
    ) -> None:
        self._source, self._setup = source, setup
        self._config = config = config or PredictConfig()
        check_fits(model.config, source)
        self.notices: list[str] = []
        self._shape, self._multiple = source.spatial_shape, model.net.alignments
        self._sees = answer_context(model.net)
        self._normalisation = self._fit(model)
        device = choose_device(config.device)
        own = config.statistics != "training" and model.config.normalisation == "batch"
        crops = statistics_crops(source, self._normalisation, self._multiple) if own else []
        self._engine = Engine(
            net_for(model, crops),
            device,
            self._precision(device, model),
            requested=config.precision,
            flips=config.flips,
            cancel=cancel,
            say=self.notices.append,
        )
        self._engine.context, self._engine.ramp = self._context, self._ramp
        alike = config.statistics == "both" and not missing_channels(crops)
        self._engine.adapt(crops, model.own_share if alike else 1.0)

    def _precision(self, device: Device, model: Model) -> Precision:
        if self._setup is None:
            return best_precision(device, self._config.precision, model.config)
        return precision_named(self._setup.precision, self._setup.channels_last)

    def _fit(self, model: Model) -> Normalisation:
        if self._config.normalisation == "training":
            return model.normalisation
        try:
            return fit_normalisation(self._source)
        except FlatImage:
            self.notices.append(
                f"{self._source.name!r} has the same value everywhere, so its intensities are "
                "read like those of the training images. Check that it is the right image."
            )
            return model.normalisation

    @property
    def setup(self) -> Setup:
        """How the image is cut and computed."""
        precision = self._engine.precision
        return Setup(
            self.plan.sides, self.plan.batch, precision.words, bool(precision.channels_last)
        )

    @property
    def device(self) -> Device:
        """The device in use now."""
        return self._engine.device

    @property
    def source(self) -> ImageSource:
        """The image."""
        return self._source

    @property
    def halos(self) -> tuple[int, ...]:
        """Pixels of context a score needs along each axis: as set, else as far as is looked.

        With all of that context a pixel gets the same score in every tile, to the last bit.
        Less would differ little in float32; but the least difference can change a rounding of
        bfloat16, and so a probability by more than 1e-3. In 3D it is less; see `UNet.context`.
        """
        if self._config.halo is None:
            return self._sees
        return (self._config.halo,) * len(self._shape)

    @property
    def halo(self) -> int:
        """The longest of `halos`."""
        return max(self.halos)

    def _plan_with(self, halo: int | Sequence[int]) -> TilePlan:
        if self._setup is not None:
            return TilePlan(self._setup.sides, self._setup.batch)
        return plan_tiles(
            self._shape,
            self._engine.config,
            self._engine.device,
            self._engine.precision,
            free=self._free,
            halo=halo,
            multiple=self._multiple,
            tile_size=self._config.tile_size,
        )

    @cached_property
    def _free(self) -> int:
        return free_memory(self._engine.device)

    @cached_property
    def _one_tile(self) -> TilePlan | None:
        """The plan if one tile covers the image, so that no context is needed."""
        plan = self._plan_with(0)
        fits = all(n <= side for n, side in zip(self._shape, plan.sides, strict=True))
        return plan if fits else None

    @property
    def _ramp(self) -> tuple[int, ...]:
        return tuple(min(step, halo) for step, halo in zip(self._multiple, self.halos, strict=True))

    @property
    def _context(self) -> tuple[int, ...]:
        return tuple(halo + ramp for halo, ramp in zip(self.halos, self._ramp, strict=True))

    @cached_property
    def plan(self) -> TilePlan:
        """Size of tiles, and how many are computed together."""
        return self._one_tile or self._plan_with(self._context)

    @cached_property
    def grid(self) -> list[Tile]:
        """The tiles of every sample, in the order they are computed."""
        return self._cut(self._shape)

    def _cut(self, shape: Sequence[int]) -> list[Tile]:
        if self._one_tile:
            return tile_grid(shape, self.plan.sides, 0, self._multiple)
        return tile_grid(shape, self.plan.sides, self._context, self._multiple, self._ramp)

    def probabilities(self, sample: int, box: Box, *, exact: bool = False) -> np.ndarray:
        """Class probabilities inside a box of one sample.

        Parameters
        ----------
        sample : int
            Canonical sample number.
        box : tuple of slice
            Inside the image.
        exact : bool, optional
            Compute the very tiles of the whole prediction that reach into the box, for the
            same result, to the last bit where tiles are computed one by one, as all but small
            ones are on the CPU. Else only the box and its context, which is the same but for
            rounding, and for a small box much faster.

        Returns
        -------
        ndarray of float32, shape (K, *box)
        """
        tiles = self.grid if exact else self._tiles_around(box)
        result = np.zeros((self._engine.config.classes, *box_shape(box)), np.float32)
        wanted = [(sample, tile) for tile in tiles if overlap(tile.reach, box)]
        for _, tile, values in self.answers(wanted):
            add_tile(result, box, tile, values)
        return result

    def _tiles_around(self, box: Box) -> list[Tile]:
        """Tiles that answer for a box only, as few as memory allows."""
        around = self._around(box)
        tiles = self._cut(box_shape(around))
        if len(tiles) == 1:
            return [Tile(around, box, inside(box, around), box)]
        return [moved(tile, [s.start for s in around]) for tile in tiles]

    def _around(self, box: Box) -> Box:
        """A box and its context, starting where the network's grids do."""
        if box_shape(box) == self._shape:
            return box
        return tuple(
            slice(
                max(0, s.start - halo) // step * step,
                min(n, s.stop + halo),
            )
            for s, n, halo, step in zip(box, self._shape, self.halos, self._multiple, strict=True)
        )

    def answers(self, wanted: Sequence[tuple[int, Tile]]) -> Iterator[tuple[int, Tile, np.ndarray]]:
        """Compute tiles, several together where that is faster.

        Parameters
        ----------
        wanted : sequence of (int, Tile)
            Sample numbers, and tiles of one grid.

        Yields
        ------
        tuple of (int, Tile, ndarray of float32, shape (K, *tile.reach))
            In the same order.
        """
        batch = self.plan.batch
        for first in range(0, len(wanted), batch):
            some = wanted[first : first + batch]
            blocks = torch.stack([self._read(sample, tile.read) for sample, tile in some])
            # tiles that are computed together need not have their borders at the same places
            box = tuple(slice(0, n) for n in blocks.shape[2:])
            if batch == 1:
                box = some[0][1].reach_crop
            answer = self._engine.probabilities(blocks, box).numpy()
            for (sample, tile), values in zip(some, answer, strict=True):
                yield sample, tile, values[(slice(None), *inside(tile.reach_crop, box))]

    def _read(self, sample: int, box: Box) -> Tensor:
        """A box of the image, normalised and enlarged to a multiple, (C, *spatial)."""
        block = torch.from_numpy(self._normalisation.apply(self._source.read(sample, box)))
        return pad_to_multiple(block[None], self._multiple)[0]
