"""Gradient clipping: three ways to bound a step, each as an equation on the gradients.

`clipvalue`, `clipnorm` and `global_clipnorm` of any Keras optimizer do the same inside the training step: gradients are
divided by the loss scale first and clipped then, before weight decay and the optimizer's rule; only one of the three can
be set. `clipvalue=c` is `clip_by_value` with every variable, `clipnorm=c` is `clip_by_norm` of each variable on its own,
and `global_clipnorm=c` is `clip_by_global_norm` of all variables together. Under a `tf.distribute` strategy Keras clips
each replica's gradient before they are added up.

Source: document 003, Video 27 (exploding gradients); Pascanu et al. 2013.
"""

from keras import ops


def clip_by_value(gradient, limit):
    """Every entry brought into [-c, c].

        g_i <- min(max(g_i, -c), c)

    The direction of the gradient changes. Equal to `tf.clip_by_value(g, -c, c)` and to Keras's `clipvalue=c`.

    Args:
        gradient: tensor of any shape.
        limit: c, above 0.

    Returns:
        A tensor of the same shape and dtype.

    Raises:
        ValueError: if `limit` is not above 0.
    """
    _check("limit", limit)
    return ops.maximum(ops.minimum(gradient, limit), -limit)


def clip_by_norm(gradient, limit):
    """The gradient of one variable, shortened to length c where it is longer.

        g <- g c / max(||g||, c),       ||g|| = sqrt(sum g_i^2)

    The direction stays, but gradients of several variables are shortened by different factors. Equal to
    `tf.clip_by_norm(g, c)` and to Keras's `clipnorm=c`.

    Args:
        gradient: tensor of any shape.
        limit: c, above 0.

    Returns:
        A tensor of the same shape and dtype.

    Raises:
        ValueError: if `limit` is not above 0.
    """
    _check("limit", limit)
    return ops.multiply(gradient, _shrinking(global_norm([gradient]), limit))


def clip_by_global_norm(gradients, limit):
    """The gradients of all variables, shortened together to length c where they are longer.

        g_k <- g_k c / max(N, c),       N = sqrt(sum over k of ||g_k||^2)

    The step keeps its direction. An infinite or undefined N makes every gradient NaN, so that an overflow is seen. Equal
    to `tf.clip_by_global_norm(g, c)` and to Keras's `global_clipnorm=c`.

    Args:
        gradients: tensors of any shapes; None where a variable has no gradient.
        limit: c, above 0.

    Returns:
        `(clipped, N)`: the list of clipped gradients, None where there was none, and the norm before clipping.

    Raises:
        ValueError: if `limit` is not above 0.
    """
    _check("limit", limit)
    norm = global_norm(gradients)
    factor = _shrinking(norm, limit) + (norm - norm)  # inf - inf is NaN
    return [None if g is None else ops.multiply(g, ops.cast(factor, g.dtype)) for g in gradients], norm


def global_norm(gradients):
    """N = sqrt(sum of all squared entries of all gradients), a scalar; None stands for no gradient."""
    squares = [ops.sum(ops.square(g)) for g in gradients if g is not None]
    return ops.sqrt(sum(squares[1:], squares[0]))


def _shrinking(norm, limit):
    """The factor c / max(N, c): 1 for a short gradient."""
    return limit / ops.maximum(norm, limit)


def _check(name, value):
    if not value > 0:
        raise ValueError(f"`{name}` must be above 0. Received: {name}={value!r}")
