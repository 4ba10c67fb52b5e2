"""Verdicts of the committed records, judged again from their measurements."""

from reproductions import ledger, registry
from reproductions.runner import joined
from reproductions.verdicts import judge_claim


def verdicts_of(name: str) -> dict[str, str]:
    """Claim ids with the verdict that the record's own numbers give; a stored verdict that says otherwise is an error."""
    module, record = registry.load(name), ledger.read(ledger.default_results(), name)
    assert record is not None, f"results/ has no record of {name}"
    metrics = {variant: joined([values | {"curves": {}}])["metrics"] for variant, values in record["variants"].items()}
    found = {claim.id: judge_claim(claim, record["facts"], metrics)["verdict"] for claim in module.CLAIMS}
    assert found == {claim_id: claim["verdict"] for claim_id, claim in record["claims"].items()}
    return found
