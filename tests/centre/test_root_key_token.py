"""The root key wrapped by a key in a PKCS#11 token: SoftHSM2 here, with its own library."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from Crypto.PublicKey import RSA

from centre.cli import main
from centre.registry import PostgresRegistry, load_root_key, make_root_key, rotate_root
from centre.registry.token import WRAPPED_BYTES, unwrap, wrap
from edge.crypto import load_private_key, read_token_uri, unseal_secret
from edge.crypto.token_session import token_session
from edge.errors import SecretError
from tests.support.centre_registry import SHARDS, connection_as, pool_as, take_over
from tests.support.registry import enter
from tests.support.token import PIN, SoftToken, needs_token, token_of_process

pytestmark = needs_token


@pytest.fixture(scope="module")
def token() -> Iterator[SoftToken]:
    with token_of_process() as made:
        yield made


@pytest.fixture
def uri(token: SoftToken) -> str:
    """The wrapping key for these tests, beside what others keep in the token."""
    return token.uri(object="root")


def test_what_was_wrapped_is_unwrapped_by_the_same_token_alone(token: SoftToken, uri: str, tmp_path: Path) -> None:
    key = bytes(range(32))
    wrapped = wrap(uri, key)
    assert len(wrapped) == WRAPPED_BYTES and key not in wrapped
    assert unwrap(uri, wrapped) == key
    assert wrap(uri, key) == wrapped, "the wrapping key stays: RFC 3394 has no chance in it"
    for changed in (wrapped[:-1] + bytes([wrapped[-1] ^ 1]), wrapped[:-8], b""):
        with pytest.raises(SecretError, match="does not unwrap"):
            unwrap(uri, changed)
    with pytest.raises(SecretError, match="no wrapping key missing"):
        unwrap(token.uri(object="missing"), wrapped)
    other = wrap(token.uri(object="other"), key)
    assert other != wrapped
    with pytest.raises(SecretError, match="does not unwrap"):
        unwrap(uri, other)


def test_the_wrapping_key_never_leaves_the_token(uri: str) -> None:
    import pkcs11

    wrap(uri, bytes(32))
    named = read_token_uri(uri)
    with token_session(named) as session:
        (key,) = session.get_objects({pkcs11.Attribute.LABEL: named.object})
        assert key[pkcs11.Attribute.NEVER_EXTRACTABLE] and key[pkcs11.Attribute.LOCAL]
        with pytest.raises(pkcs11.PKCS11Error):
            key[pkcs11.Attribute.VALUE]
        left = list(session.get_objects({pkcs11.Attribute.KEY_TYPE: pkcs11.KeyType.GENERIC_SECRET}))
        assert not left, "what was wrapped is not kept in the token"


def test_a_wrapping_key_that_was_brought_in_is_none(token: SoftToken) -> None:
    import pkcs11

    named = read_token_uri(token.uri(object="brought"))
    with token_session(named) as session:
        session.create_object(
            {
                pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY,
                pkcs11.Attribute.KEY_TYPE: pkcs11.KeyType.AES,
                pkcs11.Attribute.LABEL: named.object,
                pkcs11.Attribute.VALUE: bytes(32),
                pkcs11.Attribute.TOKEN: True,
                pkcs11.Attribute.WRAP: True,
                pkcs11.Attribute.UNWRAP: True,
            }
        )
    with pytest.raises(SecretError, match="was not made in it"):
        wrap(token.uri(object="brought"), bytes(32))


def test_a_file_says_whether_a_token_wrapped_it(token: SoftToken, uri: str, tmp_path: Path) -> None:
    plain, wrapped = tmp_path / "plain.key", tmp_path / "wrapped.key"
    make_root_key(plain)
    make_root_key(wrapped, uri)
    assert len(load_root_key(plain)) == len(load_root_key(wrapped, uri)) == 32
    assert wrapped.stat().st_size == WRAPPED_BYTES and wrapped.stat().st_mode & 0o777 == 0o600
    with pytest.raises(SecretError, match="is wrapped by a token"):
        load_root_key(wrapped)
    with pytest.raises(SecretError, match="rotate-root"):
        load_root_key(plain, uri)
    wrong = tmp_path / "pin"
    wrong.write_text("000000\n")
    wrong.chmod(0o600)
    with pytest.raises(SecretError, match="does not take the PIN") as refused:
        load_root_key(wrapped, token.uri(object="root", pin_file=wrong))
    assert PIN not in str(refused.value) and "000000" not in str(refused.value)


async def test_the_registry_is_opened_with_the_token(uri: str, dsn: str, place: Path, key_pair: RSA.RsaKey) -> None:
    """A registry whose root key was a file gets one that the token wraps; the former key opens nothing any more."""
    enrolment = enter(place)
    await take_over(dsn, place)
    file, former = place / "root.key", load_root_key(place / "root.key")
    async with connection_as(dsn) as connection:
        assert await rotate_root(connection, file, uri) == SHARDS + 1
        first = file.read_bytes()
        assert await rotate_root(connection, file, uri) == SHARDS + 1, "and again, from token to token"
    assert file.stat().st_size == WRAPPED_BYTES and file.read_bytes() != first
    async with pool_as(dsn, "autovelox_opener") as pool:
        registry = await PostgresRegistry.open(pool, lambda: load_root_key(file, uri))
        key = (await registry.keys([enrolment.uid]))[enrolment.uid]
        assert load_private_key(unseal_secret(key.unsealing_key, key.sealed_key, key.context)) == key_pair
        with pytest.raises(SecretError, match="another registry's"):
            await PostgresRegistry.open(pool, lambda: former)


def test_the_commands_use_the_token(uri: str, dsn: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    enter(place)
    config = place / "centre.toml"
    text = f'[centre]\nstate_dir = "state"\n[database]\nurl = "{dsn}"\n[registry]\nroot_key_file = "keys/root.key"\n'
    config.write_text(f'{text}root_key_token = "{uri}"\n')
    words = ["registry", "import", str(place / "registry.sqlite"), "--master-key", str(place / "master.key")]
    assert main(["--config", str(config), *words]) == 0
    assert (place / "keys" / "root.key").stat().st_size == WRAPPED_BYTES
    assert main(["--config", str(config), "registry", "rotate-root"]) == 0
    assert main(["--config", str(config), "registry", "rotate-shards", "0"]) == 0
    config.write_text(text)
    capsys.readouterr()
    assert main(["--config", str(config), "registry", "rotate-shards", "0"]) == 9
    assert "name it: [registry] root_key_token" in capsys.readouterr().err
