"""An application, as WSGI and as ASGI, that answers with what it sees of its client, in the same words."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any


def wsgi(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """The WSGI twin."""
    start_response("200 OK", [("Content-Type", "application/json")])
    row = environ["gearshift.connection"].read()
    seen = {
        "client": [environ["REMOTE_ADDR"], environ["REMOTE_PORT"]] if environ["REMOTE_ADDR"] else None,
        "scheme": environ["wsgi.url_scheme"],
        "host": environ.get("HTTP_HOST"),
        "server": [environ["SERVER_NAME"], environ["SERVER_PORT"]],
        "root": environ["SCRIPT_NAME"],
        "below": environ["PATH_INFO"],
        "fields": [value for name, value in environ.items() if name.startswith(("HTTP_X_F", "HTTP_FOR"))],
        "row": [row["remote"], row["via"], row["client"]],
    }
    return [json.dumps(seen).encode()]


async def asgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The ASGI twin."""
    assert scope["type"] == "http"
    row = scope["extensions"]["gearshift.connection"].read()
    root = scope["root_path"]
    assert scope["path"].startswith(root)
    assert scope["raw_path"] == scope["path"].encode()
    client = scope["client"]
    seen = {
        "client": None if client is None else [client[0], str(client[1] or "")],
        "scheme": scope["scheme"],
        "host": next((value.decode() for name, value in scope["headers"] if name == b"host"), None),
        "server": [scope["server"][0], str(scope["server"][1])],
        "root": root,
        "below": scope["path"][len(root) :],
        "fields": [
            value.decode()
            for name, value in scope["headers"]
            if name.startswith((b"x-forwarded", b"forwarded"))
        ],
        "row": [row["remote"], row["via"], row["client"]],
    }
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]}
    )
    await send({"type": "http.response.body", "body": json.dumps(seen).encode()})


TWINS = {"wsgi": wsgi, "asgi": asgi}
