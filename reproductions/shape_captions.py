"""Image captioning, one-to-many: a CNN reads a picture of coloured shapes, a GRU says what is on it.

Source: document 003, Video 61-62 (image captioning: image to sentence) and 82-83; document 000, CNNs (CNN + RNN: image
captioning). The pictures are drawn here, one shape or two with their places, and three of the twelve pairs of colour and
shape never occur in training, so that it shows whether the network has understood colour and shape or learned pairs.

Run: reproduce run shape_captions
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reproductions.claims import Claim, Equals, Measured, Within
from reproductions.figures import COLOURS as PALETTE
from reproductions.figures import Picture
from reproductions.networks import Split, first_losses, train_networks

if TYPE_CHECKING:
    import keras

    from recipes.text import Vocabulary
    from recipes.training import SeedRuns

TITLE = "A CNN and a GRU write captions for pictures of shapes"
SUMMARY = (
    "Pictures of one or two coloured shapes and captions like 'a red circle left of a blue square'; share of captions that are "
    "right word by word, on pairs of colour and shape from training and on pairs that never occurred there."
)
DATASETS = ()
IN_DEFAULT_SET = False
SEEDS, MAX_SEEDS = 5, 16
EXPECTED_SECONDS = 200.0
GOLDEN = "captions"
SIZES = {"paper": {"pictures": 30_000, "filters": 64, "units": 256, "epochs": 40}}

COLOURS = {"red": (0.85, 0.2, 0.15), "green": (0.15, 0.65, 0.3), "blue": (0.2, 0.35, 0.9), "yellow": (0.9, 0.8, 0.15)}
SHAPES = ("circle", "square", "triangle")
UNSEEN = (("red", "triangle"), ("green", "square"), ("blue", "circle"))
"""Pairs that never occur in training; each of their colours and shapes does, in other pairs."""
SIZE, LONGEST, TEST = 32, 10, 400
"""Pixels a side, tokens of the longest caption with its end, test pictures of each sort."""


@dataclass(frozen=True)
class Config:
    """The network and its training."""

    pictures: int = 5000
    """Pictures to train on."""
    filters: int = 16
    """Filters of the first convolution; the others have twice as many."""
    units: int = 96
    """Width of the GRU's hidden state."""
    embedding: int = 24
    """Size of the word vectors."""
    epochs: int = 15
    """Passes over the pictures."""
    batch_size: int = 32
    """Pictures a step; Keras's default."""
    learning_rate: float = 0.001
    """Adam's step size; Keras's default."""


VARIANTS = {"captions": Config()}

Thing = tuple[str, str]
"""Colour and shape."""


def paint_shape(picture: np.ndarray, thing: Thing, centre: np.ndarray, radius: float) -> None:
    """Colour the pixels of a shape; centre is (row, column)."""
    row, column = np.mgrid[:SIZE, :SIZE]
    y, x = (row - centre[0]) / radius, (column - centre[1]) / radius
    inside = {
        "circle": x**2 + y**2 <= 1,
        "square": np.maximum(abs(x), abs(y)) <= 0.85,
        "triangle": (y <= 0.8) & (2 * abs(x) <= y + 1.1),
    }
    picture[inside[thing[1]]] = COLOURS[thing[0]]


def draw_scene(things: Sequence[Thing], above: bool, rng: np.random.Generator) -> np.ndarray:
    """One shape anywhere, or the first left of (or above) the second; noise on every pixel. Shape (32, 32, 3)."""
    picture = np.full((SIZE, SIZE, 3), 0.1)
    if len(things) == 1:
        centres = [rng.uniform(7, SIZE - 8, 2)]
    else:
        across = rng.uniform(10, SIZE - 11) + rng.uniform(-3, 3, 2)
        along = np.array([rng.uniform(7, 9.5), rng.uniform(SIZE - 10.5, SIZE - 8)])
        centres = list(np.stack([along, across] if above else [across, along], axis=1))
    for thing, centre in zip(things, centres, strict=True):
        paint_shape(picture, thing, centre, rng.uniform(4.5, 6.5))
    return np.clip(picture + 0.03 * rng.standard_normal(picture.shape), 0, 1).astype("float32")


def caption_of(things: Sequence[Thing], above: bool) -> str:
    """`a red circle`, `a red circle left of a blue square` or `a red circle above a blue square`."""
    return (" above " if above else " left of ").join(f"a {colour} {shape}" for colour, shape in things)


@functools.cache
def scenes(count: int, unseen: bool, seed: int) -> tuple[np.ndarray, list[str]]:
    """Pictures and captions, three of four with two shapes; `unseen`: each with at least one of the unseen pairs."""
    rng = np.random.default_rng(seed)
    seen_pairs = [(colour, shape) for colour in COLOURS for shape in SHAPES if (colour, shape) not in UNSEEN]
    pictures, captions = [], []
    for _ in range(count):
        things = [seen_pairs[k] for k in rng.integers(len(seen_pairs), size=1 if rng.random() < 0.25 else 2)]
        if unseen:
            things[rng.integers(len(things))] = UNSEEN[rng.integers(len(UNSEEN))]
        above = bool(rng.random() < 0.5)
        pictures.append(draw_scene(things, above, rng))
        captions.append(caption_of(things, above))
    return np.stack(pictures), captions


def vocabulary() -> Vocabulary:
    """The twelve words of the captions."""
    from recipes.text import Vocabulary

    return Vocabulary(["a", *COLOURS, *SHAPES, "left", "of", "above"], split=str.split)


def load_data(config: Config) -> Split:
    """Pictures and words y_0 ... y_(T-1) as inputs, words y_1 ... y_T as targets; tested on pairs from training."""
    words = vocabulary()
    parts: list[Any] = []
    for count, seed in ((config.pictures, 0), (TEST, 1)):
        pictures, captions = scenes(count, False, seed)
        ids, _ = words.batch(captions, LONGEST + 1, start=True, end=True)
        parts += [(pictures, ids[:, :-1]), ids[:, 1:]]
    return Split(*parts)


def build_model(config: Config) -> keras.Model:
    """Three convolutions with stride 2, flattened to the vector that `OneToMany` starts from."""
    import keras

    from layers import Conv2D
    from recipes.models.one_to_many import OneToMany
    from recipes.text import PAD

    def convolution(filters: int) -> Any:
        return Conv2D(filters, 3, strides=2, padding="same", activation="relu")

    encoder = keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 3)),
            convolution(config.filters),  # (16, 16, filters)
            convolution(2 * config.filters),  # (8, 8, 2 filters)
            convolution(2 * config.filters),  # (4, 4, 2 filters)
            keras.layers.Flatten(),
        ]
    )
    model = OneToMany(encoder, len(vocabulary()), config.units, config.embedding)
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


def write_captions(model: Any, pictures: np.ndarray) -> list[str]:
    """The most likely words, one after the other, for each picture."""
    from recipes.decoding import greedy
    from recipes.models.one_to_many import start_tokens
    from recipes.text import END

    words = vocabulary()
    rows = greedy(model.step, model.start(pictures), start_tokens(len(pictures)), END, LONGEST)
    return [" ".join(words.decode(row)) for row in rows]


def measure(config: Config, data: Split, runs: SeedRuns) -> Measured:
    """Share of captions that are right in every word: pairs from training, unseen pairs, and of another picture."""
    rows = []
    for seed in runs.seeds:
        model = runs.load(seed)
        row: dict[str, float] = {}
        for name, unseen in (("seen", False), ("unseen", True)):
            pictures, captions = scenes(TEST, unseen, 1 + unseen)
            written = write_captions(model, pictures)
            row |= {f"{part}_{name}": share for part, share in right_parts(written, captions).items()}
            row[f"unseen_pairs_written_{name}"] = unseen_share(written)
        pictures, captions = scenes(TEST, False, 1)
        row["exact_other_picture"] = right_parts(write_captions(model, pictures), np.roll(captions, 1).tolist())[
            "exact"
        ]
        row["exact_above_other_picture"] = row["exact_seen"] - row["exact_other_picture"]
        rows.append(row | {"unseen_over_seen": row["exact_unseen"] / max(row["exact_seen"], 1 / TEST)})
    return Measured({name: [row[name] for row in rows] for name in rows[0]}, runs.curves)


def right_parts(written: Sequence[str], captions: Sequence[str]) -> dict[str, float]:
    """Share of captions that are right in all words, in colours, in shapes, and in what stands where."""

    def only(caption: str, words: Sequence[str]) -> list[str]:
        return [word for word in caption.split() if word in words]

    parts = {"colours": tuple(COLOURS), "shapes": SHAPES, "places": ("left", "above")}
    pairs = list(zip(written, captions, strict=True))
    found = {"exact": float(np.mean([one == other for one, other in pairs]))}
    for name, words in parts.items():
        found[name] = float(np.mean([only(one, words) == only(other, words) for one, other in pairs]))
    return found


def unseen_share(captions: Sequence[str]) -> float:
    """Share of the named pairs of colour and shape that no training picture shows."""
    pairs = [tuple(pair) for caption in captions for pair in pairs_in(caption)]
    return float(np.mean([pair in UNSEEN for pair in pairs]))


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data)


SHOWN = 6
"""Pictures of each sort in the figure."""


def examine() -> dict[str, Any]:
    """Which pairs occur in training; pictures of both sorts with the captions that seed 0 writes."""
    config = VARIANTS["captions"]
    model = train(config, load_data(config), [0]).load(0)
    trained = {tuple(words) for caption in scenes(config.pictures, False, 0)[1] for words in pairs_in(caption)}
    shown = []
    for unseen in (False, True):
        pictures, captions = scenes(TEST, unseen, 1 + unseen)
        shown += list(zip(pictures, captions, write_captions(model, pictures), strict=True))[:SHOWN]
    return {
        "pairs_in_training": len(trained),
        "unseen_pairs_in_training": sum(pair in trained for pair in UNSEEN),
        "pictures": ["".join(f"{v:x}" for v in (15 * picture).round().astype(int).ravel()) for picture, _, _ in shown],
        "captions": [[caption, written] for _, caption, written in shown],
    }


def pairs_in(caption: str) -> list[list[str]]:
    """The pairs of colour and shape that a caption names."""
    words = caption.split()
    return [words[k : k + 2] for k, word in enumerate(words) if word in COLOURS]


_SETUP = (
    "Drawn pictures of 32 x 32 pixels with one shape (a quarter of them) or two, left and right or one above the other; four "
    "colours, three shapes; 9 of the 12 pairs of colour and shape occur. Convolutions 3 x 3 with stride 2 of 16, 32 and 32 "
    "filters, flattened, set the first hidden state of a GRU of 96 units (vectors of 24 a word); 5,000 pictures, teacher "
    "forcing, Adam 0.001, 15 epochs, batches of 32; captions word by word, the most likely first, on 400 new pictures."
)

CLAIMS = (
    Claim(
        "rnn-captions-images",
        "own",
        "shape_captions",
        "A CNN and an RNN together caption images: a picture in, a sentence about it out.",
        "behaviour",
        "one-to-many: image in, sentence out",
        f"{_SETUP} It captions images if more captions are right in every word for their own picture than for the next one.",
        (
            Within("captions", "exact_above_other_picture", 0.0),
            Within("captions", "exact_other_picture", 0.0, 0.1),
        ),
        priority=2,
        remark="82% of the captions are right in every word, 2% for the next picture. The bound of nine of ten, part of this "
        "claim when it was first run, was undecided at ten seeds and became the claim rnn-captions-nine-of-ten, with up to 16.",
    ),
    Claim(
        "rnn-captions-nine-of-ten",
        "own",
        "shape_captions",
        "Nine of ten captions of new pictures are right in every word.",
        "metric",
        "at least 90%",
        f"{_SETUP} Every word, colours, shapes and places, must be the true caption's.",
        (Within("captions", "exact_seen", 0.9),),
        priority=3,
        remark="82%, from 62% to 96% by seed. Nearly all errors are shapes (82% right; colours 99%, places 99.9%), and the loss "
        "still falls after 15 epochs: the convolutions are not yet trained to tell a square from a circle.",
    ),
    Claim(
        "rnn-captions-unseen-pairs",
        "own",
        "shape_captions",
        "The captioning network also describes pairs of colour and shape that never occurred together in training.",
        "metric",
        "at least half as often right as on pairs from training",
        "The same networks on 400 pictures that each hold a red triangle, a green square or a blue circle, none of which is in "
        "the training pictures. Exactly right captions as a share of those with pairs from training, at least a half.",
        (
            Equals("unseen_pairs_in_training", 0),
            Equals("pairs_in_training", 9),
            Within("captions", "unseen_over_seen", 0.5),
        ),
        priority=3,
        remark="Not one in a thousand is right. The colours are (97%), and what stands where (99.7%), but of all pairs that the "
        "networks name for these pictures one in ten thousand is an unseen one: a red triangle becomes a red square or a "
        "yellow triangle. The GRU has learned which shapes follow a colour, so its vocabulary of pairs is closed.",
    ),
)


def paint_captions(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Pictures with true and written captions, and what the captions get right."""
    import matplotlib.pyplot as plt

    drawn = plt.figure(figsize=(11.5, 6.6), layout="constrained")
    halves: Any = drawn.subfigures(2, 1, height_ratios=(5, 2.4))
    above, below = halves
    axes = above.subplots(2, SHOWN)
    for place, (text, captions) in enumerate(zip(facts["pictures"], facts["captions"], strict=True)):
        axis = axes.flat[place]
        axis.imshow(np.array([int(digit, 16) for digit in text]).reshape(SIZE, SIZE, 3) / 15)
        axis.set_xticks([])
        axis.set_yticks([])
        true, written = (caption.replace(" left", "\nleft").replace(" above", "\nabove") for caption in captions)
        axis.set_xlabel(written, fontsize=8, color=PALETTE[0 if true == written else 1])
        if place % SHOWN == 0:
            axis.set_ylabel(("pairs from training", "pairs never seen")[place // SHOWN], fontsize=9)
    axis = below.subplots()
    parts = {"exact": "whole caption", "colours": "colours", "shapes": "shapes", "places": "left of / above"}
    for row, part in enumerate(parts):
        for place, (sort, label) in enumerate((("seen", "pairs from training"), ("unseen", "pairs never seen"))):
            values = variants["captions"]["metrics"][f"{part}_{sort}"]
            axis.scatter(values, row - 0.15 + 0.3 * place + np.linspace(-0.08, 0.08, len(values)), s=20,
                         color=PALETTE[2 + place], label=None if row else label)  # fmt: skip
    axis.set_yticks(range(len(parts)), parts.values())
    axis.invert_yaxis()
    axis.set_xlim(-0.02, 1.02)
    axis.set_xlabel("share of captions that are right in it (one dot a seed)")
    axis.grid(axis="x", alpha=0.25)
    axis.legend(frameon=False, loc="center", fontsize=9)
    return drawn


FIGURES = (
    Picture(
        "shape-captions",
        "Captions that a CNN and a GRU write for drawn pictures",
        "Below each picture what seed 0 writes, blue where it is right in every word. Second row: each picture holds a pair of "
        "colour and shape that no training picture had.",
        facts=("pictures", "captions"),
        paint=paint_captions,
        variants=("captions",),
    ),
)
