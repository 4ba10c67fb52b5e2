"""Data augmentation by hand: what `ImageDataGenerator` does, where it is to be found, and the layer that replaces it.

Sources: document 000, Regularization; document 003, Videos 51-53. Keras's legacy generator and our `RandomAffine` run side
by side on small drawn pictures.

Where to look in Keras 3: `keras.preprocessing.image` has only functions for files and arrays left, and
`tensorflow.keras.preprocessing.image` still leads to the generator, a legacy class marked as deprecated. Its place is taken
by layers that augment inside the model or in a `tf.data` pipeline: `keras.layers.RandomRotation`, `RandomTranslation`,
`RandomShear`, `RandomZoom` and `RandomFlip`, or `recipes.augmentation.RandomAffine`, which takes the generator's arguments and
does all of it in one resampling.

Run: reproduce run augmentation_examples
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from reproductions.claims import Claim, Equals
from reproductions.figures import Picture

TITLE = "Worked examples: data augmentation"
SUMMARY = (
    "Ranges, fill modes, imports and the number of pictures of ImageDataGenerator and of the layer that replaces it, on "
    "drawn pictures. Nothing is trained."
)
DATASETS = ()
IN_DEFAULT_SET = True
EXPECTED_SECONDS = 2.0

PRINTED = {
    "rotation_range": 20, "width_shift_range": 0.2, "height_shift_range": 0.2, "shear_range": 0.2, "zoom_range": 0.2,
    "horizontal_flip": True, "fill_mode": "nearest",
}  # fmt: skip
"""Videos 51-53's generator, without its rescale."""

FILL_MODES = ("nearest", "reflect", "constant", "wrap")
RAMP = [10, 20, 30, 40, 50]
DRAWS, SIDE = 4000, 40


def generator(**arguments: Any) -> Any:
    """Keras's legacy ImageDataGenerator."""
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    return ImageDataGenerator(**arguments)


def by_keras(image: np.ndarray, **arguments: Any) -> np.ndarray:
    """One picture (height, width, channels) under Keras's legacy function for affine transforms."""
    from keras.src.legacy.preprocessing.image import apply_affine_transform

    return apply_affine_transform(image, row_axis=0, col_axis=1, channel_axis=2, **arguments)


def by_layer(
    image: np.ndarray,
    angle: float = 0,
    shear: float = 0,
    zoom: float = 1,
    flips: tuple[int, int] = (1, 1),
    shifts: tuple[float, float] = (0, 0),
    fill_mode: str = "nearest",
) -> np.ndarray:
    """One picture under the layer's own matrix; angles in degrees, shifts in pixels sideways and down."""
    from keras import ops

    from recipes.augmentation import affine, resample

    parameters = (np.radians([angle]), np.radians([shear]), [[zoom, zoom]], [flips], [shifts])
    linear, offset = affine(*(ops.convert_to_tensor(np.asarray(one, "float32")) for one in parameters))
    return np.asarray(resample(image[None].astype("float32"), linear, offset, fill_mode))[0]


def noise(count: int, side: int = 6) -> np.ndarray:
    """Grey pictures (count, side, side, 1) of uniform noise, 0-255, the same in every run."""
    return np.random.default_rng(count).uniform(0, 255, (count, side, side, 1)).astype("float32")


def imports() -> dict[str, Any]:
    """Both documented imports, and document 000's constructor with one batch drawn."""
    found = {}
    for name, module in (("keras", "keras"), ("tensorflow", "tensorflow.keras")):
        try:
            kind = importlib.import_module(f"{module}.preprocessing.image").ImageDataGenerator
            found[f"{name}_import"] = "works"
        except (ImportError, AttributeError):
            found[f"{name}_import"] = "ImportError"
    datagen = kind(rotation_range=30, zoom_range=0.2, horizontal_flip=True)
    with _numpy_seed():
        batch = next(datagen.flow(noise(32), batch_size=32, shuffle=False))
    return {
        **found,
        "constructed": [datagen.rotation_range, [float(one) for one in datagen.zoom_range], datagen.horizontal_flip],
        "batch_shape": list(batch.shape),
        "batch_differs_from_originals": float(np.abs(batch - noise(32)).mean()) > 1,
        "marked_as_deprecated": "DEPRECATED" in (kind.__doc__ or ""),
    }


class _numpy_seed:
    """The legacy generator draws from NumPy's global state: seed it inside, and give the caller's back."""

    def __enter__(self) -> None:
        self.state = np.random.get_state()
        np.random.seed(0)

    def __exit__(self, *_: Any) -> None:
        np.random.set_state(self.state)


def ranges() -> dict[str, Any]:
    """Smallest and largest of 4,000 draws of the generator and of the layer, and what they do to a picture."""
    from recipes.augmentation import RandomAffine

    datagen, layer = generator(**PRINTED), RandomAffine(**PRINTED, seed=0)
    with _numpy_seed():
        draws = [datagen.get_random_transform((100, 100, 1)) for _ in range(DRAWS)]
    angle, _, zoom, flips, shifts = (np.asarray(one) for one in layer.draw(DRAWS, 100, 100))
    drawn = {
        "angles": ([one["theta"] for one in draws], np.degrees(angle), 0),
        "zooms": ([one[name] for one in draws for name in ("zx", "zy")], zoom, 2),
        "shifts_of_100_pixels": ([one[name] for one in draws for name in ("tx", "ty")], shifts, 0),
        "share_flipped": ([float(np.mean([one["flip_horizontal"] for one in draws]))], [np.mean(flips[:, 0] < 0)], 1),
    }
    return {
        name: _agreed(*([round(float(np.min(one)), digits), round(float(np.max(one)), digits)] for one in (old, new)))
        for name, (old, new, digits) in drawn.items()
    } | {
        "zoom_range_stored": [float(one) for one in datagen.zoom_range],
        "width_shift_moves": _agreed_direction("width_shift_range"),
        "height_shift_moves": _agreed_direction("height_shift_range"),
        "layer_width_shift_moves": _direction_of_layer("width_shift_range"),
        "layer_height_shift_moves": _direction_of_layer("height_shift_range"),
        "times_larger_under_zoom_0.8_and_1.2": _agreed(*_sizes_under_zoom()),
        "pixels_that_shear_0.2_moves_the_edge_of_150": round(75 * float(np.tan(np.radians(0.2))), 2),
    }


def _agreed(old: Any, new: Any) -> Any:
    """The value if generator and layer agree, else both in a text, which equals no documented value."""
    return old if old == new else f"ImageDataGenerator: {old}; RandomAffine: {new}"


def _spot() -> np.ndarray:
    image = np.zeros((21, 21, 1), "float32")
    image[10, 10] = 1
    return image


def _direction(moved: list[np.ndarray]) -> str:
    """Along which axis a spot in the middle moves."""
    places = np.concatenate([np.argwhere(one[..., 0] > 0.01) for one in moved])
    across, along = (bool((places[:, axis] != 10).any()) for axis in (1, 0))
    return {(True, False): "horizontally", (False, True): "vertically"}.get((across, along), "otherwise")


def _agreed_direction(name: str) -> str:
    datagen = generator(**{name: 0.3}, fill_mode="constant")
    with _numpy_seed():
        return _direction([datagen.random_transform(_spot()) for _ in range(5)])


def _direction_of_layer(name: str) -> str:
    from recipes.augmentation import RandomAffine

    layer = RandomAffine(**{name: 0.3}, fill_mode="constant", seed=0)
    return _direction(list(np.asarray(layer(np.stack([_spot()] * 5), training=True))))


def _sizes_under_zoom() -> tuple[list[float], list[float]]:
    """How many times larger things get under both limits of the zoom, by generator and layer, read off a ramp."""
    ramp = np.tile(np.arange(100, dtype="float32"), (100, 1))[..., None]
    old, new = (
        [round(1 / float(function(ramp, zoom)[50, 51, 0] - function(ramp, zoom)[50, 50, 0]), 2) for zoom in (0.8, 1.2)]
        for function in (lambda image, z: by_keras(image, zx=z, zy=z), lambda image, z: by_layer(image, zoom=z))
    )
    return old, new


def borders() -> dict[str, Any]:
    """The ramp 10 to 50 moved two pixels to the right under each fill mode, by Keras's function and by the layer's."""
    ramp = np.tile(np.array(RAMP, "float32"), (5, 1))[..., None]
    by_mode = {}
    for mode in FILL_MODES:
        old = by_keras(ramp, tx=-2, fill_mode=mode)[2, :, 0]
        new = by_layer(ramp, shifts=(-2, 0), fill_mode=mode)[2, :, 0]
        by_mode[mode] = [[round(float(value), 3) for value in one] for one in (old, new)]
    return {f"{mode}_row": _agreed(*by_mode[mode]) for mode in FILL_MODES if mode != "wrap"} | {
        "wrap_row": by_mode["wrap"][1],
        "wrap_row_of_keras": by_mode["wrap"][0],
        "constant_by_default": float(generator().cval),
    }


def flow() -> dict[str, Any]:
    """A thousand pictures through the generator and the layer: originals, epochs, distinct pictures."""
    from recipes.augmentation import RandomAffine

    originals = noise(1000)
    before = originals.copy()
    batches = generator(**PRINTED).flow(originals, batch_size=32, shuffle=False, seed=0)
    with _numpy_seed():
        epochs = [np.concatenate([batches[number] for number in range(len(batches))]) for _ in range(2)]
    layer = RandomAffine(**PRINTED, seed=0)
    of_layer = [np.asarray(layer(originals, training=True)) for _ in range(10)]
    return {
        "originals_unchanged": bool((originals == before).all()),
        "share_equal_in_two_epochs": _agreed(_share_equal(*epochs), _share_equal(*of_layer[:2])),
        "batches_an_epoch": len(batches),
        "pictures_an_epoch": _agreed(len(epochs[0]), len(of_layer[0])),
        "distinct_in_2_epochs": _agreed(_distinct(epochs), _distinct(of_layer[:2])),
        "distinct_in_10_epochs": _distinct(of_layer),
    }


def _share_equal(one: np.ndarray, other: np.ndarray) -> float:
    return float((one == other).all(axis=(1, 2, 3)).mean())


def _distinct(epochs: list[np.ndarray]) -> int:
    return len({picture.tobytes() for epoch in epochs for picture in epoch})


def validation() -> dict[str, Any]:
    """A validation set only rescaled, and one augmented: pictures whose right half is brighter, or the left one."""
    from recipes.augmentation import RandomAffine

    labels = np.arange(400) % 2
    pictures = noise(400, 8)
    pictures[labels == 1, :, 4:] += 60
    pictures[labels == 0, :, :4] += 60

    def accuracy(images: np.ndarray) -> float:
        """Of the rule that looks for the brighter half, the best there is."""
        return float(np.mean((images[:, :, 4:].mean((1, 2, 3)) > images[:, :, :4].mean((1, 2, 3))) == labels))

    rescaled = [
        np.concatenate([batches[number] for number in range(len(batches))])
        for batches in [generator(rescale=1 / 255).flow(pictures, batch_size=32, shuffle=False)] * 2
    ]
    layer = RandomAffine(horizontal_flip=True, rotation_range=20, seed=0)
    augmented = [accuracy(np.asarray(layer(pictures, training=True))) for _ in range(5)]
    return {
        "two_passes_equal": bool((rescaled[0] == rescaled[1]).all()),
        "only_rescaled": bool(np.allclose(rescaled[0], pictures / 255, atol=1e-6)),
        "layer_idle_outside_training": bool((np.asarray(layer(pictures, training=False)) == pictures).all()),
        "accuracy_is_above_90%": accuracy(rescaled[0]) > 0.9,
        "augmented_passes_differ": len(set(augmented)) > 1,
        "augmented_accuracy_is_below_65%": max(augmented) < 0.65,
    }


def house(side: int = SIDE) -> np.ndarray:
    """A drawn house with chimney, door and sun, 0 to 15: no symmetry, so that every transform shows."""
    y, x = np.mgrid[:side, :side] / side
    picture = 11 - 4 * y
    picture[(x - 0.82) ** 2 + (y - 0.16) ** 2 < 0.009] = 15  # sun
    picture[y > 0.84] = 3  # ground
    picture[(x > 0.28) & (x < 0.36) & (y > 0.22) & (y < 0.5)] = 2  # chimney
    picture[(y > 0.3) & (y < 0.52) & (np.abs(x - 0.48) < (y - 0.28) * 1.3)] = 1  # roof
    picture[(x > 0.24) & (x < 0.72) & (y >= 0.52) & (y <= 0.84)] = 13  # wall
    picture[(x > 0.54) & (x < 0.64) & (y > 0.64) & (y <= 0.84)] = 4  # door
    picture[(x > 0.32) & (x < 0.44) & (y > 0.6) & (y < 0.7)] = 6  # window
    return picture[..., None].astype("float32")


def drawings() -> dict[str, dict[str, list[str]]]:
    """The house under every transform, every fill mode, and six draws of the printed generator, as hexadecimal greys."""
    from recipes.augmentation import RandomAffine

    image = house()
    fifth = SIDE / 5
    transforms: dict[str, dict[str, Any]] = {
        "original": {},
        "rotation 20 degrees": {"angle": 20},
        "shear 0.2 (degrees)": {"shear": 0.2},
        "shear 20 degrees": {"shear": 20},
        "horizontal shift 0.2": {"shifts": (-fifth, 0)},
        "vertical shift 0.2": {"shifts": (0, -fifth)},
        "zoom 0.8": {"zoom": 0.8},
        "zoom 1.2": {"zoom": 1.2},
        "horizontal flip": {"flips": (-1, 1)},
        "vertical flip": {"flips": (1, -1)},
    }
    random = np.asarray(RandomAffine(**PRINTED, seed=4)(np.stack([image] * 6), training=True))
    return {
        "transforms": {name: _hexadecimal(by_layer(image, **arguments)) for name, arguments in transforms.items()},
        "fill_modes": {
            mode: _hexadecimal(by_layer(image, angle=20, shifts=(-0.3 * SIDE, 0.1 * SIDE), fill_mode=mode))
            for mode in FILL_MODES
        },
        "random": {str(number): _hexadecimal(one) for number, one in enumerate(random)},
    }


def _hexadecimal(picture: np.ndarray) -> list[str]:
    return ["".join(f"{value:x}" for value in row) for row in picture[..., 0].round().astype(int).clip(0, 15)]


def examine() -> dict[str, Any]:
    """All facts."""
    return imports() | ranges() | borders() | flow() | validation() | {"drawings": drawings()}


def _claim(
    name: str, section: str, statement: str, kind: Any, documented: str, setup: str, *checks: Any, **more: Any
) -> Claim:
    document = "003" if section.startswith("Video") else "000"
    return Claim(f"augment-{name}", document, section, statement, kind, documented, setup, checks, **more)


_BOTH = "Keras's legacy ImageDataGenerator and recipes.augmentation.RandomAffine must agree."

CLAIMS = (
    _claim(
        "imagedatagenerator-tf-path",
        "Regularization",
        "The ImageDataGenerator import from tensorflow.keras.preprocessing.image with rotation 30, zoom 0.2 and horizontal "
        "flip can be constructed.",
        "behaviour",
        "30; 0.2; True",
        "Import and constructor as printed, and one batch of 32 drawn pictures; the zoom is stored as its limits.",
        Equals("tensorflow_import", "works"),
        Equals("constructed", [30, [0.8, 1.2], True], tolerance=1e-9),
        Equals("batch_shape", [32, 6, 6, 1]),
        Equals("batch_differs_from_originals", True),
        priority=2,
        remark="It works, through a legacy class that Keras marks as deprecated and no longer documents. New code uses "
        "layers: keras.layers.RandomRotation, RandomZoom and RandomFlip, or recipes.augmentation.RandomAffine.",
    ),
    _claim(
        "zoom-rotation-ranges",
        "Video 51-53",
        "rotation_range 20 means -20 to +20 degrees, zoom 0.2 means 0.8x to 1.2x, width_shift_range 0.2 a horizontal and "
        "height_shift_range 0.2 a vertical shift of up to 20 %.",
        "exact",
        "-20..+20; 0.8..1.2; 20%",
        f"Extremes of {DRAWS:,} draws of the printed generator, rounded; a bright spot under each shift. {_BOTH}",
        Equals("angles", [-20, 20]),
        Equals("zoom_range_stored", [0.8, 1.2], tolerance=1e-9),
        Equals("zooms", [0.8, 1.2]),
        Equals("shifts_of_100_pixels", [-20, 20]),
        Equals("share_flipped", [0.5, 0.5]),
        Equals(
            "width_shift_moves",
            "horizontally",
            true_value="vertically",
            derivation="Keras's class draws ty from width_shift_range, but its matrix takes x first and then exchanges rows "
            "and columns, so ty moves the picture up and down. RandomAffine moves it sideways.",
        ),
        Equals(
            "height_shift_moves",
            "vertically",
            true_value="horizontally",
            derivation="As for width_shift_range: Keras's class exchanges the two.",
        ),
        Equals("layer_width_shift_moves", "horizontally"),
        Equals("layer_height_shift_moves", "vertically"),
        priority=2,
        remark="All ranges are as documented, but Keras's class exchanges the two shifts, which goes unnoticed where both are "
        "0.2 and pictures are square. Two more surprises: the zoom multiplies the coordinates that are read, so 0.8 makes "
        "things 1.25 times larger and 1.2 makes them 0.83 times as large; and shear_range counts degrees, so the printed 0.2 "
        "moves the edge of a picture of 150 pixels by a quarter of a pixel.",
    ),
    _claim(
        "fill-modes",
        "Video 51-53",
        "fill_mode nearest, reflect, constant and wrap control the border after a shift.",
        "behaviour",
        "4 modes",
        "The row 10 20 30 40 50 moved two pixels to the right: the nearest pixel repeated, the picture mirrored at its edge, "
        "0 (cval's default), the other end. Keras's function and the layer's must agree; for wrap only the layer's counts.",
        Equals("nearest_row", [10, 10, 10, 20, 30]),
        Equals("reflect_row", [20, 10, 10, 20, 30]),
        Equals("constant_row", [0, 0, 10, 20, 30]),
        Equals("wrap_row", [40, 50, 10, 20, 30]),
        Equals("constant_by_default", 0.0),
        priority=2,
        remark="Keras's class leaves wrap to SciPy, whose wrap repeats after one pixel less than the picture's width: it fills "
        "in 30 40 instead of 40 50 (fact wrap_row_of_keras).",
    ),
    _claim(
        "keras-import",
        "Video 51-53",
        "ImageDataGenerator is imported from keras.preprocessing.image.",
        "behaviour",
        "works",
        "The import as printed, on Keras 3.15.",
        Equals(
            "keras_import",
            "works",
            true_value="ImportError",
            derivation="Keras 3 keeps only functions for files and arrays in keras.preprocessing.image. The old class can "
            "still be imported from tensorflow.keras.preprocessing.image; new code uses the layers keras.layers.Random*, or "
            "recipes.augmentation.RandomAffine, which takes the same arguments.",
        ),
    ),
    _claim(
        "generator-on-the-fly",
        "Video 51-53",
        "Augmentation happens on the fly and originals are never modified.",
        "behaviour",
        "",
        f"1,000 drawn pictures, two epochs of the printed settings: the array is unchanged, no picture comes twice. {_BOTH}",
        Equals("originals_unchanged", True),
        Equals("share_equal_in_two_epochs", 0.0),
        priority=2,
    ),
    _claim(
        "1000-to-10000",
        "Video 51-53",
        "Augmentation turns 1000 images into more than 10,000.",
        "exact",
        "1000 -> 10,000+",
        f"Pictures that one epoch over 1,000 originals trains on, and distinct pictures over several. {_BOTH}",
        Equals(
            "pictures_an_epoch",
            10_000,
            true_value=1000,
            derivation="An epoch visits every original once, transformed anew: 32 batches, 1,000 pictures. Ten thousand "
            "different ones take ten epochs (fact distinct_in_10_epochs); the set itself does not grow.",
        ),
        Equals("distinct_in_2_epochs", 2000),
        Equals("distinct_in_10_epochs", 10_000),
        priority=2,
    ),
    _claim(
        "train-only",
        "Video 51-53",
        "Only training data are augmented; validation is only rescaled.",
        "behaviour",
        "",
        "The printed validation generator passed over twice; the layer outside of training; and what an augmented validation "
        "set would do to a rule that tells pictures with a brighter left half from those with a brighter right half.",
        Equals("two_passes_equal", True),
        Equals("only_rescaled", True),
        Equals("layer_idle_outside_training", True),
        Equals("accuracy_is_above_90%", True),
        Equals("augmented_passes_differ", True),
        Equals("augmented_accuracy_is_below_65%", True),
        priority=3,
        remark="Augmented, the same validation set gives another accuracy on every pass, and here a far lower one, since a "
        "mirrored picture keeps its label.",
    ),
)


def _show(axis: Any, rows: list[str], title: str) -> None:
    axis.imshow([[int(value, 16) for value in row] for row in rows], cmap="gray", vmin=0, vmax=15)
    axis.set_title(title, fontsize=9)
    axis.set_xticks([])
    axis.set_yticks([])


def paint_transforms(facts: Mapping[str, Any]) -> Any:
    """The house under each transform alone."""
    import matplotlib.pyplot as plt

    shown = facts["drawings"]["transforms"]
    drawn, axes = plt.subplots(2, 5, figsize=(8.6, 4.1), layout="constrained")
    for axis, (name, rows) in zip(axes.T.ravel(), shown.items(), strict=True):
        _show(axis, rows, name)
    return drawn


def paint_fill_modes(facts: Mapping[str, Any]) -> Any:
    """The house turned and moved under each fill mode; six draws of the printed generator."""
    import matplotlib.pyplot as plt

    drawn = plt.figure(figsize=(8.6, 4.4), layout="constrained")
    parts: Any = drawn.subfigures(2, 1)
    above, below = parts
    rows = (
        (above, facts["drawings"]["fill_modes"], "turned by 20 degrees and moved: what fills the empty corners"),
        (below, facts["drawings"]["random"], "the printed generator's transforms together: six draws"),
    )
    for part, shown, title in rows:
        part.suptitle(title, fontsize=9.5)
        for axis, (name, picture) in zip(part.subplots(1, len(shown)), shown.items(), strict=True):
            _show(axis, picture, name if part is above else "")
    return drawn


FIGURES = (
    Picture(
        "augmentation-transforms",
        "Data augmentation: each transform at the end of its printed range",
        "A drawn house under the transforms of Videos 51-53, empty corners filled with the nearest pixel. A zoom of 0.8 "
        "enlarges, since it scales the places that are read; the printed shear of 0.2 counts degrees and shows nothing.",
        ("drawings",),
        paint_transforms,
    ),
    Picture(
        "augmentation-fill-modes",
        "Data augmentation: fill modes, and what the printed generator gives",
        "Above, one and the same transform under the four fill modes; below, six random transforms of the same picture.",
        ("drawings",),
        paint_fill_modes,
    ),
)
