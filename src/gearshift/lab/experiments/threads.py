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
from functools import partial
from queue import SimpleQueue

from gearshift import Server
from gearshift.lab.experiment import Experiment, Notebook
from gearshift.lab.forked import forked
from gearshift.lab.readings import LOOPBACK, least_of, memory, switches, until
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
WAIT = 0.01  # seconds that a handler takes, as for a database


def run(notebook: Notebook) -> None:
    bars = [*_creation(notebook), *_switch(notebook)]
    notebook.picture(
        Bars(
            Text("What a thread costs in time", "线程的时间代价"),
            Text("microseconds", "微秒"),
            bars,
            Text(
                "The least disturbed of several trials, on this machine's Python; the axis goes in powers of ten.",
                "多次试验中受干扰最少的一次，使用本机的 Python；横轴为对数刻度。",
            ),
            log=True,
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

    def new_threads() -> None:
        threads = [threading.Thread(target=_nothing) for _ in range(TASKS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    tasks: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
    done: SimpleQueue[object] = SimpleQueue()

    def work() -> None:
        while (task := tasks.get()) is not None:
            done.put(task())

    def hand_over() -> None:
        for _ in range(TASKS):
            tasks.put(_nothing)
        for _ in range(TASKS):
            done.get()

    worker = threading.Thread(target=work)
    worker.start()
    # By turns, and of each the least disturbed trial.
    trials = [[call(), _each(1, hand_over) / TASKS, _each(1, new_threads) / TASKS] for _ in range(TRIALS)]
    called, pooled, made = map(min, zip(*trials, strict=True))
    tasks.put(None)
    worker.join()
    notebook.judge(
        "creation",
        made > pooled * 2 and pooled > called,
        Text(
            f"{TASKS} tasks that do nothing, until the end of all is known; each: {called:.2f} µs as a call, {pooled:.1f} µs handed to a thread that waits for tasks, {made:.0f} µs with a thread made for it: {made / pooled:.0f} times as much.",
            f"{TASKS} 个什么也不做的任务，直到得知全部完成；平均每个：直接调用 {called:.2f} µs，交给等候任务的线程 {pooled:.1f} µs，为它新建线程 {made:.0f} µs：是前者的 {made / pooled:.0f} 倍。",
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
        near.send(b"x")
        near.recv_into(buffer)

    near, far = socket.socketpair()
    child = os.fork()
    if child == 0:
        near.close()
        while far.recv_into(buffer):
            far.send(b"x")
        os._exit(0)
    far.close()
    first, second, counted = [], [], 0
    for _ in range(TRIALS):
        before = sum(switches().values())
        second.append(_each(SWITCHES, together))
        counted = max(counted, sum(switches().values()) - before)
        first.append(_each(SWITCHES, alone))
    for sock in (near, mine, theirs):
        sock.close()
    os.waitpid(child, 0)
    # The least disturbed trials: whatever else runs on that processor can only add to them.
    return min(first), min(second), counted


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
    time.sleep(WAIT)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]


def _own_threads() -> int:
    return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - as for all of /proc


def _threads_when_quiet() -> int:
    """Those of this process once the kernel has seen the last of those that Python says have ended."""
    until(lambda: _own_threads() <= threading.active_count(), "ended threads are gone")
    return threading.active_count()


def _bounds(notebook: Notebook) -> None:
    before = _threads_when_quiet()
    most = {}
    for engine, options in (("thread", {}), ("pool", {"threads": POOL})):
        with Server(_slow, bind=f"{LOOPBACK}:0", engine=engine, **options) as server, ExitStack() as stack:
            clients = [stack.enter_context(_client(server)) for _ in range(CLIENTS)]
            for client in clients:
                client.sendall(REQUEST)
            for client in clients:
                client.recv(4096)
            most[engine] = _own_threads() - before
        _threads_when_quiet()
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
    """Bare threads first; then fresh servers, by turns, with a second burst after the first."""
    plain = {ahead: least_of(7, partial(_plain_burst, ahead)) * 1000 for ahead in (True, False)}
    firsts: dict[bool, list[list[float]]] = {True: [], False: []}
    seconds: dict[bool, list[float]] = {True: [], False: []}
    made: dict[bool, int] = {}
    for _ in range(3):
        for ahead in (True, False):
            before = _threads_when_quiet()
            with Server(
                _slow, bind=f"{LOOPBACK}:0", engine="pool", threads=BURST, preload_threads=ahead
            ) as server:
                if ahead:  # start() doesn't wait for the last of them
                    until(lambda: _own_threads() - before >= BURST, "the threads made ahead")  # noqa: B023
                made[ahead] = _own_threads() - before
                firsts[ahead].append(_burst(server))
                seconds[ahead].append(_burst(server)[-1])
    first = {ahead: statistics.median(times[-1] for times in firsts[ahead]) * 1000 for ahead in firsts}
    second = statistics.median(seconds[True]) * 1000
    structure = made[True] >= BURST > made[False]
    evidence = Text(
        f"{BURST} tasks at once that wait {WAIT * 1000:.0f} ms each, until the last is done: {plain[True]:.1f} ms on threads that were there, {plain[False]:.1f} ms on threads made for them. Gearshift's pool, {made[True]} threads before the first request against {made[False]}: {first[True]:.1f} ms made ahead, {first[False]:.1f} ms on demand; a second burst {second:.1f} ms.",
        f"{BURST} 个任务同时到来，各等待 {WAIT * 1000:.0f} ms，到最后一个完成：线程已备好时 {plain[True]:.1f} ms，临时创建时 {plain[False]:.1f} ms。Gearshift 的线程池，第一个请求之前分别有 {made[True]} 和 {made[False]} 个线程：预先创建 {first[True]:.1f} ms，按需创建 {first[False]:.1f} ms；第二波 {second:.1f} ms。",
    )
    if first[True] < 1.4 * second:
        notebook.judge("ahead", structure and plain[True] < plain[False], evidence)
    else:
        notebook.judge(
            "ahead",
            structure,
            evidence,
            Text(
                "making them costs the first users a millisecond or so. In a pool that does not yet know whether handlers wait, something else costs more: to wake a thread for each request would be a waste for handlers that never wait, so it wakes them one by one until it has seen one wait, and the first burst takes two rounds either way.",
                "临时创建线程只让最早的用户多付一毫秒左右。线程池若还不知道处理函数会不会等待，另有一件事更费时间：对从不等待的处理函数，为每个请求唤醒一个线程是浪费，所以它先逐个唤醒，直到看见有处理函数在等待；因此无论哪种方式，第一波都要两轮。",
            ),
        )
    notebook.picture(
        Lines(
            Text("The first burst of a fresh server", "新启动服务器的第一波请求"),
            Text("requests answered", "已回答的请求"),
            Text("milliseconds since the burst", "自请求到达起（毫秒）"),
            {
                Text("made ahead", "预先创建"): _ranked(firsts[True][-1]),
                Text("on demand", "按需创建"): _ranked(firsts[False][-1]),
            },
            Text(
                "How long until so many of the burst were answered, by Gearshift's pool; the last of three trials.",
                "Gearshift 的线程池回答了这一波中的多少个请求；三次试验中的最后一次。",
            ),
        )
    )


def _plain_burst(ahead: bool) -> float:
    """Seconds until the last of a burst of tasks is done by threads that are there, or are made for them."""
    tasks: SimpleQueue[object] = SimpleQueue()
    done: SimpleQueue[float] = SimpleQueue()

    def work() -> None:
        if ahead:
            tasks.get()
        time.sleep(WAIT)
        done.put(time.perf_counter())

    threads = [threading.Thread(target=work) for _ in range(BURST)]
    if ahead:
        for thread in threads:
            thread.start()
    began = time.perf_counter()
    for thread in threads:
        if ahead:
            tasks.put(None)
        else:
            thread.start()
    last = max(done.get() for _ in threads)
    for thread in threads:
        thread.join()
    return last - began


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
