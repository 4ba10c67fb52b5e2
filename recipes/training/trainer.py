"""The compiled trainer: `model.fit` without its cost per step, for one seed or many.

A training step of the churn network costs about 1.5 ms in `model.fit`, 17 microseconds here, and 7 a seed when twenty
seeds train side by side (two CPU cores; `reproduce bench` measures it again).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf

from recipes.training import checkpoint as checkpoints
from recipes.training.epochs import EpochProgram, build, uses_xla
from recipes.training.loops import RESIDENT_BYTES, run_model, run_stack
from recipes.training.plan import Plan
from recipes.training.replicas import ReplicaProgram
from recipes.training.runs import SeedRuns, assign, stack_histories
from recipes.training.seeds import seeded
from recipes.training.stacked import StackedProgram, why_not

MAX_STACKED_VALUES = 50_000_000
"""Weights of all seeds together that are stacked at once (200 MB, three times that with Adam)."""


class Trainer:
    """Train a compiled Keras model on one or many seeds, compiling each program once.

    Args:
        build_model: returns a new compiled model; called once a seed with the seed's generators set (and inside
            `strategy.scope()`), exactly as keras-tuner calls it.
        strategy: a `tf.distribute.Strategy`: None for one device, or a MirroredStrategy.
        jit_compile: True, False or `"auto"`: XLA on one device, unless op determinism or eager running is on.
        stack: `"auto"` trains seeds side by side where the model allows it; False never; True demands it.

    Raises:
        ValueError: `stack=True` and the model can't be stacked (at `fit`; the message says why).
    """

    def __init__(
        self,
        build_model: Callable[[], keras.Model],
        *,
        strategy: tf.distribute.Strategy | None = None,
        jit_compile: bool | Literal["auto"] = "auto",
        stack: bool | Literal["auto"] = "auto",
    ):
        self.build_model = build_model
        self.strategy = strategy
        self.jit_compile = jit_compile
        self.stack = stack

    def fit(
        self,
        x: Any,
        y: Any = None,
        *,
        seeds: Iterable[int] = (0,),
        batch_size: int | None = None,
        epochs: int = 1,
        callbacks: Callable[[int], list[keras.callbacks.Callback]] | None = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: dict[int, float] | None = None,
        sample_weight: Any = None,
        validation_batch_size: int | None = None,
        validation_freq: int = 1,
        checkpoint: str | Path | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> SeedRuns:
        """Train every seed; arguments as in `model.fit`, and besides:

        Args:
            x: arrays as in `model.fit`, like `y`, `sample_weight` and `validation_data`.
            y: targets.
            seeds: one training run each.
            batch_size: examples a step, 32 if None (as `model.fit`).
            epochs: passes over the data.
            callbacks: `seed -> [callback, ...]`, new objects for each seed; seeds then train one after the other. Batch
                hooks are called once a compiled call, as Keras does with `steps_per_execution`.
            validation_split: last share of the examples to hold out.
            validation_data: `(x, y)` or `(x, y, sample_weight)`; wins over `validation_split`.
            shuffle: visit the examples in a new order each epoch, drawn from seed and epoch.
            class_weight: weight by class.
            sample_weight: weight by example.
            validation_batch_size: examples an evaluation step, `batch_size` if None.
            validation_freq: validate each so many epochs.
            checkpoint: folder for finished seeds and the running state; a second call with the same arguments goes on
                from there. The caller deletes it, and must not reuse it for other data or another model.
            progress: called with the finished share, 0 to 1.

        Raises:
            ValueError: unusable data or arguments.
        """
        started = time.perf_counter()
        seeds = [int(seed) for seed in seeds]
        if not seeds or len(set(seeds)) != len(seeds):
            raise ValueError(f"seeds must be distinct and at least one. Received: seeds={seeds}")
        plan = Plan.make(
            x, y, batch_size, epochs, validation_split, validation_data, shuffle, class_weight, sample_weight,
            validation_batch_size, validation_freq,
        )  # fmt: skip
        folder = Path(checkpoint) if checkpoint is not None else None
        first = self._new_model(seeds[0], plan)
        reason = self._why_not_stacked(first, plan, callbacks)
        report = progress or (lambda share: None)
        if self.stack is True and reason is not None:
            raise ValueError(f"These seeds can't train side by side: {reason}.")
        if reason is None:
            curves, weights, xla = self._fit_stacked(first, seeds, plan, folder, report)
        else:
            curves, weights, xla = self._fit_sequential(first, seeds, plan, folder, report, callbacks)
        engine = "stacked" if reason is None else "sequential" if self.strategy is None else "mirrored"
        return SeedRuns(seeds, curves, weights, engine, xla, time.perf_counter() - started, first)

    def _new_model(self, seed: int, plan: Plan) -> keras.Model:
        with seeded(seed):
            if self.strategy is None:
                model = self.build_model()
                build(model, plan.sample)
                return model
            with self.strategy.scope():
                model = self.build_model()
                build(model, plan.sample)
                return model

    def _why_not_stacked(self, model: keras.Model, plan: Plan, callbacks: Any) -> str | None:
        if self.stack is False:
            return "stack=False"
        if self.strategy is not None:
            return "a distribution strategy splits each batch instead"
        if callbacks is not None:
            return "callbacks follow one model"
        if model.run_eagerly:
            return "the model runs eagerly"
        if plan.train.nbytes > RESIDENT_BYTES:
            return "the data are streamed"
        return why_not(model)

    def _fit_stacked(
        self, first: keras.Model, seeds: list[int], plan: Plan, folder: Path | None, progress: Callable[[float], None]
    ) -> tuple[dict[str, np.ndarray], list[list[np.ndarray]], bool]:
        width = max(1, MAX_STACKED_VALUES // max(1, first.count_params()))
        xla = uses_xla(first, self.jit_compile)
        curves: list[dict[str, np.ndarray]] = []
        weights: list[list[np.ndarray]] = []
        for start in range(0, len(seeds), width):
            group = seeds[start : start + width]
            models = [first if seed == seeds[0] else self._new_model(seed, plan) for seed in group]
            program = StackedProgram(models, xla)
            finished = start / len(seeds)
            share = len(group) / len(seeds)
            curves.append(
                run_stack(program, plan, group, folder, lambda done, a=finished, b=share: progress(a + b * done))
            )
            weights += [program.stack.weights(s) for s in range(len(group))]
        return {key: np.concatenate([group[key] for group in curves]) for key in curves[0]}, weights, xla

    def _fit_sequential(
        self,
        first: keras.Model,
        seeds: list[int],
        plan: Plan,
        folder: Path | None,
        progress: Callable[[float], None],
        callbacks: Callable[[int], list[keras.callbacks.Callback]] | None,
    ) -> tuple[dict[str, np.ndarray], list[list[np.ndarray]], bool]:
        program = self._program(first)
        initial_optimizer = [variable.numpy() for variable in first.optimizer.variables]
        rows: list[dict[str, list[float]]] = []
        weights: list[list[np.ndarray]] = []
        for position, seed in enumerate(seeds):
            path = folder / f"seed-{seed}.npz" if folder is not None else None
            done = checkpoints.load(path, plan.identity([seed])) if path is not None else None
            if done is not None:
                weights.append(done[0])
                rows.append(done[1]["history"])
                continue
            if position:
                assign(first.variables, [variable.numpy() for variable in self._new_model(seed, plan).variables])
                assign(first.optimizer.variables, initial_optimizer)
            rows.append(
                run_model(
                    program,
                    plan,
                    seed,
                    callbacks(seed) if callbacks is not None else [],
                    folder=folder,
                    progress=lambda share, p=position: progress((p + share) / len(seeds)),
                ).history
            )
            weights.append([variable.numpy() for variable in first.variables])
            if path is not None:
                checkpoints.save(path, weights[-1], {"run": plan.identity([seed]), "history": rows[-1]})
        return stack_histories(rows, plan.epochs, plan.validation_freq), weights, program.jit_compile

    def _program(self, model: keras.Model) -> EpochProgram | ReplicaProgram:
        if self.strategy is None:
            return EpochProgram(model, self.jit_compile)
        return ReplicaProgram(model, self.strategy)


def fit(
    model: keras.Model,
    x: Any,
    y: Any = None,
    *,
    batch_size: int | None = None,
    epochs: int = 1,
    verbose: int = 0,
    callbacks: list[keras.callbacks.Callback] | None = None,
    validation_split: float = 0.0,
    validation_data: Any = None,
    shuffle: bool = True,
    class_weight: dict[int, float] | None = None,
    sample_weight: Any = None,
    initial_epoch: int = 0,
    validation_batch_size: int | None = None,
    validation_freq: int = 1,
    seed: int | None = None,
    jit_compile: bool | Literal["auto"] = "auto",
) -> keras.callbacks.History:
    """Train one compiled model in place of `model.fit`; the model ends trained, as there.

    Args:
        model: compiled Keras model, built in its strategy's scope where it has one.
        x: arrays as in `model.fit`, like `y`, `sample_weight` and `validation_data`.
        y: targets.
        batch_size: examples a step, 32 if None.
        epochs: number of the last epoch.
        verbose: 0 silent, 1 progress bar, 2 one line an epoch.
        callbacks: Keras callbacks; batch hooks are called once a compiled call, as with `steps_per_execution`.
        validation_split: last share of the examples to hold out.
        validation_data: `(x, y)` or `(x, y, sample_weight)`; wins over `validation_split`.
        shuffle: visit the examples in a new order each epoch.
        class_weight: weight by class.
        sample_weight: weight by example.
        initial_epoch: number of the first epoch.
        validation_batch_size: examples an evaluation step, `batch_size` if None.
        validation_freq: validate each so many epochs.
        seed: fixes the order of the examples; drawn from NumPy's global generator if None.
        jit_compile: as in `Trainer`.

    Returns:
        `keras.callbacks.History`, also kept as `model.history`.

    Raises:
        ValueError: unusable data or arguments, or a model that is not compiled.
    """
    plan = Plan.make(
        x, y, batch_size, epochs, validation_split, validation_data, shuffle, class_weight, sample_weight,
        validation_batch_size, validation_freq, initial_epoch,
    )  # fmt: skip
    build(model, plan.sample)
    strategy = model.distribute_strategy
    program: EpochProgram | ReplicaProgram = (
        ReplicaProgram(model, strategy)
        if isinstance(strategy, tf.distribute.MirroredStrategy)
        else EpochProgram(model, jit_compile)
    )
    order_seed = int(np.random.randint(2**31)) if seed is None else seed
    return run_model(program, plan, order_seed, callbacks or [], verbose=verbose)
