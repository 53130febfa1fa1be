"""Byte ranges (RFC 9110 section 14): what was asked for, and the answers that carry parts."""

from __future__ import annotations

import os
from itertools import pairwise

from gearshift.apps.native import Answer
from gearshift.apps.static.notices import notice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gearshift.apps.native import FileSlice
    from gearshift.apps.static.cache import Representation

# More ranges than a document viewer needs, too few to make an answer dear: past it the whole file is sent.
MOST_RANGES = 16
_UNBOUNDED = 1 << 63


class Span:
    """Bytes `first` up to, but without, `end`."""

    __slots__ = ("end", "first")

    def __init__(self, first: int, end: int) -> None:
        self.first = first
        self.end = end

    @property
    def length(self) -> int:
        return self.end - self.first


def parse_ranges(value: bytes, size: int) -> list[Span] | None:
    """The spans that a Range field asks for.

    value: the field, such as `bytes=0-99,-5`. size: bytes of the representation.
    Returns None where the field has to be or had better be ignored (another unit, a syntax error, over
    MOST_RANGES, an empty file) and the whole is the answer; an empty list where nothing of what is asked for
    exists (416). Overlapping spans are merged, so no answer is ever longer than its file.
    """
    unit, _, ranges = value.partition(b"=")
    if unit.lower() != b"bytes" or not size:
        # An empty file has no byte to point at, while clients that always ask for a first piece do exist.
        return None
    members = [member for member in (text.strip(b" \t") for text in ranges.split(b",")) if member]
    if not members or len(members) > MOST_RANGES:
        return None
    spans = []
    for member in members:
        span = _parse_member(member, size)
        if span is None:
            return None
        if span.first < span.end:
            spans.append(span)
    return _merge(spans)


def _parse_member(member: bytes, size: int) -> Span | None:
    """One range, cut at the end of the file; an empty span where it lies past it; None for a syntax error."""
    first, dash, last = member.partition(b"-")
    if not dash or not (first or last) or not (first + last).isdigit():
        return None
    if not first:
        return Span(size - min(_number(last), size), size)
    start = _number(first)
    end = _number(last) + 1 if last else size
    if end <= start and last:
        return None
    return Span(min(start, size), min(end, size))


def _number(digits: bytes) -> int:
    significant = digits.lstrip(b"0")
    # int() refuses over 4,300 digits, and no file needs more than 19.
    return int(significant or b"0") if len(significant) < 20 else _UNBOUNDED


def _merge(spans: list[Span]) -> list[Span]:
    """As asked where nothing overlaps; otherwise ascending, with overlapping and touching spans made one."""
    ascending = sorted(spans, key=lambda span: span.first)
    if all(earlier.end <= later.first for earlier, later in pairwise(ascending)):
        return spans
    merged = [ascending[0]]
    for span in ascending[1:]:
        if span.first <= merged[-1].end:
            merged[-1] = Span(merged[-1].first, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def partial_answer(chosen: Representation, spans: list[Span]) -> Answer:
    """206 with one part as the body or several in a multipart/byteranges one; 416 for no span at all."""
    if not spans:
        return notice(416, b"Content-Range: bytes */%d\r\n" % chosen.size + chosen.vary)
    content_type = b"Content-Type: %s\r\n" % chosen.media_type
    if len(spans) == 1:
        fields = content_type + chosen.fields + _content_range(spans[0], chosen.size)
        return Answer(206, fields, chosen.part(spans[0].first, spans[0].length))
    # 96 random bits: nobody can prepare a file that contains the boundary.
    boundary = os.urandom(12).hex().encode()
    body: list[bytes | FileSlice] = []
    for span in spans:
        part_fields = content_type + _content_range(span, chosen.size)
        body.append(b"\r\n--%s\r\n%s\r\n" % (boundary, part_fields))
        body.append(chosen.part(span.first, span.length))
    body.append(b"\r\n--%s--\r\n" % boundary)
    return Answer(
        206, b"Content-Type: multipart/byteranges; boundary=%s\r\n" % boundary + chosen.fields, body
    )


def _content_range(span: Span, size: int) -> bytes:
    return b"Content-Range: bytes %d-%d/%d\r\n" % (span.first, span.end - 1, size)
