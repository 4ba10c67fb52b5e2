"""What the reproductions that train networks share: the split data, and how a configuration becomes a training call.

Their configurations name the same things alike: `epochs`, `batch_size`, `validation_split`, `shuffle`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from recipes.training import SeedRuns


@dataclass(frozen=True)
class Split:
    """Training examples (those for validation at the end) and test examples, ready for a network.

    Args:
        x_train: inputs, float32, shape (examples, ...).
        y_train: targets or integer labels, shape (examples,).
        x_test: test inputs.
        y_test: test targets.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


def train_networks(
    build_model: Callable[[Any], Any],
    config: Any,
    data: Split,
    seeds: Sequence[int],
    checkpoint: Path | None,
    progress: Callable[[float], None] | None,
    rows: Callable[[int], Any] | None = None,
) -> SeedRuns:
    """Train one network a seed with the compiled trainer.

    Args:
        build_model: the reproduction's function from configuration to compiled model.
        config: one of its variants.
        data: what its `load_data` gave.
        seeds: one network each.
        checkpoint: folder of the training state; an interrupted training goes on from there.
        progress: called with the finished share.
        rows: `seed -> row numbers` of the training examples that this seed sees; all if None.
    """
    from recipes.training import Trainer

    return Trainer(lambda: build_model(config)).fit(
        data.x_train,
        data.y_train,
        seeds=seeds,
        epochs=config.epochs,
        batch_size=config.batch_size,
        validation_split=config.validation_split,
        shuffle=config.shuffle,
        rows=rows,
        checkpoint=checkpoint,
        progress=progress,
    )


def first_losses(build_model: Callable[[Any], Any], config: Any, data: Split) -> list[float]:
    """The golden trace: losses of the first 20 steps of seed 0, op determinism on."""
    from recipes.training import golden_trace

    return golden_trace(
        lambda: build_model(config), data.x_train, data.y_train, batch_size=config.batch_size, shuffle=config.shuffle
    )
