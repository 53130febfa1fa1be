"""From a traffic secret of TLS 1.3 to the keys that records are sealed with (RFC 8446 sections 7.1 and 7.3)."""

from __future__ import annotations

import hashlib
import hmac

IV_SIZE = 12  # bytes: of every suite of TLS 1.3 (RFC 8446 section 5.3, RFC 5116)


def expand(hash_name: str, secret: bytes | bytearray, info: bytes, length: int) -> bytes:
    """HKDF-Expand (RFC 5869 section 2.3) for what TLS wants: at most one block of the hash."""
    block = hmac.digest(secret, info + b"\x01", hash_name)
    if length > len(block):
        raise ValueError(f"{length} bytes wanted of a hash that has {len(block)}")
    return block[:length]


def expand_label(
    hash_name: str, secret: bytes | bytearray, label: bytes, context: bytes, length: int
) -> bytes:
    """HKDF-Expand-Label (RFC 8446 section 7.1): length, label and context stand in what is hashed."""
    named = b"tls13 " + label
    info = length.to_bytes(2, "big") + bytes([len(named)]) + named + bytes([len(context)]) + context
    return expand(hash_name, secret, info, length)


def traffic_keys(hash_name: str, secret: bytes | bytearray, key_size: int) -> tuple[bytes, bytes]:
    """The write key and the write IV of a traffic secret (RFC 8446 section 7.3). key_size: in bytes.

    Raises ValueError for a secret that is no hash of that kind.
    """
    if len(secret) != hashlib.new(hash_name).digest_size:
        raise ValueError("a traffic secret is as long as its hash")
    return (
        expand_label(hash_name, secret, b"key", b"", key_size),
        expand_label(hash_name, secret, b"iv", b"", IV_SIZE),
    )
