"""Verdicts of the record; a dead augmentation, and one that is active at evaluation, change the trace."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from judged import verdicts_of

import recipes.augmentation as recipe
from reproductions import cats_dogs_augmentation as module
from reproductions.networks import Split

VERDICTS = {
    "augment-accuracy-57-75": "not reproduced",
    "augment-reduces-overfitting": "reproduced",
    "augment-more-diverse-helps": "inconclusive",
    "augment-vertical-flip-bad": "reproduced",
    "conv-catdog-learns": "reproduced",
}


def test_verdicts():
    assert verdicts_of("cats_dogs_augmentation") == VERDICTS


@pytest.fixture(scope="module")
def pictures():
    """Noise in place of the pictures, whose file may be absent; small, for speed."""
    rng = np.random.default_rng(0)
    x = rng.random((128, 16, 16, 3)).astype("float32")
    return Split(x[:64], np.arange(64) % 2 * 1.0, x[64:], np.arange(64) % 2 * 1.0)


CONFIG = replace(module.PRINTED, image_size=16)


def test_facts():
    assert module.examine() == {"parameters": 1_625_281, "labels": {"cats": 0, "dogs": 1}}


def test_the_printed_variants_differ_as_they_say():
    assert not module.VARIANTS["plain"].augments
    arguments = module.build_model(module.VARIANTS["printed"]).layers[0].get_config()
    assert (arguments["rotation_range"], arguments["shear_range"], arguments["zoom_range"]) == (20, 0.2, [0.8, 1.2])
    assert arguments["width_shift_range"] == arguments["height_shift_range"] == 0.2
    assert arguments["horizontal_flip"] and not arguments["vertical_flip"] and arguments["fill_mode"] == "nearest"


def test_a_seed_gives_every_variant_the_same_weights():
    weights = []
    for config in (module.Config(image_size=16), CONFIG):
        keras.utils.set_random_seed(3)
        weights.append(module.build_model(config).trainable_weights)
    for plain, augmented in zip(*weights, strict=True):
        np.testing.assert_array_equal(plain, augmented)


def test_faults_change_the_trace(pictures, monkeypatch):
    sound = np.array(module.trace(CONFIG, pictures))
    assert len(sound) == 28
    call = recipe.RandomAffine.call
    faults = {
        "dead": lambda self, inputs, training=None: inputs,
        "active at evaluation": lambda self, inputs, training=None: call(self, inputs, training=True),
    }
    for name, fault in faults.items():
        monkeypatch.setattr(recipe.RandomAffine, "call", fault)
        difference = np.abs(np.array(module.trace(CONFIG, pictures)) - sound)
        assert difference[slice(None, 20) if name == "dead" else slice(20, None)].max() > 1e-4, name


def test_measures(pictures):
    class Runs:
        curves = {"val_loss": np.array([[0.7, 0.6]]), "val_accuracy": np.array([[0.5, 0.4]])}

        def predict(self, images):
            """Says dog to every training picture, and the truth about the others but one cat."""
            right = np.arange(64) % 2 * 1.0
            right[0] = 1
            return (np.ones(64) if images is pictures.x_train else right)[None, :, None]

    metrics = module.measure(CONFIG, pictures, Runs()).metrics
    assert metrics["train_accuracy"] == [0.5] and metrics["val_accuracy"] == [63 / 64]
    assert metrics["cat_val_accuracy"] == [31 / 32] and metrics["dog_val_accuracy"] == [1.0]
    assert metrics["accuracy_gap"] == [0.5 - 63 / 64]
    assert metrics["first_val_accuracy"] == [0.5] and metrics["best_val_accuracy"] == [0.5]
