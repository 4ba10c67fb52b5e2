"""English picture captions into German: a small Transformer and a GRU with attention, for as many epochs.

Source: document 003, Video 84 (from attention in recurrent networks to the Transformer). Multi30k, 29,000 captions, tested on
the 1,000 of test_2016_flickr. Published for this test set: 41.0 BLEU by a Transformer of 4 + 4 blocks of width 128 with
10,000 subword units (Wu et al. 2021, "Transformer-Tiny", https://arxiv.org/abs/2105.14462), trained to convergence on a
GPU; here words instead of subwords, 2 + 2 blocks and two epochs. `--size paper` is that network for an accelerator.

Run: reproduce run translation_german
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reproductions import sentence_pairs, transformer_pairs
from reproductions.claims import Better, Claim, Measured
from reproductions.figures import COLOURS, Picture
from reproductions.sentence_pairs import Translation, first_losses, train_sequences

if TYPE_CHECKING:
    import keras

    from recipes.text import Vocabulary
    from recipes.training import SeedRuns

TITLE = "English to German captions: Transformer and GRU with attention"
SUMMARY = (
    "BLEU on Multi30k's test_2016_flickr of a small Transformer and a GRU encoder-decoder, by greedy and beam search."
)
DATASETS = ("multi30k",)
IN_DEFAULT_SET = False
SEEDS, MAX_SEEDS = 5, 5
EXPECTED_SECONDS = 540.0
GOLDEN = "transformer"

CAPTIONS = 28_992
"""Training captions: all but the last eight, so that every batch of 64 is full and one program fewer is compiled."""
KNOWN_SIZES = {5: (3276, 3552), 2: (5975, 7855)}
"""Vocabulary sizes by `min_count`."""
LONGEST_OUTPUT = 40
PUBLISHED_BLEU = 41.0


@dataclass(frozen=True)
class Config:
    """The network, its words and how it is trained."""

    network: str
    """`transformer`, or `gru` with Luong's attention."""
    min_count: int = 5
    """Words that the training captions hold less often are unknown."""
    layers: int = 2
    """Blocks of the Transformer's encoder and of its decoder."""
    width: int = 128
    """Width of the Transformer; units and word vectors of the GRU."""
    heads: int = 4
    """Heads of each attention."""
    intermediate_dim: int = 256
    """Hidden width of the Transformer's feed-forward networks."""
    dropout: float = 0.1
    """Share dropped; for both networks."""
    label_smoothing: float = 0.1
    """Of the Transformer's loss."""
    warmup_steps: int = 400
    """Steps until the Transformer's largest learning rate."""
    rate_scale: float = 0.5
    """Factor of the paper's schedule; its top is 0.0022 here."""
    learning_rate: float = 0.002
    """Adam's step size for the GRU."""
    epochs: int = 2
    """Passes over the captions."""
    batch_size: int = 64
    """Captions a step."""

    @property
    def units(self) -> int:
        """Units of the GRU."""
        return self.width

    @property
    def embedding_dim(self) -> int:
        """Width of the GRU's word vectors."""
        return self.width

    @property
    def attention(self) -> str:
        """The GRU's attention."""
        return "luong"


VARIANTS = {"gru": Config("gru"), "transformer": Config("transformer")}
SIZES = {
    "paper": {
        "min_count": 2,
        "layers": 4,
        "dropout": 0.3,
        "warmup_steps": 2000,
        "rate_scale": 1.0,
        "learning_rate": 0.001,
        "epochs": 40,
    }
}


def load_data(config: Config) -> Translation:
    """The training captions and the 1,000 test captions, with the words that are frequent enough."""
    from recipes.datasets import load_pairs

    pairs = load_pairs("multi30k")
    own = pairs["train"][:CAPTIONS]
    return Translation.of(own, {"test_2016_flickr": pairs["test"]}, *vocabularies(own, config.min_count))


def vocabularies(pairs: sentence_pairs.Pairs, min_count: int) -> list[Vocabulary]:
    """The English and the German words that occur so often."""
    from recipes.text import Vocabulary

    return [Vocabulary.of((pair[k] for pair in pairs), min_count=min_count) for k in (0, 1)]


def build_model(config: Config) -> keras.Model:
    """The network for the vocabularies of `load_data`."""
    sizes = vocabulary_sizes(config.min_count)
    if config.network == "transformer":
        return transformer_pairs.transformer_model(sizes, config)
    return sentence_pairs.sequence_model(sizes, config)


def vocabulary_sizes(min_count: int) -> tuple[int, int]:
    """Sizes of both vocabularies, special tokens included; those of the configurations here without reading the captions."""
    if min_count not in KNOWN_SIZES:
        from recipes.datasets import load_pairs

        english, german = vocabularies(load_pairs("multi30k")["train"][:CAPTIONS], min_count)
        return len(english), len(german)
    return KNOWN_SIZES[min_count]


def train(
    config: Config,
    data: Translation,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> SeedRuns:
    """Train one network a seed."""
    return train_sequences(build_model, config, data, seeds, checkpoint, progress)


def measure(config: Config, data: Translation, runs: SeedRuns) -> Measured:
    """Training loss, and BLEU on the test captions by greedy search and with four beams."""
    from recipes.bleu import bleu

    metrics: dict[str, list[float]] = {"train_loss": runs.curves["loss"][:, -1].tolist()}
    write = (transformer_pairs if config.network == "transformer" else sentence_pairs).translations
    pairs = data.test["test_2016_flickr"]
    english, german = [one for one, _ in pairs], [other for _, other in pairs]
    for seed in runs.seeds:
        model = runs.load(seed)
        for name, beams in (("greedy", 1), ("beam", 4)):
            texts = write(model, english, data.source, data.target, LONGEST_OUTPUT, beams)
            metrics.setdefault(f"bleu_{name}", []).append(bleu(texts, german).value)
    return Measured(metrics, {"loss": runs.curves["loss"]})


def trace(config: Config, data: Translation) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data)


CLAIMS = (
    Claim(
        "transformer-translates-german",
        "own",
        "translation_german",
        "The Transformer replaced recurrent networks with attention: it removes recurrence completely and does better.",
        "comparison",
        "",
        "Multi30k English-German, 28,992 training captions, words that occur at least five times (3,272 English, 3,548 "
        "German), tested on the 1,000 captions of test_2016_flickr. Transformer of 2 + 2 blocks (width 128, 4 heads, feed-"
        "forward 256, dropout 0.1, smoothed labels 0.1, the paper's Adam with 400 steps of warm-up to 0.0022) against a GRU "
        "encoder-decoder of width 128 with Luong's attention (dropout 0.1, Adam 0.002, gradient norm at most 1); both two epochs "
        "of batches of 64. Judged on BLEU (sacrebleu, 13a, lower case, detokenised) by greedy search.",
        (Better("bleu_greedy", "transformer", "gru"),),
        data="multi30k",
        priority=3,
    ),
)

_LABELS = {"gru": "GRU with attention", "transformer": "Transformer"}


def _paint(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    import matplotlib.pyplot as plt

    drawn, axis = plt.subplots(figsize=(6.8, 3.8), layout="constrained")
    for number, (name, label) in enumerate(_LABELS.items()):
        for place, search in enumerate(("greedy", "beam")):
            values = variants[name]["metrics"][f"bleu_{search}"]
            at = place + 0.3 * (number - 0.5)
            axis.bar(at, np.mean(values), 0.28, color=COLOURS[number], alpha=0.7, label=label if place == 0 else None)
            axis.plot(np.full(len(values), at), values, "k.", markersize=4)
    axis.axhline(PUBLISHED_BLEU, color="0.35", linestyle="--", label="published, 4 + 4 blocks, subwords, converged")
    axis.set_xticks((0, 1), ("greedy search", "beam search, 4"))
    axis.set_ylabel("BLEU on test_2016_flickr (dots: seeds)")
    axis.grid(axis="y", alpha=0.25)
    drawn.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    return drawn


def _paint_losses(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    import matplotlib.pyplot as plt

    drawn, axis = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
    for colour, (name, label) in zip(COLOURS, _LABELS.items(), strict=False):
        curve = variants[name]["curves"]["loss"]
        axis.plot(curve["epoch"], curve["mean"], "o-", color=colour, label=label, linewidth=1.8)
    axis.set_xticks(range(1, len(curve["epoch"]) + 1))
    axis.set_xlabel("epoch")
    axis.set_ylabel("training loss a word (nats)")
    axis.grid(alpha=0.25)
    axis.legend(frameon=False)
    return drawn


FIGURES = (
    Picture(
        "translation-german-bleu",
        "English captions into German after two epochs on a CPU",
        "Mean over the seeds.",
        facts=(),
        paint=_paint,
        variants=tuple(VARIANTS),
    ),
    Picture(
        "translation-german-loss",
        "English captions into German: training loss",
        "The Transformer's labels are smoothed, which adds to its loss.",
        facts=(),
        paint=_paint_losses,
        variants=tuple(VARIANTS),
    ),
)
