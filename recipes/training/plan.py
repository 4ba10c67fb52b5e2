"""The data and settings of one training call, checked before anything is built."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from recipes.training.buckets import Buckets
from recipes.training.data import Arrays, prepare, split
from recipes.training.seeds import epoch_order


@dataclass
class Plan:
    """The data and settings of one training call, checked and split."""

    train: Arrays
    validation: Arrays | None
    batch_size: int
    epochs: int
    shuffle: bool
    validation_batch_size: int
    validation_freq: int
    initial_epoch: int = 0
    rows: dict[int, np.ndarray] = field(default_factory=dict)
    """Which examples a seed trains on; all of them for seeds that are not named."""
    buckets: Buckets | None = None
    """How long each example is, where batches are made of examples of like length."""

    @classmethod
    def make(
        cls,
        x: Any,
        y: Any,
        batch_size: int | None,
        epochs: int,
        validation_split: float,
        validation_data: Any,
        shuffle: bool,
        class_weight: dict[int, float] | None,
        sample_weight: Any,
        validation_batch_size: int | None,
        validation_freq: int,
        initial_epoch: int = 0,
    ) -> Plan:
        """Check the arguments of a fit; see `Trainer.fit`."""
        batch_size = 32 if batch_size is None else batch_size
        for name, value in (("batch_size", batch_size), ("epochs", epochs), ("validation_freq", validation_freq)):
            if int(value) != value or value < 1:
                raise ValueError(f"{name} must be a positive whole number. Received: {name}={value}")
        if not 0.0 <= validation_split < 1.0:
            raise ValueError(f"validation_split must lie in [0, 1). Received: validation_split={validation_split}")
        train = prepare(x, y, sample_weight, class_weight)
        validation = None
        if validation_data is not None:
            validation = prepare(*validation_data)
        elif validation_split:
            train, validation = split(train, validation_split)
        return cls(
            train, validation, int(batch_size), int(epochs), shuffle, validation_batch_size or int(batch_size),
            validation_freq, initial_epoch,
        )  # fmt: skip

    def choose(self, rows: Callable[[int], Any], seeds: list[int]) -> None:
        """Let every seed train on its own examples.

        Raises:
            ValueError: row numbers that don't exist, or other counts for other seeds.
        """
        chosen = {seed: np.asarray(rows(seed)) for seed in seeds}
        first = chosen[seeds[0]]
        for seed, found in chosen.items():
            if found.ndim != 1 or not len(found) or not np.issubdtype(found.dtype, np.integer):
                raise ValueError(
                    f"rows must give whole numbers, shape (examples,). Received: {found!r:.80} for seed {seed}"
                )
            if len(found) != len(first):
                raise ValueError(
                    "rows must give every seed equally many examples. "
                    f"Received: {len(first)} for seed {seeds[0]}, {len(found)} for seed {seed}"
                )
            if found.min() < 0 or found.max() >= self.train.examples:
                raise ValueError(
                    f"rows must lie in 0..{self.train.examples - 1}, the rows of x. "
                    f"Received: {found.min()} to {found.max()} for seed {seed}"
                )
        self.rows = {seed: found.astype("int32") for seed, found in chosen.items()}

    @property
    def examples(self) -> int:
        """How many examples an epoch visits."""
        return len(next(iter(self.rows.values()))) if self.rows else self.train.examples

    def order(self, seed: int, epoch: int) -> np.ndarray:
        """Row numbers in the order in which this epoch of a seed visits them: int32, shape (examples,)."""
        order = epoch_order(seed, epoch, self.examples, self.shuffle)
        order = self.rows[seed][order] if seed in self.rows else order
        if self.buckets is None:
            return order
        # Orders of other epochs come from [seed, epoch], a third number gives an independent stream.
        draws = np.random.default_rng([seed, epoch, 1]) if self.shuffle else None
        return self.buckets.group(order, self.batch_size, draws)

    @property
    def sample(self) -> Arrays:
        """The first batch, enough to build a model's variables."""
        return self.train.take(slice(0, min(self.batch_size, self.train.examples)))

    def identity(self, seeds: list[int]) -> dict[str, Any]:
        """What a checkpoint must agree on to be continued."""
        return {
            "seeds": seeds,
            "examples": self.train.examples,
            "rows": [zlib.crc32(self.rows[seed].tobytes()) for seed in seeds if seed in self.rows],
            "validation": self.validation.examples if self.validation else 0,
            "batch_size": self.batch_size,
            "epochs": self.epochs,
            "shuffle": self.shuffle,
            "widths": list(self.buckets.widths) if self.buckets is not None else [],
            "validation_freq": self.validation_freq,
        }

    def validates(self, epoch: int) -> bool:
        """Whether this epoch (counted from 0) ends with an evaluation."""
        return self.validation is not None and (epoch + 1) % self.validation_freq == 0
