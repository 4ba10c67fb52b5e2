"""The small GPT on Shakespeare: verdict of the record, the reference's setting, and faults that are seen."""

from dataclasses import replace

import numpy as np
import pytest
from judged import verdicts_of

from recipes import schedules
from reproductions import shakespeare_gpt as module
from reproductions.networks import Split
from reproductions.verdicts import judge_claim


def test_verdict_of_the_record():
    assert verdicts_of("shakespeare_gpt") == {"llm-shakespeare-1.88": "reproduced"}


def test_a_loss_outside_of_the_interval_is_not_reproduced():
    (claim,) = module.CLAIMS

    def verdict(*losses):
        return judge_claim(claim, {}, {"gpt": {"validation_loss": list(losses)}})["verdict"]

    assert verdict(1.88, 1.881, 1.879) == "reproduced"
    assert verdict(1.75, 1.751, 1.749) == verdict(2.0, 2.001, 1.999) == "not reproduced"


@pytest.fixture(scope="module")
def small():
    config = replace(module.VARIANTS["gpt"], layers=2, heads=2, width=16, context=8, steps=110, batch_size=4)
    text = np.random.default_rng(0).integers(0, 65, 400).astype("uint8")
    return config, Split(*module.windows(text[:300], 8), *module.windows(text[300:], 8, 8))


def test_windows_are_shifted_by_one_and_cover_the_text():
    text = np.arange(100, dtype="uint8")
    x, y = module.windows(text, 8)
    assert x.shape == (92, 8)
    np.testing.assert_array_equal(x[:, 1:], y[:, :-1])
    x, y = module.windows(text, 8, stride=8)
    np.testing.assert_array_equal(y.reshape(-1), np.arange(1, 97))


def test_the_reference_s_setting():
    config = module.VARIANTS["gpt"]
    model = module.build_model(config)
    d, blocks = config.width, config.layers
    norms = (2 * blocks + 1) * 2 * d  # the reference's have no shift, half as much
    assert model.count_params() == (65 + 64) * d + blocks * 12 * d * d + norms
    optimizer = model.optimizer
    assert (float(optimizer.beta_1), float(optimizer.beta_2), optimizer.epsilon) == (0.9, 0.99, 1e-8)
    assert (optimizer.weight_decay, optimizer.global_clipnorm) == (0.1, 1.0)
    decayed = {variable.path.split("/")[-1] for variable in model.weights if optimizer._use_weight_decay(variable)}
    assert decayed == {"kernel", "embeddings"}

    def rate(step):  # nanoGPT's get_lr with its numbers
        if step < 100:
            return 1e-3 * step / 100
        share = (step - 100) / (2000 - 100)
        return 1e-4 + 0.5 * (1 + np.cos(np.pi * share)) * (1e-3 - 1e-4)

    schedule = optimizer._learning_rate
    assert isinstance(schedule, schedules.CosineDecay)
    np.testing.assert_allclose(
        [float(schedule(t)) for t in range(0, 2000, 37)], [rate(t) for t in range(0, 2000, 37)], rtol=1e-4
    )


def test_a_seed_s_steps_are_one_pass_over_its_windows(small):
    config, data = small
    rows = module.rows_of(config, data)(0)
    assert len(rows) == config.steps * config.batch_size and config.epochs == 1
    assert rows.max() < len(data.x_train) and len(set(rows)) < len(rows)  # with replacement


def test_cross_entropy_is_that_of_keras(small):
    config, data = small
    model = module.build_model(config)
    logits = model.predict(data.x_test, verbose=0)
    found = module.cross_entropies(logits, data.y_test)
    assert found.shape == data.y_test.shape
    assert found.mean() == pytest.approx(model.evaluate(data.x_test, data.y_test, verbose=0), rel=1e-4)


def test_simple_predictors_know_a_periodic_text():
    text = np.tile(np.array([1, 2, 3, 2], "uint8"), 500)  # after a 2 come 1 and 3 in turn
    losses = module.simple_predictors(text, text)
    assert losses["no character"] == pytest.approx(1.5 * np.log(2), abs=0.02)
    assert losses["1 character"] == pytest.approx(0.5 * np.log(2), abs=0.02)
    assert losses["2 characters"] == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("fault", ["no warm-up", "unscaled residuals"])
def test_a_changed_setting_changes_the_trace(small, monkeypatch, fault):
    config, data = small
    plain = module.trace(config, data)
    if fault == "no warm-up":
        config = replace(config, warmup=1)
    else:
        from recipes.models import gpt

        monkeypatch.setattr(gpt, "scale_residuals", lambda model: model)
    assert np.abs(np.array(plain) - module.trace(config, data)).max() > 1e-4
