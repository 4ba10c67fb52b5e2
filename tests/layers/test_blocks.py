"""Residual and inception blocks against their equations, the papers' parameter counts and keras.applications."""

import keras
import numpy as np
import pytest
from keras import ops

from layers.blocks import InceptionBlock, ResidualBlock
from tests.layers.support import check_layer, close, dtype_policy, gradients, numpy, random, saved_and_loaded

RESNET50 = {"bottleneck": True, "use_bias": True, "epsilon": 1.001e-5}
CONV2_BLOCK1 = (16_640, 1_024, 4_160, 256, 36_928, 256, 16_640, 1_024)  # 0_conv, 0_bn, 1_conv, ... in the summary
CONV2_BLOCK2 = (16_448, 256, 36_928, 256, 16_640, 1_024)
INCEPTION_3A = (64, 96, 128, 16, 32, 32)
INCEPTION_3B = (128, 128, 192, 32, 96, 64)


def built(layer, *shape):
    layer.build((None, *shape))
    return layer


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"strides": 2, "kernel_size": (3, 5)},
        {"bottleneck": True, "activation": "tanh"},
        {"use_batch_norm": False, "projection": True, "kernel_regularizer": "l2"},
        {"data_format": "channels_first", "strides": (1, 2)},
    ],
    ids=lambda arguments: "-".join(arguments) or "plain",
)
def test_residual_block_runs_everywhere(arguments):
    images = random(2, 6, 5, 4)
    layer = check_layer(ResidualBlock, None, {"filters": 4, **arguments}, images)
    assert tuple(layer(images).shape) == layer.compute_output_shape(images.shape)


@pytest.mark.parametrize("arguments", [{}, {"use_batch_norm": True}, {"data_format": "channels_first"}])
def test_inception_block_runs_everywhere(arguments):
    names = ("filters_1x1", "filters_3x3_reduce", "filters_3x3", "filters_5x5_reduce", "filters_5x5", "filters_pool")
    images = random(2, 6, 5, 4)
    layer = check_layer(InceptionBlock, None, dict(zip(names, (3, 2, 4, 1, 2, 1), strict=True)) | arguments, images)
    assert tuple(layer(images).shape) == layer.compute_output_shape(images.shape)


def reference_residual(inputs, filters, stride, projection, training=False):
    """A bottleneck of Keras's own layers, in the order of `keras.applications`."""

    def pair(number, filters, size, stride):
        return [
            keras.layers.Conv2D(filters, size, stride, padding="same", name=f"{number}_conv"),
            keras.layers.BatchNormalization(epsilon=1.001e-5, name=f"{number}_bn"),
        ]

    shortcut = inputs
    if projection:
        for layer in pair(0, 4 * filters, 1, stride):
            shortcut = layer(shortcut)
    outputs = inputs
    for number, (size, width) in enumerate([(1, filters), (3, filters), (1, 4 * filters)], 1):
        for layer in pair(number, width, size, stride if number == 1 else 1):
            outputs = layer(outputs)
        outputs = keras.layers.Activation("relu")(outputs) if number < 3 else outputs
    return keras.layers.Activation("relu")(keras.layers.Add()([outputs, shortcut]))


@pytest.mark.parametrize(("stride", "channels"), [(2, 6), (1, 8)])
def test_bottleneck_equals_one_of_keras_layers_with_its_weights_by_name(stride, channels):
    images = random(8, 6, 6, channels)
    symbol = keras.Input(images.shape[1:])
    peer = keras.Model(symbol, reference_residual(symbol, 2, stride, projection=stride > 1))
    weights = {f"{layer.name}/{weight.name}": weight for layer in peer.layers for weight in layer.weights}
    for number, weight in enumerate(weights.values()):
        weight.assign(np.abs(random(*weight.shape, seed=number)) + 0.5 if "variance" in weight.name else
                      random(*weight.shape, seed=number, scale=0.3))  # fmt: skip
    block = built(ResidualBlock(2, strides=stride, **RESNET50), *images.shape[1:])
    assert {"/".join(weight.path.split("/")[-2:]) for weight in block.weights} == set(weights)
    for weight in block.weights:
        weight.assign(weights["/".join(weight.path.split("/")[-2:])])
    for training in (False, True):
        close(block(images, training=training), peer(images, training=training), 2e-5)
    for weight in block.weights:  # the moving averages moved alike
        close(weight.value, weights["/".join(weight.path.split("/")[-2:])].value, 1e-5)


@pytest.mark.parametrize("use_batch_norm", [True, False])
def test_residual_block_with_a_zero_last_layer_is_the_identity(use_batch_norm):
    images = random(2, 5, 5, 3)
    block = built(ResidualBlock(3, activation="relu", use_batch_norm=use_batch_norm), 5, 5, 3)
    assert not np.allclose(numpy(block(images)), np.maximum(images, 0))
    for weight in block.weights:
        if "/2_" in weight.path and "variance" not in weight.path:
            weight.assign(ops.zeros(weight.shape))
    for training in (False, True):
        close(block(images, training=training), np.maximum(images, 0), 1e-6)


def test_the_gradient_passes_a_residual_block_by():
    block = built(ResidualBlock(3, activation=None), 4, 4, 3)
    for weight in block.weights:
        if "gamma" in weight.path and "/2_" in weight.path:
            weight.assign(ops.zeros(weight.shape))
    images = random(1, 4, 4, 3)
    close(gradients(block, images)[0], np.cos(np.arange(48)).reshape(1, 4, 4, 3), 1e-6)


def test_training_uses_batch_statistics_and_moves_the_averages():
    images = random(8, 4, 4, 3, scale=3.0)
    block = built(ResidualBlock(3, momentum=0.5), 4, 4, 3)
    inference = numpy(block(images))
    before = [numpy(weight.value) for weight in block.non_trainable_weights]
    assert not np.allclose(numpy(block(images, training=True)), inference)
    changed = [np.any(numpy(w.value) != old) for w, old in zip(block.non_trainable_weights, before, strict=True)]
    assert len(changed) == 4
    assert all(changed)


@pytest.mark.parametrize(
    ("layer", "shape", "count"),
    [
        (InceptionBlock(*INCEPTION_3A), (28, 28, 192), 163_696),
        (InceptionBlock(*INCEPTION_3B), (28, 28, 256), 388_736),
        (ResidualBlock(64, **RESNET50), (56, 56, 64), sum(CONV2_BLOCK1)),
        (ResidualBlock(64, **RESNET50), (56, 56, 256), sum(CONV2_BLOCK2)),
        (ResidualBlock(64), (56, 56, 64), 2 * (9 * 64 * 64 + 4 * 64)),
    ],
    ids=["GoogLeNet 3a", "GoogLeNet 3b", "ResNet50 conv2_block1", "ResNet50 conv2_block2", "ResNet18 conv2"],
)
def test_parameter_counts_of_the_papers(layer, shape, count):
    assert built(layer, *shape).count_params() == count


def test_inception_concatenates_its_four_branches():
    images = random(2, 7, 7, 5)
    block = built(InceptionBlock(3, 4, 6, 2, 5, 7), 7, 7, 5)
    values = {"/".join(weight.path.split("/")[-2:]): numpy(weight.value) for weight in block.weights}

    def convolve(inputs, name):
        size = values[f"{name}_conv/kernel"].shape[:2]
        layer = keras.layers.Conv2D(values[f"{name}_conv/bias"].size, size, padding="same", activation="relu")
        layer.build(inputs.shape)
        layer.set_weights([values[f"{name}_conv/kernel"], values[f"{name}_conv/bias"]])
        return layer(inputs)

    branches = [
        convolve(images, "1x1"),
        convolve(convolve(images, "3x3_reduce"), "3x3"),
        convolve(convolve(images, "5x5_reduce"), "5x5"),
        convolve(keras.layers.MaxPooling2D(3, 1, "same")(images), "pool"),
    ]
    assert [branch.shape[-1] for branch in branches] == [3, 6, 5, 7]
    close(block(images), np.concatenate([numpy(branch) for branch in branches], -1), 2e-5)


def test_unknown_image_sizes_and_batches_pass():
    symbol = keras.Input((None, None, 3))
    outputs = InceptionBlock(2, 2, 2, 2, 2, 2)(ResidualBlock(4, strides=2)(symbol))
    assert outputs.shape == (None, None, None, 8)
    model = keras.Model(symbol, outputs)
    assert tuple(model(random(2, 9, 6, 3)).shape) == (2, 5, 3, 8)


def test_one_initializer_does_not_make_twins():
    block = built(ResidualBlock(3, kernel_initializer=keras.initializers.HeNormal()), 4, 4, 3)
    first, second = (numpy(weight.value) for weight in block.weights if weight.name == "kernel")
    assert not np.allclose(first, second)


def test_mixed_precision_reaches_the_parts():
    with dtype_policy("mixed_bfloat16"):
        for block in (ResidualBlock(2), InceptionBlock(1, 1, 1, 1, 1, 1)):
            outputs = block(random(1, 4, 4, 2))
            assert keras.backend.standardize_dtype(outputs.dtype) == "bfloat16"
            assert {weight.dtype for weight in block.weights} == {"float32"}


def test_saved_model_gives_the_same(tmp_path):
    saved_and_loaded(ResidualBlock(4, strides=2, kernel_regularizer="l2"), tmp_path, random(2, 6, 6, 3))
    saved_and_loaded(InceptionBlock(2, 2, 3, 1, 2, 1, use_batch_norm=True), tmp_path, random(2, 6, 6, 3))


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: ResidualBlock(0), "filters=0"),
        (lambda: ResidualBlock(2.0), r"filters=2\.0"),
        (lambda: ResidualBlock(2, kernel_size=(3, 0)), r"kernel_size=\(3, 0\)"),
        (lambda: ResidualBlock(2, strides=-1), "strides=-1"),
        (lambda: ResidualBlock(2, activation="rleu"), "activation='rleu'"),
        (lambda: ResidualBlock(2, projection="auto"), "projection='auto'"),
        (lambda: ResidualBlock(2, momentum=1.5), "momentum=1.5"),
        (lambda: ResidualBlock(2, epsilon=0), "epsilon=0"),
        (lambda: ResidualBlock(2, data_format="NHWC"), "data_format='NHWC'"),
        (lambda: InceptionBlock(1, 1, 1, 1, 1, 0), "filters_pool=0"),
        (lambda: InceptionBlock(1, -1, 1, 1, 1, 1), "filters_3x3_reduce=-1"),
        (lambda: ResidualBlock(2).build((None, 4, 4)), r"input_shape=\(None, 4, 4\)"),
        (lambda: InceptionBlock(1, 1, 1, 1, 1, 1).build((None, 4, 4, None)), "input_shape="),
        (lambda: ResidualBlock(2, projection=False).build((None, 4, 4, 3)), "projection=False"),
    ],
)
def test_refuses_bad_arguments_and_inputs(make, match):
    with pytest.raises(ValueError, match=match):
        make()
