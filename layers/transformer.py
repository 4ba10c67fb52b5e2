"""Transformer blocks: attention and a feed-forward network, each inside a residual connection with a normalisation."""

import keras
from keras import ops

from layers.dense import Dense
from layers.dropout import Dropout
from layers.multi_head_attention import MultiHeadAttention
from layers.normalization import LayerNormalization


@keras.saving.register_keras_serializable("layers")
class FeedForward(keras.layers.Layer):
    """Two dense layers, applied to every position alike.

        FFN(x) = activation(x W_1 + b_1) W_2 + b_2

    Args:
        intermediate_dim: width of the hidden layer.
        output_dim: width of the output; the input's where left out.
        activation: activation of the hidden layer.
        dropout: share of the hidden values to drop in training.
        use_bias: whether to add b_1 and b_2.
        kernel_initializer: initializer of W_1 and W_2.
        seed: seed of the dropout.
        **kwargs: `name`, `dtype` and the like.

    Weights: `intermediate` W_1 (width, intermediate_dim) and b_1, `output` W_2 (intermediate_dim, output_dim) and b_2.

    Call arguments:
        inputs: `(batch, ..., width)`.
        training: whether to drop hidden values.

    Raises:
        ValueError: for widths that are not positive.

    Source: document 003, Video 78-79; Vaswani et al. 2017, section 3.3, https://arxiv.org/abs/1706.03762.
    """

    def __init__(
        self,
        intermediate_dim,
        output_dim=None,
        activation="relu",
        dropout=0.0,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.intermediate_dim = _positive("intermediate_dim", intermediate_dim)
        self.output_dim = output_dim if output_dim is None else _positive("output_dim", output_dim)
        self.activation = keras.activations.get(activation)
        self.dropout = _rate("dropout", dropout)
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.seed = seed
        self.supports_masking = True

    def build(self, input_shape):
        """Create both dense layers."""
        common = {"use_bias": self.use_bias, "dtype": self.dtype_policy}
        width = self.output_dim or input_shape[-1]
        self.intermediate_dense = Dense(
            self.intermediate_dim,
            activation=self.activation,
            kernel_initializer=self.kernel_initializer.clone(),
            name="intermediate",
            **common,
        )
        self.dropout_layer = Dropout(self.dropout, seed=self.seed, dtype=self.dtype_policy)
        self.output_dense = Dense(width, kernel_initializer=self.kernel_initializer.clone(), name="output", **common)
        self.intermediate_dense.build(input_shape)
        self.output_dense.build((*input_shape[:-1], self.intermediate_dim))

    def call(self, inputs, training=None):
        """FFN(inputs)."""
        hidden = self.intermediate_dense(inputs)
        return self.output_dense(self.dropout_layer(hidden, training=training))

    def compute_output_shape(self, input_shape):
        """The input's shape with the width output_dim."""
        return (*input_shape[:-1], self.output_dim or input_shape[-1])

    def get_config(self):
        """Constructor arguments."""
        return {
            **super().get_config(),
            "intermediate_dim": self.intermediate_dim,
            "output_dim": self.output_dim,
            "activation": keras.activations.serialize(self.activation),
            "dropout": self.dropout,
            "use_bias": self.use_bias,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "seed": self.seed,
        }


class _Block(keras.layers.Layer):
    """What both blocks share: arguments, sublayers, and the residual connection around each of them."""

    def __init__(
        self,
        num_heads,
        key_dim=None,
        intermediate_dim=2048,
        dropout=0.0,
        attention_dropout=0.0,
        activation="relu",
        norm_first=False,
        layer_norm_epsilon=1e-5,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.num_heads = _positive("num_heads", num_heads)
        self.key_dim = key_dim if key_dim is None else _positive("key_dim", key_dim)
        self.intermediate_dim = _positive("intermediate_dim", intermediate_dim)
        self.dropout = _rate("dropout", dropout)
        self.attention_dropout = _rate("attention_dropout", attention_dropout)
        self.activation = keras.activations.get(activation)
        self.norm_first = norm_first
        self.layer_norm_epsilon = layer_norm_epsilon
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.seed = seed
        self.supports_masking = True

    def _seed(self, number):
        return None if self.seed is None else self.seed + number

    def _attention(self, name, number, inputs_shape, source_shape):
        width = inputs_shape[-1]
        if self.key_dim is None and width % self.num_heads:
            raise ValueError(
                "Without `key_dim` the heads share the width, which `num_heads` must divide. "
                f"Received: num_heads={self.num_heads}, width={width}"
            )
        attention = MultiHeadAttention(
            num_heads=self.num_heads,
            key_dim=self.key_dim or width // self.num_heads,
            dropout=self.attention_dropout,
            use_bias=self.use_bias,
            kernel_initializer=self.kernel_initializer.clone(),
            seed=self._seed(number),
            dtype=self.dtype_policy,
            name=name,
        )
        attention.build(inputs_shape, source_shape)
        return attention

    def _around(self, name, number, shape):
        """Normalisation and dropout of one residual connection."""
        norm = LayerNormalization(epsilon=self.layer_norm_epsilon, dtype=self.dtype_policy, name=f"{name}_norm")
        norm.build(shape)
        dropout = Dropout(self.dropout, seed=self._seed(number), dtype=self.dtype_policy, name=f"{name}_dropout")
        return norm, dropout

    def _build_feed_forward(self, shape):
        self.feed_forward = FeedForward(
            self.intermediate_dim,
            activation=self.activation,
            use_bias=self.use_bias,
            kernel_initializer=self.kernel_initializer,
            seed=self._seed(2),
            dtype=self.dtype_policy,
            name="feed_forward",
        )
        self.feed_forward.build(shape)
        self.feed_forward_norm, self.feed_forward_dropout_layer = self._around("feed_forward", 3, shape)

    def _residual(self, inputs, sublayer, norm, dropout, training):
        """LayerNorm(x + Sublayer(x)), or x + Sublayer(LayerNorm(x)) with `norm_first`; and what else sublayer gave."""
        outputs, weights = sublayer(norm(inputs) if self.norm_first else inputs)
        outputs = inputs + dropout(outputs, training=training)
        return outputs if self.norm_first else norm(outputs), weights

    def _fed_forward(self, inputs, training):
        """The last residual connection of both blocks."""
        norm, dropout = self.feed_forward_norm, self.feed_forward_dropout_layer
        return self._residual(
            inputs, lambda x: (self.feed_forward(x, training=training), None), norm, dropout, training
        )[0]

    @staticmethod
    def _attend(attention, source=None, return_attention_scores=False, **call):
        """A sublayer for `_residual` that attends to the source, or to its own input."""

        def sublayer(x):
            found = attention(
                x, x if source is None else source, return_attention_scores=return_attention_scores, **call
            )
            return found if return_attention_scores else (found, None)

        return sublayer

    def _weights_spec(self, inputs, source):
        return keras.KerasTensor(
            (inputs.shape[0], self.num_heads, inputs.shape[1], source.shape[1]), self.compute_dtype
        )

    def get_config(self):
        """Constructor arguments."""
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "key_dim": self.key_dim,
            "intermediate_dim": self.intermediate_dim,
            "dropout": self.dropout,
            "attention_dropout": self.attention_dropout,
            "activation": keras.activations.serialize(self.activation),
            "norm_first": self.norm_first,
            "layer_norm_epsilon": self.layer_norm_epsilon,
            "use_bias": self.use_bias,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "seed": self.seed,
        }


@keras.saving.register_keras_serializable("layers")
class TransformerEncoderBlock(_Block):
    """Self-attention and feed-forward network, each with add & norm.

        y = LayerNorm(x + MultiHead(x, x, x)),  z = LayerNorm(y + FFN(y))

    with `norm_first`: y = x + MultiHead(n, n, n), n = LayerNorm(x), and z = y + FFN(LayerNorm(y)).

    Args:
        num_heads: number of heads.
        key_dim: width of a head; width / num_heads where left out.
        intermediate_dim: width of the feed-forward network's hidden layer.
        dropout: share of each sublayer's output to drop in training (the paper: 0.1).
        attention_dropout: share of the attention weights to drop in training.
        activation: activation of the feed-forward network.
        norm_first: normalise before each sublayer and not after the sum.
        layer_norm_epsilon: added to the variance.
        use_bias: whether projections and dense layers add biases.
        kernel_initializer: initializer of all kernels.
        seed: seed of the dropouts.
        **kwargs: `name`, `dtype` and the like.

    Weights: `attention`, `attention_norm`, `feed_forward` and `feed_forward_norm`; 3 152 384 for width 512, 8 heads and
    intermediate_dim 2048.

    Call arguments:
        inputs: `(batch, length, width)`.
        mask: `(batch, length)`, True where a step is real; taken from the input where it carries one.
        attention_mask: `(batch, length, length)`, True where a step may see another.
        training: whether to drop values.
        return_attention_scores: also return the attention weights `(batch, heads, length, length)`.
        use_causal_mask: let a step see itself and earlier ones alone.

    Raises:
        ValueError: for arguments or shapes that don't fit.

    Source: document 003, Video 78-79; Vaswani et al. 2017, section 3.1, https://arxiv.org/abs/1706.03762; `norm_first`:
    Xiong et al. 2020, https://arxiv.org/abs/2002.04745.
    """

    def build(self, input_shape):
        """Create the sublayers."""
        _check_shape("inputs", input_shape)
        self.attention = self._attention("attention", 0, input_shape, input_shape)
        self.attention_norm, self.attention_dropout_layer = self._around("attention", 1, input_shape)
        self._build_feed_forward(input_shape)

    def call(
        self,
        inputs,
        mask=None,
        attention_mask=None,
        training=None,
        return_attention_scores=False,
        use_causal_mask=False,
    ):
        """Output of the input's shape, and the attention weights if asked for."""
        attend = self._attend(
            self.attention,
            query_mask=mask,
            value_mask=mask,
            attention_mask=attention_mask,
            return_attention_scores=return_attention_scores,
            training=training,
            use_causal_mask=use_causal_mask,
        )
        y, weights = self._residual(inputs, attend, self.attention_norm, self.attention_dropout_layer, training)
        z = self._fed_forward(y, training)
        return (z, weights) if return_attention_scores else z

    def compute_output_shape(self, input_shape):
        """The input's shape."""
        return tuple(input_shape)

    def compute_output_spec(self, inputs, mask=None, return_attention_scores=False, **kwargs):
        """The output's symbolic tensor, and the weights' if asked for."""
        output = keras.KerasTensor(inputs.shape, self.compute_dtype)
        return (output, self._weights_spec(inputs, inputs)) if return_attention_scores else output


@keras.saving.register_keras_serializable("layers")
class TransformerDecoderBlock(_Block):
    """Masked self-attention, attention to the encoder's output m and feed-forward network, each with add & norm.

        y = LayerNorm(x + MultiHead(x, x, x)),  z = LayerNorm(y + MultiHead(y, m, m)),  out = LayerNorm(z + FFN(z))

    The first looks at no later step. Built without an encoder's output the block leaves the middle part out: the block
    of a decoder-only model. `norm_first` normalises before each sublayer and not after the sum.

    Args:
        num_heads: number of heads.
        key_dim: width of a head; width / num_heads where left out.
        intermediate_dim: width of the feed-forward network's hidden layer.
        dropout: share of each sublayer's output to drop in training (the paper: 0.1).
        attention_dropout: share of the attention weights to drop in training.
        activation: activation of the feed-forward network.
        norm_first: normalise before each sublayer and not after the sum.
        layer_norm_epsilon: added to the variance.
        use_bias: whether projections and dense layers add biases.
        kernel_initializer: initializer of all kernels.
        seed: seed of the dropouts.
        **kwargs: `name`, `dtype` and the like.

    Weights: `attention`, `cross_attention`, `feed_forward` and a `..._norm` each; 4 204 032 for width 512, 8 heads and
    intermediate_dim 2048.

    Call arguments:
        inputs: `(batch, length, width)`.
        encoder_outputs: `(batch, source length, source width)` or None.
        mask: `(batch, length)`, True where a step is real; taken from the input where it carries one.
        encoder_mask: the same for the encoder's output.
        attention_mask: `(batch, length, length)`, True where a step may see another.
        encoder_attention_mask: `(batch, length, source length)`.
        training: whether to drop values.
        return_attention_scores: also return the weights of self-attention and, with an encoder's output, of
            cross-attention.
        use_causal_mask: let a step see itself and earlier ones alone.

    Raises:
        ValueError: for arguments or shapes that don't fit.

    Source: document 003, Video 78-83; Vaswani et al. 2017, section 3.1, https://arxiv.org/abs/1706.03762.
    """

    def build(self, inputs_shape, encoder_outputs_shape=None):
        """Create the sublayers; those of cross-attention if there is an encoder's output."""
        _check_shape("inputs", inputs_shape)
        self.attention = self._attention("attention", 0, inputs_shape, inputs_shape)
        self.attention_norm, self.attention_dropout_layer = self._around("attention", 1, inputs_shape)
        self.cross_attention = None
        if encoder_outputs_shape is not None:
            _check_shape("encoder_outputs", encoder_outputs_shape)
            self.cross_attention = self._attention("cross_attention", 4, inputs_shape, encoder_outputs_shape)
            self.cross_norm, self.cross_dropout_layer = self._around("cross_attention", 5, inputs_shape)
        self._build_feed_forward(inputs_shape)

    def call(
        self,
        inputs,
        encoder_outputs=None,
        mask=None,
        encoder_mask=None,
        attention_mask=None,
        encoder_attention_mask=None,
        training=None,
        return_attention_scores=False,
        use_causal_mask=True,
    ):
        """Output of the input's shape, and the attention weights if asked for."""
        self._check_encoder(encoder_outputs)
        common = {"return_attention_scores": return_attention_scores, "training": training}
        attend = self._attend(
            self.attention,
            query_mask=mask,
            value_mask=mask,
            attention_mask=attention_mask,
            use_causal_mask=use_causal_mask,
            **common,
        )
        y, weights = self._residual(inputs, attend, self.attention_norm, self.attention_dropout_layer, training)
        all_weights = [weights]
        if self.cross_attention is not None:
            attend = self._attend(
                self.cross_attention,
                encoder_outputs,
                query_mask=mask,
                value_mask=encoder_mask,
                attention_mask=encoder_attention_mask,
                **common,
            )
            y, weights = self._residual(y, attend, self.cross_norm, self.cross_dropout_layer, training)
            all_weights.append(weights)
        z = self._fed_forward(y, training)
        return (z, *all_weights) if return_attention_scores else z

    def start_cache(self, batch, max_length, encoder_outputs=None, encoder_mask=None):
        """An empty cache for `step`: room for the keys and values of `max_length` steps, and those of the encoder.

        Args:
            batch: number of sequences, an integer.
            max_length: most steps that will be decoded.
            encoder_outputs: `(batch, source length, source width)`, projected here once and for all; None for a block
                without cross-attention.
            encoder_mask: `(batch, source length)`, True where a step of the encoder's output is real.

        Returns:
            Tensors by name, all with the batch axis first: `keys` and `values` `(batch, max_length, heads, key_dim)`, and
            with an encoder's output `encoder_keys`, `encoder_values` and `encoder_mask`.
        """
        self._check_encoder(encoder_outputs)
        shape = (batch, max_length, self.num_heads, self.attention.key_dim)
        cache = {"keys": ops.zeros(shape, self.compute_dtype), "values": ops.zeros(shape, self.compute_dtype)}
        if self.cross_attention is not None:
            cache["encoder_keys"], cache["encoder_values"] = self.cross_attention.project(encoder_outputs)
            if encoder_mask is None:
                encoder_mask = ops.ones(ops.shape(encoder_outputs)[:2], "bool")
            cache["encoder_mask"] = ops.cast(encoder_mask, "bool")
        return cache

    def step(self, inputs, cache, position):
        """The output of one step, from its input and the cache of the steps before: no other key or value is computed.

        Args:
            inputs: `(batch, 1, width)`, or `(batch, steps, width)` for several steps at once, the prompt of a
                decoder-only model, say.
            cache: from `start_cache` or the last step.
            position: steps decoded before, an integer tensor `()`; or one each sequence, `(batch,)`.

        Returns:
            The output of the input's shape and the cache with the new keys and values. Equal to the full call's at these
            positions, without dropout.
        """
        inputs = ops.convert_to_tensor(inputs)
        steps = inputs.shape[1]
        # Places in the cache, counted from the first new one.
        offset = ops.arange(cache["keys"].shape[1]) - ops.reshape(ops.cast(position, "int32"), (-1, 1))
        here = ops.logical_and(offset >= 0, offset < steps)[..., None, None]  # (1 or batch, max_length, 1, 1)
        cache = dict(cache)

        def write(rows, old):  # (batch, steps, heads, key_dim), (batch, max_length, heads, key_dim)
            if steps > 1:
                rows = ops.take_along_axis(rows, ops.clip(offset, 0, steps - 1)[..., None, None], axis=1)
            return ops.where(here, rows, old)

        def attend(x):
            keys, values = self.attention.project(x)
            cache["keys"], cache["values"] = write(keys, cache["keys"]), write(values, cache["values"])
            seen = offset[:, None, :] <= ops.arange(steps)[:, None]  # (1 or batch, steps, max_length)
            return self.attention.attend(x, cache["keys"], cache["values"], seen), None

        y, _ = self._residual(inputs, attend, self.attention_norm, self.attention_dropout_layer, False)
        cross_attention = self.cross_attention
        if cross_attention is not None:

            def attend_to_encoder(x):
                seen = cache["encoder_mask"][:, None, :]
                return cross_attention.attend(x, cache["encoder_keys"], cache["encoder_values"], seen), None

            y, _ = self._residual(y, attend_to_encoder, self.cross_norm, self.cross_dropout_layer, False)
        return self._fed_forward(y, False), cache

    def _check_encoder(self, encoder_outputs):
        if (encoder_outputs is None) != (self.cross_attention is None):
            raise ValueError(
                "A block built with an encoder's output needs one in each call, a block built without takes none. "
                f"Received: encoder_outputs={encoder_outputs}"
            )

    def compute_mask(self, inputs, mask=None):
        """The input's mask goes on to the output."""
        return mask

    def compute_output_shape(self, inputs_shape, encoder_outputs_shape=None):
        """The input's shape."""
        return tuple(inputs_shape)

    def compute_output_spec(self, inputs, encoder_outputs=None, return_attention_scores=False, **kwargs):
        """The output's symbolic tensor, and the weights' if asked for."""
        output = keras.KerasTensor(inputs.shape, self.compute_dtype)
        if not return_attention_scores:
            return output
        sources = [inputs] if encoder_outputs is None else [inputs, encoder_outputs]
        return (output, *(self._weights_spec(inputs, source) for source in sources))


def _check_shape(name, shape):
    if len(shape) != 3 or shape[-1] is None:
        raise ValueError(
            f"`{name}` must have the shape (batch, length, width) with a known width. "
            f"Received: {name} shape={tuple(shape)}"
        )


def _positive(name, value):
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise ValueError(f"`{name}` must be a positive integer. Received: {name}={value}")
    return value


def _rate(name, value):
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
        raise ValueError(f"`{name}` must be a number in [0, 1). Received: {name}={value}")
    return value
