"""Kept features, cut bases and the document's two approaches, against training the whole model in Keras."""

import keras
import numpy as np
import pytest

from recipes import transfer
from recipes.transfer import classifier, feature_extractor, fine_tuner, freeze_all_but, frozen_features, split_at

IMAGES = np.random.default_rng(0).integers(0, 256, (24, 12, 12, 3)).astype("uint8")
LABELS = (IMAGES.mean(axis=(1, 2, 3)) > 127).astype("uint8")


def base(seed=0):
    """Convolutions with batch normalisation before and behind the cut, and a shortcut that some cuts sever."""
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((12, 12, 3))
    a = keras.layers.Conv2D(4, 3, padding="same", name="first")(inputs)
    b = keras.layers.BatchNormalization(name="norm")(a)
    b = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="second")(b)
    x = keras.layers.Add(name="sum")([a, b])
    x = keras.layers.Conv2D(4, 3, name="third")(x)
    x = keras.layers.BatchNormalization(name="last_norm")(x)
    x = keras.layers.ReLU(name="relu")(x)
    model = keras.Model(inputs, keras.layers.MaxPooling2D(name="pool")(x), name="base")
    model.get_layer("norm").set_weights([np.linspace(0.5, 2, 4)] * 4)  # unlike the batch's own statistics
    return model


def scaled(images):
    return images / 255


def frozen(seed=0):
    model = base(seed)
    model.trainable = False
    return model


def train(model, x, epochs=3):
    model.fit(x, LABELS, batch_size=8, epochs=epochs, shuffle=False, verbose=0)


def test_features_are_the_output_in_inference_mode():
    model = frozen()
    expected = np.asarray(model(scaled(IMAGES.astype("float32")), training=False))
    for batch_size in (7, 24, 100):
        found = frozen_features(model, IMAGES, batch_size=batch_size, preprocess=scaled)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_a_base_that_is_not_frozen_is_refused():
    with pytest.raises(ValueError, match="Received: base with 10 trainable weights"):
        frozen_features(base(), IMAGES)


def test_kept_features_are_computed_once(tmp_path, monkeypatch):
    model = frozen()
    first = frozen_features(model, IMAGES, cache=tmp_path)
    monkeypatch.setattr(keras.Model, "predict_on_batch", None)
    np.testing.assert_array_equal(frozen_features(model, IMAGES, cache=tmp_path), first)
    assert [path.suffix for path in tmp_path.iterdir()] == [".npz"]


def one_pixel(images):
    changed = images.copy()
    changed[-1, 0, 0, 0] ^= 1
    return changed


def shifted(model):
    model.layers[-3].moving_mean.assign_add(np.ones(4))
    return model


@pytest.mark.parametrize(
    "change",
    [
        lambda model: (shifted(model), IMAGES, scaled),
        lambda model: (frozen(1), IMAGES, scaled),
        lambda model: (model, one_pixel(IMAGES), scaled),
        lambda model: (model, IMAGES, lambda images: images / 127.5 - 1),
        lambda model: (keras.Model(model.inputs, model.layers[-2].output), IMAGES, scaled),
    ],
    ids=["moving mean", "weights", "one pixel", "preprocessing", "architecture"],
)
def test_a_stale_file_is_not_read(tmp_path, change):
    model = frozen()
    frozen_features(model, IMAGES, preprocess=scaled, cache=tmp_path)
    model, images, preprocess = change(model)
    model.trainable = False
    found = frozen_features(model, images, preprocess=preprocess, cache=tmp_path)
    np.testing.assert_array_equal(found, frozen_features(model, images, preprocess=preprocess))
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "of another key"])
def test_a_damaged_file_is_computed_again(tmp_path, damage):
    model = frozen()
    expected = frozen_features(model, IMAGES, cache=tmp_path)
    (path,) = tmp_path.iterdir()
    content = bytearray(path.read_bytes())
    if damage == "flipped":
        content[len(content) // 2] ^= 255
        path.write_bytes(content)
    elif damage == "of another key":
        np.savez(path, key=np.array("0"), features=expected + 1)
    else:
        path.write_bytes(content[: len(content) // 2 if damage == "cut" else 0])
    for _ in range(2):
        np.testing.assert_array_equal(frozen_features(model, IMAGES, cache=tmp_path), expected)
    assert list(tmp_path.iterdir()) == [path]


def test_a_key_that_leaves_out_the_weights_is_noticed(tmp_path, monkeypatch):
    """Planted fault: features of another base are read."""
    monkeypatch.setattr(transfer, "_digest", lambda base, images, first: "same for all")
    frozen_features(frozen(0), IMAGES, cache=tmp_path)
    found = frozen_features(frozen(1), IMAGES, cache=tmp_path)
    assert np.abs(found - frozen_features(frozen(1), IMAGES)).max() > 0.1


@pytest.mark.parametrize("last", [1, 2, 3, 4, 7])
def test_the_parts_are_the_base(last):
    model = base()
    expected = model.predict(IMAGES, verbose=0)
    first, tail = split_at(model, last)
    assert not first.trainable_variables
    assert [layer.name for layer in tail.layers[1:]] == [layer.name for layer in model.layers[-last:]]
    np.testing.assert_allclose(tail.predict(frozen_features(first, IMAGES), verbose=0), expected, rtol=1e-5, atol=1e-4)


def test_cuts_through_two_tensors_are_refused():
    with pytest.raises(ValueError, match=r"2 do at last=6. Cuts of base: \[1, 2, 3, 4, 7\]"):
        split_at(base(), 6)
    with pytest.raises(ValueError, match="last must lie between 1 and 7"):
        split_at(base(), 8)


def test_feature_extraction_on_kept_features_equals_training_the_whole_model():
    keras.utils.set_random_seed(1)
    whole = feature_extractor(base(), units=8)
    quick = classifier(keras.Input(whole.layers[0].output_shape[1:]), units=8)
    quick.set_weights(whole.get_weights()[-4:])
    before = whole.layers[0].get_weights()
    train(whole, scaled(IMAGES))
    train(quick, frozen_features(frozen(), IMAGES, preprocess=scaled))
    for one, other in zip(whole.get_weights()[-4:], quick.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    for one, other in zip(before, whole.layers[0].get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def fine_tuned_both_ways(last=4):
    """Weights of a base and its head, trained whole and trained on the frozen part's kept activations."""
    whole = fine_tuner(base(), last=last, units=8, learning_rate=1e-3)
    model = base()
    first, tail = split_at(model, last)
    quick = classifier(tail, units=8, optimizer=keras.optimizers.RMSprop(1e-3))
    for one, other in zip(quick.layers[1:], whole.layers[1:], strict=True):
        one.set_weights(other.get_weights())
    train(whole, scaled(IMAGES))
    train(quick, frozen_features(first, IMAGES, preprocess=scaled))
    pairs = [*zip(whole.layers[0].get_weights(), model.get_weights(), strict=True)]
    return [*pairs, *zip(whole.layers[-1].get_weights(), quick.layers[-1].get_weights(), strict=True)]


def test_fine_tuning_on_kept_activations_equals_training_the_whole_model():
    for one, other in fine_tuned_both_ways():
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


def test_a_base_that_is_left_unfrozen_is_noticed(monkeypatch):
    """Planted fault: all layers train in the whole model."""
    freeze = freeze_all_but
    calls = []

    def forgets_once(base, last):
        calls.append(last)
        freeze(base, len(base.layers) if len(calls) == 1 else last)

    monkeypatch.setattr(transfer, "freeze_all_but", forgets_once)
    assert max(np.abs(one - other).max() for one, other in fine_tuned_both_ways()) > 1e-2


def test_the_documents_models():
    model = base()
    extractor = feature_extractor(model)
    assert [type(layer).__name__ for layer in extractor.layers] == ["Functional", "Flatten", "Dense", "Dense"]
    assert len(extractor.trainable_variables) == 4 and isinstance(extractor.optimizer, keras.optimizers.Adam)
    tuner = fine_tuner(model)
    assert len(tuner.trainable_variables) == 8  # kernel and bias of `third`, gamma and beta of `last_norm`, two Dense
    assert isinstance(tuner.optimizer, keras.optimizers.RMSprop)
    assert float(tuner.optimizer.learning_rate) == pytest.approx(1e-5)
