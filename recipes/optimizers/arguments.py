"""Checks of constructor arguments that several optimizers share."""


def fraction(name, value):
    """The value, refused where it is a number outside 0 (allowed) to 1 (not allowed: an average that never moves).

    Raises:
        ValueError: it is such a number.
    """
    if isinstance(value, int | float) and not 0 <= value < 1:
        raise ValueError(f"`{name}` must be at least 0 and below 1. Received: {name}={value!r}")
    return value


def not_negative(name, value):
    """The value, refused where it is a negative number.

    Raises:
        ValueError: it is negative.
    """
    if isinstance(value, int | float) and not value >= 0:
        raise ValueError(f"`{name}` must be 0 or more. Received: {name}={value!r}")
    return value
