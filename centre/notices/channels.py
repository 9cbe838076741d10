"""How a notice gets to people: e-mail (SMTP) and a webhook (JSON over HTTPS, with an HMAC). Both or none is fine."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Final, Protocol

import aiohttp

from centre.config import NoticeSettings
from centre.notices.problems import Problem
from edge.errors import SecretError
from edge.terminal import legible

TIMEOUT_S: Final = 20.0
MOST_LINES: Final = 100
"""Of each kind in one message; a thousand silent units are one message."""
SIGNATURE: Final = "X-Autovelox-Signature"


@dataclass(frozen=True, slots=True)
class Message:
    """What changed since the last message: problems that are new, that are still there, and that are over."""

    centre: str
    at: str
    new: Sequence[Problem] = ()
    still: Sequence[Problem] = ()
    over: Sequence[Problem] = ()

    def subject(self) -> str:
        """One line."""
        counts = ((len(self.new), "new"), (len(self.still), "still there"), (len(self.over), "over"))
        return f"Autovelox centre {self.centre}: " + ", ".join(f"{count} {what}" for count, what in counts if count)

    def text(self) -> str:
        """The whole message, to be read by a person."""
        parts = [self.subject(), self.at]
        for title, problems in (("New", self.new), ("Still there", self.still), ("Over", self.over)):
            if problems:
                lines = [f"- {problem.unit or 'the centre'}: {problem.text}" for problem in problems[:MOST_LINES]]
                if len(problems) > MOST_LINES:
                    lines.append(f"- and {len(problems) - MOST_LINES} more: autovelox-centre status")
                parts.append("\n".join([f"{title}:", *map(legible, lines)]))
        return "\n\n".join(parts) + "\n"

    def record(self) -> dict[str, object]:
        """The message for a program."""
        kinds = {"new": self.new, "still": self.still, "over": self.over}
        problems = {kind: [asdict(problem) for problem in found[:MOST_LINES]] for kind, found in kinds.items()}
        counts = {f"{kind}_count": len(found) for kind, found in kinds.items()}
        return {"format": "autovelox-notice-1", "centre": self.centre, "at": self.at, **problems, **counts}


class Channel(Protocol):
    """A way to people."""

    @property
    def name(self) -> str:
        """By which it is remembered what was told on it."""
        ...

    async def send(self, message: Message) -> None:
        """Send *message*; returns when it was taken over.

        Raises:
            OSError, SMTPException, ClientError, TimeoutError: it was not, and is to be sent again.
        """
        ...


class EmailChannel:
    """E-mail by way of one server, over TLS that its certificate vouches for unless ``smtp_security`` is ``none``."""

    name = "email"

    def __init__(self, settings: NoticeSettings) -> None:
        """Nothing is opened yet; raises :class:`SecretError` where the password cannot be read."""
        self._asked = settings
        self._password = read_secret(settings.smtp_password_file) if settings.smtp_password_file else None

    async def send(self, message: Message) -> None:
        """See :class:`Channel`."""
        mail = EmailMessage()
        mail["Subject"] = message.subject()
        mail["From"] = self._asked.email_from
        mail["To"] = ", ".join(self._asked.email_to)
        mail["Date"] = format_datetime(_now())
        mail["Message-ID"] = make_msgid(domain=self._asked.email_from.rpartition("@")[2])
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text())
        async with asyncio.timeout(2 * TIMEOUT_S):
            await asyncio.to_thread(self._send, mail)

    def _send(self, mail: EmailMessage) -> None:
        asked = self._asked
        context = ssl.create_default_context(cafile=asked.smtp_authority)
        if asked.smtp_security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                asked.smtp_host, asked.smtp_port, timeout=TIMEOUT_S, context=context
            )
        else:
            server = smtplib.SMTP(asked.smtp_host, asked.smtp_port, timeout=TIMEOUT_S)
        with server:
            if asked.smtp_security == "starttls":
                server.starttls(context=context)
            if asked.smtp_user and self._password is not None:
                server.login(asked.smtp_user, self._password)
            server.send_message(mail)


class WebhookChannel:
    """JSON by ``POST`` to one address; any 2xx takes it over. :data:`SIGNATURE` has an HMAC of the body."""

    name = "webhook"

    def __init__(self, settings: NoticeSettings) -> None:
        """Nothing is opened yet; raises :class:`SecretError` where the key of the HMAC cannot be read."""
        self._url = settings.webhook_url or ""
        self._authority = settings.webhook_authority
        self._key = read_secret(settings.webhook_key_file).encode() if settings.webhook_key_file else None

    async def send(self, message: Message) -> None:
        """See :class:`Channel`."""
        body = json.dumps(message.record()).encode()
        headers = {"Content-Type": "application/json"}
        if self._key is not None:
            headers[SIGNATURE] = "sha256=" + hmac.digest(self._key, body, hashlib.sha256).hex()
        context = ssl.create_default_context(cafile=self._authority)
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        connector = aiohttp.TCPConnector(ssl=context)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.post(self._url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            if not 200 <= answer.status < 300:
                raise OSError(f"HTTP {answer.status}")


def channels_of(settings: NoticeSettings) -> list[Channel]:
    """The configured channels.

    Raises:
        SecretError: a password or key cannot be read.
    """
    found: list[Channel] = []
    if settings.email_to:
        found.append(EmailChannel(settings))
    if settings.webhook_url is not None:
        found.append(WebhookChannel(settings))
    return found


def read_secret(file: Path, section: str = "notices") -> str:
    """The password or key in *file*, which a setting of *section* names.

    Raises:
        SecretError: it cannot be read, or other accounts may read it.
    """
    try:
        if file.stat().st_mode & 0o077:
            raise SecretError(f"{file} can be read by other accounts", f"chmod 600 {file}")
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise SecretError(f"{file} cannot be read ({reason})", f"check [{section}]") from None


def _now() -> datetime:
    return datetime.now(UTC)
