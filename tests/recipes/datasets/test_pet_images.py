"""Cats and dogs: splits, order, sizes and refusals on a small archive drawn here; the real one where it is."""

import csv
import hashlib
import io
import tarfile
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from recipes.datasets import (
    DatasetError,
    DatasetUnavailable,
    catalog,
    cats_and_dogs,
    describe,
    files,
    pet_images,
    status,
)  # fmt: skip

NUMBERS = range(6)
SPLITS = {"cats_and_dogs_filtered": (range(2), range(3, 5)), "training_test_8000_2000": (range(1, 5), range(5, 6))}


def picture(kind, number):
    """A plain colour that says which picture it is: red for cats, blue for dogs, 40 levels a number."""
    colour = (40 * number + 20, 0, 0) if kind == "cat" else (0, 0, 40 * number + 20)
    file = io.BytesIO()
    Image.new("RGB", (150, 150), colour).save(file, "JPEG", quality=95)
    return file.getvalue()


def archive(contents):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as made:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            made.addfile(member, io.BytesIO(content))
    return file.getvalue()


@pytest.fixture(scope="module")
def contents():
    return {f"{kind}.{number}.jpg": picture(kind, number) for number in NUMBERS for kind in ("cat", "dog")}


@pytest.fixture
def mirror(tmp_path, monkeypatch, contents):
    """Writes an archive into a mirror, pinned as the catalog's."""

    def write(changes=None, cut=None):
        written = archive({name: content for name, content in (contents | (changes or {})).items() if content})[:cut]
        info = replace(describe("cats_vs_dogs"), sha256=hashlib.sha256(written).hexdigest())
        path = tmp_path / info.file
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(written)
        monkeypatch.setitem(catalog.DATASETS, "cats_vs_dogs", info)
        return path

    monkeypatch.setenv("REPRODUCTIONS_DATA", str(tmp_path))
    monkeypatch.setenv("REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(pet_images, "SPLITS", SPLITS)
    monkeypatch.setattr(pet_images, "NUMBERS", NUMBERS)
    write()
    return write


def test_splits_hold_the_numbered_pictures_cat_before_dog(mirror):
    for split, numbers in SPLITS.items():
        for (images, labels), part in zip(cats_and_dogs(split), numbers, strict=True):
            assert images.shape == (2 * len(part), 150, 150, 3) and images.dtype == labels.dtype == np.uint8
            assert labels.tolist() == [0, 1] * len(part)
            colours = images[:, 75, 75].astype(int)
            np.testing.assert_allclose(colours[0::2, 0], [40 * number + 20 for number in part], atol=4)
            np.testing.assert_allclose(colours[1::2, 2], [40 * number + 20 for number in part], atol=4)


def test_sizes(mirror):
    (images, _), _ = cats_and_dogs("cats_and_dogs_filtered", size=64)
    assert images.shape == (4, 64, 64, 3)
    # NumPy's own mean over blocks of 2 x 2 and Pillow's filter agree on a smooth picture.
    ramp = np.repeat(np.linspace(0, 255, 150).astype("uint8")[:, None], 150, axis=1)
    small = pet_images.resize(Image.fromarray(np.stack([ramp] * 3, axis=-1)), 75)
    np.testing.assert_allclose(small[1:-1, :, 0], ramp.reshape(75, 2, 75, 2).mean((1, 3))[1:-1], atol=1.5)
    for size in (0, 64.0):
        with pytest.raises(DatasetError, match=f"size of 1 or more. Received: size={size}"):
            cats_and_dogs("cats_and_dogs_filtered", size=size)


def test_an_unknown_split_names_the_known(mirror):
    with pytest.raises(DatasetError, match="no split 'train'; known are cats_and_dogs_filtered, training_test.*, full"):
        cats_and_dogs("train")


def test_damage_is_refused_by_name(mirror, contents):
    whole = contents["dog.1.jpg"]
    for broken in (b"no picture", whole[: len(whole) // 2]):
        path = mirror({"dog.1.jpg": broken})
        with pytest.raises(DatasetError, match=f"{path.name}: dog.1.jpg is no whole JPEG picture .*remove it or repl"):
            cats_and_dogs("cats_and_dogs_filtered", 16)
    mirror({"cat.4.jpg": b""})
    with pytest.raises(DatasetError, match="cats_vs_dogs_150.tar lacks cat.4.jpg"):
        cats_and_dogs("cats_and_dogs_filtered", 16)
    for cut in (100, 2000):
        mirror(cut=cut)
        with pytest.raises(DatasetError, match=r"cats_vs_dogs_150.tar (is no readable tar archive|ends within|lacks)"):
            cats_and_dogs("cats_and_dogs_filtered", 16)
    mirror().write_bytes(b"another file")
    with pytest.raises(DatasetError, match="has sha256 .*, expected"):
        cats_and_dogs("cats_and_dogs_filtered", 16)


def test_the_tfds_builder_keeps_the_stored_pictures(mirror, contents, tmp_path):
    from recipes.datasets.builders.cats_vs_dogs import Builder

    mirror()
    builder = Builder(data_dir=tmp_path / "tfds")
    builder.download_and_prepare()
    examples = list(builder.as_dataset(split="train", shuffle_files=False).as_numpy_iterator())
    assert [(int(one["label"]), int(one["number"])) for one in examples] == [(i % 2, i // 2) for i in range(12)]
    stored = np.asarray(Image.open(io.BytesIO(contents["dog.3.jpg"])))
    np.testing.assert_allclose(examples[7]["image"].astype(int), stored, atol=2)  # TensorFlow's decoder and Pillow's
    mirror({"cat.2.jpg": b"no picture"})
    with pytest.raises(DatasetError, match=r"cat\.2\.jpg is no whole JPEG"):
        Builder(data_dir=tmp_path / "other").download_and_prepare()


def test_the_full_set_comes_from_tfds(tmp_path, monkeypatch):
    import tensorflow_datasets as tfds

    class FakePets(tfds.core.GeneratorBasedBuilder):
        """The features of TFDS's builder, pictures of several sizes."""

        name = "fake_pets"
        VERSION = tfds.core.Version("4.0.1")

        def _info(self):
            features = {
                "image": tfds.features.Image(), "image/filename": tfds.features.Text(),
                "label": tfds.features.ClassLabel(names=["cat", "dog"]),
            }  # fmt: skip
            return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

        def _split_generators(self, dl_manager):
            return {"train": self._generate_examples()}

        def _generate_examples(self):
            for number in range(10):
                image = np.full((30 + number, 50, 3), 255 * (number % 2), "uint8")
                yield (
                    f"{number}.jpg",
                    {
                        "image": image,
                        "image/filename": f"{number}.jpg",
                        "label": ("cat", "dog")[number % 2],
                    },
                )

    monkeypatch.setattr(pet_images, "full_builder", lambda: FakePets(data_dir=tmp_path))
    (x_train, y_train), (x_test, y_test) = cats_and_dogs("full", size=20)
    assert x_train.shape == (8, 20, 20, 3) and x_test.shape == (2, 20, 20, 3)
    images, labels = np.concatenate([x_train, x_test]), np.concatenate([y_train, y_test])
    assert sorted(labels) == [0] * 5 + [1] * 5 and images.dtype == labels.dtype == np.uint8
    np.testing.assert_array_equal(images, np.broadcast_to(255 * labels[:, None, None, None], images.shape))


def test_the_full_set_without_network_says_what_to_use(monkeypatch):
    def offline():
        raise ConnectionError("no route")

    builder = SimpleNamespace(download_and_prepare=offline, info=SimpleNamespace(homepage="https://example.org"))
    monkeypatch.setattr(pet_images, "full_builder", lambda: builder)
    with pytest.raises(DatasetUnavailable, match="ConnectionError: no route.*example.org.*cats_and_dogs_filtered"):
        cats_and_dogs("full")


def test_the_full_builder_is_tfdss_own(tmp_path, monkeypatch):
    monkeypatch.setenv(files.CACHE_VARIABLE, str(tmp_path))
    builder = pet_images.full_builder()
    assert builder.name == "cats_vs_dogs" and builder.info.features["label"].names == list(pet_images.CLASSES)


@pytest.mark.data
def test_the_rule_of_numbers_is_that_of_the_split_table(dataset_file):
    table = dataset_file("cats_vs_dogs").with_name("splits.csv")
    if not table.is_file():
        pytest.skip(f"{table} is not here")
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["file"] for row in rows} == set(pet_images.file_names(pet_images.NUMBERS))
    for split, words in {
        "cats_and_dogs_filtered": ("train", "validation"),
        "training_test_8000_2000": ("training_set", "test_set"),
    }.items():
        for numbers, word in zip(pet_images.SPLITS[split], words, strict=True):
            assert set(pet_images.file_names(numbers)) == {row["file"] for row in rows if row[split] == word}


@pytest.mark.data
def test_the_real_archive(dataset_file):
    path = dataset_file("cats_vs_dogs")
    (x_train, y_train), (x_test, y_test) = cats_and_dogs("cats_and_dogs_filtered", size=32)
    assert x_train.shape == (2000, 32, 32, 3) and x_test.shape == (1000, 32, 32, 3)
    assert y_train.mean() == y_test.mean() == 0.5
    assert len(np.unique(x_train.reshape(2000, -1), axis=0)) == 2000
    assert status("cats_vs_dogs").prepared
    members = dict(pet_images.read_members(path, ["dog.2027.jpg", "dog.3082.jpg", "cat.0.jpg"]))
    assert members["dog.2027.jpg"] == members["dog.3082.jpg"], "the source holds one picture twice"
    train = {image.tobytes() for image in x_train}
    assert not any(image.tobytes() in train for image in x_test)
