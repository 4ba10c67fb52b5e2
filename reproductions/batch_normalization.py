"""Batch normalisation: its formula, its parameters, and the four benefits that the notes promise.

Source: document 003, Video 29. The formula and the printed model are computed with our layer, Keras's and NumPy. The
benefits are measured on 2,016 MNIST images, averaged to 14 x 14 pixels, with half the documented widths (64-32 and ten
softmax outputs), whose seeds train side by side. Batch normalisation follows the activation as in the printed
model, except where the order is the question.

Run: reproduce run batch_normalization
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from reproductions.claims import Better, Claim, Equals, Measured
from reproductions.figures import COLOURS, Picture
from reproductions.networks import Split, first_losses, train_networks
from reproductions.small_mnist import small_mnist
from reproductions.worked import both_facts, difference, draw, gradient

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "Batch normalisation: formula, order, learning rates, initial weights, regularisation"
SUMMARY = (
    "The arithmetic of batch normalisation, and small MNIST networks with and without it at four learning rates, from four "
    "spreads of initial weights, and on few images."
)
DATASETS = ("mnist",)
IN_DEFAULT_SET = True
SEEDS, MAX_SEEDS = 10, 20
EXPECTED_SECONDS = 80.0
GOLDEN = "bn_0.1"

RATES = (0.001, 0.01, 0.1, 1.0)
SPREADS = (0.01, 0.1, 1.0, 3.0)
REACHED = 0.95
POOL = 10_000


@dataclass(frozen=True)
class Config:
    """A small MNIST network and how it is trained."""

    batch_norm: str = "none"
    """`none`, `after` (Dense, relu, BatchNormalization) or `before` (Dense, BatchNormalization, relu)."""
    spread: float = 0.0
    """Standard deviation of normal initial weights; 0 takes Keras's default, Glorot uniform."""
    every_spread: bool = False
    """Train one network for each of the four spreads instead of `spread`, and compare their accuracy."""
    optimizer: str = "sgd"
    """`sgd` (without momentum) or `adam`."""
    learning_rate: float = 0.1
    """Step size."""
    images: int = 2016
    """Training images; a multiple of the batch size, so that only one kind of step is compiled."""
    own_images: bool = False
    """Each seed draws its images from the first 10,000; otherwise all train on the first ones."""
    epochs: int = 20
    """Passes over the training images."""
    batch_size: int = 32
    """Images a step."""
    validation_split: float = 0.0
    """Nothing is held out; the test images tell."""
    shuffle: bool = True
    """Visit the images in a new order each epoch."""


KINDS = {"plain": "none", "bn": "after"}
FEW: dict[str, Any] = {"optimizer": "adam", "learning_rate": 0.001, "images": 512, "own_images": True, "epochs": 50}
VARIANTS = {
    **{f"{name}_{rate}": Config(batch_norm=kind, learning_rate=rate) for rate in RATES for name, kind in KINDS.items()},
    "bn_before_0.1": Config(batch_norm="before"),
    **{f"{name}_every_spread": Config(batch_norm=kind, every_spread=True, epochs=10) for name, kind in KINDS.items()},
    **{f"{name}_few_images": Config(batch_norm=kind, **FEW) for name, kind in KINDS.items()},
}


def load_data(config: Config) -> Split:
    """MNIST averaged over 2 x 2 pixels, / 255: 196 inputs; the first 2,000 test images."""
    return small_mnist(POOL if config.own_images else config.images, 2000)


def rows(config: Config, seed: int) -> np.ndarray:
    """The rows of the pool that a seed trains on."""
    return np.random.default_rng([seed, 7]).choice(POOL, config.images, replace=False)


def build_model(config: Config) -> keras.Model:
    """196-64-32-10 with relu, compiled with cross-entropy on integer labels."""
    import keras

    def dense(units: int, **options: Any) -> keras.layers.Layer:
        if config.spread:
            options["kernel_initializer"] = keras.initializers.RandomNormal(stddev=config.spread)
        return keras.layers.Dense(units, **options)

    model = keras.Sequential([keras.Input((196,))])
    for units in (64, 32):
        model.add(dense(units))
        if config.batch_norm == "before":
            model.add(keras.layers.BatchNormalization())
        model.add(keras.layers.Activation("relu"))
        if config.batch_norm == "after":
            model.add(keras.layers.BatchNormalization())
    model.add(dense(10, activation="softmax"))
    optimizers = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam}
    model.compile(
        optimizer=optimizers[config.optimizer](config.learning_rate),
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
) -> SeedRuns | Spreads:
    """Train one network a seed, or one for each seed and spread."""
    if not config.every_spread:
        own = (lambda seed: rows(config, seed)) if config.own_images else None
        return train_networks(build_model, config, data, seeds, checkpoint, progress, rows=own)
    report = progress or (lambda share: None)
    runs = []
    for place, spread in enumerate(SPREADS):

        def tell(share: float, place: int = place) -> None:
            report((place + share) / len(SPREADS))

        one = replace(config, spread=spread, every_spread=False)
        folder = checkpoint / str(spread) if checkpoint else None
        runs.append(train_networks(build_model, one, data, seeds, folder, tell))
    return Spreads(runs)


@dataclass(frozen=True)
class Spreads:
    """The trained networks of every spread of initial weights.

    Args:
        runs: one for each of `SPREADS`.
    """

    runs: list[SeedRuns]

    @property
    def engine(self) -> str:
        """How they were trained."""
        return self.runs[0].engine

    @property
    def jit_compile(self) -> bool:
        """Whether XLA compiled the epochs."""
        return self.runs[0].jit_compile


def measure(config: Config, data: Split, runs: SeedRuns | Spreads) -> Measured:
    """Test accuracy and loss, epochs until the training accuracy first reaches 95%, or the range over spreads."""
    if isinstance(runs, Spreads):
        by_spread = np.array([_test(data, one)["test_accuracy"] for one in runs.runs])  # (spreads, seeds)
        metrics = {f"test_accuracy_{spread}": row.tolist() for spread, row in zip(SPREADS, by_spread, strict=True)}
        metrics["accuracy_range"] = (by_spread.max(axis=0) - by_spread.min(axis=0)).tolist()
        return Measured(metrics)
    metrics = _test(data, runs)
    reached = runs.curves["accuracy"] >= REACHED  # (seeds, epochs)
    first = np.where(reached.any(axis=1), reached.argmax(axis=1) + 1, config.epochs + 1)
    metrics |= {"epochs_to_95": first.astype(float).tolist(), "train_loss": runs.curves["loss"][:, -1].tolist()}
    if config.own_images:
        metrics |= _gap(config, data, runs, metrics["test_accuracy"])
    return Measured(metrics, runs.curves)


def _test(data: Split, runs: SeedRuns) -> dict[str, list[float]]:
    probabilities = runs.predict(data.x_test).astype("float64")  # (seeds, images, 10)
    of_truth = probabilities[:, np.arange(len(data.y_test)), data.y_test]
    return {
        "test_accuracy": (probabilities.argmax(axis=-1) == data.y_test).mean(axis=1).tolist(),
        "test_loss": (-np.log(np.maximum(of_truth, 1e-7))).mean(axis=1).tolist(),
    }


def _gap(config: Config, data: Split, runs: SeedRuns, test_accuracy: list[float]) -> dict[str, list[float]]:
    """Accuracy on the seed's own training images, in inference mode, minus that on the test images."""
    predicted = runs.predict(data.x_train).argmax(axis=-1)  # (seeds, images)
    own = [rows(config, seed) for seed in runs.seeds]
    accuracy = [float((row[mine] == data.y_train[mine]).mean()) for row, mine in zip(predicted, own, strict=True)]
    gap = [train - test for train, test in zip(accuracy, test_accuracy, strict=True)]
    return {"train_accuracy": accuracy, "accuracy_gap": gap}


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data)


def formula() -> dict[str, Any]:
    """z_hat = (z - mean) / sqrt(var + epsilon), y = gamma z_hat + beta, on random z of shape (32, 5)."""
    z, gamma, beta = 3 * draw(32, 5) + 2, draw(5, seed=1), draw(5, seed=2)
    normalised = (z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + 1e-3)
    by_sample = (z - z.mean(axis=0)) / np.sqrt(z.var(axis=0, ddof=1) + 1e-3)

    def layer(library: ModuleType, *weights: np.ndarray) -> Any:
        one = library.BatchNormalization(dtype="float64")
        one.build(z.shape)
        if weights:
            one.set_weights([*weights, np.zeros(5), np.ones(5)])
        return one

    def measure_layer(library: ModuleType) -> dict[str, Any]:
        fresh = layer(library)
        by_gamma_beta = gradient(
            lambda _: fresh(z, training=True), np.zeros(1), fresh.gamma, fresh.beta, upstream=draw(32, 5, seed=3)
        )[1:]
        return {
            "normalised_minus_formula": round(difference(fresh(z, training=True), normalised), 6),
            "is_sample_variance": difference(layer(library)(z, training=True), by_sample) < 1e-3,
            "scaled_and_shifted_minus_formula": round(
                difference(layer(library, gamma, beta)(z, training=True), gamma * normalised + beta), 6
            ),
            "epsilon_and_momentum": [fresh.epsilon, fresh.momentum],
            "gamma_and_beta_get_gradients": all(float(np.abs(g).min()) > 1e-6 for g in by_gamma_beta),
        }

    return both_facts(measure_layer)


def parameters_of_128_units() -> dict[str, Any]:
    """Weights of a BatchNormalization on 128 units: names, and how many values are trainable."""

    def counted(library: ModuleType) -> dict[str, Any]:
        layer = library.BatchNormalization()
        layer.build((None, 128))
        return {
            "values_for_128_units": layer.count_params(),
            "trainable_values": sum(int(np.prod(w.shape)) for w in layer.trainable_weights),
            "trainable_names": [w.name for w in layer.trainable_weights],
            "other_names": [w.name for w in layer.non_trainable_weights],
        }

    return both_facts(counted)


PRINTED = (
    "model = Sequential()\n"
    "model.add(Dense(128, activation='relu'))\n"
    "model.add(BatchNormalization())  # After activation\n"
    "model.add(Dense(64, activation='relu'))\n"
    "model.add(BatchNormalization())\n"
    "model.add(Dense(1, activation='sigmoid'))\n"
)
"""The document's model; its import line stands for the namespace."""


def printed_model() -> dict[str, Any]:
    """The printed model on 20 random inputs: parameters, and one epoch of training."""
    import keras

    from recipes.training import fit, seeded
    from reproductions.printed import run_cells

    def built(library: ModuleType) -> dict[str, Any]:
        names = {
            "Sequential": keras.Sequential,
            "Dense": library.Dense,
            "BatchNormalization": library.BatchNormalization,
        }
        with seeded(0):
            result = run_cells({"model": PRINTED}, names)["model"].result
            model = names["model"]
            unbuilt = not model.built
            model.compile("adam", "binary_crossentropy")
            x = draw(64, 20).astype("float32")
            before = fit(model, x, (x[:, 0] > 0).astype("float32"), epochs=5, seed=0).history["loss"]
        return {
            "printed_model": result,
            "unbuilt_without_input_shape": unbuilt,
            "units": [layer.units for layer in model.layers if hasattr(layer, "units")],
            "parameters": model.count_params(),
            "trainable_parameters": sum(int(np.prod(w.shape)) for w in model.trainable_weights),
            "loss_falls": before[-1] < before[0],
        }

    return both_facts(built)


def examine() -> dict[str, Any]:
    """The exact facts."""
    return {**formula(), **parameters_of_128_units(), **printed_model()}


def _middle(variants: Mapping[str, Any], name: str, metric: str) -> tuple[float, float, float]:
    """Mean, 10th and 90th percentile of a metric over seeds."""
    values = np.array([np.nan if v is None else v for v in variants[name]["metrics"][metric]])
    low, high = np.percentile(values, [10, 90])
    return float(np.mean(values)), float(low), float(high)


def paint_rates(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Epochs to 95% and test accuracy by learning rate; training loss at three rates."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(12.4, 4.2), layout="constrained")
    looks = {"plain": (COLOURS[1], "--s", "without"), "bn": (COLOURS[0], "-o", "with batch normalisation")}
    for axis, metric in zip(axes, ("epochs_to_95", "test_accuracy"), strict=False):
        for name, (colour, style, label) in looks.items():
            points = np.array([_middle(variants, f"{name}_{rate}", metric) for rate in RATES])
            axis.plot(RATES, points[:, 0], style, color=colour, label=label, markersize=5)
            axis.fill_between(RATES, points[:, 1], points[:, 2], color=colour, alpha=0.18, linewidth=0)
        axis.set_xscale("log")
        axis.set_xlabel("learning rate (SGD)")
    axes[0].set_ylabel("epochs to 95% training accuracy (21: never)")
    axes[1].set_ylabel("test accuracy after 20 epochs")
    for rate, style in ((0.01, ":"), (0.1, "-"), (1.0, "--")):
        for name, (colour, _, label) in looks.items():
            curve = variants[f"{name}_{rate}"]["curves"]["loss"]
            values = [np.nan if v is None else v for v in curve["mean"]]
            text = f"{rate:g}, {label if name == 'plain' else 'with'}"
            axes[2].plot(curve["epoch"], values, style, color=colour, linewidth=1.5, label=text)
    axes[2].set_yscale("log")
    axes[2].set_xlabel("epoch")
    axes[2].set_ylabel("training loss")
    for axis in axes:
        axis.grid(alpha=0.25)
        axis.legend(frameon=False, fontsize=8)
    return figure


def paint_robustness(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Test accuracy by spread of the initial weights; train and test accuracy on few images; the two orders."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(12.4, 4.0), layout="constrained", width_ratios=(1.2, 1, 1))
    looks = {"plain": (COLOURS[1], "--s", "without"), "bn": (COLOURS[0], "-o", "with batch normalisation")}
    for name, (colour, style, label) in looks.items():
        points = np.array([_middle(variants, f"{name}_every_spread", f"test_accuracy_{spread}") for spread in SPREADS])
        axes[0].plot(SPREADS, points[:, 0], style, color=colour, label=label, markersize=5)
        axes[0].fill_between(SPREADS, points[:, 1], points[:, 2], color=colour, alpha=0.18, linewidth=0)
    axes[0].set_xscale("log")
    axes[0].set_xlabel("standard deviation of the initial weights")
    axes[0].set_ylabel("test accuracy after 10 epochs")
    axes[0].set_title("initial weights", fontsize=10)
    axes[0].legend(frameon=False, fontsize=8)
    few = [(f"{name}_few_images", metric) for metric in ("train_accuracy", "test_accuracy") for name in looks]
    labels = ["training\nwithout", "training\nwith", "test\nwithout", "test\nwith"]
    _dots(axes[1], variants, few, labels)
    axes[1].set_title("512 training images", fontsize=10)
    order = [("plain_0.1", "test_accuracy"), ("bn_0.1", "test_accuracy"), ("bn_before_0.1", "test_accuracy")]
    _dots(axes[2], variants, order, ["without", "after relu\n(the notes)", "before relu"])
    axes[2].set_title("order, test accuracy", fontsize=10)
    for axis in axes:
        axis.grid(alpha=0.25)
    return figure


def _dots(axis: Any, variants: Mapping[str, Any], columns: Sequence[tuple[str, str]], labels: Sequence[str]) -> None:
    for place, (name, metric) in enumerate(columns):
        values = np.asarray(variants[name]["metrics"][metric], "float64")
        axis.scatter(
            place + np.linspace(-0.2, 0.2, len(values)), values, s=11, color=COLOURS[0], alpha=0.5, linewidth=0
        )
        axis.plot([place - 0.28, place + 0.28], [values.mean()] * 2, color=COLOURS[1], linewidth=2)
    axis.set_xticks(range(len(columns)), labels, fontsize=8)
    axis.set_ylabel("accuracy (dot: a seed, line: mean)")


FIGURES = (
    Picture(
        "batch-normalisation-rates",
        "Batch normalisation and the learning rate: 196-64-32-10 on 2,016 MNIST images, mean and 10-90% of 10 or more seeds",
        "Epochs until the training accuracy reaches 95%, test accuracy, and the training loss, with and without batch "
        "normalisation after each relu.",
        facts=(),
        paint=paint_rates,
        variants=tuple(f"{name}_{rate}" for rate in RATES for name in KINDS),
    ),
    Picture(
        "batch-normalisation-robustness",
        "Batch normalisation: initial weights, few images, and the order of the layers, 10 seeds",
        "Left: four spreads of normal initial weights. Middle: 512 training images, drawn anew for each seed. Right: batch "
        "normalisation after and before the relu.",
        facts=(),
        paint=paint_robustness,
        variants=(
            "plain_every_spread",
            "bn_every_spread",
            "plain_few_images",
            "bn_few_images",
            "plain_0.1",
            "bn_0.1",
            "bn_before_0.1",
        ),
    ),
)

_SECTION = "Video 29"
_BOTH = "Our layer and its Keras namesake give the same, which is compared with NumPy or with arithmetic."
_TRAINED = (
    "First 2,016 MNIST images averaged to 14 x 14, 196-64-32-10 with relu, SGD without momentum, batch 32, 20 paired "
    "seeds; batch normalisation after each relu, as printed."
)

CLAIMS = (
    Claim(
        "batchnorm-normalise-formula",
        "003",
        _SECTION,
        "Batch normalisation computes (z - batch mean) / sqrt(batch variance + epsilon).",
        "exact",
        "(z - mean) / sqrt(var + eps)",
        f"{_BOTH} Fresh layer in training mode on 32 x 5 random numbers; epsilon 0.001 and momentum 0.99 are Keras's defaults, "
        "the variance is the population's (divided by n).",
        (
            Equals("normalised_minus_formula", 0, tolerance=1e-5),
            Equals("is_sample_variance", False),
            Equals("epsilon_and_momentum", [0.001, 0.99]),
        ),
        priority=2,
    ),
    Claim(
        "batchnorm-scale-shift-learnable",
        "003",
        _SECTION,
        "Batch normalisation then scales by gamma and shifts by beta, both learnable.",
        "exact",
        "gamma z + beta",
        f"{_BOTH} Random gamma and beta; on 128 units 256 of the 512 values are trainable, the others are moving statistics.",
        (
            Equals("scaled_and_shifted_minus_formula", 0, tolerance=1e-5),
            Equals("trainable_names", ["gamma", "beta"]),
            Equals("gamma_and_beta_get_gradients", True),
            Equals("values_for_128_units", 512),
            Equals("trainable_values", 256),
            Equals("other_names", ["moving_mean", "moving_variance"]),
        ),
        priority=2,
    ),
    Claim(
        "batchnorm-code-params",
        "003",
        _SECTION,
        "The model 128-BN-64-BN-1 builds and trains as shown.",
        "exact",
        "128; 64; 1",
        f"{_BOTH} The lines as printed, with Sequential, Dense and BatchNormalization imported; 64 random rows of 20 inputs, "
        "which the document leaves open, and five epochs with Adam and binary cross-entropy.",
        (
            Equals("printed_model", "runs"),
            Equals("units", [128, 64, 1]),
            Equals("parameters", 20 * 128 + 128 + 4 * 128 + 128 * 64 + 64 + 4 * 64 + 64 + 1),
            Equals("trainable_parameters", 11_393),
            Equals("unbuilt_without_input_shape", True),
            Equals("loss_falls", True),
        ),
        priority=3,
        remark="The model has no input shape, so it has no weights until it first sees data; the snippet imports "
        "BatchNormalization alone.",
    ),
    Claim(
        "batchnorm-after-activation",
        "003",
        _SECTION,
        "Batch normalisation should be placed after the activation.",
        "comparison",
        "after activation",
        f"{_TRAINED} SGD 0.1, 20 epochs. After the relu against before it: higher test accuracy and lower test loss.",
        (
            Better("test_accuracy", "bn_0.1", "bn_before_0.1"),
            Better("test_loss", "bn_0.1", "bn_before_0.1", higher_is_better=False),
        ),
        data="mnist",
        priority=2,
        remark="Before the relu did better here. The document contradicts itself: its formula normalises z, which is what the "
        "activation is applied to, and the block of its section on modern CNNs is Conv, BatchNorm, Activation.",
    ),
    Claim(
        "batchnorm-faster-higher-lr",
        "003",
        _SECTION,
        "Batch normalisation allows higher learning rates and faster training.",
        "comparison",
        "",
        f"{_TRAINED} 20 epochs at learning rates 0.001, 0.01, 0.1 and 1. Faster: fewer epochs until the training accuracy "
        "reaches 95% (21 if never) at 0.01, Keras's default, and at 0.1. Higher rates: higher test accuracy at 1.",
        (
            Better("epochs_to_95", "bn_0.01", "plain_0.01", higher_is_better=False),
            Better("epochs_to_95", "bn_0.1", "plain_0.1", higher_is_better=False),
            Better("test_accuracy", "bn_1.0", "plain_1.0"),
        ),
        data="mnist",
        priority=2,
        remark="Faster holds at each rate. At rate 1 this shallow network trains without batch normalisation too, to the same "
        "accuracy; what normalisation gains there is fewer epochs to 95%.",
    ),
    Claim(
        "batchnorm-less-init-sensitive",
        "003",
        _SECTION,
        "Batch normalisation makes training less sensitive to initialisation.",
        "comparison",
        "",
        f"{_TRAINED} SGD 0.1, 10 epochs, normal initial weights of standard deviation 0.01, 0.1, 1 and 3. Range (largest minus "
        "smallest) of a seed's test accuracy over the four, with and without batch normalisation.",
        (Better("accuracy_range", "bn_every_spread", "plain_every_spread", higher_is_better=False),),
        data="mnist",
        priority=2,
    ),
    Claim(
        "batchnorm-regularises",
        "003",
        _SECTION,
        "Batch normalisation has a regularising effect.",
        "comparison",
        "",
        "512 of the first 10,000 MNIST images, drawn anew for each seed, averaged to 14 x 14; 196-64-32-10 with relu, Adam "
        "0.001, 50 epochs, batch 32, 20 paired seeds, batch normalisation after each relu. Training accuracy (in inference mode) "
        "minus test accuracy is smaller with batch normalisation.",
        (Better("accuracy_gap", "bn_few_images", "plain_few_images", higher_is_better=False),),
        data="mnist",
        priority=2,
        remark="Both fit their images perfectly, and the network with batch normalisation is the worse on new ones: with "
        "this few images it fits faster, and the noise of the batch statistics does not make up for it.",
    ),
)
