"""Multi-head attention: several scaled dot products side by side, each on its own projection of the input."""

import functools
import math

import keras
from keras import ops

from layers.dropout import dropped

MASKED = -1e30  # added to a hidden score: no real score outweighs it, and unlike -inf it leaves no NaN in a row of them


@keras.saving.register_keras_serializable("layers")
class MultiHeadAttention(keras.layers.MultiHeadAttention):
    """Scaled dot-product attention in several heads, concatenated and projected.

        head_n = softmax(Q W_n^Q (K W_n^K)^T / sqrt(d_k)) V W_n^V
        MultiHead(Q, K, V) = Concat(head_1, ..., head_h) W^O

    Takes the place of `keras.layers.MultiHeadAttention`: same arguments, same weights. A query that may attend to no
    key at all (a padded one, say) has weight 0 everywhere, so that its output is W^O's bias; masks given by name count
    like those that tensors carry.

    Args:
        num_heads: number of heads h.
        key_dim: width d_k of a head's queries and keys.
        value_dim: width of a head's values; key_dim where left out.
        dropout: share of the attention weights to drop in training.
        use_bias: whether the projections add biases.
        output_shape: width or shape of an output step; the query's width where left out.
        attention_axes: axes to attend over; all but batch and features where left out.
        sliding_window: let a query see keys less than this many steps away alone.
        flash_attention: True asks for a flash kernel, None leaves it to `keras.config.enable_flash_attention`.
        kernel_initializer, bias_initializer: initializers of the projections.
        kernel_regularizer, bias_regularizer, activity_regularizer: regularizers of the projections.
        kernel_constraint, bias_constraint: constraints of the projections.
        use_gate: whether to multiply the heads by sigmoid(Q W^G), https://arxiv.org/abs/2505.06708.
        seed: seed of the dropout.
        **kwargs: `name`, `dtype` and the like.

    Weights: `query` and `key` kernels (width, h, key_dim) and biases (h, key_dim), `gate` and `value` (width, h,
    value_dim) and (h, value_dim), `attention_output` (h, value_dim, output width) and (output width).

    Call arguments:
        query: `(batch, Tq, width)`.
        value: `(batch, Tk, width)`.
        key: `(batch, Tk, width)`; value where left out.
        query_mask, value_mask, key_mask: `(batch, length)`, True where a step is real.
        attention_mask: True where a query may see a key: any shape that broadcasts to `(batch, h, Tq, Tk)`, or to
            `(batch, Tq, Tk)`.
        return_attention_scores: also return the weights `(batch, h, Tq, Tk)`, before dropout.
        training: whether to drop weights.
        use_causal_mask: let query i see keys 0..i alone.

    Raises:
        ValueError: for arguments, shapes or masks that don't fit.

    Source: document 003, Video 75-76; Vaswani et al. 2017, section 3.2, https://arxiv.org/abs/1706.03762.
    """

    def call(
        self,
        query,
        value,
        key=None,
        query_mask=None,
        value_mask=None,
        key_mask=None,
        attention_mask=None,
        return_attention_scores=False,
        training=None,
        use_causal_mask=False,
    ):
        """Output `(batch, Tq, output width)`, and the attention weights if asked for."""
        masks = {"query_mask": query_mask, "value_mask": value_mask}
        if key is None or key is value:
            key = value
        else:
            masks["key_mask"] = key_mask
        visible = self._visible(query, key, attention_mask, masks)
        # A kernel that knows causality needs no mask for it; a subclass's own _compute_attention may know of masks alone.
        causal_only = (
            use_causal_mask
            and visible is None
            and self._sliding_window is None
            and type(self)._compute_attention is MultiHeadAttention._compute_attention
        )
        if not causal_only:
            axis = self._attention_axes[0]
            band = self._band(ops.shape(query)[axis], ops.shape(key)[axis], use_causal_mask)
            visible = visible if band is None else band if visible is None else ops.logical_and(visible, band)
        heads, weights = self._compute_attention(
            self._project(self._query_dense, query),
            self._project(self._key_dense, key),
            self._project(self._value_dense, value),
            visible,
            training,
            return_attention_scores,
            **({"use_causal_mask": True} if causal_only else {}),
        )
        if self._use_gate:
            heads = heads * self._project(self._gate_dense, query, activation=ops.sigmoid)
        output = self._project(self._output_dense, heads, axes=2)
        return (output, weights) if return_attention_scores else output

    def project(self, value, key=None):
        """Keys `(batch, Tk, h, key_dim)` and values `(batch, Tk, h, value_dim)` of a source, to be kept for `attend`."""
        return self._project(self._key_dense, value if key is None else key), self._project(self._value_dense, value)

    def attend(self, query, keys, values, attention_mask=None):
        """Output `(batch, Tq, output width)` for keys and values from `project`: a decoding step projects none again.

        Args:
            query: `(batch, Tq, width)`.
            keys: `(batch, Tk, h, key_dim)`.
            values: `(batch, Tk, h, value_dim)`.
            attention_mask: True where a query may see a key, as in a call.
        """
        query_heads = self._project(self._query_dense, query)
        heads, _ = self._compute_attention(query_heads, keys, values, attention_mask, training=False)
        if self._use_gate:
            heads = heads * self._project(self._gate_dense, query, activation=ops.sigmoid)
        return self._project(self._output_dense, heads, axes=2)

    def _project(self, dense, inputs, axes=1, activation=None):
        """`x W + b` over the last `axes` axes of x, as one product of two matrices."""
        if dense.quantization_mode or dense.activity_regularizer or dense.compute_dtype != self.compute_dtype:
            return dense(inputs)  # those are the projection layer's own affair
        inputs = ops.convert_to_tensor(inputs)
        kernel = ops.cast(dense.kernel, inputs.dtype)  # outside a call no scope does it
        width = math.prod(kernel.shape[:axes])
        outputs = ops.matmul(ops.reshape(inputs, (-1, width)), ops.reshape(kernel, (width, -1)))
        if dense.bias is not None:
            outputs = outputs + ops.reshape(ops.cast(dense.bias, inputs.dtype), (-1,))
        outputs = ops.reshape(outputs, (*ops.shape(inputs)[:-axes], *kernel.shape[axes:]))
        return outputs if activation is None else activation(outputs)

    def _compute_attention(
        self,
        query,
        key,
        value,
        attention_mask=None,
        training=None,
        return_attention_scores=False,
        use_causal_mask=False,
    ):
        """Heads `(batch, Tq, h, value_dim)` and weights from projected inputs; a subclass may replace it."""
        if self._flash_attention and return_attention_scores:
            raise ValueError(
                "Returning attention scores is not supported when flash attention is enabled. Please disable flash "
                f"attention to access attention scores. Received: return_attention_scores={return_attention_scores}"
            )
        query, key, value = (ops.convert_to_tensor(one) for one in (query, key, value))
        dropout = self._dropout if training else 0.0
        fused = (self._flash_attention or keras.backend.backend() != "tensorflow") and len(query.shape) == 4
        fused = fused and dropout == 0 and not return_attention_scores and self._key_dim == self._value_dim
        if use_causal_mask and not (fused and attention_mask is None):
            axis = self._attention_axes[0]
            band = self._band(ops.shape(query)[axis], ops.shape(key)[axis], True)
            attention_mask = band if attention_mask is None else ops.logical_and(ops.cast(attention_mask, "bool"), band)
            use_causal_mask = False
        if attention_mask is not None:
            attention_mask = self._expand(attention_mask, self._scores_shape(query.shape[:-2], key.shape[:-2]))
        if fused:
            return self._fused(query, key, value, attention_mask, use_causal_mask), None

        # Heads before steps, and all the steps attended over on one axis.
        rank, axes = len(query.shape), self._attention_axes
        order = [*(axis for axis in range(rank - 1) if axis not in axes), *axes, rank - 1]
        shape = self._scores_shape(ops.shape(query)[:-2], ops.shape(key)[:-2])
        batch, steps = shape[: -2 * len(axes)], shape[-2 * len(axes) : -len(axes)]
        query, key, value = (
            ops.reshape(ops.transpose(one, order), (*batch, -1, one.shape[-1])) for one in (query, key, value)
        )  # (batch, ..., h, Tq or Tk, key_dim or value_dim)
        query = query * self._inverse_sqrt_key_dim
        seen = attention_mask
        if seen is not None and len(axes) > 1:
            seen = ops.reshape(ops.broadcast_to(seen, shape), (*batch, *(ops.shape(one)[-2] for one in (query, key))))
        if dropout == 0 and not return_attention_scores and keras.backend.backend() == "tensorflow":
            heads, weights = _attend_on_tensorflow(query, key, value, seen), None
        else:

            def drop(weights):
                return dropped(weights, dropout, self._dropout_layer.seed_generator) if dropout else weights

            heads, weights = _attend(query, key, value, seen, drop)
        if seen is not None:  # a query that sees no key has weight nowhere
            sees = ops.cast(ops.any(seen, axis=-1, keepdims=True), heads.dtype)
            heads, weights = heads * sees, None if weights is None else weights * sees
        heads = ops.transpose(
            ops.reshape(heads, (*batch, *steps, heads.shape[-1])), [order.index(i) for i in range(rank)]
        )
        return heads, None if weights is None else ops.reshape(weights, shape)

    def _fused(self, query, key, value, seen, use_causal_mask):
        """The same by the backend's own kernel, for `(batch, T, h, width)`."""
        row_seen = None
        if seen is not None:  # the kernels' answers differ for a row that sees nothing: let it see all, then hide it
            row_seen = ops.any(seen, axis=-1, keepdims=True)
            seen = ops.logical_or(seen, ops.logical_not(row_seen))
        heads = ops.dot_product_attention(
            query,
            key,
            value,
            mask=seen,
            scale=self._inverse_sqrt_key_dim,
            is_causal=use_causal_mask,
            flash_attention=self._flash_attention,
        )
        return heads if row_seen is None else heads * ops.cast(ops.swapaxes(row_seen, 1, 2), heads.dtype)

    def _scores_shape(self, query_shape, key_shape):
        """Shape `(batch, ..., h, Tq..., Tk...)` of the scores, from the shapes of query and key without their width."""
        axes = self._attention_axes
        batch = [size for axis, size in enumerate(query_shape) if axis not in axes]
        return (*batch, self._num_heads, *(query_shape[axis] for axis in axes), *(key_shape[axis] for axis in axes))

    def _visible(self, query, key, attention_mask, padding_masks):
        """Which query may see which key, from all masks given, with the scores' axes; None for all."""
        axes, scores_shape = self._attention_axes, self._scores_shape(query.shape[:-1], key.shape[:-1])
        masks = [] if attention_mask is None else [self._expand(attention_mask, scores_shape)]
        for name, mask in padding_masks.items():
            if mask is None:
                continue
            if len(mask.shape) != len(query.shape) - 1:
                raise ValueError(
                    f"`{name}` must have one truth value a step, all axes but the width. "
                    f"Received: {name}.shape={tuple(mask.shape)}, query.shape={tuple(query.shape)}"
                )
            batch_axes = [axis for axis in range(len(mask.shape)) if axis not in axes]
            spread = ops.expand_dims(ops.transpose(mask, [*batch_axes, *axes]), len(batch_axes))
            for _ in axes:
                spread = ops.expand_dims(spread, -1 if name == "query_mask" else -len(axes) - 1)
            masks.append(self._expand(spread, scores_shape, name))
        return functools.reduce(ops.logical_and, masks) if masks else None

    def _expand(self, mask, scores_shape, name="attention_mask"):
        """The mask with as many axes as the scores; batch and heads are the ones that may be left out."""
        given = mask.shape
        mask = ops.cast(mask, "bool")
        while len(mask.shape) < len(scores_shape):
            mask = ops.expand_dims(mask, max(-2 * len(self._attention_axes), -len(mask.shape)) - 1)
        if len(mask.shape) > len(scores_shape) or any(
            one not in (1, None, two) and two is not None for one, two in zip(mask.shape, scores_shape, strict=True)
        ):
            raise ValueError(
                f"`{name}` must broadcast to the attention scores (batch, heads, queries, keys) = {scores_shape}. "
                f"Received: {name}.shape={tuple(given)}"
            )
        return mask

    def _band(self, queries, keys, use_causal_mask):
        """Mask `(Tq, Tk)` of keys not after the query and inside the sliding window, None for all."""
        if not use_causal_mask and self._sliding_window is None:
            return None
        if len(self._attention_axes) > 1:
            raise ValueError(
                "`use_causal_mask` and `sliding_window` need a single attention axis. "
                f"Received: attention_axes={self._attention_axes}"
            )
        ahead = ops.arange(keys)[None, :] - ops.arange(queries)[:, None]  # of the query, in steps
        band = ahead <= 0 if use_causal_mask else None
        if self._sliding_window is not None:
            window = ops.abs(ahead) < self._sliding_window
            band = window if band is None else ops.logical_and(band, window)
        return band

    def compute_output_spec(
        self,
        query,
        value,
        key=None,
        query_mask=None,
        value_mask=None,
        key_mask=None,
        attention_mask=None,
        return_attention_scores=False,
        training=None,
        use_causal_mask=False,
    ):
        """The output's symbolic tensor, and the weights' if asked for."""
        key = value if key is None else key
        shape = self.compute_output_shape(query.shape, value.shape, key.shape)
        output = keras.KerasTensor(shape, self.compute_dtype)
        if return_attention_scores:
            scores_shape = self._scores_shape(query.shape[:-1], key.shape[:-1])
            return output, keras.KerasTensor(scores_shape, self.compute_dtype)
        return output


def _weights(query, key, seen):
    """softmax(Q K^T) over the keys that are seen, Q being scaled already."""
    scores = ops.matmul(query, ops.swapaxes(key, -2, -1))
    scores = ops.cast(scores, keras.backend.result_type(scores.dtype, "float32"))
    if seen is not None:
        scores = scores + ops.where(seen, 0.0, ops.cast(MASKED, scores.dtype))
    return ops.cast(ops.softmax(scores, axis=-1), query.dtype)


def _attend(query, key, value, seen, drop):
    """Heads and weights, for `(batch, ..., h, T, width)`."""
    weights = _weights(query, key, seen)
    return ops.matmul(drop(weights), value), weights


def _attend_on_tensorflow(query, key, value, seen):
    """The heads with a gradient by hand, which passes over the large matrix of weights half as often.

    With O = A V and G the gradient of O, the softmax's gradient needs the row sums of A * (G V^T); they equal those of
    G * O, which is as narrow as a head.
    """
    import tensorflow as tf

    @tf.custom_gradient
    def attend(query, key, value):
        weights = _weights(query, key, seen)
        heads = tf.matmul(weights, value)

        def gradient(upstream):
            sums = tf.reduce_sum(upstream * heads, axis=-1, keepdims=True)
            of_scores = weights * (tf.matmul(upstream, value, transpose_b=True) - sums)
            return (
                tf.matmul(of_scores, key),
                tf.matmul(of_scores, query, transpose_a=True),
                tf.matmul(weights, upstream, transpose_a=True),
            )

        return heads, gradient

    return attend(query, key, value)
