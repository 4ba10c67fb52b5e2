"""What the worked examples rest on: differences, gradients, the comparison of both libraries, and pictures of facts."""

import numpy as np
import pytest

from reproductions import figures, ledger
from reproductions.worked import both, both_facts, difference, draw, gradient


def test_difference_refuses_to_broadcast():
    assert difference(np.ones((2, 3)), np.full((2, 3), 1.5)) == 0.5
    with pytest.raises(ValueError, match=r"one shape\. Received: \(2, 3\) and \(3,\)"):
        difference(np.ones((2, 3)), np.ones(3))


def test_gradient_of_inputs_and_variables():
    import keras

    variable = keras.Variable(np.array([2.0, 3.0]), dtype="float64")
    of_input, of_variable, of_unused = gradient(
        lambda x, _: x * variable, np.array([5.0, 7.0]), variable, np.zeros(2), upstream=np.array([1.0, 10.0])
    )
    assert of_input.tolist() == [2.0, 30.0] and of_variable.tolist() == [5.0, 70.0] and of_unused.tolist() == [0.0, 0.0]


def test_draws_repeat_and_differ_by_seed():
    assert (draw(3, 2) == draw(3, 2)).all() and (draw(3, 2) != draw(3, 2, seed=1)).all()


def test_both_gives_the_measurement_where_the_libraries_agree():
    import layers

    assert both(lambda library: [None, 3]) == [None, 3]
    assert both(lambda library: "runs") == "runs"
    assert both(lambda library: 1.0 if library is layers else 1.1) == "layers: 1.0; keras.layers: 1.1"
    assert both_facts(lambda library: {"same": 2, "other": int(library is layers)}) == {
        "same": 2,
        "other": "layers: 1; keras.layers: 0",
    }
    assert both(lambda library: [1, 2] if library is layers else [1]) == "layers: [1, 2]; keras.layers: [1]"
    assert both(lambda library: "a" if library is layers else "b") == "layers: a; keras.layers: b"


def test_pictures_are_drawn_from_facts_and_only_when_they_change(tmp_path):
    painted = []

    def paint(facts):
        import matplotlib.pyplot as plt

        painted.append(facts)
        drawn, axis = plt.subplots(figsize=(2, 1))
        axis.plot(facts["line"])
        return drawn

    picture = figures.Picture("name", "Title", "caption", ("line",), paint)
    record = {"variants": {}, "facts": {"line": [1, 2], "other": 3}}
    path = tmp_path / "name.png"
    for _ in range(2):
        digest = ledger.digest(record, figures.Picture("name", "Title", "caption", ("line",), print))
        assert digest == ledger.digest(record, picture)
        assert figures.draw(picture, record, digest, path)
    assert painted == [{"line": [1, 2]}] and path.read_bytes().startswith(b"\x89PNG")
    record["facts"]["line"] = [1, 3]
    assert figures.draw(picture, record, ledger.digest(record, picture), path) and len(painted) == 2
    assert figures.draw(picture, record | {"facts": {}}, "x", tmp_path / "none.png") is False
    assert not (tmp_path / "none.png").exists()
