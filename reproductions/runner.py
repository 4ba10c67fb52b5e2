"""Run a reproduction: facts, every variant on every seed, verdicts, and the record that holds them."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

from reproductions import environment, ledger
from reproductions.claims import Better, Check, Claim, Equals, Within
from reproductions.facts import Facts
from reproductions.verdicts import judge_claim

Progress = Callable[[str, float], None]

RANK = {"reproduced": 0, "exceeded": 0, "erratum": 0, "inconclusive": 1, "not reproduced": 2}
"""How good a verdict is for the code that produced it; an erratum is a fault of the document, not of the code."""


class SettingError(ValueError):
    """A setting given on the command line does not exist or has the wrong type."""


@dataclass
class Outcome:
    """A finished run.

    Args:
        record: what was measured and judged.
        path: the file it was written to, None where nothing was (data unavailable).
        worse: claims that the previous record judged better.
        unavailable: why data were missing, empty where they were not.
    """

    record: dict[str, Any]
    path: Path | None
    worse: list[str]
    unavailable: str


def name_of(module: ModuleType) -> str:
    """A reproduction's name."""
    return module.__name__.rsplit(".", 1)[-1]


def variants_of(module: ModuleType) -> dict[str, Any]:
    """The variants of a reproduction, none for worked examples."""
    return getattr(module, "VARIANTS", {})


def run(
    module: ModuleType,
    results: Path,
    seeds: int | None = None,
    settings: Mapping[str, str] | None = None,
    progress: Progress = lambda label, share: None,
    size: str | None = None,
) -> Outcome:
    """Run a reproduction and write its record.

    Args:
        module: the reproduction.
        results: folder of the ledger.
        seeds: how many seeds, `module.SEEDS` if None; fewer than that makes it a custom run.
        settings: fields of `module.Config` to override in every variant; makes it a custom run.
        progress: called with what is running and the finished share of the whole.
        size: key of `module.SIZES`, a named set of settings that `settings` may refine; makes it a custom run.

    Returns:
        The outcome. A custom run is written below `results/custom`, never over the ledger. Where data are unavailable
        nothing is written.

    Raises:
        SettingError: a setting that `module.Config` does not have, or a value of another type.
        LedgerError: results can't be written, or the old record is torn.
        recipes.datasets.DatasetError: a dataset's file has the wrong content.
    """
    from filelock import FileLock, Timeout

    name = name_of(module)
    ledger.require_writable(results)
    reference = getattr(module, "SEEDS", 0)
    count = reference if seeds is None else seeds
    if count < 1 and variants_of(module):
        raise SettingError(f"--seeds must be at least 1. Received: {count}")
    custom = bool(settings) or bool(size) or count < reference
    variants = override(module, settings or {}, size)
    old = None if custom else ledger.read(results, name)
    missing = unavailable_data(module)
    key = fingerprint(module, variants, count)
    try:
        with FileLock(results / ".partial" / f"{name}{'-' + key[:8] if custom else ''}.lock", timeout=0):
            partial = ledger.Partial(results / ".partial" / (f"{name}-{key[:8]}" if custom else name), key)
            record = _measure(module, variants, count, custom, missing, partial, progress)
            path = None
            if not missing:
                path = results / "custom" / f"{name}-{key[:8]}.json" if custom else results / f"{name}.json"
                ledger.write_json(path, record)
                partial.clear()
    except Timeout as error:
        raise ledger.LedgerError(f"Another run of {name} is writing to {results}; wait for it to end.") from error
    return Outcome(ledger.finite(record), path, worse_claims(old, record), missing)


def _measure(
    module: ModuleType,
    variants: dict[str, Any],
    count: int,
    custom: bool,
    missing: str,
    partial: ledger.Partial,
    progress: Progress,
) -> dict[str, Any]:
    started, clock = datetime.now(UTC), time.perf_counter()
    examined = Facts(module, not missing, partial)
    try:
        return _train_and_judge(module, variants, count, custom, missing, partial, progress, examined) | {
            "started": started.isoformat(timespec="seconds"),
            "wall_seconds": round(time.perf_counter() - clock, 2),
        }
    finally:
        examined.stop()


def _train_and_judge(
    module: ModuleType,
    variants: dict[str, Any],
    count: int,
    custom: bool,
    missing: str,
    partial: ledger.Partial,
    progress: Progress,
    examined: Facts,
) -> dict[str, Any]:
    pieces: dict[str, list[dict[str, Any]]] = {}
    if not missing:
        for position, (variant, config) in enumerate(variants.items()):

            def report(share: float, variant: str = variant, position: int = position) -> None:
                progress(variant, 0.95 * (position + share) / len(variants))

            pieces[variant] = [_train(module, variant, config, range(count), partial, report)]
    progress("facts", 0.95)
    facts = examined.wait()
    bound = count if custom else max(count, getattr(module, "MAX_SEEDS", count))
    while True:
        measured = {variant: joined(parts) for variant, parts in pieces.items()}
        metrics = {variant: values["metrics"] for variant, values in measured.items()}
        claims = {claim.id: _judged(claim, facts, metrics, missing) for claim in module.CLAIMS}
        undecided = _undecided(module.CLAIMS, claims, metrics)
        have = max((len(values["seeds"]) for values in measured.values()), default=0)
        if not undecided or have >= bound:
            break
        for variant in undecided:
            start = len(measured[variant]["seeds"])
            stop = min(2 * have, bound)
            if start < stop:
                again = partial_call(progress, f"{variant}, seeds {start} to {stop - 1}")
                more = _train(module, variant, variants[variant], range(start, stop), partial, again)
                pieces[variant].append(more)
    golden = None
    if not missing and getattr(module, "GOLDEN", None):
        config = variants[module.GOLDEN]
        losses = module.trace(config, module.load_data(config))
        golden = {"variant": module.GOLDEN, "platform": environment.platform_key(), "losses": losses}
    progress("done", 1.0)
    return {
        "schema": ledger.SCHEMA,
        "reproduction": name_of(module),
        "title": module.TITLE,
        "commit": environment.commit(),
        "environment": environment.describe(),
        "datasets": datasets_of(module, missing),
        "facts": ledger.finite(facts),
        "variants": {variant: _summary(variants[variant], values) for variant, values in measured.items()},
        "golden": golden,
        "claims": claims,
    }


def partial_call(progress: Progress, label: str) -> Callable[[float], None]:
    """Progress of seeds that are added at the end."""
    return lambda share: progress(label, 0.95 + 0.04 * share)


def _train(
    module: ModuleType,
    variant: str,
    config: Any,
    seeds: range,
    partial: ledger.Partial,
    report: Callable[[float], None],
) -> dict[str, Any]:
    """Train and measure some seeds of a variant, or read them back from an interrupted run."""
    key = f"{variant}-{seeds.start}-{seeds.stop}"
    done = partial.load(key)
    if done is not None:
        return done
    clock = time.perf_counter()
    data = module.load_data(config)
    trained = module.train(config, data, list(seeds), checkpoint=partial.checkpoint(key), progress=report)
    measured = module.measure(config, data, trained)
    piece = {
        "seeds": list(seeds),
        "metrics": measured.metrics,
        "curves": {
            name: [[round(float(v), 7) for v in row] for row in curve] for name, curve in measured.curves.items()
        },
        "engine": getattr(trained, "engine", "scikit-learn"),
        "jit_compile": getattr(trained, "jit_compile", None),
        "wall_seconds": time.perf_counter() - clock,
    }
    partial.save(key, piece)
    return piece


def joined(pieces: list[dict[str, Any]]) -> dict[str, Any]:
    """One variant's pieces as one; a diverged value, None in JSON, is NaN again."""
    nan = float("nan")

    def numbers(values: list[Any]) -> list[float]:
        return [nan if value is None else value for value in values]

    first = pieces[0]
    return {
        "seeds": [seed for piece in pieces for seed in piece["seeds"]],
        "metrics": {
            metric: numbers([value for piece in pieces for value in piece["metrics"][metric]])
            for metric in first["metrics"]
        },
        "curves": {
            curve: [numbers(row) for piece in pieces for row in piece["curves"][curve]] for curve in first["curves"]
        },
        "engine": first["engine"],
        "jit_compile": first["jit_compile"],
        "wall_seconds": sum(piece["wall_seconds"] for piece in pieces),
    }


def _summary(config: Any, values: dict[str, Any]) -> dict[str, Any]:
    return {
        "config": asdict(config),
        "seeds": values["seeds"],
        "engine": values["engine"],
        "jit_compile": values["jit_compile"],
        "wall_seconds": round(values["wall_seconds"], 2),
        "metrics": values["metrics"],
        "summary": {metric: ledger.summarise(column) for metric, column in values["metrics"].items()},
        "curves": {name: ledger.thin(curve) for name, curve in values["curves"].items()},
    }


def _judged(claim: Claim, facts: dict[str, Any], metrics: dict[str, Any], missing: str) -> dict[str, Any]:
    about = {
        "document": claim.document,
        "section": claim.section,
        "statement": claim.statement,
        "kind": claim.kind,
        "documented": claim.documented,
        "setup": claim.setup,
    }
    if claim.data and missing:
        return about | {"verdict": "unavailable", "checks": [], "note": missing}
    return about | judge_claim(claim, facts, metrics)


def variants_in(check: Check) -> tuple[str, ...]:
    """The variants that decide a check."""
    if isinstance(check, Within):
        return (check.variant,)
    return (check.variant, check.than) if isinstance(check, Better) else ()


def _undecided(claims: tuple[Claim, ...], judged: dict[str, Any], metrics: Mapping[str, Any]) -> list[str]:
    """Variants that need more seeds because a check on them is inconclusive."""
    wanted: dict[str, None] = {}
    for claim in claims:
        # A check that already fails decides its claim: more seeds for its other checks would change nothing.
        if judged[claim.id]["verdict"] == "inconclusive":
            for check, outcome in zip(claim.checks, judged[claim.id]["checks"], strict=True):
                if outcome["verdict"] == "inconclusive":
                    wanted |= dict.fromkeys(variants_in(check))
    return [variant for variant in wanted if variant in metrics]


def unavailable_data(module: ModuleType) -> str:
    """Why the reproduction's data are missing, empty if they are here (or were just fetched)."""
    from recipes.datasets import DatasetUnavailable, describe, locate

    for dataset in getattr(module, "DATASETS", ()):
        if describe(dataset).file:
            try:
                locate(dataset)
            except DatasetUnavailable as error:
                return str(error)
    return ""


def datasets_of(module: ModuleType, missing: str) -> dict[str, dict[str, str]]:
    """Hash and source of every dataset that was read."""
    from recipes.datasets import dataset_sha256, status

    if missing:
        return {}
    return {
        name: {"sha256": dataset_sha256(name), "source": status(name).source}
        for name in getattr(module, "DATASETS", ())
    }


def override(module: ModuleType, settings: Mapping[str, str], size: str | None = None) -> dict[str, Any]:
    """The variants with fields replaced; values are read by the field's type (a tuple as `11,11`).

    Raises:
        SettingError: an unknown field or size, or a value that the field's type can't hold.
    """
    sizes = getattr(module, "SIZES", {})
    if size is not None and size not in sizes:
        offered = f"it has {', '.join(sizes)}" if sizes else "it has one size only"
        raise SettingError(f"{name_of(module)} has no size {size!r}; {offered}.")
    variants = {
        variant: replace(config, **sizes[size]) if size is not None else config
        for variant, config in variants_of(module).items()
    }
    if not settings:
        return variants
    if not variants:
        raise SettingError(f"{name_of(module)} has no settings.")
    kinds = {field.name: get_type_hints(module.Config)[field.name] for field in fields(module.Config)}
    changes = {}
    for key, text in settings.items():
        if key not in kinds:
            known = ", ".join(f"{field} ({getattr(kind, '__name__', kind)})" for field, kind in kinds.items())
            raise SettingError(f"{name_of(module)} has no setting {key!r}; it has {known}.")
        changes[key] = _parse(key, text, kinds[key])
    return {variant: replace(config, **changes) for variant, config in variants.items()}


def _parse(key: str, text: str, kind: Any) -> Any:
    try:
        if kind is bool:
            return {"true": True, "false": False}[text.lower()]
        if kind in (int, float, str):
            return kind(text)
        return tuple(int(part) for part in text.split(",") if part)
    except (KeyError, ValueError) as error:
        wanted = {bool: "true or false", int: "a whole number", float: "a number"}.get(kind, "whole numbers like 11,11")
        raise SettingError(f"Setting {key} takes {wanted}. Received: {text!r}") from error


def fingerprint(module: ModuleType, variants: Mapping[str, Any], seeds: int) -> str:
    """Hash of all that the measurements depend on: configurations, seeds, data, versions, processor and code.

    All code of the project counts: training again costs minutes, a number that other code measured is wrong.
    """
    from recipes.datasets import describe

    root = Path(__file__).resolve().parent
    folders = (root, root.parent / "recipes", root.parent / "layers")
    sources = [Path(str(module.__file__)), *(source for folder in folders for source in sorted(folder.rglob("*.py")))]
    parts = {
        "variants": {name: asdict(config) for name, config in variants.items()},
        "datasets": {name: describe(name).sha256 for name in getattr(module, "DATASETS", ())},
        "seeds": seeds,
        "versions": environment.versions(),
        "platform": environment.platform_key(),
        "sources": {source.as_posix(): hashlib.sha256(source.read_bytes()).hexdigest() for source in sources},
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def worse_claims(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> list[str]:
    """Claims whose verdict ranks below that of the old record.

    Sampled facts that have become inconclusive don't count: on a busy or another machine, times scatter more.
    """
    if old is None:
        return []
    return [
        name
        for name, claim in new["claims"].items()
        if name in old["claims"]
        and RANK.get(claim["verdict"], -1) > RANK.get(old["claims"][name]["verdict"], 9)
        and not _only_scatters(claim)
    ]


def _only_scatters(claim: Mapping[str, Any]) -> bool:
    undecided = [check["check"] for check in claim["checks"] if check["verdict"] == "inconclusive"]
    return claim["verdict"] == "inconclusive" and set(undecided) == {"sampled"}


def facts_of(claims: tuple[Claim, ...]) -> list[str]:
    """The facts that a reproduction's claims rest on."""
    return sorted({check.fact for claim in claims for check in claim.checks if isinstance(check, Equals)})
