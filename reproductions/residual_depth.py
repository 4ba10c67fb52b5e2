"""Skip connections: deep plain networks against their residual twins.

Source: document 003, Videos 57-58 (ResNet, after He et al. 2015, section 4.2). Networks of 6n + 2 layers classify the first
1,024 MNIST images, averaged to 14 x 14 pixels: a 3 x 3 convolution of stride 2, three stages of 2n convolutions with 8, 16
and 32 filters, the mean of every map, ten softmax units. The residual twin adds every second layer's input, and is the same
in all else: the additions have no weights. Gradient norms are taken by layer before and after training.

Run: reproduce run residual_depth
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reproductions.claims import Better, Claim, Equals, Measured, Sampled, Within
from reproductions.figures import COLOURS, Picture
from reproductions.networks import Split, first_losses, train_networks
from reproductions.small_mnist import small_mnist

if TYPE_CHECKING:
    import keras
    import numpy as np

    from recipes.training import SeedRuns

TITLE = "Skip connections: a deep plain network and its residual twin"
SUMMARY = (
    "Networks of 8, 20, 56 and 152 layers with and without skip connections, as in the ResNet paper but narrow: what they "
    "learn in ten epochs of MNIST, and how much gradient reaches each layer, with and without batch normalisation."
)
DATASETS = ("mnist",)
IN_DEFAULT_SET = False
SEEDS, MAX_SEEDS = 5, 10
EXPECTED_SECONDS = 700.0
GOLDEN = "residual_8"

DEPTHS = (8, 20, 56, 152)
GRADIENT_IMAGES = 64
GRADIENT_SEEDS = 20
VANISHED = -3.0
"""log10 of the factor by which a gradient must have shrunk to count as vanished."""


@dataclass(frozen=True)
class Config:
    """A network of convolutions and how it is trained."""

    depth: int = 20
    """Layers with weights: 6n + 2."""
    residual: bool = False
    """Add the input of every second layer to its output."""
    batch_norm: bool = True
    """Normalise after every convolution."""
    init: str = "he_normal"
    """Initializer of the convolutions' kernels."""
    filters: tuple[int, ...] = (8, 16, 32)
    """Filters of each stage."""
    learning_rates: tuple[float, ...] = (0.01, 0.1, 0.01)
    """Step sizes of SGD: warm-up, training, end (the paper's rates)."""
    boundaries: tuple[int, ...] = (2, 7)
    """Epochs after which the rate changes."""
    momentum: float = 0.9
    """Momentum of SGD, and of batch normalisation's moving averages."""
    images: int = 1024
    """Training images, from the first on."""
    epochs: int = 10
    """Passes over the training images."""
    batch_size: int = 64
    """Images a step."""
    validation_split: float = 0.0
    """Nothing is held out: the claims are about training."""
    shuffle: bool = True
    """Visit the images in a new order each epoch."""


VARIANTS = {
    f"{kind}_{depth}": Config(depth, residual=kind == "residual") for depth in DEPTHS for kind in ("plain", "residual")
}
VARIANTS |= {
    f"{kind}_152_slow": replace(VARIANTS[f"{kind}_152"], learning_rates=(0.01, 0.01, 0.01))
    for kind in ("plain", "residual")
}
"""Decides no claim: it was added after the first run, for a remark that rests on it."""


def load_data(config: Config) -> Split:
    """The first images of each part as 14 x 14 x 1, values from 0 to 1."""
    data = small_mnist(config.images, 256)
    return replace(data, x_train=_images(data.x_train), x_test=_images(data.x_test))


def _images(pixels: np.ndarray) -> np.ndarray:
    return pixels.reshape(-1, 14, 14, 1)


def build_model(config: Config) -> keras.Model:
    """Stem, three stages of n blocks of two convolutions, mean over positions, ten softmax outputs.

    Plain: x <- relu(F(x)); residual: x <- relu(F(x) + x), where x skips rows and columns and gets maps of zeros wherever
    F halves the image and doubles the maps.
    """
    import keras

    import layers

    if (config.depth - 2) % 6:
        raise ValueError(f"`depth` must be 6n + 2. Received: depth={config.depth}")

    def convolution(x: Any, filters: int, strides: int = 1) -> Any:
        x = layers.Conv2D(filters, 3, strides, "same", use_bias=False, kernel_initializer=config.init)(x)
        return layers.BatchNormalization(momentum=config.momentum)(x) if config.batch_norm else x

    inputs = keras.Input((14, 14, 1))
    x = keras.layers.ReLU()(convolution(inputs, config.filters[0], 2))  # 7 x 7
    for stage, filters in enumerate(config.filters):  # 7 x 7, 4 x 4, 2 x 2
        for block in range((config.depth - 2) // 6):
            strides = 2 if stage and block == 0 else 1
            new = convolution(keras.layers.ReLU()(convolution(x, filters, strides)), filters)
            x = keras.layers.ReLU()(
                keras.layers.Add()([new, _carried(x, filters, strides)]) if config.residual else new
            )
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, layers.Dense(10, activation="softmax")(x))
    steps = [epochs * (config.images // config.batch_size) for epochs in config.boundaries]
    rate = keras.optimizers.schedules.PiecewiseConstantDecay(steps, list(config.learning_rates))
    model.compile(
        optimizer=keras.optimizers.SGD(rate, momentum=config.momentum),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def _carried(x: Any, filters: int, strides: int) -> Any:
    """The shortcut without weights (the paper's option A)."""
    import keras

    import layers

    if strides == 1:
        return x
    x = layers.AveragePooling2D(1, strides, "same")(x)  # every second row and column
    return keras.ops.pad(x, [(0, 0), (0, 0), (0, 0), (0, filters - x.shape[-1])])


def train(
    config: Config,
    data: Split,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> SeedRuns:
    """Train one network a seed."""
    return train_networks(build_model, config, data, seeds, checkpoint, progress)


def measure(config: Config, data: Split, runs: SeedRuns) -> Measured:
    """Loss and accuracy over the last epoch, and the gradient norms by layer of the trained network.

    Its curve `log_gradient` runs over the convolutions from the input on, not over epochs.
    """
    import numpy as np

    model = build_model(config)
    x, labels = data.x_train[:GRADIENT_IMAGES], data.y_train[:GRADIENT_IMAGES]
    norms = np.log10(gradient_norms(model, x, labels, runs.weights))  # (seeds, convolutions)
    metrics = {
        "train_loss": runs.curves["loss"][:, -1].tolist(),
        "train_accuracy": runs.curves["accuracy"][:, -1].tolist(),
        "log_gradient_first_to_last": (norms[:, 0] - norms[:, -1]).tolist(),
    }
    return Measured(metrics, {**runs.curves, "log_gradient": norms})


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data)


def gradient_norms(
    model: keras.Model, x: np.ndarray, labels: np.ndarray, settings: Iterable[Sequence[np.ndarray]]
) -> np.ndarray:
    """Norm of dL/dW of every convolution, from the input on, on one batch with the batch's own statistics.

    Args:
        model: the network; it is left with the last setting.
        x: images.
        labels: class numbers.
        settings: values of all the model's variables, or of its first ones; one network each.

    Returns:
        Shape (settings, convolutions).
    """
    import keras
    import numpy as np
    import tensorflow as tf

    kernels = [kernel.value for kernel in _kernels(model)]

    def gradients() -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, model(x, training=True)))
        return tape.gradient(loss, kernels)

    compiled = tf.function(gradients).get_concrete_function()
    found = []
    for values in settings:
        for variable, value in zip(model.variables, values, strict=False):
            variable.assign(value)
        # In float64: the square of 1e-30 is no float32. A gradient of exactly zero has no logarithm.
        found.append([max(np.linalg.norm(g.numpy().astype("float64")), 1e-300) for g in compiled()])
    return np.array(found)


def _kernels(model: keras.Model) -> list[Any]:
    return [layer.kernel for layer in model.layers if hasattr(layer, "kernel_size")]


def initial_norms(config: Config, x: np.ndarray, labels: np.ndarray, seeds: int) -> np.ndarray:
    """Gradient norms of untrained networks, shape (seeds, convolutions); twins of one depth and seed share their weights."""
    import numpy as np

    model = build_model(config)
    start = model.get_weights()

    def drawn(seed: int) -> list[np.ndarray]:
        rng = np.random.default_rng([seed, config.depth])
        return [kernel(config.init, value.shape, rng) if value.ndim > 1 else value for value in start]

    return gradient_norms(model, x, labels, (drawn(seed) for seed in range(seeds)))


def kernel(init: str, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """A kernel whose last two axes are inputs and outputs: `he_normal` (not cut off) or `glorot_uniform`."""
    import numpy as np

    patch = math.prod(shape[:-2])
    if init == "he_normal":
        return rng.normal(0, np.sqrt(2 / (patch * shape[-2])), shape)
    limit = np.sqrt(6 / (patch * (shape[-2] + shape[-1])))
    return rng.uniform(-limit, limit, shape)


KINDS = {
    f"{'residual' if residual else 'plain'}_{name}": Config(residual=residual, batch_norm=batch_norm, init=init)
    for name, batch_norm, init in (
        ("batch_norm", True, "he_normal"),
        ("he", False, "he_normal"),
        ("glorot", False, "glorot_uniform"),
    )
    for residual in (False, True)
}
"""The twins with batch normalisation, as in the paper, and without, with He's and with Keras's default initialisation."""

EXAMINED = {name: (8, 56, 152) if config.batch_norm else (8, 56) for name, config in KINDS.items()}


def examine() -> dict[str, Any]:
    """The depth of ResNet152; gradient norms by layer of untrained networks on random images, twenty seeds each."""
    import numpy as np

    rng = np.random.default_rng(0)
    x = rng.standard_normal((GRADIENT_IMAGES, 14, 14, 1)).astype("float32")
    labels = rng.integers(0, 10, GRADIENT_IMAGES)
    norms = {
        f"{name}_{depth}": initial_norms(replace(KINDS[name], depth=depth), x, labels, GRADIENT_SEEDS)
        for name, depths in EXAMINED.items()
        for depth in depths
    }
    reach = {
        f"{name}_{depth}": np.log10(norms[f"{name}_{depth}"][:, 0] / norms[f"{name}_8"][:, 0])
        for name, depths in EXAMINED.items()
        for depth in depths[1:]
    }
    plain = [reach[f"plain_batch_norm_{depth}"].mean() for depth in (56, 152)]
    return {
        "resnet152_layers": resnet152_layers(),
        "plain_twin_of_resnet_vanishes": bool(min(plain) <= VANISHED),
        **{f"reach_{name}": [round(float(v), 4) for v in values] for name, values in reach.items()},
        "gradient_by_layer": {
            name: [float(f"{v:.3g}") for v in 10 ** np.log10(values).mean(axis=0)] for name, values in norms.items()
        },
    }


def resnet152_layers() -> int:
    """Convolutions and dense layers on the longest path through this project's ResNet152."""
    from recipes.models import ResNet152, outline

    model = outline(ResNet152)
    blocks = sum(len(layer.residual) for layer in model.layers if hasattr(layer, "residual"))
    return blocks + sum(hasattr(layer, "kernel") for layer in model.layers)


STYLES = {8: COLOURS[4], 20: COLOURS[2], 56: COLOURS[0], 152: COLOURS[1]}


def paint_gradients(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Gradient norm by layer: untrained without and with batch normalisation, and trained."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(14.0, 4.6), layout="constrained")
    bare: Any
    normed: Any
    trained: Any
    bare, normed, trained = axes
    start = facts["gradient_by_layer"]
    for init, label, colour in (("glorot", "Glorot", COLOURS[3]), ("he", "He", COLOURS[2])):
        for kind, style in (("plain", "--"), ("residual", "-")):
            _line(bare, start[f"{kind}_{init}_56"], style, colour, f"{kind}, {label}")
    for depth in (56, 152):
        for kind, style in (("plain", "--"), ("residual", "-")):
            label = f"{kind}, {depth} layers"
            _line(normed, start[f"{kind}_batch_norm_{depth}"], style, STYLES[depth], label)
            curve = variants[f"{kind}_{depth}"]["curves"]["log_gradient"]
            places = [(place - 1) / (depth - 2) for place in curve["epoch"]]
            trained.plot(places, [10**v for v in curve["mean"]], style, color=STYLES[depth], label=label)
            low, high = ([10**v for v in curve[end]] for end in ("low", "high"))
            trained.fill_between(places, low, high, color=STYLES[depth], alpha=0.15, linewidth=0)
    for axis, title in (
        (bare, "untrained, no batch normalisation, 56 layers"),
        (normed, "untrained, batch normalisation"),
        (trained, "after ten epochs, batch normalisation"),
    ):
        axis.set_yscale("log")
        axis.set_title(title, fontsize=10)
        axis.set_xlabel("place of the convolution (0: next to the input, 1: last)")
        axis.grid(alpha=0.25)
        axis.legend(frameon=False, fontsize=8)
    bare.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(0.0, 0.3))
    bare.set_ylabel("norm of dL/dW")
    return figure


def _line(axis: Any, norms: Sequence[float], style: str, colour: str, label: str) -> None:
    places = [place / (len(norms) - 1) for place in range(len(norms))]
    axis.plot(places, norms, style, color=colour, label=label, linewidth=1.5)


def paint_training(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Training loss over epochs by depth, plain on the left and residual on the right."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(10.0, 4.4), sharey=True, layout="constrained")
    for axis, kind in zip(axes, ("plain", "residual"), strict=True):
        lines = [(f"{kind}_{depth}", STYLES[depth], "-", f"{depth} layers") for depth in DEPTHS]
        lines.append((f"{kind}_152_slow", STYLES[152], "--", "152 layers, rate 0.01 throughout"))
        for name, colour, style, label in lines:
            curve = variants[name]["curves"]["loss"]
            axis.plot(curve["epoch"], curve["mean"], style, color=colour, label=label, linewidth=1.6)
            axis.fill_between(curve["epoch"], curve["low"], curve["high"], color=colour, alpha=0.15, linewidth=0)
        axis.set_yscale("log")
        axis.set_title({"plain": "plain", "residual": "with skip connections"}[kind], fontsize=10)
        axis.set_xlabel("epoch (16 steps)")
        axis.grid(alpha=0.25)
        axis.legend(frameon=False, fontsize=9)
    axes[0].set_ylabel("training loss")
    return figure


FIGURES = (
    Picture(
        "residual-gradients",
        "How much gradient reaches each layer, plain and residual (geometric mean over seeds)",
        "Left: without batch normalisation plain networks' gradients vanish, with He's weights too, since the zeros around small "
        "images take their share; skips keep them. Middle: with batch normalisation nothing vanishes; the plain network's "
        "gradient grows towards the input. Right: the first steps of 152 plain layers, as large as that gradient, blow up the "
        "early kernels, and the larger a normalised kernel, the smaller its gradient. Band: 10th to 90th percentile.",
        facts=("gradient_by_layer",),
        paint=paint_gradients,
        variants=("plain_56", "residual_56", "plain_152", "residual_152"),
    ),
    Picture(
        "residual-training",
        "Training loss by depth: mean over seeds, band: 10th to 90th percentile",
        "Plain networks train the worse the deeper they are, 56 layers hardly at all; with skips 56 layers do. 152 layers with "
        "skips start well at a rate of 0.01 and are thrown back by 0.1 after the second epoch.",
        facts=(),
        paint=paint_training,
        variants=tuple(VARIANTS),
    ),
)

_SECTION = "Video 57-58"
_NETS = (
    "Networks of 6n + 2 layers after He et al. 2015, section 4.2, with 8, 16 and 32 filters, a first convolution of stride 2 and "
    "batch normalisation; the residual twin adds x without weights (option A)."
)

CLAIMS = (
    Claim(
        "arch-resnet-152",
        "003",
        _SECTION,
        "Skip connections make networks of 152 and more layers trainable.",
        "behaviour",
        "152+",
        f"{_NETS} 152 layers (n = 25), first 1,024 MNIST images at 14 x 14, SGD with momentum 0.9 at the paper's rates for both "
        "(0.01 for two epochs, which the paper needs beyond 100 layers, 0.1 for five, 0.01 for three), batch 64, 5 paired seeds. "
        "Trainable: at least 90% training accuracy over the last epoch, and a lower training loss than the plain twin's. The "
        "document's network: 152 convolutions and dense layers on the longest path of recipes.models.ResNet152, counted.",
        (
            Equals("resnet152_layers", 152),
            Within("residual_152", "train_accuracy", low=0.9),
            Better("train_loss", "residual_152", "plain_152", higher_is_better=False),
        ),
        data="mnist",
        priority=2,
        remark="The setup fails here, not the skip: at 0.01 throughout the residual network reaches 97% (all five seeds at least "
        "92%) and its plain twin 12%, which is guessing. These two (residual_152_slow, plain_152_slow) were added after the "
        "first run, so they decide nothing; a reader may well take them for the better test. As set up beforehand, two epochs at "
        "0.01 are 32 steps, where the paper warmed up for about 400; 0.1 then throws the network back (loss 1.8 to 7.1), and 128 "
        "more steps do not mend that.",
    ),
    Claim(
        "arch-resnet-vanishing",
        "003",
        _SECTION,
        "ResNet solved the vanishing-gradient problem.",
        "comparison",
        "",
        f"{_NETS} Untrained, standard normal images, random labels, 20 paired seeds; log10 of the first kernel's gradient norm "
        "over that of the 8-layer network of the same kind; vanished: at most -3. Two statements: (1) skips keep the gradient "
        "where a plain network's vanishes (56 layers, no batch normalisation, Keras's default initialisation: plain at most -3, "
        "residual at least -1), and in ResNet itself (batch normalisation, He, 56 and 152 layers). (2) That was the problem: the "
        "gradient of ResNet's plain twin vanishes at 56 or 152 layers.",
        (
            Sampled("reach_plain_glorot_56", high=VANISHED, documented="vanishes without skips (log10 at most -3)"),
            Sampled("reach_residual_glorot_56", low=-1.0, documented="does not with skips (log10 at least -1)"),
            Sampled("reach_residual_batch_norm_56", low=-1.0, documented="nor in ResNet, 56 layers (at least -1)"),
            Sampled("reach_residual_batch_norm_152", low=-1.0, documented="nor in ResNet, 152 layers (at least -1)"),
            Equals(
                "plain_twin_of_resnet_vanishes",
                True,
                true_value=False,
                derivation="ResNet's plain twins have batch normalisation, whose backward pass divides by each layer's standard "
                "deviation, so that no factor below 1 piles up: the gradient of the first layer grows with depth, 1,000 times to "
                "56 layers and 10^9 times to 152. What ResNet solved is degradation, that a deeper plain network has the higher "
                "training loss; its authors say that vanishing gradients are unlikely to be the cause (He et al. 2015, sections "
                "1 and 4.1).",
            ),
        ),
        priority=2,
        remark="Skips do keep gradients: from vanishing without batch normalisation, by 12 powers of ten, and from exploding "
        "with it, by 2 (56 layers) and 7 (152). Degradation shows in training: final loss of 20 plain layers 0.32, of 56 2.04, "
        "of 56 with skips 0.16. After training the gradient of 56 plain layers differs by less than a power of ten between the "
        "first and the last, while that of 152 has become tiny in early layers: one step at 0.01 along a gradient of 10^9 makes "
        "the first kernel millions of times longer, and a normalised kernel's gradient is inversely proportional to its length. "
        "So there, too, it explodes first.",
    ),
)
