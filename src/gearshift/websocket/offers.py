"""What a client offers in its handshake, by the letter of the grammar (RFC 6455 sections 4.3 and 9.1).

Section 4.2: a server must not go on with a handshake that breaks it.
"""

from __future__ import annotations

import re

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
_VALUE = rb'(?:%b++|"(?:\\?%b)++")' % (_TOKEN, _TOKEN)  # a quoted one must be a token once it is unquoted
_PARAMETER = rb"%b++(?:[ \t]*=[ \t]*%b)?" % (_TOKEN, _VALUE)
_extension = re.compile(rb"%b++[ \t]*(?:;[ \t]*%b[ \t]*)*" % (_TOKEN, _PARAMETER))
_subprotocol = re.compile(_TOKEN + rb"++")

Parameters = list[tuple[bytes, bytes | None]]


class MalformedOffer(ValueError):
    """What is no list of extensions, or of subprotocols."""


def subprotocols_in(value: bytes) -> list[str]:
    """The names of a Sec-WebSocket-Protocol, in their order. Raises MalformedOffer."""
    return [_checked(name, _subprotocol, "subprotocol").decode("ascii") for name in _members(value)]


def extensions_in(value: bytes) -> list[tuple[bytes, Parameters]]:
    """The extensions of a Sec-WebSocket-Extensions and their parameters, unquoted; None for one without a value.

    Raises MalformedOffer.
    """
    found = []
    for member in _members(value):
        # Once checked, no quoted value holds what separates.
        name, *parameters = _checked(member, _extension, "extension").split(b";")
        found.append((name.strip(b" \t"), [_parameter(text) for text in parameters]))
    return found


def _members(value: bytes) -> list[bytes]:
    """Of a list; empty ones are passed over (RFC 9110 section 5.6.1)."""
    return [member for member in (text.strip(b" \t") for text in value.split(b",")) if member]


def _checked(member: bytes, grammar: re.Pattern[bytes], what: str) -> bytes:
    if not grammar.fullmatch(member):
        raise MalformedOffer(f"{member.decode('latin-1')!r} is no {what}")
    return member


def _parameter(text: bytes) -> tuple[bytes, bytes | None]:
    name, equals, value = (part.strip(b" \t") for part in text.partition(b"="))
    return name, value.replace(b'"', b"").replace(b"\\", b"") if equals else None
