from __future__ import annotations

import pytest

from edge.link.limiter import ADDRESSES_PER_CONNECTION, Gate, Limits, source_of


def gate(*, connections: int = 10, each: int = 3, rate: float = 1.0, burst: int = 100) -> Gate:
    return Gate(Limits(connections, each, rate, burst))


def test_connections_are_counted_in_all_and_by_address() -> None:
    door = gate(connections=4, each=3)
    assert [door.enter("a", 0) for _ in range(4)] == [None, None, None, "address_full"]
    assert door.enter("b", 0) is None
    assert door.enter("c", 0) == "full"
    door.leave("a")
    assert door.enter("c", 0) is None
    assert door.inside == 4


def test_an_address_spends_its_burst_and_earns_its_rate() -> None:
    door = gate(connections=1000, each=1000, rate=2, burst=5)
    assert [door.enter("a", 0) for _ in range(6)] == [None] * 5 + ["address_rate"]
    assert door.enter("b", 0) is None
    assert door.enter("a", 0.4) == "address_rate"
    assert door.enter("a", 0.6) is None
    assert [door.enter("a", 1000) for _ in range(6)] == [None] * 5 + ["address_rate"]


def test_the_table_of_addresses_does_not_outgrow_its_cap() -> None:
    door = gate(connections=10)
    for number in range(1000):
        if door.enter(f"10.0.{number // 256}.{number % 256}", 0) is None:
            door.leave(f"10.0.{number // 256}.{number % 256}")
    assert door.remembered == 10 * ADDRESSES_PER_CONNECTION
    assert door.inside == 0


def test_addresses_are_forgotten_longest_unseen_first() -> None:
    door = gate(connections=1, burst=1, rate=0.001)
    assert door.enter("a", 0) is None
    door.leave("a")
    for number in range(ADDRESSES_PER_CONNECTION - 1):
        door.enter(f"x{number}", 1)
        door.leave(f"x{number}")
    assert door.enter("a", 2) == "address_rate"
    assert door.enter("y", 3) is None
    door.leave("y")
    assert door.enter("a", 4) == "address_rate"


@pytest.mark.parametrize(
    ("host", "source"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_what_counts_as_one_address(host: str, source: str) -> None:
    assert source_of(host) == source
