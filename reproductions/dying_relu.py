"""Dead units: what kills them, and which activation functions keep them alive.

Source: document 000, When to Use Which Activation Function; document 003, Videos 19 and 20. Data: two moons, 300
points, standardised. A 2-32-32-1 network is trained with a small and a large learning rate and with negative initial
biases; after every epoch the dead hidden units are counted: those whose slope is exactly 0, in float32, on every
training point, so that no gradient reaches their weights.

Run: reproduce run dying_relu
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from reproductions.claims import Better, Claim, Equals, Measured, Within
from reproductions.figures import COLOURS, Picture
from reproductions.networks import Split, first_losses
from reproductions.worked import array as numbers
from reproductions.worked import both, draw, gradient

if TYPE_CHECKING:
    import keras

TITLE = "Dying ReLU: dead units over training"
SUMMARY = (
    "Share of hidden units that no input activates, for ReLU, Leaky ReLU, PReLU, ELU and SELU, with small and large "
    "learning rates and negative biases."
)
DATASETS = ()
IN_DEFAULT_SET = True
SEEDS, MAX_SEEDS = 20, 40
EXPECTED_SECONDS = 45.0
GOLDEN = "relu_low"

SELU_SCALE = np.float32(1.0507009873554805)
SELU_SCALE_ALPHA = np.float32(1.0507009873554805 * 1.6732632423543772)


@dataclass(frozen=True)
class Config:
    """The network and how it is trained."""

    activation: str = "relu"
    """Hidden activation: relu, leaky (slope 0.01), prelu, elu or selu."""
    units: int = 32
    """Units of a hidden layer."""
    hidden_layers: int = 2
    """Hidden layers."""
    bias: float = 0.0
    """Initial bias of every hidden unit."""
    learning_rate: float = 0.001
    """Adam's step size; 0.001 is Keras's default."""
    epochs: int = 40
    """Passes over the training points."""
    batch_size: int = 30
    """Points a step."""
    validation_split: float = 0.0
    """Nothing is held out of the training points."""
    shuffle: bool = True
    """Visit the points in a new order each epoch."""


NAMES = {"relu": "ReLU", "leaky": "Leaky ReLU, 0.01", "prelu": "PReLU", "elu": "ELU", "selu": "SELU"}
LOW, HIGH = 0.001, 0.1

VARIANTS = {
    **{f"{name}_low": Config(activation=name, learning_rate=LOW) for name in NAMES},
    **{f"{name}_high": Config(activation=name, learning_rate=HIGH) for name in NAMES},
    "relu_bias_5": Config(bias=-5.0),
    "relu_bias_20": Config(bias=-20.0),
    "relu_forced": Config(hidden_layers=1, bias=-10.0, learning_rate=0.01),
    "leaky_forced": Config(activation="leaky", hidden_layers=1, bias=-10.0, learning_rate=0.01),
}


def load_data(config: Config) -> Split:
    """300 training and 300 test points of two moons, noise 0.2, scaled by the training points."""
    from sklearn.datasets import make_moons

    (x_train, y_train), (x_test, y_test) = (make_moons(300, noise=0.2, random_state=state) for state in (0, 1))
    mean, deviation = x_train.mean(axis=0), x_train.std(axis=0)
    scaled = [((x - mean) / deviation).astype("float32") for x in (x_train, x_test)]
    return Split(scaled[0], y_train.astype("float32"), scaled[1], y_test.astype("float32"))


def activation_layer(name: str) -> Any:
    """The layer that follows a Dense layer without activation."""
    import keras

    if name == "leaky":
        return keras.layers.LeakyReLU(negative_slope=0.01)
    return keras.layers.PReLU() if name == "prelu" else keras.layers.Activation(name)


def build_model(config: Config) -> keras.Model:
    """Dense layers, each with its activation layer, and one sigmoid output, compiled with Adam."""
    import keras

    model = keras.Sequential([keras.Input((2,))])
    for _ in range(config.hidden_layers):
        model.add(keras.layers.Dense(config.units, bias_initializer=keras.initializers.Constant(config.bias)))
        model.add(activation_layer(config.activation))
    model.add(keras.layers.Dense(1, activation="sigmoid"))
    model.compile(optimizer=keras.optimizers.Adam(config.learning_rate), loss="binary_crossentropy")
    return model


@dataclass
class Followed:
    """Trained networks with their weights after every epoch.

    Args:
        weights: per epoch the variables of all seeds, each of shape (seeds, ...); those before training first.
        loss: training loss, shape (seeds, epochs).
        engine: how the seeds were trained.
        jit_compile: whether XLA compiled the epochs.
    """

    weights: list[list[np.ndarray]]
    loss: np.ndarray
    engine: str
    jit_compile: bool


def train(
    config: Config,
    data: Split,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> Followed:
    """Train one network a seed and keep its weights after every epoch.

    The trainer's stack of seeds is called an epoch at a time, since the weights between epochs are what is wanted;
    PReLU's own weights can't be stacked, so its seeds train one after the other and a callback keeps them.
    """
    if config.activation == "prelu":
        return _train_one_by_one(config, data, seeds, progress)
    from recipes.training import epoch_order, seeded
    from recipes.training.data import Arrays
    from recipes.training.feed import on_device
    from recipes.training.stacked import StackedProgram

    models = []
    for seed in seeds:
        with seeded(seed):
            models.append(build_model(config))
    program, arrays = StackedProgram(models[0], models, jit_compile=True), on_device(Arrays(data.x_train, data.y_train))
    weights, losses = [[variable.numpy() for variable in program.stack.variables]], []
    for epoch in range(config.epochs):
        orders = np.stack([epoch_order(seed, epoch, len(data.x_train), config.shuffle) for seed in seeds])
        losses.append(program.train(arrays, orders, config.batch_size)["loss"])
        weights.append([variable.numpy() for variable in program.stack.variables])
        if progress is not None:
            progress((epoch + 1) / config.epochs)
    return Followed(weights, np.stack(losses, axis=1), "stacked", True)


def _train_one_by_one(
    config: Config, data: Split, seeds: Sequence[int], progress: Callable[[float], None] | None
) -> Followed:
    import keras

    from recipes.training import Trainer

    kept: dict[int, list[list[np.ndarray]]] = {}

    class Keep(keras.callbacks.Callback):
        def __init__(self, seed: int):
            super().__init__()
            self.weights = kept.setdefault(seed, [])

        def on_train_begin(self, logs: Any = None) -> None:
            self.weights.append(self.model.get_weights())

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.weights.append(self.model.get_weights())

    runs = Trainer(lambda: build_model(config)).fit(
        data.x_train, data.y_train, seeds=seeds, epochs=config.epochs, batch_size=config.batch_size,
        shuffle=config.shuffle, callbacks=lambda seed: [Keep(seed)], progress=progress,
    )  # fmt: skip
    by_epoch = zip(*(kept[seed] for seed in seeds), strict=True)  # a tuple of seeds each
    weights = [[np.stack(column) for column in zip(*of_seeds, strict=True)] for of_seeds in by_epoch]
    return Followed(weights, runs.curves["loss"], runs.engine, runs.jit_compile)


def activate(name: str, z: np.ndarray, alpha: Any = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """The activation's outputs, and where its slope is not 0, in float32 as the layers compute it.

    ELU and SELU give slopes by their output, f(z) + alpha and f(z) + lambda alpha below 0: exactly 0 once e^z is lost
    in rounding, from about z = -17 on.
    """
    positive = z > 0
    if name == "relu":
        return np.maximum(z, 0), positive
    if name in ("leaky", "prelu"):
        slope = np.float32(0.01) if name == "leaky" else alpha
        return np.where(positive, z, slope * z), positive | (slope != 0)
    below = np.expm1(np.minimum(z, 0))
    scale, scale_alpha = (SELU_SCALE, SELU_SCALE_ALPHA) if name == "selu" else (np.float32(1), np.float32(1))
    return np.where(positive, scale * z, scale_alpha * below), positive | (below != -1)


def forward(config: Config, weights: list[np.ndarray], x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Outputs of all seeds' networks, (seeds, points), and the share of each one's hidden units that are dead on x."""
    rest, dead = list(weights), []
    for _ in range(config.hidden_layers):
        z = x @ rest.pop(0) + rest.pop(0)[:, None, :]  # (S, points, units)
        alpha = rest.pop(0)[:, None, :] if config.activation == "prelu" else 0.0
        x, alive = activate(config.activation, z, alpha)
        dead.append(~alive.any(axis=1))
    logits = (x @ rest[0] + rest[1][:, None, :])[..., 0]
    return 1 / (1 + np.exp(-np.clip(logits, -60, 60))), np.concatenate(dead, axis=1).mean(axis=1)


def measure(config: Config, data: Split, trained: Followed) -> Measured:
    """Share of dead units before training and after every epoch, test accuracy, and the last training loss."""
    shares = np.stack([forward(config, weights, data.x_train)[1] for weights in trained.weights], axis=1)
    probabilities = forward(config, trained.weights[-1], data.x_test)[0]
    metrics = {
        "dead_share": shares[:, -1].tolist(),
        "dead_share_before_training": shares[:, 0].tolist(),
        "train_loss": trained.loss[:, -1].tolist(),
        "test_accuracy": ((probabilities > 0.5) == data.y_test).mean(axis=1).tolist(),
    }
    return Measured(metrics, {"dead_share": shares[:, 1:], "loss": trained.loss})


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data)


def train_unit(activation: Any, bias: float) -> dict[str, Any]:
    """One unit with this bias on 64 random examples of 4 inputs: 1,000 SGD steps; what it gave and what has moved."""
    import keras

    from recipes.training import Trainer

    x, y = draw(64, 4).astype("float32"), draw(64, 1, seed=1).astype("float32")
    begin = [draw(4, 1, seed=2).astype("float32"), np.array([bias], "float32")]

    def build_unit() -> Any:
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1), activation()])
        model.compile(optimizer=keras.optimizers.SGD(0.01), loss="mse")
        model.set_weights(begin)
        return model

    unit = build_unit()
    gradients = gradient(lambda: (unit(x) - y) ** 2, *unit.trainable_variables)
    runs = Trainer(build_unit).fit(x, y, epochs=125, batch_size=8)
    return {
        "largest_output": float(numbers(unit(x)).max()),
        "largest_gradient": float(max(np.abs(value).max() for value in gradients)),
        "moved": any((end != start).any() for end, start in zip(runs.weights[0], begin, strict=True)),
    }


def revival() -> dict[str, Any]:
    """A dead unit behind a layer that goes on learning.

    One input of 1, h = w x with w = 1, then two relu units: A = relu(h), and B = relu(h - 1.5), dead at first. Both are
    to give 10. A's gradient raises w until h passes 1.5, and B lives.
    """
    import keras

    from recipes.training import Trainer

    def build_pair() -> Any:
        model = keras.Sequential(
            [keras.Input((1,)), keras.layers.Dense(1, use_bias=False), keras.layers.Dense(2, activation="relu")]
        )
        model.compile(optimizer=keras.optimizers.SGD(0.01), loss="mse")
        model.set_weights([np.ones((1, 1)), np.ones((1, 2)), np.array([0.0, -1.5])])
        return model

    x, y = np.ones((8, 1), "float32"), np.full((8, 2), 10, "float32")
    before = numbers(build_pair()(x))[0, 1]
    runs = Trainer(build_pair).fit(x, y, epochs=50, batch_size=1)
    return {
        "second_layer_unit_is_dead_at_first": bool(before == 0),
        "it_stays_dead": bool(numbers(runs.load(0)(x))[0, 1] == 0),
    }


def slopes_below_zero() -> dict[str, Any]:
    """Slopes of Leaky ReLU far from 0, and of ELU and SELU at -20, in float32 and float64."""
    import keras

    import layers

    far = np.array([-1e6, -1e3, -1.0, -1e-3, 1e-3, 1.0, 1e6])

    def smallest(library: ModuleType) -> float:
        return float(np.round(gradient(library.LeakyReLU(negative_slope=0.01, dtype="float64"), far)[0].min(), 7))

    def positive(kind: str) -> list[bool]:
        place = np.array([-20.0], kind)
        functions = [
            keras.layers.ELU(dtype=kind),
            layers.ELU(dtype=kind),
            keras.activations.selu,
            layers.SELU(dtype=kind),
        ]
        return [bool(gradient(function, place)[0][0] > 0) for function in functions]

    return {
        "leaky_smallest_slope": both(smallest),
        "elu_and_selu_have_a_slope_at_minus_20": positive("float32"),
        "elu_and_selu_have_a_slope_at_minus_20_in_float64": positive("float64"),
    }


def examine() -> dict[str, Any]:
    """Single units pushed below zero, and slopes there."""
    import keras

    def leaky() -> Any:
        return keras.layers.LeakyReLU(negative_slope=0.01)

    pushed, half = train_unit(keras.layers.ReLU, -100.0), train_unit(keras.layers.ReLU, 0.0)
    kept = train_unit(leaky, -100.0)
    forced = {name: train_unit(layer, -10.0) for name, layer in (("relu", keras.layers.ReLU), ("leaky", leaky))}
    return {
        "pushed_relu_output_and_gradient": [pushed["largest_output"], pushed["largest_gradient"]],
        "pushed_relu_moved": pushed["moved"],
        "relu_below_zero_on_some_inputs_moved": half["moved"],
        "pushed_leaky_moved": kept["moved"],
        "bias_minus_10_passes_a_gradient": {name: unit["largest_gradient"] > 0 for name, unit in forced.items()},
        **revival(),
        **slopes_below_zero(),
    }


def paint_shares(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Share of dead units by epoch: small and large learning rate, and negative biases."""
    import matplotlib.pyplot as plt

    drawn, axes = plt.subplots(1, 3, figsize=(10.5, 3.5), sharey=True, layout="constrained")
    biases = {"relu_low": "ReLU, bias 0", "relu_bias_5": "ReLU, bias -5", "relu_bias_20": "ReLU, bias -20"}
    panels = (
        (f"Adam, learning rate {LOW}", {f"{name}_low": text for name, text in NAMES.items()}),
        (f"Adam, learning rate {HIGH}", {f"{name}_high": text for name, text in NAMES.items()}),
        (f"initial bias, learning rate {LOW}", biases),
    )
    styles = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
    for axis, (title, lines) in zip(axes, panels, strict=True):
        for place, (variant, label) in enumerate(lines.items()):
            curve = variants[variant]["curves"]["dead_share"]
            low, mean, high = (100 * np.array(curve[key], "float64") for key in ("low", "mean", "high"))
            axis.plot(curve["epoch"], mean, color=COLOURS[place], linestyle=styles[place], label=label, linewidth=1.8)
            axis.fill_between(curve["epoch"], low, high, color=COLOURS[place], alpha=0.15, linewidth=0)
        axis.set_title(title, fontsize=10)
        axis.set_xlabel("epoch")
        axis.grid(alpha=0.25)
    axes[0].set_ylabel("dead hidden units, %")
    axes[0].set_ylim(-3, 103)
    axes[0].legend(frameon=False, fontsize=9)
    axes[2].legend(frameon=False, fontsize=9, loc="center right")
    return drawn


FIGURES = (
    Picture(
        "dead-units",
        "Hidden units without any gradient, 2-32-32-1 on two moons",
        "Mean over seeds, band from the 10th to the 90th percentile. A unit counts as dead when its slope is exactly "
        "0 on every training point.",
        facts=(),
        paint=paint_shares,
        variants=tuple(name for name in VARIANTS if not name.endswith("forced")),
    ),
)

_20 = "Video 20"
_NET = "2-32-32-1 on two moons (300 points, noise 0.2, standardised), Adam, 40 epochs of batches of 30"


def _claim(name: str, section: str, statement: str, kind: Any, documented: str, setup: str, *checks: Any,
           document: str = "003", priority: int = 2, remark: str = "") -> Claim:  # fmt: skip
    return Claim(
        f"activation-{name}",
        document,
        section,
        statement,
        kind,
        documented,
        setup,
        checks,
        priority=priority,
        remark=remark,
    )


CLAIMS = (
    _claim(
        "leaky-rescues-dead",
        "Activation Function",
        "Leaky ReLU keeps small negative values, so that learning goes on where ReLU gives only zeros.",
        "comparison",
        "learning continues",
        "2-32-1 on two moons with all 32 biases at -10, so that every pre-activation starts negative; slope 0.01, "
        "Adam 0.01, 40 epochs of batches of 30. Judged by the last training loss, Leaky ReLU below ReLU. One unit "
        "with bias -10: a gradient with Leaky ReLU, none with ReLU.",
        Equals("bias_minus_10_passes_a_gradient", {"relu": False, "leaky": True}),
        Better("train_loss", "leaky_forced", "relu_forced", higher_is_better=False),
        document="000",
    ),
    _claim(
        "dying-relu",
        "Video 19",
        "A ReLU unit whose weighted sum turns negative gives 0, gets no gradient, and stays dead for good.",
        "behaviour",
        "output 0; gradient 0; permanent",
        "One relu unit, four inputs, 64 random examples, SGD 0.01, 1,000 steps. Bias -100: output, gradient and "
        "weights. Then the two cases that 'permanent' leaves out: a sum that is negative on some examples only (bias "
        "0), and a unit in the second layer, negative on every example, behind a layer that goes on learning.",
        Equals("pushed_relu_output_and_gradient", [0, 0]),
        Equals("pushed_relu_moved", False),
        Equals(
            "relu_below_zero_on_some_inputs_moved",
            False,
            true_value=True,
            derivation="The gradient is a sum over the examples, and only those with a negative sum add 0. A unit is "
            "dead when its sum is negative on every training example, not on one.",
        ),
        Equals("second_layer_unit_is_dead_at_first", True),
        Equals(
            "it_stays_dead",
            True,
            true_value=False,
            derivation="A dead unit's own weights are frozen, but its inputs are not where an earlier layer still "
            "learns through other units: h rises from 1 past 1.5, and relu(h - 1.5) is positive again. Death is "
            "final in the first hidden layer, whose inputs are the data.",
        ),
    ),
    _claim(
        "dying-causes-lr",
        _20,
        "A high learning rate can push the sums of ReLU units below zero and kill them.",
        "behaviour",
        "more dead units",
        f"{_NET}: learning rate 0.1 against 0.001, a hundred times. Share of dead units after training, paired by "
        "seed.",
        Better("dead_share", "relu_high", "relu_low"),
    ),
    _claim(
        "dying-causes-bias",
        _20,
        "A strongly negative bias kills ReLU units.",
        "behaviour",
        "more dead units",
        f"{_NET}, learning rate 0.001: initial bias of all hidden units -5 and -20 against 0. Share of dead units "
        "after training, paired by seed; both must be higher.",
        Better("dead_share", "relu_bias_5", "relu_low"),
        Better("dead_share", "relu_bias_20", "relu_low"),
    ),
    _claim(
        "leaky-never-dies",
        _20,
        "A Leaky ReLU unit never dies, since it always has some gradient.",
        "behaviour",
        "never",
        "Smallest slope from -1,000,000 to 1,000,000, ours and Keras's; the unit with bias -100 that ReLU cannot "
        f"move; {_NET}, learning rate 0.1: no dead unit in any seed.",
        Equals("leaky_smallest_slope", 0.01),
        Equals("pushed_leaky_moved", True),
        Within("leaky_high", "dead_share", 0.0, 0.0),
    ),
    _claim(
        "elu-selu-no-dying",
        _20,
        "ELU and SELU units do not die.",
        "behaviour",
        "no",
        "Slopes of ELU (Keras's and ours) and SELU (Keras's and ours) at -20 in float32, the format that Keras "
        "trains in; the float64 slopes stand beside them.",
        Equals("elu_and_selu_have_a_slope_at_minus_20_in_float64", [True, True, True, True]),
        Equals(
            "elu_and_selu_have_a_slope_at_minus_20",
            [True, True, True, True],
            true_value=[False, False, False, False],
            derivation="The slope alpha e^z never reaches 0 in mathematics, but e^-20 = 2e-9 is less than half the "
            "distance between float32 numbers next to 1, so the output rounds to -alpha and the slope, computed as "
            "output + alpha, is exactly 0. A unit below -17 on every example is as dead as a relu.",
        ),
        priority=3,
    ),
)
