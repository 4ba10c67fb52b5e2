"""Attention between a query sequence and a value sequence: additive (Bahdanau), multiplicative (Luong), scaled dot product."""

import keras
from keras import ops

from layers.dropout import dropped

MASKED = -1e30  # added to a hidden score: no real score outweighs it, and unlike -inf it leaves no NaN in a row of them


class _Attention(keras.layers.Layer):
    """What the three share: score, mask, softmax, weighted sum.

    A subclass has `scores(query, key)`, which gives e of shape `(batch, Tq, Tv)`.
    With query s of length Tq, key h and value v of length Tv:

        e_ij = score(s_i, h_j),  alpha_ij = softmax_j(e_ij),  c_i = sum_j alpha_ij v_j
    """

    def __init__(self, dropout=0.0, seed=None, **kwargs):
        super().__init__(**kwargs)
        if isinstance(dropout, bool) or not isinstance(dropout, int | float) or not 0 <= dropout < 1:
            raise ValueError(f"`dropout` must be a number in [0, 1). Received: dropout={dropout}")
        self.dropout = dropout
        self.seed = seed
        self.supports_masking = True
        if dropout > 0:
            self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, mask=None, training=False, return_attention_scores=False, use_causal_mask=False):
        """Contexts of shape `(batch, Tq, value width)`, and the attention weights `(batch, Tq, Tv)` if asked for."""
        query, value, key = self._unpack(inputs)
        query_mask, visible = self._masks(mask, query, value, use_causal_mask)
        context, weights = self._attend(self.scores(query, key), value, visible, training)
        if query_mask is not None:
            context = context * ops.cast(query_mask[..., None], context.dtype)
        return (context, weights) if return_attention_scores else context

    def _attend(self, scores, value, visible=None, training=False):
        """Softmax over the visible positions and the weighted sum of their values."""
        scores = ops.cast(scores, keras.backend.result_type(scores.dtype, "float32"))
        if visible is not None:
            seen = ops.cast(visible, scores.dtype)
            scores = scores + (1.0 - seen) * MASKED
        weights = ops.softmax(scores, axis=-1)
        if visible is not None:  # a row that sees nothing has weight nowhere
            weights = weights * ops.max(seen, axis=-1, keepdims=True)
        weights = ops.cast(weights, value.dtype)
        kept = weights
        if training and self.dropout > 0:
            kept = dropped(weights, self.dropout, self.seed_generator)
        return ops.matmul(kept, value), weights

    def _masks(self, mask, query, value, use_causal_mask):
        """The query's mask, and the positions that may be seen as `(batch or 1, Tq or 1, Tv)`, None for all."""
        query_mask, *value_masks = mask or (None, None)
        _check_mask("query", query_mask, query)
        visible = None
        for one in value_masks:
            _check_mask("value", one, value)
            if one is not None:
                steps = ops.cast(one[:, None, :], "bool")
                visible = steps if visible is None else ops.logical_and(visible, steps)
        if use_causal_mask:
            rows, columns = ops.arange(ops.shape(query)[1]), ops.arange(ops.shape(value)[1])
            causal = (rows[:, None] >= columns[None, :])[None]
            visible = causal if visible is None else ops.logical_and(visible, causal)
        return query_mask, visible

    def _unpack(self, inputs):
        listed = isinstance(inputs, list | tuple) and len(inputs) in (2, 3)
        if not listed or any(one is None or isinstance(one, int) for one in inputs):  # an int: of one tensor's shape
            raise ValueError(
                f"{type(self).__name__} takes [query, value] or [query, value, key]. Received: inputs={inputs}"
            )
        query, value = inputs[:2]
        return query, value, inputs[2] if len(inputs) == 3 else value

    def _widths(self, input_shape):
        """Widths of query and key, after a check of the three shapes."""
        query, value, key = (tuple(shape) for shape in self._unpack(input_shape))
        if not len(query) == len(value) == len(key) == 3 or query[-1] is None or key[-1] is None:
            raise ValueError(
                "query, value and key must have the shape (batch, length, width) with a known width. "
                f"Received: query shape={query}, value shape={value}, key shape={key}"
            )
        if None not in (value[1], key[1]) and value[1] != key[1]:
            raise ValueError(f"value and key must be equally long. Received: value shape={value}, key shape={key}")
        return query[-1], key[-1]

    def build(self, input_shape):
        """Check the shapes; there are no weights."""
        self._widths(input_shape)

    def compute_mask(self, inputs, mask=None):
        """The query's mask goes on to the output."""
        return mask[0] if isinstance(mask, list | tuple) else None

    def compute_output_shape(self, input_shape):
        """`(batch, Tq, value width)`."""
        return (*input_shape[0][:-1], input_shape[1][-1])

    def compute_output_spec(
        self, inputs, mask=None, training=False, return_attention_scores=False, use_causal_mask=False
    ):
        """The context's symbolic tensor, and the weights' if asked for."""
        query, value, key = self._unpack(inputs)
        context = keras.KerasTensor(self.compute_output_shape([query.shape, value.shape]), self.compute_dtype)
        if return_attention_scores:
            return context, keras.KerasTensor((*query.shape[:-1], key.shape[1]), self.compute_dtype)
        return context

    def get_config(self):
        """Constructor arguments."""
        return {**super().get_config(), "dropout": self.dropout, "seed": self.seed}


def _check_mask(name, mask, tensor):
    lengths = (*tensor.shape[:2],)
    if mask is not None and (
        len(mask.shape) != 2
        or any(None not in pair and len({*pair}) > 1 for pair in zip(mask.shape, lengths, strict=True))
    ):
        raise ValueError(
            f"The {name} mask must have the shape (batch, {name} length) = {lengths}. "
            f"Received: mask shape={tuple(mask.shape)}"
        )


def _positive(name, value):
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise ValueError(f"`{name}` must be a positive integer. Received: {name}={value}")
    return value


class _LearnedAttention(_Attention):
    """What the two with weights share: how their kernels start, are penalised and constrained."""

    def __init__(self, kernel_initializer, kernel_regularizer, kernel_constraint, **kwargs):
        super().__init__(**kwargs)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.kernel_constraint = keras.constraints.get(kernel_constraint)

    def _add_kernel(self, name, shape):
        return self.add_weight(
            name=name,
            shape=shape,
            initializer=self.kernel_initializer.clone(),  # the same object would draw all kernels alike
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )

    def get_config(self):
        """Constructor arguments."""
        return {
            **super().get_config(),
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
            "kernel_constraint": keras.constraints.serialize(self.kernel_constraint),
        }


@keras.saving.register_keras_serializable("layers")
class BahdanauAttention(_LearnedAttention):
    """Additive attention: a small network scores each pair of query and key.

        e_ij = v^T tanh(W s_i + U h_j + b),  alpha_ij = softmax_j(e_ij),  c_i = sum_j alpha_ij v_j

    `keras.layers.AdditiveAttention` holds v alone; here W and U are part of the layer, as in the paper: 2 d^2 + d
    weights for query, key and units of width d. The paper's s_i is the decoder's previous state.

    Args:
        units: width of the scoring network.
        use_bias: whether to add b inside the tanh.
        dropout: share of the attention weights to drop in training.
        seed: seed of the dropout.
        kernel_initializer: initializer of W, U and v.
        bias_initializer: initializer of b.
        kernel_regularizer: regularizer of W, U and v.
        kernel_constraint: constraint of W, U and v.
        **kwargs: `name`, `dtype` and the like.

    Weights: `query_kernel` W (query width, units), `key_kernel` U (key width, units), `score_kernel` v (units,),
    `bias` b (units,) if `use_bias`.

    Call arguments:
        inputs: [query, value] or [query, value, key], each `(batch, length, width)`; key is value where left out.
        mask: [query_mask, value_mask], each `(batch, length)` or None: a masked value gets weight 0, a masked query
            context 0.
        training: whether to drop weights.
        return_attention_scores: also return the attention weights (before dropout).
        use_causal_mask: let query i see values 0..i alone.

    Raises:
        ValueError: for arguments, shapes or masks that don't fit.

    Source: document 003, Video 71-72; Bahdanau et al. 2015, https://arxiv.org/abs/1409.0473.
    """

    def __init__(
        self,
        units,
        use_bias=False,
        dropout=0.0,
        seed=None,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        kernel_constraint=None,
        **kwargs,
    ):
        super().__init__(
            kernel_initializer, kernel_regularizer, kernel_constraint, dropout=dropout, seed=seed, **kwargs
        )
        self.units = _positive("units", units)
        self.use_bias = use_bias
        self.bias_initializer = keras.initializers.get(bias_initializer)

    def build(self, input_shape):
        """Create W, U, v and b."""
        query_width, key_width = self._widths(input_shape)
        self.query_kernel = self._add_kernel("query_kernel", (query_width, self.units))
        self.key_kernel = self._add_kernel("key_kernel", (key_width, self.units))
        self.score_kernel = self._add_kernel("score_kernel", (self.units,))
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(name="bias", shape=(self.units,), initializer=self.bias_initializer)

    def project_keys(self, key):
        """U h for `step`, to be computed once a sequence: `(batch, Tv, key width)` to `(batch, Tv, units)`."""
        return ops.matmul(key, self.key_kernel)

    def scores(self, query, key):
        """v^T tanh(W s_i + U h_j + b), of shape `(batch, Tq, Tv)`."""
        return self._scores(query, self.project_keys(key))

    def _scores(self, query, keys):
        projected = ops.matmul(query, self.query_kernel)
        if self.bias is not None:
            projected = projected + self.bias
        hidden = ops.tanh(projected[:, :, None, :] + keys[:, None, :, :])  # (batch, Tq, Tv, units)
        return ops.matmul(hidden, self.score_kernel)

    def step(self, query, keys, value, value_mask=None, training=False):
        """One decoding step: context `(batch, value width)` and weights `(batch, Tv)` for one query a sequence.

        Args:
            query: decoder states `(batch, query width)`.
            keys: what `project_keys` gave.
            value: `(batch, Tv, value width)`.
            value_mask: `(batch, Tv)` or None.
            training: whether to drop weights.
        """
        visible = None if value_mask is None else ops.cast(value_mask, "bool")[:, None, :]
        context, weights = self._attend(self._scores(query[:, None, :], keys), value, visible, training)
        return context[:, 0], weights[:, 0]

    def get_config(self):
        """Constructor arguments."""
        return {
            **super().get_config(),
            "units": self.units,
            "use_bias": self.use_bias,
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
        }


@keras.saving.register_keras_serializable("layers")
class LuongAttention(_LearnedAttention):
    """Multiplicative attention, with the three scores of the paper.

        dot:      e_ij = s_i^T h_j
        general:  e_ij = s_i^T W h_j
        concat:   e_ij = v^T tanh(W [s_i; h_j])

    then alpha_ij = softmax_j(e_ij) and c_i = sum_j alpha_ij v_j. The paper's s_i is the decoder's current state. "dot"
    has no weights and needs query and key of one width; it equals `keras.layers.Attention`.

    Args:
        score: "dot", "general" or "concat".
        units: width of W's output, for "concat" alone.
        use_scale: whether to multiply the scores by a trained number (1 at the start).
        dropout: share of the attention weights to drop in training.
        seed: seed of the dropout.
        kernel_initializer: initializer of W and v.
        kernel_regularizer: regularizer of W and v.
        kernel_constraint: constraint of W and v.
        **kwargs: `name`, `dtype` and the like.

    Weights: `kernel` W, (query width, key width) for "general", (query width + key width, units) for "concat";
    `score_kernel` v (units,) for "concat"; `scale` () if `use_scale`.

    Call arguments:
        inputs: [query, value] or [query, value, key], each `(batch, length, width)`; key is value where left out.
        mask: [query_mask, value_mask], each `(batch, length)` or None: a masked value gets weight 0, a masked query
            context 0.
        training: whether to drop weights.
        return_attention_scores: also return the attention weights (before dropout).
        use_causal_mask: let query i see values 0..i alone.

    Raises:
        ValueError: for arguments, shapes or masks that don't fit.

    Source: document 003, Video 71-72; Luong et al. 2015, https://arxiv.org/abs/1508.04025.
    """

    def __init__(
        self,
        score="dot",
        units=None,
        use_scale=False,
        dropout=0.0,
        seed=None,
        kernel_initializer="glorot_uniform",
        kernel_regularizer=None,
        kernel_constraint=None,
        **kwargs,
    ):
        super().__init__(
            kernel_initializer, kernel_regularizer, kernel_constraint, dropout=dropout, seed=seed, **kwargs
        )
        if score not in ("dot", "general", "concat"):
            raise ValueError(f"`score` must be 'dot', 'general' or 'concat'. Received: score={score!r}")
        if score == "concat":
            _positive("units", units)
        elif units is not None:
            raise ValueError(f"`units` belongs to score='concat'. Received: score={score!r}, units={units}")
        self.score = score
        self.units = units
        self.use_scale = use_scale

    def build(self, input_shape):
        """Create W, v and the scale, as the score asks for."""
        self.query_width, key_width = self._widths(input_shape)
        if self.score == "dot" and self.query_width != key_width:
            raise ValueError(
                "score='dot' needs query and key of one width (score='general' does not). "
                f"Received: query width={self.query_width}, key width={key_width}"
            )
        shapes = {
            "dot": {},
            "general": {"kernel": (self.query_width, key_width)},
            "concat": {"kernel": (self.query_width + key_width, self.units), "score_kernel": (self.units,)},
        }
        for name, shape in shapes[self.score].items():
            setattr(self, name, self._add_kernel(name, shape))
        self.scale = self.add_weight(name="scale", shape=(), initializer="ones") if self.use_scale else None

    def scores(self, query, key):
        """The chosen score, of shape `(batch, Tq, Tv)`."""
        if self.score == "concat":  # W [s; h] = W_s s + W_h h, so the pairs need not be written out
            of_query = ops.matmul(query, self.kernel[: self.query_width])
            of_key = ops.matmul(key, self.kernel[self.query_width :])
            hidden = ops.tanh(of_query[:, :, None, :] + of_key[:, None, :, :])  # (batch, Tq, Tv, units)
            scores = ops.matmul(hidden, self.score_kernel)
        else:
            if self.score == "general":
                query = ops.matmul(query, self.kernel)
            scores = ops.matmul(query, ops.swapaxes(key, -2, -1))
        return scores if self.scale is None else scores * self.scale

    def get_config(self):
        """Constructor arguments."""
        return {
            **super().get_config(),
            "score": self.score,
            "units": self.units,
            "use_scale": self.use_scale,
        }


@keras.saving.register_keras_serializable("layers")
class ScaledDotProductAttention(_Attention):
    """The Transformer's attention: softmax(Q K^T / sqrt(d_k)) V.

    A sum of d_k products of unit variance has variance d_k; the division keeps the softmax out of its flat ends.

    Args:
        dropout: share of the attention weights to drop in training.
        seed: seed of the dropout.
        **kwargs: `name`, `dtype` and the like.

    Weights: none.

    Call arguments:
        inputs: [query, value] or [query, value, key], each `(batch, length, width)`; key is value where left out.
        mask: [query_mask, value_mask], each `(batch, length)` or None: a masked value gets weight 0, a masked query
            context 0.
        training: whether to drop weights.
        return_attention_scores: also return the attention weights (before dropout).
        use_causal_mask: let query i see values 0..i alone.

    Raises:
        ValueError: for arguments, shapes or masks that don't fit.

    Source: document 003, Video 73-74; Vaswani et al. 2017, https://arxiv.org/abs/1706.03762.
    """

    def build(self, input_shape):
        """Check the shapes; there are no weights."""
        query_width, key_width = self._widths(input_shape)
        if query_width != key_width:
            raise ValueError(
                f"query and key must have one width. Received: query width={query_width}, key width={key_width}"
            )

    def scores(self, query, key):
        """Q K^T / sqrt(d_k), of shape `(batch, Tq, Tv)`."""
        return ops.matmul(query * query.shape[-1] ** -0.5, ops.swapaxes(key, -2, -1))
