"""The Socket.IO packets that the link speaks; everything else is refused.

``socketio.packet.Packet`` (5.18.1) accepts any number of binary attachments, ``NaN``, duplicate keys, an attachment
count on a packet without attachments, Unicode digits, and an empty string, which it reads as an event without data.
"""

from __future__ import annotations

from typing import Any, Final

from socketio import packet

from edge.crypto import strict_json

CONNECT: Final = packet.CONNECT
DISCONNECT: Final = packet.DISCONNECT
EVENT: Final = packet.EVENT
ACK: Final = packet.ACK

MAX_FRAME_BYTES: Final = 2048
"""One message of a car; the largest honest one, the packet event of version 2, has at most 1,595 characters."""

MAX_ACK_DIGITS: Final = 10


class FrameError(ValueError):
    """The peer does not speak the protocol: its connection is closed.

    Attributes:
        outcome: a fixed word, the name of the counter.
    """

    def __init__(self, outcome: str) -> None:
        """Keep the fixed word *outcome*."""
        super().__init__(outcome)
        self.outcome = outcome


class CarPacket(packet.Packet):  # type: ignore[misc]
    """A Socket.IO packet in text form; an incoming one is CONNECT, DISCONNECT or EVENT."""

    uses_binary_events = False
    json = strict_json

    def __init__(self, packet_type: int = EVENT, data: Any = None, *, id: int | None = None, **rest: Any) -> None:
        """Make a packet to send, or decode ``encoded_packet``.

        Raises:
            FrameError: the text is not a packet that a car may send.
        """
        super().__init__(packet_type, data, id=id, **rest)
        # The library does not decode an empty text, and an event without data would remain.
        if rest.get("encoded_packet") == "":
            raise FrameError("bad_frame")

    def decode(self, encoded_packet: str) -> int:
        """Decode *encoded_packet* in place and return the number of attachments, which is always 0.

        Raises:
            FrameError: the text is not a packet that a car may send.
        """
        # An allow-list: types 5 and 6 would make the library collect attachments without bound.
        if encoded_packet[:1] not in ("0", "1", "2") or not encoded_packet.isascii():
            raise FrameError("bad_frame")
        try:
            attachments = super().decode(encoded_packet)
        except (ValueError, RecursionError):
            raise FrameError("bad_frame") from None
        if attachments or (self.id is not None and self.id >= 10**MAX_ACK_DIGITS):
            raise FrameError("bad_frame")
        return 0
