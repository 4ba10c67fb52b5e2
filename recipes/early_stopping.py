"""Early stopping by hand: training ends when the validation loss has stopped improving."""

import warnings

import keras
from keras import ops


class EarlyStopping(keras.callbacks.Callback):
    """Stops training after `patience` epochs without improvement; a drop-in for `keras.callbacks.EarlyStopping`.

    After each epoch with the value v and the best value so far,

        improved = v < best - min_delta                 (mode "min"; v > best + min_delta in mode "max")
        wait     = 0 if improved else wait + 1
        stop     when wait >= patience

    For `model.fit` and `recipes.training.fit`. The first epoch that counts always improves. Values are compared in
    `keras.config.floatx()`, as Keras does.

    Args:
        monitor: name of the value in the epoch's logs.
        min_delta: how much better a value must be to count, 0 or more; a negative one counts by its size.
        patience: epochs to wait for an improvement.
        verbose: 1 says when training stops and which weights return.
        mode: `"min"`, `"max"`, or `"auto"`: loss is minimised, a metric as its class says.
        baseline: a value that must be beaten too before `wait` starts again.
        restore_best_weights: put the weights of the best epoch back at the end, whether or not training was stopped.
        start_from_epoch: epochs at the start that are not looked at.

    Attributes:
        stopped_epoch: the epoch after which training was stopped, counted from 0; 0 if it was not.
        best, best_epoch: the best value and its epoch; None and 0 before one was seen.

    Raises:
        ValueError: at the first epoch's end, if `mode="auto"` can't tell the direction; for an unknown `mode`.

    Source: documents 000, Regularization (patience 3), and 003, Video 21 (patience 5, min_delta 0.001).
    """

    def __init__(
        self,
        monitor="val_loss",
        min_delta=0,
        patience=0,
        verbose=0,
        mode="auto",
        baseline=None,
        restore_best_weights=False,
        start_from_epoch=0,
    ):
        super().__init__()
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"`mode` must be 'auto', 'min' or 'max'. Received: mode={mode!r}")
        self.monitor = monitor
        self.min_delta = abs(min_delta)
        self.patience = patience
        self.verbose = verbose
        self.mode = mode
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self._begin()

    def _begin(self):
        self.wait = 0
        self.stopped_epoch = 0
        self.best = None
        self.best_epoch = 0
        self.best_weights = None

    def on_train_begin(self, logs=None):
        """Forget an earlier training, so that the callback can be used again."""
        self._begin()

    def on_epoch_end(self, epoch, logs=None):
        """Compare the epoch's value with the best, and stop if patience has run out."""
        value = (logs or {}).get(self.monitor)
        if value is None:
            warnings.warn(
                f"Early stopping looks for `{self.monitor}`, which the logs of epoch {epoch} do not have: {sorted(logs or {})}",
                stacklevel=2,
            )
            return
        if epoch < self.start_from_epoch:
            return
        self.wait += 1
        if self._better(value, self.best):
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self._better(value, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs=None):
        """Put the best weights back."""
        if self.verbose and self.stopped_epoch > 0:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose:
                print(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)

    def _better(self, value, than):
        """Whether the value is better by more than min_delta; anything is better than None."""
        if than is None:
            return True
        if self._direction() == "min":
            return bool(ops.less(value + self.min_delta, than))
        return bool(ops.greater(value - self.min_delta, than))

    def _direction(self):
        if self.mode != "auto":
            return self.mode
        name = self.monitor.removeprefix("val_")
        found = "min" if name == "loss" else None
        for metric in _all_metrics(self.model):
            if metric.name == name and hasattr(metric, "_direction"):
                found = "max" if metric._direction == "up" else "min"
        if found is None:
            raise ValueError(
                f"Whether `{self.monitor}` should fall or rise is not known. Pass mode='min' or mode='max'. "
                f"Received: monitor={self.monitor!r}, mode='auto'"
            )
        return found


def _all_metrics(model):
    """The model's metrics, those in the containers that `compile` makes included."""
    for metric in getattr(model, "metrics", []):
        yield from getattr(metric, "metrics", [metric])
