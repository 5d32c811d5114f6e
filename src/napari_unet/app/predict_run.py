"""What was asked for by one press of Predict, and how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from napari_unet.app.ports import LayerId
from napari_unet.core.annotations import ClassMap
from napari_unet.core.axes import Spatial
from napari_unet.core.cancel import CancelToken
from napari_unet.core.config import PredictConfig
from napari_unet.core.source import ImageSource


@dataclass(frozen=True)
class PredictWish:
    """What the user wants to predict.

    Parameters
    ----------
    images : tuple of LayerId
    config : PredictConfig
    probabilities : bool, optional
        Add image layers with the probabilities.
    samples : mapping of LayerId to tuple of int, optional
        The samples that are wanted, of images of which not all are.
    full : set of LayerId, optional
        Pyramids whose mask is wanted at full resolution, whichever level is worked on.
    """

    images: tuple[LayerId, ...]
    config: PredictConfig
    probabilities: bool = False
    samples: Mapping[LayerId, tuple[int, ...]] = field(default_factory=dict)
    full: frozenset[LayerId] = frozenset()


@dataclass(eq=False)
class PredictRun:
    """One press of Predict."""

    wish: PredictWish
    sources: list[ImageSource]
    classes: ClassMap
    spatial: Spatial
    results: list[LayerId | None]
    """None until there is one."""
    cancel: CancelToken
    finished: set[int]
    failures: list[str]
    streamed: list[bool]
    folders: list[Path] = field(default_factory=list)
    """Where results are that are too large for memory."""
    uniform: list[int] = field(default_factory=list)
    """The labels of results that hold one class only."""
    number: int = 0
    painted_on: bool = False
    """True if the user painted on a mask before it was finished."""

    def how(self, number: int) -> tuple[ClassMap, Spatial, bool]:
        """What the layers of a result have to know: classes, axes, and whether it is the finest."""
        return self.classes, self.spatial, self.wish.images[number] in self.wish.full
