"""Descents through the compiled trainer against the same recursion in NumPy."""

import keras
import numpy as np
import pytest

from recipes.training import epoch_order
from reproductions.landscapes import descend


def valley(position):
    return (position[:, 0] ** 2 + 100 * position[:, 1] ** 2) / 2


def test_every_start_goes_its_own_way():
    starts = np.array([[10.0, 1.0], [3.0, -2.0]])
    found = descend(valley, starts, lambda: keras.optimizers.SGD(0.015, momentum=0.9), steps=50)
    place, velocity, way = starts.copy(), np.zeros((2, 2)), [starts.copy()]
    for _ in range(50):
        velocity = 0.9 * velocity - 0.015 * place * [1, 100]
        place = place + velocity
        way.append(place)
    np.testing.assert_allclose(found.positions[0], way, atol=1e-4)
    np.testing.assert_allclose(found.losses[0], [valley(at) for at in way[:-1]], rtol=1e-4, atol=1e-4)
    alone = descend(valley, starts[1:], lambda: keras.optimizers.SGD(0.015, momentum=0.9), steps=50)
    np.testing.assert_allclose(alone.positions[0, :, 0], found.positions[0, :, 1], atol=1e-6)


def test_data_are_visited_in_the_seed_s_order():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(10, 2))
    data = np.c_[features, features @ [2.0, -1.0]].astype("float32")

    def squared_error(position, batch):
        return (batch[:, :2] @ keras.ops.transpose(position) - batch[:, 2:]) ** 2

    found = descend(
        squared_error, [[0.0, 0.0]], lambda: keras.optimizers.SGD(0.05), data=data, epochs=2, batch_size=4, seeds=(0, 7)
    )
    for row, seed in enumerate((0, 7)):
        weights, way = np.zeros(2), [np.zeros(2)]
        for epoch in range(2):
            order = epoch_order(seed, epoch, 10)
            for start in (0, 4, 8):
                batch = data[order[start : start + 4]]
                weights = weights - 0.1 * batch[:, :2].T @ (batch[:, :2] @ weights - batch[:, 2]) / len(batch)
                way.append(weights)
        np.testing.assert_allclose(found.positions[row, :, 0], way, atol=1e-5)


def test_steps_and_data_exclude_each_other():
    for arguments in ({}, {"steps": 3, "data": np.ones((2, 1))}):
        with pytest.raises(ValueError, match="steps or data"):
            descend(valley, [[1.0, 1.0]], keras.optimizers.SGD, **arguments)
