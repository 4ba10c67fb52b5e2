"""Verdicts on vanishing gradients from the ledger; the gradients against Keras; faults that change them."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from judged import verdicts_of

from reproductions import gradient_flow as module
from reproductions import signal_flow
from reproductions.signal_flow import Net, flow, kernels, synthetic
from reproductions.verdicts import judge_claim

NOT_REPRODUCED = {"init-he-for-relu", "gradient-init-fixes-vanishing", "gradient-residual-fixes-vanishing"}


def test_verdicts():
    expected = {c.id: "not reproduced" if c.id in NOT_REPRODUCED else "reproduced" for c in module.CLAIMS}
    assert verdicts_of("gradient_flow") == expected


@pytest.mark.parametrize(("batch_norm", "residual"), [(False, False), (True, False), (False, True)])
def test_gradient_norms_are_those_of_a_keras_model(batch_norm, residual):
    net = Net(3, 8, "sigmoid", "glorot_normal", batch_norm, residual)
    x, labels = synthetic(inputs=5, examples=16)
    found = flow(net, x, labels, seeds=2)
    inputs = a = keras.Input((5,))
    layers = [keras.layers.Dense(8) for _ in range(3)]
    outputs = []
    for place, layer in enumerate(layers):
        z = layer(a)
        z = keras.layers.BatchNormalization()(z) if batch_norm else z
        new = keras.layers.Activation("sigmoid")(z)
        a = keras.layers.Add()([a, new]) if residual and place else new
        outputs.append(a)
    last = keras.layers.Dense(10, activation="softmax")
    model = keras.Model(inputs, [last(a), *outputs])
    for layer, kernel in zip([*layers, last], kernels(net, 5, 10, 2), strict=True):
        layer.kernel.assign(kernel[1])
    with tf.GradientTape() as tape:
        probabilities, *hidden = model(x.astype("float32"), training=True)
        loss = keras.losses.sparse_categorical_crossentropy(labels, probabilities)
        loss = tf.reduce_mean(loss)
    gradients = tape.gradient(loss, [layer.kernel.value for layer in [*layers, last]])
    np.testing.assert_allclose(found.kernel_norms[1], [np.linalg.norm(g) for g in gradients], rtol=1e-3)
    np.testing.assert_allclose(found.variances[1], [np.var(h) for h in hidden], rtol=1e-3)


def test_gradients_for_outputs_by_finite_difference():
    net = Net(1, 4, "tanh", 0.5)
    x, labels = synthetic(inputs=3, examples=6, classes=3)
    first, last = (k[0].astype("float64") for k in kernels(net, 3, 3, 1))

    def loss(a):
        logits = a @ last
        return np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(6), labels])

    a, gradient = np.tanh(x @ first), np.zeros((6, 4))
    for place in np.ndindex(a.shape):
        step = np.zeros_like(a)
        step[place] = 1e-5
        gradient[place] = (loss(a + step) - loss(a - step)) / 2e-5
    found = flow(net, x, labels, classes=3, seeds=1)
    np.testing.assert_allclose(found.output_norms[0, 0], np.linalg.norm(gradient), rtol=1e-4)


def test_a_dead_batch_normalisation_is_noticed(monkeypatch):
    monkeypatch.setattr(signal_flow, "BATCH_NORM_EPSILON", 100.0)
    claim = next(c for c in module.CLAIMS if c.id == "batchnorm-reduces-vanishing")
    x, labels = synthetic()
    plain, normed = (
        flow(Net(10, 64, "sigmoid", "glorot_uniform", batch_norm=on), x, labels, seeds=5).kernel_ratio()
        for on in (False, True)
    )
    facts = {"sigmoid_ratio_batch_norm_closer": (abs(plain) - abs(normed)).tolist()}
    assert judge_claim(claim, facts, {})["verdict"] != "reproduced"
