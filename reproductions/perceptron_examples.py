"""The perceptron by hand: its output, its update, its loss, and why no line solves XOR.

Source: document 003, Videos 4 to 7. Each function below holds one statement's equation in NumPy or SciPy and sets it
against `layers.Perceptron` and Keras. What the perceptron trick learns is in `perceptron_training`.

Run: reproduce run perceptron_examples
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from reproductions.claims import Claim, Equals
from reproductions.figures import COLOURS, Picture
from reproductions.worked import array, difference, draw, gradient

TITLE = "Worked examples: the perceptron"
SUMMARY = (
    "Weighted sum, step, update rule, linear boundary, perceptron loss and hinge loss, and a proof by linear programming "
    "that no line separates XOR. Nothing is trained."
)
DATASETS = ()
IN_DEFAULT_SET = True
EXPECTED_SECONDS = 2.0

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
AND, XOR = np.array([0, 0, 0, 1]), np.array([0, 1, 1, 0])
MARGINS = [-2.0, -0.5, 0.3, 2.0]


def perceptron(kernel: Any, bias: float, negative_class: int = 0) -> Any:
    """A `layers.Perceptron` in double precision with these weights."""
    import layers

    layer = layers.Perceptron(negative_class=negative_class, dtype="float64")
    layer.build((None, len(kernel)))
    layer.set_weights([np.asarray(kernel, "float64"), np.asarray(bias, "float64")])
    return layer


def weights_of(layer: Any) -> np.ndarray:
    """Kernel and bias of a perceptron in one vector."""
    return np.append(array(layer.kernel), array(layer.bias))


def separable(points: np.ndarray, labels: np.ndarray) -> bool:
    """Whether some w, b has s (w . x + b) >= 1 for every point, s = +1 or -1: a linear program without objective."""
    from scipy.optimize import linprog

    signs = np.where(labels == 1, 1.0, -1.0)
    rows = -signs[:, None] * np.column_stack([points, np.ones(len(points))])
    solved = linprog(np.zeros(rows.shape[1]), A_ub=rows, b_ub=-np.ones(len(rows)), bounds=(None, None))
    if solved.status not in (0, 2):
        raise RuntimeError(f"The linear program ended with status {solved.status}: {solved.message}")
    return bool(solved.status == 0)


def output() -> dict[str, Any]:
    """The score z = w . x + b and the step: 1 for z >= 0, 0 for z < 0."""
    import keras

    points, kernel, bias = draw(200, 5), draw(5, seed=1), 0.7
    by_loop = np.array([sum(w * x for w, x in zip(kernel, point, strict=True)) + bias for point in points])
    neuron = keras.layers.Dense(1, dtype="float64")
    neuron.build(points.shape)
    neuron.set_weights([kernel[:, None], np.array([bias])])
    layer = perceptron(kernel, bias)
    threshold = perceptron([1.0], 0.0)(np.array([[-1e-9], [0.0], [1e-9]]))
    return {
        "weighted_sum_minus_loop": difference(layer.weighted_sum(points), by_loop),
        "dense_minus_loop": difference(neuron(points)[:, 0], by_loop),
        "step_below_at_above_zero": array(threshold).astype(int).tolist(),
        "outputs_minus_heaviside": difference(layer(points), np.heaviside(by_loop, 1.0)),
    }


def two_case_rule(w: np.ndarray, b: float, x: np.ndarray, y: int, rate: float) -> tuple[np.ndarray, float]:
    """The update as the document prints it: two cases, one for each kind of mistake."""
    predicted = 1 if np.dot(w, x) + b >= 0 else 0
    if predicted != y:
        if y == 1:
            return w + rate * x, b + rate
        return w - rate * x, b - rate
    return w, b


def updates() -> dict[str, Any]:
    """The update w += lr (y - y_hat) x, b += lr (y - y_hat) on random points, half of them misclassified."""
    gaps, score_gaps, right_way = [], [], []
    rate, mistakes = 0.1, 0
    points, starts = draw(100, 3, seed=2), draw(100, 4, seed=3)
    for number, (x, start) in enumerate(zip(points, starts, strict=True)):
        y = number % 2
        w, b = start[:3], float(start[3])
        score = float(w @ x + b)
        error = y - (1 if score >= 0 else 0)
        identity = np.append(w + rate * error * x, b + rate * error)
        layer = perceptron(w, b)
        layer.update(x, y, rate)
        gaps += [
            difference(np.append(*two_case_rule(w, b, x, y, rate)), identity),
            difference(weights_of(layer), identity),
        ]
        if error:
            mistakes += 1
            change = float(array(layer.weighted_sum(x[None]))[0]) - score
            score_gaps.append(abs(change - error * rate * (x @ x + 1)))
            right_way.append(change * error > 0)
    return {
        "updates_tried": [100, mistakes],
        "two_cases_and_layer_minus_identity": max(gaps),
        "score_change_minus_formula": max(score_gaps),
        "every_score_moves_to_its_side": all(right_way),
        **line_moves(),
    }


def line_moves() -> dict[str, Any]:
    """Distance |w . x + b| / |w| of a misclassified point before and after an update too small to carry the line over it.

    The bias starts at 0, as in the printed function; 1% of the update that would bring the point's score to 0.
    """
    closer: dict[int, list[bool]] = {0: [], 1: []}
    for x, w in zip(draw(100, 3, seed=4), draw(100, 3, seed=5), strict=True):
        score = float(w @ x)
        wrong_class = 0 if score >= 0 else 1
        layer = perceptron(w, 0.0)
        layer.update(x, wrong_class, 0.01 * abs(score) / (x @ x + 1))
        kernel, bias = array(layer.kernel), float(array(layer.bias))
        after = abs(kernel @ x + bias) / np.linalg.norm(kernel)
        closer[wrong_class].append(bool(after < abs(score) / np.linalg.norm(w)))
    return {
        "share_of_false_negatives_the_line_moves_towards": float(np.mean(closer[1])),
        "share_of_false_positives_the_line_moves_away_from": 1 - float(np.mean(closer[0])),
    }


def boundary_points(classify: Callable[[np.ndarray], np.ndarray], features: int, count: int = 60) -> np.ndarray:
    """Points on a decision boundary, found from the classes alone: bisection between pairs of different classes."""
    candidates = 3 * draw(4000, features, seed=6)
    classes = classify(candidates)
    low, high = candidates[classes == 0][:count], candidates[classes == 1][:count]
    for _ in range(60):
        middle = (low + high) / 2
        upper = classify(middle)[:, None] == 1
        low, high = np.where(upper, low, middle), np.where(upper, middle, high)
    return (low + high) / 2


def classes_by(layer: Any, points: np.ndarray) -> np.ndarray:
    """The classes that a perceptron gives to points."""
    return array(layer(points))


def affine_dimension(points: np.ndarray) -> int:
    """Dimension of the smallest flat that holds all points: the rank of their differences from the mean."""
    return int(np.linalg.matrix_rank(points - points.mean(axis=0), tol=1e-6))


def boundary() -> dict[str, Any]:
    """The boundary w . x + b = 0 is a flat of dimension n - 1 with one class on either side."""
    dimensions, mixed = [], 0
    for n in (2, 3, 6):
        layer = perceptron(draw(n, seed=7), 0.4)
        dimensions.append(affine_dimension(boundary_points(partial(classes_by, layer), n)))
        points = 3 * draw(2000, n, seed=8)
        classes = array(layer(points))
        for side in (0, 1):
            members = points[classes == side]
            half = len(members) // 2
            between = 0.3 * members[:half] + 0.7 * members[half : 2 * half]
            mixed += int((array(layer(between)) != side).sum())
    return {
        "boundary_dimensions_in_2_3_6_features": dimensions,
        "points_between_two_of_a_class_in_the_other": mixed,
        "boundary_dimension_of_a_bent_boundary": affine_dimension(
            boundary_points(lambda points: (points[:, 0] * points[:, 1] > 0.5).astype(int), 2)
        ),
    }


def quality() -> dict[str, Any]:
    """Two lines that both separate AND: the trick leaves both as they are, whatever their margins."""
    lines = {"close": ([1.0, 1.0], -1.1), "middle": ([1.0, 1.0], -1.5)}
    mistakes, moved, margins = [], [], []
    for kernel, bias in lines.values():
        layer = perceptron(kernel, bias)
        before = weights_of(layer)
        mistakes.append(sum(layer.learn(CORNERS, AND)))
        moved.append(difference(before, weights_of(layer)))
        margins.append(round(float(np.abs(CORNERS @ kernel + bias).min() / np.linalg.norm(kernel)), 3))
    return {"mistakes_of_two_lines": mistakes, "movement_of_two_lines": moved, "margins_of_two_lines": margins}


def simple_losses() -> dict[str, Any]:
    """Counting mistakes against summing their distances |w . x + b| / |w|, for the line 3 x + 4 y - 5 = 0."""
    from keras import ops

    kernel, bias = np.array([3.0, 4.0]), -5.0
    layer = perceptron(kernel, bias)
    direction = kernel / 5
    foot = np.array([0.6, 0.8])  # on the line
    # Points of class 1 on the side of class 0, at these distances from the line.
    distances = [0.01, 1.0, 100.0]
    points = np.array([foot - distance * direction for distance in distances])
    counts = [int((array(layer(point[None])) != 1).sum()) for point in points]
    measured = [nearest_distance(point, kernel, bias) for point in points]
    by_formula = np.abs(array(layer.weighted_sum(points))) / np.linalg.norm(kernel)

    cloud, labels = draw(100, 2, seed=9), (draw(100, seed=10) > 0).astype(float)

    def count(*_: Any) -> Any:
        return ops.sum(ops.cast(ops.not_equal(layer(cloud), labels), "float64"))

    def counted(w: np.ndarray) -> int:
        return int((np.heaviside(cloud @ w[:2] + w[2], 1.0) != labels).sum())

    start, nudges = np.array([3.0, 4.0, -5.0]), 1e-6 * draw(200, 3, seed=11)
    automatic = gradient(count, layer.kernel, layer.bias)
    return {
        "count_loss_of_a_mistake_near_and_far": counts,
        "count_loss_gradient": max(float(np.abs(part).max()) for part in automatic),
        "count_loss_change_by_small_nudges": max(abs(counted(start + nudge) - counted(start)) for nudge in nudges),
        "distance_loss_of_a_mistake_near_and_far": [round(float(value), 6) for value in by_formula],
        "distance_formula_minus_nearest_point": difference(by_formula, np.array(measured)),
        "distance_loss_of_correct_points": float(
            sum(abs(array(layer.weighted_sum(CORNERS)))[array(layer(CORNERS)) != AND])
        ),
    }


def nearest_distance(point: np.ndarray, kernel: np.ndarray, bias: float) -> float:
    """Distance from a point to the line, by minimising over the line's points foot + t along."""
    from scipy.optimize import minimize_scalar

    foot, along = -bias * kernel / (kernel @ kernel), np.array([-kernel[1], kernel[0]])
    found = minimize_scalar(lambda t: float(np.sum((foot + t * along - point) ** 2)), tol=1e-12)
    return float(np.sqrt(found.fun))


def perceptron_loss(labels: Any, scores: Any) -> Any:
    """L = mean of max(0, -y (w . x + b)) for labels y of +1 and -1."""
    from keras import ops

    return ops.mean(ops.maximum(0.0, -labels * scores))


def margin_losses() -> dict[str, Any]:
    """Perceptron loss and hinge loss max(0, 1 - y f), by Keras, at the margins y f of the document's table."""
    import keras

    hinge = keras.losses.Hinge(reduction=None)

    def hinge_of(margins: Any) -> np.ndarray:
        column = np.asarray(margins, "float32")[:, None]
        return array(hinge(np.ones_like(column), column)).astype("float64")

    def loss_of(margin: float) -> float:
        return round(float(array(perceptron_loss(np.array([1.0]), np.array([margin])))), 6)

    labels, scores = np.sign(draw(500, seed=12)), 3 * draw(500, seed=13)
    # Hinge on the score moved by one to its own side is max(0, 1 - (y f + 1)).
    shifted = hinge_of(labels * scores + 1).mean()
    layer, points = perceptron([0.4, -0.7], 0.1, negative_class=-1), draw(50, 2, seed=14)
    truth = np.sign(points[:, 0])

    def of_step(*_: Any) -> Any:
        return keras.ops.mean(keras.ops.maximum(0.0, 1.0 - truth * layer(points)))

    through_step = max(float(np.abs(part).max()) for part in gradient(of_step, layer.kernel, layer.bias))
    return {
        "perceptron_loss_far_right_near_right_near_wrong_far_wrong": [loss_of(m) for m in (5.0, 0.3, -0.3, -5.0)],
        "mean_loss_minus_shifted_hinge": abs(float(array(perceptron_loss(labels, scores))) - shifted),
        "perceptron_loss_at_zero_weights": float(array(perceptron_loss(labels, 0 * scores))),
        "perceptron_loss_of_margins": [loss_of(margin) for margin in MARGINS],
        "hinge_of_margins": [round(float(value), 6) for value in hinge_of(MARGINS)],
        "hinge_on_a_step_output_has_a_gradient": bool(through_step > 0),
    }


def one_sample_descent() -> dict[str, Any]:
    """One SGD step on max(0, -y f(x)) of one point, by automatic differentiation, against the perceptron trick."""
    import keras

    rate, gaps, wrong = 0.1, [], 0
    for number, (x, start) in enumerate(zip(draw(50, 3, seed=15), draw(50, 4, seed=16), strict=True)):
        y = 1 if number % 2 else -1
        trick = perceptron(start[:3], start[3], negative_class=-1)
        wrong += trick.update(x, y, rate)
        kernel, bias = keras.Variable(start[:3], dtype="float64"), keras.Variable(start[3], dtype="float64")

        def loss(*_: Any, x: np.ndarray = x, y: int = y, kernel: Any = kernel, bias: Any = bias) -> Any:
            return perceptron_loss(y, keras.ops.sum(kernel * x) + bias)

        by_kernel, by_bias = gradient(loss, kernel, bias)
        stepped = np.append(start[:3] - rate * by_kernel, start[3] - rate * by_bias)
        gaps.append(difference(stepped, weights_of(trick)))
    return {"descent_minus_trick": max(gaps), "descents_tried": [50, wrong]}


def xor() -> dict[str, Any]:
    """Which of the 16 ways to label the unit square's corners a line can make, by linear programming."""
    labellings = [np.array(labels) for labels in itertools.product((0, 1), repeat=4)]
    possible = [labels for labels in labellings if separable(CORNERS, labels)]
    impossible = sorted("".join(map(str, labels)) for labels in labellings if not separable(CORNERS, labels))
    return {
        "xor_table": [int(a) ^ int(b) for a, b in CORNERS],
        "line_for_xor_exists": separable(CORNERS, XOR),
        "line_for_and_exists": separable(CORNERS, AND),
        "labellings_without_a_line": impossible,
        "best_accuracy_of_a_line_on_xor": max(float(np.mean(labels == XOR)) for labels in possible),
    }


def examine() -> dict[str, Any]:
    """Every fact of this file."""
    return {
        **output(),
        **updates(),
        **boundary(),
        **quality(),
        **simple_losses(),
        **margin_losses(),
        **one_sample_descent(),
        **xor(),
    }


def paint_losses(facts: Mapping[str, Any]) -> Any:
    """Perceptron loss and hinge loss over the margin, with the four computed margins as dots."""
    import matplotlib.pyplot as plt

    drawn, axis = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    margin = np.linspace(-2.5, 2.5, 201)
    axis.axvspan(0, 1, color="0.88", label="correct, but closer than 1")
    axis.plot(margin, np.maximum(0, 1 - margin), color=COLOURS[1], label="hinge loss  max(0, 1 - y f)")
    axis.plot(margin, np.maximum(0, -margin), color=COLOURS[0], label="perceptron loss  max(0, -y f)")
    axis.plot(MARGINS, facts["hinge_of_margins"], "o", color=COLOURS[1])
    axis.plot(MARGINS, facts["perceptron_loss_of_margins"], "s", color=COLOURS[0])
    axis.set_xlabel("margin y f(x): negative is a mistake")
    axis.set_ylabel("loss of one point")
    axis.grid(alpha=0.25)
    axis.legend(framealpha=1, fontsize=9)
    return drawn


FIGURES = (
    Picture(
        "perceptron-and-hinge-loss",
        "The perceptron loss is not the hinge loss",
        "Both grow with the size of a mistake. Hinge also charges points that are right but closer to the line than a "
        "margin of 1; the notes' own table says 0 for them. Dots are computed values.",
        facts=("hinge_of_margins", "perceptron_loss_of_margins"),
        paint=paint_losses,
    ),
)

_LAYER = "`layers.Perceptron` in double precision"

CLAIMS = (
    Claim(
        "perceptron-weighted-sum",
        "003",
        "Video 4",
        "A perceptron computes z = w . x + b, the weighted sum of its inputs plus the bias.",
        "exact",
        "z = w . x + b",
        f"{_LAYER} and Keras's Dense(1) against a Python loop over the features: 200 random points, 5 features.",
        (
            Equals("weighted_sum_minus_loop", 0, tolerance=1e-9),
            Equals("dense_minus_loop", 0, tolerance=1e-9),
        ),
        priority=2,
    ),
    Claim(
        "perceptron-step-threshold",
        "003",
        "Video 4",
        "The step function gives 1 for z >= 0 and 0 for z < 0.",
        "exact",
        "1 if z >= 0 else 0",
        f"{_LAYER} at z = -1e-9, 0 and 1e-9; NumPy's heaviside with 1 at zero on 200 random points.",
        (Equals("step_below_at_above_zero", [0, 1, 1]), Equals("outputs_minus_heaviside", 0)),
        priority=2,
    ),
    Claim(
        "perceptron-linear-boundary",
        "003",
        "Video 4",
        "The decision boundary of a perceptron is a line in two dimensions, a plane in three, a hyperplane in more.",
        "behaviour",
        "line, plane, hyperplane",
        f"{_LAYER}, 2, 3 and 6 features. Boundary points are found by bisection between points of different classes, from "
        "the classes alone; the flat that holds them must have dimension n - 1, and a point between two of a class must be "
        "of that class. The same measurement calls the boundary x1 x2 = 0.5 two-dimensional: not a line.",
        (
            Equals("boundary_dimensions_in_2_3_6_features", [1, 2, 5]),
            Equals("points_between_two_of_a_class_in_the_other", 0),
            Equals("boundary_dimension_of_a_bent_boundary", 2),
        ),
        priority=2,
    ),
    Claim(
        "perceptron-update-identity",
        "003",
        "Video 5",
        "The two-case update rule is w += lr (y - y_hat) x and b += lr (y - y_hat).",
        "exact",
        "w += lr (y - y_hat) x",
        "The rule typed in as printed and `layers.Perceptron.update`, each against the one-line form: 100 random points and "
        "weights, misclassified and correct ones.",
        (Equals("two_cases_and_layer_minus_identity", 0, tolerance=1e-9),),
        priority=2,
        remark="The document prints the two cases; the one-line form is what they have in common.",
    ),
    Claim(
        "perceptron-update-moves-line",
        "003",
        "Video 5",
        "An update moves the line towards a point of class 1 that was called 0, and away from a point of class 0 that was "
        "called 1.",
        "exact",
        "towards; away",
        "Score change of the updated point against lr (|x|^2 + 1) to its own side; and the distance of the line to a "
        "misclassified point before and after an update of 1% of the size that would carry the line over it, bias 0.",
        (
            Equals("score_change_minus_formula", 0, tolerance=1e-9),
            Equals("every_score_moves_to_its_side", True),
            Equals("share_of_false_negatives_the_line_moves_towards", 1.0),
            Equals(
                "share_of_false_positives_the_line_moves_away_from",
                1.0,
                true_value=0.0,
                derivation="Every misclassified point lies on the wrong side, so in both cases the line must come to it and "
                "pass over it. With b = 0 the squared distance z^2 / |w|^2 changes at the rate "
                "-2 lr |z| ((|x|^2 + 1) |w|^2 - (w . x)^2) / |w|^4 for either sign of z, which is negative by "
                "Cauchy-Schwarz: the line comes closer. What moves away from the point is its score, to the other side of 0.",
            ),
        ),
        priority=2,
        remark="The rule itself is right; only the picture of a line that retreats is not. With a bias far from 0 a small "
        "update can turn the line so that its distance grows for a while, for both kinds of mistake alike.",
    ),
    Claim(
        "perceptron-no-quantification",
        "003",
        "Video 5",
        "The perceptron trick does not tell how good a line is.",
        "behaviour",
        "no quantification",
        "Two lines that separate AND, x1 + x2 = 1.1 and x1 + x2 = 1.5: the trick must make no mistake and move neither, "
        "although their margins differ.",
        (
            Equals("mistakes_of_two_lines", [0, 0]),
            Equals("movement_of_two_lines", [0.0, 0.0]),
            Equals("margins_of_two_lines", [0.071, 0.354]),
        ),
        priority=3,
        remark="The margins are computed beside it, 0.1 / sqrt(2) and 0.5 / sqrt(2); the trick never sees them.",
    ),
    Claim(
        "perceptron-loss-count",
        "003",
        "Video 6",
        "Counting misclassified points treats all mistakes alike.",
        "behaviour",
        "all mistakes equal",
        "The count for one misclassified point at distance 0.01, 1 and 100 from the line; its gradient by automatic "
        "differentiation through the layer; and its change by 200 nudges of w and b of size 1e-6, on 100 random points.",
        (
            Equals("count_loss_of_a_mistake_near_and_far", [1, 1, 1]),
            Equals("count_loss_gradient", 0.0),
            Equals("count_loss_change_by_small_nudges", 0),
        ),
        priority=2,
        remark="Its gradient is 0 wherever it exists, so gradient descent could not use it either.",
    ),
    Claim(
        "perceptron-loss-distance",
        "003",
        "Video 6",
        "Summing the distances of misclassified points from the line charges far mistakes more.",
        "behaviour",
        "farther = more penalty",
        "|w . x + b| / |w| for one misclassified point at distance 0.01, 1 and 100 from the line 3 x + 4 y - 5 = 0, against "
        "the nearest point of the line found by minimisation.",
        (
            Equals("distance_loss_of_a_mistake_near_and_far", [0.01, 1.0, 100.0], tolerance=1e-9),
            Equals("distance_formula_minus_nearest_point", 0, tolerance=1e-5),
            Equals("distance_loss_of_correct_points", 0.0),
        ),
        priority=2,
    ),
    Claim(
        "perceptron-loss-formula",
        "003",
        "Video 6",
        "The perceptron loss, the mean of max(0, -y (w . x + b)) for labels +1 and -1, is 0 for correct points, small for near "
        "and large for far mistakes.",
        "exact",
        "0 / 0 / small / large",
        "The four rows of the table at margins 5, 0.3, -0.3 and -5: a correct point costs 0, a mistake its |score|. The mean "
        "over 500 random points against Keras's Hinge of the margin plus 1, which is the same number.",
        (
            Equals("perceptron_loss_far_right_near_right_near_wrong_far_wrong", [0.0, 0.0, 0.3, 5.0], tolerance=1e-6),
            Equals("mean_loss_minus_shifted_hinge", 0, tolerance=1e-5),
        ),
        priority=2,
        remark="The loss is also 0 for w = 0 and b = 0 (fact perceptron_loss_at_zero_weights), a line that is none, so a "
        "lower loss does not always mean a better line.",
    ),
    Claim(
        "perceptron-loss-is-hinge",
        "003",
        "Video 6",
        "A step output with hinge loss is the perceptron; the perceptron loss max(0, -y f) is that hinge loss.",
        "exact",
        "step + hinge loss = perceptron",
        "Keras's Hinge at the margins -2, -0.5, 0.3 and 2 against the perceptron loss; and the gradient of a hinge loss on "
        "the step's output, which the section's gradient descent would need.",
        (
            Equals(
                "hinge_of_margins",
                [2.0, 0.5, 0.0, 0.0],
                tolerance=1e-6,
                true_value=[3.0, 1.5, 0.7, 0.0],
                derivation="Hinge is max(0, 1 - y f): it wants a margin of 1 and charges 0.7 for a correct point with "
                "y f = 0.3, for which the notes' table says 0. The perceptron loss is hinge without the 1.",
            ),
            Equals(
                "hinge_on_a_step_output_has_a_gradient",
                True,
                true_value=False,
                derivation="The step is flat, so the gradient of any loss on its output is 0. The perceptron loss is "
                "computed on the score w . x + b, before the step.",
            ),
            Equals("perceptron_loss_of_margins", [2.0, 0.5, 0.0, 0.0], tolerance=1e-6),
        ),
        priority=2,
        remark="The section's heading says 'hinge loss variant', which is right; the table of combinations says hinge loss.",
    ),
    Claim(
        "perceptron-loss-sgd-is-trick",
        "003",
        "Video 6",
        "Gradient descent on the perceptron loss, w_new = w_old - lr dL/dw and b_new = b_old - lr dL/db, trains the "
        "perceptron.",
        "exact",
        "w - lr dL/dw",
        "One step on the loss of one point by automatic differentiation against `layers.Perceptron.update` with classes +1 "
        "and -1: 50 random points and weights.",
        (Equals("descent_minus_trick", 0, tolerance=1e-9),),
        priority=2,
        remark="The two are the same update. They can differ only where a score is exactly 0: the loss has a kink there, "
        "while the trick takes the point for class 1.",
    ),
    Claim(
        "perceptron-xor-no-line",
        "003",
        "Video 7",
        "No single straight line separates the four XOR points.",
        "exact",
        "0, 1, 1, 0",
        "A linear program that asks for w, b with s (w . x + b) >= 1 at every corner: infeasible for XOR, feasible for AND. "
        "The same for all 16 ways to label the corners.",
        (
            Equals("xor_table", [0, 1, 1, 0]),
            Equals("line_for_xor_exists", False),
            Equals("line_for_and_exists", True),
            Equals("labellings_without_a_line", ["0110", "1001"]),
            Equals("best_accuracy_of_a_line_on_xor", 0.75),
        ),
        remark="XOR and its negation are the only two of the 16 labellings that no line makes; the best line has three of the "
        "four points right.",
    ),
)
