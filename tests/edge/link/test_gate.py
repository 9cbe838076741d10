from __future__ import annotations

from collections import Counter

from edge.link.gate import ADDRESSES_PER_CONNECTION, Gate, Limits


def gate(*, connections: int = 10, each: int = 3, rate: float = 1.0, burst: int = 100) -> Gate[str]:
    return Gate(Limits(connections, each, rate, burst))


def test_an_address_that_has_its_number_displaces_its_own_oldest() -> None:
    places = gate(each=2)
    assert [places.admit(f"a{number}", "10.0.0.1", 0) for number in range(4)] == [None, None, "a0", "a1"]
    assert places.admit("b", "10.0.0.2", 0) is None
    assert places.open_connections == 3


def test_a_full_unit_displaces_the_oldest_of_the_widest_address_in_the_widest_prefix() -> None:
    places = gate(connections=7, each=10)
    for visit, source in {
        "lone": "10.1.0.1",
        "beside": "10.6.6.1",
        **{f"wide{number}": "10.6.6.6" for number in range(3)},
        **{f"other{number}": f"10.2.2.{number}" for number in range(2)},
    }.items():
        assert places.admit(visit, source, 0) is None
    assert [places.admit(f"new{number}", f"10.{number + 20}.0.1", 0) for number in range(3)] == [
        "wide0",
        "wide1",
        "other0",
    ]
    assert places.open_connections == 7


def test_a_crowd_of_networks_with_one_each_loses_the_oldest() -> None:
    places = gate(connections=100)
    for number in range(100):
        places.admit(f"v{number}", f"10.{number}.0.1", 0)
    assert [places.admit(f"n{number}", f"11.{number}.0.1", 0) for number in range(3)] == ["v0", "v1", "v2"]


def test_a_network_with_several_cars_does_not_give_way_to_a_crowd_of_networks() -> None:
    places = gate(connections=256)
    for number in range(254):
        places.admit(f"v{number}", f"10.{number}.0.1", 0)
    assert places.admit("a", "11.0.0.1", 0) is None
    assert places.admit("b", "11.0.0.1", 0) is None
    assert [places.admit(f"n{number}", f"12.{number}.0.1", 0) for number in range(3)] == ["v0", "v1", "v2"]
    assert places.admit("c", "11.0.0.2", 0) == "v3"
    for number in range(4, 250):
        assert places.admit(f"m{number}", f"13.{number}.0.1", 0) == f"v{number}"


def test_a_visit_that_is_done_is_not_displaced() -> None:
    places = gate(connections=2)
    for visit in "ab":
        places.admit(visit, "10.0.0.1", 0)
    places.finish("a", "10.0.0.1")
    assert places.admit("c", "10.0.0.2", 0) == "b"
    places.finish("c", "10.0.0.2")
    assert places.admit("d", "10.0.0.3", 0) == "d", "nobody is left to go first"
    assert places.open_connections == 2
    places.release("a")
    assert places.admit("d", "10.0.0.3", 0) is None


def test_who_spends_visits_without_finishing_displaces_himself() -> None:
    places = gate(connections=1000, each=1000, rate=2, burst=3)
    assert [places.admit(f"a{number}", "10.0.0.1", 0) for number in range(5)] == [None] * 3 + ["a0", "a1"]
    assert places.admit("b", "10.0.0.2", 0) is None
    assert places.admit("a5", "10.0.0.1", 0.6) is None


def test_finished_visits_cost_nothing() -> None:
    places = gate(connections=1000, each=1000, rate=0.001, burst=3)
    for number in range(50):
        assert places.admit(f"a{number}", "10.0.0.1", 0) is None
        places.finish(f"a{number}", "10.0.0.1")
        if number % 2:
            places.release(f"a{number}")
    unfinished = [places.admit(f"b{number}", "10.0.0.1", 0) for number in range(4)]
    assert unfinished == [None, None, None, "b0"], "and they earn nothing beyond the burst"


def test_visits_that_finish_faster_than_the_rate_let_others_go_first() -> None:
    places = gate(connections=1000, each=1000, rate=2, burst=3)

    def visit(name: str, at_s: float) -> bool:
        assert places.admit(name, "10.0.0.1", at_s) is None
        behind = places.is_behind("10.0.0.1", at_s)
        places.finish(name, "10.0.0.1")
        places.release(name)
        return behind

    assert [visit(f"a{number}", 0) for number in range(5)] == [False] * 3 + [True] * 2
    assert not places.is_behind("10.0.0.2", 0)
    assert visit("b", 1), "two too many were counted, too"
    assert not visit("c", 3)
    for number in range(100):
        visit(f"d{number}", 3)
    assert not places.is_behind("10.0.0.1", 3 + (3 + 1) / 2), "debt has a bound: the burst"


def test_visits_that_do_not_finish_do_not_make_an_address_wait() -> None:
    places = gate(connections=1000, each=1000, rate=2, burst=3)
    for number in range(50):
        places.admit(f"a{number}", "10.0.0.1", 0)
    assert not places.is_behind("10.0.0.1", 0)


def test_a_displaced_visit_ends_once() -> None:
    places = gate(connections=2)
    for visit in "abc":
        places.admit(visit, f"10.0.0.{ord(visit)}", 0)
    places.finish("a", "10.0.0.97")  # its answer came when its place was lost already
    places.release("a")
    assert places.open_connections == 2
    for visit in "bc":
        places.release(visit)
    assert places.open_connections == 0


def test_the_table_of_addresses_does_not_outgrow_its_cap() -> None:
    places = gate(connections=10)
    for number in range(1000):
        places.admit(f"v{number}", f"10.0.{number // 256}.{number % 256}", 0)
        places.release(f"v{number}")
    assert places.tracked_addresses == 10 * ADDRESSES_PER_CONNECTION
    assert places.open_connections == 0


def test_a_lower_cap_counts_for_connections_and_for_tracked_addresses() -> None:
    places = gate(connections=4, burst=1000)
    places.cap(2)
    assert [places.admit(visit, f"10.0.0.{ord(visit)}", 0) for visit in "abc"] == [None, None, "a"]
    for number in range(100):
        places.admit(f"x{number}", f"10.1.0.{number}", 0)
    assert places.open_connections == 2
    assert places.tracked_addresses == 2 * ADDRESSES_PER_CONNECTION


def test_forgotten_rates_give_every_address_its_burst_again() -> None:
    places = gate(burst=1, rate=0.001)
    assert [places.admit(visit, "10.0.0.1", 0) for visit in "ab"] == [None, "a"]
    places.forget_rates()
    assert places.admit("c", "10.0.0.1", 0) is None


def test_the_books_balance_whatever_happens() -> None:
    places = gate(connections=30, each=8, rate=1, burst=5)
    gone: Counter[str] = Counter()
    for number in range(5000):
        visit, source = f"v{number}", f"10.{number % 7}.{number % 3}.{number % 5}"
        displaced = places.admit(visit, source, number / 100)
        if displaced is not None:
            gone[displaced] += 1
        if number % 4 == 0:
            places.finish(visit, source)
        if number % 3 == 0:
            places.release(f"v{number // 2}")
        assert places.open_connections <= 30
    assert set(gone.values()) == {1}
    for number in range(5000):
        places.release(f"v{number}")
    assert places.open_connections == 0
