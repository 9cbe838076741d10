"""Enrolment and login: one-time codes, challenges used once, tokens that end, and answers that tell nobody anything."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from centre.units import UnitState, change_state
from edge.cases.evidence import KEY_KIND, Signer, key_content, sha256
from edge.cases.storage.database import write_transaction
from edge.cases.storage.entries import append_entry
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.outbox import Outbox
from edge.cases.storage.signatures import rotate_signing_key
from edge.delivery import Client, join_centre, trusting
from edge.delivery.client import Answered
from edge.delivery.wire import login_message, new_code
from edge.errors import DeliveryError
from tests.support.cases import SIGNER, filled, write_key
from tests.support.centre import Centre, centre_at_work, lines_of

THIEF = Signer(bytes(range(1, 33)))


async def post(centre: Centre, path: str, body: object, token: str = "") -> tuple[int, dict[str, object]]:
    """One request as anybody may send it."""
    import aiohttp

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting(centre.authority))) as session,
        session.post(
            centre.url + path, data=json.dumps(body), headers={**headers, "Content-Type": "application/json"}
        ) as found,
    ):
        return found.status, json.loads(await found.text())


async def token_of(
    centre: Centre, signer: Signer, serial: str = "A1"
) -> tuple[int, dict[str, object], dict[str, object]]:
    """Log in by hand; returns status and answer, and what was sent."""
    _, asked = await post(centre, "/v1/challenges", {"unit": serial})
    message = login_message("test", serial, str(asked["challenge"]))
    body = {"unit": serial, "challenge": asked["challenge"], "signature": signer.sign(message).hex()}
    return *(await post(centre, "/v1/tokens", body)), body


async def test_a_unit_joins_and_logs_in(centre: Centre, tmp_path: Path) -> None:
    async with await centre.let_in("A1", SIGNER, tmp_path) as client:
        await client.log_in(b"")
        assert (await client.head()).seq == 0
    assert await centre.pool.fetchval("SELECT state FROM units") == "active"


async def test_a_code_counts_once(centre: Centre, tmp_path: Path) -> None:
    code = await centre.invite("A1")
    await join_centre(centre.url, code, serial="A1", signer=SIGNER, authority_file=tmp_path / "a.pem")
    with pytest.raises(DeliveryError, match="lets no unit of that serial number in"):
        await join_centre(centre.url, code, serial="A1", signer=THIEF, authority_file=tmp_path / "b.pem")
    assert await centre.pool.fetchval("SELECT public_key FROM units") == SIGNER.public_key


async def test_a_code_is_for_its_serial_number_and_ends(centre: Centre, tmp_path: Path) -> None:
    code = await centre.invite("A1")
    await centre.invite("B2")
    with pytest.raises(DeliveryError, match="serial number"):
        await join_centre(centre.url, code, serial="B2", signer=SIGNER, authority_file=tmp_path / "a.pem")
    await centre.pool.execute("UPDATE units SET code_until = now() - interval '1 second'")
    with pytest.raises(DeliveryError, match="serial number"):
        await join_centre(centre.url, code, serial="A1", signer=SIGNER, authority_file=tmp_path / "a.pem")


async def test_a_new_code_ends_the_one_before(centre: Centre, tmp_path: Path) -> None:
    first, second = await centre.invite("A1"), await centre.invite("A1")
    with pytest.raises(DeliveryError, match="serial number"):
        await join_centre(centre.url, first, serial="A1", signer=SIGNER, authority_file=tmp_path / "a.pem")
    await join_centre(centre.url, second, serial="A1", signer=SIGNER, authority_file=tmp_path / "a.pem")


async def test_another_computer_than_the_centre_is_not_joined(centre: Centre, dsn: str, tmp_path: Path) -> None:
    """Somebody between unit and centre answers with a certificate authority of their own."""
    code = await centre.invite("A1")
    async with centre_at_work(dsn, tmp_path / "other") as other:
        with pytest.raises(DeliveryError, match="is not the centre that made this code"):
            await join_centre(other.url, code, serial="A1", signer=SIGNER, authority_file=tmp_path / "a.pem")
        assert not (tmp_path / "a.pem").exists(), "nothing is trusted"
        client = Client(other.url, trusting(centre.authority), "A1", SIGNER)
        async with client:
            with pytest.raises(DeliveryError, match="its certificate is not of the authority"):
                await client.log_in(b"")


async def test_no_code_says_anything_of_the_authority_alone(tmp_path: Path) -> None:
    code, secret = new_code(b"authority")
    assert len(secret) == 10 and code.count("-") == 7
    with pytest.raises(DeliveryError, match="no one-time code"):
        await join_centre("https://x:1", code[:-1], serial="A1", signer=SIGNER, authority_file=tmp_path / "a.pem")


async def test_a_login_with_another_key_is_refused_like_one_of_nobody(centre: Centre, tmp_path: Path) -> None:
    await centre.let_in("A1", SIGNER, tmp_path)
    answers = [(await token_of(centre, THIEF, serial))[:2] for serial in ("A1", "nobody")]
    assert answers[0] == answers[1], "it does not tell which units there are"
    assert answers[0][0] == 401
    (_, there), (_, absent) = [await post(centre, "/v1/challenges", {"unit": serial}) for serial in ("A1", "nobody")]
    assert there.keys() == absent.keys() and len(str(there["challenge"])) == len(str(absent["challenge"])) == 64


async def test_a_replayed_login_is_refused(centre: Centre, tmp_path: Path) -> None:
    await centre.let_in("A1", SIGNER, tmp_path)
    status, _, body = await token_of(centre, SIGNER)
    assert status == 200
    assert (await post(centre, "/v1/tokens", body))[0] == 401


async def test_a_challenge_of_another_unit_does_not_count(centre: Centre, tmp_path: Path) -> None:
    await centre.let_in("A1", SIGNER, tmp_path)
    await centre.let_in("B2", THIEF, tmp_path)
    _, asked = await post(centre, "/v1/challenges", {"unit": "B2"})
    signature = SIGNER.sign(login_message("test", "A1", str(asked["challenge"]))).hex()
    body = {"unit": "A1", "challenge": asked["challenge"], "signature": signature}
    assert (await post(centre, "/v1/tokens", body))[0] == 401


async def test_a_signature_for_another_centre_does_not_count(centre: Centre, tmp_path: Path) -> None:
    """A centre that a unit trusts less passes its challenge on: the signature names the centre it is for."""
    await centre.let_in("A1", SIGNER, tmp_path)
    _, asked = await post(centre, "/v1/challenges", {"unit": "A1"})
    signature = SIGNER.sign(login_message("elsewhere", "A1", str(asked["challenge"]))).hex()
    body = {"unit": "A1", "challenge": asked["challenge"], "signature": signature}
    assert (await post(centre, "/v1/tokens", body))[0] == 401


async def test_a_token_ends_with_its_time_and_is_kept_as_a_hash(dsn: str, tmp_path: Path) -> None:
    async with centre_at_work(dsn, tmp_path / "centre", token_s=0.2) as centre:
        await centre.let_in("A1", SIGNER, tmp_path)
        _, answer, _ = await token_of(centre, SIGNER)
        token = str(answer["token"])
        assert token.encode() not in b"".join(
            row["token_sha256"] for row in await centre.pool.fetch("SELECT * FROM tokens")
        )
        await asyncio.sleep(0.3)
        status, _ = await post(centre, "/v1/status", {"head": {"seq": 0, "hash": "0" * 64}}, token)
        assert status == 401


@pytest.mark.parametrize("state", [UnitState.SUSPENDED, UnitState.REVOKED])
async def test_a_unit_that_may_not_deliver_any_more_is_out_at_once(
    centre: Centre, tmp_path: Path, state: UnitState
) -> None:
    async with await centre.let_in("A1", SIGNER, tmp_path) as client:
        await client.log_in(b"")
        async with centre.pool.acquire() as connection:
            await change_state(connection, "A1", state)
        with pytest.raises(Answered, match="not valid"):
            await client.head()
        with pytest.raises(Answered, match="not valid"):
            await client.log_in(b"")
        if state is UnitState.SUSPENDED:
            async with centre.pool.acquire() as connection:
                await change_state(connection, "A1", UnitState.ACTIVE)
            await client.log_in(b"")
            assert (await client.head()).seq == 0


async def test_a_stolen_token_reads_nothing(centre: Centre, tmp_path: Path) -> None:
    """Whoever has a token may deliver what the unit signed: no address gives anything of a case back."""
    state_dir = tmp_path / "unit"
    await filled(state_dir, 1)
    async with await centre.let_in("AVX-TEST", SIGNER, tmp_path) as client:
        await client.log_in(b"")
        await client.entries(lines_of(state_dir))
    status, answer, _ = await token_of(centre, SIGNER, "AVX-TEST")
    token = str(answer["token"])
    seen = [await post(centre, "/v1/status", {"head": {"seq": 3, "hash": "0" * 64}}, token)]
    seen.append(await post(centre, "/v1/entries", {}, token))
    text = json.dumps(seen)
    assert status == 200
    assert not [secret for secret in ("AB000CD", "Rossi", "UD1234567A", "SP 235") if secret in text]


async def test_a_key_that_was_rotated_before_the_next_visit_logs_in(centre: Centre, tmp_path: Path) -> None:
    """The centre has never seen the new key: the chain's own entries introduce it. The old key is out from then on."""
    state_dir, key_file = tmp_path / "unit", write_key(tmp_path / "signing.key")
    await filled(state_dir, 1)
    async with await centre.let_in("A1", SIGNER, tmp_path) as client:
        await client.log_in(b"")
        await client.entries(lines_of(state_dir))
    rotated = rotate_signing_key(state_dir, key_file)
    outbox = Outbox(state_dir)
    async with Client(centre.url, trusting(centre.authority), "A1", rotated) as client:
        with pytest.raises(Answered):
            await client.log_in(b"")
        await client.log_in(outbox.key_lines())
        head = outbox.head()
        assert head is not None
        assert (await client.entries(lines_of(state_dir, 3))).seq == head.seq
    assert (await token_of(centre, SIGNER))[0] == 401, "a superseded key is out"
    async with Client(centre.url, trusting(centre.authority), "A1", rotated) as client:
        await client.log_in(b"")
    async with Client(centre.url, trusting(centre.authority), "A1", THIEF) as client:
        with pytest.raises(Answered):
            await client.log_in(outbox.key_lines())


class Nobodys:
    """Signs with the neutral element as its public key: OpenSSL takes (B, 1) for a signature of everything."""

    public_key = bytes([1]) + bytes(31)
    key_id = sha256(public_key)[:16]

    def sign(self, message: bytes) -> bytes:
        return bytes.fromhex("58" + "66" * 31) + bytes([1]) + bytes(31)


async def test_a_key_that_is_none_logs_nobody_in(centre: Centre, tmp_path: Path) -> None:
    """Whoever has the chain's entry that introduces it could log in for good, without a secret."""
    state_dir = tmp_path / "unit"
    await filled(state_dir, 1)
    nobodys = Nobodys()
    with write_transaction(StateFolder(state_dir)) as database:
        append_entry(database, KEY_KIND, None, key_content(nobodys, supersedes=SIGNER.key_id), signer=SIGNER)
    async with await centre.let_in("A1", SIGNER, tmp_path) as client:
        await client.log_in(b"")
    async with Client(centre.url, trusting(centre.authority), "A1", nobodys) as client:  # type: ignore[arg-type]
        with pytest.raises(Answered):
            await client.log_in(Outbox(state_dir).key_lines())


async def test_an_address_that_logs_in_too_often_waits(dsn: str, tmp_path: Path) -> None:
    async with centre_at_work(dsn, tmp_path / "centre", logins_per_minute=5) as centre:
        answers = [await post(centre, "/v1/challenges", {"unit": "x"}) for _ in range(8)]
    assert [status for status, _ in answers] == [200] * 5 + [429] * 3
