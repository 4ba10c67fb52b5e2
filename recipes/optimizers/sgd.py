"""Gradient descent, plain, with momentum and with Nesterov's momentum."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("recipes")
class SGD(keras.optimizers.Optimizer):
    """Steps down the gradient, with a memory of earlier steps; a drop-in for `keras.optimizers.SGD`.

    For weights W, gradient g of the loss at W, learning rate eta and momentum beta,

        plain:      W <- W - eta g
        momentum:   V <- beta V + eta g,    W <- W - V
        Nesterov:   V <- beta V + eta g,    W <- W - (beta V + eta g)

    A constant gradient makes V grow to eta g / (1 - beta): ten plain steps in one for beta = 0.9. Nesterov's rule is often
    written for a point U that looks ahead,

        V <- beta V + eta gradient(U - beta V),     U <- U - V

    which is the same method: W above is the look-ahead point U - beta V itself.

    Args:
        learning_rate: eta: a float, a `LearningRateSchedule`, or a function without arguments.
        momentum: beta, a float from 0 to 1; 0 is plain descent and keeps no state.
        nesterov: whether to look ahead.
        *args, **kwargs: those of `keras.optimizers.Optimizer`, in its order: `weight_decay`, `clipnorm`, `clipvalue`,
            `global_clipnorm`, `use_ema`, `ema_momentum`, `ema_overwrite_frequency`, `loss_scale_factor`,
            `gradient_accumulation_steps`, `name`.

    State: `momentums`, one for each variable where momentum is above 0; holds -V, as Keras does.

    Raises:
        ValueError: if `momentum` is not a float from 0 to 1.

    Source: document 003, Videos 34 (momentum) and 35 (Nesterov); Polyak 1964; Nesterov 1983; Sutskever et al. 2013.
    """

    def __init__(self, learning_rate=0.01, momentum=0.0, nesterov=False, *args, **kwargs):
        super().__init__(learning_rate, *args, **kwargs)
        if not isinstance(momentum, float) or not 0 <= momentum <= 1:
            raise ValueError(f"`momentum` must be a float between [0, 1]. Received: momentum={momentum!r}")
        self.momentum = momentum
        self.nesterov = nesterov

    def build(self, variables):
        """Create -V, zero, for every variable."""
        if self.built:
            return
        super().build(variables)
        self.momentums = self.add_optimizer_variables(variables, "momentum") if self.momentum else []

    def update_step(self, gradient, variable, learning_rate):
        """Move one variable W."""
        eta = ops.cast(learning_rate, variable.dtype)
        step = ops.multiply(ops.cast(gradient, variable.dtype), eta)  # eta g, sparse where g is
        if not self.momentum:
            self.assign_sub(variable, step)
            return
        beta = ops.cast(self.momentum, variable.dtype)
        velocity = self.momentums[self._get_variable_index(variable)]  # -V
        self.assign(velocity, ops.subtract(ops.multiply(velocity, beta), step))
        if self.nesterov:
            self.assign_add(variable, ops.subtract(ops.multiply(velocity, beta), step))
        else:
            self.assign_add(variable, velocity)

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}
