"""The loop over epochs: one model with callbacks, or a stack of seeds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from recipes.training import checkpoint as checkpoints
from recipes.training.data import Arrays
from recipes.training.epochs import EpochProgram
from recipes.training.plan import Plan
from recipes.training.replicas import ReplicaProgram
from recipes.training.runs import assign
from recipes.training.seeds import epoch_order
from recipes.training.stacked import StackedProgram

RESIDENT_BYTES = 1 << 30
"""Training data up to this size stay on the device; larger data are streamed in chunks."""

SECONDS_BETWEEN_CHECKPOINTS = 10.0
"""How much training a kill may cost; writing more often would cost time in every run."""


def on_device(arrays: Arrays) -> Arrays:
    """The arrays as tensors, copied once."""

    def place(leaf: Any) -> Any:
        return None if leaf is None else tf.constant(leaf)

    parts = (arrays.x, arrays.y, arrays.sample_weight)
    return Arrays(*(keras.tree.map_structure(place, part) for part in parts))


class Chunks:
    """Hands out an epoch's examples: all at once where they fit on the device, else chunk by chunk.

    Args:
        plan: the training data and batch size.
        resident_bytes: data up to this size are copied to the device once.
    """

    def __init__(self, plan: Plan, resident_bytes: int | None = None):
        self.plan = plan
        limit = RESIDENT_BYTES if resident_bytes is None else resident_bytes
        self._resident = on_device(plan.train).batch() if plan.train.nbytes <= limit else None
        # Two chunks are in flight, one in training and one being gathered.
        bytes_a_batch = max(1, plan.train.nbytes // plan.train.examples) * plan.batch_size
        self._rows = max(1, limit // 2 // bytes_a_batch) * plan.batch_size

    def of(self, seed: int, epoch: int) -> Iterator[tuple[int, int, Any, np.ndarray]]:
        """Yield `(first step, last step, data, order of its rows)`; chunks hold whole batches except the last."""
        order = epoch_order(seed, epoch, self.plan.train.examples, self.plan.shuffle)
        steps = -(-len(order) // self.plan.batch_size)
        if self._resident is not None:
            yield 0, steps - 1, self._resident, order
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
                yield first, last, data, np.arange(len(rows), dtype="int32")
                first = last + 1


def run_stack(
    program: StackedProgram, plan: Plan, seeds: list[int], folder: Path | None, progress: Callable[[float], None]
) -> dict[str, np.ndarray]:
    """Train a stack to the last epoch; returns curves of shape (seeds, epochs)."""
    path = folder / f"stack-{seeds[0]}-{seeds[-1]}.npz" if folder is not None else None
    curves: dict[str, np.ndarray] = {}
    epoch = plan.initial_epoch
    found = checkpoints.load(path, plan.identity(seeds)) if path is not None else None
    if found is not None:
        values, meta = found
        epoch = meta["epoch"]
        names = meta["curves"]
        curves = dict(zip(names, values[: len(names)], strict=True))
        assign(program.state, values[len(names) :])
    train = on_device(plan.train)
    validation = on_device(plan.validation) if plan.validation is not None else None
    saved = time.monotonic()
    while epoch < plan.epochs:
        orders = np.stack([epoch_order(seed, epoch, plan.train.examples, plan.shuffle) for seed in seeds])
        logs = program.train(train, orders, plan.batch_size)
        if validation is not None and plan.validates(epoch):
            evaluated = program.evaluate(validation, plan.validation_batch_size)
            logs |= {f"val_{name}": values for name, values in evaluated.items()}
        for name, column in logs.items():
            curves.setdefault(name, np.full((len(seeds), plan.epochs), np.nan))[:, epoch] = column
        epoch += 1
        progress(epoch / plan.epochs)
        last = epoch == plan.epochs
        if path is not None and (last or time.monotonic() - saved > SECONDS_BETWEEN_CHECKPOINTS):
            state = [variable.numpy() for variable in program.state]
            meta = {"run": plan.identity(seeds), "epoch": epoch, "curves": list(curves)}
            checkpoints.save(path, [*curves.values(), *state], meta)
            saved = time.monotonic()
    program.optimizer.finalize_variable_values(program.stack.trainable_variables)
    return curves


def run_model(
    program: EpochProgram | ReplicaProgram,
    plan: Plan,
    seed: int,
    callbacks: list[keras.callbacks.Callback],
    *,
    verbose: int = 0,
    folder: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> keras.callbacks.History:
    """Train one model to its last epoch with callbacks at epoch ends; the order of hooks is that of `model.fit`."""
    model = program.model
    steps = -(-plan.train.examples // plan.batch_size)
    hooks = keras.callbacks.CallbackList(
        callbacks,
        add_history=True,
        add_progbar=verbose != 0,
        model=model,
        verbose=verbose,
        epochs=plan.epochs,
        steps=steps,
    )
    model.stop_training = False
    path = folder / f"running-{seed}.npz" if folder is not None else None
    state = [*model.variables, *model.optimizer.variables]
    hooks.on_train_begin()
    # BackupAndRestore sets _initial_epoch when it has loaded a backup.
    epoch = model._initial_epoch or plan.initial_epoch
    found = checkpoints.load(path, plan.identity([seed])) if path is not None and not callbacks else None
    if found is not None:
        epoch = found[1]["epoch"]
        assign(state, found[0])
        model.history.history, model.history.epoch = found[1]["history"], list(range(epoch))
    chunks = Chunks(plan)
    held_out = plan.validation
    validation = on_device(held_out).batch() if held_out is not None else None
    saved = time.monotonic()
    logs: dict[str, float] = {}
    for epoch in range(epoch, plan.epochs):
        model.reset_metrics()
        hooks.on_epoch_begin(epoch)
        for first_step, last_step, data, order in chunks.of(seed, epoch):
            hooks.on_train_batch_begin(first_step)
            logs = dict(program.train(data, order, plan.batch_size))
            hooks.on_train_batch_end(last_step, logs)
            if model.stop_training:
                break
        if held_out is not None and plan.validates(epoch):
            hooks.on_test_begin()
            evaluated = program.evaluate(validation, held_out.examples, plan.validation_batch_size)
            hooks.on_test_end(evaluated)
            logs |= {f"val_{name}": value for name, value in evaluated.items()}
        hooks.on_epoch_end(epoch, logs)
        if progress is not None:
            progress((epoch + 1) / plan.epochs)
        if model.stop_training:
            break
        if path is not None and not callbacks and time.monotonic() - saved > SECONDS_BETWEEN_CHECKPOINTS:
            meta = {"run": plan.identity([seed]), "epoch": epoch + 1, "history": model.history.history}
            checkpoints.save(path, [variable.numpy() for variable in state], meta)
            saved = time.monotonic()
    model.optimizer.finalize_variable_values(model.trainable_weights)
    hooks.on_train_end(logs)
    if path is not None:
        path.unlink(missing_ok=True)
    return model.history
