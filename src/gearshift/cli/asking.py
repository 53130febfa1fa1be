"""Which running server a command means."""

from __future__ import annotations

from gearshift.control.client import find
from gearshift.errors import SettingError, WrongValueError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def server_meant(flags: Mapping[str, object]) -> str:
    """The path of its control socket. Raises SettingError."""
    said = flags.get("pid")
    if said is not None and "control" in flags:
        raise SettingError("--pid: found --control too, expected one of them")
    if said is not None and not (str(said).isascii() and str(said).isdigit() and len(str(said)) < 10):
        raise WrongValueError("--pid", repr(said), "the number of a process that is a server")
    return find(None if said is None else int(str(said)), str(flags.get("control", "")))
