"""REINFORCE with a KL penalty: estimator against the exact gradient, sampling against the model, training against the optimum."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from scipy.stats import chisquare, entropy

from recipes import policy_gradient
from recipes.policy_gradient import (
    PolicyGradient,
    RecurrentPolicy,
    leave_one_out_advantages,
    reinforce_loss,
    sample_answers,
    token_kl,
    token_log_probabilities,
    without_padding,
)
from recipes.training import seeded
from recipes.training.epochs import EpochProgram, build

START, END, A, B = 1, 2, 3, 4
VOCABULARY, LONGEST = 5, 3


def policy(seed):
    with seeded(seed):
        model = RecurrentPolicy(VOCABULARY, embedding=4, units=6)
        for weight in model.trainable_variables:
            weight.assign(np.random.default_rng(seed).normal(size=weight.shape))
    return model


def every_answer():
    """All answers of up to three tokens, each ended or cut off: a distribution that can be summed exactly."""
    found = []
    for tokens in itertools.product((START, END, A, B), repeat=LONGEST):
        ended = tokens.index(END) + 1 if END in tokens else LONGEST
        if all(token == START for token in tokens[ended:]):  # one of those that differ behind the end
            found.append([*tokens[:ended], *[0] * (LONGEST - ended)])
    return np.array(found, "int32")


def log_probability(model, answers):
    inputs = np.concatenate([np.full((len(answers), 1), START), answers[:, :-1]], axis=1)
    logits = without_padding(model(inputs))
    return ops.sum(token_log_probabilities(logits, answers) * (answers != 0), axis=-1)


def test_the_probabilities_of_all_answers_sum_to_one():
    answers = every_answer()
    assert len({tuple(row) for row in answers}) == len(answers)
    assert float(np.exp(log_probability(policy(0), answers)).sum()) == pytest.approx(1, abs=1e-5)


def test_a_step_is_a_call():
    model, tokens = policy(0), np.array([[START, A, B, A], [START, B, B, END]])
    together, state = np.asarray(model(tokens)), model.initial_state(2)
    for t in range(4):
        logits, state = model.step(tokens[:, t], state)
        np.testing.assert_allclose(logits, together[:, t], atol=1e-5)


def test_answers_follow_the_policy():
    model, answers = policy(0), every_answer()
    noise = np.random.default_rng(1).random((LONGEST, 20_000, VOCABULARY), dtype="float32")
    drawn = np.asarray(sample_answers(model, np.full(20_000, START), noise, END, LONGEST))
    place = {tuple(row): k for k, row in enumerate(answers)}
    counts = np.bincount([place[tuple(row)] for row in drawn], minlength=len(answers))  # no other answer occurs
    expected = 20_000 * np.exp(np.asarray(log_probability(model, answers), "float64"))
    often = expected > 10
    sums = [np.append(part[often], part[~often].sum()) for part in (counts, expected)]
    assert chisquare(sums[0], sums[1] * sums[0].sum() / sums[1].sum()).pvalue > 1e-3


def test_the_estimator_is_the_gradient_of_the_objective():
    ours, reference, answers, weight = policy(0), policy(1), every_answer(), 0.7
    rewards = np.random.default_rng(2).normal(size=len(answers)).astype("float32")
    of_reference = log_probability(reference, answers)
    with tf.GradientTape() as tape:
        log_p = log_probability(ours, answers)
        objective = ops.sum(ops.exp(log_p) * (rewards - weight * (log_p - of_reference)))
    exact = tape.gradient(objective, [variable.value for variable in ours.trainable_variables])
    # The expectation of the estimate: every answer with its probability in place of a batch; any baseline will do.
    probability, mask = np.exp(log_p), (answers != 0).astype("float32")
    advantages = len(answers) * probability * (rewards - weight * np.asarray(log_p - of_reference) - 0.3)
    inputs = np.concatenate([np.full((len(answers), 1), START), answers[:, :-1]], axis=1)
    with tf.GradientTape() as tape:
        each = token_log_probabilities(without_padding(ours(inputs)), answers)
        loss = reinforce_loss(each, ops.convert_to_tensor(advantages), mask)
    estimated = tape.gradient(loss, [variable.value for variable in ours.trainable_variables])
    for one, other in zip(exact, estimated, strict=True):
        np.testing.assert_allclose(-tf.convert_to_tensor(one).numpy(), tf.convert_to_tensor(other).numpy(), atol=2e-5)


def test_advantages_and_divergence_by_hand():
    rewards = np.array([1.0, 2.0, 6.0], "float32")
    by_hand = [reward - np.delete(rewards, k).mean() for k, reward in enumerate(rewards)]
    assert np.asarray(leave_one_out_advantages(ops.convert_to_tensor(rewards))) == pytest.approx(by_hand)
    logits, others = np.random.default_rng(0).normal(size=(2, 3, 4, VOCABULARY))
    p, q = (np.exp(part) / np.exp(part).sum(axis=-1, keepdims=True) for part in (logits, others))
    assert np.asarray(token_kl(logits, others)) == pytest.approx(entropy(p, q, axis=-1), abs=1e-5)


def reward_of_first(answers):
    return 2.0 * ops.cast(answers[:, 0] == A, "float32")


def trained(kl_weight, steps=300):
    with seeded(0):
        model = PolicyGradient(
            RecurrentPolicy(VOCABULARY, 4, 6), RecurrentPolicy(VOCABULARY, 4, 6), reward_of_first,
            start=START, end=END, max_length=1, kl_weight=kl_weight,
        )  # fmt: skip
        model.reference.set_weights(model.policy.get_weights())
    model.compile(keras.optimizers.Adam(0.02))
    starts = np.full((100 * steps, 1), START, "int32")
    from recipes.training.data import prepare

    build(model, prepare(starts[:100]))
    logs = EpochProgram(model, jit_compile=False).train((starts,), np.arange(len(starts), dtype="int32"), 100)
    return model, logs


def first_token(model):
    return np.asarray(ops.softmax(without_padding(model(np.array([[START]]))))[0, 0], "float64")


def test_training_ends_at_the_tilted_reference():
    model, logs = trained(kl_weight=1.0)
    before, after = first_token(model.reference), first_token(model.policy)
    assert before[1:] == pytest.approx([0.25] * 4, abs=0.1)  # as it was made
    best = before * np.exp(2.0 * (np.arange(VOCABULARY) == A))
    assert after == pytest.approx(best / best.sum(), abs=0.05)
    assert set(logs) == {"loss", "reward", "kl"} and 0 < logs["kl"] < 1
    answers = model.answers(50)
    assert answers.shape == (50, 1) and set(np.unique(answers)) <= {START, END, A, B}
    assert float(np.mean(model.kl_of(answers))) == pytest.approx(entropy(after, before), abs=1e-5)


def test_a_forgotten_penalty_is_noticed(monkeypatch):
    assert first_token(trained(kl_weight=0.0)[0].policy)[A] > 0.95  # nothing holds it back
    monkeypatch.setattr(policy_gradient, "reinforce_loss", lambda *arguments: -reinforce_loss(*arguments))
    assert first_token(trained(kl_weight=1.0, steps=100)[0].policy)[A] < 0.2  # the wrong way


def test_policies_are_saved(tmp_path):
    model, tokens = policy(0), np.array([[START, A, B]])
    model.save(tmp_path / "policy.keras")
    again = keras.saving.load_model(tmp_path / "policy.keras")
    np.testing.assert_allclose(again(tokens), model(tokens), atol=1e-6)
