"""Exploding gradients, and what clipping them does.

Source: document 003, Video 27. Ten hidden relu layers of 32 units whose normal weights have standard deviation 2 (He's
would have 0.25) learn a smooth function of 8 standard normal inputs with mean squared error, one step of all 256
examples an epoch. A second set-up is closer to practice: He weights and targets of standard deviation 10, which the
notes leave unscaled, with a learning rate of 0.1.

`clipnorm=c` multiplies the gradient g of each variable by min(1, c / ||g||); `global_clipnorm` takes ||g|| over all
variables together, which keeps the direction.

Run: reproduce run exploding_gradients
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reproductions.claims import Claim, Equals, Measured, Sampled, Within
from reproductions.figures import COLOURS, Picture
from reproductions.networks import Split, first_losses, train_networks

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "Exploding gradients and gradient clipping"
SUMMARY = (
    "Deep relu networks with weights that are too large, trained with SGD and Adam, with and without clipping; and what "
    "Keras's clipnorm and global_clipnorm do to a gradient."
)
DATASETS = ()
IN_DEFAULT_SET = True
SEEDS, MAX_SEEDS = 20, 40
EXPECTED_SECONDS = 50.0
GOLDEN = "practice_sgd_clipnorm"

STEPS = 60


@dataclass(frozen=True)
class Config:
    """A deep network and its optimizer."""

    spread: float = 2.0
    """Standard deviation of the normal initial weights; 0 takes He's."""
    target_scale: float = 1.0
    """Standard deviation of the targets."""
    optimizer: str = "sgd"
    """`sgd` or `adam`."""
    learning_rate: float = 0.01
    """Step size; Keras's default for SGD."""
    clipnorm: float = 0.0
    """Largest gradient norm of each variable, 0 for no clipping."""
    global_clipnorm: float = 0.0
    """Largest norm of the whole gradient, 0 for no clipping."""
    layers: int = 10
    """Hidden layers."""
    width: int = 32
    """Units of each."""
    epochs: int = STEPS
    """Passes over the examples, each a single step."""
    batch_size: int = 256
    """Examples a step: all of them."""
    validation_split: float = 0.0
    """Nothing is held out."""
    shuffle: bool = False
    """One batch has no order."""


PRACTICE: dict[str, Any] = {"spread": 0.0, "target_scale": 10.0, "learning_rate": 0.1}
VARIANTS = {
    "sgd": Config(),
    "sgd_clipnorm": Config(clipnorm=1.0),
    "sgd_global_clipnorm": Config(global_clipnorm=1.0),
    "adam": Config(optimizer="adam", learning_rate=0.001),
    "adam_clipnorm": Config(optimizer="adam", learning_rate=0.001, clipnorm=1.0),
    "practice_sgd": Config(**PRACTICE),
    "practice_sgd_clipnorm": Config(**PRACTICE, clipnorm=1.0),
    "practice_sgd_global_clipnorm": Config(**PRACTICE, global_clipnorm=1.0),
}


def load_data(config: Config) -> Split:
    """256 examples, y = sin(x_1) + x_2 x_3 standardised, times the target scale; the same for training and testing."""
    import numpy as np

    x = np.random.default_rng(0).standard_normal((256, 8)).astype("float32")
    y = np.sin(x[:, 0]) + x[:, 1] * x[:, 2]
    y = ((y - y.mean()) / y.std() * config.target_scale).astype("float32")
    return Split(x, y, x, y)


def build_model(config: Config) -> keras.Model:
    """Hidden relu layers and one linear output, compiled with mean squared error."""
    import keras

    def initializer() -> keras.Initializer:
        if config.spread:
            return keras.initializers.RandomNormal(stddev=config.spread)
        return keras.initializers.HeNormal()

    model = keras.Sequential([keras.Input((8,))])
    for _ in range(config.layers):
        model.add(keras.layers.Dense(config.width, activation="relu", kernel_initializer=initializer()))
    model.add(keras.layers.Dense(1, kernel_initializer=initializer()))
    clipping = {
        name: value
        for name, value in (("clipnorm", config.clipnorm), ("global_clipnorm", config.global_clipnorm))
        if value
    }
    optimizers = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam}
    model.compile(optimizer=optimizers[config.optimizer](config.learning_rate, **clipping), loss="mse")
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
    """Whether each training ended without a number, and how its loss moved (the curve is log10 of the loss)."""
    import numpy as np

    loss = runs.curves["loss"].astype("float64")
    with np.errstate(invalid="ignore"):
        logarithm = np.log10(loss)
    last = logarithm[:, -1]
    fell = np.where(np.isfinite(last), last - logarithm[:, 0], np.inf)
    metrics = {
        "ends_as_nan": np.isnan(loss[:, -1]).astype(float).tolist(),
        "log10_first_loss": logarithm[:, 0].tolist(),
        "log10_last_over_first_loss": fell.tolist(),
        "last_below_first_loss": (fell < 0).astype(float).tolist(),
        "steps_with_finite_loss": np.isfinite(loss).sum(axis=1).astype(float).tolist(),
    }
    return Measured(metrics, {"log10_loss": logarithm})


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data)


def clipped(name: str, **clipping: float) -> dict[str, list[float]]:
    """Gradient norms of two variables, 5 and 0.5, before and after the optimizer's clipping.

    The clipped gradient is read from what the optimizer does with it: SGD at learning rate 1 subtracts it, Adam's first
    momentum starts at (1 - beta_1) times it.
    """
    import keras
    import numpy as np

    gradients = [np.array([3.0, 4.0], "float32"), np.array([0.3, 0.0, 0.4], "float32")]
    variables = [keras.Variable(np.zeros_like(one)) for one in gradients]
    optimizer = getattr(keras.optimizers, name)(1.0, **clipping)
    optimizer.apply([keras.ops.convert_to_tensor(one) for one in gradients], variables)
    if name == "SGD":
        passed = [-variable.numpy() for variable in variables]
    else:
        momenta = [one.numpy() for one in optimizer.variables if "momentum" in one.path]
        passed = [one / (1 - optimizer.beta_1) for one in momenta]
    norms = [float(np.linalg.norm(one)) for one in passed]
    one, other = np.concatenate(passed), np.concatenate(gradients)
    whole = np.linalg.norm(one)
    cosine = one @ other / (whole * np.linalg.norm(other))
    return {"norms": [round(n, 4) for n in norms], "whole": [round(float(v), 4) for v in (whole, cosine)]}


SNIPPET = "optimizer = Adam(clipnorm=1.0)\nmodel.compile(optimizer=optimizer, loss='mse')"


def snippet(**namespace: Any) -> str:
    """What the document's two lines do with these names defined."""
    from reproductions.printed import run_cells

    return run_cells({"clip": SNIPPET}, dict(namespace))["clip"].result


def first_steps() -> dict[str, list[float]]:
    """Size of the first gradient and of SGD's first step in the exploding network, log10, one number a seed.

    Taken in float64 from weights drawn with NumPy, so that nothing overflows.
    """
    import numpy as np
    import tensorflow as tf

    config = VARIANTS["sgd"]
    data = load_data(config)
    x, y = (tf.constant(part, "float64") for part in (data.x_train, data.y_train[:, None]))
    sizes = [8, *[config.width] * config.layers, 1]
    norms, steps = [], []
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        kernels = [tf.constant(rng.normal(0, config.spread, shape)) for shape in pairwise(sizes)]
        with tf.GradientTape() as tape:
            tape.watch(kernels)
            a = x
            for kernel in kernels[:-1]:
                a = tf.nn.relu(a @ kernel)
            loss = tf.reduce_mean((a @ kernels[-1] - y) ** 2)
        norm = float(tf.linalg.global_norm(tape.gradient(loss, kernels)))
        norms.append(round(float(np.log10(norm)), 3))
        steps.append(round(float(np.log10(config.learning_rate * norm / float(tf.linalg.global_norm(kernels)))), 3))
    return {"log10_first_gradient_norm": norms, "log10_first_step_over_weights": steps}


def examine() -> dict[str, Any]:
    """Clipping on known gradients, the document's lines as printed, and the first step of the exploding network."""
    import keras

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    local, adam, whole = (
        clipped("SGD", clipnorm=1.0),
        clipped("Adam", clipnorm=1.0),
        clipped("SGD", global_clipnorm=1.0),
    )
    return {
        "norms_after_sgd_clipnorm": local["norms"],
        "norms_after_adam_clipnorm": adam["norms"],
        "norms_after_global_clipnorm": whole["norms"],
        "whole_norm_and_cosine_after_clipnorm": local["whole"],
        "whole_norm_and_cosine_after_global_clipnorm": whole["whole"],
        "snippet_as_printed": snippet(model=model),
        "snippet_with_import": snippet(model=model, Adam=keras.optimizers.Adam),
        **first_steps(),
    }


def paint_losses(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """log10 of the loss by step: exploding weights with SGD and Adam, and the set-up of practice with SGD."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(12.4, 4.4), layout="constrained")
    panels = (
        ("weights of standard deviation 2, SGD 0.01", "sgd", ("", "_clipnorm", "_global_clipnorm")),
        ("the same weights, Adam 0.001", "adam", ("", "_clipnorm")),
        ("He weights, targets of sd 10, SGD 0.1", "practice_sgd", ("", "_clipnorm", "_global_clipnorm")),
    )
    for axis, (title, base, endings) in zip(axes, panels, strict=True):
        for ending in endings:
            _paint_loss(axis, variants[base + ending], ending)
        axis.set_title(title, fontsize=10)
        axis.set_xlabel("step")
        axis.grid(alpha=0.25)
        axis.legend(frameon=False, fontsize=8, loc="upper right")
        low, high = axis.get_ylim()
        axis.set_ylim(low, high + 0.3 * (high - low))  # room for the legend
    axes[0].set_ylabel("log10 of the mean squared error")
    return figure


def _paint_loss(axis: Any, variant: Mapping[str, Any], ending: str) -> None:
    """Mean and band of one variant as far as every seed's loss is a number; a cross where the first is none."""
    import numpy as np

    name = {"": "no clipping", "_clipnorm": "clipnorm=1.0", "_global_clipnorm": "global_clipnorm=1.0"}[ending]
    colour, style = {"": (COLOURS[1], "-"), "_clipnorm": (COLOURS[0], "-"), "_global_clipnorm": (COLOURS[2], "--")}[
        ending
    ]
    curve, metrics = variant["curves"]["log10_loss"], variant["metrics"]
    finite = int(min(metrics["steps_with_finite_loss"]))
    steps = np.asarray(curve["epoch"], "float64")
    shown = steps <= finite
    mean, low, high = (np.array([np.nan if v is None else v for v in curve[k]]) for k in ("mean", "low", "high"))
    lost, seeds = int(sum(metrics["ends_as_nan"])), len(metrics["ends_as_nan"])
    axis.plot(steps[shown], mean[shown], style, color=colour, label=f"{name}: NaN in {lost} of {seeds}", linewidth=1.6)
    axis.fill_between(steps[shown], low[shown], high[shown], color=colour, alpha=0.18, linewidth=0)
    if lost:
        axis.plot(steps[shown][-1], mean[shown][-1], "X", color=colour, markersize=8 if ending else 14)


FIGURES = (
    Picture(
        "gradient-clipping",
        "Exploding gradients: loss by step with and without clipping, mean and 10th to 90th percentile of 20 seeds",
        "A line ends with a cross where the first of its seeds has no finite loss. Clipping by variable keeps every run finite; "
        "it trains well only where the network was usable in the first place (right).",
        facts=(),
        paint=paint_losses,
        variants=tuple(VARIANTS),
    ),
)

_EXPLODING = "Video 27"
_SETUP = (
    f"10 hidden relu layers of 32 units, normal initial weights of standard deviation 2, 256 examples of 8 standard normal "
    f"inputs, mean squared error, {STEPS} full-batch steps, 20 seeds."
)

CLAIMS = (
    Claim(
        "gradient-exploding-nan",
        "003",
        _EXPLODING,
        "Exploding gradients are extremely large, change the weights drastically and make the loss NaN.",
        "behaviour",
        "NaN",
        f"{_SETUP} SGD 0.01. Large: first gradient norm at least 1000 (log10 3); drastic: the first step at least ten times as "
        "long as the weights (log10 1), both in float64; NaN: the loss of every seed after the last step.",
        (
            Sampled("log10_first_gradient_norm", low=3.0, documented="at least 1000 (log10 at least 3)"),
            Sampled(
                "log10_first_step_over_weights", low=1.0, documented="at least ten times the weights (log10 at least 1)"
            ),
            Within("sgd", "ends_as_nan", low=1.0, high=1.0),
        ),
        priority=2,
    ),
    Claim(
        "gradient-clipnorm-code",
        "003",
        _EXPLODING,
        "Adam(clipnorm=1.0) clips gradients and prevents the explosion.",
        "comparison",
        "1.0",
        f"{_SETUP} SGD 0.01 without clipping ends as NaN in every seed and with clipnorm=1.0 in none; Adam(0.001, clipnorm=1.0) "
        "ends as NaN in none. Two gradients of norm 5 and 0.5 leave the clipping of SGD and of Adam with norms 1 and 0.5. The "
        "two lines run as printed once Adam is imported and a model defined.",
        (
            Within("sgd", "ends_as_nan", low=1.0, high=1.0),
            Within("sgd_clipnorm", "ends_as_nan", low=0.0, high=0.0),
            Within("adam_clipnorm", "ends_as_nan", low=0.0, high=0.0),
            Equals("norms_after_sgd_clipnorm", [1.0, 0.5]),
            Equals("norms_after_adam_clipnorm", [1.0, 0.5]),
            Equals("snippet_with_import", "runs"),
        ),
        priority=2,
        remark="The lines as printed end with NameError, since Adam is imported nowhere on that page; a fragment, not an "
        "error of substance. clipnorm bounds each variable's gradient alone: of the two gradients above, 1.12 is left of the "
        "whole norm, and the direction turns; global_clipnorm bounds the whole and keeps it. Adam divides the gradient's size "
        "away, but its squares overflow where the gradient exceeds 1e19: without clipping 5 of 20 Adam runs ended as NaN. "
        "The norm of the whole gradient overflows as well: with SGD and global_clipnorm=1.0, 12 of 20 did.",
    ),
)
