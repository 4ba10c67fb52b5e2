"""Weights by layer name: from one model to another, and from the files in which pretrained weights come.

Example:
    >>> model = MobileNet(include_top=False, input_shape=(128, 128, 3))
    >>> features = keras.Model(model.input, model.get_layer("conv_pw_12_relu").output)
    >>> load_weights(features, "mobilenet_1_0_224_through_conv_dw_13.npz")
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

OTHER_NAMES = {"depthwise_kernel": "kernel"}
"""Names of weights in files of Keras 2, and what Keras 3 calls them."""


def weights_by_layer(model: keras.Model) -> dict[str, list[np.ndarray]]:
    """Every layer's weights under the layer's name, in the order of `layer.get_weights()`.

    A layer inside a block is named after both, as `keras.applications` names it: `1_conv` in the block `conv2_block1`
    becomes `conv2_block1_1_conv`. A model inside a model gives its layers their own names. Layers without weights are left
    out.

    Raises:
        ValueError: two layers have one name.
    """
    return {name: [_array(one) for one in layer.variables] for name, layer in _layers(model).items()}


def copy_weights(source: keras.Model, target: keras.Model) -> None:
    """Set every weight of `target` to that of the layer of the same name in `source`, which may have further layers.

    Raises:
        ValueError: a layer of the target is missing in the source, or a shape differs; nothing is changed then.
    """
    found = {name: layer.variables for name, layer in _layers(source).items()}
    _assign(target, found, f"the model {source.name}")


def load_weights(model: keras.Model, path: str | Path) -> None:
    """Set the model's weights from a file, which may hold further layers.

    Args:
        model: whose weights are set.
        path: an `.h5` file with one group a layer, as `keras.applications` publishes them (a `/` in a name there stands
            for `_` here); an `.npz` file of arrays named `layer/weight`; or any other file that `model.load_weights`
            reads, `.weights.h5` and `.keras` among them.

    Raises:
        ValueError: a layer of the model is missing in the file, or a shape differs; nothing is changed then.
    """
    path = Path(path)
    if path.suffix == ".npz":
        with np.load(path) as arrays:
            _assign(model, _from_arrays(model, arrays, path.name), path.name)
    elif path.suffix in (".h5", ".hdf5") and not path.name.endswith(".weights.h5"):
        _assign(model, _from_groups(model, path), path.name)
    else:
        model.load_weights(path)


class _Named:
    """A layer with variables of its own."""

    def __init__(self, layer: Any):
        self.layer = layer
        inner = {id(variable) for child in _children(layer) for variable in child.variables}
        # Seeds of dropout are variables too, but no weights; they stay.
        self.variables = [variable for variable in layer.weights if id(variable) not in inner]

    def finish(self) -> None:
        """Let the layer see its new values: a `Normalization` keeps what it computed from the old ones."""
        if hasattr(self.layer, "finalize_state"):
            self.layer.finalize_state()


def _children(layer: Any) -> list[Any]:
    return list(layer._flatten_layers(include_self=False, recursive=False))


def _layers(model: keras.Model) -> dict[str, _Named]:
    """Layers with weights of their own, by full name, in the model's order."""
    found: dict[str, _Named] = {}

    def visit(layer: Any, prefix: str) -> None:
        name = prefix + layer.name
        named = _Named(layer)
        if named.variables:
            if name in found and found[name].layer is not layer:
                raise ValueError(f"Weights go by name, but the model {model.name} has two layers named {name!r}.")
            found[name] = named
        inside = prefix if isinstance(layer, keras.Model) else f"{name}_"
        for child in _children(layer):
            visit(child, inside)

    for layer in model.layers:
        visit(layer, "")
    return found


def _assign(model: keras.Model, found: Mapping[str, Sequence[Any]], source: str) -> None:
    """Check all layers, then set them."""
    wanted = _layers(model)
    for name, layer in wanted.items():
        if name not in found:
            raise ValueError(f"Layer {name!r} of the model {model.name} is missing in {source}.")
        ours, theirs = ([tuple(one.shape) for one in side] for side in (layer.variables, found[name]))
        if ours != theirs:
            raise ValueError(
                f"Layer {name!r} has weights of shapes {ours} in the model {model.name} but {theirs} in {source}."
            )
    for name, layer in wanted.items():
        for variable, value in zip(layer.variables, found[name], strict=True):
            variable.assign(value)
        layer.finish()


def _from_arrays(model: keras.Model, arrays: Any, source: str) -> dict[str, list[np.ndarray]]:
    """The arrays of an .npz file for the model's layers; a name decides which weight an array is, not its place."""
    stored: dict[str, dict[str, str]] = {}
    for key in arrays.files:
        layer, _, weight = key.rpartition("/")
        stored.setdefault(layer.replace("/", "_"), {})[OTHER_NAMES.get(weight, weight)] = key
    found = {}
    for name, layer in _layers(model).items():
        if name not in stored:
            continue  # `_assign` reports it
        for variable in layer.variables:
            if variable.name not in stored[name]:
                raise ValueError(f"{source} has no array '{name}/{variable.name}', which the model {model.name} needs.")
        found[name] = [arrays[stored[name][variable.name]] for variable in layer.variables]
    return found


def _from_groups(model: keras.Model, path: Path) -> dict[str, list[np.ndarray]]:
    """The model's layers in an .h5 file of Keras 1 or 2, weights in the order in which the layer created them."""
    import h5py  # type: ignore[import-untyped]

    with h5py.File(path, "r") as file:
        root = file.get("model_weights", file)  # a whole model keeps its weights there
        if "layer_names" not in root.attrs:
            raise ValueError(f"{path.name} has no attribute 'layer_names', so it holds no weights by layer.")
        wanted = _layers(model)
        stored = {name.replace("/", "_"): root[name] for name in _names(root, "layer_names")}
        return {
            name: [np.asarray(group[weight]) for weight in _names(group, "weight_names")]
            for name, group in stored.items()
            if name in wanted  # a classifier that the model lacks is not read: VGG16's has 495 MB
        }


def _names(group: Any, attribute: str) -> list[str]:
    return [name.decode() if isinstance(name, bytes) else str(name) for name in group.attrs.get(attribute, ())]


def _array(variable: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(variable))
