"""GPT: a decoder-only Transformer that predicts every next token, as OpenAI's first three were built."""

from __future__ import annotations

import functools
import math
from typing import Any

import keras
import numpy as np
from keras import ops

import layers
from recipes.models.positions import PositionEmbedding

GPT_SIZES: dict[str, dict[str, Any]] = {
    "gpt1": {"vocabulary_size": 40_478, "context_length": 512, "num_layers": 12, "num_heads": 12, "hidden_dim": 768},
    "gpt2": {"vocabulary_size": 50_257, "context_length": 1024, "num_layers": 48, "num_heads": 25, "hidden_dim": 1600},
    "gpt3": {
        "vocabulary_size": 50_257,
        "context_length": 2048,
        "num_layers": 96,
        "num_heads": 96,
        "hidden_dim": 12_288,
    },
}
"""Published settings of the largest model of each generation: Radford et al. 2018, section 4.1; Radford et al. 2019,
table 2; Brown et al. 2020, table 2.1. GPT-1 alone normalises after each sublayer (`norm_first=False`)."""
GPT_SIZES["gpt1"]["norm_first"] = False


@keras.saving.register_keras_serializable("recipes")
def gelu_tanh(x: Any) -> Any:
    """The tanh approximation of x Phi(x) that GPT was trained with.

    0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
    """
    return ops.gelu(x, approximate=True)


def GPT(
    vocabulary_size: int,
    context_length: int,
    num_layers: int,
    num_heads: int,
    hidden_dim: int,
    intermediate_dim: int | None = None,
    dropout: float = 0.0,
    use_bias: bool = True,
    norm_first: bool = True,
    activation: Any = gelu_tanh,
    tie_embeddings: bool = True,
    layer_norm_epsilon: float = 1e-5,
    name: str = "gpt",
) -> keras.Model:
    """Token and position embeddings, decoder blocks without cross-attention, and logits by the transposed embedding.

        h_0 = E[tokens] + P,    h_l = block_l(h_(l-1)),    logits = LayerNorm(h_L) E^T

    where no block looks at later tokens. GPT-2's shape by default: LayerNorm before each sublayer and at the end.

    Args:
        vocabulary_size: number of tokens V.
        context_length: longest sequence, rows of P.
        num_layers: blocks L.
        num_heads: heads of each block; they share hidden_dim.
        hidden_dim: width d.
        intermediate_dim: width of the feed-forward networks' hidden layers; 4 d if None.
        dropout: share dropped of the embeddings' sum, the attention weights and each sublayer's output.
        use_bias: whether attention and feed-forward networks add biases.
        norm_first: False for GPT-1: LayerNorm after each sum, and none at the end.
        activation: of the feed-forward networks.
        tie_embeddings: False gives the output a matrix of its own.
        layer_norm_epsilon: added to the variances.
        name: of the model.

    Returns:
        A functional model from tokens (batch, length), length <= context_length, to logits (batch, length, V).
        Parameters: V d + P d + L (12 d^2 + 13 d) + 2 d with biases, tied, and intermediate_dim 4 d.

    Source: document 003, Video 84; Radford et al. 2019, section 2.3. All matrices start normal with deviation 0.02; what
    GPT-2 adds to that is `scale_residuals`.
    """

    def small() -> keras.initializers.Initializer:
        return keras.initializers.RandomNormal(stddev=0.02)

    tokens = keras.Input((None,), dtype="int32", name="tokens")
    embedding = keras.layers.ReversibleEmbedding(
        vocabulary_size, hidden_dim, tie_weights=tie_embeddings, embeddings_initializer=small(), name="token_embedding"
    )
    x = PositionEmbedding(context_length, small(), name="position_embedding")(embedding(tokens))
    if dropout:
        x = layers.Dropout(dropout, name="embedding_dropout")(x)
    for number in range(num_layers):
        x = layers.TransformerDecoderBlock(
            num_heads,
            intermediate_dim=intermediate_dim or 4 * hidden_dim,
            dropout=dropout,
            attention_dropout=dropout,
            activation=activation,
            norm_first=norm_first,
            layer_norm_epsilon=layer_norm_epsilon,
            use_bias=use_bias,
            kernel_initializer=small(),
            name=f"block_{number}",
        )(x)
    if norm_first:
        x = layers.LayerNormalization(epsilon=layer_norm_epsilon, name="final_norm")(x)
    return keras.Model(tokens, embedding(x, reverse=True), name=name)


def blocks_of(model: keras.Model) -> list[Any]:
    """The decoder blocks, first to last."""
    return [layer for layer in model.layers if isinstance(layer, layers.TransformerDecoderBlock)]


def scale_residuals(model: keras.Model) -> keras.Model:
    """Divide the kernels that write into the residual sum by sqrt(2 L), as GPT-2 starts; returns the model.

    Each of the L blocks adds two outputs to the sum, whose variance would else grow with depth.

    Source: Radford et al. 2019, section 2.3.
    """
    blocks = blocks_of(model)
    for block in blocks:
        for kernel in (block.attention.output_dense.kernel, block.feed_forward.output_dense.kernel):
            kernel.assign(kernel / math.sqrt(2 * len(blocks)))
    return model


def generate(
    model: keras.Model,
    prompt: Any,
    length: int,
    seed: int = 0,
    temperature: float = 1.0,
    top_k: int | None = None,
    end: int | None = None,
) -> np.ndarray:
    """Text behind a prompt, token by token, each drawn from the model's distribution.

    While prompt and text fit into the context, every step computes one position and takes keys and values of the others from
    a cache; a longer text is read through a window of the last tokens.

    Args:
        model: as `GPT` makes it.
        prompt: tokens of shape (rows, length), length at least 1.
        length: tokens to write.
        seed: of the draws.
        temperature: divides the logits.
        top_k: draw among so many most likely ones alone.
        end: the token that ends a row.

    Returns:
        int32 of shape (rows, length), the prompt not included.
    """
    from recipes import decoding

    prompt = np.asarray(prompt, "int32")
    if prompt.ndim != 2 or not prompt.shape[1]:
        raise ValueError(f"`prompt` must have shape (rows, length), length > 0. Received: shape={prompt.shape}")
    context = model.get_layer("position_embedding").context_length
    fits = prompt.shape[1] + length - 1 <= context
    step, state = (_cached if fits else _windowed)(model, prompt, context)
    position = min(prompt.shape[1] - 1, context)
    return decoding.sample(step, state, prompt[:, -1], end, length, seed, temperature, top_k, position)


def _cached(model: keras.Model, prompt: np.ndarray, context: int) -> tuple[Any, Any]:
    """Step and state behind a prompt, with the keys and values of every block as state."""
    steps, step = _steps_with_cache(model)
    caches = [block.start_cache(len(prompt), context) for block in blocks_of(model)]
    return step, steps(prompt[:, :-1], 0, caches)[1] if prompt.shape[1] > 1 else caches


@functools.lru_cache(maxsize=4)  # `recipes.decoding` compiles once for each step that it is given
def _steps_with_cache(model: keras.Model) -> tuple[Any, Any]:
    """Several tokens at once, and one token a row, through all blocks with their caches."""
    embedding, positions = model.get_layer("token_embedding"), model.get_layer("position_embedding")
    last = [layer for layer in model.layers if layer.name == "final_norm"]

    def steps(tokens: Any, position: Any, caches: Any) -> tuple[Any, Any]:
        x, new = positions(embedding(tokens), start=position), []
        for block, cache in zip(blocks_of(model), caches, strict=True):
            x, grown = block.step(x, cache, position)
            new.append(grown)
        for norm in last:
            x = norm(x)
        return embedding(x, reverse=True), new

    def step(tokens: Any, position: Any, caches: Any) -> tuple[Any, Any]:
        logits, caches = steps(tokens[:, None], position, caches)
        return logits[:, 0], caches

    return steps, step


def _windowed(model: keras.Model, prompt: np.ndarray, context: int) -> tuple[Any, Any]:
    """Step and state behind a prompt, with the last `context` tokens as state."""
    read = prompt[:, :-1][:, -context:]
    window = np.zeros((len(prompt), context), "int32")
    window[:, : read.shape[1]] = read
    return _step_with_window(model, context), window


@functools.lru_cache(maxsize=4)
def _step_with_window(model: keras.Model, context: int) -> Any:
    """Reads the whole window at every step: learned positions shift when it does, and nothing computed before stays valid."""
    import tensorflow as tf

    forward = tf.function(lambda window: model(window, training=False), jit_compile=True)

    def step(tokens: Any, position: Any, window: Any) -> tuple[Any, Any]:
        full = position >= context
        place = ops.where(full, context - 1, position)
        window = ops.where(full, ops.roll(window, -1, axis=1), window)
        window = ops.where(ops.arange(context) == place, tokens[:, None], window)
        return ops.take(forward(window), place, axis=1), window

    return step
