"""Time our layers against Keras's and PyTorch's, interleaved in one process, and weigh their memory.

`measure` runs `python -m benchmarks.layer_speed OUT` for the times and `... OUT SIDE CASE` for each side's peak memory.
"""

from __future__ import annotations

import gc
import importlib.util
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.layer_cases import CASES, Case

MODES = ("graph", "xla")
"""`tf.function` without and with jit_compile=True."""

SECONDS = 0.5
"""Time that each side of a row gets; every side is called at least 15 times."""

MEMORY_CASES = (
    "SimpleRNN large 64x200x256 to 256",
    "LSTM large 64x200x256 to 256",
    "GRU large 64x200x256 to 256",
    "MultiHeadAttention 8x512x512, 8 heads",
    "BatchNormalization 32x28x28x64",
    "LayerNormalization 32x128x512",
)
"""Cases whose peak memory is weighed, each side in a process of its own."""


def apply(layer: Any, case: Case, x: Any) -> Any:
    """The layer on its input, as in training: dropout active, batch statistics, states kept for the backward pass."""
    return layer(x, x, training=True) if case.self_attention else _call(layer, x, training=True)


def infer(layer: Any, case: Case, x: Any) -> Any:
    """The layer on its input, as in prediction."""
    return layer(x, x, training=False) if case.self_attention else _call(layer, x, training=False)


def _call(layer: Any, x: Any, training: bool) -> Any:
    return layer(x, training=training) if layer._call_has_training_arg else layer(x)


def keras_sides(case: Case, layer: Any) -> dict[str, Any]:
    """Forward pass and training step of one layer in both modes; a step gives gradients of the weights and the input."""
    import tensorflow as tf

    weights = [weight.value for weight in layer.trainable_weights]

    def step(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(apply(layer, case, x) ** 2)
        return tape.gradient(loss, [x, *weights])

    def forward(x: Any) -> Any:
        return infer(layer, case, x)

    return {
        f"{what} {mode}": tf.function(function, jit_compile=mode == "xla", autograph=False)
        for what, function in (("forward", forward), ("step", step))
        for mode in MODES
    }


def torch_sides(case: Case, layer: Any, x: np.ndarray) -> dict[str, Callable[[], Any]]:
    """The same two of PyTorch's module, eagerly, as PyTorch is used."""
    import torch

    assert case.torch is not None
    module, parameters = case.torch(layer, case)
    inputs = torch.tensor(x, requires_grad=True)

    def forward() -> Any:
        with torch.no_grad():
            return module(inputs)

    def step() -> Any:
        return torch.autograd.grad((module(inputs) ** 2).sum(), [inputs, *parameters])

    return {"forward": forward, "step": step}


def measure_case(case: Case, seconds: float = SECONDS) -> list[dict[str, Any]]:
    """Rows for one case: medians in milliseconds of every side, and ratios of neighbouring timings.

    Raises:
        AssertionError: the sides do not compute the same.
    """
    import keras
    import tensorflow as tf

    import layers

    ours, theirs = case.build(layers), case.build(keras.layers)
    theirs.set_weights(ours.get_weights())
    x = np.random.default_rng(0).standard_normal(case.shape).astype("float32")
    tensor = tf.constant(x)
    np.testing.assert_allclose(infer(ours, case, tensor), infer(theirs, case, tensor), rtol=1e-3, atol=1e-4)
    of_ours, of_theirs = keras_sides(case, ours), keras_sides(case, theirs)
    of_torch: dict[str, Callable[[], Any]] = {}
    if case.torch is not None and importlib.util.find_spec("torch"):
        of_torch = torch_sides(case, ours, x)
        np.testing.assert_allclose(infer(ours, case, tensor), of_torch["forward"]().numpy(), rtol=1e-3, atol=1e-3)
    rows = []
    for what in ("forward", "step"):
        sides: dict[str, Callable[[], Any]] = {}
        for mode in MODES:
            for side, functions in (("ours", of_ours), ("keras", of_theirs)):
                sides[f"{side} {mode}"] = partial(functions[f"{what} {mode}"], tensor)
        if of_torch:
            sides["torch"] = of_torch[what]
        rows.append({"layer": case.layer, "size": case.size, "what": what} | summary(interleaved(sides, seconds)))
    return rows


def interleaved(sides: dict[str, Callable[[], Any]], seconds: float) -> dict[str, list[float]]:
    """Milliseconds of every call; the sides take turns, so that a machine that slows down hits all of them.

    The order is drawn anew in every round, and an untimed call goes before each timed one: whose threads and caches are
    warm must not depend on who ran before.
    """
    order = np.random.default_rng(0)
    for function in sides.values():
        for _ in range(3):
            function()
    times: dict[str, list[float]] = {side: [] for side in sides}
    started = time.perf_counter()
    gc.disable()
    while len(times[next(iter(sides))]) < 15 or time.perf_counter() - started < seconds * len(sides):
        for side in order.permutation(list(sides)):
            function = sides[side]
            function()
            clock = time.perf_counter()
            function()
            times[side].append(1e3 * (time.perf_counter() - clock))
    gc.enable()
    return times


def summary(times: dict[str, list[float]]) -> dict[str, Any]:
    """Medians, and for each mode the median ratio ours / Keras's of calls made one after the other, with its quartiles."""
    row: dict[str, Any] = {f"{side} ms": round(statistics.median(values), 4) for side, values in times.items()}
    for mode in MODES:
        ratios = [one / two for one, two in zip(times[f"ours {mode}"], times[f"keras {mode}"], strict=True)]
        row[f"ratio {mode}"] = round(statistics.median(ratios), 3)
        row[f"quartiles {mode}"] = [round(value, 3) for value in statistics.quantiles(ratios, n=4)[::2]]
    best = min(MODES, key=lambda mode: row[f"ours {mode} ms"])
    best_of_keras = min(row[f"keras {mode} ms"] for mode in MODES)
    row["ratio best"] = round(row[f"ours {best} ms"] / best_of_keras, 3)
    if "torch" in times:
        row["ratio torch"] = round(row[f"ours {best} ms"] / row["torch ms"], 3)
    row["calls"] = len(times["ours graph"])
    return row


def peak_memory(side: str, name: str) -> float:
    """MiB by which three training steps of a case raise the peak memory of this process."""
    import keras
    import tensorflow as tf

    import layers

    case = next(case for case in CASES if case.name == name)
    layer = case.build({"ours": layers, "keras": keras.layers}[side])
    x = tf.constant(np.random.default_rng(0).standard_normal(case.shape).astype("float32"))
    step = keras_sides(case, layer)["step graph"].get_concrete_function(tf.TensorSpec(x.shape, x.dtype))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(3):
        step(x)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def measure(results: Path) -> dict[str, Any]:
    """Time every case, weigh the largest, write `layer_bench.json` into the ledger's folder and return what it holds."""
    from reproductions import ledger
    from reproductions.environment import machine

    found: dict[str, Any] = _child()
    found["memory"] = []
    for name in MEMORY_CASES:
        print(f"memory of {name}", file=sys.stderr, flush=True)
        ours, theirs = (statistics.median(_child(side, name) for _ in range(5)) for side in ("ours", "keras"))
        found["memory"].append({"case": name, "ours MiB": round(ours, 1), "keras MiB": round(theirs, 1)})
    found["environment"] = machine()
    ledger.write_json(results / "layer_bench.json", found)
    return found


def _child(*arguments: str) -> Any:
    """What this module, run in a process of its own, wrote."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out.json")
        command = [sys.executable, "-m", "benchmarks.layer_speed", str(out), *arguments]
        done = subprocess.run(command, check=False, env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"})
        if done.returncode:
            raise RuntimeError(f"The layer benchmark {' '.join(arguments)} ended with status {done.returncode}.")
        return json.loads(out.read_text(encoding="utf-8"))


def main(out: str, side: str = "", name: str = "") -> None:
    """Measure all cases, or one side's memory of one case, and write what was found to the file `out` as JSON."""
    if side:
        Path(out).write_text(json.dumps(peak_memory(side, name)), encoding="utf-8")
        return
    import tensorflow as tf

    from reproductions.environment import cores

    tf.get_logger().setLevel("ERROR")  # every case is traced once on purpose
    found: dict[str, Any] = {"rows": [], "torch": None}
    if importlib.util.find_spec("torch"):
        import torch

        torch.set_num_threads(cores())
        # TensorFlow flushes denormals; gradients that vanish through 200 steps cost PyTorch seconds without this.
        torch.set_flush_denormal(True)
        found["torch"] = torch.__version__
    for number, case in enumerate(CASES):
        print(f"{number + 1}/{len(CASES)} {case.name}", file=sys.stderr, flush=True)
        found["rows"] += measure_case(case)
    Path(out).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
