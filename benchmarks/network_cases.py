"""The convolutional networks whose epochs are timed, each as the documents print it on `keras.layers` and on ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any


@dataclass(frozen=True)
class Network:
    """One network.

    Args:
        title: what it is.
        build: from the library of layers (`keras.layers` or `layers`) to a compiled model.
        shape: of one image, uint8.
        classes: labels, 2 with one sigmoid output.
        images: examples of an epoch; their values don't change the time.
        bound: how many times faster an epoch must be here than in `model.fit`.
        batch_size: examples a step.
    """

    title: str
    build: Callable[[ModuleType], Any]
    shape: tuple[int, int, int]
    classes: int
    images: int
    bound: float
    batch_size: int = 32


def same_padding(library: ModuleType) -> Any:
    """Document 003, Videos 42-43: three convolutions that keep 28 x 28."""
    return digits(library, [library.Conv2D(32, 3, padding="same", activation="relu") for _ in range(3)])


def strided(library: ModuleType) -> Any:
    """Document 003, Video 44: three convolutions of stride 2."""
    return digits(library, [library.Conv2D(32, 3, strides=2, activation="relu") for _ in range(3)])


def pooled(library: ModuleType) -> Any:
    """Document 003, Videos 45-46: two convolutions, each with max pooling."""
    pairs = [(library.Conv2D(32, 3, activation="relu"), library.MaxPooling2D(2)) for _ in range(2)]
    return digits(library, [layer for pair in pairs for layer in pair])


def digits(library: ModuleType, body: list[Any]) -> Any:
    """A body between grey 28 x 28 images and ten classes."""
    import keras

    return compiled([keras.Input((28, 28, 1)), keras.layers.Rescaling(1 / 255), *body, keras.layers.Flatten(),
                     library.Dense(10, activation="softmax")], "sparse_categorical_crossentropy")  # fmt: skip


def lenet5(library: ModuleType) -> Any:
    """Document 003, Videos 47-48."""
    import keras

    return compiled(
        [
            keras.Input((32, 32, 1)),
            keras.layers.Rescaling(1 / 255),
            library.Conv2D(6, 5, activation="tanh"),
            library.AveragePooling2D(2),
            library.Conv2D(16, 5, activation="tanh"),
            library.AveragePooling2D(2),
            keras.layers.Flatten(),
            library.Dense(120, activation="tanh"),
            library.Dense(84, activation="tanh"),
            library.Dense(10, activation="softmax"),
        ],
        "sparse_categorical_crossentropy",
    )


def cat_dog(library: ModuleType, augmentation: tuple[Any, ...] = ()) -> Any:
    """Document 000, Convolutional Neural Networks: the cat/dog network at 64 x 64."""
    import keras

    return compiled(
        [
            keras.Input((64, 64, 3)),
            keras.layers.Rescaling(1 / 255),
            *augmentation,
            library.Conv2D(32, 3, activation="relu"),
            library.MaxPooling2D(2),
            library.Conv2D(64, 3, activation="relu"),
            library.MaxPooling2D(2),
            keras.layers.Flatten(),
            library.Dense(128, activation="relu"),
            library.Dense(1, activation="sigmoid"),
        ],
        "binary_crossentropy",
    )


def cat_dog_augmented(library: ModuleType) -> Any:
    """The cat/dog network behind the printed augmentation: Keras's five random layers on one side, our one on the other."""
    import keras

    from recipes.augmentation import RandomAffine

    if library is keras.layers:
        return cat_dog(
            library,
            (
                keras.layers.RandomRotation(20 / 360, fill_mode="nearest"),
                keras.layers.RandomTranslation(0.2, 0.2, fill_mode="nearest"),
                keras.layers.RandomShear(0.2, 0.2, fill_mode="nearest"),
                keras.layers.RandomZoom(0.2, fill_mode="nearest"),
                keras.layers.RandomFlip("horizontal"),
            ),
        )
    printed = {"rotation_range": 20, "width_shift_range": 0.2, "height_shift_range": 0.2, "shear_range": 0.2,
               "zoom_range": 0.2, "horizontal_flip": True}  # fmt: skip
    return cat_dog(library, (RandomAffine(**printed, seed=0),))


def compiled(body: list[Any], loss: str) -> Any:
    """A sequential model with Adam and accuracy."""
    import keras

    model = keras.Sequential(body)
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    return model


NETWORKS = {
    "strided": Network("three stride-2 convolutions, 28x28x1", strided, (28, 28, 1), 10, 6400, 1.5),
    "lenet5": Network("LeNet-5, 32x32x1", lenet5, (32, 32, 1), 10, 6400, 1.5),
    "pooled": Network("two convolutions with max pooling, 28x28x1", pooled, (28, 28, 1), 10, 6400, 1.5),
    "same": Network("three same-padding convolutions, 28x28x1", same_padding, (28, 28, 1), 10, 1600, 1.0),
    "cat_dog": Network("cat/dog network, 64x64x3", cat_dog, (64, 64, 3), 2, 1600, 1.0),
    "cat_dog_augmented": Network("cat/dog network with augmentation", cat_dog_augmented, (64, 64, 3), 2, 1600, 1.0),
}
"""Quick ones first."""
