"""What is heard of handshakes: the server's secret of each, nobody else's, and nothing that stays."""

from __future__ import annotations

import ssl
from pathlib import Path

from gearshift.tls.key_log import KeyLog, Secret
from tests.support.sealed import certificates


def ends(log: KeyLog | None, **options: object) -> tuple[ssl.SSLObject, ssl.SSLObject, list[ssl.MemoryBIO]]:
    """A client, a server whose context is heard, and what each says to the other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates().chain, certificates().key)
    if log is not None:
        log.hear(context)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context.wrap_bio(to_server, to_client, server_side=True)
    client = certificates().client(**options).wrap_bio(to_client, to_server, server_hostname="localhost")
    return client, server, [to_server, to_client]


def step(end: ssl.SSLObject) -> bool:
    try:
        end.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


def test_the_servers_secret_is_told_with_its_first_flight(tmp_path: Path) -> None:
    log = KeyLog()
    heard_by_client = tmp_path / "keys"  # by another log of the same handshake
    client, server, _ = ends(log, keylog_filename=str(heard_by_client))
    step(client)
    assert log.server_secret() is None
    step(server)
    secret = log.server_secret()
    assert secret is not None
    assert log.server_secret() is None  # once
    assert step(client)
    assert step(server)
    assert log.server_secret() is None
    (line,) = [line for line in heard_by_client.read_text().splitlines() if "SERVER_TRAFFIC" in line]
    assert line.split()[-1] == secret.hex()


def test_tls_1_2_has_none() -> None:
    log = KeyLog()
    client, server, _ = ends(log, maximum_version=ssl.TLSVersion.TLSv1_2)
    while not all([step(client), step(server)]):
        assert log.server_secret() is None
    assert log.server_secret() is None


def test_eighty_handshakes_do_not_fill_it() -> None:
    """Were it not emptied each time, OpenSSL would wait for ever at the 64 KiB that a pipe holds."""
    log = KeyLog()
    secrets = set()
    for _ in range(80):
        client, server, _ = ends(log)
        step(client)
        step(server)
        secret = log.server_secret()
        assert secret is not None
        secrets.add(bytes(secret))
        assert step(client)
        assert step(server)
        assert log.server_secret() is None
    assert len(secrets) == 80


def test_a_secret_is_overwritten_when_it_is_dropped() -> None:
    secret = Secret(b"secret")
    secret.__del__()
    assert secret == bytes(6)
