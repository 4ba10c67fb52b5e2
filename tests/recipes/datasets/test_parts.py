"""Datasets of several files: found whole or not at all, each file held against its own hash, fetched one by one."""

import functools
import gzip
import hashlib
import http.server
import threading
from dataclasses import replace

import pytest

from recipes.datasets import DatasetError, DatasetUnavailable, catalog, dataset_sha256, describe, fetch, locate, status
from recipes.datasets.info import Part, combined

TEXTS = {"one.txt": b"Ein Text.\n", "two.txt": b"Noch ein Text.\n"}


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.asked.append(self.path.removeprefix("/"))
        super().do_GET()


@pytest.fixture
def server(tmp_path):
    """Serves the two texts from a folder."""
    folder = tmp_path / "served"
    folder.mkdir()
    for name, content in TEXTS.items():
        (folder / name).write_bytes(content)
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
    made.asked, made.folder = [], folder
    threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def dataset(server, tmp_path, monkeypatch):
    """A dataset `sample` of two files, with empty cache and mirror; gives the mirror's folder for it."""
    parts = tuple(
        Part(
            name, len(content), hashlib.sha256(content).hexdigest(), f"http://127.0.0.1:{server.server_port}/{name}",
            {hashlib.sha256(gzip.compress(content, mtime=0)).hexdigest(): "compressed"},
        )
        for name, content in TEXTS.items()
    )  # fmt: skip
    info = replace(describe("multi30k"), name="sample", file="sample", sha256=combined(parts), parts=parts)
    monkeypatch.setitem(catalog.DATASETS, "sample", info)
    monkeypatch.setenv("REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("REPRODUCTIONS_DATA", str(tmp_path / "mirror"))
    folder = tmp_path / "mirror" / "sample"
    folder.mkdir(parents=True)
    return folder


def fill(folder, **changed):
    for name, content in TEXTS.items():
        (folder / name).write_bytes(changed.get(name.removesuffix(".txt"), content))


def test_all_files_are_downloaded_and_verified(dataset, server, tmp_path):
    assert status("sample").source == "absent"
    folder = locate("sample")
    assert folder == tmp_path / "cache" / "sample"
    assert {path.name: path.read_bytes() for path in folder.glob("*.txt")} == TEXTS
    assert status("sample").source == "cache" and not list(folder.glob("*.part"))
    assert locate("sample") == fetch("sample") == folder
    assert server.asked == ["one.txt", "two.txt"]


def test_only_what_is_missing_is_downloaded(dataset, server, tmp_path):
    folder = tmp_path / "cache" / "sample"
    folder.mkdir(parents=True)
    (folder / "one.txt").write_bytes(TEXTS["one.txt"])
    assert status("sample").source == "absent"
    assert locate("sample") == folder and server.asked == ["two.txt"]


def test_a_whole_mirror_comes_first_and_half_a_mirror_not_at_all(dataset, server, tmp_path):
    fill(dataset)
    assert status("sample").source == "mirror" and locate("sample") == dataset and not server.asked
    (dataset / "two.txt").unlink()
    assert locate("sample") == tmp_path / "cache" / "sample"


def test_a_compressed_file_is_accepted_by_its_own_hash(dataset, server):
    fill(dataset)
    (dataset / "two.txt").unlink()
    (dataset / "two.txt.gz").write_bytes(gzip.compress(TEXTS["two.txt"], mtime=0))
    assert locate("sample") == dataset and not server.asked
    (dataset / "two.txt.gz").write_bytes(gzip.compress(TEXTS["two.txt"], 1, mtime=1))
    with pytest.raises(DatasetError, match=r"two\.txt\.gz has sha256"):
        locate("sample")


def test_the_wrong_one_of_several_files_is_named(dataset):
    fill(dataset, two=b"x" * 15)
    wrong, right = (hashlib.sha256(content).hexdigest() for content in (b"x" * 15, TEXTS["two.txt"]))
    with pytest.raises(DatasetError, match=rf"two\.txt has sha256 {wrong}, expected {right}.*Remove it or replace it"):
        locate("sample")


def test_a_wrong_download_of_one_file_is_deleted_and_the_others_stay(dataset, server, tmp_path):
    (server.folder / "two.txt").write_bytes(b"something else\n")
    with pytest.raises(DatasetError, match=r"two\.txt sent for dataset sample has sha256 .*; it was deleted"):
        fetch("sample")
    assert [path.name for path in (tmp_path / "cache" / "sample").glob("*.txt")] == ["one.txt"]
    fill(server.folder)
    assert locate("sample") and server.asked == ["one.txt", "two.txt", "two.txt"]


def test_a_missing_page_of_one_file_says_where_to_put_it(dataset, server):
    (server.folder / "two.txt").unlink()
    with pytest.raises(DatasetUnavailable, match=r"sample \(two\.txt\) is not here .*404.*Put it at .*sample/two\.txt"):
        locate("sample")


def test_one_hash_stands_for_all_files(dataset):
    info = describe("sample")
    assert dataset_sha256("sample") == info.sha256 == info.checksum[1]
    swapped = combined(info.parts[::-1])
    other = combined((info.parts[0], replace(info.parts[1], sha256="0" * 64)))
    assert len({info.sha256, swapped, other}) == 3


@pytest.mark.parametrize("name", [name for name, info in catalog.DATASETS.items() if info.parts])
def test_the_catalog_describes_every_file(name):
    info = describe(name)
    assert info.sha256 == combined(info.parts) and info.bytes == sum(part.bytes for part in info.parts)
    assert len({part.sha256 for part in info.parts}) == len({part.file for part in info.parts}) == len(info.parts)
    for part in info.parts:
        assert part.url.startswith("https://") and part.url.endswith(f"/{part.file}") and len(part.sha256) == 64


@pytest.mark.data
def test_a_downloaded_treebank_is_the_mirrors(dataset_file, tmp_path, monkeypatch):
    """The public address serves plain text, which has the other hash."""
    mirror = dataset_file("ud_english_ewt")
    folder = tmp_path / "ud_english_ewt"
    folder.mkdir()
    for part in describe("ud_english_ewt").parts:
        plain, packed = mirror / part.file, mirror / f"{part.file}.gz"
        content = plain.read_bytes() if plain.exists() else gzip.decompress(packed.read_bytes())
        assert len(content) == part.bytes
        (folder / part.file).write_bytes(content)
    monkeypatch.setenv("REPRODUCTIONS_DATA", str(tmp_path))
    assert locate("ud_english_ewt") == folder
