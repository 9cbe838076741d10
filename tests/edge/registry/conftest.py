from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from Crypto.PublicKey.RSA import RsaKey

from edge.crypto import generate_private_key
from edge.registry import create_master_key, create_registry


@pytest.fixture(scope="session")
def key_pair() -> RsaKey:
    """One real key pair for all tests here: making it takes seconds."""
    return generate_private_key()


@pytest.fixture
def place(tmp_path: Path, key_pair: RsaKey, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with registry and master key; enrolling there takes the session's key pair."""
    monkeypatch.setattr("edge.registry.enrol.generate_private_key", lambda _progress: key_pair)
    create_registry(tmp_path / "registry.sqlite")
    create_master_key(tmp_path / "master.key")
    yield tmp_path
