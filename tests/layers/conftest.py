"""Every layer test starts from the same seed; what is left out on a slow backend, with the reason shown."""

import keras
import pytest


def pytest_runtest_setup(item):
    """Weights that a test leaves to a layer's initializers are the same in every run and whatever ran before."""
    keras.utils.set_random_seed(0)


def pytest_collection_modifyitems(items):
    """JAX compiles every operation for every new shape: tests that draw shapes, and Keras's own, take it a quarter of an hour."""
    if keras.backend.backend() != "jax":
        return
    skip = pytest.mark.skip(reason="draws many shapes, each of which JAX compiles; runs on TensorFlow and PyTorch")
    for item in items:
        drawn = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
        if item.path.parent.name == "layers" and (drawn or item.path.stem == "test_keras_suite"):
            item.add_marker(skip)
