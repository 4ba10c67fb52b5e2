"""Verdicts of the trained boundaries from their record; the tasks are what their names say, and faults change facts."""

import numpy as np
from judged import verdicts_of

from reproductions import mlp_boundaries as module
from reproductions.ledger import finite
from reproductions.verdicts import judge_claim


def test_verdicts_of_the_record():
    expected = {claim.id: "reproduced" for claim in module.CLAIMS} | {"mlp-universal-approximation": "erratum"}
    assert verdicts_of("mlp_boundaries") == expected


def test_each_seed_draws_its_own_points():
    config = module.VARIANTS["circles_8_nodes"]
    first, second = (module.drawn_rows(config, seed) for seed in (0, 1))
    assert len(set(first)) == len(set(second)) == module.DRAWN
    assert set(first) != set(second)


def test_the_posterior_is_bayes_rule():
    data = module.load_data(module.VARIANTS["head_three_classes"])
    probabilities = module.posterior(data.x_test.astype("float64"))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    by_class = [probabilities[data.y_test.argmax(axis=1) == k].mean(axis=0) for k in range(3)]
    assert np.argmax(by_class, axis=1).tolist() == [0, 1, 2]
    np.testing.assert_allclose(probabilities.mean(axis=0), 1 / 3, atol=0.02)


def test_the_arms_of_the_spiral_turn_into_each_other():
    points, labels = module.spiral(400, np.random.default_rng(0))
    turned = -points[labels == 0]  # half a turn brings one arm onto the other
    gaps = np.linalg.norm(turned[:, None] - points[labels == 1][None], axis=-1).min(axis=1)
    assert np.median(gaps) < 0.3


def approximation(facts):
    claim = next(claim for claim in module.CLAIMS if claim.id == "mlp-universal-approximation")
    return judge_claim(claim, facts, {})["verdict"]


def test_a_construction_from_too_few_values_is_noticed(monkeypatch):
    assert approximation(finite(module.limits_of_approximation())) == "erratum"
    whole = module.constructed
    monkeypatch.setattr(module, "constructed", lambda nodes, function: whole(min(nodes, 16), function))
    assert approximation(finite(module.limits_of_approximation())) == "not reproduced"
