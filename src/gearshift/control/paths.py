"""Where the control sockets of this user's servers lie, so that one is found by its process."""

# pathlib would cost every start 6 ms.
# ruff: noqa: PTH103, PTH108, PTH118, PTH208
from __future__ import annotations

import os
import socket
import stat
from contextlib import suppress

from gearshift.errors import GearshiftError

ENDING = ".sock"


class ControlError(GearshiftError):
    """The server can't be asked, or says no."""


def folder() -> str:
    """$XDG_RUNTIME_DIR/gearshift, or /tmp/gearshift-UID where there is no such directory."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    return os.path.join(runtime, "gearshift") if runtime else f"/tmp/gearshift-{os.getuid()}"


def path_for(pid: int) -> str:
    """Of the server that is this process."""
    return os.path.join(folder(), f"{pid}{ENDING}")


def make_folder() -> None:
    """Makes the folder, for this user alone. Raises ControlError where somebody else may write there."""
    where = folder()
    try:
        os.makedirs(where, mode=0o700, exist_ok=True)
        found = os.lstat(where)
    except OSError as error:
        raise ControlError(f"{where}: {error.strerror}, expected a folder for the control socket") from None
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise ControlError(
            f"{where}: found a folder that others may write to, expected one of this user alone"
        )


def running() -> list[int]:
    """The processes of this user that listen in the usual place; what those that were killed left there is removed."""
    try:
        names = os.listdir(folder())
    except OSError:
        return []
    found = [int(name.removesuffix(ENDING)) for name in names if name.removesuffix(ENDING).isdigit()]
    return sorted(pid for pid in found if _serves(pid))


def _serves(pid: int) -> bool:
    path = path_for(pid)
    with suppress(OSError):
        if listens(path):
            return True
    # A process that lives may be about to listen; a number that was given away again says no more than that.
    if not _lives(pid):
        with suppress(OSError):
            os.unlink(path)
    return False


def listens(path: str) -> bool:
    """Whether somebody does at that Unix socket. Raises OSError where that can't be found out."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)  # a full accept queue says EAGAIN instead of making us wait
        try:
            probe.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except BlockingIOError:
            pass
    return True


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
