"""A DNS responder for a few names (RFC 1035): A and AAAA records, NXDOMAIN for what it does not know.

gearshift serve --udp dns_server:Dns --bind 127.0.0.1:5390
dig @127.0.0.1 -p 5390 +short gear.example
"""

from __future__ import annotations

import ipaddress
import struct

NAMES = {
    b"gear.example": ["192.0.2.7", "2001:db8::7"],
    b"shift.example": ["192.0.2.8", "192.0.2.9"],
}
SECONDS = 60  # that an answer may be kept
HEADER = struct.Struct("!6H")  # id, flags, and how many questions, answers, authorities, additionals
RECORD = struct.Struct("!HHHIH")  # name (a pointer), type, class, seconds, length
A, AAAA, INTERNET = 1, 28, 1
RESPONSE, OPCODE, AUTHORITATIVE, RECURSION_DESIRED = 0x8000, 0x7800, 0x0400, 0x0100
NO_ERROR, FORMAT_ERROR, NO_SUCH_NAME, NOT_IMPLEMENTED = 0, 1, 3, 4


class Dns:
    """Answers one question a datagram."""

    def datagram(self, data: bytes, peer: tuple[str, int]) -> bytes | None:
        if len(data) < HEADER.size:
            return None
        number, flags, questions, *_ = HEADER.unpack_from(data)
        if flags & RESPONSE:
            return None  # never answer an answer: two servers would do so for ever
        said = RESPONSE | AUTHORITATIVE | flags & (OPCODE | RECURSION_DESIRED)
        if flags & OPCODE:
            return HEADER.pack(number, said | NOT_IMPLEMENTED, 0, 0, 0, 0)
        question = question_in(data) if questions == 1 else None
        if question is None:
            return HEADER.pack(number, said | FORMAT_ERROR, 0, 0, 0, 0)
        name, kind, asked = question
        known = NAMES.get(name.lower())
        records = [] if known is None else records_of(known, kind)
        said |= NO_SUCH_NAME if known is None else NO_ERROR
        return HEADER.pack(number, said, 1, len(records), 0, 0) + asked + b"".join(records)


def question_in(data: bytes) -> tuple[bytes, int, bytes] | None:
    """The name asked for, the type, and the question's bytes; None where it is malformed."""
    labels = []
    at = HEADER.size
    while at < len(data) and (length := data[at]):
        if length > 63 or at + 1 + length > len(data):
            return None
        labels.append(data[at + 1 : at + 1 + length])
        at += 1 + length
    if at + 5 > len(data):
        return None
    kind, family = struct.unpack_from("!2H", data, at + 1)
    if family != INTERNET:
        return None
    return b".".join(labels), kind, data[HEADER.size : at + 5]


def records_of(addresses: list[str], kind: int) -> list[bytes]:
    found = []
    for text in addresses:
        address = ipaddress.ip_address(text)
        if kind == (A if address.version == 4 else AAAA):
            packed = address.packed
            found.append(RECORD.pack(0xC000 | HEADER.size, kind, INTERNET, SECONDS, len(packed)) + packed)
    return found
