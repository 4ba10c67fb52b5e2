"""The standard and the modern pattern of a CNN, global average pooling, and whether pooling prevents overfitting.

Source: document 003, Videos 45-46 and Section 6 Summary. All networks are made of 3 x 3 convolutions of 32 filters, as the
document's blocks are. On MNIST every seed draws its own training images: 20,000 for the patterns, 500 for overfitting, where
the documented pooling block meets the same block without its pooling layers and with stride 2 in their place (which throws
away as many values and saves nearly as many weights). On CIFAR-10 the patterns train on 4,000 images.

Takes about ten minutes on two CPU cores, so it is not part of the default set.

Run: reproduce run cnn_patterns
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reproductions.claims import Better, Claim, Equals, Measured
from reproductions.figures import COLOURS, Curves, Picture
from reproductions.networks import Split, first_losses, train_networks
from reproductions.scores import categorical_cross_entropy

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "CNN patterns: batch normalization, global average pooling, and pooling against overfitting"
SUMMARY = (
    "Conv-Pool-Flatten-Dense against Conv-BatchNorm-Pool-GlobalAveragePooling-Dense on MNIST and CIFAR-10, a network without "
    "hidden dense layers, and a small training set with and without pooling."
)
DATASETS = ("mnist", "cifar10")
IN_DEFAULT_SET = False
SEEDS, MAX_SEEDS = 5, 10
EXPECTED_SECONDS = 600.0
GOLDEN = "modern"

FILTERS, HIDDEN = 32, 64


@dataclass(frozen=True)
class Config:
    """The network, its images and how it is trained."""

    downsampling: str = "pool"
    """`pool` (2 x 2 maxima after each convolution), `stride` (of 2, in the convolutions) or `none`."""
    batch_normalization: bool = False
    """Normalize between each convolution and its activation."""
    global_average: bool = False
    """Average each map after the last block; else flatten."""
    hidden: int = HIDDEN
    """Units of the dense relu layer before the ten outputs; 0 for no such layer."""
    blocks: int = 2
    """Convolutions of 32 filters."""
    data: str = "mnist"
    """`mnist` or `cifar10`."""
    images: int = 20_000
    """Training images that each seed draws."""
    epochs: int = 6
    """Passes over the images."""
    batch_size: int = 32
    """Images a step; Keras's default."""
    learning_rate: float = 0.001
    """Adam's step size; Keras's default."""
    allowance: float = 0.0
    """Added to the test accuracy in `accuracy_with_allowance`: how much worse still counts as equally good."""
    curve_images: int = 0
    """Test images scored after each epoch, for the curves alone."""
    shuffle: bool = True
    """Visit the images in a new order each epoch."""


def _small(downsampling: str) -> Config:
    return Config(downsampling, hidden=0, images=500, epochs=40, curve_images=1000)


def _cifar(**pattern: Any) -> Config:
    return Config(**pattern, data="cifar10", blocks=3, images=4000, epochs=25)


MODERN = {"batch_normalization": True, "global_average": True}
VARIANTS = {
    "standard": Config(),
    "modern": Config(**MODERN),  # type: ignore[arg-type]
    "global_average": Config(global_average=True, hidden=0, allowance=0.005),
    "cifar_standard": _cifar(),
    "cifar_modern": _cifar(**MODERN),
    "small_none": _small("none"),
    "small_pool": _small("pool"),
    "small_stride": _small("stride"),
}


def load_data(config: Config) -> Split:
    """All images divided by 255: (images, 28, 28, 1) or (images, 32, 32, 3)."""
    from recipes.datasets import load_arrays

    (x_train, y_train), (x_test, y_test) = load_arrays(config.data)

    def inputs(images: np.ndarray) -> np.ndarray:
        scaled = images.astype("float32") / 255
        return scaled[..., None] if scaled.ndim == 3 else scaled

    return Split(inputs(x_train), y_train, inputs(x_test), y_test)


def rows_of(config: Config, data: Split, seed: int) -> np.ndarray:
    """The training images that a seed draws; the same for every network that draws as many."""
    return np.random.default_rng(seed).choice(len(data.x_train), config.images, replace=False)


def build_model(config: Config) -> keras.Model:
    """[Conv - BatchNorm? - relu - Pool?] x blocks, flattened or averaged, a hidden layer or none, ten softmax outputs."""
    import keras
    from keras import layers

    shape = (28, 28, 1) if config.data == "mnist" else (32, 32, 3)
    stack: list[Any] = [keras.Input(shape)]
    for _ in range(config.blocks):
        stack.append(layers.Conv2D(FILTERS, (3, 3), strides=2 if config.downsampling == "stride" else 1))
        if config.batch_normalization:
            stack.append(layers.BatchNormalization())
        stack.append(layers.Activation("relu"))
        if config.downsampling == "pool":
            stack.append(layers.MaxPooling2D((2, 2)))
    stack.append(layers.GlobalAveragePooling2D() if config.global_average else layers.Flatten())
    if config.hidden:
        stack.append(layers.Dense(config.hidden, activation="relu"))
    model = keras.Sequential([*stack, layers.Dense(10, activation="softmax")])
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
    """Train one network a seed, each on its own images."""
    shown = slice(config.curve_images)
    options = {"validation_data": (data.x_test[shown], data.y_test[shown])} if config.curve_images else {}
    return train_networks(
        build_model, config, data, seeds, checkpoint, progress,
        rows=lambda seed: rows_of(config, data, seed), validation_batch_size=500, **options,
    )  # fmt: skip


def measure(config: Config, data: Split, runs: SeedRuns) -> Measured:
    """Accuracy and cross-entropy on all test images, and how much better the seed's own images are known."""
    probabilities = runs.predict(data.x_test, batch_size=500)  # (seeds, images, 10)
    accuracy = (probabilities.argmax(axis=-1) == data.y_test).mean(axis=1)
    metrics = {
        "test_accuracy": accuracy.tolist(),
        "accuracy_with_allowance": (accuracy + config.allowance).tolist(),
        "test_loss": categorical_cross_entropy(data.y_test, probabilities).tolist(),
        "last_training_accuracy": runs.curves["accuracy"][:, -1].tolist(),
    }
    if config.batch_normalization:
        metrics["test_accuracy_batch_statistics"] = [
            _accuracy_of_batches(runs.load(seed), data.x_test, data.y_test) for seed in runs.seeds
        ]
    if config.curve_images:
        own = np.array([_accuracy_on(runs.load(seed), data, rows_of(config, data, seed)) for seed in runs.seeds])
        metrics |= {"train_accuracy": own.tolist(), "accuracy_gap": (own - accuracy).tolist()}
    return Measured(metrics, runs.curves)


def _accuracy_of_batches(model: keras.Model, x: np.ndarray, y: np.ndarray, size: int = 500) -> float:
    """Accuracy with every batch normalized by its own statistics, as in training, not by the moving averages."""
    kept = model.get_weights()  # a call in training mode moves the averages
    parts = [np.asarray(model(x[start : start + size], training=True)) for start in range(0, len(x), size)]
    model.set_weights(kept)
    return float((np.concatenate(parts).argmax(axis=-1) == y).mean())


def _accuracy_on(model: keras.Model, data: Split, rows: np.ndarray) -> float:
    predicted = np.asarray(model(data.x_train[rows], training=False)).argmax(axis=-1)
    return float((predicted == data.y_train[rows]).mean())


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0 on its own images."""
    return first_losses(build_model, config, data, lambda seed: rows_of(config, data, seed))


def examine() -> dict[str, Any]:
    """Weights of every network and of its convolutions, and the two forms of an output layer behind averaged maps."""
    models = {name: build_model(config) for name, config in VARIANTS.items()}
    return {
        "parameters": {name: model.count_params() for name, model in models.items()},
        "convolution_weights_small": [
            _convolution_weights(models[f"small_{way}"]) for way in ("none", "pool", "stride")
        ],
        "dense_weights_small": [models[f"small_{way}"].layers[-1].count_params() for way in ("none", "pool", "stride")],
        "hidden_dense_layers": [_dense_layers(models[name]) - 1 for name in ("standard", "modern", "global_average")],
        "pointwise_then_average_is_average_then_dense": _same_head(),
    }


def _convolution_weights(model: keras.Model) -> int:
    import keras

    return sum(layer.count_params() for layer in model.layers if isinstance(layer, keras.layers.Conv2D))


def _dense_layers(model: keras.Model) -> int:
    import keras

    return sum(isinstance(layer, keras.layers.Dense) for layer in model.layers)


def _same_head() -> bool:
    """Whether a 1 x 1 convolution, then the average, gives the logits of the average, then Dense, with the same weights."""
    import keras

    rng = np.random.default_rng(0)
    maps = rng.standard_normal((8, 5, 5, FILTERS)).astype("float32")
    dense, pointwise = keras.layers.Dense(10, bias_initializer="random_normal"), keras.layers.Conv2D(10, 1)
    averaged_first = np.asarray(dense(maps.mean(axis=(1, 2))))  # (8, 10)
    pointwise.build(maps.shape)
    pointwise.set_weights([dense.kernel.numpy()[None, None], dense.bias.numpy()])
    return bool(np.abs(np.asarray(pointwise(maps)).mean(axis=(1, 2)) - averaged_first).max() < 1e-4)


MNIST_PATTERNS = ("standard", "modern", "global_average")
CIFAR_PATTERNS = ("cifar_standard", "cifar_modern")
_LABELS = {
    "standard": "Conv-Pool x 2, Flatten, Dense 64",
    "modern": "Conv-BN-Pool x 2, GlobalAverage, Dense 64",
    "global_average": "Conv-Pool x 2, GlobalAverage",
    "cifar_standard": "Conv-Pool x 3, Flatten, Dense 64",
    "cifar_modern": "Conv-BN-Pool x 3, GlobalAverage, Dense 64",
    "small_none": "no pooling",
    "small_pool": "max pooling",
    "small_stride": "stride 2, no pooling",
}


def paint_patterns(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Test accuracy of every seed with each pattern, on both sets, and the weights that it needs."""
    import matplotlib.pyplot as plt

    drawn, axes = plt.subplots(2, 1, figsize=(8.4, 4.6), layout="constrained", height_ratios=(3, 2))
    parts = (
        ("MNIST, 20,000 images, 6 epochs", MNIST_PATTERNS),
        ("CIFAR-10, 4,000 images, 25 epochs", CIFAR_PATTERNS),
    )
    for axis, (title, names) in zip(axes, parts, strict=True):
        for place, name in enumerate(names):
            values = 100 * np.array(variants[name]["metrics"]["test_accuracy"])
            summary = variants[name]["summary"]["test_accuracy"]
            axis.scatter(values, place + np.linspace(-0.2, 0.2, len(values)), s=14, color=COLOURS[0], alpha=0.6)
            axis.plot([100 * summary["low"], 100 * summary["high"]], [place, place], color=COLOURS[1], linewidth=3)
            axis.plot(100 * summary["mean"], place, "D", color=COLOURS[1], markersize=5)
        ticks = [f"{_LABELS[name]}\n{facts['parameters'][name]:,} weights" for name in names]
        axis.set_yticks(range(len(names)), ticks, fontsize=9)
        axis.set_ylim(len(names) - 0.5, -0.5)
        axis.set_title(title, fontsize=10)
        axis.grid(axis="x", alpha=0.25)
    axes[1].set_xlabel("test accuracy, % (blue: one seed; orange: mean and its 95% interval)")
    return drawn


_MNIST = (
    "3 x 3 convolutions of 32 filters, Adam 0.001, batches of 32, accuracy on all 10,000 MNIST test images, paired by seed; "
    "every seed draws its own training images (a subset, so that several seeds of each network fit into minutes)."
)

CLAIMS = (
    Claim(
        "conv-modern-pattern",
        "003",
        "Section 6 Summary",
        "The modern pattern, Conv-BatchNorm-Activation-Pool blocks, then GlobalAvgPool, Dense and output, outperforms the "
        "standard one, Conv-Activation-Pool blocks, then Flatten, Dense and output.",
        "comparison",
        "implied",
        f"{_MNIST} Both patterns with two blocks and a hidden dense layer of {HIDDEN} relu units (the document writes Dense "
        "before Output in both), 20,000 images, 6 epochs; and with three blocks on the 4,000 images of CIFAR-10, 25 "
        "epochs, 1,000 to test. Outperforms: higher test accuracy on both sets.",
        (
            Better("test_accuracy", "modern", "standard"),
            Better("test_accuracy", "cifar_modern", "cifar_standard"),
        ),
        data="mnist",
        priority=3,
        remark="On MNIST it loses, 86% against 98%, on CIFAR-10 by 6 points that five seeds do not settle (45% against 50%), "
        "although it fits the CIFAR images better while training (91% against 73%). Much of that is batch normalization's switch "
        "to moving averages: normalized by their own batches 96% and 54% of the test images are recognised "
        "(test_accuracy_batch_statistics). The pattern needs fewer weights (12,586 against 61,482). The trainings are four times "
        "as long as in a first run (6,000 images, 5 epochs; 10 on CIFAR-10), which left the networks with averaged maps "
        "unfinished: 72% against 97% there.",
    ),
    Claim(
        "pool-global-average-replaces-fc",
        "003",
        "Video 45-46",
        "With global average pooling no fully connected layers are needed.",
        "comparison",
        "No FC layers needed",
        f"{_MNIST} Two blocks, GlobalAveragePooling2D and the ten outputs against Flatten, a hidden layer of {HIDDEN} relu "
        "units and the ten outputs; 20,000 images, 6 epochs. Not needed: the network without the hidden layer is at most "
        "half a percentage point worse (its accuracy plus 0.005 against the other's). Whether the output layer itself "
        "counts as fully connected is settled by computation: averaging ten maps of a 1 x 1 convolution gives the same "
        "logits as Dense on averaged maps.",
        (
            Equals("hidden_dense_layers", [1, 1, 0]),
            Equals("pointwise_then_average_is_average_then_dense", True),
            Better("accuracy_with_allowance", "global_average", "standard"),
        ),
        data="mnist",
        priority=3,
        remark="In form the statement stands: even the output layer can be a convolution, though the document itself ends its "
        "modern pattern with Dense layers. In accuracy it does not, at equal training: 90% against 98%, with a sixth of the "
        "weights. It is not overfitted but unfinished, with 88% on its training images too: an average over 5 x 5 positions "
        "forgets where a stroke lies, so the filters have more to learn. In a first run of a quarter of the steps it had 78%.",
    ),
    Claim(
        "pool-prevents-overfitting",
        "003",
        "Video 45-46",
        "Pooling prevents overfitting through fewer parameters.",
        "comparison",
        "Prevents overfitting: less parameters",
        f"{_MNIST} The documented block Conv-Pool-Conv-Pool-Flatten-Dense 10 and the same without its pooling layers, 500 "
        "images a seed, 40 epochs. Overfitting: training accuracy minus test accuracy, lower with pooling. Through fewer "
        "parameters: the block with stride 2 in place of pooling, which saves nearly as many weights and pools nothing, must "
        "have the lower gap too.",
        (
            Equals("convolution_weights_small", [9568, 9568, 9568]),
            Equals("dense_weights_small", [184_330, 8010, 11_530]),
            Better("accuracy_gap", "small_pool", "small_none", higher_is_better=False),
            Better("accuracy_gap", "small_stride", "small_none", higher_is_better=False),
        ),
        data="mnist",
        priority=3,
        remark="Pooling reduces overfitting, it does not prevent it: all networks know their 500 images by heart, and the gap "
        "falls from 11.9 to 7.7 percentage points. Fewer parameters are not why. Stride 2 drops nearly as many dense weights "
        "(pooling drops no convolution weights either) and leaves a gap of 12.3 points, as large as with 184,330 dense "
        "weights. Since stride 2 keeps one of four neighbours and pooling the largest, the maximum is what helps.",
    ),
)

FIGURES = (
    Picture(
        "cnn-patterns",
        "Standard and modern CNN patterns: test accuracy",
        "The same convolutions in each; the patterns differ in batch normalization and in what follows the last block.",
        facts=("parameters",),
        paint=paint_patterns,
        variants=(*MNIST_PATTERNS, *CIFAR_PATTERNS),
    ),
    Curves(
        "pooling-overfitting",
        "500 digits: training and test curves with and without pooling",
        "The validation curves are of the first 1,000 test images. All three networks come to know their 500 images; how "
        "well they know others differs.",
        variants=("small_none", "small_pool", "small_stride"),
        rows=(("loss", "val_loss"), ("accuracy", "val_accuracy")),
        labels=_LABELS,
        log_y=True,
    ),
)
