"""Feature scaling: the two formulas, fitting on the training rows alone, and why unscaled features train slowly.

Source: document 003, Videos 13 and 22. Gradient descent on a linear model with mean squared error is a walk on the
quadratic L(w) = 1/(2n) ||X w - y||^2 with Hessian H = X'X / n. In the basis of H's eigenvectors each coordinate of the
error shrinks by (1 - rate * eigenvalue) a step, so the best fixed rate is limited by the largest eigenvalue and the
number of steps by the smallest: it grows with the condition number. The walk is computed exactly from the eigenvalues and
held against Keras's SGD.

Run: reproduce run feature_scaling
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from reproductions.claims import Claim, Equals, Sampled
from reproductions.figures import COLOURS, Picture
from reproductions.worked import array, difference, draw

TITLE = "Feature scaling: min-max, standardisation, and the speed of gradient descent"
SUMMARY = (
    "StandardScaler and MinMaxScaler against their formulas and Keras's Normalization, what a scaler fitted on the test rows "
    "gives away, and gradient descent on age and salary, raw and standardised."
)
DATASETS = ("graduate_admissions",)
IN_DEFAULT_SET = True
EXPECTED_SECONDS = 4.0

REPEATS = 20
ROWS = 200
TOLERANCE = 0.01


def formulas() -> dict[str, Any]:
    """Each scaler on 50 x 3 random numbers against NumPy, and Keras's layer against the same."""
    import keras
    from sklearn.preprocessing import MinMaxScaler, StandardScaler

    from recipes import scaling

    x, unseen = 4 * draw(50, 3) + 7, 4 * draw(20, 3, seed=1) + 7
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    unit = (x - x.min(axis=0)) / (x.max(axis=0) - x.min(axis=0))
    normalization = keras.layers.Normalization(dtype="float64")
    normalization.adapt(x)
    standard, minmax = StandardScaler().fit(x), MinMaxScaler().fit(x)
    ours = scaling.FeatureScaler("standard").fit(x), scaling.FeatureScaler("minmax").fit(x)
    return {
        "standard_scaler_minus_formula": round(difference(standard.transform(x), z), 6),
        "our_standard_scaler_minus_formula": round(difference(ours[0].transform(x), z), 6),
        "keras_normalization_minus_formula": round(difference(array(normalization(x)), z), 4),
        "uses_sample_deviation": difference(standard.transform(x), (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)) < 1e-3,
        "minmax_scaler_minus_formula": round(difference(minmax.transform(x), unit), 6),
        "our_minmax_scaler_minus_formula": round(difference(ours[1].transform(x), unit), 6),
        "unseen_minmax_minus_formula": round(
            difference(minmax.transform(unseen), (unseen - x.min(axis=0)) / (x.max(axis=0) - x.min(axis=0))), 6
        ),
        "standardised_mean": round(float(np.abs(standard.transform(x).mean(axis=0)).max()), 9),
        "standardised_deviation": round(float(standard.transform(x).std(axis=0).min()), 9),
        "far_value_standardised_beyond_1000": bool(standard.transform([[1e4, 0, 0]])[0, 0] > 1000),
    }


def fitting() -> dict[str, Any]:
    """What a fit on the training rows uses, and what a fit on all rows lets through.

    The proof is a change of one test value: training rows that a scaler fitted on all rows scales change with it.
    """
    from sklearn.preprocessing import StandardScaler

    from recipes.scaling import scale_splits

    train, test = draw(80, 2), draw(20, 2, seed=1) + 0.5
    changed = test.copy()
    changed[0, 0] = 1e6
    scaler = StandardScaler().fit(train)

    def scaled_training(rows: np.ndarray) -> np.ndarray:
        return StandardScaler().fit(rows).transform(train)

    everything, everything_changed = np.concatenate([train, test]), np.concatenate([train, changed])
    return {
        "statistics_minus_training_statistics": round(
            max(difference(scaler.mean_, train.mean(axis=0)), difference(scaler.scale_, train.std(axis=0))), 9
        ),
        "transformed_test_mean_is_0": bool(np.abs(scaler.transform(test).mean(axis=0)).max() < 0.1),
        "test_value_changes_training_rows_fit_on_all": difference(
            scaled_training(everything), scaled_training(everything_changed)
        )
        > 0.1,
        "test_value_changes_training_rows_fit_on_train": difference(
            scale_splits(train, test)[0], scale_splits(train, changed)[0]
        )
        > 0,
        "single_row_scaled_by_itself": StandardScaler().fit_transform(test[:1]).tolist(),
    }


def same_parameters() -> dict[str, list[float]]:
    """Accuracy on small test batches of a logistic regression, by the scaler that the batch goes through.

    Two overlapping classes, 200 training rows; batches of 10 test rows, all classes mixed as they come. Compared: the
    training rows' mean and deviation, the batch's own, and those of all rows together.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    own, everything = [], []
    for seed in range(REPEATS):
        rng = np.random.default_rng([seed, 22])
        labels = rng.integers(0, 2, 1200)
        x = rng.normal(0, 1, (1200, 2)) + 1.5 * labels[:, None]
        x = x * (25, 250_000) + (40, 500_000)  # years, money
        scaler = StandardScaler().fit(x[:200])
        model = LogisticRegression().fit(scaler.transform(x[:200]), labels[:200])
        batches, truth = x[200:].reshape(100, 10, 2), labels[200:].reshape(100, 10)
        middle, spread = batches.mean(axis=1, keepdims=True), batches.std(axis=1, keepdims=True)
        alone = float((model.predict(((batches - middle) / spread).reshape(-1, 2)) == truth.ravel()).mean())
        right = float(model.score(scaler.transform(x[200:]), labels[200:]))
        leaky = StandardScaler().fit(x)
        leaked = LogisticRegression().fit(leaky.transform(x[:200]), labels[:200])
        own.append(round(right - alone, 5))
        everything.append(round(float(leaked.score(leaky.transform(x[200:]), labels[200:])) - right, 5))
    return {"accuracy_same_minus_own_parameters": own, "accuracy_gained_by_fit_on_all": everything}


def people(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Age (0-100) and salary (0-1,000,000), and a target to which both contribute alike; shapes (200, 2), (200,)."""
    rng = np.random.default_rng([seed, 100])
    x = rng.uniform(0, (100, 1_000_000), (ROWS, 2))
    return x, x[:, 0] / 100 + x[:, 1] / 1_000_000 + rng.normal(0, 0.1, ROWS)


def standardised(x: np.ndarray) -> np.ndarray:
    """(x - mean) / deviation by column."""
    return (x - x.mean(axis=0)) / x.std(axis=0)


def with_intercept(x: np.ndarray) -> np.ndarray:
    """The columns and one of ones."""
    return np.column_stack([x, np.ones(len(x))])


class Walk:
    """Gradient descent on a linear model with mean squared error, from w = 0, at rate 1 / largest eigenvalue.

    Args:
        design: features, with a column of ones for the intercept: shape (rows, weights).
        y: targets, shape (rows,).
    """

    def __init__(self, design: np.ndarray, y: np.ndarray):
        # Keras's mean squared error has no 1/2, so its Hessian is 2 X'X / n.
        self.eigenvalues, vectors = np.linalg.eigh(2 * design.T @ design / len(y))
        best = np.linalg.lstsq(design, y, rcond=None)[0]
        self.vectors, self.best = vectors, best
        self.start = vectors.T @ -best  # distance from the best weights by eigenvector
        self.rate = 1 / self.eigenvalues[-1]
        self.least_loss = float(np.mean((design @ best - y) ** 2))

    def excess(self, steps: Any) -> np.ndarray:
        """Loss above the least after so many steps: 1/2 sum of eigenvalue distance^2 (1 - rate eigenvalue)^(2 steps)."""
        shrink = (1 - self.rate * self.eigenvalues) ** (2 * np.asarray(steps, "float64")[..., None])
        return (self.eigenvalues * self.start**2 * shrink).sum(axis=-1) / 2

    def weights(self, steps: Any) -> np.ndarray:
        """Weights after so many steps, shape (steps, weights)."""
        shrink = (1 - self.rate * self.eigenvalues) ** np.asarray(steps, "float64")[:, None]
        return self.best + (shrink * self.start) @ self.vectors.T

    def steps_to(self, tolerance: float) -> int:
        """Steps until the excess is this share of what it was at the start."""
        target, low, high = tolerance * self.excess(0), 0, 1
        while self.excess(high) > target:
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.excess(middle) > target else (low, middle)
        return high

    @property
    def condition(self) -> float:
        """Largest over smallest eigenvalue of the Hessian."""
        return float(self.eigenvalues[-1] / self.eigenvalues[0])


def keras_losses(x: np.ndarray, y: np.ndarray, rate: float, steps: int = 50) -> np.ndarray:
    """Training losses of a Dense(1) from zero weights with Keras's full-batch SGD, in the compiled trainer."""
    import keras

    from recipes.training import fit

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    model.compile(keras.optimizers.SGD(rate), "mse")
    history = fit(model, x.astype("float32"), y.astype("float32"), batch_size=ROWS, epochs=steps, shuffle=False, seed=0)
    return np.asarray(history.history["loss"])


def speed() -> dict[str, Any]:
    """Steps of gradient descent and condition numbers, raw and standardised, on twenty random data sets."""
    pairs = []
    for seed in range(REPEATS):
        x, y = people(seed)
        pairs.append((Walk(with_intercept(x), y), Walk(with_intercept(standardised(x)), y)))
    x, y = people(0)
    raw, scaled = pairs[0]
    by_keras = keras_losses(standardised(x), y, scaled.rate), keras_losses(x, y, raw.rate)
    by_eigenvalues = [walk.least_loss + walk.excess(np.arange(50)) for walk in (scaled, raw)]
    gap = max(float(np.abs(k / e - 1).max()) for k, e in zip(by_keras, by_eigenvalues, strict=True))
    steps = np.unique(np.logspace(0, 12, 100).round().astype(int))
    return {
        "log10_steps_raw_over_standardised": [
            round(float(np.log10(a.steps_to(TOLERANCE) / b.steps_to(TOLERANCE))), 4) for a, b in pairs
        ],
        "log10_condition_raw_over_standardised": [
            round(float(np.log10(a.condition / b.condition)), 4) for a, b in pairs
        ],
        "steps_to_1_percent": [[a.steps_to(TOLERANCE), b.steps_to(TOLERANCE)] for a, b in pairs],
        "keras_sgd_follows_the_walk": gap < 1e-3,
        "default_rate_on_raw_columns_diverges": not bool(np.isfinite(keras_losses(x, y, 0.01)[-1])),
        "descent": {
            "steps": steps.tolist(),
            "raw": [float(f"{v:.4g}") for v in raw.excess(steps) / raw.excess(0)],
            "standardised": [float(f"{v:.4g}") for v in scaled.excess(steps) / scaled.excess(0)],
        },
    }


def examine() -> dict[str, Any]:
    """The facts that need no file."""
    return {**formulas(), **fitting(), **same_parameters(), **speed()}


def examine_data() -> dict[str, Any]:
    """MinMaxScaler on the admission columns: range of the training rows and of the test rows (split of Video 13)."""
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import MinMaxScaler

    from recipes.datasets import load_frame

    table = load_frame("graduate_admissions").drop(columns="Serial No.")
    x, y = table.drop(columns="Chance of Admit "), table["Chance of Admit "]
    x_train, x_test, _, _ = train_test_split(x.to_numpy(), y, test_size=0.2, random_state=1)
    scaler = MinMaxScaler().fit(x_train)
    train, test = scaler.transform(x_train), scaler.transform(x_test)
    return {
        "admission_training_ranges": [[round(float(c.min()), 9), round(float(c.max()), 9)] for c in train.T],
        "admission_test_range": [round(float(test.min()), 4), round(float(test.max()), 4)],
    }


def paint_descent(facts: Mapping[str, Any]) -> Any:
    """Contours and path of gradient descent where two columns differ tenfold and where they do not; excess loss by step."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(12.6, 4.3), layout="constrained")
    x, y = people(0)
    columns, centred = standardised(x), y - y.mean()
    for axis, scale, colour in ((axes[0], 10, COLOURS[1]), (axes[1], 1, COLOURS[0])):
        _paint_path(axis, columns * (1, scale), centred, colour)
        axis.set_title(f"columns on scales 1 : {scale}", fontsize=10)
    descent = facts["descent"]
    for name, colour, style in (("raw", COLOURS[1], "-"), ("standardised", COLOURS[0], "-o")):
        shares = np.asarray(descent[name])
        shown = shares > 1e-8
        steps = np.asarray(descent["steps"])[shown]
        axes[2].plot(steps, shares[shown], style, color=colour, label=name, linewidth=1.8, markersize=3)
    axes[2].axhline(TOLERANCE, color="0.5", linestyle=":", linewidth=1)
    axes[2].set_xscale("log")
    axes[2].set_yscale("log")
    axes[2].set_xlabel("step")
    axes[2].set_ylabel("loss above the least, share of the start")
    axes[2].set_title("age 0-100 and salary 0-1,000,000", fontsize=10)
    axes[2].grid(alpha=0.25)
    axes[2].legend(frameon=False, fontsize=9, loc="center left", bbox_to_anchor=(0.08, 0.5))
    return figure


def _paint_path(axis: Any, x: np.ndarray, y: np.ndarray, colour: str) -> None:
    """Contours of the loss over both weights, axes of one unit, and 40 steps from the point (-0.5, 0.5) beside the least."""
    walk = Walk(x, y)
    walk.start = walk.vectors.T @ np.array([-0.5, 0.5])
    a, b = np.meshgrid(*(np.linspace(-0.6, 0.6, 120) + centre for centre in walk.best))  # (120, 120)
    error = y - a[..., None] * x[:, 0] - b[..., None] * x[:, 1]
    axis.contour(a, b, np.sqrt((error**2).mean(axis=-1)), levels=14, colors="0.75", linewidths=0.8)
    path = walk.weights(np.arange(41))
    axis.plot(path[:, 0], path[:, 1], "-o", color=colour, markersize=3, linewidth=1.2, label="40 steps")
    axis.plot(*walk.best, "*", color="0.15", markersize=12, label="least loss")
    axis.set_aspect("equal")
    axis.set_xlabel("weight of the first column")
    axis.set_ylabel("weight of the second column")
    axis.legend(frameon=True, edgecolor="none", fontsize=8, loc="upper right")


FIGURES = (
    Picture(
        "feature-scaling-descent",
        "Gradient descent on columns of different scales, at rate 1 / largest eigenvalue (one of 20 random data sets)",
        "Left and middle: contours of the loss and 40 steps; a tenfold difference already leaves a narrow valley along which "
        "the steps crawl. Right: raw age and salary differ ten thousandfold; dotted: 1% of the starting loss.",
        facts=("descent",),
        paint=paint_descent,
    ),
)

_FIRST, _SECOND = "Video 13", "Video 22"

CLAIMS = (
    Claim(
        "scaling-minmax-range",
        "003",
        _FIRST,
        "MinMaxScaler maps features to the range 0 to 1.",
        "exact",
        "0-1",
        "The document's admission split (80/20, random state 1): scaler fitted on the 400 training rows; least and largest value "
        "of each of the 7 training columns.",
        (Equals("admission_training_ranges", [[0.0, 1.0]] * 7, tolerance=1e-9),),
        data="graduate_admissions",
        priority=2,
        remark="Holds for the rows that the scaler was fitted on. Test rows can fall outside: here the least is -0.14.",
    ),
    Claim(
        "scaling-standard-mean-std",
        "003",
        _FIRST,
        "StandardScaler gives mean 0 and standard deviation 1, with unbounded values.",
        "exact",
        "0; 1",
        "50 x 3 random numbers: mean and population standard deviation of the transformed columns; a value far from the training "
        "rows is transformed to one beyond 1000.",
        (
            Equals("standardised_mean", 0.0, tolerance=1e-9),
            Equals("standardised_deviation", 1.0, tolerance=1e-9),
            Equals("far_value_standardised_beyond_1000", True),
        ),
        priority=2,
        remark="Of the n training rows themselves none can be further than (n - 1) / sqrt(n) deviations from the mean.",
    ),
    Claim(
        "scaling-zscore-formula",
        "003",
        _SECOND,
        "Standardisation is (x - mean) / std.",
        "exact",
        "(x - mean) / std",
        "50 x 3 random numbers: scikit-learn's StandardScaler, recipes.scaling's FeatureScaler and keras.layers.Normalization "
        "against NumPy with the population's deviation (divided by n, not n - 1).",
        (
            Equals("standard_scaler_minus_formula", 0, tolerance=1e-6),
            Equals("our_standard_scaler_minus_formula", 0, tolerance=1e-6),
            Equals("keras_normalization_minus_formula", 0, tolerance=1e-4),
            Equals("uses_sample_deviation", False),
        ),
        priority=2,
    ),
    Claim(
        "scaling-minmax-formula",
        "003",
        _SECOND,
        "Min-max normalisation is (x - min) / (max - min).",
        "exact",
        "(x - min) / (max - min)",
        "50 x 3 random numbers and 20 unseen rows: scikit-learn's MinMaxScaler and recipes.scaling's FeatureScaler against NumPy "
        "with the training rows' least and largest value.",
        (
            Equals("minmax_scaler_minus_formula", 0, tolerance=1e-6),
            Equals("our_minmax_scaler_minus_formula", 0, tolerance=1e-6),
            Equals("unseen_minmax_minus_formula", 0, tolerance=1e-6),
        ),
        priority=2,
    ),
    Claim(
        "scaling-fit-train-only",
        "003",
        _SECOND,
        "The scaler is fitted on the training rows and applied to the test rows with the same parameters.",
        "behaviour",
        "fit on train only",
        "The scaler's statistics are the training rows' and the transformed test rows do not have mean 0. Fitted on all rows, "
        "the scaled training rows change with a single test value; fitted on the training rows they do not. Same parameters: "
        "a logistic regression on 200 rows of two overlapping classes is more accurate on batches of 10 test rows scaled by the "
        f"training rows' statistics than on batches scaled by their own; {REPEATS} random data sets.",
        (
            Equals("statistics_minus_training_statistics", 0, tolerance=1e-9),
            Equals("transformed_test_mean_is_0", False),
            Equals("test_value_changes_training_rows_fit_on_all", True),
            Equals("test_value_changes_training_rows_fit_on_train", False),
            Sampled("accuracy_same_minus_own_parameters", low=0.0, documented="more accurate (above 0)"),
        ),
        priority=2,
        remark="A scaler fitted on all rows is a matter of principle here: it changed the accuracy by 0.001 at most (fact "
        "accuracy_gained_by_fit_on_all). Scaling a batch by its own statistics costs 3 points, and turns a single row to zeros.",
    ),
    Claim(
        "scaling-different-scales-slow",
        "003",
        _SECOND,
        "With features such as age (0-100) and salary (0-1,000,000) gradient descent becomes very slow.",
        "comparison",
        "0-100 vs 0-10,00,000",
        "Linear model with intercept and mean squared error, full-batch gradient descent from 0 at rate 1 / largest eigenvalue "
        f"of the Hessian, {REPEATS} random data sets of {ROWS} uniform rows to whose target both features contribute alike. "
        "Steps until 1% of the starting loss above the least is left, raw over standardised: very slow is at least 100 times "
        "(log10 2). The computed walk equals Keras's SGD over 50 steps to 0.1%. On raw columns Keras's default rate, 0.01, "
        "diverges.",
        (
            Sampled("log10_steps_raw_over_standardised", low=2.0, documented="at least 100 times (log10 at least 2)"),
            Sampled(
                "log10_condition_raw_over_standardised", low=2.0, documented="Hessian's condition at least 100 times"
            ),
            Equals("keras_sgd_follows_the_walk", True),
            Equals("default_rate_on_raw_columns_diverges", True),
        ),
        priority=2,
        remark="About 3e8 steps against 1 to 2.",
    ),
)
