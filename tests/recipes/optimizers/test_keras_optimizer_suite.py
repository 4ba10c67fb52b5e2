"""Keras's own optimizer tests, shipped in its wheel, with our classes in place of Keras's."""

import contextlib
import importlib
from unittest import mock

import keras
import keras_suite
import pytest

from recipes import optimizers

PACKAGE = importlib.import_module("keras.src.optimizers")
OURS = {name: getattr(optimizers, name) for name in ("SGD", "Adagrad", "RMSprop", "Adam")}
MODULES = ("sgd_test", "adagrad_test", "rmsprop_test", "adam_test", "optimizer_test", "optimizer_sparse_test")
"""Modules below keras.src.optimizers; the last holds updates from sparse gradients to the same rows as Keras's."""


@contextlib.contextmanager
def replaced():
    """Our classes stand where Keras's are defined, exported and looked up by name."""
    with contextlib.ExitStack() as stack:
        for name, ours in OURS.items():
            stack.enter_context(mock.patch.object(PACKAGE, name, ours))
            stack.enter_context(
                mock.patch.object(importlib.import_module(f"{PACKAGE.__name__}.{name.lower()}"), name, ours)
            )
        stack.enter_context(mock.patch.dict(PACKAGE.ALL_OBJECTS_DICT, {n.lower(): ours for n, ours in OURS.items()}))
        if keras.backend.backend() == "torch":
            # There Keras hands out other classes for the names that it knows, and these names are ours now.
            plain = staticmethod(lambda cls, *args, **kwargs: object.__new__(cls))
            stack.enter_context(mock.patch.object(keras.optimizers.Optimizer, "__new__", plain))
        yield


def keras_test_module(name):
    """The module, loaded anew; our classes are in place already here, for lists of parameters."""
    with replaced():
        return importlib.reload(importlib.import_module(f"{PACKAGE.__name__}.{name}"))


TESTS = keras_suite.collect(MODULES, keras_test_module)


@pytest.mark.parametrize("name", TESTS)
def test_keras_own(name):
    with replaced():
        keras_suite.run(TESTS[name])


def test_our_classes_are_the_ones_tested():
    for module, name in (
        ("sgd_test", "SGD"),
        ("adagrad_test", "Adagrad"),
        ("rmsprop_test", "RMSprop"),
        ("adam_test", "Adam"),
    ):
        assert getattr(importlib.import_module(f"{PACKAGE.__name__}.{module}"), name) is OURS[name]
        assert getattr(keras.optimizers, name) is not OURS[name]
    with replaced():
        assert all(type(keras.optimizers.get(name)) is ours for name, ours in OURS.items())
