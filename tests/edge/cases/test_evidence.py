"""Nothing forged: whatever is altered in a store, the audit says what."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.cases.audit import audit
from edge.cases.evidence import verify
from edge.cases.evidence.chain import DOMAIN, NO_HASH, canonical, next_entry
from edge.cases.evidence.signing import Signer, create_signing_key, load_signer
from edge.cases.evidence.verify import Link, Mismatch, check_chain, check_signatures
from edge.cases.review import record
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.signatures import rotate_signing_key
from edge.cases.store import CaseStore
from edge.errors import CaseError, EvidenceError, SecretError
from tests.support.cases import SIGNER, UNIT, filled

OTHER = Signer(bytes(range(1, 33)))


def test_canonical_json_is_one_way_to_write_a_value() -> None:
    assert canonical({"b": [1.5, None], "a": "\u00e9\n"}) == '{"a":"é\\n","b":[1.5,null]}'.encode()
    for bad in (math.nan, math.inf, "\udc80"):
        with pytest.raises(ValueError, match=r".+"):
            canonical({"x": bad})


def links(count: int = 4, signer: Signer = SIGNER) -> list[Link]:
    """A chain of one key and *count* - 1 filed cases."""
    head, made = None, []
    for number in range(count):
        kind = "filed" if number else "key"
        key = {"key_id": signer.key_id, "public_key": signer.public_key.hex(), "supersedes": None}
        entry = next_entry(head, kind, number or None, {} if number else key, at_utc=1.0 * number, signer=signer)
        made.append(Link(entry.header, entry.body, entry.signature, entry.key_id))
        head = (entry.seq, entry.hash)
    return made


def test_a_chain_holds() -> None:
    found = check_chain(links())
    assert (found.entries, found.filed, found.unsigned) == (4, {1, 2, 3}, [])
    check_signatures(found.signatures)


def test_the_public_vector() -> None:
    """docs/evidence.md's example: anybody can rebuild it with a JSON library, SHA-256 and Ed25519."""
    body = b'{"salt":"00"}'
    content = {"body": hashlib.sha256(body).hexdigest(), "case": 1, "kind": "filed", "previous": NO_HASH, "seq": 1}
    header = canonical({"at": 0.0, **content})
    assert header.startswith(b'{"at":0,"body":')
    assert hashlib.sha256(header).hexdigest() == "371b947da697403062b520f5586a1d2e80504b0e82e3ca016b53a51d66380e9d"
    earlier = header.replace(b'"at":0,', b'"at":0.0,')  # as units wrote it until format 2: still valid
    assert hashlib.sha256(earlier).hexdigest() == "530ebf548a3d3e210ba2251368651e141dc79915250fdf369429575e662e3b81"
    assert SIGNER.sign(DOMAIN + earlier).hex() == (
        "37f007999c0223a6acfde670fc9bee9b94aa6424f8fd8aa80a0e4585d9f04376"
        "7e06877f78b1fa271fce0499a7912cd42f5ff1f33771bb36ec0b2f8ebddb580e"
    )
    for bytes_ in (header, earlier):
        assert verify.parse_canonical(bytes_, "the header")["at"] == 0


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53) + 1, 2**53 - 1)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=12,
    )
)
def test_the_verifier_writes_canonical_json_as_the_library_does(value: object) -> None:
    """RFC 8785; the few lines of verify.py against the library that writes the chain."""
    try:
        written = canonical(value)
    except ValueError:
        with pytest.raises(ValueError, match=r".+"):
            verify.canonical(value)
        return
    assert verify.canonical(value) == written


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"), (-0.0, "0"), (5e-324, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e+308"),
        (1e21, "1e+21"), (999999999999999900000.0, "999999999999999900000"), (1e-7, "1e-7"), (1e-6, "0.000001"),
        (333333333.33333329, "333333333.3333333"), (-1.5, "-1.5"), (100.0, "100"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_rfc_8785_says(number: float, text: str) -> None:
    assert verify.canonical(number) == canonical(number) == text.encode()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda made: made[:1] + made[2:], "out of order"),
        (lambda made: [made[0], made[2], made[1], made[3]], "out of order"),
        (lambda made: [*made[:2], made[2]._replace(body=b"{}"), made[3]], "content of entry 3"),
        (
            lambda made: [*made[:2], made[2]._replace(header=made[2].header.replace(b'"at":2', b'"at":2.5')), made[3]],
            "follow",
        ),
        (lambda made: [made[0]._replace(header=b" " + made[0].header), *made[1:]], "not canonical"),
        (lambda made: [made[0]._replace(body=None), *made[1:]], "introduce a key"),
        (lambda made: [*made[:3], made[3]._replace(key_id=OTHER.key_id)], "never introduced"),
    ],
)
def test_an_altered_chain_does_not(change: Callable[[list[Link]], list[Link]], sentence: str) -> None:
    with pytest.raises(Mismatch, match=sentence):
        check_chain(change(links()))


def test_an_altered_signature_does_not_hold() -> None:
    made = links()
    altered = bytes([made[2].signature[0] ^ 1, *made[2].signature[1:]]) if made[2].signature else b""
    found = check_chain([*made[:2], made[2]._replace(signature=altered), made[3]])
    with pytest.raises(Mismatch, match="signature of entry 3"):
        check_signatures(found.signatures)


def test_a_gap_in_the_numbers_is_seen() -> None:
    head, made = None, []
    for number in (1, 2, 4):
        entry = next_entry(head, "filed", number, {}, at_utc=0.0, signer=None)
        made.append(Link(entry.header, entry.body, None, None))
        head = (entry.seq, entry.hash)
    with pytest.raises(Mismatch, match="case 3 is missing"):
        check_chain(made)


async def test_an_untouched_store_holds(tmp_path: Path) -> None:
    await filled(tmp_path, 3)
    record(tmp_path, 1, kind="correct_plate", officer="Conti", reason="O", plate="AB000CE", signer=SIGNER)
    record(tmp_path, 1, kind="dismiss", officer="Conti", reason="another plate", signer=SIGNER)
    says = audit(tmp_path, trusted=SIGNER.public_key)
    assert "3 cases, 9 entries, all signed" in says
    assert audit(tmp_path, head=says.split()[-1]) == says
    with pytest.raises(EvidenceError, match="not signed with the key you trust"):
        audit(tmp_path, trusted=OTHER.public_key)
    with pytest.raises(EvidenceError, match="its end was cut off"):
        audit(tmp_path, head="0" * 64)


TAMPERINGS: dict[str, tuple[str, str]] = {
    "plate in the list": ("UPDATE cases SET plate_text = 'XX000XX' WHERE number = 1", "row of case 1 was altered"),
    "speed in the list": ("UPDATE cases SET speed_kmh = 51 WHERE number = 1", "row of case 1 was altered"),
    "driver in the list": ("UPDATE cases SET driver_name = 'Eva Bianchi' WHERE number = 1", "row of case 1"),
    "review in the list": ("UPDATE cases SET review = 'dismiss' WHERE number = 1", "row of case 1"),
    "state": ("UPDATE cases SET state = 'pending' WHERE number = 1", "does not agree with the chain"),
    "portrait": ("UPDATE portraits SET image = x'00' WHERE case_number = 1", "portrait of case 1"),
    "portrait gone": ("DELETE FROM portraits WHERE case_number = 1", "portrait of case 1"),
    "row gone": ("DELETE FROM cases WHERE number = 3", "not the one in the chain"),
    "row invented": (
        "INSERT INTO cases (number, state, at_utc, site, limit_kmh, filed_seq) VALUES (9, 'pending', 0, '', 50, 2)",
        "not the one in the chain",
    ),
    "purged without a tombstone": ("UPDATE cases SET purged_seq = 1 WHERE number = 2", "without a tombstone"),
    "manifest": (
        "UPDATE entries SET body = CAST(replace(CAST(body AS TEXT), 'Rossi', 'Bossi') AS BLOB) WHERE kind = 'decided'",
        "conten",
    ),
    "manifest gone": ("UPDATE entries SET body = NULL WHERE seq = 3", "manifest of case 1 is gone"),
    "header": (
        "UPDATE entries SET header = CAST(replace(CAST(header AS TEXT), '\"case\":1', '\"case\":2') AS BLOB)",
        "own hash",
    ),
    "signature": ("UPDATE entries SET signature = zeroblob(64) WHERE seq = 5", "signature of entry 5"),
    "first entries gone": ("DELETE FROM entries WHERE seq < 4", "missing or out of order"),
    "entry gone": ("DELETE FROM entries WHERE seq = 4", "missing or out of order"),
}


@pytest.mark.parametrize("name", TAMPERINGS)
async def test_every_tampering_in_the_database_is_named(tmp_path: Path, name: str) -> None:
    await filled(tmp_path, 3)
    statement, sentence = TAMPERINGS[name]
    with closing(sqlite3.connect(StateFolder(tmp_path).database, isolation_level=None)) as database:
        for (trigger,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {trigger}")
        database.execute(statement)
    with pytest.raises(EvidenceError, match=sentence):
        audit(tmp_path)


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (_flip, "altered"),
        (Path.unlink, "gone"),
        (lambda path: shutil.rmtree(path.parent), "gone"),
        (lambda path: shutil.copy(path, path.with_name("7.jpg")), "belongs to no manifest"),
    ],
)
async def test_every_tampering_with_photos_is_named(
    tmp_path: Path, change: Callable[[Path], object], sentence: str
) -> None:
    await filled(tmp_path, 3)
    change(tmp_path / "frames" / "00000002" / "0.jpg")
    with pytest.raises(EvidenceError, match=sentence):
        audit(tmp_path)


async def test_a_forger_with_a_key_of_his_own(tmp_path: Path) -> None:
    """An attacker builds a whole new store: it holds in itself, and not against the key the authority published."""
    await filled(tmp_path, 2, signer=OTHER)
    assert OTHER.key_id in audit(tmp_path)
    with pytest.raises(EvidenceError, match="key you trust"):
        audit(tmp_path, trusted=SIGNER.public_key)


async def test_rotation_of_the_signing_key(tmp_path: Path) -> None:
    key = tmp_path / "signing.key"
    old = create_signing_key(key)
    state = tmp_path / "state"
    await filled(state, 1, signer=old)
    record(state, 1, kind="view", officer="Conti", signer=old)
    new = rotate_signing_key(state, key)
    assert load_signer(key).key_id == new.key_id != old.key_id
    with pytest.raises(SecretError):
        await CaseStore.open(state, old, UNIT)
    await (await CaseStore.open(state, new, UNIT)).close()
    for trusted in (old.public_key, new.public_key):
        assert "all signed" in audit(state, trusted=trusted)


async def test_an_interrupted_rotation_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = tmp_path / "signing.key"
    await filled(tmp_path / "state", 1, signer=create_signing_key(key))

    def fail(self: Path, target: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as cut, pytest.raises(KeyboardInterrupt):
        cut.setattr(Path, "replace", fail)
        rotate_signing_key(tmp_path / "state", key)
    new = rotate_signing_key(tmp_path / "state", key)
    assert load_signer(key).key_id == new.key_id
    assert "all signed" in audit(tmp_path / "state", trusted=new.public_key)


async def test_the_manifest_says_what_the_issue_of_a_fine_needs(tmp_path: Path) -> None:
    await filled(tmp_path, 1)
    with closing(sqlite3.connect(StateFolder(tmp_path).database)) as database:
        (body,) = database.execute("SELECT body FROM entries WHERE kind = 'decided'").fetchone()
    manifest = json.loads(body)
    assert canonical(manifest) == body
    assert manifest["unit"] == UNIT
    assert set(manifest["clock"]) == {"synchronised", "max_error_s", "source", "boot_id"}
    assert manifest["trigger"]["speed_kmh"] == 60.0
    assert manifest["verdict"]["scores"] == [-0.1, -22.5]
    assert len(manifest["packet"]["nonce"]) == 32
    assert "uid" not in manifest["packet"]


def test_the_audit_of_no_store(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="no case store"):
        audit(tmp_path)
