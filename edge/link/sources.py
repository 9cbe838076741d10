"""Where a peer comes from: its address, and the network around it that one subscriber or one operator owns."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import Final

CACHED_HOSTS: Final = 4096
"""Hosts whose source is cached: parsing an address costs as much as the rest of an admission."""

_IPV6_ADDRESS: Final = 64
_IPV6_PREFIX: Final = 48


@lru_cache(maxsize=CACHED_HOSTS)
def source_of(host: str) -> str:
    """Return what counts as one address: an IPv4 address, or the /64 network that one IPv6 subscriber owns.

    Raises:
        ValueError: *host* is no IP address.
    """
    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, _IPV6_ADDRESS), strict=False))
    return str(address)


@lru_cache(maxsize=CACHED_HOSTS)
def prefix_of(source: str) -> str:
    """Return the network whose addresses share what there is: an IPv4 /24, or an IPv6 /48 (what one site is given).

    *source* is what :func:`source_of` returns; another text is a network of its own.
    """
    if ":" in source:
        network = ipaddress.ip_network(source, strict=False)
        return str(network.supernet(new_prefix=_IPV6_PREFIX)) if network.prefixlen > _IPV6_PREFIX else source
    return source.rpartition(".")[0] or source
