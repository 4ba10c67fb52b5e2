"""Verdict on Add & Norm from the ledger; the four networks, their gradients, and a fault in the residual connection."""

from dataclasses import replace

import keras
import numpy as np
import tensorflow as tf
from judged import verdicts_of

import layers
from reproductions import transformer_depth as module

SHALLOW = {"blocks": 2}


def model_of(name, **changes):
    keras.utils.set_random_seed(0)
    return module.build_model(replace(module.VARIANTS[name], **changes))


def test_verdicts():
    assert verdicts_of("transformer_depth") == {"transformer-residual-layernorm-help": "reproduced"}


def test_the_four_networks_differ_by_additions_and_normalisations():
    found = {}
    for name in module.VARIANTS:
        kinds = [type(layer) for layer in model_of(name).layers]
        found[name] = kinds.count(keras.layers.Add), kinds.count(layers.LayerNormalization)
    assert found == {"both": (16, 16), "residual_only": (16, 0), "norm_only": (0, 16), "neither": (0, 0)}


def test_the_network_with_both_is_made_of_encoder_blocks():
    model = model_of("both", **SHALLOW)
    x = np.random.default_rng(0).integers(0, module.SYMBOLS, (3, module.LENGTH))
    embedding, attention, feed_forward, norms = (
        [layer for layer in model.layers if isinstance(layer, kind)]
        for kind in (keras.layers.Embedding, layers.MultiHeadAttention, layers.FeedForward, layers.LayerNormalization)
    )
    y = layers.SinusoidalPositionalEncoding()(embedding[0](x))
    for number in range(2):
        block = layers.TransformerEncoderBlock(4, intermediate_dim=64, layer_norm_epsilon=norms[0].epsilon)
        block(y)
        parts = attention[number], norms[2 * number], feed_forward[number], norms[2 * number + 1]
        names = "attention", "attention_norm", "feed_forward", "feed_forward_norm"
        for name, part in zip(names, parts, strict=True):
            getattr(block, name).set_weights(part.get_weights())
        y = block(y)
    np.testing.assert_allclose(np.asarray(model.layers[-1](y)), np.asarray(model(x)), atol=1e-5)


def test_gradient_norms_are_those_of_finite_differences():
    model = model_of("both", **SHALLOW)
    x = np.random.default_rng(0).integers(0, module.SYMBOLS, (16, module.LENGTH))
    found = module.gradient_norms(model, x, x[:, ::-1])
    kernel = model.get_layer("feed_forward_0").intermediate_dense.kernel
    with tf.GradientTape() as tape:
        loss = model.loss(x[:, ::-1], model(x))
    direction = tape.gradient(loss, kernel.value)
    direction /= tf.norm(direction)
    start, losses = kernel.numpy(), []
    for step in (0.01, -0.01):
        kernel.assign(start + step * direction)
        losses.append(float(model.loss(x[:, ::-1], model(x))))
    np.testing.assert_allclose((losses[0] - losses[1]) / 0.02, found[0], rtol=0.02)


def first_gradient(name):
    """log10 of the gradient's norm in the first of four blocks."""
    x = np.random.default_rng(1).integers(0, module.SYMBOLS, (16, module.LENGTH))
    return np.log10(module.gradient_norms(model_of(name, blocks=4), x, x[:, ::-1])[0])


def test_a_residual_connection_that_adds_nothing_is_noticed(monkeypatch):
    """Planted fault: the sum forgets the input."""
    assert first_gradient("residual_only") - first_gradient("neither") > 1
    monkeypatch.setattr(keras.layers, "add", lambda pair: keras.layers.Add()([0.0 * pair[0], pair[1]]))
    assert abs(first_gradient("residual_only") - first_gradient("neither")) < 0.1
