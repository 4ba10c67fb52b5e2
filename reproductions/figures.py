"""The figures that a reproduction declares: learning curves, one dot a seed, and pictures of computed facts.

They are drawn from the ledger's record alone. The digest of the record and of the declaration is kept in the PNG, so that
a figure is drawn again only when one of them has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
"""Okabe and Ito's palette, which colour-blind readers can tell apart."""

AXIS_NAMES = {"loss": "loss", "accuracy": "accuracy", "r2": "R2", "test_accuracy": "test accuracy"}


@dataclass(frozen=True)
class Curves:
    """Training and validation curves over epochs, as course notes draw them: mean line and 10-90% band over seeds.

    Args:
        name: file name without ending.
        title: above the figure.
        caption: what to see in it.
        variants: one column of panels each.
        rows: one row of panels each: the names of the training and the validation curve.
        labels: readable variant names.
        log_y: logarithmic loss axis.
    """

    name: str
    title: str
    caption: str
    variants: tuple[str, ...]
    rows: tuple[tuple[str, str], ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    log_y: bool = False


@dataclass(frozen=True)
class Spread:
    """One dot a seed and variant, with the mean and its 95% interval.

    Args:
        name: file name without ending.
        title: above the figure.
        caption: what to see in it.
        metric: the measurement shown.
        variants: rows, from top to bottom.
        interval: what counts as reproduced, shaded.
        documented: the document's number, as a line.
        reference_metric: a measurement drawn as a dashed line (its mean over the first variant).
        reference_label: what that line is.
        labels: readable variant names.
    """

    name: str
    title: str
    caption: str
    metric: str
    variants: tuple[str, ...]
    interval: tuple[float, float] | None = None
    documented: float | None = None
    reference_metric: str | None = None
    reference_label: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Picture:
    """A drawing of computed facts, for reproductions that train nothing.

    Args:
        name: file name without ending.
        title: above the figure.
        caption: what to see in it.
        facts: the facts that it shows.
        paint: draws them and returns the matplotlib figure; gets the facts by name, and where variants are named also
            those, each as the ledger's `{"metrics": ..., "summary": ..., "curves": ...}`.
        variants: the trained variants that it shows besides.
    """

    name: str
    title: str
    caption: str
    facts: tuple[str, ...]
    paint: Callable[..., Any] = field(repr=False)  # an address in the digest would change every time
    variants: tuple[str, ...] = ()


Figure = Curves | Spread | Picture


def is_current(path: Path, digest: str) -> bool:
    """Whether the figure at `path` was drawn from the record with this digest."""
    try:
        # The text chunk stands near the start of the file, before the pixels.
        return f"Record\0{digest}".encode() in path.read_bytes()[:4096]
    except OSError:
        return False


def draw(figure: Figure, record: Mapping[str, Any], digest: str, path: Path) -> bool:
    """Draw a figure of a record unless the file is current.

    Returns:
        Whether the figure exists: False when the record lacks a variant or fact (data unavailable).
    """
    variants, facts = record["variants"], record["facts"]
    if not all(name in facts for name in getattr(figure, "facts", ())):
        return False
    if not all(name in variants for name in figure.variants):
        return False
    if is_current(path, digest):
        return True
    import matplotlib as mpl

    mpl.use("Agg")
    if isinstance(figure, Picture):
        shown = [{name: facts[name] for name in figure.facts}]
        if figure.variants:
            shown.append({name: variants[name] for name in figure.variants})
        drawn = figure.paint(*shown)
        drawn.suptitle(figure.title, fontsize=11)
    else:
        drawn = _curves(figure, variants) if isinstance(figure, Curves) else _spread(figure, variants)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    drawn.savefig(temporary, format="png", dpi=110, metadata={"Record": digest, "Software": None})
    temporary.replace(path)
    mpl.pyplot.close(drawn)
    return True


def _seeds(figure: Curves | Spread, variants: Mapping[str, Any]) -> str:
    counts = sorted({len(variants[name]["seeds"]) for name in figure.variants})
    return f"{counts[0]} seeds" if len(counts) == 1 else f"{counts[0]} to {counts[-1]} seeds"


def _curves(figure: Curves, variants: Mapping[str, Any]) -> Any:
    import matplotlib.pyplot as plt

    rows, columns = len(figure.rows), len(figure.variants)
    drawn, axes = plt.subplots(
        rows,
        columns,
        figsize=(3.5 * columns + 0.6, 2.5 * rows + 0.9),
        squeeze=False,
        sharey="row",
        layout="constrained",
    )
    for column, name in enumerate(figure.variants):
        curves = variants[name]["curves"]
        for row, pair in enumerate(figure.rows):
            axis = axes[row][column]
            for curve_name, label, colour in zip(pair, ("training", "validation"), COLOURS, strict=False):
                curve = curves[curve_name]
                axis.plot(curve["epoch"], curve["mean"], color=colour, label=label, linewidth=1.6)
                axis.fill_between(curve["epoch"], curve["low"], curve["high"], color=colour, alpha=0.2, linewidth=0)
            if figure.log_y and row == 0:
                axis.set_yscale("log")
            axis.grid(alpha=0.25)
            if row == 0:
                axis.set_title(figure.labels.get(name, name), fontsize=10)
            if row == rows - 1:
                axis.set_xlabel("epoch")
            if column == 0:
                axis.set_ylabel(AXIS_NAMES.get(pair[0], pair[0]))
    axes[0][-1].legend(frameon=False, fontsize=9)
    drawn.suptitle(f"{figure.title}\nmean of {_seeds(figure, variants)}, band: 10th to 90th percentile", fontsize=11)
    return drawn


def _spread(figure: Spread, variants: Mapping[str, Any]) -> Any:
    import matplotlib.pyplot as plt
    import numpy as np

    drawn, axis = plt.subplots(figsize=(7.2, 0.5 * len(figure.variants) + 1.7), layout="constrained")
    if figure.interval is not None:
        axis.axvspan(*figure.interval, color="0.88", zorder=0, label="counts as reproduced")
    if figure.documented is not None:
        axis.axvline(figure.documented, color="0.35", linewidth=1.2, label=f"documented {figure.documented:g}")
    if figure.reference_metric is not None:
        reference = variants[figure.variants[0]]["summary"][figure.reference_metric]["mean"]
        label = f"{figure.reference_label} {reference:.4g}"
        axis.axvline(reference, color=COLOURS[3], linestyle="--", linewidth=1.4, label=label)
    for position, name in enumerate(figure.variants):
        values = np.array([np.nan if v is None else v for v in variants[name]["metrics"][figure.metric]])
        # A fixed sideways scatter, so that equal values stay visible and the picture is the same each time.
        scatter = np.linspace(-0.2, 0.2, len(values))[np.argsort(np.random.default_rng(0).random(len(values)))]
        axis.scatter(values, position + scatter, s=13, color=COLOURS[0], alpha=0.55, linewidth=0)
        summary = variants[name]["summary"][figure.metric]
        if summary["mean"] is not None:
            low, high = summary["low"], summary["high"]
            axis.plot([low, high], [position, position], color=COLOURS[1], linewidth=3, solid_capstyle="butt")
            axis.plot(summary["mean"], position, "D", color=COLOURS[1], markersize=5)
    axis.plot([], [], "o", color=COLOURS[0], alpha=0.55, markersize=4, label="one seed")
    axis.plot([], [], "-D", color=COLOURS[1], linewidth=3, markersize=5, label="mean and its 95% interval")
    axis.set_yticks(range(len(figure.variants)), [figure.labels.get(name, name) for name in figure.variants])
    axis.invert_yaxis()
    axis.grid(axis="x", alpha=0.25)
    axis.set_xlabel(AXIS_NAMES.get(figure.metric, figure.metric.replace("_", " ")))
    axis.set_title(f"{figure.title} ({_seeds(figure, variants)})", fontsize=11)
    drawn.legend(*axis.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    return drawn
