"""ULMFiT: a language model learned from plain text, then fine-tuned to classify texts with few labels.

    >>> model = language_model(vocabulary_size=4000, width=128)         # train it to predict every next word
    >>> classifier = text_classifier(model, optimizer=DiscriminativeAdam(SlantedTriangular(0.01, steps), unfreeze_every=epoch))

Three things keep what was learned from being lost while the labels are learned: rates that fall from the last layer to
the first, layers that join one after the other, and a rate that rises fast and falls slowly.

Source: document 003, Video 84; Howard and Ruder 2018, https://arxiv.org/abs/1801.06146.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

import layers
from recipes.schedules import Schedule

DEPTHS = {"embedding": 2, "lstm": 1}
"""Layers below the classifier by name: 1 is the first that joins it."""


def language_model(vocabulary_size: int, width: int = 128, name: str = "language_model") -> keras.Model:
    """An LSTM that predicts every next word: tokens (batch, length) to logits (batch, length, vocabulary_size).

        h_t = LSTM(E[w_1 ... w_t]),    logits_t = h_t E^T

    Args:
        vocabulary_size: number of words.
        width: width of word vectors and LSTM, which share E.
        name: of the model.
    """
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    embedding = keras.layers.ReversibleEmbedding(
        vocabulary_size, width, embeddings_initializer=keras.initializers.RandomNormal(stddev=0.1), name="embedding"
    )
    hidden = layers.LSTM(width, return_sequences=True, name="lstm")(embedding(tokens))
    return keras.Model(tokens, embedding(hidden, reverse=True), name=name)


@keras.saving.register_keras_serializable("recipes")
class ConcatPooling(keras.layers.Layer):
    """What an LSTM said last, most and on average: [h_T, max_t h_t, mean_t h_t].

    Call arguments:
        inputs: `(batch, length, width)`, sequences of full length.

    Output: `(batch, 3 width)`.

    Source: Howard and Ruder 2018, section 3.3.
    """

    def call(self, inputs):
        """The three, side by side."""
        return ops.concatenate([inputs[:, -1], ops.max(inputs, axis=1), ops.mean(inputs, axis=1)], axis=-1)

    def compute_output_shape(self, input_shape):
        """Three times the width, without the time axis."""
        return (input_shape[0], 3 * input_shape[-1])


def text_classifier(
    vocabulary_size: int,
    length: int,
    width: int = 128,
    units: int = 50,
    dropout: tuple[float, float] = (0.4, 0.1),
    weights: list[np.ndarray] | None = None,
) -> keras.Model:
    """Embedding and LSTM of a `language_model` under a classifier of two classes.

        p = sigmoid(Dense(relu(Dense([h_T, max h, mean h]))))

    Args:
        vocabulary_size: number of words.
        length: words of a text.
        width: as for the language model.
        units: width of the hidden layer.
        dropout: shares dropped of the pooled states and of the hidden layer.
        weights: of the trained language model, `get_weights()`; random ones if None.
    """
    model = keras.Sequential(
        [
            keras.Input((length,), dtype="int32"),
            keras.layers.Embedding(
                vocabulary_size, width, keras.initializers.RandomNormal(stddev=0.1), name="embedding"
            ),
            layers.LSTM(width, return_sequences=True, name="lstm"),
            ConcatPooling(name="pooling"),
            layers.Dropout(dropout[0]),
            layers.Dense(units, activation="relu", name="hidden"),
            layers.Dropout(dropout[1]),
            layers.Dense(1, activation="sigmoid", name="output"),
        ]
    )
    if weights is not None:
        model.get_layer("embedding").set_weights(weights[:1])
        model.get_layer("lstm").set_weights(weights[1:])
    return model


@keras.saving.register_keras_serializable("recipes")
class SlantedTriangular(Schedule):
    """A short rise in a straight line, and a long fall.

        p = t / c before step c = floor(f T), and 1 - (t - c) / (c (1 / f - 1)) from there on
        eta = eta_max (1 + p (ratio - 1)) / ratio

    Args:
        learning_rate: eta_max.
        steps: T.
        cut: f, share of the steps in which the rate rises.
        ratio: largest by smallest rate.
        name: name of the schedule.

    Source: Howard and Ruder 2018, section 3.2.
    """

    def __init__(self, learning_rate, steps, cut=0.1, ratio=32, name=None):
        if not steps * cut >= 1:
            raise ValueError(f"The rise must take at least one step. Received: steps={steps}, cut={cut}")
        super().__init__(name, learning_rate=learning_rate, steps=steps, cut=cut, ratio=ratio)

    def rate(self, t):
        """The equation."""
        top = int(self.cut * self.steps)
        p = ops.where(t < top, t / top, ops.maximum(1 - (t - top) / (top * (1 / self.cut - 1)), 0.0))
        return self.learning_rate * (1 + p * (self.ratio - 1)) / self.ratio


@keras.saving.register_keras_serializable("recipes")
class DiscriminativeAdam(keras.optimizers.Adam):
    """Adam with a smaller rate for deeper layers, which join the training one after the other.

        eta_l = eta / factor^l,    0 before step l unfreeze_every

    where l counts layers down from the classifier (0). A frozen layer's moments are kept up to date.

    Args:
        learning_rate: eta of the classifier, a number or a schedule.
        factor: by which the rate falls from layer to layer; 1 for equal rates.
        unfreeze_every: steps after which the next layer joins, an epoch in the paper; 0 trains all from the start.
        depths: l by a layer's name; 0 for all others.
        **kwargs: of `keras.optimizers.Adam`.

    Source: Howard and Ruder 2018, sections 3.2 (discriminative fine-tuning) and 3.3 (gradual unfreezing).
    """

    def __init__(self, learning_rate=0.01, factor=2.6, unfreeze_every=0, depths=None, **kwargs):
        super().__init__(learning_rate, **kwargs)
        self.factor, self.unfreeze_every = factor, unfreeze_every
        self.depths = DEPTHS if depths is None else dict(depths)

    def build(self, variables):
        """Find every weight's layer, and create the moments."""
        super().build(variables)
        self._depth_of = [
            max((depth for name, depth in self.depths.items() if name in variable.path.split("/")), default=0)
            for variable in variables
        ]

    def update_step(self, gradient, variable, learning_rate):
        """Adam's step with the layer's own rate."""
        depth = self._depth_of[self._get_variable_index(variable)]
        joined = ops.cast(self.iterations >= depth * self.unfreeze_every, "float32")
        super().update_step(gradient, variable, learning_rate * joined / self.factor**depth)

    def get_config(self):
        """Constructor arguments."""
        own = {"factor": self.factor, "unfreeze_every": self.unfreeze_every, "depths": self.depths}
        return {**super().get_config(), **own}
