"""Who a server is to its clients: certificates with their keys, which of them a name gets, and whom it trusts itself.

An Identity is one state of the files, ready for handshakes; a Keyring has the present one, and makes another when the
files have changed. A session keeps the identity that it began with.
"""

from __future__ import annotations

import os
import ssl

from gearshift.errors import SettingError, WrongValueError
from gearshift.tls.names import best_match, names_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gearshift.settings import Settings
    from gearshift.tls.offload import Offload

# What is offered by ALPN (RFC 7301), in the order of our liking.
PROTOCOLS = ("h2", "http/1.1")

# Forward secrecy and authenticated encryption alone; TLS 1.3 has nothing else. (RFC 9325 section 4.2)
SUITES_OF_TLS_1_2 = "ECDHE+AESGCM:ECDHE+CHACHA20"

# After a full handshake of TLS 1.3 (RFC 8446 section 4.6.1). OpenSSL would make two, of 12 microseconds each; a session
# that is resumed brings the next, so a client lacks the second only where it opens several connections at once.
TICKETS = 1

VERIFY = {"off": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}

Stamp = tuple[tuple[int, int, int, int] | None, ...]


class Identity:
    """Contexts of OpenSSL made from the files as they are now. Raises SettingError."""

    want_read = ssl.SSLWantReadError
    # CertificateError is a ValueError too; a peer that ends in the middle is an SSLEOFError, an SSLError.
    errors = (ssl.SSLError,)

    def __init__(
        self,
        pairs: tuple[tuple[str, str], ...],
        client_ca: str,
        client_certificate: str,
        protocols: tuple[str, ...],
        offload: Offload | None = None,
    ) -> None:
        self.certificates = [Certificate(*pair, client_ca, client_certificate) for pair in pairs]
        for certificate in self.certificates:
            certificate.context.set_alpn_protocols(list(protocols))
            if offload is not None:
                offload.log.hear(certificate.context)
        self.offload = offload
        self.default = self.certificates[0]
        # By number, as they stand in a handshake and in ASGI's tls extension.
        self.suites = {suite["name"]: suite["id"] & 0xFFFF for suite in self.default.context.get_ciphers()}
        if len(self.certificates) > 1:
            self.default.context.sni_callback = self._choose

    def session(self) -> tuple[ssl.SSLObject, ssl.MemoryBIO, ssl.MemoryBIO]:
        """OpenSSL's part of a connection, and its two ends: where sealed bytes go in, and where they come out."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        return self.default.context.wrap_bio(incoming, outgoing, server_side=True), incoming, outgoing

    def certificate_of(self, ssl_object: ssl.SSLObject) -> Certificate:
        """The one that the handshake was made with."""
        context = ssl_object.context
        return next((one for one in self.certificates if one.context is context), self.default)

    def _choose(self, ssl_object: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
        """The client names the host it wants (RFC 6066 section 3); an unknown name gets the first certificate."""
        if name is not None:
            found = best_match(name, [one.names for one in self.certificates])
            if found > 0:
                ssl_object.context = self.certificates[found].context


class Certificate:
    """One certificate with its key, and the context for handshakes with it.

    names: the hosts it is for, in lower case. pem: the certificate itself, without those of its chain.
    """

    def __init__(self, certfile: str, keyfile: str, client_ca: str, client_certificate: str) -> None:
        self.context = context_of(certfile, keyfile)
        self.names = names_of(certfile)
        self.pem = first_certificate(certfile)
        if client_certificate != "off":
            try:
                self.context.load_verify_locations(client_ca)
            except (OSError, ssl.SSLError) as error:
                raise WrongValueError(
                    "--client-ca", _found(client_ca, error), "certificates in PEM"
                ) from None
            self.context.verify_mode = VERIFY[client_certificate]


def context_of(certfile: str, keyfile: str) -> ssl.SSLContext:
    """A server's context with modern defaults. Raises SettingError for what OpenSSL does not take."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(SUITES_OF_TLS_1_2)
    context.num_tickets = TICKETS
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    try:
        context.load_cert_chain(certfile, keyfile or None, _no_password)
    except (OSError, ssl.SSLError, ValueError) as error:
        raise _blamed(certfile, keyfile, error) from None
    return context


def first_certificate(path: str) -> str:
    """The first certificate of a PEM file, as text."""
    with open(path, encoding="ascii", errors="replace") as file:  # noqa: PTH123
        text = file.read()
    begin = text.index(ssl.PEM_HEADER)
    return text[begin : text.index(ssl.PEM_FOOTER, begin) + len(ssl.PEM_FOOTER)] + "\n"


class LockedKeyError(ValueError):
    """A key that only a passphrase opens."""


def _no_password() -> str:
    """OpenSSL would ask for it on the terminal."""
    raise LockedKeyError


def _blamed(certfile: str, keyfile: str, error: Exception) -> SettingError:
    """Which of the two files is wrong, and why."""
    key = ("--keyfile", keyfile) if keyfile else ("--certfile", certfile)
    if isinstance(error, LockedKeyError):
        return WrongValueError(key[0], f"a key with a passphrase in {key[1]}", "one without")
    if getattr(error, "reason", None) in (
        "KEY_VALUES_MISMATCH",
        "KEY_TYPE_MISMATCH",
        "NO_CERTIFICATE_ASSIGNED",
    ):
        return WrongValueError(key[0], f"another certificate's key in {key[1]}", f"that of {certfile}")
    if getattr(error, "reason", None) in ("EE_KEY_TOO_SMALL", "CA_MD_TOO_WEAK", "CA_KEY_TOO_SMALL"):
        return WrongValueError(
            "--certfile", _found(certfile, error), "a certificate that OpenSSL finds strong enough"
        )
    try:
        first_certificate(certfile)
    except (OSError, ValueError) as unreadable:
        return WrongValueError("--certfile", _found(certfile, unreadable), "a certificate in PEM")
    if keyfile:
        return WrongValueError("--keyfile", _found(keyfile, error), "a private key in PEM")
    return WrongValueError("--certfile", f"no private key in {certfile}", "one in it, or a --keyfile")


def _found(path: str, error: Exception) -> str:
    """A file that can't be used, in words fit for one line."""
    if isinstance(error, ssl.SSLError):
        return f"{path} ({(error.reason or 'unknown to OpenSSL').lower().replace('_', ' ')})"
    if isinstance(error, OSError):
        return f"{path} ({(error.strerror or 'unreadable').lower()})"
    return f"{path} (no certificate in it)"


class Keyring:
    """The identity for new handshakes. Raises SettingError where the settings name none that can be had."""

    def __init__(self, settings: Settings, offload: Offload | None = None) -> None:
        certfiles, keyfiles = settings.certfile, settings.keyfile
        if keyfiles and len(keyfiles) != len(certfiles):
            raise WrongValueError(
                "--keyfile", f"{len(keyfiles)} for {len(certfiles)} of --certfile", "one for each, or none"
            )
        if settings.client_certificate != "off" and not settings.client_ca:
            raise WrongValueError("--client-ca", "nothing", "whom to trust for --client-certificate")
        self._pairs = tuple(zip(certfiles, keyfiles or [""] * len(certfiles), strict=True))
        self._trust = (settings.client_ca, settings.client_certificate)
        self._protocols = PROTOCOLS if settings.http2 != "off" else PROTOCOLS[1:]
        self._offload = offload
        self.stamp = self._look()
        self.current = self._identity()

    def renew(self) -> None:
        """Takes the files as they are now. Raises SettingError, and keeps what it has."""
        stamp = self._look()
        self.current = self._identity()
        self.stamp = stamp

    def look(self) -> Stamp:
        """What tells one state of the files from another."""
        return self._look()

    def _identity(self) -> Identity:
        return Identity(self._pairs, *self._trust, self._protocols, self._offload)

    def _look(self) -> Stamp:
        paths = [path for pair in self._pairs for path in pair if path]
        return tuple(_stamp(path) for path in [*paths, *filter(None, self._trust[:1])])


def _stamp(path: str) -> tuple[int, int, int, int] | None:
    """Device, inode, size and time of change; None of a file that can't be looked at."""
    try:
        found = os.stat(path)  # noqa: PTH116 - pathlib would cost the start 6 ms
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
