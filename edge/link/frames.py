"""The Socket.IO packets the link speaks, and nothing else.

Stock ``socketio.packet.Packet`` (5.18.1) takes binary attachments in any number, ``NaN``, duplicate keys, an attachment
count on a packet that has none, Unicode digits, and an empty string, which it reads as an event without data.
"""

from __future__ import annotations

from typing import Any, Final

from socketio import packet

from edge.crypto import strict_json

CONNECT: Final = packet.CONNECT
DISCONNECT: Final = packet.DISCONNECT
EVENT: Final = packet.EVENT
ACK: Final = packet.ACK
CONNECT_ERROR: Final = packet.CONNECT_ERROR

MAX_FRAME_BYTES: Final = 2048
"""One message of a car; the largest honest one, the packet event with a 64-character uid, has 799 characters."""

MAX_ACK_DIGITS: Final = 10


class FrameError(ValueError):
    """The other side does not speak the protocol: its connection ends here. ``outcome`` is the counter's word."""

    def __init__(self, outcome: str) -> None:
        """Keep the fixed word *outcome*."""
        super().__init__(outcome)
        self.outcome = outcome


class CarPacket(packet.Packet):  # type: ignore[misc]
    """A Socket.IO packet in text, on CONNECT, DISCONNECT and EVENT when it comes in."""

    uses_binary_events = False
    json = strict_json

    def __init__(self, packet_type: int = EVENT, data: Any = None, *, id: int | None = None, **rest: Any) -> None:
        """Make a packet to send, or decode ``encoded_packet``.

        Raises:
            FrameError: the text is not a packet that a car may send.
        """
        super().__init__(packet_type, data, id=id, **rest)
        # The library skips decoding when the text is empty and leaves an event behind.
        if rest.get("encoded_packet") == "":
            raise FrameError("bad_frame")

    def decode(self, encoded_packet: str) -> int:
        """Decode *encoded_packet* in place; a car's packet never announces attachments."""
        # By list, not by exclusion: 5 and 6 would make the library collect attachments without bound.
        if encoded_packet[:1] not in ("0", "1", "2") or not encoded_packet.isascii():
            raise FrameError("bad_frame")
        try:
            attachments = super().decode(encoded_packet)
        except (ValueError, RecursionError):
            raise FrameError("bad_frame") from None
        if attachments or (self.id is not None and self.id >= 10**MAX_ACK_DIGITS):
            raise FrameError("bad_frame")
        return 0
