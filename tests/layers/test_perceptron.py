import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.perceptron import Perceptron
from tests.layers import support

GATE = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
AND, OR, XOR = np.array([0, 0, 0, 1]), np.array([0, 1, 1, 1]), np.array([0, 1, 1, 0])
STUDENTS = np.array([[8.5, 120], [6.0, 100], [7.5, 110]], "float32")  # CGPA and IQ of the document's table


def started(kernel, bias=0.0, **arguments):
    layer = Perceptron(**arguments)
    layer.build((None, len(kernel)))
    layer.set_weights([np.asarray(kernel), np.asarray(bias)])
    return layer


def train_as_documented(inputs, targets, w, b, learning_rate, epochs):
    """The document's `perceptron_train`, from given weights."""
    for _ in range(epochs):
        for x, y in zip(inputs, targets, strict=True):
            predicted = 1 if np.dot(w, x) + b >= 0 else 0
            if predicted != y and y == 1:
                w, b = w + learning_rate * x, b + learning_rate
            elif predicted != y:
                w, b = w - learning_rate * x, b - learning_rate
    return w, b


@pytest.mark.parametrize("negative_class", [0, -1])
def test_step(negative_class):
    layer = started([1.0], negative_class=negative_class)
    classes = layer(np.array([[-1e-9], [0.0], [1e-9]], "float32"))
    assert support.numpy(classes).tolist() == [negative_class, 1, 1]


def test_modes_and_round_trips(tmp_path):
    layer = support.check_layer(Perceptron, None, {"negative_class": -1, "seed": 3}, support.random(5, 4))
    support.saved_and_loaded(layer, tmp_path, support.random(5, 4))
    assert support.numpy(layer(support.random(2, 3, 4))).shape == (2, 3)


def test_one_update_of_each_kind():
    layer = started([0.0, 0.0])
    assert layer.update(STUDENTS[1], 0, learning_rate=0.1) == 1  # z = 0 says 1: away from (6, 100)
    support.close(layer.get_weights(), [np.array([-0.6, -10.0]), -0.1], 1e-6)
    assert layer.update(STUDENTS[0], 1, learning_rate=0.1) == 1  # z < 0 says 0: towards (8.5, 120)
    support.close(layer.get_weights(), [np.array([0.25, 2.0]), 0.0], 1e-6)
    assert layer.update(STUDENTS[2], 1, learning_rate=0.1) == 0
    support.close(layer.get_weights(), [np.array([0.25, 2.0]), 0.0], 1e-6)


@pytest.mark.parametrize(("inputs", "targets"), [(GATE, AND), (GATE, XOR), (STUDENTS, np.array([1, 0, 1]))])
def test_equals_the_documented_code(inputs, targets):
    inputs, start = inputs.astype("float64"), support.random(inputs.shape[1], seed=5, dtype="float64")
    layer = started(start, dtype="float64")
    mistakes = layer.learn(inputs, targets, learning_rate=0.1, epochs=20)
    w, b = train_as_documented(inputs, targets, start, 0.0, 0.1, len(mistakes))
    # JAX computes in float32 whatever is asked for, unless it is set up otherwise.
    support.close(layer.get_weights(), [w, b], 1e-6 if support.BACKEND == "jax" else 1e-12)


@pytest.mark.parametrize("targets", [AND, OR])
@pytest.mark.parametrize("seed", range(5))
def test_learns_gates_that_a_line_separates(targets, seed):
    layer = Perceptron(seed=seed)
    mistakes = layer.learn(GATE, targets, seed=seed)
    assert mistakes[-1] == 0 and 0 not in mistakes[:-1] and len(mistakes) < 1000
    assert support.numpy(layer(GATE)).tolist() == targets.tolist()


@pytest.mark.parametrize("seed", [None, 0, 1])
def test_never_learns_xor(seed):
    layer = Perceptron(seed=0)
    mistakes = layer.learn(GATE, XOR, epochs=100, seed=seed)
    assert len(mistakes) == 100 and min(mistakes) > 0
    assert np.mean(support.numpy(layer(GATE)) == XOR) <= 0.75


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 4), st.integers(2, 12), st.integers(0, 2**16))
def test_novikoffs_bound(features, points, seed):
    draws = np.random.default_rng(seed)
    line = draws.standard_normal(features + 1)
    line /= np.linalg.norm(line)  # the last entry is the bias's
    inputs = draws.uniform(-1, 1, (points, features))
    scores = inputs @ line[:-1] + line[-1]
    near = np.abs(scores) < 0.05
    inputs[near] += np.sign(scores[near])[:, None] * 0.1 * line[:-1] / max(line[:-1] @ line[:-1], 1e-3)
    scores = inputs @ line[:-1] + line[-1]
    margin, radius = np.abs(scores).min(), np.sqrt(1 + (inputs**2).sum(axis=1).max())
    bound = (radius / margin) ** 2
    layer = started(np.zeros(features), dtype="float64")
    mistakes = layer.learn(inputs, (scores > 0).astype(int), learning_rate=0.3, epochs=int(bound) + 2)
    # The first point of class 0 is a mistake at z = 0 as well, which the proof allows for.
    assert mistakes[-1] == 0 and sum(mistakes) <= bound


def test_both_encodings_learn_the_same_line():
    layers = [started([0.5, -0.2], 0.1, negative_class=negative_class) for negative_class in (0, -1)]
    histories = [layers[0].learn(GATE, AND, seed=1), layers[1].learn(GATE, 2 * AND - 1, seed=1)]
    assert histories[0] == histories[1]
    support.close(layers[0].get_weights(), layers[1].get_weights(), 1e-7)


def test_seeds_repeat_start_and_order():
    starts = [Perceptron(seed=seed) for seed in (1, 1, 2)]
    histories = [layer.learn(GATE, AND, seed=7) for layer in starts]
    assert histories[0] == histories[1]
    one, same, other = (layer.get_weights()[0] for layer in starts)
    assert np.array_equal(one, same) and not np.array_equal(one, other)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Perceptron(negative_class=2), "Received: negative_class=2"),
        (lambda: Perceptron()(np.ones(3, "float32")), r"Received: input_shape=\(3,\)"),
        (lambda: Perceptron().learn(GATE, 2 * AND - 1), r"`targets` must be 0 or 1. Received: targets=\[-1.0\]"),
        (lambda: Perceptron().learn(GATE, AND[:3]), r"inputs.shape=\(4, 2\), targets.shape=\(3,\)"),
        (lambda: Perceptron().learn(GATE[:0], AND[:0]), r"inputs.shape=\(0, 2\)"),
        (lambda: Perceptron().learn(GATE * np.nan, AND), "`inputs` must be finite"),
        (lambda: Perceptron().learn(GATE, AND, learning_rate=0), "Received: learning_rate=0"),
        (lambda: Perceptron().learn(GATE, AND, epochs=0), "Received: epochs=0"),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
