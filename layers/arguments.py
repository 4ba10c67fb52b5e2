"""Checks of constructor arguments that several layers share; their errors name the argument, its value and what is allowed."""

import operator

from keras import activations


def positive_integer(name, value):
    """The value as an int.

    Raises:
        ValueError: it is not a positive integer.
    """
    if isinstance(value, bool) or not hasattr(value, "__index__") or value <= 0:
        raise ValueError(f"`{name}` must be a positive integer. Received: {name}={value!r}")
    return operator.index(value)


def activation_function(name, value):
    """The function that `keras.activations.get` finds for the value.

    Raises:
        ValueError: it finds none.
    """
    try:
        return activations.get(value)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"`{name}` must be None, a function or the name of one in keras.activations, such as 'relu' or 'tanh'. "
            f"Received: {name}={value!r}"
        ) from error
