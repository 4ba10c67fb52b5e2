"""Vanishing gradients and their four remedies: relu, initialisation, batch normalisation, residual connections.

Source: document 003, Videos 25, 26 and 29. Ten (or thirty) hidden layers of one width classify the first 2,016 MNIST
images, averaged to 14 x 14 pixels. The gradient norm of every layer is taken at the initial weights on the first 256
images; then the network trains for 10 epochs with plain SGD, whose steps are as small as the gradients. The statements
about initialisation are also measured in deeper stacks on random inputs.

Run: reproduce run gradient_flow
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reproductions.claims import Better, Claim, Measured, Sampled, Within
from reproductions.figures import COLOURS, Picture
from reproductions.networks import Split, first_losses, train_networks
from reproductions.signal_flow import Flow, Net, flow, synthetic
from reproductions.small_mnist import small_mnist

if TYPE_CHECKING:
    import keras
    import numpy as np

    from recipes.training import SeedRuns

TITLE = "Vanishing gradients: how far the gradient of a deep network reaches"
SUMMARY = (
    "Gradient norms by layer of ten- and thirty-layer networks with sigmoid, tanh and relu, small, Glorot and He weights, "
    "batch normalisation and residual connections, and what each of them learns on MNIST."
)
DATASETS = ("mnist",)
IN_DEFAULT_SET = True
SEEDS, MAX_SEEDS = 10, 40
EXPECTED_SECONDS = 100.0
GOLDEN = "relu"

SMALL = 0.05


@dataclass(frozen=True)
class Config:
    """A deep network and how it is trained."""

    layers: int = 10
    """Hidden layers."""
    width: int = 32
    """Units of each hidden layer."""
    activation: str = "sigmoid"
    """Activation of the hidden layers."""
    init: str = "glorot_uniform"
    """Kernel initializer: a Keras name, or `small_normal` (standard deviation 0.05, Keras's RandomNormal)."""
    batch_norm: bool = False
    """Normalise each z over the batch, before the activation."""
    residual: bool = False
    """Each hidden layer but the first adds to its input."""
    learning_rate: float = 0.1
    """Step size of plain SGD."""
    images: int = 2016
    """Training images, from the first on, and as many test images; a multiple of the batch size compiles one kind of step."""
    epochs: int = 10
    """Passes over the training images."""
    batch_size: int = 32
    """Images a step."""
    validation_split: float = 0.0
    """Nothing is held out; the test images tell."""
    shuffle: bool = True
    """Visit the images in a new order each epoch."""


VARIANTS = {
    "sigmoid": Config(),
    "sigmoid_small": Config(init="small_normal"),
    "relu": Config(activation="relu"),
    "relu_small": Config(activation="relu", init="small_normal"),
    "relu_he": Config(activation="relu", init="he_normal"),
    "tanh_small": Config(activation="tanh", init="small_normal"),
    "tanh": Config(activation="tanh"),
    "sigmoid_batch_norm": Config(batch_norm=True),
    "sigmoid_30": Config(layers=30, width=20),
    "sigmoid_30_residual": Config(layers=30, width=20, residual=True),
    "tanh_30_slow": Config(layers=30, width=20, activation="tanh", learning_rate=0.01),
    "tanh_30_residual_slow": Config(layers=30, width=20, activation="tanh", learning_rate=0.01, residual=True),
}
"""The two deep tanh networks decide no claim; a remark rests on them."""


def load_data(config: Config) -> Split:
    """The first images of each part, averaged over 2 x 2 pixels and divided by 255: 196 inputs."""
    return small_mnist(config.images, config.images)


def build_model(config: Config) -> keras.Model:
    """Hidden layers z = W a + b, [batch normalisation], activation, [+ a]; ten softmax outputs."""
    import keras

    def initializer() -> keras.Initializer:
        if config.init == "small_normal":
            return keras.initializers.RandomNormal(stddev=SMALL)
        return keras.initializers.get(config.init)

    inputs = a = keras.Input((196,))
    for layer in range(config.layers):
        z = keras.layers.Dense(config.width, kernel_initializer=initializer())(a)
        if config.batch_norm:
            z = keras.layers.BatchNormalization()(z)
        new = keras.layers.Activation(config.activation)(z)
        a = keras.layers.Add()([a, new]) if config.residual and layer else new
    model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax", kernel_initializer=initializer())(a))
    model.compile(
        optimizer=keras.optimizers.SGD(config.learning_rate),
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


def measure(config: Config, data: Split, runs: SeedRuns) -> Measured:
    """Test accuracy and loss; how far training moved the first and the last kernel, relative to their size."""
    import numpy as np

    probabilities = runs.predict(data.x_test).astype("float64")  # (seeds, images, 10)
    of_truth = probabilities[:, np.arange(len(data.y_test)), data.y_test]
    metrics = {
        "test_accuracy": (probabilities.argmax(axis=-1) == data.y_test).mean(axis=1).tolist(),
        "test_loss": (-np.log(np.maximum(of_truth, 1e-7))).mean(axis=1).tolist(),
        "train_loss": runs.curves["loss"][:, -1].tolist(),
        "train_accuracy": runs.curves["accuracy"][:, -1].tolist(),
    }
    if config == VARIANTS["sigmoid"]:
        metrics |= _changes(config, runs)
    return Measured(metrics, runs.curves)


def _changes(config: Config, runs: SeedRuns) -> dict[str, list[float]]:
    """||W_end - W_start|| / ||W_start|| of the first and the last kernel, one number a seed."""
    import numpy as np

    from recipes.training import seeded

    found: dict[str, list[float]] = {"first_layer_change": [], "last_layer_change": []}
    for seed, trained in zip(runs.seeds, runs.weights, strict=True):
        with seeded(seed):
            fresh = build_model(config).get_weights()
        for name, place in (("first_layer_change", 0), ("last_layer_change", -2)):
            step = np.linalg.norm(trained[place] - fresh[place])
            found[name].append(float(step / np.linalg.norm(fresh[place])))
    return found


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data)


HE_OR_GLOROT = {
    (activation, init): Net(30, 64, activation, f"{init}_normal")
    for activation in ("relu", "tanh")
    for init in ("glorot", "he")
}
SPREADS = {
    "relu_0.01": Net(20, 64, "relu", 0.01),
    "relu_1.0": Net(20, 64, "relu", 1.0),
    "relu_he": Net(20, 64, "relu", "he_normal"),
    "tanh_0.01": Net(20, 64, "tanh", 0.01),
    "tanh_1.0": Net(20, 64, "tanh", 1.0),
    "tanh_glorot": Net(20, 64, "tanh", "glorot_normal"),
}


def examine() -> dict[str, Any]:
    """Signals and gradients of untrained stacks on random inputs, twenty seeds each."""
    import numpy as np

    x, labels = synthetic()
    suited = {key: flow(net, x, labels) for key, net in HE_OR_GLOROT.items()}
    spreads = {key: flow(net, x, labels) for key, net in SPREADS.items()}
    plain, normed = (flow(Net(10, 64, "sigmoid", "glorot_uniform", batch_norm=on), x, labels) for on in (False, True))

    def closer(ratio: Callable[[Flow], np.ndarray], activation: str, init: str, than: str) -> list[float]:
        """How much closer to 1, in powers of ten, a ratio stays with `init`."""
        return _numbers(np.abs(ratio(suited[activation, than])) - np.abs(ratio(suited[activation, init])))

    return {
        "relu_variance_he_closer": closer(Flow.variance_ratio, "relu", "he", "glorot"),
        "relu_gradient_he_closer": closer(Flow.output_ratio, "relu", "he", "glorot"),
        "tanh_variance_glorot_closer": closer(Flow.variance_ratio, "tanh", "glorot", "he"),
        "tanh_gradient_glorot_closer": closer(Flow.output_ratio, "tanh", "glorot", "he"),
        **{f"gradient_ratio_{key}": _numbers(one.output_ratio()) for key, one in spreads.items()},
        "sigmoid_ratio_batch_norm_closer": _numbers(np.abs(plain.kernel_ratio()) - np.abs(normed.kernel_ratio())),
        "sigmoid_ratio_plain": _numbers(plain.kernel_ratio()),
        "sigmoid_ratio_batch_norm": _numbers(normed.kernel_ratio()),
        "variance_by_layer": {" ".join(key): _typical(one.variances) for key, one in suited.items()},
        "output_gradient_by_layer": {" ".join(key): _typical(one.output_norms) for key, one in suited.items()},
        "spread_gradient_by_layer": {key: _typical(one.output_norms) for key, one in spreads.items()},
    }


def examine_data() -> dict[str, Any]:
    """Gradient norms by layer of every variant's untrained network on the first 256 images, twenty seeds each."""
    data = load_data(Config())
    x, labels = data.x_train[:256], data.y_train[:256]
    flows = {}
    for name, config in VARIANTS.items():
        init = SMALL if config.init == "small_normal" else config.init
        net = Net(config.layers, config.width, config.activation, init, config.batch_norm, config.residual)
        flows[name] = flow(net, x, labels)
    ratios = {name: one.kernel_ratio() for name, one in flows.items()}
    return {
        **{f"ratio_{name}": _numbers(ratio) for name, ratio in ratios.items()},
        **{f"gain_{new}": _numbers(ratios[new] - ratios[old]) for new, old in REMEDIES.items()},
        "gradient_by_layer": {name: _typical(one.kernel_norms) for name, one in flows.items()},
    }


REMEDIES = {
    "relu": "sigmoid",
    "sigmoid": "sigmoid_small",
    "tanh": "tanh_small",
    "relu_he": "relu_small",
    "sigmoid_batch_norm": "sigmoid",
    "sigmoid_30_residual": "sigmoid_30",
}
"""Every remedied network and the one that it is compared with."""


def _numbers(values: Any) -> list[float]:
    return [round(float(value), 4) for value in values]


def _typical(values: Any) -> list[float]:
    """Geometric mean over seeds by layer."""
    import numpy as np

    return [float(f"{value:.4g}") for value in np.exp(np.log(values).mean(axis=0))]


def _by_layer(axis: Any, curves: Mapping[str, Any], lines: Sequence[tuple[str, str, Any, str]]) -> None:
    for name, label, colour, style in lines:
        axis.plot(
            range(1, len(curves[name]) + 1), curves[name], style, color=colour, label=label, markersize=3, linewidth=1.5
        )
    axis.set_yscale("log")
    axis.set_xlabel("layer (1 is next to the input)")
    axis.grid(alpha=0.25)


def paint_remedies(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Gradient norm by layer, one panel a remedy, and the accuracy that each network reaches."""
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(14.0, 8.0), layout="constrained")
    halves: Any = figure.subfigures(2, 1, height_ratios=(1, 1.05))
    above, below = halves
    axes = above.subplots(1, 4)
    base = ("sigmoid", "sigmoid, Glorot", "0.25", "--o")
    pairs = (
        ("sigmoid_small", "sigmoid", "sigmoid, Glorot", COLOURS[1]),
        ("tanh_small", "tanh", "tanh, Glorot", COLOURS[2]),
        ("relu_small", "relu_he", "relu, He", COLOURS[0]),
    )
    initial = [((small, "", c, ":o"), (good, label, c, "-o")) for small, good, label, c in pairs]
    panels = (
        ("relu", (base, ("relu", "relu, Glorot", COLOURS[0], "-o"))),
        ("initialisation (dotted: small weights)", tuple(line for pair in initial for line in pair)),
        ("batch normalisation", (base, ("sigmoid_batch_norm", "sigmoid with batch normalisation", COLOURS[3], "-o"))),
        (
            "residual connections, 30 layers",
            (
                ("sigmoid_30", "sigmoid, Glorot", "0.25", "--o"),
                ("sigmoid_30_residual", "sigmoid with skips", COLOURS[5], "-o"),
                ("tanh_30_slow", "tanh, Glorot", COLOURS[2], "--o"),
                ("tanh_30_residual_slow", "tanh with skips", COLOURS[2], "-o"),
            ),
        ),
    )
    for axis, (title, lines) in zip(axes, panels, strict=True):
        _by_layer(axis, facts["gradient_by_layer"], lines)
        axis.set_title(title, fontsize=10)
        axis.legend(frameon=False, fontsize=8, loc="lower right")
    axes[0].set_ylabel("norm of dL/dW at the start")
    _paint_accuracy(below.subplots(), variants)
    return figure


LABELS = {
    "sigmoid": "sigmoid, Glorot",
    "relu": "relu, Glorot",
    "sigmoid_small": "sigmoid, small weights",
    "tanh_small": "tanh, small weights",
    "tanh": "tanh, Glorot",
    "relu_small": "relu, small weights",
    "relu_he": "relu, He",
    "sigmoid_batch_norm": "sigmoid with batch normalisation",
    "sigmoid_30": "sigmoid, 30 layers",
    "sigmoid_30_residual": "sigmoid, 30 layers with skips",
    "tanh_30_slow": "tanh, 30 layers, rate 0.01",
    "tanh_30_residual_slow": "tanh, 30 layers with skips, rate 0.01",
}


def _paint_accuracy(axis: Any, variants: Mapping[str, Any]) -> None:
    import numpy as np

    for row, name in enumerate(LABELS):
        values = np.asarray(variants[name]["metrics"]["test_accuracy"], "float64")
        rows = row + np.linspace(-0.22, 0.22, len(values))
        axis.scatter(values, rows, s=9, color=COLOURS[0], alpha=0.5, linewidth=0)
        axis.plot(values.mean(), row, "D", color=COLOURS[1], markersize=6)
        axis.annotate(f"{values.mean():.2f}", (1.01, row), xycoords=("axes fraction", "data"), va="center", fontsize=8)
    axis.set_yticks(range(len(LABELS)), list(LABELS.values()), fontsize=8)
    axis.invert_yaxis()
    axis.set_xlim(0, 1)
    axis.axvline(0.1, color="0.6", linestyle=":", linewidth=1)
    axis.grid(axis="x", alpha=0.25)
    axis.set_xlabel("test accuracy after 10 epochs (dotted line: guessing)")
    axis.set_title("what is learnt: one dot a seed, diamond: mean", fontsize=10)


def paint_stacks(facts: Mapping[str, Any]) -> Any:
    """Variance forward and gradient backward in 30-layer stacks; gradient backward in 20-layer stacks of three spreads."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(12.4, 4.2), layout="constrained")
    suited = (
        ("relu he", "relu, He", COLOURS[0], "-"),
        ("relu glorot", "relu, Glorot", COLOURS[0], ":"),
        ("tanh he", "tanh, He", COLOURS[1], ":"),
        ("tanh glorot", "tanh, Glorot", COLOURS[1], "-"),
    )
    _by_layer(axes[0], facts["variance_by_layer"], suited)
    axes[0].set_ylabel("variance of the layer's outputs")
    axes[0].set_title("forward, 30 layers", fontsize=10)
    _by_layer(axes[1], facts["output_gradient_by_layer"], suited)
    axes[1].set_ylabel("norm of dL/da")
    axes[1].set_title("backward, 30 layers", fontsize=10)
    spreads = tuple(
        (f"{activation}_{key}", f"{activation}, {label}", COLOURS[colour], style)
        for activation, colour, good in (("relu", 0, "he"), ("tanh", 1, "glorot"))
        for key, label, style in (("1.0", "sd 1", "--"), (good, good.capitalize(), "-"), ("0.01", "sd 0.01", ":"))
    )
    _by_layer(axes[2], facts["spread_gradient_by_layer"], spreads)
    axes[2].set_ylabel("norm of dL/da")
    axes[2].set_title("backward, 20 layers", fontsize=10)
    for axis in axes:
        axis.legend(frameon=False, fontsize=8)
    return figure


FIGURES = (
    Picture(
        "vanishing-gradient-remedies",
        "Vanishing gradients and four remedies: MNIST (14 x 14 pixels), 10 hidden layers of 32 units, 10 seeds",
        "Norm of each layer's kernel gradient before training (geometric mean over seeds), and the test accuracy after 10 "
        "epochs of SGD on 2,016 images.",
        facts=("gradient_by_layer",),
        paint=paint_remedies,
        variants=tuple(LABELS),
    ),
    Picture(
        "initialisation-depth",
        "What the initial weights do to a signal: 64 units a layer, random inputs, geometric mean of 20 seeds",
        "Left and middle: He and Glorot weights with relu and tanh. Right: gradients with weights that are too small, too "
        "large, and chosen for the activation.",
        facts=("variance_by_layer", "output_gradient_by_layer", "spread_gradient_by_layer"),
        paint=paint_stacks,
    ),
)

_INIT, _VANISHING = "Video 25", "Video 26"
_TRAINED = (
    "First 2,016 MNIST images averaged to 14 x 14, 10 hidden layers of 32 units (30 of 20 for the residual claim), SGD 0.1 "
    "without momentum, batch 32, 10 epochs, 20 paired seeds; SGD because it shows the gradient's size, which Adam divides away."
)
_RATIO = (
    "Ratio: kernel gradient norm of the first over the last hidden layer at the initial weights, 256 images, "
    "mean of log10."
)
_REMEDY = (
    "A remedy must bring the ratio above a tenth, raise it against the network without the remedy, and raise the test "
    "accuracy."
)


def _remedy(new: str) -> tuple[Any, ...]:
    return (
        Sampled(
            f"ratio_{new}",
            low=-1.0,
            documented="first layer's gradient at least a tenth of the last's (log10 above -1)",
        ),
        Sampled(f"gain_{new}", low=0.0, documented="ratio rises (log10 above 0)"),
        Better("test_accuracy", new, REMEDIES[new]),
    )


CLAIMS = (
    Claim(
        "init-he-for-relu",
        "003",
        _INIT,
        "He initialisation suits relu and Xavier suits sigmoid and tanh.",
        "comparison",
        "He for ReLU, Xavier for sigmoid/tanh",
        "30 hidden layers of 64 units on standard normal inputs, random labels, untrained, 20 seeds. The initialisation "
        "suits better whose last layer's activation variance stays closer to the first layer's (distance |log10|), and "
        "whose gradient for the first layer's outputs stays closer to that for the last's. Normal kinds of both.",
        (
            Sampled("relu_variance_he_closer", low=0.0, documented="He keeps the variance better (above 0)"),
            Sampled("relu_gradient_he_closer", low=0.0, documented="He keeps the gradient better (above 0)"),
            Sampled("tanh_variance_glorot_closer", low=0.0, documented="Glorot keeps the variance better (above 0)"),
            Sampled("tanh_gradient_glorot_closer", low=0.0, documented="Glorot keeps the gradient better (above 0)"),
        ),
        priority=2,
        remark="True for relu by many powers of ten. With tanh, Glorot's unit gain lets the signal shrink a little in every "
        "layer, since tanh bends inwards; He's larger weights hold it at a level where tanh's saturation balances them, and the "
        "gradient, which grows a little, is no further off than Glorot's, which shrinks.",
    ),
    Claim(
        "init-prevents-gradient-issues",
        "003",
        _INIT,
        "Proper initialisation prevents vanishing and exploding gradients.",
        "comparison",
        "",
        "20 hidden layers of 64 units on standard normal inputs, untrained, 20 seeds; relu with normal weights of standard "
        "deviation 0.01 and 1 and with He, tanh with the same and with Glorot. log10 of the gradient norm for the first layer's "
        "outputs over that for the last's: at most -3 with 0.01, at least 3 with 1, within -1 to 1 with He and Glorot. (The "
        "norms of kernel gradients are blind here: in a relu stack they are the same in every layer at any scale.)",
        (
            Sampled("gradient_ratio_relu_0.01", high=-3.0, documented="vanishes (log10 at most -3)"),
            Sampled("gradient_ratio_relu_1.0", low=3.0, documented="explodes (log10 at least 3)"),
            Sampled("gradient_ratio_relu_he", low=-1.0, high=1.0, documented="neither (log10 within -1 to 1)"),
            Sampled("gradient_ratio_tanh_0.01", high=-3.0, documented="vanishes (log10 at most -3)"),
            Sampled("gradient_ratio_tanh_1.0", low=3.0, documented="explodes (log10 at least 3)"),
            Sampled("gradient_ratio_tanh_glorot", low=-1.0, high=1.0, documented="neither (log10 within -1 to 1)"),
        ),
        priority=2,
    ),
    Claim(
        "gradient-vanishing-early-layers",
        "003",
        _VANISHING,
        "Gradients become extremely small in the earlier layers, weight updates negligible, and training stops.",
        "behaviour",
        "extremely small; training stops",
        f"{_TRAINED} Sigmoid, Keras's default initialisation. {_RATIO} Extremely small: ratio at most 1/1000; negligible: all "
        "10 epochs together move the first kernel by at most 1% of its norm; stops: test accuracy at most 20%.",
        (
            Sampled("ratio_sigmoid", high=-3.0, documented="at most 1/1000 (log10 at most -3)"),
            Within("sigmoid", "first_layer_change", high=0.01),
            Within("sigmoid", "test_accuracy", high=0.2),
        ),
        data="mnist",
        priority=2,
    ),
    Claim(
        "gradient-relu-fixes-vanishing",
        "003",
        _VANISHING,
        "Relu remedies the vanishing gradient.",
        "comparison",
        "derivative = 1 for positive",
        f"{_TRAINED} Relu in place of sigmoid, default initialisation. {_RATIO} {_REMEDY}",
        _remedy("relu"),
        data="mnist",
        priority=2,
    ),
    Claim(
        "gradient-init-fixes-vanishing",
        "003",
        _VANISHING,
        "He or Xavier initialisation remedies the vanishing gradient.",
        "comparison",
        "He, Xavier",
        f"{_TRAINED} The three pairs of Video 25: sigmoid and tanh with Glorot, relu with He, each against the same network "
        f"with normal weights of standard deviation 0.05. {_RATIO} {_REMEDY} All three pairs must pass.",
        (*_remedy("sigmoid"), *_remedy("tanh"), *_remedy("relu_he")),
        data="mnist",
        priority=2,
        remark="With tanh and relu the right spread makes the difference between guessing and 80%. With sigmoid, Glorot's "
        "weights raise the first layer's gradient ten-thousandfold and it is still too small: each layer's slope of at most "
        "0.25 remains. (Small weights shrink the gradients of all tanh and relu layers alike, so the ratio hardly sees them; "
        "the accuracy does.)",
    ),
    Claim(
        "gradient-bn-fixes-vanishing",
        "003",
        _VANISHING,
        "Batch normalisation remedies the vanishing gradient.",
        "comparison",
        "",
        f"{_TRAINED} Sigmoid, default initialisation, with and without batch normalisation of each z. {_RATIO} {_REMEDY}",
        _remedy("sigmoid_batch_norm"),
        data="mnist",
        priority=2,
    ),
    Claim(
        "gradient-residual-fixes-vanishing",
        "003",
        _VANISHING,
        "Residual connections remedy the vanishing gradient.",
        "comparison",
        "",
        f"{_TRAINED} Sigmoid, default initialisation, a <- a + sigmoid(W a + b) in all hidden layers but the first, against "
        f"a <- sigmoid(W a + b). {_RATIO} {_REMEDY}",
        _remedy("sigmoid_30_residual"),
        data="mnist",
        priority=2,
        remark="The gradient is remedied by 17 powers of ten, the training is not. Sigmoid outputs are positive, so thirty of "
        "them add up to large sums, which saturate the softmax from the start. With tanh, whose outputs lie around 0, and "
        "a tenth of the rate, skips raise the accuracy of thirty layers from 0.43 to 0.79 (variants tanh_30_slow and "
        "tanh_30_residual_slow, chosen after the first run and so no part of the verdict).",
    ),
    Claim(
        "batchnorm-reduces-vanishing",
        "003",
        "Video 29",
        "Batch normalisation reduces the vanishing gradient.",
        "comparison",
        "",
        "10 sigmoid layers of 64 units on standard normal inputs, untrained, 20 paired seeds, batch normalisation of each z "
        "over 128 examples. Distance of the ratio of kernel gradient norms, first over last hidden layer, from 1 (|log10|) "
        "without minus with batch normalisation: above 0.",
        (
            Sampled(
                "sigmoid_ratio_batch_norm_closer", low=0.0, documented="closer to 1 with batch normalisation (above 0)"
            ),
        ),
        priority=2,
    ),
)
