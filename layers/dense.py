"""The fully connected layer: every output is a weighted sum of all inputs."""

import keras
from keras import ops

from layers.arguments import activation_function, positive_integer


@keras.saving.register_keras_serializable("layers")
class Dense(keras.layers.Dense):
    """Weighted sums of the inputs, plus a bias, through an activation; a drop-in for `keras.layers.Dense`.

        z = x W + b,        y = f(z)

    for inputs x of n features and m units. Backwards, with g = dL/dy * f'(z),

        dL/dx = g W^T,      dL/dW = x^T g,      dL/db = sum of g over the examples

    Args:
        units: number of outputs m, a positive integer.
        activation: f: None (y = z), a function, or the name of one in `keras.activations`.
        use_bias: whether to add b.
        kernel_initializer: initializer of W.
        bias_initializer: initializer of b.
        kernel_regularizer: adds a penalty on W to the loss.
        bias_regularizer: adds a penalty on b to the loss.
        activity_regularizer: adds a penalty on y to the loss.
        kernel_constraint: applied to W after every update.
        bias_constraint: applied to b after every update.
        lora_rank: rank r of a trainable W' = A B beside a frozen W; None for none.
        lora_alpha: W' counts lora_alpha / lora_rank times; lora_rank where left out.
        quantization_config: how `quantize` stores W.
        **kwargs: `name`, `dtype` and the like.

    Weights: `kernel` W of shape `(n, m)` and `bias` b `(m,)`: (n + 1) m parameters.

    Call arguments:
        inputs: `(batch, ..., n)`, dense or sparse.
        training: not looked at; taken because quantized calls know it.

    Output: `(batch, ..., m)` in the compute dtype.

    Raises:
        ValueError: if `units` is not a positive integer, or `activation` or n is unknown.

    Source: document 003, Videos 8-10 (multi-layer perceptron, forward propagation) and 15-17 (backpropagation).
    """

    def __init__(self, units, activation=None, *args, **kwargs):
        super().__init__(
            positive_integer("units", units), activation_function("activation", activation), *args, **kwargs
        )

    def build(self, input_shape):
        """Create the weights for the features of `input_shape`."""
        if input_shape[-1] is None:
            raise ValueError(f"The number of input features must be known. Received: input_shape={input_shape}")
        super().build(input_shape)

    def call(self, inputs, training=None):
        """The activation of x W + b."""
        outputs = ops.matmul(inputs, self.kernel)
        if self.bias is not None:
            outputs = ops.add(outputs, self.bias)
        return outputs if self.activation is None else self.activation(outputs)

    def quantize(self, mode=None, type_check=True, config=None):
        """Store the kernel in fewer bits, as `keras.layers.Dense` does; subclasses must say `type_check=False`."""
        super().quantize(mode, type_check=type_check and type(self) is not Dense, config=config)
