"""``make bench``, the flood of version 2: from the radar's edge to the verdict, calm and under rubbish, in turn.

    python tests/bench/flood_2.py [--rounds 5]

Rubbish that costs the unit most: five packets from each of 200 addresses, their uid that of the honest chip and sealed
to the registry, so that it opens, and a signature that is none. Everything else as in flood.py.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from flood import RULES, Camera, Police, Run, reads_the_plate
from opening import licence, make_registry, packet, uid

from edge.cases.evidence.signing import create_signing_key
from edge.cases.store import CaseStore
from edge.crypto import message_of, seal_uid
from edge.crypto.chip_signature import sign_message
from edge.flow.deciding import OnUnit
from edge.flow.infringement import Infringements
from edge.flow.opening import WindowOpener
from edge.identify.formats import licence_pattern, plate_pattern
from edge.link.mailbox import Mailbox
from edge.model import Outcome, Packet, Trigger
from edge.registry import Counters, Registry
from edge.registry.change import change
from edge.registry.rows import ChipRow
from edge.workers import WorkerPool, WorkerSetup
from tests.support.signed_link import ANNAS_SIGNING_KEY

ADDRESSES, EACH, WANTED = 200, 5, 1.2


def let_the_chip_sign(path: Path, master_key: bytes) -> None:
    """Give the registry's first chip a verify key."""
    with change(path, master_key) as registry:
        (row,) = registry.rows("chips", licence(0))
        chip = ChipRow(*row)  # type: ignore[arg-type]
        registry.replace("chips", chip._replace(verify_key=ANNAS_SIGNING_KEY.public_key().export_key("DER")))


def honest(key: bytes, counter: int) -> Packet:
    """What the honest car sends."""
    nonce = secrets.token_hex(16)
    own = replace(
        packet(0, nonce), version=2, counter=counter, unit="bench", sealed_uid=seal_uid(key, uid(0), counter, nonce)
    )
    return replace(own, uid="", counter=0, signature=sign_message(ANNAS_SIGNING_KEY, message_of(own)))


def rubbish(key: bytes) -> list[tuple[Packet, str]]:
    """What the attackers send, and from where."""
    made = []
    for number in range(ADDRESSES * EACH):
        nonce = secrets.token_hex(16)
        one = Packet("", secrets.token_bytes(512), nonce, 0, 0.0, 0, version=2, unit="bench")
        one = replace(one, sealed_uid=seal_uid(key, uid(0), 1, nonce), signature=secrets.token_bytes(512))
        made.append((one, f"10.1.{number % ADDRESSES}.1"))
    return made


async def decided(flow: Infringements, mailbox: Mailbox, sent: list[tuple[Packet, str]], run: Run) -> None:
    """One trigger with these packets in the mailbox."""
    now_ns = time.monotonic_ns()
    for one, source in sent:
        mailbox.put(replace(one, received_utc=time.time(), received_monotonic_ns=now_ns), source)
    trigger = Trigger(time.time(), time.monotonic_ns(), 80.0)
    flow.begin(trigger.at_monotonic_ns)
    number = await flow.file_trigger(trigger)
    assert number is not None
    case = await flow.decide_case(number)
    run.seconds.append((time.monotonic_ns() - trigger.at_monotonic_ns) / 1e9)
    run.rejected = sum(flow.rejected.values())
    assert case.verdict is not None and case.verdict.outcome is Outcome.IDENTIFIED, case.verdict


async def measure(folder: Path, rounds: int) -> dict[str, Run]:
    runs = {name: Run() for name in ("calm", "attacked")}
    async with AsyncExitStack() as stack:
        path, master_key = make_registry(folder, 1)
        let_the_chip_sign(path, master_key)
        registry = await Registry.open(path, master_key)
        stack.push_async_callback(registry.close)
        key = await registry.uid_key()
        assert key is not None
        pool = WorkerPool(WorkerSetup(), workers=2, job_timeout_s=600.0, one_job_each=True)
        stack.push_async_callback(pool.stop)
        await pool.start()
        store = await CaseStore.open(folder / "state", create_signing_key(folder / "signing.key"), {})
        stack.push_async_callback(store.close)
        opener = WindowOpener(registry, pool, plate_pattern((), "[A-Z0-9]{2,12}"), licence_pattern("[A-Z0-9]{2,20}"))
        for number in range(2 * rounds + 1):
            name = ("calm", "attacked")[number % 2]
            mailbox = Mailbox(10_000, 60.0, 32)
            flow = Infringements(
                RULES,
                camera=Camera(),
                mailbox=mailbox,
                recognise=reads_the_plate,
                decider=OnUnit(RULES, opener, Police(registry), Counters(path, lambda: master_key)),
                registry=Police(registry),
                cases=store,
            )
            sent = rubbish(key.public) if name == "attacked" else []
            sent.insert(len(sent) // 2, (honest(key.public, number + 1), "192.0.2.1"))
            await decided(flow, mailbox, sent, runs[name] if number else Run())  # the first one warms up
    return runs


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        runs = asyncio.run(measure(Path(scratch), args.rounds))
    for name, run in runs.items():
        print(
            f"{name:10} {statistics.median(run.seconds):6.2f} s to the verdict, {run.rejected} not opened in the flow"
        )
    ratio = statistics.median(runs["attacked"].seconds) / statistics.median(runs["calm"].seconds)
    print(f"attacked / calm, version 2: {ratio:.2f} (wanted: <= {WANTED})")
    return 0 if ratio <= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
