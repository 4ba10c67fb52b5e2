"""ULMFiT's parts: pooling, rates by layer and by step, weights that move from the language model to the classifier."""

import keras
import numpy as np
import pytest

from recipes.language_model import ConcatPooling, DiscriminativeAdam, SlantedTriangular, language_model, text_classifier

TOKENS = (
    np.random.default_rng(0).permutation(42).reshape(6, 7)
)  # none twice: Keras squares the parts of a sum one by one
LABELS = np.array([0, 1, 1, 0, 1, 0], "float32")


def classifier(optimizer=None, weights=None):
    keras.utils.set_random_seed(0)
    model = text_classifier(50, 7, width=4, units=5, dropout=(0.0, 0.0), weights=weights)
    if optimizer is not None:
        model.compile(optimizer, "binary_crossentropy")
    return model


def steps_of(optimizer, count):
    """Weights by layer before and after every step."""
    model = classifier(optimizer)
    names = ("embedding", "lstm", "hidden", "output")
    seen = [{name: model.get_layer(name).get_weights() for name in names}]
    for _ in range(count):
        model.train_on_batch(TOKENS, LABELS)
        seen.append({name: model.get_layer(name).get_weights() for name in names})
    return seen


def moved(before, after):
    return max(float(np.abs(one - other).max()) for one, other in zip(before, after, strict=True))


def test_the_rate_rises_fast_and_falls_slowly():
    schedule = SlantedTriangular(0.01, 200, cut=0.1, ratio=32)

    def printed(t):  # Howard and Ruder 2018, equation 3
        cut = int(200 * 0.1)
        p = t / cut if t < cut else 1 - (t - cut) / (cut * (1 / 0.1 - 1))
        return 0.01 * (1 + p * (32 - 1)) / 32

    np.testing.assert_allclose([float(schedule(t)) for t in range(200)], [printed(t) for t in range(200)], rtol=1e-5)
    assert float(schedule(20)) == pytest.approx(0.01)
    assert float(schedule(500)) == pytest.approx(0.01 / 32)
    again = SlantedTriangular.from_config(schedule.get_config())
    assert float(again(37)) == float(schedule(37))
    with pytest.raises(ValueError, match="at least one step"):
        SlantedTriangular(0.01, 5)


def test_with_equal_rates_it_is_adam():
    ours = steps_of(DiscriminativeAdam(0.01, factor=1.0, beta_1=0.7, beta_2=0.99), 5)[-1]
    theirs = steps_of(keras.optimizers.Adam(0.01, beta_1=0.7, beta_2=0.99), 5)[-1]
    for name, weights in ours.items():
        assert moved(weights, theirs[name]) < 1e-6


def test_rates_fall_from_layer_to_layer():
    """Adam's first step moves every weight with a gradient by the rate, so the rates can be read off."""
    before, after = steps_of(DiscriminativeAdam(0.01, factor=2.6), 1)
    found = {name: moved(before[name], after[name]) for name in before}
    expected = {"output": 0.01, "hidden": 0.01, "lstm": 0.01 / 2.6, "embedding": 0.01 / 2.6**2}
    for name, rate in expected.items():
        assert found[name] == pytest.approx(rate, rel=0.02), name


def test_layers_join_one_after_the_other():
    seen = steps_of(DiscriminativeAdam(0.01, unfreeze_every=2), 6)
    frozen = {
        name: [moved(seen[k][name], seen[k + 1][name]) == 0 for k in range(6)]
        for name in ("output", "lstm", "embedding")
    }
    assert frozen == {
        "output": [False] * 6,
        "lstm": [True] * 2 + [False] * 4,
        "embedding": [True] * 4 + [False] * 2,
    }


def test_the_optimizer_comes_back_from_its_configuration():
    optimizer = DiscriminativeAdam(SlantedTriangular(0.01, 50), factor=2.0, unfreeze_every=3)
    again = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert isinstance(again, DiscriminativeAdam)
    assert (again.factor, again.unfreeze_every, again.depths) == (2.0, 3, optimizer.depths)


def test_pooling_is_last_largest_and_mean():
    h = np.random.default_rng(1).standard_normal((2, 5, 3)).astype("float32")
    expected = np.concatenate([h[:, -1], h.max(axis=1), h.mean(axis=1)], axis=1)
    np.testing.assert_allclose(np.asarray(ConcatPooling()(h)), expected, rtol=1e-6)


def test_the_classifier_reads_as_the_language_model_does():
    model = language_model(50, width=4)
    keras.utils.set_random_seed(3)
    weights = [np.random.default_rng(2).standard_normal(w.shape) for w in model.get_weights()]
    model.set_weights(weights)
    of_model = keras.Model(model.input, model.get_layer("lstm").output)
    heir = classifier(weights=model.get_weights())
    of_heir = keras.Model(heir.inputs[0], heir.get_layer("lstm").output)
    np.testing.assert_allclose(np.asarray(of_model(TOKENS)), np.asarray(of_heir(TOKENS)), rtol=1e-5)
    embedding = model.get_layer("embedding").get_weights()[0]
    np.testing.assert_allclose(
        np.asarray(model(TOKENS)), np.asarray(of_model(TOKENS)) @ embedding.T, rtol=1e-4, atol=1e-5
    )


def test_models_come_back_from_a_file(tmp_path):
    for model in (language_model(50, width=4), classifier()):
        model.save(tmp_path / "model.keras")
        again = keras.models.load_model(tmp_path / "model.keras")
        np.testing.assert_array_equal(np.asarray(model(TOKENS)), np.asarray(again(TOKENS)))
