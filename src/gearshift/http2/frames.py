"""Walks over the headers of the frames that come, before h2 reads them: for what h2 does not refuse, or not so soon."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

PREFACE_LENGTH = 24
HEADER_LENGTH = 9
DATA, HEADERS, SETTINGS, CONTINUATION = 0, 1, 4, 9
ACK = 1
END_HEADERS = 4


class FrameWalk:
    """block: bytes of the header block that is not whole yet, as it comes; 0 between two."""

    __slots__ = ("_held", "_skip", "block")

    def __init__(self) -> None:
        self._held = b""
        self._skip = PREFACE_LENGTH
        self.block = 0

    def joined(self, data: bytes) -> bytes:
        """These bytes behind those of a frame header that was not whole."""
        held, self._held = self._held, b""
        return held + data

    def walk(self, data: bytes) -> Iterator[tuple[int, int, int, int, int]]:
        """(where it begins, type, flags, stream, length of its payload) of each frame that begins in `data`, and last
        (where a header begins that is not whole, -1, 0, 0, 0), if one does: that is held back until more has come.
        """
        at, end = self._skip, len(data)
        while at + HEADER_LENGTH <= end:
            length = int.from_bytes(data[at : at + 3], "big")
            kind, flags = data[at + 3], data[at + 4]
            stream = int.from_bytes(data[at + 5 : at + 9], "big") & 0x7FFFFFFF
            in_block = kind in (HEADERS, CONTINUATION)
            if in_block:
                self.block += length
            yield at, kind, flags, stream, length
            if in_block and flags & END_HEADERS:
                self.block = 0
            at += HEADER_LENGTH + length
        self._skip = max(at - end, 0)
        if at < end:
            self._held = data[at:]
            yield at, -1, 0, 0, 0
