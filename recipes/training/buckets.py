"""Bucketing by length: batches of sentences that are about equally long, cut to the longest of them.

Sentences are padded to the longest of all, and arithmetic on padding is lost: on Multi30k, where the longest caption has
41 words and the mean 13, two thirds of it. Here every batch belongs to a bucket, and a bucket has a width; the compiled
epoch holds one training step for each width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

BUCKETS = 4
"""Widths an epoch is compiled for; a fifth saves less arithmetic than its compilation costs."""


@dataclass(frozen=True)
class Buckets:
    """How many positions each example needs, and the widths that batches are cut to.

    Args:
        lengths: positions, shape (examples,).
        widths: in rising order; the last one holds the longest example.
    """

    lengths: np.ndarray
    widths: tuple[int, ...]

    @classmethod
    def make(cls, lengths: Any, leaves: list[np.ndarray]) -> Buckets:
        """Check the lengths against the arrays and choose the widths.

        Raises:
            ValueError: not one whole number an example, or no array is as long as the longest.
        """
        found = np.asarray(lengths)
        examples = len(leaves[0])
        if found.shape != (examples,) or not np.issubdtype(found.dtype, np.integer) or found.min() < 1:
            raise ValueError(
                f"lengths must be whole numbers from 1, one for each of the {examples} examples. Received: {found!r:.80}"
            )
        longest = max((leaf.shape[1] for leaf in leaves if leaf.ndim > 1), default=0)
        if found.max() > longest:
            raise ValueError(
                f"lengths must not pass the second axis of the longest array, {longest}. Received: {found.max()}"
            )
        return cls(found.astype("int32"), best_widths(found, BUCKETS))

    def group(self, rows: np.ndarray, batch_size: int, draws: np.random.Generator | None) -> np.ndarray:
        """Put rows of like length into common batches.

        The last, short batch holds the last rows as they come, whatever their lengths: which rows those are must not
        depend on the length.

        Args:
            rows: row numbers in random order (any order without shuffling).
            batch_size: rows a batch.
            draws: shuffles the batches; None leaves short ones first.
        """
        full = len(rows) // batch_size * batch_size
        own, rest = rows[:full], rows[full:]
        bucket = np.searchsorted(self.widths, self.lengths[own])
        batches = own[np.argsort(bucket, kind="stable")].reshape(-1, batch_size)
        return np.concatenate([(batches if draws is None else draws.permutation(batches)).ravel(), rest])

    def of(self, order: np.ndarray, batch_size: int) -> np.ndarray:
        """Number of the width that each full batch of an order needs, int32."""
        full = len(order) // batch_size * batch_size
        longest = self.lengths[order[:full]].reshape(-1, batch_size).max(axis=1, initial=0)
        return np.searchsorted(self.widths, longest).astype("int32")


def best_widths(lengths: np.ndarray, count: int) -> tuple[int, ...]:
    """The at most `count` widths that leave the least padding when each length is rounded up to the next width.

    Dynamic programming over the lengths that occur: least(i, k) = min over j < i of least(j, k - 1) plus the positions
    of the examples between j and i, all at width i.
    """
    values, examples = np.unique(lengths, return_counts=True)
    below = np.concatenate([[0], np.cumsum(examples)])  # examples up to each value
    least = np.where(np.arange(len(below)) == 0, 0.0, np.inf)
    choices = []
    for _ in range(min(count, len(values))):
        cost = least[None, :] + (below[1:, None] - below[None, :]) * values[:, None]  # (end, start)
        cost = np.where(np.arange(len(below))[None, :] <= np.arange(len(values))[:, None], cost, np.inf)
        choices.append(cost.argmin(axis=1))
        least = np.concatenate([[0.0], cost.min(axis=1)])
    widths, end = [], len(values)
    for choice in reversed(choices):
        if end == 0:
            break
        widths.append(int(values[end - 1]))
        end = int(choice[end - 1])
    return tuple(reversed(widths))
