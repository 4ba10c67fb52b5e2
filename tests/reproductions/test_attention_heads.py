"""Verdict on heads from the ledger; the task and the attention weights that explain it."""

import keras
import numpy as np
import pytest
from judged import verdicts_of

from reproductions import attention_heads as module
from reproductions.verdicts import judge_claim


def test_verdicts():
    assert verdicts_of("attention_heads") == {"mha-many-relationships": "not reproduced"}


@pytest.mark.parametrize("name", ["heads_2", "four_lookups_heads_4"])
def test_targets_are_the_symbols_at_the_addresses(name):
    config = module.VARIANTS[name]
    data = module.load_data(config)
    assert data.x_test.shape == (module.TEST, 8, 1 + config.lookups)
    for row, targets in zip(data.x_test[:20], data.y_test[:20], strict=True):
        for token, wanted in zip(row, targets, strict=True):
            assert [row[address, 0] for address in token[1:]] == wanted.tolist()


def test_widths_are_equal_whatever_the_number_of_heads():
    counts = {module.build_model(module.VARIANTS[f"heads_{heads}"]).count_params() for heads in (1, 2, 4)}
    assert len(counts) == 1


def test_attention_at_addresses_reads_the_weights():
    """Projections made by hand: the query is the first address's code and the key the position's."""
    model = module.build_model(module.VARIANTS["heads_1"])
    block = model.get_layer("block")
    for weight in model.weights:
        weight.assign(np.zeros(weight.shape))
    code = np.eye(8, 64)
    model.get_layer("address_0").set_weights([20 * code])
    model.get_layer("position").set_weights([20 * np.roll(code, 8, axis=1)])
    kernels = block.attention.get_weights()
    kernels[0][:, 0] = np.eye(64)
    kernels[2][:, 0] = np.roll(np.eye(64), 8, axis=0).T @ np.eye(64)
    kernels[2][:, 0] = np.roll(np.eye(64), -8, axis=1)
    block.attention.set_weights(kernels)
    first, second = module.attention_at_addresses(model, module.load_data(module.VARIANTS["heads_1"]).x_test[:50])
    assert first > 0.99 and second < 0.01


def test_better_heads_would_be_seen():
    claim = module.CLAIMS[0]
    rng = np.random.default_rng(0)
    one, several = 0.5 + 0.01 * rng.random(5), 0.99 + 0.01 * rng.random(5)
    metrics = {"heads_1": one, "heads_2": several, "heads_4": several}
    judged = {name: {"all_right": values.tolist()} for name, values in metrics.items()}
    assert judge_claim(claim, {}, judged)["verdict"] == "reproduced"
    judged["heads_1"] = judged["heads_2"]
    assert judge_claim(claim, {}, judged)["verdict"] != "reproduced"


def test_predictions_keep_the_order_of_look_ups():
    model = module.build_model(module.VARIANTS["heads_2"])
    assert model.output_shape == (None, 8, 2, 8)
    assert isinstance(model.loss, keras.losses.SparseCategoricalCrossentropy)
