"""Our optimizers give Keras's weights and state after every step, and those of the papers' recursions in NumPy."""

import contextlib
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from recipes import optimizers
from recipes.optimizers import SGD, AdaGrad, Adagrad, Adam, RMSprop

BACKEND = keras.backend.backend()
tensorflow_only = pytest.mark.skipif(BACKEND != "tensorflow", reason="about TensorFlow's graph, XLA or the trainer")

RULES = {
    "sgd": ("SGD", {"learning_rate": 0.1}),
    "momentum": ("SGD", {"learning_rate": 0.1, "momentum": 0.9}),
    "nesterov": ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    "adagrad": ("Adagrad", {"learning_rate": 0.3, "initial_accumulator_value": 0.0, "epsilon": 1e-4}),
    "rmsprop": ("RMSprop", {"learning_rate": 0.05, "rho": 0.8}),
    "rmsprop-momentum": ("RMSprop", {"learning_rate": 0.05, "momentum": 0.7}),
    "rmsprop-centered": ("RMSprop", {"learning_rate": 0.05, "momentum": 0.7, "centered": True, "epsilon": 1e-3}),
    "adam": ("Adam", {"learning_rate": 0.05, "beta_1": 0.8, "beta_2": 0.95}),
    "amsgrad": ("Adam", {"learning_rate": 0.05, "beta_2": 0.9, "amsgrad": True}),
    "defaults-sgd": ("SGD", {}),
    "defaults-adagrad": ("Adagrad", {}),
    "defaults-rmsprop": ("RMSprop", {}),
    "defaults-adam": ("Adam", {}),
}
OPTIONS = {
    "schedule": lambda: {"learning_rate": keras.optimizers.schedules.ExponentialDecay(0.1, 3, 0.7)},
    "callable": lambda: {"learning_rate": lambda: 0.07},
    "weight_decay": lambda: {"weight_decay": 0.02},
    "clipnorm": lambda: {"clipnorm": 0.5},
    "global_clipnorm": lambda: {"global_clipnorm": 0.5},
    "clipvalue": lambda: {"clipvalue": 0.3},
    "ema": lambda: {"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 4},
    "loss_scale": lambda: {"loss_scale_factor": 8.0},
    "accumulation": lambda: {"gradient_accumulation_steps": 3, "weight_decay": 0.02},
}
SHAPES = ((3, 2), (4,), ())
STEPS = 15
TOLERANCE = {"float64": 1e-12, "float32": 3e-6, "float16": 3e-3, "bfloat16": 3e-2}
"""Relative to the largest entry."""


def array(value):
    return np.asarray(ops.convert_to_numpy(ops.cast(value, "float64" if BACKEND == "tensorflow" else "float32")))


def start(dtype):
    rng = np.random.default_rng(7)
    dtypes = [dtype] * len(SHAPES) if isinstance(dtype, str) else dtype
    return [
        keras.Variable(rng.normal(size=shape), dtype=one, name=f"w{place}")
        for place, (shape, one) in enumerate(zip(SHAPES, dtypes, strict=True))
    ]


def drawn_gradients(step, variables):
    rng = np.random.default_rng([11, step])
    return [ops.convert_to_tensor(rng.normal(size=tuple(w.shape)), dtype=w.dtype) for w in variables]


def steps(optimizer, dtype="float32", count=STEPS):
    """Weights and state after every step."""
    variables = start(dtype)
    optimizer.build(variables)
    for step in range(count):
        optimizer.apply(drawn_gradients(step, variables), variables)
        yield [array(one) for one in (*variables, *optimizer.variables)]


def assert_follows(ours, peer, dtype="float32", count=STEPS):
    widest = max(TOLERANCE[one] for one in ([dtype] if isinstance(dtype, str) else dtype))
    for number, pair in enumerate(zip(steps(ours, dtype, count), steps(peer, dtype, count), strict=True), 1):
        for one, two in zip(*pair, strict=True):
            scale = max(1.0, np.abs(two).max(initial=0.0))
            np.testing.assert_allclose(one, two, rtol=0, atol=widest * scale, err_msg=f"step {number}")
    assert [(w.shape, w.dtype) for w in ours.variables] == [(w.shape, w.dtype) for w in peer.variables]
    names = [[w.path.split("/", 1)[1] for w in one.variables] for one in (ours, peer)]
    assert names[0] == names[1]


def pair(rule, **options):
    name, arguments = RULES[rule]
    return tuple(getattr(library, name)(**arguments | options) for library in (optimizers, keras.optimizers))


@pytest.mark.parametrize("rule", RULES)
def test_every_step_equals_keras(rule):
    assert_follows(*pair(rule))


@pytest.mark.skipif(BACKEND == "jax", reason="JAX has no float64 unless told so")
@pytest.mark.parametrize("rule", [rule for rule in RULES if "defaults" not in rule])
def test_every_step_equals_keras_in_float64(rule):
    if BACKEND == "torch":
        pytest.skip("Keras's foreach updates there round the learning rate otherwise")
    assert_follows(*pair(rule), "float64")


@pytest.mark.parametrize("dtype", ["float16", ("float32", "bfloat16", "float16")], ids=str)
@pytest.mark.parametrize("rule", ["nesterov", "adagrad", "rmsprop-centered", "adam"])
def test_lower_and_mixed_precision(rule, dtype):
    if BACKEND == "torch" and not isinstance(dtype, str):
        pytest.skip("Keras's foreach updates there want one dtype")
    assert_follows(*pair(rule), dtype, count=8)


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("rule", ["sgd", "nesterov", "adagrad", "rmsprop-momentum", "amsgrad"])
def test_options_of_the_base_class(rule, option):
    assert_follows(*(pair(rule, **OPTIONS[option]())), count=9)


def test_a_variable_left_out_of_weight_decay():
    ours, peer = pair("adam", weight_decay=0.5)
    for one in (ours, peer):
        one.exclude_from_weight_decay(var_names=["w1"])
    assert_follows(ours, peer, count=3)


def recursion(rule, gradients, weights):
    """The update rules as the papers print them, step by step in float64; the point Keras keeps for Nesterov's."""
    eta, beta, rho, b1, b2, eps = 0.1, 0.9, 0.8, 0.9, 0.99, 1e-3
    w = weights.astype("float64")
    velocity, total, m, v, look = (np.zeros_like(w) for _ in range(5))
    look = look + w
    for t, g in enumerate(gradients, 1):
        if rule == "momentum":
            velocity = beta * velocity + eta * g
            w = w - velocity
        elif rule == "nesterov":
            velocity = beta * velocity + eta * g
            w = w - beta * velocity - eta * g
        elif rule == "adagrad":
            total = total + g**2
            w = w - eta / np.sqrt(total + eps) * g
        elif rule == "rmsprop":
            v = rho * v + (1 - rho) * g**2
            w = w - eta / np.sqrt(v + eps) * g
        else:
            m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
            correction = np.sqrt(1 - b2**t)
            # Keras's epsilon is the paper's times the correction of the root.
            w = w - eta * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + eps / correction)
    return w


BY_HAND = {
    "momentum": lambda: SGD(0.1, momentum=0.9),
    "nesterov": lambda: SGD(0.1, momentum=0.9, nesterov=True),
    "adagrad": lambda: AdaGrad(0.1, initial_accumulator_value=0.0, epsilon=1e-3),
    "rmsprop": lambda: RMSprop(0.1, rho=0.8, epsilon=1e-3),
    "adam": lambda: Adam(0.1, beta_2=0.99, epsilon=1e-3),
}


def distance_to_recursion(rule, optimizer, gradients):
    weights = np.array([0.5, -1.0, 2.0], "float32")
    variable = keras.Variable(weights, dtype="float32")
    for gradient in gradients:
        optimizer.apply([ops.convert_to_tensor(gradient.astype("float32"))], [variable])
    return float(np.abs(array(variable) - recursion(rule, gradients.astype("float32"), weights)).max())


@pytest.mark.parametrize("rule", BY_HAND)
@settings(max_examples=10, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**31), scale=st.sampled_from([1e-3, 1.0, 30.0]), count=st.integers(1, 12))
def test_the_recursion_by_hand(rule, seed, scale, count):
    gradients = scale * np.random.default_rng(seed).normal(size=(count, 3))
    assert distance_to_recursion(rule, BY_HAND[rule](), gradients) < 2e-5 * max(1.0, scale)


class WithoutCorrection(Adam):
    def _corrected_rate(self, learning_rate, dtype):
        return learning_rate


class EpsilonInsideRoot(Adam):
    def update_step(self, gradient, variable, learning_rate):
        epsilon, self.epsilon = self.epsilon, 0.0
        velocity = self._velocities[self._get_variable_index(variable)]
        self.assign_add(velocity, ops.full(velocity.shape, epsilon, velocity.dtype))
        super().update_step(gradient, variable, learning_rate)
        self.epsilon = epsilon


class Forgetful(SGD):
    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient, variable, learning_rate)
        momentum = self.momentums[self._get_variable_index(variable)]
        self.assign(momentum, ops.zeros(momentum.shape))


class NeverFades(RMSprop):
    def _averaged(self, average, value):
        self.assign_add(average, value)
        return average


FAULTS = {
    "no bias correction": ("adam", lambda: WithoutCorrection(0.1, beta_2=0.99, epsilon=1e-3)),
    "epsilon inside the root": ("adam", lambda: EpsilonInsideRoot(0.1, beta_2=0.99, epsilon=1e-3)),
    "momentum forgotten": ("momentum", lambda: Forgetful(0.1, momentum=0.9)),
    "no look-ahead": ("nesterov", lambda: SGD(0.1, momentum=0.9)),
    "rmsprop that sums": ("rmsprop", lambda: NeverFades(0.1, rho=0.8, epsilon=1e-3)),
    "adagrad that starts at 0.1": ("adagrad", lambda: AdaGrad(0.1, epsilon=1e-3)),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_seen(fault):
    rule, faulty = FAULTS[fault]
    gradients = np.random.default_rng(0).normal(size=(6, 3))
    assert distance_to_recursion(rule, faulty(), gradients) > 1e-3
    assert distance_to_recursion(rule, BY_HAND[rule](), gradients) < 2e-5


@pytest.mark.parametrize(
    "ours, peer", [(Adam, keras.optimizers.Adam), (RMSprop, keras.optimizers.RMSprop)], ids=["adam", "rms"]
)
def test_bfloat16_weights_move_where_keras_stands_still_or_stalls(ours, peer):
    """In bfloat16 0.999 is 1: Keras's Adam corrects by 1 - 1 = 0 and its RMSprop never forgets."""
    if BACKEND == "torch":
        pytest.skip("Keras's foreach updates there compute the averages otherwise")
    decay = {"rho": 0.999} if ours is RMSprop else {}

    def weight(kind, dtype):
        variable = keras.Variable(np.array([1.0, 1.0]), dtype=dtype)
        optimizer = kind(0.01, **decay)
        for step in range(40):
            gradient = [4.0, -3.0] if step < 5 else [0.25, -0.5]
            optimizer.apply([ops.convert_to_tensor(gradient, dtype=dtype)], [variable])
        return array(variable), array(optimizer._velocities[0])

    exact, exact_v = weight(peer, "float32")
    (moved, v), (stuck, stuck_v) = weight(ours, "bfloat16"), weight(peer, "bfloat16")
    if ours is Adam:
        assert np.all(stuck == 1.0)
        assert np.all(np.abs(exact - 1) > 0.15)
        np.testing.assert_allclose(moved, exact, atol=0.1)  # a step of 0.01 is about one rounding
    np.testing.assert_allclose(v, exact_v, rtol=0.1)
    assert np.all(np.abs(stuck_v - exact_v) >= np.abs(v - exact_v))


@pytest.mark.parametrize("rule", RULES)
def test_configuration_and_state_go_both_ways(rule):
    ours, peer = pair(rule, weight_decay=0.01, clipnorm=1.0)
    without_name = [{key: value for key, value in one.get_config().items() if key != "name"} for one in (ours, peer)]
    assert without_name[0] == without_name[1]
    copy = keras.optimizers.deserialize(keras.optimizers.serialize(ours))
    assert type(copy) is type(ours) and copy.get_config() == ours.get_config()
    assert type(peer).from_config(ours.get_config()).get_config() == ours.get_config()
    list(steps(peer, count=4))
    ours.build(start("float32"))
    ours.set_weights([array(one) for one in peer.variables])
    for one, two in zip(ours.variables, peer.variables, strict=True):
        np.testing.assert_array_equal(array(one), array(two))


def data(examples=32):
    rng = np.random.default_rng(5)
    x = rng.normal(size=(examples, 4)).astype("float32")
    return x, (x[:, :1] > 0).astype("float32")


def network(optimizer, **options):
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5, "tanh"), keras.layers.Dense(1, "sigmoid")])
    model.compile(optimizer, "binary_crossentropy", **options)
    return model


@pytest.mark.parametrize("name", ["SGD", "AdaGrad", "RMSprop", "Adam"])
def test_a_saved_model_trains_on_with_its_state(name, tmp_path):
    x, y = data()
    model = network(getattr(optimizers, name)(0.05), run_eagerly=True)
    model.train_on_batch(x, y)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded.optimizer) is getattr(optimizers, name)
    for one in (model, loaded):
        one.train_on_batch(x, y)
    for one, two in zip(model.weights, loaded.weights, strict=True):
        np.testing.assert_allclose(array(one), array(two), atol=1e-6)


@tensorflow_only
@pytest.mark.parametrize("rule", ["sgd", "nesterov", "adagrad", "rmsprop-centered", "amsgrad"])
def test_under_xla(rule):
    """Three steps in one compiled call equal three steps of Keras's optimizer outside of any graph."""
    import tensorflow as tf

    ours, peer = pair(rule, weight_decay=0.01)
    variables = start("float32")
    ours.build(variables)
    gradients = [drawn_gradients(step, variables) for step in range(3)]

    @tf.function(jit_compile=True)
    def three_steps(gradients):
        for one in gradients:
            ours.apply(one, variables)

    three_steps(gradients)
    *_, expected = steps(peer, count=3)
    for one, two in zip((*variables, *ours.variables), expected, strict=True):
        np.testing.assert_allclose(array(one), two, rtol=0, atol=1e-5)


@tensorflow_only
def test_in_the_compiled_trainer():
    """Our optimizer on two seeds side by side, Keras's on one after the other."""
    from recipes.training import Trainer

    x, y = data()

    def build(place):
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5, "tanh"), keras.layers.Dense(1, "sigmoid")])
        model.compile(pair("amsgrad")[place], "binary_crossentropy")
        return model

    runs = [
        Trainer(lambda place=place: build(place), stack=place == 0, lanes=1).fit(
            x, y, epochs=3, batch_size=8, seeds=[0, 1]
        )
        for place in (0, 1)
    ]
    assert [run.engine for run in runs] == ["stacked", "sequential"]
    np.testing.assert_allclose(*[run.curves["loss"] for run in runs], rtol=1e-4)


@tensorflow_only
def test_embeddings_under_mixed_precision():
    """A sparse gradient, a loss scale and float32 weights behind float16 arithmetic."""
    tokens, y = np.random.default_rng(0).integers(0, 9, (24, 3)), np.ones((24, 1), "float32")
    found = []
    for library in (optimizers, keras.optimizers):
        with precision("mixed_float16"):
            keras.utils.set_random_seed(1)
            layers = [keras.layers.Embedding(9, 4), keras.layers.Flatten(), keras.layers.Dense(1)]
            model = keras.Sequential([keras.Input((3,), dtype="int32"), *layers])
            model.compile(library.Adagrad(0.1), "mse", jit_compile=False)
            model.fit(tokens, y, epochs=2, batch_size=8, shuffle=False, verbose=0)
        assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
        found.append([array(weight) for weight in model.weights])
    for one, two in zip(*found, strict=True):
        np.testing.assert_allclose(one, two, atol=1e-5)


@contextlib.contextmanager
def precision(policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: SGD(momentum=1.5), "`momentum` must be .* Received: momentum=1.5"),
        (lambda: RMSprop(rho=1.0), "`rho` must be .* Received: rho=1.0"),
        (lambda: Adam(beta_1=-0.1), "`beta_1` must be .* Received: beta_1=-0.1"),
        (lambda: Adam(beta_2=1.0), "`beta_2` must be .* Received: beta_2=1.0"),
        (lambda: Adam(epsilon=-1e-8), "`epsilon` must be .* Received: epsilon=-1e-08"),
        (lambda: AdaGrad(initial_accumulator_value=-0.1), "`initial_accumulator_value` must be .*=-0.1"),
        (lambda: Adam(clipnorm=1.0, clipvalue=1.0), "Only one of"),
    ],
)
def test_arguments_out_of_range(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_both_spellings_are_one_class():
    assert Adagrad is AdaGrad
    assert set(optimizers.__all__) == set(vars(SimpleNamespace(SGD=0, AdaGrad=0, Adagrad=0, RMSprop=0, Adam=0)))
