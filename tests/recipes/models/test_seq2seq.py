"""Encoder and decoder: both ways of computing them agree, masks hold, and the loss is Keras's."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops

from recipes.decoding import beam_search, greedy
from recipes.models.seq2seq import MaskedCrossentropy, Seq2Seq, WordAccuracy
from recipes.training import Trainer

ATTENTIONS = (None, "bahdanau", "luong")
SOURCE_WORDS, TARGET_WORDS = 20, 30


def network(**options):
    """A small model with large random weights, so that a difference shows."""
    model = Seq2Seq(SOURCE_WORDS, TARGET_WORDS, units=6, embedding_dim=5, **options)
    model.build()
    rng = np.random.default_rng(0)
    model.set_weights([0.7 * rng.standard_normal(weight.shape) for weight in model.weights])
    return model


@pytest.fixture(scope="module")
def sentences():
    rng = np.random.default_rng(1)
    source, target = rng.integers(4, SOURCE_WORDS, (3, 7)), rng.integers(4, TARGET_WORDS, (3, 5))
    source[0, 4:] = source[1, 1:] = 0
    target[:, 0] = 2
    return source.astype("int32"), target.astype("int32")


def stepwise(model, source, target):
    state, logits = model.encode(source), []
    for position in range(target.shape[1]):
        one, state = model.step(target[:, position], position, state)
        logits.append(ops.convert_to_numpy(one))
    return np.stack(logits, axis=1)


@pytest.mark.parametrize(
    ("attention", "cell", "bidirectional"), itertools.product(ATTENTIONS, ("gru", "lstm"), (False, True))
)
def test_all_positions_at_once_equal_one_by_one(sentences, attention, cell, bidirectional):
    model = network(attention=attention, cell=cell, bidirectional=bidirectional)
    logits = ops.convert_to_numpy(model(sentences))
    assert logits.shape == (3, 5, TARGET_WORDS)
    assert np.abs(logits).max() > 0.5
    np.testing.assert_allclose(logits, stepwise(model, *sentences), atol=1e-5)


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_padding_changes_nothing(sentences, attention):
    model = network(attention=attention, bidirectional=True)
    source, target = sentences
    short = ops.convert_to_numpy(model((source[:1, :4], target[:1])))
    np.testing.assert_allclose(ops.convert_to_numpy(model((source, target)))[:1], short, atol=1e-5)


@pytest.mark.parametrize("attention", ["bahdanau", "luong"])
def test_attention_weights(sentences, attention):
    model = network(attention=attention)
    logits, weights = model(sentences, return_attention_scores=True)
    weights = ops.convert_to_numpy(weights)
    np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=1e-5)
    assert weights.shape == (3, 5, 7) and np.all(weights[0, :, 4:] == 0) and np.all(weights[1, :, 0] == 1)
    np.testing.assert_allclose(logits, model(sentences), atol=1e-6)


def test_the_previous_state_asks_bahdanaus_attention(sentences):
    """The first weights belong to the encoder's last state, whatever word is read; Luong's depend on the word."""
    source, target = sentences
    other = target.copy()
    other[:, 0] += 1
    for attention, same in (("bahdanau", True), ("luong", False)):
        model = network(attention=attention)
        first, second = (model((source, one), return_attention_scores=True)[1][2, 0] for one in (target, other))
        assert np.allclose(first, second) is same


def test_without_attention_there_are_no_weights(sentences):
    with pytest.raises(ValueError, match="no attention weights"):
        network()(sentences, return_attention_scores=True)


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_without_teacher_forcing_training_reads_its_own_words(sentences, attention):
    model = network(attention=attention, teacher_forcing=False)
    source, target = sentences
    logits = ops.convert_to_numpy(model((source, target), training=True))
    own = np.concatenate([target[:, :1], logits.argmax(axis=-1)[:, :-1]], axis=1).astype("int32")
    np.testing.assert_allclose(logits, stepwise(model, source, own), atol=1e-5)


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_decoding(sentences, attention):
    model = network(attention=attention)
    source, target = sentences
    written = greedy(model.step, model.encode(source), target[:, 0], None, 6)
    read = np.concatenate([target[:, :1], written[:, :-1]], axis=1)
    np.testing.assert_array_equal(written, stepwise(model, source, read).argmax(axis=-1))
    np.testing.assert_array_equal(
        beam_search(model.step, model.encode(source), target[:, 0], None, 6, beams=1), written
    )


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_saving(sentences, attention, tmp_path):
    model = network(attention=attention, bidirectional=True, dropout=0.1)
    model(sentences)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(ops.convert_to_numpy(loaded(sentences)), ops.convert_to_numpy(model(sentences)))


def test_the_compiled_trainer_lowers_the_loss(sentences):
    def build():
        model = Seq2Seq(SOURCE_WORDS, TARGET_WORDS, units=6, embedding_dim=5, attention="bahdanau")
        model.compile(keras.optimizers.Adam(0.05, clipnorm=1.0), MaskedCrossentropy(), metrics=[WordAccuracy()])
        return model

    source, target = sentences
    curves = Trainer(build).fit((source, target), np.roll(target, -1, axis=1), epochs=30, batch_size=3).curves
    assert curves["loss"][0, -1] < curves["loss"][0, 0] / 2
    assert curves["word_accuracy"][0, -1] > 0.5


def test_loss_and_accuracy_leave_out_the_padding():
    rng = np.random.default_rng(0)
    words, logits = np.array([[4, 5, 3], [3, 0, 0]]), rng.standard_normal((2, 3, 8)).astype("float32")
    expected = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0)(words, logits)
    np.testing.assert_allclose(MaskedCrossentropy()(words, logits), expected, rtol=1e-6)
    metric = WordAccuracy()
    metric.update_state(words, np.eye(8)[[[4, 6, 3], [3, 0, 0]]])
    assert float(metric.result()) == pytest.approx(3 / 4)


@pytest.mark.parametrize(
    "wrong",
    [{"units": 0}, {"embedding_dim": 2.5}, {"cell": "rnn"}, {"attention": "dot"}, {"dropout": 1}],
)
def test_wrong_arguments_are_named(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Seq2Seq(10, 10, **wrong)
