"""The perceptron trick at work: where it ends, where it never ends, and which line it finds.

Source: document 003, Videos 4 to 7. The function `perceptron_train` runs as printed; what it leaves out (mistakes of
each epoch) comes from `layers.Perceptron`, which makes the same updates. The three one-neuron networks of Video 6
are trained by Keras and held against scikit-learn and NumPy.

Run: reproduce run perceptron_training
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from reproductions.claims import Claim, Equals
from reproductions.figures import COLOURS, Picture
from reproductions.perceptron_examples import AND, CORNERS, XOR, separable, weights_of
from reproductions.printed import run_cells
from reproductions.worked import array

TITLE = "The perceptron trick: runs on AND, XOR, the placement table and blobs"
SUMMARY = (
    "The printed training function on separable data and on XOR, the spread of the lines it finds, Novikoff's bound on its "
    "updates, and single neurons trained to logistic, softmax and linear regression."
)
DATASETS = ()
IN_DEFAULT_SET = True
EXPECTED_SECONDS = 11.0

STUDENTS, PLACED = np.array([[8.5, 120.0], [6.0, 100.0], [7.5, 110.0]]), np.array([1, 0, 1])

PRINTED = """
def perceptron_train(X, y, learning_rate=0.1, epochs=1000):
    # Initialize weights and bias
    w = np.random.randn(X.shape[1])
    b = 0

    for epoch in range(epochs):
        for i in range(len(X)):
            # Calculate prediction
            z = np.dot(w, X[i]) + b
            y_pred = 1 if z >= 0 else 0

            # Update if misclassified
            if y_pred != y[i]:
                if y[i] == 1:  # False Negative
                    w = w + learning_rate * X[i]
                    b = b + learning_rate
                else:  # False Positive
                    w = w - learning_rate * X[i]
                    b = b - learning_rate

    return w, b
"""


def blobs() -> tuple[np.ndarray, np.ndarray]:
    """Two clouds of 25 points that a line separates."""
    from sklearn.datasets import make_blobs

    points, labels = make_blobs(50, centers=[(-2, -1), (2, 1)], cluster_std=0.8, random_state=0)
    return points, labels


def printed_runs() -> dict[str, Any]:
    """Points that the printed function has right at the end, for many starts."""
    namespace: dict[str, Any] = {"np": np}
    outcome = run_cells({"train": PRINTED}, namespace)["train"]
    train = namespace["perceptron_train"]

    def right(points: np.ndarray, labels: np.ndarray, starts: int, **options: Any) -> list[int]:
        counts = []
        for start in range(starts):
            np.random.seed(start)
            w, b = train(points, labels, **options)
            counts.append(int(((points @ w + b >= 0) == labels).sum()))
        return counts

    cloud, cloud_labels = blobs()
    placement = right(STUDENTS, PLACED, 100)
    xor_right = [right(CORNERS, XOR, 1, epochs=epochs)[0] for epochs in (100, 1_000, 10_000, 100_000)]
    return {
        "printed_function_result": outcome.result,
        "and_right_in_the_worst_of_100_starts": min(right(CORNERS, AND, 100)),
        "blobs_right_in_the_worst_of_10_starts": min(right(cloud, cloud_labels, 10)),
        "blobs_are_separable": separable(cloud, cloud_labels),
        "placement_is_separable": separable(STUDENTS, PLACED),
        "placement_right_in_the_best_of_100_starts": max(placement),
        "placement_starts_with_3_right_of_100": placement.count(3),
        "xor_right_after_100_to_100000_epochs": xor_right,
        "xor_never_all_right_after_100_to_100000_epochs": max(xor_right) < 4,
    }


def learner(seed: int) -> Any:
    """A perceptron that starts like the printed function: normal weights, bias 0, double precision."""
    import layers

    return layers.Perceptron(seed=seed, dtype="float64")


def placement_epochs() -> dict[str, Any]:
    """How long the placement table takes without a limit of 1,000 epochs, raw and standardised."""
    scaled = (STUDENTS - STUDENTS.mean(axis=0)) / STUDENTS.std(axis=0)
    raw = [learner(seed).learn(STUDENTS, PLACED, epochs=100_000) for seed in range(20)]
    standardised = [learner(seed).learn(scaled, PLACED) for seed in range(20)]
    return {
        "placement_mistakes_in_the_last_epoch_of_20_starts": [run[-1] for run in raw],
        "placement_epochs_of_20_starts": [len(run) for run in raw],
        "standardised_placement_epochs_of_20_starts": [len(run) for run in standardised],
    }


def xor_forever() -> dict[str, Any]:
    """XOR: mistakes of every epoch, a proof in exact arithmetic that they never end, and a sigmoid neuron."""
    import keras

    from recipes.training import Trainer

    long_run = learner(0).learn(CORNERS, XOR, epochs=1000)
    loops = [exact_loop(seed) for seed in range(20)]

    def neuron() -> Any:
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation="sigmoid")])
        model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy", metrics=["accuracy"])
        return model

    # An epoch of 100 full batches, in order: 1,000 of them are 100,000 passes over the four points.
    x, y = np.tile(CORNERS, (100, 1)).astype("float32"), np.tile(XOR, 100).astype("float32")
    runs = Trainer(neuron).fit(x, y, seeds=range(5), epochs=1000, batch_size=4, shuffle=False)
    right = [int(((runs.predict(CORNERS.astype("float32"))[seed, :, 0] > 0.5) == XOR).sum()) for seed in range(5)]
    return {
        "xor_epochs_without_mistake_of_1000": long_run.count(0),
        "xor_starts_that_enter_an_endless_loop_of_20": sum(loop["mistakes"] > 0 for loop in loops),
        "xor_longest_loop": max(loop["period"] for loop in loops),
        "sigmoid_neuron_epochs_without_mistake": int((runs.curves["accuracy"] == 1.0).sum()),
        "sigmoid_neuron_has_all_four_right": max(right) == 4,
    }


def exact_loop(seed: int) -> dict[str, int]:
    """Run the trick on XOR in fractions until weights and bias repeat: from there on it repeats for ever.

    Returns:
        `period`: epochs of the loop; `mistakes`: the fewest mistakes in one of its epochs.
    """
    rate = Fraction(1, 10)
    draws = np.random.default_rng(seed).standard_normal(2)
    w1, w2, b = Fraction(float(draws[0])), Fraction(float(draws[1])), Fraction(0)
    seen: dict[tuple[Fraction, Fraction, Fraction], int] = {}
    mistakes: list[int] = []
    while (w1, w2, b) not in seen:
        seen[w1, w2, b] = len(mistakes)
        wrong = 0
        for (x1, x2), label in zip(CORNERS.astype(int).tolist(), XOR.tolist(), strict=True):
            error = label - (1 if w1 * x1 + w2 * x2 + b >= 0 else 0)
            w1, w2, b = w1 + rate * error * x1, w2 + rate * error * x2, b + rate * error
            wrong += abs(error)
        mistakes.append(wrong)
    entered = seen[w1, w2, b]
    return {"period": len(mistakes) - entered, "mistakes": min(mistakes[entered:])}


def non_linear_sets() -> dict[str, Any]:
    """XOR, circles and moons: no line exists, and no epoch is free of mistakes."""
    from sklearn.datasets import make_circles, make_moons

    sets = {
        "xor": (CORNERS, XOR),
        "circles": make_circles(100, noise=0.05, factor=0.5, random_state=0),
        "moons": make_moons(100, noise=0.05, random_state=0),
    }
    epochs_without, best = [], []
    for points, labels in sets.values():
        learners = [learner(seed) for seed in range(5)]
        epochs_without.append(sum(run.learn(points, labels, epochs=50).count(0) for run in learners))
        best.append(max(float(np.mean(array(run(points)) == labels)) for run in learners))
    return {
        "line_for_xor_circles_moons_exists": [separable(*data) for data in sets.values()],
        "epochs_without_mistake_on_xor_circles_moons": epochs_without,
        "any_final_line_on_xor_circles_moons_is_perfect": [accuracy == 1.0 for accuracy in best],
        "best_final_accuracy_on_xor_circles_moons": best,
    }


def lines_of_ten_starts() -> dict[str, Any]:
    """Direction and margin of the lines that ten starts end with on the same blobs, and of the maximum-margin line."""
    from sklearn.svm import SVC

    points, labels = blobs()
    found, mistakes = [], []
    for seed in range(10):
        layer = learner(seed)
        mistakes.append(layer.learn(points, labels)[-1])
        found.append(weights_of(layer))
    machine = SVC(kernel="linear", C=1e6).fit(points, labels)
    best = np.append(machine.coef_[0], machine.intercept_[0])
    margins = [margin(line, points, labels) for line in found]
    widest = margin(best, points, labels)
    return {
        "blob_points": np.round(points, 3).tolist(),
        "blob_labels": labels.tolist(),
        "lines_of_10_starts": [np.round(line / np.linalg.norm(line[:2]), 4).tolist() for line in found],
        "maximum_margin_line": np.round(best / np.linalg.norm(best[:2]), 4).tolist(),
        "mistakes_of_10_starts": mistakes,
        "different_lines_of_10_starts": len({tuple(np.round(line / np.linalg.norm(line[:2]), 3)) for line in found}),
        "starts_with_95_percent_of_the_widest_margin": int(sum(value >= 0.95 * widest for value in margins)),
        "margins_of_10_starts": [round(value, 3) for value in margins],
        "widest_margin": round(widest, 3),
    }


def margin(line: np.ndarray, points: np.ndarray, labels: np.ndarray) -> float:
    """Distance of the nearest point to a line (w, b); negative if a point is on the wrong side."""
    return float((np.where(labels == 1, 1, -1) * (points @ line[:2] + line[2])).min() / np.linalg.norm(line[:2]))


def novikoff() -> dict[str, Any]:
    """Updates on 100 random separable sets against (R / gamma)^2, from w = 0 and b = 0.

    gamma is the margin of the line that labelled the set, R the longest point, both with the bias input 1 as a feature.
    """
    ended, beyond, shares = 0, 0, []
    layer = learner(0)
    layer.build((None, 2))
    for seed in range(100):
        rng = np.random.default_rng(seed)
        truth = rng.standard_normal(3)
        truth /= np.linalg.norm(truth)
        points = rng.uniform(-1, 1, (400, 2))
        scores = np.column_stack([points, np.ones(400)]) @ truth
        kept = np.flatnonzero(np.abs(scores) >= 0.1)[:30]
        points, scores = points[kept], scores[kept]
        layer.set_weights([np.zeros(2), np.zeros(())])
        mistakes = layer.learn(points, (scores > 0).astype(int), epochs=10_000)
        longest = np.linalg.norm(np.column_stack([points, np.ones(len(points))]), axis=1).max()
        bound = (longest / np.abs(scores).min()) ** 2
        ended += mistakes[-1] == 0
        beyond += sum(mistakes) > bound
        shares.append(sum(mistakes) / bound)
    return {
        "separable_sets_that_end_without_mistakes_of_100": ended,
        "separable_sets_with_more_updates_than_the_bound": beyond,
        "updates_as_share_of_the_bound": round(float(np.mean(shares)), 3),
        "xor_starts_that_end_without_mistakes_of_20": sum(
            learner(seed).learn(CORNERS, XOR, epochs=200)[-1] == 0 for seed in range(20)
        ),
    }


def regressions() -> dict[str, Any]:
    """One-layer networks, trained with the whole batch until nothing moves, against the classical solvers."""
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    centres = np.array([(-1.0, 0.0), (1.0, 0.5), (0.0, 1.5)])
    labels = np.arange(240) % 3
    points = (centres[labels] + rng.standard_normal((240, 2))).astype("float32")
    two, binary = points[labels < 2], labels[labels < 2]
    targets = (points @ np.array([1.5, -0.7]) + 0.3 + 0.5 * rng.standard_normal(240)).astype("float32")

    logistic = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit(two.astype("float64"), binary)
    neurons = one_layer(1, "sigmoid", "binary_crossentropy", 1.0, two, binary.astype("float32"))
    weights = [np.append(kernel[:, 0], bias) for kernel, bias in neurons.weights]

    multinomial = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit(points.astype("float64"), labels)
    softmax = one_layer(3, "softmax", "categorical_crossentropy", 1.0, points, np.eye(3, dtype="float32")[labels])

    squares = np.linalg.lstsq(np.column_stack([points, np.ones(240)]).astype("float64"), targets, rcond=None)[0]
    linear = one_layer(1, "linear", "mean_squared_error", 0.1, points, targets)
    lines = [np.append(kernel[:, 0], bias) for kernel, bias in linear.weights]
    return {
        "sigmoid_neuron_minus_logistic_regression": largest(
            weights, np.append(logistic.coef_[0], logistic.intercept_[0])
        ),
        "softmax_layer_minus_softmax_regression": largest(
            list(softmax.predict(points)), multinomial.predict_proba(points)
        ),
        "linear_neuron_minus_least_squares": largest(lines, squares),
        "logistic_coefficients": [round(float(v), 2) for v in (*logistic.coef_[0], logistic.intercept_[0])],
    }


def one_layer(units: int, activation: str, loss: str, learning_rate: float, x: np.ndarray, y: np.ndarray) -> Any:
    """A single Dense layer trained from five random starts by gradient descent on the whole batch, 3,000 steps."""
    import keras

    from recipes.training import Trainer

    def build() -> Any:
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(units, activation=activation)])
        model.compile(optimizer=keras.optimizers.SGD(learning_rate), loss=loss)
        return model

    # An epoch of 30 copies of the data, in order, is 30 steps on the whole batch.
    copies = [np.concatenate([part] * 30) for part in (x, y)]
    return Trainer(build).fit(*copies, seeds=range(5), epochs=100, batch_size=len(x), shuffle=False)


def largest(found: list[np.ndarray], expected: np.ndarray) -> float:
    """Largest difference over all starts, in thousandths."""
    return round(max(float(np.abs(one - expected).max()) for one in found), 3)


def lines_while_learning() -> dict[str, Any]:
    """The line after each epoch and the mistakes of that epoch: AND, the placement table and XOR, one start each."""
    runs = {}
    for name, (points, labels, epochs) in {
        "and": (CORNERS, AND, 200),
        "placement": (STUDENTS, PLACED, 20_000),
        "xor": (CORNERS, XOR, 200),
    }.items():
        layer, mistakes = learner(1), list[int]()
        layer.build(points.shape)
        lines = [weights_of(layer)]
        while len(mistakes) < epochs and (not mistakes or mistakes[-1] > 0):
            mistakes += layer.learn(points, labels, epochs=1)
            lines.append(weights_of(layer))
        shown = np.linspace(0, len(lines) - 1, 9).round().astype(int)
        kept = np.unique(np.geomspace(1, len(mistakes), 120).round().astype(int)) - 1
        runs[name] = {
            "lines": [np.round(lines[epoch], 4).tolist() for epoch in shown],
            "epochs_of_lines": shown.tolist(),
            "epochs": (kept + 1).tolist(),
            "mistakes": [mistakes[epoch] for epoch in kept],
        }
    return {"lines_while_learning": runs}


def examine() -> dict[str, Any]:
    """Every fact of this file."""
    return {
        **printed_runs(),
        **placement_epochs(),
        **xor_forever(),
        **non_linear_sets(),
        **lines_of_ten_starts(),
        **novikoff(),
        **regressions(),
        **lines_while_learning(),
    }


def draw_line(axis: Any, line: Any, x_limits: Any, **style: Any) -> None:
    """The line w1 x1 + w2 x2 + b = 0 across the panel."""
    w1, w2, b = line
    if abs(w2) > 1e-9:
        ends = np.asarray(x_limits, "float64")
        axis.plot(ends, -(w1 * ends + b) / w2, **style)
    elif abs(w1) > 1e-9:
        axis.axvline(-b / w1, **style)


def draw_classes(axis: Any, points: Any, labels: Any) -> None:
    """Class 1 as blue discs, class 0 as orange squares."""
    points, labels = np.asarray(points), np.asarray(labels)
    for label, marker, colour in ((1, "o", COLOURS[0]), (0, "s", COLOURS[1])):
        axis.plot(*points[labels == label].T, marker, color=colour, markersize=7, label=f"class {label}", zorder=3)


def paint_learning(facts: Mapping[str, Any]) -> Any:
    """Lines during training above, mistakes an epoch below."""
    import matplotlib.pyplot as plt

    runs = facts["lines_while_learning"]
    panels = (
        ("and", "AND", CORNERS, AND, (-0.6, 1.6), (-0.6, 2.2), "x1", "x2"),
        ("placement", "placement table", STUDENTS, PLACED, (5, 9.5), (92, 138), "CGPA", "IQ"),
        ("xor", "XOR", CORNERS, XOR, (-0.6, 1.6), (-0.6, 2.2), "x1", "x2"),
    )
    drawn, axes = plt.subplots(2, 3, figsize=(10.2, 5.8), height_ratios=(1.7, 1), layout="constrained")
    for (upper, lower), (name, title, points, labels, x_limits, y_limits, x_name, y_name) in zip(
        axes.T, panels, strict=True
    ):
        run = runs[name]
        shades = np.linspace(0.8, 0.0, len(run["lines"]))
        for line, epoch, shade in zip(run["lines"], run["epochs_of_lines"], shades, strict=True):
            last = epoch == run["epochs_of_lines"][-1]
            width = 2.2 if last else 1.1
            label = f"after {epoch} epochs" if last else "earlier" if epoch == run["epochs_of_lines"][-3] else None
            draw_line(upper, line, x_limits, color=str(shade), linewidth=width, label=label)
        draw_classes(upper, points, labels)
        upper.set(xlim=x_limits, ylim=y_limits, xlabel=x_name, ylabel=y_name)
        upper.set_title(title, fontsize=10)
        upper.legend(fontsize=8, framealpha=0.95, loc="upper left", ncols=2)
        lower.step(run["epochs"], run["mistakes"], where="mid", color=COLOURS[0])
        lower.set(xlabel="epoch (logarithmic)", xscale="log", ylim=(-0.2, 4.4), yticks=range(5))
        lower.set_ylabel("mistakes in the epoch")
        lower.grid(alpha=0.25)
    return drawn


def paint_starts(facts: Mapping[str, Any]) -> Any:
    """Ten lines through the same blobs, and the one with the widest margin."""
    import matplotlib.pyplot as plt

    drawn, (left, right) = plt.subplots(1, 2, figsize=(9.6, 4.1), width_ratios=(1.5, 1), layout="constrained")
    for number, line in enumerate(facts["lines_of_10_starts"]):
        label = "perceptron trick, ten starts" if number == 0 else None
        draw_line(left, line, (-5, 5), color="0.45", linewidth=1, label=label)
    draw_line(left, facts["maximum_margin_line"], (-5, 5), color=COLOURS[2], linewidth=2.4, label="widest margin")
    draw_classes(left, facts["blob_points"], facts["blob_labels"])
    left.set(xlim=(-4.5, 4.5), ylim=(-4, 4), xlabel="x1", ylabel="x2")
    left.legend(fontsize=8, framealpha=0.95, loc="upper left")
    margins = facts["margins_of_10_starts"]
    right.bar(range(10), margins, color=COLOURS[0])
    right.axhline(facts["widest_margin"], color=COLOURS[2], linewidth=2, label="widest margin")
    right.set(xlabel="start (seed)", ylabel="margin: distance of the nearest point", xticks=range(10))
    right.set_ylim(0, 1.25 * facts["widest_margin"])
    right.legend(fontsize=8, frameon=False, loc="upper right")
    return drawn


FIGURES = (
    Picture(
        "perceptron-trick-lines",
        "The line moves until nothing is misclassified; on XOR it never stops",
        "Upper row: the line at the start (light), along the way, and at the end (thick). Lower row: mistakes of each epoch. "
        "The unscaled placement table takes far more epochs than AND; its earlier lines lie outside the panel.",
        facts=("lines_while_learning",),
        paint=paint_learning,
    ),
    Picture(
        "perceptron-ten-starts",
        "Ten starts, ten lines: all without a mistake, none the best",
        "The perceptron trick stops at the first line that separates the classes. The green line is the one that stays "
        "farthest from both.",
        facts=(
            "lines_of_10_starts",
            "maximum_margin_line",
            "blob_points",
            "blob_labels",
            "margins_of_10_starts",
            "widest_margin",
        ),
        paint=paint_starts,
    ),
)

_PRINTED = "The function runs as printed (learning rate 0.1, 1,000 epochs, normal weights, bias 0)"
_ONE_LAYER = "Keras's Dense from five random starts, 3,000 steps of gradient descent on the whole batch"

CLAIMS = (
    Claim(
        "perceptron-placement-separable",
        "003",
        "Video 4",
        "A perceptron on CGPA and IQ can reproduce the placement table: (8.5, 120) -> 1, (6.0, 100) -> 0, (7.5, 110) -> 1.",
        "behaviour",
        "3 of 3 correct",
        f"{_PRINTED} on the three unscaled rows, 100 starts. 'Can' is judged by the best start, and by a linear program that "
        "finds a line; all 100 starts are counted as well.",
        (
            Equals("placement_is_separable", True),
            Equals("placement_right_in_the_best_of_100_starts", 3),
            Equals("placement_starts_with_3_right_of_100", 100),
        ),
        remark="Unscaled, it takes 44 to 241 epochs; standardised, at most 8 (fact placement_epochs_of_20_starts and the one "
        "beside it).",
    ),
    Claim(
        "perceptron-only-separable",
        "003",
        "Video 4",
        "A perceptron works only on linearly separable data and cannot capture non-linear patterns.",
        "behaviour",
        "only linearly separable",
        "XOR, circles and moons (100 points, noise 0.05): a linear program finds no line, and `layers.Perceptron` makes a "
        "mistake in every one of 50 epochs from five starts and ends below 100%. On separable blobs it ends without one.",
        (
            Equals("line_for_xor_circles_moons_exists", [False, False, False]),
            Equals("epochs_without_mistake_on_xor_circles_moons", [0, 0, 0]),
            Equals("any_final_line_on_xor_circles_moons_is_perfect", [False, False, False]),
            Equals("mistakes_of_10_starts", [0] * 10),
        ),
        priority=2,
    ),
    Claim(
        "perceptron-train-code",
        "003",
        "Video 5",
        "perceptron_train (normal weights, b = 0, learning rate 0.1, 1,000 epochs) learns to classify separable data.",
        "behaviour",
        "lr 0.1; epochs 1000",
        f"{_PRINTED} on AND (100 starts) and on two separable clouds of 25 points (10 starts): every point right in the "
        "worst start.",
        (
            Equals("printed_function_result", "runs"),
            Equals("blobs_are_separable", True),
            Equals("and_right_in_the_worst_of_100_starts", 4),
            Equals("blobs_right_in_the_worst_of_10_starts", 50),
        ),
    ),
    Claim(
        "perceptron-no-unique-line",
        "003",
        "Video 5",
        "The perceptron trick does not guarantee the best line: different random starts give different results.",
        "behaviour",
        "no guarantee of best line",
        "`layers.Perceptron` from ten starts on the same separable clouds: all end without mistakes, with ten different "
        "lines (rounded to three decimals), none within 5% of the widest margin, which scikit-learn's linear SVC with "
        "C = 1e6 finds.",
        (
            Equals("mistakes_of_10_starts", [0] * 10),
            Equals("different_lines_of_10_starts", 10),
            Equals("starts_with_95_percent_of_the_widest_margin", 0),
        ),
        priority=2,
    ),
    Claim(
        "perceptron-sometimes-no-convergence",
        "003",
        "Video 5",
        "The perceptron trick sometimes does not converge.",
        "behaviour",
        "sometimes",
        "'Sometimes' is made exact: 100 random separable sets of 30 points must all end, with no more updates than "
        "Novikoff's (R / gamma)^2 from w = 0; 20 starts on XOR must not end within 200 epochs.",
        (
            Equals("separable_sets_that_end_without_mistakes_of_100", 100),
            Equals("separable_sets_with_more_updates_than_the_bound", 0),
            Equals("xor_starts_that_end_without_mistakes_of_20", 0),
        ),
        priority=2,
        remark="No erratum: the sentence is true as it stands, but it leaves out the condition. It is not a matter of luck: "
        "where a line separates the classes the trick always ends, where none does it never ends.",
    ),
    Claim(
        "perceptron-sigmoid-bce-logreg",
        "003",
        "Video 6",
        "A sigmoid neuron trained with binary cross-entropy is logistic regression.",
        "exact",
        "sigmoid + BCE = logistic regression",
        f"{_ONE_LAYER} (rate 1.0), on 160 points of two overlapping clouds; scikit-learn's LogisticRegression without "
        "penalty. Coefficients and bias agree to 0.001.",
        (Equals("sigmoid_neuron_minus_logistic_regression", 0, tolerance=1e-3),),
        priority=2,
    ),
    Claim(
        "perceptron-softmax-cce-softmaxreg",
        "003",
        "Video 6",
        "A softmax layer trained with categorical cross-entropy is softmax regression.",
        "exact",
        "softmax + CCE = softmax regression",
        f"{_ONE_LAYER} (rate 1.0), on 240 points of three overlapping clouds; scikit-learn's multinomial "
        "LogisticRegression without penalty. Probabilities agree to 0.001 (weights may differ by a common shift).",
        (Equals("softmax_layer_minus_softmax_regression", 0, tolerance=1e-3),),
        priority=2,
    ),
    Claim(
        "perceptron-linear-mse-linreg",
        "003",
        "Video 6",
        "A linear neuron trained with mean squared error is linear regression.",
        "exact",
        "linear + MSE = linear regression",
        f"{_ONE_LAYER} (rate 0.1), on 240 points; NumPy's least squares. Coefficients and bias agree to 0.001.",
        (Equals("linear_neuron_minus_least_squares", 0, tolerance=1e-3),),
        priority=2,
    ),
    Claim(
        "perceptron-xor-never-converges",
        "003",
        "Video 7",
        "However long it trains, a single perceptron never converges on XOR.",
        "behaviour",
        "never",
        "The printed function for 100 to 100,000 epochs must not have all four points right; `layers.Perceptron` makes a "
        "mistake in each of 1,000 epochs; a sigmoid neuron (Adam 0.01) for 100,000 passes from five starts; and the "
        "trick in fractions from 20 starts until weights and bias repeat, which proves that it goes on for ever.",
        (
            Equals("xor_never_all_right_after_100_to_100000_epochs", True),
            Equals("xor_epochs_without_mistake_of_1000", 0),
            Equals("xor_starts_that_enter_an_endless_loop_of_20", 20),
            Equals("sigmoid_neuron_epochs_without_mistake", 0),
            Equals("sigmoid_neuron_has_all_four_right", False),
        ),
    ),
    Claim(
        "perceptron-and-separable",
        "003",
        "Video 7",
        "The AND gate is separable by a single line.",
        "behaviour",
        "a single line separates AND",
        f"{_PRINTED}, 100 starts: all four points right in the worst start.",
        (Equals("and_right_in_the_worst_of_100_starts", 4),),
    ),
)
