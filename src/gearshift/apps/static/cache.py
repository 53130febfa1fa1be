"""What is kept between requests: small files in memory, large ones as open descriptors, their heads prebuilt.

Nothing kept is believed without a look: a resource is compared with the file system once in each turn of the
engine, so a change is seen by the very next request, while the requests that came together share one stat().
"""

from __future__ import annotations

import os
from collections import OrderedDict
from threading import Lock

from gearshift.apps.native import Answer, FileSlice, OpenFile
from gearshift.apps.static.dates import format_date
from gearshift.apps.static.encodings import IDENTITY
from gearshift.apps.static.notices import NO_SNIFFING, VARY

LARGEST_IN_MEMORY = 64 * 1024  # bytes; above, sendfile() beats a copy out of memory
MOST_MEMORY = 64 * 1024 * 1024  # bytes
MOST_DESCRIPTORS = 256
# Objects, heads and table entries around one file, so that a million empty files are not free.
_BYTES_AROUND_A_FILE = 2048
# At most this share of the process's descriptors: connections need the rest.
_SHARE_OF_DESCRIPTORS = 8
# Seconds until a missing precompressed file is looked for again: without it the answer is right, only longer.
_VARIANTS_AGE = 1.0

Stamp = tuple[int, int, int, int, int]


def stamp(status: os.stat_result) -> Stamp:
    """What differs when a file is another one or has another content.

    The change time is part of it because a modification time can be set back, and because it moves with the
    permissions.
    """
    return (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_dev)


class Representation:
    """A file as it was when it was read, in one content coding, with its answers made."""

    def __init__(
        self,
        path: bytes,
        coding: bytes,
        status: os.stat_result,
        content: bytes | OpenFile,
        media_type: bytes,
        varies: bool,
        now: int,
    ) -> None:
        """path: where it lies. varies: whether other codings exist. now: seconds since the epoch.

        `modified` and `last_modified` are one moment, as seconds since the epoch and in words; `fields` are
        the lines of the head without Content-Type.
        """
        self.path = path
        self.coding = coding
        self.content = content
        self.size = len(content) if isinstance(content, bytes) else status.st_size
        self.media_type = media_type
        self.stamp = stamp(status)
        tag = b"%x-%x-%x" % (status.st_mtime_ns, status.st_size, status.st_ino)
        self.etag = b'"%s"' % tag if coding == IDENTITY else b'"%s-%s"' % (tag, coding)
        # RFC 9110 section 8.8.2.1: never later than the answer itself.
        self.modified = max(0, min(status.st_mtime_ns // 1_000_000_000, now))
        self.last_modified = format_date(self.modified)
        self.vary = VARY if varies else b""
        validators = b"ETag: %s\r\nLast-Modified: %s\r\n" % (self.etag, self.last_modified) + self.vary
        self.fields = validators + b"Accept-Ranges: bytes\r\n" + NO_SNIFFING
        if coding != IDENTITY:
            self.fields += b"Content-Encoding: %s\r\n" % coding
        self.answer = Answer(200, b"Content-Type: %s\r\n" % media_type + self.fields, self.part(0, self.size))
        self.not_modified = Answer(304, validators)

    def is_current(self) -> bool:
        """Whether the file is still the one that was read."""
        try:
            now = os.stat(self.path)  # noqa: PTH116 - a name in bytes
        except OSError:
            return False
        return stamp(now) == self.stamp

    def part(self, first: int, length: int) -> bytes | FileSlice:
        """`length` bytes from `first` on, as the body of an answer or a piece of one."""
        if isinstance(self.content, bytes):
            return self.content[first : first + length]
        return FileSlice(self.content, first, length)


class Resource:
    """What one path stands for: the file itself and, best first, its precompressed variants."""

    def __init__(
        self,
        name: bytes,
        spelling: bytes,
        identity: Representation,
        variants: tuple[Representation, ...],
        missing: tuple[bytes, ...],
        is_settled: bool,
        turn: float,
    ) -> None:
        """name: relative, decoded. spelling: the request's path. missing: where variants might appear.

        is_settled: whether any later change is certain to show in the times of the files.
        """
        self.name = name
        self.spelling = spelling
        self.identity = identity
        self.variants = variants
        self.missing = missing
        self.is_settled = is_settled
        self.looked_for = turn
        self.turn = turn
        self.queued = turn
        self.memory = 0
        self.descriptors = 0
        for representation in (identity, *variants):
            self.memory += _BYTES_AROUND_A_FILE
            if isinstance(representation.content, bytes):
                self.memory += representation.size
            else:
                self.descriptors += 1

    def is_current(self, turn: float) -> bool:
        """Whether the file and its variants are unchanged, and whether there are still no others.

        Asks the kernel once in a turn, and leaves the turn as the trace of its last use.
        """
        if self.turn == turn:
            return True
        if not self.identity.is_current():
            return False
        for variant in self.variants:
            if not variant.is_current():
                return False
        if turn - self.looked_for > _VARIANTS_AGE:
            for path in self.missing:
                if os.access(path, os.F_OK):
                    return False
            self.looked_for = turn
        self.turn = turn
        return True


class Cache:
    """Resources by path and by name, bounded in bytes and in descriptors.

    Readers take no lock: they look into `spelled`, and a hit leaves its trace in the turn that the
    revalidation writes down anyway. From that trace the least recently used are found when room is needed, as
    page caches do it: whatever was used since it was queued is queued again instead of forgotten.
    """

    def __init__(self, most_memory: int = MOST_MEMORY, most_descriptors: int | None = None) -> None:
        """most_descriptors: None for MOST_DESCRIPTORS, or fewer where the process may not open many."""
        self.spelled: dict[bytes, Resource] = {}
        self.named: dict[bytes, Resource] = {}
        self.memory = 0
        self.descriptors = 0
        self.most_memory = most_memory
        self.most_descriptors = _affordable_descriptors() if most_descriptors is None else most_descriptors
        self._lock = Lock()
        self._in_memory: OrderedDict[bytes, Resource] = OrderedDict()
        self._with_descriptors: OrderedDict[bytes, Resource] = OrderedDict()

    def keep(self, resource: Resource) -> None:
        """Keep a resource in place of an older one of the same name."""
        with self._lock:
            older: Resource | None = self.named.get(resource.name)
            if older is not None:
                self._drop(older)
            self.named[resource.name] = resource
            self.spelled[resource.spelling] = resource
            self._queue_of(resource)[resource.name] = resource
            self.memory += resource.memory
            self.descriptors += resource.descriptors
            while self.memory > self.most_memory:
                self._drop_oldest(self._in_memory or self._with_descriptors)
            while self.descriptors > self.most_descriptors:
                self._drop_oldest(self._with_descriptors)

    def forget(self, resource: Resource) -> None:
        """Forget a resource, unless a newer one has taken its place already."""
        with self._lock:
            if self.named.get(resource.name) is resource:
                self._drop(resource)

    def release_descriptors(self) -> None:
        """Close every descriptor that no answer is using."""
        with self._lock:
            for resource in list(self._with_descriptors.values()):
                self._drop(resource)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            for resource in list(self.named.values()):
                self._drop(resource)

    def _queue_of(self, resource: Resource) -> OrderedDict[bytes, Resource]:
        return self._with_descriptors if resource.descriptors else self._in_memory

    def _drop_oldest(self, queue: OrderedDict[bytes, Resource]) -> None:
        while True:
            oldest: Resource = queue.popitem(last=False)[1]
            queue[oldest.name] = oldest
            used = oldest.turn
            if oldest.queued == used:
                self._drop(oldest)
                return
            oldest.queued = used

    def _drop(self, resource: Resource) -> None:
        del self.named[resource.name]
        del self.spelled[resource.spelling]
        del self._queue_of(resource)[resource.name]
        self.memory -= resource.memory
        self.descriptors -= resource.descriptors


def _affordable_descriptors() -> int:
    limit = os.sysconf("SC_OPEN_MAX")  # the soft RLIMIT_NOFILE, without the import of `resource`
    return MOST_DESCRIPTORS if limit < 0 else min(MOST_DESCRIPTORS, limit // _SHARE_OF_DESCRIPTORS)
