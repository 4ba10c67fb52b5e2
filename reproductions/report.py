"""Report, tables and figures made from the ledger alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reproductions import ledger, registry
from reproductions.figures import draw
from reproductions.tables import (
    LAYER_COLUMNS,
    NETWORK_COLUMNS,
    SEQUENCE_COLUMNS,
    absent_data,
    layer_cells,
    layer_summary,
    measured_text,
    memory_cells,
    network_cells,
    number,
    sequence_cells,
)


def write(results: Path) -> list[Path]:
    """Write report.md, tables/*.csv and stale figures; returns the files that make up the report.

    Raises:
        LedgerError: a record can't be read.
    """
    records = {name: record for name in registry.REPRODUCTIONS if (record := ledger.read(results, name)) is not None}
    written = []
    sections = [
        _head(records),
        _bench(results),
        _network_bench(results),
        _sequence_bench(results),
        _layer_bench(results),
    ]
    for name, record in records.items():
        module = registry.load(name)
        figures = []
        for figure in module.FIGURES:
            path = results / "figures" / f"{figure.name}.png"
            if draw(figure, record, ledger.digest(record, figure), path):
                figures.append((figure, path))
                written.append(path)
        sections.append(_section(module, record, figures, results))
    sections.append(_unavailable(records))
    report = results / "report.md"
    report.write_text("\n".join(section for section in sections if section), encoding="utf-8")
    return [report, *_tables(results, records), *written]


def _head(records: Mapping[str, Any]) -> str:
    verdicts = [claim["verdict"] for record in records.values() for claim in record["claims"].values()]
    counts = {verdict: verdicts.count(verdict) for verdict in dict.fromkeys(verdicts)}
    summary = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items(), key=lambda item: -item[1]))
    return (
        "# Report\n\n"
        f"{len(verdicts)} claims judged: {summary}.\n\n"
        "Made by `reproduce report` from the JSON records beside it. An interval is the 95% confidence interval of the mean "
        "over seeds; a claim is reproduced when that interval lies inside what the document's rounding or wording allows, "
        "which was fixed before the first run. 'Percentile' is the share of our seeds at or below the documented number.\n"
    )


def _unavailable(records: Mapping[str, Any]) -> str:
    """The claims that no record judges because their data are not here, and how to get them."""
    from recipes.datasets import describe

    lines = []
    for name in registry.REPRODUCTIONS:
        module = registry.load(name)
        absent = [] if name in records else absent_data(module)
        if absent:
            how = " ".join(describe(dataset).how_to_get for dataset in absent)
            lines += [f"\n`reproduce run {name}`: {module.SUMMARY} {how}\n"]
            lines += [f"- **{claim.id}**: {claim.statement} Documented: {claim.documented}." for claim in module.CLAIMS]
    return "\n".join(["## Unavailable\n", *lines]) + "\n" if lines else ""


def _bench(results: Path) -> str:
    path = results / "bench.json"
    if not path.exists():
        return ""
    found = json.loads(path.read_text(encoding="utf-8"))
    lines = [
        "## Speed\n",
        "The documented script on `model.fit` against this project's trainer, in one process tree and interleaved; training "
        "alone, start-up and compilation included, imports not. "
        f"{found['environment']['cpu']}, {found['environment']['cores']} cores.\n",
        "| benchmark | `model.fit`, a seed | this project, a seed | times faster | bound |",
        "|--|--|--|--|--|",
    ]
    for name, row in found["benchmarks"].items():
        low, high = row["ratio_range"]
        lines.append(
            f"| {name} | {row['model_fit_seconds_a_seed']:.2f} s | {row['trainer_seconds_a_seed']:.3f} s "
            f"| {row['ratio']:.0f} ({low:.0f} to {high:.0f}) | {row['bound']:g}, {'met' if row['met'] else 'missed'} |"
        )
    notes = [f"\n{row['limit']}" for row in found["benchmarks"].values() if row.get("limit")]
    return "\n".join([*lines, *notes]) + "\n"


def _network_bench(results: Path) -> str:
    path = results / "network_bench.json"
    if not path.exists():
        return ""
    found = json.loads(path.read_text(encoding="utf-8"))
    lines = [
        "## Speed of the convolutional networks\n",
        "Seconds an epoch, the first left out: Keras's layers in `model.fit` against this project's layers in its trainer, one "
        "seed. Median and range of the repeats, sides in turn, each in a process of its own, whose peak memory is given. "
        f"{found['environment']['cpu']}, {found['environment']['cores']} cores.\n",
        "| " + " | ".join(NETWORK_COLUMNS) + " |",
        "|--" * len(NETWORK_COLUMNS) + "|",
        *("| " + " | ".join(network_cells(row)) + " |" for row in found["networks"].values()),
    ]
    return "\n".join(lines) + "\n"


def _sequence_bench(results: Path) -> str:
    path = results / "sequence_bench.json"
    if not path.exists():
        return ""
    found = json.loads(path.read_text(encoding="utf-8"))
    lines = [
        "## Speed of the sequence models\n",
        "Tokens a second in training, the first epoch left out: Keras's layers in `model.fit` on padded sentences, PyTorch "
        "eagerly on batches of like length, this project's layers in its trainer with bucketing. Median and range of the "
        "repeats, sides in turn, each in a process of its own. "
        f"{found['environment']['cpu']}, {found['environment']['cores']} cores.\n",
        "| " + " | ".join(SEQUENCE_COLUMNS) + " |",
        "|--" * len(SEQUENCE_COLUMNS) + "|",
        *("| " + " | ".join(sequence_cells(row)) + " |" for row in found["models"].values()),
    ]
    return "\n".join(lines) + "\n"


def _layer_bench(results: Path) -> str:
    path = results / "layer_bench.json"
    if not path.exists():
        return ""
    found = json.loads(path.read_text(encoding="utf-8"))
    torch = f", PyTorch {found['torch']} eagerly" if found["torch"] else ""
    lines = [
        "## Speed of the layers\n",
        "Milliseconds a call and ratio ours / `keras.layers` (median of neighbouring calls, quartiles), same weights, the "
        "sides in turn in one process, as a TensorFlow graph and under XLA"
        f"{torch}. A training step is forward pass, loss and gradients of weights and input. "
        f"{found['environment']['cpu']}, {found['environment']['cores']} cores, TensorFlow "
        f"{found['environment']['versions']['tensorflow']}, Keras {found['environment']['versions']['keras']}.\n",
        "| " + " | ".join(LAYER_COLUMNS) + " |",
        "|--" * len(LAYER_COLUMNS) + "|",
        *("| " + " | ".join(layer_cells(row)) + " |" for row in found["rows"]),
        *(f"\n{line}" for line in layer_summary(found)),
        "\n| peak memory of a training step | ours | `keras.layers` | ratio |",
        "|--|--|--|--|",
        *("| " + " | ".join(memory_cells(row)) + " |" for row in found["memory"]),
    ]
    return "\n".join(lines) + "\n"


def _section(module: Any, record: Mapping[str, Any], figures: list[Any], results: Path) -> str:
    environment = record["environment"]
    versions = environment["versions"]
    lines = [
        f"## {module.TITLE}\n",
        f"{module.SUMMARY}\n",
        f"`reproduce run {record['reproduction']}`: {record['wall_seconds']:.0f} s on {environment['cpu']}, "
        f"{environment['cores']} cores, peak memory {environment['peak_memory_mib']} MiB; TensorFlow "
        f"{versions['tensorflow']}, Keras {versions['keras']}, Python {versions['python']}; commit "
        f"{record['commit'][:12]}.\n",
        "| claim | documented | measured (95% interval) | seeds | percentile | verdict |",
        "|--|--|--|--|--|--|",
    ]
    for name, claim in record["claims"].items():
        for position, check in enumerate(claim["checks"]):
            percentile = "" if check["percentile"] is None else f"{check['percentile']:.0f}"
            head = f"**{name}**<br>{_cell(claim['statement'])}" if position == 0 else ""
            verdict = f"**{claim['verdict']}**" if len(claim["checks"]) == 1 else check["verdict"]
            if position == 0 and len(claim["checks"]) > 1:
                head += f"<br>**{claim['verdict']}**"
            lines.append(
                f"| {head} | {_cell(claim['documented']) if position == 0 else ''} "
                f"| {_cell(check['quantity'].replace('_', ' '))}: {_cell(measured_text(check))} | {check['seeds'] or ''} "
                f"| {percentile} | {verdict} |"
            )
    notes = []
    remarks = {claim.id: claim.remark for claim in module.CLAIMS}
    for name, claim in record["claims"].items():
        texts = [check["note"] for check in claim["checks"] if check["note"]]
        notes += [f"- **{name}**: {text}" for text in [*texts, remarks.get(name)] if text]
    if notes:
        lines += ["\nNotes:\n", *notes]
    if record["variants"]:
        lines += ["", *_variants(record)]
    for figure, path in figures:
        lines += ["", f"![{figure.title}]({path.relative_to(results)})", "", f"{figure.caption}"]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _variants(record: Mapping[str, Any]) -> list[str]:
    metrics = list(dict.fromkeys(metric for variant in record["variants"].values() for metric in variant["summary"]))
    lines = [
        "Every trained variant, mean ± half the 95% interval:\n",
        f"| variant | seeds | {' | '.join(metric.replace('_', ' ') for metric in metrics)} |",
        "|--|--|" + "--|" * len(metrics),
    ]
    for name, variant in record["variants"].items():
        cells = []
        for metric in metrics:
            one = variant["summary"].get(metric)
            if one is None:
                cells.append("")
            elif one["mean"] is None:
                cells.append("diverged")
            else:
                half = "" if one["high"] is None else f" ± {(one['high'] - one['low']) / 2:.2g}"
                cells.append(f"{number(one['mean'])}{half}")
        lines.append(f"| {name} | {len(variant['seeds'])} | {' | '.join(cells)} |")
    return lines


def _tables(results: Path, records: Mapping[str, Any]) -> list[Path]:
    import pandas as pd

    checks = pd.DataFrame(
        [
            {
                "reproduction": name,
                "claim": claim_id,
                "verdict": claim["verdict"],
                "quantity": check["quantity"],
                "documented": check["documented"],
                "measured": json.dumps(check["measured"]) if isinstance(check["measured"], list) else check["measured"],
                "low": check["low"],
                "high": check["high"],
                "seeds": check["seeds"],
                "effect_size": check["effect_size"],
                "percentile": check["percentile"],
                "check_verdict": check["verdict"],
            }
            for name, record in records.items()
            for claim_id, claim in record["claims"].items()
            for check in claim["checks"]
        ]
    )
    variants = pd.DataFrame(
        [
            {"reproduction": name, "variant": variant, "metric": metric, "seeds": len(values["seeds"])} | summary
            for name, record in records.items()
            for variant, values in record["variants"].items()
            for metric, summary in values["summary"].items()
        ]
    )
    folder = results / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / "claims.csv", folder / "variants.csv"]
    for path, rows in zip(paths, (checks, variants), strict=True):
        rows.to_csv(path, index=False, lineterminator="\n")
    return paths
