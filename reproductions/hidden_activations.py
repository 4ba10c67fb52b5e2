"""The same small network with linear, sigmoid, tanh and ReLU hidden layers on two moons and two circles.

Source: document 000, Activation Function; document 003, Video 19. A 2-128-128-1 network as printed there, Adam, on
inputs that are standardised and so centred on zero. Every seed has its own 300 training points; 1,000 common points
test.

Run: reproduce run hidden_activations
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reproductions.activation_examples import collapse, normal_mean
from reproductions.claims import Better, Claim, Equals, Measured, Within
from reproductions.figures import COLOURS, Picture, Spread
from reproductions.networks import Split, first_losses, train_networks
from reproductions.worked import sigmoid

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "Hidden activations on two moons and two circles"
SUMMARY = (
    "Linear layers against logistic regression, ReLU against linear, tanh against the sigmoid and against a sigmoid "
    "that is centred on zero: a 2-128-128-1 network."
)
DATASETS = ()
IN_DEFAULT_SET = True
SEEDS, MAX_SEEDS = 20, 40
EXPECTED_SECONDS = 35.0
GOLDEN = "relu"

POOL, SEEN = 6000, 300


@dataclass(frozen=True)
class Config:
    """The network and how it is trained."""

    activation: str = "relu"
    """Activation of both hidden layers; centred_sigmoid is the sigmoid less 0.5."""
    units: int = 128
    """Units of each hidden layer."""
    points: str = "moons"
    """moons or circles."""
    learning_rate: float = 0.001
    """Adam's step size, Keras's default."""
    epochs: int = 30
    """Passes over the training points."""
    batch_size: int = 32
    """Points a step."""
    validation_split: float = 0.0
    """Nothing is held out of the training points."""
    shuffle: bool = True
    """Visit the points in a new order each epoch."""


VARIANTS = {
    "linear": Config("linear"),
    "relu": Config(),
    "tanh": Config("tanh"),
    "sigmoid": Config("sigmoid"),
    "centred_sigmoid": Config("centred_sigmoid"),
    "linear_circles": Config("linear", points="circles"),
    "relu_circles": Config(points="circles"),
}


def load_data(config: Config) -> Split:
    """A pool of training points and 1,000 test points, standardised; noise 0.2 (moons), 0.1 (circles)."""
    from sklearn.datasets import make_circles, make_moons

    def draw(points: int, state: int) -> tuple[np.ndarray, np.ndarray]:
        if config.points == "moons":
            return make_moons(points, noise=0.2, random_state=state)
        return make_circles(points, noise=0.1, factor=0.5, random_state=state)

    (x_train, y_train), (x_test, y_test) = draw(POOL, 0), draw(1000, 1)
    mean, deviation = x_train.mean(axis=0), x_train.std(axis=0)
    scaled = [((x - mean) / deviation).astype("float32") for x in (x_train, x_test)]
    return Split(scaled[0], y_train.astype("float32"), scaled[1], y_test.astype("float32"))


def rows(seed: int) -> np.ndarray:
    """The training points that a seed sees: 300 of the pool."""
    return np.random.default_rng([seed, 19]).choice(POOL, SEEN, replace=False)


def centred_sigmoid(z: Any) -> Any:
    """Sigmoid less 0.5: the same slopes, outputs from -0.5 to 0.5."""
    import keras

    return keras.ops.sigmoid(z) - 0.5


def build_model(config: Config) -> keras.Model:
    """Two hidden layers and a sigmoid output, compiled with Adam and binary cross-entropy."""
    import keras

    activation = centred_sigmoid if config.activation == "centred_sigmoid" else config.activation
    model = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(config.units, activation=activation),
            keras.layers.Dense(config.units, activation=activation),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(config.learning_rate), loss="binary_crossentropy")
    return model


def train(
    config: Config,
    data: Split,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> SeedRuns:
    """Train one network a seed, each on its own points."""
    return train_networks(build_model, config, data, seeds, checkpoint, progress, rows=rows)


def measure(config: Config, data: Split, runs: SeedRuns) -> Measured:
    """Test accuracy, training losses, and what is particular to linear and ReLU layers."""
    outputs = runs.predict(data.x_test)[..., 0].astype("float64")  # (seeds, points)
    accuracy = ((outputs > 0.5) == data.y_test).mean(axis=1)
    loss = runs.curves["loss"]
    metrics = {
        "test_accuracy": accuracy.tolist(),
        "train_loss": loss[:, -1].tolist(),
        "mean_train_loss": loss.mean(axis=1).tolist(),
    }
    if config.activation == "linear":
        logistic = np.array([logistic_regression(data, seed) for seed in runs.seeds])
        metrics["accuracy_minus_logistic_regression"] = (accuracy - logistic).tolist()
        gaps = []
        for weights, output in zip(runs.weights, outputs, strict=True):
            kernel, bias = collapse([weight.astype("float64") for weight in weights])
            gaps.append(float(np.abs(sigmoid(data.x_test @ kernel + bias)[:, 0] - output).max()))
        metrics["distance_from_one_sigmoid_unit"] = gaps
    else:
        before, after = zip(*(zero_shares(config, data, runs, seed) for seed in runs.seeds), strict=True)
        metrics |= {"zeros_before_training": list(before), "zeros_after_training": list(after)}
    return Measured(metrics, runs.curves)


def logistic_regression(data: Split, seed: int) -> float:
    """Test accuracy of scikit-learn's unpenalised logistic regression on a seed's points."""
    from sklearn.linear_model import LogisticRegression

    seen = rows(seed)
    model = LogisticRegression(C=np.inf).fit(data.x_train[seen], data.y_train[seen])
    return float(model.score(data.x_test, data.y_test))


def zero_shares(config: Config, data: Split, runs: SeedRuns, seed: int) -> tuple[float, float]:
    """Share of hidden outputs on the test points that are exactly 0, before and after training."""
    from recipes.training import seeded

    with seeded(seed):
        fresh = build_model(config).get_weights()
    functions: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "relu": lambda z: np.maximum(z, 0),
        "tanh": np.tanh,
        "sigmoid": sigmoid,
        "centred_sigmoid": lambda z: sigmoid(z) - 0.5,
    }
    activation = functions[config.activation]

    def share(weights: Sequence[np.ndarray]) -> float:
        first = activation(data.x_test @ weights[0] + weights[1])
        second = activation(first @ weights[2] + weights[3])
        return float((np.concatenate([first, second], axis=1) == 0).mean())

    return share(fresh), share(runs.weights[runs.seeds.index(seed)])


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data)


def examine() -> dict[str, Any]:
    """Mean outputs of both sigmoids for inputs that are symmetric about 0."""
    return {
        "mean_sigmoid_output": round(normal_mean(sigmoid), 9),
        "mean_centred_sigmoid_output": round(normal_mean(lambda z: sigmoid(z) - 0.5), 9) + 0.0,
    }


_LABELS = {"linear": "linear", "relu": "ReLU", "tanh": "tanh", "sigmoid": "sigmoid", "centred_sigmoid": "sigmoid - 0.5"}


def paint_losses(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Training loss by epoch, one line an activation."""
    import matplotlib.pyplot as plt

    drawn, axis = plt.subplots(figsize=(7, 4), layout="constrained")
    styles = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
    for place, (name, label) in enumerate(_LABELS.items()):
        curve = variants[name]["curves"]["loss"]
        axis.plot(
            curve["epoch"], curve["mean"], linestyle=styles[place], color=COLOURS[place], label=label, linewidth=1.8
        )
        axis.fill_between(curve["epoch"], curve["low"], curve["high"], color=COLOURS[place], alpha=0.15, linewidth=0)
    axis.set_yscale("log")
    axis.set_xlabel("epoch")
    axis.set_ylabel("training loss (cross-entropy)")
    axis.grid(alpha=0.25)
    axis.legend(frameon=False, fontsize=9)
    return drawn


FIGURES = (
    Picture(
        "hidden-activations-loss",
        "Two moons, 2-128-128-1: training loss by hidden activation",
        "Mean over seeds, band from the 10th to the 90th percentile (every seed has its own points). Linear layers "
        "stop at what logistic regression reaches; both sigmoids get no further in 30 epochs.",
        facts=(),
        paint=paint_losses,
        variants=("linear", "relu", "tanh", "sigmoid", "centred_sigmoid"),
    ),
    Spread(
        "hidden-activations-accuracy",
        "Two moons and two circles: test accuracy, one dot a seed",
        "Two linear hidden layers of 128 units draw a straight line, which halves the circles.",
        metric="test_accuracy",
        variants=("linear", "sigmoid", "centred_sigmoid", "tanh", "relu", "linear_circles", "relu_circles"),
        labels=_LABELS | {"linear_circles": "circles, linear", "relu_circles": "circles, ReLU"},
    ),
)

_SETUP = (
    "2-128-128-1 on two moons (noise 0.2, standardised), Adam 0.001, 30 epochs of batches of 32; 300 training points "
    "of its own for every seed, 1,000 common test points."
)


def _claim(name: str, document: str, section: str, statement: str, kind: Any, documented: str, setup: str,
           *checks: Any, remark: str = "") -> Claim:  # fmt: skip
    return Claim(
        f"activation-{name}", document, section, statement, kind, documented, setup, checks, priority=2, remark=remark
    )


CLAIMS = (
    _claim(
        "tanh-beats-sigmoid-hidden-000",
        "000",
        "Activation Function",
        "As a hidden activation tanh often does better than the sigmoid, above all for data with negative values.",
        "comparison",
        "better in many cases",
        f"{_SETUP} Training loss of the last epoch, tanh below the sigmoid.",
        Better("train_loss", "tanh", "sigmoid", higher_is_better=False),
    ),
    _claim(
        "linear-stack-is-logreg",
        "003",
        "Video 19",
        "Dense(128, linear), Dense(128, linear), Dense(1, sigmoid) behaves like plain logistic regression.",
        "exact",
        "128; 128; 1",
        f"{_SETUP} The trained weights multiplied out to one sigmoid unit must give the same outputs (1e-5), and the "
        "test accuracy must be within 0.01 of scikit-learn's unpenalised LogisticRegression on the same points, on "
        "average.",
        Within("linear", "distance_from_one_sigmoid_unit", 0.0, 1e-5),
        Within("linear", "accuracy_minus_logistic_regression", -0.01, 0.01),
    ),
    _claim(
        "relu-captures-complex",
        "003",
        "Video 19",
        "With ReLU in place of linear activations the 128-128-1 network captures complex patterns.",
        "comparison",
        "complex patterns",
        f"{_SETUP} Also two circles (noise 0.1, radii 1 and 0.5). Test accuracy, ReLU above linear on both.",
        Better("test_accuracy", "relu", "linear"),
        Better("test_accuracy", "relu_circles", "linear_circles"),
    ),
    _claim(
        "sigmoid-not-zero-centred",
        "003",
        "Video 19",
        "Sigmoid outputs are not centred on zero, which slows training.",
        "comparison",
        "slower",
        f"{_SETUP} Mean output 0.5 for inputs from N(0, 1), by quadrature. Training loss averaged over the epochs: "
        "tanh below the sigmoid; and, since tanh is also steeper, the sigmoid less 0.5, which differs in its centre "
        "alone, below the sigmoid.",
        Equals("mean_sigmoid_output", 0.5, tolerance=1e-8),
        Equals("mean_centred_sigmoid_output", 0.0, tolerance=1e-8),
        Better("mean_train_loss", "tanh", "sigmoid", higher_is_better=False),
        Better("mean_train_loss", "centred_sigmoid", "sigmoid", higher_is_better=False),
    ),
    _claim(
        "relu-sparse",
        "003",
        "Video 19",
        "ReLU's activations are sparse: some units output exactly 0.",
        "behaviour",
        "some outputs are 0",
        f"{_SETUP} Share of the hidden outputs on the test points that are exactly 0: about half (0.4 to 0.6) before "
        "training, at least 0.1 after it; none with tanh and the sigmoid.",
        Within("relu", "zeros_before_training", 0.4, 0.6),
        Within("relu", "zeros_after_training", 0.1, 1.0),
        Within("tanh", "zeros_after_training", 0.0, 0.0),
        Within("sigmoid", "zeros_after_training", 0.0, 0.0),
    ),
)
