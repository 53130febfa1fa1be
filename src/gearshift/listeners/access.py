"""Who may connect to a Unix socket: the mode and the owner of its file."""

from __future__ import annotations

import os

from gearshift.errors import ListenError, SettingError, WrongValueError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gearshift.settings import Settings

UNCHANGED = -1  # as chown() has it


class Access:
    """mode: permissions, None to leave them to the umask. user, group: ids, UNCHANGED to leave them."""

    __slots__ = ("group", "mode", "user")

    def __init__(self, mode: int | None, user: int, group: int) -> None:
        self.mode = mode
        self.user = user
        self.group = group

    def apply(self, path: str) -> None:
        """To a socket's file, before it listens: until then nobody can connect, so there is no moment at which others
        could. The owner first, since a change of it may take permissions away (chown(2)). Raises ListenError.
        """
        try:
            if (self.user, self.group) != (UNCHANGED, UNCHANGED):
                os.chown(path, self.user, self.group, follow_symlinks=False)
            if self.mode is not None:
                os.chmod(path, self.mode)  # noqa: PTH101 - pathlib would cost every start 6 ms
        except OSError as error:
            raise ListenError(
                f"cannot listen on unix:{path}: its owner or mode can't be set: {error.strerror}"
            ) from None


def access_of(settings: Settings) -> Access | None:
    """What the settings ask of Unix sockets; None for nothing.

    Raises SettingError for a user or group that does not exist, or where no address is a Unix socket's file.
    """
    if not settings.unix_mode and not settings.unix_owner:
        return None
    flag = "--unix-mode" if settings.unix_mode else "--unix-owner"
    addresses = (*settings.bind, *settings.tcp_bind)
    if not any(text.startswith("unix:") and not text.startswith("unix:@") for text in addresses):
        raise SettingError(f"{flag}: found no unix:PATH in --bind, expected one whose file it is for")
    user, _, group = settings.unix_owner.partition(":")
    mode = int(settings.unix_mode, 8) if settings.unix_mode else None
    return Access(mode, _user(user), _group(group))


def _user(name: str) -> int:
    if not name or name.isdigit():
        return int(name or UNCHANGED)
    from pwd import getpwnam

    try:
        return getpwnam(name).pw_uid
    except KeyError:
        raise WrongValueError("--unix-owner", repr(name), "a user of this machine") from None


def _group(name: str) -> int:
    if not name or name.isdigit():
        return int(name or UNCHANGED)
    from grp import getgrnam

    try:
        return getgrnam(name).gr_gid
    except KeyError:
        raise WrongValueError("--unix-owner", repr(name), "a group of this machine") from None
