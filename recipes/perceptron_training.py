"""The perceptron's training loop as the course prints it, with what happened kept; and how long it can take."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np


class PerceptronRun(NamedTuple):
    """What `perceptron_train` gives.

    Args:
        weights: w `(features,)` at the end.
        bias: b at the end.
        mistakes: misclassified points of each epoch, counted as their turn came; ends in 0 if and only if the classes were
            separated.
        path: w and b before the first epoch and after each, `(epochs + 1, features + 1)`.
    """

    weights: np.ndarray
    bias: float
    mistakes: list[int]
    path: np.ndarray

    @property
    def separated(self) -> bool:
        """Whether the last epoch made no mistake."""
        return self.mistakes[-1] == 0

    @property
    def updates(self) -> int:
        """How often the line was moved."""
        return sum(self.mistakes)

    def predict(self, X: Any) -> np.ndarray:
        """Class 0 or 1 of each point `(n, features)`."""
        return (np.asarray(X, "float64") @ self.weights + self.bias >= 0).astype(int)


def perceptron_train(
    X: Any, y: Any, learning_rate: float = 0.1, epochs: int = 1000, seed: int | None = None
) -> PerceptronRun:
    """The perceptron trick over all points in their order, epoch after epoch.

        y_hat = 1 if w . x + b >= 0 else 0
        w <- w + learning_rate (y - y_hat) x,       b <- b + learning_rate (y - y_hat)

    from standard normal w and b = 0. An epoch without a mistake leaves w and b as they are, and so would all later ones: the
    loop ends there, with the result that the printed one has after all its epochs. The arithmetic is that of
    `layers.Perceptron.learn` in float64.

    Args:
        X: points `(n, features)`.
        y: their classes, 0 or 1, `(n,)`.
        learning_rate: how far a misclassified point moves the line, above 0.
        epochs: the most passes over all points, a positive integer.
        seed: of w: what `np.random.seed(seed); np.random.randn(features)` draws. None draws anew at every call.

    Raises:
        ValueError: for arguments outside what is said above.

    Source: document 003, Video 5.
    """
    points, targets = _checked(X, y)
    if not (learning_rate > 0 and math.isfinite(learning_rate)):
        raise ValueError(f"`learning_rate` must be above 0. Received: learning_rate={learning_rate!r}")
    if isinstance(epochs, bool) or not hasattr(epochs, "__index__") or epochs < 1:
        raise ValueError(f"`epochs` must be a positive integer. Received: epochs={epochs!r}")
    w, b = np.random.RandomState(seed).randn(points.shape[1]), 0.0
    mistakes: list[int] = []
    path = [np.append(w, b)]
    while len(mistakes) < epochs and (not mistakes or mistakes[-1] > 0):
        wrong = 0
        for point, target in zip(points, targets, strict=True):
            predicted = 1 if w @ point + b >= 0 else 0
            if predicted != target:
                w = w + learning_rate * (target - predicted) * point
                b = b + learning_rate * (target - predicted)
                wrong += 1
        mistakes.append(wrong)
        path.append(np.append(w, b))
    return PerceptronRun(w, float(b), mistakes, np.array(path))


def novikoff_bound(X: Any, y: Any, learning_rate: float = 0.1, start: Any = None, separator: Any = None) -> float:
    """The most updates that the perceptron trick can make on points that a line separates.

    With the bias as one more weight, whose input is 1: let no point be longer than R, and let the unit vector u separate the
    points with margin gamma, y (u . x) >= gamma for y = -1 or 1. From v = 0, k updates give u . v >= k eta gamma and
    |v|^2 <= k eta^2 R^2, hence k <= (R / gamma)^2 for every learning rate eta. From another start v_0 the same two steps give

        (u . v_0 + k eta gamma)^2 <= |v_0|^2 + k eta^2 R^2

    whose largest k is returned.

    Args:
        X: points `(n, features)`.
        y: their classes, 0 or 1, `(n,)`.
        learning_rate: eta; without a start it makes no difference.
        start: the first w and b, `(features + 1,)`; zeros if None.
        separator: a w and b that separate the points, `(features + 1,)`; the line with the largest margin, which gives the
            smallest bound, if None.

    Raises:
        ValueError: no line separates the points, or the separator given does not.

    Source: Novikoff 1962; document 003, Video 5 (convergence).
    """
    points, targets = _checked(X, y)
    signed = np.where(targets == 1, 1.0, -1.0)[:, None] * np.hstack([points, np.ones((len(points), 1))])
    v = _largest_margin(signed) if separator is None else np.asarray(separator, "float64")
    if v.shape != signed.shape[1:]:
        raise ValueError(f"`separator` must hold w and b, {signed.shape[1]} numbers. Received: shape={v.shape}")
    u = v / (np.linalg.norm(v) or 1.0)
    gamma = float((signed @ u).min())
    if gamma <= 0:
        raise ValueError(f"`separator` must separate the points. Received: separator={separator!r}, margin {gamma:.3g}")
    radius = float(np.linalg.norm(signed, axis=1).max())
    first = np.zeros_like(u) if start is None else np.asarray(start, "float64")
    # eta^2 gamma^2 k^2 + (2 eta gamma u.v0 - eta^2 R^2) k + (u.v0)^2 - |v0|^2 <= 0: the larger root is the bound.
    square = (learning_rate * gamma) ** 2
    linear = 2 * learning_rate * gamma * float(u @ first) - (learning_rate * radius) ** 2
    constant = float(u @ first) ** 2 - float(first @ first)
    return (-linear + math.sqrt(linear**2 - 4 * square * constant)) / (2 * square)


def _largest_margin(signed: np.ndarray) -> np.ndarray:
    """A vector along the v of least length with v . x >= 1 for every signed point x.

    Non-negative least squares finds a >= 0 for which [sum a_i x_i, sum a_i] is nearest to [0, 1]. At its solution
    v = sum a_i x_i has v . x_i >= 1 - sum a_i, equal wherever a_i > 0: the conditions of the largest margin. A residual of 0
    means that v = 0: the origin lies among the signed points, so nothing separates them.
    """
    from scipy.optimize import nnls

    scale = np.linalg.norm(signed, axis=1).max()
    system = np.vstack([signed.T / scale, np.ones(len(signed))])
    target = np.append(np.zeros(signed.shape[1]), 1.0)
    multipliers, residual = nnls(system, target, maxiter=100 * len(signed))
    v = (signed.T / scale) @ multipliers
    if residual < 1e-7 or (signed @ v).min() <= 0:
        raise ValueError("No line separates the points of class 0 from those of class 1.")
    return v


def _checked(X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    points, targets = np.asarray(X, "float64"), np.asarray(y)
    if points.ndim != 2 or targets.shape != points.shape[:1] or not len(points):
        raise ValueError(
            "`X` must be points (n, features) with as many classes in `y` (n,). "
            f"Received: X.shape={points.shape}, y.shape={targets.shape}"
        )
    if not np.isfinite(points).all():
        raise ValueError("`X` must be finite.")
    unknown = sorted(set(targets.tolist()) - {0, 1})
    if unknown:
        raise ValueError(f"`y` must be 0 or 1. Received: y with {unknown[:5]}")
    return points, targets.astype(int)
