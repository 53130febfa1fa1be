"""Where the server listens: addresses as users write them, and the sockets that listen on them."""

from gearshift.listeners.address import Address, AddressKind, parse
from gearshift.listeners.listener import Listener, open_listener

__all__ = ["Address", "AddressKind", "Listener", "open_listener", "parse"]
