"""One-to-many and many-to-one: an RNN writes names of a nationality, another tells which nationality a name is from.

Source: document 003, Video 61-62 (one-to-many: one input, a sequence out; many-to-one: document classification) and document
000, Recurrent Neural Networks (language detection). 18 lists of surnames; a GRU whose first hidden state is set by the
nationality writes names letter by letter, and a GRU trained on its own to recognise nationalities reads them back.

Run: reproduce run name_generation
"""

from __future__ import annotations

import functools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from reproductions.claims import Better, Claim, Measured, Within
from reproductions.figures import COLOURS, Picture
from reproductions.networks import Split, first_losses, train_networks

if TYPE_CHECKING:
    import keras

    from recipes.text import Vocabulary
    from recipes.training import SeedRuns

TITLE = "Names of a nationality, written and recognised letter by letter"
SUMMARY = (
    "A character GRU invents surnames for each of 18 nationalities; its loss on names it has not seen against the same network "
    "without the nationality and against letter n-grams; a second GRU says which nationality a name, real or invented, is from."
)
DATASETS = ("names_by_nationality",)
IN_DEFAULT_SET = False
SEEDS, MAX_SEEDS = 5, 10
EXPECTED_SECONDS = 150.0
GOLDEN = "conditioned"
SIZES = {"paper": {"units": 512, "most_names": 100_000, "epochs": 40}}

EACH = 40
"""Names that are generated for each nationality."""
LONGEST = 20
"""Letters that a generated name can have, its end included."""
JUDGE_SEED = 1000
"""Seed of the recognising network that reads generated names; no seed of the other trainings."""


@dataclass(frozen=True)
class Config:
    """The network and its training."""

    task: Literal["write", "recognise"]
    """Names from a nationality, or the nationality of a name."""
    conditioned: bool = True
    """Whether the writing network is told the nationality."""
    units: int = 96
    """Width of the hidden state."""
    embedding: int = 24
    """Size of the vectors of letters and nationalities."""
    most_names: int = 400
    """Names of a nationality, drawn at random where there are more."""
    epochs: int = 25
    """Passes over the names."""
    batch_size: int = 64
    """Names a step."""
    learning_rate: float = 0.003
    """Adam's step size."""


VARIANTS = {
    "conditioned": Config("write"),
    "unconditioned": Config("write", conditioned=False),
    "recognition": Config("recognise", epochs=15),
}


@dataclass(frozen=True)
class Names(Split):
    """Surnames as rows of numbers, and as text.

    The inputs are (nationality numbers, letters y_0 ... y_(T-1)) for writing and letters for recognising; the targets letters
    y_1 ... y_T, or nationality numbers.

    Args:
        nationalities: their names.
        train: nationality number and name of each training row.
        test: the same for the tenth of the names that no network sees in training.
        vocabulary: the letters of the training names.
    """

    nationalities: list[str]
    train: list[tuple[int, str]]
    test: list[tuple[int, str]]
    vocabulary: Vocabulary


@functools.cache
def split_names(most_names: int) -> tuple[list[str], list[tuple[int, str]], list[tuple[int, str]]]:
    """Nationalities, and distinct names for training and testing; no name is in both, whatever its nationality."""
    from recipes.datasets import load_names

    lists = load_names()
    rng = np.random.default_rng(0)
    rows: list[tuple[int, str]] = []
    for number, names in enumerate(lists.values()):
        distinct = sorted({name for name in names if len(name) < LONGEST})
        rows += [(number, distinct[k]) for k in sorted(rng.permutation(len(distinct))[:most_names])]
    different = sorted({name for _, name in rows})
    held_out = {different[k] for k in rng.permutation(len(different))[: len(different) // 10]}
    train = [row for row in rows if row[1] not in held_out]
    return list(lists), train, [row for row in rows if row[1] in held_out]


def load_data(config: Config) -> Names:
    """Up to 400 distinct names of each nationality as rows of letters, a tenth of all names for testing."""
    from recipes.text import Vocabulary

    nationalities, train, test = split_names(config.most_names)
    vocabulary = Vocabulary.of([name for _, name in train], split=list)

    def arrays(rows: list[tuple[int, str]]) -> tuple[Any, np.ndarray]:
        number = np.array([row[0] for row in rows], "int32")
        letters, _ = vocabulary.batch([row[1] for row in rows], LONGEST + 1, start=True, end=True)
        if config.task == "recognise":
            return letters, number
        # The network without nationality has as many weights and always gets the same one.
        return (number if config.conditioned else 0 * number, letters[:, :-1]), letters[:, 1:]

    x, y = arrays(train)
    x_test, y_test = arrays(test)
    return Names(x, y, x_test, y_test, nationalities, train, test, vocabulary)


def build_model(config: Config) -> keras.Model:
    """The writing network, `OneToMany` on a nationality's vector; or the recognising one, GRU and softmax."""
    import keras

    from layers import GRU
    from recipes.models.one_to_many import OneToMany
    from recipes.text import PAD

    nationalities, train, _ = split_names(config.most_names)
    letters = 4 + len({letter for _, name in train for letter in name})
    if config.task == "write":
        model = OneToMany(
            keras.layers.Embedding(len(nationalities), config.embedding), letters, config.units, config.embedding
        )
        loss: Any = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=PAD)
        metrics = None
    else:
        model = keras.Sequential(
            [
                keras.Input((None,), dtype="int32"),
                keras.layers.Embedding(letters, config.embedding, mask_zero=True),
                GRU(config.units),
                keras.layers.Dense(len(nationalities), activation="softmax"),
            ]
        )
        loss, metrics = "sparse_categorical_crossentropy", ["accuracy"]
    model.compile(keras.optimizers.Adam(config.learning_rate), loss, metrics=metrics)
    return model


def train(
    config: Config,
    data: Names,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> SeedRuns:
    """Train one network a seed."""
    return train_networks(
        build_model,
        config,
        data,
        seeds,
        checkpoint,
        progress,
        validation_data=(data.x_test, data.y_test),
        validation_batch_size=len(data.test),
    )


def write_names(model: Any, nationality: np.ndarray, seed: int) -> np.ndarray:
    """Letters `(rows, 20)` of one name for each nationality number, drawn from the network's distribution."""
    from recipes.decoding import sample
    from recipes.models.one_to_many import start_tokens
    from recipes.text import END

    return sample(model.step, model.start(nationality), start_tokens(len(nationality)), END, LONGEST, seed)


def measure(config: Config, data: Names, runs: SeedRuns) -> Measured:
    """Accuracy of recognition; or the loss on unseen names, and what the recognising network makes of generated ones."""
    if config.task == "recognise":
        said = runs.predict(data.x_test, batch_size=len(data.test)).argmax(axis=-1)  # (seeds, names)
        accuracy, recall = zip(*(scores(row, data.y_test) for row in said), strict=True)
        return Measured({"test_accuracy": list(accuracy), "mean_recall": list(recall)}, runs.curves)
    ngrams = min(ngram_losses(data).values())
    rows = []
    for seed, logits in zip(runs.seeds, runs.predict(data.x_test, batch_size=len(data.test)), strict=True):
        loss = letter_loss(logits, data.y_test)
        found = {"test_loss": loss, "test_loss_below_ngrams": ngrams - loss}
        rows.append(found | of_written(config, data, runs.load(seed), seed))
    return Measured({name: [row[name] for row in rows] for name in rows[0]}, runs.curves)


def scores(said: np.ndarray, true: np.ndarray) -> tuple[float, float]:
    """Share of right answers, and the mean over nationalities of each one's share."""
    right = said == true
    return float(right.mean()), float(np.mean([right[true == number].mean() for number in np.unique(true)]))


def letter_loss(logits: np.ndarray, letters: np.ndarray) -> float:
    """Mean cross-entropy, in nats, of all letters and name ends; logits `(names, T, letters)`."""
    from scipy.special import logsumexp

    logits = logits.astype("float64")
    true = np.take_along_axis(logits, letters[..., None], axis=-1)[..., 0]
    return float((logsumexp(logits, axis=-1) - true)[letters != 0].mean())


def of_written(config: Config, data: Names, model: Any, seed: int) -> dict[str, float]:
    """Forty generated names a nationality: how many are recognised, how many are training names."""
    wanted = np.repeat(np.arange(len(data.nationalities)), EACH).astype("int32")
    written = write_names(model, wanted if config.conditioned else 0 * wanted, seed)
    names = ["".join(data.vocabulary.decode(row)) for row in written]
    known = {name for _, name in data.train}
    new = np.array([name not in known for name in names])
    said, real = recognised(names, config), recognised([name for _, name in data.test], config)
    of_real = scores(real, np.array([number for number, _ in data.test]))[1]
    new_ones = scores(said[new], wanted[new])[1]
    return {
        "recognised": float((said == wanted).mean()),
        "recognised_new": new_ones,
        "recognised_new_of_real": new_ones / of_real,
        "share_known": float(1 - new.mean()),
    }


def recognised(names: Sequence[str], config: Config) -> np.ndarray:
    """The nationality number that the recognising network gives to each name."""
    runs, vocabulary = judge(replace(VARIANTS["recognition"], most_names=config.most_names))
    letters, _ = vocabulary.batch(names, LONGEST + 1, start=True, end=True)
    return runs.predict(letters)[0].argmax(axis=-1)


@functools.cache
def judge(config: Config) -> tuple[SeedRuns, Vocabulary]:
    """A recognising network with a seed of its own, trained once."""
    data = load_data(config)
    return train(config, data, [JUDGE_SEED]), data.vocabulary


def ngram_losses(data: Names) -> dict[str, float]:
    """Cross-entropy a letter on the test names of letter n-grams, one model for all or one a nationality."""
    found = {}
    for order in range(1, 6):
        models = ngrams_of(data, order)
        for kind, own in (("", False), (" a nationality", True)):
            logs = [models[number if own else -1].log_probabilities(name) for number, name in data.test]
            found[f"{order}-grams{kind}"] = -float(np.concatenate(logs).mean())
    return found


def ngrams_of(data: Names, order: int) -> list[Ngrams]:
    """One model a nationality, and behind them that of all names, which smooths the others."""
    pooled = Ngrams(order, len(data.vocabulary) - 2)
    pooled.count(name for _, name in data.train)
    apart = [Ngrams(order, pooled.letters, pooled) for _ in data.nationalities]
    for number, model in enumerate(apart):
        model.count(name for of, name in data.train if of == number)
    return [*apart, pooled]


class Ngrams:
    """Letter n-grams with Witten-Bell smoothing.

    With N(h) letters seen after a history h, of T(h) kinds,

        p(c | h) = (count(h c) + T(h) q(c | h)) / (N(h) + T(h))

    where q(c | h) = p(c | h without its first letter), and 1 / letters behind the empty history. A nationality's model takes
    the probability of the model of all names for q.

    Args:
        order: letters that are counted together, the predicted one included.
        letters: how many kinds there are, the end of a name and the unknown letter included.
        pooled: the model of all names, for a nationality's.
    """

    def __init__(self, order: int, letters: int, pooled: Ngrams | None = None):
        self.order, self.letters, self.pooled = order, letters, pooled
        self.after: dict[str, Counter[str]] = defaultdict(Counter)

    def count(self, names: Iterable[str]) -> None:
        """Count every letter after the histories of length 0 to order - 1 before it."""
        for name in names:
            text = "^" * (self.order - 1) + name + "$"
            for place in range(self.order - 1, len(text)):
                for length in range(self.order):
                    self.after[text[place - length : place]][text[place]] += 1

    def probability(self, letter: str, history: str) -> float:
        """p(letter | history)."""
        if self.pooled is not None:
            q = self.pooled.probability(letter, history)
        else:
            q = self.probability(letter, history[1:]) if history else 1 / self.letters
        seen = self.after.get(history, Counter())
        kinds = len(seen)
        return (seen[letter] + kinds * q) / (seen.total() + kinds) if kinds else q

    def log_probabilities(self, name: str) -> np.ndarray:
        """The logarithm of p for each letter of a name and for its end."""
        text = "^" * (self.order - 1) + name + "$"
        places = range(self.order - 1, len(text))
        return np.log([self.probability(text[k], text[k - self.order + 1 : k]) for k in places])


def trace(config: Config, data: Names) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data)


SHOWN = ("Arabic", "Chinese", "German", "Greek", "Irish", "Italian", "Japanese", "Polish", "Russian", "Spanish")
"""Nationalities of the figure, and how many names of each it shows."""
COLUMNS = 7


def examine_data() -> dict[str, Any]:
    """Sizes, n-grams' losses and accuracy, and names that a network writes, with the other's verdict on them."""
    config = VARIANTS["conditioned"]
    data = load_data(config)
    model = train(config, data, [0]).load(0)
    wanted = np.repeat(np.arange(len(data.nationalities)), EACH).astype("int32")
    names = ["".join(data.vocabulary.decode(row)) for row in write_names(model, wanted, 1)]
    said, known = recognised(names, config), {name for _, name in data.train}
    answers = np.zeros((len(data.nationalities),) * 2, int)
    np.add.at(answers, (wanted, said), 1)
    firsts = [data.nationalities.index(name) * EACH + k for name in SHOWN for k in range(COLUMNS)]
    losses = ngram_losses(data)
    return {
        "nationalities": data.nationalities,
        "training_names": len(data.train),
        "test_names": len(data.test),
        "letters": len(data.vocabulary) - 4,
        "ngram_losses": {name: round(loss, 3) for name, loss in losses.items()},
        "ngram_accuracy": round(ngram_accuracy(data, order=3), 3),
        "written": [[names[row], bool(said[row] == wanted[row]), names[row] in known] for row in firsts],
        "answers": answers.tolist(),
    }


def ngram_accuracy(data: Names, order: int) -> float:
    """Share of test names that the n-grams of their own nationality find likelier than those of every other."""
    models = ngrams_of(data, order)[:-1]
    said = [int(np.argmax([model.log_probabilities(name).sum() for model in models])) for _, name in data.test]
    return float(np.mean(np.array(said) == [number for number, _ in data.test]))


_SETUP = (
    "18 lists of surnames, at most 400 distinct names of each, drawn at random; a tenth of the names is kept from every "
    "training. Letters and end of a name, vectors of 24, GRU of 96 units, Adam 0.003, batches of 64."
)

CLAIMS = (
    Claim(
        "rnn-generates-names",
        "own",
        "name_generation",
        "One input is enough for an RNN to write a sequence that suits it: told a nationality, it writes a name of it.",
        "behaviour",
        "one-to-many: single value in, sequence out",
        f"{_SETUP} The nationality's vector sets the first hidden state; 25 epochs. It must lower the cross-entropy of unseen "
        "names' letters below that of the same network without the nationality. Of 40 names drawn for each nationality at most "
        "half are training names, and the others are recognised, by a GRU trained on its own, at least half as often "
        "(mean over nationalities) as real unseen names are, and more often than names of the network without nationality.",
        (
            Better("test_loss", "conditioned", "unconditioned", higher_is_better=False),
            Better("recognised", "conditioned", "unconditioned"),
            Within("conditioned", "recognised_new_of_real", 0.5),
            Within("conditioned", "share_known", 0.0, 0.5),
        ),
        data="names_by_nationality",
        priority=2,
        remark="44% of the written names are recognised as the nationality asked for, 6% without it. Of those that are no "
        "training names (93%) it is 43%, of real unseen names 57% (means over nationalities). Written Chinese and "
        "Japanese names are seldom mistaken, Scottish ones go for English or German, Portuguese ones for Spanish or Italian.",
    ),
    Claim(
        "rnn-recognises-nationality",
        "own",
        "name_generation",
        "An RNN tells from the letters of a name which of 18 nationalities it is from.",
        "metric",
        "many-to-one: sequence in, one class out",
        f"{_SETUP} GRU over the letters, softmax on its last state, 15 epochs. Tells: more right than wrong answers on "
        "unseen names.",
        (Within("recognition", "test_accuracy", 0.5),),
        data="names_by_nationality",
        priority=2,
        remark="60% right; letter trigrams, one model a nationality, reach 54% (ngram_accuracy), and always saying one "
        "nationality at most 12%. Surnames cross borders, so not all errors are the network's.",
    ),
    Claim(
        "rnn-names-beat-ngrams",
        "own",
        "name_generation",
        "A GRU predicts the letters of unseen names better than counting letter sequences does.",
        "comparison",
        "GRU < n-grams, cross-entropy",
        f"{_SETUP} The network that is told the nationality against the best, on the test names themselves, of 1- to 5-grams "
        "with Witten-Bell smoothing, one model for all or one a nationality.",
        (Within("conditioned", "test_loss_below_ngrams", 0.0),),
        data="names_by_nationality",
        priority=3,
        remark="2.17 nats a letter against 2.27 of trigrams of the nationality. The nationality is worth more than the kind of "
        "model: without it the GRU has 2.43, trigrams 2.47. Both networks overfit after 17 epochs.",
    ),
)


def paint_names(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Names written for ten nationalities, and what the recognising network took forty of each for."""
    import matplotlib.pyplot as plt

    drawn, (texts, axis) = plt.subplots(1, 2, figsize=(14, 5.4), layout="constrained", width_ratios=(8, 5))
    texts.axis("off")
    texts.set_xlim(-1.2, COLUMNS)
    texts.set_ylim(len(SHOWN) - 0.4, -1.1)
    for place, nationality in enumerate(SHOWN):
        texts.text(-1.2, place, nationality, fontsize=9, weight="bold", va="center")
        for column in range(COLUMNS):
            name, right, known = facts["written"][place * COLUMNS + column]
            shown = name if len(name) <= 12 else f"{name[:11]}…"
            texts.text(column, place, f"{shown}{'*' if known else ''}", fontsize=8, va="center",
                       color=COLOURS[0] if right else COLOURS[1])  # fmt: skip
    texts.text(-1.2, -1, "blue: recognised, orange: taken for another nationality, *: a training name", fontsize=8.5)
    shares = np.array(facts["answers"]) / EACH
    image = axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for labels, ticks in ((axis.set_xticks, {"rotation": 90}), (axis.set_yticks, {})):
        labels(range(len(shares)), facts["nationalities"], fontsize=8, **ticks)
    axis.set_xlabel("recognised as")
    axis.set_ylabel("nationality asked for")
    drawn.colorbar(image, ax=axis, label="share of 40 written names")
    return drawn


def paint_losses(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Cross-entropy on unseen names of n-grams by order and of the two networks."""
    import matplotlib.pyplot as plt

    drawn, axis = plt.subplots(figsize=(7, 3.8), layout="constrained")
    for colour, suffix, label in (
        (COLOURS[4], "", "for all names"),
        (COLOURS[2], " a nationality", "for each nationality"),
    ):
        axis.plot(range(1, 6), [facts["ngram_losses"][f"{order}-grams{suffix}"] for order in range(1, 6)], "o-",
                  color=colour, label=f"n-grams {label}")  # fmt: skip
    for colour, name, label in (
        (COLOURS[1], "unconditioned", "GRU without nationality"),
        (COLOURS[0], "conditioned", "GRU"),
    ):
        values = variants[name]["metrics"]["test_loss"]
        axis.axhline(float(np.mean(values)), color=colour, label=label)
        axis.axhspan(min(values), max(values), color=colour, alpha=0.2, linewidth=0)
    axis.set_xticks(range(1, 6))
    axis.set_xlabel("letters that an n-gram counts together")
    axis.set_ylabel("cross-entropy, nats a letter")
    axis.legend(frameon=False, fontsize=9)
    axis.grid(alpha=0.25)
    return drawn


FIGURES = (
    Picture(
        "name-generation",
        "Names that a GRU writes for a nationality, and what another GRU takes them for",
        "Drawn letter by letter from the distribution of seed 0's network; long names are cut.",
        facts=("written", "answers", "nationalities"),
        paint=paint_names,
        variants=("conditioned",),
    ),
    Picture(
        "name-losses",
        "How well the next letter of an unseen name is predicted",
        "Lines: mean over seeds, bands: all seeds.",
        facts=("ngram_losses",),
        paint=paint_losses,
        variants=("conditioned", "unconditioned"),
    ),
)
