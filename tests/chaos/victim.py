"""A process that files, adds and decides cases until something happens to it. It says what it was promised.

Every line of its account is one ``write`` to a pipe: ``try TOKEN``, ``filed NUMBER TOKEN``, ``decided NUMBER``,
``refused``. The token is the trigger's time, different for every trigger there is.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
from collections.abc import Callable
from pathlib import Path

from edge.cases.evidence.signing import Signer
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.space import DiskSpace
from edge.cases.store import CaseStore
from edge.errors import CaseError
from edge.model import Claim, Decision, Driver, Outcome, Packet, Photo, Reason, Trigger, Verdict

SIGNER = Signer(bytes(range(32)))
UNIT = {"serial": "AVX-CHAOS", "software": "autovelox", "models": {}}
DRIVER = Driver(
    "UD0000000A", "Nobody", "Atall", "1970-01-01", "Nowhere", "B", "-", "2020-01-01", "2030-01-01", b"portrait"
)


def in_a_child(work: Callable[[], object]) -> int:
    """Fork, do *work* in the child, and return the child's process id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        work()
        os._exit(0)
    except BaseException:
        os._exit(1)


def misuse(state_dir: Path, account: int, seed: int, cases: int) -> None:
    """Use the store in *state_dir* for *cases* triggers; *account* is the pipe."""
    asyncio.run(_misuse(state_dir, account, random.Random(seed), cases))


async def _misuse(state_dir: Path, account: int, dice: random.Random, cases: int) -> None:
    def say(*words: object) -> None:
        os.write(account, (" ".join(map(str, words)) + "\n").encode())

    space = DiskSpace(StateFolder(state_dir), reserve_bytes=0, warn_bytes=0)
    store = await CaseStore.open(state_dir, SIGNER, UNIT, space=space)
    for pending in await store.pending():
        await store.enter_verdict(pending.number, verdict(dice, pending.packets))
        say("decided", pending.number)
    for _ in itertools.repeat(None, cases):
        token = dice.getrandbits(48) / 2**8
        say("try", token)
        try:
            packets = [packet(dice) for _ in range(dice.randrange(4))]
            number = await store.file_case(
                Trigger(token, 1, 70.0), photos(dice, 1), packets, limit_kmh=50.0, site="chaos"
            )
            say("filed", number, token)
            if dice.random() < 0.5:
                await store.add(number, photos=photos(dice, 2), packets=[packet(dice)])
            if dice.random() < 0.7:
                await store.enter_verdict(number, verdict(dice, packets))
                say("decided", number)
        except CaseError:
            say("refused")
    await store.close()


def photos(dice: random.Random, count: int) -> list[Photo]:
    """Photos of random bytes."""
    return [Photo(dice.randbytes(dice.randrange(2_000, 60_000)), 640, 480, dice.random(), n) for n in range(count)]


def packet(dice: random.Random) -> Packet:
    """Somebody's sealed packet."""
    return Packet(dice.randbytes(16).hex(), dice.randbytes(512), dice.randbytes(16).hex(), 1, 1.0, 1)


def verdict(dice: random.Random, packets: tuple[Packet, ...] | list[Packet]) -> Decision:
    """Some verdict; where there is a packet it may name its sender."""
    if packets and dice.random() < 0.5:
        claim = Claim(packets[0].uid, DRIVER.licence, "AB123CD", packets[0])
        return Decision(Verdict(Outcome.IDENTIFIED, "AB123CD", 0.99, claim=claim), driver=DRIVER)
    return Decision(Verdict(Outcome.UNIDENTIFIED, "", 0.0, reason=Reason.NO_CLAIM))
