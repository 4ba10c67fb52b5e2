"""What SimpleRNN, LSTM and GRU share: their checks, products with dropout masks, and which loop over time runs them."""

from keras import activations, backend, ops, tree
from keras.layers import RNN, InputSpec

from layers.arguments import activation_function
from layers.through_time import through_time
from layers.tracing import traced_for_xla


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
    # A GRU's reset before the product needs a second product a step.
    known = known and getattr(cell, "reset_after", True)
    return known and not (training and (cell.recurrent_dropout or masks_a_gate(cell)))


def masks_a_gate(cell):
    """Whether each gate has a dropout mask of its own; Keras's LSTM and GRU fail then, its loop over a cell doesn't."""
    return bool(cell.dropout) and getattr(cell, "implementation", 2) == 1


class LoopByHand(RNN):
    """For a subclass of a Keras recurrent layer: its loop over time with a backward pass derived by hand where that is known.

    The layer brings the two steps of `through_time` and says of them what is asked there: `kept_tensors`, `one_gradient`.
    """

    def inner_loop(self, sequences, initial_state, mask, training=False):
        """The loop over time: by hand where the derivatives are known, else Keras's loop over our cell."""
        mask = check_mask(mask, sequences)
        if loops_by_hand(self, training):
            return through_time(self, sequences, initial_state, mask, training)
        if masks_a_gate(self.cell):
            return RNN.inner_loop(self, sequences, initial_state, mask, training=training)
        return super().inner_loop(sequences, initial_state, mask, training=training)
