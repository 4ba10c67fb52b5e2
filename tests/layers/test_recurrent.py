"""SimpleRNN, LSTM and GRU: the equations, Keras's layers, masks, states and the backward pass derived by hand."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from support import (
    check_layer,
    close,
    compiled,
    dtype_policy,
    finite_differences,
    gradients,
    needs_float64,
    numpy,
    random,
    saved_and_loaded,
    scalar,
    tensorflow_only,
    twins,
)

import layers

PAIRS = [(layers.SimpleRNN, keras.layers.SimpleRNN), (layers.LSTM, keras.layers.LSTM), (layers.GRU, keras.layers.GRU)]
pairs = pytest.mark.parametrize(("ours", "peer"), PAIRS, ids=["SimpleRNN", "LSTM", "GRU"])
gated = pytest.mark.parametrize(("ours", "peer"), PAIRS[1:], ids=["LSTM", "GRU"])
MASK = np.array([[1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0, 0], [0, 1, 0, 1, 1, 0, 1], [0, 0, 0, 0, 0, 0, 0]], "bool")


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def reference(layer, x):
    """All hidden states in float64, one step after the other, from the classes' equations."""
    W, U, *b = [weight.astype("float64") for weight in layer.get_weights()]
    units, h = U.shape[0], np.zeros((len(x), U.shape[0]))
    C, hidden = np.zeros_like(h), []
    for x_t in x.astype("float64").transpose(1, 0, 2):
        if isinstance(layer, layers.LSTM):
            i, f, candidate, o = np.split(x_t @ W + h @ U + b[0], 4, axis=1)
            C = sigmoid(f) * C + sigmoid(i) * np.tanh(candidate)
            h = sigmoid(o) * np.tanh(C)
        elif isinstance(layer, layers.GRU):
            after = layer.reset_after
            x_z, x_r, x_h = np.split(x_t @ W + (b[0][0] if after else b[0]), 3, axis=1)
            h_z, h_r, h_h = np.split(h @ U + (b[0][1] if after else 0), 3, axis=1)
            z, r = sigmoid(x_z + h_z), sigmoid(x_r + h_r)
            candidate = np.tanh(x_h + (r * h_h if after else (r * h) @ U[:, 2 * units :]))
            h = z * h + (1 - z) * candidate
        else:
            h = np.tanh(x_t @ W + h @ U + b[0])
        hidden.append(h)
    return np.stack(hidden, axis=1)


@pytest.mark.parametrize(
    "layer",
    [
        layers.SimpleRNN(5, return_sequences=True),
        layers.LSTM(5, return_sequences=True),
        layers.GRU(5, return_sequences=True),
        layers.GRU(5, return_sequences=True, reset_after=False),
    ],
    ids=["SimpleRNN", "LSTM", "GRU", "GRU reset before"],
)
@pytest.mark.parametrize("training", [False, True])
def test_the_equations_in_numpy(layer, training):
    x = random(3, 8, 4)
    layer.build(x.shape)
    layer.set_weights([random(*weight.shape, seed=n) for n, weight in enumerate(layer.weights)])
    close(layer(x, training=training), reference(layer, x), 2e-6)


@pairs
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"return_sequences": True, "return_state": True, "go_backwards": True},
        {"use_bias": False, "activation": "relu", "return_sequences": True},
        {"activation": "softsign", "return_state": True},
        {"unroll": True},
    ],
    ids=lambda arguments: "-".join(arguments) or "default",
)
def test_equal_to_keras(ours, peer, arguments, training):
    precisions = ("float64", "mixed_bfloat16") if "go_backwards" in arguments else ()
    check_layer(
        ours, peer, {"units": 4, **arguments}, random(3, 7, 5), call={"training": training}, precisions=precisions
    )


@pairs
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"return_sequences": True, "return_state": True},
        {"return_sequences": True, "go_backwards": True},
        {"return_sequences": True, "zero_output_for_mask": True, "return_state": True},
    ],
    ids=lambda arguments: "-".join(arguments) or "default",
)
@pytest.mark.parametrize("training", [False, True])
def test_masks_equal_keras(ours, peer, arguments, training):
    call = {"training": training, "mask": MASK}
    check_layer(ours, peer, {"units": 4, **arguments}, random(4, 7, 5), call=call, precisions=(), jit=training)


@gated
def test_every_argument_of_the_cells_equals_keras(ours, peer):
    arguments = {
        "recurrent_activation": "relu",
        "activation": "tanh",
        "bias_initializer": "ones",
        "kernel_regularizer": "l2",
        "recurrent_constraint": "max_norm",
    }
    check_layer(ours, peer, {"units": 3, **arguments}, random(2, 4, 3), call={"training": True}, jit=False)


def test_reset_gate_before_the_product_equals_keras():
    arguments = {"units": 4, "reset_after": False, "return_sequences": True}
    check_layer(layers.GRU, keras.layers.GRU, arguments, random(3, 6, 5), call={"training": True})


@pairs
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_any_shape_mask_and_flag(ours, peer, data):
    batch, steps, features, units = (data.draw(st.integers(1, most)) for most in (4, 13, 4, 4))
    flags = ("return_sequences", "return_state", "go_backwards", "zero_output_for_mask", "use_bias")
    arguments = {"units": units} | {flag: data.draw(st.booleans()) for flag in flags}
    call = {"training": data.draw(st.booleans())}
    if data.draw(st.booleans()):
        call["mask"] = np.array(data.draw(st.lists(st.booleans(), min_size=batch * steps, max_size=batch * steps)))
        call["mask"] = call["mask"].reshape(batch, steps)
    x = random(batch, steps, features, seed=steps)
    layer, other = twins(ours, peer, arguments, [x], call)
    close(layer(x, **call), other(x, **call), 1e-5)
    mine = gradients(lambda x: layer(x, **call), x, weights=layer.trainable_weights)
    theirs = gradients(lambda x: other(x, **call), x, weights=other.trainable_weights)
    for one, two in zip(mine, theirs, strict=True):
        close(one, two, 1e-4)


@needs_float64
@pairs
def test_gradients_against_finite_differences(ours, peer):
    layer = ours(2, return_sequences=True, return_state=True, dtype="float64")
    x, h = random(2, 6, 2, dtype="float64"), random(2, 2, seed=1, dtype="float64")
    initial = [h, h[::-1].copy()] if ours is layers.LSTM else [h]
    mask = MASK[1:3, :6]

    def run(x, *initial):
        return layer(x, initial_state=list(initial), mask=mask, training=True)

    run(x, *initial)
    found = gradients(run, x, *initial)
    for position, value in enumerate((x, *initial)):

        def moved(one, position=position):
            values = [x, *initial]
            values[position] = one
            return run(*values)

        close(found[position], finite_differences(moved, value), 1e-7)


@pairs
def test_an_inference_call_has_the_same_gradient(ours, peer):
    layer, x = ours(4), random(3, 11, 5)
    layer(x)
    trained = gradients(lambda x: layer(x, training=True), x, weights=layer.trainable_weights)
    inferred = gradients(lambda x: layer(x, training=False), x, weights=layer.trainable_weights)
    for one, two in zip(trained, inferred, strict=True):
        close(one, two, 1e-6)


def penalty_gradient(layer, x):
    """The gradient of a penalty on the gradient: second derivatives."""
    import tensorflow as tf

    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            loss = scalar(layer(x, training=True))
        penalty = tf.reduce_sum(inner.gradient(loss, x) ** 2)
    return outer.gradient(penalty, [x, *[weight.value for weight in layer.trainable_weights]])


@tensorflow_only
@pairs
def test_second_derivatives_equal_keras(ours, peer):
    import tensorflow as tf

    x = tf.constant(random(2, 6, 3))
    layer, other = twins(ours, peer, {"units": 3}, [x], {})
    for one, two in zip(penalty_gradient(layer, x), penalty_gradient(other, x), strict=True):
        close(one, two, 1e-5)


@pairs
def test_dropout_is_keras_dropout_of_the_same_seed(ours, peer):
    x = random(3, 6, 5)
    for arguments in ({"dropout": 0.4}, {"recurrent_dropout": 0.3}, {"dropout": 0.4, "recurrent_dropout": 0.3}):
        layer, other = twins(ours, peer, {"units": 4, "seed": 7, **arguments}, [x], {})
        close(layer(x, training=True), other(x, training=True), 1e-5, str(arguments))
        close(layer(x), other(x), 1e-5)
        assert np.abs(numpy(layer(x, training=True)) - numpy(layer(x))).max() > 1e-3


@gated
def test_a_dropout_mask_a_gate_is_keras(ours, peer):
    x, arguments = random(3, 6, 5), {"units": 4, "seed": 7, "dropout": 0.4, "implementation": 1}
    layer = ours(**arguments)
    layer.build(x.shape)
    stepped = keras.layers.RNN(type(peer(4).cell)(4, seed=7, dropout=0.4, implementation=1))
    stepped.build(x.shape)
    stepped.set_weights(layer.get_weights())
    close(layer(x, training=True), stepped(x, training=True), 1e-5)


def graph_results(layer, *, rows):
    """The outputs and gradients, by batch size, of a training call that TensorFlow traces for `rows` rows (None: any)."""
    import tensorflow as tf

    steps = 12
    layer.build((rows, steps, 5))

    @tf.function(input_signature=[tf.TensorSpec((rows, steps, 5)), tf.TensorSpec((rows, steps), "bool")])
    def step(x, mask):
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = layer(x, mask=mask, training=True)
            loss = sum(tf.reduce_sum(tf.sin(one)) for one in tf.nest.flatten(outputs))
        assert all(None not in one.shape[1:] for one in tf.nest.flatten(outputs))
        return outputs, tape.gradient(loss, [x, *[weight.value for weight in layer.weights]])

    batches = (1, 2, 5) if rows is None else (rows,)
    return [numpy(step(tf.constant(random(batch, steps, 5)), np.resize(MASK, (batch, steps)))) for batch in batches]


def counted(monkeypatch, name):
    """The list of what `layers.through_time`'s function `name` returns from now on, call by call."""
    from layers import through_time

    function, found = getattr(through_time, name), []

    def counting(*arguments):
        found.append(function(*arguments))
        return found[-1]

    monkeypatch.setattr(through_time, name, counting)
    return found


@tensorflow_only
@pairs
@pytest.mark.parametrize("rows", [None, 5])
@pytest.mark.parametrize("arguments", [{"return_sequences": True, "return_state": True}, {"go_backwards": True}])
def test_chunks_of_time_and_halves_of_the_batch_change_nothing(ours, peer, rows, arguments, monkeypatch):
    from layers import through_time

    layer = ours(4, **arguments)
    loops, chunks = counted(monkeypatch, "_run"), counted(monkeypatch, "_chunks")
    whole = graph_results(layer, rows=rows)
    assert (len(loops), chunks) == (1, [1])
    chunk = 4 * (rows or 32) * layer.cell.kernel.shape[-1] * 4
    for halves, cut in ((False, True), (True, False), (True, True)):
        monkeypatch.setattr(through_time, "WORTH_TWO_LOOPS", 0 if halves else float("inf"))
        monkeypatch.setattr(through_time, "CHUNK_BYTES", chunk if cut else 2**20)
        loops.clear(), chunks.clear()
        close(graph_results(layer, rows=rows), whole, 1e-6)
        assert len(loops) == 1 + halves
        assert all((number > 1) == cut for number in chunks)


@tensorflow_only
@pairs
def test_second_derivatives_through_chunks_of_time(ours, peer, monkeypatch):
    import tensorflow as tf

    from layers import through_time

    layer, x = ours(3, return_sequences=True), tf.constant(random(2, 6, 3))
    layer.build(x.shape)

    def traced():
        return tf.function(lambda x: penalty_gradient(layer, x))(x)

    whole = traced()
    chunks = counted(monkeypatch, "_chunks")
    monkeypatch.setattr(through_time, "CHUNK_BYTES", 2 * 2 * layer.cell.kernel.shape[-1] * 4)
    close(traced(), whole, 1e-5)
    assert set(chunks) == {3}


@tensorflow_only
def test_how_time_is_cut(monkeypatch):
    """As many steps as fit, of equal chunks; one chunk for an unknown length or one without a suitable divisor."""
    import tensorflow as tf

    from layers import through_time

    monkeypatch.setattr(through_time, "CHUNK_BYTES", 10 * 32 * 8 * 4)
    for shape, chunks in {
        (32, 200, 3): 20,
        (32, 9, 3): 1,
        (32, 21, 3): 3,
        (32, 101, 3): 1,
        (64, 100, 3): 20,
        (None, 200, 3): 20,
        (32, None, 3): 1,
    }.items():
        with tf.Graph().as_default():
            assert through_time._chunks(tf.compat.v1.placeholder("float32", shape), 8) == chunks, shape
    assert through_time._chunks(tf.zeros((32, 200, 3)), 8) == 1  # eagerly


@pairs
def test_right_padding_changes_nothing(ours, peer):
    layer, x = ours(4, return_state=True), random(2, 9, 3)
    whole = numpy(layer(x[:, :6]))
    padded = x.copy()
    padded[:, 6:] = 1e3
    mask = np.arange(9) < 6
    close(layer(padded, mask=np.broadcast_to(mask, (2, 9))), whole, 1e-6)


@pairs
def test_states_carry_a_sequence_over_a_cut(ours, peer):
    x = random(2, 10, 3)
    layer = ours(4, return_sequences=True, return_state=True)
    whole, *_ = numpy(layer(x))
    first, *states = layer(x[:, :4])
    second, *_ = layer(x[:, 4:], initial_state=states)
    close(np.concatenate([numpy(first), numpy(second)], axis=1), whole, 1e-6)
    stateful = ours(4, return_sequences=True, stateful=True)
    stateful.build((2, 4, 3))
    stateful.set_weights(layer.get_weights())
    halves = [numpy(stateful(x[:, :5])), numpy(stateful(x[:, 5:]))]
    close(np.concatenate(halves, axis=1), whole, 1e-6)
    stateful.reset_state()
    close(stateful(x[:, :5]), halves[0], 1e-6)


@pairs
def test_in_wrappers(ours, peer):
    x, mask = random(3, 7, 5), MASK[:3]
    both, other = (
        layers.Bidirectional(ours(4, return_sequences=True)),
        keras.layers.Bidirectional(peer(4, return_sequences=True)),
    )
    both(x), other(x)
    assert both(x).shape == (3, 7, 8)
    other.set_weights(both.get_weights())
    close(both(x, mask=mask), other(x, mask=mask), 1e-6)
    cell = type(ours(4).cell)
    stepped = layers.RNN(cell(4), return_sequences=True)
    stepped(x)
    alone = ours(4, return_sequences=True)
    alone(x)
    alone.set_weights(stepped.get_weights())
    close(alone(x, training=True), stepped(x), 1e-6)
    stacked = layers.RNN(layers.StackedRNNCells([cell(4, dropout=0.2, seed=1), cell(3)]))
    assert stacked(x, training=True).shape == (3, 3)
    assert keras.layers.TimeDistributed(ours(4))(random(2, 3, 7, 5)).shape == (2, 3, 4)


@pairs
def test_unknown_batch_and_length(ours, peer):
    layer = ours(4, return_sequences=True)
    symbol = keras.Input((None, 5))
    model = keras.Model(symbol, layer(symbol))
    for steps in (1, 6, 7):
        x = random(2, steps, 5)
        close(model(x), layer(x), 1e-6)
        close(model(x, training=True), layer(x), 1e-6)
        close(model.predict(x, verbose=0), layer(x), 1e-6)


@tensorflow_only
@pairs
@pytest.mark.parametrize("jit", [False, True])
def test_training_an_unknown_length_equals_keras(ours, peer, jit):
    import tensorflow as tf

    x = random(3, 8, 5)
    layer, other = twins(ours, peer, {"units": 4}, [x], {})

    def step(one):
        @tf.function(jit_compile=jit, input_signature=[tf.TensorSpec((None, None, 5))])
        def gradient(x):
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(one(x, training=True) ** 2)
            return tape.gradient(loss, [weight.value for weight in one.trainable_weights])

        return gradient(x)

    for one, two in zip(step(layer), step(other) if not jit else step_eagerly(other, x), strict=True):
        close(one, two, 1e-5)


def step_eagerly(layer, x):
    """Keras's own loop has no XLA gradient for an unknown length; eager mode gives the same numbers."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(x) ** 2)
    return tape.gradient(loss, [weight.value for weight in layer.trainable_weights])


@pairs
def test_fits_saves_and_loads(ours, peer, tmp_path):
    model = keras.Sequential([keras.Input((7, 5)), keras.layers.Masking(), ours(4), keras.layers.Dense(1)])
    model.compile("adam", "mse", jit_compile=False)
    history = model.fit(random(32, 7, 5), random(32, 1), epochs=8, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0]
    layer = ours(4, return_sequences=True, dropout=0.1, go_backwards=True, name="mine")
    loaded = saved_and_loaded(layer, tmp_path, random(3, 7, 5))
    assert loaded.get_layer("mine").get_config() == layer.get_config()


@pairs
def test_mixed_precision_keeps_weights_in_float32_and_is_as_precise_as_keras(ours, peer):
    x = random(3, 7, 5)
    with dtype_policy("mixed_bfloat16"):
        layer, keras_layer = ours(4, return_state=True), peer(4, return_state=True)
        outputs = layer(x, training=True)
        assert {keras.backend.standardize_dtype(one.dtype) for one in outputs} == {"bfloat16"}
        assert {weight.dtype for weight in layer.weights} == {"float32"}
    precise = ours(4, return_state=True)
    for other in (keras_layer, precise):
        other.build((3, 7, 5))
        other.set_weights(layer.get_weights())

    def found(of):
        return gradients(lambda x: of(x, training=True), x, weights=of.trainable_weights)

    # How much roundings add up to depends on the weights, so Keras's own layer says how far from float32 is far.
    rounding = 2.0**-8
    for mine, theirs, exact in zip(found(layer), found(keras_layer), found(precise), strict=True):
        close(mine, exact, 0.05)
        error, keras_error = (np.linalg.norm(one - exact) / np.linalg.norm(exact) for one in (mine, theirs))
        assert error <= 1.5 * keras_error + 4 * rounding


@tensorflow_only
def test_the_loop_by_hand_is_the_one_that_runs(monkeypatch):
    """A layer that silently fell back to Keras's loop would still be right, only slow."""
    loops = counted(monkeypatch, "_over_steps")
    for ours, _ in PAIRS:
        loops.clear()
        layer = ours(3)
        gradients(lambda x, layer=layer: layer(x, training=True), random(2, 4, 3))
        assert len(loops) == 2  # forward and backward
    loops.clear()
    layers.LSTM(3, activation="softsign")(random(2, 4, 3))
    assert not loops


@tensorflow_only
@pairs
def test_gradients_survive_a_graph_with_xla(ours, peer):
    import tensorflow as tf

    x = random(3, 12, 5)
    layer = ours(4)
    layer(x)
    eager = gradients(lambda x: layer(x, training=True), x)[0]

    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = scalar(layer(x, training=True))
        return tape.gradient(loss, x)

    for jit in (False, True):
        close(compiled(gradient, jit)(tf.constant(x)), eager, 1e-5)


@pytest.mark.parametrize("ours", [layers.SimpleRNN, layers.LSTM, layers.GRU, layers.LSTMCell, layers.GRUCell])
def test_bad_input_is_named(ours):
    for units in (0, -3, 2.5, "many", True):
        with pytest.raises(ValueError, match=r"`units`, expected a positive integer"):
            ours(units)
    with pytest.raises(ValueError, match=r"`activation` must be .* Received: activation='tanhh'"):
        ours(3, activation="tanhh")
    if issubclass(ours, keras.layers.RNN):
        with pytest.raises(ValueError, match="expected ndim=3, found ndim=2"):
            ours(3)(random(2, 4))
        with pytest.raises(ValueError, match=r"`mask` must have shape \(batch, timesteps\).*mask.shape=\(2, 5\)"):
            ours(3)(random(2, 4, 3), mask=np.ones((2, 5), "bool"))
    if ours in (layers.LSTM, layers.GRU):
        with pytest.raises(ValueError, match="use_cudnn='yes'"):
            ours(3, use_cudnn="yes")


def test_attributes_read_through_to_the_cell():
    layer = layers.GRU(3, dropout=0.1, recurrent_activation="relu", seed=4)
    assert (layer.units, layer.dropout, layer.cell.seed) == (3, 0.1, 4)
    assert layer.recurrent_activation is keras.activations.relu
    assert layers.SimpleRNN.from_config(layers.SimpleRNN(2, seed=5).get_config()).cell.seed == 5
    assert ops.shape(layers.LSTM(3)(random(2, 4, 3))) == (2, 3)
