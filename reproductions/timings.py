"""Times of pieces of work that take turns in one process, so that what else the machine does meets all of them alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np


def seconds(work: Callable[[], Any], best_of: int = 1) -> float:
    """Wall time of one call; of the quickest of several, since what else the machine does only adds time."""
    times = []
    for _ in range(best_of):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def interleaved(works: Mapping[Any, Callable[[], Any]], repeats: int, best_of: int = 1) -> dict[Any, np.ndarray]:
    """Seconds of each piece of work, (repeats,), one after the other in each repeat, after one call to warm up.

    With `best_of` above 1 a repeat is the quickest of so many calls.
    """
    for work in works.values():
        work()
    found = [[seconds(work, best_of) for work in works.values()] for _ in range(repeats)]
    return dict(zip(works, np.array(found).T, strict=True))
