"""Addresses and hosts as proxies write them (RFC 7239 section 6, RFC 3986 section 3.2)."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from gearshift.http.grammar import HOST, TOKEN

# RFC 7239 section 6.3; what is not among them is no obfuscated identifier.
_OBFUSCATED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
_DEFAULT_PORTS = {"http": "80", "https": "443"}


class MalformedError(Exception):
    """A trusted proxy said something of a client that can't be read."""


def node_of(text: str, *, bare_ipv6: bool) -> tuple[str, str]:
    """(host, port) of a client or a proxy, each "" where it is not told: "1.2.3.4", "1.2.3.4:5", "[::1]:5", "unknown",
    "_hidden". bare_ipv6: an IPv6 address needs no brackets, as in X-Forwarded-For.
    Raises MalformedError.
    """
    host, port, bracketed = _split(text)
    if not bracketed and _is_hidden(host):
        return "", ""
    if "%" in host:
        raise MalformedError(f"{text!r} is no address")
    try:
        address = ip_address(host)
    except ValueError:
        raise MalformedError(f"{text!r} is no address") from None
    if isinstance(address, IPv6Address) != bracketed and not (bare_ipv6 and not bracketed):
        raise MalformedError(f"{text!r} is no address")
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped  # as the proxy's own socket has it, where that serves both
    return str(address), "" if port.startswith("_") and _is_hidden(port) else port_of(port, optional=True)


def _split(text: str) -> tuple[str, str, bool]:
    """Host, port, and whether the host stood in brackets."""
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and (rest[0] != ":" or len(rest) == 1)):
            raise MalformedError(f"{text!r} is no address")
        return host, rest[1:], True
    if text.count(":") == 1:
        host, _, port = text.partition(":")
        if not port:
            raise MalformedError(f"{text!r} has a colon and no port")
        return host, port, False
    return text, "", False


def _is_hidden(text: str) -> bool:
    """RFC 7239 sections 6.2 and 6.3: a client that is not known, or that is known to the proxy alone."""
    return text.lower() == "unknown" or (len(text) > 1 and text[0] == "_" and set(text) <= _OBFUSCATED)


def port_of(text: str, *, optional: bool = False) -> str:
    """A port as digits without leading zeros. Raises MalformedError."""
    if optional and not text:
        return ""
    if text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) <= 65535:
        return str(int(text))
    raise MalformedError(f"{text!r} is no port")


def scheme_of(text: str) -> str:
    """http or https; what a WebSocket calls them counts too. Raises MalformedError."""
    scheme = {"ws": "http", "wss": "https"}.get(text.lower(), text.lower())
    if scheme not in _DEFAULT_PORTS:
        raise MalformedError(f"{text!r} is no scheme that is served here")
    return scheme


def authority_of(text: str) -> tuple[str, str]:
    """(host, port) of what a Host field may say, the port "" where there is none. Raises MalformedError."""
    if text.startswith("["):
        host, port, _ = _split(text)
        try:
            host = f"[{IPv6Address(host)}]" if "%" not in host else ""
        except ValueError:
            host = ""
    else:
        host, colon, port = text.partition(":")
        if (colon and not port) or "%" in host or not set(host.encode("latin-1")) <= HOST:
            host = ""
    if not host:
        raise MalformedError(f"{text!r} is no host")
    return host, port_of(port, optional=True)


def with_port(host: str, port: str, scheme: str) -> str:
    """A Host field's value: without the port that the scheme implies."""
    return f"{host}:{port}" if port and port != _DEFAULT_PORTS[scheme] else host


def effective_port(port: str, scheme: str) -> str:
    return port or _DEFAULT_PORTS[scheme]


def prefix_of(text: str) -> str:
    """A path below which the proxy has put us, without a slash at its end; "" for the root. Raises MalformedError."""
    if not is_prefix(text):
        raise MalformedError(f"{text!r} is no path")
    return text.rstrip("/")


def is_prefix(text: str) -> bool:
    """Two slashes at its beginning would name a host to browsers, dots other places, an escape be decoded by some."""
    return (
        text.startswith("/")
        and text.isascii()
        and text.isprintable()
        and not set(text) & set(' ?#%\\"<>')
        and "//" not in text
        and not {".", ".."} & set(text.split("/"))
    )


def is_token(text: str) -> bool:
    return bool(text) and text.isascii() and set(text.encode()) <= TOKEN
