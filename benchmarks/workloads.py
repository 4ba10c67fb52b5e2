"""Both sides of each benchmark: the documented script on `model.fit`, and the reproduction on this project's trainer.

The scripts keep the documents' calls and arguments. Data are loaded and scaled before the clock starts; building,
compiling and training are timed, imports are not.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reproductions import admission, churn, digits_ann, mnist_ann


@dataclass(frozen=True)
class Workload:
    """One benchmark.

    Args:
        reproduction: the reproduction's module.
        variant: its configuration that equals the script.
        script: trains one network with `model.fit` as the document prints it.
        seeds: how many networks this project's side trains in its one call.
        bound: how many times faster a seed must be.
        title: what is trained.
    """

    reproduction: Any
    variant: str
    script: Callable[[Any], Any]
    seeds: int
    bound: float
    title: str


def churn_script(data: Any) -> Any:
    """The improved churn network, 100 epochs."""
    from tensorflow.keras import Sequential
    from tensorflow.keras.layers import Dense

    model = Sequential()
    model.add(Dense(11, activation="relu", input_dim=11))
    model.add(Dense(11, activation="relu"))
    model.add(Dense(1, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model.fit(data.x_train, data.y_train, epochs=100, validation_split=0.2, verbose=0)


def admission_script(data: Any) -> Any:
    """The improved admission network, 500 epochs."""
    from tensorflow.keras import Sequential
    from tensorflow.keras.layers import Dense

    model = Sequential()
    model.add(Dense(7, activation="relu", input_dim=7))
    model.add(Dense(7, activation="relu"))
    model.add(Dense(1, activation="linear"))
    model.compile(loss="mean_squared_error", optimizer="adam")
    return model.fit(data.x_train, data.y_train, epochs=500, validation_split=0.2, verbose=0)


def mnist_script(data: Any) -> Any:
    """The MNIST network, 10 epochs; also fits the embedded digits, which differ only in size."""
    from tensorflow.keras.layers import Dense, Flatten
    from tensorflow.keras.models import Sequential

    model = Sequential()
    model.add(Flatten(input_shape=data.x_train.shape[1:]))
    model.add(Dense(128, activation="relu"))
    model.add(Dense(10, activation="softmax"))
    model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model.fit(data.x_train, data.y_train, epochs=10, validation_split=0.2, verbose=0)


WORKLOADS = {
    "digits": Workload(digits_ann, "documented", mnist_script, 10, 5, "digits 64-128-10, 10 epochs"),
    "churn": Workload(churn, "improved", churn_script, 10, 50, "churn 11-11-11-1, 100 epochs"),
    "admission": Workload(admission, "final", admission_script, 10, 100, "admission 7-7-1, 500 epochs"),
    "mnist": Workload(mnist_ann, "documented", mnist_script, 10, 10, "MNIST 784-128-10, 10 epochs"),
}


def seconds(name: str, side: str) -> float:
    """Wall seconds a seed of one side, in this process.

    Args:
        name: key of `WORKLOADS`.
        side: `model_fit` or `trainer`.
    """
    import keras  # noqa: F401  (imported before the clock starts)

    import recipes.training  # noqa: F401

    workload = WORKLOADS[name]
    config = workload.reproduction.VARIANTS[workload.variant]
    data = workload.reproduction.load_data(config)
    if side == "model_fit":
        start = time.perf_counter()
        workload.script(data)
        return time.perf_counter() - start
    start = time.perf_counter()
    workload.reproduction.train(config, data, range(workload.seeds))
    return (time.perf_counter() - start) / workload.seeds
