"""The moving average equals pandas's, its unrolled weights and the averages inside the optimizers."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recipes.moving_average import moving_average, weights, window

series_and_beta = given(
    seed=st.integers(0, 2**31), length=st.integers(1, 60), beta=st.floats(0, 0.99), shift=st.floats(-50, 50)
)
quick = settings(max_examples=50, deadline=None, derandomize=True)


@quick
@series_and_beta
def test_equal_to_pandas(seed, length, beta, shift):
    series = np.random.default_rng(seed).normal(size=length) + shift
    ours = moving_average(series, beta, correct_bias=True)
    np.testing.assert_allclose(ours, pd.Series(series).ewm(alpha=1 - beta).mean(), rtol=1e-9, atol=1e-9)
    # Without adjustment pandas starts at theta_1: the same recursion with a first value of theta_1 / (1 - beta).
    first = np.concatenate([series[:1] / (1 - beta), series[1:]])
    unadjusted = pd.Series(series).ewm(alpha=1 - beta, adjust=False).mean()
    np.testing.assert_allclose(moving_average(first, beta), unadjusted, rtol=1e-9, atol=1e-9)


@quick
@series_and_beta
def test_equal_to_its_weights(seed, length, beta, shift):
    series = np.random.default_rng(seed).normal(size=length) + shift
    unrolled = [weights(beta, t) @ series[:t][::-1] for t in range(1, length + 1)]
    np.testing.assert_allclose(moving_average(series, beta), unrolled, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(weights(beta, length).sum(), 1 - beta**length, atol=1e-12)


@quick
@given(beta=st.floats(0, 0.99), constant=st.floats(-1e3, 1e3))
def test_a_constant_series(beta, constant):
    np.testing.assert_allclose(moving_average([constant] * 20, beta, correct_bias=True), constant, rtol=1e-9)
    expected = constant * (1 - beta ** np.arange(1, 21))
    np.testing.assert_allclose(moving_average([constant] * 20, beta), expected, rtol=1e-9, atol=1e-9)


def test_axes_are_averaged_apart():
    values = np.random.default_rng(0).normal(size=(3, 7))
    apart = [moving_average(row, 0.8) for row in values]
    np.testing.assert_allclose(moving_average(values, 0.8, axis=1), apart)
    np.testing.assert_allclose(moving_average(values.T, 0.8), np.transpose(apart))


def test_window():
    assert [round(window(beta), 9) for beta in (0.0, 0.5, 0.9, 0.98)] == [1, 2, 10, 50]
    ages = np.arange(1, 5001)
    np.testing.assert_allclose([ages @ weights(beta, 5000) for beta in (0.5, 0.9, 0.98)], [2, 10, 50])


@pytest.mark.parametrize("beta", [-0.1, 1.0, float("nan")])
def test_a_beta_out_of_range(beta):
    for call in (lambda: moving_average([1.0], beta), lambda: weights(beta, 3), lambda: window(beta)):
        with pytest.raises(ValueError, match="`beta` must be at least 0 and below 1. Received: beta="):
            call()


def test_a_wrong_correction_is_seen():
    series = np.random.default_rng(1).normal(size=30) + 5
    shifted = moving_average(series, 0.9) / (1 - 0.9 ** np.arange(30).clip(1))  # t counted from 0
    assert np.abs(shifted - pd.Series(series).ewm(alpha=0.1).mean()).max() > 0.1
