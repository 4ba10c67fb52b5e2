"""What a batch size changes: updates an epoch, time, memory and what can be vectorised.

Sources: document 000, Epochs, Batches, and Iterations; document 003, Video 31. Updates are read from the optimizer's
own counter, times are ratios of interleaved repeats in one process, memory is what NumPy holds at its peak.

Run: reproduce run gradient_descent_batches
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from reproductions.claims import Claim, Equals, Sampled
from reproductions.figures import COLOURS, Picture
from reproductions.printed import run_cells
from reproductions.timings import interleaved
from reproductions.worked import difference, draw, log10_ratio

TITLE = "Gradient descent: what the batch size changes"
SUMMARY = (
    "Updates an epoch by Keras and by the compiled trainer, the printed mini-batch loop, time and memory of an epoch "
    "in batches of all, 32 and one row, and batch sizes around powers of two."
)
DATASETS = ()
IN_DEFAULT_SET = True
TIMES = True
EXPECTED_SECONDS = 17.0

REPEATS = 20
TIMED_ROWS, KERAS_ROWS, MINI = 2048, 256, 32
LAYERS = (20, 64, 64, 1)
POWERS = (16, 32, 64, 128)
MEMORY_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)

MINI_BATCHES = (
    "batch_size = 32\n"
    "num_batches = N // batch_size\n"
    "shuffle(data)\n"
    "for batch in range(num_batches):\n"
    "    X_batch = X[batch*batch_size : (batch+1)*batch_size]\n"
    "    y_batch = y[batch*batch_size : (batch+1)*batch_size]\n"
    "    used.append(X_batch)\n"
)
"""The lines of the printed pseudo-code that choose the rows; the last one writes them down."""


def model_of(library: Any, inputs: int, *units: int) -> Any:
    """Dense layers, relu but for the last, compiled with plain gradient descent and squared error."""
    import keras

    hidden = [library.Dense(count, activation="relu") for count in units[:-1]]
    model = keras.Sequential([keras.Input((inputs,)), *hidden, library.Dense(units[-1])])
    model.compile(optimizer=keras.optimizers.SGD(0.01), loss="mean_squared_error")
    return model


def updates() -> dict[str, Any]:
    """`optimizer.iterations` after `model.fit` of Keras and after the compiled trainer's fit of our Dense layer."""
    import keras

    import layers
    from recipes.training import fit

    def keras_fit(model: Any, *data: Any, **options: Any) -> None:
        model.fit(*data, verbose=0, **options)

    settings = {
        "iterations_of_100_rows_in_tens": (100, 10, 1),
        "iterations_an_epoch_of_1000_in_hundreds": (1000, 100, 1),
        "iterations_of_5_epochs_of_1000_in_hundreds": (1000, 100, 5),
        "updates_batch": (320, 320, 1),
        "updates_stochastic": (320, 1, 1),
        "updates_mini_batch": (320, 32, 1),
        "updates_of_1000_in_32": (1000, 32, 1),
    }
    models = ((keras_fit, model_of(keras.layers, 3, 1)), (fit, model_of(layers, 3, 1)))
    counts: dict[str, Any] = {}
    for name, (rows, batch_size, epochs) in settings.items():
        found = []
        for train, model in models:
            before = int(model.optimizer.iterations)
            train(model, draw(rows, 3), draw(rows, 1), batch_size=batch_size, epochs=epochs)
            found.append(int(model.optimizer.iterations) - before)
        counts[name] = found[0] if found[0] == found[1] else f"model.fit: {found[0]}; compiled trainer: {found[1]}"
    of_320 = [counts.pop(f"updates_{kind}") for kind in ("batch", "stochastic", "mini_batch")]
    return counts | {"updates_of_320_rows_batch_stochastic_mini_batch": of_320}


def printed_mini_batches() -> dict[str, Any]:
    """Batches that the printed loop makes of 1,000 rows, and rows that it leaves out."""
    rows = np.arange(1000)
    used: list[np.ndarray] = []
    namespace = {"N": 1000, "X": rows, "y": rows, "data": rows.copy(), "shuffle": np.random.default_rng(0).shuffle}
    result = run_cells({"loop": MINI_BATCHES}, namespace | {"used": used})["loop"].result
    return {
        "printed_loop_result": result,
        "printed_loop_batches_of_1000": len(used),
        "rows_of_1000_left_out": 1000 - len(np.unique(np.concatenate(used))),
    }


def epoch_times() -> dict[str, Any]:
    """An epoch of the same rows in batches of all, 32 and one: compiled, and by Keras's `model.fit`."""
    import keras
    import tensorflow as tf

    from recipes.training.epochs import EpochProgram

    x, y = (draw(TIMED_ROWS, width, seed=1).astype("float32") for width in (LAYERS[0], 1))
    order, data = np.arange(TIMED_ROWS, dtype="int32"), (tf.constant(x), tf.constant(y))

    def compiled(size: int) -> Callable[[], Any]:
        model = model_of(keras.layers, *LAYERS)
        model._symbolic_build(data_batch=(x[:size], y[:size]))
        model.optimizer.build(model.trainable_variables)
        program = EpochProgram(model)
        return lambda: program.train(data, order, size)

    sizes = {"batch": TIMED_ROWS, "mini_batch": MINI, "stochastic": 1}
    times = interleaved({name: compiled(size) for name, size in sizes.items()}, REPEATS, best_of=3)
    fitted = model_of(keras.layers, *LAYERS)
    by_fit = interleaved(
        {
            name: partial(
                fitted.fit, x[:KERAS_ROWS], y[:KERAS_ROWS], batch_size=min(size, KERAS_ROWS), epochs=1, verbose=0
            )
            for name, size in sizes.items()
        },
        REPEATS // 3,
        best_of=2,
    )
    return {
        "log10_epoch_mini_batch_over_batch": log10_ratio(times["mini_batch"], times["batch"]),
        "log10_epoch_stochastic_over_mini_batch": log10_ratio(times["stochastic"], times["mini_batch"]),
        "log10_fit_epoch_mini_batch_over_batch": log10_ratio(by_fit["mini_batch"], by_fit["batch"]),
        "log10_fit_epoch_stochastic_over_mini_batch": log10_ratio(by_fit["stochastic"], by_fit["mini_batch"]),
        "median_epoch_milliseconds": {
            "compiled trainer, 2,048 rows": milliseconds(times),
            "model.fit, 256 rows": milliseconds(by_fit),
        },
    }


def milliseconds(times: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Medians for the figure."""
    return {name: float(f"{1000 * np.median(values):.3g}") for name, values in times.items()}


def vectorised_gradient(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Gradient of the mean squared error of x w in one expression."""
    return -2 * x.T @ (y - x @ w) / len(x)


def gradient_epoch(x: np.ndarray, y: np.ndarray, w: np.ndarray, size: int) -> None:
    """All gradients of an epoch in batches of `size`, each batch in one expression."""
    for first in range(0, len(x), size):
        vectorised_gradient(x[first : first + size], y[first : first + size], w)


def vectorisation() -> dict[str, Any]:
    """Time a row of NumPy's gradients by batch size, and whether stochastic updates may be joined."""
    x, y, w = draw(TIMED_ROWS, 20, seed=2), draw(TIMED_ROWS, seed=3), draw(20, seed=4)
    sizes = {"batch": TIMED_ROWS, "mini_batch": MINI, "stochastic": 1}
    times = interleaved(
        {name: partial(gradient_epoch, x, y, w, size) for name, size in sizes.items()}, REPEATS, best_of=3
    )
    in_turn = w
    for row in range(MINI):
        in_turn = in_turn - 0.01 * vectorised_gradient(x[row : row + 1], y[row : row + 1], in_turn)
    at_once = w - 0.01 * MINI * vectorised_gradient(x[:MINI], y[:MINI], w)
    return {
        "log10_time_a_row_alone_over_batch": log10_ratio(times["stochastic"], times["batch"]),
        "log10_time_a_row_alone_over_mini_batch": log10_ratio(times["stochastic"], times["mini_batch"]),
        "stochastic_updates_joined_give_the_same": difference(in_turn, at_once) < 1e-3,
    }


def training_step(batch_size: int) -> Callable[[], Any]:
    """A forward and a backward pass of the network in NumPy, with every layer's output kept for the way back."""
    kernels = [draw(*shape, seed=5) / 8 for shape in itertools.pairwise(LAYERS)]
    x, y = draw(batch_size, LAYERS[0], seed=6), draw(batch_size, 1, seed=7)

    def step() -> list[np.ndarray]:
        outputs = [x]
        for place, kernel in enumerate(kernels):
            outputs.append(outputs[-1] @ kernel)
            if place < len(kernels) - 1:
                np.maximum(outputs[-1], 0, out=outputs[-1])
        upstream, gradients = 2 * (outputs[-1] - y) / batch_size, []
        for place in reversed(range(len(kernels))):
            gradients.append(outputs[place].T @ upstream)
            # In place: NumPy makes a copy for a product of small arrays and none for large ones.
            upstream = upstream @ kernels[place].T
            upstream *= outputs[place] > 0
        return gradients

    return step


def peak_bytes(work: Callable[[], Any]) -> int:
    """Most bytes that Python and NumPy hold at once while `work` runs, beyond what they held before."""
    import tracemalloc

    work()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def activation_bytes(batch_size: int) -> int:
    """Bytes of all layer outputs of the Keras network for one batch."""
    import keras

    model = model_of(keras.layers, *LAYERS)
    value, total = keras.ops.convert_to_tensor(draw(batch_size, LAYERS[0]), "float32"), 0
    for layer in model.layers:
        value = layer(value)
        total += np.asarray(value).nbytes
    return total


def memory() -> dict[str, Any]:
    """Peak memory of a training step by batch size, near powers of two as well."""
    peaks = {size: peak_bytes(training_step(size)) for size in MEMORY_SIZES}
    near = {size: peak_bytes(training_step(size)) for power in POWERS for size in (power - 1, power, power + 1)}
    outputs = [activation_bytes(size) for size in (1, MINI, 320)]
    return {
        "memory_batch_sizes": list(peaks),
        "peak_kilobytes": [round(peak / 1000, 1) for peak in peaks.values()],
        "peak_falls_from_batch_to_mini_batch_to_stochastic": peaks[1024] > peaks[MINI] > peaks[1],
        "power_of_the_batch_size_in_the_peak": round(math.log2(peaks[1024] / peaks[512]), 1),
        "keras_output_bytes_a_row_for_1_32_and_320": [
            total // size for total, size in zip(outputs, (1, MINI, 320), strict=True)
        ],
        "a_batch_of_100_halves_the_peak_of_1000_rows": bool(
            2 * peak_bytes(training_step(100)) < peak_bytes(training_step(1000))
        ),
        "powers_of_two_need_fewer_bytes_a_row_than_both_neighbours": [
            bool(near[p] / p < min(near[p - 1] / (p - 1), near[p + 1] / (p + 1))) for p in POWERS
        ],
    }


def power_of_two_times() -> dict[str, Any]:
    """Time a row of a 784-128-10 training step at powers of two and at their neighbours."""
    import keras
    import tensorflow as tf

    model = keras.Sequential(
        [keras.Input((784,)), keras.layers.Dense(128, activation="relu"), keras.layers.Dense(10, activation="softmax")]
    )
    optimizer = keras.optimizers.SGD(0.01)
    optimizer.build(model.trainable_variables)

    # One trace for every batch size, so that only the kernels differ.
    @tf.function(input_signature=[tf.TensorSpec((None, 784)), tf.TensorSpec((None,), tf.int32)], autograph=False)
    def step(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(y, model(x, training=True)))
        weights = model.trainable_variables
        optimizer.apply(tape.gradient(loss, [weight.value for weight in weights]), weights)
        return loss

    def five_steps(size: int) -> Callable[[], None]:
        x, y = tf.constant(draw(size, 784), "float32"), tf.constant(np.arange(size) % 10, "int32")

        def work() -> None:
            for _ in range(5):
                step(x, y)

        return work

    sizes = sorted(power + shift for power in POWERS for shift in (-1, 0, 1))
    times = interleaved({size: five_steps(size) for size in sizes}, REPEATS, best_of=3)
    a_row = {size: values / size for size, values in times.items()}
    gains = [np.log10((a_row[p - 1] + a_row[p + 1]) / 2 / a_row[p]) for p in POWERS]
    return {
        "log10_time_a_row_of_neighbours_over_power_of_two": np.mean(gains, axis=0).tolist(),
        "median_microseconds_a_row": {
            str(size): float(f"{2e5 * np.median(values):.3g}") for size, values in a_row.items()
        },
    }


def one_epoch() -> dict[str, Any]:
    """Loss after one epoch over 1,000 rows in one batch and in batches of 100, 20 initialisations."""
    import keras

    from recipes.training import Trainer

    x = draw(1000, 20, seed=8).astype("float32")
    y = (np.tanh(x[:, :1]) + 0.5 * x[:, 1:2] + 0.1 * draw(1000, 1, seed=9)).astype("float32")
    trainer = Trainer(lambda: model_of(keras.layers, *LAYERS))
    after = {
        size: trainer.fit(
            x, y, seeds=range(20), epochs=1, batch_size=size, validation_data=(x, y), validation_batch_size=1000
        ).curves["val_loss"][:, -1]
        for size in (1000, 100)
    }
    return {"log10_loss_one_batch_over_batches_of_100": log10_ratio(after[1000], after[100])}


def examine() -> dict[str, Any]:
    """Every fact of the batch size claims."""
    return (
        updates()
        | printed_mini_batches()
        | epoch_times()
        | vectorisation()
        | memory()
        | power_of_two_times()
        | one_epoch()
    )


NAMES = {"batch": "all rows", "mini_batch": "32 rows", "stochastic": "1 row"}


def paint_costs(facts: Mapping[str, Any]) -> Any:
    """Time of an epoch and peak memory of a step, by batch size."""
    import matplotlib.pyplot as plt

    drawn, axes = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
    for place, ((engine, times), colour) in enumerate(
        zip(facts["median_epoch_milliseconds"].items(), COLOURS, strict=False)
    ):
        across = np.arange(3) + 0.38 * (place - 0.5)
        bars = axes[0].bar(across, [times[name] for name in NAMES], width=0.36, color=colour, label=engine)
        axes[0].bar_label(bars, fmt="%.3g", fontsize=8)
    axes[0].set_xticks(range(3), list(NAMES.values()))
    axes[0].set(yscale="log", xlabel="batch", ylabel="milliseconds an epoch", title="time")
    axes[0].set_ylim(top=axes[0].get_ylim()[1] * 2)
    axes[0].legend(frameon=False, fontsize=9, loc="upper left")
    axes[1].plot(facts["memory_batch_sizes"], facts["peak_kilobytes"], "o-", color=COLOURS[2])
    axes[1].set(xscale="log", yscale="log", xlabel="rows a batch", ylabel="peak memory of a step (kB)", title="memory")
    for axis in axes:
        axis.title.set_fontsize(10)
        axis.grid(alpha=0.25, axis="y")
    return drawn


def paint_powers(facts: Mapping[str, Any]) -> Any:
    """Time a row around powers of two."""
    import matplotlib.pyplot as plt

    drawn, axes = plt.subplots(1, len(POWERS), figsize=(10, 3.2), layout="constrained")
    for axis, power in zip(axes, POWERS, strict=True):
        sizes = [power - 1, power, power + 1]
        times = [facts["median_microseconds_a_row"][str(size)] for size in sizes]
        bars = axis.bar([str(size) for size in sizes], times, color=[COLOURS[4], COLOURS[0], COLOURS[4]])
        axis.bar_label(bars, fmt="%.3g", fontsize=8)
        axis.set_xlabel("rows a batch")
        axis.set_ylim(0, 1.15 * max(times))
    axes[0].set_ylabel("microseconds a row")
    return drawn


FIGURES = (
    Picture(
        "gd-batch-costs",
        "What a batch size costs: time of an epoch, memory of a step (20-64-64-1 network)",
        "Medians of interleaved repeats; memory is what NumPy holds at the peak of one training step.",
        facts=("median_epoch_milliseconds", "memory_batch_sizes", "peak_kilobytes"),
        paint=paint_costs,
    ),
    Picture(
        "gd-powers-of-two",
        "Time a row of a 784-128-10 training step, at powers of two and beside them",
        "Medians of interleaved repeats on this machine.",
        facts=("median_microseconds_a_row",),
        paint=paint_powers,
    ),
)

_EPOCHS, _VARIANTS = "Epochs, Batches, and Iterations", "Video 31"
_COUNTED = (
    "Keras's optimizer.iterations after model.fit, and the same after the compiled trainer's fit of our Dense layer."
)
_NETWORK = "-".join(map(str, LAYERS))


def _claim(
    name: str, section: str, statement: str, kind: Any, documented: str, setup: str, *checks: Any, **more: Any
) -> Claim:
    document = "000" if section == _EPOCHS else "003"
    return Claim(f"gd-{name}", document, section, statement, kind, documented, setup, checks, **more)


CLAIMS = (
    _claim(
        "iterations-book",
        _EPOCHS,
        "A dataset of 100 items in batches of 10 gives 10 iterations an epoch.",
        "exact",
        "10",
        _COUNTED,
        Equals("iterations_of_100_rows_in_tens", 10),
    ),
    _claim(
        "iterations-images",
        _EPOCHS,
        "1,000 images with batch size 100 for 5 epochs give 10 iterations an epoch and 50 in total.",
        "exact",
        "10; 50",
        _COUNTED,
        Equals("iterations_an_epoch_of_1000_in_hundreds", 10),
        Equals("iterations_of_5_epochs_of_1000_in_hundreds", 50),
    ),
    _claim(
        "batches-save-memory",
        _EPOCHS,
        "Splitting the data into batches saves memory and speeds up learning.",
        "comparison",
        "less memory; faster",
        f"A {_NETWORK} network. Memory: the peak of a NumPy training step of 100 rows is less than half of that of "
        "1,000 (tracemalloc). Speed: loss over all 1,000 rows after one epoch (SGD 0.01, squared error), one batch "
        "against batches of 100, 20 initialisations.",
        Equals("a_batch_of_100_halves_the_peak_of_1000_rows", True),
        Sampled("log10_loss_one_batch_over_batches_of_100", low=0, documented="lower with batches of 100"),
        priority=3,
        remark="The gain is in progress an epoch; one pass over the rows itself takes longer in small batches "
        "(gd-epoch-time-order).",
    ),
    _claim(
        "updates-per-epoch",
        _VARIANTS,
        "An epoch has 1 update in batch, N in stochastic and N / batch_size in mini-batch gradient descent.",
        "exact",
        "1; N; N/batch_size",
        f"N = 320, batch size 32. {_COUNTED}",
        Equals("updates_of_320_rows_batch_stochastic_mini_batch", [1, 320, 10]),
    ),
    _claim(
        "minibatch-floor",
        _VARIANTS,
        "Mini-batch gradient descent makes N // batch_size batches an epoch, as model.fit(batch_size=32) does.",
        "exact",
        "N // 32",
        f"N = 1,000: the lines of the pseudo-code that choose the rows, run; and {_COUNTED[0].lower()}{_COUNTED[1:]}",
        Equals("printed_loop_result", "runs"),
        Equals("printed_loop_batches_of_1000", 31),
        Equals(
            "updates_of_1000_in_32",
            31,
            true_value=32,
            derivation="1000 / 32 is 31.25: floor division makes 31 batches and never uses the last 8 rows of the "
            "epoch; Keras rounds up and makes a 32nd batch of those 8.",
        ),
        Equals("rows_of_1000_left_out", 8),
        priority=2,
    ),
    _claim(
        "batch-size-keras",
        _VARIANTS,
        "batch_size=len(X_train), 1 and 32 give batch, stochastic and mini-batch gradient descent in Keras.",
        "behaviour",
        "len(X); 1; 32",
        f"Updates an epoch for 320 rows and each setting. {_COUNTED}",
        Equals("updates_of_320_rows_batch_stochastic_mini_batch", [1, 320, 10]),
        priority=2,
    ),
    _claim(
        "epoch-time-order",
        _VARIANTS,
        "An epoch is fastest in batch, medium in mini-batch and slowest in stochastic gradient descent.",
        "comparison",
        "fastest; slowest; medium",
        f"A {_NETWORK} network. One epoch over {TIMED_ROWS} rows by the compiled trainer's program ({REPEATS} "
        f"interleaved repeats, each the quickest of three) and over {KERAS_ROWS} rows by model.fit ({REPEATS // 3}, "
        f"the quicker of two), in batches of all, {MINI} and one; log10 of time ratios.",
        Sampled("log10_epoch_mini_batch_over_batch", low=0, documented="mini-batch slower than batch"),
        Sampled("log10_epoch_stochastic_over_mini_batch", low=0, documented="stochastic slower than mini-batch"),
        Sampled("log10_fit_epoch_mini_batch_over_batch", low=0, documented="mini-batch slower than batch (fit)"),
        Sampled(
            "log10_fit_epoch_stochastic_over_mini_batch", low=0, documented="stochastic slower than mini-batch (fit)"
        ),
        priority=2,
        remark="model.fit spends a millisecond or two on a step whatever its arithmetic, which makes the documented "
        "order; the compiled trainer spends microseconds on a step of one row of this small network, and its epochs "
        "in batches of all rows and of 32 take the same time within what these repeats can tell.",
    ),
    _claim(
        "memory-order",
        _VARIANTS,
        "Batch gradient descent needs high, mini-batch medium and stochastic low memory.",
        "complexity",
        "high; low; medium",
        f"A {_NETWORK} network. Peak of Python's and NumPy's memory in one hand-written training step (tracemalloc, "
        "data not counted) for batches of 1 to 1,024 rows: order of 1,024, 32 and 1, and the power of the batch size "
        "from the last doubling, to one decimal; bytes of all layer outputs in Keras for 1, 32 and 320 rows, 4 * (64 "
        "+ 64 + 1) a row.",
        Equals("peak_falls_from_batch_to_mini_batch_to_stochastic", True),
        Equals("power_of_the_batch_size_in_the_peak", 1.0),
        Equals("keras_output_bytes_a_row_for_1_32_and_320", [516, 516, 516]),
        priority=2,
        remark="It is the layers' outputs that shrink. With arrays given to fit, the whole data set lies in memory "
        "in all three.",
    ),
    _claim(
        "vectorisation",
        _VARIANTS,
        "Batch and mini-batch gradient descent can be vectorised, stochastic cannot.",
        "comparison",
        "yes; yes; no",
        f"All gradients of a linear model with 20 weights over {TIMED_ROWS} rows in NumPy, one expression a batch of "
        f"all, {MINI} and 1 rows; {REPEATS} interleaved repeats, each the quickest of three. Yes: a row takes less "
        f"than half the time it takes alone. No: {MINI} stochastic updates in turn differ from the sum of their "
        "gradients taken at once.",
        Sampled("log10_time_a_row_alone_over_batch", low=math.log10(2), documented="batch: less than half"),
        Sampled("log10_time_a_row_alone_over_mini_batch", low=math.log10(2), documented="mini-batch: less than half"),
        Equals("stochastic_updates_joined_give_the_same", False),
        priority=3,
        remark="Each stochastic update needs the weights that the one before it left, so rows can't be joined. "
        "Within a row, features and units still are.",
    ),
    _claim(
        "power-of-two-batches",
        _VARIANTS,
        "Batch sizes that are powers of two are efficient for memory.",
        "comparison",
        "16, 32, 64, 128",
        "Memory: peak of a NumPy training step a row, lower at each of 16, 32, 64 and 128 than at one row less and "
        "one more. Time: a 784-128-10 TensorFlow training step, mean time a row of both neighbours over that of the "
        f"power of two, averaged over the four (log10), {REPEATS} interleaved repeats, each the quickest of three "
        "times five steps.",
        Equals("powers_of_two_need_fewer_bytes_a_row_than_both_neighbours", [True] * 4),
        Sampled("log10_time_a_row_of_neighbours_over_power_of_two", low=0, documented="less time a row"),
        priority=3,
        remark="Memory grows by the same number of bytes with every row, so a row more is always a little cheaper a "
        "row: nothing singles out 32 from 31 and 33.",
    ),
)
