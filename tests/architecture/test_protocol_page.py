"""The protocol's page says what the code does: its vectors open, its limits are the settings' own."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from pathlib import Path

from Crypto.PublicKey import RSA

from edge.config import LinkSettings
from edge.crypto.packet import PLAINTEXT_BYTES, Opened, digest, open_packet
from edge.link.connection import MAX_BYTES, MAX_MESSAGES, PING_INTERVAL_S, PING_TIMEOUT_S
from edge.link.exchange import ANSWER_GRACE_S
from edge.link.frames import MAX_FRAME_BYTES
from edge.link.http import MAX_FIELD_BYTES, MAX_HEADERS
from edge.model import Packet
from tests.support.link import VECTORS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)\n```", PAGE, re.DOTALL)
    assert found is not None
    return found.group(1)


def cell(name: str) -> str:
    found = re.search(rf"^\| {name} \| `(.*?)` \|$", PAGE, re.MULTILINE)
    assert found is not None
    return found.group(1).replace("&#124;", "|")


def test_the_pages_vector_opens() -> None:
    key = RSA.import_key(block("pem"))
    payload = base64.b64decode(block("base64"))
    packet = Packet(cell("uid"), payload, cell("nonce"), int(cell("timestamp")), 0.0, 0)
    assert open_packet(key, packet) == Opened(cell("plate"), cell("licence"))
    values = (cell("plate"), cell("licence"), cell("nonce"), int(cell("timestamp")))
    assert cell("hashed") == "|".join(map(str, values))
    assert cell("hash") == digest(*values)
    assert json.loads(block("json"))["hash"] == cell("hash")


def test_openssl_opens_the_pages_vector_as_the_page_says(tmp_path: Path) -> None:
    """Another implementation than the unit's agrees with it about padding, hashes and label."""
    (tmp_path / "payload.b64").write_text(block("base64") + "\n")
    (tmp_path / "key.pem").write_text(block("pem") + "\n")
    done = subprocess.run(["sh", "-e", "-c", block("sh")], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == block("json")


def test_the_page_and_the_file_agree() -> None:
    first = VECTORS[0]
    for name in ("plate", "licence", "uid", "nonce", "hashed", "hash"):
        assert cell(name) == first[name]
    assert block("json") == first["plaintext"]
    assert block("pem") == first["private_key"]
    assert block("base64").replace("\n", "") == first["payload"]


def test_the_pages_limits_are_ours() -> None:
    settings = LinkSettings()
    for text in (
        f"{settings.connect_timeout_s:g} s (`connect_timeout_s`)",
        f"{settings.challenge_ttl_s:g} s (`challenge_ttl_s`); up to {ANSWER_GRACE_S:g} s later",
        f"{MAX_FRAME_BYTES:,} bytes",
        f"{MAX_BYTES // 1024} KiB",
        f"| {MAX_MESSAGES} |",
        f"{settings.connections:,} (`connections`), {settings.address_connections:,} (`address_connections`)",
        f"{settings.address_rate_per_s:g} (`address_rate_per_s`), after a burst of {settings.address_burst} ",
        f"{settings.mailbox_packets:,} (`mailbox_packets`), {settings.packets_per_uid} (`packets_per_uid`)",
        f"at most {PLAINTEXT_BYTES} bytes",
        f"headers beyond {MAX_FIELD_BYTES // 1024} kB each or {MAX_HEADERS} in all",
        f'"pingTimeout":{PING_TIMEOUT_S * 1000:.0f},"pingInterval":{PING_INTERVAL_S * 1000:.0f}',
    ):
        assert text in PAGE, text
