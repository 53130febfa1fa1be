"""Which answers are compressed, for whom, and what their heads say of it.

Compression beside secrets tells them: who can have a browser send guesses and see how long the answers are finds out
what stands in them (BREACH, CVE-2013-3587). So what belongs to one user is left alone unless a setting says otherwise.
"""

from __future__ import annotations

from gearshift.apps.static.encodings import IDENTITY, REFUSED, qualities
from gearshift.compression.body import WHOLE, CodedBody
from gearshift.compression.coders import coder_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gearshift.http.request import Request

# What shrinks. Of text/ and of the suffixes +json and +xml everything does.
WORTH_IT = frozenset(
    b"application/" + name
    for name in (
        b"javascript",
        b"json",
        b"manifest+json",
        b"ndjson",
        b"wasm",
        b"x-javascript",
        b"x-ndjson",
        b"xhtml+xml",
        b"xml",
        b"x-yaml",
        b"yaml",
    )
) | {b"image/svg+xml", b"image/bmp", b"image/x-icon", b"image/vnd.microsoft.icon", b"font/ttf", b"font/otf"}
# What is compressed already, a part of something, or has a checksum of its bytes as they are.
LEFT_ALONE = frozenset(
    (b"content-encoding", b"content-range", b"content-md5", b"digest", b"content-digest", b"repr-digest")
)
WITHOUT_CONTENT = (204, 205, 206, 304)


class Choice:
    """head: what is said instead of the head so far. coded: whether the body is compressed; body: through what, None
    for the answer to HEAD.
    """

    __slots__ = ("body", "coded", "head")

    def __init__(self, head: bytes, coded: bool = False, body: CodedBody | None = None) -> None:
        self.head = head
        self.coded = coded
        self.body = body


class Compression:
    """codings: of zstd, br and gzip, in the order of preference. least: bytes of a body worth it. private: also what
    belongs to one user. Raises SettingError where a package is missing.
    """

    def __init__(self, codings: tuple[str, ...], least: int, private: bool) -> None:
        self._coders = {coding.encode(): coder_of(coding) for coding in codings}
        self._least = least
        self._private = private

    def choose(
        self, request: Request, status: int, head: bytes, promised: int, length: int, is_head: bool
    ) -> Choice | None:
        """What becomes of an answer; None: nothing is changed.

        head: the status line and the fields so far, without those that frame. promised: the application's
        Content-Length; length: the body's, where all of it is about to be said; -1 where they are not known.
        """
        if status == 304:
            return _not_modified(request, head)
        size = promised if promised >= 0 else length
        if status in WITHOUT_CONTENT or 0 <= size < self._least:
            return None
        fields = fields_of(head)
        if not is_worth_it(fields) or (not self._private and _is_private(request, fields)):
            return None
        coding = self._coding_for(request)
        if coding is None or (request.minor == 0 and not 0 <= length <= WHOLE):
            # RFC 9110 section 12.5.5: for another client it would have been another answer.
            return Choice(b"\r\n".join(varying(head.split(b"\r\n"))))
        rewritten = _rewritten(head, coding)
        if is_head:
            return Choice(rewritten, coded=True)
        return Choice(rewritten, True, CodedBody(self._coders[coding](), promised, 0 <= length <= WHOLE))

    def _coding_for(self, request: Request) -> bytes | None:
        """What the client likes best; the first of ours among equals (RFC 9110 section 12.5.3)."""
        accepted = request.header(b"accept-encoding")
        if accepted is None:
            return None
        liked = qualities(accepted)
        best, highest = None, max(liked[IDENTITY], REFUSED + 1)
        for coding in self._coders:
            if liked[coding] > highest or (best is None and liked[coding] == highest > 0):
                best, highest = coding, liked[coding]
        return best


def fields_of(head: bytes) -> dict[bytes, bytes]:
    """By their lower-case names; repeated ones joined."""
    fields: dict[bytes, bytes] = {}
    for line in head.split(b"\r\n")[1:-1]:
        name, _, value = line.partition(b":")
        name = name.lower()
        value = value.strip()
        fields[name] = fields[name] + b", " + value if name in fields else value
    return fields


def is_worth_it(fields: dict[bytes, bytes]) -> bool:
    """Whether an answer with these fields can be compressed and shrinks."""
    if fields.keys() & LEFT_ALONE or b"no-transform" in fields.get(b"cache-control", b"").lower():
        return False
    kind = fields.get(b"content-type", b"").partition(b";")[0].strip().lower()
    return kind in WORTH_IT or kind.startswith(b"text/") or kind.endswith((b"+json", b"+xml"))


def _is_private(request: Request, fields: dict[bytes, bytes]) -> bool:
    if b"set-cookie" in fields:
        return True
    return request.header(b"cookie") is not None or request.header(b"authorization") is not None


def varying(lines: list[bytes]) -> list[bytes]:
    """The lines of a head, ending with an empty one, that say that the answer depends on Accept-Encoding."""
    for line in lines[1:]:
        name, _, value = line.partition(b":")
        said = {word.strip().lower() for word in value.split(b",")}
        if name.lower() == b"vary" and said & {b"accept-encoding", b"*"}:
            return lines
    return [*lines[:-1], b"Vary: Accept-Encoding", lines[-1]]


def _rewritten(head: bytes, coding: bytes) -> bytes:
    """The head of a compressed answer. Its bytes are others, so its ETag is weak (RFC 9110 section 8.8.3.3), and ranges
    of it can't be had.
    """
    lines = []
    for line in head.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        name = name.lower()
        if name == b"accept-ranges":
            continue
        lines.append(b"ETag: " + _weak(value.strip()) if colon and name == b"etag" else line)
    return b"\r\n".join([*varying(lines)[:-1], b"Content-Encoding: " + coding, b""])


def _weak(tag: bytes) -> bytes:
    return tag if tag.startswith(b"W/") else b"W/" + tag


def _not_modified(request: Request, head: bytes) -> Choice | None:
    """A client that asks by the weak tag it was given is answered with that one (RFC 9111 section 4.3.4)."""
    asked = request.header(b"if-none-match")
    tag = fields_of(head).get(b"etag", b"")
    if asked is None or not tag or tag.startswith(b"W/") or b"W/" + tag not in asked:
        return None
    lines = [b"ETag: W/" + tag if line.lower().startswith(b"etag:") else line for line in head.split(b"\r\n")]
    return Choice(b"\r\n".join(varying(lines)))
