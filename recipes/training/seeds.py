"""Every random draw of a training run, derived from one integer seed.

The seed fixes the initial weights and dropout masks (through Keras) and, together with the epoch's number, the order of
the examples (through NumPy's PCG64, so that the order is the same on every platform).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Run a block with Python's, NumPy's, TensorFlow's and Keras's generators set from `seed`.

    Python's and NumPy's global generators are put back afterwards; TensorFlow's can't be read back and keeps the seed.
    """
    import keras

    python_state, numpy_state = random.getstate(), np.random.get_state()
    keras.utils.set_random_seed(seed)
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)


def epoch_order(seed: int, epoch: int, examples: int, shuffle: bool = True) -> np.ndarray:
    """Order in which `epoch` visits the examples: int32, shape (examples,), a fresh permutation each epoch."""
    if not shuffle:
        return np.arange(examples, dtype="int32")
    return np.random.default_rng([seed, epoch]).permutation(examples).astype("int32")
