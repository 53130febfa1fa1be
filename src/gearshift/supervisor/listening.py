"""The sockets that all workers listen on: opened once, by the supervisor, and kept open while workers come and go."""

from __future__ import annotations

from gearshift.engines.balance import Balance
from gearshift.errors import SettingError
from gearshift.kernel.processors import processors
from gearshift.listeners import AddressKind, access_of, open_listener, parse
from gearshift.raw.endpoint import Endpoint, open_socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from gearshift.listeners import Listener
    from gearshift.settings import Settings


MOST_PLACES = 1024  # as the setting `workers` has it


def addresses_of(settings: Settings) -> tuple[str, ...]:
    """Where a worker with these settings listens, in the order in which it opens."""
    alone = not settings.app and bool(settings.tcp or settings.udp)
    http = () if alone else settings.bind
    if not settings.tcp:
        return http
    return (*http, *(settings.tcp_bind or settings.bind if alone else settings.tcp_bind))


def datagram_addresses_of(settings: Settings) -> tuple[str, ...]:
    """Where it receives datagrams."""
    if not settings.udp:
        return ()
    return settings.udp_bind or (() if settings.app else settings.bind)


def number_of(settings: Settings) -> int:
    """Workers that are asked for."""
    return processors() if settings.workers == "auto" else max(int(settings.workers), 1)


class Listening:
    """All listeners of a supervisor. sets: how many of each address: 1 for all workers, or one for each.

    inherited: those of the program before this one, by address and set. endpoints: its sockets of datagrams.
    Raises ListenError, SettingError.
    """

    def __init__(
        self,
        settings: Settings,
        sets: int,
        inherited: Mapping[tuple[str, int, int], Listener] | None = None,
        endpoints: Iterable[tuple[str, socket.socket]] = (),
    ) -> None:
        self.addresses = addresses_of(settings)
        self.datagram_addresses = datagram_addresses_of(settings)
        self.endpoints: list[Endpoint] = []
        left = [*endpoints]
        self.sets: list[list[Listener]] = []
        self._inherited = dict(inherited or {})
        self._backlog = settings.backlog
        self._access = access_of(settings)
        self.balance = Balance(MOST_PLACES)
        try:
            for number in range(sets):
                self.sets.append([])
                for index, text in enumerate(self.addresses):
                    self.sets[-1].append(self._have(text, index, number, sets))
            for text in self.datagram_addresses:
                same = next((sock for known, sock in left if known == text), None)
                left = [(known, sock) for known, sock in left if sock is not same]
                self.endpoints.append(Endpoint(open_socket(parse(text)) if same is None else same, None))
        except BaseException:
            self.close()
            raise
        for listener in self._inherited.values():
            listener.close()  # nobody asks for that address any more
        for _, sock in left:
            sock.close()

    def _have(self, text: str, index: int, number: int, sets: int) -> Listener:
        """The listener of one address in one set."""
        listener = self._inherited.pop((text, index, number), None)
        if listener is None:
            listener = self._open(text, index, number, sets)
        if sets == 1:
            listener.balance = self.balance
        return listener

    def _open(self, text: str, index: int, number: int, sets: int) -> Listener:
        address = parse(text)
        if sets > 1 and address.kind is not AddressKind.TCP:
            raise SettingError(f"--listener-per-worker: found {text}, expected HOST:PORT only (SO_REUSEPORT)")
        if number:  # where the kernel chose a port, all have the same
            first = self.sets[0][index]
            address.port = first.socket.getsockname()[1]
        return open_listener(address, self._backlog, self._access, reuse_port=sets > 1)

    def of_place(self, place: int) -> dict[str, list[Listener]]:
        """Those of the worker in that place, by the addresses that the settings name."""
        found: dict[str, list[Listener]] = {}
        for text, listener in zip(self.addresses, self.sets[place % len(self.sets)], strict=True):
            found.setdefault(parse(text).text, []).append(listener)
        return found

    def for_datagrams(self) -> dict[str, list[socket.socket]]:
        """What all workers receive from, by the addresses that the settings name."""
        found: dict[str, list[socket.socket]] = {}
        for text, endpoint in zip(self.datagram_addresses, self.endpoints, strict=True):
            found.setdefault(parse(text).text, []).append(endpoint.socket)
        return found

    def shown(self) -> list[Listener]:
        """One of each address, for whoever is told where to connect."""
        return self.sets[0]

    def all(self) -> Iterable[tuple[str, int, int, Listener]]:
        """Address, its place among the addresses, its set, and the listener."""
        for number, listeners in enumerate(self.sets):
            for index, listener in enumerate(listeners):
                yield self.addresses[index], index, number, listener

    def take_place(self, place: int) -> None:
        """In a worker: what belongs to other places is closed."""
        self.balance.take_place(place)
        for number, listeners in enumerate(self.sets):
            for listener in listeners:
                listener.give_up_file()
                if number != place % len(self.sets):
                    listener.close()

    def give_up_files(self) -> None:
        """The files of Unix sockets are another process's to remove."""
        self._each(lambda listener: listener.give_up_file())

    def close(self) -> None:
        """May be called again."""
        for endpoint in self.endpoints:
            endpoint.close()
        self._each(lambda listener: listener.close())

    def _each(self, do: Callable[[Listener], Any]) -> None:
        for listeners in self.sets:
            for listener in listeners:
                do(listener)
