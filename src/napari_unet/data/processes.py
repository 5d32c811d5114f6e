"""Which program wrote a file, and whether it still runs."""

from __future__ import annotations

import psutil

Process = tuple[int, float]
"""Number of a process, and when it began in seconds since 1970; numbers are used again."""


def this_process() -> Process:
    """The process that asks."""
    process = psutil.Process()
    return process.pid, process.create_time()


def is_running(process: Process) -> bool:
    """True if this process has not ended."""
    number, began = process
    try:
        return abs(psutil.Process(number).create_time() - began) < 1
    except psutil.Error:
        return False
