"""Learned position embeddings and their sum with token embeddings, for GPT and BERT."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("recipes")
class PositionEmbedding(keras.layers.Layer):
    """Adds a learned vector for every position.

        y_t = x_t + P_(start + t)

    Args:
        context_length: number of positions, rows of P.
        embeddings_initializer: initializer of P.
        **kwargs: `name`, `dtype` and the like.

    Weights: `embeddings` P (context_length, width).

    Call arguments:
        inputs: `(batch, length, width)` with start + length at most context_length.
        start: position of the first step.

    Raises:
        ValueError: for more steps than positions.

    Source: Gehring et al. 2017, https://arxiv.org/abs/1705.03122; used by Radford et al. 2018 and Devlin et al. 2018.
    """

    def __init__(self, context_length, embeddings_initializer="uniform", **kwargs):
        super().__init__(**kwargs)
        if isinstance(context_length, bool) or not isinstance(context_length, int) or context_length < 1:
            raise ValueError(f"`context_length` must be a positive integer. Received: {context_length}")
        self.context_length = context_length
        self.embeddings_initializer = keras.initializers.get(embeddings_initializer)
        self.supports_masking = True

    def build(self, input_shape):
        """Create P."""
        self.embeddings = self.add_weight(
            name="embeddings",
            shape=(self.context_length, input_shape[-1]),
            initializer=self.embeddings_initializer,
        )

    def call(self, inputs, start=0):
        """The sum, of the input's shape."""
        length = inputs.shape[1]
        if length is not None and length > self.context_length:
            raise ValueError(
                f"The model knows {self.context_length} positions. Received: a sequence of {length} tokens"
            )
        table = ops.convert_to_tensor(self.embeddings)
        if length is None:  # a slice of unknown size
            return inputs + ops.take(table, start + ops.arange(ops.shape(inputs)[1]), axis=0)
        return inputs + ops.slice(table, (start, 0), (length, table.shape[-1]))

    def compute_output_shape(self, inputs_shape):
        """The input's shape."""
        return tuple(inputs_shape)

    def get_config(self):
        """Constructor arguments."""
        return {
            **super().get_config(),
            "context_length": self.context_length,
            "embeddings_initializer": keras.initializers.serialize(self.embeddings_initializer),
        }
