"""Whose word is taken about clients: the addresses and networks of the setting `trusted_proxies`."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

MOST_REMEMBERED = 4096  # addresses; a list of proxies in a field may name any


class Trust:
    """texts: addresses, networks as 10.0.0.0/8, and the word unix for peers over Unix sockets; they are right."""

    def __init__(self, texts: tuple[str, ...]) -> None:
        self.unix = "unix" in texts
        self._networks = [ip_network(text) for text in texts if text != "unix"]
        self._known: dict[str, bool] = {}

    def believes(self, host: str) -> bool:
        """Whether the peer with that address is one of them; "" is a peer over a Unix socket."""
        if not host:
            return self.unix
        known = self._known.get(host)
        if known is None:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            known = self._known[host] = self._contains(host)
        return known

    def _contains(self, host: str) -> bool:
        address = ip_address(host)
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)
