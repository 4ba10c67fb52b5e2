"""The compiled trainer gives the loss curves of `model.fit` on the same weights and batches."""

import keras
import numpy as np
import pytest

from recipes.training import Trainer, epoch_order, seeded
from recipes.training import fit as compiled_fit

EPOCHS = 5
EXAMPLES = 203  # not a multiple of 32: the last batch is short, with and without a validation split


def data():
    rng = np.random.default_rng(7)
    x = rng.normal(size=(EXAMPLES, 6)).astype("float32")
    return x, (x[:, :1] * x[:, 1:2] + 0.3 * rng.normal(size=(EXAMPLES, 1)) > 0).astype("float32")


def builder(optimizer="adam", dropout=0.0, regularizer=None, batch_norm=False, **compile_arguments):
    def build():
        model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(8, "relu", kernel_regularizer=regularizer)])
        if batch_norm:
            model.add(keras.layers.BatchNormalization(momentum=0.9))
        if dropout:
            model.add(keras.layers.Dropout(dropout))
        model.add(keras.layers.Dense(1, "sigmoid"))
        chosen = {"sgd": keras.optimizers.SGD(0.1, momentum=0.9), "adam": keras.optimizers.Adam(0.01)}[optimizer]
        model.compile(
            optimizer=chosen, **({"loss": "binary_crossentropy", "metrics": ["accuracy"]} | compile_arguments)
        )
        return model

    return build


def model_fit(build, seed, validation_split=0.0, sample_weight=None, **arguments):
    """Keras's own loop fed, epoch by epoch, with the batches that the trainer draws from the same seed."""
    x, y = data()
    with seeded(seed):
        model = build()
    cut = int(len(x) * (1 - validation_split))
    validation = (x[cut:], y[cut:]) if validation_split else None
    curves: dict[str, list[float]] = {}
    for epoch in range(EPOCHS):
        order = epoch_order(seed, epoch, cut)
        weight = None if sample_weight is None else sample_weight[:cut][order]
        history = model.fit(
            x[:cut][order], y[:cut][order], sample_weight=weight, batch_size=32, shuffle=False, verbose=0,
            validation_data=validation, initial_epoch=epoch, epochs=epoch + 1, **arguments,
        ).history  # fmt: skip
        for name, values in history.items():
            curves.setdefault(name, []).extend(values)
    return curves, model.get_weights()


CASES = {
    "sgd": ({"optimizer": "sgd"}, {}),
    "adam": ({"optimizer": "adam"}, {}),
    "sgd with validation split": ({"optimizer": "sgd"}, {"validation_split": 0.2}),
    "adam with validation split": ({"optimizer": "adam"}, {"validation_split": 0.2}),
    # XLA draws other random bits than TensorFlow's own kernels from the same seed, so Keras must use XLA here as well.
    "sgd with dropout": ({"optimizer": "sgd", "dropout": 0.4, "jit_compile": True}, {"validation_split": 0.2}),
    "adam with dropout": ({"optimizer": "adam", "dropout": 0.4, "jit_compile": True}, {"validation_split": 0.2}),
    "adam with l2": ({"regularizer": "l2"}, {"validation_split": 0.2}),
    "adam with batch norm": ({"batch_norm": True}, {"validation_split": 0.2}),
    "adam with sample weight": ({}, {"sample_weight": np.linspace(0.1, 2.0, EXAMPLES).astype("float32")}),
}


@pytest.mark.parametrize("stack", [False, True], ids=["sequential", "stacked"])
@pytest.mark.parametrize("case", CASES)
def test_loss_curves_equal(case, stack):
    model_arguments, fit_arguments = CASES[case]
    build = builder(**model_arguments)
    x, y = data()
    seeds = [3, 4]
    runs = Trainer(build, stack=stack).fit(x, y, seeds=seeds, epochs=EPOCHS, **fit_arguments)
    assert runs.engine == ("stacked" if stack else "sequential")
    for position, seed in enumerate(seeds):
        curves, weights = model_fit(build, seed, **fit_arguments)
        assert set(curves) == set(runs.curves)
        for name, values in curves.items():
            np.testing.assert_allclose(runs.curves[name][position], values, rtol=1e-5, atol=1e-7, err_msg=name)
        trained = runs.load(seed).get_weights()
        for ours, theirs in zip(trained, weights, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=2e-4)


@pytest.mark.parametrize("jit_compile", [True, False])
def test_fit_takes_the_place_of_model_fit(jit_compile):
    build = builder()
    x, y = data()
    with seeded(3):
        model = build()
    history = compiled_fit(model, x, y, epochs=EPOCHS, validation_split=0.2, seed=3, jit_compile=jit_compile)
    curves, _ = model_fit(build, 3, validation_split=0.2)
    assert history is model.history
    assert history.epoch == list(range(EPOCHS))
    np.testing.assert_allclose(history.history["loss"], curves["loss"], rtol=1e-5)
    np.testing.assert_allclose(
        model.evaluate(x, y, verbose=0, return_dict=True)["loss"], model_loss(model, x, y), rtol=1e-5
    )


def model_loss(model, x, y):
    p = np.clip(model.predict(x, verbose=0).astype("float64"), 1e-7, 1 - 1e-7)
    return float(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean())


def test_class_weight_equals_model_fit():
    x, y = data()
    weights = {0: 1.0, 1: 3.0}
    runs = Trainer(builder()).fit(x, y, seeds=[5], epochs=EPOCHS, class_weight=weights)
    curves, _ = model_fit(builder(), 5, class_weight=weights)
    np.testing.assert_allclose(runs.curves["loss"][0], curves["loss"], rtol=1e-5)


def test_learning_rate_schedule_follows_the_steps():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.5, decay_steps=7, decay_rate=0.5)

    def build():
        model = builder()()
        model.compile(optimizer=keras.optimizers.SGD(schedule), loss="binary_crossentropy")
        return model

    x, y = data()
    for stack in (False, True):
        runs = Trainer(build, stack=stack).fit(x, y, seeds=[1], epochs=EPOCHS)
        curves, _ = model_fit(build, 1)
        np.testing.assert_allclose(runs.curves["loss"][0], curves["loss"], rtol=1e-5)


def test_several_inputs_and_outputs():
    def build():
        left, right = keras.Input((6,), name="left"), keras.Input((6,), name="right")
        joined = keras.layers.Concatenate()([left, right])
        out = [keras.layers.Dense(1, name="a")(joined), keras.layers.Dense(1, "sigmoid", name="b")(joined)]
        model = keras.Model([left, right], out)
        model.compile("sgd", loss=["mse", "binary_crossentropy"])
        return model

    x, y = data()
    runs = Trainer(build).fit([x, x**2], [y, y], seeds=[2], epochs=2, shuffle=False)
    with seeded(2):
        model = build()
    history = model.fit([x, x**2], [y, y], epochs=2, shuffle=False, verbose=0).history
    # Keras weighs the losses of single outputs by batch, not by example, when the batch size is unknown as in fit.
    np.testing.assert_allclose(runs.curves["loss"][0], history["loss"], rtol=1e-5)
    assert set(runs.curves) == set(history)


def test_dropout_without_xla_equals_model_fit():
    x, y = data()
    runs = Trainer(builder(dropout=0.4), jit_compile=False).fit(x, y, seeds=[6, 7], epochs=EPOCHS)
    for position, seed in enumerate((6, 7)):
        curves, _ = model_fit(builder(dropout=0.4), seed)
        np.testing.assert_allclose(runs.curves["loss"][position], curves["loss"], rtol=1e-5)
