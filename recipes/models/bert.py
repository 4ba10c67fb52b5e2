"""BERT: an encoder-only Transformer that fills in masked tokens from both sides."""

from __future__ import annotations

from typing import Any

import keras

import layers
from recipes.models.positions import PositionEmbedding

BERT_SIZES: dict[str, dict[str, Any]] = {
    "base": {"vocabulary_size": 30_522, "context_length": 512, "num_layers": 12, "num_heads": 12, "hidden_dim": 768},
    "large": {"vocabulary_size": 30_522, "context_length": 512, "num_layers": 24, "num_heads": 16, "hidden_dim": 1024},
}
"""Devlin et al. 2018, section 3; the vocabulary is that of the published uncased models."""

HEADS = ("none", "pooler", "masked_lm")


@keras.saving.register_keras_serializable("recipes")
class OutputBias(keras.layers.Layer):
    """Adds one learned number to each logit: the bias of an output layer whose matrix is a transposed embedding."""

    def build(self, input_shape):
        """Create the bias (width)."""
        self.bias = self.add_weight(name="bias", shape=(input_shape[-1],), initializer="zeros")

    def call(self, inputs):
        """X + b."""
        return inputs + self.bias

    def compute_output_shape(self, input_shape):
        """The input's shape."""
        return tuple(input_shape)


def BERT(
    vocabulary_size: int,
    context_length: int,
    num_layers: int,
    num_heads: int,
    hidden_dim: int,
    intermediate_dim: int | None = None,
    segments: int = 2,
    dropout: float = 0.1,
    head: str = "pooler",
    pad: int | None = 0,
    layer_norm_epsilon: float = 1e-12,
    name: str = "bert",
) -> keras.Model:
    """Token, position and segment embeddings, normalised, and encoder blocks that look at both sides.

        h_0 = LayerNorm(E[tokens] + P + S[segments]),    h_l = block_l(h_(l-1))
        pooled = tanh(h_L[0] W_p + b_p),    logits = LayerNorm(gelu(h_L W + b)) E^T + c

    Every block normalises after each sum. The logits are those of the masked-token task: the loss counts them where a token
    was masked (`sample_weight`).

    Args:
        vocabulary_size: number of tokens V.
        context_length: longest sequence, rows of P.
        num_layers: blocks.
        num_heads: heads of each block; they share hidden_dim.
        hidden_dim: width.
        intermediate_dim: width of the feed-forward networks' hidden layers; 4 hidden_dim if None.
        segments: rows of S; 0 leaves the segments and their input out.
        dropout: share dropped of the embeddings, the attention weights and each sublayer's output.
        head: `"none"`: the sequence h_L; `"pooler"`: [h_L, pooled]; `"masked_lm"`: logits (batch, length, V).
        pad: the token that fills sequences up, at which nobody may look; None if there is none.
        layer_norm_epsilon: added to the variances.
        name: of the model.

    Returns:
        A functional model of tokens (batch, length), or of [tokens, segments], both integers.

    Raises:
        ValueError: an unknown head.

    Source: document 003, Video 84; Devlin et al. 2018, section 3, https://arxiv.org/abs/1810.04805.
    """
    if head not in HEADS:
        raise ValueError(f"`head` must be one of {', '.join(HEADS)}. Received: head={head!r}")

    def small() -> keras.initializers.Initializer:
        return keras.initializers.TruncatedNormal(stddev=0.02)

    inputs = [keras.Input((None,), dtype="int32", name="tokens")]
    embedding = keras.layers.ReversibleEmbedding(
        vocabulary_size, hidden_dim, embeddings_initializer=small(), name="token_embedding"
    )
    masks = {} if pad is None else {"mask": keras.ops.not_equal(inputs[0], pad)}
    x = PositionEmbedding(context_length, small(), name="position_embedding")(embedding(inputs[0]))
    if segments:
        inputs.append(keras.Input((None,), dtype="int32", name="segments"))
        of_segments = keras.layers.Embedding(segments, hidden_dim, small(), name="segment_embedding")
        x = keras.layers.Add(name="embedding_sum")([x, of_segments(inputs[1])])
    x = layers.LayerNormalization(epsilon=layer_norm_epsilon, name="embedding_norm")(x)
    if dropout:
        x = layers.Dropout(dropout, name="embedding_dropout")(x)
    for number in range(num_layers):
        x = layers.TransformerEncoderBlock(
            num_heads,
            intermediate_dim=intermediate_dim or 4 * hidden_dim,
            dropout=dropout,
            attention_dropout=dropout,
            activation="gelu",
            layer_norm_epsilon=layer_norm_epsilon,
            kernel_initializer=small(),
            name=f"block_{number}",
        )(x, **masks)
    outputs: Any = x
    if head == "pooler":
        outputs = [x, layers.Dense(hidden_dim, "tanh", kernel_initializer=small(), name="pooler")(x[:, 0])]
    elif head == "masked_lm":
        x = layers.Dense(hidden_dim, "gelu", kernel_initializer=small(), name="masked_lm_transform")(x)
        x = layers.LayerNormalization(epsilon=layer_norm_epsilon, name="masked_lm_norm")(x)
        x = keras.ops.copy(x)  # without its mask, which ReversibleEmbedding doesn't take
        outputs = OutputBias(name="masked_lm_bias")(embedding(x, reverse=True))
    return keras.Model(inputs if segments else inputs[0], outputs, name=name)
