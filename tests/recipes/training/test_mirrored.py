"""MirroredStrategy on two logical CPU devices gives the curves of one device; in a process of its own."""

import json
import os
import subprocess
import sys
import textwrap

import numpy as np

SCRIPT = """
    import json, sys
    import tensorflow as tf
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2)
    import keras, numpy as np
    from recipes.training import Trainer, fit

    rng = np.random.default_rng(0)
    # 65 training rows after the split: the last batch has one row, so one replica gets none.
    x = rng.normal(size=(81, 6)).astype("float32")
    y = (x[:, :1] > 0).astype("float32")

    def build(optimizer):
        def model():
            net = keras.Sequential([keras.Input((6,)), keras.layers.Dense(8, "relu", kernel_regularizer="l2"),
                                    keras.layers.Dense(1, "sigmoid")])
            net.compile(optimizer(), "binary_crossentropy", metrics=["accuracy"])
            return net
        return model

    result = {}
    for name, optimizer in {"sgd": lambda: keras.optimizers.SGD(0.1, momentum=0.9), "adam": keras.optimizers.Adam}.items():
        arguments = dict(seeds=[1, 2], epochs=5, validation_split=0.2, batch_size=32,
                         sample_weight=np.linspace(0.5, 1.5, 81).astype("float32"))
        strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
        mirrored = Trainer(build(optimizer), strategy=strategy).fit(x, y, **arguments)
        single = Trainer(build(optimizer), stack=False, lanes=1).fit(x, y, **arguments)
        result[name] = {
            "engine": mirrored.engine,
            "replicas": strategy.num_replicas_in_sync,
            "mirrored": {k: v.tolist() for k, v in mirrored.curves.items()},
            "single": {k: v.tolist() for k, v in single.curves.items()},
            "weights": float(max(np.abs(a - b).max() for a, b in zip(mirrored.weights[1], single.weights[1]))),
        }
    with strategy.scope():
        net = build(keras.optimizers.Adam)()
    history = fit(net, x, y, epochs=2, seed=0, callbacks=[keras.callbacks.EarlyStopping(monitor="loss")])
    result["fit"] = history.history["loss"]

    class Own(keras.Sequential):
        def train_step(self, data):
            return super().train_step(data)

    def own():
        net = Own([keras.Input((6,)), keras.layers.Dense(1)])
        net.compile("sgd", "mse")
        return net

    try:
        Trainer(own, strategy=strategy).fit(x, y)
    except ValueError as error:
        result["refused"] = str(error)
    print(json.dumps(result))
"""


def test_two_replicas_equal_one_device():
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT)],
        capture_output=True, text=True, env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(done.stdout.splitlines()[-1])
    for name in ("sgd", "adam"):
        case = result[name]
        assert case["engine"] == "mirrored" and case["replicas"] == 2
        assert set(case["single"]) == {"loss", "accuracy", "val_loss", "val_accuracy"}
        for curve, values in case["single"].items():
            np.testing.assert_allclose(case["mirrored"][curve], values, rtol=1e-5, err_msg=f"{name} {curve}")
        assert case["weights"] < 1e-4
    assert result["fit"][1] < result["fit"][0]
    assert "overrides train_step" in result["refused"]
