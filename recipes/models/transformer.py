"""The Transformer: encoder and decoder made of attention and feed-forward networks alone.

model = Transformer(len(vocabulary))
model.compile(keras.optimizers.Adam(NoamSchedule(512), 0.9, 0.98, 1e-9), SmoothedCrossentropy(0.1))
model.fit((source, START + target), target + END)
greedy(model.step, model.start(source, 50), [START] * len(source), END, 50)  # recipes.decoding
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

import layers


@keras.saving.register_keras_serializable("recipes")
class Transformer(keras.Model):
    """An encoder-decoder Transformer; the arguments' defaults are the paper's base model.

        m = Encoder(sqrt(d) E x + PE),      logits = Decoder(sqrt(d) E y + PE, m) E^T

    Padding (token 0, behind the words) is hidden from attention: it never changes the logits of a real token.

    Args:
        source_vocabulary: number of source tokens.
        target_vocabulary: number of target tokens; None for one vocabulary, whose embedding encoder and decoder share.
        num_layers: blocks of the encoder, and of the decoder.
        d_model: width d.
        num_heads: heads of each attention.
        intermediate_dim: width of the feed-forward networks.
        dropout: share dropped after each sublayer and of the embeddings' sum with the positions.
        attention_dropout: share of the attention weights dropped.
        tied_output: use the target's embedding E as the output's kernel; False gives the output one of its own.
        norm_first: normalise before each sublayer, and once more at the end of both stacks.
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: source `(batch, Ts)` and decoder input `(batch, Tt)`, the target shifted right behind a start token.
        training: whether to drop values.

    Output: logits `(batch, Tt, target_vocabulary)`, float32.

    Raises:
        ValueError: for arguments that don't fit.

    Source: document 003, Videos 74-84; Vaswani et al. 2017, https://arxiv.org/abs/1706.03762 (base model: 65 million
    parameters with a vocabulary of about 37,000).
    """

    def __init__(
        self,
        source_vocabulary,
        target_vocabulary=None,
        num_layers=6,
        d_model=512,
        num_heads=8,
        intermediate_dim=2048,
        dropout=0.1,
        attention_dropout=0.0,
        tied_output=True,
        norm_first=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.source_vocabulary = source_vocabulary
        self.target_vocabulary = target_vocabulary
        self.num_layers = num_layers
        self.d_model = d_model
        self.num_heads = num_heads
        self.intermediate_dim = intermediate_dim
        self.dropout = dropout
        self.attention_dropout = attention_dropout
        self.tied_output = tied_output
        self.norm_first = norm_first
        for name in ("source_vocabulary", "num_layers", "d_model"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
                raise ValueError(f"`{name}` must be a positive integer. Received: {name}={value!r}")
        self._create()
        self.built = True

    def _create(self):
        """Create all layers with their weights."""
        policy, width = self.dtype_policy, (None, None, self.d_model)
        self.source_embedding = self._embedding(self.source_vocabulary, "source_embedding")
        self.target_embedding = (
            self.source_embedding
            if self.target_vocabulary is None
            else self._embedding(self.target_vocabulary, "target_embedding")
        )
        self.positions = layers.SinusoidalPositionalEncoding(scale=True, dtype=policy, name="positions")
        self.source_dropout, self.target_dropout = (
            layers.Dropout(self.dropout, dtype=policy, name=f"{side}_dropout") for side in ("source", "target")
        )
        block = {
            "num_heads": self.num_heads,
            "intermediate_dim": self.intermediate_dim,
            "dropout": self.dropout,
            "attention_dropout": self.attention_dropout,
            "norm_first": self.norm_first,
            "dtype": policy,
        }
        numbers = range(self.num_layers)
        self.encoder = [layers.TransformerEncoderBlock(name=f"encoder_{n}", **block) for n in numbers]
        self.decoder = [layers.TransformerDecoderBlock(name=f"decoder_{n}", **block) for n in numbers]
        for one, other in zip(self.encoder, self.decoder, strict=True):
            one.build(width)
            other.build(width, width)
        self.norms = []
        if self.norm_first:
            self.norms = [layers.LayerNormalization(dtype=policy, name=f"{side}_norm") for side in ("source", "target")]
            for norm in self.norms:
                norm.build(width)
        self.output_dense = None
        if not self.tied_output:
            vocabulary = self.target_vocabulary or self.source_vocabulary
            self.output_dense = layers.Dense(vocabulary, use_bias=False, dtype=policy, name="output")
            self.output_dense.build(width)

    def _embedding(self, vocabulary, name):
        deviation = self.d_model**-0.5  # times sqrt(d) gives embeddings of size 1 to go with the positions'
        start = keras.initializers.RandomNormal(stddev=deviation)
        embedding = keras.layers.Embedding(vocabulary, self.d_model, start, dtype=self.dtype_policy, name=name)
        embedding.build((None, None))
        return embedding

    def build(self, inputs_shape=None):
        """All weights exist from the start; their shapes don't depend on the input's."""
        self.built = True

    def call(self, inputs, training=None):
        """Logits of every position at once, each from the tokens up to it."""
        source, target = inputs
        memory, mask = self.encode(source, training)
        x = self.target_dropout(self.positions(self.target_embedding(target)), training=training)
        for block in self.decoder:
            x = block(x, memory, encoder_mask=mask, training=training)
        return self._logits(x)

    def encode(self, source, training=False):
        """The encoder's output `(batch, Ts, d_model)` and its mask `(batch, Ts)`, False at the padding."""
        source = ops.convert_to_tensor(source)
        mask = ops.not_equal(source, 0)
        x = self.source_dropout(self.positions(self.source_embedding(source)), training=training)
        for block in self.encoder:
            x = block(x, mask=mask, training=training)
        return self.norms[0](x) if self.norms else x, mask

    def start(self, source, max_length):
        """The state before the first `step`: one cache a decoder block, with the encoder's keys and values in it.

        Args:
            source: `(batch, Ts)` tokens.
            max_length: most tokens that will be decoded.
        """
        memory, mask = self.encode(source)
        return [block.start_cache(memory.shape[0], max_length, memory, mask) for block in self.decoder]

    def step(self, tokens, position, state):
        """The next token's logits `(batch, target_vocabulary)` and the new state.

        Args:
            tokens: `(batch,)`, the start token at position 0 and then each token as it was chosen.
            position: its position, an integer tensor `()`.
            state: from `start` or the last step.
        """
        x = self.positions(self.target_embedding(ops.convert_to_tensor(tokens)[:, None]), start_index=position)
        caches = []
        for block, cache in zip(self.decoder, state, strict=True):
            x, new = block.step(x, cache, position)
            caches.append(new)
        return self._logits(x)[:, 0], caches

    def attention_weights(self, source, target):
        """Weights of the decoder's self-attention and cross-attention, a pair of arrays a block.

        Shapes `(batch, num_heads, Tt, Tt)` and `(batch, num_heads, Tt, Ts)`.
        """
        memory, mask = self.encode(source)
        x = self.positions(self.target_embedding(ops.convert_to_tensor(target)))
        found = []
        for block in self.decoder:
            x, *weights = block(x, memory, encoder_mask=mask, return_attention_scores=True)
            found.append(tuple(ops.convert_to_numpy(one) for one in weights))
        return found

    def _logits(self, x: Any) -> Any:
        if self.norms:
            x = self.norms[1](x)
        if self.output_dense is not None:
            return ops.cast(self.output_dense(x), "float32")
        kernel = ops.cast(self.target_embedding.embeddings, x.dtype)  # (vocabulary, d_model)
        return ops.cast(ops.matmul(x, ops.transpose(kernel)), "float32")

    def compute_output_shape(self, inputs_shape):
        """`(batch, Tt, target_vocabulary)`."""
        return (*inputs_shape[1], self.target_vocabulary or self.source_vocabulary)

    def get_config(self):
        """Constructor arguments."""
        return {
            **super().get_config(),
            "source_vocabulary": self.source_vocabulary,
            "target_vocabulary": self.target_vocabulary,
            "num_layers": self.num_layers,
            "d_model": self.d_model,
            "num_heads": self.num_heads,
            "intermediate_dim": self.intermediate_dim,
            "dropout": self.dropout,
            "attention_dropout": self.attention_dropout,
            "tied_output": self.tied_output,
            "norm_first": self.norm_first,
        }
