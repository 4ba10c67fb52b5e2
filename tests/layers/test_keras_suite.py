"""Keras's own layer tests, shipped in its wheel, with our classes in place of Keras's."""

import contextlib
import importlib
from unittest import mock

import keras
import keras_suite
import pytest

import layers

MODULES = (
    "rnn.simple_rnn_test",
    "rnn.lstm_test",
    "rnn.gru_test",
    "rnn.rnn_test",
    "rnn.bidirectional_test",
    "rnn.stacked_rnn_cells_test",
    "rnn.dropout_rnn_cell_test",
    "rnn.time_distributed_test",
    "attention.multi_head_attention_test",
    "normalization.batch_normalization_test",
    "normalization.layer_normalization_test",
    "regularization.dropout_test",
    "regularization.alpha_dropout_test",
    "activations.activation_test",
    "activations.elu_test",
    "activations.leaky_relu_test",
    "activations.prelu_test",
    "core.dense_test",
    "convolutional.conv_test",
    "pooling.max_pooling_test",
    "pooling.average_pooling_test",
    "pooling.global_average_pooling_test",
)
"""Modules below keras.src.layers."""

NOT_APPLICABLE: dict[str, str] = {}
"""Tests that can't pass with our classes, each with its reason."""


@contextlib.contextmanager
def replaced():
    """`keras.src.layers.X` is `layers.X`, for every X that both have; activation tests name the defining module."""
    package = importlib.import_module("keras.src.layers")
    with contextlib.ExitStack() as stack:
        for name in layers.__all__:
            peer = getattr(package, name, None)
            if isinstance(peer, type):
                stack.enter_context(mock.patch.object(package, name, getattr(layers, name)))
                if ".activations." in peer.__module__:
                    where = importlib.import_module(peer.__module__)
                    stack.enter_context(mock.patch.object(where, name, getattr(layers, name)))
        yield


def keras_test_module(name):
    """The module; our classes are in place already here, for lists of parameters."""
    with replaced():
        return importlib.import_module(f"keras.src.layers.{name}")


TESTS = keras_suite.collect(MODULES, keras_test_module)


@pytest.fixture
def ours_in_place():
    with replaced():
        yield


@pytest.mark.parametrize("name", TESTS)
def test_keras_own(name, ours_in_place):
    if name in NOT_APPLICABLE:
        pytest.skip(NOT_APPLICABLE[name])
    keras_suite.run(TESTS[name])


def test_our_classes_are_the_ones_tested(ours_in_place):
    package = importlib.import_module("keras.src.layers")
    for name in ("LSTM", "MultiHeadAttention", "BatchNormalization", "Dense", "Conv2D", "MaxPooling2D", "PReLU"):
        assert getattr(package, name) is getattr(layers, name)
        assert getattr(keras.layers, name) is not getattr(layers, name)


def test_every_exception_names_an_existing_test():
    assert set(NOT_APPLICABLE) <= set(TESTS)
