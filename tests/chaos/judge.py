"""What must be true after whatever happened: nothing promised is lost, nothing is there twice, the chain holds."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import victim

from edge.cases.archive import Archive
from edge.cases.audit import audit
from edge.cases.evidence.signing import Signer, load_signer
from edge.cases.storage.layout import StateFolder
from edge.cases.store import CaseStore
from edge.cases.views import CaseFilter, Order
from edge.errors import EdgeError
from edge.model import State


@dataclass
class Account:
    """What a victim was promised, over all its lives in one folder."""

    tried: set[float] = field(default_factory=set)
    filed: dict[int, float] = field(default_factory=dict)
    decided: set[int] = field(default_factory=set)
    refused: int = 0

    def read(self, text: str) -> None:
        """Add what a victim said; its last line may be cut off."""
        for line in text.split("\n")[:-1]:
            word, *values = line.split()
            if word == "try":
                self.tried.add(float(values[0]))
            elif word == "filed":
                self.filed[int(values[0])] = float(values[1])
            elif word == "decided":
                self.decided.add(int(values[0]))
            elif word == "refused":
                self.refused += 1


def judge(state_dir: Path, account: Account) -> list[str]:
    """Start on *state_dir* as the daemon does, decide what is pending, and say what is wrong."""
    wrong: list[str] = []
    try:
        before = asyncio.run(_recover(state_dir))
        with Archive(state_dir) as archive:
            rows = archive.summaries(CaseFilter(), limit=-1, order=Order.OLDEST)
        audit(state_dir, trusted=victim.SIGNER.public_key)
    except EdgeError as error:
        return [f"the store does not come back: {error}"]
    found = {row.number: row.at_utc for row in rows}
    wrong += [f"case {number} was acknowledged and is lost" for number in account.filed if number not in found]
    wrong += [f"case {n} is another trigger's" for n, token in account.filed.items() if found.get(n, token) != token]
    wrong += [f"case {number} was decided and is not" for number in account.decided if number in before]
    wrong += [f"a trigger became {n} cases" for token, n in Counter(found.values()).items() if n > 1]
    wrong += [f"case {n} is nobody's trigger" for n, token in found.items() if token not in account.tried]
    wrong += [f"case {row.number} is still pending" for row in rows if row.state is not State.DECIDED]
    wrong += ["the numbers have a gap"] if list(found) != list(range(1, len(found) + 1)) else []
    wrong += [f"{path.name} was left behind" for path in state_dir.rglob("*.part")]
    wrong += ["a journal outlived its case"] if list(state_dir.rglob("pending.json")) else []
    wrong += _left_in_the_intake(state_dir)
    return wrong


async def _recover(state_dir: Path, signer: Signer = victim.SIGNER) -> set[int]:
    """Decide what is pending; returns which cases were."""
    store = await CaseStore.open(state_dir, signer, victim.UNIT)
    try:
        pending = await store.pending()
        for case in pending:
            await store.enter_verdict(case.number, victim.verdict(random.Random(case.number), case.packets))
        return {case.number for case in pending}
    finally:
        await store.close()


def judge_unit(state_dir: Path, key: Path, filed: set[int], decided: set[int]) -> tuple[list[str], set[int]]:
    """The same for a whole unit, whose log tells numbers only; returns what is wrong and the cases found."""
    signer = load_signer(key)
    try:
        before = asyncio.run(_recover(state_dir, signer))
        with Archive(state_dir) as archive:
            rows = archive.summaries(CaseFilter(), limit=-1, order=Order.OLDEST)
        audit(state_dir, trusted=signer.public_key)
    except EdgeError as error:
        return [f"the store does not come back: {error}"], set()
    found = [row.number for row in rows]
    wrong = [f"case {number} was acknowledged and is lost" for number in filed - set(found)]
    wrong += [f"case {number} was decided and is not" for number in decided & before]
    wrong += [f"case {number} was pending and the restarted unit left it so" for number in before - decided]
    wrong += [f"a trigger became {n} cases" for n in Counter(row.at_utc for row in rows).values() if n > 1]
    wrong += ["the numbers have a gap"] if found != list(range(1, len(found) + 1)) else []
    wrong += ["a journal outlived its case"] if list(state_dir.rglob("pending.json")) else []
    wrong += _left_in_the_intake(state_dir)
    return wrong, set(found)


def _left_in_the_intake(state_dir: Path) -> list[str]:
    intake = StateFolder(state_dir).intake
    return ["something outlived its case in the intake"] if intake.exists() and any(intake.read_bytes()) else []
