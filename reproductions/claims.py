"""What a claim is and how its checks are written down.

A claim is one checkable statement of a source document. Its `checks` say, before anything runs, which measured
quantity decides it and which values count as reproduced. `reproductions.verdicts` does the judging.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["exact", "metric", "comparison", "behaviour", "complexity"]

VERDICTS = ("reproduced", "exceeded", "not reproduced", "erratum", "inconclusive", "unavailable")
"""Every verdict a claim can get, from best to least informative."""


@dataclass(frozen=True)
class Equals:
    """A fact, computed once, equals the documented value.

    Args:
        fact: name of the computed value in what the reproduction's `examine` functions return.
        documented: the value as the document states it.
        tolerance: largest absolute difference that still counts as equal (numbers only).
        true_value: what an independent derivation gives where the document is wrong; a measurement that equals it and
            not `documented` makes the claim an erratum.
        derivation: why `true_value` is right, in a sentence a learner can follow.
    """

    fact: str
    documented: Any
    tolerance: float = 0.0
    true_value: Any = None
    derivation: str = ""


@dataclass(frozen=True)
class Within:
    """The mean of a metric over seeds lies in the interval that the document's rounding or hedging allows.

    Args:
        variant: name of the trained configuration (a key of the reproduction's `VARIANTS`).
        metric: name of the per-seed measurement.
        low: lower end of the interval that counts as reproduced.
        high: upper end.
        beyond: the side on which the document says 'or better': `"higher"`, `"lower"` or `None`.
        documented: the single number that the document reports, if it does; its percentile among our runs is shown.
    """

    variant: str
    metric: str
    low: float = -math.inf
    high: float = math.inf
    beyond: Literal["higher", "lower"] | None = None
    documented: float | None = None


@dataclass(frozen=True)
class Better:
    """Variant `variant` beats variant `than` on a metric, seed by seed (paired difference above zero).

    Args:
        metric: name of the per-seed measurement.
        variant: the configuration that the document says is better.
        than: the configuration that it is compared with.
        higher_is_better: False for losses, errors and times.
    """

    metric: str
    variant: str
    than: str
    higher_is_better: bool = True


@dataclass(frozen=True)
class Sampled:
    """The mean of a sampled fact, one number a repeat (a paired difference, the logarithm of a ratio), lies in an interval.

    For experiments that train no variant: timings, random functions, other libraries' models. A regression check does not
    compare the numbers, since times belong to a machine.

    Args:
        fact: name of the list of numbers in what the reproduction's `examine` functions return.
        low: lower end of the interval that counts as reproduced.
        high: upper end.
        documented: the document's words for it; the interval if empty.
    """

    fact: str
    low: float = -math.inf
    high: float = math.inf
    documented: str = ""


Check = Equals | Within | Better | Sampled


@dataclass(frozen=True)
class Claim:
    """One statement of a document and the checks that decide it.

    Args:
        id: the claim's name, `area-what-it-says`.
        document: number of the source document.
        section: where in the document.
        statement: what the document says, in plain English.
        kind: `exact`, `metric`, `comparison`, `behaviour` or `complexity`.
        documented: the documented value as printed.
        setup: every choice that the document leaves open, and how the claim is judged.
        checks: all must hold for the claim to be reproduced.
        data: name of the dataset that the checks need, empty for none.
        priority: 1 (central) to 3 (aside).
        remark: the likely reason where a claim does not hold, or what a reader should know beside the verdict.
    """

    id: str
    document: str
    section: str
    statement: str
    kind: Kind
    documented: str
    setup: str
    checks: tuple[Check, ...]
    data: str = ""
    priority: int = 1
    remark: str = ""

    @property
    def area(self) -> str:
        """The part of the id before the first hyphen."""
        return self.id.split("-", 1)[0]


@dataclass
class Measured:
    """What training one variant on some seeds gave.

    Args:
        metrics: per metric one value a seed, in the order of the seeds.
        curves: per curve name an array-like of shape (seeds, epochs); empty where nothing is drawn.
    """

    metrics: dict[str, list[float]]
    curves: dict[str, Any] = field(default_factory=dict)
