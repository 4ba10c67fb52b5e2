"""Targets and predictions brought to one dtype and shape, as every loss needs them."""

from keras import ops


def same_dtype(y_true, y_pred):
    """Both as tensors, the targets in the dtype of the predictions."""
    y_pred = ops.convert_to_tensor(y_pred)
    return ops.cast(ops.convert_to_tensor(y_true), y_pred.dtype), y_pred


def same_rank(y_true, y_pred):
    """Both as tensors of one rank where they differ by a last axis of size 1.

    A vector gains that axis (targets `(n,)` meet predictions `(n, 1)` as `(n, 1)`), a tensor of higher rank loses it.
    Without this, subtraction would broadcast `(n,)` and `(n, 1)` to `(n, n)`.
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    if len(y_true.shape) == len(y_pred.shape) + 1:
        y_true, y_pred = _last_axis_matched(y_true, y_pred)
    elif len(y_pred.shape) == len(y_true.shape) + 1:
        y_pred, y_true = _last_axis_matched(y_pred, y_true)
    return y_true, y_pred


def _last_axis_matched(longer, shorter):
    if longer.shape[-1] != 1:
        return longer, shorter
    if len(shorter.shape) == 1:
        return longer, ops.expand_dims(shorter, -1)
    return ops.squeeze(longer, -1), shorter


def check_same_shape(y_true, y_pred):
    """Raise a ValueError unless the shapes agree wherever both are known."""
    fits = len(y_true.shape) == len(y_pred.shape) and all(
        one is None or other is None or one == other for one, other in zip(y_true.shape, y_pred.shape, strict=True)
    )
    if not fits:
        raise ValueError(
            "`y_true` and `y_pred` must have the same shape. "
            f"Received: y_true.shape={tuple(y_true.shape)}, y_pred.shape={tuple(y_pred.shape)}"
        )
