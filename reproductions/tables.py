"""What the commands print: claims, details, outcomes, gates, datasets, ratios."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Mapping
from dataclasses import asdict, fields
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

from reproductions import ledger, registry
from reproductions.claims import VERDICTS, Claim

STYLES = {
    "reproduced": "green",
    "exceeded": "green",
    "not reproduced": "red",
    "erratum": "magenta",
    "inconclusive": "yellow",
    "unavailable": "dim",
}


MANY = 4
"""More reproductions than this and their verdicts are also counted in a table, which a reader sees without scrolling back."""


def console() -> Any:
    """Standard output for tables."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=False)


def table(*columns: str, **options: Any) -> Any:
    """A plain table that folds long cells instead of cutting them."""
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), **options)
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def require_verdict(verdict: str | None) -> None:
    """Refuse a verdict that does not exist.

    Raises:
        UnknownName: names the known ones.
    """
    if verdict is not None and verdict not in VERDICTS:
        raise registry.UnknownName(f"There is no verdict {verdict!r}; there are {', '.join(VERDICTS)}.")


def claim_rows(results: Path, everything: bool) -> list[dict[str, Any]]:
    """One row a claim: implemented ones with their verdict, and with `everything` those that wait."""
    records = {name: ledger.read(results, name) for name in registry.REPRODUCTIONS}
    rows = []
    for name, (reproduction, claim) in registry.claims().items():
        record = records[reproduction]
        rows.append(
            {
                "id": name,
                "area": claim.area,
                "kind": claim.kind,
                "implemented": True,
                "verdict": known_verdict(registry.load(reproduction), record, claim),
                "reproduction": reproduction,
                "statement": claim.statement,
                "documented": claim.documented,
                "catalogued": claim.document != "own",
            }
        )
    if everything:
        for row in registry.pending():
            rows.append(
                {
                    "id": row["id"],
                    "area": row["id"].split("-", 1)[0],
                    "kind": row["kind"],
                    "implemented": False,
                    "verdict": None,
                    "reproduction": None,
                    "statement": row["statement"],
                    "documented": row["documented"],
                    "catalogued": True,
                }
            )
    return rows


def print_claims(rows: list[dict[str, Any]], everything: bool) -> None:
    """Claims as a table, and the coverage when all were asked for."""
    shown = table("claim", "kind", "verdict")
    for row in rows:
        verdict = row["verdict"] or ("not run yet" if row["implemented"] else "not implemented")
        shown.add_row(row["id"], row["kind"], verdict, style=STYLES.get(verdict, "dim"))
    out = console()
    out.print(shown)
    if everything:
        catalogued = [row for row in rows if row["catalogued"]]
        done = sum(row["implemented"] for row in catalogued)
        out.print(f"{done} of {len(catalogued)} catalogued claims implemented.")


def known_verdict(module: ModuleType, record: Mapping[str, Any] | None, claim: Claim) -> str | None:
    """The record's verdict; without one `unavailable` where data are not here, None where it only was not run yet."""
    if record and claim.id in record["claims"]:
        return record["claims"][claim.id]["verdict"]
    return "unavailable" if claim.data and absent_data(module) else None


def absent_data(module: ModuleType) -> list[str]:
    """The datasets of a reproduction that are neither in a mirror nor in the cache."""
    from recipes.datasets import status

    return [name for name in module.DATASETS if status(name).source == "absent"]


def details(name: str, results: Path) -> dict[str, Any]:
    """All that is known of a claim or a reproduction.

    Raises:
        UnknownName: there is neither of that name.
    """
    if name in registry.REPRODUCTIONS:
        module = registry.load(name)
        record = ledger.read(results, name)
        return {
            "reproduction": name,
            "title": module.TITLE,
            "summary": module.SUMMARY,
            "datasets": list(module.DATASETS),
            "settings": settings(module),
            "variants": {variant: asdict(config) for variant, config in getattr(module, "VARIANTS", {}).items()},
            "sizes": getattr(module, "SIZES", {}),
            "claims": {claim.id: known_verdict(module, record, claim) for claim in module.CLAIMS},
        }
    for row in registry.pending():
        if row["id"] == name:
            return {"claim": name, "implemented": False} | {key: value for key, value in row.items() if key != "id"}
    reproduction, claims = next(iter(registry.reproductions_of([name]).items()))
    claim = registry.claims()[claims[0]][1]
    record = ledger.read(results, reproduction)
    judged = record["claims"].get(name, {}) if record else {}
    return {
        "claim": name,
        "implemented": True,
        "reproduction": reproduction,
        "document": claim.document,
        "section": claim.section,
        "kind": claim.kind,
        "statement": claim.statement,
        "documented": claim.documented,
        "setup": claim.setup,
        "remark": claim.remark,
        "verdict": known_verdict(registry.load(reproduction), record, claim),
        "checks": judged.get("checks", []),
    }


def settings(module: ModuleType) -> list[dict[str, str]]:
    """The fields of a reproduction's configuration with type, default and the sentence below each."""
    if not hasattr(module, "Config"):
        return []
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Config")
    sentences = {}
    for node, after in pairwise(body):
        if isinstance(node, ast.AnnAssign) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            sentences[ast.unparse(node.target)] = str(after.value.value)
    return [
        {"name": one.name, "type": str(one.type), "default": repr(one.default), "meaning": sentences.get(one.name, "")}
        for one in fields(module.Config)
    ]


def print_details(found: dict[str, Any]) -> None:
    """A claim or reproduction for a reader."""
    from rich.markup import escape

    out = console()
    for key in ("claim", "reproduction", "title", "summary", "document", "section", "kind", "statement", "documented"):
        if found.get(key):
            out.print(f"[bold]{key}[/bold]  {escape(found[key])}")
    if found.get("setup"):
        out.print(f"[bold]setup[/bold]  {escape(found['setup'])}")
    if found.get("implemented") is False:
        out.print("not implemented yet")
        return
    if "claim" in found:
        verdict = found["verdict"] or "not run yet"
        out.print(f"[bold]verdict[/bold]  [{STYLES.get(verdict, 'dim')}]{verdict}[/]")
        shown = table("measured quantity", "documented", "measured", "verdict")
        for one in found["checks"]:
            shown.add_row(*map(escape, (one["quantity"], one["documented"], measured_text(one), one["verdict"])))
        if found["checks"]:
            out.print(shown)
        for one in found["checks"]:
            if one["note"]:
                out.print(one["note"], markup=False)
        if found["remark"]:
            out.print(found["remark"], markup=False)
        return
    if found["settings"]:
        shown = table("setting", "type", "default", "meaning")
        for row in found["settings"]:
            shown.add_row(*map(escape, (row["name"], row["type"], row["default"], row["meaning"])))
        out.print(shown)
    for size, changes in found["sizes"].items():
        text = ", ".join(f"{key}={number(value)}" for key, value in changes.items())
        out.print(f"[bold]--size {size}[/bold]  {escape(text)}")
    shown = table("claim", "verdict")
    for name, verdict in found["claims"].items():
        shown.add_row(name, verdict or "not run yet", style=STYLES.get(verdict or "", "dim"))
    out.print(shown)
    out.print(
        f"variants: {', '.join(found['variants'])}" if found["variants"] else "worked examples: nothing is trained"
    )


def number(value: Any) -> str:
    """A value as a reader wants it: four significant digits for floats."""
    if isinstance(value, bool) or not isinstance(value, float):
        return "diverged" if value is None else str(value)
    return f"{value:.4g}"


def measured_text(check: dict[str, Any]) -> str:
    """The measured value, with its 95% interval where there is one."""
    if check["check"] == "equals":
        return number(check["measured"])
    if check["low"] is None or check["high"] is None:
        return number(check["measured"])
    return f"{number(check['measured'])} ({number(check['low'])} to {number(check['high'])})"


def entry(out: Any, head: str, verdict: str, lines: list[str], style: str) -> None:
    """A claim or gate with its verdict at the right edge and what is behind it below: readable at any width."""
    from rich.markup import escape
    from rich.padding import Padding

    space = max(2, min(out.width, 88) - len(head) - len(verdict) - 1)
    out.print(f"[bold]{escape(head)}[/bold]{' ' * space}[{style}]{escape(verdict)}[/]", soft_wrap=True)
    for line in lines:
        out.print(Padding(escape(line), (0, 0, 0, 4)), style="dim")


def _tally(outcomes: list[Any]) -> Any:
    """How many claims of each reproduction got which verdict."""
    found = [[claim["verdict"] for claim in outcome.record["claims"].values()] for outcome in outcomes]
    columns = [verdict for verdict in STYLES if any(verdict in verdicts for verdicts in found)]
    made = table("reproduction", *columns)
    for outcome, verdicts in zip(outcomes, found, strict=True):
        counts = [verdicts.count(verdict) for verdict in columns]
        made.add_row(outcome.record["reproduction"], *(str(count) if count else "" for count in counts))
    return made


def print_outcomes(outcomes: list[Any], asked: set[str], results: Path) -> None:
    """Every claim with documented and measured value and verdict; what got worse; where the ledger is."""
    from rich.markup import escape

    out = console()
    for outcome in outcomes:
        out.print(f"\n{outcome.record['title']}", style="underline")
        for name, claim in outcome.record["claims"].items():
            if asked and name not in asked and any(one in outcome.record["claims"] for one in asked):
                continue
            lines = [f"documented {claim['documented']}"]
            lines += [f"{check['quantity'].replace('_', ' ')}: {measured_text(check)}" for check in claim["checks"]]
            entry(out, name, claim["verdict"], lines, STYLES[claim["verdict"]])
    out.print()
    if len(outcomes) > MANY:
        out.print(_tally(outcomes))
    for outcome in outcomes:
        if outcome.unavailable:
            out.print(f"[yellow]{outcome.record['reproduction']} unavailable:[/yellow] {escape(outcome.unavailable)}")
        for name in outcome.worse:
            out.print(f"[red]{name} got worse than its record says.[/red]")
    verdicts = [claim["verdict"] for outcome in outcomes for claim in outcome.record["claims"].values()]
    counts = ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in STYLES if verdict in verdicts)
    seconds = sum(outcome.record["wall_seconds"] for outcome in outcomes)
    out.print(f"{len(verdicts)} claims in {seconds:.0f} seconds of work: {counts}.")
    written = [str(outcome.path) for outcome in outcomes if outcome.path is not None]
    where = f"{len(written)} records in {results}" if len(written) > MANY else ", ".join(written)
    # Not folded: a path that is broken over two lines can't be copied.
    out.print(f"Ledger: {where or 'nothing written'}", markup=False, soft_wrap=True)
    if any(outcome.path is not None and outcome.path.parent == results for outcome in outcomes):
        out.print(f"Report: {results / 'report.md'}", markup=False, soft_wrap=True)


def print_checks(reports: list[Any]) -> None:
    """Every gate, failures in red, and a closing sentence."""
    from rich.markup import escape

    out = console()
    for one in reports:
        out.print(f"\n{one.reproduction}", style="underline")
        for gate in one.gates:
            lines = [f"ledger {shorten(gate.reference)}, now {shorten(gate.measured)}, allowed {gate.allowed}"]
            if gate.detectable:
                lines[0] += f"; catches a shift of {gate.detectable}"
            outcome = "ok" if gate.passed else f"FAIL {gate.note}".strip()
            entry(out, gate.name, outcome, lines, "green" if gate.passed else "red")
        if one.unavailable:
            out.print(f"[yellow]unavailable:[/yellow] {escape(one.unavailable)}")
    failures, gates = sum(len(one.failures) for one in reports), sum(len(one.gates) for one in reports)
    out.print(f"\n{gates - failures} of {gates} gates passed (a shift is caught with 80% power).")


def shorten(text: str) -> str:
    """At most 48 characters."""
    return text if len(text) <= 48 else text[:45] + "..."


def print_datasets(rows: list[dict[str, Any]]) -> None:
    """Every dataset and where it is."""
    from rich.markup import escape

    shown = table("dataset", "where", "content", "path or how to get it")
    for row in rows:
        place = row["path"] or "comes with scikit-learn"
        if row["source"] == "absent":
            how = f"reproduce data fetch {row['name']}" if row["url"] else row["how_to_get"]
            place = f"{how} It goes to {place}" if not row["url"] else how
        shown.add_row(row["name"], row["source"], row["content"], escape(place))
    console().print(shown)


def print_bench(found: dict[str, Any]) -> None:
    """Both sides of every benchmark and their ratio."""
    shown = table("benchmark", "model.fit, a seed", "this project, a seed", "times faster", "bound")
    for name, row in found["benchmarks"].items():
        low, high = row["ratio_range"]
        shown.add_row(
            name,
            f"{row['model_fit_seconds_a_seed']:.2f} s",
            f"{row['trainer_seconds_a_seed']:.3f} s",
            f"{row['ratio']:.0f} ({low:.0f} to {high:.0f})",
            f"{row['bound']:g} {'met' if row['met'] else 'MISSED'}",
        )
    console().print(shown)


NETWORK_COLUMNS = ("network", "model.fit", "trainer", "times faster", "peak GiB", "bound")
"""Columns of the network benchmark: seconds an epoch of both sides, and their peak memory."""


def print_network_bench(found: dict[str, Any]) -> None:
    """Seconds an epoch of every network on both sides and their ratio."""
    shown = table(*NETWORK_COLUMNS)
    for row in found["networks"].values():
        shown.add_row(*network_cells(row))
    console().print(shown)


def network_cells(row: dict[str, Any]) -> list[str]:
    """One row of the network benchmark."""
    low, high = row["ratio_range"]
    return [
        row["title"],
        f"{row['model_fit_seconds']:.2f} s",
        f"{row['trainer_seconds']:.2f} s",
        f"{row['ratio']:.2f} ({low:.2f} to {high:.2f})",
        f"{row['model_fit_peak_mib'] / 1024:.1f} / {row['trainer_peak_mib'] / 1024:.1f}",
        f"{row['bound']:g}, {'met' if row['met'] else 'missed'}",
    ]


SEQUENCE_COLUMNS = ("model", "model.fit", "PyTorch", "trainer", "to model.fit", "to PyTorch")
"""Columns of the sequence benchmark: tokens a second of each side, and how many times as many the trainer takes."""


def print_sequence_bench(found: dict[str, Any]) -> None:
    """Tokens a second of every sequence model."""
    shown = table(*SEQUENCE_COLUMNS)
    for row in found["models"].values():
        shown.add_row(*sequence_cells(row))
    console().print(shown)


def sequence_cells(row: dict[str, Any]) -> list[str]:
    """One row of the sequence benchmark; PyTorch may not have been installed."""

    def rate(side: str) -> str:
        return f"{row[f'{side}_tokens_a_second']:,.0f}" if f"{side}_tokens_a_second" in row else "not installed"

    def ratio(side: str) -> str:
        if f"ratio_{side}" not in row:
            return ""
        low, high = row[f"ratio_{side}_range"]
        return f"{row[f'ratio_{side}']:.2f} ({low:.2f} to {high:.2f})"

    return [row["title"], *map(rate, ("model_fit", "torch", "trainer")), *map(ratio, ("model_fit", "torch"))]


def print_layer_bench(found: dict[str, Any]) -> None:
    """Milliseconds and ratios of every layer, then peak memory."""
    shown = table(*LAYER_COLUMNS)
    for row in found["rows"]:
        shown.add_row(*layer_cells(row))
    console().print(shown)
    weighed = table("peak memory of a training step", "ours", "keras.layers", "ratio")
    for row in found["memory"]:
        weighed.add_row(*memory_cells(row))
    console().print(weighed)
    for line in layer_summary(found):
        console().print(line)


def layer_summary(found: dict[str, Any]) -> list[str]:
    """The benchmark in sentences: medians over all rows, and every row that misses its bound by more than its noise."""
    rows = found["rows"]
    lines = []
    for mode, words in (("graph", "as a graph"), ("xla", "under XLA")):
        ratios = [row[f"ratio {mode}"] for row in rows]
        slower = [_row_name(row, f"ratio {mode}") for row in rows if row[f"quartiles {mode}"][0] > 1]
        lines.append(
            f"Ours / keras.layers {words}: median {statistics.median(ratios):.2f} of {len(ratios)} rows, from "
            f"{min(ratios):.2f} to {max(ratios):.2f}; lower quartile above 1: {', '.join(slower) or 'none'}."
        )
    steps = [row for row in rows if row["what"] == "step" and "ratio torch" in row]
    if steps:
        slower = [_row_name(row, "ratio torch") for row in steps if row["ratio torch"] > 1]
        median = statistics.median(row["ratio torch"] for row in steps)
        lines.append(
            f"Ours / torch.nn, training step, our faster mode: median {median:.2f} of {len(steps)} rows; above 1: "
            f"{', '.join(slower) or 'none'}."
        )
    return lines


def _row_name(row: dict[str, Any], ratio: str) -> str:
    return f"{row['layer']} {row['size']} {row['what']} ({row[ratio]:.2f})"


LAYER_COLUMNS = (
    "layer",
    "pass",
    "ours, graph",
    "keras, graph",
    "ratio",
    "ours, XLA",
    "keras, XLA",
    "ratio XLA",
    "torch",
    "ratio torch",
)
"""Columns of the layer benchmark; times in milliseconds, ratios are ours / theirs, for PyTorch with our faster mode."""


def layer_cells(row: dict[str, Any]) -> list[str]:
    """One row of the layer benchmark."""
    torch = [f"{row['torch ms']:.3g}", f"{row['ratio torch']:.2f}"] if "torch ms" in row else ["", ""]
    cells = [f"{row['layer']} {row['size']}", {"forward": "forward", "step": "training step"}[row["what"]]]
    for mode in ("graph", "xla"):
        low, high = row[f"quartiles {mode}"]
        cells += [f"{row[f'ours {mode} ms']:.3g}", f"{row[f'keras {mode} ms']:.3g}"]
        cells.append(f"{row[f'ratio {mode}']:.2f} ({low:.2f} to {high:.2f})")
    return cells + torch


def memory_cells(row: dict[str, Any]) -> list[str]:
    """One row of the memory table."""
    ours, theirs = row["ours MiB"], row["keras MiB"]
    return [row["case"], f"{ours:.0f} MiB", f"{theirs:.0f} MiB", f"{ours / theirs:.2f}" if theirs else ""]
