"""The image networks that made history: their layers, shapes and sizes, and what transfer learning freezes of them.

Sources: document 003, Videos 47-48 (LeNet-5), 54-56 (transfer learning) and 57-58 (the architectures). Ours in
`recipes.models` are held against `keras.applications` where Keras has them, else against counts by hand from the papers'
tables. Networks are built without values for their weights, of which VGG16 alone has 553 MB.

Run: reproduce run architectures
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np

from reproductions.architecture_pictures import paint_inception, paint_timeline, paint_vgg16
from reproductions.claims import Claim, Equals
from reproductions.figures import Picture
from reproductions.printed import run_cells
from reproductions.worked import array, both, build, difference, draw, parameters, shapes

TITLE = "Worked examples: architectures and what transfer learning freezes"
SUMMARY = (
    "Shapes, depth and parameter counts from LeNet-5 to EfficientNet, inception and residual blocks, and the documented "
    "transfer-learning code with VGG16. Nothing is trained but a small head for five steps."
)
DATASETS = ()
IN_DEFAULT_SET = True
EXPECTED_SECONDS = 10.0

TIMELINE = {
    "LeNet5": 1998,
    "AlexNet": 2012,
    "VGG16": 2014,
    "VGG19": 2014,
    "GoogLeNet": 2014,
    "ResNet50": 2015,
    "ResNet152": 2015,
    "InceptionV3": 2015,
    "SqueezeNet": 2016,
    "DenseNet121": 2017,
    "MobileNet": 2017,
    "EfficientNetB0": 2019,
}
"""Architectures and their years, as the document has them where it names them."""

NAMED = {
    "VGG16": 138_357_544,
    "VGG19": 143_667_240,
    "ResNet50": 25_636_712,
    "ResNet101": 44_707_176,
    "InceptionV3": 23_851_784,
    "MobileNet": 4_253_864,
    "EfficientNetB0": 5_330_571,
}
"""The pretrained models that Video 54-56 names, with their published parameter counts."""

LENET_C3 = (
    *((start, start + 1, start + 2) for start in range(6)),
    *((start, start + 1, start + 2, start + 3) for start in range(6)),
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)  # fmt: skip
"""Maps of S2, modulo six, that each map of C3 saw in 1998: table I of LeCun et al."""

ILSVRC_2012 = {"training": 1_281_167, "validation": 50_000, "test": 100_000}
"""Images of the challenge on which the published weights were trained: Russakovsky et al. 2015, table 2."""

FEATURE_EXTRACTION = """
from keras.applications import VGG16
from keras.models import Sequential
from keras.layers import Flatten, Dense

# Load pre-trained VGG16 without top layers
conv_base = VGG16(weights='imagenet', 
                  include_top=False, 
                  input_shape=(150, 150, 3))

# Freeze the conv base
conv_base.trainable = False

# Build model
model = Sequential([
    conv_base,
    Flatten(),
    Dense(256, activation='relu'),
    Dense(1, activation='sigmoid')  # Binary classification
])

model.compile(optimizer='adam',
              loss='binary_crossentropy',
              metrics=['accuracy'])
"""

FINE_TUNING = """
from keras.applications import VGG16
from keras.models import Sequential
from keras.layers import Flatten, Dense
from keras.optimizers import RMSprop

# Load pre-trained VGG16
conv_base = VGG16(weights='imagenet', 
                  include_top=False, 
                  input_shape=(150, 150, 3))

# Unfreeze last few layers
conv_base.trainable = True
for layer in conv_base.layers[:-4]:  # Freeze all except last 4 layers
    layer.trainable = False

# Build model
model = Sequential([
    conv_base,
    Flatten(),
    Dense(256, activation='relu'),
    Dense(1, activation='sigmoid')
])

# Use LOW learning rate for fine-tuning!
model.compile(optimizer=RMSprop(learning_rate=1e-5),
              loss='binary_crossentropy',
              metrics=['accuracy'])
"""


def outlined(name: str, **arguments: Any) -> Any:
    """One of `recipes.models`, without values."""
    import recipes.models

    return recipes.models.outline(lambda: getattr(recipes.models, name)(**arguments))


def outlined_by_keras(name: str, **arguments: Any) -> Any:
    """One of `keras.applications`, without values."""
    import keras

    from recipes.models import outline

    return outline(lambda: getattr(keras.applications, name)(weights=None, **arguments))


def agreed(name: str, measure: Callable[[Any], Any], **arguments: Any) -> Any:
    """What `measure` gives for our model, provided that Keras's gives the same; else a text with both."""
    ours, published = measure(outlined(name, **arguments)), measure(outlined_by_keras(name, **arguments))
    return ours if ours == published else f"recipes.models: {ours}; keras.applications: {published}"


def depth(model: Any) -> int:
    """Convolutions and dense layers on the longest path from input to output."""
    longest: dict[str, int] = {}
    for layer in model.get_config()["layers"]:
        before = max((longest[name] for name in _sources(layer["inbound_nodes"])), default=0)
        longest[layer["name"]] = before + _own_depth(model.get_layer(layer["name"]))
    return max(longest.values())


def _sources(node: Any) -> Iterator[str]:
    """Names of the layers that a node of a model's configuration takes its inputs from."""
    if isinstance(node, dict):
        if "keras_history" in node:
            yield node["keras_history"][0]
        node = list(node.values())
    if isinstance(node, list | tuple):
        for part in node:
            yield from _sources(part)


def _own_depth(layer: Any) -> int:
    import keras

    import layers

    if isinstance(layer, layers.InceptionBlock):
        return max(len(branch) for branch in layer.branches)
    if isinstance(layer, layers.ResidualBlock):
        return len(layer.residual)
    return int(isinstance(layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D | keras.layers.Dense))


def products(layer: Any) -> int:
    """Multiplications of a layer for one image: every weight of its kernels meets every place of its output."""
    places = math.prod(layer.output.shape[1:-1])
    return sum(places * math.prod(weight.shape) for weight in layer.weights if weight.name == "kernel")


def trainable(model: Any) -> int:
    """Number of parameters that training may change."""
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


def examine() -> dict[str, Any]:
    """All facts."""
    return {
        **lenet(),
        **lenet_of_1998(),
        **lenet_padding(),
        **alexnet(),
        **vgg(),
        **googlenet(),
        **inception_block(),
        **residual_block(),
        **sizes(),
        **imagenet(),
        **transfer_parameters(),
        **frozen_base(),
        **printed_blocks(),
    }


def documented_lenet(library: ModuleType) -> Any:
    """The table's network of a library's layers."""
    import keras

    return build(
        keras.Input((32, 32, 1)),
        library.Conv2D(6, 5, activation="tanh"),
        library.AveragePooling2D(2, 2),
        library.Conv2D(16, 5, activation="tanh"),
        library.AveragePooling2D(2, 2),
        keras.layers.Flatten(),
        library.Dense(120, activation="tanh"),
        library.Dense(84, activation="tanh"),
        library.Dense(10, activation="softmax"),
    )


def lenet() -> dict[str, Any]:
    """Shapes, parameters and depth of LeNet-5: the table's layers one by one, and the recipe."""
    from recipes.models import LeNet5

    recipe = LeNet5()
    return {
        "lenet_shapes": both(lambda library: shapes(documented_lenet(library))),
        "lenet_recipe_shapes": shapes(recipe)[1:],
        "lenet_parameters": both(lambda library: parameters(documented_lenet(library))),
        "lenet_layers_with_weights": both(lambda library: sum(map(bool, parameters(documented_lenet(library))))),
        "lenet_depth": depth(recipe),
        "lenet_paddings": both(
            lambda library: [layer.padding for layer in documented_lenet(library).layers if hasattr(layer, "filters")]
        ),
    }


def lenet_of_1998() -> dict[str, Any]:
    """Parameters of the network of 1998: C3 as sixteen convolutions, each of the maps that the paper's table gives it."""
    import keras

    maps = keras.Input((14, 14, 6))
    c3 = [
        keras.layers.Conv2D(1, 5)(keras.ops.take(maps, [index % 6 for index in chosen], axis=-1)) for chosen in LENET_C3
    ]
    model = keras.Model(maps, keras.layers.concatenate(c3))
    full = keras.layers.Conv2D(16, 5)
    full.build((None, 14, 14, 6))
    subsampling = [2 * 6, 2 * 16]  # a factor and a bias a map
    dense = [(5 * 5 * 16 + 1) * 120, (120 + 1) * 84]  # C5, which sees all of S4, and F6; the output learned nothing
    return {
        "c3_shape_of_1998": list(model.output.shape[1:]),
        "c3_parameters_in_full": full.count_params(),
        "c3_parameters_of_1998": model.count_params(),
        "lenet_parameters_of_1998": (5 * 5 + 1) * 6 + model.count_params() + sum(subsampling) + sum(dense),
    }


def lenet_padding() -> dict[str, Any]:
    """The digits are padded before the network, as the printed code does it: C1 then sees what same padding would show."""
    import tensorflow as tf

    digit = np.round(255 * np.random.default_rng(0).random((1, 28, 28))).astype("uint8")
    padded = array(tf.pad(tf.constant(digit), [[0, 0], [2, 2], [2, 2]]))
    kernel = draw(5, 5, 1, 6)

    def gap(library: ModuleType) -> float:
        valid, same = (library.Conv2D(6, 5, padding=padding, use_bias=False) for padding in ("valid", "same"))
        for layer, image in ((valid, padded), (same, digit)):
            layer.build((None, *image.shape[1:], 1))
            layer.set_weights([kernel])
        return round(difference(valid(padded[..., None] / 255.0), same(digit[..., None] / 255.0)), 4)

    return {"padded_digit_shape": list(padded.shape[1:]), "c1_on_padded_minus_same_c1": both(gap)}


def alexnet() -> dict[str, Any]:
    """Depth, activations, dropout and size of AlexNet."""
    import keras

    model = outlined("AlexNet")
    weighted = [layer for layer in model.layers if layer.weights]
    return {
        "alexnet_layers_with_weights": [
            sum(isinstance(layer, kind) for layer in weighted) for kind in (keras.layers.Conv2D, keras.layers.Dense)
        ],
        "alexnet_depth": depth(model),
        "alexnet_hidden_activations": sorted({layer.activation.__name__ for layer in weighted[:-1]}),
        "alexnet_dropout_layers": sum(isinstance(layer, keras.layers.Dropout) for layer in model.layers),
        "alexnet_parameters": [outlined("AlexNet", groups=groups).count_params() for groups in (True, False)],
    }


def vgg() -> dict[str, Any]:
    """Size, depth and filters of both VGG networks, ours and Keras's."""
    import keras

    def kernel_sizes(model: Any) -> list[Any]:
        return sorted({layer.kernel_size for layer in model.layers if isinstance(layer, keras.layers.Conv2D)})

    def layers_with_weights(model: Any) -> list[int]:
        return [
            sum(isinstance(layer, kind) for layer in model.layers) for kind in (keras.layers.Conv2D, keras.layers.Dense)
        ]

    def by_layer(model: Any) -> list[Any]:
        return [[layer.name, layer.count_params(), products(layer)] for layer in model.layers if layer.weights]

    names = ("VGG16", "VGG19")
    counts = {name: agreed(name, lambda model: model.count_params()) for name in names}
    return {
        "vgg16_parameters": counts["VGG16"],
        "vgg19_parameters": counts["VGG19"],
        "vgg16_millions": _millions(counts["VGG16"]),
        "vgg19_millions": _millions(counts["VGG19"]),
        "vgg_depths": [agreed(name, depth) for name in names],
        "vgg_convolutions_and_dense_layers": [agreed(name, layers_with_weights) for name in names],
        "vgg_filters": [[list(size) for size in agreed(name, kernel_sizes)] for name in names],
        "vgg16_by_layer": agreed("VGG16", by_layer),
    }


def _millions(count: Any) -> Any:
    return round(count / 1e6) if isinstance(count, int) else count


def googlenet() -> dict[str, Any]:
    """Depth and size of GoogLeNet, counted by Keras and by hand from the paper's table."""
    from recipes.models.googlenet import INCEPTIONS

    model, base = outlined("GoogLeNet"), outlined("GoogLeNet", include_top=False)
    by_hand, channels = (49 * 3 + 1) * 64 + (64 + 1) * 64 + (9 * 64 + 1) * 192, 192
    for a, reduce3, b, reduce5, c, d in INCEPTIONS.values():
        by_hand += (channels + 1) * (a + reduce3 + reduce5 + d) + (9 * reduce3 + 1) * b + (25 * reduce5 + 1) * c
        channels = a + b + c + d
    by_hand += (channels + 1) * 1000
    return {
        "googlenet_depth": depth(model),
        "googlenet_parameters": model.count_params(),
        "googlenet_parameters_by_hand": by_hand,
        "googlenet_millions": _millions(model.count_params()),
        "googlenet_millions_without_classifier": _millions(base.count_params()),
        "twelfth_of_alexnet_in_millions": _millions(round(outlined("AlexNet").count_params() / 12)),
    }


def inception_block() -> dict[str, Any]:
    """Block 3a against four branches of Keras's layers with its weights."""
    import keras

    import layers
    from recipes.models import copy_weights
    from recipes.models.googlenet import INCEPTIONS

    filters = INCEPTIONS["3a"]
    images = draw(2, 8, 8, 192).astype("float32")
    inputs = keras.Input((8, 8, 192))
    ours = keras.Model(inputs, layers.InceptionBlock(*filters, name="inception")(inputs))

    def convolution(x: Any, filters: int, size: int, name: str) -> Any:
        return keras.layers.Conv2D(filters, size, padding="same", activation="relu", name=f"inception_{name}_conv")(x)

    branches = [
        convolution(inputs, filters[0], 1, "1x1"),
        convolution(convolution(inputs, filters[1], 1, "3x3_reduce"), filters[2], 3, "3x3"),
        convolution(convolution(inputs, filters[3], 1, "5x5_reduce"), filters[4], 5, "5x5"),
        convolution(keras.layers.MaxPooling2D(3, 1, "same")(inputs), filters[5], 1, "pool"),
    ]
    peer = keras.Model(inputs, branches)
    copy_weights(ours, peer)
    return {
        "inception_branch_channels": [branch.shape[-1] for branch in branches],
        "inception_filter_sizes": [peer.get_layer(f"inception_{n}x{n}_conv").kernel_size[0] for n in (1, 3, 5)],
        "inception_channels": ours.output.shape[-1],
        "inception_parameters": ours.count_params(),
        "inception_minus_concatenated_branches": round(
            difference(ours(images), np.concatenate([array(one) for one in peer(images)], axis=-1)), 3
        ),
    }


def residual_block() -> dict[str, Any]:
    """A residual block against Keras's layers with its weights, and with F = 0."""
    import keras

    import layers
    from recipes.models import copy_weights

    inputs = keras.Input((6, 6, 4))
    ours = keras.Model(inputs, layers.ResidualBlock(4, name="block")(inputs))
    x = inputs
    for number in (1, 2):
        x = keras.layers.Conv2D(4, 3, padding="same", use_bias=False, name=f"block_{number}_conv")(x)
        x = keras.layers.BatchNormalization(name=f"block_{number}_bn")(x)
        x = keras.layers.ReLU()(x) if number == 1 else x
    residual = keras.Model(inputs, x)  # F
    copy_weights(ours, residual)
    images = draw(2, 6, 6, 4).astype("float32")
    expected = np.maximum(array(residual(images)) + images, 0)
    gap = round(difference(ours(images), expected), 4)
    for weight in ours.weights:
        if weight.name == "kernel":
            weight.assign(np.zeros(weight.shape))
    ends = [outlined_by_keras(name).get_layer("conv2_block2_out") for name in ("ResNet50", "ResNet50V2")]
    return {
        "residual_block_minus_relu_of_sum": gap,
        "residual_block_of_minus_one_and_two_with_zero_f": [
            round(float(array(ours(np.full((1, 6, 6, 4), value))).mean()), 6) for value in (-1.0, 2.0)
        ],
        "last_layer_of_blocks_in_versions_1_and_2": [type(layer).__name__ for layer in ends],
    }


def sizes() -> dict[str, Any]:
    """The named pretrained models, ours and Keras's, and whether Keras offers weights for them; all networks by year."""
    import inspect

    import keras

    ours = {name: outlined(name) for name in {**TIMELINE, **NAMED}}
    published = {name: outlined_by_keras(name) for name in NAMED}
    counts = {name: model.count_params() for name, model in published.items()}
    work = {name: sum(map(products, model.layers)) for name, model in published.items()}
    return {
        "applications_with_imagenet_weights": [
            name
            for name in NAMED
            if inspect.signature(getattr(keras.applications, name)).parameters["weights"].default == "imagenet"
        ],
        "application_parameters": counts,
        "recipe_parameters": {name: ours[name].count_params() for name in NAMED},
        "application_with_fewest_parameters": min(counts, key=lambda name: counts[name]),
        "application_with_fewest_products": min(work, key=lambda name: work[name]),
        "application_million_products": {name: round(count / 1e6) for name, count in work.items()},
        "timeline": [[name, year, ours[name].count_params(), depth(ours[name])] for name, year in TIMELINE.items()],
    }


def imagenet() -> dict[str, Any]:
    """Classes of the published classifiers, and images of the data set that they were trained on."""
    return {
        "classes": agreed("VGG16", lambda model: model.output.shape[-1]),
        "million_images_of_ilsvrc_2012": round(sum(ILSVRC_2012.values()) / 1e6, 1),
        "million_images_trained_on": round(ILSVRC_2012["training"] / 1e6, 1),
    }


def with_head(base: Any) -> Any:
    """The documented classifier of cats and dogs on a base."""
    import keras

    return build(
        base, keras.layers.Flatten(), keras.layers.Dense(256, activation="relu"), keras.layers.Dense(1, activation="sigmoid")
    )  # fmt: skip


def transfer_parameters() -> dict[str, Any]:
    """Shapes and counts of VGG16 without top and the documented head, frozen and with its last four layers free."""
    import keras

    import recipes.models

    def measure(library: Any) -> dict[str, Any]:
        def make() -> Any:
            return with_head(library.VGG16(weights=None, include_top=False, input_shape=(150, 150, 3)))

        frozen = recipes.models.outline(make)
        frozen.layers[0].trainable = False
        tuned = recipes.models.outline(make)
        for layer in tuned.layers[0].layers[:-4]:
            layer.trainable = False
        return {
            "base_output": list(frozen.layers[0].output.shape[1:]),
            "base_parameters": frozen.layers[0].count_params(),
            "transfer_parameters": frozen.count_params(),
            "trainable_with_frozen_base": trainable(frozen),
            "names_of_last_four_layers": [layer.name for layer in tuned.layers[0].layers[-4:]],
            "trainable_in_fine_tuning": trainable(tuned),
            "base_layers_trained_in_fine_tuning": [one.name for one in tuned.layers[0].layers if one.trainable_weights],
        }

    ours, published = measure(recipes.models), measure(keras.applications)
    return {
        name: value if value == published[name] else f"recipes.models: {value}; keras.applications: {published[name]}"
        for name, value in ours.items()
    }


def frozen_base() -> dict[str, Any]:
    """Weight arrays of a small base and of its head that five training steps change, with the base frozen and not."""
    import keras

    def changed(library: ModuleType, frozen: bool) -> list[int]:
        keras.utils.set_random_seed(0)
        base = build(
            keras.Input((16, 16, 3)), library.Conv2D(8, 3, activation="relu"), library.BatchNormalization(),
            library.MaxPooling2D(),
        )  # fmt: skip
        base.trainable = not frozen
        head = [keras.layers.Flatten(), library.Dense(8, activation="relu"), library.Dense(1, activation="sigmoid")]
        model = build(base, *head)
        model.compile(optimizer="adam", loss="binary_crossentropy", run_eagerly=True)
        before = [layer.get_weights() for layer in model.layers]
        model.fit(draw(40, 16, 16, 3), draw(40, 1) > 0, batch_size=8, verbose=0)
        pairs = [zip(old, layer.get_weights(), strict=True) for old, layer in zip(before, model.layers, strict=True)]
        counts = [sum(not np.array_equal(one, other) for one, other in pair) for pair in pairs]
        return [counts[0], sum(counts[1:])]

    return {
        "arrays_changed_in_frozen_base_and_head": both(lambda library: changed(library, frozen=True)),
        "arrays_changed_in_free_base_and_head": both(lambda library: changed(library, frozen=False)),
    }


def printed_blocks() -> dict[str, Any]:
    """Both printed blocks with random weights, each in a namespace of its own, and one image through their models."""
    facts: dict[str, Any] = {}
    for name, source in (("feature_extraction", FEATURE_EXTRACTION), ("fine_tuning", FINE_TUNING)):
        space: dict[str, Any] = {}
        facts[f"{name}_block"] = run_cells({name: source.replace("'imagenet'", "None")}, space)[name].result
        model = space["model"]
        output = array(model(np.zeros((1, 150, 150, 3), "float32")))
        facts[f"{name}_output"] = [list(output.shape), bool(0 < output[0, 0] < 1)]
        facts[f"{name}_trainable"] = trainable(model)
        facts[f"{name}_optimizer"] = [type(model.optimizer).__name__, round(float(model.optimizer.learning_rate), 8)]
    return facts


_LENET, _TRANSFER, _ADVANCED = "Video 47-48", "Video 54-56", "Video 57-58"
_BOTH = "Checked for `recipes.models` and `keras.applications`."

CLAIMS = (
    Claim(
        "lenet-shape-table",
        "003",
        _LENET,
        "LeNet-5 shapes run 32x32x1, 28x28x6, 14x14x6, 10x10x16, 5x5x16, 400, 120, 84, 10.",
        "exact",
        "28x28x6; 14x14x6; 10x10x16; 5x5x16; 400; 120; 84; 10",
        "The table's layers of `layers` and of `keras.layers`, and the recipe LeNet5. The parameter counts, 61,706 in all, "
        "are ours.",
        (
            Equals("lenet_shapes", [[28, 28, 6], [14, 14, 6], [10, 10, 16], [5, 5, 16], [400], [120], [84], [10]]),
            Equals(
                "lenet_recipe_shapes", [[28, 28, 6], [14, 14, 6], [10, 10, 16], [5, 5, 16], [400], [120], [84], [10]]
            ),
            Equals("lenet_parameters", [26 * 6, 0, 151 * 16, 0, 0, 401 * 120, 121 * 84, 85 * 10]),
        ),
    ),
    Claim(
        "lenet-five-layers",
        "003",
        _LENET,
        "LeNet-5 is 5 layers deep.",
        "exact",
        "5",
        "Layers with weights, and convolutions and dense layers on the longest path.",
        (Equals("lenet_layers_with_weights", 5), Equals("lenet_depth", 5)),
        priority=2,
        remark="The paper of 1998 counts seven: its two subsampling layers had weights.",
    ),
    Claim(
        "lenet-original-c3",
        "003",
        _LENET,
        "The table presents the LeNet-5 of 1998 with C3 as a full convolution of 16 filters and a softmax output.",
        "exact",
        "16 filters 5x5",
        "Sixteen Keras convolutions of one filter, each of the maps of S2 that table I of LeCun et al. 1998 gives it, against "
        "one convolution of sixteen; and all parameters, with a factor and a bias a map in S2 and S4 and none in the output.",
        (
            Equals("c3_parameters_in_full", 2416),
            Equals("c3_shape_of_1998", [10, 10, 16]),
            Equals(
                "c3_parameters_of_1998",
                2416,
                true_value=1516,
                derivation="In 1998 six maps of C3 saw 3 of S2's 6 maps, nine saw 4 and one saw all: 60 filters of 25 weights "
                "and 16 biases, 1,516 parameters instead of 2,416.",
            ),
            Equals(
                "lenet_parameters_of_1998",
                61706,
                true_value=60000,
                derivation="156 + 12 + 1,516 + 32 + 48,120 + 10,164 = 60,000: subsampling learned a factor and a bias a map, "
                "and the outputs were distances to fixed patterns, not a softmax, and learned nothing.",
            ),
        ),
        priority=3,
        remark="The table is a good LeNet in the style of today, not the network of 1998. What it calls F5 was the convolution "
        "C5; on 5 x 5 maps that is the same.",
    ),
    Claim(
        "lenet-no-padding",
        "003",
        _LENET,
        "LeNet-5 uses valid convolutions without padding.",
        "behaviour",
        "valid",
        "Padding of both convolutions, and what the printed tf.pad call makes of a 28 x 28 digit (a random one). C1 on the "
        "padded digit against a convolution with same padding on the digit itself.",
        (
            Equals("lenet_paddings", ["valid", "valid"]),
            Equals("padded_digit_shape", [32, 32]),
            Equals("c1_on_padded_minus_same_c1", 0.0),
        ),
        priority=3,
        remark="True of the layers. But MNIST's digits get two rows and columns of zeros on every side before the network, "
        "so what C1 computes is a convolution with same padding of the digit itself.",
    ),
    Claim(
        "arch-alexnet-8-layers",
        "003",
        _ADVANCED,
        "AlexNet is 8 layers deep and uses ReLU and Dropout.",
        "exact",
        "8",
        "The recipe AlexNet, built from section 3 of its paper. Sizes with the two groups of the paper's two GPUs and without.",
        (
            Equals("alexnet_layers_with_weights", [5, 3]),
            Equals("alexnet_depth", 8),
            Equals("alexnet_hidden_activations", ["relu"]),
            Equals("alexnet_dropout_layers", 2),
            Equals(
                "alexnet_parameters",
                [
                    364 * 96
                    + 1201 * 256
                    + 2305 * 384
                    + 1729 * 384
                    + 1729 * 256
                    + 9217 * 4096
                    + 4097 * 4096
                    + 4097 * 1000,
                    364 * 96
                    + 2401 * 256
                    + 2305 * 384
                    + 3457 * 384
                    + 3457 * 256
                    + 9217 * 4096
                    + 4097 * 4096
                    + 4097 * 1000,
                ],
            ),
        ),
        priority=3,
        remark="60,965,224 parameters with groups, 62,378,344 without.",
    ),
    Claim(
        "arch-vgg-138m",
        "003",
        _ADVANCED,
        "VGG has 138 million parameters.",
        "exact",
        "138 million",
        f"{_BOTH} The statement stands under both VGG16 and VGG19, so both are counted.",
        (
            Equals("vgg16_parameters", 138_357_544),
            Equals("vgg16_millions", 138),
            Equals(
                "vgg19_millions",
                138,
                true_value=144,
                derivation="138,357,544 is the count of VGG16. VGG19 has three more 3 x 3 convolutions, of 256 to 256 and "
                "twice 512 to 512 channels: 590,080 + 2 * 2,359,808 more, 143,667,240.",
            ),
            Equals("vgg19_parameters", 138_357_544 + (9 * 256 + 1) * 256 + 2 * (9 * 512 + 1) * 512),
        ),
        remark="True of VGG16 alone. Nine tenths of them are in the three dense layers.",
    ),
    Claim(
        "arch-vgg-depth",
        "003",
        _ADVANCED,
        "VGG16 has 16 layers and VGG19 has 19.",
        "exact",
        "16; 19",
        f"{_BOTH} Convolutions and dense layers, and how many are on the longest path.",
        (Equals("vgg_depths", [16, 19]), Equals("vgg_convolutions_and_dense_layers", [[13, 3], [16, 3]])),
        priority=3,
    ),
    Claim(
        "arch-vgg-3x3-only",
        "003",
        _ADVANCED,
        "VGG uses only 3x3 convolutions.",
        "exact",
        "3x3",
        f"{_BOTH} Every size that a convolution's filters have in VGG16 and in VGG19.",
        (Equals("vgg_filters", [[[3, 3]], [[3, 3]]]),),
        priority=3,
        remark="True of the two named. The paper's configuration C, also with 16 layers, has three 1 x 1 convolutions.",
    ),
    Claim(
        "arch-googlenet-params",
        "003",
        _ADVANCED,
        "GoogLeNet has 22 layers but only 5 million parameters.",
        "exact",
        "22; 5 million",
        "The recipe GoogLeNet, built from table 1 of its paper, without the auxiliary heads that only training uses; counted "
        "by Keras and by hand from the table.",
        (
            Equals("googlenet_depth", 22),
            Equals("googlenet_parameters_by_hand", 6_998_552),
            Equals("googlenet_parameters", 6_998_552),
            Equals("googlenet_millions_without_classifier", 6),
            Equals(
                "googlenet_millions",
                5,
                true_value=7,
                derivation="Table 1 gives 5,973,552 parameters in convolutions and 1,025,000 in the classifier, 6,998,552.",
            ),
            Equals("twelfth_of_alexnet_in_millions", 5),
        ),
        remark="5 million is a twelfth of AlexNet's 61 million, which the paper's introduction says of it; its own table "
        "does not bear it out.",
    ),
    Claim(
        "arch-inception-parallel",
        "003",
        _ADVANCED,
        "Inception modules apply several filter sizes in parallel and concatenate.",
        "exact",
        "parallel; concatenated",
        "Block 3a of GoogLeNet, `layers.InceptionBlock`, against four branches of Keras's layers with the same weights.",
        (
            Equals("inception_filter_sizes", [1, 3, 5]),
            Equals("inception_branch_channels", [64, 128, 32, 32]),
            Equals("inception_channels", 64 + 128 + 32 + 32),
            Equals("inception_minus_concatenated_branches", 0.0),
            Equals("inception_parameters", 193 * (64 + 96 + 16 + 32) + (9 * 96 + 1) * 128 + (25 * 16 + 1) * 32),
        ),
        priority=2,
    ),
    Claim(
        "arch-resnet-residual-formula",
        "003",
        _ADVANCED,
        "A residual block outputs F(x) + x.",
        "exact",
        "F(x) + x",
        "`layers.ResidualBlock` against Keras's layers with the same weights, and with F = 0 on inputs of -1 and 2. The last "
        "layer of such a block in keras.applications, versions 1 (2015) and 2 (2016).",
        (
            Equals("residual_block_minus_relu_of_sum", 0.0),
            Equals(
                "residual_block_of_minus_one_and_two_with_zero_f",
                [-1.0, 2.0],
                true_value=[0.0, 2.0],
                derivation="The document's own drawing has a ReLU behind the sum, as the block of 2015 has: the output is "
                "relu(F(x) + x), which for F = 0 is x only where x is not negative.",
            ),
            Equals("last_layer_of_blocks_in_versions_1_and_2", ["Activation", "Add"]),
        ),
        priority=2,
        remark="F(x) + x is what the block of 2016 gives (ResNet50V2), which applies ReLU before its convolutions.",
    ),
    Claim(
        "arch-application-sizes",
        "003",
        _ADVANCED,
        "VGG16/19, ResNet50/101, InceptionV3, MobileNet and EfficientNet are available pre-trained models, MobileNet being "
        "for mobile devices and EfficientNet efficient.",
        "exact",
        "seven models",
        f"{_BOTH} Parameter counts; whether the model in keras.applications has published ImageNet weights as its default, "
        "which are not downloaded; MobileNet has the fewest parameters and EfficientNetB0 the fewest multiplications an image.",
        (
            Equals("applications_with_imagenet_weights", list(NAMED)),
            Equals("application_parameters", NAMED),
            Equals("recipe_parameters", NAMED),
            Equals("application_with_fewest_parameters", "MobileNet"),
            Equals("application_with_fewest_products", "EfficientNetB0"),
        ),
        priority=3,
        remark="Not checked: that the published files can be downloaded, and their accuracy. Loading by name is tested with "
        "a server on this machine.",
    ),
    Claim(
        "transfer-imagenet-size",
        "003",
        _TRANSFER,
        "ImageNet has 1.4 million images and 1000 classes.",
        "exact",
        "1.4 million; 1000",
        f"{_BOTH} Outputs of VGG16. Images: the published sizes of the challenge's sets, ILSVRC 2012 (Russakovsky et al. 2015, "
        "table 2), in all and for training, since the document says that the models were trained on them.",
        (
            Equals("classes", 1000),
            Equals("million_images_of_ilsvrc_2012", 1.4),
            Equals(
                "million_images_trained_on",
                1.4,
                true_value=1.3,
                derivation="Of 1,431,167 images 1,281,167 are for training; 50,000 validate, and the labels of the 100,000 "
                "test images were never published.",
            ),
        ),
        priority=3,
        remark="The sizes are quoted, not counted: the images are not here. All of ImageNet has more than 14 million images.",
    ),
    Claim(
        "transfer-feature-extraction-params",
        "003",
        _TRANSFER,
        "VGG16 without top on 150x150x3, frozen, with Flatten-Dense256-Dense1 is the feature extractor.",
        "exact",
        "150x150x3; 256; 1",
        f"{_BOTH} The document prints no counts: they follow from the formulas.",
        (
            Equals("base_output", [4, 4, 512]),
            Equals("base_parameters", 14_714_688),
            Equals("transfer_parameters", 14_714_688 + (4 * 4 * 512 + 1) * 256 + 257),
            Equals("trainable_with_frozen_base", (4 * 4 * 512 + 1) * 256 + 257),
        ),
    ),
    Claim(
        "transfer-finetune-params",
        "003",
        _TRANSFER,
        "Freezing layers[:-4] of VGG16 leaves the last four layers trainable.",
        "exact",
        "-4",
        f"{_BOTH} Names of the four, those of them that have something to train, and what is trained with the head.",
        (
            Equals("names_of_last_four_layers", ["block5_conv1", "block5_conv2", "block5_conv3", "block5_pool"]),
            Equals("base_layers_trained_in_fine_tuning", ["block5_conv1", "block5_conv2", "block5_conv3"]),
            Equals("trainable_in_fine_tuning", 3 * (9 * 512 + 1) * 512 + (4 * 4 * 512 + 1) * 256 + 257),
        ),
        remark="Three of the four: the fourth is a pooling layer, without weights.",
    ),
    Claim(
        "transfer-frozen-base-unchanged",
        "003",
        _TRANSFER,
        "With conv_base.trainable=False only the new dense layers change.",
        "exact",
        "base unchanged",
        "Checked for `layers` and `keras.layers`. A base of a convolution, batch normalization and pooling, a head of two "
        "dense layers, five steps of Adam on noise: weight arrays that differ afterwards, moving statistics included; and the "
        "same without freezing.",
        (
            Equals("arrays_changed_in_frozen_base_and_head", [0, 4]),
            Equals("arrays_changed_in_free_base_and_head", [6, 4]),
        ),
        priority=2,
        remark="Moving means and variances stay too: in Keras a frozen batch normalization runs as at inference.",
    ),
    Claim(
        "transfer-code-runs",
        "003",
        _TRANSFER,
        "The VGG16 feature-extraction and fine-tuning blocks import from keras and compile as printed.",
        "behaviour",
        "runs",
        "Both blocks as printed, but for weights=None in place of 'imagenet', whose file is not downloaded; then one image of "
        "zeros through each model.",
        (
            Equals("feature_extraction_block", "runs"),
            Equals("fine_tuning_block", "runs"),
            Equals("feature_extraction_output", [[1, 1], True]),
            Equals("fine_tuning_output", [[1, 1], True]),
            Equals("feature_extraction_trainable", 2_097_665),
            Equals("fine_tuning_trainable", 9_177_089),
            Equals("feature_extraction_optimizer", ["Adam", 0.001]),
            Equals("fine_tuning_optimizer", ["RMSprop", 1e-5]),
        ),
        priority=2,
    ),
)

FIGURES = (
    Picture(
        "architectures-by-year",
        "Image networks by year: parameters and depth",
        "From LeNet-5 to EfficientNet: after 2014 networks went on getting deeper, but not larger. Depth counts convolutions "
        "and dense layers on the longest path; EfficientNet's gates add two a block.",
        facts=("timeline",),
        paint=paint_timeline,
    ),
    Picture(
        "architectures-vgg16-by-layer",
        "VGG16: the dense layers hold the parameters, the convolutions do the work",
        "Parameters and multiplications of every layer for one image of 224 x 224.",
        facts=("vgg16_by_layer",),
        paint=paint_vgg16,
    ),
    Picture(
        "architectures-inception",
        "An inception block (GoogLeNet 3a): several filter sizes side by side",
        "The 1 x 1 convolutions before the large filters save most of their products.",
        facts=("inception_branch_channels", "inception_channels"),
        paint=paint_inception,
    ),
)
