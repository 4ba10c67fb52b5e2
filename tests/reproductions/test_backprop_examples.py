"""Verdicts of the backpropagation examples; a layer with a wrong gradient and other faults change them."""

import keras
import pytest
from judged import verdicts_of

import layers
from reproductions import backprop_examples as module
from reproductions.ledger import finite
from reproductions.verdicts import judge_claim

ERRATA = {
    "backprop-hours-weight-blame",
    "backprop-finds-optimal-weights",
    "backprop-output-label",
    "backprop-hidden-activation",
    "backprop-example-learns",
    "backprop-code-backward",
    "backprop-code-update",
}
TRAINED = {"backprop-repeat-improves", "backprop-equal-init-symmetry", "backprop-example-learns"}


def expected(claim_id):
    return "erratum" if claim_id in ERRATA else "reproduced"


@pytest.fixture(scope="module")
def facts():
    computed = (
        module.one_neuron()
        | module.student_step()
        | module.chain_rule()
        | module.printed_code()
        | module.training_loop()
        | module.stationary_start()
        | module.convergence_loop()
    )
    return finite(computed)


@pytest.mark.parametrize(
    "claim", [claim for claim in module.CLAIMS if claim.id not in TRAINED], ids=lambda claim: claim.id
)
def test_verdicts(facts, claim):
    judged = judge_claim(claim, facts, {})
    assert judged["verdict"] == expected(claim.id), [(c["quantity"], c["measured"]) for c in judged["checks"]]


def test_verdicts_of_the_record():
    assert verdicts_of("backprop_examples") == {claim.id: expected(claim.id) for claim in module.CLAIMS}


def verdict(facts, claim_id):
    return next(judge_claim(c, facts, {})["verdict"] for c in module.CLAIMS if c.id == claim_id)


def test_a_dense_layer_whose_kernel_gradient_has_the_wrong_sign_is_noticed(facts, monkeypatch):
    class Reversed(keras.layers.Dense):
        def call(self, inputs, training=None):
            kernel = 2 * keras.ops.stop_gradient(self.kernel) - self.kernel
            return self.activation(inputs @ kernel + self.bias)

    monkeypatch.setattr(layers, "Dense", Reversed)
    monkeypatch.setattr(keras.layers, "Dense", Reversed)
    found = facts | finite(module.chain_rule())
    assert verdict(found, "backprop-chain-w111") == "not reproduced"
    assert verdict(found, "backprop-gradient-sign") == "not reproduced"


def test_a_wrong_sigmoid_is_noticed(monkeypatch):
    monkeypatch.setattr(module, "sigmoid", lambda z: 1 / (1 + 2 ** (-z)))
    assert verdict(finite(module.student_step()), "backprop-hidden-preactivation") == "not reproduced"


def test_unequal_initial_weights_are_noticed(monkeypatch):
    weights = module.equal_weights()
    weights[0][0, 0] = 0.2
    monkeypatch.setattr(module, "equal_weights", lambda: [weight.copy() for weight in weights])
    facts = finite(module.student_step())
    assert facts["difference_of_hidden_outputs_at_start"] != 0
    assert verdict(facts, "backprop-hidden-preactivation") == "not reproduced"
