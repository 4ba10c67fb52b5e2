"""Encoder and decoder for sequences of different lengths, alone or with Bahdanau's or Luong's attention.

Source: document 003, Videos 69-70 and 71-72.

    >>> model = Seq2Seq(6000, 8000, units=256, attention="luong")
    >>> model.compile("adam", MaskedCrossentropy())
    >>> Trainer(...).fit((source, [START, y_1, ..., y_T]), [y_1, ..., y_T, END])          # teacher forcing
    >>> state = model.encode(source)
    >>> greedy(model.step, state, start, END, max_length=50)                              # recipes.decoding

All arrays hold word numbers, padded behind with 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

import layers

PAD = 0
RECURRENT = {"gru": (layers.GRU, layers.GRUCell, 1), "lstm": (layers.LSTM, layers.LSTMCell, 2)}
"""Layer, cell, and number of states."""
ATTENTIONS = (None, "bahdanau", "luong")


@keras.saving.register_keras_serializable("recipes")
class Seq2Seq(keras.Model):
    """An encoder reads the source; a decoder, which starts in the encoder's last state, writes the target.

        h_j = f(E x_j, h_(j-1))                                        encoder, j = 1..S
        s_0 = h_S                                                      the context vector
        s_i = f(E' y_(i-1), s_(i-1))                                   decoder without attention
        logits_i = W_o s_i + b_o

    "luong" attends with the current state, after the recurrent layer, so for all positions at once:

        c_i = attention(s_i, h),  logits_i = W_o tanh(W_c [s_i; c_i] + b_c) + b_o

    "bahdanau" attends with the previous state, and the context enters the next one, so position after position:

        c_i = attention(s_(i-1), h),  s_i = f([E' y_(i-1); c_i], s_(i-1)),  logits_i as above

    Args:
        source_vocabulary_size: number of source words.
        target_vocabulary_size: number of target words, and logits.
        units: width of the states.
        embedding_dim: width of the word vectors.
        cell: `"gru"` or `"lstm"`, f above.
        attention: None, `"bahdanau"` or `"luong"`.
        bidirectional: read the source in both directions; s_0 is then tanh(W [forwards; backwards] + b).
        dropout: share of the word vectors' entries, and of the output layer's inputs, switched off in training.
        teacher_forcing: train on the right previous words; if False on the model's own most likely ones, fed back.
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: (source, target), word numbers of shapes (rows, S) and (rows, T); target starts with `START` and is the text
            shifted by one position, y_0..y_(T-1).
        training: whether dropout is active.
        return_attention_scores: also return the attention weights, (rows, T, S).

    Output: logits of shape (rows, T, target_vocabulary_size).

    Raises:
        ValueError: a size is not a positive integer, or cell, attention or dropout is not as above.

    Source: document 003, Videos 69-72; Sutskever et al. 2014, Bahdanau et al. 2015, Luong et al. 2015.
    """

    def __init__(
        self,
        source_vocabulary_size: int,
        target_vocabulary_size: int,
        units: int = 256,
        embedding_dim: int = 256,
        cell: str = "gru",
        attention: str | None = None,
        bidirectional: bool = False,
        dropout: float = 0.0,
        teacher_forcing: bool = True,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.arguments: dict[str, Any] = {
            "source_vocabulary_size": source_vocabulary_size,
            "target_vocabulary_size": target_vocabulary_size,
            "units": units,
            "embedding_dim": embedding_dim,
            "cell": cell,
            "attention": attention,
            "bidirectional": bidirectional,
            "dropout": dropout,
            "teacher_forcing": teacher_forcing,
        }
        _check(**self.arguments)
        recurrent, cell_class, self.state_count = RECURRENT[cell]
        options = {"dtype": self.dtype_policy}
        self.attention_kind = attention
        self.teacher_forcing = teacher_forcing
        self.source_words = keras.layers.Embedding(source_vocabulary_size, embedding_dim, **options)
        self.target_words = keras.layers.Embedding(target_vocabulary_size, embedding_dim, **options)
        self.encoder: Any = recurrent(units, return_sequences=attention is not None, return_state=True, **options)
        self.bridges: list[Any] = []
        if bidirectional:
            self.encoder = layers.Bidirectional(self.encoder, **options)
            self.bridges = [
                keras.layers.Dense(units, activation="tanh", name=f"bridge_{number}", **options)
                for number in range(self.state_count)
            ]
        # With Bahdanau's attention a state needs the context of the state before, so the loop is ours.
        self.decoder: Any = (
            cell_class(units, **options)
            if attention == "bahdanau"
            else recurrent(units, return_sequences=True, return_state=True, **options)
        )
        self.attention: Any = None
        if attention is not None:
            score = "general" if bidirectional else "dot"
            self.attention = (
                layers.BahdanauAttention(units, **options)
                if attention == "bahdanau"
                else layers.LuongAttention(score, **options)
            )
            self.readout = layers.Dense(units, activation="tanh", name="readout", **options)
        self.logits = layers.Dense(target_vocabulary_size, name="logits", **options)
        self.dropout = layers.Dropout(dropout, **options) if dropout else None

    def build(self, input_shape: Any = None) -> None:
        """Create all weights; their shapes don't depend on the input's."""
        units, width = self.arguments["units"], self.arguments["embedding_dim"]
        memory = units * (2 if self.bridges else 1)
        self.source_words.build((None, None))
        self.target_words.build((None, None))
        self.encoder.build((None, None, width))
        for bridge in self.bridges:
            bridge.build((None, memory))
        if self.attention_kind == "bahdanau":
            self.decoder.build((None, width + memory))
        else:
            self.decoder.build((None, None, width))
        if self.attention is not None:
            self.attention.build([(None, None, units), (None, None, memory)])
            self.readout.build((None, None, units + memory))
        self.logits.build((None, None, units))
        self.built = True

    def call(self, inputs: Any, training: bool = False, return_attention_scores: bool = False) -> Any:
        """Logits of all positions; see the class."""
        source, target = inputs
        state = self.encode(source, training=training)
        if training and not self.teacher_forcing:
            return self._on_own_words(target, state)
        words = self._dropped(self.target_words(target), training)
        if self.attention_kind == "bahdanau":
            before, after, context = self._attending_loop(words, state)
        else:
            after, *_ = self.decoder(words, initial_state=list(state["states"]), training=training)
            before, context = after, None
            if self.attention is not None:
                context = self.attention([after, state["memory"]], mask=[None, state["seen"]])
        logits = self._logits(after, context, training)
        if not return_attention_scores:
            return logits
        if self.attention is None:
            raise ValueError("A Seq2Seq with attention=None has no attention weights to return.")
        query = before  # what the attention asks with: the previous states or the current ones
        _, weights = self.attention([query, state["memory"]], mask=[None, state["seen"]], return_attention_scores=True)
        return logits, weights

    def encode(self, source: Any, training: bool = False) -> dict[str, Any]:
        """What the decoder starts from.

        Args:
            source: word numbers (rows, S).
            training: whether dropout is active.

        Returns:
            `states`, the decoder's first states, each (rows, units); with attention also `memory`, the encoder's states
            (rows, S, width), and `seen`, False at the padding; with Bahdanau's `keys`, U h_j.
        """
        if not self.built:
            self.build()
        seen = ops.not_equal(source, PAD)
        words = self._dropped(self.source_words(source), training)
        outputs, *states = self.encoder(words, mask=seen, training=training)
        if self.bridges:
            half = len(states) // 2
            both = [ops.concatenate(pair, axis=-1) for pair in zip(states[:half], states[half:], strict=True)]
            states = [bridge(one) for bridge, one in zip(self.bridges, both, strict=True)]
        state: dict[str, Any] = {"states": tuple(states)}
        if self.attention is not None:
            state |= {"memory": outputs, "seen": seen}
        if self.attention_kind == "bahdanau":
            state["keys"] = self.attention.project_keys(outputs)
        return state

    def step(self, tokens: Any, position: Any, state: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """One word further, as `recipes.decoding` asks for it.

        Args:
            tokens: previous words, (rows,).
            position: how many words were written; a recurrent network doesn't need to know.
            state: what `encode`, or the step before, gave.

        Returns:
            Logits of the next word, (rows, target_vocabulary_size), and the new state.
        """
        word = self.target_words(tokens)
        if self.attention_kind == "bahdanau":
            states, context = self._attending_step(word, state["states"], state)
        else:
            _, states = self.decoder.cell(word, list(state["states"]))
            context = None
            if self.attention is not None:
                query = states[0][:, None]
                context = self.attention([query, state["memory"]], mask=[None, state["seen"]])[:, 0]
        return self._logits(states[0], context, False), state | {"states": tuple(states)}

    def _attending_step(self, word: Any, states: Any, state: dict[str, Any]) -> tuple[list[Any], Any]:
        context, _ = self.attention.step(states[0], state["keys"], state["memory"], state["seen"])
        _, new = self.decoder(ops.concatenate([word, context], axis=-1), list(states))
        return new, context

    def _attending_loop(self, words: Any, state: dict[str, Any]) -> tuple[Any, Any, Any]:
        """States before and after each position, and the contexts, each (rows, T, width)."""

        def step(states: tuple[Any, ...], word: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
            new, context = self._attending_step(word, states, state)
            return tuple(new), (states[0], new[0], context)

        return over_time(step, state["states"], words)

    def _on_own_words(self, target: Any, state: dict[str, Any]) -> Any:
        """Logits of a decoder that goes on from its own most likely word instead of the right one."""

        def step(carry: tuple[Any, ...], _: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
            word, *states = carry
            logits, new = self.step(word, None, state | {"states": tuple(states)})
            return (ops.cast(ops.argmax(logits, axis=-1), word.dtype), *new["states"]), (logits,)

        (logits,) = over_time(step, (target[:, 0], *state["states"]), target)
        return logits

    def _logits(self, states: Any, context: Any, training: bool) -> Any:
        if context is not None:
            states = self.readout(ops.concatenate([states, context], axis=-1))
        return self.logits(self._dropped(states, training))

    def _dropped(self, x: Any, training: bool) -> Any:
        return x if self.dropout is None else self.dropout(x, training=training)

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """`(rows, T, target_vocabulary_size)`."""
        return (*input_shape[1], self.arguments["target_vocabulary_size"])

    def get_config(self) -> dict[str, Any]:
        """Constructor arguments."""
        return {**super().get_config(), **self.arguments}


def over_time(step: Callable[[Any, Any], Any], carry: tuple[Any, ...], sequence: Any) -> tuple[Any, ...]:
    """Outputs of `step(carry, sequence[:, t]) -> (carry, outputs)` for all t, each with time as its second axis.

    Args:
        step: takes and gives tuples of tensors; what it reads from outside the loop is not copied along with it.
        carry: what the first step gets.
        sequence: tensor of shape (rows, T, ...).
    """
    by_time = ops.swapaxes(sequence, 0, 1)
    if keras.backend.backend() != "tensorflow":
        return tuple(ops.swapaxes(one, 0, 1) for one in ops.scan(step, carry, by_time)[1])
    import tensorflow as tf

    # keras.ops.scan sets no bound to the loop, without which XLA can't derive its backward pass.
    size = by_time.shape[0] or tf.shape(by_time)[0]
    outputs = step(carry, by_time[0])[1]  # shapes and dtypes alone
    arrays = tuple(tf.TensorArray(one.dtype, size, element_shape=one.shape) for one in outputs)

    def body(time: Any, carry: Any, arrays: Any) -> Any:
        carry, outputs = step(carry, by_time[time])
        return time + 1, carry, tuple(array.write(time, one) for array, one in zip(arrays, outputs, strict=True))

    *_, arrays = tf.while_loop(lambda time, *_: time < size, body, (0, carry, arrays), maximum_iterations=size)
    return tuple(ops.swapaxes(array.stack(), 0, 1) for array in arrays)


def _check(units: Any, cell: Any, attention: Any, dropout: Any, **sizes: Any) -> None:
    for name, value in {"units": units, **sizes}.items():
        flag = name in ("bidirectional", "teacher_forcing")
        if not flag and (isinstance(value, bool) or not isinstance(value, int) or value <= 0):
            raise ValueError(f"`{name}` must be a positive integer. Received: {name}={value!r}")
    if cell not in RECURRENT:
        raise ValueError(f"`cell` must be 'gru' or 'lstm'. Received: cell={cell!r}")
    if attention not in ATTENTIONS:
        raise ValueError(f"`attention` must be None, 'bahdanau' or 'luong'. Received: attention={attention!r}")
    if isinstance(dropout, bool) or not isinstance(dropout, int | float) or not 0 <= dropout < 1:
        raise ValueError(f"`dropout` must be a number in [0, 1). Received: dropout={dropout!r}")


def real_words(targets: Any) -> Any:
    """1 where the target is a word, 0 at the padding, as floats."""
    return ops.cast(ops.not_equal(targets, PAD), keras.backend.floatx())


@keras.saving.register_keras_serializable("recipes")
class MaskedCrossentropy(keras.losses.Loss):
    """Cross-entropy of logits and word numbers, averaged over the words of the batch without its padding.

        L = - sum_it m_it log softmax(logits_it)[y_it] / sum_it m_it,   m_it = 1 where y_it is a word

    `keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0)` gives the same number.

    Source: document 003, Video 69-70 (training process).
    """

    def __init__(self, name: str = "masked_crossentropy", **kwargs: Any):
        kwargs.setdefault("reduction", "sum")
        super().__init__(name=name, **kwargs)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Each word's share of the mean, (rows, T); their sum is the loss."""
        losses = ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits=True)
        kept = real_words(y_true)
        return losses * kept / ops.maximum(ops.sum(kept), 1.0)


@keras.saving.register_keras_serializable("recipes")
class WordAccuracy(keras.metrics.Mean):
    """Share of the words, without padding, whose logit is the largest."""

    def __init__(self, name: str = "word_accuracy", **kwargs: Any):
        super().__init__(name=name, **kwargs)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Count a batch: word numbers (rows, T), logits (rows, T, words)."""
        right = ops.equal(ops.cast(y_true, "int32"), ops.cast(ops.argmax(y_pred, axis=-1), "int32"))
        return super().update_state(right, sample_weight=real_words(y_true))
