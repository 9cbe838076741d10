"""Joining a centre: its address and a one-time code from a person, the authority's certificate for good."""

from __future__ import annotations

import json
import re
import ssl
from pathlib import Path
from typing import Any

import aiohttp

from edge.delivery.client import TIMEOUT, trusting
from edge.delivery.kept import keep
from edge.delivery.orders import read_signers, signers_record
from edge.delivery.ports import Signer
from edge.delivery.wire import is_pinned, join_message, read_code
from edge.errors import DeliveryError

MAX_BYTES = 64 * 1024
CENTRE_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


async def join_centre(
    url: str, code: str, *, serial: str, signer: Signer, authority_file: Path, signers_file: Path | None = None
) -> str:
    """Show the *code* and the public key to the centre at *url*, and write its authority to *authority_file*.

    The first visit asks for the authority's certificate without trusting anybody: what comes counts only if it has the
    hash that the code names. Everything after goes over TLS that this authority vouches for. The keys of the officers
    whose orders count from now on go to *signers_file*.

    Returns:
        The centre's name.

    Raises:
        DeliveryError: the code is none, another computer answers, the centre refuses, or the file cannot be written.
    """
    if not re.fullmatch(r"https://[^/?#@\s]+/?", url):
        raise DeliveryError("that is no address of a centre", "write it as https://HOST:PORT")
    url = url.rstrip("/")
    try:
        secret, pin = read_code(code)
    except ValueError:
        raise DeliveryError("that is no one-time code", "type what autovelox-centre units add printed") from None
    pem = await _authority(url)
    try:
        der = ssl.PEM_cert_to_DER_cert(pem)
    except ValueError:
        der = b""
    if not is_pinned(der, pin):
        raise DeliveryError(
            "the computer that answers is not the centre that made this code", "check the address, and the code"
        )
    keep(authority_file, pem)
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=trusting(authority_file)), timeout=TIMEOUT, trust_env=False
    ) as session:
        asked = await _post(session, f"{url}/v1/challenges", {"unit": serial})
        centre = str(asked.get("centre", ""))
        if not CENTRE_NAME.fullmatch(centre):
            raise DeliveryError("what answers is no centre", "check the address")
        signature = signer.sign(join_message(centre, serial, secret))
        body = {
            "unit": serial,
            "code_secret": secret.hex(),
            "public_key": signer.public_key.hex(),
            "signature": signature.hex(),
        }
        answer = await _post(session, f"{url}/v1/join", body)
    if signers_file is not None and "signers" in answer:  # a centre of an earlier version gives none
        keep(signers_file, json.dumps(signers_record(read_signers(answer)), indent=2) + "\n")
    return centre


async def _authority(url: str) -> str:
    async with aiohttp.ClientSession(timeout=TIMEOUT, trust_env=False) as session:
        try:
            async with session.get(f"{url}/v1/authority", ssl=False, allow_redirects=False) as response:
                return (await response.content.read(MAX_BYTES)).decode("ascii", "replace")
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise _unreachable(error) from None


async def _post(session: aiohttp.ClientSession, url: str, body: dict[str, str]) -> dict[str, Any]:
    try:
        async with session.post(url, json=body, allow_redirects=False) as response:
            text = await response.content.read(MAX_BYTES)
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise _unreachable(error) from None
    try:
        answer = json.loads(text)
        if not isinstance(answer, dict):
            raise ValueError
    except ValueError:
        raise DeliveryError("what answers is no centre", "check the address") from None
    if response.status != 200:
        cause = f"the centre refuses: {str(answer.get('title', f'HTTP {response.status}'))[:200]}"
        raise DeliveryError(cause, str(answer.get("detail", "read the centre's log"))[:200])
    return answer


def _unreachable(error: Exception) -> DeliveryError:
    return DeliveryError(f"the centre cannot be reached ({type(error).__name__})", "check the network and the address")
