"""LeNet-5, AlexNet, VGG, GoogLeNet, SqueezeNet and MobileNet against their papers and keras.applications."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import layers
from recipes.models import (
    VGG16,
    VGG19,
    AlexNet,
    GoogLeNet,
    LeNet5,
    MobileNet,
    SqueezeNet,
    copy_weights,
    outline,
    vgg,
    weights_by_layer,
)
from recipes.models.googlenet import INCEPTIONS
from recipes.models.local_response import LocalResponseNormalization

APPLICATIONS = keras.applications
SMALL = {"include_top": False, "input_shape": (32, 32, 3)}
KERAS_PAIRS = {
    "VGG16": (VGG16, APPLICATIONS.VGG16, {}),
    "VGG16 for transfer": (VGG16, APPLICATIONS.VGG16, {"include_top": False, "input_shape": (150, 150, 3)}),
    "VGG16 of any size": (VGG16, APPLICATIONS.VGG16, {"include_top": False, "pooling": "max"}),
    "VGG19": (VGG19, APPLICATIONS.VGG19, {"classes": 7, "classifier_activation": None}),
    "MobileNet": (MobileNet, APPLICATIONS.MobileNet, {}),
    "MobileNet narrow": (MobileNet, APPLICATIONS.MobileNet, {"alpha": 0.5, "input_shape": (96, 128, 3), "classes": 3}),
    "MobileNet pooled": (MobileNet, APPLICATIONS.MobileNet, {"include_top": False, "pooling": "avg"}),
}


def images(*shape, seed=0):
    return np.random.default_rng(seed).normal(0, 1, shape).astype("float32")


def randomized(model):
    """The model with other numbers in every weight: new networks have no bias, and batch statistics of 0 and 1."""
    for number, variable in enumerate(model.weights):
        if variable.name == "kernel":
            continue  # random already
        value = 0.2 * np.random.default_rng(number).normal(size=variable.shape)
        variable.assign(np.abs(value) + 0.8 if variable.name in ("moving_variance", "gamma") else value)
    return model


def table(model):
    """Name, kind, output shape and parameters of every layer."""
    return [(one.name, type(one).__name__, one.output.shape, one.count_params()) for one in model.layers[1:]]


@pytest.mark.parametrize(
    ("build", "count"),
    [
        (LeNet5, 156 + 2_416 + 48_120 + 10_164 + 850),
        (AlexNet, 60_965_224),
        (lambda: AlexNet(groups=False), 62_378_344),
        (VGG16, 138_357_544),
        (VGG19, 143_667_240),
        (GoogLeNet, 6_998_552),
        (lambda: GoogLeNet(include_top=False), 5_973_552),
        # 1x1 convolutions of 512 and 528 maps to 128, 4 * 4 * 128 to 1024, 1024 to 1000
        (lambda: GoogLeNet(auxiliary=True), 6_998_552 + (513 + 529) * 128 + 2 * (2049 * 1024 + 1025 * 1000)),
        (SqueezeNet, 1_235_496),
        (lambda: SqueezeNet(include_top=False), 722_496),
        (MobileNet, 4_253_864),
    ],
)
def test_parameter_counts_of_the_literature(build, count):
    assert outline(build).count_params() == count


@pytest.mark.parametrize(("ours", "published", "arguments"), KERAS_PAIRS.values(), ids=KERAS_PAIRS)
def test_layers_and_shapes_are_those_of_keras(ours, published, arguments):
    one = outline(lambda: ours(**arguments))
    other = outline(lambda: published(weights=None, **arguments))
    assert one.name == other.name
    assert table(one) == table(other)


@pytest.mark.parametrize(
    ("ours", "published", "arguments"),
    [
        (VGG16, APPLICATIONS.VGG16, {"input_shape": (32, 32, 3), "classes": 10}),
        (VGG19, APPLICATIONS.VGG19, SMALL),
        (MobileNet, APPLICATIONS.MobileNet, {"input_shape": (64, 64, 3), "alpha": 0.25, "classes": 10}),
        (MobileNet, APPLICATIONS.MobileNet, {**SMALL, "alpha": 0.5, "pooling": "avg"}),
    ],
    ids=["VGG16 with top", "VGG19 without", "MobileNet with top", "MobileNet without"],
)
def test_outputs_equal_those_of_keras_with_its_weights(ours, published, arguments):
    peer = randomized(published(weights=None, **arguments))
    model = ours(**arguments)
    batch = images(2, *arguments["input_shape"])
    expected = np.asarray(peer(batch))
    assert not np.allclose(np.asarray(model(batch)), expected, rtol=0, atol=1e-4)
    copy_weights(peer, model)
    close = np.asarray(model(batch))
    assert np.abs(expected).max() > 1e-2
    np.testing.assert_allclose(close, expected, rtol=1e-4, atol=1e-4)


def test_a_wrong_layer_is_noticed(monkeypatch):
    peer = randomized(APPLICATIONS.VGG16(weights=None, **SMALL))
    monkeypatch.setattr(vgg.layers, "MaxPooling2D", layers.AveragePooling2D)
    model = VGG16(**SMALL)
    copy_weights(peer, model)
    batch = images(2, 32, 32, 3)
    assert np.abs(np.asarray(model(batch)) - np.asarray(peer(batch))).max() > 1e-2
    assert table(model) != table(peer)


def test_lenet_has_the_documented_shapes():
    shapes = [layer.output.shape[1:] for layer in LeNet5().layers]
    maps = [(32, 32, 1), (28, 28, 6), (14, 14, 6), (10, 10, 16), (5, 5, 16)]
    assert shapes == [*maps, (400,), (120,), (84,), (10,)]
    modern = LeNet5(activation="relu", pooling="max", classifier_activation=None)
    assert [type(layer).__name__ for layer in modern.layers].count("MaxPooling2D") == 2
    activations = [layer.activation.__name__ for layer in modern.layers if layer.weights]
    assert activations == ["relu"] * 4 + ["linear"]
    assert LeNet5(include_top=False).output.shape == (None, 5, 5, 16)


def test_alexnet_has_the_shapes_of_its_paper():
    model = outline(AlexNet)
    shapes = {layer.name: layer.output.shape[1:] for layer in model.layers}
    assert [shapes[f"conv{number}"] for number in range(1, 6)] == [
        (55, 55, 96), (27, 27, 256), (13, 13, 384), (13, 13, 384), (13, 13, 256),
    ]  # fmt: skip
    assert shapes["pool5"] == (6, 6, 256)
    assert [model.get_layer(f"conv{number}").kernel.shape[2] for number in range(1, 6)] == [3, 48, 256, 192, 192]
    assert [layer.rate for layer in model.layers if isinstance(layer, layers.Dropout)] == [0.5, 0.5]


def test_alexnet_runs():
    model = AlexNet(input_shape=(67, 67, 3), classes=3)
    batch = images(2, 67, 67, 3)
    outputs = np.asarray(model(batch))
    np.testing.assert_allclose(outputs.sum(axis=1), 1, rtol=1e-5)
    assert not np.allclose(np.asarray(model(batch, training=True)), outputs)  # dropout
    plain = AlexNet(input_shape=(67, 67, 3), classes=3, local_response=False)
    copy_weights(model, plain)
    assert not np.array_equal(np.asarray(plain(batch)), outputs)


def test_googlenet_has_the_shapes_of_its_paper():
    shapes = {layer.name: layer.output.shape[1:] for layer in outline(GoogLeNet).layers}
    sides = {"3": 28, "4": 14, "5": 7}
    for name, (a, _, b, _, c, d) in INCEPTIONS.items():
        assert shapes[f"inception_{name}"] == (sides[name[0]], sides[name[0]], a + b + c + d)
    assert [shapes[f"inception_{name}"][2] for name in INCEPTIONS] == [256, 480, 512, 512, 512, 528, 832, 832, 1024]
    assert shapes["pool2"] == (28, 28, 192)


def test_googlenet_with_auxiliary_heads_and_saved(tmp_path):
    model = randomized(GoogLeNet(auxiliary=True, input_shape=(65, 65, 3), classes=3))
    batch = images(2, 65, 65, 3)
    outputs = [np.asarray(one) for one in model(batch)]
    assert [one.shape for one in outputs] == [(2, 3)] * 3
    model.save(tmp_path / "googlenet.keras")
    again = keras.saving.load_model(tmp_path / "googlenet.keras")
    for one, other in zip(outputs, again(batch), strict=True):
        np.testing.assert_allclose(np.asarray(other), one, rtol=0, atol=1e-6)


def test_local_response_normalization_is_tensorflows():
    batch = 3 * images(2, 4, 5, 7)
    for size, bias, alpha, beta in ((5, 2.0, 1e-4, 0.75), (3, 1.0, 0.5, 0.5), (1, 1.0, 2.0, 1.0)):
        expected = tf.nn.local_response_normalization(batch, size // 2, bias, alpha, beta)
        np.testing.assert_allclose(LocalResponseNormalization(size, bias, alpha, beta)(batch), expected, rtol=1e-5)


def test_mobilenet_ends_where_asked():
    whole = MobileNet(**SMALL, alpha=0.25)
    shorter = MobileNet(**SMALL, alpha=0.25, last="conv_pw_12_relu")
    copy_weights(whole, shorter)
    names = [layer.name for layer in shorter.layers[1:]]
    assert names == [layer.name for layer in whole.layers[1:]][: len(names)]
    assert names[-1] == "conv_pw_12_relu"
    assert set(weights_by_layer(shorter)) < set(weights_by_layer(whole))
    batch = images(2, 32, 32, 3)
    expected = keras.Model(whole.input, whole.get_layer("conv_pw_12_relu").output)(batch)
    np.testing.assert_allclose(np.asarray(shorter(batch)), np.asarray(expected), rtol=0, atol=1e-6)


def test_an_outline_has_no_values_and_leaves_nothing_behind():
    model = outline(lambda: VGG16(include_top=False))
    assert all(variable._value is None for variable in model.weights)
    with keras.StatelessScope():
        pass  # Keras gives waiting variables their values at its end
    assert all(variable._value is None for variable in model.weights)
    with pytest.raises(ValueError, match="pooling='mean'"):
        outline(lambda: VGG16(include_top=False, pooling="mean"))


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: VGG16(weights="imagenette"), "weights='imagenette'"),
        (lambda: VGG16(weights="imagenet", classes=10), "classes=10"),
        (lambda: VGG16(weights="imagenet", input_shape=(150, 150, 3)), r"input_shape=\(150, 150, 3\)"),
        (lambda: VGG16(weights="imagenet", classifier_activation="sigmoid"), "classifier_activation='sigmoid'"),
        (lambda: VGG16(weights="imagenet", include_top=False, input_shape=(64, 64, 1)), "3 channels"),
        (lambda: VGG19(input_shape=(31, 64, 3)), r"input_shape=\(31, 64, 3\)"),
        (lambda: VGG19(input_shape=(64, 64)), r"input_shape=\(64, 64\)"),
        (lambda: VGG19(input_shape=(None, 64, 3)), "known size"),
        (lambda: VGG19(include_top=False, pooling="mean"), "pooling='mean'"),
        (lambda: AlexNet(classes=0), "classes=0"),
        (lambda: AlexNet(weights="imagenet"), "weights='imagenet'"),
        (lambda: LeNet5(pooling="avg"), "pooling='avg'"),
        (lambda: MobileNet(alpha=0), "alpha=0"),
        (lambda: MobileNet(alpha=0.3, weights="imagenet"), "alpha=0.3"),
        (lambda: MobileNet(last="conv_pw_12_relu"), "include_top=False"),
        (lambda: MobileNet(include_top=False, last="conv_pw_14"), "last='conv_pw_14'"),
        (lambda: GoogLeNet(auxiliary=True, input_shape=(64, 64, 3)), "65 x 65"),
        (lambda: GoogLeNet(auxiliary=True, include_top=False), "include_top=False"),
        (lambda: LocalResponseNormalization(4), "size=4"),
    ],
)
def test_refuses_bad_arguments(make, match):
    with pytest.raises(ValueError, match=match):
        outline(make)
