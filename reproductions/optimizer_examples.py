"""Optimizers by hand: moving averages and every update rule of the notes, step by step and without training.

Sources: document 000, Optimizers; document 003, Videos 28 and 33 to 38. Each function below holds the notes' recursion in
NumPy and sets it against our optimizers and against their Keras namesakes.

Run: reproduce run optimizer_examples
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from reproductions.claims import Claim, Equals, Sampled
from reproductions.figures import COLOURS, Picture
from reproductions.worked import array, difference, draw

TITLE = "Worked examples: optimizers"
SUMMARY = (
    "Exponentially weighted averages, momentum, Nesterov's momentum, AdaGrad, RMSProp and Adam, each followed step by step by "
    "our optimizer, by Keras's and by the notes' recursion in NumPy. Nothing is trained to an end."
)
DATASETS = ()
IN_DEFAULT_SET = True
EXPECTED_SECONDS = 7.0

STEPS = 20
START = np.array([1.0, -2.0, 0.5, 3.0])
BETAS = (0.5, 0.9, 0.98)
TINY_GRADIENT = 1e-10

Gradient = Callable[[np.ndarray], np.ndarray]


def bowl_gradient(w: np.ndarray) -> np.ndarray:
    """Gradient A w - b of a loss 1/2 w A w - b w whose axes are tilted and unequally steep (curvatures 0.3 to 3)."""
    turned = np.linalg.qr(draw(4, 4))[0]
    return turned @ np.diag([0.3, 1.0, 2.0, 3.0]) @ turned.T @ w - draw(4)


@dataclass
class Trace:
    """Where an optimizer went.

    Args:
        positions: the weights before the first step and after every step, (steps + 1, weights).
        states: per name of the optimizer's state the same for its numbers, after every step, (steps, weights).
    """

    positions: np.ndarray
    states: dict[str, np.ndarray]


@contextlib.contextmanager
def float64() -> Iterator[None]:
    """Keras computes in float64 inside, learning rates and momenta included, so that little is lost to rounding."""
    import keras

    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    try:
        yield
    finally:
        keras.config.set_floatx(before)


def follow(optimizer: Any, gradient: Gradient, start: Any = START, steps: int = STEPS) -> Trace:
    """Apply an optimizer to one weight vector and note every step; the gradient is computed outside of it, by NumPy."""
    import keras

    variable = keras.Variable(np.asarray(start, "float64"), dtype="float64", name="w")
    optimizer.build([variable])
    kept = {one.name.removeprefix("w_"): one for one in optimizer.variables if one.shape == variable.shape}
    positions = [array(variable)]
    states: dict[str, list[np.ndarray]] = {name: [] for name in kept}
    for _ in range(steps):
        optimizer.apply([keras.ops.convert_to_tensor(gradient(positions[-1]), "float64")], [variable])
        positions.append(array(variable))
        for name, one in kept.items():
            states[name].append(array(one))
    return Trace(np.array(positions), {name: np.array(values) for name, values in states.items()})


def recursion(step: Callable[..., tuple[np.ndarray, ...]], gradient: Gradient, memory: int = 1) -> np.ndarray:
    """Positions of a rule written in NumPy, (steps + 1, weights).

    Args:
        step: `(w, g, t, *memory) -> (w, *memory)` for step t = 1, 2, ...
        gradient: of the loss.
        memory: how many vectors the rule keeps; they start from 0.
    """
    w, kept = START, [np.zeros_like(START)] * memory
    positions = [w]
    for t in range(1, STEPS + 1):
        w, *kept = step(w, gradient(w), t, *kept)
        positions.append(w)
    return np.array(positions)


def both(measure: Callable[[ModuleType], dict[str, Any]]) -> dict[str, Any]:
    """Facts that our optimizers and Keras's agree on; where they don't, a text with both, which equals no documented value."""
    import keras

    from recipes import optimizers

    with float64():
        ours, theirs = measure(optimizers), measure(keras.optimizers)
    return {
        name: value if value == theirs[name] else f"recipes.optimizers: {value}; keras.optimizers: {theirs[name]}"
        for name, value in ours.items()
    }


def gap(one: Any, other: Any) -> float:
    """Largest absolute difference, to four decimals.

    Keras rounds beta to float32 before it takes 1 - beta^t, in float64 too: 1 - 0.999 becomes 0.00100005. That is worth up
    to 1e-5 in the weights here, where a wrong formula is worth 0.01 and more.
    """
    return round(difference(one, other), 4)


def averages() -> dict[str, Any]:
    """V_t = beta V_(t-1) + (1 - beta) theta_t from V_0 = 0, unrolled, and inside the optimizers."""
    from recipes.moving_average import moving_average, weights, window

    series = draw(30)
    unrolled = [sum(0.1 * 0.9**k * series[t - k] for k in range(t + 1)) for t in range(30)]
    impulse = np.eye(1, 6)[0]

    def inside(library: ModuleType) -> dict[str, Any]:
        remaining = iter(series)
        trace = follow(library.Adam(beta_1=0.9), lambda w: np.full(1, next(remaining)), [0.0], 30)
        return {"adam_first_moment_minus_ewma": gap(trace.states["momentum"][:, 0], moving_average(series, 0.9))}

    return {
        "ewma_minus_unrolled": gap(moving_average(series, 0.9), unrolled),
        "ewma_of_an_impulse": moving_average(impulse, 0.9)[:4].round(9).tolist(),
        "ewma_windows": [round(window(beta)) for beta in (0.9, 0.5, 0.98)],
        "weight_inside_windows_percent": [
            round(100 * float(weights(beta, size).sum())) for beta, size in ((0.9, 10), (0.5, 2), (0.98, 50))
        ],
        "plain_average_of_equal_variance": [
            round(1 / float((weights(beta, 5000) ** 2).sum())) for beta in (0.9, 0.5, 0.98)
        ],
        **both(inside),
    }


def pandas_average() -> dict[str, Any]:
    """What `ewm(alpha=0.1).mean()` computes, held against the recursion at every step, whatever value that starts from."""
    import pandas as pd

    from recipes.moving_average import moving_average

    series = draw(200, seed=1) + 20
    printed = pd.DataFrame({"temperature": series})["temperature"].ewm(alpha=0.1).mean().to_numpy()
    unadjusted = pd.Series(series).ewm(alpha=0.1, adjust=False).mean().to_numpy()

    def misses(values: np.ndarray) -> float:
        return float(np.abs(values[1:] - (0.9 * values[:-1] + 0.1 * series[1:])).max())

    return {
        "printed_pandas_call_follows_recursion": misses(printed) < 1e-9,
        "unadjusted_pandas_follows_recursion": misses(unadjusted) < 1e-9,
        "unadjusted_pandas_starts_at_first_value": bool(unadjusted[0] == series[0]),
        "printed_pandas_call_minus_corrected_ewma": gap(printed, moving_average(series, 0.9, correct_bias=True)),
        "pandas_minus_recursion_from_zero_at_1_10_100": [
            round(float((printed - moving_average(series, 0.9))[t - 1]), 3) for t in (1, 10, 100)
        ],
    }


def smoothness() -> dict[str, Any]:
    """Spread of an average's increments on 20 noise series, and the steps it needs to climb half of a unit step."""
    from recipes.moving_average import moving_average

    noise = np.stack([draw(2000, seed=seed) for seed in range(20)])
    spread = {beta: np.diff(moving_average(noise, beta, axis=1)[:, 200:], axis=1).std(axis=1) for beta in BETAS}
    climbs = [int(np.argmax(moving_average(np.ones(200), beta) >= 0.5)) + 1 for beta in BETAS]
    return {
        "log10_increments_0.9_to_0.5": np.log10(spread[0.9] / spread[0.5]).round(6).tolist(),
        "log10_increments_0.98_to_0.9": np.log10(spread[0.98] / spread[0.9]).round(6).tolist(),
        "steps_to_half_of_a_jump": climbs,
        "higher_beta_lags_more": climbs[0] < climbs[1] < climbs[2],
    }


def momentum() -> dict[str, Any]:
    """V = beta V + eta g, W = W - V; Keras stores -V."""
    velocities: list[np.ndarray] = []

    def step(w: np.ndarray, g: np.ndarray, t: int, v: np.ndarray) -> tuple[np.ndarray, ...]:
        v = 0.9 * v + 0.1 * g
        velocities.append(v)
        return w - v, v

    by_hand = recursion(step, bowl_gradient)

    def measured(library: ModuleType) -> dict[str, Any]:
        trace = follow(library.SGD(0.1, momentum=0.9), bowl_gradient)
        plain = follow(library.SGD(0.1), bowl_gradient).positions
        zero = follow(library.SGD(0.1, momentum=0.0), bowl_gradient).positions
        constant = follow(library.SGD(0.1, momentum=0.9), lambda w: np.array([2.0]), [0.0], 150).positions[:, 0]
        once = iter([1.0])
        pushed = follow(library.SGD(1.0, momentum=0.9), lambda w: np.array([next(once, 0.0)]), [0.0], 12)
        kept = -pushed.states["momentum"][:, 0]
        return {
            "momentum_minus_recursion": gap(trace.positions, by_hand),
            "stored_momentum_plus_V": gap(-trace.states["momentum"], velocities),
            "zero_momentum_minus_plain": gap(zero, plain),
            "zero_momentum_minus_gradient_steps": gap(
                zero, recursion(lambda w, g, t: (w - 0.1 * g,), bowl_gradient, 0)
            ),
            "old_gradient_in_V": kept[:4].round(6).tolist(),
            "last_step_under_constant_gradient_in_plain_steps": round(float(np.diff(-constant)[-1]) / (0.1 * 2), 4),
            "last_ten_gradients_percent_of_V": round(100 * float(kept[:10].sum() / (1 / (1 - 0.9)))),
        }

    return {"momentum_window": round(1 / (1 - 0.9)), **both(measured)}


def nesterov() -> dict[str, Any]:
    """V = beta V + eta gradient(W - beta V), W = W - V; and the printed Keras call."""
    looking: list[np.ndarray] = [START]
    w, v, walked = START, np.zeros_like(START), [START]
    for _ in range(STEPS):
        v = 0.9 * v + 0.1 * bowl_gradient(w - 0.9 * v)
        w = w - v
        walked.append(w)
        looking.append(w - 0.9 * v)

    def measured(library: ModuleType) -> dict[str, Any]:
        import keras

        trace = follow(library.SGD(0.1, momentum=0.9, nesterov=True), bowl_gradient).positions
        plain = follow(library.SGD(0.1, momentum=0.9), bowl_gradient).positions
        optimizer = library.SGD(learning_rate=0.01, momentum=0.9, nesterov=True)
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="ones")])
        model.compile(optimizer=optimizer, loss="mse", run_eagerly=True)
        losses = [float(model.train_on_batch(np.eye(2), np.zeros((2, 1)))) for _ in range(5)]
        config = model.optimizer.get_config()
        return {
            "keras_weights_minus_look_ahead_points": gap(trace, looking),
            "keras_weights_are_W": gap(trace, walked) < 1e-3,
            "largest_distance_from_W": round(difference(trace, walked), 3),
            "nesterov_call_settings": [round(config["learning_rate"], 9), config["momentum"], config["nesterov"]],
            "nesterov_call_lowers_the_loss": losses[-1] < losses[0],
            "nesterov_leaves_momentums_path": difference(trace, plain) > 1e-2,
        }

    return both(measured)


def adagrad() -> dict[str, Any]:
    """G = G + g^2, W = W - eta / sqrt(G + epsilon) g, from G = 0 with epsilon = 1e-8."""

    def step(w: np.ndarray, g: np.ndarray, t: int, total: np.ndarray) -> tuple[np.ndarray, ...]:
        total = total + g**2
        return w - 0.5 / np.sqrt(total + 1e-8) * g, total

    by_hand = recursion(step, bowl_gradient)

    def measured(library: ModuleType) -> dict[str, Any]:
        printed = {"initial_accumulator_value": 0.0, "epsilon": 1e-8}
        trace = follow(library.Adagrad(0.5, **printed), bowl_gradient)
        noise = iter(draw(50, 4, seed=2))
        random = follow(library.Adagrad(0.5, **printed), lambda w: next(noise), START, 50)
        rates = 0.5 / np.sqrt(random.states["accumulator"] + 1e-8)
        valley = follow(library.Adagrad(0.5, **printed), lambda w: np.array([100.0, 1.0]) * w, [1.0, 1.0], 30)
        steep, flat = 0.5 / np.sqrt(valley.states["accumulator"][-1] + 1e-8)
        default = library.Adagrad().get_config()
        first = [follow(library.Adagrad(1.0, **kind), lambda w: np.ones(1), [0.0], 1) for kind in ({}, printed)]
        return {
            "adagrad_minus_recursion": gap(trace.positions, by_hand),
            "keras_adagrad_defaults": [default["initial_accumulator_value"], default["epsilon"]],
            "first_step_with_defaults_and_as_printed": [round(-float(one.positions[1, 0]), 6) for one in first],
            "adagrad_rate_never_rises": bool(np.all(np.diff(rates, axis=0) <= 0)),
            "adagrad_rate_after_1_and_50_steps": [round(float(rates[t - 1].mean()), 4) for t in (1, 50)],
            "steep_weight_has_the_smaller_rate": bool(steep < 0.5 * flat),
            "flat_rate_over_steep_rate": round(float(flat / steep), 3),
        }

    return both(measured)


def rmsprop() -> dict[str, Any]:
    """V = beta V + (1 - beta) g^2, W = W - eta / sqrt(V + epsilon) g; constant gradients; the printed Keras call."""

    def by_hand(rho: float) -> np.ndarray:
        def step(w: np.ndarray, g: np.ndarray, t: int, v: np.ndarray) -> tuple[np.ndarray, ...]:
            v = rho * v + (1 - rho) * g**2
            return w - 0.05 / np.sqrt(v + 1e-8) * g, v

        return recursion(step, bowl_gradient)

    def measured(library: ModuleType) -> dict[str, Any]:
        gaps = [
            gap(follow(library.RMSprop(0.05, rho=rho, epsilon=1e-8), bowl_gradient).positions, by_hand(rho))
            for rho in (0.9, 0.99)
        ]
        steady = follow(library.RMSprop(0.01, rho=0.9), lambda w: np.array([2.0]), [0.0], 150)
        summed = follow(library.Adagrad(0.01, 0.0), lambda w: np.array([2.0]), [0.0], 50)
        noise = draw(50, 4, seed=2)
        remaining = iter(noise)
        random = follow(library.RMSprop(0.01, rho=0.9), lambda w: next(remaining), START, 50)
        printed = library.RMSprop(learning_rate=0.001, rho=0.9).get_config()
        default = library.RMSprop().get_config()
        names = ("learning_rate", "rho", "momentum", "epsilon")
        return {
            "rmsprop_minus_recursion_rho_0.9_and_0.99": gaps,
            "V_after_150_gradients_of_2": round(float(steady.states["velocity"][-1, 0]), 6),
            "rmsprop_last_step_over_eta": round(-float(np.diff(steady.positions[:, 0])[-1]) / 0.01, 6),
            "V_below_largest_squared_gradient": bool(np.all(random.states["velocity"] <= (noise**2).max())),
            "G_after_50_gradients_of_2": round(float(summed.states["accumulator"][-1, 0]), 6),
            "adagrad_last_step_over_eta": round(-float(np.diff(summed.positions[:, 0])[-1]) / 0.01, 6),
            "rmsprop_call_settings": [round(printed["learning_rate"], 9), printed["rho"]],
            "rmsprop_defaults": [round(default[name], 9) for name in names],
        }

    return both(measured)


def adam_step(
    eta: float, b1: float, b2: float, epsilon: float, place: str, corrected: bool = True
) -> Callable[..., Any]:
    """Adam's step in NumPy, with epsilon in one of three places.

    Args:
        eta: learning rate.
        b1: beta_1.
        b2: beta_2.
        epsilon: against division by zero.
        place: `"notes"`: eta m_hat / sqrt(v_hat + epsilon); `"paper"`: eta m_hat / (sqrt(v_hat) + epsilon); `"keras"`:
            epsilon outside the root of the uncorrected v.
        corrected: False leaves the bias correction out.
    """

    def step(w: np.ndarray, g: np.ndarray, t: int, m: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, ...]:
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
        first, second = (1 - b1**t, 1 - b2**t) if corrected else (1.0, 1.0)
        root = {
            "notes": lambda: np.sqrt(v / second + epsilon),
            "paper": lambda: np.sqrt(v / second) + epsilon,
            "keras": lambda: (np.sqrt(v) + epsilon) / np.sqrt(second),
        }[place]()
        return w - eta * (m / first) / root, m, v

    return step


def adam() -> dict[str, Any]:
    """Adam against its recursion, its defaults, and the first step for a tiny gradient."""

    def path(epsilon: float, place: str) -> np.ndarray:
        return recursion(adam_step(0.1, 0.9, 0.999, epsilon, place), bowl_gradient, 2)

    def first(epsilon: float, place: str) -> float:
        w = adam_step(0.001, 0.9, 0.999, epsilon, place)(
            np.zeros(1), np.full(1, TINY_GRADIENT), 1, np.zeros(1), np.zeros(1)
        )
        return -float(w[0][0])

    def measured(library: ModuleType) -> dict[str, Any]:
        def positions(epsilon: float) -> np.ndarray:
            return follow(library.Adam(0.1, epsilon=epsilon), bowl_gradient).positions

        tiny = follow(library.Adam(0.001, epsilon=1e-8), lambda w: np.full(1, TINY_GRADIENT), [0.0], 1).positions
        config = library.Adam().get_config()
        return {
            "adam_minus_recursion_epsilon_outside": gap(positions(1e-3), path(1e-3, "keras")),
            "adam_minus_notes_without_epsilon": gap(positions(0.0), path(0.0, "notes")),
            "adam_puts_epsilon_inside_the_root": difference(positions(1e-3), path(1e-3, "notes")) < 1e-6,
            "first_step_for_gradient_1e-10": float(f"{-tiny[1, 0]:.4g}"),
            "adam_defaults": [round(config["learning_rate"], 9), config["beta_1"], config["beta_2"]],
            "adam_default_epsilon": config["epsilon"],
        }

    return {
        "first_step_for_gradient_1e-10_notes_and_paper": [
            float(f"{first(1e-8, name):.4g}") for name in ("notes", "paper")
        ],
        **both(measured),
    }


def parts_of_adam() -> dict[str, Any]:
    """Adam's m is momentum's velocity and its v RMSProp's V; with beta_1 = 0 or beta_2 = 0 one of them remains."""
    import keras

    class CorrectedRate(keras.optimizers.schedules.LearningRateSchedule):
        """The rate 0.1 sqrt(1 - beta_2^t): what bias correction does to RMSProp."""

        def __call__(self, step: Any) -> Any:
            return 0.1 * keras.ops.sqrt(1 - keras.ops.power(0.999, keras.ops.cast(step, "float64") + 1))

    corrected_rmsprop = recursion(adam_step(0.1, 0.0, 0.999, 0.0, "notes"), bowl_gradient, 2)
    gradients = draw(STEPS, 4, seed=3)
    signs = list(gradients)
    sign_like = recursion(adam_step(0.1, 0.9, 0.0, 0.0, "notes"), lambda w: signs.pop(0), 2)

    def measured(library: ModuleType) -> dict[str, Any]:
        def given(optimizer: Any) -> Trace:
            remaining = iter(gradients)
            return follow(optimizer, lambda w: next(remaining))

        whole = given(library.Adam()).states
        velocity = -given(library.SGD(1.0, momentum=0.9)).states["momentum"]
        squares = given(library.RMSprop(rho=0.999)).states["velocity"]
        without_m = follow(library.Adam(0.1, beta_1=0.0, epsilon=0.0), bowl_gradient).positions
        rms = follow(library.RMSprop(CorrectedRate(), rho=0.999, epsilon=0.0), bowl_gradient).positions
        without_v = given(library.Adam(0.1, beta_2=0.0, epsilon=0.0)).positions
        summed = follow(library.RMSprop(0.1, rho=0.999, momentum=0.9, epsilon=0.0), bowl_gradient).positions
        full = follow(library.Adam(0.1, epsilon=0.0), bowl_gradient).positions
        return {
            "first_moment_minus_tenth_of_velocity": gap(whole["momentum"], 0.1 * velocity),
            "second_moment_minus_rmsprop_V": gap(whole["velocity"], squares),
            "adam_without_momentum_minus_rmsprop_at_corrected_rate": gap(without_m, rms),
            "adam_without_momentum_minus_recursion": gap(without_m, corrected_rmsprop),
            "adam_with_beta_2_zero_minus_sign_like_momentum": gap(without_v, sign_like),
            "adam_is_rmsprop_with_momentum_argument": difference(summed, full) < 1e-3,
            "distance_to_rmsprop_with_momentum_argument": round(difference(summed, full), 3),
        }

    return both(measured)


def bias_correction() -> dict[str, Any]:
    """The first steps from m = v = 0 under a constant gradient g = 1, with and without the correction."""

    def one(w: np.ndarray) -> np.ndarray:
        return np.ones(1)

    def measured(library: ModuleType) -> dict[str, Any]:
        trace = follow(library.Adam(0.01, epsilon=0.0), one, [0.0], 40)
        m, v = (trace.states[name][:, 0] for name in ("momentum", "velocity"))
        t = np.arange(1, 41)
        return {
            "moments_after_first_gradient_of_1": [round(float(m[0]), 9), round(float(v[0]), 9)],
            "corrected_moments_minus_true_ones": [
                gap(m / (1 - 0.9**t), np.ones(40)),
                gap(v / (1 - 0.999**t), np.ones(40)),
            ],
            "first_step_over_eta": round(-float(trace.positions[1, 0]) / 0.01, 4),
            "first_step_over_eta_without_correction": round(float(m[0] / np.sqrt(v[0])), 4),
            "steps_over_eta": np.round(-np.diff(trace.positions[:, 0]) / 0.01, 4).tolist(),
        }

    w, m, v, sizes = np.zeros(1), np.zeros(1), np.zeros(1), []
    rule = adam_step(0.01, 0.9, 0.999, 0.0, "notes", corrected=False)
    for t in range(1, 41):
        moved, m, v = rule(w, np.ones(1), t, m, v)
        sizes.append(round(float((w - moved)[0]) / 0.01, 4))
        w = moved
    return {"steps_over_eta_without_correction": sizes, **both(measured)}


def snippets() -> dict[str, Any]:
    """The printed call of document 000 on a small network, with Keras's Adam under its TensorFlow name and with ours."""
    import keras
    import tensorflow as tf

    from recipes import optimizers

    def works(optimizer: Any) -> bool:
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1)])
        model.compile(optimizer=optimizer, loss="mean_squared_error")
        before = model.get_weights()
        x = draw(64, 3)
        loss = model.fit(x, x.sum(axis=1, keepdims=True), epochs=1, verbose=0).history["loss"]
        moved = all(np.any(one != two) for one, two in zip(before, model.get_weights(), strict=True))
        return bool(len(loss) == 1 and np.isfinite(loss[0]) and moved and type(model.optimizer).__name__ == "Adam")

    return {"adam_snippet_trains": [works(tf.keras.optimizers.Adam()), works(optimizers.Adam())]}


def drawn_series() -> dict[str, Any]:
    """For the figures: a noisy series and its averages; rates of AdaGrad and RMSProp when gradients turn small."""
    from recipes import optimizers
    from recipes.moving_average import moving_average

    days = np.arange(120)
    series = 22 + 8 * np.sin(days / 19) + 2.5 * draw(120, seed=4)
    gradients = draw(160, seed=5) * np.where(np.arange(160) < 80, 1.0, 0.1)

    def rates(optimizer: Any, state: str) -> list[float]:
        remaining = iter(gradients)
        trace = follow(optimizer, lambda w: np.full(1, next(remaining)), [0.0], 160)
        return (1 / np.sqrt(trace.states[state][::2, 0] + 1e-8)).round(4).tolist()

    with float64():
        effective = {
            "adagrad": rates(optimizers.AdaGrad(1.0, 0.0, 1e-8), "accumulator"),
            "rmsprop": rates(optimizers.RMSprop(1.0, rho=0.9, epsilon=1e-8), "velocity"),
        }
    return {
        "noisy_series": series.round(2).tolist(),
        "series_averages": {
            str(beta): [moving_average(series, beta, kind).round(2).tolist() for kind in (False, True)]
            for beta in BETAS
        },
        "effective_rates": effective,
    }


def examine() -> dict[str, Any]:
    """Every fact of this file."""
    return {
        **averages(),
        **pandas_average(),
        **smoothness(),
        **momentum(),
        **nesterov(),
        **adagrad(),
        **rmsprop(),
        **adam(),
        **parts_of_adam(),
        **bias_correction(),
        **snippets(),
        **drawn_series(),
    }


def paint_averages(facts: Mapping[str, Any]) -> Any:
    """One panel a beta: the series, the recursion from 0 and the corrected average."""
    import matplotlib.pyplot as plt

    drawn, axes = plt.subplots(1, 3, figsize=(10.5, 3.4), sharey=True, layout="constrained")
    for axis, beta, values in zip(axes, BETAS, (2, 10, 50), strict=True):
        raw, corrected = facts["series_averages"][str(beta)]
        axis.plot(facts["noisy_series"], ".", color="0.6", markersize=3, label="daily value")
        axis.plot(raw, color=COLOURS[1], linestyle="--", linewidth=1.5, label="V, from V = 0")
        axis.plot(corrected, color=COLOURS[0], linewidth=1.8, label="V / (1 - beta^t)")
        axis.set_title(f"beta = {beta}: about {values} values", fontsize=10)
        axis.set_xlabel("day t")
        axis.grid(alpha=0.25)
    axes[0].set_ylabel("temperature (degrees)")
    axes[0].legend(frameon=False, fontsize=8, loc="lower left")
    return drawn


def paint_rates(facts: Mapping[str, Any]) -> Any:
    """Effective rates over steps."""
    import matplotlib.pyplot as plt

    drawn, axis = plt.subplots(figsize=(7.2, 3.8), layout="constrained")
    steps = np.arange(1, 161, 2)
    labels = {"adagrad": "AdaGrad: 1 / sqrt(G)", "rmsprop": "RMSProp: 1 / sqrt(V)"}
    for (name, label), colour in zip(labels.items(), COLOURS, strict=False):
        axis.plot(steps, facts["effective_rates"][name], color=colour, linewidth=1.8, label=label)
    axis.axvline(80.5, color="0.4", linewidth=1, linestyle=":")
    axis.text(82.5, 40, "from here on gradients\nare ten times smaller", fontsize=8, color="0.3", va="top")
    axis.set_yscale("log")
    axis.set_xlabel("step")
    axis.set_ylabel("effective rate / eta")
    axis.grid(alpha=0.25)
    axis.legend(frameon=False, fontsize=9, loc="center right", bbox_to_anchor=(1.0, 0.36))
    return drawn


def paint_first_steps(facts: Mapping[str, Any]) -> Any:
    """Step sizes of Adam under a constant gradient."""
    import matplotlib.pyplot as plt

    drawn, axis = plt.subplots(figsize=(7.2, 3.6), layout="constrained")
    steps = np.arange(1, 41)
    labels = ("without correction: 3.2 eta at first, 6.6 at most", "with bias correction: eta")
    for name, label, colour in zip(
        ("steps_over_eta_without_correction", "steps_over_eta"), labels, (COLOURS[1], COLOURS[0]), strict=True
    ):
        axis.plot(steps, facts[name], ".-", color=colour, linewidth=1.4, markersize=4, label=label)
    axis.set_ylim(0, None)
    axis.set_xlabel("step t")
    axis.set_ylabel("size of the step / eta")
    axis.grid(alpha=0.25)
    axis.legend(frameon=False, fontsize=9, loc="center right")
    return drawn


FIGURES = (
    Picture(
        "moving-averages",
        "Exponentially weighted averages of a noisy series",
        "A larger beta is smoother and later. Started from 0, the recursion of the notes (dashed) is far too small for about "
        "1 / (1 - beta) values; divided by 1 - beta^t (solid, what pandas computes) it is right from the first value on.",
        facts=("noisy_series", "series_averages"),
        paint=paint_averages,
    ),
    Picture(
        "effective-rates",
        "AdaGrad's rate only falls, RMSProp's recovers",
        "1 / sqrt(G + epsilon) and 1 / sqrt(V + epsilon) for one weight with random gradients that become ten times smaller "
        "after 80 steps.",
        facts=("effective_rates",),
        paint=paint_rates,
    ),
    Picture(
        "adam-first-steps",
        "Adam's first steps with and without bias correction",
        "A constant gradient. Both averages start too small, the squares' more so: without correction the first steps are "
        "too large, not too small. With it every step is eta.",
        facts=("steps_over_eta", "steps_over_eta_without_correction"),
        paint=paint_first_steps,
    ),
)

_AVERAGE, _MOMENTUM, _NAG, _ADAGRAD, _RMSPROP, _ADAM = (f"Video {number}" for number in range(33, 39))
_THREE = (
    "recipes.optimizers, keras.optimizers and the recursion in NumPy, in float64; a fact holds only if both libraries give it. "
    "Differences are rounded to four decimals."
)
_BOWL = f"{STEPS} steps on a tilted quadratic bowl of four weights (curvatures 0.3 to 3), gradients by NumPy. {_THREE}"

CLAIMS = (
    Claim(
        "optimizer-adam-combination-000",
        "000",
        "Optimizers",
        "Adam combines momentum with learning-rate adaptation.",
        "exact",
        "momentum and adaptive learning rates",
        f"Adam's m must be a tenth of momentum's velocity (beta 0.9, eta 1) and its v RMSProp's V (rho 0.999) on the same "
        f"gradients, and Adam must follow its recursion. {_BOWL}",
        (
            Equals("first_moment_minus_tenth_of_velocity", 0.0, tolerance=1e-9),
            Equals("second_moment_minus_rmsprop_V", 0.0, tolerance=1e-9),
            Equals("adam_minus_recursion_epsilon_outside", 0.0, tolerance=1e-9),
        ),
        priority=2,
    ),
    Claim(
        "optimizer-adam-compile-code",
        "000",
        "Optimizers",
        "Compiling a model with tf.keras.optimizers.Adam() and mean_squared_error works as shown.",
        "behaviour",
        "optimizer=tf.keras.optimizers.Adam(), loss='mean_squared_error'",
        "Network 3-4-1, one epoch of two batches on 64 random examples: finite loss, every weight moved, optimizer an Adam. "
        "The printed line, and the same with recipes.optimizers.Adam.",
        (Equals("adam_snippet_trains", [True, True]),),
        priority=2,
    ),
    Claim(
        "optimizer-adam-default-lr",
        "003",
        "Video 28",
        "The default learning rate for Adam is 0.001.",
        "exact",
        "0.001",
        "get_config() of Adam(), with beta_1 and beta_2 beside it; the rate is stored in float32 and rounded to nine decimals. "
        f"{_THREE}",
        (Equals("adam_defaults", [0.001, 0.9, 0.999]),),
        priority=2,
    ),
    Claim(
        "optimizer-ewma-formula",
        "003",
        _AVERAGE,
        "The moving average is V_t = beta V_(t-1) + (1-beta) theta_t with exponentially decaying weights.",
        "exact",
        "beta 0.9",
        "30 random values from V_0 = 0: recipes.moving_average against the unrolled sum of (1 - beta) beta^k theta_(t-k), its "
        "answer to a single 1, and the m that Adam (ours and Keras's, beta_1 = 0.9) keeps of the same numbers as gradients.",
        (
            Equals("ewma_minus_unrolled", 0.0, tolerance=1e-9),
            Equals("ewma_of_an_impulse", [0.1, 0.09, 0.081, 0.0729], tolerance=1e-9),
            Equals("adam_first_moment_minus_ewma", 0.0, tolerance=1e-9),
        ),
        priority=2,
    ),
    Claim(
        "optimizer-ewma-window",
        "003",
        _AVERAGE,
        "Beta 0.9, 0.5 and 0.98 average roughly 10, 2 and 50 past values.",
        "exact",
        "10; 2; 50",
        "The rule behind the three numbers, 1 / (1 - beta), which is also the mean age of the values plus one; and the share of "
        "the weight that the last 10, 2 and 50 values carry, in per cent, computed from (1 - beta) beta^k.",
        (Equals("ewma_windows", [10, 2, 50]), Equals("weight_inside_windows_percent", [65, 75, 64])),
        remark="'Average of about n values' is a rule of thumb: the last 10, 2 and 50 values carry 65, 75 and 64 % of the "
        "weight. A plain average that is as smooth (equal variance on white noise) takes (1 + beta) / (1 - beta) = 19, 3 "
        "and 99 values.",
    ),
    Claim(
        "optimizer-ewma-pandas",
        "003",
        _AVERAGE,
        "pandas ewm(alpha=0.1).mean() computes the recursion with beta = 0.9.",
        "exact",
        "alpha = 1 - beta",
        "The printed call on 200 random values around 20. It follows the recursion if V_t - (0.9 V_(t-1) + 0.1 theta_t) is 0 "
        "(1e-9) for every t from 2 on, which leaves open the value that the recursion starts from.",
        (
            Equals(
                "printed_pandas_call_follows_recursion",
                True,
                true_value=False,
                derivation="By default (adjust=True) pandas divides by the weights so far: y_1 = theta_1, y_2 = (theta_2 + 0.9 "
                "theta_1) / 1.9, where the recursion gives 0.1 theta_2 + 0.9 theta_1. That is V_t / (1 - 0.9^t), the "
                "bias-corrected average. ewm(alpha=0.1, adjust=False) follows the recursion, started at V_1 = theta_1.",
            ),
            Equals("printed_pandas_call_minus_corrected_ewma", 0.0, tolerance=1e-9),
            Equals("unadjusted_pandas_follows_recursion", True),
            Equals("unadjusted_pandas_starts_at_first_value", True),
        ),
        priority=2,
        remark="alpha = 1 - beta is right, and after some fifty values all three are alike: the difference to the recursion "
        "from V_0 = 0 falls like 0.9^t.",
    ),
    Claim(
        "optimizer-ewma-smoother",
        "003",
        _AVERAGE,
        "A higher beta gives a smoother curve and a lower beta a more reactive one.",
        "comparison",
        "higher beta smoother, lower beta more reactive",
        "Beta 0.5, 0.9 and 0.98. Smooth: standard deviation of the increments V_t - V_(t-1) on 20 series of 2,000 standard "
        "normal values (the first 200 left out), as log10 of the ratio of neighbouring betas, series by series. Reactive: "
        "steps until the average has climbed half of a jump from 0 to 1.",
        (
            Sampled("log10_increments_0.9_to_0.5", high=0.0, documented="smoother"),
            Sampled("log10_increments_0.98_to_0.9", high=0.0, documented="smoother"),
            Equals("higher_beta_lags_more", True),
        ),
        priority=2,
        remark="Half of a jump takes 1, 7 and 35 steps.",
    ),
    Claim(
        "optimizer-momentum-formula",
        "003",
        _MOMENTUM,
        "Momentum uses V = beta V + eta grad and W -= V.",
        "exact",
        "V_t = beta V_(t-1) + eta grad; W_new = W_old - V_t",
        f"SGD(0.1, momentum=0.9): weights and stored velocity after every step. {_BOWL}",
        (
            Equals("momentum_minus_recursion", 0.0, tolerance=1e-9),
            Equals("stored_momentum_plus_V", 0.0, tolerance=1e-9),
        ),
        priority=2,
        remark="Keras stores -V and adds it.",
    ),
    Claim(
        "optimizer-momentum-beta-zero",
        "003",
        _MOMENTUM,
        "Beta = 0 is plain SGD.",
        "exact",
        "0",
        f"SGD(0.1, momentum=0.0) against SGD(0.1) and against W - eta grad. {_BOWL}",
        (
            Equals("zero_momentum_minus_plain", 0.0),
            Equals("zero_momentum_minus_gradient_steps", 0.0, tolerance=1e-9),
        ),
        priority=2,
    ),
    Claim(
        "optimizer-momentum-ten-gradients",
        "003",
        _MOMENTUM,
        "With beta 0.9 momentum remembers about the last 10 gradients.",
        "exact",
        "10",
        "1 / (1 - beta); the step under a constant gradient after 150 steps, in plain steps eta g; what is left in V of one "
        f"gradient 0, 1, 2, 3 steps later. {_THREE}",
        (
            Equals("momentum_window", 10),
            Equals("last_step_under_constant_gradient_in_plain_steps", 10.0, tolerance=1e-5),
            Equals("old_gradient_in_V", [1.0, 0.9, 0.81, 0.729], tolerance=1e-9),
        ),
        priority=2,
        remark="The last ten gradients make up 65 % of V: 1 - 0.9^10.",
    ),
    Claim(
        "optimizer-nag-formula",
        "003",
        _NAG,
        "NAG uses V = beta V + eta grad(W - beta V) and W -= V.",
        "exact",
        "V_t = beta V_(t-1) + eta grad(W - beta V_(t-1)); W_new = W_old - V_t",
        "SGD(0.1, momentum=0.9, nesterov=True) against the look-ahead points W - beta V of the printed recursion, which is "
        f"where it takes its gradients. {_BOWL}",
        (Equals("keras_weights_minus_look_ahead_points", 0.0, tolerance=1e-9),),
        priority=2,
        remark="The formula is right. Keras runs the same method with other names: its weights are the look-ahead points "
        "W - beta V, not W (fact keras_weights_are_W), so that it can take gradients at the weights it holds; on this bowl "
        "the two lie up to 0.82 apart on the way; in the minimum V is 0 and they are one.",
    ),
    Claim(
        "optimizer-nag-code",
        "003",
        _NAG,
        "SGD(learning_rate=0.01, momentum=0.9, nesterov=True) enables NAG in Keras.",
        "behaviour",
        "0.01; 0.9; True",
        f"The printed lines, compiled into a one-layer model and stepped five times; the path on the bowl must leave that of "
        f"plain momentum by more than 0.01. {_BOWL}",
        (
            Equals("nesterov_call_settings", [0.01, 0.9, True]),
            Equals("nesterov_call_lowers_the_loss", True),
            Equals("nesterov_leaves_momentums_path", True),
        ),
        priority=3,
    ),
    Claim(
        "optimizer-adagrad-formula",
        "003",
        _ADAGRAD,
        "AdaGrad accumulates squared gradients and divides the rate by sqrt(G + eps).",
        "exact",
        "eps 1e-8",
        f"Adagrad(0.5, initial_accumulator_value=0, epsilon=1e-8): the notes' sum starts from nothing. {_BOWL}",
        (Equals("adagrad_minus_recursion", 0.0, tolerance=1e-9),),
        priority=2,
        remark="The formula is Keras's, epsilon inside the root included; the paper and PyTorch add epsilon outside. The notes "
        "state no Keras defaults here, and Keras's differ: G starts at 0.1 and epsilon is 1e-7, so that a first gradient of 1 "
        "moves a weight by 0.953 eta instead of eta.",
    ),
    Claim(
        "optimizer-adagrad-lr-falls",
        "003",
        _ADAGRAD,
        "AdaGrad's effective learning rate only decreases.",
        "behaviour",
        "monotone",
        f"eta / sqrt(G + eps) of four weights over 50 standard normal gradients never rises. {_THREE}",
        (Equals("adagrad_rate_never_rises", True),),
        priority=2,
    ),
    Claim(
        "optimizer-adagrad-large-small-grad",
        "003",
        _ADAGRAD,
        "Large past gradients shrink the step and small ones keep it large.",
        "behaviour",
        "large gradients: small rate; small gradients: large rate",
        "Loss 1/2 (100 a^2 + b^2) from (1, 1), eta 0.5, 30 steps: the rate of the steep weight a must be below half of b's. "
        f"{_THREE}",
        (Equals("steep_weight_has_the_smaller_rate", True),),
        priority=3,
        remark="The rates end up as far apart as the curvatures, 100 to 1: AdaGrad's path is the same whatever the scale of a "
        "weight's gradients.",
    ),
    Claim(
        "optimizer-rmsprop-formula",
        "003",
        _RMSPROP,
        "RMSProp keeps a moving average of squared gradients and divides by sqrt(V + eps).",
        "exact",
        "beta 0.9 or 0.99",
        f"RMSprop(0.05, rho=beta, epsilon=1e-8) for beta 0.9 and 0.99. {_BOWL}",
        (Equals("rmsprop_minus_recursion_rho_0.9_and_0.99", [0.0, 0.0], tolerance=1e-9),),
        priority=2,
    ),
    Claim(
        "optimizer-rmsprop-bounded",
        "003",
        _RMSPROP,
        "RMSProp's V_t stays bounded and the learning rate does not vanish.",
        "behaviour",
        "V bounded, rate does not vanish",
        "150 gradients of 2, rho 0.9: V must reach 4 and the step eta, where AdaGrad's G is 50 * 4 after 50 of them and its step "
        f"eta / sqrt(50); and V never above the largest of 200 random squared gradients. {_THREE}",
        (
            Equals("V_after_150_gradients_of_2", 4.0, tolerance=1e-5),
            Equals("rmsprop_last_step_over_eta", 1.0, tolerance=1e-5),
            Equals("V_below_largest_squared_gradient", True),
            Equals("G_after_50_gradients_of_2", 200.0, tolerance=1e-5),
            Equals("adagrad_last_step_over_eta", 0.141421, tolerance=1e-5),
        ),
        priority=2,
    ),
    Claim(
        "optimizer-rmsprop-code",
        "003",
        _RMSPROP,
        "RMSprop(learning_rate=0.001, rho=0.9) is the Keras form with rho = beta.",
        "exact",
        "0.001; 0.9",
        f"The printed call's configuration, and that of RMSprop(): rate, rho, momentum, epsilon. That rho is beta is the "
        f"recursion's check. {_THREE}",
        (
            Equals("rmsprop_call_settings", [0.001, 0.9]),
            Equals("rmsprop_defaults", [0.001, 0.9, 0.0, 1e-7]),
            Equals("rmsprop_minus_recursion_rho_0.9_and_0.99", [0.0, 0.0], tolerance=1e-9),
        ),
        priority=2,
    ),
    Claim(
        "optimizer-adam-formula",
        "003",
        _ADAM,
        "Adam updates W by eta/sqrt(v_hat + eps) times m_hat.",
        "exact",
        "W_new = W_old - (eta / sqrt(v_hat + eps)) m_hat",
        f"Adam(0.1) with epsilon 0, where only the rest of the formula counts, and with epsilon 0.001, where its place does "
        f"(within 1e-6); the first step for a gradient of 1e-10 with eta 0.001 and epsilon 1e-8. {_BOWL}",
        (
            Equals("adam_minus_notes_without_epsilon", 0.0, tolerance=1e-9),
            Equals(
                "adam_puts_epsilon_inside_the_root",
                True,
                true_value=False,
                derivation="The paper's algorithm 1 divides by sqrt(v_hat) + epsilon, outside the root. Keras does too, on "
                "the uncorrected v: eta sqrt(1 - beta_2^t) / (1 - beta_1^t) m / (sqrt(v) + epsilon).",
            ),
            Equals("adam_minus_recursion_epsilon_outside", 0.0, tolerance=1e-9),
            Equals(
                "first_step_for_gradient_1e-10",
                1e-9,
                tolerance=1e-12,
                true_value=3.161e-7,
                derivation="m_1 = 0.1 g and v_1 = 0.001 g^2 give 0.001 sqrt(0.001) g / (sqrt(0.001) g + 1e-8) = 3.161e-7 in "
                "Keras (9.901e-6 in the paper's form); the notes' form gives 0.001 g / sqrt(g^2 + 1e-8) = 1e-9.",
            ),
        ),
        remark="Everything but epsilon's place is right. It matters for gradients near epsilon only: inside the root 1e-8 acts "
        "like 1e-4 outside.",
    ),
    Claim(
        "optimizer-adam-defaults",
        "003",
        _ADAM,
        "Adam defaults are learning rate 0.001, beta1 0.9 and beta2 0.999.",
        "exact",
        "0.001; 0.9; 0.999",
        f"get_config() of Adam(); the rate rounded to nine decimals. {_THREE}",
        (Equals("adam_defaults", [0.001, 0.9, 0.999]),),
    ),
    Claim(
        "optimizer-adam-epsilon",
        "003",
        _ADAM,
        "Adam's default epsilon is 1e-8.",
        "exact",
        "1e-8",
        f"get_config() of Adam(). {_THREE}",
        (
            Equals(
                "adam_default_epsilon",
                1e-8,
                true_value=1e-7,
                derivation="keras.optimizers.Adam() has epsilon 1e-07 in its configuration, and the call shown is Keras's. "
                "1e-8 is the default of the paper and of PyTorch.",
            ),
        ),
    ),
    Claim(
        "optimizer-adam-bias-correction",
        "003",
        _ADAM,
        "Starting from m = v = 0 biases the moments to zero early on, which bias correction fixes.",
        "exact",
        "m_hat = m / (1 - beta_1^t), v_hat = v / (1 - beta_2^t)",
        "A constant gradient of 1, whose true moments are 1 and 1, epsilon 0, 40 steps: m and v after the first step; the "
        f"corrected ones at every step; the first step in units of eta. {_THREE}",
        (
            Equals("moments_after_first_gradient_of_1", [0.1, 0.001], tolerance=1e-9),
            Equals("corrected_moments_minus_true_ones", [0.0, 0.0], tolerance=1e-9),
            Equals("first_step_over_eta", 1.0, tolerance=1e-6),
        ),
        priority=2,
        remark="What the notes say of the moments holds. It does not mean that early steps would be small: v is biased more "
        "than m, and without correction the first step is 0.1 / sqrt(0.001) = 3.16 eta, and the twelfth 6.6 eta.",
    ),
    Claim(
        "optimizer-adam-is-rmsprop-momentum",
        "003",
        _ADAM,
        "Adam equals RMSProp plus momentum.",
        "exact",
        "Adam = RMSProp + Momentum",
        "Taking one part away must leave the other: Adam(beta_1=0) against RMSprop(rho=0.999) whose rate carries the bias "
        "correction, eta sqrt(1 - 0.999^t); Adam(beta_2=0) against eta m_hat / |g|, momentum over the size of the last "
        "gradient, on random gradients. Epsilon "
        f"0. {_BOWL}",
        (
            Equals("adam_without_momentum_minus_rmsprop_at_corrected_rate", 0.0, tolerance=1e-9),
            Equals("adam_without_momentum_minus_recursion", 0.0, tolerance=1e-9),
            Equals("adam_with_beta_2_zero_minus_sign_like_momentum", 0.0, tolerance=1e-9),
        ),
        priority=3,
        remark="Plus bias correction. RMSprop(momentum=0.9) is another method: it averages scaled gradients, Adam scales an "
        "average (fact adam_is_rmsprop_with_momentum_argument).",
    ),
)
