"""What the forwarding fields of a request say of its client: Forwarded (RFC 7239) and the X-Forwarded- family.

Every proxy adds what it saw to the right of what it was sent, so the fields are read from the right: as long as the
address there is a trusted proxy's own, what is left of it was written by that proxy. The first address that is none
is the client's; what stands left of it anybody may have written, and it is not looked at.
"""

from __future__ import annotations

from gearshift.proxy.nodes import (
    MalformedError,
    authority_of,
    is_token,
    node_of,
    port_of,
    prefix_of,
    scheme_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gearshift.proxy.trust import Trust

MOST_ELEMENTS = 64  # of a list that must be walked; no chain of proxies is that long


class Said:
    """What was said of a client. host: its address, "" where it is hidden, None where nothing was said of it.
    port, scheme, authority (what the client takes us for: a host and perhaps a port), outer_port (by which the client
    came), prefix: "" where they were not said.
    """

    __slots__ = ("authority", "host", "outer_port", "port", "prefix", "scheme")

    def __init__(self) -> None:
        self.host: str | None = None
        self.port = self.scheme = self.authority = self.outer_port = self.prefix = ""


def read_fields(names: tuple[bytes, ...], values: tuple[bytes | None, ...], trust: Trust) -> Said:
    """names: the fields that are believed, in lower case. values: what each says, repeated ones joined, or None.

    Raises MalformedError.
    """
    said = Said()
    for name, value in zip(names, values, strict=True):
        if value is not None:
            _READERS[name](said, value.decode("latin-1"), trust)
    return said


def _forwarded(said: Said, value: str, trust: Trust) -> None:
    """The element of the proxy that saw the client: what it saw of scheme and host goes with it."""
    chosen: dict[str, str] = {}
    for element in reversed(elements_of(value)[-MOST_ELEMENTS:]):
        chosen = element
        if "for" not in element:
            said.host = None
            break
        said.host, said.port = node_of(element["for"], bare_ipv6=False)
        if not said.host or not trust.believes(said.host):
            break
    if "proto" in chosen:
        said.scheme = scheme_of(chosen["proto"])
    if "host" in chosen:
        said.authority = _checked_authority(chosen["host"])


def elements_of(text: str) -> list[dict[str, str]]:
    """The elements of a Forwarded field: parameters by their lower-case names (RFC 7239 section 4).

    All of it must be right, because a quotation mark that is not closed swallows what a proxy has added.
    Raises MalformedError.
    """
    elements: list[dict[str, str]] = [{}]
    place = 0
    separated = True
    while place < len(text):
        character = text[place]
        if character in " \t":
            place += 1
        elif character in ",;":
            if character == ",":
                elements.append({})
            separated = True
            place += 1
        else:
            name, value, place = _pair(text, place)
            if not separated or name in elements[-1]:
                raise MalformedError(f"{name!r} is not where Forwarded may have it")
            elements[-1][name] = value
            separated = False
    return [element for element in elements if element]


def _pair(text: str, place: int) -> tuple[str, str, int]:
    """The parameter that begins there, and where it ends."""
    equals = text.find("=", place)
    name = text[place:equals].lower()
    if equals < 0 or not is_token(name):
        raise MalformedError("Forwarded has a parameter without a name")
    place = equals + 1
    if text[place : place + 1] != '"':
        end = place
        while end < len(text) and text[end] not in ',; \t"':
            end += 1
        if not is_token(text[place:end]):
            raise MalformedError(f"Forwarded has no token after {name}=")
        return name, text[place:end], end
    value = ""
    place += 1
    while place < len(text) and text[place] != '"':
        if text[place] == "\\":
            place += 1
        value += text[place : place + 1]
        place += 1
    if place >= len(text):
        raise MalformedError("Forwarded has a quotation that does not end")
    return name, value, place + 1


def _x_for(said: Said, value: str, trust: Trust) -> None:
    for entry in reversed([entry.strip(" \t") for entry in value.split(",")[-MOST_ELEMENTS:]]):
        if not entry:
            continue  # RFC 9110 section 5.6.1.2: empty elements of a list are none
        said.host, said.port = node_of(entry, bare_ipv6=True)
        if not said.host or not trust.believes(said.host):
            return


def _nearest(value: str) -> str:
    """Of a field that proxies write rather than add to: what the nearest has said."""
    return value.rpartition(",")[2].strip(" \t")


def _x_proto(said: Said, value: str, trust: Trust) -> None:
    said.scheme = scheme_of(_nearest(value))


def _x_host(said: Said, value: str, trust: Trust) -> None:
    said.authority = _checked_authority(_nearest(value))


def _x_port(said: Said, value: str, trust: Trust) -> None:
    said.outer_port = port_of(_nearest(value))


def _x_prefix(said: Said, value: str, trust: Trust) -> None:
    nearest = _nearest(value)
    said.prefix = prefix_of(nearest) if nearest else ""


def _checked_authority(text: str) -> str:
    host, port = authority_of(text)
    return f"{host}:{port}" if port else host


_READERS = {
    b"forwarded": _forwarded,
    b"x-forwarded-for": _x_for,
    b"x-forwarded-proto": _x_proto,
    b"x-forwarded-host": _x_host,
    b"x-forwarded-port": _x_port,
    b"x-forwarded-prefix": _x_prefix,
}
