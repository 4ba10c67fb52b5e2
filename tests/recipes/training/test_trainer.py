"""Seeds, callbacks, streaming and refusals of the compiled trainer."""

import keras
import numpy as np
import pytest

from recipes.training import Trainer, epoch_order, feed, seeded
from recipes.training import fit as compiled_fit


def data(examples=100):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(examples, 4)).astype("float32")
    return x, (x @ np.array([1.0, -2.0, 0.5, 0.0]) + 0.1 * rng.normal(size=examples)).astype("float32")[:, None]


def build(optimizer="adam"):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5, "tanh"), keras.layers.Dense(1)])
    model.compile(optimizer, "mse", metrics=["mae"])
    return model


def test_each_seed_is_a_run_of_its_own():
    x, y = data()
    runs = Trainer(build).fit(x, y, seeds=[0, 1, 2, 3], epochs=3)
    assert runs.engine == "stacked"
    assert runs.curves["loss"].shape == (4, 3)
    assert len(np.unique(runs.curves["loss"][:, -1])) == 4
    alone = Trainer(build).fit(x, y, seeds=[2], epochs=3)
    np.testing.assert_allclose(alone.curves["loss"][0], runs.curves["loss"][2], rtol=1e-6)
    np.testing.assert_allclose(alone.predict(x)[0], runs.predict(x)[2], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("stack", [True, False])
def test_same_seeds_same_bits(stack):
    x, y = data()
    first, second = (Trainer(build, stack=stack, lanes=2).fit(x, y, seeds=[5, 6, 7], epochs=4) for _ in range(2))
    np.testing.assert_array_equal(first.curves["loss"], second.curves["loss"])
    for ours, theirs in zip(first.weights, second.weights, strict=True):
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("stack", [True, False])
def test_lanes_change_nothing_but_time(stack):
    x, y = data()
    one = Trainer(build, stack=stack, lanes=1).fit(x, y, seeds=range(5), epochs=3)
    two = Trainer(build, stack=stack, lanes=2).fit(x, y, seeds=range(5), epochs=3)
    np.testing.assert_allclose(one.curves["loss"], two.curves["loss"], rtol=1e-6)


def test_initial_weights_are_those_of_the_seed():
    x, y = data()
    runs = Trainer(lambda: build(keras.optimizers.SGD(0.0)), stack=False).fit(x, y, seeds=[3, 9], epochs=1)
    for seed in (3, 9):
        with seeded(seed):
            expected = build().get_weights()
        for ours, theirs in zip(runs.load(seed).get_weights(), expected, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_order_is_a_fresh_permutation_each_epoch():
    orders = [epoch_order(1, epoch, 50) for epoch in range(3)]
    assert all(sorted(order) == list(range(50)) for order in orders)
    assert not np.array_equal(orders[0], orders[1])
    np.testing.assert_array_equal(epoch_order(1, 2, 50), orders[2])
    np.testing.assert_array_equal(epoch_order(1, 2, 50, shuffle=False), np.arange(50))


def test_seeding_leaves_the_callers_generators_alone():
    np.random.seed(11)
    expected = np.random.rand()
    np.random.seed(11)
    with seeded(3):
        np.random.rand(100)
    assert np.random.rand() == expected


def test_streamed_data_give_the_same_curve(monkeypatch):
    x, y = data(203)
    resident = Trainer(build, stack=False).fit(x, y, seeds=[1, 2], epochs=3, validation_split=0.2)
    monkeypatch.setattr(feed, "RESIDENT_BYTES", 3000)
    monkeypatch.setattr("recipes.training.trainer.RESIDENT_BYTES", 3000)
    streamed = Trainer(build).fit(x, y, seeds=[1, 2], epochs=3, validation_split=0.2)
    assert streamed.engine == "sequential"
    for name in resident.curves:
        np.testing.assert_allclose(streamed.curves[name], resident.curves[name], rtol=1e-5)


def test_early_stopping_restores_the_best_weights():
    x, y = data()
    stopper = {}

    def callbacks(seed):
        stopper[seed] = keras.callbacks.EarlyStopping(monitor="loss", patience=2, restore_best_weights=True)
        return [stopper[seed]]

    trainer = Trainer(lambda: build(keras.optimizers.SGD(0.9)))
    runs = trainer.fit(x, y, seeds=[0, 1], epochs=60, callbacks=callbacks)
    for row, seed in enumerate((0, 1)):
        stopped = stopper[seed].stopped_epoch
        assert 0 < stopped < 59
        assert np.isfinite(runs.curves["loss"][row, : stopped + 1]).all()
        assert np.isnan(runs.curves["loss"][row, stopped + 1 :]).all()
        for ours, best in zip(runs.load(seed).get_weights(), stopper[seed].best_weights, strict=True):
            np.testing.assert_array_equal(ours, best)


def test_reduce_lr_on_plateau_checkpoint_tensorboard_and_csv(tmp_path):
    x, y = data()
    model = build(keras.optimizers.SGD(0.5))
    path = tmp_path / "best.weights.h5"
    history = compiled_fit(
        model, x, y, epochs=12, validation_split=0.2, seed=0,
        callbacks=[
            keras.callbacks.ReduceLROnPlateau(monitor="loss", factor=0.1, patience=1),
            keras.callbacks.ModelCheckpoint(path, save_weights_only=True, save_best_only=True),
            keras.callbacks.TensorBoard(tmp_path / "logs"),
            keras.callbacks.CSVLogger(tmp_path / "log.csv"),
            keras.callbacks.TerminateOnNaN(),
        ],
    )  # fmt: skip
    assert history.history["learning_rate"][-1] < 0.5
    assert any((tmp_path / "logs").rglob("events*"))
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 13
    best = int(np.argmin(history.history["val_loss"]))
    model.load_weights(path)
    held_out = model.evaluate(x[80:], y[80:], verbose=0, return_dict=True)
    np.testing.assert_allclose(held_out["loss"], history.history["val_loss"][best], rtol=1e-5)


def test_backup_and_restore_goes_on_after_an_interruption(tmp_path):
    x, y = data()

    class Interrupt(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 4:
                raise KeyboardInterrupt

    def model():
        with seeded(0):
            return build()

    straight = compiled_fit(model(), x, y, epochs=8, seed=0).history["loss"]
    broken = model()
    with pytest.raises(KeyboardInterrupt):
        compiled_fit(
            broken, x, y, epochs=8, seed=0, callbacks=[keras.callbacks.BackupAndRestore(tmp_path), Interrupt()]
        )
    resumed = compiled_fit(model(), x, y, epochs=8, seed=0, callbacks=[keras.callbacks.BackupAndRestore(tmp_path)])
    np.testing.assert_allclose(resumed.history["loss"], straight[-len(resumed.history["loss"]) :], rtol=1e-5)
    assert len(resumed.history["loss"]) == 4


def test_terminate_on_nan_stops_a_diverging_run():
    x, y = data()
    history = compiled_fit(
        build(keras.optimizers.SGD(1e12)), x, y * 1e10, epochs=30, seed=0, callbacks=[keras.callbacks.TerminateOnNaN()]
    )
    assert len(history.history["loss"]) < 30


def test_validation_frequency_and_verbose(capsys):
    x, y = data()
    runs = Trainer(build).fit(x, y, seeds=[0, 1], epochs=4, validation_split=0.2, validation_freq=2)
    assert np.isnan(runs.curves["val_loss"][:, [0, 2]]).all()
    assert np.isfinite(runs.curves["val_loss"][:, [1, 3]]).all()
    compiled_fit(build(), x, y, epochs=2, verbose=2)
    assert "Epoch 2/2" in capsys.readouterr().out


def test_custom_training_step_and_other_optimizers_train_one_after_the_other():
    class Doubled(keras.Sequential):
        def train_step(self, data):
            super().train_step(data)
            return super().train_step(data)

    def custom():
        model = Doubled([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        return model

    x, y = data(96)
    runs = Trainer(custom).fit(x, y, seeds=[0, 1], epochs=1)
    assert runs.engine == "sequential"
    runs.load(1)
    assert int(runs.model.optimizer.iterations) == 6
    clipped = Trainer(lambda: build(keras.optimizers.Adam(global_clipnorm=0.1))).fit(x, y, seeds=[0, 1], epochs=1)
    assert clipped.engine == "sequential"
    with pytest.raises(ValueError, match="side by side"):
        Trainer(custom, stack=True).fit(x, y, seeds=[0, 1])


def test_a_model_xla_cannot_compile_trains_without_it():
    import tensorflow as tf

    class InPython(keras.layers.Layer):
        def call(self, inputs):
            # XLA can't call back into Python.
            same = tf.numpy_function(lambda values: values, [inputs], inputs.dtype)
            return inputs + 0.0 * tf.stop_gradient(tf.ensure_shape(same, inputs.shape))

    def odd():
        model = keras.Sequential([keras.Input((4,)), InPython(), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        return model

    x, y = data()
    with pytest.warns(UserWarning, match="XLA can't compile"):
        runs = Trainer(odd, lanes=1).fit(x, y, seeds=[0], epochs=2)
    assert runs.jit_compile is False
    assert runs.curves["loss"][0, 1] < runs.curves["loss"][0, 0]


def test_eager_models_run_plainly():
    x, y = data()

    def eager():
        model = build()
        model.run_eagerly = True
        return model

    plain = Trainer(eager).fit(x, y, seeds=[4], epochs=2)
    fast = Trainer(build).fit(x, y, seeds=[4], epochs=2)
    np.testing.assert_allclose(plain.curves["loss"], fast.curves["loss"], rtol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"epochs": 0}, "epochs must be a positive whole number. Received: epochs=0"),
        ({"batch_size": -1}, "batch_size must be"),
        ({"validation_split": 1.0}, r"validation_split must lie in \[0, 1\)"),
        ({"validation_split": 0.999}, "examples on both sides"),
        ({"seeds": [1, 1]}, "seeds must be distinct"),
        ({"seeds": []}, "seeds must be distinct and at least one"),
        ({"sample_weight": np.ones(3)}, "one common, non-zero length"),
        ({"sample_weight": np.ones(100), "class_weight": {0: 1.0}}, "not both"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    x, y = data()
    with pytest.raises(ValueError, match=message):
        Trainer(build).fit(x, y, **arguments)


def test_missing_values_are_refused_before_training():
    x, y = data()
    x[17, 3] = np.nan
    with pytest.raises(ValueError, match=r"1 of 400 values are NaN or infinite, the first at index \(17, 3\)"):
        Trainer(build).fit(x, y)


def test_a_model_that_is_not_compiled_is_refused():
    x, y = data()
    with pytest.raises(ValueError, match="must be compiled"):
        Trainer(lambda: keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])).fit(x, y)
    with pytest.raises(ValueError, match="Seed 8 was not trained"):
        Trainer(build).fit(x, y).load(8)


def test_convolutions_keep_away_from_xla_on_a_cpu():
    def cnn():
        model = keras.Sequential(
            [keras.Input((6, 6, 1)), keras.layers.Conv2D(2, 3), keras.layers.Flatten(), keras.layers.Dense(1)]
        )
        model.compile("sgd", "mse")
        return model

    x = np.random.default_rng(0).normal(size=(40, 6, 6, 1)).astype("float32")
    y = x.mean(axis=(1, 2))
    chosen = Trainer(cnn).fit(x, y, seeds=[0, 1], epochs=2)
    assert (chosen.engine, chosen.jit_compile) == ("sequential", False)
    forced = Trainer(cnn, jit_compile=True).fit(x, y, seeds=[0, 1], epochs=2)
    assert forced.jit_compile is True
    np.testing.assert_allclose(chosen.curves["loss"], forced.curves["loss"], rtol=1e-4)


def test_lanes_can_be_bounded(monkeypatch):
    from recipes.training import lanes

    monkeypatch.setattr(lanes, "MOST_LANES", 1)
    assert lanes.default_lanes() == 1
