"""Which activation function converges fastest on MNIST, and what each costs to compute.

Source: document 000, Activation Function; document 003, Videos 19 and 20. The one-hidden-layer network of Video 12,
made small: the first 2,000 images averaged to 14 x 14 pixels, 64 hidden units, Adam. Times are taken in turn, one
activation after the other in every repeat, on 10^7 numbers and in a whole Dense layer.

Run: reproduce run activation_speed
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reproductions.claims import Better, Claim, Measured, Sampled
from reproductions.figures import COLOURS, Picture
from reproductions.networks import Split, first_losses, train_networks
from reproductions.small_mnist import small_mnist
from reproductions.timings import seconds

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "MNIST: convergence and cost of activation functions"
SUMMARY = (
    "Epochs until 95% training accuracy with ReLU, tanh, sigmoid and ELU hidden units, and the time of each function "
    "alone and inside a Dense layer."
)
DATASETS = ("mnist",)
IN_DEFAULT_SET = True
TIMES = True
SEEDS, MAX_SEEDS = 20, 40
EXPECTED_SECONDS = 17.0
GOLDEN = "relu"

NAMES = ("relu", "tanh", "sigmoid", "elu")
REPEATS = 30


@dataclass(frozen=True)
class Config:
    """The network and how it is trained."""

    activation: str = "relu"
    """Activation of the hidden layer."""
    units: int = 64
    """Units of the hidden layer."""
    images: int = 2000
    """Training images, from the first on; as many test images."""
    target_accuracy: float = 0.95
    """Training accuracy that counts as converged."""
    epochs: int = 25
    """Passes over the training images; a network that never converges counts as having needed them all."""
    batch_size: int = 32
    """Images a step."""
    learning_rate: float = 0.001
    """Adam's step size, Keras's default."""
    validation_split: float = 0.0
    """Nothing is held out; the test images tell."""
    shuffle: bool = True
    """Visit the images in a new order each epoch."""


VARIANTS = {name: Config(name) for name in NAMES}


def load_data(config: Config) -> Split:
    """The first images of each part, averaged over 2 x 2 pixels and divided by 255: 196 inputs."""
    return small_mnist(config.images, config.images)


def build_model(config: Config) -> keras.Model:
    """One hidden layer and ten softmax outputs, compiled with Adam and cross-entropy on integer labels."""
    import keras

    model = keras.Sequential(
        [
            keras.Input((196,)),
            keras.layers.Dense(config.units, activation=config.activation),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(config.learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def train(
    config: Config,
    data: Split,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> SeedRuns:
    """Train one network a seed."""
    return train_networks(build_model, config, data, seeds, checkpoint, progress)


def epochs_until(accuracy: np.ndarray, target: float) -> list[float]:
    """Epochs until each seed's training accuracy crosses the target, on the line between two epochs; else the bound."""
    found = []
    for row in accuracy:
        reached = np.flatnonzero(row >= target)
        if len(reached) == 0:
            found.append(float(len(row)))
            continue
        last = int(reached[0])
        before = row[last - 1] if last else 0.1  # guessing
        found.append(float(last + (target - before) / (row[last] - before)))
    return found


def measure(config: Config, data: Split, runs: SeedRuns) -> Measured:
    """Epochs to the target, losses and test accuracy."""
    predicted = runs.predict(data.x_test).argmax(axis=-1)  # (seeds, images)
    metrics = {
        "epochs_to_95": epochs_until(runs.curves["accuracy"], config.target_accuracy),
        "test_accuracy": (predicted == data.y_test).mean(axis=1).tolist(),
        "train_loss": runs.curves["loss"][:, -1].tolist(),
        "loss_after_5_epochs": runs.curves["loss"][:, 4].tolist(),
    }
    return Measured(metrics, runs.curves)


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data)


def seconds_of(programs: Mapping[str, Callable[[], Any]], repeats: int = REPEATS) -> dict[str, np.ndarray]:
    """Seconds of each program in every repeat; within a repeat they take turns, in a new order each time."""
    rng = np.random.default_rng(0)
    for program in programs.values():
        program()  # traces and warms up
    found = {name: np.zeros(repeats) for name in programs}
    for repeat in range(repeats):
        for name in rng.permutation(list(programs)):
            found[name][repeat] = seconds(programs[name])
    return found


def examine() -> dict[str, Any]:
    """Time of each function on 10^7 and 10^6 float32 numbers, and of a Dense layer with it (512 x 512 by 512 x 512)."""
    import keras
    import tensorflow as tf

    many = tf.constant(np.random.default_rng(0).standard_normal(10**7).astype("float32"))
    rows = tf.constant(np.random.default_rng(1).standard_normal((512, 512)).astype("float32"))

    def alone(name: str, numbers: Any = many) -> Callable[[], Any]:
        program = tf.function(getattr(keras.activations, name))

        def run() -> Any:
            return program(numbers)[0].numpy()

        return run

    def in_layer(name: str) -> Callable[[], Any]:
        layer = keras.layers.Dense(512, activation=name)
        layer.build((None, 512))
        program = tf.function(layer)

        def run() -> Any:
            return program(rows)[0, 0].numpy()

        return run

    kinds = (alone, lambda name: alone(name, many[: 10**6]), in_layer)
    by_function, in_cache, by_layer = (seconds_of({name: make(name) for name in NAMES}) for make in kinds)

    def over_relu(seconds: Mapping[str, np.ndarray], name: str) -> list[float]:
        return np.log10(seconds[name] / seconds["relu"]).round(4).tolist()

    others = NAMES[1:]
    return {
        **{f"log10_time_{name}_over_relu": over_relu(by_function, name) for name in others},
        **{f"log10_cache_time_{name}_over_relu": over_relu(in_cache, name) for name in others},
        **{f"log10_layer_time_{name}_over_relu": over_relu(by_layer, name) for name in others},
        "median_milliseconds": {
            place: {name: round(1e3 * float(np.median(values)), 3) for name, values in seconds.items()}
            for place, seconds in (("10^7 numbers", by_function), ("10^6", in_cache), ("Dense layer", by_layer))
        },
    }


def paint_speed(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Training accuracy by epoch, and what each function costs."""
    import matplotlib.pyplot as plt

    drawn, (left, right) = plt.subplots(1, 2, figsize=(10.2, 3.9), layout="constrained", width_ratios=(3, 2))
    styles = dict(zip(NAMES, ("-", "--", "-.", ":"), strict=True))
    left.axhline(95, color="0.35", linewidth=1)
    for place, name in enumerate(NAMES):
        curve, mean = variants[name]["curves"]["accuracy"], variants[name]["summary"]["epochs_to_95"]
        low, middle, high = (100 * np.array(curve[key]) for key in ("low", "mean", "high"))
        never = sum(value >= VARIANTS[name].epochs for value in variants[name]["metrics"]["epochs_to_95"])
        label = f"{name}: {mean['mean']:.1f} epochs" + (f" or more ({never} seeds never)" if never else "")
        left.plot(curve["epoch"], middle, styles[name], color=COLOURS[place], label=label)
        left.fill_between(curve["epoch"], low, high, color=COLOURS[place], alpha=0.15, linewidth=0)
    left.set_title("training accuracy, and epochs to 95%", fontsize=10)
    left.set_xlabel("epoch")
    left.set_ylabel("training accuracy, %")
    left.set_ylim(60, 100.5)
    left.legend(frameon=False, fontsize=9, loc="lower right")
    left.grid(alpha=0.25)
    for place, (where, times) in enumerate(facts["median_milliseconds"].items()):
        ratios = [times[name] / times["relu"] for name in NAMES]
        bars = right.bar(
            np.arange(len(NAMES)) + 0.27 * (place - 1), ratios, 0.25, color=COLOURS[3 + place], label=where
        )
        right.bar_label(bars, [f"{times[name]:.2g} ms" for name in NAMES], fontsize=8, padding=3, rotation=90)
    right.set_xticks(range(len(NAMES)), NAMES)
    right.set_ylabel("time, times ReLU's")
    right.set_title("median time on this record's machine", fontsize=10)
    right.margins(y=0.3)
    right.legend(frameon=False, fontsize=9)
    return drawn


FIGURES = (
    Picture(
        "activation-speed",
        "MNIST, 196-64-10: convergence and cost of activation functions",
        "Mean over seeds, band from the 10th to the 90th percentile. On its own an exponential costs more than a comparison; "
        "inside a layer the matrix product hides it.",
        facts=("median_milliseconds",),
        paint=paint_speed,
        variants=NAMES,
    ),
)

_SETUP = "196-64-10 on the first 2,000 MNIST images (14 x 14), Adam 0.001, batches of 32, at most 25 epochs."
_EPOCHS = "Epochs until 95% training accuracy, paired by seed."
_TIMES = (
    "Time of the function on 10^7 float32 numbers, forward, all cores, 30 interleaved repeats: mean of log10(time / "
    "ReLU's time)."
)


def _claim(name: str, document: str, section: str, statement: str, documented: str, setup: str, *checks: Any,
           priority: int = 2, data: str = "mnist", remark: str = "") -> Claim:  # fmt: skip
    return Claim(
        f"activation-{name}",
        document,
        section,
        statement,
        "comparison",
        documented,
        setup,
        checks,
        data,
        priority,
        remark,
    )


CLAIMS = (
    _claim(
        "relu-default-fast",
        "000",
        "Activation Function",
        "ReLU is fast and works well: the choice for hidden layers.",
        "fastest",
        f"{_SETUP} {_EPOCHS} ReLU below the sigmoid and tanh. {_TIMES} Sigmoid and tanh above 0.",
        Better("epochs_to_95", "relu", "sigmoid", higher_is_better=False),
        Better("epochs_to_95", "relu", "tanh", higher_is_better=False),
        Sampled("log10_time_sigmoid_over_relu", low=0.0, documented="slower than ReLU"),
        Sampled("log10_time_tanh_over_relu", low=0.0, documented="slower than ReLU"),
    ),
    _claim(
        "sigmoid-tanh-expensive",
        "003",
        "Video 19",
        "Sigmoid and tanh are expensive to compute because of the exponential; ReLU is very cheap.",
        "expensive",
        f"{_TIMES} Sigmoid and tanh above 0. A whole Dense layer (512 rows, 512 to 512 units) is timed beside it.",
        Sampled("log10_time_sigmoid_over_relu", low=0.0, documented="more expensive than ReLU"),
        Sampled("log10_time_tanh_over_relu", low=0.0, documented="more expensive than ReLU"),
        data="",
        remark="On their own, that is. Inside the Dense layer the difference is lost in the noise of the matrix product. "
        "TensorFlow's kernel library computes tanh by a ratio of polynomials, without an exponential, so tanh is hardly "
        "dearer than ReLU, which on 10^7 numbers waits for memory.",
    ),
    _claim(
        "tanh-converges-faster",
        "003",
        "Video 19",
        "Tanh converges faster than the sigmoid.",
        "faster",
        f"{_SETUP} {_EPOCHS} Tanh below the sigmoid.",
        Better("epochs_to_95", "tanh", "sigmoid", higher_is_better=False),
        remark="No sigmoid network gets to 95% in 25 epochs, so the difference is at least what is shown.",
    ),
    _claim(
        "elu-faster-convergence",
        "003",
        "Video 20",
        "ELU converges faster than ReLU but costs more to compute.",
        "faster; more expensive",
        f"{_SETUP} {_EPOCHS} ELU below ReLU. {_TIMES} ELU above 0.",
        Better("epochs_to_95", "elu", "relu", higher_is_better=False),
        Sampled("log10_time_elu_over_relu", low=0.0, documented="more expensive than ReLU"),
        priority=3,
        remark="It costs more, but converges later: 21.8 epochs against 17.1. Its loss is level with ReLU's for the "
        "first five epochs and then falls behind. ELU's authors report their gain for deep networks, where the "
        "centre of the activations matters in every layer; this one has a single hidden layer.",
    ),
)
