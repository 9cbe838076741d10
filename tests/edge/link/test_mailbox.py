from __future__ import annotations

from dataclasses import replace

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


def test_a_full_box_takes_the_newest_from_whoever_holds_most() -> None:
    box = Mailbox(4, 60, 100)
    box.put(packet(0), "10.0.0.1")
    for number in range(1, 4):
        box.put(packet(number), "10.6.6.6")
    assert box.put(packet(4), "10.0.1.2")
    assert everything(box) == [0, 1, 2, 4]
    assert not box.put(packet(5), "10.6.6.6")
    assert not box.put(packet(5), "10.0.0.3"), "it would hold as much as whom it displaces"


def test_a_share_is_that_of_a_network() -> None:
    """A flood from many addresses of one network displaces itself, inside and outside that network."""
    box = Mailbox(64, 60, 100)
    for number in range(64):
        assert box.put(packet(number), f"10.6.6.{number // 2}")
    assert box.put(packet(64), "10.1.1.1")
    assert everything(box) == [*range(63), 64], "the newest packet of the address that was last to have two"


def test_an_honest_car_in_the_network_of_a_flood_gets_in() -> None:
    box = Mailbox(64, 60, 100)
    for number in range(64):
        box.put(packet(number), "10.6.6.6")
    assert box.put(packet(64), "10.6.6.7")
    assert everything(box) == [*range(63), 64]


def test_a_packet_from_before_a_flood_outlives_it_until_its_window_is_over() -> None:
    box = Mailbox(640, 16, 4)
    assert box.put(packet(0, at_s=0), "10.0.0.1")
    for number in range(1, 2000):  # each from another network
        box.put(packet(number, at_s=number / 200), f"{number // 250}.{number % 250}.0.1")
    assert 0 in everything(box)
    assert len(box) == 640
    for number in range(2000, 4000):
        assert box.put(packet(number, at_s=16.1 + number), f"{number // 250}.{number % 250}.0.1")
    assert 0 not in everything(box)


def test_a_network_keeps_a_part_whatever_happens() -> None:
    """A crowd of networks with one packet each cannot empty the share of a network with many cars."""
    box = Mailbox(640, 60, 100)
    for number in range(30):
        box.put(packet(number), "10.0.0.1")
    for number in range(30, 3000):
        box.put(packet(number), f"{number // 250}.{number % 250}.0.1")
    held = everything(box)
    assert held[:10] == list(range(10)), "a 64th of the box, the oldest"
    assert len(held) == 640


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
    assert not any(vars(box)[table] for table in ("_held", "_of_uid", "_shares"))


def test_a_fair_window_has_at_most_so_many_of_a_uid_and_the_newest_of_each_source_first() -> None:
    box = Mailbox(10_000, 60, 32)
    box.put(packet(0, at_s=1.0, uid="victim"), "its car")
    for number in range(1, 2001):  # rubbish under its uid, from many addresses, before and after
        box.put(packet(number, at_s=number / 1000, uid="victim"), f"10.0.{number % 200}.1")
    box.put(packet(5000, at_s=1.5, uid="bystander"), "another car")
    chosen, left_out = box.fair_window(0, 10 * S, 16, 64)
    assert len([one for one in chosen if one.uid == "victim"]) == 16
    assert left_out == 2001 - 16
    assert {0, 5000} <= set(numbers(chosen))
    assert len(box) == 2002, "they stay in the mailbox"
    alone, none_left = box.fair_window(0, 10 * S, 5000, 64)
    assert len(alone) == 2002 and none_left == 0
    assert list(alone) == sorted(alone, key=lambda one: one.received_monotonic_ns)


def test_a_car_that_called_often_from_one_address_is_heard_with_its_newest_packets() -> None:
    box = Mailbox(100, 60, 32)
    for number in range(20):
        box.put(packet(number, at_s=number, uid="car"), "10.0.0.1")
    assert numbers(box.fair_window(0, 100 * S, 4, 64)[0]) == [16, 17, 18, 19]


def test_a_fair_window_of_sealed_uids_takes_the_quiet_first_and_no_more_than_it_may() -> None:
    """Rubbish from many addresses: the honest car, which sent once, is among those that are opened."""
    box = Mailbox(5000, 60, 4)
    for number in range(1, 1001):
        box.put(replace(packet(number, at_s=number / 1000), uid="", version=2), f"10.0.{number % 200}.1")
    box.put(replace(packet(5000, at_s=1.5), uid="", version=2), "its car")
    assert len(box) == 1001, "the share of a uid is no bound where nobody knows the uid"
    chosen, left_out = box.fair_window(0, 10 * S, 16, 256)
    assert (len(chosen), left_out) == (256, 745)
    assert 5000 in numbers(chosen)
    assert numbers(box.fair_window(0, 10 * S, 16, 1)[0]) == [5000]
