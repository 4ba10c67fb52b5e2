"""What the reproductions that train networks share: the split data, and how a configuration becomes a training call.

Their configurations name the same things alike: `epochs`, `batch_size` and, where they have them, `validation_split` (else
0) and `shuffle` (else True).
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
    **options: Any,
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
        **options: more arguments of `Trainer.fit`.
    """
    from recipes.training import Trainer

    return Trainer(lambda: build_model(config)).fit(
        data.x_train,
        data.y_train,
        seeds=seeds,
        epochs=config.epochs,
        batch_size=config.batch_size,
        validation_split=getattr(config, "validation_split", 0.0),
        shuffle=getattr(config, "shuffle", True),
        rows=rows,
        checkpoint=checkpoint,
        progress=progress,
        **options,
    )


def first_losses(
    build_model: Callable[[Any], Any], config: Any, data: Split, rows: Callable[[int], Any] | None = None
) -> list[float]:
    """The golden trace: losses of the first 20 steps of seed 0 (on its own rows), op determinism on."""
    from recipes.training import golden_trace

    own = slice(None) if rows is None else rows(0)
    return golden_trace(
        lambda: build_model(config),
        data.x_train[own],
        data.y_train[own],
        batch_size=config.batch_size,
        shuffle=getattr(config, "shuffle", True),
    )
