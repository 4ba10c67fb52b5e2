"""Tokens a second in training: Keras's layers in `model.fit`, ours in the trainer with bucketing, and PyTorch.

Each side runs in a process of its own, in turn; the first epoch, with start-up and compilation, is left out. All sides
train on the same sentences. `model.fit` gets them padded to the longest, as its users pad them; the trainer and PyTorch
get batches of like length, PyTorch's padded to the longest of the batch.
"""

from __future__ import annotations

import importlib.util
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

from benchmarks.sequence_cases import SEQUENCES, Examples, Sequences
from reproductions import ledger
from reproductions.registry import UnknownName

EPOCHS = 2
"""Timed epochs a repeat."""

SIDES = ("model_fit", "torch", "trainer")


def measure(results: Path, repeats: int, names: list[str] | None = None) -> dict[str, Any]:
    """Measure every model, write `sequence_bench.json` and return what it holds.

    Args:
        results: folder of the ledger.
        repeats: how often each side runs; the sides alternate, so that a drifting machine hits all.
        names: keys of `SEQUENCES`, all if None; others in the file are kept.

    Raises:
        UnknownName: there is no model of that name.
    """
    from reproductions.environment import machine

    unknown = [name for name in names or [] if name not in SEQUENCES]
    if unknown:
        raise UnknownName(f"There is no sequence model {unknown[0]!r}; there are {', '.join(SEQUENCES)}.")
    path = results / "sequence_bench.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"models": {}}
    sides = [side for side in SIDES if side != "torch" or importlib.util.find_spec("torch")]
    for name in names or SEQUENCES:
        runs: dict[str, list[dict[str, float]]] = {side: [] for side in sides}
        for repeat in range(repeats):
            for side, done in runs.items():
                done.append(_child(name, side))
                text = f"{name} {side} {repeat + 1}/{repeats}: {done[-1]['tokens_a_second']:,.0f} tokens/s"
                print(text, file=sys.stderr, flush=True)
        found["models"][name] = summary(SEQUENCES[name], runs)
    found["environment"] = machine()
    ledger.write_json(path, found)
    return found


def summary(model: Sequences, runs: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    """Medians of the sides, and how many times as many tokens as each other side the trainer takes, repeat by repeat."""
    rates = {side: [run["tokens_a_second"] for run in done] for side, done in runs.items()}
    row: dict[str, Any] = {"title": model.title, "all_tokens_a_second": rates}
    for side, values in rates.items():
        row[f"{side}_tokens_a_second"] = statistics.median(values)
        row[f"{side}_peak_mib"] = max(run["peak_mib"] for run in runs[side])
        if side != "trainer":
            ratios = [ours / theirs for ours, theirs in zip(rates["trainer"], values, strict=True)]
            row[f"ratio_{side}"] = statistics.median(ratios)
            row[f"ratio_{side}_range"] = [min(ratios), max(ratios)]
    return row


def rate(name: str, side: str) -> dict[str, float]:
    """Tokens a second of one side in this process, and the process's peak memory in MiB."""
    model = SEQUENCES[name]
    examples = model.draw(model.examples)
    seconds = {"model_fit": _model_fit, "trainer": _trainer, "torch": _pytorch}[side](model, examples)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"tokens_a_second": examples.tokens / seconds, "peak_mib": peak}


def _model_fit(model: Sequences, examples: Examples) -> float:
    import keras

    clock = Clock()
    built = model.build(keras.layers)
    built.fit(
        examples.x, examples.y, batch_size=model.batch_size, epochs=1 + EPOCHS, verbose=0, callbacks=[clock.callback()]
    )
    return clock.seconds()


def _trainer(model: Sequences, examples: Examples) -> float:
    import layers
    from recipes.training import fit

    clock = Clock()
    lengths = examples.lengths if len(set(examples.lengths.tolist())) > 1 else None
    fit(
        model.build(layers), examples.x, examples.y, batch_size=model.batch_size, epochs=1 + EPOCHS, seed=0,
        lengths=lengths, callbacks=[clock.callback()],
    )  # fmt: skip
    return clock.seconds()


def _pytorch(model: Sequences, examples: Examples) -> float:
    import torch

    from benchmarks.sequence_torch import loss_of

    torch.manual_seed(0)
    network = model.torch()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, eps=1e-7)
    clock = Clock()
    for _ in range(1 + EPOCHS):
        for rows in like_length(examples, model.batch_size):
            width = int(examples.lengths[rows].max())
            inputs = examples.x if isinstance(examples.x, list) else [examples.x]
            tensors = [torch.from_numpy(one[rows, :width]) for one in inputs]
            y = examples.y[rows]
            targets = torch.from_numpy(y if y.ndim == 1 else y[:, :width])
            optimizer.zero_grad()
            loss_of(network(*tensors), targets).backward()
            optimizer.step()
        clock.ends.append(time.perf_counter())
    return clock.seconds()


def like_length(examples: Examples, batch_size: int) -> list[np.ndarray]:
    """Rows of every batch: sorted by length and cut, which wastes the least."""
    order = np.argsort(examples.lengths, kind="stable")
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]


class Clock:
    """The end of every epoch."""

    def __init__(self) -> None:
        self.ends: list[float] = []

    def callback(self) -> Any:
        """A Keras callback that notes the time."""
        import keras

        return keras.callbacks.LambdaCallback(on_epoch_end=lambda number, logs: self.ends.append(time.perf_counter()))

    def seconds(self) -> float:
        """Seconds an epoch after the first."""
        return (self.ends[-1] - self.ends[0]) / (len(self.ends) - 1)


def _child(name: str, side: str) -> dict[str, float]:
    code = f"import json; from benchmarks.sequence_speed import rate; print(json.dumps(rate({name!r}, {side!r})))"
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
