"""A reproduction that trains nothing: seed s of variant v measures LEVEL[v] + noise(s). Written for the runner's tests."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reproductions.claims import Better, Claim, Equals, Measured, Within
from reproductions.figures import Curves, Spread

TITLE, SUMMARY = "Fake", "Nothing is trained."
DATASETS = ("digits",)
IN_DEFAULT_SET = True
SEEDS, MAX_SEEDS = 20, 80
EXPECTED_SECONDS = 1.0
GOLDEN = "a"


@dataclass(frozen=True)
class Config:
    level: float = 0.9
    """What is measured, before noise."""
    units: tuple[int, ...] = (3,)
    """Units of each layer."""
    scale: bool = True
    """Whether anything is scaled."""


VARIANTS = {"a": Config(), "b": Config(level=0.8)}
SIZES = {"paper": {"units": (64, 64)}}
CLAIMS = (
    Claim("fake-fact", "003", "Video 0", "Two and two is four.", "exact", "4", "sum", (Equals("sum", 4),)),
    Claim("fake-size", "003", "Video 0", "There is data.", "exact", "3", "size", (Equals("size", 3),), data="digits"),
    Claim(
        "fake-level", "003", "Video 0", "It reaches 0.9.", "metric", "0.9", "setup",
        (Within("a", "score", 0.89, 0.91, documented=0.9),), data="digits",
    ),
    Claim("fake-better", "003", "Video 0", "a beats b.", "comparison", "", "s", (Better("score", "a", "b"),), data="digits"),
)  # fmt: skip
FIGURES = (
    Curves("fake-curves", "Curves", "caption", ("a", "b"), (("loss", "val_loss"),), log_y=True),
    Spread("fake-spread", "Spread", "caption", "score", ("a", "b"), (0.89, 0.91), 0.9),
)


def log(line):
    if "FAKE_LOG" in os.environ:
        with Path(os.environ["FAKE_LOG"]).open("a") as file:
            file.write(line + "\n")


def load_data(config):
    return None


def train(config, data, seeds, checkpoint=None, progress=None):
    log(f"train {config.level} {seeds[0]}-{seeds[-1]}")
    time.sleep(float(os.environ.get("FAKE_PAUSE", "0")))
    return seeds


def measure(config, data, seeds):
    noise = [float(np.random.default_rng(seed).normal(0, 0.005)) for seed in seeds]
    curve = [[1.0 / (epoch + 1) + abs(value) for epoch in range(300)] for value in noise]
    return Measured({"score": [config.level + value for value in noise]}, {"loss": curve, "val_loss": curve})


def trace(config, data):
    return [config.level * 0.5**step for step in range(20)]


def examine():
    return {"sum": 4}


def examine_data():
    log("examine_data")
    return {"size": 3}
