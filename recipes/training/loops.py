"""The loop over epochs: one model with callbacks, or a stack of seeds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from recipes.training import checkpoint as checkpoints
from recipes.training.epochs import EpochProgram
from recipes.training.feed import Feed
from recipes.training.replicas import ReplicaProgram
from recipes.training.runs import assign
from recipes.training.stacked import StackedProgram

SECONDS_BETWEEN_CHECKPOINTS = 10.0
"""How much training a kill may cost; writing more often would cost time in every run."""


@dataclass
class Part:
    """What one lane's seeds gave: curves of shape (seeds, epochs), final variables a seed, and whether XLA compiled."""

    curves: dict[str, np.ndarray]
    weights: list[list[np.ndarray]]
    jit_compile: bool


@dataclass
class Stacked:
    """Seeds and the program that trains them side by side."""

    seeds: list[int]
    program: StackedProgram


def train_stacks(stacks: list[Stacked], feed: Feed, folder: Path | None, progress: Callable[[float], None]) -> Part:
    """Train stacks one after the other; several only where one would take too much memory."""
    curves, weights = [], []
    for position, stack in enumerate(stacks):
        curves.append(
            run_stack(
                stack.program,
                feed,
                stack.seeds,
                folder,
                lambda share, done=position: progress((done + share) / len(stacks)),  # type: ignore[misc]
            )
        )
        weights += [stack.program.stack.weights(s) for s in range(len(stack.seeds))]
    joined = {name: np.concatenate([part[name] for part in curves]) for name in curves[0]}
    return Part(joined, weights, stacks[0].program.jit_compile)


def run_stack(
    program: StackedProgram, feed: Feed, seeds: list[int], folder: Path | None, progress: Callable[[float], None]
) -> dict[str, np.ndarray]:
    """Train a stack to the last epoch; returns curves of shape (seeds, epochs)."""
    plan, train = feed.plan, feed.resident
    assert train is not None, "streamed data are never stacked"
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
    saved = time.monotonic()
    while epoch < plan.epochs:
        orders = np.stack([plan.order(seed, epoch) for seed in seeds])
        logs = program.train(train, orders, plan.batch_size)
        if feed.validation is not None and plan.validates(epoch):
            evaluated = program.evaluate(feed.validation, plan.validation_batch_size)
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
    feed: Feed,
    seed: int,
    callbacks: list[keras.callbacks.Callback],
    *,
    verbose: int = 0,
    folder: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> keras.callbacks.History:
    """Train one model to its last epoch with callbacks at epoch ends; the order of hooks is that of `model.fit`."""
    model, plan = program.model, feed.plan
    steps = -(-plan.examples // plan.batch_size)
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
    first = model._initial_epoch or plan.initial_epoch
    found = checkpoints.load(path, plan.identity([seed])) if path is not None and not callbacks else None
    if found is not None:
        first = found[1]["epoch"]
        assign(state, found[0])
        model.history.history, model.history.epoch = found[1]["history"], list(range(first))
    saved = time.monotonic()
    logs: dict[str, float] = {}
    for epoch in range(first, plan.epochs):
        model.reset_metrics()
        hooks.on_epoch_begin(epoch)
        for first_step, last_step, data, order, buckets in feed.of(seed, epoch):
            hooks.on_train_batch_begin(first_step)
            logs = dict(program.train(data, order, plan.batch_size, buckets))
            hooks.on_train_batch_end(last_step, logs)
            if model.stop_training:
                break
        if feed.validation is not None and plan.validates(epoch):
            hooks.on_test_begin()
            evaluated = program.evaluate(feed.validation.batch(), feed.validation.examples, plan.validation_batch_size)
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
