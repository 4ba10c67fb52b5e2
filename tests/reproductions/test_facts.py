"""Data facts are computed in another process, kept for a resumed run, and fail with a reason."""

import types

import pytest

from reproductions import digits_ann, ledger
from reproductions.facts import Facts


def test_facts_come_from_a_process_of_their_own(tmp_path):
    partial = ledger.Partial(tmp_path / "p", "key")
    facts = Facts(digits_ann, True, partial)
    assert facts.child is not None
    assert facts.wait() == {"total_parameters": 9610, "images_shape": [1797, 8, 8], "classes": 10}
    again = Facts(digits_ann, True, partial)
    assert again.child is None and again.wait()["classes"] == 10


def test_without_data_only_the_other_facts_remain(tmp_path):
    facts = Facts(digits_ann, False, ledger.Partial(tmp_path / "p", "key"))
    assert facts.child is None and facts.wait() == {"total_parameters": 9610}


def test_a_failing_process_says_why_and_a_running_one_can_be_stopped(tmp_path):
    broken = types.SimpleNamespace(
        __name__="reproductions.no_such_module", __file__=digits_ann.__file__, examine_data=lambda: {}
    )
    partial = ledger.Partial(tmp_path / "p", "key")
    with pytest.raises(
        RuntimeError, match="facts of reproductions.no_such_module could not be computed: .*No module named"
    ):
        Facts(broken, True, partial).wait()
    running = Facts(digits_ann, True, partial)
    running.stop()
    assert running.child.poll() is not None
