"""Verdicts of the timed claims from their record; what needs no clock is computed again."""

from judged import verdicts_of

from reproductions import mlp_compute as module
from reproductions.ledger import finite


def test_verdicts_of_the_record():
    assert verdicts_of("mlp_compute") == dict.fromkeys((claim.id for claim in module.CLAIMS), "erratum")


def test_pooling_and_softmax_are_told_from_matrix_products_and_element_wise_functions():
    facts = finite(module.other_architectures())
    assert facts["outputs_that_one_input_moves"] == {"max pooling": 1, "softmax": 8}
    assert not facts["max_pooling_is_a_matrix_product"]
    assert not facts["softmax_is_element_wise"]


def test_ratios_take_turns(monkeypatch):
    calls = []
    module.log_ratios(lambda: calls.append("slow"), lambda: calls.append("fast"))
    assert calls == ["slow", "fast"] * (1 + module.REPEATS)
