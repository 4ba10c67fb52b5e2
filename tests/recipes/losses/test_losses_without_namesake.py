"""Perceptron, triplet and GAN losses against loops in NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

from layers import Perceptron
from recipes import losses
from tests.layers.support import close, compiled, finite_differences, gradients, needs_float64, numpy, random, tensor

LABELS = np.array([0, 1, 0, 2, 1, 0, 2, 3])
POINTS = random(8, 3)


def distance(i, j, x=POINTS):
    return float(np.sum((x[i].astype("float64") - x[j]) ** 2))


def triplets(labels):
    n = range(len(labels))
    return [(a, p, k) for a in n for p in n for k in n if a != p and labels[a] == labels[p] != labels[k]]


def test_perceptron_loss():
    y, f = np.array([1, 1, -1, -1, 1, -1]), np.array([2.0, -0.5, -3.0, 1.5, 0.0, 0.0], "float32")
    loss = losses.PerceptronLoss(reduction=None)
    close(loss(y[:, None], f[:, None]), np.maximum(0, -y * f), 0)
    close(loss((y[:, None] + 1) // 2, f[:, None]), np.maximum(0, -y * f), 0)
    slopes = gradients(lambda s: ops.sum(losses.perceptron_loss(y[:, None], s)), f[:, None])[0][:, 0]
    assert slopes.tolist() == [0, -1, 0, 1, -1, 1]


def test_a_step_on_the_perceptron_loss_is_the_perceptron_trick():
    for seed in range(20):
        x, start = random(1, 3, seed=seed)[0], random(4, seed=seed)
        layer = Perceptron(negative_class=-1, dtype="float64")
        layer.build((None, 3))
        layer.set_weights([start[:3], start[3]])
        layer.update(x, 1, learning_rate=0.1)
        point = tensor(np.append(x, 1).astype("float32"))
        slope = gradients(lambda v, point=point: losses.perceptron_loss([1.0], ops.sum(v * point)[None]), start)[0]
        close(start - 0.1 * slope, np.append(*layer.get_weights()), 1e-6)


@pytest.mark.parametrize("margin", [0.2, 5.0])
def test_batch_all_is_the_mean_of_the_triplets_that_cost_something(margin):
    each = [max(0.0, distance(a, p) - distance(a, n) + margin) for a, p, n in triplets(LABELS)]
    found = losses.TripletLoss(margin=margin, mining="batch_all")(LABELS, POINTS)
    close(found, np.sum(each) / np.count_nonzero(each), 1e-6)


@pytest.mark.parametrize("margin", [0.2, 5.0])
def test_semi_hard_takes_the_nearest_of_the_farther_negatives(margin):
    each = []
    for a, p in sorted({(a, p) for a, p, _ in triplets(LABELS)}):
        negatives = [distance(a, n) for n in range(8) if LABELS[n] != LABELS[a]]
        farther = [d for d in negatives if d > distance(a, p)]
        each.append(max(0.0, distance(a, p) - (min(farther) if farther else max(negatives)) + margin))
    assert any(each) and len(each) == 10
    found = losses.TripletLoss(margin=margin, mining="semi_hard")(LABELS[:, None], POINTS)
    close(found, np.mean(each), 1e-6)


def test_given_triplets():
    x = random(5, 3, 4)
    each = [max(0.0, distance(0, 1, row) - distance(0, 2, row) + 0.5) for row in x]
    close(losses.TripletLoss(0.5, mining=None, reduction=None)(np.zeros(5), x), np.array(each), 1e-6)


@needs_float64
@pytest.mark.parametrize("mining", ["batch_all", "semi_hard"])
def test_gradients_of_mined_triplets(mining):
    loss = losses.TripletLoss(margin=1.0, mining=mining, reduction=None, dtype="float64")
    x = POINTS.astype("float64")
    if mining == "semi_hard":  # its negatives are chosen, not differentiated: no choice may flip within the step
        close(gradients(lambda e: loss(LABELS, e), x)[0], finite_differences(lambda e: loss(LABELS, e), x, 1e-7), 1e-5)
    else:
        close(gradients(lambda e: loss(LABELS, e), x)[0], finite_differences(lambda e: loss(LABELS, e), x), 1e-6)


@pytest.mark.parametrize("mining", ["batch_all", "semi_hard"])
def test_batches_without_triplets_cost_nothing(mining):
    loss = losses.TripletLoss(mining=mining)
    for labels in (np.zeros(8), np.arange(8)):
        assert float(loss(labels, POINTS)) == 0
        assert not gradients(lambda e, labels=labels: loss(labels, e), POINTS)[0].any()


def sigmoid(z):
    return 1 / (1 + np.exp(-z.astype("float64")))


def test_gan_losses_are_goodfellows():
    real, fake = random(6, 1), random(6, 1, seed=1)
    d_real, d_fake = sigmoid(real), sigmoid(fake)
    value = np.mean(np.log(d_real)) + np.mean(np.log(1 - d_fake))
    close(losses.discriminator_loss(tensor(real), tensor(fake)), -value, 1e-6)
    labels = np.concatenate([np.ones((6, 1)), np.zeros((6, 1))])
    close(losses.DiscriminatorLoss()(labels, np.concatenate([real, fake])), -value / 2, 1e-6)
    smoothed = -np.mean(0.9 * np.log(d_real) + 0.1 * np.log(1 - d_real))
    close(losses.DiscriminatorLoss(real_label=0.9)(np.ones((6, 1)), real), smoothed, 1e-6)
    for saturating, expected in ((False, -np.log(d_fake)), (True, np.log(1 - d_fake))):
        close(losses.GeneratorLoss(saturating, reduction=None)(fake, fake), expected[:, 0], 1e-6)
        close(losses.generator_loss(tensor(fake), saturating), expected.mean(), 1e-6)
    close(losses.discriminator_loss(np.zeros((4, 1), "float32"), np.zeros((4, 1), "float32")), np.log(4), 1e-6)


def test_the_minimax_generator_has_no_gradient_where_the_discriminator_is_sure():
    sure = np.array([[-30.0]], "float32")
    slopes = [gradients(lambda z, s=s: losses.generator_loss(z, s), sure)[0].item() for s in (False, True)]
    assert slopes[0] == -1 and -1e-12 < slopes[1] < 0


CLASSES = (
    (losses.PerceptronLoss, {}, 2 * (LABELS[:, None] > 0) - 1, POINTS[:, :1]),
    (losses.TripletLoss, {"margin": 0.7}, LABELS, POINTS),
    (losses.TripletLoss, {"mining": "batch_all"}, LABELS, POINTS),
    (losses.DiscriminatorLoss, {"real_label": 0.9}, LABELS[:, None] > 0, POINTS[:, :1]),
    (losses.GeneratorLoss, {"saturating": True}, LABELS[:, None], POINTS[:, :1]),
)


@pytest.mark.parametrize(("loss", "arguments", "y_true", "y_pred"), CLASSES)
def test_modes_and_round_trips(loss, arguments, y_true, y_pred):
    loss = loss(**arguments)
    expected = numpy(loss(y_true, y_pred))
    for jit in (False, True):
        function = compiled(loss.__call__, jit)
        if function is not None:
            close(function(tensor(y_true.astype("float32")), tensor(y_pred)), expected, 2e-6)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert again.get_config() == loss.get_config() and type(again) is type(loss)
    close(again(y_true, y_pred), expected, 0)
    close(loss(y_true, y_pred, np.zeros(8)), 0.0, 0)
    assert keras.backend.standardize_dtype(type(loss)(dtype="bfloat16")(y_true, y_pred).dtype) == "bfloat16"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: losses.TripletLoss(margin=0), "`margin`"),
        (lambda: losses.TripletLoss(mining="hardest"), "`mining` must be one of"),
        (lambda: losses.TripletLoss()(LABELS, random(8, 3, 2)), "embeddings"),
        (lambda: losses.TripletLoss(mining=None)(LABELS, POINTS), "triplets"),
        (lambda: losses.DiscriminatorLoss(real_label=1.5), "`real_label`"),
    ],
)
def test_errors_name_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()
