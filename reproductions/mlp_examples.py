"""Dense layers and forward propagation by hand: every exact statement about them, computed without training.

Sources: document 000, Forward Propagation, Dense Layer and Fully-Connected Feedforward Neural Networks; document 003,
Videos 8 to 10. Our `Dense`, Keras's and NumPy are held against each other.

Run: reproduce run mlp_examples
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np

from reproductions.claims import Claim, Equals
from reproductions.figures import COLOURS, Picture
from reproductions.perceptron_examples import affine_dimension, boundary_points
from reproductions.printed import run_cells
from reproductions.worked import (
    array,
    both,
    both_facts,
    build,
    difference,
    draw,
    gradient,
    parameters,
    sigmoid,
    with_weights,
)

TITLE = "Worked examples: dense layers and forward propagation"
SUMMARY = (
    "The toy forward pass, Dense layers and their heads, the 4-3-2-1 network with its parameters and notation, two "
    "perceptrons combined, and the printed forward propagation. Nothing is trained."
)
DATASETS = ()
IN_DEFAULT_SET = True
EXPECTED_SECONDS = 1.0

STUDENT = np.array([7.2, 72.0, 76.0, 71.0])
TWO_PERCEPTRONS = ((2.0, 3.0, 6.0), (5.0, 4.0, 3.0))
"""Weights of CGPA and IQ, and bias, of the two perceptrons in Video 9."""

PRINTED = """
def forward_propagation(X, weights, biases):
    a = X  # Input is first activation

    for W, b in zip(weights, biases):
        z = np.dot(W.T, a) + b  # Linear transformation
        a = sigmoid(z)          # Non-linear activation

    return a  # Final output
"""


def dense(library: ModuleType, units: int, activation: str | None = None, **options: Any) -> Any:
    """A Dense layer in double precision."""
    return library.Dense(units, activation=activation, dtype="float64", **options)


def network(library: ModuleType, *sizes: int) -> Any:
    """Inputs of sizes[0] features and a sigmoid Dense layer for each further size, with fixed random weights."""
    import keras

    layers = [dense(library, units, "sigmoid") for units in sizes[1:]]
    model = build(keras.Input((sizes[0],), dtype="float64"), *layers)
    for place, layer in enumerate(layers):
        kernel, bias = (weight.shape for weight in layer.weights)
        layer.set_weights([0.5 * draw(*kernel, seed=place), 0.5 * draw(*bias, seed=10 + place)])
    return model


def kernels_and_biases(model: Any) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """W and b of every layer."""
    pairs = [layer.get_weights() for layer in model.layers]
    return [kernel for kernel, _ in pairs], [bias for _, bias in pairs]


def toy_forward_pass() -> dict[str, Any]:
    """Hours 2 and sleep 5 with weights 0.4 and 0.3 and bias 0.2, through one neuron."""
    import keras

    def neuron(library: ModuleType, activation: str | None) -> float:
        layer = dense(library, 1, activation)
        layer.build((None, 2))
        layer.set_weights([np.array([[0.4], [0.3]]), np.array([0.2])])
        return float(array(layer(np.array([[2.0, 5.0]])))[0, 0])

    def drawn(library: ModuleType) -> dict[str, Any]:
        model = build(keras.Input((2,), dtype="float64"), dense(library, 2, "sigmoid"), dense(library, 1, "sigmoid"))
        # Both hidden neurons get the printed numbers; the output neuron's are not in the document: two choices.
        outputs = []
        for output_weight in (-1.0, 1.0):
            model.set_weights(
                [
                    np.array([[0.4, 0.4], [0.3, 0.3]]),
                    np.array([0.2, 0.2]),
                    np.full((2, 1), output_weight),
                    np.zeros(1),
                ]
            )
            outputs.append(round(float(array(model(np.array([[2.0, 5.0]])))[0, 0]), 2))
        return {"parameters_of_the_drawn_network": model.count_params(), "outputs_of_the_drawn_network": outputs}

    return {
        "toy_weighted_sum": both(lambda library: neuron(library, None)),
        "toy_prediction": both(lambda library: neuron(library, "sigmoid")),
        **both_facts(drawn),
    }


def dense_layers() -> dict[str, Any]:
    """Shapes, connections and the formula of a Dense layer; Dense as first layer; the output heads."""
    import keras

    def of_three_inputs(library: ModuleType) -> dict[str, Any]:
        layer = dense(library, 2)
        x, kernel, bias = draw(4, 3), draw(3, 2, seed=1), draw(2, seed=2)
        layer.build((None, 3))
        layer.set_weights([kernel, bias])
        slopes = np.stack(
            [gradient(lambda x, j=j: layer(x)[:, j], x[:1])[0][0] for j in range(2)], axis=1
        )  # d output j / d input i: (3, 2)
        elementwise = x[0][:, None] * kernel + bias
        relu = dense(library, 2, "relu")
        relu.build((None, 3))
        relu.set_weights([kernel, bias])
        return {
            "dense_3_to_2_shapes": [list(weight.shape) for weight in layer.weights],
            "dense_3_to_2_parameters": layer.count_params(),
            "connections_of_each_of_2_neurons": np.count_nonzero(slopes, axis=0).tolist(),
            "slopes_minus_kernel": difference(slopes, kernel),
            "dense_minus_matrix_product": difference(layer(x), x @ kernel + bias),
            "relu_dense_minus_activated_product": difference(relu(x), np.maximum(x @ kernel + bias, 0)),
            "numbers_that_the_layer_gives": int(array(layer(x[:1])).size),
            "numbers_that_the_printed_product_gives": int(elementwise.size),
            "printed_product_summed_over_inputs_minus_layer": difference(
                (x[0][:, None] * kernel).sum(axis=0) + bias, layer(x[:1])[0]
            ),
        }

    def sixty_four(library: ModuleType) -> dict[str, Any]:
        layers = {n: library.Dense(64, activation="relu") for n in (1, 3, 100, 784)}
        for n, layer in layers.items():
            layer.build((None, n))
        outputs = array(with_weights(layers[100], np.zeros((1, 100)))(draw(8, 100).astype("float32")))
        return {
            "dense_64_parameters_of_1_3_100_784_inputs": [layer.count_params() for layer in layers.values()],
            "dense_64_outputs": outputs.shape[1],
            "dense_64_smallest_output": float(outputs.min()),
        }

    def first_layer(library: ModuleType) -> dict[str, Any]:
        x = draw(5, 3, seed=3)
        entrance = keras.Input((3,), dtype="float64")
        passed = keras.Model(entrance, entrance)
        changed = with_weights(dense(library, 3), x)
        return {
            "input_passes_data_unchanged": difference(passed(x), x) == 0,
            "input_parameters": passed.count_params(),
            "dense_first_layer_passes_data_unchanged": difference(changed(x), x) == 0,
            "dense_first_layer_trainable_parameters": sum(int(np.prod(w.shape)) for w in changed.trainable_weights),
        }

    def heads(library: ModuleType) -> dict[str, Any]:
        x = 5 * draw(50, 6, seed=4)
        binary, classes = (
            array(with_weights(dense(library, units, activation), x)(x))
            for units, activation in ((1, "sigmoid"), (10, "softmax"))
        )
        return {
            "head_shapes": [list(binary.shape), list(classes.shape)],
            "heads_stay_between_0_and_1": bool(
                min(binary.min(), classes.min()) >= 0 and max(binary.max(), classes.max()) <= 1
            ),
            "largest_row_sum_error_of_softmax": float(np.abs(classes.sum(axis=1) - 1).max()),
            "sigmoid_head_minus_numpy": difference(binary, sigmoid(x @ (0.5 * draw(6, 1)) + 0.5 * draw(1, seed=1))),
        }

    return {**both_facts(of_three_inputs), **both_facts(sixty_four), **both_facts(first_layer), **both_facts(heads)}


def no_memory() -> dict[str, Any]:
    """A feedforward network's answer to a row, whatever came before it; a recurrent one's, for contrast."""

    def feedforward(library: ModuleType) -> float:
        model = network(library, 4, 3, 2, 1)
        rows = draw(20, 4, seed=5)
        alone = np.concatenate([array(model(row[None])) for row in rows])
        order = np.random.default_rng(0).permutation(20)
        again = [
            array(model(rows)),
            array(model(np.repeat(rows, 3, axis=0)))[::3],
            array(model(rows[order]))[order.argsort()],
        ]
        return max(difference(alone, other) for other in again)

    def recurrent(library: ModuleType) -> bool:
        steps = np.repeat(draw(1, 1, 4, seed=6), 3, axis=1)  # the same input three times
        layer = library.SimpleRNN(2, return_sequences=True, dtype="float64")
        answers = array(with_weights(layer, steps)(steps))[0]
        return bool(np.abs(answers[0] - answers[1]).max() > 1e-3)

    return {
        "row_alone_minus_row_in_batches": both(feedforward),
        "recurrent_answer_changes_with_the_same_input": both(recurrent),
    }


def network_4321() -> dict[str, Any]:
    """The 4-3-2-1 network of Videos 8 and 10: parameters, shapes, notation, and its forward pass in NumPy."""

    def shapes_and_sums(library: ModuleType) -> dict[str, Any]:
        model = network(library, 4, 3, 2, 1)
        kernels, biases = kernels_and_biases(model)
        a, sums = STUDENT, []
        for kernel, bias in zip(kernels, biases, strict=True):
            sums.append(kernel.T @ a + bias)
            a = sigmoid(sums[-1])
        (w1, w2, w3), (b1, b2, b3) = kernels, biases
        nested = sigmoid(w3.T @ sigmoid(w2.T @ sigmoid(w1.T @ STUDENT + b1) + b2) + b3)
        rows = draw(30, 4, seed=7)
        by_rows = sigmoid(sigmoid(sigmoid(rows @ w1 + b1) @ w2 + b2) @ w3 + b3)
        return {
            **{f"parameters_of_layer_{number}": count for number, count in enumerate(parameters(model), 1)},
            "total_parameters_4321": model.count_params(),
            "kernel_shapes_4321": [list(kernel.shape) for kernel in kernels],
            "sum_sizes_4321": [len(z) for z in sums],
            "first_sums_minus_layer": difference(
                sums[0], array(linear_twin(library, model.layers[0])(STUDENT[None]))[0]
            ),
            "nested_formula_minus_network": max(
                difference(nested, array(model(STUDENT[None]))[0]), difference(by_rows, model(rows))
            ),
        }

    return both_facts(shapes_and_sums) | {"weights_that_join_other_nodes": both(misplaced_weights)}


def linear_twin(library: ModuleType, layer: Any) -> Any:
    """The layer without its activation, to see its sums z."""
    twin = dense(library, layer.units)
    twin.build((None, layer.kernel.shape[0]))
    twin.set_weights(layer.get_weights())
    return twin


def misplaced_weights(library: ModuleType) -> int:
    """Weights w^l_ij of the 4-3-2-1 network that are not Keras's kernel l at [i - 1, j - 1].

    Adding 1 to that entry must move the sum of node j in layer l by the output of node i before it, and no other sum.
    """
    model = network(library, 4, 3, 2, 1)
    a, misplaced = draw(1, 4, seed=8), 0
    for layer in model.layers:
        twin = linear_twin(library, layer)
        kernel, bias = twin.get_weights()
        before = array(twin(a))[0]
        for i, j in np.ndindex(kernel.shape):
            nudged = kernel.copy()
            nudged[i, j] += 1
            twin.set_weights([nudged, bias])
            expected = before + a[0, i] * np.eye(len(before))[j]
            misplaced += difference(twin(a)[0], expected) > 1e-9
        a = array(layer(a))
    return misplaced


def combined(library: ModuleType, output_weights: tuple[float, float, float]) -> Any:
    """The 2-2-1 sigmoid network whose hidden nodes are the two printed perceptrons."""
    model = network(library, 2, 2, 1)
    (w1, w2, b), (v1, v2, c) = TWO_PERCEPTRONS
    *weights, bias = output_weights
    model.set_weights([np.array([[w1, v1], [w2, v2]]), np.array([b, c]), np.array(weights)[:, None], np.array([bias])])
    return model


def two_perceptrons() -> dict[str, Any]:
    """Perceptron 1 (2, 3, 6) and perceptron 2 (5, 4, 3), combined by a sigmoid, at large and for real students."""
    students = np.array([(cgpa, iq) for cgpa in np.linspace(0, 10, 41) for iq in np.linspace(0, 200, 41)])

    def measured(library: ModuleType) -> dict[str, Any]:
        model = combined(library, (10.0, 10.0, -15.0))
        dimension = affine_dimension(boundary_points(lambda points: array(model(5 * points))[:, 0] > 0.5, 2) * 5)
        hidden = array(model.layers[0](students))
        student = np.array([[8.0, 80.0]])
        first = linear_twin(library, model.layers[0])
        recipe = []
        for cgpa, iq in draw(50, 2, seed=9):
            prob1, prob2 = (sigmoid(w * cgpa + v * iq + b) for w, v, b in TWO_PERCEPTRONS)
            recipe.append(sigmoid(10.0 * prob1 + 10.0 * prob2 - 15.0))
        return {
            "combined_boundary_dimension": dimension,
            "sums_of_student_8_80": array(first(student))[0].tolist(),
            "probabilities_of_student_8_80": array(model.layers[0](student))[0].tolist(),
            "hidden_classes_among_students": [len(np.unique(column > 0.5)) for column in hidden.T],
            "recipe_minus_network": difference(np.array(recipe), array(model(draw(50, 2, seed=9)))[:, 0]),
        }

    grid = np.linspace(-12, 12, 49)
    points = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    import keras

    surface = array(combined(keras.layers, (10.0, 10.0, -15.0))(points))[:, 0].reshape(49, 49)
    return both_facts(measured) | {"combined_surface": np.round(surface, 2).tolist()}


def printed_code() -> dict[str, Any]:
    """The printed forward_propagation, called on the 4-3-2-1 network: as it stands, and with a sigmoid defined."""
    import keras

    model = network(keras.layers, 4, 3, 2, 1)
    kernels, biases = kernels_and_biases(model)
    cells = {"define": PRINTED, "call": "output = forward_propagation(x, weights, biases)"}
    bare: dict[str, Any] = {"np": np, "x": STUDENT, "weights": kernels, "biases": biases}
    completed = bare | {"sigmoid": sigmoid}
    rows = bare | {"sigmoid": sigmoid, "x": draw(5, 4)}
    as_printed, with_sigmoid, on_rows = (run_cells(cells, space)["call"].result for space in (bare, completed, rows))
    return {
        "printed_code_as_it_stands": as_printed,
        "printed_code_with_sigmoid": with_sigmoid,
        "printed_code_with_sigmoid_minus_network": both(
            lambda library: difference(completed["output"], network(library, 4, 3, 2, 1)(STUDENT[None])[0])
        ),
        "printed_code_on_a_batch_of_rows": on_rows.split(":")[0],
    }


def examine() -> dict[str, Any]:
    """Every fact of this file."""
    return {
        **toy_forward_pass(),
        **dense_layers(),
        **no_memory(),
        **network_4321(),
        **two_perceptrons(),
        **printed_code(),
    }


def paint_combination(facts: Mapping[str, Any]) -> Any:
    """The combined probability over the plane, the two lines, and where students are."""
    import matplotlib.pyplot as plt

    drawn, axis = plt.subplots(figsize=(6.4, 4.9), layout="constrained")
    grid = np.linspace(-12, 12, 49)
    surface = np.asarray(facts["combined_surface"])
    shown = axis.contourf(grid, grid, surface, levels=np.linspace(0, 1, 11), cmap="Blues", alpha=0.75)
    axis.contour(grid, grid, surface, levels=[0.5], colors="black", linewidths=2)
    axis.plot([], [], color="black", linewidth=2, label="combined, 0.5 contour")
    ends = np.array([-12.0, 12.0])
    for number, ((w1, w2, b), colour) in enumerate(zip(TWO_PERCEPTRONS, (COLOURS[1], COLOURS[3]), strict=True), 1):
        axis.plot(ends, -(w1 * ends + b) / w2, "--", color=colour, label=f"line of perceptron {number}")
    axis.fill_between([0, 12], 0, 12, facecolor="none", edgecolor=COLOURS[2], hatch="//", label="CGPA and IQ above 0")
    axis.set(xlim=(-12, 12), ylim=(-12, 12), xlabel="x1 (CGPA)", ylabel="x2 (IQ)")
    axis.legend(fontsize=8, framealpha=0.95, loc="lower left")
    drawn.colorbar(shown, label="output of the combined network")
    return drawn


FIGURES = (
    Picture(
        "two-perceptrons-combined",
        "Two perceptrons bend the boundary, but no student is near it",
        "With output weights 10, 10 and bias -15 (ours: the notes give none) the 0.5 contour follows both printed lines. "
        "They meet at (2.1, -3.4); wherever CGPA and IQ are positive both perceptrons say 1.",
        facts=("combined_surface",),
        paint=paint_combination,
    ),
)

_FORWARD, _DENSE = "Forward Propagation and Backward Propagation", "Dense Layer"
_BOTH = "Our Dense and Keras's give the same result, which is compared with NumPy or with arithmetic."
_NETWORK = f"{_BOTH} A 4-3-2-1 network of sigmoid Dense layers."

CLAIMS = (
    Claim(
        "forward-hours-sleep-weighted-sum",
        "000",
        _FORWARD,
        "For hours 2 and sleep 5, weights 0.4 and 0.3 and bias 0.2, the weighted sum is 2.5.",
        "exact",
        "0.8 + 1.5 + 0.2 = 2.5",
        _BOTH,
        (Equals("toy_weighted_sum", 2.5, tolerance=1e-9),),
    ),
    Claim(
        "forward-hours-sleep-sigmoid",
        "000",
        _FORWARD,
        "The sigmoid of 2.5 is about 0.92: a 92% chance of passing.",
        "exact",
        "0.92",
        f"{_BOTH} Two decimals: within 0.005 of 0.92.",
        (Equals("toy_prediction", 0.92, tolerance=0.005),),
        remark="0.924142.",
    ),
    Claim(
        "forward-two-neuron-diagram",
        "000",
        _FORWARD,
        "The worked arithmetic, two weights and a bias, is the forward pass of the drawn network: two inputs, two hidden "
        "neurons, one output.",
        "exact",
        "3 numbers; prediction 0.92",
        f"{_BOTH} Parameters of the drawn 2-2-1 network, and its prediction when both hidden neurons get the printed numbers "
        "and the output neuron, which the document leaves out, gets weights of -1 or +1.",
        (
            Equals(
                "parameters_of_the_drawn_network",
                3,
                true_value=9,
                derivation="Two hidden neurons have two weights and a bias each and the output neuron has two weights and a "
                "bias: 9. The arithmetic uses 3 and evaluates a single neuron.",
            ),
            Equals(
                "outputs_of_the_drawn_network",
                [0.92, 0.92],
                true_value=[0.14, 0.86],
                derivation="0.92 is the output of a hidden neuron. What the drawn network predicts depends on weights that "
                "the document does not give: sigmoid(-2 * 0.924) = 0.14 or sigmoid(2 * 0.924) = 0.86, for example.",
            ),
        ),
        priority=2,
    ),
    Claim(
        "mlp-dense-3x2",
        "000",
        _DENSE,
        "In a Dense layer with 3 inputs and 2 neurons every neuron receives all three inputs with weights of its own.",
        "exact",
        "3 inputs, 2 neurons",
        f"{_BOTH} Connections are the non-zero derivatives of an output for the inputs; they must be the kernel's column.",
        (
            Equals("dense_3_to_2_shapes", [[3, 2], [2]]),
            Equals("dense_3_to_2_parameters", 8),
            Equals("connections_of_each_of_2_neurons", [3, 3]),
            Equals("slopes_minus_kernel", 0, tolerance=1e-9),
        ),
        priority=2,
    ),
    Claim(
        "mlp-dense-formula",
        "000",
        _DENSE,
        "A Dense layer computes output = (weights * inputs) + bias.",
        "exact",
        "(weights * inputs) + bias",
        f"{_BOTH} 3 inputs, 2 neurons: x W + b, and the printed element-by-element product.",
        (
            Equals("dense_minus_matrix_product", 0, tolerance=1e-9),
            Equals("relu_dense_minus_activated_product", 0, tolerance=1e-9),
            Equals("numbers_that_the_layer_gives", 2),
            Equals(
                "numbers_that_the_printed_product_gives",
                2,
                true_value=6,
                derivation="In Python * multiplies element by element: 3 inputs times a 3 x 2 matrix of weights are 6 "
                "numbers. Summing them over the inputs makes it the matrix product x W that the layer computes; the "
                "activation, printed below it as an argument, comes after: f(x W + b).",
            ),
            Equals("printed_product_summed_over_inputs_minus_layer", 0, tolerance=1e-9),
        ),
        priority=3,
    ),
    Claim(
        "mlp-dense64-relu-code",
        "000",
        _DENSE,
        "Dense(64, activation='relu') makes 64 neurons, each connected to every neuron of the layer before.",
        "exact",
        "64",
        f"{_BOTH} 64 (n + 1) parameters for n = 1, 3, 100 and 784 inputs; outputs not below 0.",
        (
            Equals("dense_64_parameters_of_1_3_100_784_inputs", [64 * (n + 1) for n in (1, 3, 100, 784)]),
            Equals("dense_64_outputs", 64),
            Equals("dense_64_smallest_output", 0.0),
        ),
        priority=2,
    ),
    Claim(
        "mlp-dense-as-input-layer",
        "000",
        _DENSE,
        "Dense is used as an input layer, to pass on raw data.",
        "behaviour",
        "Input Layer: pass raw input data",
        f"{_BOTH} keras.Input and a Dense layer of as many units as inputs, with random weights, on the same rows.",
        (
            Equals("input_passes_data_unchanged", True),
            Equals("input_parameters", 0),
            Equals(
                "dense_first_layer_passes_data_unchanged",
                True,
                true_value=False,
                derivation="A Dense layer computes f(x W + b) with trainable W and b wherever it stands, so a first Dense "
                "layer already transforms the data. They are passed on unchanged by keras.Input, which has no weights.",
            ),
            Equals("dense_first_layer_trainable_parameters", 12),
        ),
        priority=3,
    ),
    Claim(
        "mlp-dense-output-heads",
        "000",
        _DENSE,
        "Dense(1, sigmoid) is a head for binary and Dense(10, softmax) one for ten-class classification.",
        "behaviour",
        "1; 10",
        f"{_BOTH} 50 random rows of 6 features: shapes, values between 0 and 1, ten probabilities that sum to 1.",
        (
            Equals("head_shapes", [[50, 1], [50, 10]]),
            Equals("heads_stay_between_0_and_1", True),
            Equals("largest_row_sum_error_of_softmax", 0, tolerance=1e-9),
            Equals("sigmoid_head_minus_numpy", 0, tolerance=1e-9),
        ),
        priority=2,
    ),
    Claim(
        "mlp-feedforward-no-memory",
        "000",
        "Fully-Connected Feedforward Neural Networks",
        "In a feedforward network data flow only forward, without loops: an output depends on its own input alone.",
        "behaviour",
        "no loop or backward connection",
        "20 rows through a 4-3-2-1 network alone, in one batch, each three times in a row, and in another order: the same "
        "outputs to 1e-9. A SimpleRNN given the same input three times changes its answer.",
        (
            Equals("row_alone_minus_row_in_batches", 0, tolerance=1e-9),
            Equals("recurrent_answer_changes_with_the_same_input", True),
        ),
        priority=3,
    ),
    Claim(
        "mlp-params-l0-l1",
        "003",
        "Video 8",
        "The layer from 4 to 3 nodes has 12 weights and 3 biases: 15 parameters.",
        "exact",
        "12 + 3 = 15",
        _NETWORK,
        (Equals("parameters_of_layer_1", 15),),
    ),
    Claim(
        "mlp-params-l1-l2",
        "003",
        "Video 8",
        "The layer from 3 to 2 nodes has 6 weights and 2 biases: 8 parameters.",
        "exact",
        "6 + 2 = 8",
        _NETWORK,
        (Equals("parameters_of_layer_2", 8),),
    ),
    Claim(
        "mlp-params-l2-l3",
        "003",
        "Video 8",
        "The layer from 2 nodes to 1 has 2 weights and 1 bias: 3 parameters.",
        "exact",
        "2 + 1 = 3",
        _NETWORK,
        (Equals("parameters_of_layer_3", 3),),
    ),
    Claim(
        "mlp-params-total-26",
        "003",
        "Video 8",
        "The 4-3-2-1 network has 26 trainable parameters.",
        "exact",
        "15 + 8 + 3 = 26",
        _NETWORK,
        (Equals("total_parameters_4321", 26),),
    ),
    Claim(
        "mlp-notation-weight-index",
        "003",
        "Video 8",
        "Weight w^l_ij enters layer l and joins node i of the layer before to node j.",
        "exact",
        "w[entering layer]_[from node][to node]",
        f"{_NETWORK} 1 is added to Keras's kernel of layer l at [i - 1, j - 1], one entry at a time: only the sum of node j "
        "may move, by the output of node i. All 20 weights.",
        (Equals("weights_that_join_other_nodes", 0),),
        priority=3,
        remark="So w^l_ij is Keras's kernel of layer l at [i - 1, j - 1].",
    ),
    Claim(
        "mlp-two-perceptrons-combined",
        "003",
        "Video 9",
        "Perceptron 1 (2, 3, bias 6) and perceptron 2 (5, 4, bias 3) on a student's CGPA and IQ, combined through a sigmoid, "
        "give a non-linear decision boundary.",
        "behaviour",
        "(2, 3, 6); (5, 4, 3)",
        f"{_BOTH} Output weights 10, 10 and bias -15, both lines count (the document gives none). Points of the 0.5 contour by "
        "bisection must not lie on one line; and each perceptron must call some students 1 and others 0, on a grid of CGPA "
        "0 to 10 and IQ 0 to 200.",
        (
            Equals("combined_boundary_dimension", 2),
            Equals("sums_of_student_8_80", [262.0, 363.0], tolerance=1e-9),
            Equals("probabilities_of_student_8_80", [1.0, 1.0], tolerance=1e-9),
            Equals(
                "hidden_classes_among_students",
                [2, 2],
                true_value=[1, 1],
                derivation="With positive weights and biases and inputs that are never negative, z is at least 6 and 3: both "
                "perceptrons say 1 for every student, and their combination is one constant class. Both lines run where CGPA "
                "or IQ is negative.",
            ),
        ),
        priority=2,
        remark="The construction is right and the boundary does bend; only the example's numbers draw it where no student is.",
    ),
    Claim(
        "mlp-combination-formula",
        "003",
        "Video 9",
        "A network with one hidden layer is the sigmoid of a weighted sum of the perceptrons' probabilities plus a bias.",
        "exact",
        "sigmoid(w1 prob1 + w2 prob2 + bias)",
        f"{_BOTH} The four printed steps in NumPy against a 2-2-1 sigmoid network at 50 random points.",
        (Equals("recipe_minus_network", 0, tolerance=1e-9),),
        priority=2,
    ),
    Claim(
        "forward-4321-shapes",
        "003",
        "Video 10",
        "For a 4-3-2-1 network W1 is 4 x 3 and z1 = W1^T x + b1, for x = [7.2, 72, 76, 71].",
        "exact",
        "4x3; [7.2, 72, 76, 71]",
        f"{_NETWORK} Kernel shapes, lengths of z1, z2 and z3, and z1 in NumPy against the layer without its activation.",
        (
            Equals("kernel_shapes_4321", [[4, 3], [3, 2], [2, 1]]),
            Equals("sum_sizes_4321", [3, 2, 1]),
            Equals("first_sums_minus_layer", 0, tolerance=1e-9),
        ),
    ),
    Claim(
        "forward-nested-formula",
        "003",
        "Video 10",
        "The whole prediction is s(W3^T s(W2^T s(W1^T x + b1) + b2) + b3), s the sigmoid.",
        "exact",
        "nested formula",
        f"{_NETWORK} The formula in NumPy for the student's row and for 30 random rows.",
        (Equals("nested_formula_minus_network", 0, tolerance=1e-9),),
        priority=2,
    ),
    Claim(
        "forward-python-code",
        "003",
        "Video 10",
        "The printed forward_propagation loop computes the network's output.",
        "behaviour",
        "runs and gives the output",
        "The function as printed, called with the student's row and the kernels and biases of a 4-3-2-1 network; then once "
        "more with a sigmoid defined, against our Dense and Keras's.",
        (
            Equals(
                "printed_code_as_it_stands",
                "runs",
                true_value="NameError: name 'sigmoid' is not defined",
                derivation="The snippet calls sigmoid and never defines or imports it. With sigmoid(z) = 1 / (1 + e^-z) "
                "it runs.",
            ),
            Equals("printed_code_with_sigmoid", "runs"),
            Equals("printed_code_with_sigmoid_minus_network", 0, tolerance=1e-9),
        ),
        priority=2,
        remark="It takes one row at a time: for a table of rows W.T and a do not fit (fact printed_code_on_a_batch_of_rows).",
    ),
)
