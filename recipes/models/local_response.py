"""Local response normalization, which AlexNet and GoogLeNet used before there was batch normalization."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("recipes")
class LocalResponseNormalization(keras.layers.Layer):
    """Divides every activation by what the maps beside it show at the same place.

        y[k] = x[k] / (bias + alpha sum_{|j - k| <= size / 2} x[j]^2)^beta

    over the channels j that exist. Nothing is learned.

    Args:
        size: number of neighbouring channels in the sum, its own included; odd.
        bias: keeps the divisor from 0.
        alpha: weight of the sum. Caffe's networks divide it by `size`.
        beta: exponent.
        **kwargs: those of every layer.

    Call arguments:
        inputs: floats of shape `(batch, rows, columns, channels)`.

    Output: as the inputs.

    Raises:
        ValueError: `size` is no odd positive integer.

    Source: Krizhevsky et al. 2012, section 3.3.
    """

    def __init__(self, size: int = 5, bias: float = 2.0, alpha: float = 1e-4, beta: float = 0.75, **kwargs: Any):
        super().__init__(**kwargs)
        if not hasattr(size, "__index__") or size < 1 or size % 2 == 0:
            raise ValueError(f"`size` must be an odd positive integer. Received: size={size!r}")
        self.size, self.bias, self.alpha, self.beta = size, bias, alpha, beta

    def call(self, inputs: Any) -> Any:
        """Divide by the neighbours' energy."""
        reach, channels = self.size // 2, inputs.shape[-1]
        squares = ops.pad(ops.square(inputs), [(0, 0), (0, 0), (0, 0), (reach, reach)])
        energy = sum(squares[..., start : start + channels] for start in range(self.size))
        return inputs / ops.power(self.bias + self.alpha * energy, self.beta)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """That of the input."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Everything that the constructor takes."""
        return {
            **super().get_config(), "size": self.size, "bias": self.bias, "alpha": self.alpha, "beta": self.beta,
        }  # fmt: skip
