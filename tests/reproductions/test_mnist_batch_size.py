"""The batch size reproduction: its network, its record's verdict, and a golden trace that sees a changed step size."""

import numpy as np
from judged import verdicts_of

from reproductions import mnist_batch_size as module
from reproductions.networks import Split, first_losses


def noise(images):
    rng = np.random.default_rng(0)
    x, y = rng.random((images, 28, 28), dtype="float32"), rng.integers(0, 10, images)
    return Split(x, y, x[:10], y[:10])


def test_network_is_the_documented_one():
    assert module.build_model(module.Config()).count_params() == 784 * 128 + 128 + 128 * 10 + 10


def test_equal_updates():
    steps = {
        name: config.epochs * module.TRAINING_IMAGES // config.batch_size for name, config in module.VARIANTS.items()
    }
    assert steps["batch_256_equal_updates"] == steps["batch_32"] == 640


def test_verdict_of_the_record():
    assert verdicts_of("mnist_batch_size") == {"gd-batch32-generalises": "reproduced"}


def test_trace_sees_another_step_size():
    data, config = noise(64), module.VARIANTS["batch_32"]
    plain = first_losses(module.build_model, config, data)
    changed = first_losses(module.build_model, module.Config(learning_rate=0.002), data)
    assert plain[0] == changed[0]
    assert plain[1:] != changed[1:]
