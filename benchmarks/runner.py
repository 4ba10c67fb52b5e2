"""Run both sides of the benchmarks in turn, each in a fresh process, and compare the seconds a seed."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from reproductions import ledger
from reproductions.registry import UnknownName


def bench(names: list[str], repeats: int, results: Path) -> dict[str, Any]:
    """Measure, write `bench.json` (other benchmarks in it are kept) and return what it holds.

    Args:
        names: which benchmarks, all whose data are here if empty.
        repeats: how often each side runs; the sides alternate, so that a drifting machine hits both.
        results: folder of the ledger.

    Raises:
        UnknownName: there is no benchmark of that name.
    """
    from benchmarks.workloads import WORKLOADS
    from reproductions.environment import machine
    from reproductions.runner import unavailable_data

    unknown = [name for name in names if name not in WORKLOADS]
    if unknown:
        raise UnknownName(f"There is no benchmark {unknown[0]!r}; there are {', '.join(WORKLOADS)} and layers.")
    path = results / "bench.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"benchmarks": {}}
    for name in names or WORKLOADS:
        workload = WORKLOADS[name]
        missing = unavailable_data(workload.reproduction)
        if missing:
            print(f"{name} unavailable: {missing}", file=sys.stderr)
            continue
        times: dict[str, list[float]] = {"model_fit": [], "trainer": []}
        for repeat in range(repeats):
            for side, seconds in times.items():
                seconds.append(_child(name, side))
                print(f"{name} {side} {repeat + 1}/{repeats}: {seconds[-1]:.3f} s a seed", file=sys.stderr, flush=True)
        ratios = [slow / fast for slow, fast in zip(times["model_fit"], times["trainer"], strict=True)]
        ratio = statistics.median(ratios)
        found["benchmarks"][name] = {
            "title": workload.title,
            "seeds_side_by_side": workload.seeds,
            "model_fit_seconds_a_seed": statistics.median(times["model_fit"]),
            "trainer_seconds_a_seed": statistics.median(times["trainer"]),
            "all_seconds_a_seed": times,
            "ratio": ratio,
            "ratio_range": [min(ratios), max(ratios)],
            "bound": workload.bound,
            "met": ratio >= workload.bound,
        }
    found["environment"] = machine()
    ledger.write_json(path, found)
    return found


def _child(name: str, side: str) -> float:
    """One side in a process of its own: no run profits from what another has compiled or warmed up."""
    code = f"from benchmarks.workloads import seconds; print(seconds({name!r}, {side!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    if done.returncode:
        raise RuntimeError(f"Benchmark {name} ({side}) failed: {done.stderr.strip().splitlines()[-1]}")
    return float(done.stdout.splitlines()[-1])
