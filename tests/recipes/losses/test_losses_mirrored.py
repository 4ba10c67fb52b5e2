"""Training with our losses on two logical CPU devices gives the curves of one device; in a process of its own."""

import json
import os
import subprocess
import sys
import textwrap

import numpy as np

SCRIPT = """
    import json
    import tensorflow as tf
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2)
    import keras, numpy as np
    from recipes import initializers, losses, regularizers
    from recipes.early_stopping import EarlyStopping
    from recipes.training import Trainer, fit

    rng = np.random.default_rng(0)
    x = rng.normal(size=(48, 6)).astype("float32")
    targets = {"BinaryFocalCrossentropy": x[:, :1] > 0, "SparseCategoricalCrossentropy": rng.integers(0, 3, 48)}

    def build(name):
        units, activation = (1, "sigmoid") if name == "BinaryFocalCrossentropy" else (3, "softmax")
        def model():
            net = keras.Sequential([keras.Input((6,)),
                keras.layers.Dense(8, "relu", kernel_initializer=initializers.HeNormal(seed=1),
                                   kernel_regularizer=regularizers.L2(0.01)),
                keras.layers.Dense(units, activation, kernel_constraint=regularizers.ProximalL1(0.01, 0.1))])
            net.compile(keras.optimizers.SGD(0.1), getattr(losses, name)())
            return net
        return model

    result = {}
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    for name, y in targets.items():
        arguments = dict(seeds=[1], epochs=3, batch_size=16, validation_split=0.25)
        y = np.asarray(y, "float32")
        curves = [Trainer(build(name), **how).fit(x, y, **arguments).curves for how in (
            {"strategy": strategy}, {"stack": False, "lanes": 1}, {"stack": "auto"})]
        result[name] = [{k: v.tolist() for k, v in one.items()} for one in curves]
    with strategy.scope():
        net = build("BinaryFocalCrossentropy")()
    stopping = EarlyStopping("loss", min_delta=1e9, patience=2)
    history = fit(net, x, np.float32(x[:, :1] > 0), epochs=9, seed=0, callbacks=[stopping])
    result["epochs"] = len(history.history["loss"])
    print(json.dumps(result))
"""


def test_two_replicas_equal_one_device():
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT)],
        capture_output=True,
        text=True,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(done.stdout.splitlines()[-1])
    assert result.pop("epochs") == 3
    for name, (mirrored, single, stacked) in result.items():
        assert mirrored.keys() == single.keys() == stacked.keys() == {"loss", "val_loss"}
        for curve, values in single.items():
            np.testing.assert_allclose(mirrored[curve], values, rtol=2e-5, err_msg=f"{name} {curve}")
            np.testing.assert_allclose(stacked[curve], values, rtol=2e-5, err_msg=f"{name} {curve}, stacked")
