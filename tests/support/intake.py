"""A state folder with an intake: what a disk refuses it, what a crash leaves in it, what a start finds."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from edge.cases.audit import audit
from edge.cases.storage.intake import SIZE
from edge.cases.storage.layout import StateFolder
from edge.cases.store import CaseStore
from edge.model import Packet, Photo
from tests.support.cases import SIGNER, UNIT, trigger, unidentified

FILING: dict[str, Any] = {"limit_kmh": 50.0, "site": "SP 235"}


async def opened(state: Path) -> CaseStore:
    """The store in *state*."""
    return await CaseStore.open(state, SIGNER, UNIT)


def intake(state: Path) -> bytes:
    """What is in the intake."""
    return StateFolder(state).intake.read_bytes()


def is_at_rest(state: Path) -> bool:
    """Whether the intake holds nothing of anybody."""
    return intake(state) == bytes(SIZE)


@contextmanager
def refusing(names: set[str], call: str = "open", error: int = errno.ENOSPC) -> Iterator[None]:
    """The disk refuses *call* of the package ``os`` on files with these names."""
    real = getattr(os, call)

    def refuse(what: Any, *arguments: Any, **named: Any) -> Any:
        path = Path(f"/proc/self/fd/{what}").readlink() if isinstance(what, int) else Path(what)
        if path.name in names:
            raise OSError(error, os.strerror(error))
        return real(what, *arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, call, refuse)
        yield


def no_files() -> Any:
    """Photos and journal files find no room on the disk."""
    return refusing({"0.jpg", "1.jpg", "pending.json.part"})


async def whole(state: Path, cases: dict[int, tuple[list[Photo], list[Packet]]]) -> None:
    """A start on *state* finds exactly *cases*, pending and whole, and decides them; no packet is left then."""
    store = await opened(state)
    try:
        found = {case.number: case for case in await store.pending()}
        assert sorted(found) == sorted(cases)
        for number, (photos, packets) in cases.items():
            assert [path.read_bytes() for path in found[number].photos] == [each.jpeg for each in photos]
            assert list(found[number].packets) == packets
            await store.enter_verdict(number, unidentified())
        assert is_at_rest(state)
        assert not StateFolder(state).journalled()
        assert await store.file_case(trigger(), [], [], **FILING) == len(cases) + 1
        assert store.problem() is None
    finally:
        await store.close()
    audit(state, trusted=SIGNER.public_key)


async def left_in_the_intake(state: Path, photos: list[Photo], packets: list[Packet]) -> Path:
    """A copy of a state folder whose unit ended when case 1 was filed, and had no files yet."""
    store = await opened(state)
    with no_files():
        assert await store.file_case(trigger(), photos, packets, **FILING) == 1
        copy = shutil.copytree(state, state.with_name("left"))
        assert not (copy / "frames" / "00000001").is_dir() or not StateFolder(copy).journalled()
    await store.close()
    return Path(copy)
