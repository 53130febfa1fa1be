"""Where a request comes from, and where the server stands, as a proxy tells it: what applications see instead.

Made once for every different thing that is said, and kept: the same clients come again.
"""

from __future__ import annotations

from gearshift.proxy.nodes import MalformedError, authority_of, effective_port, with_port

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gearshift.channel import Channel
    from gearshift.proxy.fields import Said


class Origin:
    """said: of the client. prefix: the path below which the proxy has put us, "" for the root. kept: the proxy passes
    the prefix on as a part of the path; otherwise it has taken it off. secured: the client came to the proxy by TLS, as
    the PROXY protocol told.
    """

    __slots__ = ("_authority", "_host", "_outer_port", "_port", "_scheme", "kept", "prefix")

    def __init__(self, said: Said, prefix: str, kept: bool, secured: bool) -> None:
        self._host = said.host
        self._port = said.port
        self._scheme = said.scheme or ("https" if secured else "")
        self._authority = said.authority
        self._outer_port = said.outer_port
        self.prefix = said.prefix or prefix
        self.kept = kept

    def client(self, channel: Channel) -> str:
        """The client's address as text; "" where it is hidden, or a Unix socket's."""
        if self._host is None:
            return channel.peer_address()
        if not self._host or not self._port:
            return self._host
        return f"[{self._host}]:{self._port}" if ":" in self._host else f"{self._host}:{self._port}"

    def into_environ(self, environ: dict[str, Any]) -> None:
        """PEP 3333's names. PATH_INFO is what follows SCRIPT_NAME."""
        if self._host is not None:
            environ["REMOTE_ADDR"] = self._host
            environ["REMOTE_PORT"] = self._port
        if self._scheme:
            environ["wsgi.url_scheme"] = self._scheme
        if self._authority or self._outer_port:
            host, port, text = self._as_seen_outside(environ.get("HTTP_HOST", ""), environ["wsgi.url_scheme"])
            environ["SERVER_PORT"] = port
            if host:
                environ["HTTP_HOST"] = text
                environ["SERVER_NAME"] = host
        if self.prefix:
            path = environ["PATH_INFO"]
            if not self.kept:
                environ["SCRIPT_NAME"] = self.prefix
            elif self._is_below(path):
                environ["SCRIPT_NAME"] = self.prefix
                environ["PATH_INFO"] = path[len(self.prefix) :]

    def into_scope(self, scope: dict[str, Any]) -> None:
        """ASGI's names. `path` and `raw_path` begin with `root_path`, as uvicorn and Starlette have it."""
        if self._host is not None:
            scope["client"] = (self._host, int(self._port or 0)) if self._host else None
        secure = self._scheme == "https" if self._scheme else scope["scheme"] in ("https", "wss")
        if self._scheme:
            plain = "ws" if scope["type"] == "websocket" else "http"
            scope["scheme"] = plain + "s" if secure else plain
        if self._authority or self._outer_port:
            self._host_into_scope(scope, "https" if secure else "http")
        if self.prefix:
            if not self.kept:
                scope["root_path"] = self.prefix
                scope["path"] = self.prefix + scope["path"]
                scope["raw_path"] = self.prefix.encode() + scope["raw_path"]
            elif self._is_below(scope["path"]):
                scope["root_path"] = self.prefix

    def _host_into_scope(self, scope: dict[str, Any], scheme: str) -> None:
        own = next((value for name, value in scope["headers"] if name == b"host"), b"")
        host, port, text = self._as_seen_outside(own.decode("latin-1"), scheme)
        scope["server"] = (host or scope["server"][0], int(port))
        if host:
            others = [pair for pair in scope["headers"] if pair[0] != b"host"]
            scope["headers"] = [(b"host", text.encode("latin-1")), *others]

    def _as_seen_outside(self, own: str, scheme: str) -> tuple[str, str, str]:
        """Host, port and Host field by which the client has reached the proxy. own: the request's Host field."""
        text = self._authority or own
        if not text:
            return "", effective_port(self._outer_port, scheme), ""
        try:
            host, port = authority_of(text)
        except MalformedError:  # the request's own: it may hold escapes, or end with its colon
            return "", effective_port(self._outer_port, scheme), ""
        port = self._outer_port or port
        return host.strip("[]"), effective_port(port, scheme), with_port(host, port, scheme)

    def _is_below(self, path: str) -> bool:
        return path.startswith(self.prefix) and path[len(self.prefix) :][:1] in ("", "/")
