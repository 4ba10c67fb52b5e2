"""Files of trained weights: found and verified like data, by MD5 where nothing else is published; not arrays."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from recipes.datasets import (
    DatasetError,
    DatasetUnavailable,
    catalog,
    dataset_sha256,
    describe,
    fetch,
    load_arrays,
    load_frame,
    locate,
    names,
    status,
)  # fmt: skip
from recipes.datasets.prepared import load

CONTENT = b"some weights"
WEIGHTS = [name for name in names() if describe(name).kind == "weights"]


@pytest.fixture
def vgg(tmp_path, monkeypatch):
    """The entry that has only an MD5, pinned to `CONTENT`; gives the file's place in a mirror."""
    info = replace(describe("vgg16_weights"), md5=hashlib.md5(CONTENT).hexdigest(), url="http://127.0.0.1:9/x")
    monkeypatch.setitem(catalog.DATASETS, "vgg16_weights", info)
    monkeypatch.setenv("REPRODUCTIONS_DATA", str(tmp_path / "mirror"))
    monkeypatch.setenv("REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "mirror" / info.file
    path.parent.mkdir(parents=True)
    return path


def test_a_file_with_only_an_md5_is_verified(vgg):
    vgg.write_bytes(CONTENT)
    assert locate("vgg16_weights") == vgg
    assert dataset_sha256("vgg16_weights") == f"md5:{hashlib.md5(CONTENT).hexdigest()}"
    vgg.write_bytes(CONTENT + b"!")
    wrong = hashlib.md5(CONTENT + b"!").hexdigest()
    with pytest.raises(DatasetError, match=f"notop.h5 has md5 {wrong}, expected {hashlib.md5(CONTENT).hexdigest()}"):
        locate("vgg16_weights")


def test_a_download_with_only_an_md5_is_verified(vgg, tmp_path, monkeypatch):
    from recipes.datasets import files

    sent = [b"something else", CONTENT]
    monkeypatch.setattr(files, "download", lambda url, part, *_: part.write_bytes(sent.pop(0)))
    target = tmp_path / "cache" / describe("vgg16_weights").file
    with pytest.raises(DatasetError, match=r"sent for dataset vgg16_weights has md5 .*expected .*it was deleted"):
        fetch("vgg16_weights")
    assert not list(target.parent.glob("*notop*[!k]"))
    assert fetch("vgg16_weights") == target and target.read_bytes() == CONTENT


def test_vgg16_is_pinned_as_keras_pins_it():
    from pathlib import Path

    from keras.src.applications import vgg16

    info = describe("vgg16_weights")
    assert info.url == vgg16.WEIGHTS_PATH_NO_TOP
    assert f'file_hash="{info.md5}"' in Path(vgg16.__file__).read_text()


def test_an_absent_file_says_where_to_put_it(vgg):
    with pytest.raises(DatasetUnavailable, match=r"127.0.0.1:9/x can't be reached.*Put it at .*notop\.h5"):
        locate("vgg16_weights")
    assert status("vgg16_weights").source == "absent" and not status("vgg16_weights").prepared


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_are_no_examples(name):
    for read in (load_arrays, load_frame, load):
        with pytest.raises(DatasetError, match=f"{name} .*file of trained weights.*locate.'{name}'"):
            read(name)


def test_pictures_are_no_plain_arrays():
    for read in (load_arrays, load_frame, load):
        with pytest.raises(DatasetError, match="cats_vs_dogs .*use cats_and_dogs"):
            read("cats_vs_dogs")


@pytest.mark.data
def test_the_weight_files_hold_what_the_catalog_says(dataset_file):
    import h5py

    with np.load(dataset_file("mobilenet_weights")) as file:
        assert file["conv1/kernel"].shape == (3, 3, 3, 32) and file["conv_dw_13_bn/gamma"].shape == (1024,)
        assert not any(name.startswith("conv_pw_13") for name in file.files)
    sizes = []
    with h5py.File(dataset_file("squeezenet_weights")) as file:
        file.visititems(lambda _, item: sizes.append(item.size) if isinstance(item, h5py.Dataset) else None)
    assert sum(sizes) == 722_496
