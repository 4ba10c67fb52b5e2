"""What pooling saves: multiplications, parameters, values held and time of two documented CNNs, with pooling and without.

Sources: document 000, Convolutional Neural Networks (the cat/dog network); document 003, Videos 45-46 (the MNIST network).
Counts are exact: TensorFlow's profiler counts the operations of the graph. Times are ratios of interleaved repeats on random
images, whose content does not matter to a clock.

Run: reproduce run pooling_cost
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from reproductions.claims import Claim, Equals, Sampled
from reproductions.figures import COLOURS, Picture
from reproductions.timings import interleaved
from reproductions.worked import both_facts, draw, log10_ratio, parameters, shapes

if TYPE_CHECKING:
    import keras

TITLE = "What pooling saves"
SUMMARY = (
    "The documents' cat/dog and MNIST networks with pooling and without: multiplications, parameters, values to keep, and the "
    "time of a training step and of a prediction."
)
DATASETS = ()
IN_DEFAULT_SET = True
TIMES = True
EXPECTED_SECONDS = 18.0

BATCH = 32


@dataclass(frozen=True)
class Network:
    """A documented CNN: [convolution 3 x 3 with relu, 2 x 2 max pooling] a number of filters each, flatten, dense."""

    image: tuple[int, int, int]
    """Rows, columns and channels of an image."""
    filters: tuple[int, ...]
    """Filters of each convolution."""
    hidden: tuple[int, ...]
    """Relu units of the dense layers before the output."""
    outputs: int
    """Output units: 1 sigmoid, or softmax."""
    repeats: int
    """Repeats of the timing."""
    best_of: int
    """Calls in a repeat, of which the quickest counts."""


NETWORKS = {
    "catdog": Network((64, 64, 3), (32, 64), (128,), 1, repeats=8, best_of=1),
    "mnist": Network((28, 28, 1), (32, 32), (), 10, repeats=12, best_of=3),
}


def build(network: Network, pooled: bool, library: ModuleType) -> keras.Model:
    """The network of `library`'s layers, compiled with Adam; without pooling it keeps everything else."""
    import keras

    model = keras.Sequential([keras.Input(network.image)])
    for filters in network.filters:
        model.add(library.Conv2D(filters, 3, activation="relu"))
        if pooled:
            model.add(library.MaxPooling2D(2))
    model.add(keras.layers.Flatten())
    for units in network.hidden:
        model.add(library.Dense(units, activation="relu"))
    binary = network.outputs == 1
    model.add(library.Dense(network.outputs, activation="sigmoid" if binary else "softmax"))
    model.compile("adam", "binary_crossentropy" if binary else "sparse_categorical_crossentropy")
    return model


def multiplications(model: keras.Model) -> int:
    """Multiplications of convolutions and matrix products for one image, counted by TensorFlow's profiler.

    It counts a multiplication and an addition as two operations.
    """
    import tensorflow as tf

    image = tf.TensorSpec((1, *model.input_shape[1:]))
    graph = tf.function(lambda x: model(x, training=False)).get_concrete_function(image).graph
    profiler = tf.compat.v1.profiler
    options = profiler.ProfileOptionBuilder(profiler.ProfileOptionBuilder.float_operation()).with_empty_output().build()
    counted = profiler.profile(graph, cmd="op", options=options).children
    return sum(kind.float_ops for kind in _flat(counted) if kind.name in ("Conv2D", "MatMul")) // 2


def _flat(nodes: Any) -> list[Any]:
    """The profiler's nodes, which it nests by size."""
    return [part for node in nodes for part in (node, *_flat(node.children))]


def sides(model: keras.Model) -> list[int]:
    """Side of every feature map, from the first convolution on."""
    return [shape[0] for shape in shapes(model) if len(shape) == 3]


def values_held(model: keras.Model) -> int:
    """Numbers that training keeps for one image until the backward pass: the outputs of all layers (flatten only renames)."""
    return sum(int(np.prod(shape)) for shape, layer in _outputs(model) if layer != "Flatten")


def _outputs(model: keras.Model) -> list[tuple[list[int], str]]:
    return list(zip(shapes(model), (type(layer).__name__ for layer in model.layers), strict=True))


def counts(name: str) -> dict[str, Any]:
    """Sizes of a network with pooling and without, for our layers and for Keras's."""

    def of(library: ModuleType) -> dict[str, Any]:
        models = [build(NETWORKS[name], pooled, library) for pooled in (True, False)]
        return {
            f"{name}_sides_with_pooling": sides(models[0]),
            f"{name}_sides_without_pooling": sides(models[1]),
            f"{name}_multiplications": [multiplications(model) for model in models],
            f"{name}_parameters": [model.count_params() for model in models],
            f"{name}_values_held": [values_held(model) for model in models],
        }

    return both_facts(of)


def layer_by_layer(name: str) -> dict[str, dict[str, list[int]]]:
    """By layer, with pooling (0 where it is left out) and without: multiplications, parameters, output values.

    A convolution takes positions * 3 * 3 * channels * filters multiplications, a dense layer inputs * units.
    """
    import keras

    found: dict[str, dict[str, list[int]]] = {}
    for column, pooled in enumerate((True, False)):
        model, seen = build(NETWORKS[name], pooled, keras.layers), {"Conv2D": 0, "MaxPooling2D": 0, "Dense": 0}
        for layer, weights, (shape, kind) in zip(model.layers, parameters(model), _outputs(model), strict=True):
            if kind not in seen:
                continue
            seen[kind] += 1
            sizes = found.setdefault(
                f"{_WORDS[kind]} {seen[kind]}",
                {"multiplications": [0, 0], "parameters": [0, 0], "output values": [0, 0]},
            )
            positions = int(np.prod(shape[:-1])) if kind == "Conv2D" else 1
            products = positions * int(np.prod(layer.kernel.shape)) if weights else 0
            for key, value in zip(sizes, (products, weights, int(np.prod(shape))), strict=True):
                sizes[key][column] = value
    order = [f"{_WORDS[kind]} {k}" for k in (1, 2) for kind in ("Conv2D", "MaxPooling2D")]
    return {key: found[key] for key in [*order, *(key for key in found if key not in order)]}


_WORDS = {"Conv2D": "convolution", "MaxPooling2D": "pooling", "Dense": "dense"}


def times(name: str) -> dict[str, Any]:
    """Time of a training step and of a prediction for 32 random images, without pooling over with; they take turns."""
    import keras

    network = NETWORKS[name]
    images = draw(BATCH, *network.image).astype("float32")
    labels = np.arange(BATCH) % max(2, network.outputs)
    models = {pooled: build(network, pooled, keras.layers) for pooled in (True, False)}

    def step(pooled: bool) -> Callable[[], Any]:
        return lambda: models[pooled].train_on_batch(images, labels)

    def prediction(pooled: bool) -> Callable[[], Any]:
        return lambda: models[pooled].predict_on_batch(images)

    found: dict[str, Any] = {}
    for kind, work in (("step", step), ("prediction", prediction)):
        seconds = interleaved({pooled: work(pooled) for pooled in models}, network.repeats, network.best_of)
        ratios = log10_ratio(seconds[False], seconds[True])
        found[f"{name}_log10_{kind}_without_over_with"] = [round(ratio, 3) for ratio in ratios]
    return found


def examine() -> dict[str, Any]:
    """Every fact of this file; it times, so nothing else of this reproduction runs beside it."""
    found: dict[str, Any] = {}
    for name in NETWORKS:
        found |= counts(name) | times(name) | {f"{name}_layers": layer_by_layer(name)}
    return found


def paint_costs(facts: Mapping[str, Any]) -> Any:
    """One row a network, one column a quantity, two bars a layer."""
    import matplotlib.pyplot as plt

    rows = (("catdog", "cat/dog network"), ("mnist", "MNIST network"))
    drawn, axes = plt.subplots(
        2,
        3,
        figsize=(11.4, 6.0),
        layout="constrained",
        sharey="row",
        height_ratios=[len(facts[f"{n}_layers"]) for n, _ in rows],
    )
    for row, (name, title) in enumerate(rows):
        layers = facts[f"{name}_layers"]
        for column, quantity in enumerate(("multiplications", "parameters", "output values")):
            axis = axes[row][column]
            for shift, label, colour in ((0, "with pooling", COLOURS[0]), (1, "without pooling", COLOURS[1])):
                values = np.array([layers[layer][quantity][shift] for layer in layers], float)
                places = np.arange(len(layers)) + 0.38 * (shift - 0.5)
                axis.barh(places, values, 0.36, color=colour, label=label)
                for place, value in zip(places, values, strict=True):
                    axis.text(max(value, 1) * 1.25, place, _short(value), va="center", fontsize=7.5)
            axis.set_xscale("log")
            axis.set_xlim(1, 40 * max(max(layers[layer][quantity]) for layer in layers))
            axis.set_yticks(range(len(layers)), list(layers))
            axis.set_title(f"{title}: {quantity}", fontsize=10)
            axis.grid(axis="x", alpha=0.25)
            if row:
                axis.set_xlabel(f"{quantity} of an image" if column != 1 else "parameters")
        axes[row][0].invert_yaxis()
        ratios = [10 ** np.mean(facts[f"{name}_log10_{kind}_without_over_with"]) for kind in ("step", "prediction")]
        label = "time without pooling:\nstep {:.1f}x, prediction {:.1f}x".format(*ratios)
        axes[row][0].set_ylabel(label, fontsize=9)
    drawn.legend(
        *axes[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False, fontsize=9
    )
    return drawn


def _short(value: float) -> str:
    if value < 1:
        return "0"
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g} {letter}"
    return f"{value:g}"


FIGURES = (
    Picture(
        "pooling-cost",
        "Two documented CNNs with and without pooling, layer by layer",
        "Pooling has no parameters and no multiplications of its own. It saves in whatever comes after it: positions for "
        "the next convolution to visit, and inputs of the first dense layer.",
        facts=tuple(
            f"{name}_{part}"
            for name in NETWORKS
            for part in ("layers", "log10_step_without_over_with", "log10_prediction_without_over_with")
        ),
        paint=paint_costs,
    ),
)

_SETUP = (
    "The same network without its two pooling layers. Multiplications of one image by TensorFlow's profiler; values to keep: "
    "outputs of all layers for one image, those of pooling included. Sizes are the same with this project's layers and with "
    "Keras's. Time of train_on_batch (Adam) and of predict_on_batch, Keras's layers, 32 random images, interleaved repeats: "
    "log10 of the time without pooling over the time with it must be above 0."
)

CLAIMS = (
    Claim(
        "pool-shrinks-keeps-000",
        "000",
        "Convolutional Neural Networks (CNNs)",
        "Pooling makes the feature map smaller, which makes the network faster and use less memory.",
        "comparison",
        "smaller; faster; less memory",
        f"The cat/dog network of the section, 64 x 64 x 3. {_SETUP} Memory: parameters and values to keep. 8 repeats.",
        (
            Equals("catdog_sides_with_pooling", [62, 31, 29, 14]),
            Equals("catdog_sides_without_pooling", [62, 60]),
            Equals(
                "catdog_multiplications",
                [
                    62**2 * 27 * 32 + 29**2 * 288 * 64 + 14**2 * 64 * 128 + 128,
                    62**2 * 27 * 32 + 60**2 * 288 * 64 + 60**2 * 64 * 128 + 128,
                ],
            ),
            Equals(
                "catdog_parameters",
                [28 * 32 + 289 * 64 + (side**2 * 64 + 1) * 128 + 129 for side in (14, 60)],
            ),
            Equals(
                "catdog_values_held",
                [(62**2 + 31**2) * 32 + (29**2 + 14**2) * 64 + 129, 62**2 * 32 + 60**2 * 64 + 129],
            ),
            Sampled("catdog_log10_step_without_over_with", low=0.0, documented="faster with pooling"),
            Sampled("catdog_log10_prediction_without_over_with", low=0.0, documented="faster with pooling"),
        ),
        priority=2,
        remark="A fifth of the multiplications, an eighteenth of the parameters (the dense layer's; those of the "
        "convolutions stay as they are), 38% fewer values to keep.",
    ),
    Claim(
        "pool-faster-smaller",
        "003",
        "Video 45-46",
        "Pooling reduces computation because feature maps are smaller.",
        "comparison",
        "less computation, faster training",
        f"The MNIST network of the section, 28 x 28 x 1. {_SETUP} 12 repeats, each the quickest of 3 calls.",
        (
            Equals("mnist_sides_with_pooling", [26, 13, 11, 5]),
            Equals("mnist_sides_without_pooling", [26, 24]),
            Equals(
                "mnist_multiplications",
                [
                    26**2 * 9 * 32 + 11**2 * 288 * 32 + 5**2 * 32 * 10,
                    26**2 * 9 * 32 + 24**2 * 288 * 32 + 24**2 * 32 * 10,
                ],
            ),
            Equals("mnist_parameters", [10 * 32 + 289 * 32 + (side**2 * 32 + 1) * 10 for side in (5, 24)]),
            Sampled("mnist_log10_step_without_over_with", low=0.0, documented="faster with pooling"),
            Sampled("mnist_log10_prediction_without_over_with", low=0.0, documented="faster with pooling"),
        ),
        priority=2,
        remark="A quarter of the multiplications and an eleventh of the parameters, but only about half of the time: the first "
        "convolution does not shrink, and pooling and its gradient take time of their own.",
    ),
)
