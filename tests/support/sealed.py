"""TLS on a test's side of a connection, byte for byte under its control; and certificates for both sides.

`pytest --over-tls tests/conformance` has every server of the support code speak TLS, and every Wire too: what holds of
plain connections holds of sealed ones, but for what a handshake changes in what may wait.
"""

from __future__ import annotations

import atexit
import contextlib
import select
import shutil
import socket
import ssl
import tempfile
from pathlib import Path
from typing import Any

import trustme


class Certificates:
    """An authority, and files made with it in a folder of its own."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="gearshift-certificates-"))
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        self.authority = trustme.CA()
        self.ca = str(self.folder / "ca.pem")
        self.authority.cert_pem.write_to_path(self.ca)
        self.chain, self.key = self.issue("server", "localhost", "example.test", "127.0.0.1")

    def issue(self, name: str, *hosts: str, **options: Any) -> tuple[str, str]:
        """The files of a new certificate with its chain, and of its key."""
        issued = self.authority.issue_cert(*hosts, **options)
        chain, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        chain.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(str(key))
        return str(chain), str(key)

    def client(self, **options: Any) -> ssl.SSLContext:
        """What a client trusts that knows the authority."""
        context = ssl.create_default_context(cafile=self.ca)
        for name, value in options.items():
            setattr(context, name, value)
        return context


_certificates: list[Certificates] = []


def certificates() -> Certificates:
    """Made when they are first asked for: keys take their time."""
    if not _certificates:
        _certificates.append(Certificates())
    return _certificates[0]


class EverythingSealed:
    """Whether the whole support code speaks TLS (--over-tls)."""

    on = False


class SealedSocket:
    """A connected socket with TLS on it, with those of a socket's methods that tests use.

    truncated: the peer ended without close_notify. taken: plain bytes that were received.
    """

    def __init__(
        self,
        plain: socket.socket,
        context: ssl.SSLContext | None = None,
        host: str = "localhost",
        session: ssl.SSLSession | None = None,
    ) -> None:
        self.raw = plain
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = context or certificates().client()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=host, session=session)
        self.truncated = False
        self.handshake()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)

    def handshake(self) -> None:
        """Waits for the peer's part of it."""
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.flush()
                piece = self.raw.recv(65536)
                if not piece:
                    raise ConnectionResetError("ended in the handshake") from None
                self.incoming.write(piece)
            except ssl.SSLError:
                self.flush()
                raise
        self.flush()

    def flush(self) -> None:
        """Sends what OpenSSL has made, whole."""
        sealed = memoryview(self.outgoing.read())
        while sealed:
            try:
                sealed = sealed[self.raw.send(sealed) :]
            except BlockingIOError:
                select.select([], [self.raw], [], 10)

    def sendall(self, data: bytes) -> None:
        for start in range(0, len(data), 65536):
            self.tls.write(data[start : start + 65536])
            self.flush()

    def send(self, data: bytes) -> int:
        if not select.select([], [self.raw], [], 0)[1] and not self.raw.gettimeout():
            raise BlockingIOError
        self.sendall(data)
        return len(data)

    def recv(self, size: int, flags: int = 0) -> bytes:
        if flags & socket.MSG_PEEK:
            return self.raw.recv(size, flags)
        while True:
            pieces: list[bytes] = []
            try:
                while sum(map(len, pieces)) < size:
                    piece = self.tls.read(size - sum(map(len, pieces)))
                    if not piece:
                        return b"".join(pieces)
                    pieces.append(piece)
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLZeroReturnError:
                return b"".join(pieces)
            except ssl.SSLEOFError:
                self.truncated = True
                return b"".join(pieces)
            if pieces:
                return b"".join(pieces)
            if self.raw.gettimeout() == 0:
                select.select([self.raw], [], [], 10)
            came = self.raw.recv(262144)
            if came:
                self.incoming.write(came)
            else:
                self.incoming.write_eof()

    def recv_into(self, buffer: Any) -> int:
        piece = self.recv(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def shutdown(self, how: int) -> None:
        """Says close_notify before its half of the connection ends."""
        if how != socket.SHUT_RD:
            self.say_goodbye()
        self.raw.shutdown(how)

    def say_goodbye(self) -> None:
        with contextlib.suppress(ssl.SSLError):
            self.tls.unwrap()
        self.flush()

    def close(self) -> None:
        self.raw.close()
