"""``make bench-openings``: openings beside bare ``cryptography``; look-ups among a million rows.

Openings: the two jobs of one opening with packets of as many drivers (enclosed packets opened, keys unsealed, packets
decrypted, claims compared with the photo), in this process, no key cached, beside nothing but loading and decrypting
with the library ``cryptography`` the same packets under the same keys. Look-ups: PostgreSQL with ``fsync``, *rows*
chips with private keys of the right size, 50 at a time, as the opening service asks.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import asyncpg
from Crypto.PublicKey import RSA
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from centre.database import SETTINGS, EmbeddedServer, migrate
from centre.opening.job import Chip, Job, Key, Secrets, decide, peek
from centre.registry import PostgresRegistry, RootKey
from centre.registry.importing import add_secret, new_shard_key
from centre.registry.keys import OF_NO_DRIVER, chip_context, shard_of
from centre.registry.lookup import COUNTERS
from centre.registry.rows import licence_hash, mac
from edge.crypto import SealedKey, new_registry_key, seal, seal_secret
from edge.delivery.openings import enclosed
from edge.flow.rules import Rules
from edge.identify import Formats, Thresholds
from edge.model import Basis, Outcome, Packet, PendingCase, Trigger
from edge.registry import uid_hash
from tests.support.reads import plate_read

PACKETS, KEY_PAIRS, SHARDS, BATCH = 50, 10, 256, 5000
NOW = 1_790_000_000.0
OAEP = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
RULES = Rules(
    "", 50.0, 0.0, 10.0, 1.0, 1, 0, Thresholds(accept=0.98, margin=6.0, slope=1.0, bias=0.0), Formats(("IT",))
)


def window() -> tuple[Job, list[tuple[bytes, bytes]]]:
    """An opening of packets of as many drivers; and each one's private key (DER) with its payload.

    There are ten key pairs, each under several uids: making one takes seconds, and no run keeps any.
    """
    pairs = [RSA.generate(4096) for _ in range(KEY_PAIRS)]
    private, public = new_registry_key()
    sealing, counters = secrets.token_bytes(32), secrets.token_bytes(32)
    pseudonyms = SealedKey(seal_secret(sealing, counters, "counters"), sealing, "counters")
    packets, keys, bare = [], {}, []
    for number in range(PACKETS):
        pair, uid, licence = pairs[number % KEY_PAIRS], secrets.token_hex(16), f"UD{number:07d}A"
        nonce, plate = secrets.token_hex(16), f"AB{number:03d}CD"
        payload = seal(pair.public_key(), plate=plate, licence=licence, nonce=nonce, timestamp=int(NOW))
        packets.append(enclosed(Packet(uid, payload, nonce, int(NOW), NOW, number), "AVX-1", public))
        der, key = pair.export_key("DER"), secrets.token_bytes(32)
        sealed = SealedKey(seal_secret(key, der, uid), key, uid)
        keys[uid_hash(uid)] = Key(sealed, hashlib.sha256(licence.encode()).hexdigest(), None, 0, None)
        bare.append((der, payload))
    case = PendingCase(1, Trigger(NOW, 10**9, 80.0), (), (10**9,), (), Basis.MEASURED, ((320, 180),))
    job = Job(
        unit="AVX-1",
        packets=tuple(packets),
        secrets=Secrets(private, None, pseudonyms),
        keys=keys,
        seen={},
        case=case,
        reads=((plate_read("AB007CD"),),),
        rules=RULES,
        licence_pattern="[A-Z]{2}[0-9]{7}[A-Z]",
    )
    return job, bare


def opened(job: Job) -> None:
    """What the processes of one opening do."""
    chips = peek(job.unit, job.packets, job.secrets)
    found = decide(job)
    assert all(isinstance(chip, Chip) for chip in chips) and found.decision.verdict.outcome is Outcome.IDENTIFIED


def decrypted(bare: list[tuple[bytes, bytes]]) -> None:
    """The same packets, decrypted and nothing else."""
    for der, payload in bare:
        key = serialization.load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
        assert isinstance(key, rsa.RSAPrivateKey) and key.decrypt(payload, OAEP)


def seconds(work: Callable[[], None]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def openings(rounds: int) -> None:
    """Print the table of openings: the medians of runs that take turns."""
    job, bare = window()
    runs: list[tuple[float, float]] = [
        (seconds(lambda: opened(job)), seconds(lambda: decrypted(bare))) for _ in range(rounds + 1)
    ][1:]
    own, alone = (1e3 * statistics.median(column) for column in zip(*runs, strict=True))
    print(f"| openings of {PACKETS} packets | bare decryption, ms | an opening, ms | of bare |")
    print("|---|---:|---:|---:|")
    print(f"| processor time, median of {rounds} | {alone:.1f} | {own:.1f} | {alone / own:.2f} |")


async def fill(connection: asyncpg.Connection, root: RootKey, rows: int) -> list[bytes]:
    """A registry of *rows* drivers with a chip each; returns some hashes of their uids."""
    keys = {shard: await new_shard_key(connection, root, shard) for shard in (OF_NO_DRIVER, *range(SHARDS))}
    await connection.execute("INSERT INTO registry.root VALUES (1, $1, $2)", root.new_check(), SHARDS)
    await add_secret(connection, keys[OF_NO_DRIVER], COUNTERS, b"", secrets.token_bytes(32))
    der, known = secrets.token_bytes(2348), list[bytes]()  # as long as an RSA-4096 key in PKCS#1
    for start in range(0, rows, BATCH):
        drivers, chips = [], []
        for number in range(start, min(rows, start + BATCH)):
            licence, uid_sha256 = f"UD{number:07d}A", secrets.token_bytes(32)
            own = keys[shard_of(licence, SHARDS)]
            texts = ("Ada", "Rossi", "1980-02-03", "Trento", "A B", "MIT-UCO", "2020-01-01", "2030-01-01")
            driver = (licence, own.key_id, *texts, bytes(32))
            drivers.append((*driver, mac(own.rows, "drivers", driver)))
            context = chip_context(own.key_id, uid_sha256, licence_hash(licence))
            sealed = seal_secret(own.chip(uid_sha256), der, context)
            chip = (uid_sha256, own.key_id, licence, 0, None, None, sealed, None)
            chips.append((*chip, mac(own.rows, "chips", chip)))
            if not number % max(1, rows // 5000):
                known.append(uid_sha256)
        await connection.copy_records_to_table("drivers", schema_name="registry", records=drivers)
        await connection.copy_records_to_table("chips", schema_name="registry", records=chips)
    await connection.execute("VACUUM ANALYZE registry.drivers, registry.chips")
    return known


def server_in(folder: Path) -> EmbeddedServer:
    """A PostgreSQL server below *folder*, with ``fsync``."""
    folder.chmod(0o755)  # root's server runs as another account
    return EmbeddedServer(folder / "postgresql", settings=SETTINGS)


async def look_ups(rows: int, rounds: int) -> None:
    """Print the table of look-ups."""
    with tempfile.TemporaryDirectory(prefix="autovelox-bench-") as scratch:
        server = server_in(Path(scratch))
        await server.start()
        root = RootKey(lambda: bytes(range(32)))
        try:
            async with asyncpg.create_pool(server.dsn, min_size=1, max_size=2) as pool:
                async with pool.acquire() as connection:
                    await migrate(connection)
                    known = await fill(connection, root, rows)
                    size = "SELECT pg_total_relation_size('registry.' || $1)"
                    chips, drivers = [await connection.fetchval(size, table) for table in ("chips", "drivers")]
                registry, ms = await PostgresRegistry.open(pool, lambda: bytes(range(32))), list[float]()
                for number in range(rounds):
                    some = [known[(number * PACKETS + place) % len(known)] for place in range(PACKETS)]
                    began = time.perf_counter()
                    assert len(await registry.chips(some)) == PACKETS
                    ms.append(1e3 * (time.perf_counter() - began))
        finally:
            await server.stop()
    print(f"\n| rows | bytes a chip | bytes a driver | {PACKETS} chips at once, p50 | p99 |")
    print("|---:|---:|---:|---:|---:|")
    p99 = sorted(ms)[round(0.99 * (len(ms) - 1))]
    print(f"| {rows:,} | {chips / rows:,.0f} | {drivers / rows:,.0f} | {statistics.median(ms):.1f} ms | {p99:.1f} ms |")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--rows", type=int, default=1_000_000)
    args = parser.parse_args()
    openings(args.rounds)
    asyncio.run(look_ups(args.rows, 100))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
