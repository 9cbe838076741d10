"""What runs in a process that ends with it: uids, private keys and claims are nowhere else, and nowhere after it.

Two jobs an opening. :func:`peek` says which chips answered, as the hashes by which the registry has them;
:func:`decide` opens the packets with those chips' keys, compares, and lets one claim out at most.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from centre.registry import pseudonym
from edge.cases.evidence import sha256
from edge.crypto import KEY_BITS, SealedKey, message_of, read_plaintext, unseal_secret, unseal_uids
from edge.crypto.enclosure import INFO
from edge.delivery.openings import bound, disclosed
from edge.errors import PacketError, SecretError
from edge.flow.claims import of_rising_counters, one_plate_each
from edge.flow.judging import judge_case
from edge.flow.reading import Read
from edge.flow.rules import OPENINGS_PER_UID, Rules
from edge.identify.formats import licence_pattern
from edge.model import Claim, CounterSeen, Decision, Packet, PendingCase, Rejection
from edge.registry import uid_hash

_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_OAEP: Final = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
_PSS: Final = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)


class Secrets(NamedTuple):
    """What opens enclosed packets and sealed uids, and makes pseudonyms of those that sign."""

    sealing_key: bytes
    uid_key: SealedKey | None
    pseudonyms: SealedKey


class Chip(NamedTuple):
    """Which chip answered: the hash by which the registry has it, and its pseudonym in the table of counters."""

    uid_sha256: bytes
    pseudonym: bytes | None
    received_utc: float


class Key(NamedTuple):
    """A chip's key as the registry has it, the SHA-256 (hex) of its licence, and when the chip was in use."""

    private: SealedKey
    licence_sha256: str
    verify_key: bytes | None
    valid_from: int
    revoked_at: int | None
    certified_until: int | None = None
    certification: bytes | None = None

    def counts_at(self, utc: float) -> bool:
        """Whether the chip was in use at that time (Unix seconds)."""
        return self.valid_from <= utc and (self.revoked_at is None or utc < self.revoked_at)


@dataclass(frozen=True, slots=True)
class Job:
    """An opening: whose packets, what the reader saw, and by which rules."""

    unit: str
    packets: tuple[Packet, ...]
    secrets: Secrets = field(repr=False)
    keys: Mapping[bytes, Key] = field(repr=False)
    seen: Mapping[bytes, CounterSeen]
    case: PendingCase
    reads: tuple[Read, ...]
    rules: Rules
    licence_pattern: str


@dataclass(frozen=True, slots=True)
class Found:
    """What comes out: the decision without claims, but for the one that was named; how far counters are now.

    ``read`` is the photo and the place of the read that was judged. ``kept`` counts claims that explain the photo of an
    ambiguous case: they stay here.
    """

    decision: Decision
    named: Claim | None
    read: tuple[int, int] | None
    kept: int
    besides: Counter[Rejection]
    now: Mapping[bytes, CounterSeen]


def peek(unit: str, packets: Sequence[Packet], secrets: Secrets) -> list[Chip | Rejection]:
    """Which chip each of the enclosed *packets* is of, in order, or why it is of none."""
    pseudonyms = unseal_secret(secrets.pseudonyms.key, secrets.pseudonyms.sealed, secrets.pseudonyms.context)
    found: list[Chip | Rejection] = []
    for packet in _opened(unit, packets, secrets):
        if isinstance(packet, Rejection):
            found.append(packet)
        else:
            name = pseudonym(pseudonyms, packet.uid) if packet.version != 1 else None
            found.append(Chip(uid_hash(packet.uid), name, packet.received_utc))
    return found


def decide(job: Job) -> Found:
    """Open the packets, compare their claims with the photos, and name one driver at most."""
    rejected: Counter[Rejection] = Counter()
    claims = []
    loaded: dict[SealedKey, rsa.RSAPrivateKey] = {}
    of_uid: Counter[str] = Counter()
    licence = licence_pattern(job.licence_pattern)
    for packet in _opened(job.unit, job.packets, job.secrets):
        answer: Claim | Rejection = packet if isinstance(packet, Rejection) else Rejection.TOO_MANY
        if not isinstance(packet, Rejection):
            of_uid[packet.uid] += 1
            if of_uid[packet.uid] <= OPENINGS_PER_UID:
                answer = _claim(packet, job.keys.get(uid_hash(packet.uid)), loaded)
        if isinstance(answer, Claim) and not job.rules.formats.pattern.fullmatch(answer.plate):
            answer = Rejection.PLATE_FORMAT
        if isinstance(answer, Claim) and not licence.fullmatch(answer.licence):
            answer = Rejection.LICENCE_FORMAT
        if isinstance(answer, Rejection):
            rejected[answer] += 1
        else:
            claims.append(answer)
    return _judged(job, claims, rejected)


def _judged(job: Job, opened: Sequence[Claim], rejected: Counter[Rejection]) -> Found:
    secret = job.secrets.pseudonyms
    pseudonyms = unseal_secret(secret.key, secret.sealed, secret.context)
    chips = {claim.uid: pseudonym(pseudonyms, claim.uid) for claim in opened if claim.packet.version != 1}
    before = {uid: job.seen[chip] for uid, chip in chips.items() if chip in job.seen}
    claims, copied, now = of_rising_counters(opened, before)
    claims, several = one_plate_each(claims)
    besides = +Counter({Rejection.SEVERAL_PLATES: several, Rejection.COPIED_CHIP: copied})
    decision = judge_case(job.case, job.reads, claims, job.rules)
    return Found(
        decision=replace(
            decision,
            verdict=replace(decision.verdict, claim=None, read=None),
            rejected=rejected + besides,
            kept=(),
        ),
        named=decision.verdict.claim,
        read=_place(job.reads, decision),
        kept=len(decision.kept),
        besides=besides,
        now={chips[uid]: seen for uid, seen in now.items()},
    )


def _place(reads: Sequence[Read], decision: Decision) -> tuple[int, int] | None:
    for photo, found in enumerate(reads):
        for place, read in enumerate(found or ()):
            if read is decision.verdict.read:
                return photo, place
    return None


def _opened(unit: str, packets: Sequence[Packet], secrets: Secrets) -> list[Packet | Rejection]:
    """The enclosed *packets* of the unit, opened, each with its uid."""
    private = X25519PrivateKey.from_private_bytes(secrets.sealing_key)
    found: list[Packet | Rejection] = []
    for outer in packets:
        answer: Packet | Rejection = Rejection.SEALED_UID
        with suppress(ValueError, InvalidTag, UnsupportedAlgorithm):
            answer = disclosed(_SUITE.decrypt(outer.payload, private, INFO + bound(unit, outer)), outer)
        if isinstance(answer, Packet) and answer.version != 1:
            answer = _with_uid(answer, unit, secrets.uid_key)
        found.append(answer)
    return found


def _with_uid(packet: Packet, unit: str, uid_key: SealedKey | None) -> Packet | Rejection:
    if uid_key is None or packet.unit != unit:
        return Rejection.SEALED_UID
    (answer,) = unseal_uids([packet], uid_key)
    return answer if isinstance(answer, Rejection) else replace(packet, uid=answer[0], counter=answer[1])


def _claim(packet: Packet, key: Key | None, loaded: dict[SealedKey, rsa.RSAPrivateKey]) -> Claim | Rejection:
    """The claim in *packet*, by the same rules as :func:`edge.crypto.open_batch`, with a faster library."""
    if key is None:
        return Rejection.UNKNOWN_UID
    if not key.counts_at(packet.received_utc):
        return Rejection.REVOKED_CHIP
    if (packet.version == 1) != (key.verify_key is None):  # no way back to version 1 for a chip that signs
        return Rejection.VERSION
    if key.verify_key is not None and not _is_chips(key.verify_key, packet):
        return Rejection.SIGNATURE
    try:
        if (private := loaded.get(key.private)) is None:
            der = unseal_secret(key.private.key, key.private.sealed, key.private.context)
            private = loaded[key.private] = _load(der)
        text = private.decrypt(packet.payload, _OAEP)
    except SecretError:
        return Rejection.DAMAGED_KEY
    except ValueError:
        return Rejection.DECRYPTION
    try:
        opened = read_plaintext(text, packet)
    except PacketError as error:
        return error.reason
    if sha256(opened.licence.encode("utf-8")) != key.licence_sha256:
        return Rejection.FOREIGN_LICENCE
    packet = replace(
        packet,
        verify_key=key.verify_key or b"",
        certified_until=key.certified_until or 0,
        certification=key.certification or b"",
    )
    return Claim(packet.uid, opened.licence, opened.plate, packet)


def _load(der: bytes) -> rsa.RSAPrivateKey:
    """The private key; its numbers are not checked again, which costs ten decryptions: its seal protects them."""
    try:
        key = serialization.load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size != KEY_BITS:
        raise SecretError("a private key in the registry is damaged", "enrol its driver again")
    return key


def _is_chips(verify_key: bytes, packet: Packet) -> bool:
    try:
        _verify_key(verify_key).verify(packet.signature, message_of(packet), _PSS, hashes.SHA256())
    except (ValueError, InvalidSignature):
        return False
    return True


@lru_cache(maxsize=64)
def _verify_key(der: bytes) -> rsa.RSAPublicKey:
    key = serialization.load_der_public_key(der)
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size != KEY_BITS:
        raise ValueError("no verify key")
    return key
