"""The data and settings of one training call, checked before anything is built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recipes.training.data import Arrays, prepare, split


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

    @property
    def sample(self) -> Arrays:
        """The first batch, enough to build a model's variables."""
        return self.train.take(slice(0, min(self.batch_size, self.train.examples)))

    def identity(self, seeds: list[int]) -> dict[str, Any]:
        """What a checkpoint must agree on to be continued."""
        return {
            "seeds": seeds,
            "examples": self.train.examples,
            "validation": self.validation.examples if self.validation else 0,
            "batch_size": self.batch_size,
            "epochs": self.epochs,
            "shuffle": self.shuffle,
            "validation_freq": self.validation_freq,
        }

    def validates(self, epoch: int) -> bool:
        """Whether this epoch (counted from 0) ends with an evaluation."""
        return self.validation is not None and (epoch + 1) % self.validation_freq == 0
