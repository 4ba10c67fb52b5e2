"""ULMFiT in small: a language model learned from film reviews helps to tell good ones from bad with few labels.

Source: document 003, Video 84 (Howard and Ruder 2018). An LSTM reads 12,500 reviews without their labels and learns to
predict every next word; then it is fine-tuned on 100 to 1,000 labelled ones of them, with discriminative rates, gradual
unfreezing and slanted triangular rates, against the same network with random weights. One language model serves all
seeds, as in the paper; every seed draws its own labelled reviews.

Takes about five minutes on two CPU cores, so it is not part of the default set.

Run: reproduce run pretraining_transfer
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reproductions.claims import Better, Claim, Measured
from reproductions.figures import COLOURS, Picture, Spread
from reproductions.networks import Split, first_losses, train_networks
from reproductions.scores import binary_cross_entropy

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "Language modelling, then classification: ULMFiT in small"
SUMMARY = (
    "Sentiment of IMDB reviews from 100, 300 and 1,000 labels: an LSTM that first learned to predict the next word of 12,500 "
    "reviews, against one with random weights."
)
DATASETS = ("imdb",)
IN_DEFAULT_SET = False
SEEDS, MAX_SEEDS = 8, 12
EXPECTED_SECONDS = 300.0
GOLDEN = "scratch_100"

POOL, TEST = 12_500, 2_000
SIZES_OF_LABELS = (100, 300, 1000)
EPOCHS = {100: 30, 300: 15, 1000: 6}
"""More passes over fewer reviews: 150, 225 and 300 steps of 20 reviews."""


@dataclass(frozen=True)
class Config:
    """Where a classifier starts and how it is trained."""

    labels: int
    """Labelled reviews that a seed draws."""
    pretrained: bool = False
    """Start from the language model."""
    gradual: bool = False
    """ULMFiT's discriminative rates and gradual unfreezing; else all layers learn at one rate from the start."""
    learning_rate: float = 0.01
    """Largest rate, of the classifier's own layers."""
    epochs: int = 30
    """Passes over the labelled reviews."""
    batch_size: int = 20
    """Reviews a step."""
    words: int = 80
    """First words of each review; shorter reviews are left out."""
    vocabulary: int = 4000
    """Numbers of words; the last one stands for all rarer words."""
    width: int = 128
    """Width of word vectors and LSTM."""
    reading_epochs: int = 2
    """Passes of the language model over the reviews."""
    reading_batch: int = 32
    """Reviews a step of the language model."""
    reading_rate: float = 0.004
    """Its largest rate."""


VARIANTS = {
    **{f"scratch_{n}": Config(n, epochs=EPOCHS[n]) for n in SIZES_OF_LABELS},
    **{f"pretrained_{n}": Config(n, pretrained=True, gradual=True, epochs=EPOCHS[n]) for n in SIZES_OF_LABELS},
    **{f"plain_{n}": Config(n, pretrained=True, epochs=EPOCHS[n]) for n in SIZES_OF_LABELS},
    "scratch_slow_100": Config(100, learning_rate=0.001, epochs=EPOCHS[100]),
}
SIZES = {"paper": {"words": 256, "vocabulary": 30_000, "width": 400, "reading_epochs": 15}}


def reviews(words: int, vocabulary: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """First words and labels of 12,500 training and 2,000 test reviews that are long enough, in one fixed random order."""
    from recipes.datasets import load_arrays

    parts: list[np.ndarray] = []
    for (x, y), count in zip(load_arrays("imdb"), (POOL, TEST), strict=True):
        long = np.flatnonzero(x[:, words - 1] > 0)
        chosen = np.random.default_rng(0).permutation(long)[:count]
        parts += [np.minimum(x[chosen, :words], vocabulary - 1).astype("int32"), y[chosen].astype("float32")]
    return parts[0], parts[1], parts[2], parts[3]


def load_data(config: Config) -> Split:
    """The reviews that labels are drawn from, and those for testing."""
    return Split(*reviews(config.words, config.vocabulary))


@lru_cache(maxsize=2)
def read_reviews(
    words: int, vocabulary: int, width: int, epochs: int, batch: int, rate: float
) -> tuple[list[np.ndarray], float]:
    """Weights of the language model after reading all 12,500 reviews (seed 0), and its perplexity on the test reviews."""
    import keras

    from recipes.language_model import SlantedTriangular, language_model
    from recipes.training import Trainer

    read, _, unseen, _ = reviews(words, vocabulary)
    steps = epochs * -(-len(read) // batch)

    def build() -> keras.Model:
        model = language_model(vocabulary, width)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(SlantedTriangular(rate, steps)), loss)
        return model

    runs = Trainer(build).fit(
        read[:, :-1], read[:, 1:], epochs=epochs, batch_size=batch, validation_data=(unseen[:500, :-1], unseen[:500, 1:]),
        validation_freq=epochs,
    )  # fmt: skip
    return runs.load(0).get_weights(), float(np.exp(runs.curves["val_loss"][0, -1]))


def language_model_of(config: Config) -> tuple[list[np.ndarray], float]:
    """`read_reviews` for this configuration."""
    return read_reviews(
        config.words,
        config.vocabulary,
        config.width,
        config.reading_epochs,
        config.reading_batch,
        config.reading_rate,
    )


def rows_of(config: Config, seed: int) -> np.ndarray:
    """The labelled reviews of a seed, the same wherever the network starts."""
    return np.random.default_rng([seed, config.labels]).choice(POOL, config.labels, replace=False)


def build_model(config: Config) -> keras.Model:
    """The classifier and its optimizer."""
    from recipes.language_model import DiscriminativeAdam, SlantedTriangular, text_classifier

    steps_an_epoch = -(-config.labels // config.batch_size)
    weights = language_model_of(config)[0] if config.pretrained else None
    model = text_classifier(config.vocabulary, config.words, config.width, weights=weights)
    optimizer = DiscriminativeAdam(
        SlantedTriangular(config.learning_rate, config.epochs * steps_an_epoch),
        factor=2.6 if config.gradual else 1.0,
        unfreeze_every=steps_an_epoch if config.gradual else 0,
        beta_1=0.7,
        beta_2=0.99,
    )
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
    return model


def train(
    config: Config,
    data: Split,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> SeedRuns:
    """Train one classifier a seed, each on its own labelled reviews."""
    if config.pretrained:
        language_model_of(config)  # before the trainer builds models, which it does one at a time
    return train_networks(
        build_model, config, data, seeds, checkpoint, progress, rows=lambda seed: rows_of(config, seed)
    )


def measure(config: Config, data: Split, runs: SeedRuns) -> Measured:
    """Accuracy and cross-entropy on the test reviews; with a language model its perplexity too, as a curve of one point."""
    p = runs.predict(data.x_test, batch_size=500)[..., 0]  # (seeds, reviews)
    metrics = {
        "test_accuracy": ((p > 0.5) == data.y_test).mean(axis=1).tolist(),
        "test_loss": binary_cross_entropy(data.y_test, p).tolist(),
        "train_accuracy": runs.curves["accuracy"][:, -1].tolist(),
    }
    curves = dict(runs.curves)
    if config.pretrained:
        curves["language_model_perplexity"] = np.full((len(runs.seeds), 1), language_model_of(config)[1])
    return Measured(metrics, curves)


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data, lambda seed: rows_of(config, seed))


def examine_data() -> dict[str, Any]:
    """The perplexity of one who knows nothing but the words' frequencies; share of the rare words."""
    config = VARIANTS["scratch_100"]
    read, labels, unseen, _ = reviews(config.words, config.vocabulary)
    counts = np.bincount(read[:, 1:].ravel(), minlength=config.vocabulary) + 1
    surprise = -np.log(counts / counts.sum())[unseen[:500, 1:]]
    return {
        "perplexity_of_frequencies": round(float(np.exp(surprise.mean()))),
        "words_read": int(read.size),
        "rare_words_percent": round(100 * float((read == config.vocabulary - 1).mean()), 1),
        "good_reviews_percent": round(100 * float(labels.mean()), 1),
    }


def paint_accuracy(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Test accuracy by number of labels."""
    import matplotlib.pyplot as plt

    perplexity = variants["pretrained_100"]["curves"]["language_model_perplexity"]["mean"][0]
    drawn, axis = plt.subplots(figsize=(7.4, 4.2), layout="constrained")
    kinds = (
        ("pretrained", "language model first, fine-tuned as ULMFiT does"),
        ("plain", "language model first, trained as from scratch"),
        ("scratch", "from scratch"),
    )
    for (kind, label), colour, shift in zip(kinds, COLOURS, (0.94, 1.0, 1.06), strict=False):
        means = []
        for n in SIZES_OF_LABELS:
            values = 100 * np.array(variants[f"{kind}_{n}"]["metrics"]["test_accuracy"])
            axis.scatter(np.full(len(values), n * shift), values, s=14, color=colour, alpha=0.5, linewidth=0)
            means.append(values.mean())
        axis.plot(SIZES_OF_LABELS, means, "o-", color=colour, label=label)
    slow = 100 * np.array(variants["scratch_slow_100"]["metrics"]["test_accuracy"])
    axis.scatter(np.full(len(slow), 112), slow, s=14, color=COLOURS[3], alpha=0.6, linewidth=0)
    axis.plot(112, slow.mean(), "D", color=COLOURS[3], label="from scratch, a tenth of the rate")
    axis.axhline(50, color="0.5", linestyle=":", linewidth=1, label="guessing")
    axis.set_xscale("log")
    axis.set_xticks(SIZES_OF_LABELS, [str(n) for n in SIZES_OF_LABELS])
    axis.minorticks_off()
    axis.set(xlabel="labelled reviews (log scale)", ylabel="test accuracy, %")
    axis.grid(alpha=0.25)
    axis.legend(frameon=False, fontsize=9)
    axis.set_title(
        f"the language model's perplexity: {perplexity:.0f}; of word frequencies alone: {facts['perplexity_of_frequencies']}",
        fontsize=9,
    )
    return drawn


_LABELS = {
    **{f"scratch_{n}": f"from scratch, {n} labels" for n in SIZES_OF_LABELS},
    **{f"pretrained_{n}": f"pre-trained, as ULMFiT, {n} labels" for n in SIZES_OF_LABELS},
    **{f"plain_{n}": f"pre-trained, as from scratch, {n} labels" for n in SIZES_OF_LABELS},
    "scratch_slow_100": "from scratch, 100 labels, rate 0.001",
}

CLAIMS = (
    Claim(
        "llm-lm-pretraining-transfers",
        "003",
        "Video 84",
        "Pre-training on language modelling and fine-tuning helps downstream tasks (ULMFiT idea).",
        "comparison",
        "helps",
        "First 80 words of IMDB reviews, 4,000 word numbers. An LSTM of 128 units with word vectors of 128, shared "
        "with its output, predicts every next word of 12,500 training reviews (2 epochs, batches of 32, Adam "
        "0.004). Every seed draws 100, 300 or 1,000 of these with their labels; classifier on last, largest and "
        "mean hidden state, Dense 50, dropout 0.4 and 0.1; batches of 20, 30, 15 and 6 epochs, slanted triangular "
        "rate up to 0.01, Adam (0.7, 0.99). As in the paper, fine-tuning divides the rate by 2.6 from layer to "
        "layer and lets LSTM and word vectors join after one and two epochs; from scratch all layers learn at the "
        "full rate from the start. Unlike it: one LSTM layer and no pre-training on Wikipedia. Accuracy on 2,000 "
        "test reviews, paired by seed; pre-training must win with each number of labels, and with 100 also against "
        "a tenth of the rate, lest a rate too high for random weights decide.",
        (
            *(Better("test_accuracy", f"pretrained_{n}", f"scratch_{n}") for n in SIZES_OF_LABELS),
            Better("test_accuracy", "pretrained_100", "scratch_slow_100"),
        ),
        data="imdb",
        priority=2,
    ),
    Claim(
        "llm-pretrained-start-helps",
        "own",
        "pretraining_transfer",
        "A classifier that starts from the language model's weights does better than one from random weights, all else equal.",
        "comparison",
        "better",
        "As llm-lm-pretraining-transfers, but with the start as the only difference: no gradual unfreezing, one rate for all "
        "layers. Added when the comparison with ULMFiT's fine-tuning had failed with 1,000 labels, to tell the start from the "
        "fine-tuning; its checks were fixed before it was run. It must win with each number of labels.",
        tuple(Better("test_accuracy", f"plain_{n}", f"scratch_{n}") for n in SIZES_OF_LABELS),
        data="imdb",
        priority=3,
    ),
)

FIGURES = (
    Picture(
        "pretraining-transfer-labels",
        "Film reviews with few labels: a language model first, or from scratch",
        "One dot a seed, lines through the means.",
        facts=("perplexity_of_frequencies",),
        paint=paint_accuracy,
        variants=tuple(VARIANTS),
    ),
    Spread(
        "pretraining-transfer-loss",
        "Film reviews with few labels: test cross-entropy",
        "The same networks.",
        metric="test_loss",
        variants=tuple(VARIANTS),
        labels=_LABELS,
    ),
)
