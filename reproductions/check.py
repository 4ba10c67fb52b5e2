"""Metric regression: train again on a few new seeds and hold the result against the ledger.

Every (variant, metric) that a claim rests on is a gate. The mean of the new seeds must fall into the prediction interval of
the reference runs, mean +- t(1 - alpha/2, n-1) * sd * sqrt(1/m + 1/n), widened where the runs themselves scatter further
than a normal spread; on both sides, since a result that is too good means leakage as often as progress. A gate fails only if
a second set of new seeds falls outside too: a rare run that dies is no regression, a changed program fails both times. alpha
is 1% divided by the number of gates, so that an unchanged program fails at most once in a hundred calls. Facts must be
equal. The golden trace must be equal bit for bit on the platform that wrote it; on another one it is compared to 0.1%, which
still tells other mathematics from other rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any

import numpy as np

from reproductions import environment, ledger
from reproductions.claims import Better, Within
from reproductions.runner import facts_of, unavailable_data, variants_of
from reproductions.verdicts import gate_interval, smallest_detectable_change

FALSE_ALARMS = 0.01
"""Chance that a call fails although nothing has changed."""

ALSO_GATED = "test_loss"
"""Gated wherever it is measured: it sees faults that leave the order of the classes, and so the accuracy, alone."""

NOT_GATED = "_seconds"
"""Metrics of this ending are times: they belong to a machine and an hour, not to the mathematics."""

LOGARITHMIC = ("r2",)
"""Scores that end at 1 but have no lower end are compared as log(1 - score): a run at -20 would drown all others."""

FIRST_NEW_SEED = 10_000
"""New seeds are counted from here, beyond any reference seed."""

FOREIGN_TOLERANCE = 1e-3
"""Relative difference allowed between golden traces of different platforms."""


@dataclass(frozen=True)
class Gate:
    """One comparison with the ledger.

    Args:
        name: what is compared.
        reference: the ledger's value, or mean and standard deviation.
        measured: the new value.
        allowed: what would have passed.
        detectable: the smallest shift that this gate catches with 80% power, as text.
        passed: the outcome.
        note: what a failure suggests.
    """

    name: str
    reference: str
    measured: str
    allowed: str
    passed: bool
    detectable: str = ""
    note: str = ""


@dataclass
class CheckReport:
    """All gates of a reproduction; `unavailable` says why none could be tried."""

    reproduction: str
    gates: list[Gate] = field(default_factory=list)
    unavailable: str = ""

    @property
    def failures(self) -> list[Gate]:
        """The gates that did not pass."""
        return [gate for gate in self.gates if not gate.passed]


def metric_gates(module: ModuleType, record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every (variant, metric) that a claim of the reproduction rests on, and the test loss of those variants.

    Raises:
        LedgerError: the record is older than one of the claims.
    """
    found: dict[tuple[str, str], None] = {}
    for claim in module.CLAIMS:
        for check in claim.checks:
            if isinstance(check, Within):
                found[check.variant, check.metric] = None
            elif isinstance(check, Better):
                found[check.variant, check.metric] = None
                found[check.than, check.metric] = None
    for variant, metric in found:
        if metric not in record["variants"].get(variant, {"metrics": {}})["metrics"]:
            name = record["reproduction"]
            raise ledger.LedgerError(
                f"The record of {name} has no {variant} {metric}; run `reproduce run {name}` to measure it."
            )
    for variant, _ in list(found):
        if ALSO_GATED in record["variants"][variant]["metrics"]:
            found[variant, ALSO_GATED] = None
    return [gate for gate in found if not gate[1].endswith(NOT_GATED)]


def check_reproduction(
    module: ModuleType,
    record: Mapping[str, Any],
    seeds: int = 3,
    gates_in_total: int | None = None,
    progress: Callable[[str, float], None] = lambda label, share: None,
    with_facts: bool = True,
) -> CheckReport:
    """Train a reproduction's gated variants on new seeds and compare with its record.

    Args:
        module: the reproduction, or a namespace with the same names.
        record: its record in the ledger.
        seeds: how many new seeds.
        gates_in_total: metric gates of the whole call, over which the false-alarm chance is shared; this
            reproduction's own if None.
        progress: called with what is running and the finished share.
        with_facts: also compute the facts again (the printed code is run, which takes as long as `model.fit` takes).
    """
    report = CheckReport(record["reproduction"], unavailable=unavailable_data(module))
    if report.unavailable:
        return report
    if with_facts:
        report.gates += _fact_gates(module, record)
    if getattr(module, "GOLDEN", None) and record.get("golden"):
        report.gates.append(_golden_gate(module, record["golden"]))
    gates = metric_gates(module, record)
    alpha = FALSE_ALARMS / max(1, gates_in_total or len(gates))
    variants = list(dict.fromkeys(variant for variant, _ in gates))
    new_seeds = list(range(FIRST_NEW_SEED, FIRST_NEW_SEED + seeds))
    for position, variant in enumerate(variants):
        start = position / len(variants)

        def tell(share: float, start: float = start, variant: str = variant) -> None:
            progress(variant, start + share / len(variants))

        wanted = [metric for gated, metric in gates if gated == variant]
        reference = record["variants"][variant]["metrics"]
        found = _new_runs(module, variant, new_seeds, wanted, reference, alpha, tell)
        failed = [metric for metric, gate in found.items() if not gate.passed]
        if failed:
            # Where one run in thirty dies, three new runs meet it more often than twenty reference runs tell.
            others = [seed + seeds for seed in new_seeds]
            again = _new_runs(module, variant, others, failed, reference, alpha, tell)
            passed = {metric: gate for metric, gate in again.items() if gate.passed}
            found |= {metric: replace(gate, note="other new seeds were outside") for metric, gate in passed.items()}
        report.gates += found.values()
    return report


def _new_runs(
    module: ModuleType,
    variant: str,
    seeds: list[int],
    metrics: list[str],
    reference: Mapping[str, Any],
    alpha: float,
    tell: Callable[[float], None],
) -> dict[str, Gate]:
    """Train a variant on new seeds; the gate of each metric."""
    config = variants_of(module)[variant]
    data = module.load_data(config)
    measured = module.measure(config, data, module.train(config, data, seeds, progress=tell)).metrics
    return {metric: _metric_gate(variant, metric, reference[metric], measured[metric], alpha) for metric in metrics}


def _metric_gate(variant: str, metric: str, reference: list[Any], new: list[float], alpha: float) -> Gate:
    name = f"{variant} {metric}"
    finite = [value for value in reference if value is not None]
    if metric in LOGARITHMIC:
        name = f"{variant} log(1 - {metric})"
        # A perfect score, as a leaked target gives, must fail the gate and not the logarithm.
        finite, new = ([math.log(max(1 - value, 1e-12)) for value in values] for values in (finite, new))
    mean, deviation = float(np.mean(finite)), float(np.std(finite, ddof=1))
    low, high = gate_interval(finite, len(new), alpha)
    if deviation < 1e-9:
        # A quantity that no seed moves must stay where it is, up to rounding.
        slack = 1e-6 * max(1.0, abs(mean))
        low, high = mean - slack, mean + slack
    measured = float(np.mean(new))
    passed = math.isfinite(measured) and low <= measured <= high
    note = ""
    if not passed:
        note = "a run diverged" if not math.isfinite(measured) else "too high" if measured > high else "too low"
    return Gate(
        name,
        f"{mean:.4g} ± {deviation:.2g} (n={len(finite)})",
        f"{measured:.4g}",
        f"{low:.4g} to {high:.4g}",
        passed,
        f"{smallest_detectable_change(finite, len(new), alpha):.2g}",
        note,
    )


def _fact_gates(module: ModuleType, record: Mapping[str, Any]) -> list[Gate]:
    facts = dict(module.examine()) if hasattr(module, "examine") else {}
    if hasattr(module, "examine_data"):
        facts |= module.examine_data()
    gates = []
    for name in facts_of(module.CLAIMS):
        new, old = ledger.finite(facts[name]), record["facts"].get(name)
        # Differences that round to zero: their last bits depend on the processor.
        close = isinstance(new, float) and isinstance(old, float) and abs(new - old) <= 1e-5
        passed = close or new == old
        gates.append(Gate(f"fact {name}", str(old), str(new), "equal", passed))
    return gates


def _golden_gate(module: ModuleType, golden: Mapping[str, Any]) -> Gate:
    config = variants_of(module)[golden["variant"]]
    new = module.trace(config, module.load_data(config))
    old = golden["losses"]
    here = environment.platform_key()
    differing = [name for name, value in golden["platform"].items() if here.get(name) != value]
    same_length = len(new) == len(old)
    gap = max((abs(a - b) / max(abs(b), 1e-12) for a, b in zip(new, old, strict=False)), default=0.0)
    if differing:
        passed = same_length and gap <= FOREIGN_TOLERANCE
        allowed = f"within {FOREIGN_TOLERANCE:g} (other {', '.join(differing)})"
    else:
        passed, allowed = new == old, "equal bits"
    note = "" if passed else "the mathematics has changed"
    return Gate(
        f"golden trace {golden['variant']}",
        f"{len(old)} losses",
        f"largest difference {gap:.1e}",
        allowed,
        passed,
        note=note,
    )
