"""Where the server listens: addresses as users write them, and the sockets that listen on them."""

from __future__ import annotations

from gearshift.listeners.access import Access, access_of
from gearshift.listeners.address import Address, AddressKind, parse
from gearshift.listeners.listener import Listener, open_listener

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from gearshift.settings import Settings

__all__ = ["Access", "Address", "AddressKind", "Listener", "access_of", "open_listener", "opened", "parse"]


def opened(settings: Settings) -> Iterator[Listener]:
    """Listens on each address of the setting `bind`, one by one: those before one that can't be had are the caller's to
    close. Raises ListenError, SettingError.
    """
    access = access_of(settings)
    for text in settings.bind:
        yield open_listener(parse(text), settings.backlog, access)
