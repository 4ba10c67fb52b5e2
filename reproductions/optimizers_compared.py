"""The optimizers of the course notes on four problems, at Keras's defaults and at other learning rates.

Sources: document 000, Optimizers; document 003, Videos 28 to 38. The problems are three documented networks, each with the
optimizer changed and nothing else: MNIST (784-128-10, first 5,000 images, 5 epochs), churn (11-11-11-1, 20 epochs),
admission (7-7-7-1, 500 epochs); and an LSTM that must say, after ten numbers, whether the first was positive.

A score is comparable between the problems: 0 is the best constant answer on the test rows (the majority class; the
mean, for which R2 is 0), 1 is perfect.

Run: reproduce run optimizers_compared
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reproductions import admission, churn, mnist_ann
from reproductions.claims import Better, Claim, Measured, Sampled, Within
from reproductions.figures import COLOURS, Picture
from reproductions.landscapes import descend
from reproductions.networks import Split, first_losses, train_networks

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "Optimizers compared: SGD, momentum, Nesterov, AdaGrad, RMSProp, Adam"
SUMMARY = (
    "Four problems, five optimizers at Keras's defaults; on MNIST also other learning rates, a schedule and Nesterov. "
    "Training loss by epoch, test scores and ranks."
)
DATASETS = ("mnist", "churn_modelling", "graduate_admissions")
IN_DEFAULT_SET = True
SEEDS, MAX_SEEDS = 5, 20
EXPECTED_SECONDS = 100.0
GOLDEN = "adam"

ABOVE_0 = 1e-9
"""Lower end for differences that must be above 0: a difference that is 0 throughout does not count."""
ALL = ("mnist", "churn", "admission", "sequence")


@dataclass(frozen=True)
class Config:
    """An optimizer, and the problems that it trains on."""

    optimizer: str = "SGD"
    """Name of the class in `keras.optimizers`."""
    learning_rate: float = 0.01
    """Step size, or where the schedule starts."""
    momentum: float = 0.0
    """SGD's momentum."""
    nesterov: bool = False
    """Look ahead (SGD only)."""
    schedule: bool = False
    """Let the rate fall to 0 along a cosine over the whole training."""
    problems: tuple[str, ...] = ("mnist",)
    """Which of `PROBLEMS`."""


@dataclass(frozen=True)
class Problem:
    """One of the four problems.

    Args:
        load: gives the split data.
        build: gives the compiled network; its optimizer is replaced.
        epochs: passes over the training rows.
        regression: scored by R2, else by accuracy.
    """

    load: Callable[[], Split]
    build: Callable[[], keras.Model]
    epochs: int
    regression: bool = False
    batch_size: int = 32
    validation_split: float = 0.0
    shuffle: bool = True


def mnist_rows() -> Split:
    """The first 5,000 training and the first 5,000 test images."""
    data = mnist_ann.load_data(mnist_ann.Config())
    # Copies, so that the other 60,000 images are not kept.
    return Split(*(rows[:5000].copy() for rows in (data.x_train, data.y_train, data.x_test, data.y_test)))


def sequences() -> Split:
    """Ten standard normal numbers, shape (rows, 10, 1); the label says whether the first is positive."""
    x = np.random.default_rng(0).standard_normal((3000, 10, 1)).astype("float32")
    y = (x[:, 0, 0] > 0).astype("float32")
    return Split(x[:2000], y[:2000], x[2000:], y[2000:])


def sequence_network() -> keras.Model:
    """An LSTM of 16 units and one sigmoid output."""
    import keras

    model = keras.Sequential([keras.Input((10, 1)), keras.layers.LSTM(16), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(loss="binary_crossentropy", metrics=["accuracy"])
    return model


_CHURN, _ADMISSION = churn.VARIANTS["improved"], admission.VARIANTS["final"]

PROBLEMS = {
    "mnist": Problem(mnist_rows, lambda: mnist_ann.build_model(mnist_ann.Config()), epochs=5),
    "churn": Problem(lambda: churn.load_data(_CHURN), lambda: churn.build_model(_CHURN), epochs=20),
    "admission": Problem(
        lambda: admission.load_data(_ADMISSION),
        lambda: admission.build_model(_ADMISSION),
        epochs=_ADMISSION.epochs,
        regression=True,
    ),
    "sequence": Problem(sequences, sequence_network, epochs=15),
}

VARIANTS = {
    "sgd": Config(problems=ALL),
    "momentum": Config(momentum=0.9, problems=ALL),
    "adagrad": Config("Adagrad", 0.001, problems=ALL),
    "rmsprop": Config("RMSprop", 0.001, problems=ALL),
    "adam": Config("Adam", 0.001, problems=ALL),
    "nesterov": Config(momentum=0.9, nesterov=True),
    "sgd_tiny": Config(learning_rate=1e-5),
    "sgd_fast": Config(learning_rate=0.1),
    "sgd_huge": Config(learning_rate=10.0),
    "sgd_schedule": Config(schedule=True),
    "sgd_fast_schedule": Config(learning_rate=0.1, schedule=True),
    "adagrad_001": Config("Adagrad", 0.01),
    "adagrad_01": Config("Adagrad", 0.1),
}
DEFAULTS = {"sgd": "SGD", "momentum": "SGD, momentum 0.9", "adagrad": "AdaGrad", "rmsprop": "RMSProp", "adam": "Adam"}
"""The variants that are trained on every problem, with their readable names."""

Data = dict[str, Split]


@dataclass
class Trained:
    """What training one variant gave: the runs of each problem."""

    by_problem: dict[str, SeedRuns]
    engine: str = "by problem"
    jit_compile: bool | None = None


@cache
def load_problem(name: str) -> Split:
    """A problem's data, read once."""
    return PROBLEMS[name].load()


def load_data(config: Config) -> Data:
    """The data of the variant's problems."""
    return {name: load_problem(name) for name in config.problems}


def new_optimizer(config: Config, updates: int) -> Any:
    """The variant's optimizer; a schedule falls to 0 at the given number of updates."""
    import keras

    rate: Any = config.learning_rate
    if config.schedule:
        rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, updates)
    kind = getattr(keras.optimizers, config.optimizer)
    if config.optimizer == "SGD":
        return kind(rate, momentum=config.momentum, nesterov=config.nesterov)
    return kind(rate)


def build_model(config: Config, problem: str = "mnist", rows: int = 5000) -> keras.Model:
    """The problem's network, compiled with its own loss and metric and the variant's optimizer."""
    chosen = PROBLEMS[problem]
    model = chosen.build()
    optimizer = new_optimizer(config, chosen.epochs * -(-rows // chosen.batch_size))
    model.compile(optimizer=optimizer, loss=model.loss, metrics=[] if chosen.regression else ["accuracy"])
    return model


def _build_for(config: Config, problem: str, rows: int, _: Problem) -> keras.Model:
    return build_model(config, problem, rows)


def _report(progress: Callable[[float], None], place: int, problems: int, share: float) -> None:
    progress((place + share) / problems)


def train(
    config: Config,
    data: Data,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> Trained:
    """Train one network a seed on each of the variant's problems."""
    found = {}
    for place, (name, split) in enumerate(data.items()):
        found[name] = train_networks(
            partial(_build_for, config, name, len(split.x_train)),
            PROBLEMS[name],
            split,
            seeds,
            checkpoint / name if checkpoint is not None else None,
            partial(_report, progress, place, len(data)) if progress else None,
        )
    return Trained(found, jit_compile=all(runs.jit_compile for runs in found.values()))


def accuracies(split: Split, runs: SeedRuns) -> np.ndarray:
    """Share of test rows that each seed's network gets right; (seeds,)."""
    outputs = runs.predict(split.x_test)  # (seeds, rows, classes or 1)
    answers = outputs.argmax(axis=-1) if outputs.shape[-1] > 1 else outputs[:, :, 0] > 0.5
    return (answers == split.y_test).mean(axis=1)


def scores(name: str, split: Split, runs: SeedRuns) -> np.ndarray:
    """0 for the best constant answer on the test rows, 1 for perfect; (seeds,)."""
    if PROBLEMS[name].regression:
        errors = ((runs.predict(split.x_test)[:, :, 0] - split.y_test) ** 2).mean(axis=1, dtype="float64")
        return 1 - errors / split.y_test.var(dtype="float64")
    majority = np.unique(split.y_test, return_counts=True)[1].max() / len(split.y_test)
    return (accuracies(split, runs) - majority) / (1 - majority)


def measure(config: Config, data: Data, runs: Trained) -> Measured:
    """Losses and scores by problem; where all four were trained, also their mean and how many beat a constant answer."""
    metrics: dict[str, list[float]] = {}
    curves = {}
    by_problem = {}
    for name, trained in runs.by_problem.items():
        loss = trained.curves["loss"]
        by_problem[name] = scores(name, data[name], trained)
        metrics[f"{name}_score"] = by_problem[name].tolist()
        metrics[f"{name}_loss"] = loss[:, -1].tolist()
        curves[f"{name}_loss"] = loss
    if "mnist" in by_problem:
        loss = runs.by_problem["mnist"].curves["loss"]
        metrics |= {f"mnist_loss_after_{n}": loss[:, n - 1].tolist() for n in (1, 3)}
        metrics["mnist_accuracy"] = accuracies(data["mnist"], runs.by_problem["mnist"]).tolist()
        # ln 10 is the loss of ten equal probabilities, which is about where every network starts. Not a number counts.
        metrics["mnist_overshot"] = (~(loss[:, 0] <= 2 * math.log(10))).astype(float).tolist()
    if set(by_problem) == set(ALL):
        table = np.stack([by_problem[name] for name in ALL])
        metrics["mean_score"] = table.mean(axis=0).tolist()
        metrics["problems_above_constant"] = (table > 0).sum(axis=0).astype(float).tolist()
    return Measured(metrics, curves)


def trace(config: Config, data: Data) -> list[float]:
    """Golden trace: the first losses of seed 0 on MNIST."""
    return first_losses(lambda problem: build_model(config), PROBLEMS["mnist"], data["mnist"])


def mini_batches() -> dict[str, Any]:
    """SGD 0.01 with batches of 32 and with all rows, 640 updates each: logistic regression, 20 data sets of 1,000 rows.

    Ten standard normal features and standard normal true weights. How much the recorded loss jumps from one update to the
    next, and how many updates raise the loss of all rows.
    """
    from keras import ops
    from keras.optimizers import SGD

    rng = np.random.default_rng(0)
    x, weights = rng.standard_normal((1000, 20, 10)), rng.standard_normal((20, 10))
    y = (rng.random((1000, 20)) < 1 / (1 + np.exp(-(x * weights).sum(axis=-1)))).astype(float)
    data = np.concatenate([x, y[..., None]], axis=-1)

    def loss(position: Any, batch: Any) -> Any:
        logits = ops.sum(batch[..., :-1] * position, axis=-1)  # (B, data sets)
        return ops.softplus(logits) - batch[..., -1] * logits

    def loss_of_all_rows(positions: np.ndarray) -> np.ndarray:
        logits = np.einsum("rdf,tdf->trd", x, positions.astype("float64"))
        return (np.logaddexp(0, logits) - y * logits).mean(axis=1)  # (updates, data sets)

    jumps, rises, shown = {}, {}, {}
    for name, epochs, batch_size in (("mini-batch", 20, 32), ("full batch", 640, 1000)):
        found = descend(loss, np.zeros((20, 10)), lambda: SGD(0.01), data=data, epochs=epochs, batch_size=batch_size)
        jumps[name] = np.diff(found.losses[0].astype("float64"), axis=0).std(axis=0)
        rises[name] = (np.diff(loss_of_all_rows(found.positions[0]), axis=0) > 0).mean(axis=0)
        shown[name] = np.round(found.losses[0][:320, 0].astype("float64"), 3).tolist()
    return {
        "log10_jump_mini_over_full_batch": np.round(np.log10(jumps["mini-batch"] / jumps["full batch"]), 3).tolist(),
        "rising_updates_mini_minus_full_batch": np.round(rises["mini-batch"] - rises["full batch"], 4).tolist(),
        "recorded_losses": shown,
    }


def linear_regression() -> dict[str, Any]:
    """AdaGrad 0.1 on a convex problem: 20 linear regressions, 200 rows, 5 features and a bias, noise 0.5, 50 epochs of batch 32.

    The share of the avoidable loss (from all weights 0 to least squares by NumPy) that is left.
    """
    from keras import ops
    from keras.optimizers import Adagrad

    rng = np.random.default_rng(1)
    x = np.concatenate([rng.standard_normal((200, 20, 5)), np.ones((200, 20, 1))], axis=-1)
    y = (x * rng.standard_normal((20, 6))).sum(axis=-1) + 0.5 * rng.standard_normal((200, 20))
    data = np.concatenate([x, y[..., None]], axis=-1)
    found = descend(
        lambda w, batch: (ops.sum(batch[..., :-1] * w, axis=-1) - batch[..., -1]) ** 2,
        np.zeros((20, 6)),
        lambda: Adagrad(0.1),
        data=data,
        epochs=50,
        batch_size=32,
    ).positions[0, -1]

    def loss(w: np.ndarray) -> np.ndarray:
        return (((x * w).sum(axis=-1) - y) ** 2).mean(axis=0)

    best = loss(np.stack([np.linalg.lstsq(x[:, k], y[:, k], rcond=None)[0] for k in range(20)]))
    share = (loss(found.astype("float64")) - best) / (loss(np.zeros((20, 6))) - best)
    return {"adagrad_share_of_loss_left_in_linear_regression": np.round(share, 6).tolist()}


def examine() -> dict[str, Any]:
    """The convex problems, and whether the variants' rates are Keras's defaults."""
    import keras

    of_keras = [float(getattr(keras.optimizers, VARIANTS[name].optimizer)().learning_rate) for name in DEFAULTS]
    return {
        **mini_batches(),
        **linear_regression(),
        "rates_are_keras_defaults": bool(
            np.allclose(of_keras, [VARIANTS[name].learning_rate for name in DEFAULTS], rtol=1e-6)
        ),
    }


PROBLEM_TITLES = {
    "mnist": "MNIST, 5,000 images",
    "churn": "churn",
    "admission": "admission",
    "sequence": "LSTM: sign of the first number",
}

MNIST_LABELS = {
    "sgd": "SGD 0.01",
    "sgd_schedule": "SGD 0.01, cosine schedule",
    "sgd_fast": "SGD 0.1",
    "sgd_fast_schedule": "SGD 0.1, cosine schedule",
    "sgd_tiny": "SGD 0.00001",
    "momentum": "SGD 0.01, momentum 0.9",
    "nesterov": "SGD 0.01, Nesterov 0.9",
    "adagrad": "AdaGrad 0.001",
    "adagrad_001": "AdaGrad 0.01",
    "adagrad_01": "AdaGrad 0.1",
    "rmsprop": "RMSProp 0.001",
    "adam": "Adam 0.001",
}


def paint_losses(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """One panel a problem: training loss by epoch of each optimizer at its defaults."""
    import matplotlib.pyplot as plt

    drawn, axes = plt.subplots(2, 2, figsize=(9.6, 6.6), layout="constrained")
    for axis, problem in zip(axes.flat, ALL, strict=True):
        for (name, label), colour in zip(DEFAULTS.items(), COLOURS, strict=False):
            curve = variants[name]["curves"][f"{problem}_loss"]
            axis.plot(curve["epoch"], curve["mean"], color=colour, label=label, linewidth=1.7)
            axis.fill_between(curve["epoch"], curve["low"], curve["high"], color=colour, alpha=0.2, linewidth=0)
        axis.set_title(PROBLEM_TITLES[problem], fontsize=10)
        axis.set_yscale("log" if problem == "admission" else "linear")
        axis.set(xlabel="epoch", ylabel="mean squared error" if problem == "admission" else "cross-entropy")
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.grid(alpha=0.25)
    axes[0][1].legend(frameon=False, fontsize=9)
    return drawn


def paint_ranks(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """A table: optimizers by problems, the mean score in each cell, shaded by its rank in the column."""
    import matplotlib.pyplot as plt

    columns = [f"{problem}_score" for problem in ALL] + ["mean_score"]
    table = np.array([[variants[name]["summary"][column]["mean"] for column in columns] for name in DEFAULTS], float)
    ranks = (-table).argsort(axis=0).argsort(axis=0) + 1
    drawn, axis = plt.subplots(figsize=(9.0, 3.6), layout="constrained")
    axis.imshow(len(DEFAULTS) - ranks, cmap="Blues", vmin=-0.5, vmax=2.2 * len(DEFAULTS), aspect="auto")
    for row, column in np.ndindex(table.shape):
        text = f"{table[row, column]:.2f}\nrank {ranks[row, column]}"
        axis.text(column, row, text, ha="center", va="center", fontsize=9)
    axis.set_xticks(range(len(columns)), [*(PROBLEM_TITLES[problem].replace(": ", ":\n") for problem in ALL), "mean"])
    axis.set_yticks(range(len(DEFAULTS)), list(DEFAULTS.values()))
    axis.xaxis.tick_top()
    axis.tick_params(length=0)
    return drawn


def paint_mnist(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Three panels on MNIST: learning rates and schedules of SGD, momentum and Nesterov, AdaGrad's rates."""
    import matplotlib.pyplot as plt

    panels = {
        "rates and schedules": ("sgd_tiny", "sgd", "sgd_schedule", "sgd_fast", "sgd_fast_schedule", "adam"),
        "momentum and Nesterov": ("sgd", "momentum", "nesterov", "adam"),
        "AdaGrad's rate": ("adagrad", "adagrad_001", "adagrad_01", "rmsprop", "adam"),
    }
    drawn, axes = plt.subplots(1, 3, figsize=(12.4, 4.8), sharey=True, layout="constrained")
    for axis, (title, names) in zip(axes, panels.items(), strict=True):
        for name, colour in zip(names, COLOURS, strict=False):
            curve = variants[name]["curves"]["mnist_loss"]
            style = "--" if "schedule" in name else "-"
            axis.plot(curve["epoch"], curve["mean"], style, color=colour, label=MNIST_LABELS[name], linewidth=1.7)
        axis.set_title(title, fontsize=10)
        axis.set(xlabel="epoch", xticks=range(1, 6), yscale="log", ylim=(0.07, 3))
        axis.grid(alpha=0.25)
        axis.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    axes[0].set_ylabel("training cross-entropy")
    return drawn


def paint_shaky(facts: Mapping[str, Any]) -> Any:
    """The loss that training shows after each update, for mini-batches and for all rows."""
    import matplotlib.pyplot as plt

    drawn, axis = plt.subplots(figsize=(7.6, 3.7), layout="constrained")
    labels = {"mini-batch": "batches of 32 rows", "full batch": "all 1,000 rows"}
    for (name, values), colour in zip(facts["recorded_losses"].items(), (COLOURS[4], COLOURS[1]), strict=True):
        axis.plot(range(1, len(values) + 1), values, color=colour, label=labels[name], linewidth=1.3)
    axis.set(xlabel="update", ylabel="cross-entropy of the update's rows", xlim=(0, 320))
    axis.grid(alpha=0.25)
    axis.legend(frameon=False, fontsize=9)
    return drawn


FIGURES = (
    Picture(
        "optimizer-defaults",
        "Five optimizers at Keras's defaults, four problems: training loss by epoch",
        "Mean over seeds, band from the 10th to the 90th percentile. The problems differ in what they ask; the optimizers' "
        "default rates do not adapt to them. With momentum 0.9 the LSTM's loss jumps back in some run.",
        facts=(),
        paint=paint_losses,
        variants=tuple(DEFAULTS),
    ),
    Picture(
        "optimizer-ranks",
        "Score on the test rows (0 a constant answer, 1 perfect) and rank, optimizers at Keras's defaults",
        "Mean over seeds, after the same number of epochs for every optimizer.",
        facts=(),
        paint=paint_ranks,
        variants=tuple(DEFAULTS),
    ),
    Picture(
        "optimizer-mnist-rates",
        "MNIST, 784-128-10, 5,000 images: training loss by epoch",
        "Mean over seeds. The rate 0.00001 hardly moves; ten times its default rate brings SGD most of the way to Adam; AdaGrad "
        "is last at its default rate and first at 0.1.",
        facts=(),
        paint=paint_mnist,
        variants=tuple(MNIST_LABELS),
    ),
    Picture(
        "optimizer-shaky",
        "SGD with mini-batches is shaky: loss by update",
        "Logistic regression at rate 0.01, one data set, the first 320 updates.",
        facts=("recorded_losses",),
        paint=paint_shaky,
    ),
)

_MNIST = "MNIST, 784-128-10, first 5,000 images, batch 32, 5 epochs; training loss is the mean of an epoch."
_OPTIMIZERS, _PERFORMANCE = "Optimizers", "Video 28"


def _claim(
    name: str,
    document: str,
    section: str,
    statement: str,
    kind: Any,
    documented: str,
    setup: str,
    *checks: Any,
    **more: Any,
) -> Claim:
    return Claim(
        f"optimizer-{name}",
        document,
        section,
        statement,
        kind,
        documented,
        setup,
        checks,
        **{"data": "mnist", "priority": 2, **more},
    )


def _lower_loss(variant: str, than: str, metric: str = "mnist_loss") -> Better:
    return Better(metric, variant, than, higher_is_better=False)


CLAIMS = (
    _claim(
        "adam-vs-sgd-000",
        "000",
        _OPTIMIZERS,
        "Adam is faster and smarter than plain SGD and usually works best as the first choice.",
        "comparison",
        "faster; usually best",
        f"{_MNIST} Adam() against SGD(): lower training loss after 1, 3 and 5 epochs, higher test accuracy, and, for 'usually', "
        "a higher mean score over the four problems.",
        _lower_loss("adam", "sgd", "mnist_loss_after_1"),
        _lower_loss("adam", "sgd", "mnist_loss_after_3"),
        _lower_loss("adam", "sgd"),
        Better("mnist_accuracy", "adam", "sgd"),
        Better("mean_score", "adam", "sgd"),
        remark="At Keras's defaults, 0.001 and 0.01. Most of the difference on MNIST is SGD's default rate: at 0.1 its loss "
        "after five epochs is 0.20 (variant sgd_fast), against 0.50 at 0.01 and 0.13 for Adam.",
    ),
    _claim(
        "sgd-shaky",
        "000",
        _OPTIMIZERS,
        "SGD on small portions of data is simple but slow and shaky.",
        "behaviour",
        "can be slow and shaky",
        "Shaky: logistic regression on 20 data sets of 1,000 rows, SGD 0.01, 640 updates with batches of 32 and with all rows: "
        "log10 of the ratio of the standard deviations of the recorded loss's changes, and the share of updates that raise the "
        f"loss of all rows. Slow: against Adam. {_MNIST}",
        Sampled("log10_jump_mini_over_full_batch", low=ABOVE_0, documented="shaky"),
        Sampled("rising_updates_mini_minus_full_batch", low=ABOVE_0, documented="shaky"),
        _lower_loss("adam", "sgd"),
    ),
    _claim(
        "rmsprop-for-rnn",
        "000",
        _OPTIMIZERS,
        "RMSProp, which adapts the step by recent gradients, is a good optimizer for recurrent networks.",
        "comparison",
        "good for recurrent networks",
        "LSTM of 16 units, 2,000 sequences of ten standard normal numbers, label: is the first one positive? Batch 32, 15 "
        "epochs, RMSprop() against SGD(): lower training loss and higher score on 1,000 test sequences; Adam() beside them.",
        _lower_loss("rmsprop", "sgd", "sequence_loss"),
        Better("sequence_score", "rmsprop", "sgd"),
        remark="At its default Adam trains this network faster still; SGD without momentum hardly starts in 15 epochs.",
    ),
    _claim(
        "lr-schedule-speeds",
        "003",
        _PERFORMANCE,
        "Better optimizers and learning-rate scheduling speed up slow training.",
        "comparison",
        "speed up",
        f"{_MNIST} Training loss of the last epoch. Optimizer: Adam() below SGD(). Schedule: SGD whose rate falls to 0 along a "
        "cosine below SGD at the constant rate that the schedule starts from, at 0.01 and at 0.1.",
        _lower_loss("adam", "sgd"),
        _lower_loss("sgd_schedule", "sgd"),
        _lower_loss("sgd_fast_schedule", "sgd_fast"),
        priority=3,
        remark="The better optimizer is faster. A falling rate is not: in a training that ends long before SGD has "
        "settled, smaller steps only cover less ground. What a schedule allows is a higher start: from 0.1 it ends at 0.23, far "
        "below SGD at a constant 0.01 (0.50); but a constant 0.1 does so too (0.20).",
    ),
    _claim(
        "lr-selection",
        "003",
        "Video 32",
        "Too small a rate is very slow, too large overshoots.",
        "behaviour",
        "very slow; overshoots",
        f"{_MNIST} SGD at 0.00001, 0.01 and 10. Very slow: fewer than half of the test images right after five epochs, fewer "
        "than at 0.01. Overshoots: the first epoch's loss is above 2 ln 10, twice that of guessing, in every run; in "
        "none at 0.01.",
        Within("sgd_tiny", "mnist_accuracy", high=0.5),
        Better("mnist_accuracy", "sgd", "sgd_tiny"),
        Within("sgd_huge", "mnist_overshot", low=1.0),
        Within("sgd", "mnist_overshot", high=0.0),
        priority=3,
    ),
    _claim(
        "adagrad-not-deep",
        "003",
        "Video 36",
        "AdaGrad suits convex problems and not deep networks.",
        "comparison",
        "convex: yes; deep networks: use RMSProp or Adam",
        "Convex: 20 linear regressions, AdaGrad 0.1, 50 epochs; less than 1% of the avoidable loss is left (NumPy's least "
        f"squares). Network: {_MNIST} RMSprop() and Adam() below AdaGrad at each of the rates 0.001 (Keras's default), 0.01 and "
        "0.1.",
        Sampled("adagrad_share_of_loss_left_in_linear_regression", high=0.01, documented="suits convex problems"),
        *(
            _lower_loss(better, rate)
            for rate in ("adagrad", "adagrad_001", "adagrad_01")
            for better in ("rmsprop", "adam")
        ),
        remark="AdaGrad's default rate in Keras is what does not suit the network: at 0.1 its loss after five epochs is 0.09, "
        "below Adam's 0.13 and RMSProp's 0.14 at their defaults. Whether its falling rate tells in long trainings of "
        "deeper networks is not measured here.",
    ),
    _claim(
        "adam-out-of-box",
        "003",
        "Video 38",
        "Adam works with default settings on most problems.",
        "comparison",
        "most problems",
        "MNIST (5,000 images, 5 epochs), churn (11-11-11-1, 20 epochs), admission (7-7-7-1, 500 epochs) and the LSTM task (15 "
        "epochs), batch 32. Works: Adam() scores above a constant answer on the test rows of at least three of the four; and its "
        "mean score is above that of SGD(), the plain choice. The table ranks all five optimizers.",
        Within("adam", "problems_above_constant", low=3.0),
        Better("mean_score", "adam", "sgd"),
        remark="Adam is first on three of the four and third on churn, where SGD with momentum and RMSProp are ahead by less "
        "than 0.01; see the table.",
    ),
    _claim(
        "nag-slight-improvement",
        "003",
        "Video 38",
        "NAG gives a slight improvement over momentum.",
        "comparison",
        "slight",
        f"{_MNIST} SGD 0.01 with momentum 0.9, with and without Nesterov: lower training loss in the last epoch.",
        _lower_loss("nesterov", "momentum"),
        priority=3,
        remark="Slight indeed: about 1% of the loss, and the test accuracy is the same to 0.1 points. Momentum itself lowers "
        "plain SGD's loss from 0.50 to 0.20.",
    ),
)
