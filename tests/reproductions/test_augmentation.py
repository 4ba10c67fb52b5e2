"""Verdicts of the augmentation examples; faulty ranges, borders and activity change them."""

import inspect

import numpy as np
import pytest
from keras import ops

import recipes.augmentation as recipe
from reproductions import augmentation_examples as module
from reproductions.ledger import finite
from reproductions.verdicts import judge_claim

ERRATA = {"augment-zoom-rotation-ranges", "augment-keras-import", "augment-1000-to-10000"}


@pytest.fixture(scope="module")
def facts():
    return finite(module.examine())


@pytest.mark.parametrize("claim", module.CLAIMS, ids=lambda claim: claim.id)
def test_verdicts(facts, claim):
    judged = judge_claim(claim, facts, {})
    measured = [(check["quantity"], check["measured"]) for check in judged["checks"]]
    assert judged["verdict"] == ("erratum" if claim.id in ERRATA else "reproduced"), measured


def test_what_remarks_say(facts):
    assert facts["times_larger_under_zoom_0.8_and_1.2"] == [1.25, 0.83]
    assert facts["pixels_that_shear_0.2_moves_the_edge_of_150"] == 0.26
    assert facts["wrap_row_of_keras"] == [30, 40, 10, 20, 30]
    assert facts["marked_as_deprecated"]


def test_figures_can_be_painted(facts):
    for figure in module.FIGURES:
        assert figure.paint({name: facts[name] for name in figure.facts}).axes


def test_numpys_global_state_is_left_alone():
    np.random.seed(5)
    expected = np.random.random()
    np.random.seed(5)
    module.ranges()
    assert np.random.random() == expected


def verdict(name, found):
    (claim,) = [claim for claim in module.CLAIMS if claim.id == name]
    return judge_claim(claim, found, {})["verdict"]


def test_wrong_ranges_are_noticed(monkeypatch, facts):
    draw = recipe.RandomAffine.draw

    def radians_for_degrees(self, *size):
        angle, *rest = draw(self, *size)
        return (np.degrees(np.asarray(angle)), *rest)

    monkeypatch.setattr(recipe.RandomAffine, "draw", radians_for_degrees)
    assert verdict("augment-zoom-rotation-ranges", facts | finite(module.ranges())) == "not reproduced"


def test_a_wrong_border_is_noticed(monkeypatch, facts):
    names = vars(recipe) | {"ops": ops}
    exec(inspect.getsource(recipe._into).replace("place + 0.5, 2 * span", "place, 2 * span"), names)
    monkeypatch.setattr(recipe, "_into", names["_into"])
    assert verdict("augment-fill-modes", facts | finite(module.borders())) == "not reproduced"


def test_a_layer_active_outside_of_training_is_noticed(monkeypatch, facts):
    call = recipe.RandomAffine.call
    monkeypatch.setattr(recipe.RandomAffine, "call", lambda self, inputs, training=None: call(self, inputs, True))
    assert verdict("augment-train-only", facts | finite(module.validation())) == "not reproduced"
