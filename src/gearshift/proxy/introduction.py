"""The PROXY protocol, versions 1 and 2: what a proxy says of its client before the client's first byte.

HAProxy's proxy-protocol.txt. No socket and no clock: bytes in, an address out. A receiver must not guess whether there
is such an introduction (section 4): where one is expected, anything else is the end of the connection.
"""

from socket import AF_INET, AF_INET6, inet_ntop, inet_pton

import cython
from cython.cimports.gearshift.proxy.introduction import Progress

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"  # section 2.2
LONGEST_LINE = cython.declare(cython.Py_ssize_t, 107)  # bytes with CRLF (section 2.1)
LONGEST_HEADER = cython.declare(
    cython.Py_ssize_t, 4096
)  # bytes; addresses take 216, the rest is what proxies add

TRANSITIONS = {
    Progress.BEGUN: (Progress.BEGUN, Progress.WHOLE, Progress.BROKEN),
    Progress.WHOLE: (),
    Progress.BROKEN: (),
}

_LOCAL = cython.declare(cython.int, 0)
_SSL = cython.declare(cython.int, 0x20)  # PP2_TYPE_SSL (section 2.2.6)
_NOT_YET = cython.declare(cython.Py_ssize_t, 0)
_WRONG = cython.declare(cython.Py_ssize_t, -1)


class Introduction:
    """One connection's. Once it is WHOLE: host and port of the client as text, `described` where they were told ("" for
    a Unix socket), `secured` where the client came to the proxy by TLS.
    """

    def __cinit__(self):
        self.held = b""
        self.host = self.port = ""

    def receive(self, data: bytes):
        """Takes the next bytes; returns how many of them are its own: what follows them is the client's."""
        if self.progress != Progress.BEGUN:
            return 0
        before = len(self.held)
        held: bytes = self.held + data[: LONGEST_HEADER + 16]
        end: cython.Py_ssize_t = _WRONG
        if held[: len(SIGNATURE)] == SIGNATURE[: len(held)]:
            end = self._read_header(held)
        elif held[:6] == b"PROXY "[: len(held)]:
            end = self._read_line(held)
        if end == _NOT_YET:
            self.held = held
            return len(data)
        self.held = b""
        self.progress = Progress.BROKEN if end == _WRONG else Progress.WHOLE
        self.secured = self.secured and end != _WRONG
        return len(data) if end == _WRONG else end - before

    def _read_line(self, held: bytes):
        """Version 1, section 2.1: a line of text."""
        end: cython.Py_ssize_t = held.find(b"\r\n", 0, LONGEST_LINE)
        if end < 0:
            return _WRONG if len(held) >= LONGEST_LINE else _NOT_YET
        words = held[6:end].split(b" ")
        if words[0] == b"UNKNOWN":
            return end + 2  # what follows on its line is not to be looked at
        if len(words) != 5 or words[0] not in (b"TCP4", b"TCP6"):
            return _WRONG
        family = AF_INET if words[0] == b"TCP4" else AF_INET6
        try:
            hosts = [inet_ntop(family, inet_pton(family, word.decode("ascii"))) for word in words[1:3]]
        except (OSError, ValueError):
            return _WRONG
        for word in words[3:]:
            digits = word.isdigit() and len(word) <= 5 and (word == b"0" or word[:1] != b"0")
            if not digits or int(word) > 65535:
                return _WRONG
        self._describe(hosts[0], words[3].decode())
        return end + 2

    def _read_header(self, held: bytes):
        """Version 2, section 2.2: a binary header, addresses, and what else proxies tell in type, length and value."""
        addresses: cython.Py_ssize_t
        if len(held) > 12 and (held[12] >> 4 != 2 or held[12] & 15 > 1):
            return _WRONG
        if len(held) < 16:
            return _NOT_YET
        end: cython.Py_ssize_t = 16 + held[14] * 256 + held[15]
        if end > LONGEST_HEADER:
            return _WRONG
        if len(held) < end:
            return _NOT_YET
        if held[12] & 15 == _LOCAL:
            return end  # the proxy speaks for itself: the socket's own addresses count
        family: cython.int = held[13] >> 4
        if held[13] & 15 > 2 or (family == 0) != (held[13] & 15 == 0) or family > 3:
            return _WRONG
        if family == 0:
            return end  # the proxy does not know: its own address counts
        addresses = {1: 12, 2: 36, 3: 216}[family]
        if end < 16 + addresses or not self._read_rest(held[16 + addresses : end]):
            return _WRONG
        if family == 1:
            self._describe(inet_ntop(AF_INET, held[16:20]), str(held[24] * 256 + held[25]))
        elif family == 2:
            self._describe(inet_ntop(AF_INET6, held[16:32]), str(held[48] * 256 + held[49]))
        else:
            self._describe("", "")
        return end

    def _read_rest(self, rest: bytes):
        """Whether everything has its length; of all that may be told only the client's TLS is of use here."""
        place: cython.Py_ssize_t = 0
        length: cython.Py_ssize_t
        while place + 3 <= len(rest):
            length = rest[place + 1] * 256 + rest[place + 2]
            if rest[place] == _SSL and length >= 5:
                self.secured = rest[place + 3] & 1 if place + 3 < len(rest) else False  # PP2_CLIENT_SSL
            place += 3 + length
        return place == len(rest)

    def _describe(self, host: str, port: str):
        self.described = True
        self.host = host
        self.port = port
        return 0
