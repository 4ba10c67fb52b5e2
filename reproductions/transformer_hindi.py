"""A small Transformer translates: a toy language word for word, the same backwards, and English into Hindi.

Source: document 003, Videos 78-79 (sequences without recurrence), 80-81 (one word at a time, the encoder once) and 82-83
(cross-attention aligns the words). Numbers from one to ten in English and German are the toy language; Tatoeba's
English-Hindi pairs are split as in `translation_hindi`.

Run: reproduce run transformer_hindi
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np

from reproductions.claims import Claim, Measured, Within
from reproductions.figures import COLOURS, Picture
from reproductions.sentence_pairs import Translation, first_losses, paint_map, train_sequences
from reproductions.transformer_pairs import transformer_model, translations

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "A small Transformer: toy languages and English to Hindi"
SUMMARY = (
    "Translation word for word, backwards, and from English to Hindi by attention and feed-forward networks alone."
)
DATASETS = ("tatoeba_en_hi",)
IN_DEFAULT_SET = False
SEEDS, MAX_SEEDS = 5, 10
EXPECTED_SECONDS = 240.0
GOLDEN = "forward"

ENGLISH_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
GERMAN_NUMBERS = ("eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn")
TOY_PAIRS, TOY_TEST, TOY_SEED = 6_016, 200, 0
SHORTEST, LONGEST = 4, 10
"""Words of a toy sentence."""
LONGEST_OUTPUT = 30
COUNTED = 20
"""Test sentences that are written one at a time, to count the calls."""
SHOWN = "three one ten seven seven two nine five"


@dataclass(frozen=True)
class Config:
    """The network, its task and how it is trained."""

    task: str
    """`forward` and `backward`: the toy language; `hindi`: Tatoeba's pairs."""
    layers: int = 2
    """Blocks of the encoder and of the decoder."""
    width: int = 64
    """Width of all blocks."""
    heads: int = 4
    """Heads of each attention."""
    intermediate_dim: int = 128
    """Hidden width of the feed-forward networks."""
    dropout: float = 0.1
    """Share dropped after each sublayer; the paper's."""
    label_smoothing: float = 0.1
    """The paper's."""
    warmup_steps: int = 400
    """Steps until the largest learning rate."""
    rate_scale: float = 0.5
    """Factor of the paper's schedule; its top is 0.003 here."""
    epochs: int = 20
    """Passes over the training pairs."""
    batch_size: int = 64
    """Pairs a step."""


VARIANTS = {"forward": Config("forward"), "backward": Config("backward"), "hindi": Config("hindi", epochs=30)}
SIZES = {
    "paper": {"layers": 6, "width": 512, "heads": 8, "intermediate_dim": 2048, "warmup_steps": 4000, "rate_scale": 1.0}
}


def load_data(config: Config) -> Translation:
    """Pairs of the toy language, or the split of `translation_hindi`."""
    if config.task == "hindi":
        from reproductions import translation_hindi

        return translation_hindi.load_data(translation_hindi.Config())
    from recipes.text import Vocabulary

    rng = np.random.default_rng(TOY_SEED)
    rows = [
        rng.integers(len(ENGLISH_NUMBERS), size=size)
        for size in rng.integers(SHORTEST, LONGEST + 1, TOY_PAIRS + TOY_TEST)
    ]
    rows.append(np.array([ENGLISH_NUMBERS.index(word) for word in SHOWN.split()]))
    step = 1 if config.task == "forward" else -1
    pairs = [
        (" ".join(ENGLISH_NUMBERS[k] for k in row), " ".join(GERMAN_NUMBERS[k] for k in row[::step])) for row in rows
    ]
    source, target = Vocabulary(ENGLISH_NUMBERS), Vocabulary(GERMAN_NUMBERS)
    data = Translation.of(pairs[:TOY_PAIRS], {"toy": pairs[TOY_PAIRS:]}, source, target)
    # The sentences are short: compiling a step for each of several widths would take longer than the padding does.
    return replace(data, lengths=np.full(TOY_PAIRS, data.y_train.shape[1], "int32"))


def build_model(config: Config) -> keras.Model:
    """The Transformer for the vocabularies of its task."""
    from reproductions.translation_hindi import ENGLISH, HINDI

    toy = (4 + len(ENGLISH_NUMBERS), 4 + len(GERMAN_NUMBERS))
    return transformer_model((ENGLISH, HINDI) if config.task == "hindi" else toy, config)


def train(
    config: Config,
    data: Translation,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> SeedRuns:
    """Train one Transformer a seed."""
    return train_sequences(build_model, config, data, seeds, checkpoint, progress)


def measure(config: Config, data: Translation, runs: SeedRuns) -> Measured:
    """What each seed's network writes for the test sentences, how often it was called, and where it looked."""
    metrics: dict[str, list[float]] = {"train_loss": runs.curves["loss"][:, -1].tolist()}
    curves = dict(runs.curves)
    tested = [pair for group in data.test.values() for pair in group]
    maps = []
    for seed in runs.seeds:
        model = runs.load(seed)
        found = scores(model, data, tested) if config.task == "hindi" else alignment(model, data, tested, config.task)
        found |= calls(model, data, tested[:COUNTED])
        for name, value in found.items():
            metrics.setdefault(name, []).append(value)
        if config.task != "hindi":
            maps.append(cross_attention(model, data, tested[-1:])[0])
    if maps:  # one row a word written; the source's words take the place of the epochs
        for row in range(len(SHOWN.split())):
            curves[f"attention_{row}"] = np.array(maps)[:, row]
    return Measured(metrics, curves)


def scores(model: keras.Model, data: Translation, tested: Sequence[tuple[str, str]]) -> dict[str, float]:
    """BLEU by greedy and beam search; and the greedy one less that of the same texts against other sentences' references."""
    from recipes.bleu import bleu, chrf

    english, hindi = [one for one, _ in tested], [other for _, other in tested]
    texts, best = (translations(model, english, data.source, data.target, LONGEST_OUTPUT, beams) for beams in (1, 4))
    greedy_bleu = bleu(texts, hindi, tokenize="intl").value
    return {
        "bleu_greedy": greedy_bleu,
        "bleu_beam": bleu(best, hindi, tokenize="intl").value,
        "chrf_greedy": chrf(texts, hindi).value,
        "bleu_over_chance": greedy_bleu - bleu(texts, hindi[1:] + hindi[:1], tokenize="intl").value,
    }


def cross_attention(model: keras.Model, data: Translation, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
    """Weights (rows, Tt, Ts) of cross-attention, mean over blocks and heads, for the right translations."""
    source = data.source.batch([one for one, _ in pairs])[0]
    target = data.target.batch([other for _, other in pairs], start=True)[0]
    return np.mean([cross.mean(axis=1) for _, cross in model.attention_weights(source, target)], axis=0)


def alignment(model: keras.Model, data: Translation, tested: Sequence[tuple[str, str]], task: str) -> dict[str, float]:
    """Share of sentences without a mistake, and of written words whose own source word has the largest weight."""
    texts = translations(model, [one for one, _ in tested], data.source, data.target, LONGEST_OUTPUT)
    right = [text == other for text, (_, other) in zip(texts, tested, strict=True)]
    weights = cross_attention(model, data, tested)
    aligned = []
    for row, (english, _) in zip(weights, tested, strict=True):
        words = np.arange(len(english.split()))
        aligned += (row[words].argmax(axis=-1) == (words if task == "forward" else words[::-1])).tolist()
    return {"sequence_accuracy": float(np.mean(right)), "aligned": float(np.mean(aligned))}


def calls(model: keras.Model, data: Translation, tested: Sequence[tuple[str, str]]) -> dict[str, float]:
    """Sentences one at a time: decoder calls beyond the words written, encoder calls, words that the whole model wouldn't write.

    The last feeds all words that were written to the model at once, as in training, and compares the most likely next ones.
    """
    from recipes.decoding import greedy
    from recipes.text import END, START

    source = data.source.batch([one for one, _ in tested])[0]
    encode, step = Counted(model.encode), Counted(model.step)
    extra, unlike, words = 0, 0, 0
    for row in source[:, None]:
        before = step.calls
        with mock.patch.object(model, "encode", encode):
            output = greedy(step, model.start(row, LONGEST_OUTPUT), [START], END, LONGEST_OUTPUT)[0]
        length = int(np.argmax(output == END)) + 1 if END in output else LONGEST_OUTPUT
        extra += abs(step.calls - before - length)
        inputs = np.concatenate([[START], output[:-1]]).astype("int32")[None]
        whole = np.asarray(model((row, inputs)))[0].argmax(axis=-1)
        unlike += int((whole[:length] != output[:length]).sum())
        words += length
    return {
        "extra_decoder_calls": float(extra),
        "encoder_calls_a_sentence": encode.calls / len(source),
        "words_unlike_whole_model": float(unlike),
        "words_a_sentence": words / len(source),
    }


class Counted:
    """A function that counts its calls, also inside a compiled graph.

    Args:
        function: what is called.
    """

    def __init__(self, function: Callable[..., Any]):
        import tensorflow as tf

        self.function = function
        self.count = tf.Variable(0)

    def __call__(self, *given: Any, **named: Any) -> Any:
        """The function's result."""
        self.count.assign_add(1)
        return self.function(*given, **named)

    @property
    def calls(self) -> int:
        """Calls so far."""
        return int(self.count.numpy())


def trace(config: Config, data: Translation) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data)


_NETWORK = (
    "Transformer with 2 + 2 blocks of width 64, 4 heads, feed-forward 128, dropout 0.1, smoothed labels 0.1, Adam with the "
    "paper's schedule (400 steps of warm-up to 0.003), batches of 64. "
)
_TOY = (
    "Toy language: 4 to 10 English numbers from one to ten, to be written in German, in the same order or backwards; 6,016 "
    "sentences, 20 epochs, 201 new ones for the test. "
)
_HINDI = (
    "English to Hindi: Tatoeba's 2,948 pairs, a tenth of the English sentences held out, vocabularies of 1,500 words and "
    "marks, 30 epochs. "
)

CLAIMS = (
    Claim(
        "transformer-no-recurrence",
        "003",
        "Video 78-79",
        "A model with only attention and feed-forward layers can learn sequence transduction.",
        "metric",
        "",
        _NETWORK
        + _TOY
        + _HINDI
        + "It has learned if at least 95% of the toy sentences are written without a mistake in both "
        "orders, and if the BLEU (sacrebleu, intl tokens, lower case) of the Hindi it writes by greedy search is at least 2 "
        "points above that of the same texts held against other sentences' references.",
        (
            Within("forward", "sequence_accuracy", low=0.95, high=1.0),
            Within("backward", "sequence_accuracy", low=0.95, high=1.0),
            Within("hindi", "bleu_over_chance", low=2.0),
        ),
        data="tatoeba_en_hi",
    ),
    Claim(
        "transformer-inference-autoregressive",
        "003",
        "Video 80-81",
        "At inference one word is generated at a time until the end token.",
        "behaviour",
        "",
        _NETWORK + _HINDI + "20 test sentences, one at a time by greedy search with a cache, at most 30 words. "
        "Counted inside the compiled loop: the decoder is called exactly once for each word up to the end token, the encoder "
        "once a sentence; and every word is the one that the whole model, fed all words before it at once, finds most likely.",
        (
            Within("hindi", "extra_decoder_calls", low=0.0, high=0.0),
            Within("hindi", "encoder_calls_a_sentence", low=1.0, high=1.0),
            Within("hindi", "words_unlike_whole_model", low=0.0, high=0.0),
        ),
        data="tatoeba_en_hi",
        priority=2,
    ),
    Claim(
        "attention-cross-alignment",
        "003",
        "Video 82-83",
        "Cross-attention aligns input words with each output word.",
        "behaviour",
        "",
        _NETWORK
        + _TOY
        + "Cross-attention weights for the right translation, mean over both blocks and all heads: the largest "
        "must lie at the output word's own source word, on the diagonal or the anti-diagonal, for at least 90% of the words "
        "(guessing: about 15%).",
        (Within("forward", "aligned", low=0.9, high=1.0), Within("backward", "aligned", low=0.9, high=1.0)),
        data="tatoeba_en_hi",
        priority=2,
    ),
)


def _paint_maps(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    import matplotlib.pyplot as plt

    english = SHOWN.split()
    german = [GERMAN_NUMBERS[ENGLISH_NUMBERS.index(word)] for word in english]
    drawn, axes = plt.subplots(1, 2, figsize=(9.4, 4.4), layout="constrained")
    panels = (("forward", german, "word for word"), ("backward", german[::-1], "backwards"))
    for axis, (name, spoken, title) in zip(axes, panels, strict=True):
        weights = [variants[name]["curves"][f"attention_{row}"]["mean"] for row in range(len(spoken))]
        image = paint_map(axis, spoken, english, weights)
        axis.set_title(title, fontsize=10)
        axis.set_xlabel("source word")
        axis.set_ylabel("word written")
    drawn.colorbar(image, ax=axes, label="attention weight", shrink=0.8)
    return drawn


def _paint_losses(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    import matplotlib.pyplot as plt

    labels = {"forward": "word for word", "backward": "backwards", "hindi": "English to Hindi"}
    drawn, axis = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
    for colour, (name, label) in zip(COLOURS, labels.items(), strict=False):
        curve = variants[name]["curves"]["loss"]
        axis.plot(curve["epoch"], curve["mean"], color=colour, label=label, linewidth=1.8)
        axis.fill_between(curve["epoch"], curve["low"], curve["high"], color=colour, alpha=0.2, linewidth=0)
    axis.set_xlabel("epoch")
    axis.set_ylabel("smoothed cross-entropy a word (nats)")
    axis.set_ylim(bottom=0)
    axis.grid(alpha=0.25)
    axis.legend(frameon=False)
    return drawn


FIGURES = (
    Picture(
        "transformer-alignment",
        "Cross-attention of a small Transformer on a toy language",
        "Mean over seeds, blocks and heads: each word is written looking at its own source word.",
        facts=(),
        paint=_paint_maps,
        variants=("forward", "backward"),
    ),
    Picture(
        "transformer-hindi-loss",
        "A small Transformer: training loss",
        "The toy languages end near the entropy of the smoothed labels.",
        facts=(),
        paint=_paint_losses,
        variants=("forward", "backward", "hindi"),
    ),
)
