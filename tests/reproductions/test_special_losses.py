"""Verdicts of the special losses' record; its measures; labels that do not fit change the loss history."""

import numpy as np
from judged import verdicts_of

from reproductions import special_losses as module


def test_verdicts():
    assert verdicts_of("special_losses") == {
        "loss-cce-multiclass-000": "reproduced",
        "loss-scce-no-onehot": "reproduced",
        "loss-focal-detection": "not reproduced",
        "loss-triplet-similarity": "not reproduced",
    }


def test_one_in_a_hundred_is_positive():
    config = module.VARIANTS["rare_focal"]
    data, rows = module.load_data(config), module.rows_of(config, 5)
    assert data.y_train[rows].mean() == data.y_test.mean() == np.float32(0.01)
    assert len(set(rows)) == config.points


def test_distances_of_a_perfect_embedding():
    labels = np.array([0, 0, 1, 1])
    found = module.embedded(labels, np.array([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [-1.0, 0.0]]))
    assert found["same_class_distance"] == 0
    assert found["neighbour_accuracy"] == 1


def test_shifted_integer_labels_are_noticed(monkeypatch):
    original = module.load_data

    def shifted(config):
        data = original(config)
        return data if config.loss == "categorical" else module.replace(data, y_train=(data.y_train + 1) % 3)

    monkeypatch.setattr(module, "load_data", shifted)
    assert not module.examine()["same_loss_history"]
