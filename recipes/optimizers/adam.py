"""Adam: momentum and RMSProp together, both averages corrected for their start at zero."""

import keras
from keras import ops

from recipes.optimizers.arguments import fraction, not_negative


@keras.saving.register_keras_serializable("recipes")
class Adam(keras.optimizers.Optimizer):
    """Divides the mean gradient by its root mean square, entry by entry; a drop-in for `keras.optimizers.Adam`.

    For weights W, gradient g of step t = 1, 2, ... and learning rate eta,

        m <- beta_1 m + (1 - beta_1) g,         v <- beta_2 v + (1 - beta_2) g^2
        alpha = eta sqrt(1 - beta_2^t) / (1 - beta_1^t)
        W <- W - alpha m / (sqrt(v) + epsilon)

    Without epsilon that is eta m_hat / sqrt(v_hat) with m_hat = m / (1 - beta_1^t) and v_hat = v / (1 - beta_2^t); the
    first step is eta in size, whatever the gradient's. Where epsilon stands matters for tiny gradients: the paper's
    algorithm 1 and PyTorch have sqrt(v_hat) + epsilon, which is this rule with epsilon sqrt(1 - beta_2^t) in epsilon's
    place; the notes write sqrt(v_hat + epsilon). With `amsgrad` the largest v so far stands for v.

    Args:
        learning_rate: eta: a float, a `LearningRateSchedule`, or a function without arguments.
        beta_1: how much of m stays after a step, at least 0 and below 1.
        beta_2: how much of v stays after a step, at least 0 and below 1.
        epsilon: added to the root against division by zero, 0 or more.
        amsgrad: whether a weight's v may only grow.
        *args, **kwargs: those of `keras.optimizers.Optimizer`, as for `recipes.optimizers.SGD`.

    State: `_momentums` m and `_velocities` v, variable by variable, then `_velocity_hats` (with amsgrad).

    Raises:
        ValueError: if `beta_1` or `beta_2` is outside 0 to 1, or `epsilon` negative.

    Source: document 003, Video 38; Kingma and Ba 2015; amsgrad: Reddi et al. 2018.
    """

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False, *args, **kwargs):
        super().__init__(learning_rate, *args, **kwargs)
        self.beta_1 = fraction("beta_1", beta_1)
        self.beta_2 = fraction("beta_2", beta_2)
        self.epsilon = not_negative("epsilon", epsilon)
        self.amsgrad = amsgrad

    def build(self, variables):
        """Create m, v and, with amsgrad, the largest v, for every variable."""
        if self.built:
            return
        super().build(variables)
        self._momentums, self._velocities = self.add_optimizer_variables(variables, ["momentum", "velocity"])
        self._velocity_hats = self.add_optimizer_variables(variables, "velocity_hat") if self.amsgrad else []

    def update_step(self, gradient, variable, learning_rate):
        """Move one variable W."""
        index = self._get_variable_index(variable)
        m, v = self._momentums[index], self._velocities[index]
        g = ops.cast(gradient, variable.dtype)
        # Not beta m + (1 - beta) g: in bfloat16 a beta of 0.999 is 1, and the average would only grow.
        self.assign_add(m, ops.multiply(ops.subtract(g, m), 1 - self.beta_1))
        self.assign_add(v, ops.multiply(ops.subtract(ops.square(g), v), 1 - self.beta_2))
        if self.amsgrad:
            largest = self._velocity_hats[index]
            self.assign(largest, ops.maximum(largest, v))
            v = largest
        alpha = ops.cast(self._corrected_rate(learning_rate, variable.dtype), variable.dtype)
        self.assign_sub(variable, ops.divide(ops.multiply(m, alpha), ops.add(ops.sqrt(v), self.epsilon)))

    def _corrected_rate(self, learning_rate, dtype):
        """alpha, in float32 at least: in bfloat16 0.999 is 1, and 1 - beta_2^t would be 0 for ever."""
        dtype = keras.backend.result_type(dtype, "float32")
        t = ops.cast(self.iterations + 1, dtype)
        kept_1, kept_2 = (ops.power(ops.cast(beta, dtype), t) for beta in (self.beta_1, self.beta_2))
        return ops.cast(learning_rate, dtype) * ops.sqrt(1 - kept_2) / (1 - kept_1)

    def get_config(self):
        """The constructor's arguments."""
        own = {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon, "amsgrad": self.amsgrad}
        return {**super().get_config(), **own}
