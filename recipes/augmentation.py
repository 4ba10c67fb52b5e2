"""Random affine transforms of pictures as a layer: what `ImageDataGenerator` did, inside the model and compiled."""

import math

import keras
from keras import ops

FILL_MODES = ("nearest", "reflect", "constant", "wrap")


@keras.saving.register_keras_serializable("recipes")
class RandomAffine(keras.layers.Layer):
    """Rotate, shift, shear, zoom and flip every picture at random, all in one resampling; only while training.

    With x to the right, y down and the origin in the middle of the picture, each output pixel (x, y) is read at

        (x', y')^T = R (S Z F (x, y)^T + t)

        R = [[cos a, -sin a], [sin a, cos a]]     S = [[1, -sin s], [0, cos s]]
        Z = diag(zx, zy)    F = diag(+-1, +-1)    t = (dx, dy)^T

    by bilinear interpolation. Every picture draws its own a, s, zx, zy, dx, dy and flips. Since the matrix leads from output
    to input, a zoom below 1 enlarges the picture and a positive shift moves it left or up, as in `ImageDataGenerator`; unlike
    there, `width_shift_range` moves it sideways (Keras's class exchanges both shifts) and pictures need not be square.
    With `channels_last`, pictures are (height, width, channels) or (batch, height, width, channels).

    Args:
        rotation_range: a is uniform within plus or minus so many degrees.
        width_shift_range: dx is uniform within plus or minus this; a share of the width if below 1, else pixels.
        height_shift_range: dy likewise, of the height.
        shear_range: s is uniform within plus or minus so many degrees.
        zoom_range: zx and zy are uniform between 1 - zoom_range and 1 + zoom_range, or between the two numbers given.
        horizontal_flip: mirror left and right in half of the cases.
        vertical_flip: turn upside down in half of the cases.
        fill_mode: what lies outside of a picture a b c d: `nearest` (a a|a b c d|d d), `reflect` (b a|a b c d|d c),
            `constant` (`cval`), `wrap` (c d|a b c d|a b).
        cval: the value for `fill_mode="constant"`.
        data_format: `channels_last` or `channels_first`; Keras's setting if None.
        seed: seed of the draws; random if None.

    Call arguments:
        inputs: pictures of any number type; whole numbers are rounded, the type stays.
        training: nothing happens unless it is True.

    Output:
        Pictures of the same shape and type.

    Source: document 003, Videos 51-53.
    """

    def __init__(
        self, rotation_range=0.0, width_shift_range=0.0, height_shift_range=0.0, shear_range=0.0, zoom_range=0.0,
        horizontal_flip=False, vertical_flip=False, fill_mode="nearest", cval=0.0, data_format=None, seed=None, **kwargs,
    ):  # fmt: skip
        super().__init__(autocast=False, **kwargs)
        self.rotation_range = _not_negative("rotation_range", rotation_range)
        self.width_shift_range = _not_negative("width_shift_range", width_shift_range)
        self.height_shift_range = _not_negative("height_shift_range", height_shift_range)
        self.shear_range = _not_negative("shear_range", shear_range)
        self.zoom_range = _zoom_limits(zoom_range)
        self.horizontal_flip, self.vertical_flip = bool(horizontal_flip), bool(vertical_flip)
        if fill_mode not in FILL_MODES:
            raise ValueError(f"fill_mode must be one of {', '.join(FILL_MODES)}. Received: fill_mode={fill_mode!r}")
        self.fill_mode, self.cval = fill_mode, float(cval)
        self.data_format = keras.config.image_data_format() if data_format is None else data_format
        if self.data_format not in ("channels_last", "channels_first"):
            raise ValueError(
                f"data_format must be channels_last or channels_first. Received: data_format={data_format!r}"
            )
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_jit = True
        self.built = True

    def call(self, inputs, training=None):
        """Transformed pictures while training, else the inputs."""
        if not training:
            return inputs
        images = ops.convert_to_tensor(inputs)
        if single := len(images.shape) == 3:
            images = images[None]
        if self.data_format == "channels_first":
            images = ops.transpose(images, (0, 2, 3, 1))
        count, height, width, _ = ops.shape(images)
        linear, offset = affine(*self.draw(count, height, width))
        moved = resample(images, linear, offset, self.fill_mode, self.cval)
        if self.data_format == "channels_first":
            moved = ops.transpose(moved, (0, 3, 1, 2))
        return moved[0] if single else moved

    def draw(self, count, height, width):
        """Angle a and shear s in radians, zooms (count, 2), flips (count, 2) of +-1 and shifts t (count, 2) in pixels."""
        # One draw for all, so that adding a transform does not change what the others draw.
        uniform = keras.random.uniform((count, 8), dtype="float32", seed=self.seed_generator)
        spread = 2.0 * uniform - 1.0
        angle = math.radians(self.rotation_range) * spread[:, 0]
        shear = math.radians(self.shear_range) * spread[:, 1]
        low, high = self.zoom_range
        zoom = low + (high - low) * uniform[:, 2:4]
        shifts = [
            share * spread[:, 4 + axis] * (ops.cast(size, "float32") if share < 1 else 1.0)
            for axis, (share, size) in enumerate([(self.width_shift_range, width), (self.height_shift_range, height)])
        ]
        flips = [
            ops.where(uniform[:, 6 + axis] < (0.5 if wanted else 0.0), -1.0, 1.0)
            for axis, wanted in enumerate([self.horizontal_flip, self.vertical_flip])
        ]
        return angle, shear, zoom, ops.stack(flips, axis=-1), ops.stack(shifts, axis=-1)

    def compute_output_shape(self, input_shape):
        """The shape stays."""
        return input_shape

    def compute_output_spec(self, inputs, training=None):
        """Shape and type stay."""
        return keras.KerasTensor(inputs.shape, dtype=inputs.dtype)

    def get_config(self):
        """The arguments."""
        return {
            **super().get_config(),
            "rotation_range": self.rotation_range,
            "width_shift_range": self.width_shift_range,
            "height_shift_range": self.height_shift_range,
            "shear_range": self.shear_range,
            "zoom_range": list(self.zoom_range),
            "horizontal_flip": self.horizontal_flip,
            "vertical_flip": self.vertical_flip,
            "fill_mode": self.fill_mode,
            "cval": self.cval,
            "data_format": self.data_format,
            "seed": self.seed,
        }


def affine(angle, shear, zoom, flips, shifts):
    """Matrices R S Z F (count, 2, 2) and offsets R t (count, 2) of the equation above."""
    cos, sin = ops.cos(angle), ops.sin(angle)
    rotation = ops.stack([ops.stack([cos, -sin], -1), ops.stack([sin, cos], -1)], -2)
    one, none = ops.ones_like(shear), ops.zeros_like(shear)
    sheared = ops.stack([ops.stack([one, -ops.sin(shear)], -1), ops.stack([none, ops.cos(shear)], -1)], -2)
    linear = ops.matmul(rotation, sheared) * (zoom * flips)[:, None, :]
    return linear, ops.squeeze(ops.matmul(rotation, shifts[..., None]), -1)


def resample(images, linear, offset, fill_mode="nearest", cval=0.0):
    """Pictures read at transformed places, bilinearly.

        out[y, x] = image(y', x'),    (x', y')^T = linear (x, y)^T + offset,    origin in the middle

    Args:
        images: (batch, height, width, channels), any number type.
        linear: (batch, 2, 2), or (1, 2, 2) for all.
        offset: (batch, 2) in pixels, x first.
        fill_mode: as for `RandomAffine`.
        cval: the value outside for `constant`.

    Returns:
        Pictures of the same shape and type. Equal to `scipy.ndimage.affine_transform` of order 1 with the modes `nearest`,
        `reflect`, `grid-constant` and `grid-wrap`.
    """
    # Written with one gather: TensorFlow's operation for it can't be compiled by XLA, and the backends' fill modes differ.
    images, linear, offset = (ops.convert_to_tensor(given) for given in (images, linear, offset))
    count, height, width, channels = ops.shape(images)
    bordered = ops.cast(images, "float32")
    for axis in (1, 2):
        bordered = _with_border(bordered, axis, fill_mode, cval)  # (batch, height + 2, width + 2, channels)
    top, bottom = bordered[:, :-1], bordered[:, 1:]
    corners = [half[:, :, columns] for half in (top, bottom) for columns in (slice(None, -1), slice(1, None))]
    blocks = ops.reshape(
        ops.stack(corners, axis=3), (-1, 4, channels)
    )  # (batch * (height + 1) * (width + 1), 4, channels)

    x, y = (ops.cast(ops.arange(size), "float32") - (ops.cast(size, "float32") - 1) / 2 for size in (width, height))
    x, y = x[None, None, :], y[None, :, None]
    places = [
        (linear[:, row, 0, None, None] * x + linear[:, row, 1, None, None] * y + offset[:, row, None, None], size)
        for row, size in enumerate((width, height))
    ]  # each (batch, height, width), still from the middle
    (column, u), (row, v) = (
        _into(place + (ops.cast(size, "float32") - 1) / 2, size, fill_mode) for place, size in places
    )
    first = (ops.arange(count, dtype="int32") * (height + 1) * (width + 1))[:, None, None]
    found = ops.take(blocks, first + row * (width + 1) + column, axis=0)  # (batch, height, width, 4, channels)
    weights = ops.stack([(1 - v) * (1 - u), (1 - v) * u, v * (1 - u), v * u], axis=-1)
    out = ops.sum(found * weights[..., None], axis=3)
    return _as_type(out, keras.backend.standardize_dtype(images.dtype))


def _as_type(values, dtype):
    """Whole numbers rounded and kept within their range: `cval` need not be."""
    if "int" in dtype:
        bits = int(dtype.split("int")[1])
        low, high = (0, 2**bits - 1) if dtype.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        values = ops.clip(ops.round(values), low, high)
    return ops.cast(values, dtype)


def _with_border(images, axis, fill_mode, cval):
    """One more pixel at both ends of an axis."""
    ahead, behind = ([slice(None)] * axis + [end] for end in (slice(None, 1), slice(-1, None)))
    before, after = images[tuple(ahead)], images[tuple(behind)]
    if fill_mode == "wrap":
        before, after = after, before
    elif fill_mode == "constant":
        before = after = ops.full_like(before, cval)
    return ops.concatenate([before, images, after], axis=axis)


def _into(place, size, fill_mode):
    """The place along a bordered axis that stands for one anywhere: the pixel before it, and the weight of the next."""
    span = ops.cast(size, "float32")
    if fill_mode == "wrap":
        place = ops.mod(place, span)
    elif fill_mode == "reflect":  # mirrors stand half a pixel beyond the outermost pixels
        place = ops.mod(place + 0.5, 2 * span)
        place = ops.minimum(place, 2 * span - place) - 0.5
    else:
        beyond = 1.0 if fill_mode == "constant" else 0.0
        place = ops.clip(place, -beyond, span - 1 + beyond)
    lower = ops.clip(ops.floor(place), -1.0, span - 1)
    return ops.cast(lower, "int32") + 1, place - lower


def _not_negative(name, value):
    if not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise ValueError(f"{name} must be a number of 0 or more. Received: {name}={value!r}")
    return float(value)


def _zoom_limits(zoom_range):
    limits = [1 - zoom_range, 1 + zoom_range] if isinstance(zoom_range, int | float) else list(zoom_range)
    if len(limits) != 2 or not 0 < limits[0] <= limits[1] < math.inf:
        raise ValueError(
            "zoom_range must be a number from 0 to below 1, or two positive numbers in rising order. "
            f"Received: zoom_range={zoom_range!r}"
        )
    return float(limits[0]), float(limits[1])
