"""The sides of the sequence benchmark are the same models on the same tokens; no speed is asserted."""

import importlib.util
from dataclasses import replace

import keras
import numpy as np
import pytest
from typer.testing import CliRunner

import layers
from benchmarks import sequence_speed
from benchmarks.sequence_cases import SEQUENCES
from reproductions.cli import app
from reproductions.registry import UnknownName

needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")


@pytest.mark.parametrize("name", SEQUENCES)
def test_both_libraries_build_the_same_model(name):
    ours, theirs = SEQUENCES[name].build(layers), SEQUENCES[name].build(keras.layers)
    theirs.set_weights(ours.get_weights())
    # One example, which is the longest: Keras's attention loses the mask of padding on the way to the next layer.
    x = SEQUENCES[name].draw(1).x
    np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-4, atol=1e-5)


@needs_torch
@pytest.mark.parametrize("name", SEQUENCES)
def test_pytorch_trains_as_many_weights_on_the_same_tokens(name):
    import torch

    from benchmarks.sequence_torch import loss_of

    model = SEQUENCES[name]
    network = model.torch()
    weights = sum(parameter.numel() for parameter in network.parameters())
    # PyTorch's recurrent layers add two biases, an LSTM of Keras one.
    extra = {"sentiment_lstm": 4 * 64}.get(name, 0)
    assert weights == model.build(layers).count_params() + extra
    examples = model.draw(4)
    inputs = examples.x if isinstance(examples.x, list) else [examples.x]
    loss = loss_of(network(*(torch.from_numpy(one) for one in inputs)), torch.from_numpy(examples.y))
    outputs = 2 if examples.y.ndim == 1 else network.output.out_features
    assert 0.5 * np.log(outputs) < float(loss.detach()) < 2 * np.log(outputs), "near chance before training"


def test_batches_hold_every_row_once_sorted_by_length():
    examples = SEQUENCES["translation_gru"].draw(50)
    batches = sequence_speed.like_length(examples, 8)
    assert sorted(np.concatenate(batches).tolist()) == list(range(50))
    assert (np.diff(examples.lengths[np.concatenate(batches)]) >= 0).all()
    assert examples.tokens == 2 * int((examples.x[0] > 0).sum())


def test_ratios_are_taken_repeat_by_repeat(tmp_path, monkeypatch):
    rates = {"model_fit": iter([10.0, 20.0]), "torch": iter([40.0, 40.0]), "trainer": iter([30.0, 80.0])}
    monkeypatch.setattr(
        sequence_speed, "_child", lambda name, side: {"tokens_a_second": next(rates[side]), "peak_mib": 1.0}
    )
    monkeypatch.setattr(sequence_speed.importlib.util, "find_spec", lambda name: True)
    row = sequence_speed.measure(tmp_path, 2, ["gpt"])["models"]["gpt"]
    assert row["ratio_model_fit"] == pytest.approx(3.5) and row["ratio_model_fit_range"] == pytest.approx([3.0, 4.0])
    assert row["ratio_torch"] == pytest.approx(1.375)
    with pytest.raises(UnknownName, match="no sequence model 'nothing'"):
        sequence_speed.measure(tmp_path, 1, ["nothing"])


def test_a_rate_is_measured_on_every_side(monkeypatch):
    monkeypatch.setitem(SEQUENCES, "gpt", replace(SEQUENCES["gpt"], examples=24))
    monkeypatch.setattr(sequence_speed, "EPOCHS", 1)
    for side in sequence_speed.SIDES:
        if side != "torch" or importlib.util.find_spec("torch"):
            assert sequence_speed.rate("gpt", side)["tokens_a_second"] > 0


def test_the_command_prints_the_table_without_pytorch(tmp_path, monkeypatch):
    monkeypatch.setattr(sequence_speed, "_child", lambda name, side: {"tokens_a_second": 1234.0, "peak_mib": 1.0})
    monkeypatch.setattr(sequence_speed.importlib.util, "find_spec", lambda name: None)
    shown = CliRunner().invoke(app, ["bench", "sequences", "--results", str(tmp_path)], env={"COLUMNS": "160"})
    assert shown.exit_code == 0, shown.output
    assert "1,234" in shown.output and "not installed" in shown.output and "1.00 (1.00" in shown.output
