"""Bank-customer churn: the documented 11-3-1 sigmoid network and its improvement to 11-11-11-1 relu.

Source: document 003, Video 11. Data: Churn_Modelling.csv, 10,000 customers, 20.37% of them left. Every network trains
on the first 6,400 rows of the 80% split, is validated on the next 1,600 and tested on the other 2,000.

The number to keep in mind is the majority class: calling every customer loyal is right for 79.75% of the test rows, so an
accuracy of 80% is worth nothing by itself. Precision and recall of the leaving customers are shown beside it.

Run: reproduce run churn
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reproductions.claims import Better, Claim, Equals, Measured, Within
from reproductions.figures import Curves, Spread
from reproductions.networks import Split, first_losses, train_networks

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "Customer churn: will a bank customer leave?"
SUMMARY = (
    "A binary classifier on 11 features of 10,000 bank customers. The documented network has three sigmoid units; the "
    "improved one has two layers of eleven relu units. The majority class alone gives 79.75% test accuracy."
)
DATASETS = ("churn_modelling",)
IN_DEFAULT_SET = True
SEEDS, MAX_SEEDS = 20, 80
EXPECTED_SECONDS = 170.0
GOLDEN = "improved"


@dataclass(frozen=True)
class Config:
    """One churn network and how it is trained."""

    hidden: tuple[int, ...] = (3,)
    """Units of each hidden layer."""
    activation: str = "sigmoid"
    """Activation of the hidden layers."""
    scale: bool = True
    """Standardise the features with statistics of the training rows."""
    epochs: int = 100
    """Passes over the training rows."""
    batch_size: int = 32
    """Rows a step; Keras's default, the document names none."""
    validation_split: float = 0.2
    """Last share of the training rows that is held out for validation."""
    learning_rate: float = 0.001
    """Adam's step size; Keras's default, the document names none."""
    shuffle: bool = True
    """Visit the rows in a new order each epoch."""


VARIANTS = {
    "baseline": Config(),
    "baseline_unscaled": Config(scale=False),
    "baseline_10_epochs": Config(epochs=10),
    "wide_sigmoid": Config(hidden=(11,)),
    "wide_relu": Config(hidden=(11,), activation="relu"),
    "deep_sigmoid": Config(hidden=(11, 11)),
    "improved": Config(hidden=(11, 11), activation="relu"),
    "improved_10_epochs": Config(hidden=(11, 11), activation="relu", epochs=10),
    "large": Config(hidden=(128, 128), activation="relu", epochs=200),
}


def load_data(config: Config) -> Split:
    """Drop the identifiers, one-hot encode, split 80/20 with random state 0 and scale on the training rows."""
    import pandas as pd
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    from recipes.datasets import load_frame

    table = load_frame("churn_modelling").drop(columns=["RowNumber", "CustomerId", "Surname"])
    table = pd.get_dummies(table, columns=["Geography", "Gender"], drop_first=True)
    x, y = table.drop(columns="Exited").astype("float32"), table["Exited"].astype("float32")
    x_train, x_test, y_train, y_test = (
        part.to_numpy() for part in train_test_split(x, y, test_size=0.2, random_state=0)
    )
    if config.scale:
        scaler = StandardScaler().fit(x_train)
        x_train, x_test = scaler.transform(x_train), scaler.transform(x_test)
    return Split(x_train, y_train, x_test, y_test)


def build_model(config: Config) -> keras.Model:
    """Hidden Dense layers and one sigmoid output, compiled with Adam and binary cross-entropy."""
    import keras

    model = keras.Sequential([keras.Input((11,))])
    for units in config.hidden:
        model.add(keras.layers.Dense(units, activation=config.activation))
    model.add(keras.layers.Dense(1, activation="sigmoid"))
    model.compile(
        optimizer=keras.optimizers.Adam(config.learning_rate), loss="binary_crossentropy", metrics=["accuracy"]
    )
    return model


def train(
    config: Config,
    data: Split,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> SeedRuns:
    """Train one network a seed."""
    return train_networks(build_model, config, data, seeds, checkpoint, progress)


def measure(config: Config, data: Split, runs: SeedRuns) -> Measured:
    """Accuracy, precision and recall on the test rows at threshold 0.5, beside the majority class; last-epoch values."""
    import numpy as np
    from sklearn.metrics import accuracy_score, precision_score, recall_score

    probability = runs.predict(data.x_test)[:, :, 0].astype("float64")  # (seeds, rows)
    predicted = probability > 0.5
    truth = data.y_test == 1
    of_truth = np.where(truth, probability, 1 - probability)
    majority = max(truth.mean(), 1 - truth.mean())
    accuracy = [float(accuracy_score(truth, row)) for row in predicted]
    last = {name: curve[:, -1] for name, curve in runs.curves.items()}
    metrics = {
        "test_accuracy": accuracy,
        "test_loss": (-np.log(np.maximum(of_truth, 1e-7))).mean(axis=1).tolist(),
        "test_precision": [float(precision_score(truth, row, zero_division=0)) for row in predicted],
        "test_recall": [float(recall_score(truth, row)) for row in predicted],
        "majority_accuracy": [float(majority)] * len(accuracy),
        "accuracy_over_majority": [value - float(majority) for value in accuracy],
        "threshold_disagreement": np.abs((predicted == truth).mean(axis=1) - accuracy).tolist(),
        "train_accuracy": last["accuracy"].tolist(),
        "val_accuracy": last["val_accuracy"].tolist(),
        "accuracy_gap": (last["accuracy"] - last["val_accuracy"]).tolist(),
        "train_loss": last["loss"].tolist(),
        "val_loss": last["val_loss"].tolist(),
        "loss_after_10_epochs": runs.curves["loss"][:, 9].tolist(),
    }
    return Measured(metrics, runs.curves)


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data)


def examine() -> dict[str, Any]:
    """Parameter counts of both networks, counted by Keras."""
    baseline, improved = build_model(VARIANTS["baseline"]), build_model(VARIANTS["improved"])
    return {
        "hidden_parameters": baseline.layers[0].count_params(),
        "output_parameters": baseline.layers[-1].count_params(),
        "total_parameters": baseline.count_params(),
        "improved_units": [layer.units for layer in improved.layers],
        "improved_activations": [layer.activation.__name__ for layer in improved.layers],
        "improved_parameters": improved.count_params(),
    }


PRINTED = {
    "build": (
        "from tensorflow.keras import Sequential\n"
        "from tensorflow.keras.layers import Dense\n"
        "model = Sequential()\n"
        "model.add(Dense(3, activation='sigmoid', input_dim=11))\n"
        "model.add(Dense(1, activation='sigmoid'))\n"
    ),
    "compile": "model.compile(loss='binary_crossentropy', optimizer='adam', metrics=['accuracy'])",
    "fit": "model.fit(X_train_scaled, y_train, epochs=100, validation_split=0.2)",
    "plot": "plt.plot(history.history['loss'], label='Training Loss')",
}
"""The document's cells after its preprocessing; the names X_train_scaled and y_train are given to them."""


def examine_data() -> dict[str, Any]:
    """Sizes of the file, the features and the splits; and the document's own cells, run on Keras as printed."""
    import matplotlib.pyplot as plt

    from recipes.datasets import load_frame
    from recipes.training import seeded
    from reproductions.printed import run_cells

    table = load_frame("churn_modelling")
    data = load_data(VARIANTS["baseline"])
    namespace: dict[str, Any] = {"X_train_scaled": data.x_train, "y_train": data.y_train, "plt": plt}
    with seeded(0):
        cells = run_cells(PRINTED, namespace)
    epochs = len(namespace["model"].history.epoch)
    steps = int(namespace["model"].optimizer.iterations.numpy())
    return {
        "rows_and_columns": list(table.shape),
        "churned_share": float(table["Exited"].mean()),
        "input_features": data.x_train.shape[1],
        "train_validation_test_rows": [
            steps // epochs * 32,
            len(data.x_train) - steps // epochs * 32,
            len(data.x_test),
        ],
        "majority_accuracy_on_test": float(1 - data.y_test.mean()),
        "printed_code_epochs": epochs,
        "printed_code_warnings": sorted(set(cells["build"].warnings)),
        "printed_code_results": [cells[name].result for name in ("build", "compile", "fit")],
        "printed_plot_result": cells["plot"].result,
        "printed_code_validation_accuracy": namespace["model"].history.history["val_accuracy"][-1],
    }


_SETUP = "StandardScaler on the training rows, Adam 0.001, batch 32, validation_split 0.2, 100 epochs unless stated."


def _claim(name: str, statement: str, kind: Any, documented: str, setup: str, *checks: Any, **more: Any) -> Claim:
    return Claim(f"churn-{name}", "003", "Video 11", statement, kind, documented, setup, checks, **more)


CLAIMS = (
    _claim(
        "dataset-shape",
        "The churn data have 10,000 customers and 14 columns.",
        "exact",
        "10,000 x 14",
        "Shape of the file as read.",
        Equals("rows_and_columns", [10000, 14]),
        data="churn_modelling",
    ),
    _claim(
        "eleven-features",
        "Without three identifiers and with Geography and Gender one-hot encoded (first level dropped) 11 features remain.",
        "exact",
        "11",
        "Columns after the documented preprocessing.",
        Equals("input_features", 11),
        data="churn_modelling",
    ),
    _claim(
        "split-sizes",
        "An 80/20 split and validation_split 0.2 give the training, validation and test sets.",
        "exact",
        "test_size 0.2; validation_split 0.2",
        "Rows as Keras's optimizer counted its steps (batch 32): 6,400 + 1,600 + 2,000.",
        Equals("train_validation_test_rows", [6400, 1600, 2000]),
        data="churn_modelling",
        priority=2,
    ),
    _claim(
        "params-hidden",
        "The hidden layer of 3 sigmoid units on 11 inputs has 36 parameters.",
        "exact",
        "11*3 + 3 = 36",
        "Keras's count.",
        Equals("hidden_parameters", 11 * 3 + 3),
    ),
    _claim(
        "params-total",
        "The output unit has 4 parameters and the whole network 40.",
        "exact",
        "3*1 + 1 = 4; 40",
        "Keras's count.",
        Equals("output_parameters", 4),
        Equals("total_parameters", 40),
    ),
    _claim(
        "improved-params",
        "The improved network has layers of 11 relu, 11 relu and 1 sigmoid unit.",
        "exact",
        "11; 11; 1",
        "Layers as built; the parameter count, (11*11 + 11) * 2 + 11 + 1, is ours.",
        Equals("improved_units", [11, 11, 1]),
        Equals("improved_activations", ["relu", "relu", "sigmoid"]),
        Equals("improved_parameters", 276),
        priority=2,
    ),
    _claim(
        "baseline-code",
        "The printed cells build the 3-unit network, compile it and train it for 100 epochs.",
        "behaviour",
        "100 epochs",
        "The cells run as printed on the installed Keras, in one namespace, after the documented preprocessing.",
        Equals("printed_code_results", ["runs", "runs", "runs"]),
        Equals("printed_code_epochs", 100),
        Equals(
            "printed_plot_result",
            "runs",
            true_value="NameError: name 'history' is not defined",
            derivation="The return value of fit is not stored, so the later cell that plots history.history stops with "
            "a NameError; write history = model.fit(...). Dense(input_dim=...) still works but warns: use keras.Input.",
        ),
        data="churn_modelling",
    ),
    _claim(
        "threshold-accuracy",
        "A probability above 0.5 counts as churn, and accuracy_score gives the test accuracy.",
        "metric",
        "threshold 0.5",
        f"{_SETUP} The document gives no number: the share of hits at 0.5 must equal accuracy_score, and the accuracy "
        "must lie above that of always answering 'stays' (0.7975 on the test rows).",
        Within("baseline", "threshold_disagreement", low=-1e-12, high=1e-12),
        Within("baseline", "accuracy_over_majority", low=0.0),
        data="churn_modelling",
    ),
    _claim(
        "scaling-helps",
        "Features on different scales slow the weights down; scaling makes training faster and better.",
        "comparison",
        "faster and better",
        f"{_SETUP} Faster: lower training loss after 10 epochs. Better: higher test accuracy.",
        Better("loss_after_10_epochs", "baseline", "baseline_unscaled", higher_is_better=False),
        Better("test_accuracy", "baseline", "baseline_unscaled"),
        data="churn_modelling",
        priority=2,
    ),
    _claim(
        "relu-beats-sigmoid",
        "Relu in the hidden layers generally does better than sigmoid.",
        "comparison",
        "generally",
        f"{_SETUP} Networks 11-11-11-1, relu against sigmoid, test accuracy.",
        Better("test_accuracy", "improved", "deep_sigmoid"),
        data="churn_modelling",
        remark="Standardised inputs and Adam leave two small sigmoid layers nothing to saturate on; the relu network fits "
        "the training rows a little better and the test rows a little worse.",
    ),
    _claim(
        "more-nodes",
        "Raising the hidden units from 3 to 11 improves the network.",
        "comparison",
        "3 -> 11",
        f"{_SETUP} One sigmoid hidden layer, test accuracy.",
        Better("test_accuracy", "wide_sigmoid", "baseline"),
        data="churn_modelling",
    ),
    _claim(
        "second-layer",
        "One more hidden layer improves the network.",
        "comparison",
        "1 -> 2 hidden layers",
        f"{_SETUP} 11-11-1 against 11-11-11-1, relu, test accuracy.",
        Better("test_accuracy", "improved", "wide_relu"),
        data="churn_modelling",
        remark="The second layer raises the training accuracy, not the test accuracy: 11 features and 6,400 rows give it "
        "nothing more to learn than noise.",
    ),
    _claim(
        "more-epochs",
        "Training for 100 instead of 10 epochs improves the network.",
        "comparison",
        "10 -> 100",
        f"{_SETUP} Both documented networks, test accuracy.",
        Better("test_accuracy", "baseline", "baseline_10_epochs"),
        Better("test_accuracy", "improved", "improved_10_epochs"),
        data="churn_modelling",
        remark="The printed baseline already trains for 100 epochs, so the document's step from 10 to 100 is no change.",
    ),
    _claim(
        "overfit-gap",
        "A training accuracy of 99% beside a validation accuracy of 86% shows overfitting; the gap is its size.",
        "metric",
        "99% vs 86%",
        "The document names no network: 128-128 relu units, 200 epochs, chosen once. Each number counts as reproduced "
        "if it rounds to the documented whole percent.",
        Within("large", "train_accuracy", 0.985, 0.995, documented=0.99),
        Within("large", "val_accuracy", 0.855, 0.865, documented=0.86),
        Within("large", "accuracy_gap", 0.12, 0.14, documented=0.13),
        data="churn_modelling",
        remark="99% on the training rows is reached, and the gap is even larger than documented: a network that has "
        "memorised this training set is hardly better than the majority class. 86% is what the small networks reach.",
    ),
)

_LABELS = {
    "baseline": "3 sigmoid",
    "wide_sigmoid": "11 sigmoid",
    "deep_sigmoid": "11-11 sigmoid",
    "wide_relu": "11 relu",
    "improved": "11-11 relu",
    "large": "128-128 relu",
    "baseline_unscaled": "3 sigmoid, unscaled",
}

FIGURES = (
    Curves(
        "churn-curves",
        "Churn: loss and accuracy of the documented networks",
        "Training and validation curves of the 3-unit sigmoid network, the improved relu network and a large one that "
        "overfits: its training loss keeps falling while its validation loss rises.",
        variants=("baseline", "improved", "large"),
        rows=(("loss", "val_loss"), ("accuracy", "val_accuracy")),
        labels=_LABELS,
    ),
    Spread(
        "churn-accuracy",
        "Churn: test accuracy, one dot a seed",
        "The dashed line is the accuracy of always answering 'stays' (0.7975).",
        metric="test_accuracy",
        variants=("baseline_unscaled", "baseline", "wide_sigmoid", "deep_sigmoid", "wide_relu", "improved", "large"),
        reference_metric="majority_accuracy",
        reference_label="majority class",
        labels=_LABELS,
    ),
)
