"""Requests as they may be, their bytes, and what may be done to these: strategies for hypothesis."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import strategies as st

TOKEN = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
VISIBLE = bytes(range(0x21, 0x7F))
OBS_TEXT = bytes(range(0x80, 0x100))
# Fields that the core itself interprets; the strategies place them on purpose.
INTERPRETED = {b"host", b"content-length", b"transfer-encoding", b"expect", b"connection"}
FORBIDDEN_TRAILERS = INTERPRETED | {b"trailer"}


class Chunk(NamedTuple):
    """A chunk, its size as written and its extension."""

    data: bytes
    size: bytes
    extension: bytes


class Request(NamedTuple):
    """A valid request: what is said, not how it is cut."""

    method: bytes
    target: bytes
    path: bytes
    query: bytes
    minor: int
    headers: tuple[tuple[bytes, bytes], ...]  # as sent, the framing fields among them
    spaces: tuple[tuple[bytes, bytes], ...]  # optional white space around each value
    body: bytes
    wire_body: bytes

    @property
    def wire(self) -> bytes:
        lines = [b"%s %s HTTP/1.%d\r\n" % (self.method, self.target, self.minor)]
        for (name, value), (before, behind) in zip(self.headers, self.spaces, strict=True):
            lines.append(name + b":" + before + value + behind + b"\r\n")
        return b"".join([*lines, b"\r\n", self.wire_body])


def of_bytes(alphabet: bytes, least: int = 0, most: int = 12) -> st.SearchStrategy[bytes]:
    """Bytes out of an alphabet; made of any bytes, which hypothesis draws much faster than a list of choices."""
    return st.binary(min_size=least, max_size=most).map(
        lambda drawn: bytes([alphabet[octet % len(alphabet)] for octet in drawn])
    )


methods = st.one_of(
    st.sampled_from([b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"TRACE"]),
    of_bytes(TOKEN, 1, 32).filter(lambda method: method != b"CONNECT"),
)
names = of_bytes(TOKEN, 1, 16).filter(lambda name: name.lower() not in INTERPRETED)
values = st.one_of(
    of_bytes(VISIBLE + OBS_TEXT + b" \t"),
    st.sampled_from([b"", b"close", b"chunked", b"5", b"a:b", b'W/"1"', "快".encode()]),
).map(lambda value: value.strip(b" \t"))
hosts = st.sampled_from(
    [b"a", b"example.test", b"a.test:8088", b"127.0.0.1", b"[::1]:80", b"a%2Db", b"A_b.test.", b"a:"]
)
white_space = of_bytes(b" \t", 0, 3)
segments = of_bytes(bytes(set(VISIBLE) - set(b"#?")), 0, 20)
queries = of_bytes(bytes(set(VISIBLE) - set(b"#")), 0, 12)
limits = st.tuples(
    st.integers(120, 2000),
    st.integers(2, 30),
    st.integers(20, 600),
    st.integers(10, 300),
    st.integers(0, 500),
)


@st.composite
def targets(draw: st.DrawFn, method: bytes) -> tuple[bytes, bytes, bytes, bytes | None]:
    """A target, its path and query, and the authority it names."""
    form = draw(st.sampled_from(["origin", "origin", "origin", "absolute", "asterisk"]))
    if form == "asterisk" and method == b"OPTIONS":
        return b"*", b"*", b"", None
    path = draw(segments)
    query = draw(st.none() | queries)
    tail = b"" if query is None else b"?" + query
    if form == "absolute":
        scheme = draw(st.sampled_from([b"http://", b"HTTP://", b"hTTp://"]))
        authority = draw(hosts)
        path = draw(st.sampled_from([b"", b"/" + path]))
        # RFC 9112 section 3.2.4: OPTIONS of a whole server, as a proxy was asked it.
        seen = path or (b"*" if method == b"OPTIONS" and query is None else b"/")
        return scheme + authority + path + tail, seen, query or b"", authority
    return b"/" + path + tail, b"/" + path, query or b"", None


@st.composite
def chunks(draw: st.DrawFn) -> Chunk:
    data = draw(st.binary(min_size=1, max_size=40))
    zeros = b"0" * draw(st.integers(0, 4))
    size = draw(st.sampled_from([b"%x", b"%X"])) % len(data)
    return Chunk(data, zeros + size, draw(extensions))


extensions = st.one_of(
    st.just(b""),
    st.builds(
        lambda name, value: b";" + name + (b"=" + value if value else b""),
        of_bytes(TOKEN, 1, 6),
        of_bytes(TOKEN, 0, 6),
    ),
    of_bytes(VISIBLE.replace(b'"', b"").replace(b"\\", b"") + b" \t", 0, 8).map(
        lambda text: b';a="' + text + b'"'
    ),
)
trailers = st.lists(
    st.tuples(names.filter(lambda name: name.lower() not in FORBIDDEN_TRAILERS), values), max_size=3
)


def chunked(parts: list[Chunk], last: bytes, fields: list[tuple[bytes, bytes]]) -> bytes:
    """These chunks and this trailer section as bytes."""
    pieces = [part.size + part.extension + b"\r\n" + part.data + b"\r\n" for part in parts]
    section = [name + b": " + value + b"\r\n" for name, value in fields]
    return b"".join([*pieces, last, b"\r\n", *section, b"\r\n"])


@st.composite
def requests(draw: st.DrawFn, framings: tuple[str, ...] = ("none", "length", "chunks")) -> Request:
    """A valid request of HTTP/1.x, at most of some hundred bytes."""
    method = draw(methods)
    target, path, query, authority = draw(targets(method))
    framing = draw(st.sampled_from(framings))
    minor = draw(st.integers(0, 9)) if framing != "chunks" else draw(st.integers(1, 9))
    fields = draw(st.lists(st.tuples(names, values), max_size=5))
    special = []
    if minor or draw(st.booleans()):
        special.append((draw(st.sampled_from([b"Host", b"host", b"HOST"])), authority or draw(hosts)))
    if draw(st.booleans()):
        special.append((b"Connection", draw(st.sampled_from([b"close", b"keep-alive", b"TE, close", b"x"]))))
    body, wire_body = b"", b""
    if framing == "length":
        body = wire_body = draw(st.binary(max_size=60))
        special.append((b"Content-Length", b"0" * draw(st.integers(0, 3)) + b"%d" % len(body)))
    elif framing == "chunks":
        parts = draw(st.lists(chunks(), max_size=5))
        body = b"".join(part.data for part in parts)
        last = b"0" * draw(st.integers(1, 3)) + draw(extensions)
        wire_body = chunked(parts, last, draw(trailers))
        special.append((b"Transfer-Encoding", draw(st.sampled_from([b"chunked", b"Chunked", b"CHUNKED"]))))
    headers = draw(st.permutations([*fields, *special]))
    spaces = draw(st.lists(st.tuples(white_space, white_space), min_size=len(headers), max_size=len(headers)))
    return Request(method, target, path, query, minor, tuple(headers), tuple(spaces), body, wire_body)


def places(data: bytes) -> st.SearchStrategy[list[int]]:
    """Places to cut the data at; a place twice makes an empty piece."""
    return st.lists(st.integers(0, len(data)), max_size=12)


# ---- what may happen to a valid request --------------------------------------------------------------------

TEMPTATIONS = [
    b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\x00", b" ", b"\t", b"\x0b", b"\x7f", b"\x80", b"\xff", b":", b";", b",",
    b"0", b"0\r\n\r\n", b"5\r\nhello\r\n", b"ffffffffffffffff\r\n", b"+", b"-", b"0x", b"_", b"=", b'"', b"#", b"%",
    b"chunked", b"gzip, ", b"Transfer-Encoding: chunked\r\n", b"Content-Length: 5\r\n", b"Host: a\r\n",
    b"Expect: 100-continue\r\n", b"Connection: close\r\n", b" folded\r\n", b"HTTP/1.1", b"HTTP/2.0", b"CONNECT ",
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"a" * 40, b"a" * 700,
]  # fmt: skip


@st.composite
def mutations(draw: st.DrawFn, data: bytes, most: int = 4) -> bytes:
    """The data with a few places put in, taken out, doubled or changed."""
    for _ in range(draw(st.integers(1, most))):
        at = draw(st.integers(0, len(data)))
        kind = draw(st.sampled_from(["put", "put", "change", "cut", "double"]))
        if kind == "put":
            data = data[:at] + draw(st.sampled_from(TEMPTATIONS)) + data[at:]
        elif kind == "change":
            data = data[:at] + draw(st.binary(min_size=1, max_size=1)) + data[at + 1 :]
        elif kind == "cut":
            data = data[:at] + data[at + draw(st.integers(1, 8)) :]
        else:
            data = data[: at + 20] + data[at:]
    return data


mutated = st.lists(requests(), min_size=1, max_size=2).flatmap(
    lambda several: mutations(b"".join(request.wire for request in several))
)
