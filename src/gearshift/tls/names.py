"""Which certificate is for which host: the names in it, and the one that fits best."""

from __future__ import annotations

import ssl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def names_of(certfile: str) -> tuple[str, ...]:
    """The hosts that the first certificate of a PEM file is for, in lower case: those of its subjectAltName, or where
    it has none, its common name. Addresses are not among them: nobody asks for them by SNI (RFC 6066 section 3).
    """
    # What SSLSocket.getpeercert() uses, for a file; the standard library has no other reader of certificates.
    found = ssl._ssl._test_decode_cert(certfile)  # type: ignore[attr-defined]
    names = [value for kind, value in found.get("subjectAltName", ()) if kind == "DNS"]
    if not names:
        names = [value for part in found.get("subject", ()) for key, value in part if key == "commonName"]
    return tuple(name.lower() for name in names)


def best_match(host: str, certificates: Sequence[Sequence[str]]) -> int:
    """Which of the certificates, given by their names, is for that host: one that says it whole before one that says
    `*.` and the rest. -1 where none is.
    """
    host = host.lower().rstrip(".")
    label, _dot, parent = host.partition(".")
    for wanted in (host, f"*.{parent}" if label and parent else host):
        for number, names in enumerate(certificates):
            if wanted in names:
                return number
    return -1
