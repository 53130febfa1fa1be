"""Files that leave by kernel TLS are the bytes that they are, over every engine; and what begins, ends or forbids it.

Where the kernel has no TLS (`modprobe tls` loads it) most of this is skipped. How OpenSSL's records are counted is
tested everywhere, by a reader that opens them with the secret and the count that the kernel would be given.
"""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gearshift.kernel.tls import sealable
from gearshift.tls.key_log import Secret
from gearshift.tls.key_schedule import traffic_keys
from gearshift.tls.keyring import context_of
from gearshift.tls.offload import SUITES, Offload
from tests.support.answers import read_all
from tests.support.process import command, environment
from tests.support.sealed import EverythingSealed, SealedSocket, certificates
from tests.support.servers import Running, Servers, run
from tests.support.waiting import eventually
from tests.support.wire import Wire, request

pytestmark = pytest.mark.skipif(EverythingSealed.on, reason="these tests seal their connections themselves")

ALGORITHMS, WHY_NOT = sealable()
in_kernel = pytest.mark.skipif(not ALGORITHMS, reason=f"no kernel TLS here: {WHY_NOT}")
CONTENT = b"".join(b"%07d\n" % number for number in range(5 * 1024 * 1024 // 8))
MEDIUM = CONTENT[: 1024 * 1024]
SMALL = b"a small file"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    place = tmp_path_factory.mktemp("files")
    (place / "large.bin").write_bytes(CONTENT)
    (place / "medium.bin").write_bytes(MEDIUM)
    (place / "small.txt").write_bytes(SMALL)
    return str(place)


@pytest.fixture
def settings() -> dict[str, Any]:
    """A request may wait long: where there is a kernel with TLS may be a slow machine."""
    return {
        "certfile": certificates().chain,
        "keyfile": certificates().key,
        "kernel_tls": True,
        "queue_delay": 60.0,
    }


@pytest.fixture
def site(servers: Servers, engine: str, folder: str, settings: dict[str, Any]) -> Running:
    return servers.get(folder, engine, **settings)


@pytest.fixture
def one_site(servers: Servers, folder: str, settings: dict[str, Any]) -> Running:
    """For what no engine sees."""
    return servers.get(folder, "epoll", **settings)


def sealed(running: Running, receive_buffer: int = 0, **options: Any) -> Wire:
    wire = running.connect(receive_buffer=receive_buffer, patience=60.0)
    wire.socket = SealedSocket(wire.socket, **options)  # type: ignore[assignment]
    return wire


def tls_of(wire: Wire) -> SealedSocket:
    assert isinstance(wire.socket, SealedSocket)
    return wire.socket


def sealer(running: Running) -> str | None:
    """Who seals the newest connection."""
    rows = running.server.status()["connections"]
    name: str | None = max(rows, key=lambda row: row["number"])["tls_sealed_by"]
    return name


def context_that_retries(certfile: str, keyfile: str) -> ssl.SSLContext:
    """No client begins with its curve: each is asked to try again (HelloRetryRequest, RFC 8446 section 4.1.4)."""
    context = context_of(certfile, keyfile)
    context.set_ecdh_curve("secp521r1")
    return context


# ---- files -----------------------------------------------------------------------------------------------------


@in_kernel
def test_files_and_what_comes_between_them(site: Running) -> None:
    with sealed(site) as wire:
        assert wire.ask(request("/small.txt")).body == SMALL
        assert sealer(site) == "openssl"
        for _ in range(2):
            assert wire.ask(request("/large.bin")).body == CONTENT
            assert sealer(site) == "kernel"
            assert wire.ask(request("/small.txt")).body == SMALL
            part = wire.ask(request("/large.bin", "Range: bytes=1000001-2000000"))
            assert (part.status, part.body) == (206, CONTENT[1_000_001:2_000_001])
            assert wire.ask(request("/large.bin", method="HEAD"), b"HEAD").body == b""
            assert wire.ask(request("/nowhere")).status == 404
    assert site.log() == ""


@in_kernel
def test_pipelined_and_to_the_end(site: Running) -> None:
    asked = ["/medium.bin", "/small.txt", "/medium.bin", "/medium.bin"]
    with sealed(site) as wire:
        wire.send(b"".join(map(request, asked)) + request("/small.txt", "Connection: close"))
        answers = wire.read_to_end().answers()
        assert [answer.body for answer in answers] == [MEDIUM, SMALL, MEDIUM, MEDIUM, SMALL]
        assert not tls_of(wire).truncated


@in_kernel
def test_a_slow_reader_gets_all_of_it_and_the_orderly_end(site: Running) -> None:
    with sealed(site, receive_buffer=4096) as wire:
        wire.send(
            request("/medium.bin", "Range: bytes=0-299999") + request("/medium.bin", "Connection: close")
        )
        time.sleep(0.2)  # the socket is full by then, which the answer's end must outlive
        first, second = wire.read_to_end().answers()
        assert (first.body, second.body) == (MEDIUM[:300_000], MEDIUM)
        assert not tls_of(wire).truncated


@in_kernel
def test_a_half_close_after_a_file(site: Running) -> None:
    with sealed(site) as wire:
        assert wire.ask(request("/medium.bin")).body == MEDIUM
        tls_of(wire).tls.write(request("/medium.bin"))
        tls_of(wire).flush()
        tls_of(wire).raw.shutdown(socket.SHUT_WR)
        assert wire.read_to_end().only_answer().body == MEDIUM
        assert not tls_of(wire).truncated


@in_kernel
def test_a_peer_that_has_finished_is_served_by_openssl(site: Running) -> None:
    """The kernel begins only where both directions are open."""
    with sealed(site) as wire:
        tls_of(wire).tls.write(request("/medium.bin"))
        tls_of(wire).flush()
        tls_of(wire).raw.shutdown(socket.SHUT_WR)
        assert wire.read_to_end().only_answer().body == MEDIUM
    assert site.log() == ""


@in_kernel
def test_a_resumed_session(site: Running) -> None:
    context = certificates().client()
    with sealed(site, context=context) as wire:
        assert wire.ask(request("/medium.bin")).body == MEDIUM
        session = tls_of(wire).tls.session
    with sealed(site, context=context, session=session) as wire:
        assert tls_of(wire).tls.session_reused
        assert wire.ask(request("/medium.bin")).body == MEDIUM
        assert sealer(site) == "kernel"


@in_kernel
def test_a_reader_that_takes_nothing_is_cut_off_visibly(
    engine: str, folder: str, tmp_path: Path, settings: dict[str, Any]
) -> None:
    with (
        run(folder, engine, tmp_path, **settings, timeout_write=1.0) as running,
        sealed(running, receive_buffer=4096) as wire,
    ):
        wire.send(request("/large.bin"))
        eventually(lambda: not running.server.status()["connections"], "it is given up", within=60)
        ending = wire.read_to_end()
        assert ending.reset or tls_of(wire).truncated
        assert len(ending.data) < len(CONTENT)


@in_kernel
def test_a_drain_ends_it_in_order(engine: str, folder: str, tmp_path: Path, settings: dict[str, Any]) -> None:
    """One connection has been answered, to another a file is on its way."""
    with (
        run(folder, engine, tmp_path, **settings) as running,
        sealed(running) as idle,
        sealed(running, receive_buffer=4096) as slow,
        ThreadPoolExecutor(1) as beside,
    ):
        assert idle.ask(request("/medium.bin")).body == MEDIUM
        slow.send(request("/medium.bin"))
        slow.read_until(b"0000001")
        stopped = beside.submit(running.server.stop)
        assert idle.read_to_end() == (b"", False)
        assert slow.read_to_end().data.endswith(MEDIUM[-100:])
        assert not tls_of(idle).truncated
        assert not tls_of(slow).truncated
        stopped.result(60)


@in_kernel
def test_from_engine_to_engine(folder: str, tmp_path: Path, settings: dict[str, Any]) -> None:
    with run(folder, "epoll", tmp_path, **settings) as running, sealed(running) as wire:
        assert wire.ask(request("/medium.bin")).body == MEDIUM
        for engine in ("thread", "uring", "pool", "auto"):
            running.server.shift(engine)
            assert wire.ask(request("/medium.bin")).body == MEDIUM
        assert sealer(running) == "kernel"


# ---- handshakes of other kinds -----------------------------------------------------------------------------------


@in_kernel
def test_after_a_hello_retry_request(
    folder: str, tmp_path: Path, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gearshift.tls.keyring.context_of", context_that_retries)
    with run(folder, "epoll", tmp_path, **settings) as running, sealed(running) as wire:
        assert wire.ask(request("/medium.bin")).body == MEDIUM
        assert sealer(running) == "kernel"


@in_kernel
def test_with_a_clients_certificate_and_another_name(
    folder: str, tmp_path: Path, settings: dict[str, Any]
) -> None:
    other, other_key = certificates().issue("kernel-tls", "other.test")
    chain, key = certificates().issue("kernel-tls-client", "client.test")
    settings["certfile"], settings["keyfile"] = (
        (settings["certfile"], other),
        (settings["keyfile"], other_key),
    )
    asked = {"client_ca": certificates().ca, "client_certificate": "required"}
    context = certificates().client()
    context.load_cert_chain(chain, key)
    with (
        run(folder, "epoll", tmp_path, **settings, **asked) as running,
        sealed(running, context=context, host="other.test") as wire,
    ):
        assert wire.ask(request("/medium.bin")).body == MEDIUM
        assert sealer(running) == "kernel"


@pytest.fixture
def openssl() -> str:
    found = shutil.which("openssl")
    if found is None:
        pytest.skip("no openssl here")
    return found


def s_client(openssl: str, running: Running, *options: str) -> subprocess.Popen[bytes]:
    address = f"{running.address[0]}:{running.address[1]}"
    return subprocess.Popen(
        [openssl, "s_client", "-connect", address, "-CAfile", certificates().ca, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def ask(client: subprocess.Popen[bytes], path: str, ending: bytes) -> bytes:
    """What the client says until the end of an answer."""
    assert client.stdin is not None
    assert client.stdout is not None
    client.stdin.write(request(path))
    client.stdin.flush()
    said = bytearray()
    while ending not in said[-len(ending) - 65536 :]:
        piece = client.stdout.read1(65536)  # type: ignore[attr-defined]
        assert piece, said[-300:]
        said += piece
    return bytes(said)


def update_keys(client: subprocess.Popen[bytes]) -> None:
    """The client changes its keys and asks for the server's to be changed (KeyUpdate, RFC 8446 section 4.6.3)."""
    assert client.stdin is not None
    assert client.stdout is not None
    client.stdin.write(b"K\n")  # a command, where what it reads begins so
    client.stdin.flush()
    said = b""
    while b"KEYUPDATE" not in said:
        said += (piece := client.stdout.read1(65536))  # type: ignore[attr-defined]
        assert piece, said


@in_kernel
@pytest.mark.parametrize("suite", SUITES)
def test_another_client_with_each_suite(openssl: str, one_site: Running, suite: str) -> None:
    asked = request("/medium.bin", "Range: bytes=0-299999") + request("/medium.bin", "Connection: close")
    with s_client(openssl, one_site, "-quiet", "-tls1_3", "-ciphersuites", suite) as client:
        assert client.stdin is not None
        assert client.stdout is not None
        client.stdin.write(asked)
        client.stdin.flush()
        said = client.stdout.read()
    answers = read_all(said[said.index(b"HTTP/1.1 ") :], ())
    assert [answer.body for answer in answers] == [MEDIUM[:300_000], MEDIUM]
    if SUITES[suite][1] not in ALGORITHMS:
        pytest.skip(f"this kernel has no {SUITES[suite][1]}: OpenSSL has sealed it")


# ---- what forbids it ---------------------------------------------------------------------------------------------


@in_kernel
@pytest.mark.parametrize(
    "options", [("-tls1_2",), ("-tls1_3", "-maxfraglen", "1024"), ("-tls1_3", "-maxfraglen", "512")]
)
def test_clients_that_openssl_serves(openssl: str, one_site: Running, options: tuple[str, ...]) -> None:
    """TLS 1.2, and records shorter than the kernel makes them (RFC 6066 section 4)."""
    with s_client(openssl, one_site, "-quiet", *options) as client:
        assert ask(client, "/medium.bin", MEDIUM[-100:]).endswith(MEDIUM)
        assert sealer(one_site) == "openssl"
        client.kill()


@in_kernel
def test_new_keys_before_the_first_file(openssl: str, one_site: Running) -> None:
    """OpenSSL goes on, and answers the client's KeyUpdate with its own."""
    with s_client(openssl, one_site, "-tls1_3") as client:
        ask(client, "/small.txt", SMALL)
        update_keys(client)
        assert MEDIUM in ask(client, "/medium.bin", MEDIUM[-100:])
        assert sealer(one_site) == "openssl"
        client.kill()


@in_kernel
@pytest.mark.parametrize("amid", [False, True])
def test_new_keys_that_nobody_can_give(openssl: str, one_site: Running, amid: bool) -> None:
    """The kernel seals already: the connection ends, in good order, after what is under way."""
    with s_client(openssl, one_site, "-tls1_3") as client:
        assert client.stdin is not None
        assert client.stdout is not None
        said = ask(client, "/large.bin", CONTENT[:100] if amid else CONTENT[-100:])
        client.stdin.write(b"K\n")
        client.stdin.flush()
        said += client.stdout.read()
    assert b"KEYUPDATE" in said
    assert CONTENT in said.replace(b"KEYUPDATE\n", b"")
    assert said.rstrip().endswith(b"closed")


@in_kernel
def test_what_was_tampered_with_ends_the_connection(one_site: Running) -> None:
    with sealed(one_site) as wire:
        assert wire.ask(request("/medium.bin")).body == MEDIUM
        tls = tls_of(wire)
        tls.tls.write(request("/medium.bin"))
        record = bytearray(tls.outgoing.read())
        record[-1] ^= 1
        tls.raw.sendall(record)
        ending = wire.read_to_end()
        assert ending.data == b""
        assert ending.reset or tls.truncated
    assert one_site.log() == ""


@in_kernel
def test_http2_goes_without(one_site: Running) -> None:
    curl = shutil.which("curl")
    if curl is None or "HTTP2" not in subprocess.run([curl, "-V"], capture_output=True, text=True).stdout:
        pytest.skip("no curl with HTTP/2 here")
    done = subprocess.run(
        [curl, "-s", "--http2", "-w", "%{http_version}", "--cacert", certificates().ca,
         f"https://localhost:{one_site.address[1]}/medium.bin"],
        capture_output=True,
        timeout=60,
    )  # fmt: skip
    assert done.stdout == MEDIUM + b"2"


# ---- where the kernel has none -------------------------------------------------------------------------------------


@pytest.mark.skipif(bool(ALGORITHMS), reason="this kernel has TLS")
def test_that_it_is_missing_is_told_and_openssl_serves(
    folder: str, tmp_path: Path, settings: dict[str, Any]
) -> None:
    with run(folder, "epoll", tmp_path, **settings) as running:
        assert WHY_NOT in running.logged("--kernel-tls is not available: ")
        with sealed(running) as wire:
            assert wire.ask(request("/medium.bin")).body == MEDIUM
            assert sealer(running) == "openssl"


def test_without_a_certificate_it_is_refused(folder: str) -> None:
    done = subprocess.run(
        command("--kernel-tls", "--bind", "127.0.0.1:0", folder),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.returncode == 2
    assert done.stderr == (
        "gearshift: --certfile: found nothing, expected a certificate beside the other settings of TLS\n"
    )


# ---- counting ----------------------------------------------------------------------------------------------------


class Overhearing(Offload):
    """What the kernel would be told is kept; that it refuses has OpenSSL go on, whose next record has that number."""

    told: tuple[bytes, bytes, int] | None = None

    def take_over(self, fd: int, cipher: str, secret: Secret, records: int) -> bool:
        hash_name, algorithm = SUITES[cipher]
        key, iv = traffic_keys(hash_name, secret, 32 if "256" in algorithm else 16)
        self.told = (key, iv, records)
        return False


class Keeping:
    """A socket that keeps what came."""

    def __init__(self, plain: socket.socket) -> None:
        self.plain, self.came = plain, bytearray()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.plain, name)

    def recv(self, size: int) -> bytes:
        piece = self.plain.recv(size)
        self.came += piece
        return piece


@pytest.fixture
def overheard(
    request: pytest.FixtureRequest,
    folder: str,
    tmp_path: Path,
    settings: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[tuple[Running, Overhearing]]:
    if "retried" in request.node.name:
        monkeypatch.setattr("gearshift.tls.keyring.context_of", context_that_retries)
    offload = Overhearing(frozenset(algorithm for _, algorithm in SUITES.values()), None)  # type: ignore[arg-type]
    monkeypatch.setattr("gearshift.tls.offload.offload_to_be_had", lambda _log: offload)
    with run(folder, "thread", tmp_path, **settings) as running:
        yield running, offload


def lengths_and_contents(sealed: bytes, key: bytes, iv: bytes) -> list[tuple[int, bytes]]:
    """Every record, opened with its number in the row (RFC 8446 sections 5.2 and 5.3): what kind it is, and what it
    holds. Raises InvalidTag where one is another's.
    """
    found: list[tuple[int, bytes]] = []
    place = 0
    while place < len(sealed):
        start, place = place + 5, place + 5 + int.from_bytes(sealed[place + 3 : place + 5], "big")
        nonce = (int.from_bytes(iv, "big") ^ len(found)).to_bytes(12, "big")
        plain = AESGCM(key).decrypt(nonce, sealed[start:place], sealed[start - 5 : start])
        found.append((plain[-1], plain[:-1]))
    return found


@pytest.mark.parametrize("kind", ["first", "second", "third", "resumed", "retried"])
def test_the_record_that_is_next(overheard: tuple[Running, Overhearing], kind: str) -> None:
    running, offload = overheard
    context = certificates().client()
    session = None
    if kind == "resumed":
        with sealed(running, context=context) as wire:
            wire.ask(request("/small.txt"))
            session = tls_of(wire).tls.session
    wire = running.connect()
    keeping = Keeping(wire.socket)
    wire.socket = tls = SealedSocket(keeping, context, session=session)  # type: ignore[assignment,arg-type]
    with wire:
        flight = len(keeping.came)
        assert tls.tls.session_reused == (kind == "resumed")
        before = {"second": 1, "third": 2}.get(kind, 0)
        for _ in range(before):
            assert wire.ask(request("/small.txt")).body == SMALL
        assert offload.told is None
        assert wire.ask(request("/medium.bin")).body == MEDIUM
    assert offload.told is not None
    key, iv, number = offload.told
    records = lengths_and_contents(bytes(keeping.came[flight:]), key, iv)
    tickets = 1
    assert [kind for kind, _ in records] == [22] * tickets + [23] * (len(records) - tickets)
    # Tickets, an answer each, the file's head and its first piece have left: the kernel would go on with the second.
    assert number == tickets + before + 2
    assert records[number - 1][1] == MEDIUM[:16384]
    assert records[number][1] == MEDIUM[16384:32768]


@pytest.mark.parametrize(
    ("options", "updates"),
    [
        (("-tls1_2",), False),
        (("-tls1_3", "-maxfraglen", "1024"), False),
        (("-tls1_3", "-alpn", "h2"), False),
        (("-tls1_3",), True),
        (("-tls1_3",), False),
    ],
)
def test_whom_the_kernel_does_not_serve(
    openssl: str, overheard: tuple[Running, Overhearing], options: tuple[str, ...], updates: bool
) -> None:
    """TLS 1.2, short records (RFC 6066 section 4), HTTP/2, and one that changes its keys before its first file."""
    running, offload = overheard
    with s_client(openssl, running, *options) as client:
        assert client.stdin is not None
        assert client.stdout is not None
        if "h2" in options:
            client.stdin.write(b"\n")
        else:
            ask(client, "/small.txt", SMALL)
            if updates:
                update_keys(client)
            assert MEDIUM in ask(client, "/medium.bin", MEDIUM[-100:])
        client.stdin.close()
    assert (offload.told is None) == (options != ("-tls1_3",) or updates)
