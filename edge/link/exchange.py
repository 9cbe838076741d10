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

import time
from collections.abc import Callable
from typing import Any, Final

import socketio

from edge.link.answers import Answer, agreed_version, read_answer
from edge.link.challenge import Challenge
from edge.link.connection import Connection, Stage
from edge.link.engineio import CarEngine, silent_logger
from edge.link.frames import ACK, CONNECT, DISCONNECT, EVENT, CarPacket, FrameError
from edge.link.identity import Identity
from edge.model import Packet

ANSWER_GRACE_S: Final = 2.0
"""How long a connection may stay open after its answer, and how long a late answer is still told ``expired``."""


class Exchange(socketio.AsyncServer):  # type: ignore[misc]
    """A Socket.IO server with one namespace, one event and one fixed order of messages."""

    eio: CarEngine

    def __init__(
        self, deliver: Callable[[Packet, str], bool], *, challenge_ttl_s: float, identity: Identity | None = None
    ) -> None:
        """Set the server up.

        Args:
            deliver: stores a packet that came from a source address; returns whether there was room for it.
            challenge_ttl_s: how long a car may take to answer a challenge of version 1, in seconds.
            identity: how the unit speaks version 2; without it it speaks version 1 alone.
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
        self.identity = identity
        self.on("connect", self._send_challenge)

    def _engineio_server_class(self) -> type[CarEngine]:
        return CarEngine

    async def _handle_eio_message(self, eio_sid: str, data: str) -> None:
        pkt = CarPacket(encoded_packet=data)
        connection: Connection = self.environ[eio_sid]["connection"]
        if pkt.packet_type == CONNECT:
            if connection.stage is not Stage.CONNECTING or not (pkt.data is None or isinstance(pkt.data, dict)):
                raise FrameError("bad_frame")
            connection.version = agreed_version(pkt.data, self.identity.versions if self.identity else (1,))
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
        connection.challenge = challenge = Challenge(connection.version)
        connection.advance(Stage.CHALLENGED, self._ttl_s(challenge) + ANSWER_GRACE_S)
        body: dict[str, Any] = {"nonce": challenge.nonce, "timestamp": challenge.timestamp}
        if challenge.version != 1:
            assert self.identity is not None
            body = self.identity.signer.body(challenge.nonce, challenge.timestamp)
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
            await self._send_packet(eio_sid, CarPacket(ACK, [self._reply(connection, refusal)], id=id))

    def _reply(self, connection: Connection, refusal: str | None) -> dict[str, Any]:
        """What the acknowledgement says; one of version 2 says for how long the packet counts."""
        if refusal is not None:
            return {"status": "rejected", "reason": refusal}
        if connection.version == 1:
            return {"status": "accepted"}
        assert self.identity is not None
        return {"status": "accepted", "counts_s": self.identity.counts_s}

    def _ttl_s(self, challenge: Challenge) -> float:
        return self._challenge_ttl_s if self.identity is None or challenge.version == 1 else self.identity.ttl_s

    def _take_packet(self, connection: Connection, arguments: list[Any]) -> str | None:
        """Deliver the packet in an event's *arguments*.

        Returns:
            None, or the reason for a refusal, which never depends on the sealed contents.
        """
        if connection.challenge is None:
            return "malformed"
        now_ns = time.monotonic_ns()
        challenge = connection.challenge
        refusal = challenge.spend(now_ns, self._ttl_s(challenge))
        if refusal is None:
            connection.advance(Stage.ANSWERED, ANSWER_GRACE_S)
            answer = read_answer(arguments)
            if answer is None or (self.identity is None and answer.version != 1):
                return "malformed"
            if answer.version != challenge.version:
                return "version"
            packet = self._packet(answer, connection, challenge, now_ns)
            return None if self._deliver(packet, connection.source) else "busy"
        return refusal

    def _packet(self, answer: Answer, connection: Connection, challenge: Challenge, now_ns: int) -> Packet:
        received = (answer.uid, answer.payload, challenge.nonce, challenge.timestamp, time.time(), now_ns)
        if answer.version == 1:
            return Packet(*received)
        assert self.identity is not None
        return Packet(
            *received,
            version=answer.version,
            sealed_uid=answer.sealed_uid,
            signature=answer.signature,
            unit=self.identity.signer.unit,
            endpoint=connection.endpoint,
        )
