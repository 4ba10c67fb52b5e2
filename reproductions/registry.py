"""Which reproductions there are, and the claims that none of them measures yet."""

from __future__ import annotations

import csv
import importlib
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from types import ModuleType

from reproductions.claims import Claim

REPRODUCTIONS = (
    "perceptron_examples",
    "mlp_examples",
    "loss_examples",
    "backprop_examples",
    "memo_examples",
    "activation_examples",
    "relu_family_examples",
    "init_examples",
    "regularization_examples",
    "optimizer_examples",
    "convolution_examples",
    "architectures",
    "augmentation_examples",
    "attention_examples",
    "recurrent_examples",
    "language_model_sizes",
    "seq2seq_examples",
    "attention_speed",
    "selu",
    "perceptron_training",
    "feature_scaling",
    "sparse_features",
    "optimizer_trajectories",
    "gradient_descent",
    "gradient_descent_batches",
    "mlp_compute",
    "pooling_cost",
    "activation_depth",
    "video_convolution",
    "learned_filters",
    "digits_ann",
    "robust_losses",
    "weight_penalties",
    "mlp_boundaries",
    "dying_relu",
    "hidden_activations",
    "special_losses",
    "activation_speed",
    "mlp_data",
    "exploding_gradients",
    "generative_losses",
    "mnist_batch_size",
    "dropout_cnn",
    "early_stopping_runs",
    "dropout_toys",
    "dropout_mnist",
    "optimizers_compared",
    "gradient_flow",
    "batch_normalization",
    "churn",
    "admission",
    "mnist_ann",
    "shift_tolerance",
    "gan_mixture",
    "series_networks",
    "feature_hierarchy",
    "small_cnns",
    "digits_transfer",
    "dropout_lstm",
    "residual_depth",
    "lenet5",
    "cnn_patterns",
    "relu_speed_cifar",
    "cats_dogs_augmentation",
    "cats_dogs_transfer",
    "vgg16_transfer",
    "gru_small_data",
    "rows_as_steps",
    "recurrent_speed",
    "imdb_sentiment",
    "part_of_speech",
    "series_forecasts",
    "recurrent_cost",
    "gradient_memory",
    "deep_recurrent",
    "memory_tasks",
    "masked_and_causal",
    "melodies",
    "name_generation",
    "preferences",
    "digit_vae",
    "digit_gan",
    "exploding_recurrent",
    "shape_captions",
    "attention_heads",
    "positions",
    "mnist_peers",
)
"""Module names below `reproductions`, quick ones first."""

PENDING = Path(__file__).with_name("pending.csv")
"""Catalogued claims that wait for their code; a claim leaves this file when a reproduction declares it."""


class UnknownName(ValueError):
    """No claim or reproduction has this name; the message suggests the nearest."""


def load(name: str) -> ModuleType:
    """The module of a reproduction.

    Raises:
        UnknownName: there is none of that name.
    """
    if name not in REPRODUCTIONS:
        raise UnknownName(_unknown("reproduction", name, REPRODUCTIONS))
    return importlib.import_module(f"reproductions.{name}")


@cache
def claims() -> dict[str, tuple[str, Claim]]:
    """Every implemented claim by id, with the name of its reproduction.

    Raises:
        ValueError: two reproductions declare the same id.
    """
    found: dict[str, tuple[str, Claim]] = {}
    for name in REPRODUCTIONS:
        for claim in load(name).CLAIMS:
            if claim.id in found:
                raise ValueError(f"Claim {claim.id} is declared by {found[claim.id][0]} and by {name}; keep one.")
            found[claim.id] = (name, claim)
    return found


@cache
def pending() -> list[dict[str, str]]:
    """Rows of the catalogue that no reproduction declares yet."""
    with PENDING.open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["id"] not in claims()]


def reproductions_of(names: list[str]) -> dict[str, list[str]]:
    """Map reproduction and claim names to `{reproduction: [claims asked for by name]}`, in running order.

    Raises:
        UnknownName: a name is neither, or its claim is not implemented yet.
    """
    wanted: dict[str, list[str]] = {}
    for name in names:
        if name in REPRODUCTIONS:
            wanted.setdefault(name, [])
        elif name in claims():
            wanted.setdefault(claims()[name][0], []).append(name)
        elif any(row["id"] == name for row in pending()):
            raise UnknownName(f"Claim {name} is not implemented yet; `reproduce list --all` shows which are.")
        else:
            raise UnknownName(_unknown("claim or reproduction", name, (*REPRODUCTIONS, *claims())))
    return {name: wanted[name] for name in REPRODUCTIONS if name in wanted}


def _unknown(kind: str, name: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "`reproduce list` shows them."
    return f"There is no {kind} {name!r}; {hint}"
