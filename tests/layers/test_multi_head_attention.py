import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from layers import multi_head_attention
from layers.multi_head_attention import MultiHeadAttention
from layers.positional_encoding import SinusoidalPositionalEncoding
from tests.layers import support

QUERY, VALUE, KEY = support.random(2, 5, 6), support.random(2, 4, 7), support.random(2, 4, 3)
PRECISIONS = ("float64", "mixed_bfloat16") if support.BACKEND == "tensorflow" else ("mixed_bfloat16",)
"""Keras's products of float64 tensors are of float32 precision on the other backends."""
MASK = np.array([[[1, 1, 0, 0]] * 5, [[1, 0, 0, 1]] * 3 + [[0, 1, 1, 1]] * 2], "bool")


def built(*inputs, **arguments):
    layer = MultiHeadAttention(**{"num_heads": 2, "key_dim": 3, **arguments})
    layer(*inputs)
    layer.set_weights([support.random(*w.shape, seed=n, scale=0.5) for n, w in enumerate(layer.weights)])
    return layer


def reference(layer, query, value, key, visible):
    """The equation, one head after the other."""
    w = {weight.path.split("/", 1)[1]: support.numpy(weight).astype("float64") for weight in layer.weights}
    output, shares = w["attention_output/bias"], []
    for head in range(layer.num_heads):
        q, k, v = (
            x @ w[f"{name}/kernel"][:, head] + w[f"{name}/bias"][head]
            for name, x in (("query", query), ("key", key), ("value", value))
        )
        exponentials = np.exp(np.where(visible, q @ np.swapaxes(k, 1, 2) / np.sqrt(layer.key_dim), -np.inf))
        totals = exponentials.sum(axis=-1, keepdims=True)
        shares.append(exponentials / np.where(totals > 0, totals, 1))
        output = output + shares[-1] @ v @ w["attention_output/kernel"][head]
    return output, np.stack(shares, axis=1)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_equation(causal, masked):
    layer = built(QUERY, VALUE, KEY, value_dim=5)
    call = {"attention_mask": MASK if masked else None, "use_causal_mask": causal}
    visible = (MASK | (not masked)) & (np.tril(np.ones((5, 4), "bool")) | (not causal))
    expected = reference(layer, QUERY, VALUE, KEY, visible)
    support.close(layer(QUERY, VALUE, KEY, return_attention_scores=True, **call), expected, 2e-6)
    support.close(layer(QUERY, VALUE, KEY, **call), expected[0], 2e-6)


@pytest.mark.parametrize(
    ("arguments", "call"),
    [
        ({}, {}),
        ({"use_bias": False}, {"use_causal_mask": True}),
        ({"use_gate": True, "output_shape": 4}, {"attention_mask": MASK}),
        ({"value_dim": 5, "output_shape": (2, 3)}, {"return_attention_scores": True}),
        ({"sliding_window": 2}, {"use_causal_mask": True, "return_attention_scores": True}),
        ({"kernel_regularizer": "l2", "activity_regularizer": "l2"}, {"attention_mask": MASK[:, None]}),
    ],
)
def test_equals_keras_in_every_mode(arguments, call):
    arguments = {"num_heads": 2, "key_dim": 4, **arguments}  # Keras rounds 1 / sqrt(key_dim) to float32, here 1/2
    peer = keras.layers.MultiHeadAttention
    support.check_layer(MultiHeadAttention, peer, arguments, QUERY, VALUE, call=call, precisions=PRECISIONS)
    layer, peer = support.twins(MultiHeadAttention, peer, arguments, (QUERY, VALUE), call)
    layer(QUERY, VALUE, **call)
    peer(QUERY, VALUE, **call)
    support.close(layer.losses, support.numpy(peer.losses), 1e-5)


@pytest.mark.parametrize(
    ("axes", "of_hidden"),
    [(1, np.s_[0, 2, ..., 1]), (2, np.s_[0, 1, ..., 2]), (-2, np.s_[0, 1, ..., 2]), ((1, 2), np.s_[0, ..., 1, 2])],
)
def test_equals_keras_over_other_axes(axes, of_hidden):
    query, value = support.random(2, 3, 5, 6), support.random(2, 3, 5, 6, seed=1)
    arguments = {"num_heads": 2, "key_dim": 4, "attention_axes": axes}
    call = {"return_attention_scores": True}
    peer = keras.layers.MultiHeadAttention
    support.check_layer(MultiHeadAttention, peer, arguments, query, value, call=call, precisions=PRECISIONS)
    mask = np.ones((2, 3, 5), "bool")
    mask[0, 1, 2] = False
    _, weights = MultiHeadAttention(**arguments)(query, value, value_mask=mask, return_attention_scores=True)
    weights = support.numpy(weights)
    assert np.all(weights[of_hidden] == 0) and np.count_nonzero(weights) == weights.size - weights[of_hidden].size


@pytest.mark.parametrize("masked", [False, True])
def test_equals_torch(masked):
    torch = pytest.importorskip("torch")
    x = support.random(2, 5, 8)
    layer = built(x, x, num_heads=4, key_dim=2)
    peer = torch.nn.MultiheadAttention(8, 4, batch_first=True)
    weights = dict(zip(["q", "qb", "k", "kb", "v", "vb", "o", "ob"], layer.get_weights(), strict=True))
    state = {
        "in_proj_weight": np.concatenate([weights[name].reshape(8, 8).T for name in "qkv"]),
        "in_proj_bias": np.concatenate([weights[name].reshape(8) for name in ("qb", "kb", "vb")]),
        "out_proj.weight": weights["o"].reshape(8, 8).T,
        "out_proj.bias": weights["ob"],
    }
    peer.load_state_dict({name: torch.tensor(value.copy()) for name, value in state.items()})
    real = np.array([[1] * 5, [1, 1, 1, 0, 0]], "bool") | (not masked)
    tensor = torch.tensor(x)
    with torch.no_grad():
        expected = peer(tensor, tensor, tensor, key_padding_mask=torch.tensor(~real), average_attn_weights=False)
    found = layer(x, x, value_mask=real, return_attention_scores=True)
    support.close(found, [one.cpu().numpy() for one in expected], 2e-6)


@pytest.mark.skipif("float64" not in PRECISIONS, reason="needs float64")
def test_gradients_are_finite_differences():
    arguments = {"num_heads": 2, "key_dim": 3, "dtype": "float64"}
    inputs, mask = [one[:1, :3].astype("float64") for one in (QUERY, VALUE, KEY)], MASK[1:, 2:, :3]
    layer = built(*inputs, **arguments)
    found = support.gradients(lambda *x: layer(*x, attention_mask=mask), *inputs)
    for position, gradient in enumerate(found):

        def moved(one, position=position):
            return layer(*inputs[:position], one, *inputs[position + 1 :], attention_mask=mask)

        support.close(gradient, support.finite_differences(moved, inputs[position]), 1e-7)


@support.tensorflow_only
@pytest.mark.parametrize("mask", [None, MASK[:, None]])
def test_the_gradient_by_hand_equals_the_plain_one_twice(mask):
    import tensorflow as tf

    query, key, value = (tf.constant(support.random(2, 3, n, 4, seed=n, dtype="float64")) for n in (5, 4, 4))

    def first_and_second(attend):
        with tf.GradientTape() as outer:
            outer.watch([query, key, value])
            with tf.GradientTape() as inner:
                inner.watch([query, key, value])
                heads = attend(query, key, value, mask)
                loss = tf.reduce_sum(tf.sin(heads))
            first = inner.gradient(loss, [query, key, value])
            norm = tf.add_n([tf.reduce_sum(one**2) for one in first])
        return [heads, *first, *outer.gradient(norm, [query, key, value])]

    plain = first_and_second(lambda *x: multi_head_attention._attend(*x, lambda weights: weights)[0])
    support.close(first_and_second(multi_head_attention._attend_on_tensorflow), plain, 1e-12)
    support.close(tf.function(first_and_second)(multi_head_attention._attend_on_tensorflow), plain, 1e-12)


def test_the_paper_s_sizes():
    layer = MultiHeadAttention(num_heads=8, key_dim=512 // 8)
    layer.build((None, None, 512), (None, None, 512))
    assert layer.key_dim == 64 and layer.count_params() == 1_050_624
    assert (
        MultiHeadAttention(8, 64, use_bias=False)(support.random(1, 2, 512), support.random(1, 2, 512)).shape[-1] == 512
    )


def test_order_is_invisible_without_positions():
    x, order = support.random(1, 7, 6), np.random.default_rng(0).permutation(7)
    layer = built(x, x)
    once, again = support.numpy([layer(x, x), layer(x[:, order], x[:, order])])
    support.close(again, once[:, order], 2e-6)
    placed, moved = (SinusoidalPositionalEncoding()(one) for one in (x, x[:, order]))
    once, again = support.numpy([layer(placed, placed), layer(moved, moved)])
    assert np.abs(again - once[:, order]).max() > 0.01


@settings(deadline=None, max_examples=20)
@given(st.tuples(*[st.integers(1, 5)] * 5), st.integers(0, 2**16), st.booleans(), st.booleans(), st.booleans())
def test_hidden_positions_change_nothing(sizes, seed, causal, self_attention, scores):
    batch, queries, keys, heads, width = sizes
    query, value = support.random(batch, queries, width, seed=seed), support.random(batch, keys, width)
    value = query if self_attention else value
    real = np.random.default_rng(seed).random(value.shape[:2]) < 0.6
    layer = MultiHeadAttention(heads, width)
    call = {"value_mask": real, "use_causal_mask": causal, "return_attention_scores": True}
    output, weights = support.numpy(layer(query, value, **call))
    visible = np.broadcast_to(real[:, None, None], weights.shape)
    visible = visible & (np.tril(np.ones(weights.shape[2:], "bool")) | (not causal))
    assert np.all(np.isfinite(output)) and np.all(weights[~visible] == 0)
    np.testing.assert_allclose(weights.sum(axis=-1), visible.any(axis=-1), atol=1e-6)
    changed = np.where(real[..., None], value, 100.0).astype("float32")
    again = layer(query, changed, **{**call, "return_attention_scores": scores})
    support.close(again[0] if scores else again, output, 1e-6)


@pytest.mark.parametrize("scores", [False, True])
def test_the_future_does_not_leak(scores):
    x = support.random(2, 6, 4)
    layer, moved = built(x, x), x.copy()
    moved[:, 4:] = 50.0
    call = {"use_causal_mask": True, "return_attention_scores": scores}
    once, again = (support.numpy(layer(one, one, **call)) for one in (x, moved))
    once, again = (one[0] if scores else one for one in (once, again))
    np.testing.assert_array_equal(once[:, :4], again[:, :4])
    assert np.abs(once[:, 4:] - again[:, 4:]).max() > 0.1


@pytest.mark.parametrize("scores", [False, True])
def test_a_query_that_sees_nothing_gets_the_bias_and_a_finite_gradient(scores):
    layer, nothing = built(QUERY, VALUE), MASK & (np.arange(5) != 2)[:, None]
    output = layer(QUERY, VALUE, attention_mask=nothing, return_attention_scores=scores)
    output = support.numpy(output[0] if scores else output)
    support.close(output[:, 2], np.broadcast_to(layer.get_weights()[-1], (2, 6)), 1e-6)
    found = support.gradients(lambda q, v: layer(q, v, attention_mask=nothing), QUERY, VALUE)
    assert all(np.all(np.isfinite(one)) for one in found) and np.all(found[0][:, 2] == 0)


def test_masks_of_embeddings_arrive_and_the_query_s_goes_on():
    query = keras.layers.Embedding(9, 6, mask_zero=True)(np.array([[1, 2, 0], [3, 0, 0]]))
    layer = built(query, query)
    output, weights = layer(query, query, return_attention_scores=True)
    weights = support.numpy(weights)
    assert np.all(weights[0, :, :, 2] == 0) and np.all(weights[1, :, :, 1:] == 0)
    pooled = keras.layers.GlobalAveragePooling1D()(output)
    support.close(pooled[1], support.numpy(output)[1, 0], 1e-6)
    given_masks = np.array([[1, 1, 0], [1, 0, 0]], "bool")
    bare = ops.convert_to_tensor(support.numpy(query))
    support.close(layer(bare, bare, query_mask=given_masks, value_mask=given_masks), support.numpy(output), 1e-6)


def test_the_key_s_own_mask_counts_beside_the_value_s():
    layer, of_value, of_key = built(QUERY, VALUE, KEY), MASK[:, 0], MASK[:, 4]
    found = layer(QUERY, VALUE, KEY, value_mask=of_value, key_mask=of_key)
    expected = layer(QUERY, VALUE, KEY, attention_mask=(of_value & of_key)[:, None])
    support.close(found, support.numpy(expected), 1e-6)
    assert np.abs(support.numpy(found) - support.numpy(layer(QUERY, VALUE, KEY, value_mask=of_value))).max() > 0.01


def test_mask_shapes_that_mean_the_same():
    layer, mask = built(QUERY, VALUE), np.tril(np.ones((5, 4), "bool"))
    expected = support.numpy(layer(QUERY, VALUE, use_causal_mask=True))
    for same in (mask, mask[None], np.tile(mask, (2, 1, 1)), np.tile(mask, (2, 2, 1, 1)), mask.astype("int32")):
        support.close(layer(QUERY, VALUE, attention_mask=same), expected, 1e-6)
    padded = layer(QUERY, VALUE, attention_mask=np.tile(mask, (2, 2, 1, 1)), value_mask=MASK[:, 0])
    support.close(padded, support.numpy(layer(QUERY, VALUE, attention_mask=mask & MASK[:, :1])), 1e-6)


def test_dropout_repeats_with_its_seed_and_keeps_the_returned_weights():
    layer, twin = (MultiHeadAttention(2, 3, dropout=0.5, seed=1) for _ in range(2))
    layer.build(QUERY.shape, VALUE.shape)
    twin.build(QUERY.shape, VALUE.shape)
    twin.set_weights(layer.get_weights())
    calm, weights = support.numpy(layer(QUERY, VALUE, return_attention_scores=True))
    dropped, same = support.numpy(layer(QUERY, VALUE, return_attention_scores=True, training=True))
    support.close(same, weights, 1e-6)
    assert np.abs(dropped - calm).max() > 1e-3
    support.close(twin(QUERY, VALUE, training=True), dropped, 1e-6)


def test_saved_in_a_model(tmp_path):
    layer = MultiHeadAttention(2, 3, value_dim=4, use_gate=True, sliding_window=3)
    support.saved_and_loaded(layer, tmp_path, QUERY, VALUE, KEY, call={"use_causal_mask": True})
    symbolic = layer(*(keras.Input(x.shape[1:]) for x in (QUERY, VALUE, KEY)), return_attention_scores=True)
    assert [one.shape for one in symbolic] == [(None, 5, 6), (None, 2, 5, 4)]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MultiHeadAttention(0, 3), "num_heads=0"),
        (lambda: MultiHeadAttention(2, 3.0), "key_dim=3.0"),
        (lambda: MultiHeadAttention(2, 3, value_dim=-1), "value_dim=-1"),
        (lambda: MultiHeadAttention(2, 3)(QUERY, VALUE, QUERY), "must be equal"),
        (lambda: built(QUERY, VALUE)(QUERY, VALUE, attention_mask=MASK[:, :3]), r"attention_mask.shape=\(2, 3, 4\)"),
        (lambda: built(QUERY, VALUE)(QUERY, VALUE, attention_mask=MASK[None, None]), "attention_mask.shape="),
        (lambda: built(QUERY, VALUE)(QUERY, VALUE, value_mask=MASK[:, :3, 0]), "value_mask.shape="),
        (lambda: built(QUERY, VALUE)(QUERY, VALUE, query_mask=MASK), "query_mask.shape="),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("use_gate", [False, True])
def test_attending_to_kept_keys_and_values_is_the_call(use_gate):
    layer = built(QUERY, VALUE, KEY, use_gate=use_gate, value_dim=4)
    keys, values = layer.project(VALUE, KEY)
    assert keys.shape == (2, 4, 2, 3) and values.shape == (2, 4, 2, 4)
    expected = layer(QUERY, VALUE, KEY, attention_mask=MASK)
    support.close(layer.attend(QUERY, keys, values, MASK), expected, 1e-6)
    support.close(layer.attend(QUERY[:, 2:3], keys, values, MASK[:, 2:3]), expected[:, 2:3], 1e-6)
