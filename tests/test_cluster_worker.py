"""What a worker of a cluster does to compute as fast as any process."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys

import pytest

_PROGRAM = """
import json, resource
import numpy as np
from napari_unet.cluster_worker import keep_freed_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(50):
        np.ones(2**19, np.float32)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

as_dask_starts_it = faults()
kept = keep_freed_memory()
np.ones(2**19, np.float32)
print(json.dumps([as_dask_starts_it, kept, faults()]))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="Dask changes glibc only")
def test_a_worker_does_not_fetch_the_same_memory_again_and_again() -> None:
    pytest.importorskip("distributed")
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], stdout=subprocess.PIPE, text=True, check=True,
        env={**os.environ, "MALLOC_TRIM_THRESHOLD_": "65536"},
    )  # fmt: skip
    as_dask_starts_it, kept, afterwards = json.loads(done.stdout)
    assert kept
    assert afterwards * 20 < as_dask_starts_it
