"""One TLS connection: sealed bytes in and plain ones out, plain ones in and sealed ones out (RFC 8446, RFC 5246).

The standard library's SSLObject works between two memory buffers, so nothing here has a socket, waits, or tells the
time: whoever has bytes calls `put`, `shake` goes on with the handshake, `take` opens what has come, `seal` closes what
is to leave. Records are followed as they come, so that OpenSSL is asked only for what it has whole: its "not yet" is
an exception, and costs as much as a small record.

A handshake lets go of the interpreter while it signs, and so do take() and seal(): whoever calls them looks afterwards
whether the connection is still its own (see `auto` in ARCHITECTURE.md).
"""

import cython
from cython.cimports.cpython.buffer import PyBUF_READ, PyBUF_WRITE
from cython.cimports.cpython.bytes import PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cython.cimports.cpython.memoryview import PyMemoryView_FromMemory
from cython.cimports.gearshift.http.output import Output, Part, Span
from cython.cimports.gearshift.tls.session import Seal, Shake
from cython.cimports.posix.unistd import pread

# RFC 8446 section 5.1: a record's content; sealing a larger piece at once would only make the buffers larger.
RECORD = cython.declare(cython.Py_ssize_t, 16384)
# RFC 5246 section 6.2.3 allows 2048 bytes around it.
LONGEST_RECORD = cython.declare(cython.int, 16384 + 2048)
COPIED = cython.declare(cython.Py_ssize_t, 1024)  # bytes below which a copy is cheaper than a memoryview
HANDSHAKE_RECORD = cython.declare(cython.int, 22)
ALERT_RECORD = cython.declare(cython.int, 21)
DATA_RECORD = cython.declare(cython.int, 23)
AROUND_DATA = cython.declare(cython.int, 5 + 1 + 16)  # RFC 8446 section 5.2: header, type and tag; no padding
CLOSE_NOTIFY = cython.declare(bytes, b"\x01\x00")  # a warning, for what that is worth (RFC 8446 section 6)

TRANSITIONS = {
    Seal.SHAKING: (Seal.SOUND, Seal.BROKEN),
    Seal.SOUND: (Seal.SHUT, Seal.BROKEN),
    Seal.SHUT: (Seal.BROKEN,),
    Seal.BROKEN: (),
}

_allowed = cython.declare(cython.uint[4])
for _origin, _targets in TRANSITIONS.items():
    _allowed[cython.cast(cython.int, _origin)] = sum(1 << _target for _target in _targets)


class TlsSession:
    """Parameters: the listener's keyring (tls/keyring.py)."""

    def __cinit__(self, keyring: object):
        self.keyring = keyring
        self.seal_state = Seal.SHAKING
        self.version = self.cipher = self.alpn = self.failure = ""

    def move(self, target: Seal):
        origin: cython.int = cython.cast(cython.int, self.seal_state)
        assert _allowed[origin] & (1 << cython.cast(cython.int, target))
        self.seal_state = target

    # ---- from the peer -------------------------------------------------------------------------------------

    def put(self, data: cython.p_const_char, size: cython.Py_ssize_t):
        """Sealed bytes from the peer; they are copied."""
        if self.ssl_object is None:
            self.first = cython.cast(cython.uchar, data[0])
            self.identity = self.keyring.current
            self.ssl_object, self.incoming, self.outgoing = self.identity.session()
            self.offload = self.identity.offload
        if self.seal_state == Seal.BROKEN:
            return 0
        if size <= COPIED:
            self.incoming.write(PyBytes_FromStringAndSize(data, size))
        else:
            self.incoming.write(PyMemoryView_FromMemory(cython.cast(cython.p_char, data), size, PyBUF_READ))
        self.held += size
        self._follow(cython.cast(cython.pointer[cython.const[cython.uchar]], data), size)
        return 0

    def _follow(self, data: cython.pointer[cython.const[cython.uchar]], size: cython.Py_ssize_t):
        """Where records end: five bytes of head, the last two of which are the length of the rest."""
        place: cython.Py_ssize_t = 0
        taken: cython.Py_ssize_t
        while place < size and not self.unruly:
            if self.header_size < 5:
                if self.header_size >= 3:
                    self.header_length = self.header_length << 8 | data[place]
                self.header_size += 1
                self.tail += 1
                place += 1
                if self.header_size < 5:
                    continue
                self.due = self.header_length
                self.unruly = self.header_length > LONGEST_RECORD
            taken = min(self.due, size - place)
            place += taken
            self.due -= taken
            self.tail += taken
            if self.due == 0:
                self.tail = 0
                self.header_size = self.header_length = 0
        if self.unruly:
            self.tail = 0

    def shake(self, wire: Output):
        """Goes on with the handshake as far as what has come allows; what is to be said goes to the wire's output.

        Each call may sign, which is what a handshake costs.
        """
        verdict: Shake = Shake.AGREED
        if self.ssl_object is None:
            return Shake.MORE_IS_NEEDED
        if self.first != HANDSHAKE_RECORD and 65 <= self.first <= 90:
            return Shake.NOT_TLS  # a method's first letter
        try:
            self._shake()
        except self.identity.want_read:
            verdict = Shake.MORE_IS_NEEDED
        except self.identity.errors as error:
            self._break(error)
            verdict = Shake.FAILED
        self.held = self.incoming.pending
        if verdict != Shake.AGREED or self.offload is not None:  # which counts what leaves with the last step
            self._collect(wire)
        if verdict == Shake.AGREED:
            self._agreed()
            # What OpenSSL has once TLS 1.3 is agreed on are tickets for later: they leave with what is sealed first.
            if self.version != "TLSv1.3":
                self._collect(wire)
        return verdict

    def _shake(self):
        """A step of the handshake. Where the kernel may seal later, one at a time: see tls/key_log.py."""
        if self.offload is None:
            self.ssl_object.do_handshake()
            return 0
        self.records = 0  # what leaves with the last step is the first under the final keys: tickets
        self.odd = False
        with self.offload.log.lock:
            try:
                self.ssl_object.do_handshake()
            finally:
                secret = self.offload.log.server_secret()
                if secret is not None:
                    self.secret = secret
        return 0

    def _agreed(self):
        self.move(Seal.SOUND)
        self.version = self.ssl_object.version() or ""
        self.cipher, _, self.key_bits = self.ssl_object.cipher()
        self.alpn = self.ssl_object.selected_alpn_protocol() or ""
        self.written = self.records
        if self.secret is not None and (
            self.alpn == "h2" or not self.offload.suits(self.version, self.cipher)
        ):
            self._keep_it()
        return 0

    def take(self, place: cython.p_char, room: cython.Py_ssize_t, wire: Output):
        """Opens whole records into `place`; how many bytes that made, -1 where the peer will send nothing more.

        0 is possible: a record need not hold data. `room` must be a record at least.
        """
        size: cython.Py_ssize_t = 0
        taken: cython.Py_ssize_t
        before: cython.Py_ssize_t
        while self.held > self.tail and room - size >= RECORD and self.seal_state != Seal.BROKEN:
            taken = 0
            before = self.held
            try:
                taken = self.ssl_object.read(
                    room - size, PyMemoryView_FromMemory(place + size, room - size, PyBUF_WRITE)
                )
                if taken == 0:  # close_notify
                    self.wire_ended = True
                    self.tail = self.held
                else:
                    self.held = self.incoming.pending
                    if self.offload is not None and before - self.held != taken + AROUND_DATA:
                        self._keep_it()
            except self.identity.want_read:
                self.held = self.tail = self.incoming.pending
                self._keep_it()
            except self.identity.errors as error:
                self._break(error)
            size += taken
        if size == 0:
            self._collect(
                wire
            )  # an alert, an answer to a change of keys; beside data it leaves with what is sealed next
        if size == 0 and (self.wire_ended or self.seal_state == Seal.BROKEN):
            return -1
        return size

    def _break(self, error: object):
        """Nothing can be read or written any more; what OpenSSL says of it to the peer is in its buffer."""
        self.failure = getattr(error, "reason", None) or type(error).__name__
        self.move(Seal.BROKEN)
        self.held = self.tail = 0
        self.wire_ended = True
        self._keep_it()
        return 0

    # ---- to the peer ---------------------------------------------------------------------------------------

    def seal(self, wire: Output, most: cython.longlong):
        """Seals about `most` bytes of what waits. False: a file has become shorter than its answer promised."""
        span: Span[1]
        part: cython.pointer[Part]
        size: cython.Py_ssize_t
        plain: Output = self.plain
        if self.seal_state != Seal.SOUND:
            plain.clear()  # nobody can be told
            return True
        while plain.pending > 0 and most > 0:
            part = plain.file()
            try:
                if part != cython.NULL:
                    if self.secret is not None and self.may_leave_it():
                        return True  # once what is sealed has left
                    size = self._seal_file(part)
                    if size == 0:
                        return False
                else:
                    plain.spans(span, 1)
                    size = min(span[0].length, RECORD)
                    if size <= COPIED:
                        self.ssl_object.write(PyBytes_FromStringAndSize(span[0].start, size))
                    else:
                        self.ssl_object.write(
                            PyMemoryView_FromMemory(
                                cython.cast(cython.p_char, span[0].start), size, PyBUF_READ
                            )
                        )
            except self.identity.errors as error:
                self._break(error)
                plain.clear()
                break
            plain.sent(size)
            most -= size
            self.written += 1
            self.full |= size == RECORD
            self._collect(wire)  # at once: OpenSSL keeps a buffer as large as it ever was
        return True

    def _seal_file(self, part: cython.pointer[Part]):
        """A piece of a file; 0 where it has ended. Without kernel TLS it has to come through here (docs/tls.md)."""
        size: cython.Py_ssize_t = cython.cast(cython.Py_ssize_t, min(part.length, RECORD))
        piece = PyBytes_FromStringAndSize(cython.NULL, size)
        place: cython.p_char = PyBytes_AS_STRING(piece)
        descriptor: cython.int = part.descriptor
        offset: cython.longlong = part.offset
        taken: cython.Py_ssize_t
        with cython.nogil:
            taken = pread(descriptor, place, size, offset)
        if taken <= 0:
            return 0
        self.ssl_object.write(piece if taken == size else piece[:taken])
        return taken

    def _collect(self, wire: Output):
        """What OpenSSL has for the peer goes to the wire's output."""
        sealed: bytes = self.outgoing.read()
        if PyBytes_GET_SIZE(sealed):
            if self.in_kernel:
                self.owes_keys = True  # it was sealed as if nothing had left since: it can't be sent
                return 0
            if self.secret is not None:
                self._count(sealed)
            wire.write_bytes(sealed)
        return 0

    def say_goodbye(self, wire: Output):
        """close_notify (RFC 8446 section 6.1): what came before it was whole. Once; not after a failed handshake."""
        if self.seal_state != Seal.SOUND:
            return 0
        self.move(Seal.SHUT)
        if self.in_kernel:
            return wire.write_record(
                ALERT_RECORD, CLOSE_NOTIFY, PyBytes_AS_STRING(CLOSE_NOTIFY), PyBytes_GET_SIZE(CLOSE_NOTIFY)
            )
        try:
            self.ssl_object.unwrap()
        except self.identity.errors as error:  # the peer has not said it yet, or something else: it was told
            self.failure = error.reason or ""
        return self._collect(wire)

    # ---- left to the kernel --------------------------------------------------------------------------------

    def may_leave_it(self):
        """Whether the kernel can go on where OpenSSL stops: it is known how many records there were, and that they may
        be as long as the kernel makes them (a client may have asked for shorter ones: RFC 6066 section 4).

        Each piece that was written made one record, and nothing else did: so OpenSSL has changed no keys either.
        """
        return (
            self.secret is not None
            and self.full
            and not self.odd
            and self.records == self.written
            and self.seal_state == Seal.SOUND
            and not self.outgoing.pending
        )

    def leave_it_to_kernel(self, fd: cython.int):
        """What OpenSSL has sealed has left: the kernel seals from here on. False: it does not."""
        self.in_kernel = self.offload.take_over(fd, self.cipher, self.secret, self.records)
        self.secret = None
        return self.in_kernel

    def _keep_it(self):
        """A record came that held no data: most likely the peer changes its keys, and may have asked for ours to be
        changed, which OpenSSL does with its next record (RFC 8446 section 4.6.3). So the secret is not the one in use.
        """
        self.owes_keys = self.in_kernel
        self.secret = None
        return 0

    def _count(self, sealed: bytes):
        """The records in it. It begins with one: what OpenSSL has is always taken whole."""
        data: cython.pointer[cython.const[cython.uchar]] = cython.cast(
            cython.pointer[cython.const[cython.uchar]], PyBytes_AS_STRING(sealed)
        )
        size: cython.Py_ssize_t = PyBytes_GET_SIZE(sealed)
        place: cython.Py_ssize_t = 0
        while place + 5 <= size:
            self.records += 1
            self.odd |= data[place] != DATA_RECORD
            place += 5 + (data[place + 3] << 8 | data[place + 4])
        return 0

    # ---- for those who ask ---------------------------------------------------------------------------------

    def environ(self):
        """What a WSGI environ says of it, as mod_ssl names it. Made once a connection."""
        if self._environ is None:
            from gearshift.tls.facts import environ_of

            self._environ = environ_of(self)
        return self._environ

    def extension(self):
        """What an ASGI scope says of it (ASGI TLS extension). Made once a connection."""
        if self._extension is None:
            from gearshift.tls.facts import extension_of

            self._extension = extension_of(self)
        return self._extension
