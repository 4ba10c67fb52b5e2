"""How sentence pairs are split and joined, and what the translation and reversal records say."""

import numpy as np
import pytest

from recipes.models.seq2seq import Seq2Seq
from recipes.text import END, START, UNKNOWN, Vocabulary
from reproductions import reversal, translation_hindi, translation_spanish
from reproductions.ledger import finite
from reproductions.sentence_pairs import Translation, attention_of, split_by_sentence, translations, written
from reproductions.verdicts import judge_claim

PAIRS = [("go home", "ve a casa"), ("go home", "vete a casa"), ("I am here", "estoy aquí"), ("no", "no")] * 5


def test_no_english_sentence_is_in_both_parts():
    train, test = split_by_sentence(PAIRS, 0.34, seed=1)
    assert len(train) + len(test) == len(PAIRS) and train and test
    assert not {one for one, _ in train} & {one for one, _ in test}


def test_decoder_inputs_are_the_targets_one_position_late():
    english, spanish = (Vocabulary.of(pair[side] for pair in PAIRS) for side in (0, 1))
    data = Translation.of(PAIRS, {}, english, spanish)
    inputs, targets = data.x_train[1], data.y_train
    assert np.all(inputs[:, 0] == START) and np.all((targets == END).sum(axis=1) == 1)
    later = inputs[:, 1:]
    np.testing.assert_array_equal(later[later > 0], targets[:, :-1][later > 0])
    np.testing.assert_array_equal(data.lengths, [4, 4, 3, 2] * 5)


def test_passages_have_the_length_asked_for():
    pairs = [(" ".join("w" * size), str(size)) for size in range(1, 10)]
    lengths = list(range(2, 61))
    joined = translation_spanish.passages(pairs, lengths, seed=0)
    assert [len(english.split()) for english, _ in joined] == lengths
    assert all(sum(map(int, other.split())) == length for (_, other), length in zip(joined, lengths, strict=True))


def test_frequent_pairs_hold_known_words_only():
    kept, english, spanish = translation_spanish.frequent_pairs(PAIRS, 2, 3)
    assert kept == [("go home", "ve a casa")] * 5
    assert len(english) == 6 and len(spanish) == 7


def test_translations_and_maps_of_an_untrained_model():
    english, spanish = (Vocabulary.of(pair[side] for pair in PAIRS) for side in (0, 1))
    model = Seq2Seq(len(english), len(spanish), units=4, embedding_dim=4, attention="luong")
    texts = translations(model, ["go home", "no"], english, spanish, 5)
    assert len(texts) == 2
    read, spoken, weights = attention_of(model, "go home", english, spanish, 5)
    assert read == ["go", "home"] and np.shape(weights) == (len(spoken), 2)


def test_the_unknown_word_is_never_written():
    model = Seq2Seq(10, 10, units=4, embedding_dim=4)
    model.build()
    model.logits.bias.assign(np.eye(10)[UNKNOWN] * 50)  # certain of the unknown word
    rows = written(model, np.array([[4, 5]], "int32"), 4)
    assert UNKNOWN not in rows


def test_sequences_are_turned_round():
    data = reversal.load_data(reversal.Config(sequences=50))
    (digits, inputs), targets = data.x_train, data.y_train
    for row in range(50):
        length = data.lengths[row] - 1
        assert targets[row, length] == END and not targets[row, length + 1 :].any()
        np.testing.assert_array_equal(targets[row, :length], digits[row, :length][::-1])
        np.testing.assert_array_equal(inputs[row, 1 : length + 1], targets[row, :length])


def test_accuracy_by_length(monkeypatch):
    def writes_the_first_half(model, digits, max_length, **options):
        turned = np.zeros((len(digits), max_length), int)
        for row, one in zip(turned, digits, strict=True):
            length = np.count_nonzero(one)
            row[: length // 2] = one[:length][::-1][: length // 2]
        return turned

    monkeypatch.setattr(reversal, "written", writes_the_first_half)
    test = {length: np.random.default_rng(length).integers(4, 14, (8, length)) for length in (4, 10)}
    assert reversal.accuracy_by_length(None, test) == {4: 0.5, 10: 0.5}


def teacher_forcing(facts):
    claim = next(claim for claim in translation_hindi.CLAIMS if claim.id == "seq2seq-teacher-forcing")
    metrics = {"epochs_to_loss_4": [5.0, 6.0], "train_loss": [1.0, 1.1]}
    worse = {"epochs_to_loss_4": [9.0, 9.5], "train_loss": [3.0, 3.2]}
    return judge_claim(claim, facts, {"plain": metrics, "own_words": worse})["verdict"]


def test_teacher_forcing_feeds_the_right_words():
    assert teacher_forcing(finite(translation_hindi.examine())) == "reproduced"


def test_a_network_without_teacher_forcing_is_noticed(monkeypatch):
    monkeypatch.setattr(
        Seq2Seq, "call", lambda self, inputs, training=False: self._on_own_words(inputs[1], self.encode(inputs[0]))
    )
    assert teacher_forcing(finite(translation_hindi.examine())) == "not reproduced"


def test_epochs_until_a_loss():
    losses = np.array([[5.0, 4.1, 3.9], [5.0, 4.5, 4.2]])
    assert translation_hindi.epochs_until(losses, 4.0) == [3.0, 3.0]
    assert translation_hindi.epochs_until(losses, 4.5) == [2.0, 2.0]


@pytest.mark.parametrize("module", [reversal, translation_hindi, translation_spanish])
def test_the_model_has_the_configured_width(module):
    config = next(iter(module.VARIANTS.values()))
    model = module.build_model(config)
    model.build()
    assert model.encode(np.array([[4, 5, 0]], "int32"))["states"][0].shape == (1, config.units)
