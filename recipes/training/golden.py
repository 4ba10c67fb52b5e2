"""Golden traces: the losses of the first steps of one seed, which only changed mathematics can change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from recipes.training.data import prepare
from recipes.training.determinism import op_determinism
from recipes.training.epochs import build
from recipes.training.seeds import epoch_order, seeded


def golden_trace(
    build_model: Callable[[], keras.Model],
    x: Any,
    y: Any,
    *,
    steps: int = 20,
    batch_size: int = 32,
    seed: int = 0,
    shuffle: bool = True,
) -> list[float]:
    """Loss of each of the first steps, from Keras's `train_step` called plainly: op determinism on, XLA off.

    Args:
        build_model: returns a new compiled model.
        x: inputs, as in `model.fit`.
        y: targets.
        steps: how many losses to return.
        batch_size: examples a step.
        seed: fixes weights, dropout and order.
        shuffle: as in `Trainer.fit`; part of what the trace pins.

    Raises:
        ValueError: fewer examples than one batch.
    """
    data = prepare(x, y)
    if data.examples < batch_size:
        raise ValueError(
            f"A golden trace needs a full batch. Received: {data.examples} examples, batch_size={batch_size}"
        )
    losses: list[float] = []
    with op_determinism(), seeded(seed):
        model = build_model()
        build(model, data.take(slice(0, batch_size)))
        step = tf.function(model.train_step, autograph=False, jit_compile=False)
        epoch = 0
        while len(losses) < steps:
            order = epoch_order(seed, epoch, data.examples, shuffle)
            for start in range(0, data.examples - batch_size + 1, batch_size):
                if len(losses) == steps:
                    break
                model.reset_metrics()
                batch = data.take(order[start : start + batch_size]).batch()
                losses.append(float(step(keras.tree.map_structure(tf.constant, batch))["loss"]))
            epoch += 1
    return losses
