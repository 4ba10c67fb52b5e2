"""Encoder and decoder by hand: lengths, the loss, and the loop that feeds each word back.

Source: document 003, Videos 69-70. The loss is written out in NumPy and set against ours and Keras's; an encoder-decoder
that has learned four sentences by heart writes "I love India" in Hindi, word by word.

Run: reproduce run seq2seq_examples
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from reproductions.claims import Claim, Equals
from reproductions.figures import COLOURS, Picture
from reproductions.worked import array, difference, draw, gradient

TITLE = "Worked examples: encoder and decoder"
SUMMARY = "Sentences of different lengths, the cross-entropy of their words, and greedy decoding until the end token."
DATASETS = ()
IN_DEFAULT_SET = True
EXPECTED_SECONDS = 5.0

PAIRS = (
    ("I love India", "मुझे भारत से प्यार है"),
    ("I love tea", "मुझे चाय से प्यार है"),
    ("India is far", "भारत दूर है"),
    ("I am at home", "मैं घर पर हूँ"),
)
LATIN = {
    "मुझे": "mujhe", "भारत": "bhārat", "से": "se", "प्यार": "pyār", "है": "hai", "<end>": "<end>", "<start>": "<start>",
}  # fmt: skip
"""How the Hindi words of the example sound; the figures' fonts hold no Devanagari."""
MOST_WORDS = 12


def different_lengths() -> dict[str, Any]:
    """Words of the documented sentences, and shapes of the logits for 3 words in and 5 out, and the other way round."""
    from recipes.models.seq2seq import Seq2Seq

    english, hindi = PAIRS[0]

    def shape(attention: str | None, read: int, spoken: int) -> list[int]:
        model = Seq2Seq(20, 30, units=4, embedding_dim=4, attention=attention)
        return list(model((np.ones((1, read), "int32"), np.ones((1, spoken), "int32"))).shape)

    kinds = (None, "bahdanau", "luong")
    return {
        "words_of_the_example": [len(english.split()), len(hindi.split())],
        "logits_of_3_words_in_and_5_out": [shape(kind, 3, 5) for kind in kinds],
        "logits_of_5_words_in_and_3_out": [shape(kind, 5, 3) for kind in kinds],
    }


def cross_entropy() -> dict[str, Any]:
    """The masked cross-entropy of two sentences of 5 and 3 words, padded to 5; its value and its gradient."""
    import keras

    from recipes.models.seq2seq import MaskedCrossentropy

    words = np.array([[4, 9, 5, 7, 3], [6, 4, 3, 0, 0]])
    logits = draw(2, 5, 10).astype("float32")
    log_p = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    real = words > 0
    by_hand = -sum(log_p[i, t, words[i, t]] for i, t in zip(*np.nonzero(real), strict=True)) / real.sum()
    of_padding = logits + 5 * draw(2, 5, 10, seed=1).astype("float32") * ~real[..., None]
    errors = (np.exp(log_p) - np.eye(10)[words]) * real[..., None] / real.sum()  # (p - y) / words
    ours = MaskedCrossentropy()
    of_keras = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0)
    return {
        "loss_minus_formula": round(difference(ours(words, logits), by_hand), 5),
        "keras_loss_minus_formula": round(difference(of_keras(words, logits), by_hand), 5),
        "change_of_loss_with_logits_at_padding": round(difference(ours(words, logits), ours(words, of_padding)), 5),
        "loss_of_equal_logits_minus_log_10": round(difference(ours(words, 0 * logits), np.log(10)), 5),
        "gradient_minus_p_minus_y": round(difference(gradient(lambda z: ours(words, z), logits)[0], errors), 5),
    }


def learned_by_heart() -> tuple[Any, Any, Any, list[float]]:
    """A network that has learned the four pairs, the two vocabularies, and the losses of its training."""
    import keras

    from recipes.models.seq2seq import MaskedCrossentropy, Seq2Seq
    from recipes.text import Vocabulary
    from recipes.training import Trainer

    english, hindi = (Vocabulary.of(pair[side] for pair in PAIRS) for side in (0, 1))
    source, _ = english.batch([one for one, _ in PAIRS])
    texts = [other for _, other in PAIRS]
    inputs, targets = hindi.batch(texts, start=True)[0], hindi.batch(texts, end=True)[0]

    def build() -> keras.Model:
        model = Seq2Seq(len(english), len(hindi), units=16, embedding_dim=8)
        model.compile(keras.optimizers.Adam(0.02), MaskedCrossentropy())
        return model

    runs = Trainer(build, jit_compile=False).fit((source, inputs), targets, epochs=120, batch_size=len(PAIRS))
    return runs.load(0), english, hindi, [float(value) for value in runs.curves["loss"][0]]


def feedback() -> dict[str, Any]:
    """The decoder's loop, written out: each word is the most likely one after the word before, until the end token."""
    from recipes.decoding import greedy
    from recipes.text import END, START

    model, english, hindi, losses = learned_by_heart()
    source, _ = english.batch([PAIRS[0][0]])
    state, word = model.encode(source), START
    trail: list[tuple[int, int]] = []
    while word != END and len(trail) < MOST_WORDS:
        logits, state = model.step(np.array([word], "int32"), len(trail), state)
        chosen = int(array(logits)[0].argmax())
        trail.append((word, chosen))
        word = chosen
    by_recipe = greedy(model.step, model.encode(source), np.array([START], "int32"), END, MOST_WORDS)[0].tolist()
    others = [
        array(model.step(np.array([previous], "int32"), 1, model.encode(source))[0])[0]
        for previous in (START, hindi.encode("भारत")[0])
    ]
    spoken = [chosen for _, chosen in trail]
    return {
        "written": [hindi.words[number] for number in spoken[:-1]],
        "last_token": hindi.words[spoken[-1]],
        "steps_of_at_most_12": len(trail),
        "fed_word_is_the_one_written_before": [before for before, _ in trail] == [START, *spoken[:-1]],
        "greedy_recipe_writes_the_same_and_pads": by_recipe == spoken + [0] * (MOST_WORDS - len(spoken)),
        "another_previous_word_gives_other_logits": difference(*others) > 0.1,
        "training_lowered_the_loss_tenfold": losses[-1] < losses[0] / 10,
        "loss_by_step": [round(value, 2) for value in losses[::4]],
    }


def examine() -> dict[str, Any]:
    """All facts of this file."""
    return {**different_lengths(), **cross_entropy(), **feedback()}


def paint_loop(facts: Mapping[str, Any]) -> Any:
    """Encoder and decoder unrolled over the example, with each written word fed into the next step."""
    import matplotlib.pyplot as plt

    read = PAIRS[0][0].split()
    spoken = [LATIN.get(word, word) for word in [*facts["written"], facts["last_token"]]]
    fed = ["<start>", *spoken[:-1]]
    drawn, axis = plt.subplots(figsize=(10.4, 3.0), layout="constrained")
    box = {"boxstyle": "round,pad=0.45", "edgecolor": "none"}
    arrow = {"arrowstyle": "->", "color": "0.35", "shrinkA": 12, "shrinkB": 12}
    for place in range(len(read) + len(spoken)):
        encodes = place < len(read)
        colour = COLOURS[4] if encodes else COLOURS[5]
        axis.text(
            place,
            1,
            "encoder" if encodes else "decoder",
            ha="center",
            va="center",
            fontsize=9,
            bbox={**box, "facecolor": colour},
        )
        below = read[place] if encodes else fed[place - len(read)]
        axis.text(place, 0, below, ha="center", va="center", fontsize=10)
        axis.annotate("", (place, 1), (place, 0), arrowprops=arrow)
        if place:
            axis.annotate("", (place, 1), (place - 1, 1), arrowprops={**arrow, "shrinkA": 26, "shrinkB": 26})
        if not encodes:
            axis.text(place, 2, spoken[place - len(read)], ha="center", va="center", fontsize=10, weight="bold")
            axis.annotate("", (place, 2), (place, 1), arrowprops=arrow)
            if place + 1 < len(read) + len(spoken):
                back = {**arrow, "linestyle": ":", "color": COLOURS[1], "connectionstyle": "arc3,rad=0.0"}
                axis.annotate("", (place + 0.95, 0.1), (place + 0.1, 1.9), arrowprops=back)
    axis.text(len(read) - 0.5, 1.28, "context", ha="center", fontsize=8, color="0.35")
    axis.set(xlim=(-0.6, len(read) + len(spoken) - 0.4), ylim=(-0.4, 2.4))
    axis.axis("off")
    return drawn


FIGURES = (
    Picture(
        "seq2seq-feedback",
        '"I love India" read by the encoder and written in Hindi (in Latin letters), each word fed back (dotted)',
        "Three words in, five out and the end token: the two loops run as long as their sentences are.",
        facts=("written", "last_token"),
        paint=paint_loop,
    ),
)

CLAIMS = (
    Claim(
        "seq2seq-different-lengths",
        "003",
        "Video 69-70",
        '"I love India" has 3 words and its Hindi translation 5: the lengths of input and output differ.',
        "exact",
        "3; 5",
        "Words between spaces are counted. An encoder-decoder (without, with Bahdanau's and with Luong's attention) must give "
        "logits for 5 words from 3 and for 3 from 5.",
        (
            Equals("words_of_the_example", [3, 5]),
            Equals("logits_of_3_words_in_and_5_out", [[1, 5, 30]] * 3),
            Equals("logits_of_5_words_in_and_3_out", [[1, 3, 30]] * 3),
        ),
        priority=2,
    ),
    Claim(
        "seq2seq-decoder-feedback",
        "003",
        "Video 69-70",
        "The decoder emits words one by one, using its previous output, until the end token.",
        "behaviour",
        "word by word until <EOS>",
        "A GRU encoder-decoder with 16 units learns four English-Hindi pairs by heart (120 steps). The loop is written out: it "
        "must write the documented translation of I love India, stop at the end token in step 6 of at most 12, and give the "
        "same as the greedy search of recipes.decoding; another previous word must change the logits by more than 0.1.",
        (
            Equals("written", PAIRS[0][1].split()),
            Equals("last_token", "<end>"),
            Equals("steps_of_at_most_12", 6),
            Equals("fed_word_is_the_one_written_before", True),
            Equals("greedy_recipe_writes_the_same_and_pads", True),
            Equals("another_previous_word_gives_other_logits", True),
        ),
        priority=2,
    ),
    Claim(
        "seq2seq-crossentropy-loss",
        "003",
        "Video 69-70",
        "Training minimises the cross-entropy between predicted and true words.",
        "exact",
        "cross-entropy",
        "Logits over 10 words for sentences of 5 and 3 words, padded to 5: our masked loss and Keras's (ignore_class=0) against "
        "-1/n sum log p in NumPy to five decimals, no part of the padding, log 10 for equal logits, and the gradient "
        "(p - y)/n. In the training of the four pairs it must fall to a tenth.",
        (
            Equals("loss_minus_formula", 0.0, tolerance=1e-5),
            Equals("keras_loss_minus_formula", 0.0, tolerance=1e-5),
            Equals("change_of_loss_with_logits_at_padding", 0.0, tolerance=1e-5),
            Equals("loss_of_equal_logits_minus_log_10", 0.0, tolerance=1e-5),
            Equals("gradient_minus_p_minus_y", 0.0, tolerance=1e-5),
            Equals("training_lowered_the_loss_tenfold", True),
        ),
        priority=3,
    ),
)
