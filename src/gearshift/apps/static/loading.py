"""From a name below the root to a resource: the file, its precompressed variants, and their heads."""

from __future__ import annotations

import os
from time import time_ns

from gearshift.apps.native import OpenFile
from gearshift.apps.static.cache import LARGEST_IN_MEMORY, Representation, Resource, stamp
from gearshift.apps.static.encodings import CODINGS, IDENTITY
from gearshift.apps.static.media_types import media_type_of
from gearshift.apps.static.notices import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gearshift.apps.static.containment import Located, Root

# Kernels stamp files with the time of the last timer tick, up to 10 ms ago: within that time a file can
# change twice and look the same. What changed this recently is sent, but not kept.
_SETTLED_AFTER = 20_000_000  # nanoseconds
_COMPRESSED = tuple(ending for _, ending in CODINGS)
_READING_ATTEMPTS = 3


class Loader:
    """Reads resources. wall_clock: nanoseconds since the epoch, for tests to replace."""

    def __init__(self, root: Root) -> None:
        self.root = root
        self.wall_clock = time_ns

    def load(self, name: bytes, spelling: bytes, file: bytes, located: Located, turn: float) -> Resource:
        """The resource that `name` stands for: read from `file`, which is its index where it is a folder.

        spelling: the path it was asked by. Raises Refused: 403 where the file may not be read, 503 where it
        never stands still.
        """
        began = self.wall_clock()
        endings = () if file.endswith(_COMPRESSED) else CODINGS
        read = [(IDENTITY, file, *_read(located))]
        for coding, ending in endings:
            variant = self._read_variant(file + ending)
            if variant is not None:
                read.append((coding, file + ending, *variant))
        media_type = media_type_of(file)
        varies = len(read) > 1
        identity, *variants = (
            Representation(
                self.root.path_of(path), coding, status, content, media_type, varies, began // 1_000_000_000
            )
            for coding, path, status, content in read
        )
        present = {variant.coding for variant in variants}
        missing = tuple(
            self.root.path_of(file + ending) for coding, ending in endings if coding not in present
        )
        settled = all(_is_settled(status, began) for _, _, status, _ in read)
        return Resource(name, spelling, identity, tuple(variants), missing, settled, turn)

    def _read_variant(self, file: bytes) -> tuple[os.stat_result, bytes | OpenFile] | None:
        """None where there is no such file, or none that may be read: the others are as good."""
        located = self.root.locate(file)
        if located is None:
            return None
        with located:
            try:
                return _read(located) if located.is_file else None
            except Refused:
                return None


def _is_settled(status: os.stat_result, now: int) -> bool:
    return min(abs(now - status.st_mtime_ns), abs(now - status.st_ctime_ns)) > _SETTLED_AFTER


def _read(located: Located) -> tuple[os.stat_result, bytes | OpenFile]:
    """The content of a file with the status that belongs to it."""
    descriptor = located.open()
    if located.status.st_size > LARGEST_IN_MEMORY:
        return located.status, OpenFile(descriptor)
    try:
        for _ in range(_READING_ATTEMPTS):
            before = os.fstat(descriptor)
            content = os.pread(descriptor, LARGEST_IN_MEMORY + 1, 0)
            if stamp(before) == stamp(os.fstat(descriptor)) and len(content) <= LARGEST_IN_MEMORY:
                return before, content
    finally:
        os.close(descriptor)
    raise Refused(503)
