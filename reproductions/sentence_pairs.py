"""What the translation reproductions share: pairs as arrays, a model to translate them, and what it writes.

A training pair is (source, [START, y_1, ..., y_T]) with the targets [y_1, ..., y_T, END]; all rows are padded behind.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import keras

    from recipes.text import Vocabulary
    from recipes.training import SeedRuns

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Translation:
    """Pairs of sentences, ready for an encoder-decoder.

    Args:
        x_train: source words (rows, S) and the decoder's inputs (rows, T).
        y_train: the decoder's targets (rows, T).
        lengths: positions that each training row needs.
        source: vocabulary of the source language.
        target: vocabulary of the target language.
        test: test pairs by group.
    """

    x_train: tuple[np.ndarray, np.ndarray]
    y_train: np.ndarray
    lengths: np.ndarray
    source: Vocabulary
    target: Vocabulary
    test: dict[str, list[tuple[str, str]]]

    @classmethod
    def of(cls, pairs: Pairs, test: dict[str, list[tuple[str, str]]], source: Vocabulary, target: Vocabulary) -> Any:
        """Encode the training pairs with the vocabularies."""
        words, source_lengths = source.batch([one for one, _ in pairs])
        texts = [other for _, other in pairs]
        inputs, target_lengths = target.batch(texts, start=True)
        targets, _ = target.batch(texts, end=True)
        return cls((words, inputs), targets, np.maximum(source_lengths, target_lengths), source, target, test)


def split_by_sentence(pairs: Pairs, test_share: float, seed: int) -> tuple[list[Any], list[Any]]:
    """Training and test pairs such that no English sentence is in both."""
    sentences = list(dict.fromkeys(english for english, _ in pairs))
    order = np.random.default_rng(seed).permutation(len(sentences))
    held_out = {sentences[k] for k in order[: round(test_share * len(sentences))]}
    train, test = ([pair for pair in pairs if (pair[0] in held_out) is part] for part in (False, True))
    return train, test


def sequence_model(sizes: tuple[int, int], config: Any) -> keras.Model:
    """A compiled `Seq2Seq` of the configuration, with Adam, a clipped gradient and the masked cross-entropy.

    Args:
        sizes: of the source and of the target vocabulary.
        config: has `units`, `embedding_dim`, `attention`, `learning_rate` and may have the model's other options.
    """
    import keras

    from recipes.models.seq2seq import MaskedCrossentropy, Seq2Seq, WordAccuracy

    model = Seq2Seq(
        *sizes,
        units=config.units,
        embedding_dim=config.embedding_dim,
        attention=config.attention or None,
        bidirectional=getattr(config, "bidirectional", False),
        dropout=getattr(config, "dropout", 0.0),
        teacher_forcing=getattr(config, "teacher_forcing", True),
    )
    model.compile(
        keras.optimizers.Adam(config.learning_rate, clipnorm=1.0), MaskedCrossentropy(), metrics=[WordAccuracy()]
    )
    return model


def train_sequences(
    build_model: Callable[[Any], keras.Model],
    config: Any,
    data: Any,
    seeds: Sequence[int],
    checkpoint: Path | None,
    progress: Callable[[float], None] | None,
) -> SeedRuns:
    """Train one network a seed with the compiled trainer, in batches of like length.

    Args:
        build_model: the reproduction's function from configuration to compiled model.
        config: one of its variants.
        data: has `x_train`, `y_train` and `lengths`.
        seeds: one network each.
        checkpoint: folder of the training state; an interrupted training goes on from there.
        progress: called with the finished share.
    """
    from recipes.training import Trainer

    return Trainer(lambda: build_model(config)).fit(
        data.x_train,
        data.y_train,
        lengths=data.lengths,
        seeds=seeds,
        epochs=config.epochs,
        batch_size=config.batch_size,
        checkpoint=checkpoint,
        progress=progress,
    )


def first_losses(build_model: Callable[[Any], keras.Model], config: Any, data: Any) -> list[float]:
    """The golden trace: losses of the first 20 steps of seed 0, op determinism on, every row at its full width."""
    from recipes.training import golden_trace

    return golden_trace(lambda: build_model(config), data.x_train, data.y_train, batch_size=config.batch_size)


@functools.lru_cache(maxsize=4)
def known_words_step(model: keras.Model) -> Callable[..., Any]:
    """The model's step with no chance for the unknown word, which stands for many and says nothing."""
    from keras import ops

    from recipes.text import UNKNOWN

    def step(tokens: Any, position: Any, state: Any) -> tuple[Any, Any]:
        logits, state = model.step(tokens, position, state)
        return logits - 1e9 * ops.one_hot(UNKNOWN, logits.shape[-1], dtype=logits.dtype), state

    return step


def written(
    model: keras.Model, words: np.ndarray, max_length: int, beams: int = 1, batch_size: int = 300
) -> np.ndarray:
    """What the model writes for source words (rows, S): known words (rows, max_length), by greedy or beam search."""
    from recipes.decoding import beam_search, greedy
    from recipes.text import END, START

    found = []
    for begin in range(0, len(words), batch_size):
        rows = words[begin : begin + batch_size]
        start = np.full(len(rows), START, "int32")
        arguments = (known_words_step(model), model.encode(rows), start, END, max_length)
        found.append(greedy(*arguments) if beams == 1 else beam_search(*arguments, beams=beams))
    return np.concatenate(found)


def translations(
    model: keras.Model, texts: Sequence[str], source: Vocabulary, target: Vocabulary, max_length: int, beams: int = 1
) -> list[str]:
    """The model's translations as texts."""
    from recipes.text import join_words

    rows = written(model, source.batch(texts)[0], max_length, beams)
    return [join_words(target.decode(row.tolist())) for row in rows]


def attention_of(
    model: keras.Model, text: str, source: Vocabulary, target: Vocabulary, max_length: int
) -> tuple[list[str], list[str], list[list[float]]]:
    """Source words, the words of the greedy translation with its end, and the attention weights between them."""
    from recipes.text import END, START

    words = source.batch([text])[0]
    row = written(model, words, max_length)[0]
    row = row[: np.flatnonzero(row == END)[0] + 1] if END in row else row
    inputs = np.concatenate([[START], row[:-1]]).astype("int32")[None]
    _, weights = model((words, inputs), return_attention_scores=True)
    spoken = [target.words[number] if number != END else "<end>" for number in row.tolist()]
    return [source.words[k] for k in words[0]], spoken, np.round(np.asarray(weights)[0], 3).tolist()


def paint_map(axis: Any, rows: Sequence[str], columns: Sequence[str], weights: Any) -> Any:
    """One attention map: the words written downwards, the source words to the right."""
    image = axis.imshow(weights, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axis.set_xticks(range(len(columns)), columns, rotation=45, ha="right", fontsize=8)
    axis.set_yticks(range(len(rows)), rows, fontsize=8)
    return image
