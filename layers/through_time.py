"""The loop over time of SimpleRNN, LSTM and GRU on TensorFlow, with backpropagation through time derived by hand."""

import math
import os

from keras import ops, tree

from layers.tracing import tensorflow_on_cpu, traced_for_xla

STEPS_PER_ITERATION = 5
"""Time steps that one iteration of the TensorFlow loop takes: a loop costs as much to go round as a small gate."""

CHUNK_BYTES = 4 * 2**20
"""Size from which the projected inputs are not computed for all of time in one product, but chunk by chunk."""

WORTH_TWO_LOOPS = 4_000_000
"""Multiplications of one step's recurrent product from which two loops over half the batch each beat one (measured)."""


def through_time(layer, sequences, states, mask, training):
    """Run a recurrent layer over all time steps, with backpropagation through time derived by hand (TensorFlow).

    The inputs of many steps are projected in one matrix product, and so are, in the backward loop, the gradients of
    inputs, kernel and recurrent kernel:

        P = X W + b,   a_t = h_(t-1) U + b_r,   states_t = forward_step(P_t, a_t, states_(t-1))
        dU = sum_t h_(t-1)^T da_t,   dW = sum_t x_t^T dP_t,   dh_(t-1) = da_t U^T + what flows past the gates

    Only a training call keeps the gates of every step; a gradient of an inference call computes them again.

    Args:
        layer: the recurrent layer; weights and flags are read from it and its cell. It has two methods,
            `forward_step(projected, recurrent, states)`, which gives the new states, the hidden state first, and
            `kept_tensors` tensors of shape (batch, units) that the backward step needs; and `backward_step(gradients of
            the new states, those tensors, old states, new states)`, which gives the gradients of projected and of
            recurrent, the same tensor if `one_gradient`, and those of the old states without the path through the
            recurrent product.
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

    if not _halves_pay(tf, sequences, layer.cell.recurrent_kernel):
        return _run(tf, layer, sequences, list(states), mask, bool(training))
    rows = sequences.shape[0] or tf.shape(sequences)[0]
    sizes = [rows // 2, rows - rows // 2]
    # A split's gradient is one tensor of the full size, two slices' would be two and their sum.
    parts = [tf.split(one, sizes) for one in (sequences, *states)]
    masks = [None, None] if mask is None else tf.split(mask, sizes)
    halves = [
        _run(tf, layer, inputs, states_, mask_, bool(training))
        for (inputs, *states_), mask_ in zip(zip(*parts, strict=True), masks, strict=True)
    ]
    return tree.map_structure(lambda *both: tf.concat(both, 0), *halves)


def _halves_pay(tf, sequences, kernel):
    """Whether to run two loops over half the batch each, which a graph without XLA does at the same time."""
    if tf.executing_eagerly() or traced_for_xla()[0] or not tensorflow_on_cpu():
        return False
    threads = tf.config.threading.get_inter_op_parallelism_threads() or os.cpu_count() or 1
    rows = _rows(sequences)
    return threads > 1 and rows > 1 and rows * math.prod(kernel.shape) >= WORTH_TWO_LOOPS


def _rows(sequences):
    """The size of the batch, Keras's usual one where it is not known."""
    return int(sequences.shape[0] or 32)


def _run(tf, layer, sequences, states, mask, training):
    """Last output, all outputs and final states of some rows of a batch."""
    kept_steps = None if mask is None else tf.transpose(mask)[..., None]  # (timesteps, batch, 1)
    if layer.go_backwards:
        sequences = tf.reverse(sequences, [1])
        kept_steps = None if kept_steps is None else tf.reverse(kept_steps, [0])
    hidden, *final = _Loop(tf, layer, sequences, kept_steps, training).run(sequences, states)
    if not layer.return_sequences:
        last = _unseen_as_zero(tf, final[0], kept_steps, layer.zero_output_for_mask, last=True)
        return last, last[:, None], final
    outputs = _unseen_as_zero(tf, hidden, kept_steps, layer.zero_output_for_mask)
    return outputs[-1], tf.transpose(outputs, (1, 0, 2)), final


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


def _weights(tf, cell):
    """The tensors a cell multiplies by and adds, by their part in `_Loop`."""
    weights = {"kernel": tf.convert_to_tensor(cell.kernel), "recurrent": tf.convert_to_tensor(cell.recurrent_kernel)}
    if cell.bias is None:
        return weights
    bias = tf.convert_to_tensor(cell.bias)
    if len(bias.shape) == 1:
        return weights | {"bias": bias}
    return weights | {"bias": bias[0], "recurrent bias": bias[1]}  # a GRU with reset_after


class _Loop:
    """One pass over time and its backward pass, as a single operation with a gradient of its own.

    Attributes:
        length: the number of time steps, a tensor if only the data tell.
        chunks: the number of chunks that time is cut into, an integer.
        size: the number of steps of each.
    """

    def __init__(self, tf, layer, inputs, kept_steps, keep):
        self.tf = tf
        self.layer = layer
        self.kept_steps = kept_steps
        self.keep = keep
        self.length = tf.shape(inputs)[1] if inputs.shape[1] is None else inputs.shape[1]
        self.chunks = _chunks(inputs, layer.cell.kernel.shape[-1])
        self.size = self.length if self.chunks == 1 else self.length // self.chunks

    def run(self, inputs, states):
        """All hidden states (None unless the layer returns them) and the final states."""
        weights = _weights(self.tf, self.layer.cell)
        sequences = self.layer.return_sequences

        @self.tf.custom_gradient
        def operation(inputs, *rest):
            weights_ = dict(zip(weights, rest[: len(weights)], strict=True))
            states_ = rest[len(weights) :]
            final, saved = self._forward(inputs, weights_, states_, self.keep)

            def gradient(*upstream):
                of_hidden, of_final = (upstream[0], upstream[1:]) if sequences else (None, upstream)
                saved_ = saved if self.keep else self._forward(inputs, weights_, states_, True)[1]
                return self._backward(inputs, weights_, states_, final, saved_, of_hidden, of_final)

            if not sequences:
                return final, gradient
            hidden = self._joined(saved[0])
            hidden.set_shape((inputs.shape[1], *final[0].shape))
            return [hidden, *final], gradient

        results = operation(inputs, *weights.values(), *states)
        return results if sequences else [None, *results]

    def _forward(self, inputs, weights, states, keep):
        """The final states; and the states after each step and what it keeps, as `_over_chunks` gives pieces."""
        tf, layer = self.tf, self.layer
        count = len(states) + layer.kept_tensors if keep else int(layer.return_sequences)
        like = states[0]

        def chunk(number, states):
            start = number * self.size
            projected = self._project(self._cut(inputs, start), weights)
            arrays = [tf.TensorArray(like.dtype, self.size, element_shape=like.shape) for _ in range(count)]

            def step(position, carry):
                states, arrays = carry
                recurrent = tf.matmul(states[0], weights["recurrent"])
                if "recurrent bias" in weights:
                    recurrent = tf.nn.bias_add(recurrent, weights["recurrent bias"])
                new, kept = layer.forward_step(projected[position], recurrent, states)
                if self.kept_steps is not None:
                    kept_step = self.kept_steps[start + position]
                    new = [tf.where(kept_step, one, old) for one, old in zip(new, states, strict=True)]
                return list(new), [
                    array.write(position, one) for array, one in zip(arrays, (*new, *kept), strict=False)
                ]

            states, arrays = _over_steps(tf, step, self.size, (states, arrays))
            return states, [array.stack() for array in arrays]

        return self._over_chunks(chunk, list(states), [(like.dtype, (self.size, *like.shape))] * count)

    def _project(self, inputs, weights):
        """P = X W + b for all steps of a chunk."""
        tf = self.tf
        flat = tf.matmul(_flat(tf, inputs), weights["kernel"])  # (steps * batch, gates * units)
        flat = tf.nn.bias_add(flat, weights["bias"]) if "bias" in weights else flat
        sequence = tf.reshape(flat, (*tf.unstack(tf.shape(inputs)[:2]), flat.shape[-1]))
        sequence.set_shape((*inputs.shape[:2], flat.shape[-1]))
        return sequence

    def _backward(self, inputs, weights, initial, final, saved, of_hidden, of_final):
        """Gradients of inputs, weights and initial states."""
        tf, layer = self.tf, self.layer
        transposed = {name: tf.transpose(weights[name]) for name in ("kernel", "recurrent")}
        width = weights["kernel"].shape[-1]

        def chunk(number, carry):
            of_states, new, of_weights, saved = carry
            start = number * self.size
            saved, here = self._taken(saved)
            past = [self._before(*one, number) for one in zip(here, saved, initial, strict=False)]
            arrays = [
                tf.TensorArray(inputs.dtype, self.size, element_shape=(inputs.shape[0], width))
                for _ in range(1 if layer.one_gradient else 2)
            ]

            def step(position, carry):
                of_new, new, arrays = carry
                position = self.size - 1 - position
                time = start + position
                old = [one[position] for one in past]
                kept = [one[position] for one in here[len(initial) :]]
                if of_hidden is not None:
                    of_new = [of_new[0] + of_hidden[time], *of_new[1:]]
                around = None
                if self.kept_steps is not None:
                    kept_step = self.kept_steps[time]
                    around = [tf.where(kept_step, tf.zeros_like(one), one) for one in of_new]
                    of_new = [tf.where(kept_step, one, tf.zeros_like(one)) for one in of_new]
                of_projected, of_recurrent, of_old = layer.backward_step(of_new, kept, old, new)
                through = tf.matmul(of_recurrent, transposed["recurrent"])
                of_old = [through if of_old[0] is None else of_old[0] + through, *of_old[1:]]
                if around is not None:
                    of_old = [one + two for one, two in zip(of_old, around, strict=True)]
                gradients = (of_projected, of_recurrent)
                return of_old, old, [array.write(position, one) for array, one in zip(arrays, gradients, strict=False)]

            of_states, new, arrays = _over_steps(tf, step, self.size, (of_states, new, arrays))
            of_projected, of_recurrent = (_flat(tf, array.stack()) for array in (arrays[0], arrays[-1]))
            found = {
                "kernel": tf.matmul(_flat(tf, self._cut(inputs, start)), of_projected, transpose_a=True),
                "recurrent": tf.matmul(_flat(tf, past[0]), of_recurrent, transpose_a=True),
            }
            if "bias" in weights:
                found["bias"] = _column_sums(tf, of_projected)
            if "recurrent bias" in weights:
                found["recurrent bias"] = _column_sums(tf, of_recurrent)
            of_weights = {name: so_far + tf.cast(found[name], so_far.dtype) for name, so_far in of_weights.items()}
            return (of_states, new, of_weights, saved), [tf.matmul(of_projected, transposed["kernel"])]

        zeros = {name: tf.zeros(one.shape, _to_add_up(one.dtype)) for name, one in weights.items()}
        rows, features = inputs.shape[0], inputs.shape[2]
        shape = (None if rows is None or self.chunks == 1 else self.size * rows, features)
        carry = (list(of_final), list(final), zeros, saved)
        (of_states, _, of_weights, _), (of_inputs,) = self._over_chunks(
            chunk, carry, [(inputs.dtype, shape)], reverse=True
        )
        of_inputs = tf.reshape(self._joined(of_inputs), (self.length, -1, features))
        of_weights = [tf.cast(of_weights[name], one.dtype) for name, one in weights.items()]
        of_inputs = tf.transpose(of_inputs, (1, 0, 2))
        of_inputs.set_shape(inputs.shape)
        return of_inputs, *of_weights, *of_states

    def _cut(self, inputs, start):
        """The inputs of the chunk that starts at step `start`, time first."""
        if self.chunks > 1:
            rows, _, features = inputs.shape
            inputs = inputs[:, start : start + self.size]
            inputs.set_shape((rows, self.size, features))
        return self.tf.transpose(inputs, (1, 0, 2))

    def _over_chunks(self, chunk, carry, like, reverse=False):
        """`carry` after `chunk(number, carry) -> (carry, pieces)` for all chunks, and the pieces.

        Args:
            chunk: the function.
            carry: nested tensors.
            like: dtype and shape of each piece.
            reverse: begin with the last chunk.

        Returns:
            The carry, and the pieces: as they are if there is one chunk, else an array for each.
        """
        if self.chunks == 1:
            return chunk(0, carry)
        tf = self.tf
        arrays = [
            tf.TensorArray(dtype, self.chunks, clear_after_read=False, element_shape=shape) for dtype, shape in like
        ]

        def body(count, carry, arrays):
            number = self.chunks - 1 - count if reverse else count
            carry, pieces = chunk(number, carry)
            return count + 1, carry, [array.write(number, one) for array, one in zip(arrays, pieces, strict=True)]

        # With more iterations at a time the loop runs ahead of its products, and all that they wait for is in memory.
        _, carry, arrays = tf.while_loop(
            lambda count, *_: count < self.chunks,
            body,
            (0, carry, arrays),
            maximum_iterations=self.chunks,
            parallel_iterations=1,
        )
        return carry, arrays

    def _joined(self, pieces):
        """Pieces of all chunks, joined along their first axis."""
        return pieces if self.chunks == 1 else pieces.concat()

    def _taken(self, saved):
        """What `_over_chunks` saved without the last chunk, which no longer takes memory then, and the last chunk."""
        tf = self.tf
        if self.chunks == 1:
            return saved, saved
        left, last = [], []
        for array in saved:
            shape = [-1 if size is None else size for size in array.element_shape]
            handle, piece = tf.raw_ops.TensorListPopBack(
                input_handle=array.flow, element_shape=shape, element_dtype=array.dtype
            )
            piece.set_shape(array.element_shape)
            left.append(tf.TensorArray(array.dtype, flow=handle))
            last.append(piece)
        return left, last

    def _before(self, after, earlier, initial, number):
        """The states before each step of a chunk, from those after each step and the array of earlier chunks."""
        tf = self.tf
        first = initial
        if self.chunks > 1:
            first = tf.cond(tf.equal(number, 0), lambda: initial, lambda: earlier.read(number - 1)[-1])
        return tf.concat([first[None], after[:-1]], 0)


def _chunks(inputs, width):
    """The number of chunks that time is cut into, so that the inputs of not too many steps are projected at once.

    XLA plans its memory itself and is slow at products inside a loop: it gets a single chunk, and so does a length that
    is unknown or has no suitable divisor.
    """
    from tensorflow import executing_eagerly

    length = inputs.shape[1]
    if length is None or executing_eagerly() or traced_for_xla()[0]:
        return 1
    step = _rows(inputs) * width * inputs.dtype.size
    most = max(1, CHUNK_BYTES // step)
    size = next(size for size in range(min(length, most), 0, -1) if length % size == 0)
    return length // size if 4 * size >= most else 1


def _to_add_up(dtype):
    """The dtype in which many products are added up."""
    return "float32" if dtype.size < 4 else dtype


def _flat(tf, sequence):
    """A tensor of shape (timesteps, batch, width) as a matrix of timesteps * batch rows."""
    return tf.reshape(sequence, (-1, sequence.shape[-1]))


def _column_sums(tf, matrix):
    """The sum of every column; a product is several times faster than a sum, but XLA is slow at one with a single row."""
    if matrix.dtype.size < 4:  # a product may add up in half precision, a sum doesn't
        return tf.reduce_sum(matrix, 0)
    return tf.matmul(tf.ones((2, tf.shape(matrix)[0]), matrix.dtype), matrix)[0]


def _over_steps(tf, step, size, carry):
    """`carry` after `step(position, carry) -> carry` for the positions 0 to `size` - 1."""
    per_iteration = STEPS_PER_ITERATION if isinstance(size, int) else 1
    lead = size % per_iteration if isinstance(size, int) else 0
    for position in range(lead):
        carry = step(position, carry)
    iterations = (size - lead) // per_iteration

    def body(iteration, carry):
        for position in range(per_iteration):
            carry = step(lead + iteration * per_iteration + position, carry)
        return iteration + 1, carry

    if isinstance(iterations, int) and iterations == 0:
        return carry
    return tf.while_loop(lambda iteration, _: iteration < iterations, body, (0, carry), maximum_iterations=iterations)[
        1
    ]
