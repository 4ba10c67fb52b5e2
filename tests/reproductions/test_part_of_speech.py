"""The verdict on tagging from its record; numbers of words, groups and baseline by hand; masks; planted faults."""

from collections import Counter

import numpy as np
import pytest
from judged import verdicts_of

from reproductions import entity_sentences, word_numbers
from reproductions import part_of_speech as module
from reproductions.verdicts import judge_claim

NAMES = module.VARIANTS["names"]


def test_verdict_of_the_record():
    assert verdicts_of("part_of_speech") == {"rnn-ner-example": "reproduced"}


def test_words_by_number_and_shape():
    training = [
        [("The", "DET"), ("dog", "NOUN"), ("barks", "VERB")],
        [("the", "DET"), ("dog", "NOUN"), ("walks", "VERB")],
    ]
    known = word_numbers.Numbers.of(training)
    assert known.words == {"the": 2, "dog": 3} and known.endings == {"the": 2, "dog": 3}
    assert known.of_word("THE") == (2, 2, 3)
    assert known.of_word("barks") == (1, 1, 1), "a word that occurs once stands for the words never seen"
    encoded = known.encode([training[0][:2]], 3)
    assert encoded.tolist() == [[[2, 2, 2], [3, 3, 1], [0, 0, 0]]]
    shapes = {"ml": 0, "I": 1, "Apple": 1, "ML": 2, "U.S.": 2, "2nd": 3, "iPhone": 4, ",": 4}
    assert {word: word_numbers.shape_of(word) for word in shapes} == shapes


def test_the_most_frequent_tag_by_hand():
    train = [
        [("run", "VERB"), ("run", "NOUN"), ("run", "VERB"), ("Ed", "PROPN"), ("the", "DET"), ("a", "DET"), ("x", "DET")]
    ]
    tests = [[("Run", "NOUN"), ("Ed", "PROPN"), ("never", "ADV")]]
    assert module.most_frequent_tags(train, tests).tolist() == ["VERB", "PROPN", "DET"]


def test_made_sentences_are_split_by_text_and_leave_out_the_documented_one():
    splits = entity_sentences.made_sentences()
    train, test = ({" ".join(word for word, _ in sentence) for sentence in splits[side]} for side in ("train", "test"))
    assert not train & test and "Apple is in California" not in train | test
    assert [len(splits[side]) for side in ("train", "test")] == [4000, 1000]
    first = Counter(sentence[0][1] for sentence in splits["train"] if sentence[0][0] == "Apple")
    assert 0.3 < first["ORG"] / first.total() < 0.7, "the word alone must not tell"
    roles = {}
    for sentence in splits["train"]:
        for word, tag in sentence:
            roles.setdefault(word.lower(), set()).add(tag)
    assert {word for word, tags in roles.items() if len(tags) > 1} == entity_sentences.SHARED


def test_padding_counts_neither_in_the_loss_nor_in_the_outputs():
    import keras

    keras.utils.set_random_seed(0)
    model, data = module.build_model(NAMES), module.load_data(NAMES)
    x, y = data.x_train[:8], data.y_train[:8]
    wider = np.pad(x, [(0, 0), (0, 5), (0, 0)]), np.pad(y, [(0, 0), (0, 5)], constant_values=3)
    p, p_wider = model(x), model(wider[0])
    real = x[..., 2] > 0
    found = np.array(p)[real]
    np.testing.assert_allclose(np.array(p_wider)[:, : x.shape[1]][real], found, rtol=1e-4)
    by_hand = -np.log(found[np.arange(len(found)), y[real]]).mean()
    for inputs, targets, outputs in ((x, y, p), (*wider, p_wider)):
        assert float(model.compute_loss(inputs, targets, outputs)) == pytest.approx(by_hand, rel=1e-4)


class Answers:
    """Trained networks that give fixed tags with certainty."""

    curves = {}

    def __init__(self, tags, count):
        self.p = np.eye(count)[tags][None]

    def predict(self, x, batch_size):
        return self.p


def test_accuracies_of_known_answers():
    data = module.load_data(NAMES)
    tags = data.y_test.copy()
    right = module.measure(NAMES, data, Answers(tags, 4)).metrics
    assert right["accuracy"] == right["accuracy_shared_first_words"] == right["sentence_right"] == [1]
    assert right["p_California_LOC"] == [1] and right["p_Apple_O"] == [0]
    tags[:-1, 0], tags[-1, 0] = 0, 0  # nothing in front is a name
    wrong = module.measure(NAMES, data, Answers(tags, 4)).metrics
    fronts = [sentence[0] for sentence in data.tests[:-1]]
    names = sum(tag != "O" for _, tag in fronts)
    words = sum(map(len, data.tests[:-1]))
    assert wrong["accuracy"][0] == pytest.approx(1 - names / words)
    shared = [tag == "O" for word, tag in fronts if word.lower() in entity_sentences.SHARED]
    assert wrong["accuracy_shared_first_words"][0] == pytest.approx(np.mean(shared))
    assert wrong["sentence_right"] == [0] and wrong["recall_O"] == [1]


@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:invalid value")
def test_a_proper_noun_is_a_noun_and_a_verb_is_none(monkeypatch):
    tiny = {"train": [[("I", "PRON")]], "test": [[("We", "PRON")]]}
    monkeypatch.setattr(module, "corpus", lambda task: tiny)
    monkeypatch.setattr(module, "numbers", lambda task: word_numbers.Numbers({}, {}))
    config = module.VARIANTS["parts"]
    data = module.load_data(config)
    place = module.POS_TAGS.index
    for last, right, exact in (("NOUN", 1, 1), ("PROPN", 1, 0), ("VERB", 0, 0)):
        tags = data.y_test.copy()
        tags[-1] = [place("PRON"), place("VERB"), place(last)]
        metrics = module.measure(config, data, Answers(tags, 17)).metrics
        assert (metrics["sentence_right"], metrics["sentence_right_to_the_letter"]) == ([right], [exact])


def test_most_seeds_must_tag_both_sentences():
    def verdict(parts, names):
        values = {
            variant: {"sentence_right": [1.0] * right + [0.0] * (10 - right)}
            for variant, right in (("parts", parts), ("names", names))
        }
        return judge_claim(module.CLAIMS[0], {}, values)["verdict"]

    assert verdict(10, 10) == verdict(9, 10) == "reproduced"
    assert verdict(10, 0) == verdict(0, 10) == verdict(1, 10) == "not reproduced"
    assert verdict(10, 5) == "inconclusive"


def test_reading_backwards_alone_is_noticed(monkeypatch):
    """A bidirectional layer that forgets the way ahead has another golden trace."""
    import keras

    import layers

    data = module.load_data(NAMES)
    right = module.trace(NAMES, data)

    class Backwards(keras.layers.Bidirectional):
        def call(self, sequences, initial_state=None, mask=None, training=None):
            both = super().call(sequences, initial_state=initial_state, mask=mask, training=training)
            return keras.ops.concatenate([0 * both[..., :32], both[..., 32:]], axis=-1)

    monkeypatch.setattr(layers, "Bidirectional", Backwards)
    assert module.trace(NAMES, data) != pytest.approx(right, abs=1e-4)


@pytest.mark.data
def test_the_treebank_tagger_meets_words_it_has_never_seen(dataset_file):
    dataset_file("ud_english_ewt")
    facts = module.examine_data()
    assert not facts["pos_documented_in_training"] and not facts["ner_documented_in_training"]
    assert facts["pos_test_words"] == 25_094
    assert 0.85 < facts["pos_baseline"]["all"] < 0.92
    known = module.numbers("pos")
    assert known.of_word("ML")[0] in (word_numbers.UNKNOWN, known.words.get("ml"))
