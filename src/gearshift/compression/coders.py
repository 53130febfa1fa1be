"""The content codings (RFC 9110 section 8.4.1): streams that can be flushed, so that what was said so far can be read.

The levels are those at which a processor earns more on the wire than it spends; windows are kept small, because every
answer that is being sent has one.
"""

from __future__ import annotations

import zlib

from gearshift.errors import SettingError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    class Coder(Protocol):
        """A stream in one coding."""

        def press(self, data: bytes | memoryview, /) -> bytes:
            """What comes out for the next bytes; it may be nothing yet."""

        def flush(self) -> bytes:
            """What is missing for the reader to have everything so far."""

        def finish(self) -> bytes:
            """The end of the stream."""


GZIP_LEVEL = 5  # of 9; 256 KiB a stream
GZIP_WINDOW = 31  # zlib's word for 32 KiB in gzip's format
BROTLI_QUALITY = 4  # of 11: the last one before its speed halves
BROTLI_WINDOW = 18  # 256 KiB
ZSTD_LEVEL = 3  # its own default; the window stays below the 8 MiB that RFC 9659 allows


class GzipCoder:
    """zlib's, as every client knows it."""

    def __init__(self) -> None:
        self._stream = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_WINDOW)
        self.press = self._stream.compress

    def flush(self) -> bytes:
        return self._stream.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        return self._stream.flush(zlib.Z_FINISH)


class BrotliCoder:
    """RFC 7932."""

    def __init__(self, brotli: Any) -> None:
        self._stream = brotli.Compressor(quality=BROTLI_QUALITY, lgwin=BROTLI_WINDOW)
        self.press: Callable[[bytes | memoryview], bytes] = self._stream.process
        self.flush: Callable[[], bytes] = self._stream.flush
        self.finish: Callable[[], bytes] = self._stream.finish


class ZstdCoder:
    """RFC 8878, by the package zstandard."""

    def __init__(self, zstandard: Any) -> None:
        self._stream = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compressobj()
        self._block = zstandard.COMPRESSOBJ_FLUSH_BLOCK
        self._end = zstandard.COMPRESSOBJ_FLUSH_FINISH
        self.press: Callable[[bytes | memoryview], bytes] = self._stream.compress

    def flush(self) -> bytes:
        flushed: bytes = self._stream.flush(self._block)
        return flushed

    def finish(self) -> bytes:
        flushed: bytes = self._stream.flush(self._end)
        return flushed


def coder_of(coding: str) -> Callable[[], Coder]:
    """Makes coders of gzip, br or zstd. Raises SettingError where the package for it is missing."""
    if coding == "gzip":
        return GzipCoder
    try:
        if coding == "br":
            import brotli  # type: ignore[import-untyped]

            return lambda: BrotliCoder(brotli)
        import zstandard
    except ImportError:
        package = "brotli" if coding == "br" else "zstandard"
        raise SettingError(
            f"--compress: found {coding}, for which {package} is missing (pip install gearshift[compress])"
        ) from None
    return lambda: ZstdCoder(zstandard)
