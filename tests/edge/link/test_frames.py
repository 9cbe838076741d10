from __future__ import annotations

import pytest

from edge.link.frames import ACK, CONNECT, DISCONNECT, EVENT, CarPacket, FrameError


@pytest.mark.parametrize(
    ("text", "kind", "namespace", "number", "data"),
    [
        ("0", CONNECT, None, None, None),
        ("0{}", CONNECT, None, None, {}),
        ("0/admin,", CONNECT, "/admin", None, None),
        ("1", DISCONNECT, None, None, None),
        ('2["packet",{}]', EVENT, None, None, ["packet", {}]),
        ('27["packet",{}]', EVENT, None, 7, ["packet", {}]),
    ],
)
def test_what_a_car_sends(text: str, kind: int, namespace: str | None, number: int | None, data: object) -> None:
    packet = CarPacket(encoded_packet=text)
    assert (packet.packet_type, packet.namespace, packet.id, packet.data) == (kind, namespace, number, data)


@pytest.mark.parametrize(
    "text",
    [
        "",
        '2٣["packet",{}]',
        "3",
        "31[]",
        "4",
        "5",
        '51-["x",{"_placeholder":true,"num":0}]',
        "6",
        "7",
        "x",
        "²",
        '2["é"]',
        "2NaN",
    ],
)
def test_what_a_car_does_not_send(text: str) -> None:
    with pytest.raises(FrameError) as caught:
        CarPacket(encoded_packet=text)
    assert caught.value.outcome == "bad_frame"


def test_what_the_unit_sends() -> None:
    assert CarPacket(EVENT, ["challenge", {"timestamp": 1}]).encode() == '2["challenge",{"timestamp":1}]'
    assert CarPacket(ACK, [{"status": "accepted"}], id=3).encode() == '33[{"status":"accepted"}]'
