"""Weights by layer name: copied, from files, from the mirror, and over Keras's download from a server on this machine."""

import functools
import hashlib
import http.server
import threading

import h5py
import keras
import numpy as np
import pytest
from keras.src.backend import config
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import layers
from recipes.datasets import DatasetUnavailable, cats_and_dogs
from recipes.models import (
    VGG16,
    LeNet5,
    MobileNet,
    SqueezeNet,
    copy_weights,
    load_weights,
    preprocess,
    weights_by_layer,
)
from recipes.models.squeezenet import FIRES, POOLED_AFTER

SMALL = {"include_top": False, "input_shape": (32, 32, 3), "alpha": 0.25}


def images(*shape, seed=0):
    return np.random.default_rng(seed).uniform(0, 255, shape).astype("float32")


def same_weights(one, other):
    mine, theirs = weights_by_layer(one), weights_by_layer(other)
    assert list(mine) == list(theirs)
    return all(np.array_equal(a, b) for name in mine for a, b in zip(mine[name], theirs[name], strict=True))


def nested():
    """A residual block, and a model, inside a model."""
    inner = keras.Sequential([keras.Input((4, 4, 8)), layers.Conv2D(2, 3, name="inside")], name="inner")
    block = layers.ResidualBlock(2, bottleneck=True, name="conv2_block1")
    return keras.Sequential([keras.Input((4, 4, 3)), block, keras.layers.Dropout(0.5), inner], name="outer")


def test_names_are_those_of_keras():
    blocks = [f"conv2_block1_{number}_{kind}" for number in range(4) for kind in ("conv", "bn")]
    found = weights_by_layer(nested())
    assert set(found) == {*blocks, "inside"}
    assert [one.shape for one in found["conv2_block1_1_bn"]] == [(2,)] * 4
    assert [one.shape for one in found["conv2_block1_3_conv"]] == [(1, 1, 2, 8)]


def test_copies_blocks_and_inner_models():
    one, other = nested(), nested()
    assert not same_weights(one, other)
    copy_weights(one, other)
    assert same_weights(one, other)


def test_a_normalization_sees_its_new_statistics():
    def build():
        return keras.Sequential([keras.Input((2,)), keras.layers.Normalization(name="normalization")])

    source, target = build(), build()
    source.layers[0].adapt(images(50, 2))
    assert not np.allclose(source(np.ones((1, 2))), target(np.ones((1, 2))))
    copy_weights(source, target)
    np.testing.assert_allclose(source(np.ones((1, 2))), target(np.ones((1, 2))))


def test_two_layers_of_one_name_are_refused():
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(4, name="twin")])
    model = keras.Sequential([keras.Input((4,)), layers.Dense(4, name="twin"), inner], name="outer")
    with pytest.raises(ValueError, match="outer has two layers named 'twin'"):
        weights_by_layer(model)


def test_a_missing_layer_or_another_shape_changes_nothing():
    target = LeNet5()
    before = weights_by_layer(target)
    with pytest.raises(ValueError, match="Layer 'F5' of the model lenet5 is missing in the model lenet5"):
        copy_weights(LeNet5(include_top=False), target)
    with pytest.raises(
        ValueError, match=r"Layer 'output' has weights of shapes \[\(84, 10\), \(10,\)\] in .*but \[\(84, 3\)"
    ):
        copy_weights(LeNet5(classes=3), target)
    after = weights_by_layer(target)
    assert all(np.array_equal(a, b) for name in before for a, b in zip(before[name], after[name], strict=True))


@pytest.mark.parametrize("file", ["whole.h5", "lenet.weights.h5", "lenet.keras"])
def test_files_of_keras(file, tmp_path):
    source, target = LeNet5(), LeNet5(classifier_activation=None)
    (source.save_weights if ".weights." in file else source.save)(tmp_path / file)
    load_weights(target, tmp_path / file)
    assert same_weights(source, target)
    assert same_weights(LeNet5(weights=str(tmp_path / file)), source)


def test_arrays_go_by_name_not_by_order(tmp_path):
    source = MobileNet(**SMALL)
    for variable in source.weights:
        variable.assign(np.random.default_rng(variable.shape[-1]).uniform(0.5, 1.5, variable.shape))
    arrays = {
        f"{layer.name}/{'depthwise_kernel' if '_dw_' in layer.name and one.name == 'kernel' else one.name}": np.asarray(
            one
        )
        for layer in source.layers
        for one in reversed(layer.weights)
    }
    np.savez(tmp_path / "ours.npz", **arrays)
    assert same_weights(MobileNet(**SMALL, weights=tmp_path / "ours.npz"), source)
    del arrays["conv1_bn/beta"]
    np.savez(tmp_path / "less.npz", **arrays)
    with pytest.raises(ValueError, match=r"less\.npz has no array 'conv1_bn/beta', which the model mobilenet_0\.25_32"):
        MobileNet(**SMALL, weights=tmp_path / "less.npz")


def test_a_file_without_layers_is_refused(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["numbers"] = np.zeros(3)
    with pytest.raises(ValueError, match=r"other\.h5 has no attribute 'layer_names'"):
        load_weights(LeNet5(), tmp_path / "other.h5")


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A folder that is served over HTTP, and an empty cache for Keras."""
    (tmp_path / "served").mkdir()
    (tmp_path / "keras").mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    handler = functools.partial(Quiet, directory=tmp_path / "served")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        monkeypatch.setattr(config, "_KERAS_DIR", str(tmp_path / "keras"))
        yield tmp_path / "served", f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()


@pytest.mark.filterwarnings("ignore:`input_shape` is undefined")
def test_imagenet_weights_come_over_keras_download(server, monkeypatch, tmp_path):
    folder, address = server
    published = keras.applications.MobileNet(weights=None, **SMALL)
    for number, variable in enumerate(published.weights):
        variable.assign(np.random.default_rng(number).uniform(0.5, 1.5, variable.shape))
    name = "mobilenet_2_5_224_tf_no_top.h5"
    published.save(folder / name)
    monkeypatch.setattr("keras.src.applications.mobilenet.BASE_WEIGHT_PATH", address)
    model = MobileNet(**SMALL, weights="imagenet")
    assert (tmp_path / "keras" / "models" / name).exists()
    assert same_weights(model, published)


def test_a_download_with_another_hash_is_refused(server, monkeypatch):
    folder, address = server
    (folder / "vgg16.h5").write_bytes(b"not these weights")
    assert hashlib.md5(b"not these weights").hexdigest() != "6d6bbae143d832006294945121d1f1fc"
    monkeypatch.setattr("keras.src.applications.vgg16.WEIGHTS_PATH_NO_TOP", f"{address}vgg16.h5")
    with pytest.raises(ValueError, match="hash does not match"):
        VGG16(include_top=False, input_shape=(32, 32, 3), weights="imagenet")


def keras_squeezenet(shape):
    """SqueezeNet v1.1 of Keras's own layers, without top."""

    def convolution(filters, size, x, **more):
        return keras.layers.Conv2D(filters, size, padding="same", activation="relu", **more)(x)

    inputs = x = keras.Input(shape)
    x = keras.layers.Conv2D(64, 3, 2, activation="relu", name="conv1")(x)
    x = keras.layers.MaxPooling2D(3, 2)(x)
    for number, (squeezed, expanded) in FIRES.items():
        squeeze = convolution(squeezed, 1, x, name=f"fire{number}_squeeze1x1")
        sides = [convolution(expanded, size, squeeze, name=f"fire{number}_expand{size}x{size}") for size in (1, 3)]
        x = keras.layers.concatenate(sides)
        x = keras.layers.MaxPooling2D(3, 2)(x) if number in POOLED_AFTER else x
    return keras.Model(inputs, x)


@pytest.fixture(scope="module")
def pets():
    """Pictures of cats and dogs: 200 with labels to learn from, 100 to test."""
    try:
        (x_train, y_train), (x_test, y_test) = cats_and_dogs("cats_and_dogs_filtered", 128)
    except DatasetUnavailable as error:
        pytest.skip(str(error))
    return (x_train[:200], y_train[:200]), (x_test[:100], y_test[:100])


def probe(features, name, pets):
    """Share of the test pictures that logistic regression on the features gets right."""
    (x_train, y_train), (x_test, y_test) = pets
    seen, new = (features.predict(preprocess(name, one), batch_size=50, verbose=0) for one in (x_train, x_test))
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=500))
    return classifier.fit(seen, y_train).score(new, y_test)


@pytest.mark.data
def test_squeezenet_weights_of_the_mirror(dataset_file, pets):
    path = dataset_file("squeezenet_weights")
    shape = (128, 128, 3)
    model = SqueezeNet(include_top=False, input_shape=shape, pooling="avg", weights=path)
    with h5py.File(path) as file:
        group = file["fire9/expand3x3"]
        expected = np.asarray(group[group.attrs["weight_names"][0]])
    np.testing.assert_array_equal(model.get_layer("fire9_expand3x3").kernel, expected)
    peer = keras_squeezenet(shape)
    copy_weights(model, peer)
    inputs = preprocess("SqueezeNet", pets[1][0][:4])
    features = np.asarray(model(inputs))
    np.testing.assert_allclose(features, np.asarray(peer(inputs)).mean(axis=(1, 2)), rtol=1e-4, atol=1e-4)
    assert probe(model, "SqueezeNet", pets) > 0.8


@pytest.mark.data
def test_mobilenet_weights_of_the_mirror_end_at_its_twelfth_block(dataset_file, pets):
    path = dataset_file("mobilenet_weights")
    arguments = {"include_top": False, "input_shape": (128, 128, 3), "pooling": "avg"}
    with pytest.raises(ValueError, match=r"Layer 'conv_pw_13' of the model mobilenet_1\.00_128 is missing in"):
        MobileNet(**arguments, weights=path)
    model = MobileNet(**arguments, last="conv_pw_12_relu", weights=path)
    peer = keras.applications.MobileNet(weights=None, include_top=False, input_shape=(128, 128, 3))
    peer = keras.Model(peer.input, peer.get_layer("conv_pw_12_relu").output)
    copy_weights(model, peer)
    inputs = preprocess("MobileNet", pets[1][0][:4])
    features = np.asarray(model(inputs))
    np.testing.assert_allclose(features, np.asarray(peer(inputs)).mean(axis=(1, 2)), rtol=1e-4, atol=1e-4)
    assert probe(model, "MobileNet", pets) > 0.85


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("VGG16", "vgg16"),
        ("ResNet50", "resnet50"),
        ("MobileNet", "mobilenet"),
        ("InceptionV3", "inception_v3"),
        ("DenseNet121", "densenet"),
        ("EfficientNetB0", "efficientnet"),
    ],
)
def test_preprocessing_is_that_of_keras(name, module):
    batch = images(2, 5, 4, 3)
    kept = batch.copy()
    expected = getattr(keras.applications, module).preprocess_input(batch.copy())
    np.testing.assert_allclose(preprocess(name, batch), expected, rtol=1e-6)
    np.testing.assert_array_equal(batch, kept)
    assert preprocess(name.lower(), batch.astype("uint8")).dtype == np.float32


def test_preprocessing_refuses_what_it_does_not_know():
    with pytest.raises(ValueError, match="name='LeNet5'"):
        preprocess("LeNet5", images(1, 4, 4, 3))
    with pytest.raises(ValueError, match=r"shape \(1, 4, 4, 1\)"):
        preprocess("VGG16", images(1, 4, 4, 1))
