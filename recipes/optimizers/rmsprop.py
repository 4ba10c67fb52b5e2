"""RMSProp: AdaGrad with a memory that fades."""

import keras
from keras import ops

from recipes.optimizers.arguments import fraction, not_negative


@keras.saving.register_keras_serializable("recipes")
class RMSprop(keras.optimizers.Optimizer):
    """Divides every weight's step by the root mean square of its recent gradients; a drop-in for `keras.optimizers.RMSprop`.

    For weights W, gradient g, learning rate eta, and everything taken entry by entry,

        V <- rho V + (1 - rho) g^2,     step = eta / sqrt(V + epsilon) g,       W <- W - step

    A constant gradient gives V -> g^2 and |step| -> eta. Centered, with the mean gradient M as well,

        M <- rho M + (1 - rho) g,       step = eta / sqrt(V - M^2 + epsilon) g

    and with momentum mu above 0,

        B <- mu B + step,       W <- W - B

    Args:
        learning_rate: eta: a float, a `LearningRateSchedule`, or a function without arguments.
        rho: how much of V and M stays after a step, at least 0 and below 1 (beta in the notes).
        momentum: mu, 0 for none.
        epsilon: added to V against division by zero, 0 or more.
        centered: whether to divide by the gradients' standard deviation instead.
        *args, **kwargs: those of `keras.optimizers.Optimizer`, as for `recipes.optimizers.SGD`.

    State: `_velocities` V, `_momentums` B (with momentum) and `_average_gradients` M (centered), one for each variable.

    Raises:
        ValueError: if `rho` is outside 0 to 1, or `epsilon` negative.

    Source: document 003, Video 37; Hinton 2012 (lecture 6); centered: Graves 2013.
    """

    def __init__(self, learning_rate=0.001, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False, *args, **kwargs):
        super().__init__(learning_rate, *args, **kwargs)
        self.rho = fraction("rho", rho)
        self.momentum = momentum
        self.epsilon = not_negative("epsilon", epsilon)
        self.centered = centered

    def build(self, variables):
        """Create V, and B and M where they are needed, for every variable."""
        if self.built:
            return
        super().build(variables)
        self._velocities = self.add_optimizer_variables(variables, "velocity")
        self._momentums = self.add_optimizer_variables(variables, "momentum") if self.momentum > 0 else []
        self._average_gradients = self.add_optimizer_variables(variables, "average_gradient") if self.centered else []

    def update_step(self, gradient, variable, learning_rate):
        """Move one variable W."""
        index = self._get_variable_index(variable)
        eta, g = ops.cast(learning_rate, variable.dtype), ops.cast(gradient, variable.dtype)
        spread = self._averaged(self._velocities[index], ops.square(g))
        if self.centered:
            mean = self._averaged(self._average_gradients[index], g)
            spread = ops.subtract(spread, ops.square(mean))
        step = ops.divide(ops.multiply(g, eta), ops.sqrt(ops.add(spread, self.epsilon)))
        if self.momentum > 0:
            velocity = self._momentums[index]
            self.assign(velocity, ops.add(ops.multiply(velocity, self.momentum), step))
            step = velocity
        self.assign_sub(variable, step)

    def _averaged(self, average, value):
        """The moving average, after it has taken in a value."""
        # Not rho average + (1 - rho) value: in bfloat16 a rho of 0.999 is 1, and the average would only grow.
        self.assign_add(average, ops.multiply(ops.subtract(value, average), 1 - self.rho))
        return average

    def get_config(self):
        """The constructor's arguments."""
        own = {"rho": self.rho, "momentum": self.momentum, "epsilon": self.epsilon, "centered": self.centered}
        return {**super().get_config(), **own}
