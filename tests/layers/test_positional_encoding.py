import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from layers.positional_encoding import SinusoidalPositionalEncoding
from tests.layers import support


def reference(length, width, start=0):
    """The equation, in float64."""
    encoding = np.zeros((length, width))
    for dimension in range(width):
        angles = (start + np.arange(length)) / 10000 ** (2 * (dimension // 2) / width)
        encoding[:, dimension] = np.cos(angles) if dimension % 2 else np.sin(angles)
    return encoding


def encoding(length, width, start=0, **arguments):
    layer = SinusoidalPositionalEncoding(add=False, **arguments)
    return support.numpy(layer(np.zeros((1, length, width), "float32"), start_index=start)).astype("float64")


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 40), st.integers(1, 17), st.integers(0, 60000))
def test_equation_at_any_length_width_and_start(length, width, start):
    support.close(encoding(length, width, start), reference(length, width, start), 5e-6)


def test_ten_thousand_positions_are_bounded_and_distinct():
    found = encoding(10000, 512)
    support.close(found, reference(10000, 512), 5e-6)
    assert found.min() >= -1 and found.max() <= 1
    assert len(np.unique(found, axis=0)) == 10000
    support.close((found**2).sum(axis=1), np.full(10000, 256.0), 1e-5)
    support.close(found[0], np.tile([0, 1], 256), 1e-7)


@pytest.mark.parametrize("dtype", ["bfloat16", "mixed_bfloat16", "float16"])
def test_positions_stay_distinct_in_half_precision(dtype):
    found = encoding(2048, 64, dtype=dtype)
    assert len(np.unique(found, axis=0)) == 2048
    support.close(found, reference(2048, 64), 2**-8)


@pytest.mark.parametrize("shift", [1, 7, 100])
def test_a_shift_is_one_rotation_for_all_positions(shift):
    width, angles = 16, shift / 10000 ** (np.arange(8) / 8)
    rotation = np.zeros((width, width))
    for pair, angle in enumerate(angles):
        block = [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
        rotation[2 * pair : 2 * pair + 2, 2 * pair : 2 * pair + 2] = block
    found = encoding(300, width)
    support.close(found[:-shift] @ rotation.T, found[shift:], 5e-6)


def test_added_to_a_scaled_input_with_its_mask_and_gradient():
    values = support.random(2, 5, 6)
    layer = SinusoidalPositionalEncoding(scale=True)
    support.close(layer(values), values * np.sqrt(6) + reference(5, 6), 1e-6)
    support.close(support.gradients(layer, values)[0], support.gradients(lambda x: x * 6**0.5, values)[0], 1e-6)
    embedded = keras.layers.Embedding(9, 4, mask_zero=True)(np.array([[1, 2, 0], [3, 0, 0]]))
    pooled = keras.layers.GlobalAveragePooling1D()(SinusoidalPositionalEncoding()(embedded))
    expected = support.numpy(embedded) + reference(3, 4)
    support.close(pooled, np.stack([expected[0, :2].mean(axis=0), expected[1, 0]]), 1e-6)


def test_start_index_continues_a_sequence_also_as_a_tensor():
    values, layer = support.random(2, 6, 5), SinusoidalPositionalEncoding()
    whole = support.numpy(layer(values))
    support.close(layer(values[:, 4:], start_index=4), whole[:, 4:], 1e-6)
    support.close(layer(values[:, 4:], start_index=ops.convert_to_tensor(4)), whole[:, 4:], 1e-6)
    each = layer(values[:, :2] * 0, start_index=ops.convert_to_tensor([3, 9]))
    support.close(each, np.stack([reference(2, 5, 3), reference(2, 5, 9)]), 1e-6)


@pytest.mark.parametrize("arguments", [{}, {"scale": True}, {"add": False}, {"max_wavelength": 100}])
@pytest.mark.parametrize("shape", [(2, 5, 6), (2, 3, 4, 7)])
def test_modes_and_round_trips(arguments, shape):
    if arguments.get("add", True):
        layer = support.check_layer(SinusoidalPositionalEncoding, None, arguments, support.random(*shape))
    else:
        layer = SinusoidalPositionalEncoding(**arguments)
        assert layer(support.random(*shape)).shape == layer.compute_output_shape(shape) == shape[-2:]
    assert not layer.weights
    assert layer.from_config(layer.get_config()).get_config() == layer.get_config()


def test_saved_in_a_model_of_unknown_length(tmp_path):
    symbol = keras.Input((None, 6))
    model = keras.Model(symbol, SinusoidalPositionalEncoding()(symbol))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for length in (1, 9):
        support.close(loaded(np.zeros((1, length, 6), "float32")), reference(length, 6)[None], 1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SinusoidalPositionalEncoding(max_wavelength=1), "max_wavelength=1"),
        (lambda: SinusoidalPositionalEncoding(scale=True, add=False), "scale=True"),
        (lambda: SinusoidalPositionalEncoding()(np.zeros((3, 4))), r"input_shape=\(3, 4\)"),
        (lambda: SinusoidalPositionalEncoding()(np.zeros((1, 3, 4)), start_index=-1), "start_index=-1"),
        (
            lambda: SinusoidalPositionalEncoding()(np.zeros((1, 2, 3, 4)), start_index=np.array([1])),
            "start_index.shape",
        ),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
