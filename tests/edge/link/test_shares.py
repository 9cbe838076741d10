from __future__ import annotations

import random
from collections import Counter

import pytest

from edge.link.shares import Shares
from edge.link.sources import prefix_of, source_of


@pytest.mark.parametrize(
    ("host", "source", "prefix"),
    [
        ("192.0.2.7", "192.0.2.7", "192.0.2"),
        ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/64", "fe80::/48"),
    ],
)
def test_what_counts_as_one_address_and_as_one_network(host: str, source: str, prefix: str) -> None:
    assert source_of(host) == source
    assert prefix_of(source) == prefix


def test_a_text_that_is_no_address_is_a_network_of_its_own() -> None:
    assert prefix_of("") == ""


def test_the_widest_is_the_widest_address_of_the_widest_prefix() -> None:
    shares: Shares[int] = Shares()
    for number, source in enumerate(["10.1.1.1"] * 3 + ["10.2.2.1"] * 2 + ["10.2.2.2"] * 2 + ["10.2.2.2"]):
        shares.add(number, source)
    assert (shares.oldest(), shares.newest()) == (5, 7)
    assert (shares.of_prefix("10.2.2.9"), shares.of_address("10.2.2.2"), shares.widest_address_beside("10.2.2.9")) == (
        5,
        3,
        3,
    )
    assert shares.newest_beside("10.1.1.200") == 2
    for number in (5, 6, 7):
        shares.discard(number)
    assert shares.oldest() == 0


def test_without_a_wide_share_the_oldest_of_all_goes() -> None:
    shares: Shares[str] = Shares()
    for name, source in (("a", "10.1.1.1"), ("b", "10.2.2.2"), ("c", "10.2.2.2")):
        shares.add(name, source)
    assert (shares.oldest(), shares.oldest(guaranteed=1), shares.oldest(guaranteed=2)) == ("b", "b", "a")


def test_networks_take_turns_and_so_do_their_addresses() -> None:
    shares: Shares[str] = Shares()
    for number in range(4):
        shares.add(f"a{number}", "10.6.6.6")
    for name, source in (("b", "10.6.6.7"), ("c", "10.1.1.1"), ("d", "10.1.1.1")):
        shares.add(name, source)
    assert [shares.take() for _ in range(7)] == ["a0", "c", "b", "d", "a1", "a2", "a3"]
    assert not shares


def test_it_agrees_with_counting() -> None:
    """Against a list that is searched, over thousands of random steps."""
    shares: Shares[int] = Shares()
    plain: dict[int, str] = {}
    luck = random.Random(1)
    for number in range(5000):
        if plain and luck.random() < 0.48:
            item = luck.choice(list(plain))
            del plain[item]
            shares.discard(item)
        else:
            source = f"10.0.{luck.randrange(4)}.{luck.randrange(3)}"
            plain[number] = source
            shares.add(number, source)
        prefixes = Counter(prefix_of(source) for source in plain.values())
        assert len(shares) == len(plain)
        assert shares.widest_prefix == max(prefixes.values(), default=0)
        if not plain:
            continue
        for found, end in ((shares.oldest(), min), (shares.newest(), max)):
            source = plain[found]
            beside = Counter(other for other in plain.values() if prefix_of(other) == prefix_of(source))
            assert prefixes[prefix_of(source)] == shares.widest_prefix
            assert beside[source] == max(beside.values())
            assert found == end(item for item, other in plain.items() if other == source)
