"""What a request's forwarding fields mean: heard once a request, where a setting asks for it and the peer is trusted.

Whether a connection's peer is trusted is decided once; what the same fields said before is remembered.
"""

import cython
from cython.cimports.gearshift.channel import Channel
from cython.cimports.gearshift.http.protocol import Protocol
from cython.cimports.gearshift.http.refusals import Refusal
from cython.cimports.gearshift.http.request import Request
from cython.cimports.gearshift.proxy.forwarding import Standing

MOST_REMEMBERED = 4096
LONGEST_REMEMBERED = cython.declare(cython.Py_ssize_t, 512)  # bytes of all fields together


class Forwarding:
    """trust: whose fields are believed (a Trust). names: which fields, in lower case. prefix, kept: as an Origin has
    them. introduced: trusted peers begin with the PROXY protocol.
    """

    def __init__(
        self,
        trust: object,
        names: tuple,
        prefix: str = "",
        kept: cython.bint = False,
        introduced: cython.bint = False,
    ) -> None:
        self.trust = trust
        self.names = names
        self.prefix = prefix
        self.kept = kept
        self.introduced = introduced
        self.remembered = {}

    def believes(self, channel: Channel):
        """Whether the peer is a trusted proxy."""
        if channel.standing == Standing.UNDECIDED:
            believed = self.trust.believes(channel.peer_host())
            channel.standing = Standing.TRUSTED if believed else Standing.STRANGER
        return channel.standing == Standing.TRUSTED

    def tell(self, channel: Channel, error_log: object):
        """A trusted peer has not begun with the PROXY protocol: in the error log once, counted always."""
        if not self.told:
            self.told = True
            error_log.warning(
                f"{channel.peer_address() or 'a Unix socket'} is in --trusted-proxies and does not begin with the PROXY"
                " protocol: closed; others that do the same are counted as unintroduced, and not told"
            )
        return 0

    def hear(self, channel: Channel, request: Request):
        """The Origin of a request, None where nothing is told of it. What can't be read refuses the request."""
        length: cython.Py_ssize_t = 0
        values: list = []
        protocol: Protocol
        if self.believes(channel):
            for name in self.names:
                value = request.header(name)
                values.append(value)
                if value is not None:
                    length += len(cython.cast(bytes, value))
        elif not channel.secured and not self.prefix:
            return None
        key = (channel.secured, *values)
        origin = self.remembered.get(key)
        if origin is not None:
            return origin
        origin = _origin_of(self, tuple(values), channel.secured)
        if origin is None:
            protocol = channel.protocol
            protocol.refuse(Refusal.FORWARDED)
        elif length <= LONGEST_REMEMBERED:
            if len(self.remembered) >= MOST_REMEMBERED:
                self.remembered.clear()
            self.remembered[key] = origin
        return origin


def _origin_of(forwarding: Forwarding, values: tuple, secured: cython.bint) -> object:
    """The Origin that fields with these values make; None where they can't be read. What reads them is imported here:
    every server imports this file, and few are behind a proxy.
    """
    from gearshift.proxy.fields import Said, read_fields
    from gearshift.proxy.nodes import MalformedError
    from gearshift.proxy.origin import Origin

    try:
        said = read_fields(forwarding.names, values, forwarding.trust) if values else Said()
    except MalformedError:
        return None
    return Origin(said, forwarding.prefix, forwarding.kept, secured)
