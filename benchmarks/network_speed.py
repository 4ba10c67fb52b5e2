"""Seconds an epoch of the documented convolutional networks: Keras's layers in `model.fit`, ours in the trainer.

Each side runs in a process of its own, in turn; the first epoch, with start-up and compilation, is left out.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.network_cases import NETWORKS, Network
from reproductions import ledger
from reproductions.registry import UnknownName

EPOCHS = 3
"""Timed epochs a repeat."""

SIDES = ("model_fit", "trainer")


def measure(results: Path, repeats: int, names: list[str] | None = None) -> dict[str, Any]:
    """Time every network, write `network_bench.json` and return what it holds.

    Args:
        results: folder of the ledger.
        repeats: how often each side runs; the sides alternate, so that a drifting machine hits all.
        names: keys of `NETWORKS`, all if None; others in the file are kept.

    Raises:
        UnknownName: there is no network of that name.
    """
    from reproductions.environment import machine

    unknown = [name for name in names or [] if name not in NETWORKS]
    if unknown:
        raise UnknownName(f"There is no network {unknown[0]!r}; there are {', '.join(NETWORKS)}.")
    path = results / "network_bench.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"networks": {}}
    for name in names or NETWORKS:
        runs: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
        for repeat in range(repeats):
            for side, done in runs.items():
                done.append(_child(name, side))
                text = f"{name} {side} {repeat + 1}/{repeats}: {done[-1]['seconds']:.3f} s an epoch"
                print(text, file=sys.stderr, flush=True)
        found["networks"][name] = summary(NETWORKS[name], runs)
    found["environment"] = machine()
    ledger.write_json(path, found)
    return found


def summary(network: Network, runs: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    """Medians of both sides, and how many times faster than `model.fit` the trainer is, repeat by repeat."""
    times = {side: [run["seconds"] for run in done] for side, done in runs.items()}
    ratios = [slow / fast for slow, fast in zip(times["model_fit"], times["trainer"], strict=True)]
    row: dict[str, Any] = {"title": network.title, "images": network.images, "bound": network.bound}
    for side, seconds in times.items():
        row[f"{side}_seconds"] = statistics.median(seconds)
        row[f"{side}_peak_mib"] = max(run["peak_mib"] for run in runs[side])
    row["ratio"] = statistics.median(ratios)
    row["ratio_range"] = [min(ratios), max(ratios)]
    row["met"] = row["ratio"] >= network.bound
    return row | {"all_seconds": times}


def epoch(name: str, side: str) -> dict[str, float]:
    """Seconds an epoch of one side in this process, and the process's peak memory in MiB."""
    import keras

    import layers
    from recipes.training import fit

    network = NETWORKS[name]
    draws = np.random.default_rng(0)
    x = draws.integers(0, 256, (network.images, *network.shape)).astype("uint8")
    y = draws.integers(0, network.classes, network.images)
    size = network.batch_size
    ends: list[float] = []
    clock = keras.callbacks.LambdaCallback(on_epoch_end=lambda number, logs: ends.append(time.perf_counter()))
    if side == "model_fit":
        network.build(keras.layers).fit(x, y, callbacks=[clock], verbose=0, batch_size=size, epochs=1 + EPOCHS)
    else:
        fit(network.build(layers), x, y, callbacks=[clock], batch_size=size, epochs=1 + EPOCHS)
    seconds = (ends[-1] - ends[0]) / EPOCHS
    return {"seconds": seconds, "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def _child(name: str, side: str) -> dict[str, float]:
    code = f"import json; from benchmarks.network_speed import epoch; print(json.dumps(epoch({name!r}, {side!r})))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    if done.returncode:
        raise RuntimeError(f"Benchmark {name} ({side}) failed: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout.splitlines()[-1])
