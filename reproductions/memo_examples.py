"""Memoization and backpropagation: what is computed again without a memory, counted, and the printed code run.

Source: document 003, Video 18. Calls of the printed Fibonacci functions are counted; a chain of layers and a network
are differentiated with and without keeping intermediate results, with every factor counted and the gradients held
against automatic differentiation.

Run: reproduce run memo_examples
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np

from reproductions.claims import Claim, Equals, Sampled
from reproductions.figures import COLOURS, Picture
from reproductions.printed import run_cells
from reproductions.timings import seconds
from reproductions.worked import array as numbers
from reproductions.worked import both, both_facts, build, difference, draw, sigmoid

TITLE = "Worked examples: memoization in backpropagation"
SUMMARY = (
    "Calls of Fibonacci with and without a cache, factors of the chain rule with and without reuse, the printed "
    "forward and backward pass, and what a cached backward pass costs in time and memory. Nothing is trained."
)
DATASETS = ()
IN_DEFAULT_SET = True
TIMES = True
EXPECTED_SECONDS = 3.0

FIBONACCI = (
    "def fib(n):\n"
    "    if n <= 1:\n"
    "        return n\n"
    "    return fib(n-1) + fib(n-2)\n"
    "\n"
    "cache = {}\n"
    "\n"
    "def fib_memo(n):\n"
    "    if n in cache:\n"
    "        return cache[n]\n"
    "    if n <= 1:\n"
    "        return n\n"
    "    result = fib_memo(n-1) + fib_memo(n-2)\n"
    "    cache[n] = result\n"
    "    return result\n"
)

FORWARD = (
    "def forward_propagation(X, weights, biases):\n"
    "    cache = {}\n"
    "    a = X\n"
    "    for i, (W, b) in enumerate(zip(weights, biases)):\n"
    "        z = np.dot(W.T, a) + b\n"
    "        cache[f'z{i}'] = z\n"
    "        a = sigmoid(z)\n"
    "        cache[f'a{i}'] = a\n"
    "    return a, cache\n"
)

BACKWARD = (
    "def backward_propagation(y, y_pred, cache, weights):\n"
    "    gradients = {}\n"
    "    m = y.shape[0]\n"
    "    dL_da = -(y - y_pred)\n"
    "    for i in reversed(range(len(weights))):\n"
    "        a_prev = cache[f'a{i-1}'] if i > 0 else X\n"
    "        z = cache[f'z{i}']\n"
    "        da_dz = sigmoid_derivative(z)\n"
    "        dL_dz = dL_da * da_dz\n"
    "        gradients[f'W{i}'] = np.dot(a_prev, dL_dz.T) / m\n"
    "        gradients[f'b{i}'] = np.sum(dL_dz, axis=1, keepdims=True) / m\n"
    "        dL_da = np.dot(weights[i], dL_dz)\n"
    "    return gradients\n"
)

LAYER_SIZES, EXAMPLES = (4, 3, 2, 1), 7
WIDTH, BATCH, DEPTHS, TIMED_DEPTH = 32, 16, (2, 4, 8, 16, 32), 16


def sigmoid_derivative(z: Any) -> Any:
    """sigmoid(z) * (1 - sigmoid(z))."""
    return sigmoid(z) * (1 - sigmoid(z))


def fibonacci_calls(name: str, n: int) -> tuple[Counter[int], Counter[int]]:
    """Calls of a printed Fibonacci function by argument: all of them, and those that the cache does not answer."""
    namespace: dict[str, Any] = {}
    run_cells({"fibonacci": FIBONACCI}, namespace)
    calls: Counter[int] = Counter()
    evaluated: Counter[int] = Counter()
    plain = namespace[name]

    def counted(k: int) -> int:
        calls[k] += 1
        evaluated[k] += name == "fib" or k not in namespace["cache"]
        return plain(k)

    namespace[name] = counted  # the recursion looks its own name up, so it passes here at every level
    counted(n)
    return calls, evaluated


def closed_form(n: int) -> int:
    """Calls of the plain function, 2 F(n + 1) - 1: Binet's formula, rounded, for F."""
    return 2 * round(((1 + math.sqrt(5)) / 2) ** (n + 1) / math.sqrt(5)) - 1


def fibonacci() -> dict[str, Any]:
    """Calls of both printed functions for n up to 20."""
    plain = [fibonacci_calls("fib", n)[0].total() for n in range(21)]
    memo = [fibonacci_calls("fib_memo", n)[0].total() for n in range(21)]
    evaluated = fibonacci_calls("fib_memo", 20)[1]
    in_five = fibonacci_calls("fib", 5)[0]
    return {
        "calls_of_fib2_and_all_calls_in_fib5": [in_five[2], in_five.total()],
        "plain_calls": plain,
        "memo_calls": memo,
        "plain_calls_follow_closed_form": plain == [closed_form(n) for n in range(21)],
        "plain_calls_stay_below_2_to_the_n": all(calls <= 2**n for n, calls in enumerate(plain)),
        "growth_a_step": round(plain[20] / plain[19], 3),
        "memo_calls_are_2n_minus_1": memo[1:] == [2 * n - 1 for n in range(1, 21)],
        "most_evaluations_of_one_k": max(evaluated.values()),
        "evaluations_of_fib0_fib1_and_most_of_the_others": [
            evaluated[0],
            evaluated[1],
            max(evaluated[k] for k in range(2, 21)),
        ],
    }


class Factors:
    """The factors of the chain rule along a chain of units, counted as they are computed.

    The chain is a_0 = x, a_i = tanh(w_i a_{i-1}), loss = (a_n - y)^2; its gradient is
    dL/dw_i = dL/da_n * da_n/da_{n-1} * ... * da_{i+1}/da_i * da_i/dw_i.

    Args:
        weights: w_1 to w_n.
        reuse: keep every factor and every product that begins at the loss.
    """

    def __init__(self, weights: np.ndarray, reuse: bool, x: float = 0.7, y: float = -0.3):
        self.weights, self.reuse, self.y = weights, reuse, y
        self.activations = [x]
        for weight in weights:
            self.activations.append(float(np.tanh(weight * self.activations[-1])))
        self.computed: Counter[str] = Counter()
        self.multiplications = 0
        self.kept: dict[str, float] = {}

    def factor(self, name: str, compute: Callable[[], float]) -> float:
        """A factor's value, from the memory if there is one."""
        if self.reuse and name in self.kept:
            return self.kept[name]
        self.computed[name] += 1
        self.kept[name] = compute()
        return self.kept[name]

    def gradient(self, i: int) -> float:
        """dL/dw_i for i from 1 to n."""
        before, slope = self.activations[i - 1], 1 - self.activations[i] ** 2
        self.multiplications += 1
        return self._from_loss(i) * self.factor(f"da{i}/dw{i}", lambda: before * slope)

    def _from_loss(self, i: int) -> float:
        """dL/da_i, the product of the factors from the loss down to layer i."""
        n = len(self.weights)
        if i == n:
            return self.factor(f"dL/da{n}", lambda: 2 * (self.activations[n] - self.y))
        if self.reuse and f"dL/da{i}" in self.kept:
            return self.kept[f"dL/da{i}"]
        above = self._from_loss(i + 1)
        slope = 1 - self.activations[i + 1] ** 2
        self.multiplications += 1
        self.kept[f"dL/da{i}"] = above * self.factor(f"da{i + 1}/da{i}", lambda: self.weights[i] * slope)
        return self.kept[f"dL/da{i}"]


def chain_gradients(n: int, reuse: bool) -> tuple[list[float], Factors, list[int]]:
    """Gradients of all weights of a chain, last layer first; the counts; factors computed for each layer's gradient."""
    factors = Factors(draw(n, seed=3), reuse)
    gradients, by_layer = [], []
    for i in range(n, 0, -1):
        before = factors.computed.total()
        gradients.append(factors.gradient(i))
        by_layer.append(factors.computed.total() - before)
    return gradients[::-1], factors, by_layer


def keras_chain_gradients(library: ModuleType, n: int) -> list[float]:
    """The same gradients by automatic differentiation of a stack of Dense(1, tanh) layers."""
    import tensorflow as tf

    model = build(
        *[library.Dense(1, activation="tanh", use_bias=False, dtype="float64", name=f"unit_{i}") for i in range(n)]
    )
    model.build((None, 1))
    model.set_weights([weight.reshape(1, 1) for weight in draw(n, seed=3)])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum((model(np.array([[0.7]])) + 0.3) ** 2)
    return [numbers(g).item() for g in tape.gradient(loss, [weight.value for weight in model.trainable_weights])]


def shared_factors() -> dict[str, Any]:
    """The document's two gradients, of a network with two hidden units and an output in a row."""
    needed, computed, values = {}, {}, {}
    for reuse in (False, True):
        factors = Factors(draw(3, seed=3), reuse)
        found = []
        for layer in (2, 1):  # hidden layer 2 first, as the document has it
            alone = Factors(draw(3, seed=3), True)
            alone.gradient(layer)
            needed[layer] = set(alone.computed)
            found.append(factors.gradient(layer))
        computed[reuse], values[reuse] = factors.computed.total(), found
    reference = both(lambda library: keras_chain_gradients(library, 3))
    return {
        "factors_of_hidden1_hidden2_and_shared": [len(needed[1]), len(needed[2]), len(needed[1] & needed[2])],
        "names_of_shared_factors": sorted(needed[1] & needed[2]),
        "factors_computed_without_and_with_memory": [computed[False], computed[True]],
        "two_gradients_minus_automatic": max(
            difference(values[reuse], [reference[1], reference[0]]) for reuse in (False, True)
        ),
    }


def growth(counts: Mapping[int, float]) -> int:
    """The power of n with which a count grows, from its last doubling."""
    n = sorted(counts)
    return round(math.log2(counts[n[-1]] / counts[n[-2]]))


def complexity() -> dict[str, Any]:
    """Factors of a chain of n layers, and multiplications in layers of many units, with and without reuse."""
    total: dict[bool, dict[int, int]] = {False: {}, True: {}}
    last: dict[bool, dict[int, int]] = {False: {}, True: {}}
    multiplications: dict[bool, list[int]] = {False: [], True: []}
    sizes = (2, 4, 8, 16, 32, 64)
    for reuse in (False, True):
        for n in sizes:
            _, factors, by_layer = chain_gradients(n, reuse)
            total[reuse][n], last[reuse][n] = factors.computed.total(), max(by_layer)
            multiplications[reuse].append(factors.multiplications)
    gap = max(
        difference(chain_gradients(n, reuse)[0], both(partial(keras_chain_gradients, n=n)))
        for n in (2, 8)
        for reuse in (False, True)
    )
    paths, reused = ([count(4, depth) for depth in range(2, 10)] for count in (path_products, reused_products))
    return {
        "chain_gradients_minus_automatic": gap,
        "chain_sizes": list(sizes),
        "chain_factors_without_memory": [total[False][n] for n in sizes],
        "chain_factors_with_memory": [total[True][n] for n in sizes],
        "chain_multiplications": [multiplications[False], multiplications[True]],
        "power_of_n_of_the_whole_chain": [growth(total[False]), growth(total[True])],
        "power_of_n_of_the_costliest_layer": [growth(last[False]), growth(last[True])],
        "totals_follow_formulas": [total[False][n] for n in sizes] == [n * (n + 3) // 2 for n in sizes]
        and [total[True][n] for n in sizes] == [2 * n for n in sizes],
        "hidden_layers": list(range(2, 10)),
        "path_products_by_depth": [count for count, _ in paths],
        "reused_products_by_depth": [count for count, _ in reused],
        "path_and_reused_derivatives_agree": [value for _, value in paths] == [value for _, value in reused],
    }


def path_products(units: int, depth: int) -> tuple[int, float]:
    """Multiplications for dL/da of the first hidden layer when every path to the loss is followed on its own.

    The network has `depth` hidden layers of linear units with weights 0.5, and the sum of the last layer as loss.

    Returns:
        The count for all units of the layer, and the derivative found for one of them.
    """
    count = 0

    def walk(layer: int) -> float:
        nonlocal count
        if layer == depth:
            return 1.0
        count += units
        return sum(0.5 * walk(layer + 1) for _ in range(units))

    derivatives = [walk(1) for _ in range(units)]
    return count, derivatives[0]


def reused_products(units: int, depth: int) -> tuple[int, float]:
    """The same with dL/da of each layer kept: one product of a matrix and a vector a layer."""
    count, above = 0, np.ones(units)
    for _ in range(depth - 1):
        weights = np.full((units, units), 0.5)
        above = weights @ above
        count += weights.size
    return count, float(above[0])


def network(sizes: tuple[int, ...]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Random kernels (units before, units) and biases (units, 1), as the printed code wants them."""
    kernels = [draw(rows, columns, seed=5) for rows, columns in itertools.pairwise(sizes)]
    return kernels, [draw(units, 1, seed=6) for units in sizes[1:]]


def keras_network(library: ModuleType, kernels: list[np.ndarray], biases: list[np.ndarray]) -> Any:
    """The same network in Keras: sigmoid Dense layers."""
    model = build(*[library.Dense(kernel.shape[1], activation="sigmoid", dtype="float64") for kernel in kernels])
    model.build((None, kernels[0].shape[0]))
    model.set_weights([w for kernel, bias in zip(kernels, biases, strict=True) for w in (kernel, bias[:, 0])])
    return model


def keras_gradients(library: ModuleType, x: np.ndarray, y: np.ndarray, *weights: list[np.ndarray]) -> list[np.ndarray]:
    """Gradients of Keras's mean squared error by automatic differentiation; x (inputs, m), y (1, m)."""
    import keras
    import tensorflow as tf

    model = keras_network(library, *weights)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(keras.losses.mean_squared_error(y.T, model(x.T)))
    return [numbers(g) for g in tape.gradient(loss, [weight.value for weight in model.trainable_weights])]


def printed_code() -> dict[str, Any]:
    """The document's forward and backward pass on a 4-3-2-1 network with seven examples as columns."""
    kernels, biases = network(LAYER_SIZES)
    x, y = draw(LAYER_SIZES[0], EXAMPLES, seed=7), draw(1, EXAMPLES, seed=8)
    namespace: dict[str, Any] = {"np": np, "sigmoid": sigmoid, "sigmoid_derivative": sigmoid_derivative}
    namespace |= {"x_given": x, "weights": kernels, "biases": biases, "y": y}
    run_cells({"forward": FORWARD, "backward": BACKWARD}, namespace)
    call = "gradients = backward_propagation(y, y_pred, cache, weights)"
    as_printed = run_cells(
        {"forward": "y_pred, cache = forward_propagation(x_given, weights, biases)", "backward": call}, namespace
    )
    run_cells({"supply": f"X = x_given\n{call}"}, namespace)
    found, cache = namespace["gradients"], namespace["cache"]
    run_cells({"flat": "gradients_flat = backward_propagation(y[0], y_pred, cache, weights)"}, namespace)
    flat = namespace["gradients_flat"]
    reference = both_facts(
        lambda library: {
            str(place): value for place, value in enumerate(keras_gradients(library, x, y, kernels, biases))
        }
    )

    def ratio(gradients: dict[str, np.ndarray]) -> float:
        """The one number by which all gradients exceed those of the mean squared error, NaN if there is none."""
        printed = [gradients[f"{kind}{layer}"].ravel() for layer in range(len(kernels)) for kind in "Wb"]
        ratios = np.concatenate(printed) / np.concatenate([np.ravel(reference[str(k)]) for k in range(len(printed))])
        return round(float(ratios.mean()), 9) if np.ptp(ratios) < 1e-6 else math.nan

    return {
        "cache_keys": sorted(cache),
        "cache_minus_keras": max(
            difference(cache[name], value)
            for name, value in both_facts(lambda library: keras_cache(library, x, kernels, biases)).items()
        ),
        "forward_as_printed": as_printed["forward"].result,
        "backward_as_printed": as_printed["backward"].result,
        "backward_over_mse_gradient": ratio(found),
        "backward_over_mse_gradient_for_flat_y": ratio(flat),
        "m_in_the_printed_code": int(y.shape[0]),
    }


def keras_cache(
    library: ModuleType, x: np.ndarray, kernels: list[np.ndarray], biases: list[np.ndarray]
) -> dict[str, np.ndarray]:
    """Pre-activation and output of every Dense layer in Keras, transposed to the printed code's layout."""
    found, a = {}, x.T
    for i, layer in enumerate(keras_network(library, kernels, biases).layers):
        linear = library.Dense(layer.units, dtype="float64")
        linear.build(a.shape)
        linear.set_weights(layer.get_weights())
        found[f"z{i}"] = numbers(linear(a)).T
        a = numbers(layer(a))
        found[f"a{i}"] = a.T
    return found


class Backward:
    """Backward passes of a deep tanh network in NumPy, with different memories.

    Args:
        depth: layers of WIDTH units; the loss is the sum of the last layer's outputs.
    """

    def __init__(self, depth: int):
        self.kernels = [draw(WIDTH, WIDTH, seed=layer) / math.sqrt(WIDTH) for layer in range(depth)]
        self.x = draw(BATCH, WIDTH, seed=99)

    def forward(self, layer: int) -> np.ndarray:
        """Activations after `layer` layers, from the input on; only the newest are held."""
        a = self.x
        for kernel in self.kernels[:layer]:
            a = np.tanh(a @ kernel)
        return a

    def with_memory(self) -> list[np.ndarray]:
        """Forward once and keep every activation; go back once and keep dL/da."""
        activations = [self.x]
        for kernel in self.kernels:
            activations.append(np.tanh(activations[-1] @ kernel))
        gradients, upstream = [], np.ones_like(self.x)
        for layer in reversed(range(len(self.kernels))):
            dz = upstream * (1 - activations[layer + 1] ** 2)
            gradients.append(activations[layer].T @ dz)
            upstream = dz @ self.kernels[layer].T
        return gradients[::-1]

    def without_memory(self) -> list[np.ndarray]:
        """For each layer's gradient start from the loss again, with every activation computed anew when needed."""
        gradients = []
        for layer in range(len(self.kernels)):
            upstream = np.ones_like(self.x)
            for above in reversed(range(layer + 1, len(self.kernels))):
                upstream = (upstream * (1 - self.forward(above + 1) ** 2)) @ self.kernels[above].T
            gradients.append(self.forward(layer).T @ (upstream * (1 - self.forward(layer + 1) ** 2)))
        return gradients


def peak_floats(work: Callable[[], Any], kept: int) -> int:
    """Most NumPy floats alive at once while `work` runs, less the `kept` ones of its result."""
    import tracemalloc

    work()
    tracemalloc.start()
    try:
        work()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return round(peak / 8) - kept


def cost_of_memory() -> dict[str, Any]:
    """Time and memory of both backward passes, repeats interleaved."""
    ratios: dict[int, list[float]] = {}
    floats: dict[str, list[int]] = {"with": [], "without": []}
    gap = deep_gap(Backward(4))
    for depth in DEPTHS:
        passes = Backward(depth)
        gap = max(gap, *(map(difference, passes.with_memory(), passes.without_memory())))
        ratios[depth] = [
            math.log10(seconds(passes.without_memory, 3) / seconds(passes.with_memory, 3))
            for _ in range(20 if depth == TIMED_DEPTH else 5)
        ]
        kept = depth * WIDTH * WIDTH
        floats["with"].append(round(peak_floats(passes.with_memory, kept) / (BATCH * WIDTH)))
        floats["without"].append(round(peak_floats(passes.without_memory, kept) / (BATCH * WIDTH)))
    return {
        "with_minus_without_memory_and_automatic": gap,
        "log10_time_without_over_with_memory": ratios[TIMED_DEPTH],
        "depths": list(DEPTHS),
        "time_ratio_by_depth": [round(float(10 ** np.median(ratios[depth])), 2) for depth in DEPTHS],
        "activations_held_with_memory": floats["with"],
        "activations_held_without_memory": floats["without"],
        "memory_holds_more_from_depth_8_on": all(
            more > less
            for depth, more, less in zip(DEPTHS, floats["with"], floats["without"], strict=True)
            if depth >= 8
        ),
    }


def deep_gap(passes: Backward) -> float:
    """Largest difference between the cached pass's gradients and automatic differentiation."""
    import tensorflow as tf

    kernels = [tf.constant(kernel) for kernel in passes.kernels]
    with tf.GradientTape() as tape:
        tape.watch(kernels)
        a = tf.constant(passes.x)
        for kernel in kernels:
            a = tf.tanh(a @ kernel)
        loss = tf.reduce_sum(a)
    return max(map(difference, passes.with_memory(), tape.gradient(loss, kernels)))


def keras_memory(library: ModuleType, recompute: bool) -> dict[str, Any]:
    """How often TensorFlow runs each layer for one gradient, with its tape's memory and with `tf.recompute_grad`."""
    import tensorflow as tf

    calls: Counter[int] = Counter()
    stack = [library.Dense(8, activation="tanh", dtype="float64") for _ in range(4)]
    x = tf.constant(draw(5, 8, seed=1))
    for place, layer in enumerate(stack):
        layer.build((5, 8))
        layer.set_weights([draw(8, 8, seed=place), draw(8, seed=place)])

    def forward(inputs: Any) -> Any:
        for place, layer in enumerate(stack):
            calls[place] += 1
            inputs = layer(inputs)
        return inputs

    function = tf.recompute_grad(forward) if recompute else forward
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(function(x) ** 2)
    forward_calls = calls.total()
    gradient = numbers(tape.gradient(loss, x))
    return {"forward": forward_calls, "backward": calls.total() - forward_calls, "gradient": gradient}


def frameworks() -> dict[str, Any]:
    """TensorFlow's tape against recomputation: layer runs, gradients and time."""
    facts: dict[str, Any] = {}
    for recompute in (False, True):
        found = both_facts(partial(keras_memory, recompute=recompute))
        name = "recomputing" if recompute else "tape"
        facts[f"{name}_layer_runs_forward_and_backward"] = [found["forward"], found["backward"]]
        facts[f"{name}_gradient"] = found["gradient"]
    gap = difference(facts.pop("tape_gradient"), facts.pop("recomputing_gradient"))
    return facts | {"recomputed_minus_tape_gradient": gap} | graph_times()


def graph_times() -> dict[str, Any]:
    """Time of the gradients of 16 layers of 128 units in a TensorFlow graph: kept outputs against recomputed ones."""
    import keras
    import tensorflow as tf

    x = tf.constant(draw(256, 128, seed=2), "float32")
    kernels = [tf.constant(draw(128, 128, seed=place) / math.sqrt(128), "float32") for place in range(16)]

    def step(recompute: bool) -> Any:
        def layer(inputs: Any, kernel: Any) -> Any:
            return keras.ops.tanh(inputs @ kernel)

        block = tf.recompute_grad(layer) if recompute else layer

        def gradients() -> Any:
            with tf.GradientTape() as tape:
                tape.watch(kernels)
                outputs = x
                for kernel in kernels:
                    outputs = block(outputs, kernel)
                loss = tf.reduce_sum(outputs**2)
            return tape.gradient(loss, kernels)

        return tf.function(gradients, autograph=False)

    kept, recomputing = step(False), step(True)
    kept(), recomputing()
    return {
        "log10_time_recomputing_over_tape": [math.log10(seconds(recomputing, 3) / seconds(kept, 3)) for _ in range(20)]
    }


def examine() -> dict[str, Any]:
    """Every computed fact of the memoization claims."""
    return fibonacci() | shared_factors() | complexity() | printed_code() | cost_of_memory() | frameworks()


def paint_calls(facts: Mapping[str, Any]) -> Any:
    """Calls of Fibonacci, factors of a chain and multiplications of a wide network, with and without memory."""
    import matplotlib.pyplot as plt

    drawn, axes = plt.subplots(1, 3, figsize=(11.5, 3.7), layout="constrained")
    n = range(21)
    panels = (
        (n, facts["plain_calls"], facts["memo_calls"], "Fibonacci: calls", "n"),
        (
            facts["chain_sizes"],
            facts["chain_factors_without_memory"],
            facts["chain_factors_with_memory"],
            "chain of n layers: factors computed",
            "n (layers, one unit each)",
        ),
        (
            facts["hidden_layers"],
            facts["path_products_by_depth"],
            facts["reused_products_by_depth"],
            "4 units a layer: multiplications",
            "hidden layers",
        ),
    )
    for axis, (x, without, kept, title, label) in zip(axes, panels, strict=True):
        axis.plot(list(x), without, "o-", color=COLOURS[1], markersize=4, label="without memory")
        axis.plot(list(x), kept, "s-", color=COLOURS[0], markersize=4, label="with memory")
        axis.set(title=title, xlabel=label, yscale="log")
        axis.title.set_fontsize(10)
        axis.grid(alpha=0.25)
    axes[0].plot(list(n), [2**k for k in n], ":", color="0.4", label="2^n, the documented bound")
    axes[1].set_xscale("log", base=2)
    axes[0].set_ylabel("count (log scale)")
    axes[0].legend(frameon=False, fontsize=9)
    axes[1].legend(frameon=False, fontsize=9)
    return drawn


def paint_cost(facts: Mapping[str, Any]) -> Any:
    """What the memory buys and what it costs, over depth."""
    import matplotlib.pyplot as plt

    drawn, axes = plt.subplots(1, 2, figsize=(8.6, 3.6), layout="constrained")
    depths = facts["depths"]
    axes[0].plot(depths, facts["time_ratio_by_depth"], "o-", color=COLOURS[1])
    axes[0].set(yscale="log", ylabel="time without / time with memory", title="what it buys: time")
    axes[1].plot(depths, facts["activations_held_with_memory"], "s-", color=COLOURS[0], label="with memory")
    axes[1].plot(depths, facts["activations_held_without_memory"], "o-", color=COLOURS[1], label="without memory")
    axes[1].set(ylabel="most layer outputs held at once", title="what it costs: memory")
    axes[1].legend(frameon=False, fontsize=9)
    for axis in axes:
        axis.set_xscale("log", base=2)
        axis.set_xticks(depths, [str(depth) for depth in depths])
        axis.set_xlabel("layers")
        axis.title.set_fontsize(10)
        axis.grid(alpha=0.25)
    return drawn


FIGURES = (
    Picture(
        "memo-counts",
        "Work with and without memory",
        "Plain recursion grows by 1.618 a step, below the documented 2^n; without reuse the chain rule costs n(n + "
        "3)/2 factors in a chain, and grows fourfold with every layer of four units when each path is followed on "
        "its own.",
        facts=(
            "plain_calls",
            "memo_calls",
            "chain_sizes",
            "chain_factors_without_memory",
            "chain_factors_with_memory",
            "hidden_layers",
            "path_products_by_depth",
            "reused_products_by_depth",
        ),
        paint=paint_calls,
    ),
    Picture(
        "memo-cost",
        "A backward pass with and without memory (NumPy, 32 units a layer)",
        "Without memory every activation is computed again whenever it is needed: the deeper the network, the "
        "slower. With memory the outputs of all layers stay until the backward pass has used them.",
        facts=(
            "depths",
            "time_ratio_by_depth",
            "activations_held_with_memory",
            "activations_held_without_memory",
        ),
        paint=paint_cost,
    ),
)


def _claim(name: str, statement: str, kind: Any, documented: str, setup: str, *checks: Any, **more: Any) -> Claim:
    return Claim(
        f"memo-{name}", "003", "Video 18", statement, kind, documented, setup, checks, **{"priority": 2} | more
    )


CLAIMS = (
    _claim(
        "fib5-repeats",
        "Plain recursive fib(5) computes fib(2) several times.",
        "exact",
        "multiple times",
        "The printed function with its calls counted. fib(5) calls fib(4) and fib(3); fib(4) calls fib(3) and "
        "fib(2); each of the two fib(3) calls fib(2): three in all, among 15 calls.",
        Equals("calls_of_fib2_and_all_calls_in_fib5", [3, 15]),
    ),
    _claim(
        "fib-exponential",
        "Plain recursive Fibonacci takes O(2^n) time.",
        "complexity",
        "O(2^n)",
        "Calls of the printed function for n = 0 to 20 against 2 F(n + 1) - 1 and against 2^n; an upper bound is "
        "reproduced if no count exceeds it, 'exponential' if each step multiplies the calls by a fixed factor above 1.",
        Equals("plain_calls_stay_below_2_to_the_n", True),
        Equals("plain_calls_follow_closed_form", True),
        Equals("growth_a_step", 1.618, tolerance=0.001),
        remark="Suspected of being wrong, and dismissed: O(2^n) is an upper bound, and it holds. It is not tight: "
        "the calls grow by the golden ratio, 1.618, a step (21,891 for n = 20, where 2^20 is 1,048,576).",
    ),
    _claim(
        "fib-linear",
        "Memoised Fibonacci takes O(n) time.",
        "complexity",
        "O(n)",
        "Calls of the printed function for n = 1 to 20, each from an empty cache, against 2n - 1.",
        Equals("memo_calls_are_2n_minus_1", True),
    ),
    _claim(
        "fib-once",
        "In the memoised version each fib(k) is computed only once.",
        "exact",
        "once",
        "Runs of the printed function's body past its look-up in the cache, for fib_memo(20) from an empty cache.",
        Equals(
            "most_evaluations_of_one_k",
            1,
            true_value=2,
            derivation="The base case returns before anything is stored, so fib(1) never enters the cache: fib(2) and "
            "fib(3) both ask for it and both run its body.",
        ),
        Equals("evaluations_of_fib0_fib1_and_most_of_the_others", [1, 2, 1]),
        priority=3,
        remark="Every sum, k = 2 to 20, is indeed formed once; only the base case fib(1) is evaluated twice.",
    ),
    _claim(
        "shared-chain-factors",
        "The gradients of the first and second hidden layer share the factors dL/doutput and doutput/dh2.",
        "exact",
        "2 shared factors",
        "A chain input, hidden 1, hidden 2, output of one tanh unit each, loss (output - y)^2; factors counted while "
        "both hidden gradients are formed; gradients against automatic differentiation of Dense layers (ours and "
        "Keras's).",
        Equals("factors_of_hidden1_hidden2_and_shared", [4, 3, 2]),
        Equals("names_of_shared_factors", ["dL/da3", "da3/da2"]),
        Equals("factors_computed_without_and_with_memory", [7, 5]),
        Equals("two_gradients_minus_automatic", 0, tolerance=1e-9),
    ),
    _claim(
        "backprop-complexity",
        "Backpropagation costs O(n^2) per layer without memoization and O(n) per layer with it.",
        "complexity",
        "O(n^2) -> O(n) per layer",
        "n is read as the number of layers, as in the text above the table. Factors computed for all gradients of a "
        "chain of n = 2 to 64 layers, and for the costliest single layer; the power of n from the last doubling. "
        "Gradients against automatic differentiation.",
        Equals(
            "power_of_n_of_the_costliest_layer",
            [2, 1],
            true_value=[1, 0],
            derivation="A layer's gradient is a product of at most n + 1 factors, so it costs O(n) without memory "
            "and two new factors, O(1), with it. The documented powers belong to the whole network: n(n + 3)/2 "
            "factors and 2n.",
        ),
        Equals("power_of_n_of_the_whole_chain", [2, 1]),
        Equals("totals_follow_formulas", True),
        Equals("chain_gradients_minus_automatic", 0, tolerance=1e-9),
        Equals("path_and_reused_derivatives_agree", True),
        remark="With n read as units a layer it is wrong as well: a layer of n units after one of n units has n^2 "
        "weights, whose gradients cannot be written in O(n). In layers of several units following every path on its "
        "own is even exponential in the depth: with 9 layers of 4 units it takes 349,520 multiplications, with reuse "
        "128.",
    ),
    _claim(
        "forward-cache",
        "Storing z and a of each layer in the forward pass lets the backward pass reuse them.",
        "behaviour",
        "cache z and a",
        "The printed forward pass on a 4-3-2-1 network with seven examples as columns; what it stores against the "
        "pre-activations and outputs of Dense layers (ours and Keras's); the printed backward pass then runs on the "
        "cache alone and gives gradients proportional to the true ones (memo-backward-code).",
        Equals("forward_as_printed", "runs"),
        Equals("cache_keys", ["a0", "a1", "a2", "z0", "z1", "z2"]),
        Equals("cache_minus_keras", 0, tolerance=1e-9),
    ),
    _claim(
        "backward-code",
        "The printed backward pass with its cache returns the gradients of the squared error.",
        "behaviour",
        "correct gradients",
        "Run as printed on a 4-3-2-1 network, examples as columns as its np.dot calls ask for, y of shape (1, 7); "
        "then with the missing X supplied; gradients against automatic differentiation of Keras's mean squared error.",
        Equals(
            "backward_as_printed",
            "runs",
            true_value="NameError: name 'X' is not defined",
            derivation="X is neither a parameter nor in the cache, and the first layer's gradient needs it.",
        ),
        Equals(
            "backward_over_mse_gradient",
            1,
            true_value=3.5,
            tolerance=1e-6,
            derivation="-(y - y_pred) is the derivative of half the squared error, and y.shape[0] is 1 when the "
            "examples are columns, so nothing is averaged: the result is m/2 = 3.5 times the mean squared error's "
            "gradient for m = 7.",
        ),
        priority=1,
        remark="With y given as a flat array of m numbers, y.shape[0] is m and the result is half the gradient. The "
        "directions are right in both cases; only the step length is off.",
    ),
    _claim(
        "faster-more-memory",
        "With memoization training is faster and uses more memory.",
        "comparison",
        "slow -> fast; less -> more",
        f"A NumPy backward pass of {TIMED_DEPTH} tanh layers of {WIDTH} units, {BATCH} examples: with memory every "
        "layer output and dL/da is kept; without, each layer's gradient starts from the loss and activations are "
        "computed from the input whenever needed. 20 interleaved repeats, each the quickest of three; peak memory "
        "from tracemalloc, counted in layer outputs, for depths 8, 16 and 32. Same gradients, and those of automatic "
        "differentiation.",
        Sampled("log10_time_without_over_with_memory", low=0, documented="slower without memory"),
        Equals("memory_holds_more_from_depth_8_on", True),
        Equals("with_minus_without_memory_and_automatic", 0, tolerance=1e-9),
    ),
    _claim(
        "frameworks-do-it",
        "TensorFlow stores intermediate values in a computation graph and uses them in the backward pass.",
        "behaviour",
        "stored and reused",
        "Four Dense layers (ours and Keras's) under a GradientTape: how often each layer runs in the forward and in "
        "the backward pass, against tf.recompute_grad, which stores none of them; equal gradients. Time of a graph "
        "of 16 layers of 128 units with each layer recomputed against the plain tape, 20 interleaved repeats.",
        Equals("tape_layer_runs_forward_and_backward", [4, 0]),
        Equals("recomputing_layer_runs_forward_and_backward", [4, 4]),
        Equals("recomputed_minus_tape_gradient", 0, tolerance=1e-9),
        Sampled("log10_time_recomputing_over_tape", low=0, documented="slower when recomputed"),
        priority=3,
        remark="The backward pass runs no layer again, so it lives on what the forward pass stored.",
    ),
)
