"""Music generation, one-to-many: a genre in, a melody out.

Source: document 003, Video 61-62 (music generation: genre to a sequence of notes); document 000, Recurrent Neural Networks
(generate music notes). Melodies of four genres are drawn by rules (scale, metre, rhythms, last note), so that it can be
counted how well a GRU has understood them; what it writes can be saved as MIDI and heard.

Run: reproduce run melodies
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reproductions.claims import Better, Claim, Equals, Measured, Within
from reproductions.figures import COLOURS, Picture
from reproductions.networks import Split, first_losses, train_networks

if TYPE_CHECKING:
    import keras

    from recipes.text import Vocabulary
    from recipes.training import SeedRuns

TITLE = "A GRU writes melodies of a genre"
SUMMARY = (
    "A genre sets the first hidden state of a GRU that writes a melody note by note; counted are the notes in the genre's scale, "
    "the bars that keep its metre and rhythms, and the melodies that end on its tonic; saved as MIDI files."
)
DATASETS = ()
IN_DEFAULT_SET = False
SEEDS, MAX_SEEDS = 5, 10
EXPECTED_SECONDS = 60.0
GOLDEN = "genre"
SIZES = {"paper": {"units": 256, "melodies": 20_000, "epochs": 60}}


@dataclass(frozen=True)
class Genre:
    """The rules of a genre.

    Args:
        tonic: MIDI pitch of the note that melodies end on.
        scale: steps above the tonic that belong to the scale, in half tones.
        bar: length of a bar in eighths.
        rhythms: how a bar may be divided, in eighths.
    """

    tonic: int
    scale: tuple[int, ...]
    bar: int
    rhythms: tuple[tuple[int, ...], ...]

    @property
    def pitches(self) -> list[int]:
        """Pitches of the scale from the tonic to the second octave above it."""
        return [self.tonic + 12 * octave + step for octave in range(2) for step in self.scale]


GENRES = {
    "march": Genre(60, (0, 2, 4, 5, 7, 9, 11), 8, ((2, 2, 2, 2), (2, 1, 1, 2, 2), (4, 2, 2), (3, 1, 2, 2))),
    "waltz": Genre(57, (0, 2, 3, 5, 7, 8, 11), 6, ((2, 2, 2), (4, 2), (2, 1, 1, 2), (3, 1, 2))),
    "blues": Genre(55, (0, 3, 5, 6, 7, 10), 8, ((1, 1, 2, 1, 1, 2), (3, 3, 2), (2, 1, 1, 4), (1, 3, 4))),
    "folk": Genre(62, (0, 2, 4, 7, 9), 4, ((2, 2), (1, 1, 2), (2, 1, 1), (1, 1, 1, 1))),
}
"""C major in 4/4, A harmonic minor in 3/4, G blues in 4/4, D major pentatonic in 2/4."""

BARS, LONGEST, TEST = 4, 28, 400
"""Bars of a melody, tokens that one can have, melodies of which the loss is tested."""
WRITTEN = 100
"""Melodies that are generated for each genre."""

Melody = list[tuple[int, int]]
"""Pitch and length in eighths of each note."""


@dataclass(frozen=True)
class Config:
    """The network and its training."""

    conditioned: bool = True
    """Whether the network is told the genre."""
    units: int = 64
    """Width of the hidden state."""
    embedding: int = 24
    """Size of the vectors of notes and genres."""
    melodies: int = 2000
    """Melodies that a network trains on."""
    epochs: int = 20
    """Passes over them."""
    batch_size: int = 32
    """Melodies a step."""
    learning_rate: float = 0.003
    """Adam's step size."""


VARIANTS = {"genre": Config(), "no_genre": Config(conditioned=False)}


def compose(genre: Genre, rng: np.random.Generator) -> Melody:
    """A melody by the rules: a random walk on the scale in steps of at most two, the last bar one long tonic."""
    pitches = genre.pitches
    place, melody = int(rng.choice([0, 2, 4])), []
    for _ in range(BARS - 1):
        for length in genre.rhythms[rng.integers(len(genre.rhythms))]:
            melody.append((pitches[place], length))
            place = int(np.clip(place + rng.choice([-2, -1, -1, 0, 1, 1, 2]), 0, len(pitches) - 1))
    return [*melody, (genre.tonic + 12 * (pitches[place] >= genre.tonic + 6), genre.bar)]


def corpus(count: int, seed: int = 0) -> tuple[np.ndarray, list[Melody]]:
    """Genre numbers and melodies, the genres in turn."""
    rng = np.random.default_rng(seed)
    number = np.arange(count) % len(GENRES)
    return number.astype("int32"), [compose(list(GENRES.values())[k], rng) for k in number]


def spelled(melody: Melody) -> str:
    """A melody as words, `60:2 64:1`."""
    return " ".join(f"{pitch}:{length}" for pitch, length in melody)


def read(words: Sequence[str]) -> Melody:
    """Undo `spelled`; what is no note is left out."""
    return [(int(pitch), int(length)) for pitch, _, length in (word.partition(":") for word in words) if length]


def vocabulary() -> Vocabulary:
    """Every note that some genre can have."""
    from recipes.text import Vocabulary

    notes = {
        f"{pitch}:{length}"
        for genre in GENRES.values()
        for pitch in [*genre.pitches, genre.tonic + 12]
        for length in {genre.bar, *sum(genre.rhythms, ())}
    }
    return Vocabulary(sorted(notes), split=str.split)


def load_data(config: Config) -> Split:
    """Genre numbers and notes y_0 ... y_(T-1) as inputs, notes y_1 ... y_T as targets."""
    number, melodies = corpus(config.melodies + TEST)
    notes, _ = vocabulary().batch([spelled(melody) for melody in melodies], LONGEST + 1, start=True, end=True)
    genre, k = (number if config.conditioned else 0 * number), config.melodies
    x: Any = (genre[:k], notes[:k, :-1])
    x_test: Any = (genre[k:], notes[k:, :-1])
    return Split(x, notes[:k, 1:], x_test, notes[k:, 1:])


def build_model(config: Config) -> keras.Model:
    """`OneToMany` on a genre's vector."""
    import keras

    from recipes.models.one_to_many import OneToMany
    from recipes.text import PAD

    model = OneToMany(
        keras.layers.Embedding(len(GENRES), config.embedding), len(vocabulary()), config.units, config.embedding
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=PAD)
    model.compile(keras.optimizers.Adam(config.learning_rate), loss)
    return model


def train(
    config: Config,
    data: Split,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> SeedRuns:
    """Train one network a seed."""
    return train_networks(
        build_model, config, data, seeds, checkpoint, progress, validation_data=(data.x_test, data.y_test)
    )


def write_melodies(model: Any, genre: np.ndarray, seed: int) -> list[Melody]:
    """A melody for each genre number, drawn from the network's distribution."""
    from recipes.decoding import sample
    from recipes.models.one_to_many import start_tokens
    from recipes.text import END

    notes = sample(model.step, model.start(genre), start_tokens(len(genre)), END, LONGEST, seed)
    words = vocabulary()
    return [read(words.decode(row)) for row in notes]


def measure(config: Config, data: Split, runs: SeedRuns) -> Measured:
    """How well a hundred written melodies a genre keep its rules; loss on unseen melodies."""
    wanted = np.repeat(np.arange(len(GENRES)), WRITTEN).astype("int32")
    known = {spelled(melody) for melody in corpus(config.melodies)[1]}
    rows = []
    for seed in runs.seeds:
        written = write_melodies(runs.load(seed), wanted if config.conditioned else 0 * wanted, seed)
        rules = [list(GENRES.values())[k] for k in wanted]
        row = kept(rules, written)
        rows.append(row | {"share_known": float(np.mean([spelled(melody) in known for melody in written]))})
    metrics = {name: [row[name] for row in rows] for name in rows[0]}
    return Measured(metrics | {"test_loss": runs.curves["val_loss"][:, -1].tolist()}, runs.curves)


def kept(genres: Sequence[Genre], melodies: Sequence[Melody]) -> dict[str, float]:
    """Share of notes in the scale, of bars with one of the rhythms, of melodies that end on the tonic after four bars."""
    in_scale = [(pitch - genre.tonic) % 12 in genre.scale
                for genre, melody in zip(genres, melodies, strict=True) for pitch, _ in melody]  # fmt: skip
    bars, ends = [], []
    for genre, melody in zip(genres, melodies, strict=True):
        divided = bars_of(genre, melody)
        bars += [bar in genre.rhythms for bar in divided[: BARS - 1]]
        whole = len(divided) == BARS and divided[-1] == (genre.bar,)
        ends.append(whole and (melody[-1][0] - genre.tonic) % 12 == 0)
    return {
        "in_scale": float(np.mean(in_scale)),
        "bars_in_rhythm": float(np.mean(bars)),
        "ends_on_tonic": float(np.mean(ends)),
    }


def bars_of(genre: Genre, melody: Melody) -> list[tuple[int, ...]]:
    """Note lengths, bar by bar; a note that reaches over the bar line stands in the bar that it begins in."""
    bars: list[tuple[int, ...]] = []
    time = 0
    for _, length in melody:
        if time // genre.bar >= len(bars):
            bars += [()] * (time // genre.bar - len(bars) + 1)
        bars[-1] += (length,)
        time += length
    return bars


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data)


def save(genre: str, path: str | Path, seed: int = 0) -> None:
    """Train a network, let it write a melody of the genre, and save that as a MIDI file."""
    from recipes.midi import midi_bytes

    config = VARIANTS["genre"]
    model = train(config, load_data(config), [seed]).load(seed)
    (melody,) = write_melodies(model, np.array([list(GENRES).index(genre)], "int32"), seed)
    Path(path).write_bytes(midi_bytes([(pitch, length / 2) for pitch, length in melody]))


def examine() -> dict[str, Any]:
    """Melodies that seed 0 writes for each genre, as MIDI and back; what the rules themselves and chance score."""
    from recipes.midi import midi_bytes, midi_notes

    config = VARIANTS["genre"]
    model = train(config, load_data(config), [0]).load(0)
    written = write_melodies(model, np.repeat(np.arange(len(GENRES)), 2).astype("int32"), 0)
    played = [[(pitch, length / 2) for pitch, length in melody] for melody in written]
    number, melodies = corpus(400, seed=1)
    genres = [list(GENRES.values())[k] for k in number]
    return {
        "written": [[list(note) for note in melody] for melody in written],
        "midi_reads_back": [midi_notes(midi_bytes(notes)) for notes in played] == played,
        "rules_keep_themselves": kept(genres, melodies),
        "scale_share_of_all_pitches": [round(len(genre.scale) / 12, 3) for genre in GENRES.values()],
    }


CLAIMS = (
    Claim(
        "rnn-generates-music",
        "own",
        "melodies",
        "One input is enough for an RNN to write music: told a genre, it writes a sequence of notes of that genre.",
        "behaviour",
        "one-to-many: genre in, sequence of notes out",
        "Four genres by rule (C major 4/4, A harmonic minor 3/4, G blues 4/4, D pentatonic 2/4; own rhythms), 2,000 melodies of "
        "four bars; a note is a token of pitch and length. The genre's vector sets the first hidden state; vectors of 24, "
        "GRU of 64 units, Adam 0.003, 20 epochs, batches of 32. Of 100 melodies drawn for each genre at least 95% of the notes "
        "lie in its scale and 80% of the bars have one of its rhythms, and half of them end on its tonic after four bars, all "
        "more than when the same network is not told the genre; at most half are training melodies. A melody saved as "
        "MIDI reads back note by note.",
        (
            Within("genre", "in_scale", 0.95),
            Within("genre", "bars_in_rhythm", 0.8),
            Within("genre", "ends_on_tonic", 0.5),
            Better("in_scale", "genre", "no_genre"),
            Better("bars_in_rhythm", "genre", "no_genre"),
            Better("ends_on_tonic", "genre", "no_genre"),
            Within("genre", "share_known", 0.0, 0.5),
            Equals("midi_reads_back", True),
            Equals("rules_keep_themselves", {"in_scale": 1.0, "bars_in_rhythm": 1.0, "ends_on_tonic": 1.0}),
        ),
        priority=2,
        remark="99.8% of the notes are in the scale, 89% of the bars have a rhythm of the genre, 80% of the melodies end on the "
        "tonic after four bars. Not told the genre, the network keeps 70%, 41% and 18% by luck: the scales share notes, and "
        "it writes whole melodies of a genre of its own choice.",
    ),
)

NOTE_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def paint_melodies(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Two melodies a genre as piano rolls; how well each rule is kept with and without the genre."""
    import matplotlib.pyplot as plt

    drawn, axes = plt.subplots(len(GENRES), 3, figsize=(12.5, 8.2), layout="constrained", width_ratios=(5, 5, 4))
    for row, (name, genre) in enumerate(GENRES.items()):
        for column in range(2):
            axis, time = axes[row, column], 0
            for pitch, length in facts["written"][2 * row + column]:
                inside = (pitch - genre.tonic) % 12 in genre.scale
                axis.broken_barh([(time / 2, length / 2)], (pitch - 0.6, 1.2), color=COLOURS[0 if inside else 1],
                                 edgecolor="white", linewidth=0.8)  # fmt: skip
                time += length
            tonics = [genre.tonic, genre.tonic + 12]
            axis.set_yticks(tonics, [f"{NOTE_NAMES[pitch % 12]}{pitch // 12 - 1}" for pitch in tonics])
            axis.set_yticks(genre.pitches, minor=True)
            axis.set_ylim(genre.tonic - 2, genre.tonic + 24)
            axis.set_xlim(0, BARS * genre.bar / 2)
            axis.set_xticks(np.arange(BARS + 1) * genre.bar / 2)
            axis.grid(alpha=0.3, which="both", axis="y")
            axis.grid(alpha=0.6, axis="x")
            axis.set_title(f"{name}, melody {column + 1}", fontsize=9)
            if row == len(GENRES) - 1:
                axis.set_xlabel("quarter notes (vertical lines: bars)")
    metrics = {"in_scale": "notes in the scale", "bars_in_rhythm": "bars in a rhythm of the genre",
               "ends_on_tonic": "melodies that end on the tonic", "share_known": "melodies copied from training"}  # fmt: skip
    for axis, (metric, title) in zip(axes[:, 2], metrics.items(), strict=True):
        for place, name in enumerate(VARIANTS):
            values = variants[name]["metrics"][metric]
            axis.scatter(values, place + np.linspace(-0.15, 0.15, len(values)), s=18, color=COLOURS[2 + place])
            axis.set_yticks((0, 1), ("genre told", "not told"))
        axis.set_ylim(1.6, -0.6)
        axis.set_xlim(-0.03, 1.03)
        axis.set_title(title, fontsize=9)
        axis.grid(axis="x", alpha=0.25)
    axes[-1, 2].set_xlabel("share (one dot a seed)")
    return drawn


FIGURES = (
    Picture(
        "melodies",
        "Melodies that a GRU writes when told a genre",
        "Left: the first two melodies of seed 0 for each genre, pitch over time, with a line for each note of the scale and the "
        "tonics named; notes outside the scale would be orange. Right: how often written melodies keep the rules of the genre "
        "that was asked for.",
        facts=("written",),
        paint=paint_melodies,
        variants=("genre", "no_genre"),
    ),
)
