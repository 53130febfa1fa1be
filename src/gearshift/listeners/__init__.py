"""Where the server listens: addresses as users write them, and the sockets that listen on them."""

from gearshift.listeners.access import Access, access_of
from gearshift.listeners.address import Address, AddressKind, parse
from gearshift.listeners.listener import Listener, open_listener

__all__ = ["Access", "Address", "AddressKind", "Listener", "access_of", "open_listener", "parse"]
