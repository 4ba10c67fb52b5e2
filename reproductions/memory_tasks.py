"""What SimpleRNN, GRU and LSTM learn to remember, and for how long.

Sources: document 000, Recurrent Neural Networks (the vanilla RNN forgets) and GRU (for which lengths); document 003, Video
63-64 ("the cat, which was sitting on the mat, was") and Video 67 (LSTM slightly better for long sequences).

Recall: the first of 10 to 200 random symbols has to be given back at the end. Agreement: "was" or "were" has to agree with a
subject that stands 5 to 100 words back, behind clauses with nouns of their own. Every cell gets the same number of training
steps, and starts as Keras starts it. Besides: one-hot vectors in place of Keras's small embeddings; and gates that start
open, as Tallec and Ollivier (2018) set them.

That a SimpleRNN can remember is shown by one unit with weights set by hand, H = tanh(4 H + x): it holds the number of the first
noun behind a thousand words.

Run: reproduce run memory_tasks
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from reproductions.claims import Better, Claim, Equals, Measured, Sampled, Within
from reproductions.figures import COLOURS, Picture
from reproductions.gradient_memory import gradient_program, with_gate_bias
from reproductions.networks import Split, first_losses, train_networks
from reproductions.sequence_tasks import NOUNS, SYMBOLS, agreement, agreement_words, recall
from reproductions.worked import array as numbers
from reproductions.worked import both

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "Memory of recurrent networks: recall and agreement"
SUMMARY = (
    "Accuracy of SimpleRNN, GRU and LSTM in giving back the first of 10, 50, 100 and 200 symbols, and in the agreement of a "
    "verb with a subject 5 to 100 words back, after 1,500 training steps each."
)
DATASETS = ()
IN_DEFAULT_SET = False
SEEDS, MAX_SEEDS = 5, 5
EXPECTED_SECONDS = 500.0
GOLDEN = "recall_lstm_10"

CELLS = {"rnn": "SimpleRNN", "gru": "GRU", "lstm": "LSTM"}
LENGTHS, GAPS, ONE_HOT_LENGTHS, OPEN_LENGTH = (10, 50, 100, 200), (5, 20, 50, 100), (50, 100), 200
POOL, OWN, TEST = 20_000, 9_600, 2_000
"""Sequences that are drawn, that a seed trains on, and that it is tested on."""

LEARNED = {"recall": 1 / SYMBOLS + 0.9 * (1 - 1 / SYMBOLS), "agreement": 0.95}
"""Accuracy 90% of the way from guessing to perfect."""

LATCH_GAP, LATCH_WEIGHT = 1000, 4.0
"""Words between subject and verb for the layer whose weights are set by hand, and its recurrent weight."""

INITS, INITS_ASIDE, GRADIENT_LENGTH = 20, 5, 100
"""Initial weights whose gradient is taken, those of the starts shown beside, and the length of the sequence."""


@dataclass(frozen=True)
class Config:
    """A recurrent classifier, its task, and how it is trained."""

    task: str
    """`recall` or `agreement`."""
    cell: str
    """Recurrent layer, a name of `layers`."""
    length: int
    """Symbols of a sequence, or words between subject and verb."""
    gate_bias: float | None = None
    """Initial bias of the gate that keeps the state, and of an LSTM's input gate with the other sign; None leaves Keras's,
    1 and 0 for an LSTM and 0 for a GRU."""
    one_hot: bool = False
    """Symbols as one-hot vectors; else a trained embedding, which Keras starts between -0.05 and 0.05."""
    units: int = 32
    """Units of the layer."""
    embedding: int = 16
    """Size of the symbols' vectors."""
    epochs: int = 10
    """Passes over a seed's sequences, 150 steps each."""
    batch_size: int = 64
    """Sequences a step."""
    learning_rate: float = 0.003
    """Adam's step size."""
    clipnorm: float = 1.0
    """Largest gradient norm of each variable, as the document clips it (Video 63-64)."""


VARIANTS = {
    **{f"recall_{name}_{n}": Config("recall", cell, n) for n in LENGTHS for name, cell in CELLS.items()},
    **{
        f"recall_open_{name}_{OPEN_LENGTH}": Config("recall", CELLS[name], OPEN_LENGTH, gate_bias=5.0)
        for name in ("gru", "lstm")
    },
    **{f"recall_one_hot_rnn_{n}": Config("recall", "SimpleRNN", n, one_hot=True) for n in ONE_HOT_LENGTHS},
    **{f"agreement_rnn_{n}": Config("agreement", "SimpleRNN", n) for n in GAPS},
    f"agreement_lstm_{GAPS[-1]}": Config("agreement", "LSTM", GAPS[-1]),
}
SIZES = {"paper": {"units": 128, "epochs": 100}}


def examples(config: Config, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Sequences of the variant's task, and their answers."""
    return {"recall": recall, "agreement": agreement}[config.task](count, config.length, seed)


def load_data(config: Config) -> Split:
    """Sequences of the task, and others for the test."""
    return Split(*examples(config, POOL, 0), *examples(config, TEST, 1))


def rows_of(seed: int) -> np.ndarray:
    """The sequences that a seed trains on."""
    return np.random.default_rng(seed).choice(POOL, OWN, replace=False)


def build_model(config: Config) -> keras.Model:
    """Embedding or one-hot vectors, recurrent layer, softmax over the answers."""
    import keras

    import layers

    inputs = SYMBOLS if config.task == "recall" else len(agreement_words())
    answers = SYMBOLS if config.task == "recall" else 2
    if config.one_hot:
        embedding = keras.layers.Embedding(inputs, inputs, embeddings_initializer="identity", trainable=False)
    else:
        embedding = keras.layers.Embedding(inputs, config.embedding)
    recurrent = getattr(layers, config.cell)(config.units)
    steps = config.length + (2 if config.task == "agreement" else 0)
    model = keras.Sequential(
        [keras.Input((steps,), dtype="int32"), embedding, recurrent, layers.Dense(answers, activation="softmax")]
    )
    if config.gate_bias is not None:
        recurrent.set_weights(with_gate_bias(config.cell, recurrent.get_weights(), config.gate_bias, close_input=True))
    optimizer = keras.optimizers.Adam(config.learning_rate, clipnorm=config.clipnorm)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def train(
    config: Config,
    data: Split,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> SeedRuns:
    """Train one network a seed, each on its own sequences."""
    return train_networks(build_model, config, data, seeds, checkpoint, progress, rows=rows_of)


def measure(config: Config, data: Split, runs: SeedRuns) -> Measured:
    """Accuracy and cross-entropy on the test sequences, and whether the accuracy counts as learned."""
    p = runs.predict(data.x_test, batch_size=TEST)  # (seeds, sequences, answers)
    accuracy = (p.argmax(axis=-1) == data.y_test).mean(axis=1)
    of_answer = p[:, np.arange(TEST), data.y_test]
    metrics = {
        "test_accuracy": accuracy.tolist(),
        "test_loss": (-np.log(np.maximum(of_answer, 1e-7))).mean(axis=1).tolist(),
        "learned": (accuracy >= LEARNED[config.task]).astype(float).tolist(),
    }
    return Measured(metrics, {"loss": runs.curves["loss"], "accuracy": runs.curves["accuracy"]})


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data, rows_of)


def latch(library: ModuleType, inputs: np.ndarray) -> np.ndarray:
    """All states of tanh(4 H + x), one unit a feature; inputs, (sequences, steps, features), are -1, 0 or 1.

    From H = 0, where it starts, the first x that is not 0 decides: H = tanh(1) = 0.76 or -0.76. The map rises with x, so the
    worst that can follow is x = -1 for ever, and H = tanh(4 H - 1) goes from 0.76 up to 0.995: it never changes its sign.
    """
    features = inputs.shape[-1]
    layer = library.SimpleRNN(features, return_sequences=True, dtype="float64")
    layer.build(inputs.shape)
    layer.set_weights([np.eye(features), LATCH_WEIGHT * np.eye(features), np.zeros(features)])
    return numbers(layer(inputs))


def noun_numbers(words: np.ndarray) -> np.ndarray:
    """+1 for a plural noun, -1 for a singular one and 0 for any other word; (sequences, steps, 1)."""
    value = dict.fromkeys(agreement_words(), 0.0)
    value |= {noun: float(sign) for pair in NOUNS for noun, sign in zip(pair, (-1, 1), strict=True)}
    return np.array([value[word] for word in agreement_words()])[words][..., None]


def latched_by_hand() -> dict[str, Any]:
    """Accuracy of SimpleRNN layers whose weights are set by hand, and the unit's state behind the words of a sentence."""
    words, plural = agreement(100, LATCH_GAP, seed=2)
    symbols, first = recall(100, LATCH_GAP, seed=2)

    def accuracies(library: ModuleType) -> list[float]:
        verbs = latch(library, noun_numbers(words))[:, -1, 0] > 0
        signs = 2 * np.eye(SYMBOLS)[symbols] - 1  # the first symbol's unit goes up, the others down
        recalled = latch(library, signs)[:, -1].argmax(axis=1)
        return [float((verbs == plural).mean()), float((recalled == first).mean())]

    import layers

    found = both(accuracies)
    shown, _ = agreement(1, 30, seed=5)
    return {
        "accuracies_of_hand_made_rnn_behind_1000_words": found,
        "simple_rnn_can_hold_the_subject_for_1000_words": found[0] == 1.0,
        "latch_words": [agreement_words()[word] for word in shown[0]],
        "latch_states": latch(layers, noun_numbers(shown))[0, :, 0].round(3).tolist(),
    }


def gradients_before_training() -> dict[str, Any]:
    """log10 of the last state's gradient for the symbol vector 99 steps back over that for the last, as training starts."""
    import keras

    import layers

    symbols, _ = recall(16, GRADIENT_LENGTH, seed=3)
    starts: dict[str, dict[str, Any]] = {name: {"cell": cell} for name, cell in CELLS.items()}
    starts |= {f"open_{name}": {"cell": CELLS[name], "gate_bias": 5.0} for name in ("gru", "lstm")}
    starts |= {f"one_hot_{name}": {"cell": cell, "one_hot": True} for name, cell in CELLS.items()}
    programs: dict[Any, Any] = {}
    found: dict[str, list[float]] = {name: [] for name in starts}
    for seed, (name, options) in product(range(INITS), starts.items()):
        if seed < INITS_ASIDE or name in CELLS:
            keras.utils.set_random_seed(seed)
            model = build_model(Config("recall", length=GRADIENT_LENGTH, **options))
            x = numbers(model.layers[0](symbols)).astype("float64")
            key = options["cell"], x.shape
            if key not in programs:
                layer = getattr(layers, options["cell"])(model.layers[1].units, dtype="float64")
                layer.build(x.shape)
                programs[key] = layer, gradient_program(layer)
            layer, program = programs[key]
            layer.set_weights(model.layers[1].get_weights())
            norms = program(x)
            found[name].append(round(float(norms[-1] - norms[0]), 3))
    return {
        "log10_gradient_left_99_steps_back": {name: round(float(np.mean(values)), 2) for name, values in found.items()},
        "log10_gradient_of_rnn_left_99_steps_back": found["rnn"],
        "log10_gradient_of_lstm_over_rnn_99_steps_back": np.subtract(found["lstm"], found["rnn"]).round(3).tolist(),
        "log10_gradient_of_gru_over_rnn_99_steps_back": np.subtract(found["gru"], found["rnn"]).round(3).tolist(),
    }


def examine() -> dict[str, Any]:
    """The layers with weights set by hand, and the gradients before training."""
    return {**latched_by_hand(), **gradients_before_training()}


def paint_recall(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Accuracy against length, and against the training step at three lengths."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 4, figsize=(14.5, 4.2), layout="constrained", width_ratios=(1.6, 1, 1, 1))
    axis = axes[0]
    for offset, (name, cell), colour in zip((0.94, 1, 1.06), CELLS.items(), COLOURS, strict=False):
        _paint_line(axis, variants, {n: f"recall_{name}_{n}" for n in LENGTHS}, offset, colour, "o-", cell)
        if name == "rnn":
            of_one_hot = {n: f"recall_one_hot_rnn_{n}" for n in ONE_HOT_LENGTHS}
            _paint_line(axis, variants, of_one_hot, 0.9, COLOURS[4], "s--", "SimpleRNN, one-hot symbols")
        else:
            opened = {OPEN_LENGTH: f"recall_open_{name}_{OPEN_LENGTH}"}
            _paint_line(axis, variants, opened, 1.2 * offset, colour, "*", f"{cell}, gates open at the start")
    axis.set_xscale("log")
    axis.set_xticks(LENGTHS, [str(n) for n in LENGTHS])
    axis.minorticks_off()
    _finish(axis, "recall", "length of the sequence", label_at=0.3)
    axis.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=2)
    for axis, length in zip(axes[1:], LENGTHS, strict=False):
        for (name, cell), colour in zip(CELLS.items(), COLOURS, strict=False):
            curve = variants[f"recall_{name}_{length}"]["curves"]["accuracy"]
            steps = 150 * np.asarray(curve["epoch"])
            axis.plot(steps, curve["mean"], color=colour, label=cell)
            axis.fill_between(steps, curve["low"], curve["high"], color=colour, alpha=0.18, linewidth=0)
        _finish(axis, "recall", "training step")
        axis.set_ylabel("training accuracy")
        axis.set_title(f"length {length}", fontsize=10)
    return figure


def _paint_line(
    axis: Any, variants: Mapping[str, Any], names: Mapping[int, str], offset: float, colour: str, style: str, label: str
) -> None:
    """Mean test accuracy by length as a line, one small dot a seed."""
    values = {n: variants[name]["metrics"]["test_accuracy"] for n, name in names.items()}
    places = [n * offset for n in values]
    size = 12 if style == "*" else 6
    axis.plot(places, [np.mean(v) for v in values.values()], style, color=colour, label=label, markersize=size)
    for place, seeds in zip(places, values.values(), strict=True):
        axis.plot([place] * len(seeds), seeds, ".", color=colour, alpha=0.5, markersize=5)


def _finish(axis: Any, task: str, x_label: str, label_at: float | None = None) -> None:
    """The levels of guessing and of learned, named at that share of the width; limits and labels."""
    guessing = 1 / SYMBOLS if task == "recall" else 0.5
    axis.axhline(guessing, color="0.4", linestyle="--", linewidth=1)
    axis.axhline(LEARNED[task], color="0.4", linestyle=":", linewidth=1)
    if label_at is not None:
        for level, name in ((guessing, "guessing"), (LEARNED[task], "learned")):
            axis.text(label_at, level + 0.01, name, transform=axis.get_yaxis_transform(), fontsize=8, color="0.35")
    axis.set_ylim(0 if task == "recall" else 0.4, 1.04)
    axis.set_xlabel(x_label)
    axis.set_ylabel("test accuracy")
    axis.grid(alpha=0.25)


def paint_agreement(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Accuracy against the gap, and the state of the hand-made unit behind every word of a sentence."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(13, 4.4), layout="constrained", width_ratios=(1, 1.7))
    axis = axes[0]
    _paint_line(axis, variants, {n: f"agreement_rnn_{n}" for n in GAPS}, 0.98, COLOURS[0], "o-", "SimpleRNN")
    _paint_line(axis, variants, {GAPS[-1]: f"agreement_lstm_{GAPS[-1]}"}, 1.06, COLOURS[2], "o", "LSTM")
    axis.set_xscale("log")
    axis.set_xticks(GAPS, [str(n) for n in GAPS])
    axis.minorticks_off()
    _finish(axis, "agreement", "words between subject and verb", label_at=0.02)
    axis.set_title("after 1,500 training steps, one small dot a seed", fontsize=10)
    axis.legend(frameon=False, fontsize=9, loc="center left")
    axis = axes[1]
    words, states = facts["latch_words"], facts["latch_states"]
    axis.plot(range(len(words)), states, "o-", color=COLOURS[0], markersize=4)
    for form, (name, colour, marker) in enumerate((("singular", COLOURS[5], "v"), ("plural", COLOURS[3], "^"))):
        of_nouns = [place for place, word in enumerate(words) if any(word == pair[form] for pair in NOUNS)]
        axis.plot(of_nouns, [states[k] for k in of_nouns], marker, color=colour, markersize=9, label=f"{name} noun")
    axis.axhline(0, color="0.4", linewidth=1)
    axis.set_xticks(range(len(words)), words, rotation=90, fontsize=8)
    axis.set_ylim(-1.15, 1.15)
    axis.set_ylabel('state H: below 0 "was", above 0 "were"')
    axis.set_title("one unit with weights set by hand, H = tanh(4 H + x)", fontsize=10)
    axis.legend(frameon=False, fontsize=9)
    axis.grid(alpha=0.25)
    return figure


FIGURES = (
    Picture(
        "memory-recall",
        "Recalling the first symbol of a sequence after 1,500 training steps",
        "Left: test accuracy by length, one small dot a seed, lines are means. Right: training accuracy by step, mean and 10th "
        "to 90th percentile of the seeds. The stars, both at length 200, started with open gates (bias 5 in place of Keras's 1 "
        "and 0). SimpleRNN, with its orthogonal W_h and small embeddings, remembers longest here.",
        facts=(),
        paint=paint_recall,
        variants=tuple(name for name in VARIANTS if name.startswith("recall")),
    ),
    Picture(
        "memory-agreement",
        'Agreement of a verb with its subject: "the cat, which was sitting on the mat, was"',
        "Left: test accuracy by gap, one small dot a seed. Right: a single tanh unit that holds the number of the first noun, "
        "whatever nouns follow: a SimpleRNN can remember.",
        facts=("latch_words", "latch_states"),
        paint=paint_agreement,
        variants=tuple(name for name in VARIANTS if name.startswith("agreement")),
    ),
)

_TRAINING = (
    f"32 units, embedding 16, {OWN:,} sequences a seed (fixed), 10 epochs of 150 steps of 64, Adam 0.003, clipnorm 1, Keras's "
    f"other defaults; the same for every cell; {SEEDS} seeds, {TEST:,} test sequences."
)
_RECALL = (
    f"Recall: random symbols of {SYMBOLS}, the first is to be given back at the end; learned is 90% of the way from guessing to "
    f"perfect, an accuracy of 91.25%. {_TRAINING}"
)
_AGREEMENT = (
    "Agreement: sentences from templates; the number of the second word, the subject, decides between was and were, 5 to 100 "
    "words later; nouns and verbs between are of either number, independently; learned is an accuracy of 95% (guessing 50%). "
    f"{_TRAINING}"
)

CLAIMS = (
    Claim(
        "rnn-vanilla-forgets-long",
        "000",
        "Recurrent Neural Networks (RNNs)",
        "A vanilla RNN forgets older information in long sequences because of vanishing gradients, and LSTM/GRU remember better.",
        "comparison",
        "",
        f"{_RECALL} Forgets: SimpleRNN learns length 10 and not length 200. Because of vanishing gradients: as training starts "
        "the last state's gradient for the symbol 99 steps back is below a thousandth of that for the last (log10 below -3), 20 "
        "initial weights. Better: LSTM and GRU have a higher accuracy than SimpleRNN at length 100, seed by seed.",
        (
            Within("recall_rnn_10", "test_accuracy", low=LEARNED["recall"]),
            Within("recall_rnn_200", "test_accuracy", high=LEARNED["recall"]),
            Sampled(
                "log10_gradient_of_rnn_left_99_steps_back", high=-3.0, documented="below a thousandth (log10 below -3)"
            ),
            Better("test_accuracy", "recall_lstm_100", "recall_rnn_100"),
            Better("test_accuracy", "recall_gru_100", "recall_rnn_100"),
        ),
        priority=2,
        remark="The other way round, in every seed: at length 100 SimpleRNN is right in 97%, LSTM and GRU guess (13%); at "
        "200 it still has 71%. Its gradient does not vanish: Keras starts W_h orthogonal and embeddings between -0.05"
        " and 0.05, so the states stay where tanh is a straight line, and 24% of the gradient is left after 99 steps "
        "(LSTM 3e-8, GRU 1e-20). On one-hot symbols, which are larger, 1e-6 is left, and SimpleRNN learns length 50 "
        "in 4 of 5 seeds and 100 in none. Recall is hard for gates: no mark says which symbol to keep. Where marks "
        "do, as in the adding problem (gradient_memory), LSTM and GRU learn length 50 and SimpleRNN does not. All of "
        "this is after 1,500 steps; more may teach the gates.",
    ),
    Claim(
        "gru-short-lstm-long",
        "000",
        "GRU",
        "GRU suits short to medium sequences and LSTM suits long ones.",
        "comparison",
        "",
        f"{_RECALL} Short to medium: GRU learns lengths 10 and 50. Long: LSTM's accuracy is above GRU's at length 200.",
        (
            Within("recall_gru_10", "test_accuracy", low=LEARNED["recall"]),
            Within("recall_gru_50", "test_accuracy", low=LEARNED["recall"]),
            Better("test_accuracy", "recall_lstm_200", "recall_gru_200"),
        ),
        priority=3,
        remark="Both learn length 10, neither 50, 100 or 200: as Keras starts them no difference between the two shows up on"
        " long sequences. On the adding problem of length 50 (gradient_memory) the GRU's error is the smaller one, "
        "0.0007 against 0.0019, and it learns in half the steps.",
    ),
    Claim(
        "rnn-long-term-failure",
        "003",
        "Video 63-64",
        "RNNs cannot capture long-term dependencies and forget the start of the sequence (the cat ... was).",
        "behaviour",
        "",
        f"{_AGREEMENT} Cannot: no SimpleRNN gets every one of 100 sentences right whose subject is 1,000 words back; tried with "
        "a single unit whose weights are set by hand. Forgets, when trained: learns a gap of 5 words and not one of 100.",
        (
            Equals(
                "simple_rnn_can_hold_the_subject_for_1000_words",
                False,
                true_value=True,
                derivation="H = tanh(4 H + x), x = -1 for a singular noun, 1 for a plural one and 0 else, holds the number of "
                "the first noun for ever: from H = 0 the first noun takes it to 0.76 or -0.76, and from there even an endless "
                "row of the other number only leads to 0.995 or -0.995, tanh(4 H - 1) being above H between. All of 100 "
                "sentences with 1,000 words between are right, and so are 8 such units on 1,000 random symbols, where the "
                "first is asked for. The layer has the memory; the rest is training.",
            ),
            Within("agreement_rnn_5", "test_accuracy", low=LEARNED["agreement"]),
            Within("agreement_rnn_100", "test_accuracy", high=LEARNED["agreement"]),
        ),
        priority=2,
        remark="It is wrong both ways. That no SimpleRNN can is refuted by the unit set by hand, and training found others:"
        " at all gaps from 5 to 100 words every seed gets every test sentence right, while LSTM as Keras starts it "
        "guesses at 100. What helps, likely, is the orthogonal start of W_h with small word vectors (24% of the "
        "gradient is left after 99 steps, see rnn-vanilla-forgets-long). SimpleRNNs do fail where states saturate: "
        "one-hot symbols, length 100.",
    ),
    Claim(
        "lstm-slightly-better-long",
        "003",
        "Video 67",
        "LSTM is slightly better for long sequences.",
        "comparison",
        "slightly",
        f"{_RECALL} LSTM's accuracy is above GRU's at length 200: as Keras starts both; and both started with open gates "
        "(update bias 5; forget bias 5 and input bias -5).",
        (
            Better("test_accuracy", "recall_lstm_200", "recall_gru_200"),
            Better("test_accuracy", "recall_open_lstm_200", "recall_open_gru_200"),
        ),
        priority=3,
        remark="At length 200 both guess after 1,500 steps as Keras starts them (12.5% is guessing), and with open gates GRU"
        " has begun to learn (16%, LSTM 14%). On the adding problem of length 50 (gradient_memory) GRU is ahead as "
        "well. No sign of an advantage of LSTM; longer trainings than these may find one.",
    ),
)
