"""What an application may know of a TLS connection, in the two ways that applications ask for it."""

from __future__ import annotations

import ssl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from gearshift.tls.session import TlsSession

# RFC 4514 section 3, and what OpenSSL writes for the others that are met.
SHORT_NAMES = {
    "commonName": "CN",
    "localityName": "L",
    "stateOrProvinceName": "ST",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "countryName": "C",
    "streetAddress": "STREET",
    "domainComponent": "DC",
    "userId": "UID",
}
VERSIONS = {"TLSv1.2": 0x0303, "TLSv1.3": 0x0304}


def environ_of(session: TlsSession) -> dict[str, str]:
    """As Apache's mod_ssl names it (its StdEnvVars), so that applications find it where they look."""
    found = {
        "HTTPS": "on",
        "SSL_PROTOCOL": session.version,
        "SSL_CIPHER": session.cipher,
        "SSL_CIPHER_USEKEYSIZE": str(session.key_bits),
        "SSL_SESSION_RESUMED": "Resumed" if session.ssl_object.session_reused else "Initial",
        "SSL_CLIENT_VERIFY": "NONE",
    }
    peer: dict[str, Any] = session.ssl_object.getpeercert() or {}
    certificate = session.ssl_object.getpeercert(binary_form=True)
    if certificate is not None:
        found |= {
            "SSL_CLIENT_VERIFY": "SUCCESS",  # one that can't be verified ends the handshake
            "SSL_CLIENT_S_DN": distinguished_name(peer["subject"]),
            "SSL_CLIENT_I_DN": distinguished_name(peer["issuer"]),
            "SSL_CLIENT_M_SERIAL": peer["serialNumber"],
            "SSL_CLIENT_V_START": peer["notBefore"],
            "SSL_CLIENT_V_END": peer["notAfter"],
            "SSL_CLIENT_CERT": ssl.DER_cert_to_PEM_cert(certificate),
        }
    return found


def extension_of(session: TlsSession) -> dict[str, Any]:
    """As the ASGI TLS extension 0.2 has it."""
    peer: dict[str, Any] = session.ssl_object.getpeercert() or {}
    return {
        "server_cert": session.identity.certificate_of(session.ssl_object).pem,
        "client_cert_chain": client_chain(session.ssl_object),
        "client_cert_name": distinguished_name(peer["subject"]) if peer else None,
        "client_cert_error": None,  # one that can't be verified ends the handshake
        "tls_version": VERSIONS.get(session.version),
        "cipher_suite": session.identity.suites.get(session.cipher),
    }


def client_chain(ssl_object: ssl.SSLObject) -> list[str]:
    """The client's certificates as PEM, its own first. Before Python 3.13 only that is to be had."""
    own = ssl_object.getpeercert(binary_form=True)
    if own is None:
        return []  # asked for the chain all the same, CPython 3.14 raises AttributeError
    whole = getattr(ssl_object, "get_unverified_chain", None)
    return [ssl.DER_cert_to_PEM_cert(one) for one in ([own] if whole is None else whole())]


def distinguished_name(parts: Iterable[Iterable[tuple[str, str]]]) -> str:
    """A name as text (RFC 4514): the last part of it first."""
    words = [
        "+".join(f"{SHORT_NAMES.get(key, key)}={_escaped(value)}" for key, value in part) for part in parts
    ]
    return ",".join(reversed(words))


def _escaped(value: str) -> str:
    """RFC 4514 section 2.4."""
    text = "".join(f"\\{sign}" if sign in '"+,;<>\\' else sign for sign in value).replace("\0", "\\00")
    if text.startswith(("#", " ")):
        text = "\\" + text
    return text[:-1] + "\\ " if text.endswith(" ") and len(value) > 1 else text
