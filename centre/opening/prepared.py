"""Imported by the process from which those of the opening service are forked: a first use finds everything made.

Nothing of a case is here, and no key: what is prepared is the same in every process.
"""

from __future__ import annotations

from Crypto.Cipher import AES
from cryptography.hazmat.backends.openssl.backend import backend

from centre.opening import job
from edge.identify.origin import prepare

prepare()
AES.new(bytes(16), AES.MODE_GCM, nonce=bytes(12)).encrypt(bytes(16))

__all__ = ["backend", "job"]
