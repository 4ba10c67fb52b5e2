"""Melodies: verdict of the record, the rules by hand, tokens and back, faults that show."""

from dataclasses import replace

import numpy as np
import pytest
from judged import verdicts_of

from recipes.midi import midi_notes
from recipes.text import END, START
from reproductions import melodies as module


def test_verdict_of_the_record():
    assert verdicts_of("melodies") == {"rnn-generates-music": "reproduced"}


def test_composed_melodies_keep_the_rules():
    number, melodies = module.corpus(200, seed=3)
    genres = [list(module.GENRES.values())[k] for k in number]
    assert module.kept(genres, melodies) == {"in_scale": 1, "bars_in_rhythm": 1, "ends_on_tonic": 1}
    for genre, melody in zip(genres, melodies, strict=True):
        assert sum(length for _, length in melody) == module.BARS * genre.bar
        assert len(melody) < module.LONGEST
    assert max(module.kept(genres[1:], melodies[:-1]).values()) < 1  # every rule knows another genre's melodies


def test_rules_by_hand():
    waltz = module.GENRES["waltz"]  # A harmonic minor, six eighths
    good = [(57, 2), (60, 2), (68, 2), (57, 4), (59, 2), (69, 3), (60, 1), (62, 2), (69, 6)]
    assert module.kept([waltz], [good]) == {"in_scale": 1, "bars_in_rhythm": 1, "ends_on_tonic": 1}
    syncopated = [(57, 4), (61, 4), (60, 4), (57, 6)]  # C sharp is outside; the second note reaches over the bar line
    assert module.bars_of(waltz, syncopated) == [(4, 4), (4,), (6,)]
    found = module.kept([waltz], [syncopated])
    assert found["in_scale"] == 0.75 and found["bars_in_rhythm"] == 0 and found["ends_on_tonic"] == 0


def test_melodies_are_spelled_and_read():
    words, melody = module.vocabulary(), [(60, 2), (64, 8)]
    assert module.read(words.decode(words.encode(module.spelled(melody)))) == melody
    assert module.read(["60:2", "<unknown>"]) == [(60, 2)]
    data = module.load_data(module.VARIANTS["genre"])
    assert (data.x_train[1][:, 0] == START).all() and ((data.y_train == END).sum(axis=1) == 1).all()
    np.testing.assert_array_equal(data.x_train[1][:, 1:], data.y_train[:, :-1])
    assert 1 not in data.y_train  # every note is in the vocabulary


def test_a_network_that_is_not_told_the_genre_has_the_same_size():
    told, not_told = (module.load_data(config) for config in module.VARIANTS.values())
    assert set(told.x_train[0]) == {0, 1, 2, 3} and set(not_told.x_train[0]) == {0}
    np.testing.assert_array_equal(told.x_train[1], not_told.x_train[1])


@pytest.fixture(scope="module")
def untrained():
    """A network of random weights; it knows no rule."""
    config = replace(module.VARIANTS["genre"], melodies=32)
    data = module.load_data(config)
    model = module.build_model(config)
    model(tuple(part[:1] for part in data.x_train))
    return model


def test_an_untrained_network_keeps_no_rule(untrained):
    wanted = np.repeat(np.arange(4), 10).astype("int32")
    written = module.write_melodies(untrained, wanted, seed=0)
    assert len(written) == 40
    found = module.kept([list(module.GENRES.values())[k] for k in wanted], written)
    assert found["in_scale"] < 0.9 and found["bars_in_rhythm"] < 0.5 and found["ends_on_tonic"] < 0.5


def test_saved_melody_is_the_written_one(untrained, monkeypatch, tmp_path):
    class Runs:
        def load(self, seed):
            return untrained

    monkeypatch.setattr(module, "train", lambda config, data, seeds: Runs())
    module.save("blues", tmp_path / "blues.mid", seed=5)
    (written,) = module.write_melodies(untrained, np.array([2], "int32"), 5)
    assert midi_notes((tmp_path / "blues.mid").read_bytes()) == [(pitch, length / 2) for pitch, length in written]
