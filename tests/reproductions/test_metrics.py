"""Metric regression on the real reproductions: new seeds against the committed reference runs."""

import pytest

from recipes.datasets import DatasetUnavailable, describe, locate
from reproductions import ledger, registry
from reproductions.check import check_reproduction, metric_gates
from reproductions.runner import facts_of

DEFAULT_SET = [name for name in registry.REPRODUCTIONS if registry.load(name).IN_DEFAULT_SET]


@pytest.mark.metrics
@pytest.mark.parametrize("name", DEFAULT_SET)
def test_new_seeds_agree_with_the_ledger(name):
    module = registry.load(name)
    for dataset in module.DATASETS:
        if describe(dataset).file:
            try:
                locate(dataset)
            except DatasetUnavailable as error:
                pytest.skip(str(error))
    records = {one: ledger.read(ledger.default_results(), one) for one in DEFAULT_SET}
    total = sum(len(metric_gates(registry.load(one), records[one])) for one in DEFAULT_SET)
    report = check_reproduction(module, records[name], gates_in_total=total)
    gated = module.GOLDEN if hasattr(module, "GOLDEN") else facts_of(module.CLAIMS)
    assert bool(report.gates) == bool(
        gated
    )  # an experiment of samples alone has nothing that another machine must meet
    assert not report.failures, report.failures
