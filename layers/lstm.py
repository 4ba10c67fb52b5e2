"""Long short-term memory: a cell state that gates write to and erase from."""

import keras
import numpy as np
from keras import ops

from layers.recurrence import (
    LoopByHand,
    check_arguments,
    dropout_masks,
    output_gradient,
    product,
    set_up,
)
from layers.tracing import traced_for_xla


@keras.saving.register_keras_serializable("layers")
class LSTMCell(keras.layers.LSTMCell):
    """One time step of an LSTM.

        i_t = sigmoid(x_t W_i + h_(t-1) U_i + b_i)        input gate
        f_t = sigmoid(x_t W_f + h_(t-1) U_f + b_f)        forget gate
        C~_t = tanh(x_t W_c + h_(t-1) U_c + b_c)          candidate
        o_t = sigmoid(x_t W_o + h_(t-1) U_o + b_o)        output gate
        C_t = f_t * C_(t-1) + i_t * C~_t                  cell state
        h_t = o_t * tanh(C_t)                             hidden state

    Args: those of `keras.layers.LSTMCell`.

    Weights:
        kernel: [W_i, W_f, W_c, W_o] side by side, shape (features, 4 * units).
        recurrent_kernel: [U_i, U_f, U_c, U_o], shape (units, 4 * units).
        bias: [b_i, b_f, b_c, b_o], shape (4 * units,); b_f starts at one if `unit_forget_bias`.

    Call arguments:
        inputs: x_t, shape (batch, features).
        states: [h_(t-1), C_(t-1)], each of shape (batch, units).
        training: whether dropout is active.

    Output: h_t and the new states [h_t, C_t].

    Raises:
        ValueError: `units` is not a positive integer, or an activation is unknown.

    Source: document 003, Video 65-66; Hochreiter and Schmidhuber 1997, Gers et al. 2000 (forget gate).
    """

    def __init__(self, units, activation="tanh", recurrent_activation="sigmoid", **kwargs):
        check_arguments(units, activation=activation, recurrent_activation=recurrent_activation)
        super().__init__(units, activation=activation, recurrent_activation=recurrent_activation, **kwargs)

    def call(self, inputs, states, training=False):
        """One step; see the class for the equations."""
        h, C = states
        of_inputs, of_hidden = dropout_masks(self, inputs, h, training)
        gates = product(inputs, self.kernel, of_inputs) + product(h, self.recurrent_kernel, of_hidden)
        if self.bias is not None:
            gates = gates + self.bias
        z_i, z_f, z_c, z_o = ops.split(gates, 4, axis=1)
        i, f, o = self.recurrent_activation(z_i), self.recurrent_activation(z_f), self.recurrent_activation(z_o)
        C = f * C + i * self.activation(z_c)
        h = o * self.activation(C)
        return h, [h, C]


@keras.saving.register_keras_serializable("layers")
class LSTM(LoopByHand, keras.layers.LSTM):
    """An LSTM over a sequence; `LSTMCell` has the equations.

    On TensorFlow without a GPU the loop has a backward pass derived by hand; elsewhere Keras's loop runs our cell, and
    cuDNN does where it can.

    Args:
        units: width of hidden and cell state, a positive integer.
        activation: of the candidate and of the cell state on its way out, default "tanh".
        recurrent_activation: of the three gates, default "sigmoid".
        use_bias: whether the gates have biases.
        kernel_initializer, recurrent_initializer, bias_initializer: how the weights start.
        unit_forget_bias: start the forget gate's bias at one (Jozefowicz et al. 2015).
        kernel_regularizer, recurrent_regularizer, bias_regularizer, activity_regularizer: penalties.
        kernel_constraint, recurrent_constraint, bias_constraint: projections after an update.
        dropout: share of the inputs that is dropped, the same at every step, between 0 and 1.
        recurrent_dropout: share of the hidden state that is dropped; leaves the fast loop.
        seed: seed of the dropout masks.
        return_sequences: give the hidden state of every step, not only of the last.
        return_state: also give the final hidden and cell state.
        go_backwards: read the sequence from its end; outputs come in that order.
        stateful: carry the states over to the next batch.
        unroll: spell the loop out in the graph.
        use_cudnn: "auto", True or False.
        **kwargs: `name`, `dtype`, `trainable`, `zero_output_for_mask`, `implementation`.

    Call arguments:
        sequences: shape (batch, timesteps, features).
        initial_state: [h_0, C_0], each of shape (batch, units); zeros if None.
        mask: booleans of shape (batch, timesteps); a False step leaves the states as they are.
        training: whether dropout is active.

    Output: h_T of shape (batch, units) or all h_t of shape (batch, timesteps, units), then h_T and C_T if
    `return_state`; in the layer's compute dtype.

    Raises:
        ValueError: `units`, an activation, `use_cudnn` or the shape of inputs or mask is not as above.

    Source: document 003, Video 65-66 and 68; Hochreiter and Schmidhuber 1997.
    """

    def __init__(
        self,
        units,
        activation="tanh",
        recurrent_activation="sigmoid",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        unit_forget_bias=True,
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        seed=None,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        use_cudnn="auto",
        **kwargs,
    ):
        cell = LSTMCell(
            units,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            unit_forget_bias=unit_forget_bias,
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
            implementation=kwargs.pop("implementation", 2),
            name="lstm_cell",
        )
        set_up(
            self,
            cell,
            use_cudnn,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )

    kept_tensors, one_gradient = 4, True

    def forward_step(self, projected, recurrent, states):
        """One step of `through_time`, and what `backward_step` needs of it."""
        act = self.cell.activation
        i, f, candidate, o = self._gates(projected + recurrent)
        C = f * states[1] + i * candidate
        return (o * act(C), C), (i, f, candidate, o)

    def _gates(self, z):
        act, gate = self.cell.activation, self.cell.recurrent_activation
        if traced_for_xla()[0] and (act, gate) == (keras.activations.tanh, keras.activations.sigmoid):
            # sigmoid(z) = (tanh(z / 2) + 1) / 2 makes one tanh of all four, which XLA needs half the time for.
            half = np.repeat([0.5, 0.5, 1.0, 0.5], self.units).astype(z.dtype.as_numpy_dtype)
            return ops.split(ops.tanh(z * half) * half + (1 - half), 4, axis=1)
        z_i, z_f, z_c, z_o = ops.split(z, 4, axis=1)
        return gate(z_i), gate(z_f), act(z_c), gate(z_o)

    def backward_step(self, of_states, kept, old_states, new_states):
        """The derivatives of `forward_step`."""
        d_act, d_gate = output_gradient(self.cell.activation), output_gradient(self.cell.recurrent_activation)
        of_h, of_C = of_states
        i, f, candidate, o = kept
        squashed = self.cell.activation(new_states[1])  # keeping it costs more than this
        of_C = of_C + d_act(squashed, of_h * o)
        of_gates = ops.concatenate(
            [
                d_gate(i, of_C * candidate),
                d_gate(f, of_C * old_states[1]),
                d_act(candidate, of_C * i),
                d_gate(o, of_h * squashed),
            ],
            axis=1,
        )  # (batch, 4 * units)
        return of_gates, of_gates, (None, of_C * f)
