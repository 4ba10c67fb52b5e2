"""The small CNNs of the document, trained on the same MNIST images as its dense network; and what can replace pooling.

Source: document 003, Videos 42-48. Four printed models: three 3 x 3 convolutions with `same` padding, three with stride 2,
two with max pooling after each, and LeNet-5; beside them the 784-128-10 network of Video 12. For the table "stride vs
pooling" two more: each max pooling replaced by a convolution with a 2 x 2 filter and stride 2 (all shapes stay), and each
pair of convolution and pooling replaced by a convolution of stride 2. Every seed draws 6,000 of the 60,000 training
images, the same for every network, and trains for five epochs; LeNet-5 on all images is `lenet5`.

Takes about five minutes on two CPU cores, so it is not part of the default set.

Run: reproduce run small_cnns
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reproductions.claims import Better, Claim, Equals, Measured
from reproductions.figures import COLOURS, Picture, Spread
from reproductions.networks import Split, first_losses, train_networks
from reproductions.scores import categorical_cross_entropy

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "MNIST: the document's small CNNs, its dense network, and stride against pooling"
SUMMARY = (
    "Four documented CNNs and the 784-128-10 network on the same 6,000 digits a seed; pooling against learned downsampling "
    "of the same shapes."
)
DATASETS = ("mnist",)
IN_DEFAULT_SET = False
SEEDS, MAX_SEEDS = 5, 10
EXPECTED_SECONDS = 280.0
GOLDEN = "pooled"


@dataclass(frozen=True)
class Config:
    """The network and how it is trained."""

    network: str
    """A name of `hidden_layers`."""
    images: int = 6000
    """Training images that each seed draws from the 60,000."""
    epochs: int = 5
    """Passes over the images."""
    batch_size: int = 32
    """Images a step; Keras's default."""
    learning_rate: float = 0.001
    """Adam's step size; Keras's default."""
    shuffle: bool = True
    """Visit the images in a new order each epoch."""


DOCUMENTED = ("ann", "same", "strided", "pooled", "lenet5")
VARIANTS = {name: Config(name) for name in (*DOCUMENTED, "learned_pooling", "strided_pair")}


def load_data(config: Config) -> Split:
    """All images divided by 255, with one channel: (images, 28, 28, 1)."""
    from recipes.datasets import load_arrays

    del config
    (x_train, y_train), (x_test, y_test) = load_arrays("mnist")

    def inputs(images: np.ndarray) -> np.ndarray:
        return (images.astype("float32") / 255)[..., None]

    return Split(inputs(x_train), y_train, inputs(x_test), y_test)


def rows_of(config: Config, seed: int) -> np.ndarray:
    """The training images that a seed draws, whatever the network."""
    return np.random.default_rng(seed).choice(60_000, config.images, replace=False)


def hidden_layers(network: str) -> list[Any]:
    """Everything between the 28 x 28 image and the ten outputs; sizes of the maps beside each layer."""
    from keras.layers import AveragePooling2D, Conv2D, Dense, Flatten, MaxPooling2D, ZeroPadding2D

    def conv(**options: Any) -> Any:
        return Conv2D(32, (3, 3), activation="relu", **options)

    if network == "ann":
        return [Flatten(), Dense(128, activation="relu")]
    if network == "same":
        return [conv(padding="same"), conv(padding="same"), conv(padding="same"), Flatten()]  # 28, 28, 28
    if network == "strided":
        return [conv(strides=2), conv(strides=2), conv(strides=2), Flatten()]  # 13, 6, 2
    if network == "pooled":
        return [conv(), MaxPooling2D((2, 2)), conv(), MaxPooling2D((2, 2)), Flatten()]  # 26, 13, 11, 5
    if network == "learned_pooling":
        learned = [Conv2D(32, (2, 2), strides=2, activation="relu") for _ in range(2)]
        return [conv(), learned[0], conv(), learned[1], Flatten()]  # 26, 13, 11, 5
    if network == "strided_pair":
        return [conv(strides=2), conv(strides=2), Flatten()]  # 13, 6
    if network == "lenet5":
        return [
            ZeroPadding2D(2),  # 32
            Conv2D(6, (5, 5), activation="tanh"),  # 28
            AveragePooling2D((2, 2)),  # 14
            Conv2D(16, (5, 5), activation="tanh"),  # 10
            AveragePooling2D((2, 2)),  # 5
            Flatten(),
            Dense(120, activation="tanh"),
            Dense(84, activation="tanh"),
        ]
    raise ValueError(f"Unknown network. Received: network={network!r}")


def build_model(config: Config) -> keras.Model:
    """The network with ten softmax outputs, compiled with Adam and cross-entropy on integer labels."""
    import keras

    outputs = keras.layers.Dense(10, activation="softmax")
    model = keras.Sequential([keras.Input((28, 28, 1)), *hidden_layers(config.network), outputs])
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
    return train_networks(
        build_model, config, data, seeds, checkpoint, progress, rows=lambda seed: rows_of(config, seed)
    )


def measure(config: Config, data: Split, runs: SeedRuns) -> Measured:
    """Accuracy and cross-entropy on the 10,000 test images, and the last training accuracy."""
    probabilities = runs.predict(data.x_test, batch_size=500)  # (seeds, images, 10)
    metrics = {
        "test_accuracy": (probabilities.argmax(axis=-1) == data.y_test).mean(axis=1).tolist(),
        "test_loss": categorical_cross_entropy(data.y_test, probabilities).tolist(),
        "train_accuracy": runs.curves["accuracy"][:, -1].tolist(),
    }
    return Measured(metrics, runs.curves)


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0 on its own images."""
    return first_losses(build_model, config, data, lambda seed: rows_of(config, seed))


def examine() -> dict[str, Any]:
    """Weights of every network, sizes of its maps, and the weights of what downsamples in two of them."""
    import keras

    models = {name: build_model(config) for name, config in VARIANTS.items()}

    def sizes(name: str) -> list[int]:
        return [layer.output.shape[1] for layer in models[name].layers if len(layer.output.shape) == 4]

    def weights_of(name: str, kind: Any) -> list[int]:
        downsampling = [layer for layer in models[name].layers if isinstance(layer, kind) and layer.strides[0] == 2]
        return [layer.count_params() for layer in downsampling]

    return {
        "parameters": {name: model.count_params() for name, model in models.items()},
        "pooled_sizes": sizes("pooled"),
        "learned_pooling_sizes": sizes("learned_pooling"),
        "weights_of_pooling": weights_of("pooled", keras.layers.MaxPooling2D),
        "weights_of_learned_pooling": weights_of("learned_pooling", keras.layers.Conv2D),
    }


_LABELS = {
    "ann": "784-128-10 (no convolution)",
    "same": "3 conv, same padding",
    "strided": "3 conv of stride 2",
    "pooled": "2 conv, max pooling",
    "lenet5": "LeNet-5",
    "learned_pooling": "2 conv, learned downsampling",
    "strided_pair": "2 conv of stride 2",
}


def paint_sizes(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Test error over the number of weights, one mark a network."""
    import matplotlib.pyplot as plt

    drawn, axis = plt.subplots(figsize=(8.6, 4.4), layout="constrained")
    for place, (name, label) in enumerate(_LABELS.items()):
        weights = facts["parameters"][name]
        summary = variants[name]["summary"]["test_accuracy"]
        middle, low, high = (100 - 100 * summary[key] for key in ("mean", "high", "low"))
        colour = COLOURS[1] if name == "ann" else COLOURS[0] if name in DOCUMENTED else COLOURS[2]
        axis.errorbar(
            weights, middle, yerr=[[middle - low], [high - middle]], fmt="os^Dv<>"[place], color=colour, capsize=3,
            markersize=7, label=f"{label}: {weights:,} weights, {middle:.1f}%",
        )  # fmt: skip
    axis.set_xscale("log")
    ticks = (20_000, 50_000, 100_000, 200_000)
    axis.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axis.minorticks_off()
    axis.set_ylim(0, None)
    axis.set(xlabel="weights (log scale)", ylabel="test error, %")
    axis.grid(alpha=0.25)
    axis.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return drawn


_SETUP = (
    "Every seed draws 6,000 of the 60,000 training images, the same for every network (a subset, so that several seeds of "
    "each fit into minutes); pixels / 255, Adam 0.001, 5 epochs, batches of 32, accuracy on all 10,000 test images, "
    "paired by seed."
)

CLAIMS = (
    Claim(
        "conv-stride-learned-vs-fixed",
        "003",
        "Video 44",
        "A convolution with a large stride learns what to keep, while pooling is a fixed operation.",
        "comparison",
        "learns what to keep; fixed",
        f"{_SETUP} The documented Conv-Pool-Conv-Pool network against the same with each max pooling replaced by a 2 x 2 "
        "convolution of 32 filters with stride 2 and relu, so that all maps keep their sizes and only the downsampling "
        "differs. The replacement has weights to learn and pooling none; read as an advantage, what is learned must "
        "beat what is fixed in test accuracy. Two convolutions of stride 2 without pooling are measured beside them.",
        (
            Equals("weights_of_pooling", [0, 0]),
            Equals("weights_of_learned_pooling", [4128, 4128]),
            Equals("learned_pooling_sizes", [26, 13, 11, 5]),
            Better("test_accuracy", "learned_pooling", "pooled"),
        ),
        data="mnist",
        priority=3,
        remark="The table is right about what each does, but learning is no advantage here: 96.5% against 97.0% with max "
        "pooling (0.5 points less, 0.3 to 0.8). The learned downsampling fits its training images better (97.5% against "
        "97.2%): its 8,256 extra weights seem to go into those rather than into new images. Two convolutions of stride 2 "
        "without pooling, with less than a third of the arithmetic, reach 95.5%.",
    ),
    Claim(
        "smallcnns-beat-ann",
        "own",
        "small_cnns",
        "Each of the four documented CNNs does better than the documented dense network on the same images.",
        "comparison",
        "CNN > 784-128-10",
        f"{_SETUP} The three blocks of Videos 42-46 and LeNet-5, each against 784-128-10.",
        tuple(Better("test_accuracy", name, "ann") for name in DOCUMENTED[1:]),
        data="mnist",
        priority=2,
    ),
)

FIGURES = (
    Picture(
        "small-cnns-weights",
        "MNIST, 6,000 training images: test error and size of the documented networks",
        "Mean over seeds and its 95% interval; blue: the document's CNNs, orange: its dense network, green: pooling "
        "replaced by convolutions with stride 2. A convolution needs few weights because it uses them everywhere.",
        facts=("parameters",),
        paint=paint_sizes,
        variants=tuple(VARIANTS),
    ),
    Spread(
        "small-cnns-downsampling",
        "Three ways to halve an image",
        "The same two convolutions with max pooling, with a learned 2 x 2 convolution of stride 2 in its place, and with "
        "stride 2 of their own.",
        metric="test_accuracy",
        variants=("pooled", "learned_pooling", "strided_pair"),
        labels=_LABELS,
    ),
)
