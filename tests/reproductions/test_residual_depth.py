"""Verdicts on skip connections from the ledger; the twins' networks and gradients; faults that change them."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from judged import verdicts_of

import layers
from reproductions import residual_depth as module
from reproductions.verdicts import judge_claim

VERDICTS = {"arch-resnet-152": "not reproduced", "arch-resnet-vanishing": "erratum"}


def batch(images=16):
    rng = np.random.default_rng(0)
    return rng.standard_normal((images, 14, 14, 1)).astype("float32"), rng.integers(0, 10, images)


def test_verdicts():
    assert verdicts_of("residual_depth") == VERDICTS


@pytest.mark.parametrize("depth", [8, 20])
def test_twins_have_the_depth_and_differ_by_their_additions(depth):
    plain, residual = (module.build_model(module.VARIANTS[f"{kind}_{depth}"]) for kind in ("plain", "residual"))
    assert sum(hasattr(layer, "kernel") for layer in plain.layers) == depth
    assert [one.shape for one in plain.weights] == [one.shape for one in residual.weights]
    additions = [sum(isinstance(layer, keras.layers.Add) for layer in one.layers) for one in (plain, residual)]
    assert additions == [0, (depth - 2) // 2]
    stages = [layer.output.shape[1:] for layer in residual.layers if isinstance(layer, keras.layers.Add)]
    assert sorted(set(stages)) == [(2, 2, 32), (4, 4, 16), (7, 7, 8)]
    with pytest.raises(ValueError, match="depth=21"):
        module.build_model(replace(module.Config(), depth=21))


def test_the_residual_twin_is_made_of_residual_blocks():
    """The same outputs as `layers.ResidualBlock` where no shape changes: one stage of one block."""
    config = module.Config(8, residual=True, filters=(4,))
    model = module.build_model(config)
    kernels = [layer for layer in model.layers if isinstance(layer, layers.Conv2D)]
    norms = [layer for layer in model.layers if isinstance(layer, layers.BatchNormalization)]
    x, _ = batch()
    block = layers.ResidualBlock(4)
    block.build((None, 7, 7, 4))
    for number, (convolution, normalization) in enumerate(block.residual, 1):
        convolution.set_weights(kernels[number].get_weights())
        normalization.set_weights(norms[number].get_weights())
    stem = keras.ops.relu(norms[0](kernels[0](x)))
    pooled = keras.ops.mean(block(stem), axis=(1, 2))
    np.testing.assert_allclose(np.asarray(model.layers[-1](pooled)), np.asarray(model(x)), rtol=0, atol=1e-5)


def test_the_shortcut_drops_pixels_and_pads_maps():
    x = np.random.default_rng(0).normal(size=(2, 7, 7, 3)).astype("float32")
    carried = np.asarray(module._carried(x, 5, 2))
    np.testing.assert_array_equal(carried[..., :3], x[:, ::2, ::2])
    np.testing.assert_array_equal(carried[..., 3:], 0)


def test_gradient_norms_are_those_of_finite_differences():
    model = module.build_model(module.Config(8, residual=True))
    x, labels = batch()
    found = module.gradient_norms(model, x, labels, [model.get_weights()])
    assert found.shape == (1, 7)
    kernel = module._kernels(model)[3]
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, model(x, training=True)))
    direction = tape.gradient(loss, kernel.value)
    direction /= tf.norm(direction)
    start, losses = kernel.numpy(), []
    for step in (0.01, -0.01):
        kernel.assign(start + step * direction)
        losses.append(
            float(tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, model(x, training=True))))
        )
    assert (losses[0] - losses[1]) / 0.02 == pytest.approx(found[0, 3], rel=0.02)


def test_untrained_gradients_of_twenty_layers():
    """A third of the depth shows it: vanishing without batch normalisation, growing with it, less of both with skips."""
    x, labels = batch(32)
    reach = {}
    for name in ("plain_glorot", "residual_glorot", "plain_batch_norm", "residual_batch_norm"):
        norms = [module.initial_norms(replace(module.KINDS[name], depth=d), x, labels, 3)[:, 0] for d in (8, 20)]
        reach[name] = np.log10(norms[1] / norms[0]).mean()
    assert reach["plain_glorot"] < -1 < reach["residual_glorot"]
    assert -0.5 < reach["residual_batch_norm"] < reach["plain_batch_norm"]


def test_broken_skips_are_noticed(monkeypatch):
    monkeypatch.setattr(module, "_carried", lambda x, filters, strides: 0.0 * KEPT(x, filters, strides))
    x, labels = batch(32)
    config = module.KINDS["residual_glorot"]
    norms = [module.initial_norms(replace(config, depth=depth), x, labels, 3)[:, 0] for depth in (8, 56)]
    claim = next(one for one in module.CLAIMS if one.id == "arch-resnet-vanishing")
    facts = {check.fact: [1.0] * 3 for check in claim.checks} | {
        "reach_plain_glorot_56": [-7.0] * 3,
        "plain_twin_of_resnet_vanishes": False,
    }
    assert judge_claim(claim, facts, {})["verdict"] == "erratum"
    facts["reach_residual_glorot_56"] = np.log10(norms[1] / norms[0]).tolist()
    assert judge_claim(claim, facts, {})["verdict"] == "not reproduced"


KEPT = module._carried


def test_layers_of_resnet152():
    assert module.resnet152_layers() == 152
