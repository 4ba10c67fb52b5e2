"""Gated recurrent unit: one hidden state, an update gate and a reset gate."""

import keras
from keras import ops

from layers.recurrence import (
    LoopByHand,
    check_arguments,
    dropout_masks,
    output_gradient,
    product,
    set_up,
)


@keras.saving.register_keras_serializable("layers")
class GRUCell(keras.layers.GRUCell):
    """One time step of a GRU.

        z_t = sigmoid(x_t W_z + h_(t-1) U_z + b_z)                      update gate
        r_t = sigmoid(x_t W_r + h_(t-1) U_r + b_r)                      reset gate
        h~_t = tanh(x_t W_h + r_t * (h_(t-1) U_h + b_rh) + b_h)         candidate, `reset_after=True`
        h~_t = tanh(x_t W_h + (r_t * h_(t-1)) U_h + b_h)                candidate, `reset_after=False`
        h_t = z_t * h_(t-1) + (1 - z_t) * h~_t                          hidden state

    z_t is the share of the old state, as in Keras and Cho et al.; document 003 writes the same with z and 1 - z
    exchanged, and its candidate is the one of `reset_after=False`.

    Args: those of `keras.layers.GRUCell`.

    Weights:
        kernel: [W_z, W_r, W_h] side by side, shape (features, 3 * units).
        recurrent_kernel: [U_z, U_r, U_h], shape (units, 3 * units).
        bias: shape (2, 3 * units), of the inputs and of the recurrent product, or (3 * units,) if not `reset_after`.

    Call arguments:
        inputs: x_t, shape (batch, features).
        states: [h_(t-1)] or h_(t-1), shape (batch, units).
        training: whether dropout is active.

    Output: h_t and the new states, in the form of `states`.

    Raises:
        ValueError: `units` is not a positive integer, or an activation is unknown.

    Source: document 003, Video 67; Cho et al. 2014.
    """

    def __init__(self, units, activation="tanh", recurrent_activation="sigmoid", **kwargs):
        check_arguments(units, activation=activation, recurrent_activation=recurrent_activation)
        super().__init__(units, activation=activation, recurrent_activation=recurrent_activation, **kwargs)

    def call(self, inputs, states, training=False):
        """One step; see the class for the equations."""
        h = states[0] if isinstance(states, (list, tuple)) else states
        of_inputs, of_hidden = dropout_masks(self, inputs, h, training)
        projected = product(inputs, self.kernel, of_inputs)
        if self.bias is not None:
            projected = projected + (self.bias[0] if self.reset_after else self.bias)
        if self.reset_after:
            recurrent = product(h, self.recurrent_kernel, of_hidden)
            recurrent = recurrent if self.bias is None else recurrent + self.bias[1]
            h = mixed_state(self, projected, recurrent, h)[0]
        else:
            h = self._reset_before(projected, of_hidden, h)
        return h, [h] if isinstance(states, (list, tuple)) else h

    def _reset_before(self, projected, masks, h):
        x_z, x_r, x_h = ops.split(projected, 3, axis=1)
        U_gates, U_h = ops.split(self.recurrent_kernel, [2 * self.units], axis=1)
        of_gates, of_candidate = (masks[:2], masks[2:]) if isinstance(masks, list) else (masks, masks)
        h_z, h_r = ops.split(product(h, U_gates, of_gates), 2, axis=1)
        z, r = self.recurrent_activation(x_z + h_z), self.recurrent_activation(x_r + h_r)
        candidate = self.activation(x_h + product(r * h, U_h, of_candidate))
        return z * h + (1 - z) * candidate


def mixed_state(cell, projected, recurrent, h):
    """The new hidden state with the reset gate after the product, then z, r, the candidate and what r scales."""
    x_z, x_r, x_h = ops.split(projected, 3, axis=1)
    h_z, h_r, h_h = ops.split(recurrent, 3, axis=1)
    z, r = cell.recurrent_activation(x_z + h_z), cell.recurrent_activation(x_r + h_r)
    candidate = cell.activation(x_h + r * h_h)
    return candidate + z * (h - candidate), z, r, candidate, h_h


@keras.saving.register_keras_serializable("layers")
class GRU(LoopByHand, keras.layers.GRU):
    """A GRU over a sequence; `GRUCell` has the equations.

    On TensorFlow without a GPU the loop of `reset_after=True` has a backward pass derived by hand; elsewhere Keras's
    loop runs our cell, and cuDNN does where it can.

    Args:
        units: width of the hidden state, a positive integer.
        activation: of the candidate, default "tanh".
        recurrent_activation: of the two gates, default "sigmoid".
        use_bias: whether there are biases.
        kernel_initializer, recurrent_initializer, bias_initializer: how the weights start.
        kernel_regularizer, recurrent_regularizer, bias_regularizer, activity_regularizer: penalties.
        kernel_constraint, recurrent_constraint, bias_constraint: projections after an update.
        dropout: share of the inputs that is dropped, the same at every step, between 0 and 1.
        recurrent_dropout: share of the hidden state that is dropped; leaves the fast loop.
        seed: seed of the dropout masks.
        return_sequences: give the hidden state of every step, not only of the last.
        return_state: also give the final hidden state.
        go_backwards: read the sequence from its end; outputs come in that order.
        stateful: carry the state over to the next batch.
        unroll: spell the loop out in the graph.
        reset_after: apply the reset gate after the recurrent product (cuDNN's form) or before it (the documents').
        use_cudnn: "auto", True or False.
        **kwargs: `name`, `dtype`, `trainable`, `zero_output_for_mask`, `implementation`.

    Call arguments:
        sequences: shape (batch, timesteps, features).
        initial_state: h_0 of shape (batch, units); zeros if None.
        mask: booleans of shape (batch, timesteps); a False step leaves the state as it is.
        training: whether dropout is active.

    Output: h_T of shape (batch, units) or all h_t of shape (batch, timesteps, units), then h_T if `return_state`; in the
    layer's compute dtype.

    Raises:
        ValueError: `units`, an activation, `use_cudnn` or the shape of inputs or mask is not as above.

    Source: document 003, Video 67; Cho et al. 2014.
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
        reset_after=True,
        use_cudnn="auto",
        **kwargs,
    ):
        cell = GRUCell(
            units,
            activation=activation,
            recurrent_activation=recurrent_activation,
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
            reset_after=reset_after,
            seed=seed,
            dtype=kwargs.get("dtype"),
            trainable=kwargs.get("trainable", True),
            implementation=kwargs.pop("implementation", 2),
            name="gru_cell",
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

    kept_tensors, one_gradient = 4, False

    def forward_step(self, projected, recurrent, states):
        """One step of `through_time`, and what `backward_step` needs of it."""
        h, *kept = mixed_state(self.cell, projected, recurrent, states[0])
        return (h,), tuple(kept)

    def backward_step(self, of_states, kept, old_states, new_states):
        """The derivatives of `forward_step`."""
        d_act, d_gate = output_gradient(self.cell.activation), output_gradient(self.cell.recurrent_activation)
        (of_h,) = of_states
        z, r, candidate, h_h = kept
        through_z = of_h * z
        of_candidate = d_act(candidate, of_h - through_z)
        of_z = d_gate(z, of_h * (old_states[0] - candidate))
        of_r = d_gate(r, of_candidate * h_h)
        of_projected = ops.concatenate([of_z, of_r, of_candidate], axis=1)  # (batch, 3 * units)
        of_recurrent = ops.concatenate([of_z, of_r, of_candidate * r], axis=1)
        return of_projected, of_recurrent, (through_z,)
