"""A language model that learns from rewards: REINFORCE with a baseline, held near a reference by a KL penalty.

The policy writes an answer token by token, a reward judges the whole answer, and every token of an answer that did better
than the others of its batch becomes more likely. What is maximised is

    J = E[r(x)] - kl_weight KL(policy || reference),        x drawn from the policy

and its gradient is estimated from a batch of answers (Williams 1992; the penalised reward is that of Ouyang et al. 2022):

    R_i = r(x_i) - kl_weight (log policy(x_i) - log reference(x_i))
    A_i = R_i - mean of the other R_j                       advantage: the baseline knows nothing of x_i, so no bias
    grad J = mean of A_i grad log policy(x_i)

`PolicyGradient` is a Keras model whose training step does all of it, sampling included, so that it runs in compiled loops:

    >>> model = PolicyGradient(policy, reference, reward, start=2, end=1, max_length=12, kl_weight=0.1)
    >>> model.compile("adam")
    >>> recipes.training.fit(model, starts, batch_size=128, epochs=20)
    >>> answers = model.answers(1000)

Answers are rows of token numbers, 0 behind the end. The training step needs TensorFlow.

Source: document 003, Video 84 (RLHF).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

import layers


def without_padding(logits: Any) -> Any:
    """Logits under which token 0, the padding, is never written; last axis is the vocabulary."""
    return ops.concatenate([ops.full_like(logits[..., :1], -1e9), logits[..., 1:]], axis=-1)


def token_log_probabilities(logits: Any, tokens: Any) -> Any:
    """Log P of each token that was written; logits `(batch, time, vocabulary)`, tokens and result `(batch, time)`."""
    every = ops.log_softmax(logits, axis=-1)
    return ops.squeeze(ops.take_along_axis(every, ops.expand_dims(ops.cast(tokens, "int32"), -1), axis=-1), -1)


def token_kl(logits: Any, reference_logits: Any) -> Any:
    """KL(policy || reference) of the next token, over the whole vocabulary: `(batch, time, vocabulary)` to `(batch, time)`.

    Summed over the tokens of sampled answers it estimates the divergence of whole answers, without ever being negative.
    """
    log_p, log_q = ops.log_softmax(logits, axis=-1), ops.log_softmax(reference_logits, axis=-1)
    return ops.sum(ops.exp(log_p) * (log_p - log_q), axis=-1)


def leave_one_out_advantages(rewards: Any) -> Any:
    """Each reward less the mean of the batch's others, shape `(batch,)`; at least two answers."""
    count = ops.cast(ops.shape(rewards)[0], rewards.dtype)
    return (rewards - ops.mean(rewards)) * count / (count - 1.0)


def reinforce_loss(log_probabilities: Any, advantages: Any, mask: Any) -> Any:
    """-mean over answers of A_i log policy(x_i), a scalar whose gradient is minus the policy gradient.

    Args:
        log_probabilities: of the tokens, `(batch, time)`.
        advantages: `(batch,)`; no gradient goes through them.
        mask: 1 for tokens of the answer, its end included, 0 behind it; `(batch, time)`.
    """
    return -ops.mean(ops.stop_gradient(advantages) * ops.sum(log_probabilities * mask, axis=-1))


@keras.saving.register_keras_serializable("recipes")
class RecurrentPolicy(keras.Model):
    """A GRU language model: all tokens of given text at once, or one at a time to write.

    Args:
        vocabulary: number of tokens, padding included.
        embedding: size of a token's vector.
        units: width of the hidden state.
        **kwargs: `name` and the like.

    Call arguments:
        tokens: integers `(batch, time)`.

    Output: logits of the token that follows each, `(batch, time, vocabulary)`.

    Source: document 003, Videos 67 and 84.
    """

    def __init__(self, vocabulary: int, embedding: int = 16, units: int = 64, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.vocabulary, self.units = vocabulary, units
        self.embedding = keras.layers.Embedding(vocabulary, embedding)
        self.recurrent = layers.GRU(units, return_sequences=True)
        self.output_layer = layers.Dense(vocabulary)
        self.build((None, None))

    def build(self, input_shape: Any) -> None:
        """Make the weights, so that `step` works before any call."""
        self.embedding.build(input_shape)
        self.recurrent.build((None, None, self.embedding.output_dim))
        self.output_layer.build((None, None, self.units))
        super().build(input_shape)

    def call(self, tokens: Any, training: bool = False) -> Any:
        """Logits behind every token."""
        return self.output_layer(self.recurrent(self.embedding(tokens), training=training))

    def initial_state(self, batch: int) -> Any:
        """The hidden state before the first token, `(batch, units)`."""
        return ops.zeros((batch, self.units), self.compute_dtype)

    def step(self, tokens: Any, state: Any) -> tuple[Any, Any]:
        """Logits `(batch, vocabulary)` behind one more token `(batch,)`, and the new state."""
        hidden, _ = self.recurrent.cell(self.embedding(tokens), [state])
        return self.output_layer(hidden), hidden

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        sizes = {"vocabulary": self.vocabulary, "embedding": self.embedding.output_dim, "units": self.units}
        return {**super().get_config(), **sizes}


def sample_answers(policy: Any, starts: Any, noise: Any, end: int, max_length: int) -> Any:
    """Answers drawn from the policy, `(batch, max_length)` int32, 0 behind the end.

    The token with the largest logit plus Gumbel noise is a draw from the softmax of the logits, so that one array of uniform
    numbers decides everything and the loop needs no generator.

    Args:
        policy: has `initial_state(batch)` and `step(tokens, state) -> (logits, state)`, as `RecurrentPolicy`.
        starts: first token of each answer, `(batch,)`; not part of what is returned.
        noise: uniform numbers between 0 and 1, `(max_length, batch, vocabulary)`.
        end: the token that ends an answer; an answer may also stop at `max_length` without it.
        max_length: most tokens of an answer, the end included.
    """
    gumbel = -ops.log(-ops.log(ops.clip(noise, 1e-7, 1.0 - 1e-7)))

    starts = ops.cast(starts, "int32")
    batch = starts.shape[0]

    def write(at: Any, tokens: Any, state: Any, writing: Any, answers: Any) -> tuple[Any, ...]:
        logits, state = policy.step(tokens, state)
        chosen = ops.argmax(without_padding(logits) + ops.take(gumbel, at, axis=0), axis=-1)
        tokens = ops.where(writing, ops.cast(chosen, "int32"), 0)
        answers = ops.where(ops.arange(max_length) == at, ops.expand_dims(tokens, 1), answers)  # (batch, max_length)
        return at + 1, tokens, state, ops.logical_and(writing, tokens != end), answers

    begin = (0, starts, policy.initial_state(batch), ops.ones(batch, "bool"), ops.zeros((batch, max_length), "int32"))
    return ops.while_loop(lambda at, *_: at < max_length, write, begin, maximum_iterations=max_length)[-1]


class PolicyGradient(keras.Model):
    """A policy under REINFORCE; `fit` on rows of first tokens, one answer each.

    Args:
        policy: language model, called on tokens for logits and with the two methods of `RecurrentPolicy`.
        reference: language model of the same vocabulary that the policy is held to; stays as it is.
        reward: function of answers `(batch, max_length)` that gives rewards `(batch,)`, in tensor operations.
        start: first token of every answer drawn by `answers`.
        end: token that ends an answer.
        max_length: most tokens of an answer, the end included.
        kl_weight: weight of the penalty for leaving the reference, in units of reward a nat.
        seed: of the draws.
        **kwargs: `name` and the like.

    Call arguments:
        tokens: integers `(batch, time)`.

    Output: the policy's logits.

    Source: document 003, Video 84; Williams 1992; Ouyang et al. 2022; the baseline: Kool et al. 2019.
    """

    def __init__(
        self,
        policy: keras.Model,
        reference: keras.Model,
        reward: Callable[[Any], Any],
        *,
        start: int,
        end: int,
        max_length: int,
        kl_weight: float = 0.1,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        reference.trainable = False
        if isinstance(reward, keras.Model):
            reward.trainable = False
        self.policy, self.reference, self.reward = policy, reference, reward
        self.start, self.end, self.max_length, self.kl_weight = start, end, max_length, kl_weight
        self.draws = keras.random.SeedGenerator(seed)
        self.trackers = [keras.metrics.Mean(name) for name in ("loss", "reward", "kl")]

    @property
    def metrics(self) -> list[Any]:
        """Surrogate loss, mean reward and KL divergence from the reference of the answers drawn in training."""
        return self.trackers

    def call(self, tokens: Any, training: bool = False) -> Any:
        """The policy's logits; the reference sees the tokens too, so that building one builds both."""
        self.reference(tokens)
        return self.policy(tokens, training=training)

    def sample(self, starts: Any) -> Any:
        """One answer for each first token `(batch,)`: `(batch, max_length)` int32."""
        shape = (self.max_length, starts.shape[0], self.policy.vocabulary)
        noise = keras.random.uniform(shape, seed=self.draws)
        return sample_answers(self.policy, starts, noise, self.end, self.max_length)

    def answers(self, count: int) -> np.ndarray:
        """Draw answers outside of training, `(count, max_length)` int32."""
        return ops.convert_to_numpy(self.sample(ops.full((count,), self.start, "int32")))

    def with_starts(self, answers: Any) -> Any:
        """What the language models read to predict the answers: a start token, then all but the last token."""
        starts = ops.full_like(answers[:, :1], self.start)
        return ops.concatenate([starts, answers[:, :-1]], axis=1)

    def kl_of(self, answers: Any) -> Any:
        """KL(policy || reference) estimated on answers of the policy, one number an answer: `(batch,)`."""
        inputs, mask = self.with_starts(answers), ops.cast(ops.not_equal(answers, 0), "float32")
        logits, reference_logits = (without_padding(model(inputs)) for model in (self.policy, self.reference))
        return ops.sum(mask * token_kl(logits, reference_logits), axis=-1)

    def train_step(self, data: Any) -> dict[str, Any]:
        """Write a batch of answers, have them judged, and move the policy up the estimated gradient."""
        import tensorflow as tf

        starts, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        starts = ops.reshape(starts, (-1,))  # (batch,)
        answers = self.sample(starts)  # (batch, time)
        inputs = ops.concatenate([ops.expand_dims(ops.cast(starts, "int32"), 1), answers[:, :-1]], axis=1)
        mask = ops.cast(ops.not_equal(answers, 0), "float32")
        rewards = ops.reshape(self.reward(answers), (-1,))
        reference_logits = without_padding(self.reference(inputs))
        of_reference = token_log_probabilities(reference_logits, answers)
        with tf.GradientTape() as tape:
            logits = without_padding(self.policy(inputs, training=True))
            log_probabilities = token_log_probabilities(logits, answers)
            log_ratio = ops.sum(mask * (log_probabilities - of_reference), axis=-1)
            advantages = leave_one_out_advantages(ops.stop_gradient(rewards - self.kl_weight * log_ratio))
            loss = reinforce_loss(log_probabilities, advantages, mask)
        weights = self.policy.trainable_variables
        self.optimizer.apply(tape.gradient(loss, [weight.value for weight in weights]), weights)
        kl = ops.sum(mask * token_kl(logits, reference_logits), axis=-1)
        for tracker, value in zip(self.trackers, (loss, rewards, kl), strict=True):
            tracker.update_state(value)
        return self.get_metrics_result()
