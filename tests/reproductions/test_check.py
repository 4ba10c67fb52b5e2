"""Regression gates: a clean program passes, planted faults are caught, and it is shown by what.

`reproduce check` is what a maintainer trusts after an upgrade, so the faults here are those that really happen: a label
that leaks into the features, test data that were not scaled, another activation, a tenfold learning rate, no shuffling.
"""

import types
from dataclasses import replace

import numpy as np
import pytest

from recipes.datasets import load_arrays
from reproductions import churn, digits_ann, environment, ledger
from reproductions.check import check_reproduction, metric_gates
from reproductions.claims import Better, Claim, Sampled
from reproductions.runner import run


def faulty(module, **changes):
    """The module with some names replaced, as if its source had been changed."""
    return types.SimpleNamespace(**{**vars(module), **changes})


def with_settings(module, **settings):
    return faulty(module, VARIANTS={name: replace(config, **settings) for name, config in module.VARIANTS.items()})


def leaking_digits():
    """Each image carries its label in its top left pixel, training and test alike."""

    def load(config):
        data = digits_ann.load_data(config)

        def leak(images, labels):
            images = images.copy()
            images[:, 0, :] = np.eye(10, 8, dtype="float32")[labels] * 2
            images[:, 7, :2] = np.eye(10, dtype="float32")[labels][:, 8:] * 2
            return images

        return replace(data, x_train=leak(data.x_train, data.y_train), x_test=leak(data.x_test, data.y_test))

    return faulty(digits_ann, load_data=load)


def unscaled_test_digits():
    """The training images are divided by 16, the test images are not."""

    def load(config):
        data = digits_ann.load_data(config)
        return replace(data, x_test=data.x_test * 16)

    return faulty(digits_ann, load_data=load)


DIGITS_FAULTS = {
    "label leak": (leaking_digits, {"metrics", "golden"}),
    # Relu and linear layers pass a common factor of all pixels on to the logits, whose order stays: the accuracy is the
    # same, and only the test loss gives it away.
    "unscaled test data": (unscaled_test_digits, {"metrics"}),
    "wrong activation": (lambda: with_settings(digits_ann, activation="sigmoid"), {"metrics", "golden"}),
    "learning rate x 10": (lambda: with_settings(digits_ann, learning_rate=0.01), {"metrics", "golden"}),
    # Ten epochs reach the same accuracy without shuffling: only the trace shows that something changed.
    "no shuffling": (lambda: with_settings(digits_ann, shuffle=False), {"golden"}),
}


def caught_by(report):
    return {"golden" if gate.name.startswith("golden") else "metrics" for gate in report.failures}


def test_a_clean_program_passes_every_gate():
    record = ledger.read(ledger.default_results(), "digits_ann")
    report = check_reproduction(digits_ann, record)
    assert not report.failures, report.failures
    assert len(report.gates) == len(metric_gates(digits_ann, record)) + 1 + 3


@pytest.mark.parametrize("fault", DIGITS_FAULTS)
def test_planted_faults_on_the_embedded_digits(fault, record_property, capsys):
    make, expected = DIGITS_FAULTS[fault]
    record = ledger.read(ledger.default_results(), "digits_ann")
    report = check_reproduction(make(), record, with_facts=False)
    with capsys.disabled():
        print(f"\n  digits, {fault}: " + ("; ".join(f"{g.name} {g.note}" for g in report.failures) or "not caught"))
    assert caught_by(report) == expected


def leaking_churn():
    """`Exited` stays among the features, in place of the salary."""

    def load(config):
        data = churn.load_data(config)
        x_train, x_test = data.x_train.copy(), data.x_test.copy()
        x_train[:, 7], x_test[:, 7] = data.y_train, data.y_test
        return replace(data, x_train=x_train, x_test=x_test)

    return faulty(churn, load_data=load)


def unscaled_test_churn():
    """The scaler is applied to the training rows only."""

    def load(config):
        raw = churn.load_data(replace(config, scale=False))
        return replace(churn.load_data(config), x_test=raw.x_test)

    return faulty(churn, load_data=load)


CHURN_FAULTS = {
    "label leak": (leaking_churn, {"metrics", "golden"}),
    "unscaled test data": (unscaled_test_churn, {"metrics"}),
    "wrong activation": (lambda: with_settings(churn, activation="linear"), {"metrics", "golden"}),
    "learning rate x 10": (lambda: with_settings(churn, learning_rate=0.01), {"golden"}),
    "no shuffling": (lambda: with_settings(churn, shuffle=False), {"golden"}),
}


@pytest.mark.data
@pytest.mark.parametrize("fault", CHURN_FAULTS)
def test_planted_faults_on_churn(fault, dataset_file, capsys):
    dataset_file("churn_modelling")
    make, expected = CHURN_FAULTS[fault]
    module = make()
    # Three claims are enough here: baseline against the majority class, relu against sigmoid, one layer against two.
    kept = ("churn-threshold-accuracy", "churn-relu-beats-sigmoid", "churn-second-layer")
    module.CLAIMS = tuple(claim for claim in churn.CLAIMS if claim.id in kept)
    report = check_reproduction(module, ledger.read(ledger.default_results(), "churn"), with_facts=False)
    with capsys.disabled():
        print(f"\n  churn, {fault}: " + ("; ".join(f"{g.name} {g.note}" for g in report.failures) or "not caught"))
    assert caught_by(report) >= expected


def test_gates_are_two_sided_and_name_what_changed(fake, tmp_path):
    record = run(fake, tmp_path).record
    assert not check_reproduction(fake, record).failures
    for level, note in ((0.95, "too high"), (0.85, "too low"), (float("nan"), "a run diverged")):
        variants = {"a": fake.Config(level=level), "b": fake.Config(level=0.8)}
        broken = faulty(fake, VARIANTS=variants, trace=lambda *_: record["golden"]["losses"])
        assert [(gate.name, gate.note) for gate in check_reproduction(broken, record).failures] == [("a score", note)]
    wrong_fact = faulty(fake, examine=lambda: {"sum": 5})
    assert [gate.name for gate in check_reproduction(wrong_fact, record).failures] == ["fact sum"]


def test_constant_metrics_must_stay(fake, tmp_path):
    measure = fake.measure

    def constant(config, data, seeds):
        measured = measure(config, data, seeds)
        measured.metrics["score"] = [config.level] * len(seeds)
        return measured

    steady = faulty(fake, measure=constant, __name__="reproductions.fake", __file__=fake.__file__)
    record = run(steady, tmp_path).record
    assert not check_reproduction(steady, record).failures
    variants = {"a": fake.Config(level=0.9001), "b": fake.Config(level=0.8)}
    moved = faulty(steady, VARIANTS=variants, trace=lambda *_: record["golden"]["losses"])
    assert [gate.name for gate in check_reproduction(moved, record).failures] == ["a score"]


def test_a_rare_run_that_dies_is_no_regression_and_a_shift_is(fake, tmp_path):
    record, measure = run(fake, tmp_path).record, fake.measure

    def with_loss(lost):
        def measured(config, data, seeds):
            found = measure(config, data, seeds)
            found.metrics["score"] = [0.2 if lost(s) else v for s, v in zip(seeds, found.metrics["score"], strict=True)]
            return found

        return check_reproduction(faulty(fake, measure=measured), record)

    report = with_loss(lambda seed: seed == 10_001)
    assert not report.failures
    assert [gate.note for gate in report.gates if gate.name == "a score"] == ["other new seeds were outside"]
    assert [gate.name for gate in with_loss(lambda seed: seed % 3 == 0).failures] == ["a score", "b score"]


def test_times_and_samples_are_not_gated(fake, tmp_path):
    measure = fake.measure

    def timed(config, data, seeds):
        measured = measure(config, data, seeds)
        measured.metrics["epoch_seconds"] = [config.level + seed for seed in seeds]
        return measured

    claims = (
        Claim("fake-fast", "003", "Video 0", "a is fast.", "comparison", "", "s", (Better("epoch_seconds", "a", "b"),)),
        Claim("fake-ratio", "003", "Video 0", "Ratio.", "comparison", "", "s", (Sampled("ratio", low=0.0),)),
    )
    names = {"measure": timed, "CLAIMS": claims, "examine": lambda: {"ratio": [1.0, 2.0]}}
    slow = faulty(fake, __name__="reproductions.fake", __file__=fake.__file__, **names)
    record = run(slow, tmp_path).record
    slower = faulty(slow, examine=lambda: {"ratio": [5.0, 6.0]})
    assert [gate.name for gate in check_reproduction(slower, record).gates] == ["golden trace a"]


def test_golden_trace_is_exact_here_and_tolerant_elsewhere(fake, tmp_path):
    record = run(fake, tmp_path).record
    losses = record["golden"]["losses"]
    nudged = faulty(fake, trace=lambda *_: [loss * (1 + 1e-6) for loss in losses])
    assert [gate.note for gate in check_reproduction(nudged, record).failures] == ["the mathematics has changed"]
    record["golden"]["platform"] = environment.platform_key() | {"cpu": "another one"}
    gate = next(gate for gate in check_reproduction(nudged, record).gates if gate.name.startswith("golden"))
    assert gate.passed and "other cpu" in gate.allowed
    shorter = faulty(fake, trace=lambda *_: losses[:-1])
    assert not next(g for g in check_reproduction(shorter, record).gates if g.name.startswith("golden")).passed


def test_missing_data_are_reported_not_failed(fake, tmp_path, monkeypatch):
    record = run(fake, tmp_path).record
    monkeypatch.setattr(fake, "DATASETS", ("graduate_admissions",))
    monkeypatch.delenv("REPRODUCTIONS_DATA", raising=False)
    monkeypatch.setenv("REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    report = check_reproduction(fake, record)
    assert not report.gates and "kaggle" in report.unavailable


def test_digits_are_really_the_embedded_ones():
    assert load_arrays("digits")[0].shape == (1797, 8, 8)
