"""A trained model: the network and everything needed to apply it rightly."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from napari_unet import __version__
from napari_unet.core.annotations import Annotation, ClassMap
from napari_unet.core.card import WeightFormat
from napari_unet.core.channels import KnownChannels
from napari_unet.core.config import ModelConfig
from napari_unet.core.normalize import Normalisation
from napari_unet.learn.unet import UNet


@dataclass(eq=False)
class Model:
    """A network with its classes, intensities and history.

    Parameters
    ----------
    net : UNet
        The network.
    classes : ClassMap
        Which paint value each of its classes was painted with.
    normalisation : Normalisation
        The intensities of the images it was trained on.
    spacing : tuple of float, optional
        Pixel size along the spatial axes of those images.
    axes : str, optional
        The axes of those images, for example ``"YX"``.
    history : list of dict, optional
        The course of the training, oldest first; numbers and text.
    preset : str, optional
        Name of the preset the network was made from.
    version : str, optional
        The program that trained it.
    channels : tuple of str, optional
        Names of the channels it was trained on, where they are known.
    channel_dropout : float, optional
        How often each channel was left out in training; 0 if never.
    own_share : float, optional
        How much the feature statistics of a new image count against those of the training
        images, which are in the buffers of the network; 1 where these were not measured.
    spare_heads : mapping of int to mapping of str to Tensor, optional
        Weights of the head for images that lack a channel, by its number; see
        `napari_unet.learn.spare_heads`.
    first_paint : tuple of Annotation, optional
        The paint its first answer came from, by image, so that what is painted later is known
        to correct it. Not kept in a file.
    """

    net: UNet
    classes: ClassMap
    normalisation: Normalisation
    spacing: tuple[float, ...] | None = None
    axes: str = "YX"
    history: list[dict[str, Any]] = field(default_factory=list)
    preset: str | None = None
    version: str = __version__
    channels: tuple[str, ...] = ()
    channel_dropout: float = 0.0
    own_share: float = 1.0
    spare_heads: Mapping[int, Mapping[str, Tensor]] = field(default_factory=dict)
    first_paint: tuple[Annotation, ...] = ()

    @property
    def config(self) -> ModelConfig:
        """The shape of the network."""
        return self.net.config

    @property
    def known_channels(self) -> KnownChannels:
        """The channels it was trained on."""
        spared = self.channel_dropout > 0 or bool(self.spare_heads)
        return KnownChannels(self.config.input_channels, self.channels, spared)

    def copy(self) -> Model:
        """Return a copy that shares nothing with this one."""
        return copy.deepcopy(self)

    def card(self) -> dict[str, Any]:
        """Return everything about the model but its weights, as plain JSON values."""
        from napari_unet.learn.checkpoint import make_card, stored_tensors

        return make_card(self, stored_tensors(self)).model_dump(mode="json")

    def save(
        self, path: str | Path, overwrite: bool = False, *, weights: WeightFormat = "float32"
    ) -> None:
        """Write the model to one file; see `napari_unet.learn.checkpoint.save_model`."""
        from napari_unet.learn.checkpoint import save_model

        save_model(self, path, overwrite, weights=weights)
