"""Schedules give Keras's rates where it has a namesake, their equations everywhere, and train inside an optimizer."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from recipes import schedules

PEERS = {
    "ExponentialDecay": [(0.1, 10, 0.8), (0.1, 10, 0.8, True)],
    "InverseTimeDecay": [(0.1, 10, 0.5), (0.1, 10, 0.5, True)],
    "PiecewiseConstantDecay": [([5, 12], [0.3, 0.2, 0.1]), ([7], [0.3, 0.2])],
    "PolynomialDecay": [(0.1, 20), (0.1, 20, 0.01, 2.0), (0.1, 15, 0.01, 0.5, True)],
    "CosineDecay": [(0.1, 20), (0.1, 20, 0.2), (0.0, 20, 0.1, "wave", 0.3, 6)],
}
CASES = [(name, arguments) for name, several in PEERS.items() for arguments in several]
OWN = [("StepDecay", (0.1, 10, 0.5)), ("NoamSchedule", (64, 12))]


def array(value):
    return np.asarray(ops.convert_to_numpy(value), "float64")


@pytest.mark.parametrize("name, arguments", CASES)
def test_equal_to_keras(name, arguments):
    ours, peer = getattr(schedules, name)(*arguments), getattr(keras.optimizers.schedules, name)(*arguments)
    rates = [array(ours(step)) for step in range(45)]
    np.testing.assert_allclose(rates, [array(peer(step)) for step in range(45)], rtol=2e-6, atol=1e-9)
    np.testing.assert_allclose(
        array(ours(np.arange(45))), rates, rtol=1e-6, atol=1e-7
    )  # for drawing: all steps in one call
    mine, theirs = ours.get_config(), peer.get_config()
    assert {k: v for k, v in mine.items() if k != "name"} == {k: v for k, v in theirs.items() if k != "name"}


@pytest.mark.parametrize("name, arguments", CASES + OWN)
def test_serialization(name, arguments):
    schedule = getattr(schedules, name)(*arguments)
    copy = keras.optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(schedule))
    assert type(copy) is type(schedule) and copy.get_config() == schedule.get_config()
    optimizer = keras.optimizers.Adam(schedule)
    again = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert type(again._learning_rate) is type(schedule)
    assert again._learning_rate.get_config() == schedule.get_config()


@pytest.mark.parametrize("name, arguments", CASES + OWN)
def test_inside_an_optimizer(name, arguments):
    schedule = getattr(schedules, name)(*arguments)
    variable = keras.Variable(np.zeros((), "float32"))
    optimizer = keras.optimizers.SGD(schedule)
    positions = [0.0]
    for _ in range(14):
        optimizer.apply([ops.ones(())], [variable])
        positions.append(float(array(variable)))
    np.testing.assert_allclose(-np.diff(positions), array(schedule(np.arange(14))), rtol=1e-4, atol=1e-6)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(features=st.integers(1, 2048), warmup=st.integers(1, 5000), step=st.integers(0, 20000), scale=st.floats(0.1, 10))
def test_noam_is_the_papers_equation(features, warmup, step, scale):
    s = step + 1
    expected = scale * features**-0.5 * min(s**-0.5, s * warmup**-1.5)
    schedule = schedules.NoamSchedule(features, warmup, scale)
    np.testing.assert_allclose(array(schedule(step)), expected, rtol=1e-5)
    top = scale / np.sqrt(features * warmup)
    np.testing.assert_allclose(array(schedule(warmup - 1)), top, rtol=1e-5)
    assert array(schedule(step)) <= top * (1 + 1e-5)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(rate=st.floats(1e-4, 1), steps=st.integers(1, 50), factor=st.floats(0.05, 1), step=st.integers(0, 400))
def test_step_decay_is_the_staircase(rate, steps, factor, step):
    ours = array(schedules.StepDecay(rate, steps, factor)(step))
    np.testing.assert_allclose(ours, rate * factor ** (step // steps), rtol=1e-4, atol=1e-30)
    staircase = keras.optimizers.schedules.ExponentialDecay(rate, steps, factor, staircase=True)
    np.testing.assert_allclose(ours, array(staircase(step)), rtol=1e-5, atol=1e-30)


@pytest.mark.parametrize(
    "name", ["ExponentialDecay", "InverseTimeDecay", "CosineDecay", "PolynomialDecay", "StepDecay"]
)
def test_rates_never_rise(name):
    arguments = {"ExponentialDecay": (0.1, 9, 0.7), "InverseTimeDecay": (0.1, 9, 0.7), "StepDecay": (0.1, 9)}
    rates = array(getattr(schedules, name)(*arguments.get(name, (0.1, 30)))(np.arange(60)))
    assert np.all(np.diff(rates) <= 1e-9) and rates[0] == pytest.approx(0.1)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: schedules.ExponentialDecay(0.1, 0, 0.5), "`decay_steps` must be above 0. Received: decay_steps=0"),
        (lambda: schedules.StepDecay(0.1, -1), "`step_size` must be above 0. Received: step_size=-1"),
        (lambda: schedules.NoamSchedule(0), "`d_model` must be above 0. Received: d_model=0"),
        (lambda: schedules.PiecewiseConstantDecay([1], [0.1]), "`values` must be one longer"),
        (lambda: schedules.PiecewiseConstantDecay([3, 2], [0.1, 0.2, 0.3]), "`boundaries` must increase"),
    ],
)
def test_arguments_out_of_range(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_schedule_that_counts_from_zero_is_noticed(monkeypatch):
    def from_zero(self, t):
        return self.scale * self.d_model**-0.5 * ops.minimum(ops.rsqrt(t), t * self.warmup_steps**-1.5)

    monkeypatch.setattr(schedules.NoamSchedule, "rate", from_zero)
    assert abs(array(schedules.NoamSchedule(64, 4)(1)) - 64**-0.5 * 2 * 4**-1.5) > 1e-3
