"""The exchange with one car: CONNECT, challenge, packet, acknowledgement.

Guards against python-socketio 5.18.1, each with its test in tests/attacks:

- An ``emit`` in the connect handler overtakes the CONNECT packet unless ``always_connect=True``.
- A client can send the events ``connect`` and ``disconnect`` and so run those handlers. Here the only known event is
  compared by name, and no event is looked up in the table of handlers.
- Binary attachments are collected without bound. Here :class:`~edge.link.frames.CarPacket` has none.
- An event with the wrong number of arguments raises, is logged with a traceback and gets no acknowledgement. Here it
  is answered ``malformed``.
- Each event becomes a task, without back-pressure. Here ``async_handlers=False``, and one packet a connection.
- A second CONNECT, or a CONNECT for another namespace, gets an error and may be repeated. Here the second one closes
  the connection, and the connection's messages bound both.
"""

from __future__ import annotations

import base64
import binascii
import re
import time
from collections.abc import Callable
from typing import Any, Final

import socketio

from edge.crypto import PAYLOAD_BYTES
from edge.link.challenge import Challenge
from edge.link.connection import Connection, Stage
from edge.link.engineio import CarEngine, silent_logger
from edge.link.frames import ACK, CONNECT, DISCONNECT, EVENT, CarPacket, FrameError
from edge.model import Packet

ANSWER_GRACE_S: Final = 2.0
"""How long a connection may stay open after its answer, and how long a late answer is still told ``expired``."""

_UID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_BASE64_CHARACTERS: Final = 4 * ((PAYLOAD_BYTES + 2) // 3)


class Exchange(socketio.AsyncServer):  # type: ignore[misc]
    """A Socket.IO server with one namespace, one event and one fixed order of messages."""

    eio: CarEngine

    def __init__(self, deliver: Callable[[Packet, str], bool], *, challenge_ttl_s: float) -> None:
        """Set the server up.

        Args:
            deliver: stores a packet that came from a source address; returns whether there was room for it.
            challenge_ttl_s: how long a car may take to answer its challenge, in seconds.
        """
        super().__init__(
            serializer=CarPacket,
            always_connect=True,
            async_handlers=False,
            namespaces=["/"],
            logger=silent_logger(),
        )
        self._deliver = deliver
        self._challenge_ttl_s = challenge_ttl_s
        self.on("connect", self._send_challenge)

    def _engineio_server_class(self) -> type[CarEngine]:
        return CarEngine

    async def _handle_eio_message(self, eio_sid: str, data: str) -> None:
        pkt = CarPacket(encoded_packet=data)
        connection: Connection = self.environ[eio_sid]["connection"]
        if pkt.packet_type == CONNECT:
            if connection.stage is not Stage.CONNECTING or not (pkt.data is None or isinstance(pkt.data, dict)):
                raise FrameError("bad_frame")
            await self._handle_connect(eio_sid, pkt.namespace, None)
        elif connection.stage is Stage.CONNECTING or pkt.namespace not in (None, "/"):
            raise FrameError("bad_frame")
        elif pkt.packet_type == EVENT:
            await self._handle_event(eio_sid, "/", pkt.id, pkt.data)
        elif pkt.packet_type == DISCONNECT:
            connection.challenge = None
            await self._forget(eio_sid)

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        await self._forget(eio_sid)
        del self.environ[eio_sid]

    async def _forget(self, eio_sid: str) -> None:
        sid = self.manager.sid_from_eio_sid(eio_sid, "/")
        if sid is None:
            return
        # Not manager.disconnect(): it copies the table of all rooms, so each end would cost as much as there are
        # connections; and the library skips it for a client whose CONNECT was interrupted, which leaks.
        self.manager.basic_leave_room(sid, "/", sid)
        self.manager.basic_leave_room(sid, "/", None)
        pending = self.manager.pending_connect.get("/", [])
        if sid in pending:
            pending.remove(sid)

    async def _send_challenge(self, sid: str, environ: dict[str, Connection], _auth: None) -> None:
        connection = environ["connection"]
        connection.challenge = challenge = Challenge()
        connection.advance(Stage.CHALLENGED, self._challenge_ttl_s + ANSWER_GRACE_S)
        body = {"nonce": challenge.nonce, "timestamp": challenge.timestamp}
        eio_sid = self.manager.eio_sid_from_sid(sid, "/")
        await self._send_packet(eio_sid, CarPacket(EVENT, ["challenge", body]))

    async def _handle_event(self, eio_sid: str, namespace: str, id: int | None, data: Any) -> None:
        connection: Connection = self.environ[eio_sid]["connection"]
        if not isinstance(data, list) or not data or not isinstance(data[0], str):
            raise FrameError("bad_frame")
        refusal = self._take_packet(connection, data[1:]) if data[0] == "packet" else "malformed"
        connection.counters[refusal or "accepted"] += 1
        if refusal in (None, "busy"):
            connection.finish()
        if id is not None:
            reply = {"status": "accepted"} if refusal is None else {"status": "rejected", "reason": refusal}
            await self._send_packet(eio_sid, CarPacket(ACK, [reply], id=id))

    def _take_packet(self, connection: Connection, arguments: list[Any]) -> str | None:
        """Deliver the packet in an event's *arguments*.

        Returns:
            None, or the reason for a refusal, which never depends on the sealed contents.
        """
        if connection.challenge is None:
            return "malformed"
        now_ns = time.monotonic_ns()
        refusal = connection.challenge.spend(now_ns, self._challenge_ttl_s)
        if refusal is None:
            connection.advance(Stage.ANSWERED, ANSWER_GRACE_S)
            answer = _parse(arguments)
            if answer is None:
                return "malformed"
            uid, payload = answer
            challenge = connection.challenge
            packet = Packet(uid, payload, challenge.nonce, challenge.timestamp, time.time(), now_ns)
            return None if self._deliver(packet, connection.source) else "busy"
        return refusal


def _parse(arguments: list[Any]) -> tuple[str, bytes] | None:
    """Return the uid and the 512 bytes of a packet event's arguments, or None if they are malformed."""
    if len(arguments) != 1 or not isinstance(arguments[0], dict) or arguments[0].keys() != {"uid", "payload"}:
        return None
    uid, text = arguments[0]["uid"], arguments[0]["payload"]
    if not isinstance(uid, str) or not isinstance(text, str) or not _UID.fullmatch(uid):
        return None
    if len(text) != _BASE64_CHARACTERS:
        return None
    try:
        payload = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    return (uid, payload) if len(payload) == PAYLOAD_BYTES else None
