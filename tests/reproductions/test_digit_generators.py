"""Verdicts of the digit generators' records; the measures of quality on samples that are known; faults in the models."""

from dataclasses import replace

import numpy as np
import pytest
from judged import verdicts_of
from scipy.linalg import sqrtm

from recipes.models.vae import VAE
from reproductions import digit_gan, digit_quality, digit_vae
from reproductions.networks import Split


def test_verdicts_of_the_records():
    # Fewer than half of the digits are read with 90% certainty; all else that is asked of them holds.
    assert verdicts_of("digit_gan") == {"arch-gan-generates-digits": "not reproduced"}
    assert verdicts_of("digit_vae") == {"loss-vae-generates-digits": "not reproduced"}


def test_frechet_distance_against_the_matrix_root():
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(400, 5)) @ rng.normal(size=(5, 5)), 0.5 + rng.normal(size=(300, 5))
    first, second = np.cov(one.T), np.cov(other.T)
    offset = np.square(one.mean(axis=0) - other.mean(axis=0)).sum()
    expected = offset + np.trace(first + second - 2 * sqrtm(first @ second).real)
    assert digit_quality.frechet_distance(one, other) == pytest.approx(expected, rel=1e-8)
    assert digit_quality.frechet_distance(one, one) == pytest.approx(0, abs=1e-8)
    # One dimension each: the squared difference of means plus that of standard deviations.
    line = np.array([[-1.0, 0], [1.0, 0]])
    assert digit_quality.frechet_distance(line, 3 * line + [2, 0]) == pytest.approx(4 + 8)


def test_nearest_distance_knows_copies():
    seen = np.random.default_rng(0).random((50, 4, 4, 1)).astype("float32")
    assert digit_quality.nearest_distance(seen[:5], seen) == pytest.approx(0, abs=2e-3)
    assert digit_quality.nearest_distance(seen[:5] + 1, seen[:5]) > 2


def test_sheets_come_back():
    images = np.random.default_rng(0).random((6, 8, 8, 1))
    sheet = digit_quality.unpacked(digit_quality.packed(images, 2, 3))
    assert sheet.shape == (20, 30)
    assert sheet[11:19, 1:9] == pytest.approx(images[3, :, :, 0], abs=0.06)


class Pretender:
    """Reads the digit from the first pixel, surely if the second is on."""

    def read(self, images):
        digit = images[:, 0, 0, 0].astype(int)
        p = np.where(images[:, 0, 1, :] > 0, 0.99, 0.5)
        probabilities = np.eye(10)[digit] * p + (1 - p) / 10
        return probabilities, np.random.default_rng(0).normal(size=(len(images), 2))


def test_quality_counts_classes_and_sure_readings(monkeypatch):
    monkeypatch.setattr(digit_quality, "reader", Pretender)
    monkeypatch.setattr(digit_quality, "real_features", lambda: (np.random.default_rng(1).normal(size=(500, 2)), None))
    images = np.zeros((400, 28, 28, 1))
    images[:, 0, 0, 0] = np.repeat([0, 3, 7], [196, 196, 8])  # 8 of 400 are 2%: too few
    images[:100, 0, 1] = 1
    found = digit_quality.quality(images)
    assert found["classes_covered"] == 2 and found["sure"] == 0.25
    assert found["frechet"] == pytest.approx(0, abs=0.05)
    assert found["balance"] == pytest.approx((2 * -0.49 * np.log(0.49) - 0.02 * np.log(0.02)) / np.log(10))


def pictures():
    x = np.random.default_rng(0).random((20_000, 28, 28, 1), dtype="float32")
    return Split(x, x, x[:0], x[:0])


def test_a_code_without_noise_changes_the_trace(monkeypatch):
    config, data = replace(digit_vae.Config(), units=4, images=256), pictures()
    right = digit_vae.trace(config, data)
    monkeypatch.setattr(VAE, "draw", lambda model, mean, log_variance: mean)
    assert digit_vae.trace(config, data) != pytest.approx(right, abs=1e-3)


def test_a_saturating_generator_changes_the_trace(monkeypatch):
    config, data = replace(digit_gan.Config(), width=2, images=128, batch_size=16), pictures()
    right = digit_gan.trace(config, data)
    assert len(right) == 20 and all(np.isfinite(right))
    from recipes.losses import generator_loss

    monkeypatch.setattr("recipes.models.gan.generator_loss", lambda logits: generator_loss(logits, saturating=True))
    assert digit_gan.trace(config, data) != pytest.approx(right, abs=1e-4)
