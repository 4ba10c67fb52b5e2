"""One-to-many: a vector in, a sequence out. The vector sets the first hidden state of a GRU that writes token by token."""

from __future__ import annotations

from typing import Any

import keras

from layers import GRU
from recipes.text import START


class OneToMany(keras.Model):
    """Writes a sequence about its source.

        h_0 = tanh(W_s encoder(source) + b_s)
        h_t = GRU(E[y_(t-1)], h_(t-1))
        p(y_t | y_1 ... y_(t-1), source) = softmax(W_o h_t + b_o)

    In training the true y_(t-1) is read (teacher forcing), so that all steps are computed in one call; to write, `start` and
    `step` are handed to `recipes.decoding`.

    Args:
        encoder: layer or model from the source to a vector `(batch, features)`.
        vocabulary: number of tokens, PAD, UNKNOWN, START and END included.
        units: width of the hidden state.
        embedding: width of the token vectors.

    Call arguments:
        inputs: the source, and the tokens y_0 ... y_(T-1) as integers `(batch, T)`, y_0 being START.

    Output: logits of y_1 ... y_T, `(batch, T, vocabulary)`. Padding must stand behind the tokens; what is predicted there means
    nothing and is left to the loss (`ignore_class=PAD`).

    Source: document 003, Video 61-62; Vinyals et al. 2015, https://arxiv.org/abs/1411.4555.
    """

    def __init__(self, encoder: Any, vocabulary: int, units: int, embedding: int):
        super().__init__()
        self.encoder = encoder
        self.first_state = keras.layers.Dense(units, activation="tanh")
        self.embedding = keras.layers.Embedding(vocabulary, embedding)
        self.rnn = GRU(units, return_sequences=True)
        self.output_layer = keras.layers.Dense(vocabulary)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Logits of the next token after each of the given ones."""
        source, tokens = inputs
        states = self.rnn(self.embedding(tokens), initial_state=self.start(source, training))  # (batch, T, units)
        return self.output_layer(states)

    def start(self, source: Any, training: bool = False) -> Any:
        """The state before the first token, `(batch, units)`."""
        return self.first_state(self.encoder(source, training=training))

    def step(self, tokens: Any, position: Any, state: Any) -> tuple[Any, Any]:
        """Logits `(batch, vocabulary)` of the token after `tokens` `(batch,)`, and the new state."""
        hidden, _ = self.rnn.cell(self.embedding(tokens), [state])
        return self.output_layer(hidden), hidden


def start_tokens(rows: int) -> list[int]:
    """What `recipes.decoding` begins every row with."""
    return [START] * rows
