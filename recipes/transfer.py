"""Transfer learning: a pre-trained convolutional base, kept or adapted, under a new classifier.

Source: document 003, Videos 54-56. Feature extraction freezes the whole base; fine-tuning freezes all but its last layers.
What is frozen gives the same output in every epoch, so it is computed once, kept on disk and trained on:

    >>> base.trainable = False
    >>> features = frozen_features(base, images, cache="features")         # (n, 4, 4, 512) for VGG16 at 150 x 150
    >>> classifier(keras.Input(features.shape[1:])).fit(features, labels)  # feature extraction

    >>> frozen, tail = split_at(base, last=4)
    >>> activations = frozen_features(frozen, images, cache="features")
    >>> classifier(tail, optimizer=keras.optimizers.RMSprop(1e-5)).fit(activations, labels)  # fine-tuning

Both train the same weights as `feature_extractor(base)` and `fine_tuner(base)` on the images themselves. Two things differ
where they occur: dropout inside the frozen part is off, and images can't be augmented, since each is seen by the base once.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np


def frozen_features(
    base: keras.Model,
    images: np.ndarray,
    *,
    batch_size: int = 32,
    preprocess: Callable[[np.ndarray], Any] | None = None,
    cache: str | Path | None = None,
) -> np.ndarray:
    """The base's output in inference mode, computed once.

    Args:
        base: frozen model of one output.
        images: shape (n, height, width, channels).
        batch_size: images a forward pass.
        preprocess: from a batch of images, as floats, to the base's input; it must treat each image on its own.
        cache: folder for the result. The file belongs to the base's architecture and weights, the images and the
            preprocessing; where one of them has changed, or the file is damaged, the output is computed again.

    Returns:
        Array of shape (n, ...).

    Raises:
        ValueError: the base has trainable weights, so its output would change in training.
    """
    if base.trainable_variables:
        raise ValueError(
            f"Features are kept only of a frozen base: set base.trainable = False. Received: {base.name} with "
            f"{len(base.trainable_variables)} trainable weights"
        )

    def inputs(start: int) -> np.ndarray:
        batch = images[start : start + batch_size].astype("float32")  # a new array: preprocess may write into it
        return np.asarray(preprocess(batch) if preprocess else batch)

    path = None
    if cache is not None:
        key = _digest(base, images, inputs(0))
        path = Path(cache) / f"features-{key[:32]}.npz"
        kept = _read(path, key)
        if kept is not None:
            return kept
    features = np.empty((len(images), *base.output_shape[1:]), "float32")
    for start in range(0, len(images), batch_size):
        features[start : start + batch_size] = base.predict_on_batch(inputs(start))
    if path is not None:
        _write(path, key, features)
    return features


def split_at(base: keras.Model, last: int = 4) -> tuple[keras.Model, keras.Model]:
    """Cut a base into its frozen part and its last layers, which stay trainable.

    The parts share their layers with the base: training the second one trains the base.

    Args:
        base: functional or sequential model.
        last: how many layers, counted from the end of `base.layers`, belong to the second part.

    Returns:
        `(frozen, tail)` with `tail(frozen(x)) = base(x)`.

    Raises:
        ValueError: there are not so many layers, or more than one tensor crosses the cut.
    """
    layers = [layer for layer in base.layers if not isinstance(layer, keras.layers.InputLayer)]
    if not 0 < last < len(layers):
        raise ValueError(f"last must lie between 1 and {len(layers) - 1}, the base's layers. Received: last={last}")
    crossing = _crossing(base, layers[-last:])
    if len(crossing) != 1:
        possible = [n for n in range(1, len(layers)) if len(_crossing(base, layers[-n:])) == 1]
        raise ValueError(
            f"One tensor must cross the cut; {len(crossing)} do at last={last}. Cuts of {base.name}: {possible}"
        )
    frozen, tail = keras.Model(base.inputs, crossing[0]), keras.Model(crossing[0], base.outputs[0])
    freeze_all_but(base, last)
    return frozen, tail


def freeze_all_but(base: keras.Model, last: int) -> None:
    """Leave only the last layers of a base trainable, as the document prints it."""
    base.trainable = True
    for layer in base.layers[:-last]:
        layer.trainable = False


def classifier(body: Any, *, units: int = 256, optimizer: Any = "adam") -> keras.Model:
    """The document's binary classifier, compiled: body, Flatten, Dense(256, relu), Dense(1, sigmoid).

    Args:
        body: a base, the tail of one, or `keras.Input(shape)` to train on kept features.
        units: width of the hidden layer.
        optimizer: as for `model.compile`.
    """
    model = keras.Sequential(
        [
            body,
            keras.layers.Flatten(),
            keras.layers.Dense(units, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer=optimizer, loss="binary_crossentropy", metrics=["accuracy"])
    return model


def feature_extractor(base: keras.Model, *, units: int = 256) -> keras.Model:
    """The document's first approach: the whole base frozen, Adam."""
    base.trainable = False
    return classifier(base, units=units)


def fine_tuner(base: keras.Model, *, last: int = 4, units: int = 256, learning_rate: float = 1e-5) -> keras.Model:
    """The document's second approach: all but the last layers frozen, RMSprop with a low learning rate."""
    freeze_all_but(base, last)
    return classifier(base, units=units, optimizer=keras.optimizers.RMSprop(learning_rate))


def _crossing(base: keras.Model, tail: list[Any]) -> list[Any]:
    """Tensors that the tail's layers, or the base's output, take from the layers before."""
    needed = [tensor for layer in tail for tensor in keras.tree.flatten(layer.input)] + list(base.outputs)
    outside = [tensor for tensor in needed if tensor._keras_history.operation not in tail]
    return list({id(tensor): tensor for tensor in outside}.values())


def _digest(base: keras.Model, images: np.ndarray, first_inputs: np.ndarray) -> str:
    digest = hashlib.sha256(base.to_json().encode())
    for array in (*base.get_weights(), images, first_inputs):
        digest.update(f"{array.shape}{array.dtype}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _read(path: Path, key: str) -> np.ndarray | None:
    """The features of a file, None if it is missing, torn or of another key; the archive has a checksum."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return file["features"] if str(file["key"]) == key else None
    except (OSError, ValueError, EOFError, LookupError, RuntimeError, zipfile.BadZipFile):
        return None


def _write(path: Path, key: str, features: np.ndarray) -> None:
    """Write the file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f"{path.stem}.", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            np.savez(file, key=np.array(key), features=features)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
