"""Models without their numbers: layers, shapes and parameter counts of the largest networks in next to no memory."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import keras


def outline(build: Callable[[], keras.Model]) -> Any:
    """Build a model whose weights have shapes but no values: VGG16's would fill 553 MB.

    Keras leaves variables without values inside a `StatelessScope` and gives them some when the next one ends. It notes
    which are waiting for every thread on its own, so the model is built in a thread that ends here, and its variables wait
    forever.

    Args:
        build: makes the model, e.g. `VGG16` or `lambda: VGG16(include_top=False)`.

    Returns:
        The model. `summary`, `count_params`, `layers` and their shapes work; it can't be called, saved or trained.

    Raises:
        Exception: what `build` raised.
    """
    built: list[Any] = []

    def run() -> None:
        try:
            with keras.StatelessScope(initialize_variables=False):
                built.append(build())
        except Exception as error:
            built.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(built[0], Exception):
        raise built[0]
    return built[0]
