"""The preview layer of each image, written by whoever answered for the newest view."""

from __future__ import annotations

from collections.abc import Iterable

from napari_unet.app.ports import LayerId, LayerStore
from napari_unet.core.axes import Spatial
from napari_unet.core.events import PreviewDone


class Previews:
    """Counts the requests for what is on screen and shows their answers, never an older one.

    Training and the instant answer share it, so that there is one preview layer for an image
    and one order of answers.

    Parameters
    ----------
    layers : LayerStore
    """

    def __init__(self, layers: LayerStore) -> None:
        self._layers = layers
        self._open: dict[LayerId, tuple[tuple[LayerId, Spatial], LayerId]] = {}
        self._shown: dict[LayerId, int] = {}
        self._generation, self._oldest = 0, 0

    def next_generation(self) -> int:
        """The number of a new request."""
        self._generation += 1
        return self._generation

    def open(self, image: LayerId, paint: LayerId, spatial: Spatial) -> None:
        """Have an empty, visible preview layer for this image, unless it is open already.

        Raises
        ------
        UNetError
            If a layer is gone.
        """
        made_for = (paint, spatial)
        if image not in self._open or self._open[image][0] != made_for:
            self._open[image] = made_for, self._layers.open_preview(image, paint, spatial)

    def close(self, images: Iterable[LayerId] | None = None) -> None:
        """Let the layers of these images, or of all, be cleared and shown when opened next."""
        for image in list(self._open) if images is None else images:
            self._open.pop(image, None)

    def forget(self) -> None:
        """Images are read in another way: what was asked for until now comes too late."""
        self._oldest = self._generation + 1
        self.close()

    def show(self, image: LayerId, answer: PreviewDone) -> bool:
        """Write an answer, unless a newer one is shown; False if it came too late."""
        newest = max(self._shown.get(image, 0), self._oldest)
        if image not in self._open or answer.generation < newest:
            return False
        self._shown[image] = answer.generation
        self._layers.write(self._open[image][1], answer.sample, answer.box, answer.labels)
        return True
