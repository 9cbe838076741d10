"""TLS for the link: 1.2 with forward secrecy and authenticated encryption, or 1.3."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Final

from edge.errors import SecretError

CIPHERS_1_2: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"


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
