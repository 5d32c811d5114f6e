"""What is done of a long piece of work: one line each, appended, readable after any end."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_FORMAT = 1


class WorkLog:
    """A file of JSON lines: first what the work is, then what is done of it.

    A line counts once its end is there, so a process that is killed while it writes leaves
    at most a line that is dropped.

    Parameters
    ----------
    path : Path
    work : mapping
        What the work is.
    done : mapping of str to (mapping of int to tuple of int)
        For each stage, what is done, and the numbers noted with it.
    finished : bool
        True if nothing is left to do.
    """

    def __init__(
        self,
        path: Path,
        work: Mapping[str, Any],
        done: Mapping[str, Mapping[int, Sequence[int]]] | None = None,
        finished: bool = False,
    ) -> None:
        self._path = path
        self.work = dict(work)
        self.finished = finished
        self._done = {stage: dict(entries) for stage, entries in (done or {}).items()}

    @classmethod
    def begin(cls, path: Path, work: Mapping[str, Any]) -> WorkLog:
        """Begin a new log."""
        line = json.dumps({"format": _FORMAT, **work})
        path.write_text(f"{line}\n", "utf-8")
        return cls(path, work)

    @classmethod
    def read(cls, path: Path) -> WorkLog | None:
        """Read a log; None if there is none, or something else."""
        try:
            content = path.read_bytes()
        except OSError:
            return None
        whole = content.rfind(b"\n") + 1
        try:
            work, *entries = (json.loads(line) for line in content[:whole].splitlines())
            if work.pop("format") != _FORMAT:
                return None
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
        log = cls(path, work)
        for entry in entries:
            log._take_in(entry)
        if whole < len(content):
            os.truncate(path, whole)
        return log

    def _take_in(self, entry: Mapping[str, Any]) -> None:
        if entry.get("finished"):
            self.finished = True
        else:
            stage = self._done.setdefault(str(entry["stage"]), {})
            stage[int(entry["done"])] = tuple(entry["numbers"])

    def done(self, stage: str) -> Mapping[int, Sequence[int]]:
        """What is done of a stage, and the numbers noted with it."""
        return self._done.setdefault(stage, {})

    def add(self, stage: str, number: int, numbers: Sequence[int] = ()) -> None:
        """Note that something is done."""
        self._append({"stage": stage, "done": number, "numbers": list(numbers)})

    def finish(self) -> None:
        """Note that nothing is left to do."""
        if not self.finished:
            self._append({"finished": True})

    def _append(self, entry: Mapping[str, Any]) -> None:
        with self._path.open("ab") as file:
            file.write(f"{json.dumps(entry)}\n".encode())
        self._take_in(entry)
