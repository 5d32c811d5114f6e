"""A desk with room for one request: the newest wins, older ones are dropped unread."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise, product
from threading import Lock

from napari_unet.core.source import Box

_LARGEST = 512
"""Side of what is answered in one go, so that nobody has to wait long for a turn."""


@dataclass(frozen=True)
class PreviewRequest:
    """Somebody looks at this box of this image and wants to see the answer there."""

    generation: int
    """Counts up with every request, so that stale answers can be told."""
    image: int
    """Index of the image in the training set."""
    sample: int
    box: Box

    def parts(self) -> list[PreviewRequest]:
        """The same request in parts of at most 512 pixels a side, much alike in size."""
        cuts = []
        for side in self.box:
            length = side.stop - side.start
            count = max(1, -(-length // _LARGEST))
            edges = [side.start + length * number // count for number in range(count + 1)]
            cuts.append([slice(a, b) for a, b in pairwise(edges)])
        return [replace(self, box=box) for box in product(*cuts)]


class PreviewDesk:
    """Where the window leaves what it shows, and running training looks when it has a moment."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._request: PreviewRequest | None = None

    def post(self, request: PreviewRequest) -> None:
        """Replace whatever lies on the desk. Any thread may call it."""
        with self._lock:
            self._request = request

    def clear(self) -> None:
        """Take away whatever lies on the desk. Any thread may call it."""
        with self._lock:
            self._request = None

    def look(self) -> PreviewRequest | None:
        """The newest request, left on the desk; None if there is none."""
        with self._lock:
            return self._request
