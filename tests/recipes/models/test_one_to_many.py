"""The one-to-many network: its equations in NumPy, steps against the whole sequence, writing, learning."""

import keras
import numpy as np
import pytest

from recipes.decoding import greedy
from recipes.models.one_to_many import OneToMany, start_tokens
from recipes.text import END, PAD, START
from recipes.training import Trainer

VOCABULARY, UNITS, LENGTH = 9, 8, 5


def network():
    keras.utils.set_random_seed(0)
    model = OneToMany(keras.layers.Embedding(3, 4), VOCABULARY, UNITS, 4)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=PAD)
    model.compile(keras.optimizers.Adam(0.02), loss)
    return model


@pytest.fixture(scope="module")
def model():
    built = network()
    built((np.array([0]), np.zeros((1, LENGTH), "int32")))
    rng = np.random.default_rng(0)
    for weight in built.weights:  # biases too, or a forgotten one goes unseen
        weight.assign(0.5 * rng.standard_normal(weight.shape))
    return built


def test_equations(model):
    source, tokens = np.array([2, 0]), np.array([[START, 4, 5, 6, 7], [START, 8, 8, 4, 5]])
    codes, W_s, b_s, E, W, U, b, W_o, b_o = (weight.numpy() for weight in model.weights)

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    h = np.tanh(codes[source] @ W_s + b_s)
    logits = []
    for t in range(LENGTH):
        x_z, x_r, x_h = np.split(E[tokens[:, t]] @ W + b[0], 3, axis=1)
        h_z, h_r, h_h = np.split(h @ U + b[1], 3, axis=1)
        z, r = sigmoid(x_z + h_z), sigmoid(x_r + h_r)
        h = z * h + (1 - z) * np.tanh(x_h + r * h_h)
        logits.append(h @ W_o + b_o)
    np.testing.assert_allclose(model((source, tokens)), np.stack(logits, axis=1), atol=1e-5)


def test_steps_give_what_teacher_forcing_gives(model):
    source, tokens = np.array([1, 2]), np.array([[START, 4, 5, 6, 7], [START, 8, 8, 4, 5]])
    state, steps = model.start(source), []
    for t in range(LENGTH):
        logits, state = model.step(tokens[:, t], t, state)
        steps.append(logits)
    np.testing.assert_allclose(np.stack(steps, axis=1), model((source, tokens)), atol=1e-5)


def test_learns_one_sequence_for_each_source():
    sequences = np.array([[4, 5, END, PAD, PAD], [6, 6, 7, END, PAD], [5, 4, 8, 8, END]], "int32")
    tokens = np.concatenate([np.full((3, 1), START, "int32"), sequences[:, :-1]], axis=1)
    source = np.arange(3, dtype="int32")
    runs = Trainer(network, lanes=1).fit((source, tokens), sequences, epochs=120, batch_size=3)
    trained = runs.load(0)
    np.testing.assert_array_equal(greedy(trained.step, trained.start(source), start_tokens(3), END, LENGTH), sequences)
