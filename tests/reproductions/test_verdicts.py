"""The statistics behind the verdicts, against scipy and by simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from reproductions.claims import Better, Claim, Equals, Sampled, Within
from reproductions.verdicts import (
    combine,
    gate_interval,
    judge,
    judge_claim,
    judge_interval,
    mean_interval,
    prediction_interval,
    smallest_detectable_change,
)  # fmt: skip

samples = st.lists(st.floats(-1e3, 1e3).map(lambda v: round(v, 3)), min_size=2, max_size=40)


@given(samples)
def test_interval_equals_scipys(values):
    mean, low, high = mean_interval(values)
    error = stats.sem(values)
    if error == 0:
        assert low == mean == high
    else:
        np.testing.assert_allclose(
            (low, high), stats.t.interval(0.95, len(values) - 1, mean, error), rtol=1e-6, atol=1e-9
        )


def test_paired_comparison_equals_scipys():
    rng = np.random.default_rng(0)
    one, other = rng.normal(1, 1, 20), rng.normal(0, 1, 20)
    judged = judge(Better("m", "a", "b"), {}, {"a": {"m": list(one)}, "b": {"m": list(other)}})
    expected = stats.ttest_rel(one, other).confidence_interval(0.95)
    np.testing.assert_allclose((judged.low, judged.high), expected, rtol=1e-9)
    difference = one - other
    assert judged.effect_size == pytest.approx(difference.mean() / difference.std(ddof=1))
    flipped = judge(Better("m", "a", "b", higher_is_better=False), {}, {"a": {"m": list(one)}, "b": {"m": list(other)}})
    assert judged.verdict == "reproduced" and flipped.verdict == "not reproduced"
    assert flipped.measured == pytest.approx(judged.measured)
    np.testing.assert_allclose((flipped.low, flipped.high), expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("low", "high", "beyond", "verdict"),
    [
        (0.966, 0.974, None, "reproduced"),
        (0.976, 0.978, None, "not reproduced"),
        (0.976, 0.978, "higher", "exceeded"),
        (0.970, 0.978, "higher", "reproduced"),
        (0.970, 0.978, None, "inconclusive"),
        (0.960, 0.964, "higher", "not reproduced"),
        (0.960, 0.964, "lower", "exceeded"),
        (0.960, 0.970, "higher", "inconclusive"),
        (-math.inf, math.inf, None, "inconclusive"),
    ],
)
def test_interval_against_what_counts_as_reproduced(low, high, beyond, verdict):
    assert judge_interval(low, high, Within("v", "m", 0.965, 0.975, beyond=beyond)) == verdict


@given(
    st.floats(-10, 10), st.floats(0, 5), st.floats(-10, 10), st.floats(0, 5), st.sampled_from([None, "higher", "lower"])
)
def test_a_verdict_never_contradicts_the_interval(low, width, claim_low, claim_width, beyond):
    check = Within("v", "m", claim_low, claim_low + claim_width, beyond=beyond)
    verdict = judge_interval(low, low + width, check)
    overlaps = low <= check.high and low + width >= check.low
    assert not (verdict == "not reproduced" and overlaps)
    assert not (verdict == "exceeded" and overlaps)


def test_facts():
    facts = {"count": 40, "share": 0.1 + 0.2, "shape": [500, 9], "ran": True}

    def verdict(check):
        return judge(check, facts, {}).verdict

    assert verdict(Equals("count", 40)) == "reproduced"
    assert verdict(Equals("count", 41)) == "not reproduced"
    assert verdict(Equals("share", 0.3, tolerance=1e-9)) == "reproduced"
    assert verdict(Equals("share", 0.3)) == "not reproduced"
    assert verdict(Equals("ran", True)) == "reproduced"
    erratum = judge(Equals("shape", [500, 8], true_value=[500, 9], derivation="a column more"), facts, {})
    assert (erratum.verdict, erratum.note) == ("erratum", "a column more")
    assert verdict(Equals("shape", [500, 8], true_value=[500, 7], derivation="wrong")) == "not reproduced"
    assert verdict(Equals("ran", 1)) == "reproduced"


def test_sampled_facts_are_judged_by_the_interval_of_their_mean():
    values = [0.9, 1.1, 1.0, 1.2]
    mean, low, high = mean_interval(values)

    def judged(**bounds):
        return judge(Sampled("ratio", **bounds), {"ratio": values}, {})

    assert judged(low=low).verdict == judged(low=low - 1, high=high).verdict == "reproduced"
    assert judged(low=high + 1e-9).verdict == judged(high=low - 1e-9).verdict == "not reproduced"
    assert judged(low=mean).verdict == "inconclusive"
    one = judged(low=0.0, documented="above 0")
    assert (one.measured, one.low, one.high, one.seeds, one.documented) == (mean, low, high, 4, "above 0")
    assert one.effect_size == pytest.approx(np.mean(values) / np.std(values, ddof=1))
    lost = judge(Sampled("ratio", low=0.0), {"ratio": [1.0, None, math.nan]}, {})
    assert lost.verdict == "not reproduced" and lost.note == "2 of 3 repeats are not finite"


def test_diverged_runs_count():
    within = judge(Within("v", "m", 0, 1), {}, {"v": {"m": [0.5, math.nan, 0.5]}})
    assert within.verdict == "not reproduced" and within.note == "1 of 3 runs diverged"
    good, bad = [0.9, 0.91, 0.92, 0.9], [0.5, math.nan, 0.52, 0.5]
    assert judge(Better("m", "a", "b"), {}, {"a": {"m": good}, "b": {"m": bad}}).verdict == "reproduced"
    worse = judge(Better("m", "b", "a"), {}, {"a": {"m": good}, "b": {"m": bad}})
    assert worse.verdict == "not reproduced" and "1 runs diverged" in worse.note


def test_only_common_seeds_are_paired_and_percentile_is_shown():
    judged = judge(Better("m", "a", "b"), {}, {"a": {"m": [2.0, 2.1, 2.2]}, "b": {"m": [1.0, 1.0]}})
    assert judged.seeds == 2
    assert judge(Within("v", "m", 0, 1, documented=0.25), {}, {"v": {"m": [0.1, 0.2, 0.3, 0.4]}}).percentile == 50


def test_the_weakest_check_decides_a_claim():
    assert combine(["reproduced", "exceeded"]) == "exceeded"
    assert combine(["reproduced", "inconclusive"]) == "inconclusive"
    assert combine(["erratum", "inconclusive"]) == "erratum"
    assert combine(["erratum", "not reproduced"]) == "not reproduced"
    assert combine([]) == "reproduced"
    checks = (Equals("n", 1), Within("v", "m", 0, 1))
    claim = Claim("a-b", "003", "Video 0", "s", "metric", "1", "setup", checks)
    assert judge_claim(claim, {"n": 1}, {"v": {"m": [0.5, 0.6]}})["verdict"] == "inconclusive"
    assert judge_claim(claim, {"n": 1}, {"v": {"m": [0.50, 0.51, 0.52]}})["verdict"] == "reproduced"
    assert claim.area == "a"


def test_prediction_interval_keeps_its_false_alarm_rate_and_power():
    rng = np.random.default_rng(1)
    trials, alpha = 800, 0.05
    alarms = caught = 0
    for _ in range(trials):
        reference = rng.normal(0, 1, 20)
        new = rng.normal(0, 1, 3).mean()
        low, high = prediction_interval(reference, 3, alpha)
        alarms += not low <= new <= high
        shift = smallest_detectable_change(reference, 3, alpha)
        caught += not low <= new + shift <= high
    assert abs(alarms / trials - alpha) < 0.02
    assert 0.72 < caught / trials < 0.88


def test_bad_samples_are_refused():
    with pytest.raises(ValueError, match="at least one value"):
        mean_interval([])
    with pytest.raises(ValueError, match="two reference runs"):
        prediction_interval([1.0], 3, 0.01)
    assert mean_interval([2.0]) == (2.0, -math.inf, math.inf)


def test_gates_keep_their_false_alarm_rate_when_some_runs_die():
    rng = np.random.default_rng(2)

    def runs(count):
        alive = rng.normal(0.8, 0.02, count)
        return np.where(rng.random(count) < 0.05, 0.0, alive)

    trials, alpha = 500, 0.01
    normal = wide = 0
    for _ in range(trials):
        reference, new = runs(60), runs(3).mean()
        if reference.min() > 0.5:
            continue  # no run died, so nothing tells the gate that one may
        low, high = prediction_interval(reference, 3, alpha)
        normal += not low <= new <= high
        low, high = gate_interval(reference, 3, alpha)
        wide += not low <= new <= high
    assert normal / trials > 0.02, "the t interval alone raises too many alarms, or this test shows nothing"
    assert wide / trials < 0.015
