"""TLS for the link: 1.2 with forward secrecy and authenticated encryption, or 1.3."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Final

from Crypto.PublicKey import RSA

from edge.errors import SecretError

_BEGIN: Final = "-----BEGIN CERTIFICATE-----"
_END: Final = "-----END CERTIFICATE-----"

CIPHERS_1_2: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"


def advice(certificate: Path) -> tuple[str, str] | None:
    """Say what makes the PEM file *certificate* slow, as cause and remedy, or return None.

    A handshake costs the unit one signature with the certificate's key. With RSA-4096 it costs about 200 times as much
    as with P-256 (``openssl speed rsa4096 ecdsap256``), so a few hundred strangers a second keep a core busy.

    Raises:
        SecretError: the file cannot be read, or holds no certificate.
    """
    try:
        text = certificate.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        raise SecretError(f"the TLS certificate {certificate} cannot be read", "check [link] tls_certificate") from None
    begin, end = text.find(_BEGIN), text.find(_END)
    if begin < 0 or end < begin:
        raise SecretError(f"{certificate} holds no certificate", "check [link] tls_certificate") from None
    try:
        bits = RSA.import_key(text[begin : end + len(_END)]).size_in_bits()
    except ValueError:  # the key is of another kind
        return None
    return (
        f"the TLS certificate has an RSA key of {bits} bits, which makes each connection costly",
        "get one with an EC key: openssl ecparam -name prime256v1 -genkey -noout",
    )


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Return the server's context for the PEM files *certificate* (with its chain) and *key*.

    Raises:
        SecretError: a file is missing or cannot be read, or the key does not belong to the certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS_1_2)
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols(["http/1.1"])
    try:
        # An empty password: OpenSSL would otherwise prompt for one, and the start would wait for a person.
        context.load_cert_chain(certificate, key, password="")
    except FileNotFoundError:
        raise SecretError(
            f"the TLS certificate {certificate} or its key is missing", "check tls_certificate and tls_key in [link]"
        ) from None
    except PermissionError:
        raise SecretError("the TLS key cannot be read", "give it to the unit's user, mode 0600") from None
    except (ssl.SSLError, OSError) as error:
        reason = getattr(error, "reason", None) or error.strerror or "unreadable"
        raise SecretError(
            f"the TLS certificate or key cannot be used ({reason})", "give PEM files that belong together"
        ) from None
    return context
