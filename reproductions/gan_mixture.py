"""Two networks, a generator and a discriminator, learn to fake points that lie in eight clusters on a ring.

Source: document 003, Video 3 (a GAN is a generator and a discriminator; it generates fake data). The data are
draws from eight normal distributions on a circle, the usual toy of the GAN papers: a picture shows at once what the
generator has understood, and the truth is known exactly.

Run: reproduce run gan_mixture
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reproductions.claims import Claim, Equals, Measured, Within
from reproductions.figures import COLOURS, Picture
from reproductions.networks import Split, first_losses, train_networks

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "A GAN: generator and discriminator on a ring of eight clusters"
SUMMARY = (
    "A small GAN, its two networks trained in turn, fakes points of a two-dimensional mixture; judged by moments, covered "
    "clusters and energy distance against the untrained generator and a single fitted normal distribution."
)
DATASETS = ()
IN_DEFAULT_SET = False
SEEDS, MAX_SEEDS = 10, 20
EXPECTED_SECONDS = 40.0
GOLDEN = "gan"

MODES, RADIUS, SPREAD, NOISE = 8, 2.0, 0.2, 8
"""Clusters, their distance from the centre, their standard deviation; numbers that the generator starts from."""
POOL, TEST = 20_000, 2_000


@dataclass(frozen=True)
class Config:
    """The two networks and their training."""

    units: int = 64
    """Units of each of the two hidden layers, in both networks."""
    points: int = 5000
    """Real points that a seed trains on."""
    epochs: int = 150
    """Passes over them."""
    batch_size: int = 100
    """Real points a step, and as many fakes."""
    learning_rate: float = 0.001
    """Adam's step size, for both networks."""
    beta_1: float = 0.5
    """Adam's memory of the gradient; Radford et al. 2015 chose 0.5 for GANs, against swinging."""


VARIANTS = {"gan": Config()}


def centres() -> np.ndarray:
    """The middle of each cluster, shape (8, 2)."""
    angle = 2 * np.pi * np.arange(MODES) / MODES
    return RADIUS * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def ring(rng: np.random.Generator, count: int) -> np.ndarray:
    """Draws from the mixture: a cluster at random, and normal noise around its centre."""
    return (centres()[rng.integers(0, MODES, count)] + SPREAD * rng.standard_normal((count, 2))).astype("float32")


def load_data(config: Config) -> Split:
    """Real points; no labels, the targets are the points again."""
    real = ring(np.random.default_rng(0), POOL + TEST)
    return Split(real[:POOL], real[:POOL], real[POOL:], real[POOL:])


def rows_of(config: Config, seed: int) -> np.ndarray:
    """The real points that a seed trains on."""
    return np.random.default_rng(seed).choice(POOL, config.points, replace=False)


def build_model(config: Config) -> keras.Model:
    """Generator 8-64-64-2 and discriminator 2-64-64-1 in one model that trains them in turn, compiled with Adam."""
    import keras
    from keras import ops
    from keras.layers import Dense

    from recipes.losses import discriminator_loss, generator_loss

    def network(name: str, inputs: int, outputs: int) -> keras.Model:
        hidden = [Dense(config.units, activation="relu") for _ in range(2)]
        return keras.Sequential([keras.Input((inputs,)), *hidden, Dense(outputs)], name=name)

    class Gan(keras.Model):
        """Called on points it gives the discriminator's logits: above 0 for 'real'."""

        def __init__(self) -> None:
            super().__init__()
            self.generator = network("generator", NOISE, 2)
            self.discriminator = network("discriminator", 2, 1)
            self.noise = keras.random.SeedGenerator()
            self.trackers = [keras.metrics.Mean(name) for name in ("loss", "generator_loss")]

        @property
        def metrics(self) -> list[Any]:
            return self.trackers

        def call(self, points: Any, training: bool = False) -> Any:
            return self.discriminator(points)

        def fakes(self, count: int) -> Any:
            return self.generator(keras.random.normal((count, NOISE), seed=self.noise))

        def train_step(self, data: Any) -> dict[str, Any]:
            real, _, _ = keras.utils.unpack_x_y_sample_weight(data)
            count = real.shape[0]

            fake = self.fakes(count)
            told_apart = self.descend(
                self.discriminator, lambda: discriminator_loss(self.discriminator(real), self.discriminator(fake))
            )
            # Both networks are at the same step; with its counter held back, one Adam does what two would.
            self.optimizer.iterations.assign_sub(1)
            fooled = self.descend(
                self.generator, lambda: generator_loss(self.discriminator(self.fakes(count)))
            )  # of the discriminator as it is now
            for tracker, value in zip(self.trackers, (told_apart, fooled), strict=True):
                tracker.update_state(value)
            return self.get_metrics_result()

        def descend(self, player: keras.Model, loss_of: Callable[[], Any]) -> Any:
            """One step of one network down its own loss; the other network stays as it is."""
            import tensorflow as tf

            with tf.GradientTape() as tape:
                loss = ops.convert_to_tensor(loss_of())
            weights = player.trainable_variables
            self.optimizer.apply(tape.gradient(loss, [weight.value for weight in weights]), weights)
            return loss

    model = Gan()
    model.compile(keras.optimizers.Adam(config.learning_rate, beta_1=config.beta_1))
    return model


def train(
    config: Config,
    data: Split,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
    **options: Any,
) -> SeedRuns:
    """Train one GAN a seed, each on its own real points."""
    return train_networks(
        build_model, config, data, seeds, checkpoint, progress, rows=lambda seed: rows_of(config, seed), **options
    )


def generated(model: Any, count: int, seed: int = 1) -> np.ndarray:
    """Fakes of the generator for noise drawn from `seed`, shape (count, 2)."""
    noise = np.random.default_rng(seed).standard_normal((count, NOISE)).astype("float32")
    return np.asarray(model.generator(noise), "float64")


def measure(config: Config, data: Split, runs: SeedRuns) -> Measured:
    """How far each seed's fakes are from real points, against the untrained generator's and a fitted normal's."""
    from recipes.training import seeded

    real, rows = data.x_test, []
    for seed in runs.seeds:
        with seeded(seed):
            before = generated(build_model(config), len(real))
        seen = data.x_train[rows_of(config, seed)]
        normal = np.random.default_rng(2).multivariate_normal(seen.mean(axis=0), np.cov(seen.T), len(real))
        rows.append(
            compared(real, {"untrained": before, "gan": generated(runs.load(seed), len(real)), "normal": normal})
        )
    return Measured({name: [row[name] for row in rows] for name in rows[0]}, runs.curves)


def compared(real: np.ndarray, samples: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Energy distance of each sample to real points and what share of it lies in a cluster; moments of the GAN's."""
    found = {f"energy_{name}": energy_distance(real, sample) for name, sample in samples.items()}
    fake = samples["gan"]
    found["times_closer_log10"] = float(np.log10(found["energy_untrained"] / found["energy_gan"]))
    found["times_closer_than_normal_log10"] = float(np.log10(found["energy_normal"] / found["energy_gan"]))
    found["mean_offset"] = float(np.linalg.norm(fake.mean(axis=0) - real.mean(axis=0)))
    found["spread_ratio"] = float(np.sqrt(np.trace(np.cov(fake.T)) / np.trace(np.cov(real.T))))
    found["modes_covered"] = float((shares(fake) >= 0.25 / MODES).sum())
    for name in ("gan", "normal"):
        found[f"in_a_cluster_{name}"] = float(shares(samples[name]).sum())
    return found | {"cluster_spread": cluster_spread(fake)}


def energy_distance(one: np.ndarray, other: np.ndarray) -> float:
    """2 E|X - Y| - E|X - X'| - E|Y - Y'| of two samples, each taken as a distribution of its own: never below 0."""
    from scipy.spatial.distance import cdist

    return float(2 * cdist(one, other).mean() - cdist(one, one).mean() - cdist(other, other).mean())


def shares(points: np.ndarray) -> np.ndarray:
    """Share of the points within three standard deviations of each centre, shape (8,); 98.9% in all of the real ones."""
    distance = np.linalg.norm(points[:, None, :] - centres(), axis=-1)  # (points, 8)
    return (distance <= 3 * SPREAD).mean(axis=0)


def cluster_spread(points: np.ndarray) -> float:
    """Standard deviation, along an axis, of the points that lie in a cluster; 0.194 of real ones, cut off at three times 0.2."""
    offset = points[:, None, :] - centres()  # (points, 8, 2)
    inside = np.linalg.norm(offset, axis=-1) <= 3 * SPREAD
    return float(np.sqrt((offset[inside] ** 2).mean()))


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first discriminator losses of seed 0."""
    return first_losses(build_model, config, data, lambda seed: rows_of(config, seed))


SHOWN, DRAWN_POINTS = (0, 5, 25, 150), 400
"""Epochs and points of the figure."""


def examine() -> dict[str, Any]:
    """The networks of the model, and what seed 0's generator makes during training."""
    import keras

    config = VARIANTS["gan"]

    class Show(keras.callbacks.Callback):
        drawn: dict[int, list[Any]] = {}

        def on_train_begin(self, logs: Any = None) -> None:
            self.on_epoch_end(-1)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if epoch + 1 in SHOWN:
                self.drawn[epoch + 1] = generated(self.model, DRAWN_POINTS).round(2).tolist()

    data, show = load_data(config), Show()
    model = train(config, data, [0], callbacks=lambda seed: [show]).model
    networks = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    owned: list[set[int]] = [{id(weight) for weight in network.trainable_variables} for network in networks]
    return {
        "networks": [network.name for network in networks],
        "weights_of_both": len(owned[0].intersection(*owned[1:])),
        "weights_of_neither": len({id(weight) for weight in model.trainable_variables}.difference(*owned)),
        "real_points": data.x_test[:DRAWN_POINTS].astype("float64").round(2).tolist(),
        "generated_points": [show.drawn[epoch] for epoch in SHOWN],
    }


CLAIMS = (
    Claim(
        "arch-gan-two-networks",
        "003",
        "Video 3",
        "A GAN consists of a generator and a discriminator and generates fake data resembling the real data.",
        "behaviour",
        "2 networks",
        "The model holds two networks that share no weight, and no weight besides. Real data: eight normal distributions, "
        "standard deviation 0.2, on a circle of radius 2; 5,000 points a seed. Generator 8-64-64-2 and discriminator "
        "2-64-64-1, relu; in each step first the discriminator, then the generator moves, each down its own (non-saturating) "
        "loss by Adam 0.001 with beta_1 0.5; 150 epochs of 50 steps, batches of 100. Judged on 2,000 fakes against 2,000 "
        "real points that were not trained on: energy distance at least ten times smaller than the untrained generator's "
        "and smaller than that of one normal distribution with the training points' mean and covariance; means at most 0.2 "
        "apart (a tenth of the radius); total standard deviation within 10%; at least 7 of the 8 clusters covered on average "
        "(a cluster is when a quarter of its fair share, 3.1% of the fakes, lies within three standard deviations).",
        (
            Equals("networks", ["generator", "discriminator"]),
            Equals("weights_of_both", 0),
            Equals("weights_of_neither", 0),
            Within("gan", "times_closer_log10", low=1.0),
            Within("gan", "times_closer_than_normal_log10", low=0.0),
            Within("gan", "mean_offset", high=0.2),
            Within("gan", "spread_ratio", 0.9, 1.1),
            Within("gan", "modes_covered", low=7.0),
        ),
        priority=2,
        remark="Alike, not the same: 96% of the fakes lie in a cluster (98.9% of real points, 26% of the normal "
        "distribution's), and the fakes' clusters are narrower than real ones, 0.16 against 0.20 along an axis for seed 0.",
    ),
)


def paint_samples(facts: Mapping[str, Any]) -> Any:
    """Real points and seed 0's fakes before, during and after training."""
    import matplotlib.pyplot as plt

    real = np.array(facts["real_points"])
    drawn, axes = plt.subplots(1, len(SHOWN), figsize=(11, 3.3), sharex=True, sharey=True, layout="constrained")
    for axis, epoch, points in zip(axes, SHOWN, facts["generated_points"], strict=True):
        fake = np.array(points)
        axis.scatter(*real.T, s=5, color=COLOURS[0], alpha=0.5, linewidth=0, label="real")
        axis.scatter(*fake.T, s=5, color=COLOURS[1], alpha=0.8, linewidth=0, label="generated")
        axis.set_title(f"after epoch {epoch}" if epoch else "before training", fontsize=10)
        axis.set_aspect("equal")
        axis.set_xlim(-3.2, 3.2)
        axis.set_ylim(-3.2, 3.2)
        axis.set_xlabel("first number")
    axes[0].set_ylabel("second number")
    drawn.legend(
        *axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False, markerscale=3
    )
    return drawn


def paint_distances(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Energy distance to real points, one dot a seed, and the two players' losses."""
    import matplotlib.pyplot as plt

    drawn, (left, right) = plt.subplots(1, 2, figsize=(9.6, 3.5), layout="constrained", width_ratios=(1.1, 1))
    names = {"untrained": "untrained generator", "normal": "one normal\ndistribution", "gan": "trained generator"}
    for place, name in enumerate(names):
        values = variants["gan"]["metrics"][f"energy_{name}"]
        aside = place + np.linspace(-0.15, 0.15, len(values))
        left.scatter(values, aside, s=14, color=COLOURS[0], alpha=0.6, linewidth=0)
        left.plot(np.mean(values), place, "D", color=COLOURS[1], markersize=5)
    left.set_yticks(range(len(names)), list(names.values()))
    left.invert_yaxis()
    left.set_xscale("log")
    left.set_xlabel("energy distance from real points (dot: seed, diamond: mean)")
    curves = variants["gan"]["curves"]
    for name, label, colour, level in (
        ("loss", "discriminator", COLOURS[0], 2 * np.log(2)),
        ("generator_loss", "generator", COLOURS[1], np.log(2)),
    ):
        right.plot(curves[name]["epoch"], curves[name]["mean"], color=colour, label=label)
        right.fill_between(
            curves[name]["epoch"], curves[name]["low"], curves[name]["high"], color=colour, alpha=0.2, linewidth=0
        )
        right.axhline(level, color=colour, linestyle=":", linewidth=1)
    right.set_xlabel("epoch (dotted: a discriminator that can only guess)")
    right.set_ylabel("loss")
    right.legend(frameon=False, fontsize=9)
    for axis in (left, right):
        axis.grid(alpha=0.25)
    return drawn


FIGURES = (
    Picture(
        "gan-samples",
        "What the generator of a GAN makes before, during and after training",
        "Seed 0, 400 real and 400 generated points.",
        facts=("real_points", "generated_points"),
        paint=paint_samples,
    ),
    Picture(
        "gan-distances",
        "How close the fakes come to real points",
        "Left: energy distance of 2,000 fakes to 2,000 real points, every seed. Right: losses, mean and 80% band over seeds.",
        facts=(),
        paint=paint_distances,
        variants=("gan",),
    ),
)
