"""The plain recurrent layer: a hidden state that is mixed with each input."""

import keras

from layers.recurrence import (
    LoopByHand,
    check_arguments,
    dropout_masks,
    output_gradient,
    product,
    set_up,
)


@keras.saving.register_keras_serializable("layers")
class SimpleRNNCell(keras.layers.SimpleRNNCell):
    """One time step of a plain recurrent network.

        h_t = tanh(x_t W + h_(t-1) U + b)

    Args: those of `keras.layers.SimpleRNNCell`.

    Weights:
        kernel: W, shape (features, units).
        recurrent_kernel: U, shape (units, units).
        bias: b, shape (units,).

    Call arguments:
        inputs: x_t, shape (batch, features).
        states: [h_(t-1)] or h_(t-1), shape (batch, units).
        training: whether dropout is active.

    Output: h_t and the new states, in the form of `states`.

    Raises:
        ValueError: `units` is not a positive integer, or the activation is unknown.

    Source: document 003, Video 59-60; Elman 1990.
    """

    def __init__(self, units, activation="tanh", **kwargs):
        check_arguments(units, activation=activation)
        super().__init__(units, activation=activation, **kwargs)

    def call(self, inputs, states, training=False):
        """One step; see the class for the equation."""
        h = states[0] if isinstance(states, (list, tuple)) else states
        of_inputs, of_hidden = dropout_masks(self, inputs, h, training)
        h = product(inputs, self.kernel, of_inputs) + product(h, self.recurrent_kernel, of_hidden)
        h = self.activation(h if self.bias is None else h + self.bias)
        return h, [h] if isinstance(states, (list, tuple)) else h


@keras.saving.register_keras_serializable("layers")
class SimpleRNN(LoopByHand, keras.layers.SimpleRNN):
    """A plain recurrent network over a sequence; `SimpleRNNCell` has the equation.

    On TensorFlow the loop has a backward pass derived by hand; elsewhere Keras's loop runs our cell.

    Args:
        units: width of the hidden state, a positive integer.
        activation: default "tanh".
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: how the weights start.
        kernel_regularizer, recurrent_regularizer, bias_regularizer, activity_regularizer: penalties.
        kernel_constraint, recurrent_constraint, bias_constraint: projections after an update.
        dropout: share of the inputs that is dropped, the same at every step, between 0 and 1.
        recurrent_dropout: share of the hidden state that is dropped; leaves the fast loop.
        return_sequences: give the hidden state of every step, not only of the last.
        return_state: also give the final hidden state.
        go_backwards: read the sequence from its end; outputs come in that order.
        stateful: carry the state over to the next batch.
        unroll: spell the loop out in the graph.
        seed: seed of the dropout masks.
        **kwargs: `name`, `dtype`, `trainable`, `zero_output_for_mask`.

    Call arguments:
        sequences: shape (batch, timesteps, features).
        initial_state: h_0 of shape (batch, units); zeros if None.
        mask: booleans of shape (batch, timesteps); a False step leaves the state as it is.
        training: whether dropout is active.

    Output: h_T of shape (batch, units) or all h_t of shape (batch, timesteps, units), then h_T if `return_state`; in the
    layer's compute dtype.

    Raises:
        ValueError: `units`, the activation or the shape of inputs or mask is not as above.

    Source: document 003, Video 59-62; Elman 1990.
    """

    def __init__(
        self,
        units,
        activation="tanh",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        seed=None,
        **kwargs,
    ):
        cell = SimpleRNNCell(
            units,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            dtype=kwargs.get("dtype"),
            trainable=kwargs.get("trainable", True),
            name="simple_rnn_cell",
        )
        set_up(
            self,
            cell,
            use_cudnn=None,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )

    kept_tensors, one_gradient = 0, True

    def forward_step(self, projected, recurrent, states):
        """One step of `through_time`, and what `backward_step` needs of it."""
        return (self.cell.activation(projected + recurrent),), ()

    def backward_step(self, of_states, kept, old_states, new_states):
        """The derivatives of `forward_step`."""
        of_sum = output_gradient(self.cell.activation)(new_states[0], of_states[0])
        return of_sum, of_sum, (None,)

    def get_config(self):
        """The constructor's arguments; Keras's own leave the seed out."""
        return {**super().get_config(), "seed": self.cell.seed}
