"""Other protocols on a plain HTTP port: answered once with 400 and closed, before a line end ever comes."""

from __future__ import annotations

from tests.conformance.cases import Refused

# A TLS 1.3 ClientHello as OpenSSL sends it, shortened: record header, handshake header, version, random, and so on.
CLIENT_HELLO = (
    bytes.fromhex(
        "16030100c8010000c40303cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7"
        "20e0a1f2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f0006130113021303"
        "010000750000001000"
    )
    + b"\x0e\x00\x00\x0bexample.test"
    + bytes(80)
)
HTTP2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex(
    "000012040000000000000300000064000400a00000000200000000"
)

REFUSED = [
    Refused("tls-client-hello", CLIENT_HELLO),
    Refused("tls-first-octets", CLIENT_HELLO[:5]),
    Refused("tls-sslv2", b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10"),
    Refused("http-2-preface", HTTP2_PREFACE),
    Refused("http-2-preface-only", HTTP2_PREFACE[:24]),
    Refused("ssh", b"SSH-2.0-OpenSSH_9.9\r\n"),
    Refused("socks-5", b"\x05\x01\x00"),
    Refused("proxy-v1", b"PROXY TCP4 192.0.2.1 192.0.2.2 1234 80\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n"),
    Refused("proxy-v2", b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + bytes(12)),
    Refused("mqtt", b"\x10\x0c\x00\x04MQTT\x04\x02\x00<\x00\x00"),
    Refused("memcached", b"stats\r\n"),
    Refused("redis", b"*1\r\n$4\r\nPING\r\n"),
    Refused("smtp", b"EHLO example.test\r\n"),
    Refused("rtsp", b"OPTIONS rtsp://example.test/a RTSP/1.0\r\nCSeq: 1\r\n\r\n"),
    Refused("sip", b"OPTIONS sip:a@example.test SIP/2.0\r\n\r\n"),
    Refused("json", b'{"jsonrpc": "2.0"}\r\n'),
    Refused("answer", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    Refused("nul-octets", bytes(64)),
    Refused("high-octets", b"\xff" * 64),
    Refused("redis-array-in-resp", b"\x24\x31\x00\r\n"),
]
