"""TensorFlow's op determinism, switched on for a block.

TensorFlow exports the switch on alone; the query and the switch off live in the module that it comes from.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tensorflow.python.framework import config


def determinism_enabled() -> bool:
    """Whether op determinism is on."""
    return bool(config.is_op_determinism_enabled())


@contextmanager
def op_determinism() -> Iterator[None]:
    """Run a block with op determinism on, and put the setting back afterwards."""
    was_on = determinism_enabled()
    config.enable_op_determinism()
    try:
        yield
    finally:
        if not was_on:
            config.disable_op_determinism()
