"""Verdicts of the robust losses' record; a wrong Huber loss is noticed."""

from judged import verdicts_of
from keras import ops

from recipes import losses
from reproductions import robust_losses as module
from reproductions.ledger import finite


def test_verdicts():
    assert verdicts_of("robust_losses") == {
        "loss-mse-not-robust": "reproduced",
        "loss-huber-behaves-mse-mae": "reproduced",
    }


def test_each_seed_has_as_many_outliers_as_said():
    spoilt, clean = (module.rows_of(module.VARIANTS[name], 4) for name in ("mse_outliers", "mse_clean"))
    assert (spoilt >= module.POOL).sum() == module.OUTLIERS
    assert (clean >= module.POOL).sum() == 0
    assert len(spoilt) == len(clean) == module.POINTS


def test_a_huber_loss_without_its_half_is_noticed(monkeypatch):
    def doubled(self, y_true, y_pred):
        error = ops.abs(y_true - y_pred)
        return ops.mean(ops.where(error <= 1, error**2, 2 * error - 1), axis=-1)

    monkeypatch.setattr(losses.Huber, "call", doubled)
    assert "against" in finite(module.examine())["huber_over_squared_error"]
