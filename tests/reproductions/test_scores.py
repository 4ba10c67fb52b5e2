"""The scores equal Keras's losses, seed by seed."""

import keras
import numpy as np

from reproductions import scores


def test_scores_equal_keras_losses():
    rng = np.random.default_rng(0)
    p, y = rng.uniform(size=(3, 40)), rng.integers(0, 2, 40)
    q, labels = rng.dirichlet(np.ones(5), size=(3, 40)), rng.integers(0, 5, (3, 40))
    for seed in range(3):
        binary = float(keras.losses.BinaryCrossentropy()(y, p[seed]))
        categorical = float(keras.losses.SparseCategoricalCrossentropy()(labels[seed], q[seed]))
        np.testing.assert_allclose(scores.binary_cross_entropy(y, p)[seed], binary, rtol=1e-5)
        np.testing.assert_allclose(scores.categorical_cross_entropy(labels, q)[seed], categorical, rtol=1e-5)


def test_certain_and_wrong_is_clipped_as_in_keras():
    assert scores.binary_cross_entropy(np.array([1]), np.array([[0.0]])) == -np.log(1e-7)
