"""The compiled trainer: `model.fit` without its cost per step, for one seed or many.

A training step of the churn network costs about 1.5 ms in `model.fit`, 17 microseconds here, and 7 a seed when twenty
seeds train side by side (two CPU cores; `reproduce bench` measures it again).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf

from recipes.training import checkpoint as checkpoints
from recipes.training.buckets import Buckets
from recipes.training.epochs import EpochProgram, build, uses_xla
from recipes.training.feed import RESIDENT_BYTES, Feed
from recipes.training.lanes import Progress, default_lanes, run_lanes
from recipes.training.loops import Part, Stacked, run_model, train_stacks
from recipes.training.plan import Plan
from recipes.training.replicas import ReplicaProgram
from recipes.training.runs import SeedRuns, assign, stack_histories
from recipes.training.seeds import seeded
from recipes.training.stacked import StackedProgram, why_not

BUILDING = threading.Lock()
"""Held while a model is built: seeding goes through Python's and NumPy's global generators."""

STACK_UP_TO_WEIGHTS = 20_000
"""Networks with more weights gain nothing from stacking: two 128-unit layers (18,000) measured equal, MNIST's slower."""

SECONDS_A_STEP, SECONDS_A_PRODUCT = 5e-6, 6e-11
"""Rough cost of a step and of one multiplication of weight and example, to tell whether a second compilation pays."""

LANES_FROM_SECONDS = 4.0
"""Each lane compiles its own programs (about a second), so short trainings keep to one."""

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
        lanes: threads that share the seeds; None is one a core, or one where there is an accelerator.

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
        lanes: int | None = None,
    ):
        self.build_model = build_model
        self.strategy = strategy
        self.jit_compile = jit_compile
        self.stack = stack
        self.lanes = lanes

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
        rows: Callable[[int], Any] | None = None,
        lengths: Any = None,
        checkpoint: str | Path | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> SeedRuns:
        """Train every seed; arguments as in `model.fit`, and a few more.

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
            rows: `seed -> row numbers of x` that this seed trains on, equally many for each: another sample of the
                population for every seed, cross-validation, growing subsets. Can't be had with `validation_split`.
            lengths: positions that each example needs, whole numbers of shape (examples,): bucketing by length. Batches
                are then made of examples of like length, and arrays with a longer second axis are cut to the longest
                of them (in a few steps), so that padding costs less. The model takes any length
                (`keras.Input((None,))`) and must not depend on padding. Under a strategy batches stay uncut. Can't be
                had with `validation_split`.
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
        if rows is not None:
            if validation_split and validation_data is None:
                raise ValueError("Give rows or validation_split, not both: with rows, name validation_data.")
            plan.choose(rows, seeds)
        _bucket(plan, lengths, validation_split, validation_data)
        folder = Path(checkpoint) if checkpoint is not None else None
        first = self._new_model(seeds[0], plan)
        reason = self._why_not_stacked(first, plan, callbacks)
        if self.stack is True and reason is not None:
            raise ValueError(f"These seeds can't train side by side: {reason}.")
        feed = Feed(plan)
        lanes = self._lanes(first, seeds, plan, callbacks)
        groups = [group.tolist() for group in np.array_split(seeds, lanes)]
        # Models are built here, one by one: building draws from generators that threads share.
        if reason is None:
            stacks = self._stacks(first, groups, plan)
            tasks = [partial(train_stacks, stack, feed, folder) for stack in stacks]
        else:
            models = [first if k == 0 else self._new_model(group[0], plan) for k, group in enumerate(groups)]
            programs = [self._program(model, plan) for model in models]
            tasks = [
                partial(self._train_sequence, program, group, feed, folder, callbacks)
                for program, group in zip(programs, groups, strict=True)
            ]
        parts = run_lanes(tasks, progress or (lambda share: None))
        curves = {name: np.concatenate([part.curves[name] for part in parts]) for name in parts[0].curves}
        weights = [row for part in parts for row in part.weights]
        engine = "stacked" if reason is None else "sequential" if self.strategy is None else "mirrored"
        xla = parts[0].jit_compile
        return SeedRuns(seeds, curves, weights, engine, xla, time.perf_counter() - started, first)

    def _lanes(self, model: keras.Model, seeds: list[int], plan: Plan, callbacks: Any) -> int:
        # Callbacks are other people's code and may not be ready for threads; replicas use all devices themselves.
        # TensorFlow's own kernels, used where XLA is not, already share each step among the cores; and two lanes of
        # convolutions, with one thread an operation twice as fast, were seen to wait for each other for ever.
        if callbacks is not None or self.strategy is not None or not uses_xla(model, self.jit_compile):
            return 1
        if self.lanes is not None:
            return min(len(seeds), self.lanes)
        steps = len(seeds) * plan.epochs * -(-plan.examples // plan.batch_size)
        seconds = steps * (SECONDS_A_STEP + model.count_params() * plan.batch_size * SECONDS_A_PRODUCT)
        return min(len(seeds), default_lanes()) if seconds > LANES_FROM_SECONDS else 1

    def _stacks(self, first: keras.Model, groups: list[list[int]], plan: Plan) -> list[list[Stacked]]:
        width = max(1, MAX_STACKED_VALUES // len(groups) // max(1, first.count_params()))
        xla = uses_xla(first, self.jit_compile)

        def stacked(seeds: list[int]) -> Stacked:
            models = [self._new_model(seed, plan, weights_only=True) for seed in seeds]
            return Stacked(seeds, StackedProgram(first, models, xla))

        return [[stacked(group[k : k + width]) for k in range(0, len(group), width)] for group in groups]

    def _new_model(self, seed: int, plan: Plan, weights_only: bool = False) -> keras.Model:
        """A new model with that seed's weights; `weights_only` skips metrics and optimizer, most of the time it takes."""
        with BUILDING, seeded(seed), self.strategy.scope() if self.strategy is not None else nullcontext():
            model = self.build_model()
            if not (weights_only and model.built):
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
        if self.stack == "auto" and model.count_params() > STACK_UP_TO_WEIGHTS:
            return "large networks train faster one after the other"
        if plan.buckets is not None:
            return "batches of other lengths would be needed for each seed"
        if plan.train.nbytes > RESIDENT_BYTES:
            return "the data are streamed"
        return why_not(model)

    def _train_sequence(
        self,
        program: EpochProgram | ReplicaProgram,
        seeds: list[int],
        feed: Feed,
        folder: Path | None,
        callbacks: Callable[[int], list[keras.callbacks.Callback]] | None,
        progress: Progress,
    ) -> Part:
        """Train seeds one after the other in one model; the program is compiled for the first and used for all."""
        model, plan = program.model, feed.plan
        fresh_optimizer = [variable.numpy() for variable in model.optimizer.variables]
        histories: list[dict[str, list[float]]] = []
        weights: list[list[np.ndarray]] = []
        for position, seed in enumerate(seeds):
            path = folder / f"seed-{seed}.npz" if folder is not None else None
            done = checkpoints.load(path, plan.identity([seed])) if path is not None else None
            if done is None:
                if position:
                    assign(model.variables, self._new_model(seed, plan, weights_only=True).variables)
                    assign(model.optimizer.variables, fresh_optimizer)
                hooks = callbacks(seed) if callbacks is not None else []
                report = partial(_report_part, progress, position, len(seeds))
                history = run_model(program, feed, seed, hooks, folder=folder, progress=report).history
                done = [variable.numpy() for variable in model.variables], {"history": history}
                if path is not None:
                    checkpoints.save(path, done[0], {"run": plan.identity([seed]), **done[1]})
            weights.append(done[0])
            histories.append(done[1]["history"])
        return Part(stack_histories(histories, plan.epochs, plan.validation_freq), weights, program.jit_compile)

    def _program(self, model: keras.Model, plan: Plan) -> EpochProgram | ReplicaProgram:
        if self.strategy is None:
            return EpochProgram(model, self.jit_compile, plan.buckets.widths if plan.buckets is not None else ())
        return ReplicaProgram(model, self.strategy)


def _bucket(plan: Plan, lengths: Any, validation_split: float, validation_data: Any) -> None:
    """Let the plan make batches of examples of like length."""
    if lengths is None:
        return
    if validation_split and validation_data is None:
        raise ValueError("Give lengths or validation_split, not both: with lengths, name validation_data.")
    plan.buckets = Buckets.make(lengths, plan.train.leaves)


def _report_part(progress: Progress, position: int, parts: int, share: float) -> None:
    progress((position + share) / parts)


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
    lengths: Any = None,
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
        lengths: as in `Trainer.fit`.
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
    _bucket(plan, lengths, validation_split, validation_data)
    strategy = model.distribute_strategy
    mirrored = isinstance(strategy, tf.distribute.MirroredStrategy)
    with strategy.scope() if mirrored else nullcontext():
        build(model, plan.sample)
    program: EpochProgram | ReplicaProgram = (
        ReplicaProgram(model, strategy)
        if mirrored
        else EpochProgram(model, jit_compile, plan.buckets.widths if plan.buckets is not None else ())
    )
    order_seed = int(np.random.randint(2**31)) if seed is None else seed
    return run_model(program, Feed(plan), order_seed, callbacks or [], verbose=verbose)
