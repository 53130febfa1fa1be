"""Names as text (RFC 4514 sections 2 and 4)."""

from __future__ import annotations

import pytest

from gearshift.tls.facts import distinguished_name


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((), ""),
        ((((("domainComponent", "net"),)), (("domainComponent", "example"),), (("userId", "jsmith"),)),
         "UID=jsmith,DC=example,DC=net"),
        (((("organizationalUnitName", "Sales"), ("commonName", "J.  Smith")),), "OU=Sales+CN=J.  Smith"),
        (((("commonName", 'James "Jim" Smith, III'),),), 'CN=James \\"Jim\\" Smith\\, III'),
        (((("commonName", "Before\rAfter"),),), "CN=Before\rAfter"),
        (((("commonName", "#hash"),),), "CN=\\#hash"),
        (((("commonName", " spaces "),),), "CN=\\ spaces\\ "),
        (((("commonName", " "),),), "CN=\\ "),
        (((("commonName", "a\0b"),),), "CN=a\\00b"),
        (((("commonName", "Lučić"),),), "CN=Lučić"),
        (((("emailAddress", "a@b"),),), "emailAddress=a@b"),
    ],
)  # fmt: skip
def test_distinguished_name(parts: tuple[tuple[tuple[str, str], ...], ...], expected: str) -> None:
    assert distinguished_name(parts) == expected
