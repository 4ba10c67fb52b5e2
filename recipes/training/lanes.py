"""Independent trainings in parallel threads of one process.

A compiled epoch of a small network can't use a second core (a 32 x 784 x 128 product is too small to split), but it
leaves Python's lock alone while it runs. Two threads that each train their own seeds keep two cores busy.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import tensorflow as tf

Result = TypeVar("Result")
Progress = Callable[[float], None]


MOST_LANES: int | None = None
"""Set where several processes train beside each other and share the cores out among themselves."""


class Stopped(Exception):
    """Raised inside a lane because another one failed or the user interrupted."""


def default_lanes() -> int:
    """One lane a usable core (at most `MOST_LANES`); one in all where an accelerator does the work."""
    if any(device.device_type not in ("CPU",) for device in tf.config.list_physical_devices()):
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MOST_LANES or cores)


def run_lanes(tasks: Sequence[Callable[[Progress], Result]], progress: Progress) -> list[Result]:
    """Run every task in a thread of its own and return their results in order.

    Args:
        tasks: each is called with a function that it must call with its finished share, 0 to 1, at least once an epoch:
            that call is where a lane stops when another one has failed.
        progress: called with the finished share of all tasks.

    Raises:
        BaseException: the first task's error, or KeyboardInterrupt, after the other lanes have stopped.
    """
    if len(tasks) == 1:
        return [tasks[0](progress)]
    shares = [0.0] * len(tasks)
    stop = threading.Event()
    lock = threading.Lock()

    def reporter(lane: int) -> Progress:
        def report(share: float) -> None:
            if stop.is_set():
                raise Stopped
            with lock:
                shares[lane] = share
                progress(sum(shares) / len(shares))

        return report

    with ThreadPoolExecutor(len(tasks)) as pool:
        futures = [pool.submit(task, reporter(lane)) for lane, task in enumerate(tasks)]
        try:
            for future in futures:
                future.add_done_callback(lambda done: stop.set() if done.exception() else None)
            results = []
            errors = []
            for future in futures:
                error = future.exception()
                errors.append(error)
                results.append(future.result() if error is None else None)
        except BaseException:
            stop.set()
            raise
    for error in errors:
        if error is not None and not isinstance(error, Stopped):
            raise error
    return results  # type: ignore[return-value]
