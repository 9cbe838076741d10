"""A token's URI (RFC 7512): read strictly, and never with the PIN in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.crypto import URI_EXAMPLE, is_token_uri, read_token_uri
from edge.crypto.token_uri import TokenUri
from edge.errors import SecretError


def test_the_example_is_understood() -> None:
    expected = TokenUri(Path("/usr/lib/softhsm/libsofthsm2.so"), "ada", pin_file=Path("/etc/ada.pin"))
    assert is_token_uri(URI_EXAMPLE) and read_token_uri(URI_EXAMPLE) == expected


def test_every_attribute_is_read_and_decoded() -> None:
    text = "pkcs11:serial=0a%201;token=Ada%27s%20%3B;object=car?pin-source=file:///etc/a%26b&module-path=/lib/a.so"
    assert read_token_uri(text) == TokenUri(Path("/lib/a.so"), "Ada's ;", "0a 1", "car", Path("/etc/a&b"))


@pytest.mark.parametrize(
    "text",
    [
        "pkcs11:", "pkcs11:token=ada", "pkcs11:?module-path=/a.so", "pkcs11:token=?module-path=/a.so",
        "pkcs11:token=ada;token=bob?module-path=/a.so", "pkcs11:token=ada;slot-id=1?module-path=/a.so",
        "pkcs11:token=ada?module-path=/a.so&pin-source=relative", "pkcs11:token=ada?module-path=/a.so&pin-source=|cat",
        "pkcs11:token=ada?module-path=/a.so&pin-source=https://pin.example", "anna.chip",
        "PKCS11:token=ada?module-path=/a",
    ],
)  # fmt: skip
def test_another_is_refused(text: str) -> None:
    with pytest.raises(SecretError, match="not understood"):
        read_token_uri(text)


@pytest.mark.parametrize(
    "place", ["pkcs11:token=ada;pin-value=493817", "pkcs11:token=a?pin-value=493817&module-path=/a"]
)
def test_a_pin_in_the_uri_is_refused_and_not_repeated(place: str) -> None:
    with pytest.raises(SecretError, match="every program of this machine can read it") as raised:
        read_token_uri(place)
    assert "493817" not in str(raised.value)
