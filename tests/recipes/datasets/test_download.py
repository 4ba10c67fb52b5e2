"""Download, resume, refusal: against a local HTTP server with the faults that servers and networks have."""

import hashlib
import http.server
import socket
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from recipes.datasets import DatasetError, DatasetUnavailable, catalog, describe, download, fetch, files, locate, status

CONTENT = bytes(range(256)) * 700
PINNED = hashlib.sha256(CONTENT).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        server.requests.append(self.headers.get("Range"))
        status = server.statuses.pop(0) if server.statuses else server.status
        if status != 200:
            self.send_error(status)
            return
        start = 0
        if self.headers.get("Range") and server.ranges:
            start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
            if start >= len(server.content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(server.content)}")
                self.end_headers()
                return
            self.send_response(206)
        else:
            self.send_response(200)
        body = server.content[start:]
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        cut = server.cuts.pop(0) if server.cuts else None
        self.wfile.write(body[:cut])
        if cut is not None and server.fault == "stall":
            server.released.wait(10)
        elif cut is not None and server.fault == "reset":
            time.sleep(0.2)  # what was sent must arrive before the reset discards it
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.content, made.ranges, made.cuts, made.status, made.requests = CONTENT, True, [], 200, []
    made.statuses, made.fault, made.released = [], "close", threading.Event()
    threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
    yield made
    made.released.set()
    made.shutdown()
    made.server_close()


@pytest.fixture
def dataset(server, tmp_path, monkeypatch):
    """A dataset `sample` that the local server offers, with empty cache and no mirror."""
    info = replace(
        describe("mnist"), name="sample", file="sample/data.bin", sha256=PINNED,
        url=f"http://127.0.0.1:{server.server_port}/data.bin",
    )  # fmt: skip
    monkeypatch.setitem(catalog.DATASETS, "sample", info)
    monkeypatch.setenv("REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("REPRODUCTIONS_DATA", raising=False)
    return tmp_path / "cache" / "sample" / "data.bin"


def part(path):
    return path.with_name(path.name + ".part")


def test_download_is_verified_and_kept(dataset, server):
    assert status("sample").source == "absent"
    assert locate("sample") == dataset
    assert dataset.read_bytes() == CONTENT and not part(dataset).exists()
    assert status("sample").source == "cache"
    locate("sample")
    assert len(server.requests) == 1


def test_a_broken_download_resumes_where_it_stopped(dataset, server):
    server.cuts = [50_000]
    assert fetch("sample").read_bytes() == CONTENT
    assert server.requests == [None, "bytes=50000-"]


@pytest.mark.parametrize("fault", ["stall", "reset"])
def test_a_download_that_stalls_or_is_reset_resumes(dataset, server, monkeypatch, fault):
    monkeypatch.setattr(download, "TIMEOUT_SECONDS", (1, 0.5))
    server.cuts, server.fault = [131_072], fault
    assert fetch("sample").read_bytes() == CONTENT
    assert server.requests == [None, "bytes=131072-"]


def test_an_overloaded_server_is_asked_again(dataset, server):
    server.statuses = [503, 502]
    assert fetch("sample").read_bytes() == CONTENT
    server.statuses = [503, 503, 503]
    dataset.unlink()
    with pytest.raises(DatasetUnavailable, match="answered with an error .503"):
        fetch("sample")


def test_two_downloads_at_once_share_one_file(dataset, server):
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: fetch("sample").read_bytes(), range(4)))
    assert found == [CONTENT] * 4
    assert len(server.requests) == 1


def test_a_download_that_always_breaks_is_kept_for_the_next_call(dataset, server):
    server.cuts = [1000, 1000, 1000]
    with pytest.raises(
        DatasetUnavailable, match=r"broke off after 3000 of 179200 bytes.*3000 bytes that arrived are kept"
    ):
        fetch("sample")
    assert part(dataset).stat().st_size == 3000 and not dataset.exists()
    assert fetch("sample").read_bytes() == CONTENT
    assert server.requests[-1] == "bytes=3000-"


def test_a_server_without_ranges_starts_again(dataset, server):
    server.ranges = False
    part(dataset).parent.mkdir(parents=True)
    part(dataset).write_bytes(b"x" * 500)
    assert fetch("sample").read_bytes() == CONTENT


def test_a_complete_part_needs_no_second_download(dataset, server):
    part(dataset).parent.mkdir(parents=True)
    part(dataset).write_bytes(CONTENT)
    assert fetch("sample").read_bytes() == CONTENT


def test_a_wrong_download_is_refused_with_both_hashes_and_deleted(dataset, server):
    server.content = CONTENT[:-1] + b"!"
    actual = hashlib.sha256(server.content).hexdigest()
    with pytest.raises(DatasetError, match=f"{actual}, expected {PINNED}; it was deleted"):
        fetch("sample")
    assert not part(dataset).exists() and not dataset.exists()


def test_a_missing_page_says_what_to_do(dataset, server):
    server.status = 404
    with pytest.raises(
        DatasetUnavailable, match=r"404.*Put it at .*data\.bin or into the folder that REPRODUCTIONS_DATA"
    ):
        fetch("sample")


def test_an_unreachable_server_fails_at_once(dataset, server, monkeypatch):
    monkeypatch.setitem(catalog.DATASETS, "sample", replace(catalog.DATASETS["sample"], url="http://127.0.0.1:9/x"))
    part(dataset).parent.mkdir(parents=True)
    part(dataset).write_bytes(CONTENT[:10])
    attempts, attempt = [], download._attempt
    monkeypatch.setattr(download, "_attempt", lambda *given: attempts.append(given) or attempt(*given))
    with pytest.raises(DatasetUnavailable, match=r"can't be reached.*The 10 bytes that arrived are kept"):
        fetch("sample")
    assert len(attempts) == 1, "each further attempt costs an offline machine another time-out"


def test_the_mirror_comes_before_cache_and_network(dataset, server, tmp_path, monkeypatch):
    mirrored = tmp_path / "mirror" / "sample" / "data.bin"
    mirrored.parent.mkdir(parents=True)
    mirrored.write_bytes(CONTENT)
    monkeypatch.setenv("REPRODUCTIONS_DATA", str(tmp_path / "mirror"))
    assert status("sample").source == "mirror"
    assert locate("sample") == mirrored and not server.requests


def test_a_wrong_file_in_the_mirror_is_refused_and_left_alone(dataset, server, tmp_path, monkeypatch):
    mirrored = tmp_path / "mirror" / "sample" / "data.bin"
    mirrored.parent.mkdir(parents=True)
    mirrored.write_bytes(b"?" * len(CONTENT))
    monkeypatch.setenv("REPRODUCTIONS_DATA", str(tmp_path / "mirror"))
    wrong = hashlib.sha256(b"?" * len(CONTENT)).hexdigest()
    with pytest.raises(DatasetError, match=f"data.bin has sha256 {wrong}, expected {PINNED}.*Remove it or replace it"):
        locate("sample")
    assert mirrored.exists()
    mirrored.write_bytes(CONTENT)
    assert locate("sample") == mirrored, "an edited file must be hashed again"


def test_an_unwritable_cache_is_named(dataset, server, tmp_path, monkeypatch):
    (tmp_path / "occupied").write_text("a file where the folder should be")
    monkeypatch.setenv("REPRODUCTIONS_CACHE", str(tmp_path / "occupied"))
    with pytest.raises(DatasetError, match="dataset cache .* can't be written .*set REPRODUCTIONS_CACHE"):
        fetch("sample")
    monkeypatch.setenv("REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    part(dataset).mkdir(parents=True)
    with pytest.raises(DatasetError, match="dataset cache .* can't be written .Is a directory"):
        fetch("sample")


def test_a_dataset_without_address_says_where_to_put_it(tmp_path, monkeypatch):
    monkeypatch.setenv("REPRODUCTIONS_CACHE", str(tmp_path))
    monkeypatch.delenv("REPRODUCTIONS_DATA", raising=False)
    with pytest.raises(DatasetUnavailable, match=r"kaggle\.com/datasets/mohansacharya.*Put it at .*Admission_Predict"):
        locate("graduate_admissions")


def test_unknown_datasets_are_named():
    with pytest.raises(DatasetError, match="There is no dataset 'mnits'; known are digits, churn_modelling"):
        locate("mnits")
    assert files.status("digits").source == "embedded"
