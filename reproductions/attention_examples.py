"""Attention and the Transformer by hand: every statement about them that needs no training.

Source: document 003, Video 3 and Videos 71 to 83. The formulas are written out in NumPy and set against our layers and,
where Keras has one, against its layer with the same weights.

Run: reproduce run attention_examples
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from reproductions.claims import Claim, Equals
from reproductions.figures import COLOURS, Picture
from reproductions.worked import array as numbers
from reproductions.worked import both, both_facts, difference, draw, gradient, with_weights

TITLE = "Worked examples: attention and the Transformer"
SUMMARY = (
    "Additive, multiplicative and scaled dot-product attention, heads, positions, masks, blocks and greedy decoding, each "
    "computed by our layers, by Keras's where there is one, and by NumPy. Nothing is trained."
)
DATASETS = ()
IN_DEFAULT_SET = True
EXPECTED_SECONDS = 5.0

WIDTHS = (8, 32, 128, 512)
FLOAT64 = {"dtype": "float64"}


def softmax(scores: np.ndarray) -> np.ndarray:
    """e^x_j / sum_k e^x_k over the last axis."""
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def attention(q: np.ndarray, k: np.ndarray, v: np.ndarray, visible: np.ndarray | None = None) -> np.ndarray:
    """softmax(Q K^T / sqrt(d_k)) V; scores of what is not visible are minus infinity."""
    scores = q @ k.swapaxes(-2, -1) / math.sqrt(q.shape[-1])
    return softmax(scores if visible is None else np.where(visible, scores, -np.inf)) @ v


def multi_head(layer: Any, query: np.ndarray, source: np.ndarray, visible: np.ndarray | None = None) -> np.ndarray:
    """Concat(head_1, ..., head_h) W_o with head_n = Attention(Q W_qn, K W_kn, V W_vn), biases added where there are any."""
    weights = [numbers(weight) for weight in layer.weights]
    kernels, biases = (weights[::2], weights[1::2]) if len(weights) == 8 else (weights, [np.zeros(1)] * 4)
    heads = []
    for n in range(kernels[0].shape[1]):
        q, k, v = (
            x @ kernel[:, n] + (bias[n] if bias.ndim == 2 else 0)
            for x, kernel, bias in zip((query, source, source), kernels[:3], biases[:3], strict=True)
        )
        heads.append(attention(q, k, v, visible))
    return np.concatenate(heads, axis=-1) @ kernels[3].reshape(-1, kernels[3].shape[-1]) + biases[3]


def layer_norm(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, epsilon: float) -> np.ndarray:
    """LayerNorm(x) = gamma (x - mean) / sqrt(variance + epsilon) + beta over the last axis."""
    centred = x - x.mean(axis=-1, keepdims=True)
    return gamma * centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + epsilon) + beta


def positional_encoding(positions: int, width: int) -> np.ndarray:
    """PE(pos, 2i) = sin(pos / 10000^(2i/d)), PE(pos, 2i + 1) = cos(pos / 10000^(2i/d))."""
    table = np.zeros((positions, width))
    for position, i in np.ndindex(positions, width // 2):
        angle = position / 10000 ** (2 * i / width)
        table[position, 2 * i], table[position, 2 * i + 1] = math.sin(angle), math.cos(angle)
    return table


def additive_and_multiplicative() -> dict[str, Any]:
    """Bahdanau's and Luong's attention of 3 decoder states over 5 encoder states, width 4."""
    import keras

    import layers

    s, h = draw(2, 3, 4), draw(2, 5, 4)
    additive = layers.BahdanauAttention(6, **FLOAT64)
    additive.build([s.shape, h.shape])
    w, u, v = (numbers(weight) for weight in with_weights(additive).weights)
    e = np.einsum("k,bijk->bij", v, np.tanh((s @ w)[:, :, None] + (h @ u)[:, None]))  # v^T tanh(W s_i + U h_j)

    # Keras's layer has v alone: W and U have to be applied outside.
    keras_additive = keras.layers.AdditiveAttention(**FLOAT64)
    keras_additive.build([(2, 3, 6), (2, 5, 6)])
    keras_additive.set_weights([v])
    of_keras, keras_weights = keras_additive([s @ w, h, h @ u], return_attention_scores=True)

    context, alpha = additive([s, h], return_attention_scores=True)
    dot = s @ h.swapaxes(1, 2)  # s_i^T h_j
    luong = layers.LuongAttention(**FLOAT64)([s, h])
    counted = (layers.BahdanauAttention(64), layers.LuongAttention("dot"), keras.layers.AdditiveAttention())
    for layer in counted:
        layer.build([(None, 3, 64), (None, 5, 64)])
    return {
        "bahdanau_minus_printed_formula": max(difference(alpha, softmax(e)), difference(context, softmax(e) @ h)),
        "bahdanau_minus_keras_with_projections": max(difference(alpha, keras_weights), difference(context, of_keras)),
        "luong_minus_printed_formula": difference(luong, softmax(dot) @ h),
        "luong_minus_keras_attention": difference(luong, keras.layers.Attention(**FLOAT64)([s, h])),
        "weights_sum_minus_1": difference(numbers(alpha).sum(axis=-1), np.ones((2, 3))),
        "context_minus_weighted_sum_of_states": difference(
            context, sum(numbers(alpha)[:, :, j, None] * h[:, None, j] for j in range(5))
        ),
        "parameters_bahdanau_luong_dot_keras_additive": [layer.count_params() for layer in counted],
    }


def scaled_dot_product() -> dict[str, Any]:
    """softmax(Q K^T / sqrt(d_k)) V in four ways; the same layers on one, and on two sequences."""
    import keras

    import layers

    q, k, v = draw(2, 3, 8), draw(2, 5, 8), draw(2, 5, 8, seed=1)
    printed = attention(q, k, v)
    operation = keras.ops.dot_product_attention(q[:, :, None], k[:, :, None], v[:, :, None])[:, :, 0]
    ours = layers.ScaledDotProductAttention(**FLOAT64)([q, v, k])
    unscaled = keras.layers.Attention(**FLOAT64)([q, v, k])

    words = draw(4, 8)  # the, money, bank, river
    money, river = words[[1, 2]][None], words[[3, 2]][None]
    in_context = [numbers(layers.ScaledDotProductAttention(**FLOAT64)([x, x]))[0, 1] for x in (money, river)]
    return {
        "scaled_dot_product_minus_printed_formula": difference(ours, printed),
        "keras_operation_minus_printed_formula": difference(operation, printed),
        "keras_attention_layer_minus_printed_formula": difference(unscaled, printed),
        "static_vectors_of_bank_differ": bool(difference(money[0, 1], river[0, 1]) > 0),
        "contextual_vectors_of_bank_differ": bool(difference(*in_context) > 0.1),
    }


def scale_and_width() -> dict[str, Any]:
    """Variance of q.k over 20,000 pairs of standard normal q and k; what a softmax over 16 such scores makes of it.

    The gradient is the mean Frobenius norm of the softmax's Jacobian, diag(p) - p p^T.
    """
    raw: dict[int, Any] = {}
    scaled: dict[int, Any] = {}
    for width in WIDTHS:
        scores = np.einsum("nd,nd->n", draw(20_000, width), draw(20_000, width, seed=1))
        for table, one in ((raw, scores), (scaled, scores / math.sqrt(width))):
            p = softmax(one.reshape(-1, 16))
            jacobians = p[:, :, None] * np.eye(16) - p[:, :, None] * p[:, None]
            table[width] = one.var(), p.max(axis=1).mean(), np.linalg.norm(jacobians, axis=(1, 2)).mean()

    def column(table: dict[int, Any], place: int) -> list[float]:
        return [round(float(table[width][place]), 3) for width in WIDTHS]

    of_raw, of_scaled = column(raw, 2), column(scaled, 2)
    return {
        "score_variance_over_width": [round(float(raw[width][0] / width), 3) for width in WIDTHS],
        "scaled_score_variance": column(scaled, 0),
        "largest_weight_unscaled": column(raw, 1),
        "largest_weight_scaled": column(scaled, 1),
        "softmax_gradient_unscaled": of_raw,
        "softmax_gradient_scaled": of_scaled,
        "gradient_at_512_falls_below_half_of_that_at_8": [of[-1] < of[0] / 2 for of in (of_raw, of_scaled)],
    }


def heads() -> dict[str, Any]:
    """Multi-head attention against NumPy, its dimensions, and attention between two sequences."""
    x, source = draw(2, 4, 8), draw(2, 6, 8)
    causal = np.tril(np.ones((3, 3), bool))

    def layer(library: ModuleType, **options: Any) -> Any:
        return with_weights(library.MultiHeadAttention(2, key_dim=4, **options, **FLOAT64), x, source)

    def formula_gap(library: ModuleType, **options: Any) -> float:
        mha = layer(library, **options)
        return max(difference(mha(x, one), multi_head(mha, x, one)) for one in (x, source))

    def big(library: ModuleType, use_bias: bool = True) -> Any:
        mha = library.MultiHeadAttention(8, key_dim=512 // 8, use_bias=use_bias)
        mha.build((None, 10, 512), (None, 10, 512))
        return mha

    def two_sequences(library: ModuleType) -> list[list[int]]:
        mha = layer(library)
        found = [mha(x, one, return_attention_scores=True) for one in (x, source)]
        return [list(tensor.shape) for pair in found for tensor in pair]

    def depends_on(library: ModuleType) -> list[bool]:
        return [bool(np.abs(one).max() > 1e-6) for one in gradient(layer(library), x, source)]

    def masked(library: ModuleType) -> np.ndarray:
        words = draw(1, 3, 8)
        return numbers(layer(library)(words, words, use_causal_mask=True, return_attention_scores=True)[1])

    def masked_gap(library: ModuleType) -> float:
        words, mha = draw(1, 3, 8), layer(library)
        return difference(mha(words, words, use_causal_mask=True), multi_head(mha, words, words, causal))

    return {
        "multi_head_minus_printed_formula": both(lambda library: formula_gap(library, use_bias=False)),
        "multi_head_with_biases_minus_numpy": both(formula_gap),
        "shapes_of_query_and_output_kernel": both(
            lambda library: [list(big(library).weights[place].shape) for place in (0, 6)]
        ),
        "multi_head_parameters_with_and_without_biases": both(
            lambda library: [big(library, use_bias).count_params() for use_bias in (True, False)]
        ),
        "shapes_self_then_cross": both(two_sequences),
        "cross_attention_depends_on_both": both(depends_on),
        "visible_under_causal_mask": both(lambda library: (masked(library)[0, 0] > 0).astype(int).tolist()),
        "masked_weights_sum_minus_1": both(lambda library: float(np.abs(masked(library).sum(axis=-1) - 1).max())),
        "masked_attention_minus_numpy": both(masked_gap),
    }


def positions() -> dict[str, Any]:
    """Order without positions, and what the sinusoids have to offer."""
    import layers

    sentence = draw(1, 3, 8)  # dog bites man
    turned = sentence[:, [2, 1, 0]]  # man bites dog
    order = positional_encoding(3, 8)

    def outputs(library: ModuleType) -> list[np.ndarray]:
        mha = with_weights(library.MultiHeadAttention(2, key_dim=4, **FLOAT64), sentence, sentence)
        return [numbers(mha(one, one)) for one in (sentence, turned, sentence + order, turned + order)]

    def order_blindness(library: ModuleType) -> dict[str, Any]:
        first, second, placed, placed_second = outputs(library)
        return {
            "attention_outputs_of_both_orders_are_the_same": difference(first, second) < 1e-9,
            "attention_outputs_minus_permuted_outputs": difference(first[:, [2, 1, 0]], second),
            "pooled_outputs_of_both_orders_difference": difference(first.mean(axis=1), second.mean(axis=1)),
            "pooled_outputs_differ_with_positions": difference(placed.mean(axis=1), placed_second.mean(axis=1)) > 1e-3,
        }

    encode = layers.SinusoidalPositionalEncoding(add=False, **FLOAT64)
    table = numbers(encode(np.zeros((1, 10_000, 512))))
    omega = 10000.0 ** (-2 * np.arange(256) / 512)

    def rotated(k: int) -> np.ndarray:
        """PE(pos + k) from PE(pos) alone: every pair (sin, cos) turned by the angle k omega_i."""
        sine, cosine = table[:100, ::2], table[:100, 1::2]
        pairs = (
            sine * np.cos(k * omega) + cosine * np.sin(k * omega),
            cosine * np.cos(k * omega) - sine * np.sin(k * omega),
        )
        return np.stack(pairs, axis=-1).reshape(100, 512)

    return {
        **both_facts(order_blindness),
        "encoding_minus_printed_formula": difference(table[:200], positional_encoding(200, 512)),
        "encoding_of_position_0": [round(float(value), 9) for value in table[0, :4]],
        "largest_dimension_index_i": (table.shape[1] - 1) // 2,
        "encoding_range_over_10000_positions": [round(float(table.min()), 4), round(float(table.max()), 4)],
        "squared_length_minus_half_the_width": difference((table**2).sum(axis=1), np.full(10_000, 256.0)),
        "distinct_rows_of_10000": len({row.tobytes() for row in table}),
        "closest_rows_of_10000_are_apart": bool(np.linalg.norm(np.diff(table, axis=0), axis=1).min() > 0.1),
        "shifted_encoding_minus_rotated_encoding": max(difference(table[k : 100 + k], rotated(k)) for k in (1, 7, 50)),
    }


def feed_forward(layer: Any, x: np.ndarray) -> np.ndarray:
    """FFN(x) = ReLU(x W_1 + b_1) W_2 + b_2."""
    w_1, b_1, w_2, b_2 = (numbers(weight) for weight in layer.weights)
    return np.maximum(x @ w_1 + b_1, 0) @ w_2 + b_2


def add_and_norm(norm: Any, x: np.ndarray, of_sublayer: np.ndarray) -> np.ndarray:
    """LayerNorm(x + Sublayer(x))."""
    gamma, beta = (numbers(weight) for weight in norm.weights)
    return layer_norm(x + of_sublayer, gamma, beta, norm.epsilon)


def encoder_block(block: Any, x: np.ndarray) -> np.ndarray:
    """Self-attention, add & norm, feed-forward network, add & norm."""
    y = add_and_norm(block.attention_norm, x, multi_head(block.attention, x, x))
    return add_and_norm(block.feed_forward_norm, y, feed_forward(block.feed_forward, y))


def decoder_block(block: Any, x: np.ndarray, memory: np.ndarray) -> np.ndarray:
    """Masked self-attention, attention to the encoder's output, feed-forward network, each with add & norm."""
    causal = np.tril(np.ones((x.shape[1],) * 2, bool))
    y = add_and_norm(block.attention_norm, x, multi_head(block.attention, x, x, causal))
    z = add_and_norm(block.cross_norm, y, multi_head(block.cross_attention, y, memory))
    return add_and_norm(block.feed_forward_norm, z, feed_forward(block.feed_forward, z))


def blocks() -> dict[str, Any]:
    """The blocks against NumPy, and the parameters of the paper's size: width 512, 8 heads, hidden width 2048."""
    import keras

    import layers

    x, memory, wide = draw(2, 4, 8), draw(2, 6, 8), (None, 10, 512)
    small = {"intermediate_dim": 16, **FLOAT64}
    encoder = with_weights(layers.TransformerEncoderBlock(2, **small), x)
    decoder = with_weights(layers.TransformerDecoderBlock(2, **small), x, memory)
    network = with_weights(layers.FeedForward(16, **FLOAT64), x)

    def norm_gap(library: ModuleType) -> float:
        norm, dense = (
            with_weights(library.LayerNormalization(**FLOAT64), x),
            with_weights(library.Dense(8, **FLOAT64), x),
        )
        return difference(norm(x + dense(x)), add_and_norm(norm, x, numbers(dense(x))))

    def count(layer: Any, *shapes: Any) -> int:
        layer.build(*shapes)
        return layer.count_params()

    def of_parts(attentions: int) -> int:
        """The same block put together from keras.layers."""
        parts = [count(keras.layers.MultiHeadAttention(8, 64), wide, wide) for _ in range(attentions)]
        parts += [count(keras.layers.LayerNormalization(), wide) for _ in range(attentions + 1)]
        return sum(parts) + count(keras.layers.Dense(2048), wide) + count(keras.layers.Dense(512), (None, 10, 2048))

    return {
        "encoder_block_minus_numpy": difference(encoder(x), encoder_block(encoder, x)),
        "decoder_block_minus_numpy": difference(decoder(x, memory), decoder_block(decoder, x, memory)),
        "feed_forward_minus_printed_formula": difference(network(x), feed_forward(network, x)),
        "add_and_norm_minus_printed_formula": both(norm_gap),
        "feed_forward_parameters": count(layers.FeedForward(2048), wide),
        "encoder_block_parameters_ours_and_keras_parts": [count(layers.TransformerEncoderBlock(8), wide), of_parts(1)],
        "decoder_block_parameters_ours_and_keras_parts": [
            count(layers.TransformerDecoderBlock(8), wide, wide),
            of_parts(2),
        ],
    }


def chain_of_products(function: Callable[[Any], Any], steps: int, width: int = 4) -> int:
    """Matrix products that have to wait for one another: the most on any path through the function's graph."""
    import tensorflow as tf

    graph = tf.function(function).get_concrete_function(tf.TensorSpec((1, steps, width), "float32")).graph
    longest: dict[str, int] = {}
    for operation in graph.get_operations():  # in an order in which every operation comes after its inputs
        before = max((longest[tensor.op.name] for tensor in operation.inputs), default=0)
        longest[operation.name] = before + (operation.type in ("MatMul", "BatchMatMulV2", "Einsum"))
    return max(longest.values())


def sequential_steps() -> dict[str, Any]:
    """Products in a row of a recurrent cell and of an encoder block, for sequences of 4, 8 and 16 steps."""
    import layers

    def recurrent(library: ModuleType, steps: int) -> int:
        cell = library.SimpleRNNCell(4)
        cell.build((None, 4))

        def unrolled(x: Any) -> Any:
            import tensorflow as tf

            state = tf.zeros((1, 4))
            for step in range(steps):
                state, _ = cell(x[:, step], [state])
            return state

        return chain_of_products(unrolled, steps)

    block = layers.TransformerEncoderBlock(2, intermediate_dim=8)
    block.build((None, None, 4))

    def added_to_cell(library: ModuleType) -> list[int]:
        return np.diff([recurrent(library, steps) for steps in (4, 8, 16)]).tolist()

    of_block = [chain_of_products(block, steps) for steps in (4, 8, 16)]
    scores = [block(draw(1, steps, 4), return_attention_scores=True)[1] for steps in (4, 8, 16)]
    return {
        "products_in_a_row_that_4_then_8_more_steps_add_to_recurrent_cell": both(added_to_cell),
        "products_in_a_row_that_4_then_8_more_steps_add_to_encoder_block": np.diff(of_block).tolist(),
        "scores_a_head_of_encoder_block_for_4_8_16_steps": [int(np.prod(one.shape[2:])) for one in scores],
    }


class Translator:
    """An untrained Transformer with 9 words of width 8: one encoder block, some decoder blocks, the words as output layer."""

    def __init__(self, decoder_blocks: int):
        import layers

        small = {"intermediate_dim": 16, **FLOAT64}
        self.words = draw(9, 8)
        self.encoder = with_weights(layers.TransformerEncoderBlock(2, **small), draw(1, 3, 8))
        blocks = [layers.TransformerDecoderBlock(2, **small) for _ in range(decoder_blocks)]
        self.decoder = [with_weights(block, draw(1, 3, 8), draw(1, 3, 8)) for block in blocks]
        self.calls = {"encoder": 0, "decoder": 0}

    def embed(self, tokens: list[int]) -> np.ndarray:
        """Word vectors with positions, (1, length, 8)."""
        return (self.words[tokens] + positional_encoding(len(tokens), 8))[None]

    def encode(self, tokens: list[int]) -> Any:
        """The encoder's output."""
        self.calls["encoder"] += 1
        return self.encoder(self.embed(tokens))

    def decode(self, embedded: Any, memory: Any, use_causal_mask: bool = True) -> Any:
        """Scores of the next word at every position, (1, length, 9)."""
        self.calls["decoder"] += 1
        with warnings.catch_warnings():
            # The first word attends to itself alone, and Keras warns of a softmax over one score.
            warnings.filterwarnings("ignore", message="You are using a softmax over axis", category=UserWarning)
            for block in self.decoder:
                embedded = block(embedded, memory, use_causal_mask=use_causal_mask)
        return embedded @ self.words.T

    def greedy(self, source: list[int], words: int, encode_once: bool = True) -> list[int]:
        """Word after word, each the best at the last position, starting from word 0."""
        output, memory = [0], self.encode(source)
        for step in range(words):
            if step and not encode_once:
                memory = self.encode(source)
            output.append(int(numbers(self.decode(self.embed(output), memory))[0, -1].argmax()))
        return output


def training_and_inference() -> dict[str, Any]:
    """Teacher forcing, masks and greedy decoding on the untrained Translator."""
    source, target = [3, 1, 4], [0, 5, 2, 6, 5, 8]
    model = Translator(2)
    memory = model.encode(source)
    at_once = numbers(model.decode(model.embed(target), memory))[0]
    one_by_one = [numbers(model.decode(model.embed(target[:n]), memory))[0, -1] for n in range(1, 7)]
    changed = numbers(model.decode(model.embed([*target[:-1], 7]), memory))[0]

    def last_scores(model: Translator, masked: bool) -> np.ndarray:
        memory = model.encode(source)
        return numbers(model.decode(model.embed(target), memory, use_causal_mask=masked))[0, -1]

    copies = np.repeat(model.embed(target), 6, axis=0)
    upstream = np.eye(6)[:, :, None] * np.ones(9)  # copy k asks for the gradient of position k
    memories = np.repeat(numbers(memory), 6, axis=0)
    seen = np.abs(gradient(lambda x: model.decode(x, memories), copies, upstream=upstream)[0]).max(axis=2) > 1e-12

    model.calls = {"encoder": 0, "decoder": 0}
    written = model.greedy(source, 5)
    calls = [model.calls["encoder"], model.calls["decoder"]]
    best = numbers(model.decode(model.embed(written[:-1]), memory))[0].argmax(axis=1)
    return {
        "outputs_at_once_minus_one_by_one": difference(at_once, np.stack(one_by_one)),
        "earlier_outputs_after_a_later_word_changed": difference(at_once[:-1], changed[:-1]),
        "target_words_behind_each_training_output": seen.sum(axis=1).tolist(),
        "training_outputs_ignore_earlier_target_words": bool((seen.sum(axis=1) <= 1).all()),
        "last_output_needs_mask_with_1_and_2_blocks": [
            difference(last_scores(one, True), last_scores(one, False)) > 1e-6 for one in (Translator(1), Translator(2))
        ],
        "encoder_and_decoder_runs_for_5_words": calls,
        "words_are_the_same_with_encoder_run_every_time": model.greedy(source, 5, encode_once=False) == written,
        "best_words_at_earlier_positions_are_known_words": best.tolist() == written[1:],
    }


def examine() -> dict[str, Any]:
    """Every fact of this file."""
    return {
        **additive_and_multiplicative(),
        **scaled_dot_product(),
        **scale_and_width(),
        **heads(),
        **positions(),
        **blocks(),
        **sequential_steps(),
        **training_and_inference(),
    }


def paint_scaling(facts: Mapping[str, Any]) -> Any:
    """Largest attention weight and gradient of the softmax against d_k, with and without the division."""
    import matplotlib.pyplot as plt

    drawn, axes = plt.subplots(1, 2, figsize=(7.4, 3.3), layout="constrained")
    for axis, fact, label in zip(
        axes,
        ("largest_weight", "softmax_gradient"),
        ("mean of the largest weight", "mean gradient of the softmax"),
        strict=True,
    ):
        for colour, kind, name in zip(COLOURS, ("unscaled", "scaled"), ("Q K^T", "Q K^T / sqrt(d_k)"), strict=False):
            axis.plot(WIDTHS, facts[f"{fact}_{kind}"], "o-", color=colour, label=name)
        axis.set_xscale("log", base=2)
        axis.set_xticks(WIDTHS, [str(width) for width in WIDTHS])
        axis.set_ylim(bottom=0)
        axis.set_xlabel("d_k")
        axis.set_ylabel(label)
        axis.grid(alpha=0.25)
    axes[1].legend(frameon=False, fontsize=9)
    return drawn


FIGURES = (
    Picture(
        "attention-scaling",
        "Why attention scores are divided by sqrt(d_k)",
        "Softmax over 16 scores of random queries and keys. Without the division the scores' variance is d_k: the softmax "
        "puts nearly all weight on one key and lets hardly any gradient through. With it, width makes no difference.",
        facts=(
            "largest_weight_unscaled",
            "largest_weight_scaled",
            "softmax_gradient_unscaled",
            "softmax_gradient_scaled",
        ),
        paint=paint_scaling,
    ),
)

_CROSS, _SELF, _HEADS, _ORDER = "Video 71-72", "Video 73-74", "Video 75-76", "Video 77"
_TRANSFORMER, _TRAINING = "Video 78-79", "Video 80-81"
_NUMPY = "Random inputs and weights, float64; largest difference from the printed formula in NumPy."
_BOTH = "Our layer and its Keras namesake give the same result."
_UNTRAINED = "An untrained Transformer of our layers with one encoder block and two decoder blocks, 9 words, width 8."

CLAIMS = (
    Claim(
        "transformer-parallel-possible",
        "003",
        "Video 3",
        "A Transformer processes all positions of a sequence in parallel through attention.",
        "behaviour",
        "parallel",
        "Matrix products that wait for one another in the graph of an encoder block: how many more for 8 steps than for 4, "
        "and for 16 than for 8.",
        (Equals("products_in_a_row_that_4_then_8_more_steps_add_to_encoder_block", [0, 0]),),
        priority=3,
    ),
    Claim(
        "attention-weighted-context",
        "003",
        _CROSS,
        "Scores become weights by softmax, and the context is the weighted sum of the encoder's states.",
        "exact",
        "alpha = softmax(e); C = sum of alpha h",
        "Bahdanau's attention with random states: sum of its weights, and its context against a sum over the states one by one.",
        (
            Equals("weights_sum_minus_1", 0, tolerance=1e-9),
            Equals("context_minus_weighted_sum_of_states", 0, tolerance=1e-9),
        ),
        priority=2,
    ),
    Claim(
        "attention-bahdanau-formula",
        "003",
        _CROSS,
        "Bahdanau's scores are v^T tanh(W s_i-1 + U h_j).",
        "exact",
        "v^T tanh(W s_i-1 + U h_j)",
        f"{_NUMPY} Also against keras.layers.AdditiveAttention with W and U applied to its inputs.",
        (
            Equals("bahdanau_minus_printed_formula", 0, tolerance=1e-9),
            Equals("bahdanau_minus_keras_with_projections", 0, tolerance=1e-9),
        ),
        priority=2,
        remark="keras.layers.AdditiveAttention alone is not Bahdanau's attention: it has v, but neither W nor U.",
    ),
    Claim(
        "attention-luong-formula",
        "003",
        _CROSS,
        "Luong's dot scores are s_i^T h_j.",
        "exact",
        "s_i^T h_j",
        f"{_NUMPY} Also against keras.layers.Attention, which does not scale by default.",
        (
            Equals("luong_minus_printed_formula", 0, tolerance=1e-9),
            Equals("luong_minus_keras_attention", 0, tolerance=1e-9),
        ),
        priority=2,
    ),
    Claim(
        "attention-bahdanau-more-params",
        "003",
        _CROSS,
        "Bahdanau's attention has more parameters than Luong's.",
        "exact",
        "more; fewer",
        "Width 64: 2 * 64^2 + 64 for W, U and v; none for the dot product. Third: keras.layers.AdditiveAttention, v alone.",
        (Equals("parameters_bahdanau_luong_dot_keras_additive", [2 * 64 * 64 + 64, 0, 64]),),
    ),
    Claim(
        "attention-scaled-dot-formula",
        "003",
        _SELF,
        "Attention(Q, K, V) = softmax(Q K^T / sqrt(d_k)) V.",
        "exact",
        "softmax(Q K^T / sqrt(d_k)) V",
        f"{_NUMPY} Also keras.ops.dot_product_attention, to 1e-6: it scales in float32.",
        (
            Equals("scaled_dot_product_minus_printed_formula", 0, tolerance=1e-9),
            Equals("keras_operation_minus_printed_formula", 0, tolerance=1e-6),
        ),
        remark="keras.layers.Attention does not divide by sqrt(d_k) by default; MultiHeadAttention does.",
    ),
    Claim(
        "attention-scale-stabilises",
        "003",
        _SELF,
        "Dividing the scores by sqrt(d_k) keeps the gradients stable.",
        "comparison",
        "stable gradients",
        "20,000 standard normal queries and keys of width 8, 32, 128 and 512: variance of the scores (within 5% of d_k, and "
        "of 1), and whether the softmax's mean gradient at 512 falls below half of that at 8, without and with the division.",
        (
            Equals("score_variance_over_width", [1.0] * 4, tolerance=0.05),
            Equals("scaled_score_variance", [1.0] * 4, tolerance=0.05),
            Equals("gradient_at_512_falls_below_half_of_that_at_8", [True, False]),
        ),
        priority=2,
    ),
    Claim(
        "attention-contextual-embedding",
        "003",
        _SELF,
        "An embedding gives 'bank' one vector; self-attention gives it different ones in 'money bank' and 'river bank'.",
        "behaviour",
        "same; different",
        "Random word vectors through scaled dot-product self-attention.",
        (Equals("static_vectors_of_bank_differ", False), Equals("contextual_vectors_of_bank_differ", True)),
        priority=2,
    ),
    Claim(
        "attention-self-vs-cross",
        "003",
        _SELF,
        "Self-attention takes Q, K and V from one sequence, cross-attention Q from one and K and V from another.",
        "behaviour",
        "one sequence; two sequences",
        f"{_BOTH} Output and weights of two heads, width 8, for 4 steps among themselves, then looking at 6 others; does the "
        "output of cross-attention depend on both sequences?",
        (
            Equals("shapes_self_then_cross", [[2, 4, 8], [2, 2, 4, 4], [2, 4, 8], [2, 2, 4, 6]]),
            Equals("cross_attention_depends_on_both", [True, True]),
        ),
        priority=2,
    ),
    Claim(
        "mha-formula",
        "003",
        _HEADS,
        "MultiHead(Q, K, V) = Concat(head_1, ..., head_h) W_o with head_i = Attention(Q W_qi, K W_ki, V W_vi).",
        "exact",
        "Concat(head_1, ..., head_h) W_o",
        f"{_BOTH} {_NUMPY} Without biases, as printed, and with those that Keras adds by default.",
        (
            Equals("multi_head_minus_printed_formula", 0, tolerance=1e-9),
            Equals("multi_head_with_biases_minus_numpy", 0, tolerance=1e-9),
        ),
        priority=2,
    ),
    Claim(
        "mha-head-dimensions",
        "003",
        _HEADS,
        "With d_model = 512 and 8 heads each head has 64 dimensions, and 8 * 64 = 512.",
        "exact",
        "64; 512",
        f"{_BOTH} Shapes of the query's and the output's kernel of MultiHeadAttention(8, key_dim=512 // 8), (width, heads, "
        "dimensions) and back. The parameter counts, 4 * 512^2 with 4 * 512 biases and without, are ours.",
        (
            Equals("shapes_of_query_and_output_kernel", [[512, 8, 64], [8, 64, 512]]),
            Equals("multi_head_parameters_with_and_without_biases", [4 * 512 * 512 + 4 * 512, 4 * 512 * 512]),
        ),
    ),
    Claim(
        "posenc-attention-order-blind",
        "003",
        _ORDER,
        "Without positions 'dog bites man' and 'man bites dog' have the same attention output.",
        "behaviour",
        "same output",
        f"{_BOTH} Three random word vectors in both orders through multi-head self-attention; pooled means averaged over "
        "the words.",
        (
            Equals(
                "attention_outputs_of_both_orders_are_the_same",
                True,
                true_value=False,
                derivation="Every word keeps its output and takes it along to its new place: the outputs are permuted, not the "
                "same. Only what is pooled over the words is the same, and with positions added not even that.",
            ),
            Equals("attention_outputs_minus_permuted_outputs", 0, tolerance=1e-9),
            Equals("pooled_outputs_of_both_orders_difference", 0, tolerance=1e-9),
            Equals("pooled_outputs_differ_with_positions", True),
        ),
    ),
    Claim(
        "posenc-sinusoid-formula",
        "003",
        _ORDER,
        "Even dimensions hold sin(pos / 10000^(2i/d)), odd ones the cosine.",
        "exact",
        "sin, cos of pos / 10000^(2i/d)",
        "200 positions of width 512 against Python's sin and cos, one by one.",
        (
            Equals("encoding_minus_printed_formula", 0, tolerance=1e-9),
            Equals("encoding_of_position_0", [0, 1, 0, 1], tolerance=1e-9),
        ),
        priority=2,
    ),
    Claim(
        "posenc-dimension-index",
        "003",
        _ORDER,
        "The dimension index i runs over 0, 1, ..., d_model / 2.",
        "exact",
        "d_model / 2 = 256",
        "Index i of the last pair of an encoding of width 512 as the layer makes it.",
        (
            Equals(
                "largest_dimension_index_i",
                256,
                true_value=255,
                derivation="512 dimensions are 256 pairs, i = 0 to 255: i = d_model / 2 would make dimensions 512 and 513, "
                "which do not exist. The index runs to d_model / 2 - 1.",
            ),
        ),
        priority=2,
    ),
    Claim(
        "posenc-bounded",
        "003",
        _ORDER,
        "The values lie between -1 and 1.",
        "exact",
        "[-1, 1]",
        "Smallest and largest value over 10,000 positions of width 512, to four decimals; every row's squared length is "
        "256, as sin^2 + cos^2 = 1 for each pair.",
        (
            Equals("encoding_range_over_10000_positions", [-1.0, 1.0]),
            Equals("squared_length_minus_half_the_width", 0, tolerance=1e-9),
        ),
        priority=2,
    ),
    Claim(
        "posenc-unique",
        "003",
        _ORDER,
        "Every position has its own encoding.",
        "exact",
        "unique",
        "Distinct rows among 10,000 positions of width 512; neighbours are more than 0.1 apart.",
        (Equals("distinct_rows_of_10000", 10_000), Equals("closest_rows_of_10000_are_apart", True)),
        priority=2,
    ),
    Claim(
        "posenc-relative-linear",
        "003",
        _ORDER,
        "PE(pos + k) can be had from PE(pos).",
        "exact",
        "PE(pos + k) from PE(pos)",
        "100 positions, k = 1, 7 and 50: every pair (sin, cos) of PE(pos) turned by k / 10000^(2i/d), a linear map that "
        "depends on k alone.",
        (Equals("shifted_encoding_minus_rotated_encoding", 0, tolerance=1e-9),),
        priority=2,
    ),
    Claim(
        "transformer-sequential-steps",
        "003",
        _TRANSFORMER,
        "A recurrent network needs O(n) steps one after the other, a Transformer O(1).",
        "complexity",
        "O(n); O(1)",
        "Matrix products that wait for one another in the graph: how many more for 8 steps than for 4, and for 16 than for 8, "
        "with SimpleRNNCell (ours and Keras's) step by step, and in an encoder block; scores that each head computes.",
        (
            Equals("products_in_a_row_that_4_then_8_more_steps_add_to_recurrent_cell", [4, 8]),
            Equals("products_in_a_row_that_4_then_8_more_steps_add_to_encoder_block", [0, 0]),
            Equals("scores_a_head_of_encoder_block_for_4_8_16_steps", [4**2, 8**2, 16**2]),
        ),
        priority=2,
        remark="Steps in a row, that is, and for one block. The work is another matter: n^2 scores, which the table leaves out.",
    ),
    Claim(
        "transformer-encoder-block",
        "003",
        _TRANSFORMER,
        "An encoder block is multi-head attention, add & norm, a feed-forward network, add & norm; there are six.",
        "exact",
        "x6",
        f"Our block. {_NUMPY} Parameters for width 512, 8 heads and hidden width 2048, of our block and of keras.layers put "
        "together; the document prints none.",
        (
            Equals("encoder_block_minus_numpy", 0, tolerance=1e-9),
            Equals("encoder_block_parameters_ours_and_keras_parts", [1_050_624 + 2_099_712 + 2 * 1024] * 2),
        ),
        priority=2,
        remark="Six of them: 18,914,304 parameters.",
    ),
    Claim(
        "transformer-decoder-block",
        "003",
        _TRANSFORMER,
        "A decoder block is masked attention, cross-attention and a feed-forward network, each with add & norm; there are six.",
        "exact",
        "x6",
        f"Our block. {_NUMPY} Parameters for width 512, 8 heads and hidden width 2048, of our block and of keras.layers put "
        "together; the document prints none.",
        (
            Equals("decoder_block_minus_numpy", 0, tolerance=1e-9),
            Equals("decoder_block_parameters_ours_and_keras_parts", [2 * 1_050_624 + 2_099_712 + 3 * 1024] * 2),
        ),
        priority=2,
        remark="Six of them: 25,224,192 parameters; with the encoder 44,138,496, embeddings not counted.",
    ),
    Claim(
        "transformer-ffn",
        "003",
        _TRANSFORMER,
        "The feed-forward network is ReLU(x W_1 + b_1) W_2 + b_2 with 2048 hidden and 512 output dimensions.",
        "exact",
        "2048; 512",
        f"Our layer. {_NUMPY} The parameter count, 512 * 2048 + 2048 + 2048 * 512 + 512, is ours.",
        (
            Equals("feed_forward_minus_printed_formula", 0, tolerance=1e-9),
            Equals("feed_forward_parameters", 512 * 2048 + 2048 + 2048 * 512 + 512),
        ),
    ),
    Claim(
        "transformer-add-norm",
        "003",
        _TRANSFORMER,
        "Add & norm is LayerNorm(x + Sublayer(x)).",
        "exact",
        "LayerNorm(x + Sublayer(x))",
        f"{_BOTH} {_NUMPY} A dense layer as sublayer; and the whole encoder block.",
        (
            Equals("add_and_norm_minus_printed_formula", 0, tolerance=1e-9),
            Equals("encoder_block_minus_numpy", 0, tolerance=1e-9),
        ),
        priority=2,
    ),
    Claim(
        "transformer-causal-mask",
        "003",
        _TRANSFORMER,
        "The mask of 'I am happy' is lower triangular: later scores become minus infinity before the softmax.",
        "exact",
        "[[1,0,0],[1,1,0],[1,1,1]]",
        f"{_BOTH} Which weights are not 0 under use_causal_mask; each row's sum; output against NumPy with minus infinity.",
        (
            Equals("visible_under_causal_mask", [[1, 0, 0], [1, 1, 0], [1, 1, 1]]),
            Equals("masked_weights_sum_minus_1", 0, tolerance=1e-9),
            Equals("masked_attention_minus_numpy", 0, tolerance=1e-9),
        ),
    ),
    Claim(
        "transformer-train-parallel",
        "003",
        _TRAINING,
        "In training all target positions are computed in parallel, and the mask lets none see the future.",
        "exact",
        "in parallel; no cheating",
        f"{_UNTRAINED} Scores of 6 positions at once against word by word; earlier scores after the last word changed.",
        (
            Equals("outputs_at_once_minus_one_by_one", 0, tolerance=1e-9),
            Equals("earlier_outputs_after_a_later_word_changed", 0, tolerance=1e-9),
        ),
        priority=2,
    ),
    Claim(
        "transformer-training-nonautoregressive",
        "003",
        _TRAINING,
        "Training is non-autoregressive.",
        "behaviour",
        "non-autoregressive",
        f"{_UNTRAINED} Words of the target that each of 6 outputs in training depends on.",
        (
            Equals(
                "training_outputs_ignore_earlier_target_words",
                True,
                true_value=False,
                derivation="The output at position t depends on the t target words up to there: training factorises the "
                "sentence word by word, as inference does, and is autoregressive. It only knows the earlier words beforehand "
                "(teacher forcing) and can compute all positions at once.",
            ),
            Equals("target_words_behind_each_training_output", [1, 2, 3, 4, 5, 6]),
        ),
        priority=3,
    ),
    Claim(
        "transformer-encoder-once",
        "003",
        _TRAINING,
        "At inference the encoder runs once and the decoder once for each word.",
        "behaviour",
        "1; once per word",
        f"{_UNTRAINED} Runs counted while five words are decoded greedily; the same words with the encoder run every time.",
        (
            Equals("encoder_and_decoder_runs_for_5_words", [1, 5]),
            Equals("words_are_the_same_with_encoder_run_every_time", True),
        ),
        priority=2,
    ),
    Claim(
        "transformer-mask-at-inference",
        "003",
        _TRAINING,
        "The mask is still applied at inference.",
        "behaviour",
        "still applied",
        "Does the last position's output change when the mask is left out, with one and with two decoder blocks? Untrained.",
        (Equals("last_output_needs_mask_with_1_and_2_blocks", [False, True]),),
        priority=2,
        remark="The last position may see all others anyway. It is the earlier ones, which the second block reads, that change "
        "without the mask.",
    ),
    Claim(
        "transformer-last-position-used",
        "003",
        _TRAINING,
        "Only the last position's output is used to predict the next word.",
        "behaviour",
        "last position",
        f"{_UNTRAINED} Five words decoded greedily; are the best words at the earlier positions those already written?",
        (Equals("best_words_at_earlier_positions_are_known_words", True),),
        priority=3,
    ),
    Claim(
        "attention-cross-query-decoder",
        "003",
        "Video 82-83",
        "In cross-attention the query comes from the decoder, key and value from the encoder.",
        "exact",
        "Q: decoder; K, V: encoder",
        f"{_BOTH} A decoder of 4 and an encoder of 6 steps, two heads: the output is as long as the decoder, the weights are "
        "4 by 6; and the decoder block against NumPy.",
        (
            Equals("shapes_self_then_cross", [[2, 4, 8], [2, 2, 4, 4], [2, 4, 8], [2, 2, 4, 6]]),
            Equals("decoder_block_minus_numpy", 0, tolerance=1e-9),
        ),
        priority=2,
    ),
)
