"""An epoch under `tf.distribute.MirroredStrategy`, with the arithmetic of the whole batch.

Every replica takes each R-th row of the global batch, so a short last batch is split too. The loss of a replica is
scaled by its share of the batch, (local examples / global examples), and gradients are summed over replicas: their sum is
the gradient of the mean over the global batch, whatever the sizes. XLA is off: on TensorFlow 2.21 a compiled replica
step fails under this strategy.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf


def check(model: keras.Model, strategy: tf.distribute.Strategy) -> None:
    """Refuse what can't be split over replicas exactly.

    Raises:
        ValueError: the model has a training step of its own, or was not built in the strategy's scope.
    """
    if type(model).train_step is not keras.Model.train_step:
        raise ValueError(f"{type(model).__name__} overrides train_step, which can't be split over replicas exactly.")
    if model.distribute_strategy is not strategy:
        raise ValueError("The model must be built inside strategy.scope(): build it in build_model.")


class ReplicaProgram:
    """Train or evaluate over all examples on every replica of a strategy; same calls as `EpochProgram`."""

    def __init__(self, model: keras.Model, strategy: tf.distribute.Strategy):
        check(model, strategy)
        self.model = model
        self.strategy = strategy
        self.jit_compile = False
        self._programs: dict[tuple[str, int], Any] = {}

    def train(
        self, data: Any, order: np.ndarray, batch_size: int, buckets: np.ndarray | None = None
    ) -> dict[str, float]:
        """Run the global batches of `order`; returns the metrics so far.

        Batches keep their padding whatever their buckets: replicas can't choose among steps of different widths.
        """
        return self._call("train", data, order, batch_size)

    def evaluate(self, data: Any, examples: int, batch_size: int) -> dict[str, float]:
        """Loss and metrics over the first `examples` rows, in order."""
        self.model.reset_metrics()
        return self._call("evaluate", data, np.arange(examples, dtype="int32"), batch_size)

    def _call(self, name: str, data: Any, order: np.ndarray, batch_size: int) -> dict[str, float]:
        key = (name, batch_size)
        if key not in self._programs:
            self._programs[key] = self._compile(name == "train", batch_size)
        self._programs[key](data, tf.constant(order))
        return {key: float(value) for key, value in self.model.get_metrics_result().items()}

    def _compile(self, training: bool, batch_size: int) -> Any:
        def program(data: Any, order: tf.Tensor) -> None:
            full, rest = divmod(int(order.shape[0]), batch_size)

            def run(rows: tf.Tensor) -> None:
                self.strategy.run(self._replica_step, args=(data, rows, training))

            if full:
                batches = tf.reshape(order[: full * batch_size], (full, batch_size))

                def body(i: tf.Tensor) -> list[tf.Tensor]:
                    run(batches[i])
                    return [i + 1]

                tf.while_loop(lambda i: i < full, body, [tf.constant(0)], parallel_iterations=1)
            if rest:
                run(order[full * batch_size :])

        return tf.function(program, autograph=False)

    def _replica_step(self, data: Any, rows: tf.Tensor, training: bool) -> None:
        model = self.model
        context = tf.distribute.get_replica_context()
        replica, replicas = context.replica_id_in_sync_group, context.num_replicas_in_sync
        mine = rows[replica::replicas]
        # A replica without a row computes on a borrowed one with share zero: gradients stay finite and are not counted.
        counted = tf.shape(mine)[0]
        mine = tf.cond(counted > 0, lambda: mine, lambda: rows[:1])
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(
            keras.tree.map_structure(lambda leaf: tf.gather(leaf, mine), data)
        )
        share = tf.cast(counted, "float32") / tf.cast(tf.shape(rows)[0], "float32")
        with tf.GradientTape() as tape:
            y_pred = model(x, training=training)
            # Keras divides every loss by the number of replicas; the data term is rescaled to the replica's share.
            total = model.compute_loss(x, y, y_pred, sample_weight, training=training)
            penalty = tf.add_n(model.losses) / replicas if model.losses else 0.0
            loss = (total - penalty) * replicas * share + penalty
        if training:
            gradients = tape.gradient(loss, model.trainable_weights)
            model.optimizer.apply_gradients(zip(gradients, model.trainable_weights, strict=True))

        def count() -> tf.Tensor:
            model._loss_tracker.update_state(total * replicas, sample_weight=tf.cast(counted, "float32"))
            model.compute_metrics(x, y, y_pred, sample_weight=sample_weight)
            return tf.constant(True)

        tf.cond(counted > 0, count, lambda: tf.constant(False))
