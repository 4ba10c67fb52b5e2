"""A reward learned from preferences: somebody ranks two answers, and a network learns to score them so that it agrees.

Bradley and Terry's model of 1952 gives each answer a number, its reward, and says that a beats b with probability
sigmoid(r(a) - r(b)). Fitting the rewards to many rankings is logistic regression on differences:

    >>> model = RewardModel(scorer)                      # any network with one output an answer
    >>> model.compile("adam", PreferenceLoss(), metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)])
    >>> model.fit(pairs, first_is_better)                # pairs (n, 2, ...): two answers each
    >>> model.rewards(answers)                           # (n,)

Source: document 003, Video 84 (people rank answers, the model learns from the preferences); Christiano et al. 2017.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from recipes.losses.pairs import same_rank


def preference_probability(reward: Any, other: Any) -> Any:
    """P(an answer is preferred to another) = sigmoid(r(answer) - r(other)), elementwise."""
    return ops.sigmoid(ops.subtract(reward, other))


@keras.saving.register_keras_serializable("recipes")
class PreferenceLoss(keras.losses.Loss):
    """Minus the log likelihood of a ranking under Bradley and Terry's model.

        L = -log sigmoid(r_w - r_l)

    with r_w the reward of the answer that won and r_l of the one that lost. A constant added to all rewards changes nothing.

    Args:
        reduction: how the losses of the pairs become one: `"sum_over_batch_size"`, `"sum"`, `"mean"`,
            `"mean_with_sample_weight"` or None.
        name: the loss's name.
        dtype: dtype of the computation, `keras.config.floatx()` if None.

    Call arguments:
        y_true: 1 where the first answer of the pair won, 0 where the second did, shape `(batch,)` or `(batch, 1)`; shares
            in between where several people disagree.
        y_pred: r(first) - r(second), shape `(batch, 1)`.
        sample_weight: one weight a pair.

    Source: document 003, Video 84; Bradley and Terry 1952.
    """

    def __init__(
        self, reduction: Any = "sum_over_batch_size", name: str = "preference_loss", dtype: Any = None
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """One loss a pair."""
        y_true, y_pred = same_rank(y_true, y_pred)
        of_first, of_second = ops.softplus(-y_pred), ops.softplus(y_pred)  # -log P(first wins), -log P(second wins)
        return ops.mean(y_true * of_first + (1.0 - y_true) * of_second, axis=-1)


@keras.saving.register_keras_serializable("recipes")
class RewardModel(keras.Model):
    """Two answers in, the difference of their rewards out: the logit of the first being preferred.

    Args:
        scorer: model from answers `(batch, ...)` to rewards `(batch, 1)`.
        **kwargs: `name` and the like.

    Call arguments:
        pairs: two answers each, shape `(batch, 2, ...)`.
        training: passed on to the scorer.

    Output: r(first) - r(second), shape `(batch, 1)`.

    Source: document 003, Video 84.
    """

    def __init__(self, scorer: keras.Model, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scorer = scorer

    def call(self, pairs: Any, training: bool = False) -> Any:
        """Score all answers at once and subtract."""
        answers = ops.reshape(pairs, (-1, *pairs.shape[2:]))  # (2 batch, ...)
        rewards = ops.reshape(self.scorer(answers, training=training), (-1, 2))  # (batch, 2)
        return rewards[:, :1] - rewards[:, 1:]

    def rewards(self, answers: Any) -> Any:
        """The reward of each answer, shape (answers,)."""
        return ops.squeeze(self.scorer(answers, training=False), -1)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "scorer": keras.saving.serialize_keras_object(self.scorer)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> RewardModel:
        """A model with a new scorer of the same kind."""
        scorer = keras.saving.deserialize_keras_object(config.pop("scorer"), custom_objects=custom_objects)
        return cls(scorer, **config)
