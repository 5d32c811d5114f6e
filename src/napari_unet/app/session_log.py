"""What happened lately in a session, in lines for a bug report; no paths and no file names."""

from __future__ import annotations

import re
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import PurePath

from napari_unet.app.state import CurrentModel, Message, Phase, SessionState
from napari_unet.core.held_out_score import score_in_words

_MOST_LINES = 60
_LAST_POINTS = 5
_LAST_FRAMES = 6

_QUOTED_PATH = re.compile(r"(['\"])[^'\"]*[\\/][^'\"]*\1")
_PATH = re.compile(r"\S*[\\/]\S*")
_FILE = re.compile(
    r"\S+\.(?:tiff?|png|jpe?g|zarr|npy|npz|czi|lif|nd2|unet|safetensors|json|csv)\b", re.IGNORECASE
)


class SessionLog:
    """Remembers the last phases, sentences and errors of a session.

    Parameters
    ----------
    state : SessionState
    clock : callable, optional
        Seconds, from anywhere on.
    """

    def __init__(self, state: SessionState, clock: Callable[[], float] = time.monotonic) -> None:
        self._state, self._clock, self._start = state, clock, clock()
        self._lines: deque[str] = deque(maxlen=_MOST_LINES)
        self._files: set[str] = set()
        state.phase_changed.connect(self._on_phase)
        state.message_changed.connect(self._on_message)
        state.model_changed.connect(self._on_model)

    def note_error(self, err: BaseException) -> None:
        """Remember an error, with where in the program it came from."""
        cause = err.__cause__ or err
        frames = traceback.extract_tb(cause.__traceback__)[-_LAST_FRAMES:]
        places = [f"{PurePath(f.filename).name}:{f.lineno} {f.name}" for f in frames]
        self._note(f"error {type(cause).__name__}: {cause}")
        if places:
            self._note(f"  in {' > '.join(places)}")

    def text(self, facts: Sequence[str]) -> str:
        """The log, ready to be pasted.

        Parameters
        ----------
        facts : sequence of str
            Lines that come first; they are left as they are.
        """
        points = [
            f"step {p.step}, loss {'none' if p.loss is None else f'{p.loss:.4f}'}, score "
            f"{score_in_words(p.score, p.sureness.interval if p.sureness else None)}"
            for p in self._state.curve[-_LAST_POINTS:]
        ]
        parts = [*facts, *points, f"now: {self._state.phase.value}", *self._lines]
        return "\n".join(["napari U-Net Paint log", *parts, ""])

    def _on_phase(self, phase: Phase) -> None:
        self._note(f"phase {phase.value}")

    def _on_message(self, message: Message) -> None:
        if message.text:
            self._note(f"said ({message.severity}): {message.text}")

    def _on_model(self, model: CurrentModel | None) -> None:
        if model is not None and model.path is not None:
            self._files.update((model.path.name, model.path.stem))

    def _note(self, line: str) -> None:
        for name in sorted(self._files, key=len, reverse=True):
            line = line.replace(name, "(model)")
        self._lines.append(f"{self._clock() - self._start:8.1f} s  {without_paths(line)}")


def without_paths(text: str) -> str:
    """The text without paths and names of files.

    Examples
    --------
    >>> without_paths("Saved as /home/me/my cells.unet.")
    'Saved as (path) (file).'
    """
    text = _QUOTED_PATH.sub("(path)", " ".join(text.split()))
    return _FILE.sub("(file)", _PATH.sub("(path)", text))
