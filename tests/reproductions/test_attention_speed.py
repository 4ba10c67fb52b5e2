"""The timed attentions are what they are called; slower dot products would be noticed."""

import numpy as np

from reproductions import attention_speed as module
from reproductions.verdicts import judge_claim


def test_each_pair_of_programs_computes_the_same_with_and_without_xla(monkeypatch):
    monkeypatch.setattr(module, "ROWS", 2)
    programs = module.programs()
    found = {name: program() for name, program in programs.items()}
    assert {one.shape for one in found.values()} == {(2, module.QUERIES, module.WIDTH)}
    for kind in ("bahdanau", "luong"):
        np.testing.assert_allclose(found[kind], found[f"{kind} with XLA"], atol=1e-4)
    np.testing.assert_allclose(found["luong"], found["keras dot"], atol=1e-4)


def test_verdict_follows_the_ratios():
    (claim,) = module.CLAIMS
    faster = {f"log10_additive_over_dot{kind}": [0.9, 1.1, 1.0] for kind in ("", "_xla", "_keras")}
    faster |= module.parameters()
    assert judge_claim(claim, faster, {})["verdict"] == "reproduced"
    slower = faster | {"log10_additive_over_dot_keras": [-0.2, -0.1, -0.15]}
    assert judge_claim(claim, slower, {})["verdict"] == "not reproduced"
