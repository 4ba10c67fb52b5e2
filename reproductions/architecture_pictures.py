"""The pictures of `architectures`: networks by year, VGG16 by layer, and an inception block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reproductions.figures import COLOURS


def paint_timeline(facts: Mapping[str, Any]) -> Any:
    """Parameters and depth, one row a network, in the order of their years."""
    import matplotlib.pyplot as plt

    names, years, counts, depths = zip(*facts["timeline"], strict=True)
    drawn, axes = plt.subplots(1, 2, figsize=(9.4, 4.6), sharey=True, layout="constrained")
    rows = range(len(names))
    for axis, values, colour, label in (
        (axes[0], [count / 1e6 for count in counts], COLOURS[0], "parameters (million)"),
        (axes[1], depths, COLOURS[1], "convolutions and dense layers on the longest path"),
    ):
        axis.hlines(rows, 0.03 if axis is axes[0] else 3, values, color=colour, alpha=0.35, linewidth=2)
        axis.plot(values, rows, "o", color=colour)
        for row, value in zip(rows, values, strict=True):
            text = f"{value:.2f}" if value < 1 else f"{value:.1f}" if axis is axes[0] else f"{value}"
            axis.annotate(text, (value, row), (7, 0), textcoords="offset points", va="center", fontsize=9)
        axis.set_xscale("log")
        axis.xaxis.set_major_formatter("{x:g}")
        axis.set_xlabel(label)
        axis.grid(axis="x", alpha=0.25)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_xlim(0.03, 600)
    axes[1].set_xlim(3, 500)
    axes[0].set_yticks(rows, [f"{name}  {year}" for name, year in zip(names, years, strict=True)])
    axes[0].invert_yaxis()
    return drawn


def paint_vgg16(facts: Mapping[str, Any]) -> Any:
    """Where VGG16's parameters are, and where its work is."""
    import matplotlib.pyplot as plt

    names, counts, work = zip(*facts["vgg16_by_layer"], strict=True)
    drawn, axes = plt.subplots(1, 2, figsize=(9.4, 4.8), sharey=True, layout="constrained")
    colours = [COLOURS[0] if "conv" in name else COLOURS[1] for name in names]
    for axis, values, label in (
        (axes[0], counts, "parameters (million)"),
        (axes[1], work, "multiplications an image (million)"),
    ):
        bars = axis.barh(range(len(names)), [value / 1e6 for value in values], color=colours)
        axis.bar_label(bars, [f"{value / 1e6:,.2g}" if value < 1e7 else f"{value / 1e6:,.0f}" for value in values],
                       padding=3, fontsize=8)  # fmt: skip
        axis.margins(x=0.14)
        axis.set_xlabel(label)
        axis.spines[["top", "right"]].set_visible(False)
        dense = sum(value for name, value in zip(names, values, strict=True) if "conv" not in name) / sum(values)
        axis.set_title(f"convolutions {1 - dense:.1%}, dense layers {dense:.1%}", fontsize=10)
    axes[0].set_yticks(range(len(names)), names)
    axes[0].invert_yaxis()
    handles = [plt.Rectangle((0, 0), 1, 1, color=colour) for colour in COLOURS[:2]]
    axes[1].legend(handles, ["3 x 3 convolution", "dense layer"], frameon=False, loc="lower right")
    return drawn


def paint_inception(facts: Mapping[str, Any]) -> Any:
    """The four branches of an inception block, with the channels of block 3a."""
    import matplotlib.pyplot as plt

    drawn, axis = plt.subplots(figsize=(8.6, 4.2), layout="constrained")
    axis.set(xlim=(0, 10), ylim=(0, 6.2))
    axis.axis("off")

    def box(x: float, y: float, text: str, colour: str, width: float = 2.1) -> None:
        axis.add_patch(plt.Rectangle((x - width / 2, y - 0.4), width, 0.8, facecolor=colour, alpha=0.25))
        axis.text(x, y, text, ha="center", va="center", fontsize=9)

    def arrow(x: float, bottom: float, top: float) -> None:
        axis.annotate("", (x, top), (x, bottom), arrowprops={"arrowstyle": "->", "color": "0.35"})

    channels = facts["inception_branch_channels"]
    first = ("", "1 x 1 convolution\n96 channels", "1 x 1 convolution\n16 channels", "3 x 3 max pooling\n192 channels")
    for place, (size, before) in enumerate(zip(("1 x 1", "3 x 3", "5 x 5", "1 x 1"), first, strict=True)):
        x = 1.25 + 2.5 * place
        if before:
            box(x, 2.2, before, COLOURS[2] if "pool" in before else COLOURS[4])
            arrow(x, 1.0, 1.8)
        arrow(x, 2.6 if before else 1.0, 3.4)
        box(x, 3.8, f"{size} convolution\n{channels[place]} channels", COLOURS[0])
        arrow(x, 4.2, 5.0)
    box(5, 0.6, "input: 28 x 28, 192 channels", "0.6", 9.6)
    total = " + ".join(map(str, channels))
    box(5, 5.4, f"concatenated: 28 x 28, {total} = {facts['inception_channels']} channels", COLOURS[1], 9.6)
    return drawn
