"""How large the language models of the course's history are: parameters counted from their published settings.

Source: document 003, Video 84. GPT-1, GPT-2, GPT-3 and BERT are built by `recipes.models` without giving their weights
values (GPT-3's would fill 698 GB), and counted a second time by the formula of each part. What cannot be computed, the data
of GPT-3 and the size of GPT-4, is quoted from the reports of those who trained them.

Run: reproduce run language_model_sizes
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

from reproductions.claims import Claim, Equals
from reproductions.figures import COLOURS, Picture

TITLE = "Sizes of GPT and BERT"
SUMMARY = (
    "Parameters of GPT-1, GPT-2, GPT-3, BERT-base and BERT-large, counted from their settings without allocating a weight; what "
    "is published about GPT-3's data and GPT-4's size. Nothing is trained."
)
DATASETS = ()
IN_DEFAULT_SET = True
EXPECTED_SECONDS = 5.0

NAMES = {"gpt1": "GPT-1", "gpt2": "GPT-2", "gpt3": "GPT-3", "bert_base": "BERT-base", "bert_large": "BERT-large"}

GPT3_DATA = {  # billion tokens, share of the training mix in %, passes in training: Brown et al. 2020, table 2.2
    "Common Crawl (filtered)": (410, 60, 0.44),
    "WebText2": (19, 22, 2.9),
    "Books1": (12, 8, 1.9),
    "Books2": (55, 8, 0.43),
    "Wikipedia": (3, 3, 3.4),
}
GPT3_BILLION_TOKENS_READ = 300
"""Brown et al. 2020, table 2.1: every model was trained for 300 billion tokens."""

CRAWLED_TERABYTES, FILTERED_TERABYTES = 45, 0.57
"""Brown et al. 2020, section 2.2: Common Crawl's text, compressed, before filtering; what was left after it."""

SHAKESPEARE_BYTES, SHAKESPEARE_TOKENS = 1_115_394, 301_966 + 36_059
"""Tiny Shakespeare, and its length in GPT-2's tokens, which GPT-3 shares, as nanoGPT's data/shakespeare states it."""


def models() -> dict[str, Any]:
    """The five models with shapes and without values."""
    from recipes.models.bert import BERT, BERT_SIZES
    from recipes.models.gpt import GPT, GPT_SIZES
    from recipes.models.outline import outline

    made = {name: outline(partial(GPT, **settings)) for name, settings in GPT_SIZES.items()}
    return made | {f"bert_{name}": outline(partial(BERT, **settings)) for name, settings in BERT_SIZES.items()}


def parts_of(model: Any) -> dict[str, int]:
    """Parameters of a built model by what they are for."""
    parts = dict.fromkeys(("embeddings", "attention", "feed-forward", "normalisation and pooler"), 0)
    for variable in model.weights:
        path = variable.path
        if "_norm" in path or "pooler" in path:
            part = "normalisation and pooler"
        elif "embedding" in path:
            part = "embeddings"
        else:
            part = "feed-forward" if "feed_forward" in path else "attention"
        parts[part] += math.prod(variable.shape)
    return parts


def by_formula(
    vocabulary: int, context: int, layers: int, d: int, segments: int = 0, extra_norms: int = 0, pooler: bool = False
) -> int:
    """(V + T + S) d + L (4 d^2 + 4 d attention, 8 d^2 + 5 d feed-forward, 4 d norms) + 2 d a further norm + d^2 + d pooler."""
    block = 4 * d * d + 4 * d + 8 * d * d + 5 * d + 4 * d
    return (vocabulary + context + segments) * d + layers * block + 2 * d * extra_norms + pooler * (d * d + d)


def examine() -> dict[str, Any]:
    """Counts in two ways, and the arithmetic of GPT-3's data."""
    built = models()
    counts = {name: model.count_params() for name, model in built.items()}
    formulas = {
        "gpt1": by_formula(40_478, 512, 12, 768),
        "gpt2": by_formula(50_257, 1024, 48, 1600, extra_norms=1),
        "gpt3": by_formula(50_257, 2048, 96, 12_288, extra_norms=1),
        "bert_base": by_formula(30_522, 512, 12, 768, segments=2, extra_norms=1, pooler=True),
        "bert_large": by_formula(30_522, 512, 24, 1024, segments=2, extra_norms=1, pooler=True),
    }
    read = sum(tokens * passes for tokens, _, passes in GPT3_DATA.values())
    bytes_a_token = SHAKESPEARE_BYTES / SHAKESPEARE_TOKENS
    return {
        "parameters": counts,
        "parameters_minus_formula": {name: counts[name] - formulas[name] for name in counts},
        "parts": {name: parts_of(model) for name, model in built.items()},
        "gpt1_millions": round(counts["gpt1"] / 1e6),
        "gpt2_billions": round(counts["gpt2"] / 1e9, 1),
        "gpt3_billions": round(counts["gpt3"] / 1e9),
        "gpt3_gigabytes_in_float32": round(4 * counts["gpt3"] / 1e9),
        "bert_millions": [round(counts[f"bert_{size}"] / 1e6) for size in ("base", "large")],
        "gpt4_parameters": "not published",
        "gpt3_terabytes_crawled": CRAWLED_TERABYTES,
        "gpt3_terabytes_of_crawl_after_filtering": FILTERED_TERABYTES,
        "gpt3_billion_tokens_read_by_table": round(read),
        "gpt3_terabytes_read_at_shakespeares_rate": round(GPT3_BILLION_TOKENS_READ * bytes_a_token / 1000, 1),
        "shakespeare_bytes_a_token": round(bytes_a_token, 1),
        "bytes_a_token_if_45_terabytes": round(CRAWLED_TERABYTES * 1000 / GPT3_BILLION_TOKENS_READ),
    }


def paint_sizes(facts: Mapping[str, Any]) -> Any:
    """Left the counts on a log scale, right what they consist of."""
    import matplotlib.pyplot as plt

    drawn, (left, right) = plt.subplots(1, 2, figsize=(11, 3.9), layout="constrained")
    order = sorted(NAMES, key=lambda name: facts["parameters"][name])
    for place, name in enumerate(order):
        count = facts["parameters"][name]
        left.plot([1e7, count], [place, place], color="0.85", zorder=0)
        left.plot(
            count, place, "o" if name.startswith("gpt") else "s", color=COLOURS[0 if name.startswith("gpt") else 1]
        )
        left.text(count * 1.5, place, f"{count:,}", va="center", fontsize=8)
        start = 0.0
        for colour, (part, size) in zip(COLOURS, facts["parts"][name].items(), strict=False):
            share = 100 * size / count
            right.barh(place, share, left=start, color=colour, label=part if place == 0 else None)
            if share > 6:
                right.text(
                    start + share / 2, place, f"{share:.0f}%", ha="center", va="center", color="white", fontsize=8
                )
            start += share
    for axis in (left, right):
        axis.set_yticks(range(len(order)), [NAMES[name] for name in order])
    left.set_xscale("log")
    left.set_xlim(3e7, 1e14)
    left.set_ylim(-0.6, len(order) + 0.5)
    left.text(
        1.4e12, len(order) - 0.05, 'GPT-4: not published\n(notes: "trillion+")', fontsize=8, va="center", color="0.35"
    )
    left.plot([1e12, 1e12], [len(order) - 0.5, len(order) + 0.5], color="0.6", linestyle=":", linewidth=1)
    left.set_xlabel("parameters (log scale)")
    right.set_xlabel("share of the parameters, %")
    right.set_xlim(0, 100)
    right.legend(frameon=False, fontsize=8, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return drawn


def paint_data(facts: Mapping[str, Any]) -> Any:
    """45 TB of crawl, what was left of it, and what 300 billion tokens amount to."""
    import matplotlib.pyplot as plt

    drawn, axis = plt.subplots(figsize=(8.4, 2.6), layout="constrained")
    rate = facts["shakespeare_bytes_a_token"]
    rows = {
        "Common Crawl, compressed, before filtering": facts["gpt3_terabytes_crawled"],
        "Common Crawl after filtering": facts["gpt3_terabytes_of_crawl_after_filtering"],
        f"300 billion tokens read, at {rate} bytes each": facts["gpt3_terabytes_read_at_shakespeares_rate"],
    }
    for place, terabytes in enumerate(rows.values()):
        axis.barh(place, terabytes, color=("0.7", COLOURS[0], COLOURS[1])[place])
        axis.text(terabytes, place, f" {terabytes:g} TB", va="center", fontsize=9)
    axis.set_yticks(range(len(rows)), list(rows), fontsize=9)
    axis.invert_yaxis()
    axis.set_xlim(0, 52)
    axis.set_xlabel("terabytes of text")
    return drawn


_COUNTED = (
    "Counted on the model that recipes.models builds from the published settings, token and position embeddings included and "
    "the output matrix shared with the token embedding, and again by the formula of each part. Reproduced if the count, "
    "rounded to the digits that the document prints, is the printed number."
)

_SAME = Equals("parameters_minus_formula", dict.fromkeys(NAMES, 0))

CLAIMS = (
    Claim(
        "llm-gpt1-params",
        "003",
        "Video 84",
        "GPT-1 has 117 million parameters.",
        "exact",
        "117M",
        f"{_COUNTED} 12 layers, 12 heads, width 768, 40,478 tokens, context 512, LayerNorm after each sublayer.",
        (Equals("gpt1_millions", 117), _SAME),
        priority=3,
        remark="116,534,784 parameters.",
    ),
    Claim(
        "llm-gpt2-params",
        "003",
        "Video 84",
        "GPT-2 has 1.5 billion parameters.",
        "exact",
        "1.5B",
        f"{_COUNTED} 48 layers, 25 heads, width 1600, 50,257 tokens, context 1024, LayerNorm before each sublayer and at the "
        "end.",
        (
            Equals(
                "gpt2_billions",
                1.5,
                true_value=1.6,
                derivation="48 (12 x 1600^2 + 13 x 1600) + (50,257 + 1,024) 1600 + 2 x 1600 = 1,557,611,200, which rounds to 1.6 "
                "billion.",
            ),
            _SAME,
        ),
        priority=3,
        remark="The name 1.5B goes back to the paper's table, which says 1,542 million; its authors have since noted, beside the "
        "published code, that the paper's counts are wrong. The published weights are the 1,557,611,200 counted here.",
    ),
    Claim(
        "llm-gpt3-params",
        "003",
        "Video 84",
        "GPT-3 has 175 billion parameters.",
        "exact",
        "175B",
        f"{_COUNTED} 96 layers, 96 heads, width 12,288, 50,257 tokens, context 2048, shaped like GPT-2. Its sparse attention "
        "layers have the same weights as dense ones.",
        (Equals("gpt3_billions", 175), _SAME),
        priority=3,
        remark="174,604,259,328 parameters, 698 GB in single precision.",
    ),
    Claim(
        "llm-gpt4-params",
        "003",
        "Video 84",
        "GPT-4 has a trillion or more parameters.",
        "exact",
        "Trillion+",
        "Quoted, not computed: what its makers published about its size (OpenAI 2023, GPT-4 Technical Report, section 2, "
        "https://arxiv.org/abs/2303.08774). Reproduced if they state a number of at least a trillion.",
        (Equals("gpt4_parameters", "a trillion or more"),),
        priority=3,
        remark="The report says that it gives no model size, and no settings from which one could be counted. The statement may "
        "be right, so it is no proven error; it cannot be checked, and the document prints a rumour as a fact.",
    ),
    Claim(
        "llm-gpt3-data-45tb",
        "003",
        "Video 84",
        "GPT-3 was trained on 45 TB of data.",
        "exact",
        "45 TB",
        "Quoted from Brown et al. 2020, section 2.2 and tables 2.1 and 2.2 (https://arxiv.org/abs/2005.14165), and held to each "
        "other: the text left after filtering; whether 300 billion tokens could be 45 TB.",
        (
            Equals(
                "gpt3_terabytes_of_crawl_after_filtering",
                45,
                true_value=0.57,
                derivation="45 TB is the compressed text of Common Crawl before filtering, of which 570 GB were kept. GPT-3 read "
                "300 billion tokens (the passes of table 2.2 add up to 292 billion): 45 TB would be 150 bytes a token, where "
                "GPT-2's tokens, which GPT-3 shares, stand for 3.3 bytes of Shakespeare. At that rate it read 1 TB.",
            ),
            Equals("gpt3_billion_tokens_read_by_table", 292),
            Equals("bytes_a_token_if_45_terabytes", 150),
            Equals("shakespeare_bytes_a_token", 3.3),
        ),
        priority=3,
        remark="The numbers are quoted, not counted: the data were never published. The filtered crawl is 60% of what GPT-3 "
        "read; web pages, two collections of books and Wikipedia, 89 billion tokens, are the rest.",
    ),
)

FIGURES = (
    Picture(
        "language-model-sizes",
        "Parameters of the language models in the course's history",
        "Blue circles: decoder-only GPT; orange squares: encoder-only BERT. The larger the model, the smaller the share of its "
        "embeddings; feed-forward networks have twice the weights of attention.",
        facts=("parameters", "parts"),
        paint=paint_sizes,
    ),
    Picture(
        "gpt3-data",
        "GPT-3's data: what was crawled, and what was read",
        "The 45 TB of the notes are what was there before filtering.",
        facts=(
            "gpt3_terabytes_crawled",
            "gpt3_terabytes_of_crawl_after_filtering",
            "gpt3_terabytes_read_at_shakespeares_rate",
            "shakespeare_bytes_a_token",
        ),
        paint=paint_data,
    ),
)
