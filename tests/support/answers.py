"""A strict reader of HTTP/1.1 answers: whatever RFC 9110 and RFC 9112 forbid a server to send is an error here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from typing import NamedTuple

TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2}) ([\t \x21-\x7e\x80-\xff]*)")
FIELD_LINE = re.compile(rb"(" + TOKEN + rb"):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")
CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,16}")
# RFC 9110 5.6.7: IMF-fixdate is the only form a sender may generate.
IMF_FIXDATE = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} "
    r"\d{2}:\d{2}:\d{2} GMT"
)
SINGLE = (b"content-length", b"transfer-encoding", b"date", b"server", b"connection", b"content-type")


class MalformedAnswer(AssertionError):
    """The server sent something that is no valid answer."""


class Answer(NamedTuple):
    """One final answer, with the interim (1xx) answers that preceded it."""

    status: int
    reason: bytes
    fields: list[tuple[bytes, bytes]]
    body: bytes
    framing: str  # "length", "chunked", "close" or "none"
    chunks: list[bytes]
    trailers: list[tuple[bytes, bytes]]
    interim: list[Answer]

    def all(self, name: bytes) -> list[bytes]:
        """Every value of the field, in the order sent."""
        return [value for field, value in self.fields if field.lower() == name.lower()]

    def field(self, name: bytes) -> bytes | None:
        """The only value of the field; None where it was not sent."""
        values = self.all(name)
        assert len(values) <= 1, f"{name!r} was sent {len(values)} times: {values}"
        return values[0] if values else None

    @property
    def connection(self) -> bytes:
        """The Connection field in lower case, empty where there is none."""
        return (self.field(b"connection") or b"").lower()

    @property
    def closes(self) -> bool:
        """Whether the answer announces the end of the connection."""
        return b"close" in [option.strip() for option in self.connection.split(b",")]


def read_head(data: bytes, start: int) -> tuple[int, bytes, list[tuple[bytes, bytes]], int] | None:
    """Status, reason, fields and the offset of the body; None while the head is incomplete."""
    end = data.find(b"\r\n\r\n", start)
    if end < 0:
        if len(data) > start + 9 and not data.startswith((b"HTTP/1.1 ", b"HTTP/1.0 "), start):
            raise MalformedAnswer(f"no status line: {data[start : start + 80]!r}")
        return None
    first, *lines = data[start:end].split(b"\r\n")
    line = STATUS_LINE.fullmatch(first)
    if line is None:
        raise MalformedAnswer(f"malformed status line: {first!r}")
    fields = read_fields(lines)
    for name in SINGLE:
        if sum(field.lower() == name for field, _ in fields) > 1:
            raise MalformedAnswer(f"{name!r} sent more than once: {fields}")
    return int(line[1]), line[2], fields, end + 4


def read_fields(lines: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
    """Field lines, each `token: value` without control characters, folding or trailing white space."""
    fields = []
    for line in lines:
        match = FIELD_LINE.fullmatch(line)
        if match is None:
            raise MalformedAnswer(f"malformed field line: {line!r}")
        fields.append((match[1], match[2].rstrip(b" \t")))
    return fields


def framing_of(status: int, fields: list[tuple[bytes, bytes]], method: bytes) -> tuple[str, int]:
    """How the body is delimited (RFC 9112 6.3), and its length where that is known."""
    named = {name.lower(): value for name, value in fields}
    length, coding = named.get(b"content-length"), named.get(b"transfer-encoding")
    if coding is not None and coding.lower() != b"chunked":
        raise MalformedAnswer(f"transfer coding {coding!r}")
    if coding is not None and length is not None:
        raise MalformedAnswer("Content-Length beside Transfer-Encoding")
    if length is not None and not re.fullmatch(rb"[0-9]{1,19}", length):
        raise MalformedAnswer(f"Content-Length {length!r}")
    if (status < 200 or status == 204) and (length is not None or coding is not None):
        raise MalformedAnswer(f"framing fields with status {status} (RFC 9110 8.6, RFC 9112 6.1)")
    if method == b"HEAD" or status < 200 or status in (204, 304):
        return "none", 0
    if coding is not None:
        return "chunked", 0
    if length is not None:
        return "length", int(length)
    return "close", 0


def read_chunked(data: bytes, start: int) -> tuple[list[bytes], list[tuple[bytes, bytes]], int] | None:
    """Chunks, trailers and the offset behind them; None while incomplete."""
    chunks: list[bytes] = []
    at = start
    while True:
        end = data.find(b"\r\n", at)
        if end < 0:
            return None
        size_text = data[at:end]
        if not CHUNK_SIZE.fullmatch(size_text):
            raise MalformedAnswer(f"chunk size {size_text[:40]!r}")
        size = int(size_text, 16)
        at = end + 2
        if size == 0:
            break
        if len(data) < at + size + 2:
            return None
        if data[at + size : at + size + 2] != b"\r\n":
            raise MalformedAnswer(f"chunk not followed by CRLF but {data[at + size : at + size + 2]!r}")
        chunks.append(data[at : at + size])
        at += size + 2
    if data[at : at + 2] == b"\r\n":
        return chunks, [], at + 2
    end = data.find(b"\r\n\r\n", at)
    if end < 0:
        return None
    return chunks, read_fields(data[at:end].split(b"\r\n")), end + 4


def read_answer(
    data: bytes, method: bytes = b"GET", ended: bool = False, start: int = 0
) -> tuple[Answer, int] | None:
    """The first final answer from `start` on and the offset behind it; None while it is incomplete.

    `ended` says that the peer has closed, which completes a close-delimited body and makes anything else an error.
    """
    interim: list[Answer] = []
    at = start
    while True:
        head = read_head(data, at)
        if head is None:
            return None
        status, reason, fields, at = head
        if status >= 200:
            break
        framing_of(status, fields, method)
        interim.append(Answer(status, reason, fields, b"", "none", [], [], []))
    framing, length = framing_of(status, fields, method)
    chunks: list[bytes] = []
    trailers: list[tuple[bytes, bytes]] = []
    body = b""
    if framing == "length":
        if len(data) < at + length:
            return None
        body, at = data[at : at + length], at + length
    elif framing == "chunked":
        read = read_chunked(data, at)
        if read is None:
            return None
        chunks, trailers, at = read
        body = b"".join(chunks)
    elif framing == "close":
        if not ended:
            return None
        body, at = data[at:], len(data)
    return Answer(status, reason, fields, body, framing, chunks, trailers, interim), at


def read_all(data: bytes, methods: Sequence[bytes] = ()) -> list[Answer]:
    """Every answer of a connection that has ended; bytes left over are an error.

    `methods` are those of the requests in order; GET stands for the ones not given.
    """
    answers: list[Answer] = []
    at = 0
    while at < len(data):
        method = methods[len(answers)] if len(answers) < len(methods) else b"GET"
        read = read_answer(data, method, ended=True, start=at)
        if read is None:
            raise MalformedAnswer(
                f"after {len(answers)} answers the connection ended inside one: {data[at : at + 200]!r}"
            )
        answers.append(read[0])
        at = read[1]
    return answers


def check_date(answer: Answer) -> None:
    """Date is there (RFC 9110 6.6.1) and is an IMF-fixdate that names its own weekday."""
    value = answer.field(b"date")
    assert value is not None, "no Date"
    text = value.decode("ascii")
    assert IMF_FIXDATE.fullmatch(text), f"no IMF-fixdate: {text!r}"
    assert parsedate_to_datetime(text).strftime("%a") == text[:3]
