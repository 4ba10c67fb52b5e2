"""Verdicts of the transfer runs; their parts on small stand-ins; VGG16's code path with weights made here."""

import keras
import numpy as np
import pytest
from judged import verdicts_of

from reproductions import cats_dogs_transfer, digits_transfer, pretrained_bases, vgg16_transfer
from reproductions.networks import Split
from reproductions.runner import run

VERDICTS = {
    "digits_transfer": {
        "transfer-when-table": "not reproduced",
        "transfer-always-better": "not reproduced",
    },
    "cats_dogs_transfer": {
        "transfer-accuracy-order": "not reproduced",
        "transfer-low-lr-finetune": "inconclusive",
        "transfer-less-data": "reproduced",
        "transfer-pretrained-faster-000": "reproduced",
        "transfer-scratch-81": "not reproduced",
    },
}


@pytest.mark.parametrize("name", VERDICTS)
def test_verdicts(name):
    assert verdicts_of(name) == VERDICTS[name]


def noise(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape).astype("uint8")


@pytest.fixture
def few_pets(monkeypatch, tmp_path):
    """Twelve random pictures for cats and dogs, and an empty cache."""
    import recipes.datasets
    from recipes.datasets import files

    def few(split, size):
        return tuple((noise((n, size, size, 3), n), np.arange(n) % 2) for n in (8, 4))

    monkeypatch.setattr(recipes.datasets, "cats_and_dogs", few)
    monkeypatch.setenv(files.CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def tiny_vgg16(few_pets, monkeypatch):
    """A file of weights for a VGG16 with an eighth of the filters, found where the real one would be."""
    import recipes.datasets
    from recipes import models

    def vgg16(include_top, weights, input_shape):
        blocks = [(2, 8), (2, 16), (3, 32), (3, 64), (3, 64)]
        stack = [keras.Input(input_shape)]
        for number, (convolutions, filters) in enumerate(blocks, 1):
            for place in range(1, convolutions + 1):
                name = f"block{number}_conv{place}"
                stack.append(keras.layers.Conv2D(filters, 3, padding="same", activation="relu", name=name))
            stack.append(keras.layers.MaxPooling2D(2, name=f"block{number}_pool"))
        stacked = keras.Sequential(stack)
        model = keras.Model(stacked.inputs, stacked.outputs, name="vgg16")
        if weights is not None:
            models.load_weights(model, weights)
        return model

    keras.utils.set_random_seed(0)
    path = few_pets / "vgg16.npz"
    whole = vgg16(False, None, (32, 32, 3))
    np.savez(path, **{f"{layer.name}/{w.name}": w.numpy() for layer in whole.layers for w in layer.weights})
    monkeypatch.setattr(models, "VGG16", vgg16)
    monkeypatch.setattr(recipes.datasets, "locate", lambda name: path)
    pretrained_bases.feature_shape.cache_clear()
    yield whole
    pretrained_bases.feature_shape.cache_clear()


def small(config, **changes):
    from dataclasses import replace

    return replace(config, size=32, epochs=2, batch_size=4, **changes)


@pytest.mark.parametrize("variant", ["frozen", "finetuned"])
def test_vgg16_from_file_to_measurement(tiny_vgg16, monkeypatch, variant):
    monkeypatch.setattr(cats_dogs_transfer, "forward_seconds", lambda name, size: 0.0)
    config = small(vgg16_transfer.VARIANTS[variant])
    data = vgg16_transfer.load_data(config)
    assert data.x_train.shape == ((8, 1, 1, 64) if variant == "frozen" else (8, 2, 2, 64))
    runs = vgg16_transfer.train(config, data, [0, 1])
    model = runs.load(1)
    trained = (
        {layer.name for layer in model.layers[0].layers if layer.trainable_weights} if variant != "frozen" else set()
    )
    assert trained == ({"block5_conv1", "block5_conv2", "block5_conv3"} if variant == "finetuned" else set())
    measured = vgg16_transfer.measure(config, data, runs)
    assert {len(values) for values in measured.metrics.values()} == {2}
    assert measured.curves["val_accuracy"].shape == (2, 2)


def test_fine_tuning_starts_at_the_files_weights(tiny_vgg16):
    model = vgg16_transfer.build_model(small(vgg16_transfer.VARIANTS["finetuned"]))
    kernel = model.layers[0].get_layer("block5_conv1").kernel
    np.testing.assert_array_equal(kernel, tiny_vgg16.get_layer("block5_conv1").kernel)


def test_scaling_is_the_variants_own(tiny_vgg16):
    documented, own = (vgg16_transfer.VARIANTS[name] for name in ("frozen", "frozen_own_scaling"))
    one, other = (vgg16_transfer.load_data(small(config)).x_train for config in (documented, own))
    assert other.max() > 50 * one.max()  # 0 to 1 against -124 to 151


def test_vgg16_without_its_file_is_unavailable(monkeypatch, tmp_path):
    import recipes.datasets
    from recipes.datasets import DatasetUnavailable

    def absent(name):
        raise DatasetUnavailable("not here")

    monkeypatch.setattr(recipes.datasets, "locate", absent)
    outcome = run(vgg16_transfer, tmp_path)
    assert outcome.unavailable == "not here" and outcome.path is None
    assert {claim["verdict"] for claim in outcome.record["claims"].values()} == {"unavailable"}


@pytest.mark.parametrize(("base", "names"), [
    ("squeezenet", ["fire9_squeeze1x1", "fire9_expand1x1", "fire9_expand3x3", "fire9_concat"]),
    ("mobilenet", ["conv_dw_12_relu", "conv_pw_12", "conv_pw_12_bn", "conv_pw_12_relu"]),
    ("vgg16", ["block5_conv1", "block5_conv2", "block5_conv3", "block5_pool"]),
])  # fmt: skip
def test_the_last_four_layers(base, names):
    from recipes.transfer import split_at

    _, tail = split_at(pretrained_bases.architecture(base, 64), cats_dogs_transfer.LAST)
    assert [layer.name for layer in tail.layers[1:]] == names


def test_every_seed_draws_as_many_cats_as_dogs():
    rows = cats_dogs_transfer.rows_of(cats_dogs_transfer.VARIANTS["cnn_50"])
    for seed in (0, 1):
        drawn = rows(seed)
        assert len(set(drawn)) == 50 and (drawn % 2).sum() == 25 and drawn.max() < 2000
    assert set(rows(0)) != set(rows(1))
    assert cats_dogs_transfer.rows_of(cats_dogs_transfer.VARIANTS["cnn_2000"]) is None


def test_epochs_are_counted_to_the_target():
    curves = np.array([[0.5, 0.7, 0.6], [0.5, 0.6, 0.69], [0.8, 0.1, 0.1]])
    np.testing.assert_array_equal(cats_dogs_transfer.epochs_to(curves, 0.7), [2, 3, 1])


def test_the_documented_network():
    cnn = cats_dogs_transfer.build_model(cats_dogs_transfer.VARIANTS["cnn_2000"])
    assert cnn.count_params() == 896 + 18_496 + (14 * 14 * 64 * 128 + 128) + 129


DIGITS = Split(
    noise((40, 14, 14, 1)).astype("float32") / 255,
    noise(40) % 5,
    noise((30, 14, 14, 1), 1).astype("float32"),
    noise(30) % 5,
)


@pytest.fixture
def few_digits(monkeypatch):
    """Ten training images a seed, and bases with random weights."""
    keras.utils.set_random_seed(7)  # unlike any seed that is trained
    for seed in (0, 1):
        base = keras.Sequential([keras.Input((14, 14, 1)), *digits_transfer.convolutions()])
        base.trainable = False
        monkeypatch.setitem(digits_transfer._BASES, ("similar", seed), base)
    monkeypatch.setattr(digits_transfer, "rows_of", lambda config: lambda seed: np.arange(10) + 10 * seed)


def trained(approach, **changes):
    config = digits_transfer.Config(10, "similar", approach, epochs=2, **changes)
    runs = digits_transfer.train(config, DIGITS, [0, 1])
    return config, runs


def test_what_an_approach_trains(few_digits):
    """Each seed starts from its own base; frozen layers stay as they are."""
    for approach, moved in {"last": (False, True), "all": (True, True)}.items():
        _, runs = trained(approach)
        for seed in (0, 1):
            model, base = runs.load(seed), digits_transfer.bases("similar", [seed])[seed]
            for name, moves in zip(("first", "last"), moved, strict=True):
                change = np.abs(model.get_layer(name).kernel - base.get_layer(name).kernel).max()
                assert (0 < change < 0.05) if moves else change == 0


def test_kept_features_give_what_the_frozen_network_gives(few_digits):
    """The classifier on kept features, seed by seed, under that seed's own base."""
    config, runs = trained("frozen")
    found = digits_transfer.predict(config, DIGITS, runs)
    for place, seed in enumerate((0, 1)):
        base, head = digits_transfer.bases("similar", [seed])[seed], runs.load(seed)
        np.testing.assert_allclose(found[place], head(base(DIGITS.x_test)), rtol=1e-4, atol=1e-5)
    rows = digits_transfer.rows_of(config)
    pool, place = digits_transfer.features_of(digits_transfer.bases("similar", [0, 1]), DIGITS, rows)
    np.testing.assert_array_equal(pool.y_train[place(1)], DIGITS.y_train[10:20])
    base = digits_transfer.bases("similar", [1])[1]
    np.testing.assert_allclose(pool.x_train[place(1)], base(DIGITS.x_train[10:20]), rtol=1e-4, atol=1e-5)


def test_a_base_that_is_never_loaded_is_noticed(few_digits, monkeypatch):
    """Planted fault: fine-tuning starts from random convolutions."""
    monkeypatch.setattr(digits_transfer, "starting_from", lambda start: lambda seed: [])
    _, runs = trained("last")
    base = digits_transfer.bases("similar", [0])[0]
    assert np.abs(runs.load(0).get_layer("first").kernel - base.get_layer("first").kernel).max() > 0.05


@pytest.mark.parametrize("loaded", [True, False])
def test_fine_tuning_starts_with_the_seeds_trained_head(tiny_vgg16, monkeypatch, loaded):
    """Planted fault: a head that is never loaded."""
    if not loaded:
        monkeypatch.setattr(cats_dogs_transfer, "starting_with", lambda start: lambda seed: [])
    config = small(vgg16_transfer.VARIANTS["finetuned"], trained_head=True)
    runs = vgg16_transfer.train(config, vgg16_transfer.load_data(config), [3, 4])
    for seed, head in cats_dogs_transfer.heads(config, [3, 4]).items():
        change = np.abs(runs.load(seed).layers[-2].kernel - head[0]).max()
        assert (0 < change < 0.001) == loaded  # four steps of about 1e-5
