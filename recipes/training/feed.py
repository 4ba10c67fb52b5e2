"""A training call's examples as tensors: copied to the device once and shared by all seeds, or streamed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from recipes.training.data import Arrays
from recipes.training.plan import Plan

RESIDENT_BYTES = 1 << 30
"""Training data up to this size stay on the device; larger data are streamed in chunks."""


def on_device(arrays: Arrays) -> Arrays:
    """The arrays as tensors, copied once."""

    def place(leaf: Any) -> Any:
        return None if leaf is None else tf.constant(leaf)

    parts = (arrays.x, arrays.y, arrays.sample_weight)
    return Arrays(*(keras.tree.map_structure(place, part) for part in parts))


class Feed:
    """Hands out an epoch's examples: all at once where they fit on the device, else chunk by chunk.

    Args:
        plan: the training data and batch size.
        resident_bytes: data up to this size are copied to the device once.
    """

    def __init__(self, plan: Plan, resident_bytes: int | None = None):
        self.plan = plan
        limit = RESIDENT_BYTES if resident_bytes is None else resident_bytes
        self.resident = on_device(plan.train) if plan.train.nbytes <= limit else None
        self.validation = on_device(plan.validation) if plan.validation is not None else None
        # Two chunks are in flight, one in training and one being gathered.
        bytes_a_batch = max(1, plan.train.nbytes // plan.train.examples) * plan.batch_size
        self._rows = max(1, limit // 2 // bytes_a_batch) * plan.batch_size

    def of(self, seed: int, epoch: int) -> Iterator[tuple[int, int, Any, np.ndarray, np.ndarray | None]]:
        """Yield `(first step, last step, data, order of its rows, bucket of each full batch)`.

        Chunks hold whole batches except the last; the buckets are None where lengths are not known.
        """
        order = self.plan.order(seed, epoch)
        steps = -(-len(order) // self.plan.batch_size)
        if self.resident is not None:
            yield 0, steps - 1, self.resident.batch(), order, self._buckets(order)
            return
        pieces = [order[start : start + self._rows] for start in range(0, len(order), self._rows)]

        def gather(rows: np.ndarray) -> Any:
            return on_device(self.plan.train.take(rows)).batch()

        first = 0
        with ThreadPoolExecutor(1) as pool:
            coming = pool.submit(gather, pieces[0])
            for position, rows in enumerate(pieces):
                data = coming.result()
                if position + 1 < len(pieces):
                    coming = pool.submit(gather, pieces[position + 1])
                last = first + -(-len(rows) // self.plan.batch_size) - 1
                yield first, last, data, np.arange(len(rows), dtype="int32"), self._buckets(rows)
                first = last + 1

    def _buckets(self, order: np.ndarray) -> np.ndarray | None:
        buckets = self.plan.buckets
        return None if buckets is None else buckets.of(order, self.plan.batch_size)
