"""A 3-D CNN on video: which way does the bar move?

Source: document 000, Convolutional Neural Networks (CNN variants: 3D CNN for video). Eight noisy frames show a bar that moves
one pixel a frame to the right or to the left, around the edge. A clip played backwards is a clip of the other class with the
same frames, so no frame, no average of frames and no bag of frames tells the classes apart: only features over time do.

Run: reproduce run video_convolution
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reproductions.claims import Better, Claim, Equals, Measured, Within
from reproductions.figures import Picture, Spread
from reproductions.networks import Split, first_losses, train_networks
from reproductions.worked import array, difference, draw

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "Video: a 3-D CNN tells which way a bar moves"
SUMMARY = (
    "Synthetic clips of a moving bar: 3-D convolutions against frames in random order, filters that see one frame at a time, "
    "and a 2-D CNN on the average frame."
)
DATASETS = ()
IN_DEFAULT_SET = True
SEEDS, MAX_SEEDS = 5, 10
EXPECTED_SECONDS = 25.0
GOLDEN = "video"

FRAMES, SIDE, HEIGHT, WIDTH = 8, 16, 8, 2
"""Frames of a clip, side of a frame, height and width of the bar."""
NOISE = 0.3
"""Standard deviation of what is added to every pixel; the bar is 1, the rest 0."""
POOL_OF_CLIPS, TEST = 4000, 1000


@dataclass(frozen=True)
class Config:
    """The network, what it sees, and how it is trained."""

    frames: str = "in order"
    """`in order`, `shuffled` (each clip in a random order of its own) or `averaged` (one frame, two-dimensional)."""
    span: int = 3
    """Frames that a filter sees at once."""
    clips: int = 1000
    """Training clips of a seed, drawn from 4,000."""
    epochs: int = 10
    """Passes over them."""
    batch_size: int = 32
    """Clips a step; Keras's default."""
    learning_rate: float = 0.001
    """Adam's step size; Keras's default."""


VARIANTS = {
    "video": Config(),
    "shuffled": Config(frames="shuffled"),
    "frame_by_frame": Config(span=1),
    "average_frame": Config(frames="averaged"),
}


def bar(column: int, row: int) -> np.ndarray:
    """A frame with the bar's left upper corner there, (16, 16); columns go around the edge."""
    frame = np.zeros((SIDE, SIDE), "float32")
    frame[row : row + HEIGHT, (column + np.arange(WIDTH)) % SIDE] = 1
    return frame


def clip(start: int, row: int, right: bool) -> np.ndarray:
    """Eight frames of a bar that moves by one column a frame, (8, 16, 16)."""
    return np.stack([bar(start + (frame if right else -frame), row) for frame in range(FRAMES)])


def clips(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Noisy clips (count, 8, 16, 16, 1) and labels, 1 for moving right, with random places to start."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, count)
    starts, rows = rng.integers(0, SIDE, count), rng.integers(0, SIDE - HEIGHT + 1, count)
    clean = np.stack([clip(*one) for one in zip(starts, rows, labels == 1, strict=True)])
    return (clean + NOISE * rng.standard_normal(clean.shape)).astype("float32")[..., None], labels


def shuffled(videos: np.ndarray, seed: int) -> np.ndarray:
    """Every clip with its frames in a random order of its own."""
    orders = np.random.default_rng(seed).permuted(np.tile(np.arange(FRAMES), (len(videos), 1)), axis=1)
    return videos[np.arange(len(videos))[:, None], orders]


def load_data(config: Config) -> Split:
    """4,000 clips to draw from and 1,000 to test, as the configuration wants their frames."""
    (x_train, y_train), (x_test, y_test) = clips(POOL_OF_CLIPS, 1), clips(TEST, 2)
    if config.frames == "shuffled":
        x_train, x_test = shuffled(x_train, 3), shuffled(x_test, 4)
    if config.frames == "averaged":
        x_train, x_test = x_train.mean(axis=1), x_test.mean(axis=1)
    return Split(x_train, y_train, x_test, y_test)


def rows_of(count: int) -> Callable[[int], np.ndarray]:
    """The clips that a seed trains on."""
    return lambda seed: np.random.default_rng(seed).choice(POOL_OF_CLIPS, count, replace=False)


def build_model(config: Config) -> keras.Model:
    """Conv 8, max pooling, Conv 16, global average pooling and a sigmoid; 3-D, or 2-D for averaged frames."""
    import keras
    from keras import layers

    if config.frames == "averaged":
        stack = [
            keras.Input((SIDE, SIDE, 1)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(16, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
        ]
    else:
        kernel = (config.span, 3, 3)
        stack = [
            keras.Input((FRAMES, SIDE, SIDE, 1)),
            layers.Conv3D(8, kernel, activation="relu"),  # (6, 14, 14, 8) where filters span 3 frames
            layers.MaxPooling3D((min(2, config.span), 2, 2)),
            layers.Conv3D(16, kernel, activation="relu"),
            layers.GlobalAveragePooling3D(),
        ]
    model = keras.Sequential([*stack, layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(config.learning_rate), "binary_crossentropy", metrics=["accuracy"])
    return model


def train(
    config: Config,
    data: Split,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> SeedRuns:
    """Train one network a seed, each on its own clips."""
    return train_networks(build_model, config, data, seeds, checkpoint, progress, rows=rows_of(config.clips))


def measure(config: Config, data: Split, runs: SeedRuns) -> Measured:
    """Test accuracy; for ordered frames also on the test clips played backwards and shuffled, by the old labels."""

    def accuracy(videos: np.ndarray) -> list[float]:
        return ((runs.predict(videos)[..., 0] > 0.5) == data.y_test).mean(axis=1).tolist()

    metrics = {"test_accuracy": accuracy(data.x_test)}
    if config.frames == "in order":
        metrics["accuracy_backwards"] = accuracy(data.x_test[:, ::-1])
        metrics["accuracy_when_shuffled"] = accuracy(shuffled(data.x_test, 4))
    return Measured(metrics, runs.curves)


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data, rows_of(config.clips))


def three_dimensional_convolution() -> dict[str, Any]:
    """out[t, r, c, k] = sum over d, i, j, m of video[t + d, r + i, c + j, m] kernel[d, i, j, m, k], by Keras and by SciPy."""
    import keras
    from scipy.signal import correlate

    video, kernel = draw(FRAMES, SIDE, SIDE, 3), draw(3, 3, 3, 3, 8)
    layer = keras.layers.Conv3D(8, 3, use_bias=False, dtype="float64")
    layer.build((None, *video.shape))
    layer.set_weights([kernel])
    by_keras = array(layer(video[None]))[0]
    by_scipy = np.stack(
        [sum(correlate(video[..., m], kernel[..., m, k], mode="valid") for m in range(3)) for k in range(8)], axis=-1
    )
    return {"conv3d_output_shape": list(by_keras.shape), "conv3d_minus_scipy": round(difference(by_keras, by_scipy), 9)}


def backward_clips() -> dict[str, Any]:
    """Every noise-free clip played backwards is a clip of the other class."""
    places = [(start, row) for start in range(SIDE) for row in range(SIDE - HEIGHT + 1)]
    others = [(clip(s, r, right=True)[::-1], clip((s + FRAMES - 1) % SIDE, r, right=False)) for s, r in places]
    return {"share_of_clips_that_are_the_other_class_backwards": float(np.mean([(a == b).all() for a, b in others]))}


def learned_filters() -> dict[str, Any]:
    """The filters of seed 0's network that answer most to bars moving right, and most to bars moving left."""
    import keras

    config = VARIANTS["video"]
    data = load_data(config)
    model = train(config, data, [0]).load(0)
    maps = array(keras.Model(model.inputs[0], model.layers[0].output)(data.x_test[:400]))
    answers = maps.mean(axis=(1, 2, 3))  # (clips, filters)
    by_class = np.stack([answers[data.y_test[:400] == label].mean(axis=0) for label in (1, 0)])  # right, left
    margin = (by_class[0] - by_class[1]) / by_class.sum(axis=0).clip(1e-6)
    kernel = array(model.layers[0].kernel)[..., 0, :]  # (frames, rows, columns, filters)
    found = {}
    for name, one in (("right", int(margin.argmax())), ("left", int(margin.argmin()))):
        found[name] = {
            "kernel": np.round(kernel[..., one], 2).tolist(),
            "answer to right": round(float(by_class[0, one]), 3),
            "answer to left": round(float(by_class[1, one]), 3),
        }
    return found


def examine() -> dict[str, Any]:
    """Shapes and sums of a 3-D convolution, what the classes share, and pictures."""
    videos, labels = clips(20, 2)
    shown = {
        name: videos[int(np.flatnonzero(labels == label)[0]), ..., 0] for name, label in (("right", 1), ("left", 0))
    }
    return {
        **three_dimensional_convolution(),
        **backward_clips(),
        "clips": {name: np.round(100 * video).astype(int).tolist() for name, video in shown.items()},
        "filters": learned_filters(),
    }


def paint_clips(facts: Mapping[str, Any]) -> Any:
    """A clip of each class, frame by frame, and two learned filters over their three frames and from above."""
    import matplotlib.pyplot as plt

    drawn, axes = plt.subplots(3, 8, figsize=(11.2, 5.0), layout="constrained")
    for row, name in enumerate(("right", "left")):
        for frame, pixels in enumerate(facts["clips"][name]):
            axes[row][frame].imshow(pixels, cmap="gray_r", vmin=-60, vmax=160)
            axes[row][frame].set_title(f"frame {frame + 1}", fontsize=9)
        axes[row][0].set_ylabel(f"moving {name}", fontsize=9)
    for start, letter, name in ((0, "A", "right"), (4, "B", "left")):
        learned = facts["filters"][name]
        kernel = np.array(learned["kernel"])
        bound = np.abs(kernel).max()
        for frame in range(3):
            axes[2][start + frame].imshow(kernel[frame], cmap="PuOr", vmin=-bound, vmax=bound)
            axes[2][start + frame].set_title(f"filter {letter}, frame {frame + 1}", fontsize=9)
        above = kernel.sum(axis=1)  # (frames, columns)
        axes[2][start + 3].imshow(above, cmap="PuOr", vmin=-np.abs(above).max(), vmax=np.abs(above).max())
        axes[2][start + 3].set_title(f"{letter}, rows summed", fontsize=9)
        axes[2][start + 3].set_xlabel("frames 1-3 downwards", fontsize=8)
        axes[2][start + 1].set_xlabel(
            f"mean answer to right {learned['answer to right']:.2f}, to left {learned['answer to left']:.2f}",
            fontsize=9,
        )
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
    return drawn


FIGURES = (
    Picture(
        "video-clips-and-filters",
        "Clips of a moving bar, and two filters that a 3-D CNN learned from them (orange negative, purple positive)",
        "Each frame alone could be of either class. Summed over rows and seen frame by frame, the border between "
        "positive and negative moves with the bar: to the right in filter A, to the left in B.",
        facts=("clips", "filters"),
        paint=paint_clips,
    ),
    Spread(
        "video-accuracy",
        "Which way does the bar move?",
        "Only filters over time on frames in order can tell; 0.5 is guessing.",
        metric="test_accuracy",
        variants=tuple(VARIANTS),
        labels={
            "video": "3-D CNN",
            "shuffled": "3-D CNN, frames shuffled",
            "frame_by_frame": "3-D CNN, filters of one frame",
            "average_frame": "2-D CNN on the average frame",
        },
    ),
)

CLAIMS = (
    Claim(
        "arch-cnn3d-video",
        "000",
        "Convolutional Neural Networks (CNNs)",
        "3D CNNs process video with features over space and time.",
        "behaviour",
        "features over space and time",
        "Conv3D(8, 3) on 8 frames of 16 x 16 with 3 channels: output shape, and the sums by SciPy. Clips of 8 frames of "
        "16 x 16: a bar of 8 x 2 pixels moves right or left, one pixel a frame, around the edge, noise of 0.3; 1,000 of 4,000 "
        "clips a seed, 1,000 to test. Conv3D 8, max pooling, Conv3D 16, global average pooling, a sigmoid (3 x 3 x 3, relu), "
        "Adam 0.001, 10 epochs, batches of 32. It must reach 90% (this project's bound), turn its answers round when test "
        "clips run backwards (at most 10% right by the old labels), and beat, by seed, itself trained on shuffled frames, "
        "itself with filters of one frame (1 x 3 x 3), and a 2-D CNN of its widths on the average frame.",
        (
            Equals("conv3d_output_shape", [6, 14, 14, 8]),
            Equals("conv3d_minus_scipy", 0.0, tolerance=1e-9),
            Equals("share_of_clips_that_are_the_other_class_backwards", 1.0),
            Within("video", "test_accuracy", low=0.9),
            Within("video", "accuracy_backwards", high=0.1),
            *(Better("test_accuracy", "video", other) for other in VARIANTS if other != "video"),
        ),
        priority=3,
        remark="Every test clip is told right, and every one wrong when it runs backwards. Without features over time, or "
        "without the order of the frames, the network guesses. Here space alone says nothing by design; of real videos a "
        "single frame often says much.",
    ),
)
