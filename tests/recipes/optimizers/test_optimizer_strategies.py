"""Optimizers under distribution strategies: two logical CPUs, and two worker processes, give the weights of one device."""

import json
import os
import socket
import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest

if keras.backend.backend() != "tensorflow":
    pytest.skip("tf.distribute is TensorFlow's", allow_module_level=True)

SCRIPT = """
    import contextlib, json, sys
    import tensorflow as tf
    mirrored = sys.argv[1] == "mirrored"
    if mirrored:
        tf.config.set_logical_device_configuration(
            tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2)
        strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    else:
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
    import keras, numpy as np
    from recipes import optimizers
    from recipes.training import Trainer

    rng = np.random.default_rng(0)
    x = rng.normal(size=(48, 5)).astype("float32")
    y = (x[:, :1] > 0).astype("float32")
    BATCH, STEPS = 8, 12

    CASES = {
        "sgd": ("SGD", dict(learning_rate=0.1, weight_decay=0.01)),
        "momentum": ("SGD", dict(learning_rate=0.1, momentum=0.9)),
        "nesterov": ("SGD", dict(learning_rate=0.1, momentum=0.9, nesterov=True, use_ema=True)),
        "adagrad": ("Adagrad", dict(learning_rate=0.1)),
        "rmsprop": ("RMSprop", dict(learning_rate=0.02, momentum=0.5, centered=True, epsilon=1e-3)),
        "adam": ("Adam", dict(learning_rate=0.02, amsgrad=True, weight_decay=0.01)),
    }

    def network():
        keras.utils.set_random_seed(1)
        return keras.Sequential([keras.Input((5,)), keras.layers.Dense(6, "relu"), keras.layers.Dense(1, "sigmoid")])

    def own_loop(library, name, strategy=None):
        class_name, arguments = CASES[name]
        with strategy.scope() if strategy else contextlib.nullcontext():
            model, optimizer = network(), getattr(library, class_name)(**arguments)
            optimizer.build(model.trainable_variables)

        def step(features, targets):
            with tf.GradientTape() as tape:
                losses = keras.losses.binary_crossentropy(targets, model(features, training=True))
                loss = tf.reduce_sum(losses) / BATCH
            gradients = tape.gradient(loss, [weight.value for weight in model.trainable_variables])
            optimizer.apply(gradients, model.trainable_variables)

        def rows(context):
            pipelines = context.num_input_pipelines if context else 1
            data = tf.data.Dataset.from_tensor_slices((x, y))
            if context:
                data = data.shard(pipelines, context.input_pipeline_id)
            return data.batch(BATCH // (strategy.num_replicas_in_sync if strategy else 1)).repeat()

        if strategy is None:
            run = tf.function(step)
            for features, targets in rows(None).take(STEPS):
                run(features, targets)
        else:
            run = tf.function(lambda features, targets: strategy.run(step, args=(features, targets)))
            batches = iter(strategy.distribute_datasets_from_function(rows))
            for _ in range(STEPS):
                run(*next(batches))
        state = [variable for variable in optimizer.variables if variable.shape.rank]
        return {"iterations": int(optimizer._iterations.numpy()),
                "weights": [weight.numpy().tolist() for weight in model.trainable_variables],
                "state": [variable.numpy().tolist() for variable in state]}

    result = {"replicas": strategy.num_replicas_in_sync, "loop": {}, "single": {}, "keras": {}, "trainer": {}}
    for name in CASES:
        result["loop"][name] = own_loop(optimizers, name, strategy)
        if mirrored:
            result["single"][name] = own_loop(optimizers, name)
        if mirrored and name in ("nesterov", "adam"):
            result["keras"][name] = own_loop(keras.optimizers, name, strategy)
    if mirrored:
        def build(name):
            def model():
                net, (class_name, arguments) = network(), CASES[name]
                net.compile(getattr(optimizers, class_name)(**arguments), "binary_crossentropy")
                return net
            return model
        for name in ("rmsprop",):
            runs = [Trainer(build(name), strategy=chosen, lanes=1).fit(x, y, epochs=3, batch_size=BATCH, seeds=[3])
                    for chosen in (strategy, None)]
            result["trainer"][name] = {"engine": runs[0].engine, "loss": [run.curves["loss"].tolist() for run in runs]}
    print(json.dumps(result))
"""


def start(kind, **environment):
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SCRIPT), kind], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"} | environment,
    )  # fmt: skip


def free_addresses(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("localhost", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return [f"localhost:{port}" for port in ports]


@pytest.fixture(scope="module")
def results():
    """What the process with two logical devices, and the two workers, found; all three run at once."""
    workers = free_addresses(2)
    processes = [start("mirrored")] + [
        start(
            "worker", TF_CONFIG=json.dumps({"cluster": {"worker": workers}, "task": {"type": "worker", "index": task}})
        )
        for task in range(2)
    ]
    found = []
    try:
        for process in processes:
            out, errors = process.communicate(timeout=300)
            assert process.returncode == 0, errors[-3000:]
            found.append(json.loads(out.splitlines()[-1]))
    finally:
        for process in processes:
            process.kill()
    return found


NAMES = ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam")


def assert_same(one, other):
    for part in ("weights", "state"):
        assert len(one[part]) == len(other[part])
        for a, b in zip(one[part], other[part], strict=True):
            np.testing.assert_allclose(a, b, rtol=0, atol=2e-5)
    assert one["iterations"] == other["iterations"] == 12


@pytest.mark.parametrize("name", NAMES)
def test_two_replicas_equal_one_device(results, name):
    assert results[0]["replicas"] == 2
    assert_same(results[0]["loop"][name], results[0]["single"][name])


@pytest.mark.parametrize("name", ["nesterov", "adam"])
def test_two_replicas_equal_those_of_keras(results, name):
    assert_same(results[0]["loop"][name], results[0]["keras"][name])


@pytest.mark.parametrize("name", NAMES)
def test_two_workers_equal_one_device(results, name):
    _, first, second = results
    assert first["replicas"] == second["replicas"] == 2
    assert first["loop"][name] == second["loop"][name]
    assert_same(first["loop"][name], results[0]["single"][name])


def test_the_compiled_trainer_gives_the_same_losses_on_two_replicas(results):
    found = results[0]["trainer"]["rmsprop"]
    assert found["engine"] == "mirrored"
    np.testing.assert_allclose(*found["loss"], rtol=1e-5)
    assert found["loss"][0][0][-1] < found["loss"][0][0][0]
