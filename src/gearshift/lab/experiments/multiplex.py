"""select, poll and epoll as idle connections grow: what asking costs when next to nobody has anything to say."""

# Chinese has its own punctuation, and sentences without spaces to break them at.
# ruff: noqa: RUF001, E501
from __future__ import annotations

import resource
import select
import socket
import struct
import threading
import time
from contextlib import ExitStack
from functools import partial

from gearshift.kernel.limits import descriptor_limits
from gearshift.lab.experiment import Experiment, Notebook
from gearshift.lab.forked import Helper
from gearshift.lab.readings import LOOPBACK, least_of
from gearshift.report.charts import Lines
from gearshift.report.words import Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CLAIMS = {
    "one-thread": Text("One thread can watch many sockets.", "一个线程可以同时看守许多套接字。"),
    "grows": Text(
        "The cost of select and poll grows with all sockets watched.",
        "select 和 poll 的开销随所有被看守的套接字增长。",
    ),
    "ready": Text(
        "epoll's cost grows with those that are ready, not with those watched.",
        "epoll 的开销随就绪的套接字增长，而不随被看守的增长。",
    ),
    "all-ready": Text("epoll is always faster than poll.", "epoll 总是比 poll 快。"),
    "number": Text("select takes descriptors below 1024 only.", "select 只接受小于 1024 的描述符。"),
}
SIZES = (10, 100, 500, 1000, 3000, 10_000)
MOST_FOR_SELECT = 900
READY = 200
SPARE = 200  # descriptors for everything else
TRIALS = 7
BACKLOG = 4096
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset, so that 10,000 ports don't stay in TIME-WAIT

Line = list[tuple[float, float]]


def run(notebook: Notebook) -> None:
    most = _raise_limit()
    sizes = [size for size in SIZES if size <= most]
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server((LOOPBACK, 0), backlog=BACKLOG))
        # The one that talks comes first: select takes low numbers only.
        talking, active = stack.enter_context(_pair(listener)), stack.enter_context(listener.accept()[0])
        # The clients' ends are another process's: its descriptors are not ours.
        stack.enter_context(Helper(lambda: _clients(listener.getsockname(), sizes[-1])))
        idle = []
        for _ in range(sizes[-1]):
            idle.append(stack.enter_context(listener.accept()[0]))
            idle[-1].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        talking.send(b"x")
        lines = _measure(idle, active, sizes)
        _judge_growth(notebook, lines, sizes)
        _one_thread(notebook, idle, active)
        _number(notebook, idle, active)
    _all_ready(notebook, lines)
    notebook.picture(
        Lines(
            Text("Asking who is ready, when one of N is", "N 个连接中只有一个就绪时，问一次“谁就绪了”"),
            Text("connections watched", "被看守的连接数"),
            Text("microseconds a call", "每次调用（微秒）"),
            lines,
            Text(
                "Both axes go in powers of ten. poll hands the whole list to the kernel each time; epoll has left it there.",
                "两轴均为对数刻度。poll 每次都把整张名单交给内核；epoll 的名单一直留在内核里。",
            ),
            "xy",
        )
    )


def _raise_limit() -> int:
    """The connections that this process may hold, its limit raised as far as it may be."""
    hard = descriptor_limits().hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard - SPARE


def _clients(place: tuple[str, int], number: int) -> None:
    """Connects so many times, and waits until it is ended."""
    kept = []
    for _ in range(number):
        sock = socket.create_connection(place)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        kept.append(sock)
    threading.Event().wait()


def _pair(listener: socket.socket) -> socket.socket:
    return socket.create_connection(listener.getsockname())


def _measure(
    idle: Sequence[socket.socket], active: socket.socket, sizes: Sequence[int]
) -> dict[str | Text, Line]:
    """Microseconds a call for each way and number of connections, one of which is ready."""
    lines: dict[str | Text, Line] = {"select": [], "poll": [], "epoll": []}
    for size in sizes:
        watched = [*idle[: size - 1], active]
        if size <= MOST_FOR_SELECT:
            lines["select"].append((size, _cost(partial(_select, [sock.fileno() for sock in watched]))))
        poller = select.poll()
        with select.epoll(size) as epoll:
            for sock in watched:
                poller.register(sock, select.POLLIN)
                epoll.register(sock, select.EPOLLIN)
            lines["poll"].append((size, _cost(partial(_ready, poller.poll))))
            lines["epoll"].append((size, _cost(partial(_ready, epoll.poll))))
    return lines


def _select(numbers: list[int]) -> int:
    return len(select.select(numbers, [], [], 0)[0])


def _ready(ask: Callable[[int], list[tuple[int, int]]]) -> int:
    return len(ask(0))


def _cost(ask: Callable[[], int], ready: int = 1) -> float:
    """Microseconds, the least of several trials of some milliseconds each."""
    assert ask() == ready
    began = time.perf_counter()
    ask()
    times = max(3, min(500, int(0.004 / (time.perf_counter() - began + 1e-9))))

    def trial() -> float:
        begun = time.perf_counter()
        for _ in range(times):
            ask()
        return (time.perf_counter() - begun) / times * 1e6

    return least_of(TRIALS, trial)


def _judge_growth(notebook: Notebook, lines: dict[str | Text, Line], sizes: Sequence[int]) -> None:
    select_, poll, epoll = (dict(lines[name]) for name in ("select", "poll", "epoll"))
    small, large = 100, sizes[-1]
    largest_select = max(select_)
    notebook.judge(
        "grows",
        poll[large] > 5 * poll[small] and select_[largest_select] > 2 * select_[10],
        Text(
            f"poll: {poll[10]:.1f} µs with 10 watched, {poll[small]:.1f} with {small}, {poll[large]:,.0f} with {large:,}. select: {select_[10]:.1f} µs with 10, {select_[largest_select]:.1f} with {largest_select:.0f}. One was ready each time.",
            f"poll：看守 10 个时 {poll[10]:.1f} µs，{small} 个时 {poll[small]:.1f} µs，{large:,} 个时 {poll[large]:,.0f} µs。select：10 个时 {select_[10]:.1f} µs，{largest_select:.0f} 个时 {select_[largest_select]:.1f} µs。每次都只有一个就绪。",
        ),
    )
    notebook.judge(
        "ready",
        epoll[large] < 5 * epoll[small] and epoll[large] * 10 < poll[large],
        Text(
            f"epoll: {epoll[small]:.2f} µs with {small} watched, {epoll[large]:.2f} with {large:,}: there poll takes {poll[large] / epoll[large]:,.0f} times as long.",
            f"epoll：看守 {small} 个时 {epoll[small]:.2f} µs，{large:,} 个时 {epoll[large]:.2f} µs；此时 poll 的耗时是它的 {poll[large] / epoll[large]:,.0f} 倍。",
        ),
    )


def _one_thread(notebook: Notebook, idle: Sequence[socket.socket], active: socket.socket) -> None:
    with select.epoll() as epoll:
        for sock in (*idle, active):
            epoll.register(sock, select.EPOLLIN)
        seen = [fd for fd, _ in epoll.poll(1)]
        threads = threading.active_count()
    notebook.judge(
        "one-thread",
        seen == [active.fileno()] and threads == 1,
        Text(
            f"{len(idle) + 1:,} connections, {threads} thread: it was told of exactly the one that had something to say.",
            f"{len(idle) + 1:,} 条连接，{threads} 个线程：内核只告诉它那一条有数据的连接。",
        ),
    )


def _number(notebook: Notebook, idle: Sequence[socket.socket], active: socket.socket) -> None:
    high = max(sock.fileno() for sock in (*idle, active))
    if high < 1024:
        notebook.skip(
            "number", Text("this process may not open 1024 descriptors.", "本进程不能打开 1024 个描述符。")
        )
        return
    try:
        select.select([high], [], [], 0)
        said = ""
    except ValueError as error:
        said = str(error)
    notebook.judge(
        "number",
        bool(said),
        Text(f"With descriptor {high}: ValueError, {said}.", f"描述符 {high}：ValueError，{said}。"),
        Text(
            "it is the number of a descriptor that counts, not how many are watched: one connection with a high number is enough. The limit is the C library's (FD_SETSIZE); the kernel would take more.",
            "要紧的是描述符的编号，而不是看守的个数：只要有一个编号太大就不行。这是 C 库的限制（FD_SETSIZE），内核本来可以接受更多。",
        ),
    )


def _all_ready(notebook: Notebook, lines: dict[str | Text, Line]) -> None:
    """Connections that all have something to say: there is no list of idle ones to save."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server((LOOPBACK, 0), backlog=BACKLOG))
        poller, epoll = select.poll(), stack.enter_context(select.epoll())
        for _ in range(READY):
            stack.enter_context(_pair(listener)).send(b"x")
            server = stack.enter_context(listener.accept()[0])
            poller.register(server, select.POLLIN)
            epoll.register(server, select.EPOLLIN)
        poll_cost = _cost(partial(_ready, poller.poll), READY)
        epoll_cost = _cost(partial(_ready, epoll.poll), READY)
    one = dict(lines["epoll"])[100]
    notebook.judge(
        "all-ready",
        epoll_cost > 2 * one and epoll_cost * 5 > poll_cost,
        Text(
            f"{READY} connections, all of them ready: poll {poll_cost:.1f} µs, epoll {epoll_cost:.1f} µs ({poll_cost / epoll_cost:.1f} times). With one of 100 ready epoll took {one:.2f} µs.",
            f"{READY} 条连接全部就绪：poll {poll_cost:.1f} µs，epoll {epoll_cost:.1f} µs（相差 {poll_cost / epoll_cost:.1f} 倍）。100 条中一条就绪时 epoll 为 {one:.2f} µs。",
        ),
        Text(
            "what epoll saves is looking at those that have nothing to say. Where all have, both look at all, and the difference is small: it is idle connections that make epoll worth it.",
            "epoll 省下的是查看那些无事可报的连接。若人人都有事，两者都得逐个看，差别就很小：正是空闲连接让 epoll 值得使用。",
        ),
    )


EXPERIMENT = Experiment(
    "multiplex",
    Text("Watching many at once", "同时看守许多连接"),
    Text(
        "What does it cost to ask which of many connections has something to say?",
        "在许多连接中问“谁有话说”，要花多少代价？",
    ),
    [
        Text(
            "With multiplexing one thread asks the kernel about many sockets in one call, and then serves those that are ready. select and poll bring the whole list with them each time, and the kernel goes through it; epoll keeps the list in the kernel, where a socket that becomes ready puts itself into a second, short one.",
            "多路复用时，一个线程用一次调用向内核询问许多套接字，再去服务就绪的那些。select 和 poll 每次都带上整张名单，内核从头看到尾；epoll 把名单留在内核里，套接字就绪时自己登记到另一张很短的名单上。",
        ),
    ],
    CLAIMS,
    run,
)
