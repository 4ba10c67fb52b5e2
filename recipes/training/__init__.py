"""The compiled trainer: `model.fit` semantics, a whole epoch a call, many seeds side by side.

Example:
    >>> trainer = Trainer(build_model)                       # build_model() returns a compiled Keras model
    >>> runs = trainer.fit(x, y, epochs=100, validation_split=0.2, seeds=range(20))
    >>> runs.curves["val_loss"].shape
    (20, 100)
"""

from recipes.training.golden import golden_trace
from recipes.training.runs import SeedRuns
from recipes.training.seeds import epoch_order, seeded
from recipes.training.trainer import Trainer, fit

__all__ = ["SeedRuns", "Trainer", "epoch_order", "fit", "golden_trace", "seeded"]
