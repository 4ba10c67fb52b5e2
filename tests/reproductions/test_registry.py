"""Names, coverage and the claims that wait."""

import csv
import importlib
import os
from pathlib import Path

import pytest

from reproductions import registry
from reproductions.claims import Equals, Sampled
from reproductions.figures import Picture
from reproductions.runner import override, variants_of


def test_implemented_and_pending_claims_are_the_whole_catalogue():
    with registry.PENDING.open(newline="", encoding="utf-8") as file:
        waiting = [row["id"] for row in csv.DictReader(file)]
    done = [name for name, (_, claim) in registry.claims().items() if claim.document != "own"]
    assert len(waiting) == len(set(waiting)) and not set(waiting) & set(done)
    assert len(waiting) + len(done) == 518


def test_the_catalogue_beside_the_checkout_agrees():
    beside = Path(os.environ.get("REPRODUCTIONS_DATA", "nowhere")).parent / "claims.csv"
    if not beside.exists():
        pytest.skip("claims.csv is not beside the data mirror")
    with beside.open(newline="", encoding="utf-8") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    known = {row["id"] for row in registry.pending()} | {
        name for name, (_, claim) in registry.claims().items() if claim.document != "own"
    }
    assert known == set(rows)
    for name, (_, claim) in registry.claims().items():
        if name in rows:
            row = rows[name]
            assert (claim.document, claim.section, claim.kind, str(claim.priority)) == (
                row["document"], row["section"], row["kind"], row["priority"],
            ), name  # fmt: skip


def test_names_lead_to_reproductions():
    assert registry.reproductions_of(["mnist-ann-accuracy", "churn"]) == {
        "churn": [],
        "mnist_ann": ["mnist-ann-accuracy"],
    }
    with pytest.raises(registry.UnknownName, match="no claim or reproduction 'chrun'; did you mean churn"):
        registry.reproductions_of(["chrun"])
    with pytest.raises(registry.UnknownName, match="is not implemented yet"):
        registry.reproductions_of([registry.pending()[0]["id"]])


def enough_seeds(module, seeds):
    """Twenty, or five where twenty would take longer than a minute on two cores."""
    return seeds >= 20 or (seeds >= 5 and module.EXPECTED_SECONDS * 20 / module.SEEDS > 60)


@pytest.mark.parametrize("name", registry.REPRODUCTIONS)
def test_reproductions_share_one_skeleton(name):
    module = importlib.import_module(f"reproductions.{name}")
    for part in ("TITLE", "SUMMARY", "DATASETS", "IN_DEFAULT_SET", "EXPECTED_SECONDS", "CLAIMS", "FIGURES"):
        assert hasattr(module, part), part
    assert module.CLAIMS
    for claim in module.CLAIMS:
        assert claim.checks and claim.setup and claim.statement.endswith(".")
    if variants_of(module):
        for part in ("SEEDS", "Config", "GOLDEN"):
            assert hasattr(module, part), part
        for part in ("load_data", "build_model", "train", "measure", "trace"):
            assert callable(getattr(module, part))
        assert enough_seeds(module, module.SEEDS) and module.GOLDEN in module.VARIANTS
        for figure in module.FIGURES:
            assert set(figure.variants) <= set(module.VARIANTS)
        for size in getattr(module, "SIZES", {}):
            assert override(module, {}, size) != module.VARIANTS, "a size changes settings that exist"
    else:  # worked examples and experiments that train no variant: facts alone
        assert callable(getattr(module, "examine_data" if module.DATASETS else "examine"))
        for part in ("SEEDS", "Config", "GOLDEN", "train", "measure"):
            assert not hasattr(module, part), part
        for claim in module.CLAIMS:
            assert all(isinstance(check, Equals | Sampled) for check in claim.checks)
            assert not claim.data or module.DATASETS
        assert all(isinstance(figure, Picture) for figure in module.FIGURES)
