"""Shared set-up: datasets are prepared below a folder of the test session, and skipped with the reason where absent."""

import os

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "Agg")


@pytest.fixture(scope="session", autouse=True)
def session_cache(tmp_path_factory):
    """Prepared data go to the session's folder unless the caller names a cache (a mirror or download is still found)."""
    if "REPRODUCTIONS_CACHE" not in os.environ:
        os.environ["REPRODUCTIONS_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def dataset_file():
    """The verified file of a dataset by name; skips with the reason where it can't be had."""
    from recipes.datasets import DatasetUnavailable, locate

    def find(name):
        try:
            return locate(name)
        except DatasetUnavailable as error:
            pytest.skip(str(error))

    return find
