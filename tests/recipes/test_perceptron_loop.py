"""The course's perceptron_train, and Novikoff's bound on it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers import Perceptron
from recipes.perceptron_training import novikoff_bound, perceptron_train

GATE = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
AND, XOR = np.array([0, 0, 0, 1]), np.array([0, 1, 1, 0])


def as_printed(X, y, seed, learning_rate=0.1, epochs=1000):
    """Document 003, Video 5, with the generator seeded before."""
    np.random.seed(seed)
    w = np.random.randn(X.shape[1])
    b = 0
    for _ in range(epochs):
        for i in range(len(X)):
            z = np.dot(w, X[i]) + b
            y_pred = 1 if z >= 0 else 0
            if y_pred != y[i]:
                if y[i] == 1:
                    w = w + learning_rate * X[i]
                    b = b + learning_rate
                else:
                    w = w - learning_rate * X[i]
                    b = b - learning_rate
    return w, b


def separable(seed, n=30):
    rng = np.random.default_rng(seed)
    points = rng.uniform(-1, 1, (n, 2))
    score = points @ rng.standard_normal(2) + rng.uniform(-0.5, 0.5)
    keep = np.abs(score) > 0.1
    return points[keep], (score[keep] > 0).astype(int)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("targets", [AND, XOR])
def test_equals_the_printed_code(targets, seed):
    w, b = as_printed(GATE, targets, seed, epochs=60)
    run = perceptron_train(GATE, targets, epochs=60, seed=seed)
    np.testing.assert_allclose(np.append(run.weights, run.bias), np.append(w, b), rtol=0, atol=1e-13)
    assert run.separated == (targets is AND) and len(run.path) == len(run.mistakes) + 1
    assert (run.path[-1] == np.append(run.weights, run.bias)).all()


def test_equals_the_layer():
    points, targets = separable(0)
    run = perceptron_train(points, targets, seed=4)
    layer = Perceptron(dtype="float64")
    layer.build((None, 2))
    layer.set_weights([run.path[0, :2], run.path[0, 2]])
    assert layer.learn(points, targets) == run.mistakes
    np.testing.assert_allclose(np.append(*layer.get_weights()), run.path[-1], rtol=0, atol=1e-12)
    assert (run.predict(points) == targets).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.01, 0.1, 1.0]))
def test_never_more_updates_than_novikoff_allows(seed, learning_rate):
    points, targets = separable(seed)
    if len(set(targets)) == 2:
        run = perceptron_train(points, targets, learning_rate, epochs=100_000, seed=seed)
        assert run.separated
        for separator in (None, run.path[-1]):
            bound = novikoff_bound(points, targets, learning_rate, start=run.path[0], separator=separator)
            assert run.updates <= bound * (1 + 1e-9)


def test_bound_of_and():
    # Widest margin with the bias among the weights, y v . x >= 1: v = (2, 2, -3) by symmetry, |v|^2 = 17; R^2 = 3.
    assert novikoff_bound(GATE, AND) == pytest.approx(3 * 17, rel=1e-6)
    assert novikoff_bound(GATE, AND, learning_rate=7) == pytest.approx(3 * 17, rel=1e-6)
    assert novikoff_bound(GATE, AND, separator=[1, 1, -1.5]) == pytest.approx(3 * 17)
    assert novikoff_bound(GATE, AND, separator=[1, 1, -1.2]) > 60
    assert novikoff_bound(GATE, AND, start=[4, 4, -6]) < 51


def test_widest_margin_is_that_of_a_hard_margin_machine():
    from sklearn.svm import SVC

    points, targets = separable(3)
    lifted = np.hstack([points, np.ones((len(points), 1))])
    signs = 2 * targets - 1
    both = np.vstack([lifted, -lifted])  # mirrored, the best line passes through the origin: no intercept is left
    machine = SVC(kernel="linear", C=1e8, tol=1e-8).fit(both, np.append(signs, -signs))
    radius = np.linalg.norm(lifted, axis=1).max()
    expected = radius**2 * float(machine.coef_[0] @ machine.coef_[0])
    assert novikoff_bound(points, targets) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: novikoff_bound(GATE, XOR), "No line separates"),
        (lambda: novikoff_bound(GATE, AND, separator=[1, 1, 0]), "must separate"),
        (lambda: novikoff_bound(GATE, AND, separator=[1, 1]), "3 numbers"),
        (lambda: perceptron_train(GATE, [1, -1, 1, 1]), "`y` must be 0 or 1"),
        (lambda: perceptron_train(GATE, AND[:3]), "`X` must be points"),
        (lambda: perceptron_train(GATE, AND, learning_rate=0), "`learning_rate`"),
        (lambda: perceptron_train(GATE, AND, epochs=0), "`epochs`"),
        (lambda: perceptron_train([[np.nan, 1]], [1]), "finite"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()
