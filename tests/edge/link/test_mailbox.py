from __future__ import annotations

from edge.link.mailbox import Mailbox
from edge.model import Packet

S = 1_000_000_000


def packet(number: int, *, at_s: float = 0.0, uid: str = "") -> Packet:
    return Packet(uid or f"uid{number}", b"", f"{number:032x}", 0, at_s, round(at_s * S))


def numbers(packets: tuple[Packet, ...]) -> list[int]:
    return [int(one.nonce, 16) for one in packets]


def everything(box: Mailbox) -> list[int]:
    return numbers(box.window(-(2**62), 2**62))


def test_a_window_has_what_came_within_it_and_removes_nothing() -> None:
    box = Mailbox(10, 60, 4)
    for number in range(5):
        assert box.put(packet(number, at_s=number))
    assert numbers(box.window(1 * S, 3 * S)) == [1, 2, 3]
    assert numbers(box.window(1 * S, 3 * S)) == [1, 2, 3]
    assert len(box) == 5


def test_packets_are_gone_after_their_time_to_live() -> None:
    box = Mailbox(10, 60, 4)
    box.put(packet(1, at_s=0))
    box.put(packet(2, at_s=30))
    box.expire(60 * S)
    assert everything(box) == [1, 2]
    box.expire(60 * S + 1)
    assert everything(box) == [2]
    box.put(packet(3, at_s=91))
    assert everything(box) == [3]


def test_discard_forgets_and_does_not_mind_strangers() -> None:
    box = Mailbox(10, 60, 4)
    box.put(packet(1))
    box.put(packet(2))
    box.discard([packet(1), packet(9)])
    assert everything(box) == [2]


def test_a_uid_holds_its_share_of_one_address_and_the_newest_stay() -> None:
    box = Mailbox(10, 60, 2)
    for number in range(4):
        assert box.put(packet(number, uid="u"), "10.0.0.1")
    assert everything(box) == [2, 3]


def test_a_stranger_cannot_displace_a_packet_of_the_same_uid_from_elsewhere() -> None:
    box = Mailbox(100, 60, 2)
    box.put(packet(0, uid="u"), "10.0.0.1")
    for number in range(1, 50):
        box.put(packet(number, uid="u"), "10.6.6.6")
    assert everything(box) == [0, 48, 49]


def test_a_full_box_takes_from_whoever_holds_most() -> None:
    box = Mailbox(4, 60, 100)
    box.put(packet(0), "10.0.0.1")
    for number in range(1, 4):
        box.put(packet(number), "10.6.6.6")
    assert box.put(packet(4), "10.0.0.2")
    assert everything(box) == [0, 2, 3, 4]
    assert box.put(packet(5), "10.0.0.3")
    assert everything(box) == [0, 3, 4, 5]


def test_a_full_box_is_busy_for_the_one_who_filled_it() -> None:
    box = Mailbox(4, 60, 100)
    for number in range(4):
        assert box.put(packet(number), "10.6.6.6")
    assert not box.put(packet(4), "10.6.6.6")
    assert len(box) == 4


def test_its_tables_are_as_small_as_its_contents() -> None:
    box = Mailbox(50, 1, 3)
    for number in range(1000):
        box.put(packet(number, at_s=number / 100, uid=f"u{number % 7}"), f"10.0.0.{number % 11}")
        assert len(box) <= 50
    box.expire(10**18)
    assert len(box) == 0
    assert not any(vars(box)[table] for table in ("_held", "_shares", "_sources"))


def test_a_fair_window_has_at_most_so_many_of_a_uid_and_the_newest_of_each_source_first() -> None:
    box = Mailbox(10_000, 60, 32)
    box.put(packet(0, at_s=1.0, uid="victim"), "its car")
    for number in range(1, 2001):  # rubbish under its uid, from many addresses, before and after
        box.put(packet(number, at_s=number / 1000, uid="victim"), f"10.0.{number % 200}.1")
    box.put(packet(5000, at_s=1.5, uid="bystander"), "another car")
    chosen, left_out = box.fair_window(0, 10 * S, 16)
    assert len([one for one in chosen if one.uid == "victim"]) == 16
    assert left_out == 2001 - 16
    assert {0, 5000} <= set(numbers(chosen))
    assert len(box) == 2002, "they stay in the mailbox"
    alone, none_left = box.fair_window(0, 10 * S, 5000)
    assert len(alone) == 2002 and none_left == 0
    assert list(alone) == sorted(alone, key=lambda one: one.received_monotonic_ns)


def test_a_car_that_called_often_from_one_address_is_heard_with_its_newest_packets() -> None:
    box = Mailbox(100, 60, 32)
    for number in range(20):
        box.put(packet(number, at_s=number, uid="car"), "10.0.0.1")
    assert numbers(box.fair_window(0, 100 * S, 4)[0]) == [16, 17, 18, 19]
