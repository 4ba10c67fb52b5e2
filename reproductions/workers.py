"""Several reproductions at once, each worker a process of its own.

A small reproduction spends most of its time building models and compiling, which keeps one core busy. Those that time
something (`TIMES = True`) run at the end, one by one.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import ModuleType
from typing import Any

from reproductions import environment
from reproductions.facts import end_with_parent
from reproductions.progress import Reporter
from reproductions.runner import Outcome, name_of, run

MOST_JOBS = 4
"""Workers that are started without being asked for; each takes one to two gigabytes."""

REPRODUCTIONS_A_WORKER = 6
"""A process never gives back the programs that it has compiled, some 250 MiB a reproduction, so it is replaced in time."""

_messages: Any = None
"""In a worker: where its progress goes."""


def default_jobs(modules: list[ModuleType]) -> int:
    """One worker a core, where there is more than one reproduction to share out and no accelerator to be shared."""
    import tensorflow as tf

    if len(modules) < 2 or any(device.device_type != "CPU" for device in tf.config.list_physical_devices()):
        return 1
    return min(environment.cores(), len(modules), MOST_JOBS)


def run_all(
    modules: list[ModuleType],
    results: Path,
    seeds: int | None,
    settings: Mapping[str, str],
    reporter: Reporter,
    jobs: int,
    size: str | None = None,
) -> list[Outcome]:
    """Run reproductions in `jobs` processes and return their outcomes in order; arguments as in `runner.run`.

    Raises:
        Exception: that of the first reproduction that failed; finished variants of the others are kept.
        RuntimeError: a worker was killed from outside, mostly because memory ran out.
    """
    shared = [] if jobs == 1 else [module for module in modules if not getattr(module, "TIMES", False)]
    done: dict[str, Outcome] = {}
    if shared:
        done |= _in_workers([name_of(module) for module in shared], results, seeds, settings, reporter, jobs, size)
    for module in modules:
        name = name_of(module)
        if name not in done:
            done[name] = run(module, results, seeds, settings, reporter.of(name), size)
    return [done[name_of(module)] for module in modules]


def _in_workers(
    names: list[str],
    results: Path,
    seeds: int | None,
    settings: Mapping[str, str],
    reporter: Reporter,
    jobs: int,
    size: str | None,
) -> dict[str, Outcome]:
    context = multiprocessing.get_context("spawn")  # TensorFlow does not survive a fork
    messages = context.Queue()
    listener = threading.Thread(target=_pass_on, args=(messages, reporter), daemon=True)
    listener.start()
    # Long ones first, so that none is left running alone at the end.
    waiting = deque(sorted(names, key=lambda name: -reporter.expected[name]))
    done: dict[str, Outcome] = {}
    pools: list[ProcessPoolExecutor] = []

    def lane() -> None:
        while waiting:
            with ProcessPoolExecutor(1, mp_context=context, initializer=_start, initargs=(messages, jobs)) as pool:
                pools.append(pool)
                for _ in range(REPRODUCTIONS_A_WORKER):
                    try:
                        name = waiting.popleft()
                    except IndexError:
                        return
                    done[name] = pool.submit(_run_one, name, results, seeds, dict(settings), size).result()

    lanes = ThreadPoolExecutor(jobs)
    running = [lanes.submit(lane) for _ in range(jobs)]
    try:
        for finished in as_completed(running):
            finished.result()
        return done
    except BrokenProcessPool as error:
        raise RuntimeError("a worker was killed; run the same command again with --jobs 1 to go on") from error
    finally:
        waiting.clear()
        # A worker that dies while it writes a message keeps the queue locked: the last message must not be waited for.
        messages.cancel_join_thread()
        # Again and again, because a lane may be starting a worker just now.
        while wait(running, timeout=0.1).not_done:
            for pool in pools:
                for process in list((pool._processes or {}).values()):
                    process.terminate()
        lanes.shutdown(wait=True)
        messages.put(None)
        listener.join(timeout=5)


def _start(messages: Any, jobs: int) -> None:
    """Set up a worker: its share of the cores; an interrupt ends it at once, its training state is on disk."""
    global _messages  # noqa: PLW0603 - a worker process has no other way to keep what its initializer got
    _messages = messages
    end_with_parent(os.getppid())
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    environment.quiet_tensorflow()
    from recipes.training import lanes

    lanes.MOST_LANES = max(1, environment.cores() // jobs)


def _run_one(name: str, results: Path, seeds: int | None, settings: dict[str, str], size: str | None) -> Outcome:
    module = importlib.import_module(f"reproductions.{name}")
    return run(module, results, seeds, settings, lambda label, share: _messages.put((name, label, share)), size)


def _pass_on(messages: Any, reporter: Reporter) -> None:
    while (message := messages.get()) is not None:
        name, label, share = message
        reporter.of(name)(label, share)
