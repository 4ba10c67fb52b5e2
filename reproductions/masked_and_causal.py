"""BERT and GPT side by side: which tokens each looks at, and what that is worth on a language whose uncertainty is known.

Source: document 003, Video 84 (BERT is an encoder-only, GPT a decoder-only Transformer). The language is a walk on a ring of
16 letters: each letter is followed by the next or the previous one, at random. Behind the letters before it, a letter is
known up to a factor of two, ln 2 nats; between its neighbours it is known for certain in half of the cases, ln 2 / 2 nats
on average. No network can do better on either side, so that the gap is that of the two architectures and of nothing else.

Run: reproduce run masked_and_causal
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reproductions.claims import Better, Claim, Equals, Measured, Within
from reproductions.figures import COLOURS, Picture, Spread
from reproductions.networks import Split, first_losses, train_networks
from reproductions.worked import array as numbers

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "BERT fills gaps, GPT continues: two small models of one language"
SUMMARY = (
    "Which tokens an encoder-only and a decoder-only Transformer look at; both learn a random walk on 16 letters, one by filling "
    "in masked letters, one by predicting the next, and the second writes new walks."
)
DATASETS = ()
IN_DEFAULT_SET = False
SEEDS, MAX_SEEDS = 10, 20
EXPECTED_SECONDS = 200.0
GOLDEN = "bert"

LETTERS, LENGTH = 16, 24
NONE, START = 0, LETTERS + 1
"""0 marks places that the loss leaves out; letters are 1 to 16."""
MASK = START
"""What BERT sees in a masked place has the number that is GPT's start token."""
POOL, TEST = 20_000, 2_000


@dataclass(frozen=True)
class Config:
    """The network and how it is trained."""

    network: str
    """`bert` (masked letters) or `gpt` (next letters)."""
    layers: int = 2
    """Blocks."""
    heads: int = 4
    """Heads of each block."""
    width: int = 32
    """Width of embeddings and blocks."""
    sequences: int = 4000
    """Walks that each seed trains on."""
    masked: float = 0.15
    """Share of the letters that BERT has to fill in."""
    epochs: int = 15
    """Passes over the walks."""
    batch_size: int = 64
    """Walks a step."""
    learning_rate: float = 0.003
    """Adam's step size."""


VARIANTS = {"bert": Config("bert"), "gpt": Config("gpt")}


def walks(rng: np.random.Generator, count: int) -> np.ndarray:
    """Walks on the ring: the first letter anywhere, every further one a step up or down; (count, LENGTH), letters 1 to 16."""
    steps = np.concatenate([rng.integers(0, LETTERS, (count, 1)), rng.choice([-1, 1], (count, LENGTH - 1))], axis=1)
    return (steps.cumsum(axis=1) % LETTERS + 1).astype("int32")


def shifted(letters: np.ndarray) -> np.ndarray:
    """What GPT reads to predict the letters: the start token, and all letters but the last."""
    return np.concatenate([np.full((len(letters), 1), START, "int32"), letters[:, :-1]], axis=1)


def gaps(rng: np.random.Generator, letters: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    """BERT's inputs and targets: of the places to fill in, 80% are masked, 10% random letters and 10% left as they are.

    Targets are `NONE` at all other places. At least one place a walk.
    """
    chosen = rng.random(letters.shape) < share
    chosen[np.arange(len(letters)), rng.integers(0, LENGTH, len(letters))] |= ~chosen.any(axis=1)
    kind = rng.random(letters.shape)
    inputs = np.where(kind < 0.8, MASK, np.where(kind < 0.9, rng.integers(1, LETTERS + 1, letters.shape), letters))
    return np.where(chosen, inputs, letters).astype("int32"), np.where(chosen, letters, NONE).astype("int32")


def one_gap(rng: np.random.Generator, letters: np.ndarray) -> np.ndarray:
    """Targets with one place a walk, neither first nor last; all others are `NONE`."""
    place = rng.integers(1, LENGTH - 1, len(letters))
    here = np.arange(LENGTH) == place[:, None]
    return np.where(here, letters, NONE).astype("int32")


def load_data(config: Config) -> Split:
    """20,000 walks to draw from, in the form that the network learns from, and 2,000 with one gap each, the same for both."""
    rng = np.random.default_rng(0)
    letters, unseen = walks(rng, POOL), walks(rng, TEST)
    wanted = one_gap(rng, unseen)
    if config.network == "gpt":
        return Split(shifted(letters), letters, shifted(unseen), wanted)
    return Split(*gaps(rng, letters, config.masked), np.where(wanted, MASK, unseen).astype("int32"), wanted)


def rows_of(config: Config, seed: int) -> np.ndarray:
    """The walks that a seed trains on, the same for both networks."""
    return np.random.default_rng(seed).choice(POOL, config.sequences, replace=False)


def build_model(config: Config) -> keras.Model:
    """The network, trained with Adam on the cross-entropy of the places that have a target."""
    import keras

    from recipes.models.bert import BERT
    from recipes.models.gpt import GPT

    size = (START + 1, LENGTH, config.layers, config.heads, config.width)
    gpt = config.network == "gpt"
    model = GPT(*size) if gpt else BERT(*size, segments=0, dropout=0.0, head="masked_lm", pad=None)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=NONE)
    model.compile(keras.optimizers.Adam(config.learning_rate), loss)
    return model


def train(
    config: Config,
    data: Split,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> SeedRuns:
    """Train one network a seed, each on its own walks."""
    return train_networks(
        build_model, config, data, seeds, checkpoint, progress, rows=lambda seed: rows_of(config, seed)
    )


def log_probabilities(logits: np.ndarray) -> np.ndarray:
    """Log softmax over the last axis."""
    shifted_logits = logits - logits.max(axis=-1, keepdims=True)
    return shifted_logits - np.log(np.exp(shifted_logits).sum(axis=-1, keepdims=True))


def gap_losses(model: keras.Model, x: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """-log p(letter) at each walk's gap, of shape (walks,)."""
    rows, places = np.nonzero(wanted)
    return -log_probabilities(model.predict_on_batch(x))[rows, places, wanted[rows, places]]


def is_certain(letters: np.ndarray) -> np.ndarray:
    """Whether the neighbours of a place leave one letter alone: (walks, LENGTH - 2), for all but first and last place."""
    return (letters[:, 2:] - letters[:, :-2]) % LETTERS != 0


def measure(config: Config, data: Split, runs: SeedRuns) -> Measured:
    """Cross-entropy at the gaps; for BERT also with all behind the gap hidden, for GPT the walks that it writes."""
    from recipes.models.gpt import generate

    found: list[dict[str, float]] = []
    behind = np.cumsum(data.y_test > 0, axis=1) > 0
    for seed in runs.seeds:
        model = runs.load(seed)
        one = {"gap_loss": float(gap_losses(model, data.x_test, data.y_test).mean())}
        if config.network == "bert":
            hidden = np.where(behind, MASK, data.x_test).astype("int32")
            one["gap_loss_without_right_side"] = float(gap_losses(model, hidden, data.y_test).mean())
        else:
            written = generate(model, np.full((200, 1), START), LENGTH, seed=seed)
            one["legal_steps"] = float(np.isin(np.diff(written, axis=1) % LETTERS, (1, LETTERS - 1)).mean())
            one["new_walks"] = float(
                np.mean([not (data.y_train[rows_of(config, seed)] == walk).all(axis=1).any() for walk in written])
            )
        found.append(one)
    return Measured({name: [one[name] for one in found] for name in found[0]}, runs.curves)


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data, lambda seed: rows_of(config, seed))


def looks_at(model: Any, tokens: np.ndarray) -> list[list[int]]:
    """1 where exchanging the token of a column changes the output of a row."""
    before = numbers(model(tokens))[0]
    columns = []
    for place in range(tokens.shape[1]):
        other = tokens.copy()
        other[0, place] = other[0, place] % LETTERS + 1
        columns.append(np.abs(numbers(model(other))[0] - before).max(axis=-1) > 1e-9)
    return np.stack(columns, axis=1).astype(int).tolist()


def examine() -> dict[str, Any]:
    """What untrained networks look at, their kinds of blocks, and the least cross-entropy at a gap."""
    from recipes.models.gpt import generate
    from recipes.training.seeds import seeded

    with seeded(0):
        models = {name: build_model(config) for name, config in VARIANTS.items()}
    generator = np.random.default_rng(0)
    for model in models.values():  # larger weights than at the start, so that no influence drowns in rounding
        model.set_weights([w + 0.3 * generator.standard_normal(w.shape) for w in model.get_weights()])
    tokens = walks(generator, 1)[:, :8]
    written = generate(models["gpt"], np.full((4, 1), START), LENGTH, seed=1)
    again = generate(models["gpt"], np.full((4, 1), START), LENGTH, seed=1)
    certain = is_certain(walks(np.random.default_rng(1), 100_000))
    both_sides = np.where(certain, 0, math.log(2))
    return {
        **{f"{name}_looks_at": looks_at(model, tokens) for name, model in models.items()},
        **{
            f"{name}_blocks": sorted(
                {type(layer).__name__ for layer in model.layers if "Block" in type(layer).__name__}
            )
            for name, model in models.items()
        },
        "gpt_blocks_attend_to_an_encoder": any(
            getattr(layer, "cross_attention", None) is not None for layer in models["gpt"].layers
        ),
        "same_seed_writes_the_same": bool((written == again).all()),
        "least_gap_loss": {"left side": round(math.log(2), 3), "both sides": round(float(both_sides.mean()), 3)},
    }


_LABELS = {"bert": "BERT (both sides)", "gpt": "GPT (left side)"}


def paint_visible(facts: Mapping[str, Any]) -> Any:
    """What every output depends on."""
    import matplotlib.pyplot as plt
    from matplotlib.colors import ListedColormap

    drawn, axes = plt.subplots(1, 2, figsize=(7.6, 3.9), layout="constrained", sharey=True)
    for axis, (name, label) in zip(axes, (("bert", "BERT: encoder-only"), ("gpt", "GPT: decoder-only")), strict=True):
        seen = np.array(facts[f"{name}_looks_at"])
        axis.imshow(seen, cmap=ListedColormap(["0.92", COLOURS[0]]), vmin=0, vmax=1)
        axis.set_xticks(np.arange(len(seen)) - 0.5, minor=True)
        axis.set_yticks(np.arange(len(seen)) - 0.5, minor=True)
        axis.grid(which="minor", color="white", linewidth=1.5)
        axis.tick_params(which="minor", length=0)
        axis.set_xticks(range(len(seen)), range(1, len(seen) + 1))
        axis.set_yticks(range(len(seen)), range(1, len(seen) + 1))
        axis.set_title(label, fontsize=10)
        axis.set_xlabel("position of the exchanged token")
    axes[0].set_ylabel("position of the output")
    return drawn


def paint_gaps(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Cross-entropy at a gap, one dot a seed, with the least possible."""
    import matplotlib.pyplot as plt

    rows = (
        ("BERT, both sides", "bert", "gap_loss", 0),
        ("BERT, right side hidden", "bert", "gap_loss_without_right_side", 1),
        ("GPT, left side", "gpt", "gap_loss", 2),
    )
    drawn, axis = plt.subplots(figsize=(7.6, 2.9), layout="constrained")
    for place, (_, variant, metric, colour) in enumerate(rows):
        values = variants[variant]["metrics"][metric]
        axis.scatter(values, place + np.linspace(-0.2, 0.2, len(values)), s=16, color=COLOURS[colour])
    for (name, value), style in zip(facts["least_gap_loss"].items(), ("--", ":"), strict=True):
        axis.axvline(value, color="0.3", linestyle=style, linewidth=1.2, label=f"least possible, {name}: {value:g}")
    axis.set_yticks(range(len(rows)), [row[0] for row in rows])
    axis.set_ylim(len(rows) - 0.5, -0.5)
    axis.set_xlim(left=0)
    axis.set_xlabel("cross-entropy at the gap, nats")
    drawn.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=8)
    return drawn


_LANGUAGE = (
    "Walks of 24 letters on a ring of 16, each letter a step up or down from the one before. Two blocks of 4 heads, width 32, no "
    "dropout; every seed trains both networks on the same 4,000 of 20,000 walks, 15 epochs, batches of 64, Adam 0.003."
)

CLAIMS = (
    Claim(
        "llm-bert-encoder-only",
        "003",
        "Video 84",
        "BERT is an encoder-only Transformer.",
        "behaviour",
        "",
        f"recipes.models.BERT is made of encoder blocks, without causal mask: exchanging any token changes every output, "
        f"later tokens those before them too. {_LANGUAGE} BERT learns to fill in 15% of the letters (80% masked, 10% "
        "another letter, 10% left). On 2,000 new walks with one gap its cross-entropy there must be below that of the GPT "
        "that reads up to the gap, and below ln 2, the least that anybody can reach who sees the left side alone.",
        (
            Equals("bert_blocks", ["TransformerEncoderBlock"]),
            Equals("bert_looks_at", [[1] * 8] * 8),
            Better("gap_loss", "bert", "gpt", higher_is_better=False),
            Within("bert", "gap_loss", high=math.log(2)),
        ),
        priority=2,
        remark="0.45 nats at the gap (both sides allow 0.35) against GPT's 0.70 (the left side allows 0.69). With everything "
        "behind the gap masked, BERT's rises to 0.94.",
    ),
    Claim(
        "llm-gpt-decoder-only",
        "003",
        "Video 84",
        "GPT is a decoder-only Transformer.",
        "behaviour",
        "",
        f"recipes.models.GPT is made of decoder blocks that attend to no encoder: exchanging a token changes the outputs from "
        f"its own position on and none before. {_LANGUAGE} GPT learns to predict the next letter and then writes 200 walks a "
        "seed, letter by letter: at least 95% of the steps must be legal in the language (12.5% of random ones are).",
        (
            Equals("gpt_blocks", ["TransformerDecoderBlock"]),
            Equals("gpt_blocks_attend_to_an_encoder", False),
            Equals("gpt_looks_at", [[1] * (row + 1) + [0] * (7 - row) for row in range(8)]),
            Equals("same_seed_writes_the_same", True),
            Within("gpt", "legal_steps", low=0.95),
        ),
        priority=2,
        remark="99.7% of the written steps are legal, and no written walk is one of the training walks.",
    ),
)

FIGURES = (
    Picture(
        "masked-and-causal-visible",
        "Which tokens an output depends on",
        "Found by exchanging one token after the other in untrained networks. Blue: the output changes.",
        facts=("bert_looks_at", "gpt_looks_at"),
        paint=paint_visible,
    ),
    Picture(
        "masked-and-causal-gaps",
        "Filling in a letter of a random walk",
        "One dot a seed. GPT reaches what the left side allows. BERT gets below that by looking at both sides, and loses it once "
        "all behind the gap is masked, more than it ever was in training.",
        facts=("least_gap_loss",),
        paint=paint_gaps,
        variants=("bert", "gpt"),
    ),
    Spread(
        "masked-and-causal-legal",
        "Walks that GPT writes: share of legal steps",
        "One dot a seed of 200 walks; random letters make 12.5% legal steps.",
        metric="legal_steps",
        variants=("gpt",),
        labels=_LABELS,
    ),
)
