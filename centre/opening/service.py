"""One opening, from the request of a unit to the signed statement; the packets are opened in processes that end."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from centre.database import Pool, taken
from centre.errors import Refused
from centre.opening.checks import Bounds, check_signature, check_window, filed_case, name_once, reserve
from centre.opening.job import Chip, Found, Job, Key, Secrets, decide, peek
from centre.registry import PostgresCounters, PostgresRegistry
from centre.units import Visitor
from edge.cases.evidence import Signer, canonical, flag_sentence, packet_record, reason_sentence, sha256
from edge.crypto import SealedKey
from edge.delivery.openings import (
    MAX_PACKETS,
    MAX_PHOTOS,
    MAX_READS,
    STATEMENT_DOMAIN,
    STATEMENT_FORMAT,
    to_outer,
    to_read,
)
from edge.delivery.wire import to_clock, whole
from edge.errors import WorkerError
from edge.flow.deciding import flags_of_rejected
from edge.flow.flags import flags_of
from edge.flow.reading import Read
from edge.flow.rules import Rules
from edge.identify import Formats, Lens, Thresholds
from edge.identify.origin import origin
from edge.model import Basis, Case, Claim, Driver, Flag, Packet, PendingCase
from edge.workers import WorkerPool

_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Request:
    """What a unit asks: the packets of a window to be opened for what the reader saw in the photos of a case."""

    case: int
    seq: int
    hash: str
    packets: tuple[Packet, ...]
    exposed_ns: tuple[int, ...]
    sizes: tuple[tuple[int, int], ...]
    reads: tuple[Read, ...]
    reader: str
    lens: Lens | None
    digest: bytes

    @classmethod
    def parse(cls, body: bytes, unit: str) -> Request:
        """Read a request of *unit*.

        Raises:
            Refused: it is none, or another unit's.
        """
        try:
            asked = json.loads(body)
            if asked["unit"] != unit or len(asked["packets"]) > MAX_PACKETS or len(asked["photos"]) > MAX_PHOTOS:
                raise ValueError
            photos = [_photo(each) for each in asked["photos"]]
            lens = asked["lens"]
            digest, reader = asked["filed"]["hash"], asked["reader"]
            if not _SHA256.fullmatch(digest) or not _SHA256.fullmatch(reader):
                raise ValueError
            return cls(
                case=whole(asked["case"], 1, 1 << 53),
                seq=whole(asked["filed"]["seq"], 1, 1 << 53),
                hash=digest,
                packets=tuple(map(to_outer, asked["packets"])),
                exposed_ns=tuple(exposed_ns for exposed_ns, _, _ in photos),
                sizes=tuple(size for _, size, _ in photos),
                reads=tuple(reads for _, _, reads in photos),
                reader=reader,
                lens=_lens(lens) if lens is not None else None,
                digest=hashlib.sha256(body).digest(),
            )
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError):
            raise Refused("malformed", 400, "the request is none of this interface", "read docs/centre.md") from None


@dataclass(frozen=True, slots=True)
class OpeningDesk:
    """Opens the packets of cases for units.

    ``tell`` is the key (32 bytes) of what is remembered of who was named; ``reader`` the SHA-256 (hex) of the reader
    whose probabilities the thresholds are for.
    """

    name: str
    pool: Pool
    registry: PostgresRegistry
    counters: PostgresCounters
    workers: WorkerPool
    signer: Signer
    sealing_key: bytes
    tell: bytes
    bounds: Bounds
    thresholds: Thresholds
    reader: str
    formats: Formats
    licence_pattern: str

    async def open(self, visitor: Visitor, body: bytes, signature: bytes) -> dict[str, Any]:
        """The answer to a request of *visitor*: ``statement``, ``signature``, and what it has hashes of.

        Raises:
            Refused: the unit may not ask that.
            EdgeError: the registry cannot be read.
        """
        async with taken(self.pool) as connection:
            await check_signature(connection, visitor, body, signature)
            request = await asyncio.to_thread(Request.parse, body, visitor.serial)
            if request.reader != self.reader:
                cause = "the unit reads plates with another network than the centre has"
                raise Refused("reader", 409, cause, "bring both to one version")
            filed = await filed_case(connection, visitor, request.case, request.seq, request.hash, self.bounds)
        check_window(request.packets, filed, self.bounds)
        if not filed.is_infringement:
            raise Refused("window", 422, "the case is no infringement", "nothing is opened for it")
        await reserve(self.pool, visitor, request.case, request.digest, len(request.packets), self.bounds)
        try:
            found = await self._found(visitor, request, filed)
        except WorkerError:
            raise Refused("busy", 503, "the packets could not be opened", "come again", retry_s=5.0) from None
        if found.named is not None:
            await name_once(self.pool, visitor, request.case, request.digest, self.tell, found.named.licence)
        driver = await self.registry.driver(found.named.licence) if found.named is not None else None
        statement = canonical(await self._statement(visitor, request, found, driver))
        answer = {
            "statement": statement.decode("utf-8"),
            "signature": self.signer.sign(STATEMENT_DOMAIN + statement).hex(),
        }
        if driver is not None and found.named is not None:  # beside the statement, which has the hashes of both
            answer |= {"portrait": driver.portrait.hex(), "uid": found.named.uid}
        return answer

    async def _found(self, visitor: Visitor, request: Request, filed: Case) -> Found:
        uid_key = await self.registry.uid_key()
        secrets = Secrets(self.sealing_key, uid_key.private if uid_key else None, await self.counters.key())
        peeked = await self.workers.run(peek, visitor.serial, request.packets, secrets)
        chips = [chip for chip in peeked if isinstance(chip, Chip)]
        keys = await self.registry.chips({chip.uid_sha256 for chip in chips})
        case = PendingCase(
            number=request.case,
            trigger=filed.trigger,
            photos=(),
            exposed_monotonic_ns=request.exposed_ns,
            packets=(),
            basis=filed.basis or Basis.MEASURED,
            sizes=request.sizes,
        )
        job = Job(
            unit=visitor.serial,
            packets=request.packets,
            secrets=secrets,
            keys={
                digest: Key(
                    SealedKey(key.sealed_key, key.unsealing_key, key.context),
                    key.licence,
                    key.verify_key,
                    key.valid_from,
                    key.revoked_at,
                    key.certified_until,
                    key.certification,
                )
                for digest, key in keys.items()
            },
            seen=await self.counters.seen_of({chip.pseudonym for chip in chips if chip.pseudonym is not None}),
            case=case,
            reads=request.reads,
            rules=self._rules(filed, request.lens),
            licence_pattern=self.licence_pattern,
        )
        found = await self.workers.run(decide, job)
        await self.counters.note_of(found.now)
        return found

    def _rules(self, filed: Case, lens: Lens | None) -> Rules:
        return Rules(
            site="",
            limit_kmh=filed.limit_kmh,
            tolerance_kmh=0.0,
            window_before_s=self.bounds.window_s,
            window_after_s=self.bounds.window_s,
            frames_per_case=1,
            pre_trigger_frames=0,
            thresholds=self.thresholds,
            formats=self.formats,
            lens=lens,
        )

    async def _statement(
        self, visitor: Visitor, request: Request, found: Found, driver: Driver | None
    ) -> dict[str, Any]:
        decision, verdict = found.decision, found.decision.verdict
        flags = flags_of_rejected(found.besides)
        named: dict[str, Any] | None = None
        if found.named is not None and driver is not None:
            flags = (*await self._flags(request, found, found.named), *flags)
            named = _named(found.named, driver)
        return {
            "format": STATEMENT_FORMAT,
            "centre": self.name,
            "unit": visitor.serial,
            "case": request.case,
            "filed": request.hash,
            "request_sha256": request.digest.hex(),
            "verdict": {
                "outcome": str(verdict.outcome),
                "plate": verdict.plate,
                "probability": float(verdict.probability),
                "scores": [float(score) for score in verdict.scores],
                "reason": reason_sentence(verdict.reason),
            },
            "read": list(found.read) if found.read is not None else None,
            "kept_claims": found.kept,
            "flags": [flag_sentence(flag) for flag in (*flags, *decision.flags)],
            "rejected_packets": {str(reason): count for reason, count in decision.rejected.items()},
            "plausibility": asdict(decision.plausibility) if decision.plausibility is not None else None,
            "named": named,
        }

    async def _flags(self, request: Request, found: Found, claim: Claim) -> tuple[Flag, ...]:
        """What the officer has to know of the named claim."""
        photo, place = found.read if found.read is not None else (0, 0)
        read = (request.reads[photo] or ())[place] if found.read is not None else None
        seen = origin(read.looks_from, claim.plate) if read is not None else None
        return await flags_of(self.registry, claim, seen)


def _named(claim: Claim, driver: Driver) -> dict[str, Any]:
    """The one driver, and the packet that says so, with the hashes of portrait and uid in their place."""
    packet, person = packet_record(claim.packet), asdict(driver)
    packet["uid_sha256"] = sha256(packet.pop("uid").encode("utf-8"))
    person["portrait_sha256"] = sha256(person.pop("portrait"))
    return {"driver": person, "plate": claim.plate, "packet": packet}


def _photo(record: Mapping[str, Any]) -> tuple[int, tuple[int, int], Read]:
    reads = record["reads"]
    if reads is not None and len(reads) > MAX_READS:
        raise ValueError
    width, height = (whole(side, 1, 65536) for side in record["size"])
    return (
        to_clock(record["exposed_monotonic_ns"]),
        (width, height),
        tuple(map(to_read, reads)) if reads is not None else None,
    )


def _lens(record: Mapping[str, Any]) -> Lens:
    focal = float(record["focal_length_px"])
    if not 32 <= focal <= 100_000:
        raise ValueError
    return Lens(focal, whole(record["width_px"], 1, 65536), whole(record["height_px"], 1, 65536))
