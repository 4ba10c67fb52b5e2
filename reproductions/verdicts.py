"""Statistics that turn measurements into verdicts.

Metric claims: the 95% t interval of the mean over seeds, `mean +- t(0.975, n-1) * sd / sqrt(n)`, against the interval
fixed in the claim. Comparisons: the same interval on the paired differences, with Cohen's d_z = mean / sd of the
differences as effect size. Regression gates: the two-sided prediction interval for the mean of m new runs,
`mean +- t(1 - alpha/2, n-1) * sd * sqrt(1/m + 1/n)`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from reproductions.claims import Better, Check, Claim, Equals, Sampled, Within

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Judged:
    """The outcome of one check.

    Args:
        check: the check's class name in lower case.
        quantity: what was measured, e.g. `improved test_accuracy` or `sigmoid vs relu test_accuracy`.
        documented: what the document says, as text.
        measured: the fact, the mean over seeds, or the mean paired difference.
        low: lower end of the 95% interval of `measured` (None for facts).
        high: upper end.
        seeds: how many runs stand behind it.
        verdict: one of `reproductions.claims.VERDICTS`.
        effect_size: Cohen's d_z of a comparison.
        percentile: share of our runs (0-100) at or below the documented number.
        note: a derivation, or how many runs diverged.
    """

    check: str
    quantity: str
    documented: str
    measured: Any
    verdict: str
    low: float | None = None
    high: float | None = None
    seeds: int | None = None
    effect_size: float | None = None
    percentile: float | None = None
    note: str = ""


def student_t(probability: float, degrees: int) -> float:
    """Quantile of Student's t distribution."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, probability))


def mean_interval(values: Sequence[float], confidence: float = CONFIDENCE) -> tuple[float, float, float]:
    """Mean and two-sided t interval of the mean; with a single value the interval is infinite.

    Returns:
        `(mean, low, high)`.

    Raises:
        ValueError: `values` is empty.
    """
    if len(values) == 0:
        raise ValueError("mean_interval needs at least one value. Received: values=[]")
    sample = np.asarray(values, dtype="float64")
    mean = float(sample.mean())
    if len(sample) == 1:
        return mean, -math.inf, math.inf
    half = student_t((1 + confidence) / 2, len(sample) - 1) * float(sample.std(ddof=1)) / math.sqrt(len(sample))
    return mean, mean - half, mean + half


def prediction_interval(reference: Sequence[float], new_runs: int, alpha: float) -> tuple[float, float]:
    """Where the mean of `new_runs` further runs falls with probability 1 - alpha, if nothing has changed.

    Raises:
        ValueError: fewer than two reference values, or no new run.
    """
    if len(reference) < 2 or new_runs < 1:
        raise ValueError(
            "A prediction interval needs two reference runs and one new run. "
            f"Received: {len(reference)} reference runs, new_runs={new_runs}"
        )
    sample = np.asarray(reference, dtype="float64")
    n = len(sample)
    half = student_t(1 - alpha / 2, n - 1) * float(sample.std(ddof=1)) * math.sqrt(1 / new_runs + 1 / n)
    return float(sample.mean()) - half, float(sample.mean()) + half


def resampled_interval(reference: Sequence[float], new_runs: int, alpha: float) -> tuple[float, float]:
    """Where the mean of `new_runs` draws from the reference runs themselves falls with probability 1 - alpha.

    The t interval assumes a normal spread. Where one run in twenty dies and ends far from the others, a mean of three
    runs meets such a run far more often than a normal tail says; drawing from the runs (a smoothed bootstrap, with a
    fixed seed) sees that. It adds nothing where the runs are close to normal.
    """
    sample = np.asarray(reference, dtype="float64")
    quartiles = np.percentile(sample, [25, 75])
    width = 0.9 * min(float(sample.std(ddof=1)), float(quartiles[1] - quartiles[0]) / 1.34) * len(sample) ** -0.2
    rng = np.random.default_rng(0)
    draws = rng.choice(sample, size=(100_000, new_runs)) + rng.normal(0, 1, (100_000, new_runs)) * width
    low, high = np.quantile(draws.mean(axis=1), [alpha / 2, 1 - alpha / 2])
    return float(low), float(high)


def gate_interval(reference: Sequence[float], new_runs: int, alpha: float) -> tuple[float, float]:
    """What a regression gate lets pass: the prediction interval, widened where the runs themselves reach further."""
    exact, drawn = prediction_interval(reference, new_runs, alpha), resampled_interval(reference, new_runs, alpha)
    return min(exact[0], drawn[0]), max(exact[1], drawn[1])


def smallest_detectable_change(reference: Sequence[float], new_runs: int, alpha: float, power: float = 0.8) -> float:
    """Shift of the mean, in the harder direction, that a gate catches with the given power (t approximation)."""
    n = len(reference)
    mean = float(np.mean(np.asarray(reference, dtype="float64")))
    spread = float(np.std(np.asarray(reference, dtype="float64"), ddof=1)) * math.sqrt(1 / new_runs + 1 / n)
    low, high = gate_interval(reference, new_runs, alpha)
    return max(high - mean, mean - low) + student_t(power, n - 1) * spread


def judge_interval(low: float, high: float, check: Within) -> str:
    """Verdict for the 95% interval [low, high] of a mean against what counts as reproduced."""
    reach_low = -math.inf if check.beyond == "lower" else check.low
    reach_high = math.inf if check.beyond == "higher" else check.high
    if (check.beyond == "higher" and low > check.high) or (check.beyond == "lower" and high < check.low):
        return "exceeded"
    if low >= reach_low and high <= reach_high:
        return "reproduced"
    if high < reach_low or low > reach_high:
        return "not reproduced"
    return "inconclusive"


def judge(check: Check, facts: Mapping[str, Any], variants: Mapping[str, Mapping[str, Sequence[float]]]) -> Judged:
    """Judge one check.

    Args:
        check: what decides.
        facts: computed values by name.
        variants: per variant and metric one value a seed, seeds in the same order in every variant.

    Raises:
        KeyError: the check names a fact, variant or metric that was not measured.
    """
    if isinstance(check, Equals):
        return _judge_fact(check, facts[check.fact])
    if isinstance(check, Sampled):
        return _judge_sample(check, facts[check.fact])
    if isinstance(check, Within):
        return _judge_metric(check, variants[check.variant][check.metric])
    return _judge_comparison(check, variants[check.variant][check.metric], variants[check.than][check.metric])


def combine(verdicts: Sequence[str]) -> str:
    """A claim's verdict from its checks': the weakest decides, except that one 'exceeded' lifts 'reproduced'."""
    for verdict in ("unavailable", "not reproduced", "erratum", "inconclusive", "exceeded"):
        if verdict in verdicts:
            return verdict
    return "reproduced"


def judge_claim(
    claim: Claim, facts: Mapping[str, Any], variants: Mapping[str, Mapping[str, Sequence[float]]]
) -> dict[str, Any]:
    """Judge a claim; the result is what the ledger stores under the claim's id."""
    checks = [judge(check, facts, variants) for check in claim.checks]
    return {"verdict": combine([check.verdict for check in checks]), "checks": [asdict(check) for check in checks]}


def _same(measured: Any, expected: Any, tolerance: float) -> bool:
    if isinstance(expected, bool) or isinstance(measured, bool | str) or expected is None:
        return measured == expected
    if isinstance(expected, int | float):
        return isinstance(measured, int | float) and abs(measured - expected) <= tolerance
    if isinstance(expected, list | tuple):
        return (
            isinstance(measured, list | tuple)
            and len(measured) == len(expected)
            and all(_same(one, other, tolerance) for one, other in zip(measured, expected, strict=True))
        )
    return measured == expected


def _judge_fact(check: Equals, measured: Any) -> Judged:
    verdict, note = "not reproduced", ""
    if _same(measured, check.documented, check.tolerance):
        verdict = "reproduced"
    elif check.derivation and _same(measured, check.true_value, check.tolerance):
        verdict, note = "erratum", check.derivation
    return Judged("equals", check.fact, str(check.documented), measured, verdict, note=note)


def _judge_metric(check: Within, values: Sequence[float]) -> Judged:
    quantity = f"{check.variant} {check.metric}"
    documented = _interval_text(check)
    diverged = sum(not math.isfinite(value) for value in values)
    if diverged:
        note = f"{diverged} of {len(values)} runs diverged"
        return Judged("within", quantity, documented, None, "not reproduced", seeds=len(values), note=note)
    mean, low, high = mean_interval(values)
    percentile = None
    if check.documented is not None:
        percentile = 100 * float(np.mean(np.asarray(values) <= check.documented))
    verdict = judge_interval(low, high, check)
    return Judged("within", quantity, documented, mean, verdict, low, high, len(values), percentile=percentile)


def _judge_sample(check: Sampled, values: Sequence[float | None]) -> Judged:
    numbers = [math.nan if value is None else value for value in values]
    bounds = Within("", "", check.low, check.high)
    documented = check.documented or _interval_text(bounds)
    lost = sum(not math.isfinite(value) for value in numbers)
    if lost:
        note = f"{lost} of {len(numbers)} repeats are not finite"
        return Judged("sampled", check.fact, documented, None, "not reproduced", seeds=len(numbers), note=note)
    mean, low, high = mean_interval(numbers)
    spread = float(np.std(numbers, ddof=1)) if len(numbers) > 1 else 0.0
    effect = mean / spread if spread else None
    verdict = judge_interval(low, high, bounds)
    return Judged("sampled", check.fact, documented, mean, verdict, low, high, len(numbers), effect_size=effect)


def _judge_comparison(check: Better, values: Sequence[float], others: Sequence[float]) -> Judged:
    sign = 1.0 if check.higher_is_better else -1.0
    pairs = min(len(values), len(others))  # seeds are added per variant; only those that both have are paired
    ours, theirs = (sign * np.asarray(part[:pairs], dtype="float64") for part in (values, others))
    diverged = int((~np.isfinite(ours)).sum() + (~np.isfinite(theirs)).sum())
    note = f"{diverged} runs diverged and count as the worst finite value" if diverged else ""
    finite = np.concatenate([ours[np.isfinite(ours)], theirs[np.isfinite(theirs)]])
    worst = float(finite.min()) if len(finite) else 0.0
    difference = np.where(np.isfinite(ours), ours, worst) - np.where(np.isfinite(theirs), theirs, worst)
    mean, low, high = mean_interval([float(value) for value in difference])
    spread = float(difference.std(ddof=1)) if len(difference) > 1 else 0.0
    verdict = "reproduced" if low > 0 else "not reproduced" if high < 0 or low == high == 0 else "inconclusive"
    ends = (low, high) if check.higher_is_better else (-high, -low)
    return Judged(
        "better",
        f"{check.variant} minus {check.than} {check.metric}",
        "above 0" if check.higher_is_better else "below 0",
        sign * mean,
        verdict,
        *ends,
        seeds=len(difference),
        effect_size=mean / spread if spread else None,
        note=note,
    )


def _interval_text(check: Within) -> str:
    if math.isinf(check.low):
        return f"at most {check.high:g}"
    if math.isinf(check.high):
        return f"at least {check.low:g}"
    suffix = {"higher": " or above", "lower": " or below", None: ""}[check.beyond]
    return f"{check.low:g} to {check.high:g}{suffix}"
