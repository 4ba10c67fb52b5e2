"""Sinusoidal positions: what tells a Transformer the order of its input."""

import math

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("layers")
class SinusoidalPositionalEncoding(keras.layers.Layer):
    """Adds sines and cosines of the position, one frequency for each pair of dimensions, to its input.

        PE(pos, 2i) = sin(pos / 10000^(2i/d)),  PE(pos, 2i+1) = cos(pos / 10000^(2i/d)),  i = 0 .. ceil(d/2) - 1

    An odd width d leaves out the last cosine. Angles are computed in float32 (float64 if the layer runs in it) and
    the sum is rounded to the layer's dtype at the end, so that bfloat16, which can't tell position 257 from 256, still
    gets a different encoding for each.

    Args:
        max_wavelength: the 10000 of the equation.
        add: whether to add the encoding to the input; False returns the encoding alone, without the batch axis unless
            `start_index` has one.
        scale: whether to multiply the input by sqrt(d) first, as the paper does with its embeddings.
        **kwargs: `name`, `dtype` and the like.

    Weights: none.

    Call arguments:
        inputs: `(batch, ..., length, width)`.
        start_index: position of the first step: an integer, an integer tensor `()` or, for inputs
            `(batch, length, width)`, one position a sequence `(batch,)`. Decoding with a cache passes the steps so far.

    Output: the shape and dtype of the input; `(length, width)` or `(batch, length, width)` with `add=False`.

    Raises:
        ValueError: for arguments or shapes that don't fit.

    Source: document 003, Video 77; Vaswani et al. 2017, section 3.5, https://arxiv.org/abs/1706.03762.
    """

    def __init__(self, max_wavelength=10000.0, add=True, scale=False, **kwargs):
        super().__init__(**kwargs)
        if isinstance(max_wavelength, bool) or not isinstance(max_wavelength, int | float) or max_wavelength <= 1:
            raise ValueError(f"`max_wavelength` must be a number above 1. Received: max_wavelength={max_wavelength}")
        if scale and not add:
            raise ValueError(f"`scale` acts on the input, which add=False leaves out. Received: scale={scale}")
        self.max_wavelength = max_wavelength
        self.add = add
        self.scale = scale
        self.supports_masking = True

    def build(self, input_shape):
        """Check the shape; there are no weights."""
        if len(input_shape) < 3 or input_shape[-1] is None:
            raise ValueError(
                "The input must have the shape (batch, ..., length, width) with a known width. "
                f"Received: input_shape={tuple(input_shape)}"
            )

    def call(self, inputs, start_index=0):
        """The input plus its positions' encoding."""
        start = self._start(start_index, inputs)
        dtype = keras.backend.result_type(inputs.dtype, "float32")
        positions = start[..., None] + ops.arange(ops.shape(inputs)[-2], dtype="int32")
        encoding = self.encode(positions, inputs.shape[-1], dtype)  # (length, width) or (batch, length, width)
        if not self.add:
            return ops.cast(encoding, inputs.dtype)
        scale = math.sqrt(inputs.shape[-1]) if self.scale else 1.0
        return ops.cast(ops.cast(inputs, dtype) * scale + encoding, inputs.dtype)

    def encode(self, positions, width, dtype="float32"):
        """PE of integer positions `(...,)` as `(..., width)`."""
        pairs = np.arange((width + 1) // 2)
        turns = np.power(float(self.max_wavelength), -2 * pairs / width) / (2 * np.pi)  # per position
        positions = ops.cast(positions, dtype)[..., None]
        # In float32 the angle of position 10000 is off by 6e-4. Whole turns don't matter, so the product is taken in
        # parts: positions below 2^16 times the 8 leading bits are exact, and only the remainders' fractions are kept.
        total = 0.0
        for part in _parts(turns):
            product = positions * ops.convert_to_tensor(part, dtype)
            total = total + (product - ops.floor(product))
        angles = 2 * math.pi * (total - ops.floor(total))
        waves = ops.stack([ops.sin(angles), ops.cos(angles)], axis=-1)  # (..., pairs, 2)
        waves = ops.reshape(waves, (*ops.shape(positions)[:-1], 2 * len(pairs)))
        return waves[..., :width]

    def _start(self, start_index, inputs):
        if isinstance(start_index, int) and start_index < 0:
            raise ValueError(f"`start_index` must not be negative. Received: start_index={start_index}")
        start = ops.cast(ops.convert_to_tensor(start_index), "int32")
        if len(start.shape) > (1 if len(inputs.shape) == 3 else 0):
            raise ValueError(
                "`start_index` must be one position, or one a sequence for inputs (batch, length, width). "
                f"Received: start_index.shape={tuple(start.shape)}, inputs.shape={tuple(inputs.shape)}"
            )
        return start

    def compute_output_shape(self, inputs_shape, start_index_shape=None):
        """The input's shape; with `add=False` without the batch axes that `start_index` has not."""
        if self.add:
            return tuple(inputs_shape)
        return (*(start_index_shape or ()), *inputs_shape[-2:])

    def compute_mask(self, inputs, mask=None):
        """The input's mask goes on to the output, unless the encoding is returned alone."""
        return mask if self.add else None

    def get_config(self):
        """Constructor arguments."""
        return {
            **super().get_config(),
            "max_wavelength": self.max_wavelength,
            "add": self.add,
            "scale": self.scale,
        }


def _parts(numbers):
    """Three arrays that add up to the numbers, the first two with 8 significant bits."""
    parts = []
    for _ in range(2):
        mantissa, exponent = np.frexp(numbers)
        parts.append(np.ldexp(np.round(mantissa * 256) / 256, exponent))
        numbers = numbers - parts[-1]
    return [*parts, numbers]
