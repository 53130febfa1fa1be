"""Which content coding a client would have (RFC 9110 section 12.5.3)."""

from __future__ import annotations

# The codings a file may lie beside itself in, best first, with the endings of their files.
CODINGS: tuple[tuple[bytes, bytes], ...] = ((b"br", b".br"), (b"zstd", b".zst"), (b"gzip", b".gz"))
IDENTITY = b"identity"

REFUSED = -1
_UNLISTED_IDENTITY = 0  # acceptable, but anything that was listed is liked better
_MOST_REMEMBERED = 256
_LONGEST_REMEMBERED = 128  # bytes; browsers send about 25
_remembered: dict[bytes, dict[bytes, int]] = {}


def qualities(value: bytes) -> dict[bytes, int]:
    """How much each of our codings and `identity` is liked: 1 to 1000, 0 for tolerated, REFUSED.

    value: the Accept-Encoding field. The few values that browsers send are parsed once.
    """
    known = _remembered.get(value)
    if known is None:
        known = _parse(value)
        if len(value) > _LONGEST_REMEMBERED:
            return known
        if len(_remembered) >= _MOST_REMEMBERED:
            _remembered.clear()
        _remembered[value] = known
    return known


def _parse(value: bytes) -> dict[bytes, int]:
    listed: dict[bytes, int] = {}
    for member in value.lower().split(b","):
        coding, _, weight = member.partition(b";")
        quality = _quality(weight.strip(b" \t"))
        coding = coding.strip(b" \t")
        if coding and quality is not None:
            listed[b"gzip" if coding == b"x-gzip" else coding] = quality or REFUSED
    anything_else = listed.get(b"*", REFUSED)
    liked = {coding: listed.get(coding, anything_else) for coding, _ in CODINGS}
    liked[IDENTITY] = listed.get(IDENTITY, listed.get(b"*", _UNLISTED_IDENTITY))
    return liked


def _quality(weight: bytes) -> int | None:
    """Thousandths; 1000 without a weight; None for a malformed one, whose member counts as unlisted."""
    if not weight:
        return 1000
    name, _, digits = weight.partition(b"=")
    whole, _, fraction = digits.strip(b" \t").partition(b".")
    if name.strip(b" \t") != b"q" or whole not in (b"0", b"1") or len(fraction) > 3:
        return None
    if fraction and not fraction.isdigit():
        return None
    quality = int(whole + fraction.ljust(3, b"0"))
    return quality if quality <= 1000 else None
