"""Optimizers on surfaces that can be looked at: valleys, bowls, a saddle, two wells.

Sources: document 003, Videos 32 to 38. Keras's own optimizers move the points, in single precision, step by step. All
surfaces of `SURFACES` are descended together, once with each optimizer, everything at the learning rate 0.01 that the
document's SGD examples print. Statements in general terms are measured on forty random surfaces, not on one.

Run: reproduce run optimizer_trajectories
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from reproductions.claims import Claim, Equals, Sampled
from reproductions.figures import COLOURS, Picture
from reproductions.landscapes import descend

TITLE = "Optimizers on surfaces: valleys, saddles and wells"
SUMMARY = (
    "SGD, momentum, Nesterov, AdaGrad, RMSProp and Adam go down surfaces whose minimum is known: what zigzags, what "
    "overshoots, what gets stuck, and for how long. No data, no network."
)
DATASETS = ()
IN_DEFAULT_SET = True
EXPECTED_SECONDS = 11.0

RATE, BETA = 0.01, 0.9
"""The learning rate and the momentum of the document's SGD examples."""
STEPS = 5000
"""Updates on every surface of `SURFACES`."""
PROBLEMS = 40
"""Random surfaces behind a statement in general terms."""
ABOVE_0 = 1e-9
"""Lower end for differences that must be above 0: a difference that is 0 throughout does not count."""
TOLERANCE = 0.01
"""A point has settled when it stays within this share of its first distance to the minimum."""

CURVATURES = 10.0 ** np.random.default_rng(0).uniform(-1, 1, PROBLEMS)
"""Second derivatives of the random bowls, 0.1 to 10."""
VALLEY = (3.0, 75.0)
"""Curvatures along and across the valley that is drawn."""
WELL_STARTS = np.linspace(-2.5, 2.5, 101)
SADDLE_STARTS = np.concatenate([[[1.0, 1e-9], [1.0, 0.0]], 1e-3 * np.random.default_rng(1).standard_normal((100, 2))])
"""From the document's ridge with a push of 1e-9, from the ridge itself, and from 100 random points near the saddle."""


def bowl(curvature: Any, w: Any) -> Any:
    """L(w) = h w^2 / 2, with its minimum at 0."""
    return curvature * w**2 / 2


def double_well(w: Any) -> Any:
    """L(w) = w^4 - 3 w^2 + w: a deep well left of 0, a shallow one right of it."""
    return w**4 - 3 * w**2 + w


def on_a_line(starts: Any) -> np.ndarray:
    """Starts of a surface of one variable; the second variable stays 0. Shape (runs, 2)."""
    return np.stack([np.asarray(starts, float), np.zeros(len(starts))], axis=1)


Surface = tuple[Callable[[Any], Any], np.ndarray]

SURFACES: dict[str, Surface] = {
    "parabola": (lambda p: p[:, 0] ** 2, on_a_line([1.0])),
    "bowls": (lambda p: bowl(CURVATURES.astype("float32"), p[:, 0]), on_a_line(np.ones(PROBLEMS))),
    "wells": (lambda p: double_well(p[:, 0]), on_a_line(WELL_STARTS)),
    "saddle": (lambda p: p[:, 0] ** 2 - p[:, 1] ** 2, SADDLE_STARTS),
    "valley": (lambda p: bowl(VALLEY[0], p[:, 0]) + bowl(VALLEY[1], p[:, 1]), np.array([[-0.4, 0.1]])),
}
"""The height function of each surface, (runs, 2) to (runs,), and where the descents start."""


def optimizers() -> dict[str, Callable[[], Any]]:
    """The six of the document at one learning rate, and momentum with other betas."""
    from keras.optimizers import SGD, Adagrad, Adam, RMSprop

    return {
        "SGD": lambda: SGD(RATE),
        "momentum 0.5": lambda: SGD(RATE, momentum=0.5),
        "momentum 0.9": lambda: SGD(RATE, momentum=BETA),
        "momentum 0.99": lambda: SGD(RATE, momentum=0.99),
        "Nesterov 0.9": lambda: SGD(RATE, momentum=BETA, nesterov=True),
        "AdaGrad": lambda: Adagrad(RATE),
        "RMSProp": lambda: RMSprop(RATE),
        "Adam": lambda: Adam(RATE),
    }


SIX = ("SGD", "momentum 0.9", "Nesterov 0.9", "AdaGrad", "RMSProp", "Adam")

Ways = dict[str, dict[str, np.ndarray]]


def descend_everything() -> Ways:
    """Positions by optimizer and surface, each of shape (STEPS + 1, runs, 2)."""
    from keras import ops

    ends = np.cumsum([len(starts) for _, starts in SURFACES.values()])[:-1]

    def height(position: Any) -> Any:
        parts = np.split(np.arange(len(everywhere)), ends)
        pieces = [position[part[0] : part[-1] + 1] for part in parts]
        return ops.concatenate([surface(piece) for (surface, _), piece in zip(SURFACES.values(), pieces, strict=True)])

    everywhere = np.concatenate([starts for _, starts in SURFACES.values()])
    ways = {}
    for name, optimizer in optimizers().items():
        positions = descend(height, everywhere, optimizer, steps=STEPS).positions[0]
        ways[name] = dict(zip(SURFACES, np.split(positions, ends, axis=1), strict=True))
    return ways


def relative_distance(positions: np.ndarray) -> np.ndarray:
    """Distance to the minimum at 0 as a share of the first, shape (steps + 1, runs)."""
    distance = np.linalg.norm(positions.astype("float64"), axis=-1)
    return distance / distance[0]


def settling(distance: np.ndarray) -> np.ndarray:
    """First step from which a run stays within `TOLERANCE`; the number of steps where it never does. Shape (runs,)."""
    outside = distance > TOLERANCE
    return np.where(outside.any(axis=0), len(outside) - np.argmax(outside[::-1], axis=0), 0)


def overshoot(w: np.ndarray) -> np.ndarray:
    """How far runs that start right of the minimum at 0 get to its left, as a share of the start; (steps, runs) to (runs,)."""
    return np.maximum(0.0, -(w / w[0]).min(axis=0))


def crossings(w: np.ndarray) -> np.ndarray:
    """How often runs pass the minimum at 0 before they settle."""
    until = settling(np.abs(w) / np.abs(w[0]))
    changes = np.sign(w[1:]) != np.sign(w[:-1])
    return np.array([changes[:stop, run].sum() for run, stop in enumerate(until)])


def reversals(positions: np.ndarray) -> np.ndarray:
    """Steps that turn by more than 90 degrees against the step before, until the run settles: the zigzag."""
    step = np.diff(positions.astype("float64"), axis=0)
    turned = (step[1:] * step[:-1]).sum(axis=-1) < 0
    return np.array([turned[:stop, run].sum() for run, stop in enumerate(settling(relative_distance(positions)))])


def numbers(values: Any, digits: int = 4) -> list[Any]:
    """An array as rounded numbers for the ledger."""
    return np.round(np.asarray(values, "float64"), digits).tolist()


def random_directions(seed: int) -> np.ndarray:
    """Starts at distance 1 from the minimum, shape (PROBLEMS, 2)."""
    angle = np.random.default_rng(seed).uniform(0, 2 * np.pi, PROBLEMS)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def turned(curvatures: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """Hessians R diag(h) R^T of valleys turned by the angles; curvatures (runs, 2), result (runs, 2, 2)."""
    cos, sin = np.cos(angles), np.sin(angles)
    turn = np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], axis=1)
    return np.einsum("rij,rj,rkj->rik", turn, curvatures, turn)


def quadratics(hessians: np.ndarray, rates: Any = 1.0) -> Callable[[Any], Any]:
    """L = w^T H w / 2 of many valleys, in coordinates u = w / sqrt(rate).

    A step of plain SGD at rate 1 in u moves w_i by rate_i times its gradient, so one descent holds runs with different
    rates, and a rate for each parameter. Rates have shape (), (runs, 1) or (runs, 2).
    """
    from keras import ops

    scale = np.broadcast_to(np.sqrt(rates), hessians.shape[:2])
    matrices = (hessians * scale[:, :, None] * scale[:, None, :]).astype("float32")
    return lambda u: ops.einsum("ri,rij,rj->r", u, matrices, u) / 2


def descend_quadratics(
    hessians: np.ndarray, starts: np.ndarray, rates: Any, steps: int, beta: float = 0.0
) -> np.ndarray:
    """SGD, with momentum or without, down valleys; positions w of shape (steps + 1, runs, 2)."""
    from keras.optimizers import SGD

    scale = np.broadcast_to(np.sqrt(rates), starts.shape)
    found = descend(quadratics(hessians, rates), starts / scale, lambda: SGD(1.0, momentum=beta), steps=steps)
    return found.positions[0] * scale


def one_rate_or_two() -> dict[str, Any]:
    """The best single rate, 2 / (h_1 + h_2), against 1 / H_ii for each parameter; h_1 = 1, h_2 from 10 to 1,000.

    In valleys along the parameters' axes and in the same valleys laid at 45 degrees to them.
    """
    rng = np.random.default_rng(2)
    curvatures = np.stack([np.ones(PROBLEMS), 10.0 ** rng.uniform(1, 3, PROBLEMS)], axis=1)
    straight, slanted = (turned(curvatures, np.full(PROBLEMS, angle)) for angle in (0.0, np.pi / 4))
    one = np.repeat(2 / curvatures.sum(axis=1, keepdims=True), 2, axis=1)
    each, each_slanted = (1 / np.einsum("rii->ri", hessian) for hessian in (straight, slanted))
    way = descend_quadratics(
        np.concatenate([straight, straight, slanted, slanted]),
        np.tile(random_directions(2), (4, 1)),
        np.concatenate([one, each, one, each_slanted]),
        steps=4000,
    )
    single, own, single_slanted, own_slanted = settling(relative_distance(way)).reshape(4, PROBLEMS)
    return {
        "log10_steps_one_rate_over_each": numbers(np.log10(single / own)),
        "log10_steps_one_rate_over_each_in_a_slanted_valley": numbers(np.log10(single_slanted / own_slanted)),
    }


def momentum_in_valleys() -> dict[str, Any]:
    """Plain SGD and momentum 0.9 at the same rate, in valleys of curvature 1 and 100 that lie in any direction.

    Rates as shares of 1 / h_2: at 0.1 plain SGD goes straight, at 1.8 it zigzags across the valley, at 1.98, the best rate
    of plain SGD, it is about to diverge.
    """
    shares = {"low": 0.1, "high": 1.8, "best": 2 * 100 / 101}
    angles = np.random.default_rng(3).uniform(0, np.pi, PROBLEMS)
    hessians = np.tile(turned(np.tile([1.0, 100.0], (PROBLEMS, 1)), angles), (len(shares), 1, 1))
    starts = np.tile(random_directions(4), (len(shares), 1))
    rates = np.repeat([share / 100 for share in shares.values()], PROBLEMS)[:, None]
    plain, moving = (descend_quadratics(hessians, starts, rates, 6000, beta) for beta in (0.0, BETA))
    faster = np.log10(settling(relative_distance(plain)) / settling(relative_distance(moving)))
    turns = reversals(plain) - reversals(moving)
    facts = {}
    for place, name in enumerate(shares):
        runs = slice(place * PROBLEMS, (place + 1) * PROBLEMS)
        facts[f"log10_steps_plain_over_momentum_at_the_{name}_rate"] = numbers(faster[runs])
        facts[f"turns_plain_minus_momentum_at_the_{name}_rate"] = turns[runs].tolist()
    return facts


def recursion(curvatures: np.ndarray, nesterov: bool, steps: int = STEPS) -> np.ndarray:
    """The document's W_t on the bowls: V = beta V + eta grad(W - beta V) (momentum: grad(W)), W = W - V; (steps + 1, runs)."""
    w, v = np.ones(len(curvatures)), np.zeros(len(curvatures))
    way = [w]
    for _ in range(steps):
        v = BETA * v + RATE * curvatures * (w - BETA * v if nesterov else w)
        w = w - v
        way.append(w)
    return np.array(way)


def bowls(ways: Ways) -> dict[str, Any]:
    """Overshoot, crossings and settling in the random bowls and on w^2."""
    w = {name: way["bowls"][:, :, 0].astype("float64") for name, way in ways.items()}
    parabola = {name: way["parabola"][:, :, 0].astype("float64") for name, way in ways.items()}
    plain, half, usual, near_one, nag = (
        w[name] for name in ("SGD", "momentum 0.5", "momentum 0.9", "momentum 0.99", "Nesterov 0.9")
    )
    by_hand, nag_by_hand = recursion(CURVATURES, False), recursion(CURVATURES, True)

    def crossings_of(name: str) -> int:
        return int(crossings(parabola[name])[0])

    lambdas = np.roots([1, -(1 + BETA - 2 * RATE), BETA])  # the two-step recursion of momentum on w^2
    return {
        "momentum_crosses_the_minimum": crossings_of("momentum 0.9") > 0,
        "crossings_minus_closed_form": crossings_of("momentum 0.9") - crossings_from_roots(lambdas),
        "sgd_crosses_the_minimum": crossings_of("SGD") > 0,
        "crossings_on_parabola": {name: crossings_of(name) for name in parabola},
        "settles_on_parabola_with_momentum": bool(settling(np.abs(parabola["momentum 0.9"]))[0] < STEPS),
        "parabola_overshoot_by_beta": [
            round(float(overshoot(parabola[name])[0]) + 0.0, 2)
            for name in ("SGD", "momentum 0.5", "momentum 0.9", "momentum 0.99")
        ],
        "bowls_with_overshoot_by_beta": [int((overshoot(way) > 1e-3).sum()) for way in (plain, half, usual, near_one)],
        "overshoot_at_099_minus_09": numbers(overshoot(near_one) - overshoot(usual)),
        "log10_settling_at_099_over_09": numbers(np.log10(settling(near_one) / settling(usual))),
        "overshoot_momentum_minus_nag": numbers(overshoot(usual) - overshoot(nag)),
        "crossings_momentum_minus_nag": (crossings(usual) - crossings(nag)).tolist(),
        "log10_settling_momentum_over_nag": numbers(np.log10(settling(usual) / settling(nag))),
        "recursion_overshoot_momentum_minus_nag": numbers(overshoot(by_hand) - overshoot(nag_by_hand)),
        "recursion_crossings_momentum_minus_nag": (crossings(by_hand) - crossings(nag_by_hand)).tolist(),
        "momentum_follows_recursion": bool(np.abs(usual - by_hand).max() < 1e-3),
        "parabola_paths": {
            name: numbers(parabola[name][:301:3, 0], 3)
            for name in ("SGD", "momentum 0.5", "momentum 0.9", "momentum 0.99", "Nesterov 0.9")
        },
    }


def crossings_from_roots(roots: np.ndarray) -> int:
    """Crossings by the closed form w_t = a r_1^t + b r_2^t of momentum on w^2 from 1, with w_0 = 1, w_1 = 1 - 2 eta."""
    first, second = roots
    a = (1 - 2 * RATE - second) / (first - second)
    t = np.arange(STEPS + 1)
    return int(crossings((a * first**t + (1 - a) * second**t).real[:, None])[0])


def wells(ways: Ways) -> dict[str, Any]:
    """Which well of w^4 - 3 w^2 + w a run ends in, from 101 starts between -2.5 and 2.5."""
    minima = np.sort(np.roots([4, 0, -6, 1]).real)[[0, 2]]  # of the derivative's three roots the middle is the hill
    hill = np.sort(np.roots([4, 0, -6, 1]).real)[1]
    ends = {name: ways[name]["wells"][-1, :, 0] for name in ways}
    right, left = hill < WELL_STARTS, hill > WELL_STARTS
    deep = {name: np.abs(end - minima[0]) < 0.01 for name, end in ends.items()}
    shallow = {name: np.abs(end - minima[1]) < 0.01 for name, end in ends.items()}
    at = [int(np.argmin(np.abs(WELL_STARTS - start))) for start in (2.0, -2.0)]
    return {
        "minima_of_double_well": numbers(minima, 3),
        "hill_of_double_well": round(float(hill), 3),
        "ends_of_sgd_from_2_and_minus_2": [round(float(ends["SGD"][start]), 2) for start in at],
        "starts_in_the_shallow_well": int(right.sum()),
        "stuck_in_the_shallow_well": {name: int((right & shallow[name]).sum()) for name in ends},
        "escaped_from_the_shallow_well": {name: int((right & deep[name]).sum()) for name in ends},
        "thrown_out_of_the_deep_well": {name: int((left & shallow[name]).sum()) for name in ends},
        "sgd_stuck_from_every_start_in_the_shallow_well": bool((shallow["SGD"] == right).all()),
        "momentum_escapes_from_some_start": bool((right & deep["momentum 0.9"]).any()),
        "well_ends": {name: numbers(ends[name], 2) for name in ("SGD", "momentum 0.9", "momentum 0.99")},
    }


def saddle(ways: Ways) -> dict[str, Any]:
    """Steps until |y| > 1, from (1, 1e-9), from the ridge y = 0 and from random starts near the saddle of x^2 - y^2."""
    import tensorflow as tf

    place = tf.zeros((1, 2))
    with tf.GradientTape() as tape:
        tape.watch(place)
        height = SURFACES["saddle"][0](place)
    y = {name: np.abs(way["saddle"][:, :, 1].astype("float64")) for name, way in ways.items()}
    left = {name: int(np.argmax(y[name][:, 0] > 1)) for name in SIX}
    way = ways["SGD"]["saddle"][: left["SGD"], 0].astype("float64")
    loss = way[:, 0] ** 2 - way[:, 1] ** 2
    still = int((np.abs(np.diff(loss)) < 1e-6).sum())
    shown = np.arange(0, 1201, 10)
    with np.errstate(divide="ignore"):
        logarithm = {name: np.clip(np.log10(y[name][shown, 0]), -9.2, 1) for name in SIX}
    return {
        "gradient_at_saddle": tape.gradient(height, place).numpy()[0].tolist(),
        "escape_steps": left,
        "escape_steps_of_sgd_by_formula": math.ceil(math.log(1e9) / math.log(1 + 2 * RATE)),
        "optimizers_that_leave_the_ridge": [name for name in SIX if y[name][-1, 1] > 0],
        "loss_of_sgd_stands_still_for_100_steps": still >= 100,
        "steps_that_the_loss_of_sgd_stands_still": still,
        "random_starts_that_leave": {name: int((y[name][-1, 2:] > 1).sum()) for name in SIX},
        "saddle_paths": {name: numbers(values, 2) for name, values in logarithm.items()},
    }


def adagrad_and_rmsprop(ways: Ways) -> dict[str, Any]:
    """Both at the same rate: Keras's 0.001 in random valleys, 0.01 on w^2, where AdaGrad has a closed form."""
    from keras.optimizers import Adagrad, RMSprop

    rng = np.random.default_rng(5)
    curvatures = 10.0 ** rng.uniform(-1, 1, (PROBLEMS, 2))
    surface = quadratics(turned(curvatures, rng.uniform(0, np.pi, PROBLEMS)))
    starts = random_directions(6)
    left = {
        # Single precision may land on the minimum exactly, which has no logarithm.
        name: np.maximum(
            np.linalg.norm(descend(surface, starts, optimizer, steps=10_000).positions[0, -1], axis=-1), 1e-6
        )
        for name, optimizer in (("AdaGrad", lambda: Adagrad(0.001)), ("RMSProp", lambda: RMSprop(0.001)))
    }
    as_documented = descend(
        lambda p: p[:, 0] ** 2,
        [[1.0]],
        lambda: Adagrad(RATE, initial_accumulator_value=0.0, epsilon=1e-8),
        steps=40_000,
    ).positions[0, :, 0, 0]
    w, rate = adagrad_recursion(2.0, RATE, 100_000)
    limit = 4 * RATE**2 / 2.0
    shown = np.unique(np.round(np.logspace(0, math.log10(40_000), 120)).astype(int))
    rms = np.abs(ways["RMSProp"]["parabola"][:, 0, 0].astype("float64"))
    return {
        "distance_left_by_adagrad": numbers(left["AdaGrad"]),
        "distance_left_by_rmsprop": numbers(left["RMSProp"], 6),
        "log10_distance_adagrad_over_rmsprop": numbers(np.log10(left["AdaGrad"] / left["RMSProp"])),
        "adagrad_rate_over_its_limit": round(rate / limit, 1),
        "adagrad_stops_short_of_the_minimum": bool(abs(w) > 1e-3 or abs(as_documented[-1]) > 1e-3),
        "rmsprop_distance_over_rate": round(float(rms[-1]) / RATE, 1),
        "same_rate_steps": shown.tolist(),
        "same_rate_paths": {
            name: numbers(np.log10(np.maximum(np.abs(way[shown[shown < len(way)]]), 1e-6)), 2)
            for name, way in (("AdaGrad", as_documented), ("RMSProp", rms))
        },
    }


def adagrad_recursion(curvature: float, rate: float, steps: int) -> tuple[float, float]:
    """The document's AdaGrad on h w^2 / 2 from 1, in double precision: the last w and the last rate / sqrt(G + 1e-8)."""
    w, total = 1.0, 0.0
    for _ in range(steps):
        total += (curvature * w) ** 2
        w -= rate / math.sqrt(total + 1e-8) * curvature * w
    return w, rate / math.sqrt(total + 1e-8)


def valley(ways: Ways) -> dict[str, Any]:
    """The six ways down one valley, for the picture."""
    ways_down = {name: ways[name]["valley"][:, 0] for name in SIX}
    return {
        "valley_paths": {name: numbers(way[:151], 3) for name, way in ways_down.items()},
        "valley_distances": {
            name: numbers(np.log10(np.maximum(np.linalg.norm(way[:601:5], axis=1), 1e-5)), 2)
            for name, way in ways_down.items()
        },
    }


def examine() -> dict[str, Any]:
    """All surfaces, all optimizers."""
    ways = descend_everything()
    return {
        **one_rate_or_two(),
        **momentum_in_valleys(),
        **bowls(ways),
        **wells(ways),
        **saddle(ways),
        **adagrad_and_rmsprop(ways),
        **valley(ways),
    }


def colour_of(name: str) -> str:
    """One colour an optimizer in every figure."""
    return dict(zip(SIX, COLOURS, strict=True)).get(name, "0.5")


def shown_between(logarithms: Any, low: float, high: float) -> np.ndarray:
    """Ten to these powers; what was clipped to the ends of the range is left out."""
    values = np.array(logarithms)
    return np.where((values > low) & (values < high), 10.0**values, np.nan)


def paint_valley(facts: Mapping[str, Any]) -> Any:
    """Six panels with the way over the contours, and the distance to the minimum by step."""
    import matplotlib.pyplot as plt

    drawn = plt.figure(figsize=(11.0, 7.2), layout="constrained")
    grid = drawn.add_gridspec(3, 3, height_ratios=(1, 1, 1.35))
    x, y = np.meshgrid(np.linspace(-0.45, 0.2, 120), np.linspace(-0.13, 0.13, 120))
    height = bowl(VALLEY[0], x) + bowl(VALLEY[1], y)
    for place, (name, way) in enumerate(facts["valley_paths"].items()):
        axis = drawn.add_subplot(grid[place // 3, place % 3])
        axis.contour(x, y, height, levels=np.max(height) * np.linspace(0.02, 1, 12) ** 2, colors="0.8", linewidths=0.7)
        along, across = np.array(way).T
        axis.plot(along, across, ".-", color=colour_of(name), markersize=3, linewidth=0.9)
        axis.plot(0, 0, "k*", markersize=8)
        axis.set_title(name, fontsize=10)
        axis.set_xlim(-0.45, 0.2)
        axis.set_ylim(-0.13, 0.13)
        if place % 3 == 0:
            axis.set_ylabel("across the valley")
        if place > 2:
            axis.set_xlabel("along the valley")
    axis = drawn.add_subplot(grid[2, :])
    for name, values in facts["valley_distances"].items():
        axis.plot(
            np.arange(len(values)) * 5, shown_between(values, -5, 1), color=colour_of(name), label=name, linewidth=1.6
        )
    axis.set(yscale="log", xlabel="step", ylabel="distance to the minimum", xlim=(0, 600))
    axis.grid(alpha=0.25)
    axis.legend(frameon=False, fontsize=9, ncols=3)
    return drawn


def paint_saddle(facts: Mapping[str, Any]) -> Any:
    """The surface from above and the distance from the ridge by step."""
    import matplotlib.pyplot as plt

    drawn, (left, right) = plt.subplots(1, 2, figsize=(10.0, 4.0), width_ratios=(1, 1.6), layout="constrained")
    x, y = np.meshgrid(np.linspace(-1.2, 1.2, 80), np.linspace(-1.2, 1.2, 80))
    lines = left.contour(x, y, x**2 - y**2, levels=np.linspace(-1.2, 1.2, 13), cmap="coolwarm", linewidths=0.9)
    left.clabel(lines, fontsize=7)
    left.annotate("", (0.06, 0), (1, 0), arrowprops={"arrowstyle": "->", "linewidth": 1.6})
    left.plot(1, 0, "ko", markersize=5)
    left.plot(0, 0, "kx", markersize=7)
    left.annotate("start", (1, 0), (0.8, 0.12), fontsize=9)
    left.annotate("saddle:\ngradient 0", (0, 0), (0, 0.13), fontsize=9, ha="center")
    left.set(xlabel="x", ylabel="y")
    for name, values in facts["saddle_paths"].items():
        steps = np.arange(len(values)) * 10
        label = f"{name}: {facts['escape_steps'][name]:,} steps"
        right.plot(steps, shown_between(values, -10, 1), color=colour_of(name), label=label, linewidth=1.6)
    right.axhline(1, color="0.4", linewidth=0.8, linestyle=":")
    right.set(yscale="log", xlabel="step", ylabel="|y|, distance from the ridge", ylim=(3e-10, 12))
    right.grid(alpha=0.25)
    right.legend(frameon=False, fontsize=9, title="steps until |y| > 1", loc="lower right")
    return drawn


def paint_wells(facts: Mapping[str, Any]) -> Any:
    """The curve with its two wells, and below it where each start ends."""
    import matplotlib.pyplot as plt

    ends = facts["well_ends"]
    drawn, (top, bottom) = plt.subplots(
        2, 1, figsize=(8.0, 5.4), sharex=True, height_ratios=(1.7, 1), layout="constrained"
    )
    w = np.linspace(-2.5, 2.5, 300)
    top.plot(w, double_well(w), color="0.3")
    for place, label in zip(facts["minima_of_double_well"], ("deep well", "shallow well"), strict=True):
        top.plot(place, double_well(place), "ko", markersize=5)
        top.annotate(label, (place, double_well(place)), (place, double_well(place) - 1.6), ha="center", fontsize=9)
    top.set(ylabel="loss", ylim=(-6, 12))
    for row, places in enumerate(ends.values()):
        deep = np.abs(np.array(places) - facts["minima_of_double_well"][0]) < 0.02
        for which, colour, label in (
            (deep, COLOURS[0], "ends in the deep well"),
            (~deep, COLOURS[1], "in the shallow one"),
        ):
            bottom.plot(
                WELL_STARTS[which],
                np.full(which.sum(), row),
                "s",
                color=colour,
                markersize=4,
                label=label if row == 0 else None,
            )
    for axis in (top, bottom):
        axis.axvline(facts["hill_of_double_well"], color="0.6", linewidth=0.8, linestyle=":")
    bottom.set(xlabel="start", ylim=(-0.6, len(ends) + 0.3))
    bottom.set_yticks(range(len(ends)), list(ends))
    bottom.legend(frameon=False, fontsize=9, ncols=2, loc="upper center")
    return drawn


def paint_bowl(facts: Mapping[str, Any]) -> Any:
    """Where the run is on the parabola by step, for several betas."""
    import matplotlib.pyplot as plt

    drawn, axis = plt.subplots(figsize=(8.0, 3.8), layout="constrained")
    for (name, values), colour in zip(facts["parabola_paths"].items(), COLOURS, strict=False):
        axis.plot(np.arange(len(values)) * 3, values, color=colour, label=name, linewidth=1.6)
    axis.axhline(0, color="0.4", linewidth=0.8)
    axis.set(xlabel="step", ylabel="w", xlim=(0, 300))
    axis.grid(alpha=0.25)
    axis.legend(frameon=False, fontsize=9, ncols=2)
    return drawn


def paint_same_rate(facts: Mapping[str, Any]) -> Any:
    """AdaGrad and RMSProp at one rate on the parabola, both axes logarithmic."""
    import matplotlib.pyplot as plt

    drawn, axis = plt.subplots(figsize=(7.2, 3.9), layout="constrained")
    for name, values in facts["same_rate_paths"].items():
        axis.plot(
            facts["same_rate_steps"][: len(values)],
            10.0 ** np.array(values),
            color=colour_of(name),
            label=name,
            linewidth=1.8,
        )
    axis.axhline(RATE / 2, color="0.4", linewidth=1, linestyle=":", label="half the learning rate")
    axis.set(xscale="log", yscale="log", xlabel="step", ylabel="distance to the minimum")
    axis.grid(alpha=0.25)
    axis.legend(frameon=False, fontsize=9)
    return drawn


FIGURES = (
    Picture(
        "optimizer-valley",
        "Six optimizers down one valley",
        "Curvature 3 along and 75 across, every optimizer at rate 0.01, momentum 0.9 where it has one; 150 steps drawn. SGD "
        "creeps along the floor, momentum swings across it, AdaGrad slows down, RMSProp and Adam cut the corner; RMSProp then "
        "jumps to and fro at half its rate.",
        facts=("valley_paths", "valley_distances"),
        paint=paint_valley,
    ),
    Picture(
        "optimizer-saddle",
        "Leaving the saddle of x^2 - y^2 from (1, 1e-9)",
        "All at rate 0.01. SGD slides down the ridge and stands still for hundreds of steps while the push of 1e-9 grows by 2% a "
        "step. RMSProp and Adam divide by the size of the tiny gradient and are away at once; AdaGrad remembers the large "
        "gradients of the way down.",
        facts=("saddle_paths", "escape_steps"),
        paint=paint_saddle,
    ),
    Picture(
        "optimizer-double-well",
        "Which well? w^4 - 3 w^2 + w, by start",
        "Rate 0.01, 101 starts. SGD ends in the well it starts in. Momentum carries some runs over the hill, in both "
        "directions: out of the shallow well and out of the deep one.",
        facts=("well_ends", "minima_of_double_well", "hill_of_double_well"),
        paint=paint_wells,
    ),
    Picture(
        "optimizer-overshoot",
        "Momentum on w^2 from 1, rate 0.01",
        "Momentum 0.5 creeps in from one side; 0.9 crosses the minimum and comes back; 0.99 swings for a thousand steps. "
        "Nesterov's look-ahead brakes earlier.",
        facts=("parabola_paths",),
        paint=paint_bowl,
    ),
    Picture(
        "optimizer-adagrad-rmsprop",
        "AdaGrad and RMSProp at the same rate, 0.01, on w^2 from 1",
        "AdaGrad needs thousands of steps but its rate stops falling and it gets there. RMSProp is near the minimum after a "
        "hundred steps and stays half a rate away from it.",
        facts=("same_rate_steps", "same_rate_paths"),
        paint=paint_same_rate,
    ),
)

_FORTY = f"{PROBLEMS} random problems, drawn with fixed seeds."


def _claim(
    name: str, section: str, statement: str, kind: Any, documented: str, setup: str, *checks: Any, **more: Any
) -> Claim:
    return Claim(f"optimizer-{name}", "003", section, statement, kind, documented, setup, checks, priority=2, **more)


CLAIMS = (
    _claim(
        "lr-same-for-all",
        "Video 32",
        "One learning rate for all parameters is not optimal when directions differ.",
        "comparison",
        "not optimal",
        f"{_FORTY} Valleys along the axes, curvature 1 and 10 to 1,000, from distance 1 in a random direction: steps until the "
        "distance stays below 0.01, with the best single rate 2 / (h_1 + h_2) and with 1 / h_i for each parameter. "
        "Reproduced if log10 of the ratio of steps is above 0.",
        Sampled("log10_steps_one_rate_over_each", low=ABOVE_0, documented="one rate needs more steps"),
        remark="With a rate each the minimum is one step away. In the same valleys at 45 degrees to the axes a rate for each "
        "parameter gains nothing at all: both parameters then have the same curvature, so both get the single rate.",
    ),
    _claim(
        "local-minima",
        "Video 32",
        "Gradient descent can get stuck in a local minimum.",
        "behaviour",
        "can get stuck",
        "w^4 - 3 w^2 + w, SGD 0.01, 5,000 steps from 2 and -2, against the roots of the derivative (1.13 and -1.30; the left "
        "one is deeper); and 101 starts from -2.5 to 2.5: reproduced if all right of the hill stay in the shallow well.",
        Equals("ends_of_sgd_from_2_and_minus_2", [1.13, -1.3]),
        Equals("sgd_stuck_from_every_start_in_the_shallow_well", True),
    ),
    _claim(
        "saddle-points",
        "Video 32",
        "At saddle points the gradient is about 0 and training gets stuck.",
        "behaviour",
        "~0",
        "x^2 - y^2, rate 0.01. Gradient at (0, 0); SGD from (1, 1e-9), stuck if the loss changes by less than 1e-6 a step for "
        "100 steps or more; all six from the ridge (1, 0) for 5,000 steps.",
        Equals("gradient_at_saddle", [0.0, 0.0]),
        Equals("loss_of_sgd_stands_still_for_100_steps", True),
        Equals("optimizers_that_leave_the_ridge", []),
        remark="Stuck for a while, not for good: only a start exactly on the ridge never leaves. From 1e-9 beside it SGD is "
        "away after 1,047 steps, ln(1e9) / ln(1.02) rounded up; all 100 random starts leave under every optimizer (figure).",
    ),
    _claim(
        "momentum-beta-near-one",
        "Video 34",
        "A beta near 1 gives too much momentum and overshoots.",
        "behaviour",
        "~1",
        f"{_FORTY} Bowls of curvature 0.1 to 10 from 1, rate 0.01, beta 0.99 against 0.9: how far the run gets beyond the "
        "minimum as a share of its start, and log10 of the ratio of steps until it stays within 0.01. Both must be larger.",
        Sampled("overshoot_at_099_minus_09", low=ABOVE_0, documented="overshoots more"),
        Sampled("log10_settling_at_099_over_09", low=ABOVE_0, documented="settles later"),
    ),
    _claim(
        "momentum-faster",
        "Video 34",
        "Momentum converges faster and zigzags less than plain SGD.",
        "comparison",
        "faster; less zigzag",
        f"{_FORTY} Valleys of curvature 1 and 100 in a random direction; beta 0.9 and plain SGD at the same rate. Faster: log10 "
        "of the ratio of steps until the distance stays below 0.01 is above 0, at rate 0.1 / 100 and at 1.8 / 100. Zigzag: "
        "steps that turn by more than 90 degrees until then, at 1.8 / 100, where plain SGD jumps across the valley.",
        Sampled("log10_steps_plain_over_momentum_at_the_low_rate", low=ABOVE_0, documented="faster"),
        Sampled("log10_steps_plain_over_momentum_at_the_high_rate", low=ABOVE_0, documented="faster"),
        Sampled("turns_plain_minus_momentum_at_the_high_rate", low=ABOVE_0, documented="fewer turns"),
        remark="Faster holds: 11 times at the low rate, 2.6 times at the high one. The zigzag does not shrink: across the valley "
        "plain SGD dies out as |1 - eta h|^t, momentum as sqrt(beta)^t = 0.949^t, so momentum swings longer unless "
        "eta h > 1 + sqrt(beta) = 1.949. Only just below 2, where plain SGD diverges, it turns less often: at plain SGD's "
        "best rate, eta h = 1.98, some 190 times less (facts at the best rate).",
    ),
    _claim(
        "momentum-escapes",
        "Video 34",
        "Momentum can carry the iterate out of local minima.",
        "behaviour",
        "can escape",
        "w^4 - 3 w^2 + w, rate 0.01, beta 0.9, 101 starts from -2.5 to 2.5: plain SGD stays in the shallow well from every "
        "start right of the hill; reproduced if momentum ends in the deep well from at least one of them.",
        Equals("sgd_stuck_from_every_start_in_the_shallow_well", True),
        Equals("momentum_escapes_from_some_start", True),
        remark="It works both ways: from some starts in the deep well momentum ends in the shallow one (figure).",
    ),
    _claim(
        "momentum-overshoots",
        "Video 34",
        "Momentum overshoots the minimum and oscillates before settling.",
        "behaviour",
        "oscillates",
        "w^2 from 1, rate 0.01, beta 0.9: crossings of the minimum until the run stays within 0.01, against the closed form "
        "w_t = a r_1^t + b r_2^t; plain SGD has none.",
        Equals("momentum_crosses_the_minimum", True),
        Equals("crossings_minus_closed_form", 0),
        Equals("sgd_crosses_the_minimum", False),
        Equals("settles_on_parabola_with_momentum", True),
        remark="Not at every rate: momentum overshoots only where beta > (1 - sqrt(eta h))^2, here 0.74. With beta 0.5, or "
        "0.9 in a bowl of curvature below 0.26, there is no overshoot.",
    ),
    _claim(
        "nag-less-oscillation",
        "Video 35",
        "NAG corrects earlier and oscillates less near the minimum than momentum.",
        "comparison",
        "reduced oscillation",
        f"{_FORTY} Bowls of curvature 0.1 to 10 from 1, rate 0.01, beta 0.9. Momentum must overshoot further, cross more often "
        "and settle later (log10 of the ratio of steps). Measured on Keras's variables, which hold the look-ahead point, and "
        "on the W of the document's recursion.",
        Sampled("overshoot_momentum_minus_nag", low=ABOVE_0, documented="smaller overshoot"),
        Sampled("crossings_momentum_minus_nag", low=ABOVE_0, documented="fewer crossings"),
        Sampled("log10_settling_momentum_over_nag", low=ABOVE_0, documented="settles sooner"),
        Sampled("recursion_overshoot_momentum_minus_nag", low=ABOVE_0, documented="smaller overshoot"),
        Sampled("recursion_crossings_momentum_minus_nag", low=ABOVE_0, documented="fewer crossings"),
        remark="The gain is with steep bowls; in shallow ones, where momentum hardly oscillates, the two are alike.",
    ),
    _claim(
        "adagrad-stalls",
        "Video 36",
        "AdaGrad's rate becomes so small that learning stops before the global minimum.",
        "behaviour",
        "stops, in many cases",
        f"{_FORTY} Valleys with curvatures 0.1 to 10 from distance 1, Keras's rate 0.001: still more than a tenth of the way off "
        "after 10,000 steps. And whether it ever stops: w^2 from 1 at rate 0.01, Keras after 40,000 steps and the recursion "
        "after 100,000; stopped short if more than 0.001 away.",
        Sampled("distance_left_by_adagrad", low=0.1, documented="far from the minimum after 10,000 steps"),
        Equals(
            "adagrad_stops_short_of_the_minimum",
            True,
            true_value=False,
            derivation="Its rate does not fall to 0. On h w^2 / 2, with small steps, dw/dG = -eta / (h w sqrt(G)), so "
            "w^2 = w_0^2 - (4 eta / h) sqrt(G): G stops growing at sqrt(G) = h w_0^2 / (4 eta), the rate ends at "
            "4 eta^2 / (h w_0^2), and from there the distance shrinks by the factor 1 - 4 eta^2 / w_0^2 every step. It is slow, "
            "250,000 steps for a factor e at rate 0.001 from distance 1, but it gets there.",
        ),
        remark="The last rate over 4 eta^2 / (h w_0^2) is kept as a fact, adagrad_rate_over_its_limit. For a network, "
        "see optimizer-adagrad-not-deep.",
    ),
    _claim(
        "rmsprop-reaches-min",
        "Video 37",
        "RMSProp reaches the minimum where AdaGrad stalls.",
        "comparison",
        "reaches the minimum",
        f"{_FORTY} The valleys of optimizer-adagrad-stalls, both at rate 0.001, distance after 10,000 steps (log10 of the ratio "
        "above 0). And whether RMSProp reaches the minimum: its distance on w^2 from 1 at rate 0.01 after 5,000 steps, in "
        "units of the rate.",
        Sampled("log10_distance_adagrad_over_rmsprop", low=ABOVE_0, documented="RMSProp is nearer"),
        Equals(
            "rmsprop_distance_over_rate",
            0.0,
            tolerance=0.05,
            true_value=0.5,
            derivation="At the minimum V goes to 0 with the gradients, so the rate eta / sqrt(V + eps) grows until the step "
            "jumps across. The run ends going to and fro between -eta / 2 and eta / 2: there V is the constant squared "
            "gradient and every step is eta long. Only a falling rate, or eps where eta h < 2 sqrt(eps), lets it converge.",
        ),
    ),
)
