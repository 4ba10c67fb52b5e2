"""Exploding gradients through time: verdict from the record, and what the starting weights do to the loss."""

from dataclasses import replace

import keras
import numpy as np
from judged import verdicts_of

from reproductions import exploding_recurrent as module
from reproductions.verdicts import judge_claim

VERDICT = "reproduced"


def test_verdicts():
    assert verdicts_of("exploding_recurrent") == {"recurrent-clipping-keeps-training": VERDICT}


def first_output(activation, gain):
    """Median over ten initial weights of the largest output."""
    config = replace(module.VARIANTS[activation], gain=gain)
    x = module.adding(8, module.LENGTH, seed=3)[0]
    found = []
    for seed in range(10):
        keras.utils.set_random_seed(seed)
        found.append(np.abs(module.build_model(config).predict_on_batch(x)).max())
    return float(np.median(found))


def test_states_of_relu_grow_with_the_recurrent_weights_and_those_of_tanh_do_not():
    of_relu = first_output("relu", 1.0)
    assert first_output("relu", 2.0) > 100 * of_relu
    assert first_output("tanh", 2.0) < 10


def test_clipping_is_the_only_difference():
    for activation in ("relu", "tanh"):
        plain, clipped = (module.build_model(module.VARIANTS[activation + end]) for end in ("", "_clipnorm"))
        assert plain.optimizer.clipnorm is None and clipped.optimizer.clipnorm == 1.0
        assert plain.optimizer.learning_rate == clipped.optimizer.learning_rate


def test_a_clipped_run_that_ends_as_nan_is_noticed():
    flags = {"relu": [1.0] * 20, "relu_clipnorm": [0.0] * 20}
    loss = np.random.default_rng(0).uniform(0.1, 0.2, 20)
    variants = {name: {"ends_as_nan": values} for name, values in flags.items()}
    variants |= {"tanh": {"test_loss": list(loss + 1)}, "tanh_clipnorm": {"test_loss": list(loss)}}
    claim = module.CLAIMS[0]
    assert judge_claim(claim, {}, variants)["verdict"] == "reproduced"
    variants["relu_clipnorm"]["ends_as_nan"] = [0.0] * 10 + [1.0] * 10
    assert judge_claim(claim, {}, variants)["verdict"] != "reproduced"
