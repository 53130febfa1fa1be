"""The asking end: finds the server and speaks one request with it."""

from __future__ import annotations

import json
import socket

from gearshift.control.paths import ControlError, path_for, running
from gearshift.errors import SettingError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PATIENCE = 15.0  # seconds; a shift waits for an event loop that may be held up


def ask(path: str, command: str, **values: object) -> dict[str, Any]:
    """The reply to one command. Raises ControlError where there is none, or it says no."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(path)
            connection.sendall(json.dumps({"command": command, **values}).encode() + b"\n")
            with connection.makefile("rb") as stream:
                line = stream.readline()
    except TimeoutError:
        raise ControlError(f"{path}: the server has not answered for {PATIENCE:g} s") from None
    except OSError as error:
        # Python itself refuses a path that is too long, and gives no number.
        raise ControlError(f"{path}: no server can be reached there: {error.strerror or error}") from None
    if not line.endswith(b"\n"):
        raise ControlError(f"{path}: the server ended without an answer")
    try:
        reply: dict[str, Any] = json.loads(line, object_hook=_as_it_is)
        if not reply.pop("ok"):
            raise ControlError(reply["error"])
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ControlError(f"{path}: what answers there is no server of Gearshift") from None
    return reply


def _as_it_is(found: dict[str, Any]) -> dict[str, Any]:
    """The decoder in C holds the interpreter until it calls something in Python. So a long table of connections doesn't
    hold up a thread that draws.
    """
    return found


def find(pid: int | None, path: str) -> str:
    """The control socket meant: `path`, or that of process `pid`, or of the one server that runs.

    Raises SettingError where none or several run.
    """
    if path:
        return path
    if pid is not None:
        return path_for(pid)
    found = running()
    if len(found) == 1:
        return path_for(found[0])
    if not found:
        raise SettingError("--pid: found no running server of this user, expected one (or --control PATH)")
    listed = ", ".join(map(str, found))
    raise SettingError(f"--pid: found nothing and several servers ({listed}), expected one of them")
