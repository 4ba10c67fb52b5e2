"""The Transformer: parallel training equals stepwise inference, padding and the future are invisible, saved and counted."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

import layers
from recipes.decoding import beam_search, greedy
from recipes.losses.label_smoothing import SmoothedCrossentropy
from recipes.models.outline import outline
from recipes.models.transformer import Transformer
from recipes.schedules import NoamSchedule

SMALL = {"num_layers": 2, "d_model": 8, "num_heads": 2, "intermediate_dim": 12}
SOURCE = np.int32([[4, 5, 6, 7, 3], [8, 9, 3, 0, 0]])
TARGET = np.int32([[2, 6, 5, 4, 7, 8], [2, 9, 8, 4, 4, 4]])


def small(seed=0, **arguments):
    keras.utils.set_random_seed(seed)
    model = Transformer(11, 10, **{**SMALL, **arguments})
    rng = np.random.default_rng(seed)
    model.set_weights([w + rng.normal(scale=0.2, size=w.shape) for w in model.get_weights()])
    return model


@pytest.mark.parametrize("arguments", [{}, {"norm_first": True}, {"tied_output": False}])
def test_parallel_training_equals_steps_with_a_cache(arguments):
    model = small(**arguments)
    logits = ops.convert_to_numpy(model((SOURCE, TARGET)))
    state = model.start(SOURCE, 9)
    for t in range(TARGET.shape[1]):
        stepped, state = model.step(TARGET[:, t], t, state)
        np.testing.assert_allclose(stepped, logits[:, t], atol=1e-5)


def test_padding_and_the_future_change_nothing():
    model = small()
    logits = ops.convert_to_numpy(model((SOURCE, TARGET)))
    longer = np.pad(SOURCE, ((0, 0), (0, 4))), np.pad(TARGET, ((0, 0), (0, 3)))
    np.testing.assert_allclose(model(longer)[:, : TARGET.shape[1]], logits, atol=1e-5)
    np.testing.assert_allclose(model((SOURCE[1:, :3], TARGET[1:])), logits[1:], atol=1e-5)
    changed = TARGET.copy()
    changed[:, 4:] = 1
    np.testing.assert_allclose(model((SOURCE, changed))[:, :4], logits[:, :4], atol=1e-6)
    assert np.abs(ops.convert_to_numpy(model((SOURCE, changed)))[:, 4:] - logits[:, 4:]).max() > 0.01


def test_a_block_without_its_causal_mask_is_noticed(monkeypatch):
    """Planted fault: the decoder sees the tokens that it is to predict."""
    call = layers.TransformerDecoderBlock.call
    monkeypatch.setattr(
        layers.TransformerDecoderBlock, "call", lambda *given, **named: call(*given, use_causal_mask=False, **named)
    )
    with pytest.raises(AssertionError):
        test_padding_and_the_future_change_nothing()
    with pytest.raises(AssertionError):
        test_parallel_training_equals_steps_with_a_cache({})


def test_the_encoder_runs_once_and_the_decoder_once_a_token():
    model, calls = small(3), {"encoder": tf.Variable(0), "decoder": tf.Variable(0)}

    def counted(name, function):
        def call(*given, **named):
            calls[name].assign_add(1)
            return function(*given, **named)

        return call

    model.encoder[0].attention.attend = None  # the encoder never works step by step
    model.encode = counted("encoder", model.encode)
    step = counted("decoder", model.step)
    written = greedy(step, model.start(SOURCE, 12), [2, 2], 3, 12)
    longest = max(np.argmax(row == 3) + 1 if (row == 3).any() else 12 for row in written)
    assert calls["encoder"].numpy() == 1
    assert calls["decoder"].numpy() == longest


def test_greedy_writes_what_the_whole_model_would_and_equals_one_beam():
    model = small(4)
    written = greedy(model.step, model.start(SOURCE, 8), [2, 2], 3, 8)
    np.testing.assert_array_equal(written, beam_search(model.step, model.start(SOURCE, 8), [2, 2], 3, 8, beams=1))
    logits = ops.convert_to_numpy(model((SOURCE, np.pad(written, ((0, 0), (1, 0)), constant_values=2)[:, :-1])))
    real = np.cumsum(np.cumsum(written == 3, axis=1), axis=1) < 2  # up to and with the end token
    np.testing.assert_array_equal(written[real], logits.argmax(axis=-1)[real])
    assert (written[~real] == 0).all()
    several = beam_search(model.step, model.start(SOURCE, 8), [2, 2], 3, 8, beams=4)
    assert several.shape == (2, 8)


def test_the_paper_s_base_model_has_63_million_weights():
    model = outline(lambda: Transformer(37_000))
    assert model.count_params() == 37_000 * 512 + 6 * 3_152_384 + 6 * 4_204_032 == 63_082_496
    separate = outline(lambda: Transformer(37_000, 20_000, tied_output=False))
    assert separate.count_params() == 63_082_496 + 2 * 20_000 * 512


def test_one_vocabulary_has_one_embedding():
    model = Transformer(11, **SMALL)
    assert model.source_embedding is model.target_embedding
    assert sum("embedding" in weight.path for weight in model.weights) == 1
    scaled = model.positions(model.source_embedding(SOURCE[:, :2]))
    table = ops.convert_to_numpy(model.source_embedding.embeddings)
    angle = np.arange(2)[:, None] / 10000 ** (np.arange(4) / 4)
    waves = np.stack([np.sin(angle), np.cos(angle)], axis=-1).reshape(2, 8)
    np.testing.assert_allclose(scaled, table[SOURCE[:, :2]] * np.sqrt(8) + waves, atol=1e-5)


def test_weights_of_cross_attention():
    model = small()
    found = model.attention_weights(SOURCE, TARGET)
    assert [[one.shape for one in pair] for pair in found] == [[(2, 2, 6, 6), (2, 2, 6, 5)]] * 2
    np.testing.assert_allclose(found[1][1].sum(axis=-1), 1, atol=1e-5)
    assert (found[0][1][1, ..., 3:] == 0).all()


def test_saved_and_loaded(tmp_path):
    model = small(norm_first=True, dropout=0.2)
    model.compile("adam", SmoothedCrossentropy(0.1))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again((SOURCE, TARGET)), model((SOURCE, TARGET)), atol=1e-6)
    assert again.get_config() == model.get_config()
    assert isinstance(again.loss, SmoothedCrossentropy) and again.loss.get_config() == model.loss.get_config()


def test_half_precision():
    model = small(dtype="mixed_bfloat16")
    logits, (stepped, _) = model((SOURCE, TARGET)), model.step(TARGET[:, 0], 0, model.start(SOURCE, 4))
    assert logits.dtype == stepped.dtype == "float32"
    np.testing.assert_allclose(stepped, logits[:, 0], atol=0.1)


def test_it_trains():
    keras.utils.set_random_seed(0)
    model = Transformer(11, 11, dropout=0.0, **SMALL)
    model.compile(keras.optimizers.Adam(0.02), SmoothedCrossentropy(0.0), jit_compile=False)
    shifted = np.concatenate([TARGET[:, 1:], [[3], [3]]], axis=1)
    losses = model.fit((SOURCE, TARGET), shifted, epochs=20, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 2


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.7])
def test_smoothed_loss_is_the_one_hot_one_without_padding(smoothing):
    logits = np.random.default_rng(0).normal(size=(2, 6, 10)).astype("float32")
    target = np.int32([[4, 5, 9, 1, 3, 0], [7, 3, 0, 0, 0, 0]])
    peer = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)
    real = target != 0
    expected = peer(np.eye(10)[target[real]], logits[real])
    found = SmoothedCrossentropy(smoothing)(target, logits)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    everything = SmoothedCrossentropy(smoothing, ignore_class=None)(target, logits)
    np.testing.assert_allclose(everything, peer(np.eye(10)[target], logits), rtol=1e-5)


def test_the_paper_s_schedule():
    schedule = NoamSchedule(512, 4000)
    steps = np.array([1, 100, 4000, 4001, 100_000])
    expected = 512**-0.5 * np.minimum(steps**-0.5, steps * 4000**-1.5)
    np.testing.assert_allclose([schedule(step - 1) for step in steps], expected, rtol=1e-5)
    assert float(schedule(3999)) == pytest.approx(6.99e-4, rel=1e-3)


@pytest.mark.parametrize("change", [{"num_layers": 0}, {"d_model": 2.5}, {"source_vocabulary": True}])
def test_bad_arguments(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        Transformer(**{"source_vocabulary": 9, **SMALL, **change})


def test_smoothing_is_a_share():
    with pytest.raises(ValueError, match="label_smoothing"):
        SmoothedCrossentropy(1.5)
