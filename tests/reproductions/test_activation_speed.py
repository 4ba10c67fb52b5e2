"""Verdicts of the MNIST comparison from the record; how epochs and times are taken."""

import numpy as np
import pytest
from judged import verdicts_of

from reproductions import activation_speed as module
from reproductions import relu_speed_cifar


def test_verdicts_of_the_record():
    assert verdicts_of("activation_speed") == {
        "activation-relu-default-fast": "reproduced",
        "activation-sigmoid-tanh-expensive": "reproduced",
        "activation-tanh-converges-faster": "reproduced",
        "activation-elu-faster-convergence": "not reproduced",
    }


def test_epochs_until_an_accuracy_lie_between_two_epochs():
    rising = np.array([[0.5, 0.9, 0.97], [0.96, 0.97, 0.98], [0.1, 0.2, 0.3]])
    found = module.epochs_until(rising, 0.95)
    assert found == pytest.approx([2 + 0.05 / 0.07, 0.85 / 0.86, 3.0])


def test_epochs_until_an_error_count_the_bound_where_it_is_never_reached():
    falling = np.array([[0.5, 0.3, 0.2], [0.8, 0.7, 0.6]])
    assert relu_speed_cifar.epochs_until(falling, 0.25) == pytest.approx([2.5, 3.0])


def test_programs_take_turns():
    called = []
    programs = {name: lambda name=name: called.append(name) for name in "abc"}
    found = module.seconds_of(programs, repeats=4)
    assert {name: len(values) for name, values in found.items()} == {"a": 4, "b": 4, "c": 4}
    warm, turns = called[:3], [called[start : start + 3] for start in range(3, 15, 3)]
    assert warm == ["a", "b", "c"]
    assert all(sorted(turn) == ["a", "b", "c"] for turn in turns)
    assert len({tuple(turn) for turn in turns}) > 1
