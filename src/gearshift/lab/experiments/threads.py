"""What a thread costs to make, to switch to and to keep; what a pool saves of it; and who pays in the first burst."""

# Chinese has its own punctuation, and sentences without spaces to break them at.
# ruff: noqa: RUF001, E501
from __future__ import annotations

import os
import socket
import statistics
import threading
import time
from contextlib import ExitStack
from queue import SimpleQueue

from gearshift import Server
from gearshift.lab.experiment import Experiment, Notebook
from gearshift.lab.forked import forked
from gearshift.lab.readings import LOOPBACK, median_of, memory, switches, until
from gearshift.report.charts import Bars, Lines
from gearshift.report.words import Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gearshift.report.words import Words

CLAIMS = {
    "creation": Text(
        "Making a thread for each task costs; a pool of threads saves it.",
        "为每个任务创建线程有代价；线程池省掉了它。",
    ),
    "switch": Text("Each switch from thread to thread costs.", "线程之间的每次切换都有代价。"),
    "stack": Text("Each thread's stack takes megabytes of memory.", "每个线程的栈要占好几兆内存。"),
    "bounds": Text(
        "A pool bounds the number of threads; a thread for each connection does not.",
        "线程池限制了线程数量；每连接一线程则没有限制。",
    ),
    "ahead": Text(
        "Threads made ahead serve the first burst at once; made on demand, the first users pay.",
        "预先创建的线程能立即应对第一波请求；按需创建，则由最早的用户付出代价。",
    ),
}
TASKS = 400
TRIALS = 7
SWITCHES = 2000
SLEEPERS = 400
CLIENTS = 100
POOL = 8
BURST = 32


def run(notebook: Notebook) -> None:
    bars = [*_creation(notebook), *_switch(notebook)]
    notebook.picture(
        Bars(
            Text("What a thread costs in time", "线程的时间代价"),
            Text("microseconds", "微秒"),
            bars,
            Text(
                "Medians of several trials, on this machine's Python.",
                "多次测量的中位数，使用本机的 Python。",
            ),
        )
    )
    _stack(notebook)
    _bounds(notebook)
    _ahead(notebook)


def _nothing() -> None:
    return None


def _creation(notebook: Notebook) -> list[tuple[Words, float, str]]:
    def call() -> float:
        return _each(TASKS, _nothing)

    def new_thread() -> float:
        def one() -> None:
            thread = threading.Thread(target=_nothing)
            thread.start()
            thread.join()

        return _each(TASKS, one)

    tasks: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
    done: SimpleQueue[object] = SimpleQueue()

    def work() -> None:
        while (task := tasks.get()) is not None:
            done.put(task())

    def hand_over() -> float:
        def one() -> None:
            tasks.put(_nothing)
            done.get()

        return _each(TASKS, one)

    worker = threading.Thread(target=work)
    worker.start()
    called, made, pooled = (median_of(TRIALS, one) for one in (call, new_thread, hand_over))
    tasks.put(None)
    worker.join()
    notebook.judge(
        "creation",
        made > pooled * 1.5 and pooled > called * 5,
        Text(
            f"A task that does nothing, until its end is known: {called:.2f} µs as a call, {pooled:.1f} µs handed to a thread that waits for tasks, {made:.0f} µs with a thread made for it: {made / pooled:.1f} times as much. Handing over is not free either: it is two switches.",
            f"一个什么也不做的任务，直到得知它完成：直接调用 {called:.2f} µs，交给线程池 {pooled:.1f} µs，为它新建线程 {made:.0f} µs：是前者的 {made / pooled:.1f} 倍。移交也不是白送的：它是两次切换。",
        ),
    )
    return [
        (Text("call", "直接调用"), called, f"{called:.2f} µs"),
        (Text("a pool's thread", "交给线程池"), pooled, f"{pooled:.1f} µs"),
        (Text("a new thread", "新建线程"), made, f"{made:.0f} µs"),
    ]


def _each(times: int, act: Callable[[], object]) -> float:
    """Microseconds of one."""
    began = time.perf_counter()
    for _ in range(times):
        act()
    return (time.perf_counter() - began) / times * 1e6


def _switch(notebook: Notebook) -> list[tuple[Words, float, str]]:
    """A byte to and fro between two processes on one processor, and the same system calls by one alone."""
    alone, pair, counted = forked(_ping_pong)
    each = (pair - alone) / 2
    notebook.judge(
        "switch",
        counted >= SWITCHES / 2 and pair > alone * 1.2,
        Text(
            f"A byte sent and brought back on one processor: {pair:.1f} µs with another thread of control, {alone:.1f} µs by the same one: some {each:.1f} µs a switch; the kernel counted {counted} switches away from this one in {SWITCHES} rounds.",
            f"在同一个处理器上把一个字节送出再取回：经由另一个执行者 {pair:.1f} µs，由自己完成 {alone:.1f} µs：每次切换约 {each:.1f} µs；{SWITCHES} 个来回，内核记录了 {counted} 次从它切走。",
        ),
    )
    return [
        (
            Text("a switch (without the interpreter)", "一次切换（不含解释器）"),
            max(each, 0.0),
            f"{each:.1f} µs",
        )
    ]


def _ping_pong() -> tuple[float, float, int]:
    """Microseconds of a round alone and with a partner, and this process's switches in the second."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    mine, theirs = socket.socketpair()
    buffer = bytearray(1)

    def alone() -> None:
        mine.send(b"x")
        theirs.recv_into(buffer)
        theirs.send(b"x")
        mine.recv_into(buffer)

    def together() -> None:
        mine.send(b"x")
        mine.recv_into(buffer)

    first = median_of(3, lambda: _each(SWITCHES, alone))
    child = os.fork()
    if child == 0:
        mine.close()
        while theirs.recv_into(buffer):
            theirs.send(b"x")
        os._exit(0)
    theirs.close()
    before = switches()
    second = _each(SWITCHES, together)
    counted = switches().since(before)
    mine.close()
    os.waitpid(child, 0)
    return first, second, counted


def _stack(notebook: Notebook) -> None:
    reserved, resident = forked(_sleepers)
    notebook.judge(
        "stack",
        reserved > 16 * resident and resident < 500_000,
        Text(
            f"{SLEEPERS} threads that sleep: {reserved / 2**20:.1f} MiB of addresses each (VmSize), {resident / 1024:.0f} KiB of memory each (VmRSS).",
            f"{SLEEPERS} 个睡眠的线程：每个占地址空间 {reserved / 2**20:.1f} MiB（VmSize），实际内存 {resident / 1024:.0f} KiB（VmRSS）。",
        ),
        Text(
            "it reserves megabytes of addresses, and takes memory page by page as the stack is used. Ten thousand idle threads are a matter of the scheduler and of limits (and some 16 KiB each inside the kernel) before they are one of memory.",
            "它只是预留几兆地址，栈用到哪里才逐页占用内存。一万个空闲线程首先是调度器和各种上限的问题（内核里每个还要约 16 KiB），其次才是内存问题。",
        ),
    )


def _sleepers() -> tuple[float, float]:
    """Bytes of addresses and of memory that each of many threads takes."""
    until_told, ready = threading.Event(), threading.Barrier(SLEEPERS + 1)

    def sleep() -> None:
        ready.wait()
        until_told.wait()

    before = memory("VmSize"), memory("VmRSS")
    threads = [threading.Thread(target=sleep) for _ in range(SLEEPERS)]
    for thread in threads:
        thread.start()
    ready.wait()
    after = memory("VmSize"), memory("VmRSS")
    until_told.set()
    for thread in threads:
        thread.join()
    size, resident = ((late - early) / SLEEPERS for early, late in zip(before, after, strict=True))
    return size, resident


def _slow(environ: object, start_response: Callable[[str, list[tuple[str, str]]], object]) -> list[bytes]:
    """A handler that waits, as for a database."""
    time.sleep(0.01)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]


def _own_threads() -> int:
    return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - as for all of /proc


def _bounds(notebook: Notebook) -> None:
    before = _own_threads()
    most = {}
    for engine, options in (("thread", {}), ("pool", {"threads": POOL})):
        with Server(_slow, bind=f"{LOOPBACK}:0", engine=engine, **options) as server, ExitStack() as stack:
            clients = [stack.enter_context(_client(server)) for _ in range(CLIENTS)]
            for client in clients:
                client.sendall(REQUEST)
            for client in clients:
                client.recv(4096)
            most[engine] = _own_threads() - before
    until(lambda: _own_threads() <= before, "the servers' threads have ended")
    notebook.judge(
        "bounds",
        most["thread"] >= CLIENTS and most["pool"] <= POOL + 6,
        Text(
            f"{CLIENTS} clients at once, handlers that wait 10 ms. Threads more than before: {most['thread']} with the engine thread, {most['pool']} with pool and --threads {POOL} (those and the server's own).",
            f"{CLIENTS} 个客户端同时请求，处理函数等待 10 ms。多出的线程数：thread 引擎 {most['thread']} 个；pool 引擎、--threads {POOL} 时 {most['pool']} 个（含服务器自己的几个）。",
        ),
    )


REQUEST = b"GET / HTTP/1.1\r\nHost: lab\r\n\r\n"


def _client(server: Server) -> socket.socket:
    host, _, port = server.url.removeprefix("http://").rstrip("/").rpartition(":")
    return socket.create_connection((host, int(port)), timeout=20)


def _ahead(notebook: Notebook) -> None:
    """Fresh servers, by turns; what the clients of the first burst wait."""
    waits: dict[bool, list[float]] = {True: [], False: []}
    made: dict[bool, int] = {}
    firsts: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(5):
        for ahead in (True, False):
            before = _own_threads()
            with Server(
                _slow, bind=f"{LOOPBACK}:0", engine="pool", threads=BURST, preload_threads=ahead
            ) as server:
                if ahead:  # start() doesn't wait for the last of them
                    until(lambda: _own_threads() - before >= BURST, "the threads made ahead")  # noqa: B023
                made[ahead] = _own_threads() - before
                times = _burst(server)
            until(lambda: _own_threads() <= before, "the server's threads have ended")  # noqa: B023
            waits[ahead].append(times[-1])
            firsts[ahead] = times
    ahead_last, demand_last = (statistics.median(waits[ahead]) * 1000 for ahead in (True, False))
    evidence = Text(
        f"Threads before the first request: {made[True]} made ahead, {made[False]} on demand. {BURST} requests at once, 10 ms of waiting each: the last was answered after {ahead_last:.1f} ms, on demand after {demand_last:.1f} ms.",
        f"第一个请求之前的线程数：预先创建 {made[True]} 个，按需创建 {made[False]} 个。{BURST} 个请求同时到达，各等待 10 ms：预先创建时最后一个在 {ahead_last:.1f} ms 后得到回答，按需创建为 {demand_last:.1f} ms。",
    )
    structure = made[True] >= BURST > made[False]
    if demand_last > ahead_last:
        notebook.judge("ahead", structure, evidence)
    else:
        notebook.judge(
            "ahead",
            structure,
            evidence,
            Text(
                "the first users pay some tenths of a millisecond, here less than what else moves the figures.",
                "最早的用户只多付零点几毫秒，在这里小于其他因素造成的波动。",
            ),
        )
    notebook.picture(
        Lines(
            Text("The first burst of a fresh server", "新启动服务器的第一波请求"),
            Text("requests answered", "已回答的请求"),
            Text("milliseconds since the burst", "自请求到达起（毫秒）"),
            {
                Text("made ahead", "预先创建"): _ranked(firsts[True]),
                Text("on demand", "按需创建"): _ranked(firsts[False]),
            },
            Text(
                "How long until so many of the burst were answered; the last of five trials.",
                "这一波中已有多少请求得到回答；五次试验中的最后一次。",
            ),
        )
    )


def _ranked(times: list[float]) -> list[tuple[float, float]]:
    return [(float(rank), seconds * 1000) for rank, seconds in enumerate(times, 1)]


def _burst(server: Server) -> list[float]:
    """Seconds from the burst to each answer, in order of coming."""
    import selectors

    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        clients = [stack.enter_context(_client(server)) for _ in range(BURST)]
        for client in clients:
            selector.register(client, selectors.EVENT_READ)
        began = time.perf_counter()
        for client in clients:
            client.sendall(REQUEST)
        times: list[float] = []
        while len(times) < BURST:
            for key, _ in selector.select(10):
                assert isinstance(key.fileobj, socket.socket)
                key.fileobj.recv(4096)
                selector.unregister(key.fileobj)
                times.append(time.perf_counter() - began)
    return times


EXPERIMENT = Experiment(
    "threads",
    Text("What a thread costs", "线程的代价"),
    Text(
        "What does a thread cost, and what does a pool of them save?",
        "一个线程要多少代价？线程池能省下多少？",
    ),
    [
        Text(
            "The simplest server has a thread for each connection: it reads, works, writes, and while it waits the others run. But each thread has to be made, takes a stack, and is switched to and from. A pool makes some of them once and gives them one task after another; it also says how many there are at most.",
            "最简单的服务器为每条连接配一个线程：读、处理、写，等待时让别的线程运行。但每个线程都要创建、要栈、要来回切换。线程池只创建一次，再一个任务接一个任务地交给它们；同时也规定了最多有多少个。",
        ),
    ],
    CLAIMS,
    run,
)
