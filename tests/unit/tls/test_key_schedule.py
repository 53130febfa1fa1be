"""Keys from traffic secrets, by the vectors of RFC 8448 section 3."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from gearshift.tls.key_schedule import expand_label, traffic_keys

# Of "Simple 1-RTT Handshake": the traffic secret, the key and the IV that are derived from it.
VECTORS = {
    "server handshake": (
        "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38",
        "3fce516009c21727d0f2e4e86ee403bc",
        "5d313eb2671276ee13000b30",
    ),
    "server application": (
        "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643",
        "9f02283b6c9c07efc26bb9f2ac92e356",
        "cf782b88dd83549aadf1e984",
    ),
    "client application": (
        "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5",
        "17422dda596ed5d9acd890e3c63f5051",
        "5b78923dee08579033e523d9",
    ),
}


@pytest.mark.parametrize("name", VECTORS)
def test_the_vectors_of_rfc_8448(name: str) -> None:
    secret, key, iv = (bytes.fromhex(text) for text in VECTORS[name])
    assert traffic_keys("sha256", secret, 16) == (key, iv)
    assert traffic_keys("sha256", bytearray(secret), 16) == (key, iv)


@pytest.mark.parametrize(
    ("hash_name", "algorithm"), [("sha256", hashes.SHA256()), ("sha384", hashes.SHA384())]
)
def test_as_another_implementation_expands(hash_name: str, algorithm: hashes.HashAlgorithm) -> None:
    """RFC 8448 has no suite with SHA-384."""
    secret = bytes(range(algorithm.digest_size))
    info = b"\x00\x20" + bytes([len(b"tls13 key")]) + b"tls13 key" + b"\x03abc"
    expected = HKDFExpand(algorithm, 32, info).derive(secret)
    assert expand_label(hash_name, secret, b"key", b"abc", 32) == expected


def test_what_can_not_be_expanded() -> None:
    with pytest.raises(ValueError, match="as long as its hash"):
        traffic_keys("sha384", bytes(32), 32)
    with pytest.raises(ValueError, match="33 bytes wanted"):
        expand_label("sha256", bytes(32), b"key", b"", 33)
