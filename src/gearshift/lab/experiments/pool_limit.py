"""A pool whose threads are all held by slow clients stops answering; one thread that multiplexes does not."""

# Chinese has its own punctuation, and sentences without spaces to break them at.
# ruff: noqa: RUF001, E501
from __future__ import annotations

import selectors
import socket
import threading
import time
from contextlib import ExitStack, contextmanager
from queue import SimpleQueue

from gearshift import Server
from gearshift.lab.experiment import Experiment, Notebook
from gearshift.lab.readings import LOOPBACK, until
from gearshift.report.diagrams import Span, Timeline
from gearshift.report.words import Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from gearshift.report.words import Words

    Place = tuple[str, int]

CLAIMS = {
    "held-up": Text(
        "A pool whose threads are all held by slow clients stops answering everybody else.",
        "线程池的线程若全被慢客户端占住，就不再回答其他任何人。",
    ),
    "multiplexing": Text(
        "Multiplexing does not: one thread answers beside any number of slow clients.",
        "多路复用不会：不管有多少慢客户端，一个线程照样回答别人。",
    ),
    "every-pool": Text("Every thread pool has this weakness.", "凡是线程池都有这个弱点。"),
    "handlers": Text("Multiplexing helps against slow handlers as well.", "多路复用对慢的处理函数同样有效。"),
}
THREADS = 4
HELD = 0.6  # seconds that a slow client or handler takes
MANY = 64
HALF = b"GET /slow HTTP/1.1\r\nHost: lab\r\n"
WHOLE = b"GET /quick HTTP/1.1\r\nHost: lab\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
SLOW, QUICK, LISTENS = 0, 1, 2


def run(notebook: Notebook) -> None:
    spans: list[Span] = []
    pooled = _beside_slow_clients(lambda: _naive_pool(spans), THREADS, spans)
    multiplexed = _beside_slow_clients(_one_loop, MANY)
    notebook.judge(
        "held-up",
        pooled > HELD * 0.8,
        Text(
            f"{THREADS} threads, {THREADS} clients that send half a head and pause for {HELD:g} s: the next client waited {pooled * 1000:.0f} ms for an answer that takes none.",
            f"{THREADS} 个线程，{THREADS} 个客户端各发半个首部后停顿 {HELD:g} 秒：下一个客户端为一个不费时间的应答等了 {pooled * 1000:.0f} ms。",
        ),
    )
    notebook.judge(
        "multiplexing",
        multiplexed < HELD / 3,
        Text(
            f"One thread that asks which sockets are ready, beside {MANY} such clients: {multiplexed * 1000:.1f} ms.",
            f"一个询问“哪些套接字就绪”的线程，面对 {MANY} 个这样的客户端：{multiplexed * 1000:.1f} ms。",
        ),
    )
    _gearshift_pool(notebook, pooled)
    _handlers(notebook)
    lanes: list[Words] = [Text(f"thread {number}", f"线程 {number}") for number in range(1, THREADS + 1)]
    notebook.picture(
        Timeline(
            Text("A pool of four, and four slow clients", "四个线程的线程池与四个慢客户端"),
            Text("milliseconds", "毫秒"),
            [*lanes, Text("a quick client", "快的客户端")],
            [
                Text("held in recv by a slow client", "被慢客户端占住（阻塞在 recv）"),
                Text("answers the quick one", "回答快的客户端"),
                Text("waits for its answer", "等待应答"),
            ],
            spans,
            Text(
                "All four threads sleep in recv. Nobody is left to read the fifth request, though the processor is idle.",
                "四个线程都睡在 recv 里。处理器闲着，却没有线程去读第五个请求。",
            ),
        )
    )


def _beside_slow_clients(
    serving: Callable[[], AbstractContextManager[Place]], number: int, spans: list[Span] | None = None
) -> float:
    """Seconds until a quick client is answered while so many slow ones have begun."""
    with ExitStack() as stack:
        place = stack.enter_context(serving())
        slow = [stack.enter_context(socket.create_connection(place, timeout=10)) for _ in range(number)]
        for client in slow:
            client.sendall(HALF)
        later = threading.Timer(HELD, _finish, (slow,))
        later.start()
        began = time.perf_counter()
        _quick(place)
        took = time.perf_counter() - began
        later.join()
        for client in slow:
            client.recv(4096)
    if spans is not None:
        first = min(span.begin for span in spans)
        moved = [
            Span(one.lane, (one.begin - first) * 1000, (one.end - first) * 1000, one.kind) for one in spans
        ]
        moved.append(Span(THREADS, (began - first) * 1000, (began + took - first) * 1000, LISTENS))
        spans[:] = moved
    return took


def _finish(slow: list[socket.socket]) -> None:
    for client in slow:
        client.sendall(b"\r\n")


def _quick(place: Place) -> None:
    with socket.create_connection(place, timeout=10) as client:
        client.sendall(WHOLE)
        client.recv(4096)


@contextmanager
def _naive_pool(spans: list[Span]) -> Iterator[Place]:
    """Threads that each take a connection, read its request to the end, and answer."""
    connections: SimpleQueue[socket.socket | None] = SimpleQueue()

    def work(lane: int) -> None:
        while (connection := connections.get()) is not None:
            began, request = time.perf_counter(), b""
            with connection:
                while b"\r\n\r\n" not in request:
                    request += connection.recv(4096)
                connection.sendall(ANSWER)
            # A bar of a millisecond at least can be seen.
            ended = max(time.perf_counter(), began + 0.004)
            spans.append(Span(lane, began, ended, SLOW if b"/slow" in request else QUICK))

    workers = [threading.Thread(target=work, args=(lane,)) for lane in range(THREADS)]
    for worker in workers:
        worker.start()
    with _accepting(connections.put) as place:
        yield place
    for _ in workers:
        connections.put(None)
    for worker in workers:
        worker.join()


@contextmanager
def _accepting(take: Callable[[socket.socket], None]) -> Iterator[Place]:
    """A listening socket with a thread that accepts, and gives each connection to `take`."""
    listener = socket.create_server((LOOPBACK, 0), backlog=MANY)

    def accept() -> None:
        while True:
            try:
                take(listener.accept()[0])
            except OSError:  # shut down
                return

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield listener.getsockname()
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        listener.close()


@contextmanager
def _one_loop() -> Iterator[Place]:
    """One thread, one selector: a request is answered when it is whole."""
    listener = socket.create_server((LOOPBACK, 0), backlog=MANY)
    selector = selectors.DefaultSelector()
    wake, woken = socket.socketpair()
    selector.register(listener, selectors.EVENT_READ)
    selector.register(woken, selectors.EVENT_READ)
    received: dict[socket.socket, bytes] = {}

    def read(connection: socket.socket) -> None:
        received[connection] += connection.recv(4096)
        if b"\r\n\r\n" in received[connection]:
            connection.sendall(ANSWER)
            del received[connection]
            selector.unregister(connection)
            connection.close()

    def loop() -> None:
        while True:
            for key, _ in selector.select():
                if key.fileobj is woken:
                    return
                if key.fileobj is listener:
                    connection, _ = listener.accept()
                    received[connection] = b""
                    selector.register(connection, selectors.EVENT_READ)
                else:
                    assert isinstance(key.fileobj, socket.socket)
                    read(key.fileobj)

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield listener.getsockname()
    finally:
        wake.send(b"x")
        thread.join()
        for sock in (listener, wake, woken, *received):
            sock.close()
        selector.close()


def _application(
    environ: dict[str, str], start_response: Callable[[str, list[tuple[str, str]]], object]
) -> list[bytes]:
    """/slow waits, as for a database; anything else doesn't."""
    if environ["PATH_INFO"] == "/slow":
        time.sleep(HELD)
    start_response(
        "200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2"), ("Connection", "close")]
    )
    return [b"ok"]


@contextmanager
def _gearshift(engine: str, learnt: bool = False) -> Iterator[tuple[Server, Place]]:
    """learnt: it has run /slow before."""
    with Server(_application, bind=f"{LOOPBACK}:0", engine=engine, threads=THREADS) as server:
        host, _, port = server.url.removeprefix("http://").rstrip("/").rpartition(":")
        place = host, int(port)
        if learnt:
            with socket.create_connection(place, timeout=10) as client:
                client.sendall(HALF + b"\r\n")
                client.recv(4096)
        yield server, place


def _gearshift_pool(notebook: Notebook, naive: float) -> None:
    @contextmanager
    def serving() -> Iterator[Place]:
        with _gearshift("pool") as (_, place):
            yield place

    took = _beside_slow_clients(serving, MANY)
    notebook.judge(
        "every-pool",
        took < HELD / 2,
        Text(
            f"Gearshift's pool of {THREADS} threads beside {MANY} clients that have sent half a head: {took * 1000:.1f} ms, against {naive * 1000:.0f} for the naive one beside {THREADS}.",
            f"Gearshift 的 {THREADS} 线程池面对 {MANY} 个只发了半个首部的客户端：{took * 1000:.1f} ms；朴素的线程池面对 {THREADS} 个就要 {naive * 1000:.0f} ms。",
        ),
        Text(
            "only one that gives a thread to a connection. A pool that gives a thread to a request, and watches connections that are idle or have sent half of one with epoll, is held by no slow client.",
            "有弱点的是把线程交给“连接”的线程池。若把线程交给“请求”，而空闲或只发了一半的连接由 epoll 看守，就不会被慢客户端占住。",
        ),
    )


def _handlers(notebook: Notebook) -> None:
    """Seconds that a quick request takes beside handlers that wait."""
    beside_one, beside_all = {}, {}
    for engine in ("pool", "epoll", "auto"):
        beside_one[engine] = _beside_slow_handlers(engine, 1)
    for engine in ("pool", "auto"):
        beside_all[engine] = _beside_slow_handlers(engine, THREADS)
    one, every = (
        ", ".join(f"{engine} {seconds * 1000:.1f} ms" for engine, seconds in found.items())
        for found in (beside_one, beside_all)
    )
    notebook.judge(
        "handlers",
        beside_one["epoll"] > HELD / 3
        and beside_one["pool"] < HELD / 3
        and beside_one["auto"] < HELD / 3
        and beside_all["pool"] > HELD / 3,
        Text(
            f"A quick request beside one handler that waits {HELD:g} s: {one}. Beside {THREADS} of them, on {THREADS} threads: {every}.",
            f"旁边有一个等待 {HELD:g} 秒的处理函数时，快请求的耗时：{one}。旁边有 {THREADS} 个（线程数也是 {THREADS}）时：{every}。",
        ),
        Text(
            "it helps against slow clients. A handler that blocks holds up the one thread that polls, and with it everybody: there threads help, as many as handlers wait at once; or handlers that give up the thread while they wait (async).",
            "它解决的是慢客户端。处理函数一旦阻塞，唯一的轮询线程就被挡住，所有人都跟着等：这时要靠线程，同时等待多少处理函数就要多少线程；或者让处理函数在等待时交出线程（async）。",
        ),
    )


def _beside_slow_handlers(engine: str, number: int) -> float:
    with _gearshift(engine, learnt=engine == "auto") as (server, place), ExitStack() as stack:
        slow = [stack.enter_context(socket.create_connection(place, timeout=10)) for _ in range(number)]
        for client in slow:
            client.sendall(HALF + b"\r\n")
        until(lambda: server.status()["requests"]["running"] >= number, f"{number} run")
        began = time.perf_counter()
        _quick(place)
        took = time.perf_counter() - began
        for client in slow:
            client.recv(4096)
    return took


EXPERIMENT = Experiment(
    "pool-limit",
    Text("Where a pool ends", "线程池的极限"),
    Text("What happens to a pool of threads when its clients are slow?", "客户端很慢时，线程池会怎样？"),
    [
        Text(
            "A thread that waits in `recv` for a slow client can do nothing else. A pool has as many threads as it has; when all of them wait, the next request waits too, however little it wants. It is a way to bring a server down with a handful of connections that send a byte now and then.",
            "睡在 `recv` 里等慢客户端的线程，别的什么也做不了。线程池的线程就那么多；全都在等时，下一个请求哪怕再简单也得等。有人正是这样攻击服务器：开几条连接，偶尔发一个字节。",
        ),
    ],
    CLAIMS,
    run,
)
