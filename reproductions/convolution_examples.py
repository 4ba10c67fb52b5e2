"""Convolution and pooling by hand: every exact statement about them, computed without training.

Sources: document 000, Convolutional Neural Networks; document 003, Videos 39 to 50 and the summary of section 6. Each
function below holds one statement's equation in NumPy and sets it against our layers and against their Keras namesakes.

Run: reproduce run convolution_examples
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np

from reproductions.claims import Claim, Equals
from reproductions.figures import Picture
from reproductions.worked import array as numbers
from reproductions.worked import both, both_facts, build, difference, draw, gradient, parameters, shapes

TITLE = "Worked examples: convolution and pooling"
SUMMARY = (
    "Filters, padding, strides, output sizes, parameter counts, pooling and the backward pass, each computed by our layers, "
    "by Keras's and by NumPy. Nothing is trained."
)
DATASETS = ()
IN_DEFAULT_SET = True
EXPECTED_SECONDS = 3.0

PATCH = [[255, 255, 0], [255, 0, 0], [0, 0, 0]]
EDGE_FILTER = [[1, 0, -1], [1, 0, -1], [1, 0, -1]]
SOBEL_VERTICAL = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
SOBEL_HORIZONTAL = [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]
POOLED_MATRIX = [[1, 3, 2, 1], [2, 9, 1, 1], [1, 3, 2, 3], [5, 2, 4, 1]]
ROUTED_WINDOW, DRAWN_GRADIENT = [[1, 3], [5, 2]], [[0, 1], [1, 0]]


def slide(image: np.ndarray, kernel: np.ndarray, stride: int = 1) -> np.ndarray:
    """out[i, j, k] = sum over a, b, c of image[i s + a, j s + b, c] * kernel[a, b, c, k]: multiply, sum, slide."""
    (height, width, _), (fh, fw, _, filters) = image.shape, kernel.shape
    out = np.zeros(((height - fh) // stride + 1, (width - fw) // stride + 1, filters))
    for i, j in np.ndindex(out.shape[:2]):
        window = image[i * stride : i * stride + fh, j * stride : j * stride + fw]
        out[i, j] = np.einsum("abc,abck->k", window, kernel)
    return out


def convolve(library: ModuleType, image: Any, kernel: Any, **options: Any) -> np.ndarray:
    """Feature maps of one image (height, width, channels) by a Conv2D with this kernel (fh, fw, channels, filters)."""
    image, kernel = np.asarray(image, "float64"), np.asarray(kernel, "float64")
    layer = library.Conv2D(kernel.shape[-1], kernel.shape[:2], use_bias=False, dtype="float64", **options)
    layer.build((1, *image.shape))
    layer.set_weights([kernel])
    return numbers(layer(image[None])[0])


def feature_map(library: ModuleType, image: Any, kernel: Any) -> list[list[float]]:
    """The feature map of a grey image under one filter."""
    return convolve(library, np.asarray(image)[..., None], np.asarray(kernel)[..., None, None])[..., 0].tolist()


def output_size(library: ModuleType, n: int, f: int, s: int = 1, padding: str = "valid", p: int = 0) -> int:
    """Side of the feature map of an n x n image (zero-padded by p) under an f x f filter with stride s."""
    image = np.zeros((1, n + 2 * p, n + 2 * p, 1), "float32")
    return library.Conv2D(1, f, strides=s, padding=padding, use_bias=False)(image).shape[1]


def pool(layer: Any, image: Any) -> list[list[float]]:
    """The pooled map of a grey image."""
    return numbers(layer(np.asarray(image, "float64")[None, :, :, None]))[0, ..., 0].tolist()


def filters_by_hand() -> dict[str, Any]:
    """Single filters on small images."""
    vertical_edge, horizontal_edge = np.zeros((6, 6)), np.zeros((6, 6))
    vertical_edge[:, 3:], horizontal_edge[3:, :] = 1, 1

    def response(kernel: Any, image: Any) -> float:
        return both(lambda library: float(np.max(np.abs(feature_map(library, image, kernel)))))

    image, kernel = draw(9, 8, 3), draw(3, 2, 3, 5)
    flipped = kernel[::-1, ::-1]
    return {
        "edge_patch_value": both(lambda library: feature_map(library, PATCH, EDGE_FILTER)),
        "sobel_vertical_on_vertical_edge": response(SOBEL_VERTICAL, vertical_edge),
        "sobel_vertical_on_horizontal_edge": response(SOBEL_VERTICAL, horizontal_edge),
        "sobel_horizontal_on_horizontal_edge": response(SOBEL_HORIZONTAL, horizontal_edge),
        "sobel_horizontal_on_vertical_edge": response(SOBEL_HORIZONTAL, vertical_edge),
        "conv2d_minus_slide": both(
            lambda library: max(
                difference(convolve(library, image, kernel, strides=s), slide(image, kernel, s)) for s in (1, 2, 3)
            )
        ),
        "layer_is_mathematical_convolution": both(
            lambda library: difference(convolve(library, image, kernel), mathematical_convolution(image, kernel)) < 1e-9
        ),
        "flipped_layer_minus_mathematical_convolution": both(
            lambda library: difference(convolve(library, image, flipped), mathematical_convolution(image, kernel))
        ),
        "smallest_value_after_relu": both(
            lambda library: float(convolve(library, image, kernel, activation="relu").min())
        ),
        "relu_map_minus_clipped_map": both(
            lambda library: difference(
                convolve(library, image, kernel, activation="relu"), np.maximum(convolve(library, image, kernel), 0)
            )
        ),
    }


def mathematical_convolution(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """(I * K)[i, j] = sum over a, b of I[i - a, j - b] K[a, b], summed over channels: SciPy's, which flips the kernel."""
    from scipy.signal import convolve2d

    return np.stack(
        [
            sum(convolve2d(image[..., c], kernel[..., c, k], mode="valid") for c in range(kernel.shape[2]))
            for k in range(kernel.shape[3])
        ],
        axis=-1,
    )


def output_sizes() -> dict[str, Any]:
    """Every formula for the side of a feature map, on a grid of image sizes n, filters f, strides s and padding p."""
    grid = [(n, f, s) for n in range(5, 10) for f in range(2, 5) for s in (1, 2, 3)]
    padded = [(n, p, f, s) for n, f, s in grid for p in (0, 1)]
    return {
        "size_4_filter_2": both(lambda library: [output_size(library, 4, 2)] * 2),
        "size_6_filter_3": both(lambda library: output_size(library, 6, 3)),
        "size_6_filter_3_stride_2": both(lambda library: output_size(library, 6, 3, 2)),
        "sizes_of_two_3x3_filters_on_6": both(
            lambda library: [6, s := output_size(library, 6, 3), output_size(library, s, 3)]
        ),
        "share_that_formula_without_floor_gets_right": both(
            lambda library: float(np.mean([output_size(library, n, f, s) == (n - f) / s + 1 for n, f, s in grid]))
        ),
        "share_that_formula_with_floor_gets_right": both(
            lambda library: float(
                np.mean(
                    [output_size(library, n, f, s, p=p) == math.floor((n + 2 * p - f) / s) + 1 for n, p, f, s in padded]
                )
            )
        ),
        "channels_of_1_6_32_filters": both(
            lambda library: [library.Conv2D(k, 3).compute_output_shape((1, 8, 8, 3))[-1] for k in (1, 6, 32)]
        ),
    }


def same_padding() -> dict[str, Any]:
    """P = (f - 1) / 2 zeros on each side keep the size for odd filters and stride 1."""
    image = draw(28, 28, 2)

    def padded_by_hand(library: ModuleType, f: int) -> float:
        kernel, p = draw(f, f, 2, 3), (f - 1) // 2
        by_hand = slide(np.pad(image, ((p, p), (p, p), (0, 0))), kernel)
        return difference(convolve(library, image, kernel, padding="same"), by_hand)

    return {
        "same_sizes_of_filters_3_5_7": both(
            lambda library: [output_size(library, 28, f, padding="same") for f in (3, 5, 7)]
        ),
        "same_padding_minus_padding_by_hand": both(lambda library: max(padded_by_hand(library, f) for f in (3, 5, 7))),
        "zeros_on_each_side_for_filter_4": both(zeros_before_and_after),
        "same_size_with_stride_2": both(lambda library: output_size(library, 28, 3, 2, padding="same")),
    }


def zeros_before_and_after(library: ModuleType) -> list[float]:
    """How many zeros stand before and after the image for a 4 x 4 filter: where a single bright pixel lands tells."""
    row = np.zeros((1, 6, 1))
    row[0, 0] = 1
    # With k zeros in front, the pixel meets filter tap k at the first position.
    kernel = np.arange(4.0).reshape(1, 4, 1, 1)
    before = float(convolve(library, row, kernel, padding="same")[0, 0, 0])
    return [before, 3 - before]


def windows_per_pixel() -> dict[str, Any]:
    """Into how many 3 x 3 windows each pixel of a 6 x 6 image enters: the gradient of the sum of an all-ones filter."""
    by_loop = np.zeros((6, 6))
    for i, j in np.ndindex(4, 4):
        by_loop[i : i + 3, j : j + 3] += 1

    def counted(library: ModuleType) -> dict[str, Any]:
        layer = library.Conv2D(1, 3, use_bias=False, kernel_initializer="ones", dtype="float64")
        windows = gradient(layer, np.zeros((1, 6, 6, 1)))[0][0, ..., 0]
        return {
            "windows_of_corner_edge_centre": [int(windows[place]) for place in ((0, 0), (0, 2), (2, 2))],
            "windows_minus_loop": difference(windows, by_loop),
        }

    return both_facts(counted)


def documented_models() -> dict[str, Any]:
    """The printed models, built with our layers and with Keras's: shapes and parameters."""
    import keras

    def images(*shape: int) -> Any:
        return keras.Input(shape)

    def cat_dog(library: ModuleType) -> Any:
        return build(
            images(64, 64, 3),
            library.Conv2D(32, (3, 3), activation="relu"),
            library.MaxPooling2D(pool_size=(2, 2)),
            library.Conv2D(64, (3, 3), activation="relu"),
            library.MaxPooling2D(pool_size=(2, 2)),
            keras.layers.Flatten(),
            library.Dense(128, activation="relu"),
            library.Dense(1, activation="sigmoid"),
        )

    def three_convolutions(library: ModuleType, **options: Any) -> Any:
        stack = [library.Conv2D(32, (3, 3), activation="relu", **options) for _ in range(3)]
        return build(images(28, 28, 1), *stack, keras.layers.Flatten(), library.Dense(10, activation="softmax"))

    def pooled(library: ModuleType) -> Any:
        return build(
            images(28, 28, 1),
            library.Conv2D(32, (3, 3), activation="relu"),
            library.MaxPooling2D((2, 2), strides=(2, 2)),
            library.Conv2D(32, (3, 3), activation="relu"),
            library.MaxPooling2D((2, 2), strides=(2, 2)),
            keras.layers.Flatten(),
            library.Dense(10, activation="softmax"),
        )

    def layers_with_weights(library: ModuleType) -> list[str]:
        return [type(layer).__name__ for layer in cat_dog(library).layers if layer.trainable_weights]

    return {
        "cat_dog_shapes": both(lambda library: shapes(cat_dog(library))),
        "cat_dog_parameters": both(lambda library: parameters(cat_dog(library))),
        "cat_dog_total": both(lambda library: cat_dog(library).count_params()),
        "cat_dog_output_activation": both(lambda library: cat_dog(library).layers[-1].activation.__name__),
        "layers_with_trainable_weights": both(layers_with_weights),
        "same_model_shapes": both(lambda library: shapes(three_convolutions(library, padding="same"))[:3]),
        "same_model_parameters": both(lambda library: three_convolutions(library, padding="same").count_params()),
        "stride_model_sides": both(
            lambda library: [28] + [shape[0] for shape in shapes(three_convolutions(library, strides=(2, 2)))[:3]]
        ),
        "stride_model_parameters": both(lambda library: three_convolutions(library, strides=(2, 2)).count_params()),
        "pool_model_shapes": both(lambda library: shapes(pooled(library))),
        "pool_model_parameters": both(lambda library: pooled(library).count_params()),
    }


def parameter_counts() -> dict[str, Any]:
    """(fh fw cin + 1) filters for a convolution, inputs * units + units for a dense layer, none for pooling."""
    import keras

    def convolution(library: ModuleType, fh: int, fw: int, cin: int, filters: int, **options: Any) -> int:
        return build(keras.Input((40, 40, cin)), library.Conv2D(filters, (fh, fw), **options)).count_params()

    cases = ((3, 3, 3, 32), (3, 3, 32, 32), (5, 5, 1, 6), (1, 7, 4, 9))
    return {
        "ann_inputs": [
            build(keras.Input(shape), keras.layers.Flatten()).output_shape[1] for shape in ((28, 28), (100, 100, 3))
        ],
        "dense_parameters_on_100x100x3": both(
            lambda library: build(keras.Input((100, 100, 3)), keras.layers.Flatten(), library.Dense(128)).count_params()
        ),
        "convolution_parameters_on_100x100x3": both(
            lambda library: build(keras.Input((100, 100, 3)), library.Conv2D(32, 3)).count_params()
        ),
        "convolution_counts": both(lambda library: [convolution(library, *case) for case in cases]),
        "parameters_at_stride_1_and_2": both(
            lambda library: [convolution(library, 3, 3, 32, 32, strides=s) for s in (1, 2)]
        ),
        "pooling_parameters": both(
            lambda library: [
                build(keras.Input((8, 8, 4)), layer).count_params()
                for layer in (library.MaxPooling2D(2), library.AveragePooling2D(2), library.GlobalAveragePooling2D())
            ]
        ),
    }


def stride_costs() -> dict[str, Any]:
    """Multiplications of a Conv2D(32, 3) on 28 x 28 x 1: output positions * 3 * 3 * 1 * 32; and the sizes it leaves."""

    def multiplications(library: ModuleType, s: int) -> int:
        return output_size(library, 28, 3, s) ** 2 * 3 * 3 * 1 * 32

    return {
        "multiplications_at_stride_1_and_2": both(lambda library: [multiplications(library, s) for s in (1, 2)]),
        "side_after_stride_2_and_after_pooling": both(
            lambda library: [
                output_size(library, 28, 3, 2, padding="same"),
                library.MaxPooling2D(2).compute_output_shape((1, 28, 28, 1))[1],
            ]
        ),
    }


def pooling() -> dict[str, Any]:
    """The documented pooling examples and the global ones."""
    import keras

    maps = draw(2, 5, 7, 3)

    def global_gap(library: ModuleType) -> float:
        averages = library.GlobalAveragePooling2D(dtype="float64")(maps)
        largest = keras.layers.GlobalMaxPooling2D(dtype="float64")(maps)
        return max(difference(averages, maps.mean(axis=(1, 2))), difference(largest, maps.max(axis=(1, 2))))

    return {
        "max_pool_of_1324": both(lambda library: pool(library.MaxPooling2D(2, dtype="float64"), [[1, 3], [2, 4]])),
        "max_pool_of_example": both(
            lambda library: pool(library.MaxPooling2D(2, strides=2, dtype="float64"), POOLED_MATRIX)
        ),
        "average_pool_of_example": both(
            lambda library: pool(library.AveragePooling2D(2, strides=2, dtype="float64"), POOLED_MATRIX)
        ),
        "global_pooling_minus_numpy": both(global_gap),
        "shape_after_global_pooling": both(
            lambda library: list(library.GlobalAveragePooling2D(dtype="float64")(maps).shape)
        ),
    }


def pooling_backward() -> dict[str, Any]:
    """dL/dx of max pooling is dL/dy at the window's maximum and 0 elsewhere."""
    image, upstream = draw(1, 6, 6, 2), draw(1, 3, 3, 2, seed=1)
    windows = image.reshape(3, 2, 3, 2, 2).transpose(0, 2, 4, 1, 3).reshape(3, 3, 2, 4)  # (row, column, channel, place)
    routed = np.eye(4)[windows.argmax(axis=-1)] * upstream[0][..., None]
    expected = routed.reshape(3, 3, 2, 2, 2).transpose(0, 3, 1, 4, 2).reshape(1, 6, 6, 2)

    def of_window(library: ModuleType) -> list[list[float]]:
        window = np.asarray(ROUTED_WINDOW, "float64")[None, :, :, None]
        return gradient(library.MaxPooling2D(2, dtype="float64"), window)[0][0, ..., 0].tolist()

    return {
        "max_pool_gradient_of_example": both(of_window),
        "max_pool_gradient_minus_routing": both(
            lambda library: difference(
                gradient(library.MaxPooling2D(2, dtype="float64"), image, upstream=upstream)[0], expected
            )
        ),
        "places_with_gradient_a_window": both(
            lambda library: np.count_nonzero(gradient(library.MaxPooling2D(2, dtype="float64"), image)[0]) / (3 * 3 * 2)
        ),
        "places_with_gradient_in_a_tie": both(
            lambda library: np.count_nonzero(
                gradient(library.MaxPooling2D(2, dtype="float64"), np.ones((1, 2, 2, 1)))[0]
            )
        ),
    }


def convolution_backward() -> dict[str, Any]:
    """The backward pass of a valid convolution with stride 1, dY the upstream gradient, against differentiation.

    dL/dW[a, b] = sum over i, j of X[i + a, j + b] dY[i, j]; dL/db = sum of dY; dL/dX = full correlation of dY with the
    filter turned by 180 degrees.
    """
    import keras

    image, upstream = draw(1, 7, 6, 2), draw(1, 5, 4, 3, seed=1)
    kernel = draw(3, 3, 2, 3)
    by_weights = np.stack(
        [slide(image[0, ..., c, None], upstream[0][:, :, None, :]) for c in range(2)], axis=2
    )  # (3, 3, 2, 3)
    turned = kernel[::-1, ::-1].transpose(0, 1, 3, 2)  # (3, 3, filters, channels)
    by_input = slide(np.pad(upstream[0], ((2, 2), (2, 2), (0, 0))), turned)

    def gradients(library: ModuleType) -> list[np.ndarray]:
        layer = library.Conv2D(3, 3, dtype="float64")
        layer.build(image.shape)
        layer.set_weights([kernel, np.zeros(3)])
        return gradient(layer, image, *layer.trainable_variables, upstream=upstream)

    flat = draw(1, 24, seed=2)
    return {
        "kernel_gradient_minus_correlation": both(lambda library: difference(gradients(library)[1], by_weights)),
        "bias_gradient_minus_sum": both(
            lambda library: difference(gradients(library)[2], upstream.sum(axis=(0, 1, 2)))
        ),
        "input_gradient_minus_full_correlation": both(lambda library: difference(gradients(library)[0][0], by_input)),
        "flatten_gradient_minus_reshape": difference(
            gradient(keras.layers.Flatten(dtype="float64"), draw(1, 2, 3, 4), upstream=flat)[0],
            flat.reshape(1, 2, 3, 4),
        ),
    }


def flattening() -> dict[str, Any]:
    """Flatten puts element (i, j, c) of an (h, w, channels) map at place (i w + j) channels + c."""
    import keras

    maps = draw(1, 3, 4, 5)
    flat = numbers(keras.layers.Flatten(dtype="float64")(maps))
    by_hand = np.array([maps[0, place // 20, place // 5 % 4, place % 5] for place in range(60)])
    return {"flat_length_of_3x4x5": flat.shape[1], "flatten_minus_row_major": difference(flat[0], by_hand)}


def examine() -> dict[str, Any]:
    """Every fact of this file."""
    return {
        **filters_by_hand(),
        **output_sizes(),
        **same_padding(),
        **windows_per_pixel(),
        **documented_models(),
        **parameter_counts(),
        **stride_costs(),
        **pooling(),
        **pooling_backward(),
        **convolution_backward(),
        **flattening(),
    }


def paint_routing(facts: Mapping[str, Any]) -> Any:
    """The 2 x 2 window, the gradient as the document draws it, and the gradient as it is."""
    import matplotlib.pyplot as plt

    drawn, axes = plt.subplots(1, 3, figsize=(7.4, 2.9), layout="constrained")
    panels = (
        ("window: its maximum is 5", ROUTED_WINDOW, {value: str(value) for value in (1, 2, 3, 5)}),
        ("gradient as drawn in the notes", DRAWN_GRADIENT, {0: "0", 1: "dL"}),
        ("gradient computed", facts["max_pool_gradient_of_example"], {0: "0", 1: "dL"}),
    )
    for axis, (title, values, texts) in zip(axes, panels, strict=True):
        axis.imshow(np.asarray(values, "float64") > (4 if values is ROUTED_WINDOW else 0), cmap="Blues", vmin=0, vmax=2)
        for (row, column), value in np.ndenumerate(np.asarray(values)):
            axis.text(column, row, texts[int(value)], ha="center", va="center", fontsize=12)
        axis.set_title(title, fontsize=10)
        axis.set_xticks([0.5], [""])
        axis.set_yticks([0.5], [""])
        axis.grid(color="0.4", linewidth=1)
    return drawn


FIGURES = (
    Picture(
        "max-pool-routing",
        "Where max pooling sends its gradient",
        "Only the place of the maximum gets the upstream gradient dL. The notes (document 003, Video 49-50) also draw it at "
        "the place of the 3, against their own sentence.",
        facts=("max_pool_gradient_of_example",),
        paint=paint_routing,
    ),
)

_CNN, _CONVOLUTION, _PADDING = "Convolutional Neural Networks (CNNs)", "Video 40-41", "Video 42-43"
_POOLING, _BACKWARD = "Video 45-46", "Video 49-50"
_BOTH = "Our layer and its Keras namesake give the same result, which is compared with NumPy or with arithmetic."
_GRID = "Conv2D run on zeros of side 5 to 9 with filters of 2 to 4 and strides of 1 to 3"

CLAIMS = (
    Claim(
        "conv-edge-patch-example",
        "000",
        _CNN,
        "The vertical edge filter on the 3 x 3 patch multiplies element by element and sums to one value of the feature map.",
        "exact",
        "one value: 255 + 255 + 255 - 0 - 0 - 0 = 510",
        f"{_BOTH} The document leaves the sum to the reader.",
        (Equals("edge_patch_value", [[510]]),),
        remark="Turning the filter by 180 degrees first, as mathematics defines convolution, would give -510.",
    ),
    Claim(
        "conv-relu-clips-feature-map",
        "000",
        _CNN,
        "ReLU after a convolution turns every negative value of the feature map into 0.",
        "exact",
        "0",
        f"{_BOTH} Random image and filters; max(0, map) by NumPy.",
        (Equals("smallest_value_after_relu", 0), Equals("relu_map_minus_clipped_map", 0, tolerance=1e-9)),
        priority=3,
    ),
    Claim(
        "pool-max-2x2-000",
        "000",
        _CNN,
        "Max pooling the block [[1, 3], [2, 4]] gives 4.",
        "exact",
        "4",
        _BOTH,
        (Equals("max_pool_of_1324", [[4]]),),
    ),
    Claim(
        "conv-flatten-1d",
        "000",
        _CNN,
        "Flattening turns the pooled maps into one long vector for a dense layer.",
        "exact",
        "1D",
        "Flatten of 3 x 4 maps with 5 channels; element (i, j, c) must stand at place (4 i + j) 5 + c.",
        (Equals("flat_length_of_3x4x5", 60), Equals("flatten_minus_row_major", 0)),
        priority=3,
    ),
    Claim(
        "conv-catdog-model-shapes",
        "000",
        _CNN,
        "The cat/dog network (Conv 32, pool, Conv 64, pool, Flatten, Dense 128, Dense 1) on 64 x 64 x 3 ends in a sigmoid.",
        "exact",
        "32; 64; 128; 1; 64x64x3",
        f"{_BOTH} The document prints no shapes or counts: they follow from (n - 3) + 1, floor(n / 2) and (9 cin + 1) filters.",
        (
            Equals("cat_dog_shapes", [[62, 62, 32], [31, 31, 32], [29, 29, 64], [14, 14, 64], [12544], [128], [1]]),
            Equals("cat_dog_parameters", [896, 0, 18496, 0, 0, 1605760, 129]),
            Equals("cat_dog_total", 1625281),
            Equals("cat_dog_output_activation", "sigmoid"),
        ),
    ),
    Claim(
        "conv-ann-input-counts",
        "003",
        "Video 39",
        "For a dense network a 28 x 28 image is 784 inputs and a 100 x 100 colour image 30,000.",
        "exact",
        "784; 30,000",
        "Length of the flattened image as Keras builds it.",
        (Equals("ann_inputs", [784, 30000]),),
    ),
    Claim(
        "conv-parameter-explosion",
        "003",
        "Video 39",
        "Dense layers on images explode in parameters; convolutions do not.",
        "comparison",
        "dense far above convolution",
        f"{_BOTH} Dense(128) against Conv2D(32, 3) on 100 x 100 x 3: 30,000 * 128 + 128 against (27 + 1) * 32.",
        (
            Equals("dense_parameters_on_100x100x3", 30000 * 128 + 128),
            Equals("convolution_parameters_on_100x100x3", (3 * 3 * 3 + 1) * 32),
        ),
        priority=2,
        remark="4,286 times as many parameters.",
    ),
    Claim(
        "conv-4x4-by-2x2",
        "003",
        _CONVOLUTION,
        "A 4 x 4 image under a 2 x 2 filter gives a 3 x 3 feature map.",
        "exact",
        "3x3",
        _BOTH,
        (Equals("size_4_filter_2", [3, 3]),),
    ),
    Claim(
        "conv-output-size-formula",
        "003",
        _CONVOLUTION,
        "Without padding the output side is (input - filter) / stride + 1: 6 x 6 under 3 x 3 with stride 1 gives 4 x 4.",
        "exact",
        "(6-3)/1+1 = 4",
        f"{_BOTH} The formula as printed, without rounding, is also tried with stride 2.",
        (
            Equals("size_6_filter_3", 4),
            Equals(
                "size_6_filter_3_stride_2",
                2.5,
                true_value=2,
                derivation="The printed formula gives (6 - 3) / 2 + 1 = 2.5 with stride 2, and no map has two and a half "
                "rows: a window that does not fit any more is left out, so the quotient is rounded down, "
                "floor((n - f) / s) + 1 = 2, as Video 44 writes it.",
            ),
        ),
    ),
    Claim(
        "conv-multiply-sum-slide",
        "003",
        _CONVOLUTION,
        "Convolution, a mathematical operation, multiplies window and filter element by element, sums, and slides on.",
        "exact",
        "multiply, sum, slide",
        f"{_BOTH} Loops in NumPy for strides 1 to 3; the mathematical operation is SciPy's convolve2d.",
        (
            Equals("conv2d_minus_slide", 0, tolerance=1e-9),
            Equals(
                "layer_is_mathematical_convolution",
                True,
                true_value=False,
                derivation="What is described, and what the layers compute, is cross-correlation. The mathematical "
                "convolution turns the filter by 180 degrees first; with the filter turned the two agree. For a learned "
                "filter it makes no difference.",
            ),
            Equals("flipped_layer_minus_mathematical_convolution", 0, tolerance=1e-9),
        ),
        priority=2,
    ),
    Claim(
        "conv-sobel-vertical",
        "003",
        _CONVOLUTION,
        "The kernel [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]] answers to vertical edges.",
        "exact",
        "vertical edges",
        f"{_BOTH} Largest answer to a step of height 1 between left and right half, and between upper and lower half.",
        (Equals("sobel_vertical_on_vertical_edge", 4), Equals("sobel_vertical_on_horizontal_edge", 0)),
        priority=2,
    ),
    Claim(
        "conv-sobel-horizontal",
        "003",
        _CONVOLUTION,
        "The kernel [[-1, -2, -1], [0, 0, 0], [1, 2, 1]] answers to horizontal edges.",
        "exact",
        "horizontal edges",
        f"{_BOTH} Largest answer to a step of height 1 between upper and lower half, and between left and right half.",
        (Equals("sobel_horizontal_on_horizontal_edge", 4), Equals("sobel_horizontal_on_vertical_edge", 0)),
        priority=2,
    ),
    Claim(
        "conv-filters-equal-maps",
        "003",
        _CONVOLUTION,
        "A layer has as many feature maps as filters.",
        "exact",
        "filters = maps",
        f"{_BOTH} 1, 6 and 32 filters.",
        (Equals("channels_of_1_6_32_filters", [1, 6, 32]),),
        priority=3,
    ),
    Claim(
        "conv-shrinking-6-4-2",
        "003",
        _PADDING,
        "3 x 3 convolutions one after the other shrink 6 x 6 to 4 x 4 to 2 x 2.",
        "exact",
        "6 -> 4 -> 2",
        _BOTH,
        (Equals("sizes_of_two_3x3_filters_on_6", [6, 4, 2]),),
    ),
    Claim(
        "conv-corner-pixels-used-less",
        "003",
        _PADDING,
        "Corner and edge pixels enter fewer windows than pixels in the centre.",
        "exact",
        "corner and edge below centre: 1, 3, 9",
        "Windows that hold a corner, edge and centre pixel of a 6 x 6 image under a 3 x 3 filter: the gradient of the sum of "
        "an all-ones filter, against a loop over the windows.",
        (Equals("windows_of_corner_edge_centre", [1, 3, 9]), Equals("windows_minus_loop", 0)),
        priority=2,
    ),
    Claim(
        "conv-same-padding-formula",
        "003",
        _PADDING,
        "Same padding adds P = (f - 1) / 2 at stride 1, and the output is as large as the input.",
        "exact",
        "P = (f - 1) / 2; output = n",
        f"{_BOTH} n = 28; filters of 3, 5, 7 and 4; stride 2.",
        (
            Equals("same_sizes_of_filters_3_5_7", [28, 28, 28]),
            Equals("same_padding_minus_padding_by_hand", 0, tolerance=1e-9),
            Equals(
                "zeros_on_each_side_for_filter_4",
                [1.5, 1.5],
                true_value=[1, 2],
                derivation="(4 - 1) / 2 is no whole number: the three zeros that an even filter of 4 needs are split into "
                "1 before and 2 after the image.",
            ),
            Equals(
                "same_size_with_stride_2",
                28,
                true_value=14,
                derivation="'Output = n' is printed without a condition, but with stride s same padding leaves "
                "ceil(n / s): 14 of 28.",
            ),
        ),
        priority=2,
    ),
    Claim(
        "conv-valid-padding-formula",
        "003",
        _PADDING,
        "Valid padding leaves a side of (n - f) / s + 1.",
        "exact",
        "(n - f) / s + 1",
        f"{_GRID}: share of the 45 cases in which the printed formula is the side of the map.",
        (
            Equals(
                "share_that_formula_without_floor_gets_right",
                1.0,
                tolerance=1e-9,
                true_value=27 / 45,
                derivation="The formula holds where s divides n - f: in all 15 cases with stride 1, 7 with stride 2 and 5 "
                "with stride 3. In the others the quotient must be rounded down, floor((n - f) / s) + 1.",
            ),
        ),
        priority=2,
    ),
    Claim(
        "conv-same-model-shapes",
        "003",
        _PADDING,
        "Three Conv2D(32, 3, padding='same') layers keep 28 x 28 throughout.",
        "exact",
        "28x28",
        f"{_BOTH} The parameter count, 320 + 9,248 + 9,248 + 250,890, is ours.",
        (Equals("same_model_shapes", [[28, 28, 32]] * 3), Equals("same_model_parameters", 320 + 2 * 9248 + 250890)),
    ),
    Claim(
        "conv-stride-formula",
        "003",
        "Video 44",
        "The output side is floor((n + 2 p - f) / s) + 1.",
        "exact",
        "floor((n + 2p - f) / s) + 1",
        f"{_GRID}, padded by p = 0 and 1: share of the 90 cases that the formula gets right.",
        (Equals("share_that_formula_with_floor_gets_right", 1.0),),
        priority=2,
    ),
    Claim(
        "conv-stride-model-shapes",
        "003",
        "Video 44",
        "Three Conv2D(32, 3) layers with stride 2 bring 28 down to 13, 6 and 2.",
        "exact",
        "28 -> 13 -> 6 -> 2",
        f"{_BOTH} The parameter count, 320 + 9,248 + 9,248 + 1,290, is ours.",
        (Equals("stride_model_sides", [28, 13, 6, 2]), Equals("stride_model_parameters", 320 + 2 * 9248 + 1290)),
    ),
    Claim(
        "conv-stride-less-computation",
        "003",
        "Video 44",
        "Stride 2 needs less computation than stride 1 and shrinks the map as pooling does.",
        "comparison",
        "less computation; downsampling like pooling",
        f"{_BOTH} Multiplications of Conv2D(32, 3) on 28 x 28 x 1, output positions * 9 * 32: 26^2 positions against 13^2; "
        "side after stride 2 with same padding and after 2 x 2 pooling.",
        (
            Equals("multiplications_at_stride_1_and_2", [26**2 * 9 * 32, 13**2 * 9 * 32]),
            Equals("side_after_stride_2_and_after_pooling", [14, 14]),
        ),
        priority=2,
        remark="A quarter of the multiplications.",
    ),
    Claim(
        "conv-stride-vs-pool-params",
        "003",
        "Video 44",
        "A strided convolution has as many parameters as any convolution, pooling has none.",
        "exact",
        "same as conv; 0",
        f"{_BOTH} Conv2D(32, 3) on 32 channels with strides 1 and 2; max, average and global average pooling.",
        (Equals("parameters_at_stride_1_and_2", [9248, 9248]), Equals("pooling_parameters", [0, 0, 0])),
        priority=2,
    ),
    Claim(
        "pool-max-example",
        "003",
        _POOLING,
        "2 x 2 max pooling of [[1, 3, 2, 1], [2, 9, 1, 1], [1, 3, 2, 3], [5, 2, 4, 1]] gives [[9, 2], [3, 4]].",
        "exact",
        "[[9,2],[3,4]]",
        _BOTH,
        (
            Equals(
                "max_pool_of_example",
                [[9, 2], [3, 4]],
                true_value=[[9, 2], [5, 4]],
                derivation="The lower left window holds 1, 3, 5 and 2; its maximum is 5, not 3.",
            ),
        ),
    ),
    Claim(
        "pool-average-example",
        "003",
        _POOLING,
        "Average pooling of the same matrix gives [[3.75, 1.25], [2.75, 2.50]].",
        "exact",
        "[[3.75,1.25],[2.75,2.50]]",
        _BOTH,
        (Equals("average_pool_of_example", [[3.75, 1.25], [2.75, 2.5]], tolerance=1e-9),),
    ),
    Claim(
        "pool-global",
        "003",
        _POOLING,
        "Global max and average pooling reduce a whole feature map to one value.",
        "exact",
        "1 value a map",
        f"{_BOTH} Two images of 5 x 7 with three maps; maximum and mean by NumPy.",
        (Equals("shape_after_global_pooling", [2, 3]), Equals("global_pooling_minus_numpy", 0, tolerance=1e-9)),
        priority=2,
    ),
    Claim(
        "pool-no-parameters",
        "003",
        _POOLING,
        "Pooling layers have nothing to learn.",
        "exact",
        "0",
        f"{_BOTH} Parameter counts of max, average and global average pooling.",
        (Equals("pooling_parameters", [0, 0, 0]),),
        priority=2,
    ),
    Claim(
        "pool-model-shapes",
        "003",
        _POOLING,
        "The block Conv 32, pool, Conv 32, pool, Flatten, Dense 10 builds on MNIST images.",
        "exact",
        "32; 32; 10",
        f"{_BOTH} The document prints no shapes or counts: they follow from the formulas, 320 + 9,248 + 8,010 parameters.",
        (
            Equals("pool_model_shapes", [[26, 26, 32], [13, 13, 32], [11, 11, 32], [5, 5, 32], [800], [10]]),
            Equals("pool_model_parameters", 320 + 9248 + 8010),
        ),
        priority=2,
    ),
    Claim(
        "conv-trainable-parts",
        "003",
        _BACKWARD,
        "In a CNN only convolution and dense layers have trainable weights; pooling has none.",
        "exact",
        "0",
        f"{_BOTH} The layers of the cat/dog network that have trainable weights.",
        (
            Equals("layers_with_trainable_weights", ["Conv2D", "Conv2D", "Dense", "Dense"]),
            Equals("pooling_parameters", [0, 0, 0]),
        ),
        priority=2,
    ),
    Claim(
        "conv-backprop-flatten",
        "003",
        _BACKWARD,
        "Backpropagation through Flatten is the reshape back.",
        "exact",
        "reverse reshape",
        "Gradient by automatic differentiation against the reshaped upstream gradient.",
        (Equals("flatten_gradient_minus_reshape", 0),),
        priority=2,
    ),
    Claim(
        "pool-max-backward-example",
        "003",
        _BACKWARD,
        "For [[1, 3], [5, 2]] with maximum 5 the backward pass of max pooling is [[0, dL], [dL, 0]].",
        "exact",
        "[[0,dL],[dL,0]]",
        f"{_BOTH} dL = 1.",
        (
            Equals(
                "max_pool_gradient_of_example",
                DRAWN_GRADIENT,
                true_value=[[0, 0], [1, 0]],
                derivation="The output is 5 however the 3 moves a little, so its derivative is 0: dL goes to the place of "
                "the 5 alone, as the sentence above the drawing says.",
            ),
        ),
    ),
    Claim(
        "pool-max-gradient-routing",
        "003",
        _BACKWARD,
        "In max pooling the gradient flows only to the maximum; other places get zero.",
        "exact",
        "0 elsewhere",
        f"{_BOTH} Random 6 x 6 maps with a random upstream gradient, routed by hand in NumPy; and a window of equal values.",
        (
            Equals("max_pool_gradient_minus_routing", 0, tolerance=1e-9),
            Equals("places_with_gradient_a_window", 1),
            Equals("places_with_gradient_in_a_tie", 1),
        ),
        priority=2,
        remark="Where several values are the maximum, one of them gets it all.",
    ),
    Claim(
        "conv-backprop-weights",
        "003",
        _BACKWARD,
        "The gradient of a convolution's weights is the input convolved with the upstream gradient.",
        "exact",
        "dL/dW = X * dY",
        f"{_BOTH} Valid convolution, stride 1: automatic differentiation against the upstream gradient slid over the input.",
        (Equals("kernel_gradient_minus_correlation", 0, tolerance=1e-9),),
        priority=2,
    ),
    Claim(
        "conv-backprop-bias",
        "003",
        _BACKWARD,
        "The gradient of a convolution's bias is the sum of the upstream gradient.",
        "exact",
        "dL/db = sum of dY",
        f"{_BOTH} Automatic differentiation against the sum over images and places.",
        (Equals("bias_gradient_minus_sum", 0, tolerance=1e-9),),
        priority=2,
    ),
    Claim(
        "conv-backprop-input",
        "003",
        _BACKWARD,
        "The gradient of a convolution's input is a full convolution with the flipped filter.",
        "exact",
        "dL/dX = full(dY, flipped W)",
        f"{_BOTH} Automatic differentiation against the turned filter slid over the padded upstream gradient.",
        (Equals("input_gradient_minus_full_correlation", 0, tolerance=1e-9),),
        priority=2,
    ),
    Claim(
        "conv-param-formula",
        "003",
        "Section 6 Summary",
        "A convolution has (fh * fw * cin + 1) * filters parameters.",
        "exact",
        "(fh * fw * cin + 1) * filters",
        f"{_BOTH} 3x3x3 -> 32, 3x3x32 -> 32, 5x5x1 -> 6 and 1x7x4 -> 9.",
        (Equals("convolution_counts", [(3 * 3 * c + 1) * 32 for c in (3, 32)] + [26 * 6, 29 * 9]),),
        priority=2,
    ),
)
