"""What the reproductions that train a Transformer on pairs of texts share: the compiled model and what it writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import keras

    from recipes.text import Vocabulary


def transformer_model(sizes: tuple[int, int], config: Any) -> keras.Model:
    """A `Transformer` compiled as in its paper: Adam (0.9, 0.98, 1e-9), warm-up schedule, smoothed labels.

    Args:
        sizes: of the source and of the target vocabulary.
        config: has `layers`, `width`, `heads`, `intermediate_dim`, `dropout`, `warmup_steps`, `rate_scale` and
            `label_smoothing`.
    """
    import keras

    from recipes.losses.label_smoothing import SmoothedCrossentropy
    from recipes.models.transformer import Transformer
    from recipes.schedules import NoamSchedule

    model = Transformer(
        *sizes,
        num_layers=config.layers,
        d_model=config.width,
        num_heads=config.heads,
        intermediate_dim=config.intermediate_dim,
        dropout=config.dropout,
    )
    schedule = NoamSchedule(config.width, config.warmup_steps, config.rate_scale)
    model.compile(
        keras.optimizers.Adam(schedule, beta_1=0.9, beta_2=0.98, epsilon=1e-9),
        SmoothedCrossentropy(config.label_smoothing),
    )
    return model


def written(
    model: keras.Model, words: np.ndarray, max_length: int, beams: int = 1, batch_size: int = 250
) -> np.ndarray:
    """What the model writes for source words (rows, S): known words (rows, max_length), by greedy or beam search."""
    from recipes.decoding import beam_search, greedy
    from recipes.text import END, START
    from reproductions.sentence_pairs import known_words_step

    step = known_words_step(model)
    found = []
    for begin in range(0, len(words), batch_size):
        rows = words[begin : begin + batch_size]
        filled = np.resize(rows, (min(batch_size, len(words)), rows.shape[1]))  # the last batch repeats rows: one trace
        arguments = (step, model.start(filled, max_length), np.full(len(filled), START), END, max_length)
        output = greedy(*arguments) if beams == 1 else beam_search(*arguments, beams=beams)
        found.append(output[: len(rows)])
    return np.concatenate(found)


def translations(
    model: keras.Model, texts: Sequence[str], source: Vocabulary, target: Vocabulary, max_length: int, beams: int = 1
) -> list[str]:
    """The model's translations as texts."""
    from recipes.text import join_words

    rows = written(model, source.batch(texts)[0], max_length, beams)
    return [join_words(target.decode(row.tolist())) for row in rows]
