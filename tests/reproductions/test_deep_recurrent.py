"""Deep recurrent networks: verdict from the record, equal sizes, and a read-out that finds what is there."""

import numpy as np
from judged import verdicts_of

from reproductions import deep_recurrent as module
from reproductions.sequence_tasks import hierarchy

VERDICT = "not reproduced"


def test_verdicts():
    assert verdicts_of("deep_recurrent") == {"rnn-deep-beats-single": VERDICT}


def test_both_stacks_have_as_many_weights():
    sizes = {
        name: sum(layer.count_params() for layer in module.build_model(config).layers[1:-1])
        for name, config in module.VARIANTS.items()
    }
    assert sizes == {"one": 13_400, "three": 13_344}


def test_a_seed_sees_sentences_of_one_grammar():
    data = module.load_data(module.VARIANTS["one"])
    for seed in (0, 7):
        rows, grammar = module.rows_of(seed), seed % module.GRAMMARS
        assert len(np.unique(rows)) == module.OWN
        assert (rows // module.POOL == grammar).all()
        own = hierarchy(module.POOL, 0, grammar, module.LEVELS, module.SYMBOLS)
        np.testing.assert_array_equal(data.x_train[rows], own[0][rows - grammar * module.POOL])
        np.testing.assert_array_equal(data.y_train[rows], own[-1][rows - grammar * module.POOL, 0])


def test_the_read_out_finds_what_is_there_and_nothing_else():
    rng = np.random.default_rng(0)
    symbols = rng.integers(0, module.SYMBOLS, 1000)
    hidden = np.eye(module.SYMBOLS)[symbols] @ rng.standard_normal((module.SYMBOLS, 20))
    assert module.read_out(hidden, symbols) > 0.99
    assert module.read_out(rng.standard_normal((1000, 20)), symbols) < 0.2


def test_states_are_those_of_the_model():
    config = module.VARIANTS["three"]
    model = module.build_model(config)
    sentences = hierarchy(3, 1, 0, module.LEVELS, module.SYMBOLS)[0]
    found = module.states(config, model, sentences)
    assert [one.shape for one in found] == [(3, 8, 24)] * 3
    last = model.layers[-1](found[-1][:, -1])
    np.testing.assert_allclose(last, model.predict_on_batch(sentences), atol=1e-5)
