"""Keras's own tests of losses, initializers and regularizers, shipped in its wheel, with ours in place of Keras's."""

import contextlib
import importlib
import sys
import types
from unittest import mock

import keras
import keras_suite
import pytest

from recipes import initializers, losses, regularizers

MODULES = (
    "losses.losses_test",
    "losses.loss_test",
    "initializers.random_initializers_test",
    "regularizers.regularizers_test",
)
"""Modules below keras.src."""

PACKAGES = {
    "losses": (losses, "losses"),
    "initializers": (initializers, "random_initializers"),
    "regularizers": (regularizers, "regularizers"),
}
"""Package below keras.src: ours, and its module that defines what we replace."""

INITIALIZERS = (
    "VarianceScaling",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "LecunNormal",
    "LecunUniform",
    "Orthogonal",
)
OURS = {"losses": losses.__all__, "initializers": INITIALIZERS, "regularizers": ("L1", "L2", "L1L2")}


@contextlib.contextmanager
def replaced():
    """Ours stand in Keras's packages, in the modules that define them and in the tables that `get` looks names up in."""
    with contextlib.ExitStack() as stack:
        for package, (ours, defining) in PACKAGES.items():
            whole = importlib.import_module(f"keras.src.{package}")
            where = importlib.import_module(f"keras.src.{package}.{defining}")
            peers = {getattr(where, name): getattr(ours, name) for name in OURS[package] if hasattr(where, name)}
            for peer, own in peers.items():
                for module in (whole, where):
                    if hasattr(module, peer.__name__):
                        stack.enter_context(mock.patch.object(module, peer.__name__, own))
            table = {key: peers[value] for key, value in whole.ALL_OBJECTS_DICT.items() if value in peers}
            stack.enter_context(mock.patch.dict(whole.ALL_OBJECTS_DICT, table))
        yield


def keras_test_module(name):
    """The module; Keras's test of initializers imports a decorator from a conftest that its wheel leaves out."""
    stand_in = types.ModuleType("conftest")
    stand_in.skip_if_backend = lambda backend, reason: pytest.mark.skipif(
        keras.backend.backend() == backend, reason=reason
    )
    with mock.patch.dict(sys.modules, {"conftest": stand_in}):
        return importlib.import_module(f"keras.src.{name}")


TESTS = keras_suite.collect(MODULES, keras_test_module)


@pytest.mark.parametrize("name", TESTS)
def test_keras_own(name):
    with replaced():
        keras_suite.run(TESTS[name])


def test_our_classes_are_the_ones_tested():
    with replaced():
        assert keras.src.losses.losses.Huber is losses.Huber
        assert keras.src.losses.losses.sparse_categorical_crossentropy is losses.sparse_categorical_crossentropy
        assert keras.src.losses.get("mse") is losses.mean_squared_error
        assert type(keras.src.initializers.get("he_normal")) is initializers.HeNormal
        assert type(keras.src.regularizers.get("l1")) is regularizers.L1
    assert keras.src.losses.losses.Huber is keras.losses.Huber is not losses.Huber
