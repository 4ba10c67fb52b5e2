"""The command line: `reproduce list | show | run | check | data | report | bench`.

Standard output holds the answer (with `--json` exactly one JSON document), standard error the progress. Exit status: 0 as
the ledger expects, 1 a claim or gate got worse, 2 usage or bad input, 3 data unavailable under `--strict`, 130 interrupted.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from reproductions import ledger, registry
from reproductions.environment import quiet_tensorflow

app = typer.Typer(
    name="reproduce",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Run the documented deep-learning projects and see which of their statements hold.",
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Results = Annotated[Path | None, typer.Option("--results", help="Folder of the ledger (default: results/).")]
Names = Annotated[list[str] | None, typer.Argument(help="Reproductions or claims.", show_default=False)]
Seeds = Annotated[int | None, typer.Option("--seeds", help="How many seeds.", show_default=False)]

SPLITS = {"mirror": "found in the mirror", "cache": "in the cache", "embedded": "comes with scikit-learn"}


def folder(results: Path | None) -> Path:
    """The ledger's folder."""
    return results if results is not None else ledger.default_results()


def emit(value: Any) -> None:
    """Print one JSON document."""
    print(json.dumps(ledger.finite(value), indent=1))


@app.command("list")
def list_claims(
    everything: Annotated[bool, typer.Option("--all", help="Also claims that wait for their code.")] = False,
    area: Annotated[str | None, typer.Option(help="Only this area, e.g. churn.", show_default=False)] = None,
    verdict: Annotated[str | None, typer.Option(help="Only this verdict, e.g. erratum.", show_default=False)] = None,
    results: Results = None,
    as_json: Json = False,
) -> None:
    """List claims and their verdicts."""
    from reproductions import tables

    rows = tables.claim_rows(folder(results), everything)
    areas = sorted({row["area"] for row in rows})
    if area is not None and area not in areas:
        raise registry.UnknownName(f"There is no area {area!r}; there are {', '.join(areas)}.")
    tables.require_verdict(verdict)
    chosen = [row for row in rows if area in (None, row["area"]) and verdict in (None, row["verdict"])]
    emit(chosen) if as_json else tables.print_claims(chosen, everything)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A claim or a reproduction.")],
    results: Results = None,
    as_json: Json = False,
) -> None:
    """Show a claim (statement, setup, checks, verdict) or a reproduction (settings, variants, claims)."""
    from reproductions import tables

    details = tables.details(name, folder(results))
    emit(details) if as_json else tables.print_details(details)


@app.command()
def run(
    names: Names = None,
    everything: Annotated[bool, typer.Option("--all", help="All that this machine can run.")] = False,
    seeds: Seeds = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="Override a setting; written to results/custom.", show_default=False
        ),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option("--size", help="A larger size, e.g. paper; written to results/custom.", show_default=False),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 3 when data are unavailable.")] = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", help="Reproductions at a time (default: one a core).", min=1)
    ] = None,
    results: Results = None,
    as_json: Json = False,
) -> None:
    """Train, measure and judge; the default set without names."""
    from reproductions import report, tables
    from reproductions.progress import Reporter
    from reproductions.runner import override

    chosen = chosen_reproductions(names, everything)
    overrides = parse_settings(settings or [])
    where = folder(results)
    ledger.require_writable(where)
    for name in registry.REPRODUCTIONS:
        ledger.read(where, name)  # the report needs every record: a torn one is better found before the training
    for name in chosen:
        override(registry.load(name), overrides, size)
    quiet_tensorflow()
    from reproductions.workers import default_jobs, run_all

    modules = [registry.load(name) for name in chosen]
    jobs = jobs or default_jobs(modules)
    with Reporter(modules, jobs) as reporter:
        outcomes = run_all(modules, where, seeds, overrides, reporter, jobs, size)
    if any(outcome.path is not None and outcome.path.parent == where for outcome in outcomes):
        report.write(where)
    asked = {claim for claims in chosen.values() for claim in claims}
    if as_json:
        emit([outcome.record | {"path": outcome.path and str(outcome.path)} for outcome in outcomes])
    else:
        tables.print_outcomes(outcomes, asked, where)
    if any(outcome.worse for outcome in outcomes):
        raise typer.Exit(1)
    if strict and any(outcome.unavailable for outcome in outcomes):
        raise typer.Exit(3)


@app.command()
def check(
    names: Names = None,
    seeds: Annotated[int, typer.Option("--seeds", help="New seeds a variant.", min=1)] = 3,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 3 when data are unavailable.")] = False,
    results: Results = None,
    as_json: Json = False,
) -> None:
    """Train on a few new seeds and hold them against the ledger; the default set without names."""
    from reproductions import tables
    from reproductions.check import check_reproduction, metric_gates
    from reproductions.progress import Reporter

    chosen = list(chosen_reproductions(names, False))
    where = folder(results)
    records = {}
    for name in chosen:
        record = ledger.read(where, name)
        if record is None:
            raise ledger.LedgerError(
                f"There is no record {where / name}.json to check against; `reproduce run {name}`."
            )
        records[name] = record
    quiet_tensorflow()
    total = sum(len(metric_gates(registry.load(name), records[name])) for name in chosen)
    reports = []
    with Reporter([registry.load(name) for name in chosen], checking=True) as reporter:
        for name in chosen:
            reports.append(check_reproduction(registry.load(name), records[name], seeds, total, reporter.of(name)))
    if as_json:
        emit([asdict(one) | {"failures": len(one.failures)} for one in reports])
    else:
        tables.print_checks(reports)
    if any(one.failures for one in reports):
        raise typer.Exit(1)
    if strict and any(one.unavailable for one in reports):
        raise typer.Exit(3)


@app.command()
def data(
    action: Annotated[str, typer.Argument(help="list, fetch, prepare or path.")] = "list",
    name: Annotated[str | None, typer.Argument(help="A dataset.", show_default=False)] = None,
    as_json: Json = False,
) -> None:
    """Say where the datasets are; download one, prepare it, or print its path."""
    from recipes import datasets
    from reproductions import tables

    if action not in ("list", "fetch", "prepare", "path"):
        raise registry.UnknownName(f"There is no action {action!r}; use list, fetch, prepare or path.")
    if action == "list":
        rows = [asdict(datasets.describe(one)) | vars(datasets.status(one)) for one in datasets.names()]
        rows = [row | {"path": row["path"] and str(row["path"])} for row in rows]
        emit(rows) if as_json else tables.print_datasets(rows)
        return
    if name is None:
        raise registry.UnknownName(f"`reproduce data {action}` needs a dataset: {', '.join(datasets.names())}.")
    if action == "prepare":
        quiet_tensorflow()
        from recipes.datasets.prepared import load

        if datasets.describe(name).file:
            load(name)
        found = datasets.status(name)
    else:
        if action == "fetch" and datasets.status(name).source in ("absent", "cache"):
            datasets.fetch(name)
        elif datasets.describe(name).file:
            datasets.locate(name)
        found = datasets.status(name)
    answer = {"name": name, "source": found.source, "path": found.path and str(found.path)}
    emit(answer) if as_json else print(answer["path"] or SPLITS[found.source])


@app.command("report")
def write_report(results: Results = None, as_json: Json = False) -> None:
    """Write report.md, tables and figures from the ledger; nothing is trained."""
    from reproductions import report

    where = folder(results)
    ledger.require_writable(where)
    written = [str(path) for path in report.write(where)]
    emit(written) if as_json else print("\n".join(written))


@app.command()
def bench(
    names: Names = None,
    repeats: Annotated[int, typer.Option(help="Times each side runs.", min=1)] = 2,
    results: Results = None,
    as_json: Json = False,
) -> None:
    """Time model.fit against this project's trainer; `networks` the CNNs, `sequences` the RNNs and Transformers, `layers` layers.

    Both sides run in turn, and the ratios are printed.
    """
    from benchmarks.runner import bench as measure
    from reproductions import tables

    where = folder(results)
    ledger.require_writable(where)
    workloads = [name for name in names or [] if name not in ("layers", "networks", "sequences")]
    found = measure(workloads, repeats, where) if workloads or not names else {}
    if "layers" in (names or []):
        from benchmarks.layer_speed import measure as measure_layers

        found = {**found, "layers": measure_layers(where)}
    if "networks" in (names or []):
        from benchmarks.network_speed import measure as measure_networks

        found = {**found, "networks": measure_networks(where, repeats)}
    if "sequences" in (names or []):
        from benchmarks.sequence_speed import measure as measure_sequences

        found = {**found, "sequences": measure_sequences(where, repeats)}
    if as_json:
        emit(found)
        return
    if "benchmarks" in found:
        tables.print_bench(found)
    if "networks" in found:
        tables.print_network_bench(found["networks"])
    if "sequences" in found:
        tables.print_sequence_bench(found["sequences"])
    if "layers" in found:
        tables.print_layer_bench(found["layers"])


def chosen_reproductions(names: list[str] | None, everything: bool) -> dict[str, list[str]]:
    """Reproductions to run, each with the claims that were asked for by name."""
    if names:
        return registry.reproductions_of(names)
    return {
        name: []
        for name in registry.REPRODUCTIONS
        if everything or getattr(registry.load(name), "IN_DEFAULT_SET", False)
    }


def parse_settings(settings: list[str]) -> dict[str, str]:
    """`KEY=VALUE` pairs as a dictionary.

    Raises:
        UnknownName: a setting without `=`.
    """
    pairs = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise registry.UnknownName(f"--set takes KEY=VALUE. Received: {setting!r}")
        pairs[key] = value
    return pairs


def main() -> None:
    """Run the command line; every expected error is one sentence on standard error."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    debug = len(arguments) < len(sys.argv) - 1
    try:
        # Typer turns an interrupt into the status 130.
        status = app(args=arguments, standalone_mode=False) or 0
    except Exception as error:
        if debug:
            raise
        sys.exit(explain(error))
    if status == 130:
        print("Interrupted: finished variants are kept; run the same command again to go on.", file=sys.stderr)
    sys.exit(status)


def explain(error: Exception) -> int:
    """Print what went wrong in one sentence; returns the exit status."""
    from recipes.datasets import DatasetUnavailable

    message = error.format_message() if hasattr(error, "format_message") else str(error)
    expected = isinstance(error, ValueError | OSError | DatasetUnavailable) or hasattr(error, "format_message")
    if not expected:
        message = f"{type(error).__name__}: {message} (run again with --debug for the traceback)"
    print(f"reproduce: {message}", file=sys.stderr)
    return 3 if isinstance(error, DatasetUnavailable) else 2
