"""The losses of generative models: KL divergence in a variational autoencoder, and a GAN's two losses.

Source: document 003, Video 14. A variational autoencoder with two latent numbers on the embedded digits, with and without its
KL term; and a GAN that learns a normal distribution, whose discriminator should end by guessing.

Run: reproduce run generative_losses
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from reproductions.claims import Better, Claim, Equals, Measured, Within
from reproductions.figures import COLOURS, Picture
from reproductions.networks import Split, first_losses, train_networks

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "Generative losses: a variational autoencoder and a GAN"
SUMMARY = (
    "KL divergence keeps the codes of a small variational autoencoder close to a normal distribution; a toy GAN is trained until "
    "its discriminator can no longer tell."
)
DATASETS = ("digits",)
IN_DEFAULT_SET = True
SEEDS, MAX_SEEDS = 5, 10
EXPECTED_SECONDS = 30.0
GOLDEN = "vae"

LATENT, NOISE = 2, 4
"""Numbers in the autoencoder's code, and in the noise that the GAN's generator starts from."""
REAL_MEAN, REAL_SD = 4.0, 1.25
BINS = np.linspace(-1, 9, 41)
POOL, TEST = {"vae": 1397, "gan": 10_000}, {"vae": 400, "gan": 2_000}


@dataclass(frozen=True)
class Config:
    """The model and its training."""

    model: Literal["vae", "gan"]
    """A variational autoencoder of digits, or a GAN of single numbers."""
    kl_weight: float = 1.0
    """Weight of the KL term; 0 leaves an autoencoder with noise."""
    epochs: int = 100
    """Passes over the examples."""
    points: int = 1000
    """Training examples of each seed."""
    batch_size: int = 50
    """Examples a step."""
    learning_rate: float = 0.001
    """Adam's step size."""


VARIANTS = {
    "vae": Config("vae"),
    "autoencoder": Config("vae", kl_weight=0.0),
    "gan": Config("gan", epochs=300, batch_size=100),
}


def load_data(config: Config) -> Split:
    """Digits with pixels from 0 to 1, or draws from N(4, 1.25); the targets of the autoencoder are its inputs."""
    if config.model == "gan":
        real = np.random.default_rng(0).normal(REAL_MEAN, REAL_SD, (POOL["gan"] + TEST["gan"], 1)).astype("float32")
        return Split(real[: POOL["gan"]], real[: POOL["gan"]], real[POOL["gan"] :], real[POOL["gan"] :])
    from sklearn.model_selection import train_test_split

    from recipes.datasets import load_arrays

    images, labels = load_arrays("digits")
    x = (images.reshape(-1, 64) / 16).astype("float32")
    x_train, x_test = train_test_split(x, test_size=TEST["vae"], random_state=0, stratify=labels)
    return Split(x_train, x_train, x_test, x_test)


def rows_of(config: Config, seed: int) -> np.ndarray:
    """The examples that a seed trains on."""
    return np.random.default_rng(seed).choice(POOL[config.model], config.points, replace=False)


def build_model(config: Config) -> keras.Model:
    """The autoencoder or the GAN, compiled."""
    return _autoencoder(config) if config.model == "vae" else _gan(config)


def normal_kl(mean: Any, log_variance: Any) -> Any:
    """KL(N(mean, variance) || N(0, 1)), summed over the last axis: sum of (mean^2 + variance - 1 - log variance) / 2."""
    from keras import ops

    return 0.5 * ops.sum(mean**2 + ops.exp(log_variance) - 1.0 - log_variance, axis=-1)


def _autoencoder(config: Config) -> keras.Model:
    """64-32-2-32-64. Loss an image: cross-entropy summed over its pixels, plus the KL divergence of its code."""
    import keras
    from keras import ops

    class Code(keras.layers.Layer):
        """z = mean + exp(log variance / 2) noise in training, the mean otherwise; adds the KL term to the loss."""

        def __init__(self) -> None:
            super().__init__(name="code")
            self.seed_generator = keras.random.SeedGenerator()

        def call(self, statistics: Any, training: bool = False) -> Any:
            mean, log_variance = ops.split(statistics, 2, axis=-1)  # (batch, LATENT) each
            self.add_loss(config.kl_weight * ops.mean(normal_kl(mean, log_variance)))
            if not training:
                return mean
            noise = keras.random.normal(ops.shape(mean), seed=self.seed_generator)
            return mean + ops.exp(0.5 * log_variance) * noise

    inputs = keras.Input((64,))
    hidden = keras.layers.Dense(32, activation="relu")(inputs)
    statistics = keras.layers.Dense(2 * LATENT, name="statistics")(hidden)
    decoded = keras.layers.Dense(32, activation="relu", name="decoder_hidden")(Code()(statistics))
    outputs = keras.layers.Dense(64, activation="sigmoid", name="decoder_output")(decoded)
    model = keras.Model(inputs, outputs)

    def pixels(y_true: Any, y_pred: Any) -> Any:
        return 64 * keras.losses.binary_crossentropy(y_true, y_pred)

    model.compile(keras.optimizers.Adam(config.learning_rate), pixels)
    return model


def _gan(config: Config) -> keras.Model:
    """Generator 4-32-1 and discriminator 1-32-32-1, trained together: each step moves both, each down its own loss."""
    import keras
    import tensorflow as tf
    from keras.layers import Dense

    from recipes.losses import DiscriminatorLoss, GeneratorLoss

    class Gan(keras.Model):
        """Called on examples it gives the discriminator's logits."""

        def __init__(self) -> None:
            super().__init__()
            self.generator = keras.Sequential([keras.Input((NOISE,)), Dense(32, activation="relu"), Dense(1)])
            self.discriminator = keras.Sequential(
                [keras.Input((1,)), Dense(32, activation="relu"), Dense(32, activation="relu"), Dense(1)]
            )
            self.noise = keras.random.SeedGenerator()
            self.trackers = [keras.metrics.Mean(name) for name in ("loss", "generator_loss", "d_real", "d_fake")]

        @property
        def metrics(self) -> list[Any]:
            return self.trackers

        def call(self, x: Any, training: bool = False) -> Any:
            return self.discriminator(x)

        def train_step(self, data: Any) -> dict[str, Any]:
            real, _, _ = keras.utils.unpack_x_y_sample_weight(data)
            ones = tf.ones((real.shape[0], 1))
            z = keras.random.normal((real.shape[0], NOISE), seed=self.noise)
            with tf.GradientTape(persistent=True) as tape:
                of_real, of_fake = self.discriminator(real), self.discriminator(self.generator(z))
                told_apart = DiscriminatorLoss()(ones, of_real) + DiscriminatorLoss()(0 * ones, of_fake)
                fooled = GeneratorLoss()(ones, of_fake)
            players = ((self.generator, fooled), (self.discriminator, told_apart))
            pairs = [
                (gradient, weight)
                for player, loss in players
                for gradient, weight in zip(
                    tape.gradient(loss, player.trainable_variables), player.trainable_variables, strict=True
                )
            ]
            self.optimizer.apply_gradients(pairs)
            values = (told_apart, fooled, tf.reduce_mean(tf.sigmoid(of_real)), tf.reduce_mean(tf.sigmoid(of_fake)))
            for tracker, value in zip(self.trackers, values, strict=True):
                tracker.update_state(value)
            return self.get_metrics_result()

    model = Gan()
    # The slower first moment that Radford et al. 2015 found to keep GANs from swinging.
    model.compile(keras.optimizers.Adam(config.learning_rate, beta_1=0.5))
    return model


def train(
    config: Config,
    data: Split,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> SeedRuns:
    """Train one model a seed, each on its own examples."""
    return train_networks(
        build_model, config, data, seeds, checkpoint, progress, rows=lambda seed: rows_of(config, seed)
    )


def measure(config: Config, data: Split, runs: SeedRuns) -> Measured:
    """What became of each seed's model on the test examples."""
    of_model = _measured_autoencoder if config.model == "vae" else _measured_gan
    per_seed = [of_model(runs.load(seed), data.x_test) for seed in runs.seeds]
    metrics = {name: [float(one[name]) for one in per_seed] for name in per_seed[0] if np.ndim(per_seed[0][name]) == 0}
    metrics["loss_fall"] = (runs.curves["loss"][:, 0] - runs.curves["loss"][:, -1]).tolist()
    shapes = {name: np.stack([one[name] for one in per_seed]) for name in per_seed[0] if np.ndim(per_seed[0][name])}
    return Measured(metrics, {**runs.curves, **shapes})


def codes(model: keras.Model, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and log variance of each image's code, shape (images, LATENT) each."""
    import keras

    encoder = keras.Model(model.inputs[0], model.get_layer("statistics").output)
    mean, log_variance = np.split(np.asarray(encoder(x), "float64"), 2, axis=-1)
    return mean, log_variance


def decode(model: keras.Model, z: np.ndarray) -> np.ndarray:
    """Images of codes, shape (codes, 64)."""
    hidden = model.get_layer("decoder_hidden")(z.astype("float32"))
    return np.asarray(model.get_layer("decoder_output")(hidden))


def _measured_autoencoder(model: keras.Model, x: np.ndarray) -> dict[str, Any]:
    mean, log_variance = codes(model, x)
    shown = np.clip(decode(model, mean).astype("float64"), 1e-7, 1 - 1e-7)
    # The codes of all images together, each with its own spread, should look like N(0, 1) in each latent number.
    spread = mean.var(axis=0) + np.exp(log_variance).mean(axis=0)
    mismatch = 0.5 * (mean.mean(axis=0) ** 2 + spread - 1 - np.log(spread)).sum()
    return {
        "reconstruction": -(x * np.log(shown) + (1 - x) * np.log(1 - shown)).sum(axis=1).mean(),
        "kl": 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance).sum(axis=1).mean(),
        "prior_mismatch": mismatch,
    }


def _measured_gan(model: Any, x: np.ndarray) -> dict[str, Any]:
    from scipy.stats import wasserstein_distance

    z = np.random.default_rng(1).normal(size=(len(x), NOISE)).astype("float32")
    fake = np.asarray(model.generator(z))
    d_real, d_fake = (1 / (1 + np.exp(-np.asarray(model(one), "float64"))) for one in (x, fake))
    return {
        "d_of_real": d_real.mean(),
        "d_of_fake": d_fake.mean(),
        "wasserstein": wasserstein_distance(x[:, 0], fake[:, 0]),
        "generated_mean": fake.mean(),
        "generated_sd": fake.std(),
        "generated_density": np.histogram(fake, BINS, density=True)[0],
    }


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data, lambda seed: rows_of(config, seed))


def examine() -> dict[str, Any]:
    """KL divergences against the integral and the sum that define them; digits that seed 0's decoder draws."""
    import keras
    from scipy.integrate import quad
    from scipy.stats import norm

    from recipes import losses

    def integral(mean: float, deviation: float) -> float:
        q, p = norm(mean, deviation), norm(0, 1)
        return quad(lambda z: q.pdf(z) * (q.logpdf(z) - p.logpdf(z)), mean - 12 * deviation, mean + 12 * deviation)[0]

    pairs = ((0.0, 1.0), (1.5, 0.5), (-0.7, 2.0))
    gaps = [abs(float(normal_kl(np.array([m]), np.array([2 * np.log(s)]))) - integral(m, s)) for m, s in pairs]
    p, q = (np.random.default_rng(0).dirichlet(np.ones(6), size=50) for _ in range(2))
    q = q[::-1]
    by_sum = (p * np.log(p / q)).sum(axis=1).mean()
    of_losses = [float(library.KLDivergence()(p, q)) for library in (keras.losses, losses)]
    config = VARIANTS["vae"]
    model = train(config, load_data(config), [0]).load(0)
    grid = norm.ppf(np.linspace(0.06, 0.94, 9))
    z = np.stack(np.meshgrid(grid, grid[::-1]), axis=-1).reshape(-1, 2)
    return {
        "closed_form_is_the_integral": max(gaps) < 1e-5,
        "kl_divergence_is_the_sum": max(abs(value - by_sum) for value in of_losses) < 1e-5,
        "drawn_digits": (16 * decode(model, z)).round().astype(int).tolist(),
    }


CLAIMS = (
    Claim(
        "loss-kl-autoencoder",
        "003",
        "Video 14",
        "KL divergence is a loss of (variational) autoencoders.",
        "behaviour",
        "KL for autoencoders",
        "Keras's KLDivergence and ours against the sum; the closed form for normal codes against the integral. A variational "
        "autoencoder 64-32-2-32-64 on 1,000 of the embedded digits a seed, pixel cross-entropy plus KL, Adam 0.001, 100 epochs, "
        "batches of 50: the loss falls, and the codes of 400 test digits are closer to N(0, 1) than those of the same network "
        "without the KL term (KL divergence of the normal distribution with their mean and variance).",
        (
            Equals("kl_divergence_is_the_sum", True),
            Equals("closed_form_is_the_integral", True),
            Within("vae", "loss_fall", low=0.0),
            Better("prior_mismatch", "vae", "autoencoder", higher_is_better=False),
        ),
        data="digits",
        priority=3,
        remark="Plain autoencoders do without it: the reconstruction loss is theirs. The KL term is what makes an autoencoder "
        "variational, and lets it draw new digits from normal noise.",
    ),
    Claim(
        "loss-gan-losses",
        "003",
        "Video 14",
        "GAN losses train generative models.",
        "behaviour",
        "GAN losses",
        "Generator 4-32-1 and discriminator 1-32-32-1, relu, learn N(4, 1.25) from 1,000 draws a seed; non-saturating losses; "
        "one step of each player at a time, Adam 0.001 with beta_1 0.5, 300 epochs of 10 steps. The discriminator ends near 0.5, "
        "between 0.4 and 0.6 on average over real and over generated numbers, and the generated distribution is within 0.5 of "
        "the real one (Wasserstein distance; two normals with means 0.5 apart).",
        (
            Within("gan", "d_of_real", 0.4, 0.6),
            Within("gan", "d_of_fake", 0.4, 0.6),
            Within("gan", "wasserstein", high=0.5),
        ),
        priority=3,
    ),
)


def paint_digits(facts: Mapping[str, Any]) -> Any:
    """What the decoder makes of a grid of codes, from the 6th to the 94th percentile of the normal distribution."""
    import matplotlib.pyplot as plt

    images = np.array(facts["drawn_digits"]).reshape(9, 9, 8, 8)  # (row, column, height, width)
    framed = np.pad(images, ((0, 0), (0, 0), (2, 2), (2, 2)))  # white between the digits
    sheet = framed.transpose(0, 2, 1, 3).reshape(9 * 12, 9 * 12)
    drawn, axis = plt.subplots(figsize=(5.6, 5.8), layout="constrained")
    axis.imshow(sheet, cmap="gray_r")
    marks = np.arange(9) * 12 + 5.5
    names = [f"{100 * share:.0f}%" for share in np.linspace(0.06, 0.94, 9)]
    axis.set_xticks(marks, names, fontsize=8)
    axis.set_yticks(marks, names[::-1], fontsize=8)
    axis.set_xlabel("first latent number (percentile of N(0, 1))")
    axis.set_ylabel("second latent number")
    return drawn


def paint_gan(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """The discriminator's answers over the epochs, and the generated against the real distribution."""
    import matplotlib.pyplot as plt
    from scipy.stats import norm

    curves = variants["gan"]["curves"]
    drawn, (left, right) = plt.subplots(1, 2, figsize=(9.6, 3.5), layout="constrained")
    for name, label, colour in (("d_real", "real", COLOURS[0]), ("d_fake", "generated", COLOURS[1])):
        left.plot(curves[name]["epoch"], curves[name]["mean"], color=colour, label=f"mean answer to {label} numbers")
        left.fill_between(
            curves[name]["epoch"], curves[name]["low"], curves[name]["high"], color=colour, alpha=0.2, linewidth=0
        )
    left.axhline(0.5, color="0.3", linestyle="--", label="0.5: cannot tell")
    left.set_xlabel("epoch")
    left.set_ylabel("discriminator's probability of 'real'")
    left.set_ylim(0, 1)
    left.legend(frameon=False, fontsize=8)
    middle = (BINS[1:] + BINS[:-1]) / 2
    density = curves["generated_density"]
    right.plot(middle, norm(REAL_MEAN, REAL_SD).pdf(middle), color=COLOURS[0], label="real: N(4, 1.25)")
    right.plot(middle, density["mean"], color=COLOURS[1], label="generated, mean of the seeds")
    right.fill_between(middle, density["low"], density["high"], color=COLOURS[1], alpha=0.2, linewidth=0)
    right.set_xlabel("number")
    right.set_ylabel("density")
    right.legend(frameon=False, fontsize=8)
    return drawn


FIGURES = (
    Picture(
        "vae-digits",
        "Digits drawn by a variational autoencoder",
        "Seed 0's decoder on a grid of codes. The KL term spreads the codes over the normal distribution, so that codes "
        "drawn from it decode to digits, blurred ones since two numbers hold little.",
        facts=("drawn_digits",),
        paint=paint_digits,
    ),
    Picture(
        "gan-equilibrium",
        "A toy GAN on its way to equilibrium",
        "Mean over seeds and the band of 80% of them. Left: the discriminator during training. Right: what the generator makes.",
        facts=(),
        paint=paint_gan,
        variants=("gan",),
    ),
)
