import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from layers.positional_encoding import SinusoidalPositionalEncoding
from layers.transformer import FeedForward, TransformerDecoderBlock, TransformerEncoderBlock
from tests.layers import support

X, SOURCE = support.random(2, 5, 8), support.random(2, 4, 6)
SMALL = {"num_heads": 2, "intermediate_dim": 7}


def built(kind, *inputs, **arguments):
    layer = kind(**arguments)
    layer(*inputs)
    layer.set_weights([support.random(*w.shape, seed=n, scale=0.4) for n, w in enumerate(layer.weights)])
    return layer


def weights_of(layer):
    return {weight.path.split("/", 1)[1]: support.numpy(weight) for weight in layer.weights}


def torch_state(layer, names):
    """Our weights under torch's names: `names` maps its attentions and normalisations to ours."""
    w, state = weights_of(layer), {}
    for theirs, mine in names.items():
        if "norm" in theirs:
            state |= {f"{theirs}.weight": w[f"{mine}/gamma"], f"{theirs}.bias": w[f"{mine}/beta"]}
            continue
        columns = [w[f"{mine}/{part}/kernel"] for part in ("query", "key", "value")]
        state[f"{theirs}.in_proj_weight"] = np.concatenate([one.reshape(len(one), -1).T for one in columns])
        state[f"{theirs}.in_proj_bias"] = np.concatenate(
            [w[f"{mine}/{part}/bias"].reshape(-1) for part in ("query", "key", "value")]
        )
        out = w[f"{mine}/attention_output/kernel"]
        state[f"{theirs}.out_proj.weight"] = out.reshape(-1, out.shape[-1]).T
        state[f"{theirs}.out_proj.bias"] = w[f"{mine}/attention_output/bias"]
    for number, part in enumerate(("intermediate", "output"), start=1):
        state[f"linear{number}.weight"] = w[f"feed_forward/{part}/kernel"].T
        state[f"linear{number}.bias"] = w[f"feed_forward/{part}/bias"]
    return state


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_encoder_equals_torch(norm_first, activation):
    torch = pytest.importorskip("torch")
    layer = built(TransformerEncoderBlock, X, norm_first=norm_first, activation=activation, **SMALL)
    peer = torch.nn.TransformerEncoderLayer(
        8, 2, 7, dropout=0.0, activation=activation, batch_first=True, norm_first=norm_first
    )
    names = {"self_attn": "attention", "norm1": "attention_norm", "norm2": "feed_forward_norm"}
    peer.load_state_dict({name: torch.tensor(value.copy()) for name, value in torch_state(layer, names).items()})
    tensor = torch.tensor(X)
    support.close(layer(X), peer(tensor).detach().cpu().numpy(), 2e-6)
    causal = torch.nn.Transformer.generate_square_subsequent_mask(5)
    support.close(layer(X, use_causal_mask=True), peer(tensor, src_mask=causal).detach().cpu().numpy(), 2e-6)
    real = np.array([[1] * 5, [1, 1, 1, 0, 0]], "bool")
    expected = peer(tensor, src_key_padding_mask=torch.tensor(~real)).detach().cpu().numpy()
    support.close(support.numpy(layer(X, mask=real))[real], expected[real], 2e-6)


@pytest.mark.parametrize("norm_first", [False, True])
def test_decoder_equals_torch(norm_first):
    torch = pytest.importorskip("torch")
    memory = support.random(2, 4, 8)
    layer = built(TransformerDecoderBlock, X, memory, norm_first=norm_first, **SMALL)
    peer = torch.nn.TransformerDecoderLayer(8, 2, 7, dropout=0.0, batch_first=True, norm_first=norm_first)
    names = {"self_attn": "attention", "multihead_attn": "cross_attention", "norm1": "attention_norm"}
    names |= {"norm2": "cross_attention_norm", "norm3": "feed_forward_norm"}
    peer.load_state_dict({name: torch.tensor(value.copy()) for name, value in torch_state(layer, names).items()})
    causal = torch.nn.Transformer.generate_square_subsequent_mask(5)
    real = np.array([[1] * 4, [1, 1, 0, 0]], "bool")
    expected = peer(torch.tensor(X), torch.tensor(memory), tgt_mask=causal, memory_key_padding_mask=torch.tensor(~real))
    support.close(layer(X, memory, encoder_mask=real), expected.detach().cpu().numpy(), 2e-6)


def test_feed_forward_is_its_equation():
    layer = built(FeedForward, X, intermediate_dim=5, output_dim=3)
    w1, b1, w2, b2 = (support.numpy(w).astype("float64") for w in layer.weights)
    support.close(layer(X), np.maximum(X @ w1 + b1, 0) @ w2 + b2, 1e-6)
    assert layer.compute_output_shape((None, 4, 8)) == (None, 4, 3)


def test_the_paper_s_sizes():
    wide = (None, None, 512)
    feed_forward, encoder, decoder = FeedForward(2048), TransformerEncoderBlock(8), TransformerDecoderBlock(8)
    feed_forward.build(wide)
    encoder.build(wide)
    decoder.build(wide, wide)
    assert feed_forward.count_params() == 2_099_712
    assert encoder.count_params() == 3_152_384 and encoder.attention.key_dim == 64
    assert decoder.count_params() == 4_204_032


@pytest.mark.parametrize("kind", [TransformerEncoderBlock, TransformerDecoderBlock])
@pytest.mark.parametrize("norm_first", [False, True])
def test_modes_and_round_trips(kind, norm_first, tmp_path):
    arguments = {"norm_first": norm_first, "activation": "tanh", "seed": 1, **SMALL}
    inputs = [X] if kind is TransformerEncoderBlock else [X, SOURCE]
    layer = support.check_layer(kind, None, arguments, *inputs)
    support.saved_and_loaded(layer, tmp_path, *inputs)
    half = kind(dtype="mixed_bfloat16", **arguments)(*inputs)
    assert keras.backend.standardize_dtype(half.dtype) == "bfloat16"


@support.needs_float64
@pytest.mark.parametrize("kind", [TransformerEncoderBlock, TransformerDecoderBlock])
@pytest.mark.parametrize("norm_first", [False, True])
def test_gradients_are_finite_differences(kind, norm_first):
    arguments = {"norm_first": norm_first, "activation": "tanh", "dtype": "float64", **SMALL}
    small = [one[:1, :3].astype("float64") for one in ([X] if kind is TransformerEncoderBlock else [X, SOURCE])]
    layer = built(kind, *small, **arguments)
    for position, found in enumerate(support.gradients(layer, *small)):
        moved = lambda one, at=position: layer(*small[:at], one, *small[at + 1 :])  # noqa: E731
        support.close(found, support.finite_differences(moved, small[position]), 1e-6)


def test_attention_weights_on_request_also_of_symbols():
    encoder, decoder = TransformerEncoderBlock(**SMALL), TransformerDecoderBlock(**SMALL)
    x, source = keras.Input((5, 8)), keras.Input((4, 6))
    assert [one.shape[1:] for one in encoder(x, return_attention_scores=True)] == [(5, 8), (2, 5, 5)]
    found = decoder(x, source, return_attention_scores=True)
    assert [one.shape[1:] for one in found] == [(5, 8), (2, 5, 5), (2, 5, 4)]
    output, own, cross = support.numpy(decoder(X, SOURCE, return_attention_scores=True))
    support.close(decoder(X, SOURCE), output, 1e-6)
    support.close(own, np.tril(own), 0)
    support.close(cross.sum(axis=-1), np.ones((2, 2, 5)), 1e-6)


def test_decoder_only_sees_the_past_and_can_be_told_not_to_look_away():
    layer = built(TransformerDecoderBlock, X, **SMALL)
    assert layer.cross_attention is None
    moved = X.copy()
    moved[:, 3:] = 9.0
    once, again = support.numpy([layer(X), layer(moved)])
    np.testing.assert_array_equal(once[:, :3], again[:, :3])
    once, again = support.numpy([layer(X, use_causal_mask=False), layer(moved, use_causal_mask=False)])
    assert np.abs(once[:, :3] - again[:, :3]).max() > 1e-3


@settings(deadline=None, max_examples=12)
@given(st.integers(1, 3), st.integers(1, 6), st.integers(1, 5), st.integers(0, 2**16), st.booleans())
def test_padding_changes_nothing(batch, length, source_length, seed, norm_first):
    draw = np.random.default_rng(seed)
    x, source = support.random(batch, length, 4, seed=seed), support.random(batch, source_length, 4, seed=seed + 1)
    real = np.arange(length) < draw.integers(1, length + 1, batch)[:, None]
    source_real = np.arange(source_length) < draw.integers(1, source_length + 1, batch)[:, None]
    dirty = np.where(real[..., None], x, 30.0).astype("float32")
    dirty_source = np.where(source_real[..., None], source, -30.0).astype("float32")
    encoder, decoder = (
        kind(2, intermediate_dim=5, norm_first=norm_first)
        for kind in (TransformerEncoderBlock, TransformerDecoderBlock)
    )
    once, again = support.numpy([encoder(one, mask=real) for one in (x, dirty)])
    support.close(again[real], once[real], 1e-5)
    call = {"mask": real, "encoder_mask": source_real, "use_causal_mask": False}
    once, again = support.numpy([decoder(x, source, **call), decoder(dirty, dirty_source, **call)])
    support.close(again[real], once[real], 1e-5)


@pytest.mark.parametrize("norm_first", [False, True])
def test_masks_of_embeddings_reach_attention_and_go_on(norm_first):
    embed = keras.layers.Embedding(9, 8, mask_zero=True)
    tokens, sources = np.array([[1, 2, 3, 0], [4, 0, 0, 0]]), np.array([[5, 0, 0], [6, 7, 0]])
    x, source = SinusoidalPositionalEncoding()(embed(tokens)), embed(sources)
    bare, bare_source = (ops.convert_to_tensor(support.numpy(one)) for one in (x, source))
    layer = built(TransformerDecoderBlock, bare, bare_source, norm_first=norm_first, **SMALL)
    output, own, cross = support.numpy(layer(x, source, return_attention_scores=True))
    assert np.all(own[1, ..., 1:] == 0) and np.all(cross[0, ..., 1:] == 0) and np.all(cross[1, ..., 2] == 0)
    expected = layer(bare, bare_source, mask=tokens != 0, encoder_mask=sources != 0)
    support.close(output[tokens != 0], support.numpy(expected)[tokens != 0], 1e-6)
    pooled = keras.layers.GlobalAveragePooling1D()(layer(x, source))
    support.close(pooled[1], output[1, 0], 1e-6)
    encoder = TransformerEncoderBlock(norm_first=norm_first, **SMALL)
    _, own = encoder(x, attention_mask=np.ones((2, 4, 4), "bool"), return_attention_scores=True)
    assert np.all(support.numpy(own)[1, ..., 1:] == 0)


def test_a_model_of_unknown_length_trains_with_masks():
    tokens = keras.Input((None,), dtype="int32")
    x = SinusoidalPositionalEncoding()(keras.layers.Embedding(9, 8, mask_zero=True)(tokens))
    x = TransformerEncoderBlock(dropout=0.1, attention_dropout=0.1, **SMALL)(x)
    model = keras.Model(tokens, keras.layers.Dense(9)(TransformerDecoderBlock(**SMALL)(x)))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), run_eagerly=False)
    for length in (3, 6):
        data = np.random.default_rng(length).integers(1, 9, (16, length)) * (np.arange(length) < length - 1)
        first = model.evaluate(data, data, verbose=0)
        model.fit(data, data, epochs=15, batch_size=8, verbose=0)
        assert model.evaluate(data, data, verbose=0) < first
        longer = np.concatenate([data, np.zeros((16, 2), data.dtype)], axis=1)
        expected = model.predict(data, verbose=0)[:, : length - 1]
        support.close(model.predict(longer, verbose=0)[:, : length - 1], expected, 1e-5)


@pytest.mark.parametrize("source", [None, SOURCE])
@pytest.mark.parametrize("norm_first", [False, True])
def test_steps_with_a_cache_equal_the_full_call(norm_first, source):
    real = None if source is None else np.array([[1] * 4, [1, 1, 0, 0]], "bool")
    inputs = [X] if source is None else [X, source]
    layer = built(TransformerDecoderBlock, *inputs, norm_first=norm_first, **SMALL)
    expected = support.numpy(layer(*inputs, encoder_mask=real))
    cache = layer.start_cache(2, 7, source, real)
    for t in range(5):
        output, cache = layer.step(X[:, t : t + 1], cache, t)
        support.close(output, expected[:, t : t + 1], 1e-5)
        assert np.all(support.numpy(cache["keys"])[:, t + 1 :] == 0)
    several, more = layer.step(X[:, :3], layer.start_cache(2, 7, source, real), 0)  # a prompt, then one step a sequence
    support.close(several, expected[:, :3], 1e-5)
    support.close(layer.step(X[:, 3:4], more, np.array([3, 3]))[0], expected[:, 3:4], 1e-5)


def test_a_step_at_a_position_of_each_sequence_s_own():
    layer = built(TransformerDecoderBlock, X, **SMALL)
    expected, cache = support.numpy(layer(X)), layer.start_cache(2, 5)
    _, cache = layer.step(X[:, :3], cache, 0)
    mixed = np.stack([X[0, 3:5], X[1, 1:3]])  # the second row goes back and reads steps 1 and 2 again
    output, _ = layer.step(mixed, cache, np.array([3, 1]))
    support.close(output, np.stack([expected[0, 3:5], expected[1, 1:3]]), 1e-5)


def test_a_step_in_half_precision():
    layer = TransformerDecoderBlock(dtype="mixed_bfloat16", **SMALL)
    expected = support.numpy(ops.cast(layer(X, SOURCE), "float32"))
    cache = layer.start_cache(2, 5, ops.cast(SOURCE, "bfloat16"))
    output, cache = layer.step(ops.cast(X[:, :1], "bfloat16"), cache, 0)
    assert keras.backend.standardize_dtype(cache["keys"].dtype) == "bfloat16"
    support.close(ops.cast(output, "float32"), expected[:, :1], 5e-2)


def test_order_is_invisible_without_positions():
    order, layer = np.array([3, 0, 4, 1, 2]), built(TransformerEncoderBlock, X, **SMALL)
    support.close(layer(X[:, order]), support.numpy(layer(X))[:, order], 2e-6)
    placed, moved = (SinusoidalPositionalEncoding()(one) for one in (X, X[:, order]))
    assert np.abs(support.numpy(layer(moved)) - support.numpy(layer(placed))[:, order]).max() > 0.01


def test_dropout_acts_in_training_alone_and_repeats_with_its_seed():
    arguments = {"dropout": 0.3, "attention_dropout": 0.3, "seed": 5, **SMALL}
    layer, twin = (built(TransformerDecoderBlock, X, SOURCE, **arguments) for _ in range(2))
    calm, dropped, other = support.numpy([layer(X, SOURCE)] + [layer(X, SOURCE, training=True) for _ in range(2)])
    assert np.abs(calm - dropped).max() > 0.01 and np.abs(other - dropped).max() > 0.01
    support.close(twin(X, SOURCE, training=True), dropped, 1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TransformerEncoderBlock(0), "num_heads=0"),
        (lambda: TransformerEncoderBlock(2, key_dim=1.5), "key_dim=1.5"),
        (lambda: TransformerEncoderBlock(2, dropout=1), "dropout=1"),
        (lambda: FeedForward(-1), "intermediate_dim=-1"),
        (lambda: TransformerEncoderBlock(3, intermediate_dim=4)(X), "num_heads=3, width=8"),
        (lambda: TransformerEncoderBlock(**SMALL)(X[0]), r"inputs shape=\(5, 8\)"),
        (lambda: built(TransformerDecoderBlock, X, **SMALL)(X, SOURCE), "Received: encoder_outputs="),
        (lambda: built(TransformerDecoderBlock, X, SOURCE, **SMALL)(X), "Received: encoder_outputs=None"),
        (
            lambda: TransformerEncoderBlock(**SMALL)(X, attention_mask=np.ones((2, 5, 4), "bool")),
            "attention_mask.shape",
        ),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
