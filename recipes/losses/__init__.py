"""Losses by hand, one family a file: `keras.losses.Loss` classes and functions in `keras.ops`, for every backend of Keras.

Where Keras has a loss of the same name, ours takes its arguments, keeps its defaults and gives its values, with the
equation written out; reductions, sample weights, masks and dtypes are the base class's. `PerceptronLoss`, `TripletLoss`,
`SmoothedCrossentropy`, `GeneratorLoss` and `DiscriminatorLoss` have no namesake.

Example:
    >>> model.compile("adam", loss=Huber(delta=2.0))
"""

from recipes.losses.adversarial import DiscriminatorLoss, GeneratorLoss, discriminator_loss, generator_loss
from recipes.losses.classification import (
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)
from recipes.losses.divergence import KLDivergence, kl_divergence
from recipes.losses.label_smoothing import SmoothedCrossentropy
from recipes.losses.margin import Hinge, PerceptronLoss, hinge, perceptron_loss
from recipes.losses.metric_learning import TripletLoss, batch_all_triplets, semi_hard_triplets, triplet_loss
from recipes.losses.regression import (
    Huber,
    MeanAbsoluteError,
    MeanSquaredError,
    huber,
    mean_absolute_error,
    mean_squared_error,
)

__all__ = [
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "DiscriminatorLoss",
    "GeneratorLoss",
    "Hinge",
    "Huber",
    "KLDivergence",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "PerceptronLoss",
    "SmoothedCrossentropy",
    "SparseCategoricalCrossentropy",
    "TripletLoss",
    "batch_all_triplets",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "discriminator_loss",
    "generator_loss",
    "hinge",
    "huber",
    "kl_divergence",
    "mean_absolute_error",
    "mean_squared_error",
    "perceptron_loss",
    "semi_hard_triplets",
    "sparse_categorical_crossentropy",
    "triplet_loss",
]
