"""Early hints and trailers: the parts of an answer that few applications send."""

from __future__ import annotations

from gearshift.http.response import ResponseError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any


def links_of(message: Mapping[str, Any]) -> list[bytes]:
    """Of an `http.response.early_hint`. Raises ResponseError for one that would break its line."""
    links = [bytes(link) for link in message["links"]]
    for link in links:
        if any(byte < 32 or byte == 127 for byte in link):
            raise ResponseError(f"a control character in the early hint {link!r}")
    return links


def early_hint(links: Iterable[bytes]) -> bytes:
    """An interim answer (RFC 8297)."""
    return b"HTTP/1.1 103 Early Hints\r\n" + b"".join(b"Link: " + link + b"\r\n" for link in links) + b"\r\n"


def takes_trailers(wanted: bytes | None) -> bool:
    """RFC 9110 section 6.5.1: trailers are sent to a client that says it takes them. wanted: its TE."""
    return wanted is not None and b"trailers" in [
        part.partition(b";")[0].strip().lower() for part in wanted.split(b",")
    ]
