"""A desk with room for one request: the newest wins, older ones are dropped unread."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock

from napari_unet.core.source import Box


@dataclass(frozen=True)
class PreviewRequest:
    """Somebody looks at this box of this image and wants to see the answer there."""

    generation: int
    """Counts up with every request, so that stale answers can be told."""
    image: int
    """Index of the image in the training set."""
    sample: int
    box: Box


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
