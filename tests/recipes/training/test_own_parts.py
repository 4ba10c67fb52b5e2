"""Losses, optimizers and layers that are not Keras's: seeds side by side learn what each learns alone."""

import keras
import numpy as np
import pytest

import layers
from recipes import losses, optimizers
from recipes.training import Trainer

RNG = np.random.default_rng(0)
X = RNG.normal(size=(50, 3)).astype("float32")
NUMBERS, CLASSES = X[:, :1] * 2, (X[:, 0] > 0).astype("float32")


def centred_error(y_true, y_pred):
    error = y_true - y_pred
    return keras.ops.mean(keras.ops.square(error - keras.ops.mean(error, axis=0)), axis=-1)


def mean_error(y_true, y_pred):
    return keras.ops.mean(keras.ops.abs(y_true - y_pred))


CASES = {
    "mixes the batch": (centred_error, NUMBERS, "adam"),
    "is a scalar": (mean_error, NUMBERS, "adam"),
    "class of ours": (losses.Huber(0.5), NUMBERS, "adam"),
    "triplets of the batch": (losses.TripletLoss(mining="batch_all"), CLASSES, "adam"),
    "SGD": ("mse", NUMBERS, lambda: optimizers.SGD(0.05, momentum=0.9, nesterov=True)),
    "AdaGrad": ("mse", NUMBERS, lambda: optimizers.AdaGrad(0.1)),
    "RMSprop": ("mse", NUMBERS, lambda: optimizers.RMSprop(0.01, momentum=0.5, centered=True)),
    "Adam": ("mse", NUMBERS, lambda: optimizers.Adam(0.01, amsgrad=True)),
}


@pytest.mark.parametrize("case", CASES)
def test_side_by_side_equals_one_by_one(case):
    loss, targets, optimizer = CASES[case]

    def build_model():
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(1)])
        model.compile(optimizer() if callable(optimizer) else optimizer, loss)
        return model

    stacked, alone = (
        Trainer(build_model, stack=stack).fit(X, targets, seeds=(0, 1, 2), epochs=4, batch_size=16)
        for stack in (True, False)
    )
    np.testing.assert_allclose(stacked.curves["loss"], alone.curves["loss"], rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("library", [layers, keras.layers])
def test_layers_of_ours_and_of_keras_side_by_side(library):
    def build_model():
        stack = [
            library.Dense(6),
            library.PReLU(alpha_initializer="random_normal"),
            library.Dropout(0.3),
            library.Dense(1),
        ]
        model = keras.Sequential([keras.Input((3,)), *stack])
        model.compile("adam", "mse")
        return model

    stacked, alone = (
        Trainer(build_model, stack=stack).fit(X, NUMBERS, seeds=(0, 1, 2), epochs=4, batch_size=16)
        for stack in (True, False)
    )
    np.testing.assert_allclose(stacked.curves["loss"], alone.curves["loss"], rtol=2e-5, atol=1e-6)
    for several, one in zip(stacked.weights, alone.weights, strict=True):
        for a, b in zip(several, one, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-5)


def test_a_metric_of_one_s_own_keeps_the_seeds_apart():
    def build_model():
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile("adam", "mse", metrics=[mean_error])
        return model

    runs = Trainer(build_model).fit(X, NUMBERS, seeds=(0, 1), batch_size=16)
    assert runs.engine == "sequential"
    with pytest.raises(ValueError, match="one of Keras's means"):
        Trainer(build_model, stack=True).fit(X, NUMBERS, seeds=(0, 1))
