"""RLHF in small: a judge ranks pairs of made-up names, a reward model learns the ranking, a policy learns from the reward.

Source: document 003, Video 84 (people rank a model's answers and the model learns from the preferences). A GRU writes English
surnames letter by letter. A simulated judge has three wishes that nobody tells the model, and ranks pairs of its names with
human-like noise. What remains of the judge is a reward model fitted to the rankings; policy gradient raises it, held near
the first model by a KL penalty. Two controls: no penalty, and rankings that were shuffled.

Run: reproduce run preferences
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reproductions.claims import Better, Claim, Measured, Within
from reproductions.figures import COLOURS, Picture
from reproductions.name_judge import (
    END,
    LONGEST,
    PAD,
    START,
    VOCABULARY,
    WISHES,
    Rankings,
    decoded,
    encoded,
    rank,
    utility,
    wishes_met,
    with_start,
)
from reproductions.networks import Split

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "RLHF in small: names that a judge prefers"
SUMMARY = (
    "A letter-by-letter model of surnames is ranked by a simulated judge; a Bradley-Terry reward model and policy gradient with "
    "a KL penalty teach it the judge's taste. Controls without the penalty and with shuffled rankings."
)
DATASETS = ("names_by_nationality",)
IN_DEFAULT_SET = False
SEEDS, MAX_SEEDS = 5, 10
EXPECTED_SECONDS = 150.0
GOLDEN = "rlhf"

JUDGED = 2000
"""Names drawn from a policy to measure it."""
HELD_OUT_PAIRS = 1000


@dataclass(frozen=True)
class Config:
    """The models, the rankings and the training."""

    kl_weight: float = 0.5
    """Reward that a nat of divergence from the first model costs; a reward of 1 is a preference of 73 to 27."""
    shuffled: bool = False
    """Whether the rankings are dealt out to the pairs at random."""
    units: int = 64
    """Hidden state of the language model and of the reward model."""
    embedding: int = 16
    """Size of a letter's vector."""
    language_epochs: int = 20
    """Passes of the language model over the real names."""
    pairs: int = 2000
    """Pairs of names that the judge ranks for a seed."""
    reward_epochs: int = 10
    """Passes of the reward model over them."""
    batch_size: int = 128
    """Names a step of policy gradient."""
    epochs: int = 30
    """Epochs of policy gradient, of ten steps each."""
    learning_rate: float = 0.001
    """Adam's step size in all three trainings; Keras's default."""


VARIANTS = {"rlhf": Config(), "without_kl": Config(kl_weight=0.0), "shuffled": Config(shuffled=True)}

SIZES = {"paper": {"units": 512, "embedding": 64, "pairs": 20_000, "batch_size": 512, "epochs": 100}}
STEPS_AN_EPOCH = 10
XLA = False
"""Compiling takes 10 to 17 seconds a model, and a step of policy gradient on a processor takes four times as long with it."""


def load_data(config: Config) -> Split:
    """The 3,665 English surnames without spaces as tokens, targets as inputs; names that a policy writes are the test."""
    from recipes.datasets import load_names

    names = [name.lower() for name in load_names()["English"]]
    rows = encoded([name for name in names if name.isascii() and name.isalpha() and len(name) < LONGEST])
    return Split(rows, rows, rows[:0], rows[:0])


def language_model(config: Config) -> keras.Model:
    """Embedding, GRU and logits, compiled for the next letter."""
    import keras

    from recipes.policy_gradient import RecurrentPolicy

    model = RecurrentPolicy(VOCABULARY, config.embedding, config.units)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=PAD)
    model.compile(keras.optimizers.Adam(config.learning_rate), loss)
    return model


def reward_model(config: Config) -> keras.Model:
    """Embedding, GRU and one number, compiled for pairs of names."""
    import keras

    import layers
    from recipes.reward_model import PreferenceLoss, RewardModel

    scorer = keras.Sequential(
        [
            keras.Input((LONGEST,), dtype="int32"),
            keras.layers.Embedding(VOCABULARY, config.embedding, mask_zero=True),
            layers.GRU(config.units),
            layers.Dense(1),
        ],
        name="scorer",
    )
    model = RewardModel(scorer)
    model.compile(keras.optimizers.Adam(config.learning_rate), PreferenceLoss())
    return model


def build_model(config: Config) -> keras.Model:
    """Policy, reference and reward under policy gradient, all with fresh weights."""
    import keras

    from recipes.policy_gradient import PolicyGradient

    policy, reference = language_model(config), language_model(config)
    model = PolicyGradient(
        policy,
        reference,
        reward_model(config).scorer,
        start=START,
        end=END,
        max_length=LONGEST,
        kl_weight=config.kl_weight,
    )
    model.compile(keras.optimizers.Adam(config.learning_rate))
    return model


@dataclass
class Runs:
    """Everything that was trained, one entry a seed.

    Args:
        seeds: the seeds.
        curves: what policy gradient reports, arrays of shape (seeds, epochs).
        language: the first models.
        rankings: what the judges said (before any shuffling).
        rewards: the reward models.
        policies: weights of the policies.
        model: the policy gradient model, holding the last seed's weights.
        jit_compile: whether XLA compiled the epochs.
        engine: `sequential`.
    """

    seeds: list[int]
    curves: dict[str, np.ndarray]
    language: SeedRuns
    rankings: list[Rankings]
    rewards: SeedRuns
    policies: list[list[np.ndarray]]
    model: Any
    jit_compile: bool
    engine: str = "sequential"

    def load(self, seed: int) -> Any:
        """The policy gradient model as that seed's training left it."""
        from recipes.training.runs import assign

        position = self.seeds.index(seed)
        _set_up(self.model, self.language.weights[position], self.rewards.weights[position])
        assign(self.model.policy.variables, self.policies[position])
        return self.model


def _set_up(model: Any, language: list[np.ndarray], reward: list[np.ndarray]) -> None:
    """Policy and reference start as the language model."""
    from recipes.training.runs import assign

    for part, weights in ((model.policy, language), (model.reference, language), (model.reward, reward)):
        assign(part.variables, weights)


@cache
def first_models(config: Config, seeds: tuple[int, ...]) -> tuple[SeedRuns, list[Rankings]]:
    """A language model and the ranking of pairs of its names for every seed; the variants have them in common."""
    from recipes.training import Trainer, seeded
    from recipes.training.runs import assign

    data = load_data(config)
    language = Trainer(lambda: language_model(config), jit_compile=XLA).fit(
        with_start(data.x_train),
        data.x_train,
        seeds=seeds,
        epochs=config.language_epochs,
        batch_size=64,
    )
    rankings = []
    for position, seed in enumerate(seeds):
        with seeded(seed):
            model = build_model(config)
        assign(model.policy.variables, language.weights[position])
        names = model.answers(2 * (config.pairs + HELD_OUT_PAIRS))
        rankings.append(rank(names, np.random.default_rng([seed, 1])))
    return language, rankings


@cache
def reward_models(config: Config, seeds: tuple[int, ...]) -> SeedRuns:
    """A reward model of each seed's rankings, whatever the policy is then to pay for its divergence."""
    from dataclasses import replace

    from recipes.training import Trainer

    _, rankings = first_models(replace(config, shuffled=False), seeds)
    labels = [_labels(config, seed, ranking.first_wins) for seed, ranking in zip(seeds, rankings, strict=True)]
    asked = {seed: position * config.pairs + np.arange(config.pairs) for position, seed in enumerate(seeds)}
    return Trainer(lambda: reward_model(config), jit_compile=XLA).fit(
        np.concatenate([ranking.pairs[: config.pairs] for ranking in rankings]),
        np.concatenate(labels),
        seeds=seeds,
        rows=lambda seed: asked[seed],
        epochs=config.reward_epochs,
        batch_size=32,
    )


def train(
    config: Config,
    data: Split,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> Runs:
    """Language model, rankings, reward model and policy gradient, one of each a seed."""
    from dataclasses import replace

    from recipes.training import seeded
    from recipes.training.epochs import EpochProgram, build
    from recipes.training.runs import assign

    same = replace(config, kl_weight=0.0)
    language, rankings = first_models(replace(same, shuffled=False), tuple(seeds))
    rewards = reward_models(same, tuple(seeds))
    starts = np.full((STEPS_AN_EPOCH * config.batch_size, 1), START, "int32")
    order = np.arange(len(starts), dtype="int32")
    policies, curves = [], {name: np.zeros((len(seeds), config.epochs)) for name in ("loss", "reward", "kl")}
    program: Any = None
    for position, seed in enumerate(seeds):
        with seeded(seed):
            fresh = build_model(config)
        build(fresh, _arrays(starts[: config.batch_size]))
        if program is None:
            program = EpochProgram(fresh, XLA)
        else:
            assign(program.model.variables, fresh.variables)
            assign(program.model.optimizer.variables, fresh.optimizer.variables)
        model = program.model
        _set_up(model, language.weights[position], rewards.weights[position])
        for epoch in range(config.epochs):
            model.reset_metrics()
            for name, value in program.train((starts,), order, config.batch_size).items():
                curves[name][position, epoch] = value
        policies.append([variable.numpy() for variable in model.policy.variables])
        if progress is not None:
            progress((position + 1) / len(seeds))
    return Runs(list(seeds), curves, language, rankings, rewards, policies, program.model, program.jit_compile)


def _arrays(x: np.ndarray) -> Any:
    from recipes.training.data import prepare

    return prepare(x)


def _labels(config: Config, seed: int, first_wins: np.ndarray) -> np.ndarray:
    """The rankings that the reward model learns from; shuffled ones say nothing about their pairs."""
    asked = first_wins[: config.pairs]
    return np.random.default_rng([seed, 2]).permutation(asked) if config.shuffled else asked


def measure(config: Config, data: Split, runs: Runs) -> Measured:
    """Reward, judge's utility and KL of each policy against the model it started from."""
    rows = [_measured(config, runs, seed) for seed in runs.seeds]
    metrics = {name: [row[name] for row in rows] for name in rows[0]}
    # A reward has no zero of its own: what counts is the gain over the first model.
    gained = runs.curves["reward"] - np.array(metrics.pop("reward_before"))[:, None]
    return Measured(metrics, {"reward_gain": gained, "kl": runs.curves["kl"]})


def _measured(config: Config, runs: Runs, seed: int) -> dict[str, float]:
    model, ranking = runs.load(seed), runs.rankings[runs.seeds.index(seed)]
    after = model.answers(JUDGED)
    kl = float(np.mean(model.kl_of(after)))
    model.policy.set_weights(model.reference.get_weights())
    before = model.answers(10 * JUDGED)  # more, because the optimum below is decided by rare names
    names, old_names = decoded(after), decoded(before)
    reward, old_reward = (np.asarray(model.reward(one), "float64")[:, 0] for one in (after, before))
    gain, true_gain = reward.mean() - old_reward.mean(), utility(names).mean() - utility(old_names).mean()
    met, old_met = wishes_met(names).mean(axis=0), wishes_met(old_names).mean(axis=0)
    found = {
        "reward_before": old_reward.mean(),
        "reward_gain": gain,
        "true_gain": true_gain,
        "overestimate": gain - true_gain,
        "kl": kl,
        "distinct": len(set(names)) / len(names),
        "distinct_before": len(set(old_names[:JUDGED])) / JUDGED,
        **_agreement(model.reward, ranking, config.pairs),
        **{f"wish_{k}": met[k] for k in range(len(WISHES))},
        **{f"wish_{k}_before": old_met[k] for k in range(len(WISHES))},
    }
    if config.kl_weight:
        found |= _optimum(old_reward, config.kl_weight, gain - config.kl_weight * kl)
    return {name: float(value) for name, value in found.items()}


def _agreement(scorer: Any, ranking: Rankings, first: int) -> dict[str, float]:
    """How often the reward orders held-out pairs as the judge said, and as the judge would without noise."""
    held_out = ranking.pairs[first:]
    one, other = (np.asarray(scorer(held_out[:, k]))[:, 0] for k in (0, 1))
    prefers_first, margin = one > other, ranking.margin[first:]
    apart = margin != 0
    return {
        "said_accuracy": (prefers_first == (ranking.first_wins[first:] > 0.5)).mean(),
        "meant_accuracy": (prefers_first == (margin > 0))[apart].mean(),
        "best_said_accuracy": (1 / (1 + np.exp(-np.abs(margin)))).mean(),
    }


def _optimum(rewards: np.ndarray, weight: float, reached: float) -> dict[str, float]:
    """The largest J that any policy can have, and the share of the way there from the first model.

    J = E[r] - weight KL is largest for policy(x) = reference(x) exp(r(x) / weight) / Z, where it is weight log Z. Z is the
    mean of exp(r / weight) over names of the first model; rewards count from that model's mean.
    """
    tilted = (rewards - rewards.mean()) / weight
    top = tilted.max()
    best = weight * (top + np.log(np.exp(tilted - top).mean()))
    return {"objective": reached, "best_objective": best, "objective_share": reached / best}


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of policy gradient, all models with fresh weights."""
    from recipes.training import golden_trace

    starts = np.full((config.batch_size, 1), START, "int32")
    return golden_trace(lambda: build_model(config), starts, starts, batch_size=config.batch_size)


SHOWN = 12
"""Names of each policy in the figure."""


def examine_data() -> dict[str, Any]:
    """Names that seed 0's policies write before and after each training, and which wishes they fulfil."""
    shown: dict[str, Any] = {}
    for variant, config in VARIANTS.items():
        runs = train(config, load_data(config), [0])
        model = runs.load(0)
        shown[variant] = decoded(model.answers(SHOWN))
        if "before" not in shown:
            model.policy.set_weights(model.reference.get_weights())
            shown["before"] = decoded(model.answers(SHOWN))
    return {"names": shown, "wishes_met": {name: wishes_met(names).tolist() for name, names in shown.items()}}


_SETUP = (
    "Language model: Embedding 16, GRU 64, next letter; 3,665 English surnames, 20 epochs in batches of 64. Judge: two points "
    "of utility for each of three wishes (ends in a vowel; 5 to 7 letters; no three vowels, four consonants or three equal "
    "letters in a row); of two names the first wins with probability sigmoid(difference of utility). 2,000 ranked pairs of "
    "the model's own names a seed, 1,000 more held out. Reward model: Embedding 16, GRU 64, Dense 1, Bradley-Terry loss, 10 "
    "epochs in batches of 32. Policy gradient: REINFORCE, batches of 128 names, 300 steps, the batch's other names as "
    "baseline, 0.5 of reward a nat of KL from the language model. Adam 0.001 everywhere. "
)

CLAIMS = (
    Claim(
        "llm-rlhf-preferences",
        "003",
        "Video 84",
        "In RLHF humans rank answers and the model learns from the preferences.",
        "behaviour",
        "",
        _SETUP
        + "Judged on 2,000 names of each policy: the reward model puts at least 80% of held-out pairs of different "
        "utility in the judge's order; the learned reward rises; the judge's utility rises by half a wish (1 point) at least "
        "on average; KL stays below 5 nats; with shuffled rankings utility rises by less than a quarter of a wish (0.5), and "
        "less than with true ones.",
        (
            Within("rlhf", "meant_accuracy", low=0.8),
            Within("rlhf", "reward_gain", low=0.0),
            Within("rlhf", "true_gain", low=1.0),
            Within("rlhf", "kl", high=5.0),
            Within("shuffled", "true_gain", high=0.5),
            Better("true_gain", "rlhf", "shuffled"),
        ),
        data="names_by_nationality",
        priority=2,
        remark="The judge contradicts its own wishes in 30% of the pairs, and still the reward model puts 97% in the right "
        "order. Names that end in a vowel go from 12% to 77%, those of 5 to 7 letters from 68% to 97%. The policy gets 94% of "
        "the largest reward less penalty that any policy could have, which is known in closed form.",
    ),
    Claim(
        "llm-rlhf-needs-kl",
        "own",
        "preferences",
        "Without a KL penalty the policy exploits its reward model.",
        "comparison",
        "",
        _SETUP
        + "The same with a KL weight of 0. Judged: the policy goes further from the language model, writes fewer "
        "different names, and the reward model's promise (in the judge's own unit, the log odds of being preferred) exceeds "
        "the gain in utility by more than with the penalty.",
        (
            Better("kl", "rlhf", "without_kl", higher_is_better=False),
            Better("distinct", "rlhf", "without_kl"),
            Better("overestimate", "rlhf", "without_kl", higher_is_better=False),
        ),
        data="names_by_nationality",
        priority=3,
        remark="In four of five seeds the policy ends with words that nobody can pronounce (seed 0: fooooe): the reward "
        "model had hardly seen such words and promises a gain of 2.6 to 3.2, the judge sees 0.4 to 0.5. In the fifth the reward "
        "model was right by luck.",
    ),
)

_LABELS = {
    "rlhf": "RLHF with KL penalty",
    "without_kl": "without KL penalty",
    "shuffled": "shuffled rankings",
}


def paint_training(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Reward and KL over the steps, and what reward model and judge say about the end."""
    import matplotlib.pyplot as plt

    drawn, axes = plt.subplots(1, 3, figsize=(11.4, 3.6), layout="constrained")
    for (variant, label), colour in zip(_LABELS.items(), COLOURS, strict=False):
        for axis, name in zip(axes, ("reward_gain", "kl"), strict=False):
            curve = variants[variant]["curves"][name]
            steps = STEPS_AN_EPOCH * np.array(curve["epoch"])
            axis.plot(steps, curve["mean"], color=colour, label=label)
            axis.fill_between(steps, curve["low"], curve["high"], color=colour, alpha=0.2, linewidth=0)
        found = variants[variant]["metrics"]
        axes[2].scatter(
            found["reward_gain"], found["true_gain"], color=colour, s=26, alpha=0.8, linewidth=0, label=label
        )
    axes[0].set_ylabel("gain in learned reward (log odds)")
    axes[1].set_ylabel("KL from the first model (nats)")
    axes[1].set_yscale("log")
    for axis in axes[:2]:
        axis.set_xlabel("step of policy gradient")
    high = axes[2].get_xlim()[1]
    axes[2].plot([0, high], [0, high], color="0.5", linestyle="--", linewidth=1, label="reward model is right")
    axes[2].set_xlabel("gain that the reward model sees (log odds)")
    axes[2].set_ylabel("gain that the judge sees (log odds)")
    for axis in axes:
        axis.grid(alpha=0.25)
    drawn.legend(*axes[2].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    return drawn


def paint_names(facts: Mapping[str, Any]) -> Any:
    """A column of names for each policy, with a mark for every wish that a name fulfils."""
    import matplotlib.pyplot as plt

    columns = {"before": "before: language model", **_LABELS}
    drawn, axes = plt.subplots(1, len(columns), figsize=(11.4, 4.2), layout="constrained")
    for axis, (variant, label) in zip(axes, columns.items(), strict=True):
        axis.set_title(label, fontsize=10, loc="left")
        axis.set_xlim(0, 1)
        axis.set_ylim(SHOWN - 0.3, -0.7)
        axis.axis("off")
        for row, (name, met) in enumerate(zip(facts["names"][variant], facts["wishes_met"][variant], strict=True)):
            axis.text(0.0, row, name or "(nothing)", va="center", fontsize=10, family="monospace")
            for k, fulfilled in enumerate(met):
                style = "full" if fulfilled else "none"
                axis.plot(0.55 + 0.09 * k, row, "o", markersize=6, color=COLOURS[k], fillstyle=style)
    marks = [
        plt.Line2D([], [], marker="o", linestyle="", color=COLOURS[k], label=wish) for k, wish in enumerate(WISHES)
    ]
    drawn.legend(handles=marks, loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    return drawn


FIGURES = (
    Picture(
        "rlhf-training",
        "Policy gradient on a learned reward",
        "Mean over seeds and the band of 80% of them; right: a dot a seed. Below the dashed line the reward model promises more "
        "than the judge sees.",
        facts=(),
        paint=paint_training,
        variants=tuple(_LABELS),
    ),
    Picture(
        "rlhf-names",
        "Names before and after learning from a judge's rankings",
        "Seed 0, the first names drawn. Full dots: wishes of the judge that a name fulfils.",
        facts=("names", "wishes_met"),
        paint=paint_names,
    ),
)
