"""Synchronous or asynchronous, blocking or not: three answers of a slow peer fetched in each of the ways."""

# Chinese has its own punctuation, and sentences without spaces to break them at.
# ruff: noqa: RUF001, E501
from __future__ import annotations

import ctypes
import fcntl
import os
import select
import signal
import socket
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from typing import NamedTuple

from gearshift.lab.experiment import Experiment, Notebook
from gearshift.lab.forked import Helper
from gearshift.lab.readings import LOOPBACK
from gearshift.lab.ring import RECEIVE, Ring
from gearshift.report.diagrams import Span, Timeline
from gearshift.report.words import Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Sockets = Sequence[socket.socket]

CLAIMS = {
    "sync-blocking": Text(
        "Synchronous and blocking: the caller is stuck until the result is there; threads help.",
        "同步阻塞：结果到来之前调用者一直卡住；多线程可以缓解。",
    ),
    "sync-nonblocking": Text(
        "Synchronous and non-blocking: not stuck, but it asks again and again; wasteful.",
        "同步非阻塞：不会卡住，却要一遍遍地问；很浪费。",
    ),
    "async-blocking": Text(
        "Asynchronous and blocking: it holds a ticket and is stuck all the same; pointless.",
        "异步阻塞：手里拿着凭证却照样卡住；毫无意义。",
    ),
    "async-nonblocking": Text(
        "Asynchronous and non-blocking: it goes on with other work, and learns of the result by polling, by being told, or by a callback.",
        "异步非阻塞：继续做别的事，通过轮询、订阅通知或回调得知结果。",
    ),
    "readiness": Text(
        "epoll is multiplexing of synchronous calls: it tells readiness, and the copy is still the caller's. io_uring is asynchronous: completion, both phases are the kernel's.",
        "epoll 是对同步调用的多路复用：它只告知就绪，复制仍由调用者完成。io_uring 是真正的异步：告知完成，两个阶段都由内核负责。",
    ),
}
ANSWERS = 3
DELAY = 0.12  # seconds that the peer takes for each
PIECE = 0.002  # seconds of other work that is done at a time
FEW = 5  # pieces, that are surely done in that time on the busiest machine
STUCK, ASKS, WORKS, TAKES = 0, 1, 2, 3
ANSWER = b"answer"


class Outcome(NamedTuple):
    """One way. elapsed: seconds until all answers were there. cpu: of this process. asked: questions in vain.
    work: pieces of other work done by then. spans: what the calling thread did when.
    """

    elapsed: float
    cpu: float
    asked: int
    work: int
    spans: list[Span]
    answers: list[bytes]


class Diary:
    """Writes down what the calling thread does."""

    def __init__(self, lane: int) -> None:
        self._lane, self._began, self._cpu = lane, time.perf_counter(), time.process_time()
        self.spans: list[Span] = []
        self.answers: list[bytes] = []
        self.asked = self.work = 0

    def did(self, kind: int, since: float) -> None:
        self._note(since, time.perf_counter(), kind)

    def _note(self, begin: float, end: float, kind: int) -> None:
        begin, end = ((moment - self._began) * 1000 for moment in (begin, end))
        # What goes on without a gap is one bar.
        if self.spans and self.spans[-1].kind == kind and begin - self.spans[-1].end < 1.0:
            begin = self.spans.pop().begin
        self.spans.append(Span(self._lane, begin, end, kind))

    def work_piece(self) -> None:
        """Some other work of this thread."""
        began = time.perf_counter()
        while time.perf_counter() - began < PIECE:
            pass
        self.work += 1
        self.did(WORKS, began)

    def take(self, answer: bytes) -> None:
        now = time.perf_counter()
        self.answers.append(answer)
        self._note(now, now + 0.002, TAKES)

    def closed(self) -> Outcome:
        elapsed, cpu = time.perf_counter() - self._began, time.process_time() - self._cpu
        return Outcome(elapsed, cpu, self.asked, self.work, self.spans, self.answers)


def run(notebook: Notebook) -> None:
    ways: dict[Text, Callable[[Diary, Sockets], None]] = {
        Text("sync, blocking", "同步阻塞"): _sync_blocking,
        Text("... in three threads", "……用三个线程"): _sync_threads,
        Text("sync, non-blocking", "同步非阻塞"): _sync_nonblocking,
        Text("async, blocking", "异步阻塞"): _async_blocking,
        Text("... three tickets at once", "……同时持三张凭证"): _async_blocking_all,
        Text("async: polling", "异步非阻塞：轮询"): _polling,
        Text("async: told (SIGIO)", "异步非阻塞：订阅（SIGIO）"): _subscribed,
        Text("async: callback", "异步非阻塞：回调"): _callback,
    }
    outcomes = []
    with ExitStack() as stack:
        mine, theirs = zip(*(_pair(stack) for _ in range(ANSWERS)), strict=True)
        stack.enter_context(Helper(lambda: _slow_peer(theirs)))
        for lane, way in enumerate(ways.values()):
            for sock in mine:
                sock.setblocking(True)
            diary = Diary(lane)
            way(diary, mine)
            outcomes.append(diary.closed())
    _judge(notebook, outcomes)
    _readiness(notebook)
    notebook.picture(
        Timeline(
            Text(
                "The calling thread, while three answers of 120 ms each are fetched",
                "取回三个各需 120 毫秒的应答时，调用线程在做什么",
            ),
            Text("milliseconds", "毫秒"),
            list(ways),
            [
                Text("stuck", "卡住"),
                Text("asks, and asks again", "反复询问"),
                Text("other work", "做别的事"),
                Text("takes an answer", "取得应答"),
            ],
            [span for outcome in outcomes for span in outcome.spans],
            Text(
                "Only the last three do anything useful while they wait; each lane ends with the third answer.",
                "只有最后三种在等待时做了有用的事；每一行止于第三个应答。",
            ),
        )
    )
    notebook.table(
        Text("The same work in every way", "同样的工作，各种方式"),
        [
            Text("way", "方式"),
            Text("until all answers", "全部应答到齐"),
            Text("processor", "处理器时间"),
            Text("asked in vain", "白问次数"),
            Text("other work", "别的工作"),
        ],
        [
            [
                way,
                f"{one.elapsed * 1000:.0f} ms",
                f"{one.cpu * 1000:.0f} ms",
                f"{one.asked:,}",
                f"{one.work * PIECE * 1000:.0f} ms",
            ]
            for way, one in zip(ways, outcomes, strict=True)
        ],
    )


def _pair(stack: ExitStack) -> tuple[socket.socket, socket.socket]:
    listener = stack.enter_context(socket.create_server((LOOPBACK, 0)))
    client = stack.enter_context(socket.create_connection(listener.getsockname()))
    return client, stack.enter_context(listener.accept()[0])


def _slow_peer(socks: Sockets) -> None:
    """Answers each question after DELAY, however many are asked at once."""
    due: list[tuple[float, socket.socket]] = []
    while True:
        pause = max(0.0, due[0][0] - time.monotonic()) if due else None
        ready, _, _ = select.select(socks, [], [], pause)
        for sock in ready:
            if not sock.recv(1):
                return
            due.append((time.monotonic() + DELAY, sock))
        while due and due[0][0] <= time.monotonic():
            due.pop(0)[1].sendall(ANSWER)


def _fetch(sock: socket.socket) -> bytes:
    """Asks, and waits for the answer."""
    sock.send(b"?")
    return sock.recv(100)


def _sync_blocking(diary: Diary, socks: Sockets) -> None:
    for sock in socks:
        began = time.perf_counter()
        answer = _fetch(sock)
        diary.did(STUCK, began)
        diary.take(answer)


def _sync_threads(diary: Diary, socks: Sockets) -> None:
    began = time.perf_counter()
    with ThreadPoolExecutor(ANSWERS) as threads:
        answers = list(threads.map(_fetch, socks))
    diary.did(STUCK, began)
    for answer in answers:
        diary.take(answer)


def _sync_nonblocking(diary: Diary, socks: Sockets) -> None:
    for sock in socks:
        sock.send(b"?")
        sock.setblocking(False)
        began = time.perf_counter()
        while True:
            try:
                answer = sock.recv(100)
                break
            except BlockingIOError:
                diary.asked += 1
        diary.did(ASKS, began)
        diary.take(answer)


def _async_blocking(diary: Diary, socks: Sockets) -> None:
    """A ticket for each, and at once to the counter with it."""
    with ThreadPoolExecutor(ANSWERS) as threads:
        for sock in socks:
            ticket = threads.submit(_fetch, sock)
            began = time.perf_counter()
            answer = ticket.result()
            diary.did(STUCK, began)
            diary.take(answer)


def _async_blocking_all(diary: Diary, socks: Sockets) -> None:
    """All tickets first, and then one wait for all."""
    with ThreadPoolExecutor(ANSWERS) as threads:
        tickets = [threads.submit(_fetch, sock) for sock in socks]
        began = time.perf_counter()
        wait(tickets)
        diary.did(STUCK, began)
        for ticket in tickets:
            diary.take(ticket.result())


def _polling(diary: Diary, socks: Sockets) -> None:
    with ThreadPoolExecutor(ANSWERS) as threads:
        tickets = {threads.submit(_fetch, sock) for sock in socks}
        while tickets:
            diary.work_piece()
            diary.asked += 1
            for ticket in [one for one in tickets if one.done()]:
                tickets.remove(ticket)
                diary.take(ticket.result())


def _subscribed(diary: Diary, socks: Sockets) -> None:
    """The kernel sends a signal when something has come (O_ASYNC, fcntl(2)); it interrupts the other work."""

    def told(number: int, frame: object) -> None:
        for sock in socks:
            try:
                answer = sock.recv(100)
            except BlockingIOError:
                continue
            diary.take(answer)

    before = signal.signal(signal.SIGIO, told)
    for sock in socks:
        sock.setblocking(False)
        fcntl.fcntl(sock, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(sock, fcntl.F_SETFL, fcntl.fcntl(sock, fcntl.F_GETFL) | os.O_ASYNC)
    for sock in socks:
        sock.send(b"?")
    while len(diary.answers) < ANSWERS:
        diary.work_piece()
    for sock in socks:
        fcntl.fcntl(sock, fcntl.F_SETFL, fcntl.fcntl(sock, fcntl.F_GETFL) & ~os.O_ASYNC)
    signal.signal(signal.SIGIO, before)


def _callback(diary: Diary, socks: Sockets) -> None:
    """What is to be done with an answer is left there in advance."""

    def redeem(ticket: Future[bytes]) -> None:
        diary.take(ticket.result())

    with ThreadPoolExecutor(ANSWERS) as threads:
        for sock in socks:
            threads.submit(_fetch, sock).add_done_callback(redeem)
        while len(diary.answers) < ANSWERS:
            diary.work_piece()


def _judge(notebook: Notebook, outcomes: list[Outcome]) -> None:
    blocking, threads, asking, ticket, tickets, *others = outcomes
    whole = all(sorted(one.answers) == [ANSWER] * ANSWERS for one in outcomes)
    one_by_one, at_once = DELAY * ANSWERS, DELAY * (ANSWERS - 1)
    notebook.judge(
        "sync-blocking",
        whole
        and blocking.elapsed >= one_by_one * 0.9
        and threads.elapsed < at_once
        and blocking.work == 0
        and blocking.cpu < blocking.elapsed / 4,
        Text(
            f"One after the other {_ms(blocking.elapsed)}, asleep all the while ({_ms(blocking.cpu)} of the processor), no other work done. In three threads {_ms(threads.elapsed)}: each is stuck, but at the same time.",
            f"依次进行 {_ms(blocking.elapsed)}，一直在睡（处理器时间 {_ms(blocking.cpu)}），别的事一件没做。用三个线程 {_ms(threads.elapsed)}：每个都卡住，但卡在同一段时间里。",
        ),
    )
    notebook.judge(
        "sync-nonblocking",
        asking.elapsed >= one_by_one * 0.9 and asking.asked > 100 and asking.cpu > 3 * blocking.cpu,
        Text(
            f"{_ms(asking.elapsed)}, in which it asked {asking.asked:,} times in vain (EAGAIN) and used {_ms(asking.cpu)} of the processor, against {_ms(blocking.cpu)} asleep.",
            f"{_ms(asking.elapsed)}，其间白问了 {asking.asked:,} 次（EAGAIN），用去处理器 {_ms(asking.cpu)}；睡着等只用 {_ms(blocking.cpu)}。",
        ),
    )
    notebook.judge(
        "async-blocking",
        ticket.elapsed >= one_by_one * 0.9 and tickets.elapsed < at_once,
        Text(
            f"Each ticket waited for at once: {_ms(ticket.elapsed)}, as long as without tickets ({_ms(blocking.elapsed)}). Three tickets taken first, then one wait for all: {_ms(tickets.elapsed)}.",
            f"每拿一张凭证就去等：{_ms(ticket.elapsed)}，和没有凭证一样久（{_ms(blocking.elapsed)}）。先拿三张凭证，再一起等：{_ms(tickets.elapsed)}。",
        ),
        Text(
            "pointless with one ticket. With several, one wait for all of them is how most programs work that are called asynchronous: the event loop itself blocks, in `epoll_wait`, when nothing is ready.",
            "只有一张凭证时毫无意义。凭证多了，一次等所有凭证正是大多数“异步”程序的做法：没有就绪事件时，事件循环自己就阻塞在 `epoll_wait` 里。",
        ),
    )
    named = ("polling", "SIGIO", "callback"), ("轮询", "SIGIO", "回调")
    english, chinese = (
        ", ".join(
            f"{name} {_ms(one.elapsed)} / {_ms(one.work * PIECE)}"
            for name, one in zip(names, others, strict=True)
        )
        for names in named
    )
    notebook.judge(
        "async-nonblocking",
        all(one.elapsed < at_once and one.work >= FEW for one in others),
        Text(
            f"Until all answers / other work done meanwhile: {english}. Polling looked {others[0].asked} times; the other two never.",
            f"应答到齐的时间 / 其间完成的别的工作：{chinese}。轮询看了 {others[0].asked} 次，另外两种一次也没看。",
        ),
    )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def _readiness(notebook: Notebook) -> None:
    """What is in the caller's buffer in the moment of the news."""
    with ExitStack() as stack:
        client, server = _pair(stack)
        epoll = stack.enter_context(select.epoll())
        buffer = bytearray(len(ANSWER))
        epoll.register(client, select.EPOLLIN)
        server.send(ANSWER)
        ready = bool(epoll.poll(5))
        at_readiness = bytes(buffer)
        client.recv_into(buffer)
        after_copy = bytes(buffer)
        try:
            ring = stack.enter_context(Ring(8))
        except OSError as error:
            notebook.skip(
                "readiness",
                Text(
                    f"io_uring is refused here: {error.strerror}",
                    f"这里不允许使用 io_uring：{error.strerror}",
                ),
            )
            return
        place = ctypes.create_string_buffer(len(ANSWER))
        ring.prepare(0, RECEIVE, client.fileno(), place, 7)
        ring.submit(1, 0)
        early = ring.completions()
        server.send(ANSWER)
        ring.submit(0, 1)
        [(name, result)] = ring.completions()
    notebook.judge(
        "readiness",
        ready
        and at_readiness == bytes(len(ANSWER))
        and after_copy == ANSWER
        and not early
        and (name, result, place.raw) == (7, len(ANSWER), ANSWER),
        Text(
            f"When `epoll_wait` returned, the buffer was still empty; `recv` filled it. With io_uring the receive was submitted before anything had come; when its completion appeared, all {result} bytes were in the buffer, and no `recv` was ever called.",
            f"`epoll_wait` 返回时缓冲区仍是空的，由 `recv` 填满。用 io_uring 时，接收操作在数据到来之前就已提交；完成通知出现时，{result} 个字节已全部在缓冲区里，从未调用过 `recv`。",
        ),
    )


EXPERIMENT = Experiment(
    "modes",
    Text("Synchronous or not, blocking or not", "同步与异步，阻塞与非阻塞"),
    Text("Who brings the result, and is the caller stuck meanwhile?", "结果由谁送来？其间调用者是否卡住？"),
    [
        Text(
            "Two questions that are often taken for one. Synchronous or asynchronous: does the caller fetch the result itself, now, or does it get a promise, a ticket, that is redeemed later? Blocking or non-blocking: is the caller stuck until then? Each answer to the one goes with each answer to the other.",
            "这是两个常被混为一谈的问题。同步还是异步：调用者是当场自己取得结果，还是先拿到一个承诺、一张凭证，以后再兑现？阻塞还是非阻塞：其间调用者是否卡住？两个问题的答案可以任意搭配。",
        ),
    ],
    CLAIMS,
    run,
)
