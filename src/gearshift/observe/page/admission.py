"""Who may look: by the Host that is asked for, by a token where there is one, and from which page a change is asked.

Any page that a browser shows can make it ask any address. A page of another site reads nothing of the answers unless
its own name has been made to lead here (DNS rebinding): then the Host that is asked for is that name, and is refused.
"""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from urllib.parse import parse_qsl, urlencode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from gearshift.listeners.address import Address

ANY_ADDRESS = ("0.0.0.0", "::")
PURPOSE = b"gearshift status page"


class Admission:
    """Of one status listener. address: as the user has written it; bound: as the kernel has it ("127.0.0.1:8089")."""

    def __init__(self, address: Address, bound: str, token: str) -> None:
        self._token = token.encode()
        # A cookie goes to every port of its host: each listener has its own, and none has the token in it.
        name = "".join(letter if letter.isalnum() else "_" for letter in bound)
        self._cookie = f"gearshift_{name}"
        self._sealed = hmac.new(self._token, PURPOSE, "sha256").hexdigest() if token else ""
        self._hosts = {"localhost", address.host.lower(), host_of(bound)}
        # Neither a Unix socket nor all of a machine's addresses have a name; rebinding gains nothing there: a browser
        # opens no Unix socket, and where there is a token the other name has no cookie.
        self._any_host = not address.host or host_of(bound) in ANY_ADDRESS

    def host_is_ours(self, environ: Mapping[str, Any]) -> bool:
        host = host_of(environ.get("HTTP_HOST", ""))
        return bool(host) and (self._any_host or host in self._hosts or is_loopback(host))

    def is_of_another_site(self, environ: Mapping[str, Any]) -> bool:
        """Whether a page of another site asks: for it nothing is begun. (Following a link here is the user's.)"""
        return (
            environ.get("HTTP_SEC_FETCH_SITE") in ("cross-site", "same-site")
            and environ.get("HTTP_SEC_FETCH_MODE") != "navigate"
        )

    def has_same_origin(self, environ: Mapping[str, Any]) -> bool:
        """Whether a change is asked for by our own page; who asks without a browser says so with Origin."""
        return bool(environ.get("HTTP_ORIGIN", "") == f"http://{environ.get('HTTP_HOST', '')}")

    def knows(self, environ: Mapping[str, Any]) -> bool:
        """Whether the token, or the cookie for it, has come along."""
        if not self._token:
            return True
        scheme, _, said = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() == "bearer" and self._is_token(said.strip()):
            return True
        for part in environ.get("HTTP_COOKIE", "").split(";"):
            name, _, value = part.strip().partition("=")
            if name == self._cookie and hmac.compare_digest(value.encode(), self._sealed.encode()):
                return True
        return self.says_token(environ)

    def says_token(self, environ: Mapping[str, Any]) -> bool:
        """Whether the right token stands in the query."""
        said = dict(parse_qsl(environ.get("QUERY_STRING", "")))
        return bool(self._token) and self._is_token(said.get("token", ""))

    def cookie(self) -> str:
        """The field that has a browser remember it. Lax: a link to the page works from anywhere."""
        return f"{self._cookie}={self._sealed}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax"

    def _is_token(self, said: str) -> bool:
        return hmac.compare_digest(said.encode("utf-8", "surrogateescape"), self._token)


def without_token(query: str) -> str:
    """The query without what is secret in it."""
    return urlencode([(name, value) for name, value in parse_qsl(query) if name != "token"])


def host_of(text: str) -> str:
    """The host of "127.0.0.1:8089", of "[::1]:8089" without its brackets; in small letters, without a last dot."""
    host = text.rpartition(":")[0] if ":" in text.rpartition("]")[2] else text
    return host.removeprefix("[").removesuffix("]").lower().removesuffix(".")


def is_loopback(host: str) -> bool:
    """Whether a name or address can't mean another machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
