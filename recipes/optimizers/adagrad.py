"""AdaGrad: a learning rate for every weight, that falls with the gradients the weight has seen."""

import keras
from keras import ops

from recipes.optimizers.arguments import not_negative


@keras.saving.register_keras_serializable("recipes")
class AdaGrad(keras.optimizers.Optimizer):
    """Divides every weight's step by the root of its summed squared gradients; a drop-in for `keras.optimizers.Adagrad`.

    For weights W, gradient g, learning rate eta, and everything taken entry by entry,

        G <- G + g^2,       W <- W - eta / sqrt(G + epsilon) g

    G only grows, so the effective rate eta / sqrt(G + epsilon) never rises; a weight whose gradient is mostly 0 keeps a
    larger one. The paper and PyTorch add epsilon to the root, not to G; the notes and Keras add it to G.

    Args:
        learning_rate: eta: a float, a `LearningRateSchedule`, or a function without arguments.
        initial_accumulator_value: what G starts from, 0 or more; the notes and the paper start from 0.
        epsilon: added to G against division by zero, 0 or more.
        *args, **kwargs: those of `keras.optimizers.Optimizer`, as for `recipes.optimizers.SGD`.

    State: `_accumulators`, G for each variable.

    Raises:
        ValueError: if `initial_accumulator_value` or `epsilon` is negative.

    Source: document 003, Video 36; Duchi et al. 2011.
    """

    def __init__(self, learning_rate=0.001, initial_accumulator_value=0.1, epsilon=1e-7, *args, **kwargs):
        super().__init__(learning_rate, *args, **kwargs)
        self.initial_accumulator_value = not_negative("initial_accumulator_value", initial_accumulator_value)
        self.epsilon = not_negative("epsilon", epsilon)

    def build(self, variables):
        """Create G for every variable."""
        if self.built:
            return
        super().build(variables)
        start = keras.initializers.Constant(self.initial_accumulator_value)
        self._accumulators = self.add_optimizer_variables(variables, "accumulator", initializer=start)

    def update_step(self, gradient, variable, learning_rate):
        """Move one variable W; a sparse gradient moves only the rows of G and W that it names."""
        eta, g = ops.cast(learning_rate, variable.dtype), ops.cast(gradient, variable.dtype)
        total = self._accumulators[self._get_variable_index(variable)]
        self.assign_add(total, ops.square(g))
        self.assign_sub(variable, ops.divide(ops.multiply(g, eta), ops.sqrt(ops.add(total, self.epsilon))))

    def get_config(self):
        """The constructor's arguments."""
        own = {"initial_accumulator_value": self.initial_accumulator_value, "epsilon": self.epsilon}
        return {**super().get_config(), **own}
