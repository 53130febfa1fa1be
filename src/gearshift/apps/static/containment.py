"""From the path of a request to a file below the root, and never to one outside of it.

The kernel resolves the name, links included, because only the kernel does so in one step. What it finds is
opened with O_PATH, which reads nothing, wakes no FIFO and touches no device. /proc/self/fd/N then tells the
real path of what was found, and only what lies below the root's own real path is opened for reading: through
that same link, so what is read is what was judged, and between check and use there is no moment in which a
link could be swapped.

Walking the components with O_NOFOLLOW would take a call or two for each and a second resolver of links beside
the kernel's; openat2(RESOLVE_BENEATH) has no wrapper in libc, is refused by older seccomp filters, and
rejects absolute links that stay inside.
"""

from __future__ import annotations

import os
import stat
from errno import EACCES, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR

from gearshift.apps.static.notices import Refused
from gearshift.errors import SettingError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

_NOTHING_THERE = frozenset((ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG, EACCES))
_O_PATH = os.O_PATH | os.O_CLOEXEC
_WELL_KNOWN = b".well-known"  # RFC 8615: the one dot folder that is there to be read


def relative_name(path: bytes) -> bytes:
    """The file name that a request's path stands for: relative to the root, percent-decoded exactly once.

    A trailing slash is kept (`docs/`), the root is the empty name. Raises Refused: 400 for a malformed
    escape, 404 for whatever must not be served or has a second spelling: dot files, `.` and `..`, empty
    segments, and segments in which a NUL, a slash or a backslash stands after decoding.
    """
    if path[:1] != b"/":
        raise Refused(404)
    segments = [_decode(segment) for segment in path[1:].split(b"/")]
    last = len(segments) - 1
    for position, segment in enumerate(segments):
        if not segment and position != last:
            raise Refused(404)
        if not is_served(segment) and not (position == 0 and segment == _WELL_KNOWN):
            raise Refused(404)
    return b"/".join(segments)


def is_served(segment: bytes) -> bool:
    """Whether a file or folder of this name may be shown to anybody."""
    return not (segment.startswith(b".") or b"/" in segment or b"\\" in segment or b"\0" in segment)


def _decode(segment: bytes) -> bytes:
    if b"%" not in segment:
        return segment
    literal, *escaped = segment.split(b"%")
    decoded = [literal]
    for piece in escaped:
        digits = piece[:2]
        try:
            # isalnum() keeps out the signs, spaces and underscores that int() would take.
            if len(digits) != 2 or not digits.isalnum():
                raise Refused(400)
            decoded.append(bytes((int(digits, 16),)))
        except ValueError:
            raise Refused(400) from None
        decoded.append(piece[2:])
    return b"".join(decoded)


class Located:
    """Something that lies inside of the root; held by an O_PATH descriptor until its `with` block ends."""

    __slots__ = ("_descriptor", "status")

    def __init__(self, descriptor: int, status: os.stat_result) -> None:
        self._descriptor = descriptor
        self.status = status

    def __enter__(self) -> Located:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.status.st_mode)

    @property
    def is_file(self) -> bool:
        """A regular file: neither FIFO nor device nor socket."""
        return stat.S_ISREG(self.status.st_mode)

    def open(self) -> int:
        """A descriptor for reading, which the caller closes. Raises Refused(403) without the permission."""
        try:
            return os.open(_link(self._descriptor), os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY)
        except PermissionError:
            raise Refused(403) from None


class Root:
    """The folder that is served.

    Its name is resolved anew each time something is located, so a root that is itself a link may be pointed
    at the next release while the server runs.
    """

    def __init__(self, folder: str) -> None:
        """folder: as the user wrote it. Raises SettingError where it cannot be served."""
        self.path = os.fsencode(os.path.abspath(folder))  # noqa: PTH100 - names are bytes here, pathlib knows only str
        try:
            descriptor = os.open(self.path, _O_PATH | os.O_DIRECTORY)
        except OSError as error:
            raise SettingError(f"APP: {folder!r} is no folder to serve: {error.strerror}") from None
        try:
            _real_path(descriptor)
        except OSError as error:
            raise SettingError(f"APP: serving {folder!r} needs /proc: {error.strerror}") from None
        finally:
            os.close(descriptor)

    def path_of(self, name: bytes) -> bytes:
        """Where a relative name lies, for a later stat()."""
        return self.path + b"/" + name

    def locate(self, name: bytes) -> Located | None:
        """What a relative name leads to, or None where there is nothing or where it leads out of the root.

        Raises OSError only for faults of the machine (no descriptors left, an I/O error).
        """
        try:
            root = os.open(self.path, _O_PATH | os.O_DIRECTORY)
            try:
                return _locate_below(root, name or b".")
            finally:
                os.close(root)
        except OSError as error:
            if error.errno not in _NOTHING_THERE:
                raise
            return None


def _locate_below(root: int, name: bytes) -> Located | None:
    found = os.open(name, _O_PATH, dir_fd=root)
    located = None
    try:
        inside = _real_path(root)
        real = _real_path(found)
        if real == inside or real.startswith(inside.rstrip(b"/") + b"/"):
            located = Located(found, os.fstat(found))
        return located
    finally:
        if located is None:
            os.close(found)


def _link(descriptor: int) -> bytes:
    return b"/proc/self/fd/%d" % descriptor


def _real_path(descriptor: int) -> bytes:
    return os.readlink(_link(descriptor))  # noqa: PTH115 - a name in bytes
