import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from layers.attention import BahdanauAttention, LuongAttention, ScaledDotProductAttention
from tests.layers import support

LAYERS = [
    (BahdanauAttention, {"units": 5}),
    (BahdanauAttention, {"units": 3, "use_bias": True}),
    (LuongAttention, {}),
    (LuongAttention, {"score": "general", "use_scale": True}),
    (LuongAttention, {"score": "concat", "units": 5}),
    (ScaledDotProductAttention, {}),
]
QUERY, VALUE, KEY = support.random(2, 3, 4), support.random(2, 6, 5), support.random(2, 6, 4, seed=1)


def softmax(scores):
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return shares / shares.sum(axis=-1, keepdims=True)


def reference_scores(layer, query, key):
    """The papers' equations, one pair of positions after the other."""
    weights = {w.name: support.numpy(w).astype("float64") for w in layer.weights}
    scores = np.zeros((len(query), query.shape[1], key.shape[1]))
    for batch, i, j in np.ndindex(scores.shape):
        s, h = query[batch, i].astype("float64"), key[batch, j].astype("float64")
        if isinstance(layer, BahdanauAttention):
            inside = weights["query_kernel"].T @ s + weights["key_kernel"].T @ h + weights.get("bias", 0)
            scores[batch, i, j] = weights["score_kernel"] @ np.tanh(inside)
        elif isinstance(layer, ScaledDotProductAttention):
            scores[batch, i, j] = s @ h / np.sqrt(len(s))
        elif layer.score == "concat":
            scores[batch, i, j] = weights["score_kernel"] @ np.tanh(weights["kernel"].T @ np.concatenate([s, h]))
        else:
            scores[batch, i, j] = s @ weights.get("kernel", np.eye(len(s))) @ h
    return scores * weights.get("scale", 1.0)


def built(kind, arguments, *inputs):
    layer = kind(**arguments)
    layer([ops.convert_to_tensor(one) for one in inputs])
    layer.set_weights([support.random(*w.shape, seed=n) for n, w in enumerate(layer.weights)])
    return layer


@pytest.mark.parametrize(("kind", "arguments"), LAYERS)
@pytest.mark.parametrize("causal", [False, True])
def test_equations(kind, arguments, causal):
    layer = built(kind, arguments, QUERY, VALUE, KEY)
    mask = np.array([[1, 0, 1, 1, 0, 1], [1, 1, 1, 0, 0, 0]], "bool")
    context, weights = layer(
        [QUERY, VALUE, KEY], mask=[None, mask], return_attention_scores=True, use_causal_mask=causal
    )
    visible = np.broadcast_to(mask[:, None, :], (2, 3, 6)) & (np.tril(np.ones((3, 6), "bool")) | (not causal))
    expected = softmax(np.where(visible, reference_scores(layer, QUERY, KEY), -np.inf))
    support.close(weights, expected, 1e-6)
    support.close(context, expected @ VALUE, 1e-6)
    assert np.all(support.numpy(weights)[~visible] == 0)


@pytest.mark.parametrize(("kind", "arguments"), LAYERS)
def test_modes_round_trips_and_precisions(kind, arguments):
    class Listed(kind):  # the battery passes inputs one by one
        def __call__(self, *inputs, **call):
            return super().__call__(list(inputs) if len(inputs) > 1 else inputs[0], **call)

    support.check_layer(Listed, None, arguments, QUERY, VALUE, KEY)
    layer = built(kind, {**arguments, "dtype": "mixed_bfloat16"}, QUERY, VALUE, KEY)
    assert keras.backend.standardize_dtype(layer([QUERY, VALUE, KEY]).dtype) == "bfloat16"


@pytest.mark.parametrize(("kind", "arguments"), LAYERS)
def test_saved_in_a_model(kind, arguments, tmp_path):
    symbols = [keras.Input(one.shape[1:]) for one in (QUERY, VALUE, KEY)]
    context, weights = kind(**arguments)(symbols, return_attention_scores=True)
    assert context.shape == (None, 3, 5) and weights.shape == (None, 3, 6)
    model = keras.Model(symbols, context)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded.layers[-1]) is kind
    support.close(loaded([QUERY, VALUE, KEY]), support.numpy(model([QUERY, VALUE, KEY])), 1e-6)


@support.needs_float64
@pytest.mark.parametrize(("kind", "arguments"), LAYERS)
def test_gradients_are_finite_differences(kind, arguments):
    inputs = [one[:1, :3, :].astype("float64") for one in (QUERY, VALUE, KEY)]
    layer = built(kind, {**arguments, "dtype": "float64"}, *inputs)
    found = support.gradients(lambda *tensors: layer(list(tensors), use_causal_mask=True), *inputs)
    for position, gradient in enumerate(found):

        def moved(one, position=position):
            tensors = [ops.convert_to_tensor(value) for value in inputs]
            return layer([*tensors[:position], one, *tensors[position + 1 :]], use_causal_mask=True)

        support.close(gradient, support.finite_differences(moved, inputs[position]), 1e-7)


def test_dot_is_the_keras_layer_and_additive_scores_are_the_keras_layers_on_projected_inputs():
    peer = keras.layers.Attention()
    support.close(LuongAttention()([QUERY, VALUE, KEY]), support.numpy(peer([QUERY, VALUE, KEY])), 1e-6)
    layer = built(BahdanauAttention, {"units": 5}, QUERY, VALUE, KEY)
    of_query, of_key, of_score = layer.get_weights()
    peer = keras.layers.AdditiveAttention()
    projected = [QUERY @ of_query, VALUE, KEY @ of_key]
    peer.build([one.shape for one in projected])
    peer.set_weights([of_score])
    support.close(layer([QUERY, VALUE, KEY]), support.numpy(peer(projected)), 1e-6)


def test_additive_attention_has_more_weights_than_dot():
    inputs = [support.random(1, 2, 64)] * 2
    assert built(BahdanauAttention, {"units": 64}, *inputs).count_params() == 2 * 64 * 64 + 64 == 8256
    assert built(LuongAttention, {}, *inputs).count_params() == 0


def test_step_by_step_equals_all_at_once():
    layer = built(BahdanauAttention, {"units": 5, "use_bias": True}, QUERY, VALUE)
    mask = np.array([[1, 1, 1, 0, 0, 0], [1] * 6], "bool")
    whole = support.numpy(layer([QUERY, VALUE], mask=[None, mask], return_attention_scores=True))
    keys = layer.project_keys(ops.convert_to_tensor(VALUE))
    for i in range(3):
        step = layer.step(ops.convert_to_tensor(QUERY[:, i]), keys, ops.convert_to_tensor(VALUE), mask)
        support.close(step, [one[:, i] for one in whole], 1e-6)


def test_masks_of_embeddings_arrive_and_the_querys_goes_on():
    embed = keras.layers.Embedding(9, 4, mask_zero=True)
    query, value = embed(np.array([[1, 2, 0]])), embed(np.array([[3, 4, 5, 0, 0]]))
    context, weights = ScaledDotProductAttention()([query, value], return_attention_scores=True)
    assert np.all(support.numpy(weights)[..., 3:] == 0)
    assert np.all(support.numpy(context)[:, 2] == 0) and np.any(support.numpy(context)[:, :2] != 0)
    pooled = keras.layers.GlobalAveragePooling1D()(context)
    support.close(pooled, support.numpy(context)[:, :2].mean(axis=1), 1e-6)


def test_dropout_acts_in_training_alone_and_repeats_with_its_seed():
    inputs = [support.random(4, 8, 3), support.random(4, 8, 3)]
    layer, twin = (LuongAttention(dropout=0.5, seed=3) for _ in range(2))
    calm, dropped = support.numpy([layer(inputs), layer(inputs, training=True)])
    support.close(LuongAttention()(inputs), calm, 1e-7)
    assert np.abs(calm - dropped).max() > 0.1
    support.close(twin(inputs, training=True), dropped, 1e-7)


@settings(deadline=None, max_examples=20)
@given(
    st.sampled_from(LAYERS),
    st.tuples(*[st.integers(1, 4)] * 4),
    st.integers(0, 2**16),
    st.booleans(),
    st.sampled_from([1.0, 1e3]),
)
def test_weights_are_shares_of_what_is_visible(which, sizes, seed, causal, scale):
    batch, queries, values, width = sizes
    query, value = support.random(batch, queries, width, seed=seed, scale=scale), support.random(batch, values, width)
    mask = np.random.default_rng(seed).random((batch, values)) < 0.5
    context, weights = support.numpy(
        which[0](**which[1])([query, value], mask=[None, mask], return_attention_scores=True, use_causal_mask=causal)
    )
    visible = np.broadcast_to(mask[:, None], weights.shape) & (
        np.tril(np.ones((queries, values), "bool")) | (not causal)
    )
    np.testing.assert_allclose(weights.sum(axis=-1), visible.any(axis=-1), atol=1e-6)
    assert np.all(weights[~visible] == 0) and np.all(weights >= 0)
    assert np.all(np.isfinite(context)) and np.all(context[~visible.any(axis=-1)] == 0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BahdanauAttention(0), "units=0"),
        (lambda: BahdanauAttention(2.5), "units=2.5"),
        (lambda: BahdanauAttention(4, dropout=1.0), "dropout=1.0"),
        (lambda: LuongAttention("sum"), "score='sum'"),
        (lambda: LuongAttention("concat"), "units=None"),
        (lambda: LuongAttention("dot", units=3), "units=3"),
        (lambda: LuongAttention()([QUERY, VALUE]), "query width=4, key width=5"),
        (lambda: ScaledDotProductAttention()([QUERY, VALUE]), "query width=4, key width=5"),
        (lambda: LuongAttention()(QUERY), "Received: inputs="),
        (lambda: LuongAttention()([QUERY, VALUE, QUERY]), "value shape=.*key shape="),
        (lambda: LuongAttention()([KEY, KEY], mask=[None, np.ones((2, 5), "bool")]), r"mask shape=\(2, 5\)"),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
