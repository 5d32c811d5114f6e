"""Stand-ins for window, threads and engine, so that decisions are tested without Qt and torch."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from napari_unet.app.jobs import shielded
from napari_unet.core.annotations import ClassMap
from napari_unet.core.assemble import PaintedImage
from napari_unet.core.axes import AxesSpec
from napari_unet.core.cancel import CancelToken
from napari_unet.core.config import ModelConfig
from napari_unet.core.errors import UNetError
from napari_unet.core.source import ImageSource

CLASSES = ClassMap((1, 2), 1, ("Background", "Object"))


@dataclass(eq=False)
class FakeModel:
    """Has what the application looks at, and writes a file of one line."""

    classes: ClassMap = CLASSES
    config: ModelConfig = field(default_factory=ModelConfig)
    history: list[dict[str, Any]] = field(default_factory=list)
    text: str = "model"

    def save(self, path: Path, overwrite: bool = False) -> None:
        if path.exists() and not overwrite:
            raise UNetError(f"{path} exists. Choose another name.")
        path.write_text(self.text)


def source(shape: tuple[int, ...] = (8, 8), axes: str = "YX", name: str = "a") -> ImageSource:
    pixels = np.arange(np.prod(shape)).reshape(shape)
    return ImageSource(pixels, AxesSpec(axes), name)


class FakeLayers:
    """A `LayerStore` that remembers what it was told."""

    def __init__(self, *names: str) -> None:
        self.sources = {name: source(name=name) for name in names}
        self.calls: list[tuple[Any, ...]] = []
        self.touched: set[Any] = set()
        self.gone: set[Any] = set()

    def find(self, layer: Any) -> Any | None:
        return None if layer in self.gone else layer

    def name(self, layer: Any) -> str:
        return str(layer)

    def source(self, image: Any, spatial: str) -> ImageSource:
        if image not in self.sources:
            raise UNetError("The layer is gone. Choose another.")
        return self.sources[image]

    def snapshot(self, image: Any, paint: Any, spatial: str) -> PaintedImage:
        self.calls.append(("snapshot", image, paint))
        return PaintedImage(self.source(image, spatial), np.zeros((8, 8), np.uint8))

    def open_preview(self, image: Any, paint: Any, spatial: str) -> Any:
        self.calls.append(("open_preview", image))
        return ("preview", image)

    def open_mask(self, image: Any, classes: ClassMap, spatial: str, full: bool = False) -> Any:
        self.calls.append(("open_mask", image))
        return ("mask", image)

    def write(self, result: Any, sample: int, box: Any, labels: np.ndarray) -> None:
        self.calls.append(("write", result, labels))

    def replace(self, result: Any, labels: np.ndarray) -> None:
        self.calls.append(("replace", result, labels))

    def edited(self, result: Any) -> bool:
        return result in self.touched

    def remove(self, result: Any) -> None:
        self.calls.append(("remove", result))

    def show_probabilities(
        self,
        image: Any,
        probabilities: np.ndarray,
        classes: ClassMap,
        spatial: str,
        full: bool = False,
    ) -> None:
        self.calls.append(("show_probabilities", image, probabilities.dtype))

    def called(self, what: str) -> list[tuple[Any, ...]]:
        return [call[1:] for call in self.calls if call[0] == what]


class StepRunner:
    """A `JobRunner` whose jobs advance when the test says so."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self._job: Generator[Any, None, Any] | None = None

    @property
    def busy(self) -> bool:
        return self._job is not None

    def run(
        self,
        job: Generator[Any, None, Any],
        *,
        on_event: Callable[[Any], None],
        on_done: Callable[[Any], None],
        on_error: Callable[[UNetError], None],
        cancel: CancelToken | None = None,
        words: str = "",
    ) -> None:
        assert not self.busy
        self._job, self.cancel = shielded(job), cancel
        self._on_event, self._on_done, self._on_error = on_event, on_done, on_error
        self.words.append(words)

    def step(self) -> bool:
        """Let the job send one event or end; False if there is no job."""
        if self._job is None:
            return False
        try:
            event = next(self._job)
        except StopIteration as end:
            self._job = None
            self._on_done(end.value)
        except UNetError as err:
            self._job = None
            self._on_error(err)
        else:
            self._on_event(event)
        return True

    def finish(self) -> None:
        while self.step():
            pass
