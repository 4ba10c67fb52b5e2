"""ResNet, DenseNet, EfficientNet and Inception v3 against keras.applications, with weights copied both ways."""

import keras
import numpy as np
import pytest

import layers
from recipes.models import (
    DenseNet121,
    EfficientNetB0,
    InceptionV3,
    ResNet50,
    ResNet101,
    ResNet152,
    copy_weights,
    inception_v3,
    outline,
    resnet,
)

APPLICATIONS = keras.applications
COUNTS = {
    ResNet50: 25_636_712,
    ResNet101: 44_707_176,
    ResNet152: 60_419_944,
    DenseNet121: 8_062_504,
    EfficientNetB0: 5_330_571,
    InceptionV3: 23_851_784,
}
TOP = {"classes": 7, "classifier_activation": None}
PAIRS = {
    "ResNet50": (ResNet50, {"input_shape": (64, 64, 3), **TOP}),
    "ResNet50 without top": (ResNet50, {"include_top": False, "input_shape": (45, 33, 3)}),
    "ResNet101 without top": (ResNet101, {"include_top": False, "input_shape": (32, 32, 3), "pooling": "avg"}),
    "DenseNet121": (DenseNet121, {"input_shape": (64, 48, 1), **TOP}),
    "DenseNet121 without top": (DenseNet121, {"include_top": False, "input_shape": (33, 33, 3), "pooling": "max"}),
    "EfficientNetB0": (EfficientNetB0, {"input_shape": (64, 64, 3), **TOP}),
    "EfficientNetB0 of odd size": (EfficientNetB0, {"include_top": False, "input_shape": (37, 45, 3)}),
    "InceptionV3": (InceptionV3, {"input_shape": (80, 75, 3), **TOP}),
    "InceptionV3 without top": (InceptionV3, {"include_top": False, "input_shape": (75, 75, 3), "pooling": "avg"}),
}


def peer_of(ours, **arguments):
    """Keras's model with random batch statistics, biases and scales, which are 0 and 1 in a new one."""
    peer = getattr(APPLICATIONS, ours.__name__)(weights=None, **arguments)
    for number, variable in enumerate(peer.weights):
        rng = np.random.default_rng(number)
        if variable.name in ("gamma", "moving_variance", "variance"):
            variable.assign(rng.uniform(0.5, 1.5, variable.shape))
        elif variable.name in ("beta", "moving_mean", "mean", "bias"):
            variable.assign(rng.normal(0, 0.1, variable.shape))
    for layer in peer.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.name = "normalization"  # Keras numbers it by how many others there are
            layer.finalize_state()
    return peer


def transfer(source, target):
    """By name; Inception v3, whose layers Keras only numbers, by order."""
    if target.name == "inception_v3":
        target.set_weights(source.get_weights())
    else:
        copy_weights(source, target)


def images(shape):
    return np.random.default_rng(0).uniform(0, 2, (2, *shape)).astype("float32")


@pytest.mark.parametrize("ours", COUNTS, ids=lambda ours: ours.__name__)
def test_parameter_counts(ours):
    model, peer = outline(ours), outline(lambda: getattr(APPLICATIONS, ours.__name__)(weights=None))
    assert model.count_params() == peer.count_params() == COUNTS[ours]
    assert (model.name, model.input_shape, model.output_shape) == (peer.name, peer.input_shape, peer.output_shape)


@pytest.mark.parametrize("ours", [ResNet50, ResNet101, ResNet152, DenseNet121, EfficientNetB0])
def test_names_and_shapes_of_layers(ours):
    model = outline(lambda: ours(include_top=False, input_shape=(229, 160, 3)))
    peer = outline(lambda: getattr(APPLICATIONS, ours.__name__)(False, None, input_shape=(229, 160, 3)))
    theirs = {layer.name.removesuffix("_out"): layer.output.shape for layer in peer.layers}
    own_names = {"zero_padding2d": "conv1_pad", "zero_padding2d_1": "pool1_pad"}  # DenseNet's, which Keras numbers
    theirs |= {own_names[name]: shape for name, shape in theirs.items() if name in own_names}
    for layer in model.layers[1:]:
        if layer.name not in ("rescaling", "normalization", "conv1_pad", "pool1_pad"):
            assert layer.output.shape == theirs[layer.name], layer.name


def test_inception_has_the_shapes_of_keras_layer_by_layer():
    arguments = {"include_top": False, "input_shape": (139, 160, 3)}
    model, peer = (outline(lambda build=build: build(weights=None, **arguments)) for build in (
        InceptionV3, APPLICATIONS.InceptionV3,
    ))  # fmt: skip
    ours, theirs = ([(type(one).__name__, one.output.shape) for one in each.layers] for each in (model, peer))
    assert ours == theirs
    names = [layer.name for layer in peer.layers if layer.name.startswith("mixed")]
    mixed = [name for name in names if "_" not in name]
    assert [model.get_layer(name).output.shape for name in mixed] == [
        peer.get_layer(name).output.shape for name in mixed
    ]


@pytest.mark.parametrize(("ours", "arguments"), PAIRS.values(), ids=PAIRS)
def test_outputs_equal_those_of_keras_with_its_weights(ours, arguments):
    peer, model = peer_of(ours, **arguments), ours(**arguments)
    batch = images(arguments["input_shape"])
    expected = np.asarray(peer(batch))
    assert np.ptp(expected) > 1e-2
    assert not np.allclose(np.asarray(model(batch)), expected, rtol=1e-2, atol=1e-3)
    transfer(peer, model)
    np.testing.assert_allclose(np.asarray(model(batch)), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("ours", [ResNet50, InceptionV3])
def test_weights_go_back_to_keras(ours):
    arguments = {"include_top": False, "input_shape": (75, 75, 3)}
    model, peer = ours(**arguments), getattr(APPLICATIONS, ours.__name__)(weights=None, **arguments)
    batch = images((75, 75, 3))
    if ours is InceptionV3:
        peer.set_weights(model.get_weights())
    else:
        copy_weights(model, peer)
    np.testing.assert_allclose(np.asarray(peer(batch)), np.asarray(model(batch)), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("ours", [ResNet50, InceptionV3])
def test_reads_the_files_of_keras(ours, tmp_path):
    arguments = {"include_top": False, "input_shape": (75, 75, 3)}
    peer = peer_of(ours, **arguments)
    peer.save(tmp_path / "peer.h5")
    batch = images((75, 75, 3))
    model = ours(weights=tmp_path / "peer.h5", **arguments)
    np.testing.assert_allclose(np.asarray(model(batch)), np.asarray(peer(batch)), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("ours", [InceptionV3, EfficientNetB0])
def test_imagenet_weights_are_taken_over(ours, monkeypatch):
    arguments = {"include_top": False, "input_shape": (75, 75, 3)}
    given = {}

    def published(include_top, weights, input_shape):
        given.update(include_top=include_top, weights=weights, input_shape=input_shape)
        given["peer"] = peer_of_untouched(include_top=include_top, weights=None, input_shape=input_shape)
        return given["peer"]

    peer_of_untouched = getattr(APPLICATIONS, ours.__name__)
    monkeypatch.setattr(APPLICATIONS, ours.__name__, published)
    model = ours(weights="imagenet", **arguments)
    assert (given["include_top"], given["weights"]) == (False, "imagenet")
    for mine, theirs in zip(model.get_weights(), given["peer"].get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    # Keras's EfficientNet, too, divides by the deviations once more for these weights alone.
    assert [layer.name for layer in model.layers].count("rescaling_1") == (ours is EfficientNetB0)


def test_layers_of_resnet_on_the_longest_path():
    for ours, depth in ((ResNet50, 50), (ResNet101, 101), (ResNet152, 152)):
        blocks = [layer for layer in outline(ours).layers if isinstance(layer, layers.ResidualBlock)]
        assert 1 + sum(len(block.residual) for block in blocks) + 1 == depth
        assert sum(block.shortcut is not None for block in blocks) == 4
    peer = outline(lambda: APPLICATIONS.ResNet152(weights=None))
    assert sum(hasattr(layer, "kernel") for layer in peer.layers) - 4 == 152


def test_stochastic_depth_and_dropout_of_efficientnet():
    rates = {one.name: one.rate for one in outline(EfficientNetB0).layers if isinstance(one, layers.Dropout)}
    peer = outline(lambda: APPLICATIONS.EfficientNetB0(weights=None))
    assert rates == pytest.approx({one.name: one.rate for one in peer.layers if isinstance(one, keras.layers.Dropout)})
    assert len(rates) == 10
    model = EfficientNetB0(include_top=False, input_shape=(32, 32, 3), pooling="avg")
    batch = images((32, 32, 3))
    assert not np.allclose(np.asarray(model(batch, training=True)), np.asarray(model(batch)))


def test_images_of_any_size():
    model = EfficientNetB0(include_top=False, pooling="avg")
    assert model.input_shape == (None, None, None, 3)
    fixed = EfficientNetB0(include_top=False, pooling="avg", input_shape=(64, 32, 3))
    copy_weights(model, fixed)
    batch = images((64, 32, 3))
    np.testing.assert_allclose(np.asarray(model(batch)), np.asarray(fixed(batch)), rtol=1e-4, atol=1e-5)


def test_a_wrong_epsilon_is_noticed(monkeypatch):
    arguments = {"include_top": False, "input_shape": (32, 32, 3), "pooling": "avg"}
    peer = peer_of(ResNet50, **arguments)
    monkeypatch.setattr(resnet, "EPSILON", 0.1)
    model = ResNet50(**arguments)
    copy_weights(peer, model)
    batch = images((32, 32, 3))
    assert not np.allclose(np.asarray(model(batch)), np.asarray(peer(batch)), rtol=1e-3, atol=1e-3)


def test_a_wrong_pooling_is_noticed(monkeypatch):
    arguments = {"include_top": False, "input_shape": (75, 75, 3), "pooling": "avg"}
    peer = peer_of(InceptionV3, **arguments)
    monkeypatch.setattr(inception_v3.layers, "AveragePooling2D", layers.MaxPooling2D)
    model = InceptionV3(**arguments)
    transfer(peer, model)
    batch = images((75, 75, 3))
    assert not np.allclose(np.asarray(model(batch)), np.asarray(peer(batch)), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: InceptionV3(input_shape=(74, 75, 3)), r"input_shape=\(74, 75, 3\)"),
        (lambda: ResNet50(weights="imagenet", classes=10), "classes=10"),
        (lambda: DenseNet121(pooling="mean"), "pooling='mean'"),
        (lambda: EfficientNetB0(weights="nowhere.h5"), "nowhere.h5"),
    ],
)
def test_refuses_bad_arguments(make, match):
    with pytest.raises(ValueError, match=match):
        make()
