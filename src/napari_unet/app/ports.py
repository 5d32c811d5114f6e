"""What the application needs from a window, as protocols: fakes stand in for them in tests."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from napari_unet.core.annotations import ClassMap
from napari_unet.core.assemble import PaintedImage
from napari_unet.core.axes import Spatial
from napari_unet.core.cancel import CancelToken
from napari_unet.core.errors import UNetError
from napari_unet.core.source import Box, ImageSource
from napari_unet.data.canvas import Canvas

if TYPE_CHECKING:
    from napari_unet.app.jobs import Job
    from napari_unet.app.state import Severity

LayerId = Hashable
"""Names one layer; opaque, stays the same when the layer is renamed."""


class LayerStore(Protocol):
    """The layers of a viewer, as the application sees them. Main thread only."""

    def find(self, layer: LayerId) -> Any | None:
        """The layer, if it is still there."""

    def name(self, layer: LayerId) -> str:
        """What the user calls this layer."""

    def source(self, image: LayerId, spatial: Spatial) -> ImageSource:
        """The image, lazily, for a network of these spatial axes.

        Raises
        ------
        UNetError
            If the layer is gone or its axes do not fit.
        """

    def full_source(
        self, image: LayerId, spatial: Spatial, trained: Sequence[float] | None
    ) -> ImageSource:
        """The finest level of a pyramid, for a model that looks at pixels of this size.

        Raises
        ------
        UNetError
            As `source`.
        """

    def snapshot(self, image: LayerId, paint: LayerId, spatial: Spatial) -> PaintedImage:
        """A copy of the paint together with its image.

        Raises
        ------
        UNetError
            If a layer is gone or the two do not cover the same pixels.
        """

    def open_preview(self, image: LayerId, paint: LayerId, spatial: Spatial) -> LayerId:
        """The one preview layer of this image, made or cleared, in the colours of its paint."""

    def open_mask(
        self, image: LayerId, classes: ClassMap, spatial: Spatial, full: bool = False
    ) -> LayerId:
        """A new, empty result layer for this image, or for its finest level if `full`."""

    def canvas(self, image: LayerId, spatial: Spatial, full: bool = False) -> Canvas:
        """Axes, size, place and units of the labels of an image, for a file."""

    def open_streamed(
        self, image: LayerId, path: Path, classes: ClassMap, spatial: Spatial, full: bool = False
    ) -> LayerId:
        """A result layer that reads the labels in a folder, and stays if it is open already."""

    def write(self, result: LayerId, sample: int, box: Box, labels: np.ndarray) -> None:
        """Show labels ``(*spatial)`` in one box of one sample; nothing if the layer is gone."""

    def replace(self, result: LayerId, labels: np.ndarray) -> None:
        """Show labels ``(S, *spatial)`` instead of what the layer held."""

    def edited(self, result: LayerId) -> bool:
        """True if the user changed the result by hand, or removed it."""

    def remove(self, result: LayerId) -> None:
        """Take a result layer away, if it is still there."""

    def show_probabilities(
        self,
        image: LayerId,
        probabilities: np.ndarray,
        classes: ClassMap,
        spatial: Spatial,
        full: bool = False,
    ) -> None:
        """Show probabilities ``(S, K, *spatial)`` as image layers, one per class but background."""


class JobRunner(Protocol):
    """Runs one job at a time; every callback arrives on the main thread."""

    @property
    def busy(self) -> bool:
        """True while a job runs."""

    def run(
        self,
        job: Job,
        *,
        on_event: Callable[[Any], None],
        on_done: Callable[[Any], None],
        on_error: Callable[[UNetError], None],
        cancel: CancelToken | None = None,
        words: str = "",
    ) -> None:
        """Start `job`.

        Parameters
        ----------
        job : generator
            Yields events, returns a result.
        on_event, on_done, on_error : callable
            Take each event, then either the result or the error.
        cancel : CancelToken, optional
            Raised by the runner when the application closes.
        words : str, optional
            What the job does, for a list of running tasks.
        """


class Notifier(Protocol):
    """Says one sentence to the user, never in a dialog."""

    def say(self, text: str, severity: Severity = "hint") -> None:
        """Show the sentence until something newer is to be said."""
