"""Hand-built optimizers, one a file: the update rule in the symbols of its paper, on Keras's optimizer base class.

Each takes the arguments of its Keras namesake, keeps the same state in the same order (so that a saved optimizer can be
read by either), and gives the same weights after every step. Schedules, weight decay, clipping, moving averages of the
weights, loss scaling, gradient accumulation and distribution strategies come from `keras.optimizers.Optimizer`.
"""

from recipes.optimizers.adagrad import AdaGrad
from recipes.optimizers.adam import Adam
from recipes.optimizers.rmsprop import RMSprop
from recipes.optimizers.sgd import SGD

Adagrad = AdaGrad
"""Keras's spelling of the same class."""

__all__ = ["SGD", "AdaGrad", "Adagrad", "Adam", "RMSprop"]
