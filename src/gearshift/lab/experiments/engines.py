"""The ladder: the same application on all engines while connections grow."""

# Chinese has its own punctuation, and sentences without spaces to break them at.
# ruff: noqa: RUF001, E501
from __future__ import annotations

from contextlib import ExitStack
from itertools import pairwise

from gearshift.lab.experiment import Experiment, Notebook
from gearshift.lab.ladder_application import WAIT, WAITING
from gearshift.lab.ring import Ring
from gearshift.lab.served import Loaded, load, serving, total_errors
from gearshift.report.charts import Lines
from gearshift.report.words import Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    Ladder = dict[str, dict[int, Loaded]]

CLAIMS = {
    "threads": Text(
        "A thread for each connection needs as many threads as there are connections; a pool bounds them; one that multiplexes needs one.",
        "每连接一线程需要和连接一样多的线程；线程池限定了线程数；多路复用只要一个线程。",
    ),
    "memory": Text(
        "A connection costs a thread more memory than it costs a loop.",
        "每连接一线程时，一条连接占的内存比事件循环多。",
    ),
    "switches": Text(
        "A loop serves many requests between two context switches; threads switch with every request.",
        "事件循环在两次上下文切换之间服务许多请求；多线程几乎每个请求都要切换。",
    ),
    "cheaper": Text(
        "Each rung of the ladder (thread, pool, epoll, uring) costs less for a request than the one before.",
        "阶梯上的每一级（thread、pool、epoll、uring）处理一个请求都比前一级便宜。",
    ),
    "waiting": Text(
        "So epoll is the fastest engine for every application.", "所以对任何应用，epoll 都是最快的引擎。"
    ),
    "answered": Text(
        "The application and its answers are the same on all engines.",
        "在所有引擎上，应用和它的应答都是一样的。",
    ),
}
APPLICATION = "gearshift.lab.ladder_application:application"
CONNECTIONS = (1, 8, 64, 256)
MIDDLE, MOST = 64, 256
THREADS = 16
SECONDS = 0.6
WARMING = 0.2


def run(notebook: Notebook) -> None:
    ladder, waiting = _measure(_engines())
    _structure(notebook, ladder)
    _speed(notebook, ladder, waiting)
    loads = [one for loads in ladder.values() for one in loads.values()] + list(waiting.values())
    notebook.judge(
        "answered",
        total_errors(loads) == 0 and all(one.per_second > 0 for one in loads),
        Text(
            f"{len(loads)} loads, {total_errors(loads)} errors.",
            f"{len(loads)} 次加载，{total_errors(loads)} 个错误。",
        ),
    )
    _tables(notebook, ladder, waiting)
    _pictures(notebook, ladder)


def _engines() -> list[str]:
    """Those that this kernel has: where it refuses a ring, uring would be epoll by another name."""
    try:
        Ring(8).close()
    except OSError:
        return ["thread", "pool", "epoll", "auto"]
    return ["thread", "pool", "epoll", "uring", "auto"]


def _measure(engines: list[str]) -> tuple[Ladder, dict[str, Loaded]]:
    """Each engine by number of connections; and each with handlers that wait, at MIDDLE connections."""
    ladder: Ladder = {engine: {} for engine in engines}
    waiting = {}
    with ExitStack() as stack:
        servers = {engine: stack.enter_context(_serving(engine)) for engine in engines}
        for pid, url in servers.values():
            load(pid, url, 1, WARMING)  # what is imported once
        # By turns, so that what else the machine does meets them all. Memory that was needed once is not given back:
        # connections only grow.
        for number in CONNECTIONS:
            for engine, (pid, url) in servers.items():
                ladder[engine][number] = load(pid, url, number, SECONDS)
    with ExitStack() as stack:
        servers = {engine: stack.enter_context(_serving(engine)) for engine in engines}
        for engine, (pid, url) in servers.items():
            waiting[engine] = load(pid, url + WAITING, MIDDLE, SECONDS)
    return ladder, waiting


def _serving(engine: str) -> AbstractContextManager[tuple[int, str]]:
    return serving(APPLICATION, "--engine", engine, "--threads", str(THREADS))


def _structure(notebook: Notebook, ladder: Ladder) -> None:
    threads = {engine: loads[MOST].threads for engine, loads in ladder.items()}
    listed = ", ".join(f"{engine} {number}" for engine, number in threads.items())
    notebook.judge(
        "threads",
        threads["thread"] > MOST * 0.6 and threads["pool"] <= THREADS + 8 and threads["epoll"] <= 8,
        Text(
            f"Threads of the process with {MOST} connections (some of them observe): {listed}. --threads was {THREADS}.",
            f"{MOST} 条连接时进程的线程数（其中几个用于观测）：{listed}。--threads 为 {THREADS}。",
        ),
    )
    grown = {
        engine: (loads[MOST].resident - loads[1].resident) / (MOST - 1) / 1024
        for engine, loads in ladder.items()
    }
    listed = ", ".join(f"{engine} {kibibytes:.1f}" for engine, kibibytes in grown.items())
    notebook.judge(
        "memory",
        grown["thread"] > 2 * grown["epoll"] and grown["thread"] > 4,
        Text(
            f"KiB of resident memory for each connection more: {listed}.",
            f"每多一条连接，常驻内存增加（KiB）：{listed}。",
        ),
    )
    switched = {engine: loads[MIDDLE].switches for engine, loads in ladder.items()}
    listed = ", ".join(f"{engine} {number:.2f}" for engine, number in switched.items())
    notebook.judge(
        "switches",
        switched["thread"] > 2 * switched["epoll"],
        Text(
            f"Switches for each request with {MIDDLE} connections: {listed}.",
            f"{MIDDLE} 条连接时，每个请求的切换次数：{listed}。",
        ),
    )


def _speed(notebook: Notebook, ladder: Ladder, waiting: dict[str, Loaded]) -> None:
    cost = {engine: loads[MIDDLE].cpu * 1e6 for engine, loads in ladder.items()}
    listed = ", ".join(f"{engine} {microseconds:.1f}" for engine, microseconds in cost.items())
    evidence = Text(
        f"Microseconds of processor for each request with {MIDDLE} connections: {listed}.",
        f"{MIDDLE} 条连接时，每个请求的处理器时间（微秒）：{listed}。",
    )
    rungs = [cost[engine] for engine in ("thread", "pool", "epoll", "uring") if engine in cost]
    if all(later < 0.95 * earlier for earlier, later in pairwise(rungs)):
        notebook.judge("cheaper", True, evidence)
    else:
        notebook.judge(
            "cheaper",
            cost["epoll"] < 0.9 * cost["thread"],
            evidence,
            Text(
                "from threads to a loop it does; after that hardly. epoll and io_uring do the same work for a small request: what a loop has left to save is little, since one call already asks about all connections, and what costs is the application and the sending.",
                "从多线程到事件循环确实便宜了，再往上就差不多。对小请求来说，epoll 和 io_uring 做的是同样的工作：一次调用已经询问了所有连接，循环能再省的很少，真正花时间的是应用本身和发送。",
            ),
        )
    listed = ", ".join(f"{engine} {one.per_second:,.0f}" for engine, one in waiting.items())
    notebook.judge(
        "waiting",
        all(
            waiting[engine].per_second > 4 * waiting["epoll"].per_second
            for engine in ("thread", "pool", "auto")
        ),
        Text(
            f"Handlers that wait {WAIT * 1000:.0f} ms, {MIDDLE} connections, requests a second: {listed}. One thread can wait for {1 / WAIT:.0f} of them in a second, {THREADS} for {THREADS / WAIT:,.0f}.",
            f"处理函数等待 {WAIT * 1000:.0f} ms，{MIDDLE} 条连接，每秒请求数：{listed}。一个线程每秒能等 {1 / WAIT:.0f} 次，{THREADS} 个能等 {THREADS / WAIT:,.0f} 次。",
        ),
        Text(
            "for handlers that never wait. Where they do, what counts is how many can wait at the same time: threads. `auto` is there because the server finds out by itself which of the two a request is.",
            "只在处理函数从不等待时成立。一旦要等，重要的是能同时等多少个：这要靠线程。`auto` 正是为此而设：服务器自己弄清每种请求属于哪一类。",
        ),
    )


def _tables(notebook: Notebook, ladder: Ladder, waiting: dict[str, Loaded]) -> None:
    head: list[Text | str] = [
        Text("engine", "引擎"),
        Text("connections", "连接数"),
        Text("requests a second", "每秒请求数"),
        "p99",
        Text("processor each", "每请求处理器时间"),
        Text("threads", "线程"),
        Text("resident", "常驻内存"),
        Text("switches each", "每请求切换"),
    ]
    notebook.table(
        Text("The ladder", "阶梯"),
        head,
        [_row(engine, number, one) for engine, loads in ladder.items() for number, one in loads.items()],
    )
    notebook.table(
        Text("The same with handlers that wait", "处理函数要等待时"),
        head,
        [_row(engine, MIDDLE, one) for engine, one in waiting.items()],
    )


def _row(engine: str, connections: int, one: Loaded) -> list[str]:
    return [
        engine,
        f"{connections}",
        f"{one.per_second:,.0f}",
        f"{one.p99 * 1000:.1f} ms",
        f"{one.cpu * 1e6:.0f} µs",
        f"{one.threads}",
        f"{one.resident / 2**20:.0f} MiB",
        f"{one.switches:.2f}",
    ]


def _pictures(notebook: Notebook, ladder: Ladder) -> None:
    def lines(value: Callable[[Loaded], float]) -> dict[str | Text, list[tuple[float, float]]]:
        return {
            engine: [(float(number), value(one)) for number, one in loads.items()]
            for engine, loads in ladder.items()
        }

    connections = Text("connections", "连接数")
    notebook.picture(
        Lines(
            Text("Throughput", "吞吐量"),
            connections,
            Text("requests a second", "每秒请求数"),
            lines(lambda one: one.per_second),
            Text(
                "A small answer, made at once; closed loop, server and load apart where there are two processors.",
                "立即给出的小应答；闭环加载，有两个处理器时服务器与客户端分开。",
            ),
            "x",
        )
    )
    notebook.picture(
        Lines(
            Text("The slowest hundredth", "最慢的百分之一"),
            connections,
            Text("p99, milliseconds", "p99（毫秒）"),
            lines(lambda one: one.p99 * 1000),
            Text(
                "In a closed loop whoever waits longer asks less: with more connections each waits its turn.",
                "闭环中等得久的人问得少：连接越多，每个轮到的间隔就越长。",
            ),
            "xy",
        )
    )
    notebook.picture(
        Lines(
            Text("Threads", "线程"),
            connections,
            Text("threads of the process", "进程的线程数"),
            lines(lambda one: float(one.threads)),
            Text("Only the engine `thread` grows with its connections.", "只有 `thread` 引擎随连接增长。"),
            "xy",
        )
    )
    notebook.picture(
        Lines(
            Text("Context switches", "上下文切换"),
            connections,
            Text("for each request", "每个请求"),
            lines(lambda one: one.switches),
            Text(
                "The more connections are ready at once, the more a loop does between two switches.",
                "同时就绪的连接越多，事件循环在两次切换之间做的就越多。",
            ),
            "x",
        )
    )


EXPERIMENT = Experiment(
    "engines",
    Text("The ladder of engines", "引擎的阶梯"),
    Text(
        "What does each concurrency model cost, as connections grow?",
        "连接增多时，每种并发模型各付出什么代价？",
    ),
    [
        Text(
            "The same application, byte for byte, is served by each of Gearshift's engines and loaded with `gearshift load`. Each rung removes what the one before wastes: a pool the making of threads, epoll the threads that only wait, io_uring the separate call for each receive and send.",
            "同一个应用，一字不改，由 Gearshift 的每个引擎分别服务，用 `gearshift load` 加载。每一级都去掉前一级浪费的东西：线程池省去创建线程，epoll 省去只用来等待的线程，io_uring 省去每次收发各自的系统调用。",
        ),
    ],
    CLAIMS,
    run,
)
