"""TLS over every engine: what is sealed reads as what is plain, both ways, whole and in pieces, to its end."""

from __future__ import annotations

import json
import select
import shutil
import socket
import ssl
import struct
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.answers import read_all
from tests.support.probe import WsgiProbe
from tests.support.process import serving
from tests.support.sealed import EverythingSealed, SealedSocket, certificates
from tests.support.servers import Running, Servers, run
from tests.support.standalone import BLOCK
from tests.support.waiting import eventually
from tests.support.wire import Wire, chunked, request

pytestmark = pytest.mark.skipif(EverythingSealed.on, reason="these tests seal their connections themselves")

LARGE = 3_000_000
HANDSHAKES = 150
MOST_MEMORY = 12 * 1024 * 1024
SHORT = 0.4  # seconds that a handshake may take in some of these tests


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


def sealed(running: Running, **options: Any) -> Wire:
    """A connection on which both sides have their keys. options: as SealedSocket has them."""
    wire = running.connect()
    if not isinstance(wire.socket, SealedSocket):
        wire.socket = SealedSocket(wire.socket, **options)  # type: ignore[assignment]
    return wire


def tls_of(wire: Wire) -> SealedSocket:
    assert isinstance(wire.socket, SealedSocket)
    return wire.socket


@pytest.fixture
def pair() -> dict[str, Any]:
    """The settings of a server with a certificate."""
    return {"certfile": certificates().chain, "keyfile": certificates().key}


@pytest.fixture
def site(serve_probe: Any, pair: dict[str, Any]) -> Running:
    running: Running = serve_probe(**pair)
    return running


# ---- bytes, both ways ------------------------------------------------------------------------------------------


def test_whole_bytewise_and_pipelined(site: Running) -> None:
    data = request("/echo", method="POST", body=b"abc") + request("/hello") + request("/stream")
    with sealed(site) as wire:
        wire.send(data)
        assert [wire.answer().body for _ in range(3)] == [b"abc", b"hello", b"onetwothree"]
        wire.send_bytewise(data)
        assert [wire.answer().body for _ in range(3)] == [b"abc", b"hello", b"onetwothree"]
        wire.send_split(data * 20, seed=7, pieces=50)
        assert [wire.answer().body for _ in range(60)] == [b"abc", b"hello", b"onetwothree"] * 20
    assert site.server.status()["counts"]["requests"] >= 66


def test_records_split_on_the_wire(site: Running) -> None:
    """TCP splits where it likes: in a record's head, and between two bytes of what is sealed."""
    with sealed(site) as wire:
        tls = tls_of(wire)
        tls.tls.write(request("/hello") * 3)
        for byte in memoryview(tls.outgoing.read()):
            tls.raw.send(bytes([byte]))
        assert [wire.answer().body for _ in range(3)] == [b"hello"] * 3


def test_large_bodies_both_ways(site: Running) -> None:
    body = bytes(range(256)) * (LARGE // 256)
    with sealed(site) as wire:
        wire.send(request("/echo", method="POST", body=body))
        assert wire.answer().body == body
        wire.send(request("/echo", "Transfer-Encoding: chunked", method="POST") + chunked(body, body[:7]))
        assert wire.answer().body == body + body[:7]
        assert len(wire.ask(request(f"/large?{LARGE}")).body) == LARGE
        assert len(wire.ask(request(f"/large-stream?{LARGE}")).body) == LARGE


def test_fifty_mebibytes_either_way_in_bounded_memory(engine: str, pair: dict[str, Any]) -> None:
    files = ("--certfile", pair["certfile"], "--keyfile", pair["keyfile"])
    count = 50 * 1024 * 1024 // len(BLOCK)
    with serving("--engine", engine, *files, "tests.support.standalone:wsgi") as process:
        with process.connect() as wire:
            wire.socket = SealedSocket(wire.socket)  # type: ignore[assignment]
            assert wire.ask(request("/hello")).body == b"hello"
            before = process.reset_peak()
            wire.send(request("/swallow", f"Content-Length: {count * len(BLOCK)}", method="POST"))
            for _ in range(count):
                wire.send(BLOCK)
            assert wire.answer().body == b"%d" % (count * len(BLOCK))
            wire.send(request(f"/flood?{count}", version="HTTP/1.0"))
            wire.read_until(b"\r\n\r\n")
            taken = len(wire.buffer)
            while piece := wire.socket.recv(262144):
                taken += len(piece)
            assert taken == count * len(BLOCK)
            assert not tls_of(wire).truncated
        assert process.memory() - before < MOST_MEMORY


def test_expect_continue(site: Running) -> None:
    with sealed(site) as wire:
        wire.send(request("/echo", "Content-Length: 3", "Expect: 100-continue", method="POST"))
        assert wire.read_until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.send(b"abc")
        assert wire.answer().body == b"abc"


def test_a_slow_reader_gets_all_of_it(site: Running) -> None:
    wire = site.connect(receive_buffer=8192)
    if not isinstance(wire.socket, SealedSocket):
        wire.socket = SealedSocket(wire.socket)  # type: ignore[assignment]
    with wire:
        wire.send(request("/large-stream?2000000") + request("/hello"))
        assert len(wire.answer().body) == 2_000_000
        assert wire.answer().body == b"hello"


def test_files(servers: Servers, engine: str, tmp_path: Path, pair: dict[str, Any]) -> None:
    content = bytes(range(256)) * 40_000
    (tmp_path / "ten.bin").write_bytes(content)
    running = servers.get(str(tmp_path), engine, **pair)
    with sealed(running) as wire:
        assert wire.ask(request("/ten.bin")).body == content
        part = wire.ask(request("/ten.bin", "Range: bytes=1000000-1000099"))
        assert (part.status, part.body) == (206, content[1_000_000:1_000_100])


def test_a_file_that_was_cut_short_ends_visibly(
    servers: Servers, engine: str, tmp_path: Path, pair: dict[str, Any]
) -> None:
    file = tmp_path / "cut.bin"
    file.write_bytes(b"x" * 8_000_000)
    running = servers.get(str(tmp_path), engine, **pair)
    wire = running.connect(receive_buffer=8192)
    if not isinstance(wire.socket, SealedSocket):
        wire.socket = SealedSocket(wire.socket)  # type: ignore[assignment]
    with wire:
        wire.send(request("/cut.bin"))
        wire.read_until(b"\r\n\r\n")
        with file.open("r+b") as opened:
            opened.truncate(1_000_000)
        ending = wire.read_to_end()
        assert ending.reset or tls_of(wire).truncated
        assert len(ending.data) < 8_000_000


def test_a_raw_handler(engine: str, tmp_path: Path, pair: dict[str, Any]) -> None:
    with run(None, engine, tmp_path, tcp="echo", **pair) as running:
        assert running.server.url.startswith("tls://")
        with sealed(running) as wire:
            wire.send_bytewise(b"gear")
            while len(wire.buffer) < 4:
                wire.buffer += wire.socket.recv(100)
            wire.send(b"x" * 1_000_000)
            wire.half_close()
            assert wire.read_to_end() == (b"gear" + b"x" * 1_000_000, False)
            assert not tls_of(wire).truncated


def data_segments_in(plain: socket.socket) -> int:
    """Segments with bytes in them that have come (tcpi_data_segs_in of struct tcp_info, linux/tcp.h)."""
    found: int = struct.unpack_from("=I", plain.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 160), 152)[0]
    return found


# ---- ends ------------------------------------------------------------------------------------------------------


def test_close_notify_ends_what_is_whole(site: Running) -> None:
    with sealed(site) as wire:
        wire.send(request("/hello", "Connection: close"))
        assert wire.answer().closes
        assert wire.read_to_end() == (b"", False)
        assert not tls_of(wire).truncated


def test_what_belongs_together_leaves_together(serve: Any, pair: dict[str, Any]) -> None:
    """The ticket for a later session and the end go with the answer: each segment costs both sides."""
    with sealed(serve(Told.asgi, **pair)) as wire:
        wire.send(request("/", "Connection: close"))
        assert wire.read_to_end().only_answer().status == 200
        tls = tls_of(wire)
        assert tls.tls.version() == "TLSv1.3"
        assert tls.tls.session.has_ticket
        assert data_segments_in(tls.raw) == 2


def test_an_answer_that_broke_has_no_orderly_end(site: Running) -> None:
    with sealed(site) as wire:
        wire.send(request("/midway", version="HTTP/1.0"))
        ending = wire.read_to_end()
        assert ending.reset or tls_of(wire).truncated


@pytest.mark.parametrize("with_notify", [True, False])
def test_a_half_close_gets_its_answers(site: Running, with_notify: bool) -> None:
    with sealed(site) as wire:
        tls = tls_of(wire)
        tls.tls.write(request("/hello") + request("/large-stream?100000"))
        if with_notify:
            with pytest.raises(ssl.SSLWantReadError):
                tls.tls.unwrap()
        tls.flush()
        tls.raw.shutdown(socket.SHUT_WR)
        incoming = b""
        while piece := tls.raw.recv(65536):
            incoming += piece
        if (
            with_notify
        ):  # OpenSSL's client reads no more after its own close_notify: what came was sealed and ended
            assert len(incoming) > 100_000
        else:
            tls.incoming.write(incoming)
            tls.incoming.write_eof()
            answers = read_all(wire.read_to_end().data, ())
            assert [len(answer.body) for answer in answers] == [5, 100_000]
            assert not tls.truncated


def test_what_was_tampered_with_ends_the_connection(site: Running) -> None:
    with sealed(site) as wire:
        tls = tls_of(wire)
        tls.tls.write(request("/hello/forged"))
        record = bytearray(tls.outgoing.read())
        record[-1] ^= 1
        tls.raw.sendall(record)
        with pytest.raises(ssl.SSLError, match=r"(?i)bad.record.mac|decryption"):
            wire.read_to_end()
    assert "/hello/forged" not in site.probe.started
    assert site.log() == ""


def test_the_client_leaves_in_the_middle(site: Running) -> None:
    for data in (b"", request("/large?30000000"), request("/hello")[:9], request("/hello") * 3):
        wire = sealed(site)
        wire.send(data)
        wire.reset()
    with sealed(site) as wire:
        assert wire.ask(request("/hello/after")).body == b"hello"
    assert "Traceback" not in site.log()


# ---- handshakes that don't ---------------------------------------------------------------------------------------


def failures(running: Running) -> int:
    count: int = running.server.status()["counts"]["handshakes_failed"]
    return count


def raw(running: Running) -> socket.socket:
    """A connection without TLS."""
    plain = socket.create_connection(running.address, 10)
    plain.settimeout(10)
    return plain


def until_end(plain: socket.socket) -> bytes:
    data = b""
    try:
        while piece := plain.recv(65536):
            data += piece
    except ConnectionResetError:
        pass
    return data


def test_plain_http_is_told_so_once(site: Running) -> None:
    before = failures(site)
    with raw(site) as plain:
        plain.sendall(request("/hello") * 2)
        (answer,) = read_all(until_end(plain), ())
        assert (answer.status, answer.closes) == (400, True)
        assert b"HTTPS" in answer.body
    assert failures(site) == before + 1
    assert site.probe.started == []


@pytest.mark.parametrize(
    "data", [b"\x00" * 50, b"\x16\x03\x01\x00\x05hello", b"\x16\x03\x03\xff\xff" + b"x" * 99]
)
def test_what_is_no_handshake_is_closed(site: Running, data: bytes) -> None:
    before = failures(site)
    with raw(site) as plain:
        plain.sendall(data)
        plain.shutdown(socket.SHUT_WR)
        assert until_end(plain)[:1] in (b"", b"\x15")  # nothing, or an alert
    eventually(lambda: failures(site) == before + 1, "it is counted")
    assert site.log() == ""


def test_old_versions_have_no_handshake(site: Running) -> None:
    context = certificates().client()
    with pytest.warns(DeprecationWarning, match="TLSVersion.TLSv1"):
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    before = failures(site)
    with raw(site) as plain, pytest.raises((ssl.SSLError, OSError)):
        SealedSocket(plain, context)
    eventually(lambda: failures(site) == before + 1, "it is counted")
    assert site.log() == ""


def test_a_handshake_that_does_not_come(serve_probe: Any, pair: dict[str, Any]) -> None:
    """No byte of an answer: a 408 would be plain."""
    running: Running = serve_probe(timeout_head=SHORT, **pair)
    for data in (b"", b"\x16\x03\x01"):
        with raw(running) as plain:
            plain.sendall(data)
            assert until_end(plain) == b""


def test_the_session_is_resumed(site: Running) -> None:
    context = certificates().client(maximum_version=ssl.TLSVersion.TLSv1_2)
    with sealed(site, context=context) as wire:
        assert wire.ask(request()).body == b"hello"
        session = tls_of(wire).tls.session
    with sealed(site, context=context, session=session) as wire:
        assert tls_of(wire).tls.session_reused
        assert wire.ask(request()).body == b"hello"


def test_no_second_handshake_on_a_connection(site: Running) -> None:
    """Renegotiation is TLS 1.2's; openssl s_client asks for it on a line with an R."""
    host, port = site.address
    command = ["openssl", "s_client", "-connect", f"{host}:{port}", "-tls1_2", "-servername", "localhost"]
    done = subprocess.run(command, input=b"R\n", capture_output=True, timeout=20)
    assert b"no renegotiation" in done.stderr


# ---- who is who --------------------------------------------------------------------------------------------------


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


# ---- a server's life ---------------------------------------------------------------------------------------------


def test_shift_keeps_sealed_connections(serve_probe: Any, engine: str, pair: dict[str, Any]) -> None:
    running: Running = serve_probe(timeout_body=20, **pair)
    half = request("/hello")
    with sealed(running) as idle, sealed(running) as begun, sealed(running) as split:
        assert idle.ask(request()).body == b"hello"
        begun.send(half[:20])
        tls_of(split).tls.write(half)
        record = tls_of(split).outgoing.read()
        tls_of(split).raw.sendall(record[:17])
        for other in ("thread", "uring", "pool", "auto", "epoll", engine):
            running.server.shift(other)
            assert idle.ask(request()).body == b"hello"
        begun.send(half[20:])
        tls_of(split).raw.sendall(record[17:])
        assert begun.answer().body == b"hello"
        assert split.answer().body == b"hello"


def test_drain_says_goodbye(engine: str, tmp_path: Path, pair: dict[str, Any]) -> None:
    with run(WsgiProbe(), engine, tmp_path, **pair) as running:
        idle, busy = sealed(running), sealed(running)
        assert idle.ask(request()).body == b"hello"
        busy.send(request("/gate"))
        eventually(lambda: "/gate" in running.probe.started, "it runs")
        running.server._serving.drain()
        if engine not in ("epoll", "uring"):  # whose loop is held up by the handler
            assert idle.read_to_end() == (b"", False)
            assert not tls_of(idle).truncated
        running.probe.gate.set()
        assert busy.answer().body == b"hello"
        assert busy.read_to_end() == (b"", False)
        assert not tls_of(busy).truncated


def test_certificates_change_without_a_restart(tmp_path: Path) -> None:
    """By the thread that looks once a second; the engines only take what the keyring has."""
    cert, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    shutil.copy(certificates().chain, cert)
    shutil.copy(certificates().key, key)
    with (
        run(WsgiProbe(), "epoll", tmp_path, certfile=cert, keyfile=key) as running,
        sealed(running) as before,
    ):
        other = certificates().issue("swapped", "swapped.test")
        shutil.copy(other[0], cert)
        shutil.copy(other[1], key)
        running.logged("the certificates have changed")
        with sealed(running, host="swapped.test") as after:
            assert after.ask(request()).body == b"hello"
        assert before.ask(request()).body == b"hello"


@pytest.mark.parametrize("engine", ["epoll", "uring"])
def test_handshakes_let_requests_between_them(engine: str, tmp_path: Path, pair: dict[str, Any]) -> None:
    """Many that are due in the same moment: a request that came behind them is not the last to be answered."""
    context = certificates().client()
    with (
        run(WsgiProbe(), engine, tmp_path, **pair) as running,
        sealed(running) as held,
        sealed(running) as wire,
    ):
        waiting = [raw(running) for _ in range(HANDSHAKES)]
        assert wire.ask(request()).body == b"hello"
        eventually(lambda: running.server.status()["open_connections"] == HANDSHAKES + 2, "all are accepted")
        held.send(request("/gate"))
        eventually(lambda: "/gate" in running.probe.started, "the loop is held up")
        for plain in waiting:
            hello = ssl.MemoryBIO()
            with pytest.raises(ssl.SSLWantReadError):
                context.wrap_bio(ssl.MemoryBIO(), hello, server_hostname="localhost").do_handshake()
            plain.sendall(hello.read())
        wire.send(request("/hello/behind"))
        running.probe.gate.set()
        assert wire.answer().body == b"hello"
        shaken = len(select.select(waiting, [], [], 0)[0])
        for plain in waiting:
            plain.close()
        assert shaken < HANDSHAKES // 2, f"{shaken} of {HANDSHAKES} handshakes came before one request"


def test_a_leader_that_is_relieved_while_it_signs(tmp_path: Path) -> None:
    """A signature with 4096 bits takes `auto` longer than it waits for a step: another thread polls meanwhile."""
    cert, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    new = ["openssl", "req", "-x509", "-newkey", "rsa:4096", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run([*new, "-keyout", key, "-out", cert], check=True, capture_output=True, timeout=60)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with run(WsgiProbe(), "auto", tmp_path, certfile=cert, keyfile=key, threads=8) as running:

        def come_and_go(_: int) -> list[bytes]:
            bodies = []
            for _ in range(5):
                with sealed(running, context=context) as wire:
                    wire.send(request("/echo", method="POST", body=b"x" * 100_000))
                    bodies += [wire.answer().body, wire.ask(request()).body]
            return bodies

        with ThreadPoolExecutor(8) as clients:
            for bodies in clients.map(come_and_go, range(8)):
                assert bodies == [b"x" * 100_000, b"hello"] * 5
        assert running.server._serving.gear.engine.relieved > 0
        counts = running.server.status()["counts"]
        assert (counts["handshakes"], counts["handshakes_failed"]) == (40, 0)
    assert "Traceback" not in running.log()


def test_what_is_seen(site: Running) -> None:
    before = site.server.status()["counts"]["handshakes"]
    with sealed(site) as wire, raw(site) as plain:
        assert wire.ask(request()).body == b"hello"
        plain.sendall(b"\x16\x03\x01")

        def rows() -> dict[int, Any]:
            found = site.server.status()["connections"]
            return {int(row["remote"].rpartition(":")[2]): row for row in found}

        port = plain.getsockname()[1]
        eventually(lambda: rows().get(port, {}).get("phase") == "handshake", "it is in its handshake")
        row = rows()[wire.socket.getsockname()[1]]
        assert (row["tls_version"], row["tls_cipher"]) == (
            tls_of(wire).tls.version(),
            (tls_of(wire).tls.cipher() or ("",))[0],
        )
        assert row["bytes_out"] > len(b"hello")
    assert site.server.status()["counts"]["handshakes"] == before + 1
    assert site.server.url.startswith("https://127.0.0.1:")


# ---- other clients -----------------------------------------------------------------------------------------------


def test_httpx(site: Running) -> None:
    url = site.server.url.replace("127.0.0.1", "localhost")
    with httpx.Client(verify=certificates().client(), trust_env=False) as client:
        for _ in range(3):
            assert client.get(url + "/hello").text == "hello"
        assert client.post(url + "/echo", content=b"y" * 300_000).content == b"y" * 300_000
        assert len(client.get(url + "/large-stream?500000").content) == 500_000


def test_curl(site: Running) -> None:
    url = site.server.url.replace("127.0.0.1", "localhost")
    command = ["curl", "--silent", "--show-error", "--noproxy", "*", "--cacert", certificates().ca]
    assert (
        subprocess.check_output([*command, url + "/hello", url + "/stream"], timeout=20)
        == b"helloonetwothree"
    )
    body = subprocess.check_output(
        [*command, "--data-binary", "@-", url + "/echo"], input=b"z" * 100_000, timeout=20
    )
    assert body == b"z" * 100_000


def test_resets_are_survived(site: Running) -> None:
    """A reset in the very handshake."""
    for _ in range(5):
        plain = raw(site)
        plain.sendall(b"\x16\x03\x01\x02\x00\x01\x00")
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        plain.close()
    with sealed(site) as wire:
        assert wire.ask(request()).body == b"hello"
    assert site.log() == ""
