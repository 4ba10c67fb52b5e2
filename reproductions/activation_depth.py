"""Saturation in depth: what ten and twenty layers of sigmoid, tanh and ReLU leave of a gradient.

Source: document 003, Video 19. Gradients of 20 random networks of 20 layers by `signal_flow`, with each activation's
usual and with unsuitable weights; and the ten-layer networks of `gradient_flow` trained on 2,016 MNIST images,
sigmoid against ReLU.

Run: reproduce run activation_depth
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from reproductions.activation_examples import slopes
from reproductions.claims import Better, Claim, Equals, Sampled, Within
from reproductions.figures import COLOURS, Picture
from reproductions.gradient_flow import Config as DeepConfig
from reproductions.gradient_flow import build_model, load_data, measure, trace, train
from reproductions.signal_flow import Flow, Net, flow, synthetic
from reproductions.worked import both

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["CLAIMS", "Config", "build_model", "load_data", "measure", "trace", "train"]

TITLE = "Vanishing gradients by activation function"
SUMMARY = (
    "How much of the gradient reaches the first of 10 and 20 layers with sigmoid, tanh and ReLU, and whether a deep "
    "sigmoid network learns at all."
)
DATASETS = ("mnist",)
IN_DEFAULT_SET = True
SEEDS, MAX_SEEDS = 20, 40
EXPECTED_SECONDS = 18.0
GOLDEN = "sigmoid"

Config = DeepConfig
VARIANTS = {"sigmoid": Config(), "relu": Config(activation="relu"), "tanh": Config(activation="tanh")}

NETS = {
    "sigmoid, Glorot": Net(20, 64, "sigmoid", "glorot_normal"),
    "tanh, Glorot": Net(20, 64, "tanh", "glorot_normal"),
    "tanh, sd 0.05": Net(20, 64, "tanh", 0.05),
    "relu, He": Net(20, 64, "relu", "he_normal"),
    "relu, Glorot": Net(20, 64, "relu", "glorot_normal"),
    "relu, sd 0.05": Net(20, 64, "relu", 0.05),
}
VANISHED = -2.0
"""A gradient that is a hundred times smaller at the first layer than at the last (log10) counts as vanished."""


def rounded(values: Any) -> list[float]:
    """Four decimals are enough for logarithms."""
    return [round(float(value), 4) for value in values]


def examine() -> dict[str, Any]:
    """Gradients through untrained stacks of 20 layers, 20 networks each, and slopes far from 0."""
    x, labels = synthetic()
    flows: dict[str, Flow] = {name: flow(net, x, labels) for name, net in NETS.items()}
    ten: dict[str, Flow] = {name: flow(Net(10, 64, name, "glorot_normal"), x, labels) for name in ("sigmoid", "relu")}
    ratios = {name: one.output_ratio() for name, one in flows.items()}

    def far_slopes(name: str, *places: float) -> Any:
        def of(library: ModuleType) -> list[float]:
            return np.round(slopes(library, name, places), 6).tolist()

        return both(of)

    relu = ("relu, He", "relu, Glorot", "relu, sd 0.05")
    return {
        "tanh_slopes_at_5": far_slopes("tanh", -5, 5),
        "relu_slopes_above_0": far_slopes("relu", 1, 100, 1e6),
        "sigmoid_10_layers": rounded(ten["sigmoid"].output_ratio()),
        "sigmoid_10_minus_relu_10": rounded(ten["sigmoid"].output_ratio() - ten["relu"].output_ratio()),
        "tanh_20_layers": rounded(ratios["tanh, Glorot"]),
        "tanh_20_layers_small_weights": rounded(ratios["tanh, sd 0.05"]),
        "relu_he_20_layers": rounded(ratios["relu, He"]),
        "relu_he_minus_sigmoid": rounded(ratios["relu, He"] - ratios["sigmoid, Glorot"]),
        "relu_he_minus_tanh": rounded(ratios["relu, He"] - ratios["tanh, Glorot"]),
        "relu_keeps_its_gradient": {name: bool(ratios[name].mean() > VANISHED) for name in relu},
        "gradient_by_layer": {
            name: [
                float(f"{value:.4g}")
                for value in np.exp(np.log(one.output_norms / one.output_norms[:, -1:]).mean(axis=0))
            ]
            for name, one in flows.items()
        },
    }


def paint_depth(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Gradient by layer in untrained networks, and training loss of ten layers."""
    import matplotlib.pyplot as plt

    drawn, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for place, (name, norms) in enumerate(facts["gradient_by_layer"].items()):
        left.plot(range(1, len(norms) + 1), norms, "-o", markersize=3, color=COLOURS[place], label=name)
    left.set_yscale("log")
    left.set_xticks([1, 5, 10, 15, 20])
    left.set_xlabel("layer (1 is next to the input)")
    left.set_ylabel("gradient at the layer's output,\nshare of the last layer's")
    left.set_title("20 layers, untrained", fontsize=10)
    left.axhline(10**VANISHED, color="0.5", linestyle=":", label="counts as vanished below")
    for name in ("sigmoid", "tanh", "relu"):
        curve, colour = variants[name]["curves"]["loss"], COLOURS[list(NETS).index(f"{name}, Glorot")]
        right.plot(curve["epoch"], curve["mean"], color=colour, label=f"{name}, Glorot")
        right.fill_between(curve["epoch"], curve["low"], curve["high"], color=colour, alpha=0.2, linewidth=0)
    right.axhline(np.log(10), color="0.5", linestyle=":", label="guessing, ln 10")
    right.set_xlabel("epoch")
    right.set_ylabel("training loss")
    right.set_title("10 layers on MNIST, SGD 0.1", fontsize=10)
    for axis in (left, right):
        axis.grid(alpha=0.25)
    left.legend(frameon=False, fontsize=8)
    right.legend(frameon=False, fontsize=8, loc="upper right", bbox_to_anchor=(1, 0.95))
    return drawn


FIGURES = (
    Picture(
        "activation-depth",
        "What depth leaves of a gradient",
        "Left: geometric mean of 20 random networks of 64 units. A sigmoid layer passes on less than a quarter; ReLU "
        "keeps the gradient with He weights and loses it with smaller ones. Right: a ten-layer sigmoid network never "
        "leaves guessing.",
        facts=("gradient_by_layer",),
        paint=paint_depth,
        variants=("sigmoid", "relu", "tanh"),
    ),
)

_FLOW = (
    "20 random networks of 64 units and ten softmax outputs, 128 random inputs, zero biases; log10 of the gradient's "
    "norm at the first hidden layer's output over that at the last's."
)

CLAIMS = (
    Claim(
        "activation-sigmoid-vanishes-deep",
        "003",
        "Video 19",
        "With sigmoid hidden layers the training of deep networks stops, because gradients vanish.",
        "behaviour",
        "training stops",
        f"{_FLOW} Ten layers, Glorot weights: below -2 (a hundredth), and below ReLU's. Then ten layers of 32 units "
        "on the first 2,016 MNIST images (14 x 14), SGD 0.1, 10 epochs of batches of 32: sigmoid's training loss "
        "stays within 0.05 of guessing, ln 10 = 2.303, and ReLU's is lower.",
        (
            Sampled("sigmoid_10_layers", high=VANISHED, documented="gradients vanish"),
            Sampled("sigmoid_10_minus_relu_10", high=0.0, documented="smaller than ReLU's"),
            Within("sigmoid", "train_loss", 2.253, 2.353),
            Better("train_loss", "relu", "sigmoid", higher_is_better=False),
        ),
        data="mnist",
        priority=2,
    ),
    Claim(
        "activation-tanh-saturates",
        "003",
        "Video 19",
        "Tanh still saturates for large values and still suffers from vanishing gradients.",
        "behaviour",
        "~0; still there",
        f"Slopes at -5 and 5, ours and Keras's: below 1e-3. {_FLOW} Twenty tanh layers, Glorot weights: below -1, a "
        "tenth.",
        (
            Equals("tanh_slopes_at_5", [0, 0], tolerance=1e-3),
            Sampled("tanh_20_layers", high=-1.0, documented="still vanishes"),
        ),
        priority=2,
        remark="It saturates, but Glorot weights keep the sums where it is steep: 20 layers leave 10^-0.56, about a "
        "quarter, of the gradient. With a standard deviation of 0.05 they leave 10^-7.6: that loss is the weights', "
        "and ReLU's is no smaller.",
    ),
    Claim(
        "activation-relu-no-vanishing",
        "003",
        "Video 19",
        "ReLU does not saturate for positive values, and so has no vanishing gradient.",
        "comparison",
        "no vanishing gradient",
        f"Slopes at 1, 100 and 1,000,000, ours and Keras's. {_FLOW} Twenty layers: ReLU with He weights above sigmoid "
        "and tanh with Glorot weights, and above -2 (a hundredth). The document names no initialiser, so ReLU with "
        "Glorot weights, Keras's default variance, and with standard deviation 0.05 is asked for the same.",
        (
            Equals("relu_slopes_above_0", [1, 1, 1]),
            Sampled("relu_he_minus_sigmoid", low=0.0, documented="larger than the sigmoid's"),
            Sampled("relu_he_minus_tanh", low=0.0, documented="larger than tanh's"),
            Sampled("relu_he_20_layers", low=VANISHED, documented="not vanished"),
            Equals(
                "relu_keeps_its_gradient",
                {"relu, He": True, "relu, Glorot": True, "relu, sd 0.05": True},
                true_value={"relu, He": True, "relu, Glorot": False, "relu, sd 0.05": False},
                derivation="About half the units of a layer are off and pass nothing, so a layer multiplies the "
                "gradient's square by width * variance of a weight / 2. He weights make that 1; Glorot's make it "
                "1/2, 2^-9.5 = 1/724 in norm over 19 layers; a standard deviation of 0.05 makes it 0.08, 10^-10.4. "
                "ReLU takes away the saturation, not the need for a fitting initialisation.",
            ),
        ),
        priority=2,
    ),
)
