"""Who is who: certificates of both sides, and what applications are told of them."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.support.sealed import SealedSocket, certificates
from tests.support.sealed_clients import SEALS_ITSELF, failures, raw, sealed, tls_of
from tests.support.servers import Running
from tests.support.waiting import eventually
from tests.support.websocket_wire import handshake
from tests.support.wire import request

pytestmark = SEALS_ITSELF


class Told:
    """A WSGI and an ASGI application in one file each would differ; this says what either is told of TLS."""

    @staticmethod
    def wsgi(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        kept = {
            name: value for name, value in environ.items() if name.startswith(("SSL_", "HTTPS", "wsgi.url"))
        }
        body = json.dumps(kept).encode()
        write = start_response("200 OK", [("Content-Type", "application/json")])
        write(body[:10])
        return [body[10:]]

    @staticmethod
    async def asgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": message["type"] + ".complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        body = json.dumps({"scheme": scope["scheme"], **scope["extensions"].get("tls", {})}).encode()
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": body})


def told(running: Running, **options: Any) -> dict[str, Any]:
    with sealed(running, **options) as wire:
        said: dict[str, Any] = json.loads(wire.ask(request("/")).body)
        return said


def with_client_certificate(name: str) -> ssl.SSLContext:
    context = certificates().client()
    context.load_cert_chain(
        *certificates().issue(
            f"client-{name}", f"{name}@example.test", organization_name="Ada, & Co", common_name=name
        )
    )
    return context


def test_environ(serve: Any, pair: dict[str, Any]) -> None:
    ca = certificates().ca
    running = serve(Told.wsgi, **pair, client_ca=ca, client_certificate="optional")
    said = told(running)
    assert said["wsgi.url_scheme"] == "https"
    assert (said["HTTPS"], said["SSL_PROTOCOL"], said["SSL_CLIENT_VERIFY"]) == ("on", "TLSv1.3", "NONE")
    assert said["SSL_CIPHER"].startswith("TLS_")
    assert said["SSL_CIPHER_USEKEYSIZE"] in ("128", "256")
    said = told(running, context=with_client_certificate("ada"))
    assert said["SSL_CLIENT_VERIFY"] == "SUCCESS"
    assert said["SSL_CLIENT_S_DN"].startswith("CN=ada,")
    assert "O=Ada\\, & Co" in said["SSL_CLIENT_S_DN"]
    assert said["SSL_CLIENT_CERT"].startswith("-----BEGIN CERTIFICATE-----")


def test_scope_of_a_websocket(serve: Any, pair: dict[str, Any]) -> None:
    """ASGI's TLS extension is one of WebSockets too."""
    seen: list[dict[str, Any]] = []

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            seen.append(scope)
            await receive()
            await send({"type": "websocket.accept"})

    with sealed(serve(application, **pair)) as wire:
        wire.send(handshake())
        assert wire.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 101 ")
    assert seen[0]["scheme"] == "wss"
    assert seen[0]["extensions"]["tls"]["tls_version"] == 0x0304
    assert seen[0]["extensions"]["websocket.http.response"] == {}


def test_scope(serve: Any, pair: dict[str, Any]) -> None:
    ca = certificates().ca
    running = serve(Told.asgi, **pair, client_ca=ca, client_certificate="optional")
    said = told(running)
    assert said["scheme"] == "https"
    assert said["tls_version"] == 0x0304
    assert said["cipher_suite"] in (0x1301, 0x1302, 0x1303)
    assert said["server_cert"] in Path(pair["certfile"]).read_text()
    assert (said["client_cert_chain"], said["client_cert_name"], said["client_cert_error"]) == (
        [],
        None,
        None,
    )
    said = told(running, context=with_client_certificate("grace"))
    assert said["client_cert_name"].startswith("CN=grace,")
    assert said["client_cert_chain"][0].startswith("-----BEGIN CERTIFICATE-----")


def test_clients_without_the_certificate_that_is_required(serve: Any, pair: dict[str, Any]) -> None:
    running = serve(Told.wsgi, **pair, client_ca=certificates().ca, client_certificate="required")
    assert told(running, context=with_client_certificate("ada"))["SSL_CLIENT_VERIFY"] == "SUCCESS"
    before = failures(running)
    context = certificates().client(maximum_version=ssl.TLSVersion.TLSv1_2)  # 1.3 tells a client later
    with raw(running) as plain, pytest.raises((ssl.SSLError, ConnectionResetError)):
        SealedSocket(plain, context)
    eventually(lambda: failures(running) == before + 1, "it is counted")


def test_certificates_by_name(serve: Any, pair: dict[str, Any]) -> None:
    kept = certificates()
    other = kept.issue("other", "shop.test", "*.shop.test")
    running = serve(Told.wsgi, certfile=(pair["certfile"], other[0]), keyfile=(pair["keyfile"], other[1]))
    for name, expected in (
        ("localhost", "localhost"),
        ("shop.test", "shop.test"),
        ("www.SHOP.test", "shop.test"),
    ):
        with sealed(running, host=name) as wire:
            certificate = tls_of(wire).tls.getpeercert()
            assert certificate is not None
            assert ("DNS", expected) in certificate["subjectAltName"]
            assert wire.ask(request("/")).status == 200
    unknown = kept.client(check_hostname=False)
    with sealed(running, host="nobody.test", context=unknown) as wire:
        certificate = tls_of(wire).tls.getpeercert()
        assert certificate is not None
        assert ("DNS", "localhost") in certificate["subjectAltName"]


def test_protocols(site: Running) -> None:
    context = certificates().client()
    context.set_alpn_protocols(["spdy/3", "http/1.1"])
    with sealed(site, context=context) as wire:
        assert tls_of(wire).tls.selected_alpn_protocol() == "http/1.1"
        assert wire.ask(request()).body == b"hello"
