"""Sockets that systemd has opened and passes to the service: sd_listen_fds(3), spoken without its library."""

from __future__ import annotations

from gearshift.errors import SettingError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gearshift.settings import Settings

FIRST = 3  # SD_LISTEN_FDS_START: they follow the three standard streams
MOST = 1024
WORD = "systemd"  # all that were passed; systemd:NAME are those of that name
ADDRESSES = ("bind", "tcp_bind")


def passed(environ: Mapping[str, str], pid: int) -> list[tuple[int, str]]:
    """Descriptor and name of each socket that was passed to the process `pid`; none where they were meant for another.

    Raises SettingError where LISTEN_FDS is no number.
    """
    if environ.get("LISTEN_PID") != str(pid):
        return []
    said = environ.get("LISTEN_FDS", "")
    if not (said.isascii() and said.isdigit() and len(said) <= 9 and int(said) <= MOST):
        raise SettingError(f"LISTEN_FDS: found {said!r}, expected a number of sockets up to {MOST}")
    names = environ.get("LISTEN_FDNAMES", "").split(":")
    # systemd.socket(5): without FileDescriptorName= a socket is called after its unit.
    names += [""] * (int(said) - len(names))
    return [(FIRST + place, names[place] or "unknown") for place in range(int(said))]


def asked_for(settings: Settings, environ: Mapping[str, str], pid: int) -> bool:
    """Whether the settings name such sockets, or say nothing of where to listen while there are some."""
    if settings.source("bind") == "default" and environ.get("LISTEN_PID") == str(pid):
        return True
    texts = (settings.status, *settings.bind, *settings.tcp_bind)
    return any(text.partition(":")[0] == WORD for text in texts)


def taken(settings: Settings, environ: Mapping[str, str], pid: int) -> Settings:
    """The settings with the descriptors (fd:3) in the place of `systemd` and `systemd:NAME`.

    Where nothing says where to listen, all that were passed are listened on. Raises SettingError where there is none.
    """
    sockets = passed(environ, pid)
    found: dict[str, object] = {}
    for name in ADDRESSES:
        said = settings.values[name]
        if name == "bind" and settings.source(name) == "default" and sockets:
            said = (WORD,)
        found[name] = tuple(text for one in said for text in _expanded(one, f"--{name}", sockets))
    if settings.status:
        status = _expanded(settings.status, "--status", sockets)
        if len(status) != 1:
            raise SettingError(f"--status: found {len(status)} sockets, expected one (systemd:NAME)")
        found["status"] = status[0]
    return settings.changed(WORD, **found)


def _expanded(text: str, flag: str, sockets: Sequence[tuple[int, str]]) -> list[str]:
    word, _, wanted = text.partition(":")
    if word != WORD:
        return [text]
    found = [f"fd:{fd}" for fd, name in sockets if not wanted or name == wanted]
    if not found:
        names = ", ".join(dict.fromkeys(name for _, name in sockets)) or "none"
        raise SettingError(
            f"{flag.replace('_', '-')}: found {text}, expected a socket of a .socket unit; systemd has passed {names}"
        )
    return found
