"""Cats and dogs with VGG16: the document's own transfer learning, from ImageNet weights to about 90% and 95%.

Source: document 003, Videos 54-56. Data: 2,000 pictures to train and 1,000 to validate, 150 x 150 pixels. Feature extraction
freezes VGG16 and trains Flatten, Dense 256, Dense 1 with Adam; fine-tuning also trains the last four layers (block5) with
RMSprop(1e-5). Epochs and scaling are not documented: 10 epochs, and pixels divided by 255 as the document's generators do;
beside them the scaling that the weights were trained with.

Expect about an hour and forty minutes on two cores, estimated from a VGG16 forward pass, which measured 81 ms a picture of
150 x 150. The frozen part of the 3,000 pictures takes 4 minutes for each of the four variants, once (it is kept in the cache).
Block5 is a twelfth of the arithmetic, so an epoch of fine-tuning takes about 50 s, of which there are a hundred (two variants,
five seeds, ten epochs); an epoch of feature extraction takes half a second. `reproduce run vgg16_transfer --seeds 1` is a
first look in half an hour. The file of weights (59 MB) is downloaded if it is not in the mirror.

Run: reproduce run vgg16_transfer
"""

from __future__ import annotations

from typing import Any

from reproductions.cats_dogs_transfer import Config, build_model, load_data, measure, trace, train
from reproductions.claims import Claim, Within
from reproductions.figures import Curves

__all__ = ["CLAIMS", "FIGURES", "VARIANTS", "Config", "build_model", "load_data", "measure", "trace", "train"]

TITLE = "Cats and dogs: VGG16, feature extraction and fine-tuning"
SUMMARY = (
    "The document's transfer learning itself: VGG16 with ImageNet weights on 2,000 pictures of cats and dogs, frozen and with "
    "its last block fine-tuned."
)
DATASETS = ("cats_vs_dogs", "vgg16_weights")
IN_DEFAULT_SET = False
SEEDS, MAX_SEEDS = 5, 10
EXPECTED_SECONDS = 6000.0
GOLDEN = "frozen"

_SLOW: dict[str, Any] = {"optimizer": "rmsprop", "learning_rate": 1e-5}

VARIANTS = {
    "frozen": Config("vgg16", "frozen", epochs=10, divide_by_255=True),
    "finetuned": Config("vgg16", "finetuned", epochs=10, divide_by_255=True, **_SLOW),
    "frozen_own_scaling": Config("vgg16", "frozen", epochs=10),
    "finetuned_own_scaling": Config("vgg16", "finetuned", epochs=10, **_SLOW),
}

_SETUP = (
    "2,000 pictures to train, 1,000 to validate, 150 x 150 pixels (cats_and_dogs_filtered), divided by 255; VGG16 without top, "
    "ImageNet weights; Flatten, Dense 256, Dense 1; batches of 32, 10 epochs, no augmentation. Validation accuracy after the "
    "last epoch, mean over seeds."
)

CLAIMS = (
    Claim(
        "transfer-feature-extraction-90",
        "003",
        "Video 54-56",
        "VGG16 feature extraction reaches about 90%.",
        "metric",
        "~90%",
        f"{_SETUP} Base frozen, Adam 0.001. Reproduced if it rounds to 90%. The document does not name its scaling: the variant "
        "frozen_own_scaling (B, G, R minus the ImageNet means) is shown beside it.",
        (Within("frozen", "val_accuracy", 0.895, 0.905, documented=0.9),),
        data="cats_vs_dogs",
    ),
    Claim(
        "transfer-finetuning-95",
        "003",
        "Video 54-56",
        "VGG16 fine-tuning reaches about 95%.",
        "metric",
        "~95%",
        f"{_SETUP} All layers but the last four frozen, new head, RMSprop(1e-5), as printed. Reproduced if it rounds to 95%.",
        (Within("finetuned", "val_accuracy", 0.945, 0.955, documented=0.95),),
        data="cats_vs_dogs",
    ),
)

_LABELS = {
    "frozen": "frozen, pixels / 255",
    "finetuned": "fine-tuned, pixels / 255",
    "frozen_own_scaling": "frozen, VGG's scaling",
    "finetuned_own_scaling": "fine-tuned, VGG's scaling",
}

FIGURES = (
    Curves(
        "vgg16-transfer",
        "Cats and dogs, VGG16: accuracy during training",
        "Feature extraction and fine-tuning of the last four layers, with both ways to scale the pixels.",
        variants=tuple(VARIANTS),
        rows=(("accuracy", "val_accuracy"),),
        labels=_LABELS,
    ),
)
