"""The fake reproduction, registered as the only one."""

import importlib
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def fake(monkeypatch):
    """A fresh copy of the fake module, known to the registry as `fake`."""
    from reproductions import registry

    module = importlib.reload(importlib.import_module("fake_reproduction"))
    monkeypatch.setattr(module, "__name__", "reproductions.fake")
    monkeypatch.setitem(sys.modules, "reproductions.fake", module)
    monkeypatch.setattr(registry, "REPRODUCTIONS", ("fake",))
    registry.claims.cache_clear()
    registry.pending.cache_clear()
    yield module
    registry.claims.cache_clear()
    registry.pending.cache_clear()
    sys.modules.pop("fake_reproduction", None)
