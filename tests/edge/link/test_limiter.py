from __future__ import annotations

import pytest

from edge.link.limiter import ADDRESSES_PER_CONNECTION, ConnectionLimiter, Limits, source_of


def limiter(*, connections: int = 10, each: int = 3, rate: float = 1.0, burst: int = 100) -> ConnectionLimiter:
    return ConnectionLimiter(Limits(connections, each, rate, burst))


def test_connections_are_counted_in_all_and_by_address() -> None:
    limited = limiter(connections=4, each=3)
    assert [limited.admit("a", 0) for _ in range(4)] == [None, None, None, "address_full"]
    assert limited.admit("b", 0) is None
    assert limited.admit("c", 0) == "full"
    limited.release("a")
    assert limited.admit("c", 0) is None
    assert limited.open_connections == 4


def test_an_address_spends_its_burst_and_earns_its_rate() -> None:
    limited = limiter(connections=1000, each=1000, rate=2, burst=5)
    assert [limited.admit("a", 0) for _ in range(6)] == [None] * 5 + ["address_rate"]
    assert limited.admit("b", 0) is None
    assert limited.admit("a", 0.4) == "address_rate"
    assert limited.admit("a", 0.6) is None
    assert [limited.admit("a", 1000) for _ in range(6)] == [None] * 5 + ["address_rate"]


def test_the_table_of_addresses_does_not_outgrow_its_cap() -> None:
    limited = limiter(connections=10)
    for number in range(1000):
        if limited.admit(f"10.0.{number // 256}.{number % 256}", 0) is None:
            limited.release(f"10.0.{number // 256}.{number % 256}")
    assert limited.tracked_addresses == 10 * ADDRESSES_PER_CONNECTION
    assert limited.open_connections == 0


def test_addresses_are_forgotten_longest_unseen_first() -> None:
    limited = limiter(connections=1, burst=1, rate=0.001)
    assert limited.admit("a", 0) is None
    limited.release("a")
    for number in range(ADDRESSES_PER_CONNECTION - 1):
        limited.admit(f"x{number}", 1)
        limited.release(f"x{number}")
    assert limited.admit("a", 2) == "address_rate"
    assert limited.admit("y", 3) is None
    limited.release("y")
    assert limited.admit("a", 4) == "address_rate"


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


def test_a_lower_cap_counts_for_connections_and_for_tracked_addresses() -> None:
    limited = limiter(connections=4, burst=1000)
    limited.cap(2)
    assert [limited.admit(source, 0) for source in "abc"] == [None, None, "full"]
    for number in range(100):
        limited.release("a")
        assert limited.admit(f"x{number}", 0) is None
        limited.release(f"x{number}")
        assert limited.admit("a", 0) is None
    assert limited.tracked_addresses == 2 * ADDRESSES_PER_CONNECTION


def test_forgotten_rates_give_every_address_its_burst_again() -> None:
    limited = limiter(burst=1, rate=0.001)
    assert [limited.admit("a", 0) for _ in range(2)] == [None, "address_rate"]
    limited.forget_rates()
    assert limited.admit("a", 0) is None
