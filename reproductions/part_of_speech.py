"""One tag a word: parts of speech and named entities by a bidirectional LSTM.

Source: document 003, Video 61-62 (synchronous many-to-many): part-of-speech tagging turns "I love ML" into pronoun, verb,
noun; named entity recognition turns "Apple is in California" into ORG O O LOC. Parts of speech are learned from the English
Web Treebank; for names, sentences are made from templates in which companies, people, places and fruit share words.

Run: reproduce run part_of_speech
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from reproductions.claims import Claim, Measured, Within
from reproductions.entity_sentences import SHARED, made_sentences
from reproductions.entity_sentences import TAGS as ENTITY_TAGS
from reproductions.figures import COLOURS, Picture
from reproductions.networks import Split, first_losses, train_networks
from reproductions.word_numbers import PAD, SHAPES, Numbers, Tagged

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "Part-of-speech tags and named entities"
SUMMARY = (
    "A tag for every word by an LSTM in one or both directions, on the English Web Treebank and on made sentences with names "
    "such as Apple: what does reading ahead give, and what happens to words never seen?"
)
DATASETS = ("ud_english_ewt",)
IN_DEFAULT_SET = False
SEEDS, MAX_SEEDS = 5, 10
EXPECTED_SECONDS = 280.0
GOLDEN = "parts"

POS_TAGS = (
    "ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN", "PUNCT", "SCONJ", "SYM",
    "VERB", "X",
)  # fmt: skip
SENTENCES = {
    "pos": (("I", "PRON"), ("love", "VERB"), ("ML", "NOUN")),
    "ner": (("Apple", "ORG"), ("is", "O"), ("in", "O"), ("California", "LOC")),
}
"""The documented sentences with the documented tags."""

NOUNS = ("NOUN", "PROPN")
"""The treebank tells proper nouns from common ones; the document's word classes do not."""


@dataclass(frozen=True)
class Config:
    """The task, the network and its training."""

    task: Literal["pos", "ner"]
    """Parts of speech or named entities."""
    both_directions: bool = True
    """Whether the sentence is also read from its end."""
    spelling: bool = True
    """Whether the network sees a word's last letters and its capitals beside the word."""
    units: int = 64
    """Units of the LSTM, in each direction."""
    word_size: int = 64
    """Numbers that stand for a word."""
    epochs: int = 3
    """Passes over the sentences; the treebank's validation loss is lowest after two to four."""
    batch_size: int = 32
    """Sentences a step."""
    learning_rate: float = 0.002
    """Adam's step size."""
    sentences: int = 0
    """Sentences that each seed draws from a pool; 0 for the whole training set."""


_NER: dict[str, Any] = {"sentences": 500, "units": 32, "word_size": 32, "epochs": 8}
VARIANTS = {
    "parts": Config("pos"),
    "parts_forward": Config("pos", both_directions=False),
    "parts_words": Config("pos", spelling=False),
    "names": Config("ner", **_NER),
    "names_forward": Config("ner", both_directions=False, **_NER),
}
SIZES = {"paper": {"units": 100, "word_size": 128, "epochs": 20}}
"""Sizes and epochs of Plank, Soegaard and Goldberg (2016), whose network also reads the letters of every word."""


@dataclass(frozen=True)
class TaggedSplit(Split):
    """Sentences as numbers: inputs int32 (sentences, words, 3), tags int32 (sentences, words), both padded behind.

    The last test sentence is the documented one; it counts in no accuracy.
    """

    lengths: np.ndarray
    """Words of every training sentence."""
    tests: Tagged
    """The test sentences as text."""


@cache
def corpus(task: str) -> dict[str, Tagged]:
    """Training and test sentences of a task; the documented sentence is in neither."""
    if task == "ner":
        return made_sentences()
    from recipes.datasets import load_tagged

    splits = load_tagged("ud_english_ewt")
    return {"train": splits["train"], "test": splits["test"]}


@cache
def numbers(task: str) -> Numbers:
    """Words and endings of a task's training sentences."""
    return Numbers.of(corpus(task)["train"])


def load_data(config: Config) -> TaggedSplit:
    """All sentences as numbers."""
    train, test = corpus(config.task)["train"], corpus(config.task)["test"]
    tests = [*test, list(SENTENCES[config.task])]
    tags = {tag: k for k, tag in enumerate(tags_of(config.task))}

    def encoded(sentences: Tagged) -> tuple[np.ndarray, np.ndarray]:
        width = max(map(len, sentences))
        targets = np.zeros((len(sentences), width), "int32")
        for row, sentence in zip(targets, sentences, strict=True):
            row[: len(sentence)] = [tags[tag] for _, tag in sentence]
        return numbers(config.task).encode(sentences, width), targets

    lengths = np.array([len(sentence) for sentence in train], "int32")
    return TaggedSplit(*encoded(train), *encoded(tests), lengths, tests)


def tags_of(task: str) -> tuple[str, ...]:
    """The tags of a task, by number."""
    return POS_TAGS if task == "pos" else ENTITY_TAGS


def rows_of(config: Config, seed: int) -> np.ndarray:
    """The sentences that a seed trains on."""
    return np.random.default_rng(seed).choice(len(corpus(config.task)["train"]), config.sentences, replace=False)


def build_model(config: Config) -> keras.Model:
    """Embeddings of word, ending and shape side by side, an LSTM that gives its state at every word, and a softmax.

    Padding is masked: the loss is the mean over real words.
    """
    import keras

    from layers import LSTM, Bidirectional

    known = numbers(config.task)
    sizes = (len(known.words) + 2, len(known.endings) + 2, len(SHAPES) + 1)
    inputs = keras.Input((None, 3), dtype="int32")
    columns = [
        keras.layers.Embedding(size, width, mask_zero=True)(inputs[..., k])
        for k, (size, width) in enumerate(zip(sizes, (config.word_size, config.word_size // 2, 8), strict=True))
    ]
    x = keras.layers.Concatenate()(columns) if config.spelling else columns[0]  # (sentences, words, sizes)
    lstm = LSTM(config.units, return_sequences=True)
    x = Bidirectional(lstm)(x) if config.both_directions else lstm(x)
    model = keras.Model(inputs, keras.layers.Dense(len(tags_of(config.task)), activation="softmax")(x))
    model.compile(keras.optimizers.Adam(config.learning_rate), "sparse_categorical_crossentropy")
    return model


def train(
    config: Config,
    data: TaggedSplit,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> SeedRuns:
    """Train one network a seed, in batches of sentences of like length."""
    rows = (lambda seed: rows_of(config, seed)) if config.sentences else None
    return train_networks(build_model, config, data, seeds, checkpoint, progress, rows=rows, lengths=data.lengths)


def trace(config: Config, data: TaggedSplit) -> list[float]:
    """Golden trace: the first losses of seed 0, on sentences of at most 30 words."""
    short = data.lengths <= 30
    cut = Split(data.x_train[short, :30], data.y_train[short, :30], data.x_test, data.y_test)
    return first_losses(build_model, config, cut)


def measure(config: Config, data: TaggedSplit, runs: SeedRuns) -> Measured:
    """Accuracies over the real words of the test sentences, and what becomes of the documented sentence."""
    p = runs.predict(data.x_test, batch_size=256)  # (seeds, sentences, words, tags)
    tags = tags_of(config.task)
    real = data.x_test[:-1, :, 2] != PAD
    right = (p[:, :-1].argmax(axis=-1) == data.y_test[:-1])[:, real]  # (seeds, real words)
    metrics = {"accuracy": right.mean(axis=1)}
    for name, chosen in groups(config.task, data.tests[:-1]).items():
        metrics[f"accuracy_{name}"] = right[:, chosen].mean(axis=1)
    true = data.y_test[:-1][real]
    metrics |= {f"recall_{tag}": right[:, true == k].mean(axis=1) for k, tag in enumerate(tags)}
    sentence = SENTENCES[config.task]
    of_sentence = p[:, -1, : len(sentence)]  # (seeds, words, tags)
    found = np.array(tags)[of_sentence.argmax(axis=-1)]
    exact = found == np.array([tag for _, tag in sentence])
    as_noun = np.isin(found, NOUNS) & np.isin([tag for _, tag in sentence], NOUNS)
    metrics["sentence_right"] = (exact | as_noun).all(axis=1).astype(float)
    metrics["sentence_right_to_the_letter"] = exact.all(axis=1).astype(float)
    for k, (word, _) in enumerate(sentence):
        metrics |= {f"p_{word}_{tag}": of_sentence[:, k, tags.index(tag)] for tag in shown_tags(config.task)}
    return Measured({name: values.tolist() for name, values in metrics.items()}, runs.curves)


def shown_tags(task: str) -> tuple[str, ...]:
    """The tags whose probability is kept for every word of the documented sentence."""
    return ("PRON", "VERB", "NOUN", "PROPN") if task == "pos" else ENTITY_TAGS


def groups(task: str, tests: Tagged) -> dict[str, np.ndarray]:
    """Which words of the test sentences, one after the other, belong to which group."""
    train = corpus(task)["train"]
    tokens = [token for sentence in tests for token in sentence]
    if task == "ner":
        first = np.concatenate([np.arange(len(sentence)) == 0 for sentence in tests])
        shared = np.array([word.lower() in SHARED for word, _ in tokens])
        return {"shared_words": shared, "shared_first_words": shared & first}
    seen = {word.lower() for sentence in train for word, _ in sentence}
    unknown = np.array([word.lower() not in seen for word, _ in tokens])
    return {"known": ~unknown, "unknown": unknown}


def most_frequent_tags(train: Tagged, tests: Tagged) -> np.ndarray:
    """The tag that each word of the tests has most often in training; the most frequent tag of all for unknown words."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for sentence in train:
        for word, tag in sentence:
            for form in {word, word.lower()}:
                counts[form][tag] += 1
            counts[""][tag] += 1
    forms = (next(form for form in (word, word.lower(), "") if form in counts) for one in tests for word, _ in one)
    return np.array([counts[form].most_common(1)[0][0] for form in forms])


def examine_data() -> dict[str, Any]:
    """The corpora in numbers, and how far the most frequent tag of each word gets."""
    facts: dict[str, Any] = {}
    for task, documented in SENTENCES.items():
        train, tests = corpus(task)["train"], corpus(task)["test"]
        true = np.array([tag for sentence in tests for _, tag in sentence])
        right = most_frequent_tags(train, tests) == true
        baseline = {"all": right} | {name: right[chosen] for name, chosen in groups(task, tests).items()}
        facts[f"{task}_baseline"] = {name: round(float(part.mean()), 4) for name, part in baseline.items()}
        facts[f"{task}_baseline_recall"] = {tag: round(float(right[true == tag].mean()), 4) for tag in tags_of(task)}
        facts[f"{task}_test_words"] = len(true)
        texts = {" ".join(word for word, _ in sentence) for sentence in train}
        facts[f"{task}_documented_in_training"] = " ".join(word for word, _ in documented) in texts
    seen = Counter(word.lower() for sentence in corpus("pos")["train"] for word, _ in sentence)
    facts["ml_in_training"] = seen["ml"]
    return facts


CLAIMS = (
    Claim(
        "rnn-ner-example",
        "003",
        "Video 61-62",
        'Synchronous many-to-many: named entity recognition tags "Apple is in California" as ORG O O LOC, and part-of-speech '
        'tagging turns "I love ML" into pronoun, verb, noun.',
        "metric",
        "ORG O O LOC; PRON VERB NOUN",
        "A bidirectional LSTM with a softmax at every word, beside the word its last three letters and its shape (small "
        "letters, capitals, digits); words that training holds once become the unknown word. Parts of speech: the 17 "
        "universal tags on the English Web Treebank (12,544 sentences, 3 passes, 64 units). The document's classes do not "
        "divide nouns, so a proper noun is a noun. Names: 500 sentences a seed, drawn from 4,000 of 26 templates, in which "
        "Apple in front is 69 times the company and 49 times the fruit (32 units, 8 passes). The documented sentences are in "
        "neither corpus. Each counts as reproduced if more than half of the seeds' networks tag all its words as documented.",
        (
            Within("names", "sentence_right", low=0.5),
            Within("parts", "sentence_right", low=0.5),
        ),
        data="ud_english_ewt",
        priority=2,
        remark="All five networks tag both sentences. ML, a word that they have never seen, is a proper noun to every one of "
        "them (probability 0.92, common noun 0.04), perhaps for its capitals: with the treebank's own tags no seed would give "
        "pronoun, verb, noun. Apple takes reading ahead: forward only, three of five networks call it a company, and of the "
        "words in front that can be two things 52% are right (both directions 97%). On the treebank's test words accuracy is "
        "94.4% (forward only 92.3%, each word's most frequent tag 86.6%), on words never seen 78%, without spelling 59%.",
    ),
)

LABELS = {
    "parts": "both directions",
    "parts_forward": "forward only",
    "parts_words": "both, no spelling",
    "names": "both directions",
    "names_forward": "forward only",
}
GROUPS = {
    "pos": {"accuracy": "all words", "accuracy_known": "known words", "accuracy_unknown": "words never seen"},
    "ner": {
        "accuracy": "all words",
        "accuracy_shared_words": "words that can be two things",
        "accuracy_shared_first_words": "such words in front",
    },
}
TITLES = {"pos": "Parts of speech, English Web Treebank", "ner": "Names in made sentences"}


def paint_accuracies(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Accuracy by group of words, one dot a seed, and the most frequent tag of each word as a line."""
    import matplotlib.pyplot as plt

    drawn, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    for axis, task in zip(axes, GROUPS, strict=True):
        chosen = [name for name in variants if VARIANTS[name].task == task]
        for k, metric in enumerate(GROUPS[task]):
            baseline = facts[f"{task}_baseline"][metric.removeprefix("accuracy_").replace("accuracy", "all")]
            axis.plot(
                [baseline] * 2, [k - 0.4, k + 0.4], color="0.3", linewidth=2, label="most frequent tag of the word"
            )
            for place, name in enumerate(chosen):
                values = np.array(variants[name]["metrics"][metric])
                height = k + (place - (len(chosen) - 1) / 2) * 0.25
                axis.scatter(
                    values,
                    height + np.linspace(-0.06, 0.06, len(values)),
                    s=14,
                    alpha=0.7,
                    linewidth=0,
                    color=COLOURS[place],
                    label=LABELS[name],
                )
        axis.set_yticks(range(len(GROUPS[task])), GROUPS[task].values())
        axis.set_ylim(len(GROUPS[task]) - 0.5, -0.5)
        axis.set_xlabel("share of words tagged right")
        axis.set_title(TITLES[task], fontsize=10)
        axis.grid(axis="x", alpha=0.25)
        handles, labels = axis.get_legend_handles_labels()
        once = dict(zip(labels, handles, strict=True))
        axis.legend(once.values(), once, fontsize=8, loc="upper left")
    return drawn


def paint_sentences(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Mean probability of the tags at every word of the documented sentences; frames: the documented tags."""
    import matplotlib.pyplot as plt

    drawn, axes = plt.subplots(1, 2, figsize=(10, 3.4), layout="constrained", width_ratios=(3, 4))
    for axis, name in zip(axes, variants, strict=True):
        task = VARIANTS[name].task
        sentence, tags = SENTENCES[task], shown_tags(task)
        summary = variants[name]["summary"]
        mean = np.array([[summary[f"p_{word}_{tag}"]["mean"] for word, _ in sentence] for tag in tags])
        axis.imshow(mean, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        for row, tag in enumerate(tags):
            for column, (_, documented) in enumerate(sentence):
                value = mean[row, column]
                axis.text(column, row, f"{value:.2f}", ha="center", va="center", color="w" if value > 0.6 else "0.2")
                if tag == documented:
                    frame = plt.Rectangle((column - 0.47, row - 0.46), 0.94, 0.92, fill=False, color=COLOURS[1], lw=2.5)
                    axis.add_patch(frame)
        axis.set_xticks(range(len(sentence)), [word for word, _ in sentence])
        axis.set_yticks(range(len(tags)), tags)
        axis.set_title(TITLES[task], fontsize=10)
        axis.tick_params(length=0)
    return drawn


def paint_recalls(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Share of the words of each part of speech that are found, by the networks and by the most frequent tag."""
    import matplotlib.pyplot as plt

    baseline = facts["pos_baseline_recall"]
    summary = variants["parts"]["summary"]
    order = sorted(baseline, key=lambda tag: summary[f"recall_{tag}"]["mean"])
    drawn, axis = plt.subplots(figsize=(7, 5), layout="constrained")
    for place, tag in enumerate(order):
        found = summary[f"recall_{tag}"]["mean"]
        axis.plot([baseline[tag], found], [place, place], color="0.75", zorder=0)
        axis.plot(baseline[tag], place, "s", color="0.35", markersize=6, label="most frequent tag of the word")
        axis.plot(found, place, "o", color=COLOURS[0], markersize=7, label="bidirectional LSTM, mean of the seeds")
    axis.set_yticks(range(len(order)), order)
    axis.set_xlabel("share of the test words of this part of speech that are tagged right")
    axis.grid(axis="x", alpha=0.25)
    handles, labels = axis.get_legend_handles_labels()
    axis.legend(handles[:2], labels[:2], loc="upper left", fontsize=9)
    return drawn


FIGURES = (
    Picture(
        "tagging-accuracy",
        "A tag for every word: accuracy by kind of word, one dot a seed",
        "Reading from both ends pays where the word itself does not tell; spelling pays for words never seen.",
        facts=("pos_baseline", "ner_baseline"),
        paint=paint_accuracies,
        variants=tuple(VARIANTS),
    ),
    Picture(
        "tagging-sentences",
        "The documented sentences: mean probability of each tag",
        "Mean over the seeds; frames: the documented tags. What is missing to 1 belongs to tags that are not shown.",
        facts=(),
        paint=paint_sentences,
        variants=("parts", "names"),
    ),
    Picture(
        "tagging-recall",
        "Parts of speech found in the English Web Treebank's test sentences",
        "Squares: each word's most frequent tag in training. Circles: the LSTM, which reads the sentence.",
        facts=("pos_baseline_recall",),
        paint=paint_recalls,
        variants=("parts",),
    ),
)
