"""Recurrent layers by hand: every statement about them that needs no training.

Sources: document 000, Recurrent Neural Networks, LSTM and GRU; document 003, Videos 19 and 59 to 68. The cells are written
out in NumPy with one matrix a gate, as the documents print them, and set against our layers and their Keras namesakes with
the same weights. Gates are opened and closed by their biases: 50 gives sigmoid(50) = 1, -50 gives 0.

Run: reproduce run recurrent_examples
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from reproductions.claims import Claim, Equals
from reproductions.figures import COLOURS, Picture
from reproductions.worked import array as numbers
from reproductions.worked import both, both_facts, build, difference, draw, gradient, sigmoid, with_weights

TITLE = "Worked examples: recurrent layers"
SUMMARY = (
    "The equations of SimpleRNN, LSTM and GRU, what their gates do, parameter counts, shapes, and how gradients shrink and "
    "grow with the number of steps. Nothing is trained."
)
DATASETS = ()
IN_DEFAULT_SET = True
EXPECTED_SECONDS = 6.0

OPEN, CLOSED = 50.0, -50.0
UNITS, STEPS, RADII = 32, 100, (0.9, 1.1, 1.5)


def gate_matrices(layer: Any, gates: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """One (W, B) a gate, W acting on [H, X] put together: Keras keeps the parts for X and H, all gates side by side."""
    kernel, recurrent_kernel, bias = (numbers(weight) for weight in layer.weights)
    parts = zip(*(np.split(weight, gates, axis=-1) for weight in (kernel, recurrent_kernel, bias)), strict=True)
    return [(np.concatenate([of_state, of_input]), b) for of_input, of_state, b in parts]


def rnn_states(layer: Any, inputs: np.ndarray) -> np.ndarray:
    """H_t = tanh(W_in X_t + W_h H_t-1 + B_h), H_0 = 0; all states, (batch, steps, units)."""
    w_in, w_h, b = (numbers(weight) for weight in layer.weights)
    state, states = np.zeros((len(inputs), len(b))), []
    for x in np.moveaxis(inputs, 1, 0):
        state = np.tanh(x @ w_in + state @ w_h + b)
        states.append(state)
    return np.stack(states, axis=1)


def lstm_states(layer: Any, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The documented LSTM: three gates and a candidate, each with its own matrix on [H_t-1, X_t]."""
    (w_i, b_i), (w_f, b_f), (w_c, b_c), (w_o, b_o) = gate_matrices(layer, 4)
    h = c = np.zeros((len(inputs), len(b_i)))
    states = []
    for x in np.moveaxis(inputs, 1, 0):
        hx = np.concatenate([h, x], axis=1)
        f = sigmoid(hx @ w_f + b_f)
        i = sigmoid(hx @ w_i + b_i)
        o = sigmoid(hx @ w_o + b_o)
        c = f * c + i * np.tanh(hx @ w_c + b_c)
        h = o * np.tanh(c)
        states.append(h)
    return np.stack(states, axis=1), c


def gru_states(layer: Any, inputs: np.ndarray, z_is_share_of: str) -> np.ndarray:
    """The documented GRU; z weighs the new state, H = (1 - z) H + z candidate, or the old one, as in Keras."""
    (w_z, b_z), (w_r, b_r), (w_h, b_h) = gate_matrices(layer, 3)
    h, states = np.zeros((len(inputs), len(b_z))), []
    for x in np.moveaxis(inputs, 1, 0):
        hx = np.concatenate([h, x], axis=1)
        z, r = sigmoid(hx @ w_z + b_z), sigmoid(hx @ w_r + b_r)
        candidate = np.tanh(np.concatenate([r * h, x], axis=1) @ w_h + b_h)
        h = (1 - z) * h + z * candidate if z_is_share_of == "new" else z * h + (1 - z) * candidate
        states.append(h)
    return np.stack(states, axis=1)


def cell_equations() -> dict[str, Any]:
    """Layers against the NumPy cells: 2 sequences of 7 steps with 3 features, 4 units."""
    import keras

    x = draw(2, 7, 3)
    sequences = {"return_sequences": True, "dtype": "float64"}

    def rnn_gap(library: ModuleType) -> float:
        rnn = with_weights(library.SimpleRNN(4, **sequences), x)
        head = with_weights(library.Dense(1, activation="sigmoid", dtype="float64"), draw(2, 7, 4))
        w_out, b_out = (numbers(weight) for weight in head.weights)
        return difference(head(rnn(x)), sigmoid(rnn_states(rnn, x) @ w_out + b_out))

    def lstm_gap(library: ModuleType) -> float:
        lstm = with_weights(library.LSTM(4, return_state=True, **sequences), x)
        states, _, cell = lstm(x)
        return max(difference(one, other) for one, other in zip((states, cell), lstm_states(lstm, x), strict=True))

    def gru(library: ModuleType, **options: Any) -> Any:
        return with_weights(library.GRU(4, **options, **sequences), x)

    def gru_gap(library: ModuleType, z_is_share_of: str, negate_z: bool = False) -> float:
        layer = gru(library, reset_after=False)
        states = gru_states(layer, x, z_is_share_of)
        if negate_z:
            weights = [numbers(weight) for weight in layer.weights]
            layer.set_weights([np.concatenate([-w[..., :4], w[..., 4:]], axis=-1) for w in weights])
        return difference(layer(x), states)

    def default_is_printed_candidate(library: ModuleType) -> bool:
        layer = gru(library)
        default, (kernel, recurrent_kernel, bias) = layer(x), layer.get_weights()
        printed = gru(library, reset_after=False)
        printed.set_weights([kernel, recurrent_kernel, bias.sum(axis=0)])  # the default has an input and a state bias
        return difference(default, gru_states(printed, x, "old")) < 1e-9

    def zero_state_gap(library: ModuleType) -> float:
        zeros = np.zeros((2, 4))
        layers = [with_weights(getattr(library, name)(4, dtype="float64"), x) for name in ("SimpleRNN", "LSTM", "GRU")]
        given = (zeros, [zeros, zeros], zeros)
        return max(
            difference(layer(x), layer(x, initial_state=state)) for layer, state in zip(layers, given, strict=True)
        )

    def blocks(library: ModuleType, name: str) -> int:
        layer = getattr(library, name)(4)
        layer.build((None, 7, 3))
        return layer.weights[0].shape[1] // 4

    def activations(library: ModuleType) -> list[str]:
        layers = [getattr(library, name)(4) for name in ("SimpleRNN", "LSTM", "GRU")]
        gates = [keras.activations.serialize(layer.recurrent_activation) for layer in layers[1:]]
        return [keras.activations.serialize(layer.activation) for layer in layers] + gates

    return {
        "rnn_and_head_minus_numpy": both(rnn_gap),
        "lstm_minus_numpy": both(lstm_gap),
        "gru_minus_printed_candidate": both(lambda library: gru_gap(library, "old")),
        "gru_is_printed_update": both(lambda library: gru_gap(library, "new") < 1e-9),
        "gru_with_negated_z_minus_printed_update": both(lambda library: gru_gap(library, "new", negate_z=True)),
        "default_gru_is_printed_candidate": both(default_is_printed_candidate),
        "zero_initial_state_minus_default": both(zero_state_gap),
        "lstm_weight_blocks": both(lambda library: blocks(library, "LSTM")),
        "gru_weight_blocks": both(lambda library: blocks(library, "GRU")),
        "default_activations": both(activations),
    }


def gated_lstm(library: ModuleType, i: float, f: float, c: float, o: float) -> Any:
    """An LSTM of one unit whose gates and candidate are fixed by their biases."""
    layer = library.LSTM(1, return_state=True, dtype="float64")
    layer.build((None, None, 1))
    layer.set_weights([np.zeros((1, 4)), np.zeros((1, 4)), np.array([i, f, c, o])])
    return layer


def lstm_gates() -> dict[str, Any]:
    """From the cell state C = 0.8: what forget, input and output gate let through."""
    x, h, c = np.zeros((1, 1, 1)), np.zeros((1, 1)), np.array([[0.8]])

    def step(layer: Any, cell: Any = c) -> tuple[float, float]:
        _, new_h, new_c = layer(x, initial_state=[h, cell])
        return float(numbers(new_h)[0, 0]), float(numbers(new_c)[0, 0])

    def with_forget(library: ModuleType, f: float) -> float:
        return step(gated_lstm(library, CLOSED, f, 0, OPEN))[1] / 0.8

    def after_closed_output(library: ModuleType) -> list[float]:
        closed, opened = (gated_lstm(library, CLOSED, OPEN, 0, o) for o in (CLOSED, OPEN))
        hidden, cell = step(closed)
        return [hidden, step(opened, np.array([[cell]]))[0] - np.tanh(0.8)]

    return {
        "share_of_cell_state_kept_by_forget_gate_0": both(lambda library: with_forget(library, CLOSED)),
        "share_of_cell_state_kept_by_forget_gate_1": both(lambda library: with_forget(library, OPEN)),
        "hidden_state_behind_closed_output_gate": both(lambda library: after_closed_output(library)[0]),
        "closed_output_gate_keeps_cell_state_from_next_step": both(
            lambda library: abs(after_closed_output(library)[1]) > 1e-9
        ),
    }


def gated_gru(library: ModuleType, z: float, r: float, candidate: float = 0.0, of_state: float = 0.0) -> Any:
    """A GRU of one unit: fixed gates, and the candidate tanh(of_state * r * H + candidate)."""
    layer = library.GRU(1, reset_after=False, dtype="float64")
    layer.build((None, None, 1))
    layer.set_weights([np.zeros((1, 3)), np.array([[0, 0, of_state]]), np.array([z, r, candidate])])
    return layer


def gru_gates() -> dict[str, Any]:
    """What z and r weigh, read off the layer and off the printed formula."""
    x = np.zeros((1, 1, 1))

    def step(layer: Any, h: float) -> float:
        return float(numbers(layer(x, initial_state=np.array([[h]])))[0, 0])

    def printed_update(z: float, h: float, candidate: float) -> float:
        return (1 - z) * h + z * candidate

    def old_and_new(library: ModuleType) -> float:
        old = step(gated_gru(library, z=0.4, r=0), 0.8) / 0.8  # candidate 0: what is left is the old state's share
        new = step(gated_gru(library, z=0.4, r=0, candidate=OPEN), 0.0)  # candidate 1 and state 0: the new one's share
        return old + new

    def past_in_candidate(library: ModuleType, r: float) -> float:
        layer = gated_gru(library, z=CLOSED, r=r, of_state=1.0)  # z = 0: the new state is the candidate
        return step(layer, 0.8) / float(np.tanh(0.8))

    return {
        "gru_share_of_old_plus_share_of_new": both(old_and_new),
        "past_kept_at_z_1_by_printed_formula": printed_update(1.0, h=1.0, candidate=0.0),
        "past_kept_at_z_1_by_layer": both(lambda library: step(gated_gru(library, z=OPEN, r=0), 0.8) / 0.8),
        "past_in_candidate_at_r_0_and_1": both(
            lambda library: [round(past_in_candidate(library, r), 9) for r in (CLOSED, OPEN)]
        ),
    }


def counts_and_shapes() -> dict[str, Any]:
    """The documented models with 3 features: parameters and output shapes."""
    import keras

    def series(steps: int | None = None, features: int = 3) -> Any:
        return keras.Input((steps, features))

    def count(
        library: ModuleType, name: str, units: int, steps: int | None = None, features: int = 3, **more: Any
    ) -> int:
        return build(series(steps, features), getattr(library, name)(units, **more)).count_params()

    def sentiment(library: ModuleType, name: str, **more: Any) -> int:
        layer = getattr(library, name)(64, **more)
        words = keras.Input((None,), dtype="int32")
        head = library.Dense(1, activation="sigmoid")
        return build(words, keras.layers.Embedding(10000, 128), layer, head).count_params()

    def stack(library: ModuleType, return_sequences: bool = True) -> Any:
        lstms = [library.LSTM(64, return_sequences=return_sequences) for _ in range(2)]
        return build(series(10), *lstms, library.LSTM(64), library.Dense(1, activation="sigmoid"))

    def stack_without_sequences(library: ModuleType) -> str:
        try:
            stack(library, return_sequences=False)
        except ValueError:
            return "ValueError"
        return "runs"

    def matrices_and_biases(library: ModuleType, steps: int) -> list[int]:
        model = build(series(steps), library.SimpleRNN(64), library.Dense(1, activation="sigmoid"))
        return [sum(len(weight.shape) == rank for weight in model.weights) for rank in (2, 1)]

    def translator(library: ModuleType) -> Any:
        source, target = keras.Input((3, 8)), keras.Input((4, 8))
        _, *context = library.LSTM(16, return_state=True)(source)
        words = library.LSTM(16, return_sequences=True)(target, initial_state=context)
        return keras.Model([source, target], library.Dense(20, activation="softmax")(words))

    def from_one_vector(library: ModuleType) -> Any:
        copies = keras.layers.RepeatVector(4)
        return build(keras.Input((8,)), copies, library.SimpleRNN(16, return_sequences=True), library.Dense(20))

    def matrix_products(library: ModuleType, name: str) -> int:
        layer = getattr(library, name)(64, reset_after=False) if name == "GRU" else getattr(library, name)(64)
        layer.build((None, None, 3))
        return sum(int(np.prod(weight.shape)) for weight in layer.weights if len(weight.shape) == 2)

    return {
        "rnn_parameters_for_3_30_300_steps": both(
            lambda library: [count(library, "SimpleRNN", 64, t) for t in (3, 30, 300)]
        ),
        "rnn_matrices_and_biases_for_5_and_50_steps": both(
            lambda library: [matrices_and_biases(library, t) for t in (5, 50)]
        ),
        "lstm_parameters_for_3_10_128_features": both(
            lambda library: [count(library, "LSTM", 64, features=f) for f in (3, 10, 128)]
        ),
        "lstm_model_parameters": both(
            lambda library: build(series(), library.LSTM(64), library.Dense(1)).count_params()
        ),
        "gru_parameters": both(lambda library: count(library, "GRU", 64, reset_after=False)),
        "default_gru_parameters": both(lambda library: count(library, "GRU", 64)),
        "lstm_and_gru_multiplications_a_step": both(
            lambda library: [matrix_products(library, name) for name in ("LSTM", "GRU")]
        ),
        "lstm_sentiment_parameters": both(lambda library: sentiment(library, "LSTM")),
        "gru_sentiment_parameters": both(lambda library: sentiment(library, "GRU")),
        "gru_sentiment_parameters_reset_before": both(lambda library: sentiment(library, "GRU", reset_after=False)),
        "stack_parameters": both(lambda library: stack(library).count_params()),
        "stack_without_return_sequences": both(stack_without_sequences),
        "bidirectional_shape": both(
            lambda library: list(build(series(10), library.Bidirectional(library.LSTM(64))).output_shape)
        ),
        "bidirectional_model_parameters": both(
            lambda library: build(series(10), library.Bidirectional(library.LSTM(64)), library.Dense(1)).count_params()
        ),
        "one_hot_inputs": int(np.prod(keras.ops.one_hot(np.zeros(100, "int32"), 10_000).shape)),
        "many_to_one_shapes": both(
            lambda library: [
                list(build(series(4), library.LSTM(64), *head).output_shape) for head in ([], [library.Dense(1)])
            ]
        ),
        "many_to_many_shape": both(
            lambda library: list(
                build(series(4), library.LSTM(64, return_sequences=True), library.Dense(5)).output_shape
            )
        ),
        "one_to_many_shape": both(lambda library: list(from_one_vector(library).output_shape)),
        "encoder_decoder_shape": both(lambda library: list(translator(library).output_shape)),
    }


def memory_and_order() -> dict[str, Any]:
    """What a recurrent layer, a dense layer on the whole window and one on the last word can know of earlier words."""
    import keras

    words = np.eye(5)
    sequences = words[np.array(list(np.ndindex(5, 5, 5)))]  # (125, 3, 5): every sentence of three out of five words
    first, last = sequences[:, 0].argmax(axis=1), sequences[:, 2].argmax(axis=1)

    def rnn_recall(library: ModuleType) -> float:
        # H = X + 10 H: after three words H = X_3 + 10 X_2 + 100 X_1, whose largest entry is the first word.
        rnn = library.SimpleRNN(5, activation="linear", dtype="float64")
        rnn.build(sequences.shape)
        rnn.set_weights([np.eye(5), 10 * np.eye(5), np.zeros(5)])
        return float((numbers(rnn(sequences)).argmax(axis=1) == first).mean())

    def dense_recall(library: ModuleType) -> float:
        dense = library.Dense(5, use_bias=False, dtype="float64")
        dense.build((None, 15))
        dense.set_weights([np.concatenate([np.eye(5), np.zeros((10, 5))])])  # looks at the first word alone
        return float((numbers(dense(sequences.reshape(-1, 15))).argmax(axis=1) == first).mean())

    def dense_tells_order(library: ModuleType) -> bool:
        dense = library.Dense(1, use_bias=False, dtype="float64")
        dense.build((None, 4))
        dense.set_weights([np.array([[1.0], [-1.0], [0.0], [0.0]])])  # is the first word a, or b?
        ab = np.eye(2)[np.array([[0, 1], [1, 0]])]
        return bool(np.ptp(numbers(dense(ab.reshape(2, 4)))) > 0.5)

    def result(call: Any) -> str:
        try:
            call()
        except ValueError:
            return "ValueError"
        return "runs"

    def lengths(library: ModuleType) -> list[str]:
        dense = build(keras.Input((3, 8)), keras.layers.Flatten(), library.Dense(1))
        rnn = library.SimpleRNN(4)
        two, padded = draw(1, 2, 8), np.pad(draw(1, 2, 8), ((0, 0), (0, 1), (0, 0)))
        return [
            result(lambda: dense(two)),
            result(lambda: dense(padded)),
            result(lambda: rnn(two)),
            result(lambda: rnn(padded)),
        ]

    x = draw(1, 6, 3)

    def rnn_and_mean_changes(library: ModuleType) -> list[bool]:
        rnn, mean = (
            with_weights(library.SimpleRNN(4, dtype="float64"), x),
            keras.layers.GlobalAveragePooling1D(dtype="float64"),
        )
        return [difference(layer(x), layer(x[:, ::-1])) > 1e-6 for layer in (rnn, mean)]

    def steps_with_gradient(library: ModuleType) -> int:
        rnn = with_weights(library.SimpleRNN(4, dtype="float64"), x)
        return int((np.abs(gradient(rnn, x)[0][0]).max(axis=1) > 1e-9).sum())

    counts = np.zeros((5, 5))
    np.add.at(counts, (last, first), 1)
    return {
        "steps_that_last_state_depends_on": both(steps_with_gradient),
        "rnn_recall_of_first_word": both(rnn_recall),
        "best_recall_from_last_word_alone": float(counts.max(axis=1).sum() / len(sequences)),
        "dense_window_recall_of_first_word": both(dense_recall),
        "dense_window_tells_ab_from_ba": both(dense_tells_order),
        "bag_of_words_tells_ab_from_ba": bool(np.ptp(np.eye(2)[[[0, 1], [1, 0]]].sum(axis=1), axis=0).any()),
        "dense_on_2_words_and_padded_then_rnn_on_both": both(lengths),
        "reversed_sequence_changes_rnn_and_mean": both(rnn_and_mean_changes),
    }


def context() -> dict[str, Any]:
    """Which inputs each output of a sequence of six steps depends on: its gradient for them is not zero."""
    x = draw(1, 6, 3)

    def depends(layer: Any) -> np.ndarray:
        copies, units = np.repeat(x, 6, axis=0), layer(x).shape[-1]
        upstream = np.eye(6)[:, :, None] * np.ones(units)  # copy k asks for the gradient of output k
        return np.abs(gradient(layer, copies, upstream=upstream)[0]).max(axis=2) > 1e-12  # (output, input)

    def inputs_behind(library: ModuleType) -> dict[str, Any]:
        lstm, inner = (library.LSTM(4, return_sequences=True, dtype="float64") for _ in range(2))
        layers = (lstm, library.Bidirectional(inner, dtype="float64"))
        one_way, two_way = (depends(with_weights(layer, x)).sum(axis=1).tolist() for layer in layers)
        return {
            "inputs_behind_each_lstm_output": one_way,
            "inputs_behind_each_bidirectional_output": two_way,
            "later_inputs_behind_first_output": [one_way[0] - 1, two_way[0] - 1],
        }

    return both_facts(inputs_behind)


def state_gradient(layer: Any, inputs: np.ndarray) -> float:
    """Norm of dL/dH_0 for an upstream gradient of norm 1 at the last state."""
    units = layer.units
    upstream = np.ones((1, units)) / np.sqrt(units)
    found = gradient(lambda h: layer(inputs, initial_state=h), np.zeros((1, units)), upstream=upstream)
    return float(np.linalg.norm(found[0]))


def jacobian_norms(w_h: np.ndarray, inputs: np.ndarray, activation: str = "tanh", start: float = 0.0) -> np.ndarray:
    """Norm of dL/dH_0 after 0, 1, ... steps: every step multiplies by W_h^T diag(phi'(a)), phi' = 1 - H^2 for tanh."""
    h, product, norms = np.full(len(w_h), start), np.eye(len(w_h)), [1.0]
    upstream = np.ones(len(w_h)) / np.sqrt(len(w_h))
    for x in inputs:
        h = np.tanh(x + h @ w_h) if activation == "tanh" else x + h @ w_h
        slope = 1 - h**2 if activation == "tanh" else np.ones(len(w_h))
        product = product @ (w_h * slope)  # dH_t / dH_0, row by row
        norms.append(float(np.linalg.norm(product @ upstream)))
    return np.array(norms)


def orthogonal(units: int, seed: int = 0) -> np.ndarray:
    """An orthogonal matrix: Keras's start of W_h."""
    return np.linalg.qr(draw(units, units, seed=seed))[0]


def one_matrix_rnn(library: ModuleType, w_h: np.ndarray, activation: str = "tanh") -> Any:
    """H_t = phi(X_t + W_h H_t-1)."""
    units = len(w_h)
    layer = library.SimpleRNN(units, activation=activation, dtype="float64")
    layer.build((1, None, units))
    layer.set_weights([np.eye(units), w_h, np.zeros(units)])
    return layer


def rnn_gradients() -> dict[str, Any]:
    """Gradients after 100 steps back: dL/dH_0 is the upstream gradient times 100 factors W_h^T diag(1 - H_t^2)."""
    from keras import ops

    x, silent = draw(1, STEPS, UNITS), np.zeros((1, STEPS, UNITS))
    glorot = draw(UNITS, UNITS, seed=1) / np.sqrt(UNITS)
    slope = float(gradient(ops.tanh, np.zeros(1))[0][0])

    def shares_left(library: ModuleType) -> dict[str, Any]:
        matrices = (orthogonal(UNITS), glorot, 0.5 * orthogonal(UNITS))
        left = [state_gradient(one_matrix_rnn(library, w_h), x) for w_h in matrices]
        return {
            "gradient_left_after_100_steps": left,
            "gradient_left_is_below_a_thousandth": [share < 1e-3 for share in left],
            "gradient_left_over_product_of_jacobians": float(left[1] / jacobian_norms(glorot, x[0])[-1]),
        }

    def linear_growth_error(library: ModuleType) -> float:
        layers = [one_matrix_rnn(library, r * orthogonal(UNITS), "linear") for r in RADII]
        return max(abs(state_gradient(layer, silent) / r**STEPS - 1) for layer, r in zip(layers, RADII, strict=True))

    def tanh_growth(library: ModuleType) -> dict[str, Any]:
        layer, nothing = one_matrix_rnn(library, np.array([[1.5]])), np.zeros((2, STEPS, 1))
        starts = np.array([[0.0], [0.5]])
        grown = gradient(lambda h: layer(nothing, initial_state=h), starts)[0][:, 0]
        return {
            "tanh_growth_at_state_0_over_power_of_1_5": float(grown[0] / 1.5**STEPS),
            "saturated_tanh_gradient_at_weight_1_5": float(grown[1]),
            "gradient_grows_whenever_weights_exceed_1": bool(grown[1] > 1),
        }

    first_factor = jacobian_norms(np.array([[1.5]]), np.zeros((1, 1)))[1]
    return {
        "tanh_slope_at_0": slope,
        "tanh_slope_is_always_below_1": slope < 1,
        "step_factor_at_state_0_is_below_1_with_weight_1_5": bool(first_factor < 1),
        **both_facts(shares_left),
        "gradient_left_without_input": float(jacobian_norms(orthogonal(UNITS), silent[0])[-1]),
        "linear_growth_relative_to_power_of_radius_minus_1": both(linear_growth_error),
        **both_facts(tanh_growth),
    }


def initial_matrices() -> dict[str, Any]:
    """In how many of 20 draws the gradient has grown after 100 steps, by how W_h starts."""

    def grown(initial: Callable[[int], np.ndarray]) -> int:
        inputs = (draw(STEPS, UNITS, seed=seed) for seed in range(20))
        return sum(bool(jacobian_norms(initial(seed), one)[-1] > 1) for seed, one in enumerate(inputs))

    return {
        "gradients_that_grew_from_identity": grown(lambda seed: np.eye(UNITS)),
        "gradients_that_grew_from_orthogonal": grown(lambda seed: orthogonal(UNITS, seed)),
        "gradients_that_grew_from_standard_normal": grown(lambda seed: draw(UNITS, UNITS, seed=seed)),
    }


def cell_state_gradients() -> dict[str, Any]:
    """dC_T / dC_0 is the product of the forget gates: the highway, and how fast it forgets."""

    def cell_gradient(library: ModuleType, forget_bias: float, steps: int) -> float:
        layer, silent, h = gated_lstm(library, CLOSED, forget_bias, 0, OPEN), np.zeros((1, steps, 1)), np.zeros((1, 1))
        return float(gradient(lambda c: layer(silent, initial_state=[h, c])[2], h)[0][0, 0])

    def forget_bias(library: ModuleType) -> float:
        layer = library.LSTM(1)
        layer.build((None, None, 1))
        return float(numbers(layer.weights[2])[1])

    of_rnn = float(jacobian_norms(orthogonal(UNITS), draw(STEPS, UNITS))[-1])

    def highway(library: ModuleType) -> dict[str, Any]:
        kept = cell_gradient(library, 5.0, STEPS)
        return {
            "cell_gradient_after_100_steps_with_forget_bias_5": kept,
            "cell_gradient_minus_product_of_forget_gates": abs(kept - sigmoid(5.0) ** STEPS),
            "cell_gradient_is_a_billion_times_that_of_rnn": kept > 1e9 * of_rnn,
            "forget_bias_at_the_start": forget_bias(library),
            "share_of_cell_state_left_after_100_steps": cell_gradient(library, 1.0, STEPS),
        }

    return {"rnn_gradient_after_100_steps": of_rnn, **both_facts(highway)}


def curves_through_time() -> dict[str, Any]:
    """For the figure: log10 of the gradient's size, every fifth step."""
    steps = np.arange(STEPS + 1)
    curves = {
        "SimpleRNN, orthogonal W_h, random inputs": jacobian_norms(orthogonal(UNITS), draw(STEPS, UNITS)),
        "linear RNN, radius of W_h 0.9": 0.9**steps,
        "linear RNN, radius of W_h 1.1": 1.1**steps,
        "tanh unit, W_h = 1.5, saturated": jacobian_norms(np.array([[1.5]]), np.zeros((STEPS, 1)), start=0.5),
        "LSTM cell as Keras starts it, f = 0.73": sigmoid(1.0) ** steps,
        "LSTM cell with f = 0.99": 0.99**steps,
    }
    return {"gradient_curves": {name: np.log10(curve)[::5].round(3).tolist() for name, curve in curves.items()}}


PRINTED = {
    "lstm50": (
        "from tensorflow.keras.models import Sequential\n"
        "from tensorflow.keras.layers import LSTM, Dense\n"
        "model = Sequential()\n"
        "model.add(LSTM(50, input_shape=(timesteps, features)))\n"
        "model.add(Dense(1))\n"
        "model.compile(optimizer='adam', loss='mse')\n"
    ),
    "stack": (
        "from tensorflow.keras.models import Sequential\n"
        "from tensorflow.keras.layers import LSTM, Dense\n"
        "model = Sequential([\n"
        "    LSTM(64, return_sequences=True, input_shape=(seq_len, features)),\n"
        "    LSTM(64, return_sequences=True),\n"
        "    LSTM(64),\n"
        "    Dense(1, activation='sigmoid')\n"
        "])\n"
    ),
    "bidirectional": (
        "from tensorflow.keras.layers import Bidirectional, LSTM\n"
        "model = Sequential([\n"
        "    Bidirectional(LSTM(64), input_shape=(seq_len, features)),\n"
        "    Dense(1, activation='sigmoid')\n"
        "])\n"
    ),
    "clip": ("optimizer = keras.optimizers.Adam(clipvalue=1.0)\noptimizer = keras.optimizers.Adam(clipnorm=1.0)\n"),
}
"""The documents' cells, without their comments."""


def printed_code() -> dict[str, Any]:
    """The printed cells as they stand, and with numbers for the names that they leave open."""
    import keras

    from reproductions.printed import run_cells

    as_printed = run_cells(PRINTED, {"keras": keras})
    filled: dict[str, Any] = {"keras": keras, "timesteps": 10, "seq_len": 10, "features": 1}
    lstm50 = run_cells({"lstm50": PRINTED["lstm50"]}, filled)["lstm50"]
    parameters = filled["model"].count_params()
    deep = run_cells({name: PRINTED[name] for name in ("stack", "bidirectional")}, filled | {"features": 3})

    def step(**clipping: float) -> list[float]:
        weight = keras.Variable(np.zeros(2))
        keras.optimizers.SGD(1.0, **clipping).apply([keras.ops.array([3.0, -4.0])], [weight])
        return [round(-float(value), 6) for value in numbers(weight)]

    return {
        "lstm50_as_printed": as_printed["lstm50"].result,
        "lstm50_with_names_filled_in": lstm50.result,
        "lstm50_parameters": parameters,
        "stack_as_printed": as_printed["stack"].result,
        "deep_code_with_names_filled_in": [deep[name].result for name in ("stack", "bidirectional")],
        "deep_code_warnings": sorted({warning for outcome in deep.values() for warning in outcome.warnings}),
        "clip_code": as_printed["clip"].result,
        "gradient_3_4_clipped_by_value_1": step(clipvalue=1.0),
        "gradient_3_4_clipped_by_norm_1": step(clipnorm=1.0),
    }


def examine() -> dict[str, Any]:
    """Every fact of this file."""
    return {
        **cell_equations(),
        **lstm_gates(),
        **gru_gates(),
        **counts_and_shapes(),
        **memory_and_order(),
        **context(),
        **rnn_gradients(),
        **initial_matrices(),
        **cell_state_gradients(),
        **curves_through_time(),
        **printed_code(),
    }


def paint_gradients(facts: Mapping[str, Any]) -> Any:
    """Size of the gradient against the number of steps, on a logarithmic axis."""
    import matplotlib.pyplot as plt

    drawn, axis = plt.subplots(figsize=(7.4, 4.2), layout="constrained")
    for colour, (name, exponents) in zip(COLOURS, facts["gradient_curves"].items(), strict=True):
        axis.plot(np.arange(len(exponents)) * 5, exponents, color=colour, linewidth=1.8, label=name)
    axis.axhline(0, color="0.6", linewidth=0.8)
    axis.set_ylim(-21, 6)
    axis.set_yticks(range(-20, 6, 5), [f"1e{power}" if power else "1" for power in range(-20, 6, 5)])
    axis.set_xlabel("steps back in time")
    axis.set_ylabel("size of the gradient")
    axis.grid(alpha=0.25)
    drawn.legend(*axis.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False, fontsize=8)
    return drawn


FIGURES = (
    Picture(
        "gradient-through-time",
        "What 100 steps make of a gradient",
        "A linear recurrent layer shrinks or grows it by the radius of W_h at every step. Tanh only shrinks it further, even "
        "with a weight of 1.5 once the state is saturated. An LSTM's cell state multiplies it by the forget gate: as Keras "
        "starts it, 1e-14 is left; a gate of 0.99 keeps a third.",
        facts=("gradient_curves",),
        paint=paint_gradients,
    ),
)

_RNN, _TYPES, _PROBLEMS = "Video 59-60", "Video 61-62", "Video 63-64"
_LSTM, _GRU, _DEEP = "Video 65-66", "Video 67", "Video 68"
_RNN_000 = "Recurrent Neural Networks (RNNs)"
_BOTH = "Our layer and its Keras namesake give the same result."
_CELLS = (
    f"{_BOTH} Random weights, 4 units, 2 sequences of 7 steps with 3 features, float64; largest difference from the printed "
    "equations in NumPy."
)
_FILLED = "timesteps and seq_len are taken as 10"

CLAIMS = (
    Claim(
        "rnn-has-memory",
        "000",
        _RNN_000,
        "A recurrent network has memory: its hidden state carries information from earlier steps to the output.",
        "behaviour",
        "output depends on earlier inputs",
        f"{_BOTH} Steps of a sequence of 6 for which the last state's gradient is not zero.",
        (Equals("steps_that_last_state_depends_on", 6),),
        priority=2,
    ),
    Claim(
        "rnn-feedforward-cannot-remember",
        "000",
        _RNN_000,
        "A normal network can't use past words, a recurrent one can.",
        "comparison",
        "feed-forward: no past words; RNN: past words",
        "All 125 sentences of three out of five words; the answer is the first word. Weights set by hand. The best that any "
        "function of the last word alone can do is 0.2.",
        (
            Equals("rnn_recall_of_first_word", 1.0),
            Equals("best_recall_from_last_word_alone", 0.2, tolerance=1e-9),
            Equals(
                "dense_window_recall_of_first_word",
                0.2,
                tolerance=1e-9,
                true_value=1.0,
                derivation="A dense layer that is given the whole window of three words, one after the other, has a weight "
                "for each word at each place and answers with the first one every time. Only a network that is "
                "given one word at a time can't.",
            ),
        ),
        priority=3,
    ),
    Claim(
        "rnn-shared-cell-000",
        "000",
        _RNN_000,
        "The same cell with the same weights is used at every time step.",
        "exact",
        "shared weights",
        f"{_BOTH} Parameters of SimpleRNN(64) on 3 features for 3, 30 and 300 steps: 64 * (3 + 64 + 1).",
        (Equals("rnn_parameters_for_3_30_300_steps", [64 * (3 + 64 + 1)] * 3),),
        priority=2,
    ),
    Claim(
        "rnn-lstm50-code",
        "000",
        _RNN_000,
        "The printed regression model, LSTM(50) and Dense(1) with Adam and squared error, builds and compiles.",
        "exact",
        "50; 1",
        f"The cell as printed, then with its open names filled in: {_FILLED}, features as 1.",
        (
            Equals(
                "lstm50_as_printed",
                "runs",
                true_value="NameError: name 'timesteps' is not defined",
                derivation="timesteps and features are names that the cell does not define. With numbers in their place it "
                "runs; Keras 3 only warns about input_shape and prefers keras.Input.",
            ),
            Equals("lstm50_with_names_filled_in", "runs"),
            Equals("lstm50_parameters", 4 * ((50 + 1) * 50 + 50) + 51),
        ),
        priority=2,
    ),
    Claim(
        "lstm-no-forgetting",
        "000",
        _RNN_000,
        "An LSTM has better memory than a vanilla recurrent network and does not forget in long sequences.",
        "behaviour",
        "no forgetting: all of it left",
        f"{_BOTH} Share of the cell state left after 100 silent steps with Keras's first forget bias of 1; gradient through "
        "100 steps with a forget bias of 5 against that of a SimpleRNN with orthogonal W_h on random inputs.",
        (
            Equals("cell_gradient_is_a_billion_times_that_of_rnn", True),
            Equals("forget_bias_at_the_start", 1.0),
            Equals(
                "share_of_cell_state_left_after_100_steps",
                1.0,
                tolerance=1e-9,
                true_value=0.0,
                derivation="Every step multiplies the cell state by the forget gate, a sigmoid and therefore below 1: as "
                "Keras starts it 0.731, which after 100 steps leaves 0.731^100 = 2e-14. Training can bring the gate close "
                "to 1, so an LSTM forgets more slowly than a vanilla network, but it forgets.",
            ),
        ),
        priority=2,
    ),
    Claim(
        "rnn-order-matters",
        "000",
        _RNN_000,
        "The output of a recurrent network depends on the order of its inputs.",
        "behaviour",
        "order matters",
        f"{_BOTH} Does reversing a random sequence change the last state of a SimpleRNN; and a plain mean over the steps?",
        (Equals("reversed_sequence_changes_rnn_and_mean", [True, False]),),
        priority=2,
    ),
    Claim(
        "lstm-three-gates-000",
        "000",
        "LSTM",
        "An LSTM has a cell state and three gates: forget, input and output.",
        "exact",
        "3",
        f"{_CELLS} Its kernels hold four blocks of units: three gates and the candidate.",
        (Equals("lstm_weight_blocks", 3 + 1), Equals("lstm_minus_numpy", 0, tolerance=1e-9)),
        priority=2,
    ),
    Claim(
        "lstm-output-gate-next-step",
        "000",
        "LSTM",
        "The output gate decides what is sent to the next time step.",
        "behaviour",
        "a closed output gate sends nothing on",
        f"{_BOTH} One unit with C = 0.8; the output gate is closed for a step and open in the next.",
        (
            Equals("hidden_state_behind_closed_output_gate", 0, tolerance=1e-9),
            Equals(
                "closed_output_gate_keeps_cell_state_from_next_step",
                True,
                true_value=False,
                derivation="A closed output gate makes the hidden state 0, but the cell state goes to the next step past it: "
                "there an open gate still gives tanh(0.8). The gate decides what is shown, not what is remembered.",
            ),
        ),
        priority=3,
    ),
    Claim(
        "lstm-sentiment-params",
        "000",
        "LSTM",
        "Embedding(10000, 128), LSTM(64) and a sigmoid unit make a binary sentiment classifier.",
        "exact",
        "10000; 128; 64",
        f"{_BOTH} The document prints no count: 10,000 * 128 + 4 * 64 * (128 + 64 + 1) + 65.",
        (Equals("lstm_sentiment_parameters", 10000 * 128 + 4 * 64 * (128 + 64 + 1) + 65),),
        priority=2,
        remark="The printed model has no input shape: summary() shows nothing and count_params() fails before the first call.",
    ),
    Claim(
        "gru-two-gates-000",
        "000",
        "GRU",
        "A GRU has only two gates, update and reset.",
        "exact",
        "2",
        f"{_CELLS} Its kernels hold three blocks of units: two gates and the candidate.",
        (Equals("gru_weight_blocks", 2 + 1), Equals("gru_minus_printed_candidate", 0, tolerance=1e-9)),
        priority=2,
    ),
    Claim(
        "gru-update-gate-mix",
        "000",
        "GRU",
        "The update gate joins the LSTM's forget and input gate.",
        "exact",
        "mix of forget + input gate",
        f"{_BOTH} Share of the old state plus share of the candidate in the new state, for z = sigmoid(0.4): an LSTM's two "
        "gates may add up to anything from 0 to 2.",
        (Equals("gru_share_of_old_plus_share_of_new", 1.0, tolerance=1e-9),),
        priority=3,
    ),
    Claim(
        "gru-sentiment-params",
        "000",
        "GRU",
        "Embedding(10000, 128), GRU(64) and a sigmoid unit make a binary sentiment classifier.",
        "exact",
        "10000; 128; 64",
        f"{_BOTH} The document prints no count: 10,000 * 128 + 3 * 64 * (128 + 64 + 2) + 65, with two biases as Keras has it "
        "by default (reset_after=True), one without.",
        (
            Equals("gru_sentiment_parameters", 10000 * 128 + 3 * 64 * (128 + 64 + 2) + 65),
            Equals("gru_sentiment_parameters_reset_before", 10000 * 128 + 3 * 64 * (128 + 64 + 1) + 65),
        ),
        priority=2,
    ),
    Claim(
        "activation-rnn-default-tanh",
        "003",
        "Video 19",
        "Tanh is the usual hidden activation of RNN and LSTM layers.",
        "exact",
        "tanh",
        f"{_BOTH} Default activations of SimpleRNN, LSTM and GRU, then of the gates of LSTM and GRU.",
        (Equals("default_activations", ["tanh"] * 3 + ["sigmoid"] * 2),),
        priority=3,
    ),
    Claim(
        "rnn-ann-fixed-input",
        "003",
        _RNN,
        "A dense network needs inputs of one size, so a sentence of two words must be padded to three.",
        "behaviour",
        "3 words; 2 words + PAD",
        f"{_BOTH} Flatten and Dense built for 3 words of width 8, given 2 words and 2 words with a padding; then SimpleRNN.",
        (Equals("dense_on_2_words_and_padded_then_rnn_on_both", ["ValueError", "runs", "runs", "runs"]),),
        priority=2,
    ),
    Claim(
        "rnn-onehot-million",
        "003",
        _RNN,
        "10,000 words and 100 places give 1,000,000 one-hot inputs.",
        "exact",
        "1,000,000",
        "Size of the one-hot encoding of 100 words as Keras makes it.",
        (Equals("one_hot_inputs", 1_000_000),),
    ),
    Claim(
        "rnn-ann-loses-order",
        "003",
        _RNN,
        "Dense networks see all inputs at once and lose their order.",
        "behaviour",
        "order is lost",
        "'a b' against 'b a', one-hot. A dense layer on the places one after the other, weights set by hand; and the bag of "
        "words, which is the same for both.",
        (
            Equals("bag_of_words_tells_ab_from_ba", False),
            Equals(
                "dense_window_tells_ab_from_ba",
                False,
                true_value=True,
                derivation="The flattened window gives every place weights of its own: (1, -1, 0, 0) answers 1 to 'a b' and "
                "-1 to 'b a'. It is the bag of words, not the dense network, that loses the order.",
            ),
        ),
        priority=2,
    ),
    Claim(
        "rnn-cell-equation",
        "003",
        _RNN,
        "The cell is H_t = tanh(W_in X_t + W_h H_t-1 + B) with the output Y_t = sigmoid(W_out H_t + B_out).",
        "exact",
        "H_t = tanh(...); Y_t = sigmoid(...)",
        _CELLS,
        (Equals("rnn_and_head_minus_numpy", 0, tolerance=1e-9),),
        priority=2,
    ),
    Claim(
        "rnn-three-matrices",
        "003",
        _RNN,
        "A recurrent network reuses just three weight matrices at every step.",
        "exact",
        "3",
        f"{_BOTH} Matrices and bias vectors of SimpleRNN(64) and Dense(1) for 5 and 50 steps.",
        (Equals("rnn_matrices_and_biases_for_5_and_50_steps", [[3, 2], [3, 2]]),),
        priority=2,
    ),
    Claim(
        "rnn-zero-initial-state",
        "003",
        _RNN,
        "The first hidden state is the zero vector.",
        "exact",
        "0",
        f"{_BOTH} SimpleRNN, LSTM and GRU without an initial state against zeros given as initial state.",
        (Equals("zero_initial_state_minus_default", 0),),
        priority=3,
    ),
    Claim(
        "rnn-many-to-one-shape",
        "003",
        _TYPES,
        "Many-to-one turns a sequence into a single value.",
        "exact",
        "4 steps -> 1 value",
        f"{_BOTH} Output of LSTM(64) on 4 steps, and of Dense(1) behind it; None is the batch.",
        (Equals("many_to_one_shapes", [[None, 64], [None, 1]]),),
        priority=2,
    ),
    Claim(
        "rnn-one-to-many",
        "003",
        _TYPES,
        "One-to-many turns one input into a sequence.",
        "behaviour",
        "1 input -> 4 outputs",
        f"{_BOTH} A vector repeated four times, SimpleRNN and Dense(20) at every step; None is the batch.",
        (Equals("one_to_many_shape", [None, 4, 20]),),
        priority=2,
    ),
    Claim(
        "rnn-many-to-many-sync",
        "003",
        _TYPES,
        "Synchronous many-to-many gives one output for each input.",
        "exact",
        "4 -> 4",
        f"{_BOTH} LSTM with return_sequences on 4 steps and Dense(5); None is the batch.",
        (Equals("many_to_many_shape", [None, 4, 5]),),
        priority=2,
    ),
    Claim(
        "rnn-many-to-many-async",
        "003",
        _TYPES,
        "With an encoder and a decoder the output may have another length than the input.",
        "behaviour",
        "3 -> 4",
        f"{_BOTH} An LSTM reads 3 steps and hands its states to one that writes 4; None is the batch.",
        (Equals("encoder_decoder_shape", [None, 4, 20]),),
        priority=2,
    ),
    Claim(
        "rnn-tanh-derivative-below-one",
        "003",
        _PROBLEMS,
        "Every step back multiplies the gradient by the derivative of tanh, which is always below 1.",
        "exact",
        "always < 1",
        "Slope of tanh at 0 by automatic differentiation; factor of one step at H = 0 with W_h = 1.5; 100 steps of a SimpleRNN "
        "against the product of W_h^T diag(1 - H^2).",
        (
            Equals(
                "tanh_slope_is_always_below_1",
                True,
                true_value=False,
                derivation="The derivative 1 - tanh(x)^2 is exactly 1 at x = 0 and below 1 elsewhere.",
            ),
            Equals(
                "step_factor_at_state_0_is_below_1_with_weight_1_5",
                True,
                true_value=False,
                derivation="A step multiplies by W_h as well: at H = 0 with W_h = 1.5 by 1.5 * 1.",
            ),
            Equals("gradient_left_over_product_of_jacobians", 1.0, tolerance=1e-9),
        ),
    ),
    Claim(
        "rnn-hundred-steps-vanish",
        "003",
        _PROBLEMS,
        "After 100 multiplications the gradient is about 0.",
        "behaviour",
        "about 0 (below a thousandth) after 100 steps",
        f"{_BOTH} Share of the gradient's norm left after 100 steps of 32 tanh units on inputs of variance 1: W_h orthogonal, as "
        "Keras starts it; of Glorot's variance; half an orthogonal one. 'About 0' was fixed as less than 0.001.",
        (Equals("gradient_left_is_below_a_thousandth", [True, True, True]),),
        priority=2,
        remark="It is the inputs that do it: with an orthogonal W_h and no input every slope is 1 and all of it is left.",
    ),
    Claim(
        "rnn-exploding-weights",
        "003",
        _PROBLEMS,
        "With weights above 1 the gradient grows exponentially with the steps, to infinity.",
        "behaviour",
        "grows exponentially",
        f"{_BOTH} Linear layers with W_h of radius 0.9, 1.1 and 1.5 against the 100th power of the radius; a tanh unit with a "
        "weight of 1.5, started at 0 and at 0.5, without input.",
        (
            Equals("linear_growth_relative_to_power_of_radius_minus_1", 0, tolerance=1e-9),
            Equals("tanh_growth_at_state_0_over_power_of_1_5", 1.0, tolerance=1e-9),
            Equals(
                "gradient_grows_whenever_weights_exceed_1",
                True,
                true_value=False,
                derivation="Started at 0.5 the tanh unit settles at 0.858, where a step multiplies by "
                "1.5 (1 - 0.858^2) = 0.39: after 100 steps 3e-40 is left although the weight is 1.5. Without "
                "saturation the growth is as stated; what counts is the radius of W_h diag(1 - H^2).",
            ),
        ),
        priority=2,
    ),
    Claim(
        "rnn-clip-code",
        "003",
        _PROBLEMS,
        "Adam(clipvalue=1.0) and Adam(clipnorm=1.0) clip gradients in Keras.",
        "behaviour",
        "1.0",
        "The two printed lines, and the step of SGD with learning rate 1 on the gradient (3, -4), whose norm is 5.",
        (
            Equals("clip_code", "runs"),
            Equals("gradient_3_4_clipped_by_value_1", [1.0, -1.0]),
            Equals("gradient_3_4_clipped_by_norm_1", [0.6, -0.8]),
        ),
        priority=2,
    ),
    Claim(
        "rnn-identity-init",
        "003",
        _PROBLEMS,
        "Starting W_h as the identity helps against exploding gradients.",
        "comparison",
        "identity against exploding",
        "In how many of 20 draws the gradient has grown after 100 steps of 32 tanh units on random inputs: W_h the identity, and "
        "standard normal numbers, whose radius is about 5.7.",
        (Equals("gradients_that_grew_from_identity", 0), Equals("gradients_that_grew_from_standard_normal", 20)),
        priority=2,
        remark="Any W_h of radius 1 does it, Keras's orthogonal start as well (0 of 20). The identity was proposed for relu "
        "networks, against vanishing.",
    ),
    Claim(
        "lstm-gate-equations",
        "003",
        _LSTM,
        "f, i and o are sigmoid(W [H, X] + B), C = f C + i tanh(W [H, X] + B) and H = o tanh(C).",
        "exact",
        "six equations",
        _CELLS,
        (Equals("lstm_minus_numpy", 0, tolerance=1e-9),),
    ),
    Claim(
        "lstm-forget-gate-limits",
        "003",
        _LSTM,
        "A forget gate of 0 erases the cell state, one of 1 keeps all of it.",
        "exact",
        "0 = forget; 1 = remember",
        f"{_BOTH} Forget bias -50 and 50, input gate closed; C after the step as a share of C before.",
        (
            Equals("share_of_cell_state_kept_by_forget_gate_0", 0, tolerance=1e-9),
            Equals("share_of_cell_state_kept_by_forget_gate_1", 1, tolerance=1e-9),
        ),
        priority=2,
    ),
    Claim(
        "lstm-cell-highway",
        "003",
        _LSTM,
        "The cell state runs like a highway through the whole sequence.",
        "behaviour",
        "highway",
        f"{_BOTH} dC_100 / dC_0 against the product of the forget gates, bias 5; and against the gradient of a SimpleRNN with "
        "orthogonal W_h on random inputs over as many steps.",
        (
            Equals("cell_gradient_minus_product_of_forget_gates", 0, tolerance=1e-9),
            Equals("cell_gradient_is_a_billion_times_that_of_rnn", True),
        ),
        priority=2,
    ),
    Claim(
        "lstm-keras-params",
        "003",
        _LSTM,
        "In Keras the network is LSTM(64) with the number of features, and a sigmoid Dense(1).",
        "exact",
        "64",
        f"{_BOTH} The document prints no count: 4 * 64 * (f + 64 + 1) for f = 3, 10 and 128 features, and 65 for the output.",
        (
            Equals("lstm_parameters_for_3_10_128_features", [4 * 64 * (f + 64 + 1) for f in (3, 10, 128)]),
            Equals("lstm_model_parameters", 17408 + 65),
        ),
        priority=2,
        remark="The printed cell does not import Dense.",
    ),
    Claim(
        "gru-update-equation",
        "003",
        _GRU,
        "The new state is H_t = (1 - z) H_t-1 + z * candidate.",
        "exact",
        "H_t = (1 - z) H_t-1 + z candidate",
        f"{_CELLS} The GRU of Keras that the document goes on to use.",
        (
            Equals(
                "gru_is_printed_update",
                True,
                true_value=False,
                derivation="Keras computes z H_t-1 + (1 - z) candidate, as Cho et al. 2014 define it: there z is the share of "
                "the old state. With z's weights negated, 1 - z for z, the printed formula gives the same states.",
            ),
            Equals("gru_with_negated_z_minus_printed_update", 0, tolerance=1e-9),
        ),
    ),
    Claim(
        "gru-update-gate-meaning",
        "003",
        _GRU,
        "The update gate z says how much of the past to keep.",
        "exact",
        "z = share of the past",
        "Share of the past kept at z = 1, by the document's own formula, and by the layers (which agree with Keras).",
        (
            Equals(
                "past_kept_at_z_1_by_printed_formula",
                1.0,
                true_value=0.0,
                derivation="In the printed H_t = (1 - z) H_t-1 + z candidate, z = 1 leaves nothing of H_t-1: there z is the "
                "share of the new state. The words fit Keras's convention, in which z = 1 keeps everything.",
            ),
            Equals("past_kept_at_z_1_by_layer", 1.0, tolerance=1e-9),
        ),
        priority=2,
    ),
    Claim(
        "gru-reset-gate-meaning",
        "003",
        _GRU,
        "The reset gate r says how much of the past to forget for the candidate.",
        "exact",
        "r = share forgotten: all at 0, nothing at 1 is left",
        f"{_BOTH} Share of the past state in the candidate tanh(r H) at r = 0 and r = 1.",
        (
            Equals(
                "past_in_candidate_at_r_0_and_1",
                [1.0, 0.0],
                true_value=[0.0, 1.0],
                derivation="r multiplies H_t-1 in the candidate: r = 0 forgets all of it and r = 1 keeps it. r is how much "
                "past to keep.",
            ),
        ),
        priority=3,
    ),
    Claim(
        "gru-candidate-equation",
        "003",
        _GRU,
        "The candidate is tanh(W [r * H_t-1, X_t] + B).",
        "exact",
        "tanh(W [r * H_t-1, X_t] + B)",
        f"{_CELLS} reset_after=False, then Keras's default with the sum of its two biases. Parameters of GRU(64), 3 features.",
        (
            Equals("gru_minus_printed_candidate", 0, tolerance=1e-9),
            Equals("gru_parameters", 3 * 64 * (3 + 64 + 1)),
            Equals(
                "default_gru_is_printed_candidate",
                True,
                true_value=False,
                derivation="Keras's default, reset_after=True, applies r after the product, tanh(W X + r * (U H + b)), as "
                "cuDNN wants it, with a second bias: 13,248 parameters instead of 13,056. reset_after=False is the "
                "printed cell.",
            ),
        ),
        priority=2,
    ),
    Claim(
        "gru-fewer-params-than-lstm",
        "003",
        _GRU,
        "With two gates instead of three and one state instead of two a GRU has fewer parameters than an LSTM.",
        "exact",
        "2 vs 3 gates; less",
        f"{_BOTH} 64 units, 3 features: parameters 3 against 4 blocks of 64 * (3 + 64 + 1), one bias more with Keras's "
        "default; and multiplications of the matrix products of one step.",
        (
            Equals("lstm_parameters_for_3_10_128_features", [17408, 19200, 49408]),
            Equals("gru_parameters", 13056),
            Equals("default_gru_parameters", 13248),
            Equals("lstm_and_gru_multiplications_a_step", [4 * 64 * 67, 3 * 64 * 67]),
        ),
        remark="Three quarters of the parameters and of the multiplications.",
    ),
    Claim(
        "rnn-deep-stack-code",
        "003",
        _DEEP,
        "Stacked LSTM layers need return_sequences=True on all but the last.",
        "behaviour",
        "64; 64; 64",
        f"{_BOTH} Three LSTM(64) layers built without return_sequences; and the printed cell with its open names filled in.",
        (
            Equals("stack_without_return_sequences", "ValueError"),
            Equals("deep_code_with_names_filled_in", ["runs", "runs"]),
        ),
        priority=2,
    ),
    Claim(
        "rnn-deep-stack-params",
        "003",
        _DEEP,
        "The deep network has three LSTM layers of 64 units.",
        "exact",
        "64; 64; 64",
        f"{_BOTH} The document prints no count: 17,408 + 33,024 + 33,024 + 65 on 3 features.",
        (Equals("stack_parameters", 4 * 64 * (3 + 65) + 2 * 4 * 64 * (64 + 65) + 65),),
        priority=2,
    ),
    Claim(
        "bidirectional-output-128",
        "003",
        _DEEP,
        "Bidirectional(LSTM(64)) concatenates both directions to 128 values.",
        "exact",
        "64 * 2 = 128",
        f"{_BOTH} Output shape (None is the batch); parameters with Dense(1) on 3 features, 2 * 17,408 + 129.",
        (Equals("bidirectional_shape", [None, 128]), Equals("bidirectional_model_parameters", 2 * 17408 + 129)),
    ),
    Claim(
        "bidirectional-full-context",
        "003",
        _DEEP,
        "A bidirectional network sees past and future at every position.",
        "behaviour",
        "full context",
        f"{_BOTH} Inputs of a sequence of 6 that each output depends on, for a plain and a bidirectional LSTM.",
        (
            Equals("inputs_behind_each_lstm_output", [1, 2, 3, 4, 5, 6]),
            Equals("inputs_behind_each_bidirectional_output", [6] * 6),
        ),
        priority=2,
    ),
    Claim(
        "bidirectional-not-realtime",
        "003",
        _DEEP,
        "Bidirectional networks are not for real-time prediction: they need future inputs.",
        "behaviour",
        "needs future context",
        f"{_BOTH} Later inputs that the first of 6 outputs depends on, for a plain and a bidirectional LSTM.",
        (Equals("later_inputs_behind_first_output", [0, 5]),),
        priority=2,
    ),
    Claim(
        "rnn-deep-code-runs",
        "003",
        _DEEP,
        "The printed cells of the deep and the bidirectional network run.",
        "behaviour",
        "runs",
        f"The cells as printed, then with their open names filled in: {_FILLED}, features as 3.",
        (
            Equals(
                "stack_as_printed",
                "runs",
                true_value="NameError: name 'seq_len' is not defined",
                derivation="seq_len and features are names that the cells do not define. With numbers in their place both "
                "run; Keras 3 only warns about input_shape and prefers keras.Input.",
            ),
            Equals("deep_code_with_names_filled_in", ["runs", "runs"]),
            Equals("deep_code_warnings", ["UserWarning"]),
        ),
        priority=3,
    ),
)
