"""Verdicts on codes for positions from the ledger; the task, the codes and the accuracy by length."""

from types import SimpleNamespace

import numpy as np
import pytest
from judged import verdicts_of
from keras import ops

import layers
from reproductions import positions as module
from reproductions.verdicts import judge_claim


def test_verdicts():
    assert verdicts_of("positions") == {
        "posenc-generalises-length": "not reproduced",
        "posenc-integers-bad": "reproduced",
    }


def test_targets_are_the_symbols_before():
    x, y = module.draw(np.array([5, 3, 7]), 7, 0)
    assert ((x > 0).sum(axis=1) == [5, 3, 7]).all() and x.max() < module.FIRST_SYMBOL + module.SYMBOLS
    assert (y[:, 0] == 1).all()
    real = x[:, 1:] > 0
    np.testing.assert_array_equal(y[:, 1:][real], x[:, :-1][real])
    assert (y[x == 0] == 0).all()


@pytest.mark.parametrize("code", list(module.VARIANTS))
def test_padding_changes_no_logits_and_order_does(code):
    model = module.build_model(module.VARIANTS[code])
    x, _ = module.draw(np.array([6, 9]), 9, 1)
    logits = np.asarray(model(x))
    np.testing.assert_allclose(np.asarray(model(np.pad(x, ((0, 0), (0, 5)))))[:, :9], logits, atol=1e-5)
    swapped = x[:, [1, 0, *range(2, 9)]]
    moved = np.asarray(model(swapped))[:, [1, 0, *range(2, 9)]]
    assert np.abs(moved - logits)[1].max() > 1e-4


def test_numbers_are_counted_from_one_and_normalised_by_the_length():
    x, _ = module.draw(np.array([4, 2]), 4, 0)
    for code, expected in (("integers", [[1, 2, 3, 4], [1, 2]]), ("normalised", [[0.25, 0.5, 0.75, 1], [0.5, 1]])):
        model = module.build_model(module.VARIANTS[code])
        inputs = next(layer for layer in model.layers if isinstance(layer, layers.TransformerEncoderBlock)).input
        inputs = inputs[0] if isinstance(inputs, list) else inputs
        import keras

        numbers = np.asarray(keras.Model(model.input, inputs)(x))[..., -1]
        for row, wanted in zip(numbers, expected, strict=True):
            np.testing.assert_allclose(row[: len(wanted)], wanted, rtol=1e-6)


def test_accuracy_by_length():
    """A network that is right up to position 30 and wrong behind it."""
    data = module.load_data(module.VARIANTS["sinusoid"])
    answers = np.where(np.arange(80) < 30, data.y_test, 0)
    logits = 30.0 * np.eye(module.FIRST_SYMBOL + module.SYMBOLS, dtype="float32")[answers][None]
    runs = SimpleNamespace(predict=lambda x, batch_size: logits, curves={"loss": np.ones((1, 2))})
    metrics = module.measure(module.VARIANTS["sinusoid"], data, runs).metrics
    assert metrics["accuracy_20"] == [1.0] and metrics["accuracy_30"] == [1.0]
    assert metrics["accuracy_60"] == [pytest.approx(0.5)] and metrics["accuracy_80"] == [pytest.approx(3 / 8)]
    assert metrics["accuracy_40_to_80"] == [pytest.approx(np.mean([30 / n for n in (40, 50, 60, 70, 80)]))]
    assert metrics["test_loss"][0] < 1e-9


def test_a_network_that_generalised_would_be_no_erratum():
    claim = module.CLAIMS[0]
    seeds = {
        name: {"accuracy_40_to_80": [level + 0.01 * k for k in range(5)]}
        for name, level in (("sinusoid", 0.3), ("learned", 0.1))
    }
    facts = {
        "largest_sinusoids": [1.0] * 3,
        "distinct_sinusoids": 100_000,
        "names_95_percent": {"20": True, "80": False},
    }
    assert judge_claim(claim, facts, seeds)["verdict"] == "erratum"
    assert judge_claim(claim, facts | {"names_95_percent": {"20": True, "80": True}}, seeds)["verdict"] == "reproduced"
    assert (
        judge_claim(claim, facts | {"names_95_percent": {"20": False, "80": False}}, seeds)["verdict"]
        == "not reproduced"
    )


def test_the_sinusoids_are_bounded_and_distinct():
    code = np.asarray(ops.convert_to_numpy(layers.SinusoidalPositionalEncoding().encode(np.arange(5_000), 64)))
    assert np.abs(code).max() <= 1 and len(np.unique(code, axis=0)) == 5_000
