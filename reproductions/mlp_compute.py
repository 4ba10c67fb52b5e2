"""What networks cost to compute: training without a GPU, and a forward pass by matrices or by loops.

Source: document 003, Video 2 (deep learning needs a GPU) and Video 10 (forward propagation is matrix products and
element-wise functions). Times are ratios of interleaved repeats on one machine; data are scikit-learn's embedded digits.

Run: reproduce run mlp_compute
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from reproductions.claims import Claim, Equals, Sampled
from reproductions.figures import COLOURS, Picture
from reproductions.mlp_examples import kernels_and_biases
from reproductions.timings import seconds
from reproductions.worked import array, difference, draw, sigmoid

TITLE = "What networks cost: training on a CPU, and matrices instead of loops"
SUMMARY = (
    "A network trained on the CPU alone, its training time against logistic regression's, and a forward pass for many rows at "
    "once against one row after the other."
)
DATASETS = ()
IN_DEFAULT_SET = True
TIMES = True
EXPECTED_SECONDS = 10.0

REPEATS = 8


def log_ratios(slow: Callable[[], Any], fast: Callable[[], Any]) -> list[float]:
    """log10 of the time of `slow` over that of `fast`, one number a repeat; the two take turns, after one call each."""
    slow()
    fast()
    return [round(float(np.log10(seconds(slow) / seconds(fast))), 3) for _ in range(REPEATS)]


def training() -> dict[str, Any]:
    """The document's image network, 128 relu and ten softmax nodes, on the embedded digits and the CPU alone."""
    import keras
    import tensorflow as tf
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import train_test_split

    from recipes.datasets import load_arrays

    images, labels = load_arrays("digits")
    x = (images / 16).reshape(len(images), -1).astype("float32")
    x_train, x_test, y_train, y_test = train_test_split(x, labels, test_size=0.2, random_state=0, stratify=labels)
    with tf.device("/CPU:0"):
        keras.utils.set_random_seed(0)
        network = keras.Sequential(
            [keras.Input((64,)), keras.layers.Dense(128, "relu"), keras.layers.Dense(10, "softmax")]
        )
        network.compile("adam", "sparse_categorical_crossentropy")
        regression = LogisticRegression(max_iter=100)
        ratios = log_ratios(
            lambda: network.fit(x_train, y_train, epochs=10, batch_size=32, verbose=0),
            lambda: regression.fit(x_train, y_train),
        )
        right = array(network(x_test)).argmax(axis=1) == y_test
    return {
        "network_learns_on_the_cpu_alone": bool(right.mean() > 0.9),
        "log10_seconds_of_network_over_logistic_regression": ratios,
        "gpus_on_this_machine": len(tf.config.list_physical_devices("GPU")),
    }


def forward() -> dict[str, Any]:
    """One forward pass of 1,000 rows through 784-128-64-10: the printed loop for each row, and matrix products for all.

    a = sigmoid(a W + b) for all rows, against a = sigmoid(W^T a + b) for one.
    """
    import keras
    import tensorflow as tf

    network = keras.Sequential(
        [keras.Input((784,)), *(keras.layers.Dense(units, activation="sigmoid") for units in (128, 64, 10))]
    )
    for place, layer in enumerate(network.layers):
        layer.set_weights([0.05 * draw(*weight.shape, seed=place) for weight in layer.weights])
    kernels, biases = kernels_and_biases(network)
    rows = draw(1000, 784).astype("float32")

    def one_by_one() -> np.ndarray:
        outputs = []
        for row in rows:
            a = row
            for kernel, bias in zip(kernels, biases, strict=True):
                a = sigmoid(np.dot(kernel.T, a) + bias)
            outputs.append(a)
        return np.array(outputs)

    def all_at_once() -> np.ndarray:
        a = rows
        for kernel, bias in zip(kernels, biases, strict=True):
            a = sigmoid(a @ kernel + bias)
        return a

    graph = tf.function(network.call).get_concrete_function(tf.TensorSpec((None, 784))).graph
    bookkeeping = {"Placeholder", "ReadVariableOp", "Identity", "NoOp", "Cast"}
    additions = {"BiasAdd", "AddV2"}
    return {
        "loops_minus_matrices": round(difference(one_by_one(), all_at_once()), 4),
        "matrices_minus_keras": round(difference(all_at_once(), network(rows)), 4),
        "operations_of_the_network_but_additions": sorted(
            {operation.type for operation in graph.get_operations()} - bookkeeping - additions
        ),
        "log10_seconds_of_loops_over_matrices": log_ratios(one_by_one, all_at_once),
    }


def other_architectures() -> dict[str, Any]:
    """Operations of layers that are no matrix product and no element-wise function of one number."""
    import keras
    import tensorflow as tf

    found = {}
    for name, layer, shape in (
        ("max pooling", keras.layers.MaxPooling2D(2), (None, 8, 8, 1)),
        ("softmax", keras.layers.Softmax(), (None, 8)),
    ):
        x = draw(*(size or 1 for size in shape), seed=1).astype("float32")
        moved = x.copy()
        moved[(0,) * (x.ndim - 1) + (0,)] += 5.0  # one number of the input
        change = np.abs(array(layer(tf.constant(moved))) - array(layer(tf.constant(x))))
        found[name] = int((change > 1e-6).sum())
    stretched = difference(
        keras.layers.MaxPooling2D(2)(-draw(1, 4, 4, 1)), -array(keras.layers.MaxPooling2D(2)(draw(1, 4, 4, 1)))
    )
    return {
        "outputs_that_one_input_moves": found,
        "max_pooling_is_a_matrix_product": bool(stretched < 1e-6),
        "softmax_is_element_wise": found["softmax"] == 1,
    }


def examine() -> dict[str, Any]:
    """Every fact of this file; it times, so nothing else of this reproduction runs beside it."""
    return {**training(), **forward(), **other_architectures()}


def paint_times(facts: Mapping[str, Any]) -> Any:
    """Time ratios, one dot a repeat."""
    import matplotlib.pyplot as plt

    drawn, axis = plt.subplots(figsize=(6.8, 2.5), layout="constrained")
    rows = (
        ("log10_seconds_of_network_over_logistic_regression", "training: network /\nlogistic regression"),
        ("log10_seconds_of_loops_over_matrices", "forward pass: row by row /\nall rows at once"),
    )
    for place, (name, _) in enumerate(rows):
        values = 10.0 ** np.asarray(facts[name])
        axis.plot(values, np.full(len(values), place), "o", color=COLOURS[0], alpha=0.5)
        axis.plot(10 ** np.mean(facts[name]), place, "D", color=COLOURS[1], markersize=8)
    axis.plot([], [], "o", color=COLOURS[0], alpha=0.5, label="one repeat")
    axis.plot([], [], "D", color=COLOURS[1], label="geometric mean")
    axis.axvline(1, color="0.35", linewidth=1.2, label="equal")
    axis.set_xscale("log")
    ticks = [
        tick for tick in (0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if 0.8 * axis.get_xlim()[0] < tick < axis.get_xlim()[1]
    ]
    axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.minorticks_off()
    axis.set_yticks(range(len(rows)), [label for _, label in rows])
    axis.set(ylim=(-0.6, 1.6), xlabel="how many times as long (logarithmic)")
    axis.invert_yaxis()
    axis.grid(axis="x", alpha=0.25)
    drawn.legend(*axis.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    return drawn


FIGURES = (
    Picture(
        "compute-ratios",
        "Time ratios on one CPU",
        "Above 1 the first of the two takes longer. Interleaved repeats on the machine of this record.",
        facts=("log10_seconds_of_network_over_logistic_regression", "log10_seconds_of_loops_over_matrices"),
        paint=paint_times,
    ),
)

CLAIMS = (
    Claim(
        "mlp-dl-needs-gpu",
        "003",
        "Video 2",
        "Deep learning requires a GPU or TPU; machine learning is less compute-intensive.",
        "comparison",
        "GPU/TPU required; less compute intensive",
        "The document's image network, 128 relu and 10 softmax nodes, on the embedded digits (1,437 images, 10 epochs of Adam, "
        "batch 32), pinned to the CPU: it must fail to reach 90% test accuracy if a GPU is required. Its training time by "
        "model.fit against scikit-learn's logistic regression on the same images and CPU, eight interleaved repeats after one "
        "that compiles. The GPU's own time is not measured where there is none: on a machine with one, the record's fact "
        "gpus_on_this_machine says so, and `reproduce run mnist_ann` gives the time to compare.",
        (
            Equals(
                "network_learns_on_the_cpu_alone",
                False,
                true_value=True,
                derivation="One network that a CPU trains in a second disproves 'required'. The document's three dense "
                "projects (churn, digits, admission) train on a CPU in seconds to minutes; their records say on which.",
            ),
            Sampled(
                "log10_seconds_of_network_over_logistic_regression",
                low=0.0,
                documented="machine learning takes less: log10 of the ratio above 0",
            ),
        ),
        priority=3,
        remark="A GPU is an advantage that grows with the network, not a requirement.",
    ),
    Claim(
        "forward-gpu-matrix-friendly",
        "003",
        "Video 10",
        "However complex the architecture, it is only matrix multiplications and element-wise sigmoids, and so made for "
        "parallel hardware.",
        "comparison",
        "only matrix multiplications and element-wise sigmoid",
        "A 784-128-64-10 network: the operations of its graph beside adding the bias; 1,000 rows by matrix products against the "
        "document's loop for each row, same outputs to 1e-4, eight interleaved repeats; and whether max pooling commutes with a "
        "change of sign, as a matrix product does, and softmax moves one output a changed input, as an element-wise function "
        "does. CPU against GPU is not measured on a machine without a GPU; with one, TensorFlow places the same graph on it.",
        (
            Equals("operations_of_the_network_but_additions", ["MatMul", "Sigmoid"]),
            Equals("loops_minus_matrices", 0.0, tolerance=1e-4),
            Equals("matrices_minus_keras", 0.0, tolerance=1e-4),
            Sampled(
                "log10_seconds_of_loops_over_matrices",
                low=0.0,
                documented="all rows at once is faster: log10 of the ratio above 0",
            ),
            Equals(
                "max_pooling_is_a_matrix_product",
                True,
                true_value=False,
                derivation="'However complex' goes too far: max pooling, which the document's own CNNs use, takes the largest "
                "of several numbers, so pooling -x is not minus the pooling of x.",
            ),
            Equals(
                "softmax_is_element_wise",
                True,
                true_value=False,
                derivation="Each softmax output depends on all inputs, through their sum. It runs in parallel all the same.",
            ),
        ),
        priority=3,
        remark="True of the section's sigmoid networks, whose graph holds nothing else.",
    ),
)
