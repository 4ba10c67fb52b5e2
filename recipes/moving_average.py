"""The exponentially weighted moving average (EWMA) that momentum, RMSProp and Adam are made of.

Source: document 003, Video 33.
"""

import numpy as np


def moving_average(series, beta, correct_bias=False, axis=0):
    """Average of a series in which older values count exponentially less.

        V_0 = 0,    V_t = beta V_(t-1) + (1 - beta) theta_t

    V starts at 0 and so is too small at first: its weights add up to 1 - beta^t only. With the bias corrected,

        V_t / (1 - beta^t)

    they add up to 1; that is what `pandas.Series.ewm(alpha=1 - beta).mean()` computes. With `adjust=False` pandas starts
    at V_1 = theta_1 instead.

    Args:
        series: theta_1, theta_2, ...: numbers along `axis`; other axes are averaged each on its own.
        beta: how much of the average stays, at least 0 and below 1.
        correct_bias: whether to divide by 1 - beta^t.
        axis: the axis of time.

    Returns:
        float64 array of the series' shape: V_1, V_2, ...

    Raises:
        ValueError: if `beta` is outside 0 to 1.
    """
    _check(beta)
    values = np.moveaxis(np.asarray(series, "float64"), axis, 0)
    averages = np.empty_like(values)
    average = np.zeros(values.shape[1:])
    for t, value in enumerate(values, 1):
        average = beta * average + (1 - beta) * value
        averages[t - 1] = average / (1 - beta**t) if correct_bias else average
    return np.moveaxis(averages, 0, axis)


def weights(beta, count):
    """Weight of the value k steps back in V_t, the recursion unrolled.

        w_k = (1 - beta) beta^k,    k = 0 ... count - 1

    Args:
        beta: how much of the average stays, at least 0 and below 1.
        count: how many weights, from the newest value on.

    Returns:
        float64 array `(count,)`; it adds up to 1 - beta^count.

    Raises:
        ValueError: if `beta` is outside 0 to 1.
    """
    _check(beta)
    return (1 - beta) * np.power(float(beta), np.arange(count))


def window(beta):
    """About how many values the average looks back over: 1 / (1 - beta).

    It is the mean age of the values plus one, sum of (k + 1) w_k; for beta near 1 the values inside it carry
    1 - beta^(1 / (1 - beta)), about 1 - 1/e = 63 %, of the weight.

    Raises:
        ValueError: if `beta` is outside 0 to 1.
    """
    _check(beta)
    return 1 / (1 - beta)


def _check(beta):
    if not 0 <= beta < 1:
        raise ValueError(f"`beta` must be at least 0 and below 1. Received: beta={beta!r}")
