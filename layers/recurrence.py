"""What SimpleRNN, LSTM and GRU share: products with dropout masks, and the loop over time with its backward pass."""

import math
import os

from keras import activations, backend, ops, tree
from keras.layers import RNN, InputSpec

from layers.arguments import activation_function
from layers.tracing import tensorflow_on_cpu, traced_for_xla

STEPS_PER_ITERATION = 5
"""Time steps that one iteration of the TensorFlow loop takes: a loop costs as much to go round as a small gate."""


WORTH_TWO_LOOPS = 4_000_000
"""Multiplications of one step's recurrent product from which two loops over half the batch each beat one (measured)."""


def product(inputs, kernel, masks):
    """The product `inputs @ kernel`, with dropout.

    Args:
        inputs: tensor of shape (batch, features).
        kernel: tensor of shape (features, gates * units).
        masks: None; one mask of the shape of `inputs`; or a list with one mask a gate, each of which needs a product of
            its own.

    Returns:
        A tensor of shape (batch, gates * units).
    """
    if masks is None:
        return ops.matmul(inputs, kernel)
    if not isinstance(masks, list):
        return ops.matmul(inputs * masks, kernel)
    columns = ops.split(kernel, len(masks), axis=1)
    return ops.concatenate([ops.matmul(inputs * mask, part) for mask, part in zip(masks, columns, strict=True)], axis=1)


def dropout_masks(cell, inputs, hidden_state, training):
    """The cell's masks for inputs and hidden state at this call, None where nothing is dropped."""
    of_inputs = cell.get_dropout_mask(inputs) if training and 0.0 < cell.dropout < 1.0 else None
    dropped = training and 0.0 < cell.recurrent_dropout < 1.0
    return of_inputs, cell.get_recurrent_dropout_mask(hidden_state) if dropped else None


def check_arguments(units, **functions):
    """Refuse a number of units or an activation that Keras would take or refuse without naming the argument.

    Raises:
        ValueError: `units` is not a positive integer or an activation is unknown.
    """
    if isinstance(units, bool) or not isinstance(units, int) or units <= 0:
        raise ValueError(f"Received an invalid value for argument `units`, expected a positive integer, got {units!r}.")
    for name, function in functions.items():
        activation_function(name, function)


def set_up(layer, cell, use_cudnn, **arguments):
    """Make `layer` an RNN over our cell, as the constructor of its namesake does over Keras's cell.

    Args:
        layer: a layer without attributes.
        cell: the cell.
        use_cudnn: the argument of LSTM and GRU, None for a layer that doesn't have it.
        **arguments: the other arguments of `keras.layers.RNN`.

    Raises:
        ValueError: `use_cudnn` is none of "auto", True and False.
    """
    if use_cudnn not in ("auto", True, False, None):
        raise ValueError(f"Argument `use_cudnn` must be 'auto', True or False. Received: use_cudnn={use_cudnn!r}")
    RNN.__init__(layer, cell, **arguments)
    layer.input_spec = InputSpec(ndim=3)
    if use_cudnn is not None:
        layer.use_cudnn = use_cudnn
    if backend.backend() == "tensorflow" and runs_on_cudnn(layer):
        layer.supports_jit = False  # XLA doesn't know cuDNN's recurrent operations


def runs_on_cudnn(layer):
    """Whether TensorFlow sees a GPU on which cuDNN computes what the layer's arguments ask for."""
    cell = layer.cell
    if not getattr(layer, "use_cudnn", False) or layer.unroll or not cell.use_bias or cell.recurrent_dropout:
        return False
    standard = cell.activation is activations.tanh and cell.recurrent_activation is activations.sigmoid
    return standard and getattr(cell, "reset_after", True) and has_gpu()


def check_mask(mask, sequences):
    """The mask of a sequence, refused unless it gives one entry to each time step.

    Raises:
        ValueError: `mask` is not of shape (batch, timesteps) or (batch, timesteps, 1).
    """
    mask = tree.flatten(mask)[0] if tree.is_nested(mask) else mask
    if mask is None:
        return None
    shape, expected = tuple(mask.shape), tuple(sequences.shape[:2])
    fits = len(shape) == 2 or (len(shape) == 3 and shape[2] == 1)
    agrees = fits and all(one is None or two is None or one == two for one, two in zip(shape, expected, strict=False))
    if not agrees:
        raise ValueError(
            "Argument `mask` must have shape (batch, timesteps), one entry for each time step of the inputs, here "
            f"{expected}. Received: mask.shape={shape}"
        )
    return mask


def output_gradient(activation):
    """The function (y, dy) -> dx of an activation y = f(x) whose derivative follows from its output, else None."""
    if backend.backend() != "tensorflow":
        return None
    import tensorflow as tf

    return {
        activations.tanh: lambda y, dy: tf.raw_ops.TanhGrad(y=y, dy=dy),
        activations.sigmoid: lambda y, dy: tf.raw_ops.SigmoidGrad(y=y, dy=dy),
        activations.relu: lambda y, dy: tf.raw_ops.ReluGrad(gradients=dy, features=y),
        activations.linear: lambda y, dy: dy,
    }.get(activation)


def has_gpu():
    """Whether TensorFlow sees a GPU."""
    import tensorflow as tf

    return bool(tf.config.list_logical_devices("GPU"))


def loops_by_hand(layer, training):
    """Whether `through_time` runs this layer: TensorFlow, derivatives known by hand, and nothing faster.

    Faster are cuDNN and, for prediction alone, XLA with the inputs' product inside the loop: reading a slice of a product
    made beforehand keeps it from vectorising the gates (measured: twice the time).
    """
    if backend.backend() != "tensorflow" or layer.unroll or runs_on_cudnn(layer):
        return False
    if not training and traced_for_xla()[0]:
        return False
    if getattr(layer, "use_cudnn", False) is True:
        return False  # Keras's loop tells why cuDNN can't run
    cell = layer.cell
    gates = getattr(cell, "recurrent_activation", cell.activation)
    known = output_gradient(cell.activation) is not None and output_gradient(gates) is not None
    known = known and getattr(
        cell, "reset_after", True
    )  # a GRU's reset before the product needs a second product a step
    return known and not (training and (cell.recurrent_dropout or masks_a_gate(cell)))


def masks_a_gate(cell):
    """Whether each gate has a dropout mask of its own; Keras's LSTM and GRU fail then, its loop over a cell doesn't."""
    return bool(cell.dropout) and getattr(cell, "implementation", 2) == 1


class LoopByHand(RNN):
    """For a subclass of a Keras recurrent layer: its loop over time with a backward pass derived by hand where that is known.

    The layer brings the two steps of `through_time`.
    """

    def inner_loop(self, sequences, initial_state, mask, training=False):
        """The loop over time: by hand where the derivatives are known, else Keras's loop over our cell."""
        mask = check_mask(mask, sequences)
        if loops_by_hand(self, training):
            return through_time(self, sequences, initial_state, mask, training)
        if masks_a_gate(self.cell):
            return RNN.inner_loop(self, sequences, initial_state, mask, training=training)
        return super().inner_loop(sequences, initial_state, mask, training=training)


def through_time(layer, sequences, states, mask, training):
    """Run a recurrent layer over all time steps, with backpropagation through time derived by hand (TensorFlow).

    The inputs of all steps are projected in one matrix product and so are, after the backward loop, the gradients of
    kernel and recurrent kernel:

        P = X W + b,   a_t = h_(t-1) U + b_r,   states_t = forward_step(P_t, a_t, states_(t-1))
        dU = sum_t h_(t-1)^T da_t,   dW = sum_t x_t^T dP_t,   dh_(t-1) = da_t U^T + what flows past the gates

    Only a training call keeps the gates of every step; a gradient of an inference call computes them again.

    Args:
        layer: the recurrent layer; weights and flags are read from it and its cell. It has two methods,
            `forward_step(projected, recurrent, states)`, which gives the new states, the hidden state first, and the
            tensors that the backward step needs; and `backward_step(gradients of the new states, those tensors, old
            states)`, which gives the gradients of projected and of recurrent, and those of the old states without the
            path through the recurrent product.
        sequences: inputs of shape (batch, timesteps, features).
        states: initial states of shape (batch, units).
        mask: None or booleans of shape (batch, timesteps), False for steps that leave the states as they are.
        training: whether this is a training call.

    Returns:
        Last output (batch, units), all outputs (batch, timesteps, units) or the last one as (batch, 1, units) where the
        layer doesn't return sequences, and the final states.
    """
    import tensorflow as tf

    sequences = ops.cast(sequences, layer.cell.compute_dtype)
    mask = None if mask is None else tf.cast(mask if len(mask.shape) == 2 else mask[..., 0], "bool")
    if training and 0.0 < layer.cell.dropout < 1.0:
        sequences = sequences * layer.cell.get_dropout_mask(sequences[:, 0, :])[:, None, :]

    def run(rows):
        part = None if mask is None else mask[rows]
        states_ = [state[rows] for state in states]
        return _run(tf, layer, sequences[rows], states_, part, bool(training))

    if not _halves_pay(tf, sequences, layer.cell.recurrent_kernel):
        return run(slice(None))
    middle = (sequences.shape[0] or tf.shape(sequences)[0]) // 2
    return tree.map_structure(lambda *halves: tf.concat(halves, 0), run(slice(middle)), run(slice(middle, None)))


def _halves_pay(tf, sequences, kernel):
    """Whether to run two loops over half the batch each, which a graph without XLA does at the same time."""
    if tf.executing_eagerly() or traced_for_xla()[0] or not tensorflow_on_cpu():
        return False
    threads = tf.config.threading.get_inter_op_parallelism_threads() or os.cpu_count() or 1
    rows = int(sequences.shape[0] or 32)  # Keras's batch size where none is known
    return threads > 1 and rows > 1 and rows * math.prod(kernel.shape) >= WORTH_TWO_LOOPS


def _run(tf, layer, sequences, states, mask, training):
    """Last output, all outputs and final states of some rows of a batch."""
    cell = layer.cell
    inputs = tf.transpose(sequences, (1, 0, 2))  # (timesteps, batch, features)
    kept_steps = None if mask is None else tf.transpose(mask)[..., None]  # (timesteps, batch, 1)
    if layer.go_backwards:
        inputs = tf.reverse(inputs, [0])
        kept_steps = None if kept_steps is None else tf.reverse(kept_steps, [0])
    bias, recurrent_bias = _biases(tf, cell)
    projected = _project(tf, inputs, tf.convert_to_tensor(cell.kernel), bias)
    loop = _Loop(layer.forward_step, layer.backward_step, kept_steps, keep=training, outputs=layer.return_sequences)
    hidden, *final = loop.run(projected, tf.convert_to_tensor(cell.recurrent_kernel), recurrent_bias, list(states))
    if not layer.return_sequences:
        last = _unseen_as_zero(tf, final[0], kept_steps, layer.zero_output_for_mask, last=True)
        return last, last[:, None], final
    outputs = _unseen_as_zero(tf, hidden, kept_steps, layer.zero_output_for_mask)
    return outputs[-1], tf.transpose(outputs, (1, 0, 2)), final


def _biases(tf, cell):
    """The biases of the inputs' and of the recurrent product, None where there is none."""
    if cell.bias is None:
        return None, None
    bias = tf.convert_to_tensor(cell.bias)
    return (bias[0], bias[1]) if len(bias.shape) == 2 else (bias, None)


def _project(tf, inputs, kernel, bias):
    """P = X W + b for all time steps at once."""
    flat = tf.reshape(inputs, (-1, inputs.shape[-1]))  # (timesteps * batch, features)
    flat = tf.matmul(flat, kernel) if bias is None else _affine(tf, flat, kernel, bias)
    projected = tf.reshape(flat, (*tf.unstack(tf.shape(inputs)[:2]), kernel.shape[1]))
    projected.set_shape((*inputs.shape[:2], kernel.shape[1]))
    return projected


def _affine(tf, inputs, kernel, bias):
    """`inputs @ kernel + bias` with the bias's gradient as a matrix product, several times faster than a sum."""

    @tf.custom_gradient
    def affine(inputs, kernel, bias):
        def gradient(upstream):
            of_inputs = tf.matmul(upstream, kernel, transpose_b=True)
            return of_inputs, tf.matmul(inputs, upstream, transpose_a=True), _column_sums(tf, upstream)

        return tf.nn.bias_add(tf.matmul(inputs, kernel), bias), gradient

    return affine(inputs, kernel, bias)


def _column_sums(tf, matrix):
    """The sum of every column; XLA is slow at the product with a single row of ones."""
    if matrix.dtype.size < 4:  # a product may add up in half precision, a sum doesn't
        return tf.reduce_sum(matrix, 0)
    return tf.matmul(tf.ones((2, tf.shape(matrix)[0]), matrix.dtype), matrix)[0]


def _unseen_as_zero(tf, hidden, kept_steps, zero_masked, last=False):
    """Outputs from hidden states: Keras gives zeros before the first kept step, and for masked steps if asked."""
    if kept_steps is None:
        return hidden
    if zero_masked:
        visible = kept_steps[-1] if last else kept_steps
    elif last:
        visible = tf.reduce_any(kept_steps, 0)
    else:
        visible = tf.cumsum(tf.cast(kept_steps, "int32"), 0) > 0
    return tf.where(visible, hidden, tf.zeros_like(hidden))


class _Loop:
    """One pass over time and its backward pass, as a single operation with a gradient of its own."""

    def __init__(self, forward, backward, kept_steps, keep, outputs):
        self.forward = forward
        self.backward = backward
        self.kept_steps = kept_steps
        self.keep = keep
        self.outputs = outputs

    def run(self, projected, kernel, bias, states):
        """All hidden states (None unless asked for) and the final states."""
        import tensorflow as tf

        constants = [kernel] if bias is None else [kernel, bias]

        @tf.custom_gradient
        def operation(projected, *rest):
            constants_, states_ = rest[: len(constants)], rest[len(constants) :]
            hidden, final, kept = self._forward(
                tf, projected, constants_, states_, self.keep, self.outputs or self.keep
            )

            def gradient(*upstream):
                of_hidden, of_final = (upstream[0], upstream[1:]) if self.outputs else (None, upstream)
                seen, arrays = hidden, kept
                if not self.keep:
                    seen, _, arrays = self._forward(tf, projected, constants_, states_, True, True)
                return self._backward(tf, projected, constants_, states_, seen, arrays, of_hidden, of_final)

            return ([hidden, *final] if self.outputs else list(final)), gradient

        results = operation(projected, *constants, *states)
        return results if self.outputs else [None, *results]

    def _forward(self, tf, projected, constants, states, keep, hidden):
        kernel, *bias = constants

        def step(time, states):
            recurrent = tf.matmul(states[0], kernel)
            if bias:
                recurrent = tf.nn.bias_add(recurrent, bias[0])
            new, kept = self.forward(projected[time], recurrent, states)
            written: tuple = ()
            if self.kept_steps is not None:
                kept_step = self.kept_steps[time]
                new = tuple(tf.where(kept_step, one, old) for one, old in zip(new, states, strict=True))
            if hidden:
                written += (new[0],)
            if keep:
                # The hidden states before each step are the ones after the step before, and needn't be kept twice.
                written += (*kept, *states[1:])
            return tuple(new), written

        final, arrays = _scan(tf, step, tuple(states), projected, reverse=False)
        return arrays[0].stack() if hidden else None, final, arrays[1 if hidden else 0 :]

    def _backward(self, tf, projected, constants, states, hidden, arrays, of_hidden, of_final):
        kernel, *bias = constants
        transposed = tf.transpose(kernel)
        before = tf.concat([states[0][None], hidden[:-1]], 0)  # (timesteps, batch, units)
        memories = len(states) - 1

        def step(time, gradients):
            of_new = gradients if of_hidden is None else (gradients[0] + of_hidden[time], *gradients[1:])
            past = ()
            if self.kept_steps is not None:
                kept_step = self.kept_steps[time]
                past = tuple(tf.where(kept_step, tf.zeros_like(one), one) for one in of_new)
                of_new = tuple(tf.where(kept_step, one, tf.zeros_like(one)) for one in of_new)
            read = [array.read(time) for array in arrays]
            kept, old = read[: len(read) - memories], (before[time], *read[len(read) - memories :])
            of_projected, of_recurrent, of_old = self.backward(of_new, kept, old)
            through = tf.matmul(of_recurrent, transposed)
            of_old = (through if of_old[0] is None else of_old[0] + through, *of_old[1:])
            if past:
                of_old = tuple(one + two for one, two in zip(of_old, past, strict=True))
            return of_old, (of_projected,) if of_recurrent is of_projected else (of_projected, of_recurrent)

        of_states, arrays_ = _scan(tf, step, tuple(of_final), projected, reverse=True)
        of_projected, of_recurrent = arrays_[0].stack(), arrays_[-1].stack()
        width, size = before.shape[-1], kernel.shape[-1]
        flat = tf.reshape(of_recurrent, (-1, size))  # (timesteps * batch, gates * units)
        of_kernel = tf.matmul(tf.reshape(before, (-1, width)), flat, transpose_a=True)
        of_bias = [_column_sums(tf, flat)] if bias else []
        return of_projected, of_kernel, *of_bias, *of_states


def _scan(tf, step, carry, like, reverse):
    """`carry` after `step(time, carry) -> (carry, written)` at every time, and an array over time for each written tensor.

    The first steps, as many as the division by STEPS_PER_ITERATION leaves over, are taken before the loop; what they
    write tells the arrays' shapes.
    """
    static = like.shape[0]
    length = tf.shape(like)[0] if static is None else static
    per_iteration = 1 if static is None else STEPS_PER_ITERATION
    leading = 1 if static is None else static % per_iteration or min(per_iteration, static)
    arrays: tuple | None = None

    def advance(count, carry, arrays):
        time = length - 1 - count if reverse else count
        carry, written = step(time, carry)
        if arrays is None:
            arrays = tuple(
                tf.TensorArray(one.dtype, size=length, element_shape=one.shape, clear_after_read=False)
                for one in written
            )
        return carry, tuple(array.write(time, one) for array, one in zip(arrays, written, strict=True))

    for count in range(leading):
        carry, arrays = advance(count, carry, arrays)
    iterations = (length - leading) // per_iteration

    def body(iteration, carry, arrays):
        for position in range(per_iteration):
            carry, arrays = advance(leading + iteration * per_iteration + position, carry, arrays)
        return iteration + 1, carry, arrays

    if static != leading:
        _, carry, arrays = tf.while_loop(
            lambda iteration, *_: iteration < iterations, body, (0, carry, arrays), maximum_iterations=iterations
        )
    # TensorFlow complains of arrays that nobody touches, and without a gradient nobody reads these.
    _ = [array.flow for array in arrays or ()]
    return carry, arrays
