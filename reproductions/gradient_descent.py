"""Gradient descent on surfaces one can draw: step size, batch against stochastic descent, local minima, epochs.

Sources: document 003, Videos 17 and 31; document 000, Epochs, Batches, and Iterations. Every descent goes through the
compiled trainer with Keras's SGD (`reproductions.landscapes`). The least-squares problems have two weights, so that
their paths can be shown; twenty problems are solved at once and judged as pairs.

Run: reproduce run gradient_descent
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from reproductions.claims import Claim, Equals, Sampled
from reproductions.figures import COLOURS, Picture
from reproductions.worked import log10_ratio

TITLE = "Gradient descent: step size, batch size and local minima"
SUMMARY = (
    "Descents on a parabola, on twenty least-squares problems and in a double well, with batches of all, 32 and one "
    "row; and a small noisy data set trained for too long."
)
DATASETS = ()
IN_DEFAULT_SET = True
EXPECTED_SECONDS = 11.0

RATES = (0.1, 0.9, 1.0, 1.1)
SLOW_RATE, QUICK_RATE, SLOW_STEPS = 1e-4, 0.3, 40_000
PROBLEMS, ROWS, MINI = 20, 320, 32
BATCHES = {"batch": ROWS, "mini_batch": MINI, "stochastic": 1}
RATE, UPDATES, EPOCHS = 0.01, 400, 10
WELLS, WELL_ROWS, WELL_EPOCHS = 40, 100, 100
SMALL_SET, MANY_EPOCHS = 60, 300


def sgd(rate: float) -> Any:
    """A function that returns Keras's plain gradient descent with this learning rate."""
    import keras

    return lambda: keras.optimizers.SGD(rate)


def parabola() -> dict[str, Any]:
    """Descents on L(w) = w^2, whose update is w <- (1 - 2 rate) w, from w = 3 and w = -3."""
    from reproductions.landscapes import descend

    def surface(position: Any) -> Any:
        return position[:, 0] ** 2

    ways = {
        rate: descend(surface, [[3.0], [-3.0]], sgd(rate), steps=20).positions[0, :, :, 0].astype("float64")
        for rate in RATES
    }
    gap = max(
        float(np.abs(way[:, 0] - 3 * (1 - 2 * rate) ** np.arange(21)).max() / np.abs(way).max())
        for rate, way in ways.items()
    )
    small = ways[RATES[0]]
    return {
        "distance_falls_from_both_sides": bool((np.diff(np.abs(small), axis=0) < 0).all()),
        "sides_are_kept": bool((small[:, 0] > 0).all() and (small[:, 1] < 0).all()),
        "descent_follows_closed_form": gap < 1e-5,
        "what_each_rate_does": [behaviour(ways[rate][:, 0]) for rate in RATES],
        "parabola_ways": [[round(float(w), 4) for w in ways[rate][:, 0]] for rate in RATES],
    }


def slow_and_quick() -> dict[str, Any]:
    """Steps on w^2 from w = 1 until |w| is below a thousandth, at a small and at a good rate."""
    from reproductions.landscapes import descend

    def surface(position: Any) -> Any:
        return position[:, 0] ** 2

    steps = {
        rate: first_below(descend(surface, [[1.0]], sgd(rate), steps=count).positions[0, :, 0, 0], 1e-3)
        for rate, count in ((SLOW_RATE, SLOW_STEPS), (QUICK_RATE, 20))
    }
    return {
        "quick_rate_steps_to_a_thousandth": steps[QUICK_RATE],
        "slow_rate_steps_in_thousands": round(steps[SLOW_RATE] / 1000),
    }


def first_below(way: np.ndarray, bound: float) -> int:
    """The first step at which |w| is below the bound, -1 if there is none."""
    below = np.flatnonzero(np.abs(way) < bound)
    return int(below[0]) if len(below) else -1


def behaviour(way: np.ndarray) -> str:
    """What a descent from w = 3 towards 0 does, read off its positions."""
    crosses = bool((np.sign(way[1:]) != np.sign(way[:-1])).all())
    end = abs(way[-1]) / abs(way[0])
    pace = "cycles" if abs(end - 1) < 1e-3 else "diverges" if end > 1 else "converges"
    return f"overshoots, {pace}" if crosses else pace


def problems() -> tuple[np.ndarray, np.ndarray]:
    """Twenty least-squares problems: rows (320, problems, x1 x2 y) and their exact solutions (problems, 2).

    x1 and x2 are normal with standard deviations 1 and 0.5, w is standard normal and y = x w + noise of standard
    deviation 0.5.
    """
    rng = np.random.default_rng(17)
    x = rng.normal(size=(ROWS, PROBLEMS, 2)) * [1.0, 0.5]
    weights = rng.normal(size=(PROBLEMS, 2))
    y = np.einsum("npd,pd->np", x, weights) + 0.5 * rng.normal(size=(ROWS, PROBLEMS))
    rows = np.concatenate([x, y[..., None]], axis=-1).astype("float32")
    exact = [np.linalg.lstsq(rows[:, p, :2].astype("float64"), rows[:, p, 2], rcond=None)[0] for p in range(PROBLEMS)]
    return rows, np.stack(exact)


def squared_error(position: Any, batch: Any) -> Any:
    """(x w - y)^2 of every row and problem, (batch, problems)."""
    return (batch[..., 0] * position[:, 0] + batch[..., 1] * position[:, 1] - batch[..., 2]) ** 2


def excess(positions: np.ndarray, rows: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """Mean squared error over all rows less that of the exact solution: (w - w*)' X'X / n (w - w*)."""
    x = rows[..., :2].astype("float64")
    moments = np.einsum("npi,npj->pij", x, x) / len(rows)
    gap = positions.astype("float64") - exact
    return np.einsum("spi,pij,spj->sp", gap, moments, gap)


def batch_sizes() -> dict[str, Any]:
    """The same twenty problems with batches of all, 32 and one row: noise, progress an epoch, paths."""
    from reproductions.landscapes import descend

    rows, exact = problems()
    start = np.zeros((PROBLEMS, 2))
    found = {
        name: descend(
            squared_error,
            start,
            sgd(RATE),
            data=rows,
            batch_size=size,
            epochs=max(EPOCHS, -(-UPDATES * size // ROWS)),
        )
        for name, size in BATCHES.items()
    }
    paths = {name: descent.positions[0] for name, descent in found.items()}
    seen = {name: np.round(descent.losses[0, :UPDATES:2, 0].astype("float64"), 3) for name, descent in found.items()}
    losses = {name: excess(path, rows, exact) for name, path in paths.items()}
    noise = {name: np.diff(loss[: UPDATES + 1], axis=0)[UPDATES // 2 :].std(axis=0) for name, loss in losses.items()}
    rises = {name: np.diff(loss[: UPDATES + 1], axis=0) > 1e-6 for name, loss in losses.items()}
    facts: dict[str, Any] = {
        "drawn_batch_losses": {name: values.tolist() for name, values in seen.items()},
        "log10_noise_stochastic_over_mini_batch": log10_ratio(noise["stochastic"], noise["mini_batch"]),
        "log10_noise_mini_batch_over_batch": log10_ratio(noise["mini_batch"], noise["batch"]),
        "batch_updates_that_raise_the_loss": int(rises["batch"].sum()),
        "share_of_updates_that_raise_the_loss": [round(float(rises[name].mean()), 2) for name in BATCHES],
    }
    for epochs in (1, 5, EPOCHS):
        after = {name: losses[name][epochs * -(-ROWS // size)] for name, size in BATCHES.items()}
        facts[f"log10_loss_mini_batch_over_stochastic_after_{epochs}"] = log10_ratio(
            after["mini_batch"], after["stochastic"]
        )
        facts[f"log10_loss_batch_over_mini_batch_after_{epochs}"] = log10_ratio(after["batch"], after["mini_batch"])
    floor = float(np.median([least_loss(rows, exact, problem) for problem in range(PROBLEMS)]))
    return facts | drawn_paths(paths, losses, rows, exact) | {"median_least_loss": round(floor, 3)}


def least_loss(rows: np.ndarray, exact: np.ndarray, problem: int) -> float:
    """The exact solution's mean squared error."""
    return float(np.mean((rows[:, problem, :2] @ exact[problem] - rows[:, problem, 2]) ** 2))


def drawn_paths(
    paths: Mapping[str, np.ndarray], losses: Mapping[str, np.ndarray], rows: np.ndarray, exact: np.ndarray
) -> dict[str, Any]:
    """Problem 0 for the figures: paths thinned to 200 points, losses of the updates, and the surface's shape."""
    x = rows[:, 0, :2].astype("float64")
    shown = np.unique(np.linspace(0, UPDATES, 200).astype(int))
    least = least_loss(rows, exact, 0)
    return {
        "drawn_updates": shown.tolist(),
        "drawn_paths": {name: np.round(path[shown, 0].astype("float64"), 4).tolist() for name, path in paths.items()},
        "drawn_losses": {name: np.round(loss[shown, 0] + least, 4).tolist() for name, loss in losses.items()},
        "drawn_surface": {
            "moments": np.round(x.T @ x / ROWS, 4).tolist(),
            "minimum": np.round(exact[0], 4).tolist(),
            "least": round(least, 4),
        },
    }


def resting_places() -> dict[str, Any]:
    """How far from the exact solution descents with a constant rate end, on the same problems."""
    from reproductions.landscapes import descend

    rows, exact = problems()
    start = np.zeros((PROBLEMS, 2))

    def distance(rate: float, size: int, epochs: int) -> np.ndarray:
        found = descend(squared_error, start, sgd(rate), data=rows, batch_size=size, epochs=epochs)
        return np.linalg.norm(found.positions[0, -1].astype("float64") - exact, axis=-1)

    batch, coarse, fine = distance(0.04, ROWS, 1000), distance(0.04, 1, 60), distance(0.01, 1, 60)
    return {
        "log10_distance_batch": [float(v) for v in np.log10(batch)],
        "log10_distance_stochastic_over_batch": log10_ratio(coarse, batch),
        "log10_distance_of_rate_004_over_001": log10_ratio(coarse, fine),
        "median_distances": [float(f"{np.median(d):.2g}") for d in (batch, coarse, fine)],
    }


def double_well() -> dict[str, Any]:
    """A finite sum with two minima; batch and stochastic descents start in the shallower one.

    f_i(w) = (w^2 - 1)^2 + 0.3 w + e_i w with e_i normal (standard deviation 3) and of mean zero, so that the mean over
    all rows is (w^2 - 1)^2 + 0.3 w, with a local minimum near 0.96, the global one near -1.04 and a barrier near 0.08.
    """
    from reproductions.landscapes import descend

    rng = np.random.default_rng(23)
    noise = rng.normal(size=(WELL_ROWS, WELLS)) * 3
    noise -= noise.mean(axis=0)
    starts = 1 + rng.uniform(-0.1, 0.1, (WELLS, 1))

    def mean_height(position: Any) -> Any:
        return (position[:, 0] ** 2 - 1) ** 2 + 0.3 * position[:, 0]

    def height(position: Any, batch: Any) -> Any:
        return mean_height(position) + batch * position[:, 0]

    updates = WELL_EPOCHS * WELL_ROWS
    ways = {
        "stochastic": descend(height, starts, sgd(0.05), data=noise, batch_size=1, epochs=WELL_EPOCHS).positions,
        "batch": descend(mean_height, starts, sgd(0.05), steps=updates).positions,
    }
    escaped = {name: way[0, :, :, 0] < 0 for name, way in ways.items()}  # beyond the barrier
    # The batch of all rows is the mean surface: a few of its updates on the rows themselves show it.
    on_rows = descend(height, starts, sgd(0.05), data=noise, epochs=20).positions[0, -1, :, 0]
    shown = np.unique(np.geomspace(1, updates, 40).astype(int))
    return {
        "escapes_stochastic_less_batch": (
            escaped["stochastic"][-1].astype(float) - escaped["batch"][-1].astype(float)
        ).tolist(),
        "batch_runs_that_ever_escape": int(escaped["batch"].any(axis=0).sum()),
        "batch_of_all_rows_is_the_mean_surface": bool(np.abs(on_rows - ways["batch"][0, 20, :, 0]).max() < 1e-3),
        "well_updates": shown.tolist(),
        "well_share_escaped": {name: found[shown].mean(axis=1).round(3).tolist() for name, found in escaped.items()},
        "well_ends": {name: way[0, -1, :, 0].astype("float64").round(3).tolist() for name, way in ways.items()},
    }


def many_epochs() -> dict[str, Any]:
    """Sixty noisy points of two moons, another sixty for each of 20 seeds, 300 epochs: both losses."""
    import keras
    from sklearn.datasets import make_moons

    from recipes.training import Trainer

    x, y = make_moons(2500, noise=0.3, random_state=0)
    x, y = x.astype("float32"), y.astype("float32")[:, None]

    def build_model() -> Any:
        model = keras.Sequential(
            [
                keras.Input((2,)),
                keras.layers.Dense(64, activation="relu"),
                keras.layers.Dense(64, activation="relu"),
                keras.layers.Dense(1, activation="sigmoid"),
            ]
        )
        model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
        return model

    curves = (
        Trainer(build_model)
        .fit(
            x[:2000],
            y[:2000],
            seeds=range(20),
            epochs=MANY_EPOCHS,
            batch_size=20,
            validation_data=(x[2000:], y[2000:]),
            validation_batch_size=500,
            rows=lambda seed: np.random.default_rng([29, seed]).permutation(2000)[:SMALL_SET],
        )
        .curves
    )
    validation = curves["val_loss"]
    least = validation.min(axis=1)
    shown = np.unique(np.geomspace(1, MANY_EPOCHS, 60).astype(int))
    return {
        "log10_first_over_least_validation_loss": log10_ratio(validation[:, 0], least),
        "log10_last_over_least_validation_loss": log10_ratio(validation[:, -1], least),
        "best_epochs": (validation.argmin(axis=1) + 1).tolist(),
        "long_epochs": shown.tolist(),
        "long_curves": {
            name: np.quantile(curves[name][:, shown - 1], [0.1, 0.5, 0.9], axis=0).round(4).tolist()
            for name in ("loss", "val_loss")
        },
    }


def examine() -> dict[str, Any]:
    """Every fact of the gradient descent claims."""
    return parabola() | slow_and_quick() | batch_sizes() | resting_places() | double_well() | many_epochs()


NAMES = {"batch": "batch (320 rows)", "mini_batch": "mini-batch (32 rows)", "stochastic": "stochastic (1 row)"}


def paint_rates(facts: Mapping[str, Any]) -> Any:
    """Positions on the parabola for four learning rates."""
    import matplotlib.pyplot as plt

    drawn, axes = plt.subplots(1, 4, figsize=(12, 3.4), sharey=True, layout="constrained")
    curve = np.linspace(-5, 5, 200)
    names = ("converges", "overshoots, converges", "cycles for ever", "diverges")
    for axis, rate, way, name in zip(axes, RATES, facts["parabola_ways"], names, strict=True):
        axis.plot(curve, curve**2, color="0.7", zorder=0)
        inside = [w for w in way[:9] if abs(w) <= 5]
        axis.plot(inside, np.square(inside), "o-", color=COLOURS[1], markersize=4, linewidth=1)
        axis.plot(inside[0], inside[0] ** 2, "o", color=COLOURS[0], markersize=7)
        axis.set_title(f"rate {rate:g}: {name}", fontsize=10)
        axis.set_xlabel("weight w")
        axis.grid(alpha=0.25)
    axes[0].set_ylabel("loss w^2")
    return drawn


def paint_paths(facts: Mapping[str, Any]) -> Any:
    """Contours of one least-squares problem with the path of each kind of descent."""
    import matplotlib.pyplot as plt

    surface = facts["drawn_surface"]
    minimum, moments = np.array(surface["minimum"]), np.array(surface["moments"])
    every = np.concatenate([np.array(path) for path in facts["drawn_paths"].values()] + [minimum[None]])
    low, high = every.min(axis=0) - 0.25, every.max(axis=0) + 0.25
    grid = np.stack(np.meshgrid(np.linspace(low[0], high[0], 120), np.linspace(low[1], high[1], 120)), axis=-1)
    gap = grid - minimum
    height = np.einsum("abi,ij,abj->ab", gap, moments, gap) + surface["least"]
    drawn, axes = plt.subplots(1, 3, figsize=(11.5, 3.9), sharey=True, layout="constrained")
    for axis, (name, path) in zip(axes, facts["drawn_paths"].items(), strict=True):
        axis.contour(*np.moveaxis(grid, -1, 0), height, levels=12, cmap="Greys", linewidths=0.8)
        axis.plot(*np.array(path).T, "-", color=COLOURS[0], linewidth=1)
        axis.plot(*path[0], "o", color=COLOURS[0], label="start")
        axis.plot(*minimum, "*", color=COLOURS[1], markersize=12, label="least squares")
        axis.set_title(NAMES[name], fontsize=10)
        axis.set_xlabel("weight w1")
    axes[0].set_ylabel("weight w2")
    axes[0].legend(frameon=False, fontsize=9)
    return drawn


def paint_noise(facts: Mapping[str, Any]) -> Any:
    """Loss of the update's own rows and of all rows, for the three kinds of descent."""
    import matplotlib.pyplot as plt

    drawn, axes = plt.subplots(1, 3, figsize=(12.5, 3.8), layout="constrained")
    updates = facts["drawn_updates"]
    late = [place for place, update in enumerate(updates) if update >= UPDATES // 2]
    for name, colour in reversed(list(zip(NAMES, COLOURS, strict=False))):
        losses = facts["drawn_losses"][name]
        axes[0].plot(range(0, UPDATES, 2), facts["drawn_batch_losses"][name], color=colour, linewidth=1.2)
        axes[1].plot(updates, losses, color=colour, linewidth=1.2, label=NAMES[name])
        axes[2].plot([updates[p] for p in late], [losses[p] for p in late], color=colour, linewidth=1.2)
    axes[0].set(title="loss of the update's own rows", ylabel="mean squared error")
    axes[1].set(title="loss over all rows")
    axes[2].set(title="loss over all rows, last 200 updates, enlarged")
    for axis in axes:
        axis.set_xlabel("update")
        axis.title.set_fontsize(10)
        axis.grid(alpha=0.25)
    axes[1].legend(frameon=False, fontsize=9)
    return drawn


def paint_wells(facts: Mapping[str, Any]) -> Any:
    """The double well with the ends of both kinds of descent, and the share that has left the shallow well."""
    import matplotlib.pyplot as plt

    drawn, axes = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
    w = np.linspace(-1.7, 1.6, 300)
    axes[0].plot(w, (w**2 - 1) ** 2 + 0.3 * w, color="0.6")
    for (name, ends), colour, shift in zip(facts["well_ends"].items(), COLOURS[1::-1], (0.12, 0.3), strict=True):
        places = np.array(ends)
        axes[0].plot(
            places,
            (places**2 - 1) ** 2 + 0.3 * places + shift,
            "o",
            color=colour,
            alpha=0.6,
            label=f"{name}: ends of 40 runs",
        )
        axes[1].plot(facts["well_updates"], facts["well_share_escaped"][name], color=colour, label=name)
    axes[0].set(xlabel="weight w", ylabel="loss (runs are drawn a little above it)", ylim=(-0.6, 2.6))
    axes[0].legend(frameon=False, fontsize=9, loc="upper center")
    axes[1].set(xscale="log", xlabel="update", ylabel="share of runs beyond the barrier", ylim=(-0.05, 1.05))
    axes[1].legend(frameon=False, fontsize=9)
    for axis in axes:
        axis.grid(alpha=0.25)
    return drawn


def paint_epochs(facts: Mapping[str, Any]) -> Any:
    """Training and validation loss of the small noisy set: median and 10-90% band."""
    import matplotlib.pyplot as plt

    drawn, axis = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
    epochs = facts["long_epochs"]
    for name, label, colour in (
        ("loss", "training, 60 points", COLOURS[0]),
        ("val_loss", "validation, 500 points", COLOURS[1]),
    ):
        low, middle, high = facts["long_curves"][name]
        axis.plot(epochs, middle, color=colour, label=label)
        axis.fill_between(epochs, low, high, color=colour, alpha=0.2, linewidth=0)
    axis.set(xscale="log", xlabel="epoch", ylabel="cross-entropy")
    axis.grid(alpha=0.25)
    axis.legend(frameon=False, fontsize=9)
    return drawn


FIGURES = (
    Picture(
        "gd-learning-rates",
        "The loss w^2 from w = 3: the first updates at four learning rates",
        "The update is w <- (1 - 2 rate) w: above rate 0.5 it overshoots, at 1 it never stops, beyond 1 it diverges.",
        facts=("parabola_ways",),
        paint=paint_rates,
    ),
    Picture(
        "gd-paths",
        "400 updates on one least-squares problem, learning rate 0.01",
        "The same number of updates, not of epochs: the stochastic path has seen the data 1.25 times, the batch path "
        "400 times.",
        facts=("drawn_paths", "drawn_surface"),
        paint=paint_paths,
    ),
    Picture(
        "gd-noise",
        "Smooth, slightly noisy, very noisy: 400 updates on one least-squares problem",
        "What a progress display shows is the loss of the rows just used (left); the claim is judged on the loss "
        "over all rows.",
        facts=("drawn_updates", "drawn_losses", "drawn_batch_losses"),
        paint=paint_noise,
    ),
    Picture(
        "gd-double-well",
        "Leaving a local minimum: stochastic against batch gradient descent",
        "All runs start in the shallow well on the right. Batch descent never leaves it.",
        facts=("well_updates", "well_share_escaped", "well_ends"),
        paint=paint_wells,
    ),
    Picture(
        "gd-too-many-epochs",
        "More epochs are better, up to a point (20 seeds, each its own 60 points)",
        "Median and 10th to 90th percentile. The training loss falls to the end, the validation loss only at first.",
        facts=("long_epochs", "long_curves"),
        paint=paint_epochs,
    ),
)

_LEAST_SQUARES = (
    f"{PROBLEMS} random least-squares problems of {ROWS} rows and two weights (features of standard deviation 1 and "
    f"0.5, noise 0.5), start 0, Keras's SGD, rows shuffled each epoch."
)
_VARIANTS = "Video 31"


def _claim(
    name: str, section: str, statement: str, kind: Any, documented: str, setup: str, *checks: Any, **more: Any
) -> Claim:
    document = "003" if section.startswith("Video") else "000"
    return Claim(f"gd-{name}", document, section, statement, kind, documented, setup, checks, **{"priority": 2} | more)


CLAIMS = (
    _claim(
        "minus-sign",
        "Video 17",
        "Moving opposite to the gradient moves w towards the minimum from either side.",
        "behaviour",
        "w_new = w_old - rate * gradient",
        "Loss w^2, Keras's SGD with learning rate 0.1, 20 steps from w = 3 and w = -3: |w| falls at every step and w "
        "stays on its side; positions against (1 - 2 rate)^k w.",
        Equals("distance_falls_from_both_sides", True),
        Equals("sides_are_kept", True),
        Equals("descent_follows_closed_form", True),
        remark="It holds for steps that are small enough; see gd-lr-too-large.",
    ),
    _claim(
        "lr-too-large",
        "Video 17",
        "A too large learning rate overshoots, oscillates or diverges.",
        "behaviour",
        "overshoot, oscillate, diverge",
        "Loss w^2 from w = 3, 20 steps of Keras's SGD at rates 0.1, 0.9, 1.0 and 1.1. The update multiplies w by 1 - "
        "2 rate, so theory puts overshooting above 0.5 and divergence above 1.",
        Equals(
            "what_each_rate_does",
            ["converges", "overshoots, converges", "overshoots, cycles", "overshoots, diverges"],
        ),
    ),
    _claim(
        "lr-too-small",
        "Video 17",
        "A too small learning rate converges very slowly.",
        "behaviour",
        "very slow",
        "Loss w^2 from w = 1: steps until |w| < 0.001 at rate 0.3 and at 0.0001. Theory: ln(1000) / -ln(1 - 2 rate), "
        "8 steps and 34,536.",
        Equals("quick_rate_steps_to_a_thousandth", 8),
        Equals("slow_rate_steps_in_thousands", 35),
    ),
    _claim(
        "batch-smooth-sgd-noisy",
        _VARIANTS,
        "The loss curve is smooth for batch gradient descent, very noisy for stochastic and slightly noisy for "
        "mini-batch.",
        "comparison",
        "smooth; very noisy; slightly noisy",
        f"{_LEAST_SQUARES} Rate {RATE}, batches of {ROWS}, {MINI} and 1. Loss over all rows after each of {UPDATES} "
        "updates; noise is the standard deviation of its changes over the last half; smooth means that no batch "
        "update raises it.",
        Sampled("log10_noise_stochastic_over_mini_batch", low=0, documented="stochastic noisier than mini-batch"),
        Sampled("log10_noise_mini_batch_over_batch", low=0, documented="mini-batch noisier than batch"),
        Equals("batch_updates_that_raise_the_loss", 0),
    ),
    _claim(
        "convergence-order",
        _VARIANTS,
        "Per epoch stochastic gradient descent converges fastest and batch gradient descent slowest.",
        "comparison",
        "slowest; fastest; medium",
        f"{_LEAST_SQUARES} The same rate {RATE} (Keras's default) for batches of {ROWS}, {MINI} and 1. Loss above "
        f"the exact solution's, after 1, 5 and {EPOCHS} epochs.",
        *(
            Sampled(
                f"log10_loss_{slower}_over_{quicker}_after_{epochs}",
                low=0,
                documented=f"{quicker} lower, epoch {epochs}",
            )
            for epochs in (1, 5, EPOCHS)
            for slower, quicker in (("mini_batch", "stochastic"), ("batch", "mini_batch"))
        ),
        remark="An epoch is more updates, not more progress an update. Stochastic descent soon stops gaining, "
        "because a constant rate leaves it wandering (gd-sgd-approximate).",
    ),
    _claim(
        "sgd-escapes-local-minima",
        _VARIANTS,
        "Noisy stochastic descent can jump out of a local minimum where batch gradient descent gets stuck.",
        "comparison",
        "can escape; stuck",
        f"{WELLS} finite sums of {WELL_ROWS} terms (w^2 - 1)^2 + 0.3 w + e w, e normal with standard deviation 3 and "
        f"mean zero, start near the local minimum 0.96; rate 0.05. Stochastic: {WELL_EPOCHS} epochs, one term an "
        "update; batch: as many updates. Share of runs that end beyond the barrier, run by run.",
        Sampled("escapes_stochastic_less_batch", low=0, documented="more runs escape"),
        Equals("batch_runs_that_ever_escape", 0),
        Equals("batch_of_all_rows_is_the_mean_surface", True),
        remark="How often it escapes depends on the noise, the rate and the barrier, all chosen here.",
    ),
    _claim(
        "sgd-approximate",
        _VARIANTS,
        "Stochastic gradient descent does not stop exactly at the minimum but gives an approximate solution.",
        "behaviour",
        "approximate",
        f"{_LEAST_SQUARES} Distance to NumPy's least-squares solution: batch after 1,000 updates at rate 0.04, "
        "stochastic after 60 epochs at 0.04 and at 0.01. Reproduced if batch ends within 1e-5, stochastic at least "
        "100 times further away, and the smaller rate nearer.",
        Sampled("log10_distance_batch", high=-5, documented="batch within 1e-5"),
        Sampled("log10_distance_stochastic_over_batch", low=2, documented="at least 100 times as far"),
        Sampled("log10_distance_of_rate_004_over_001", low=0, documented="further with the larger rate"),
    ),
    _claim(
        "more-epochs-better-until",
        "Epochs, Batches, and Iterations",
        "More epochs make the model better, up to a point.",
        "behaviour",
        "better, but don't overdo it",
        f"Two moons with noise 0.3, {SMALL_SET} training points (others for each of 20 seeds), 500 for validation; "
        f"Dense 64-64-1, relu, Adam 0.01, batch 20, {MANY_EPOCHS} epochs. Reproduced if both the first and the last "
        "validation loss lie at least 10% above the lowest.",
        Sampled(
            "log10_first_over_least_validation_loss", low=float(np.log10(1.1)), documented="first 10% above the lowest"
        ),
        Sampled(
            "log10_last_over_least_validation_loss", low=float(np.log10(1.1)), documented="last 10% above the lowest"
        ),
    ),
)
