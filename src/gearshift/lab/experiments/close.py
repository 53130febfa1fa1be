"""Connected sockets that are not closed: they pile up in CLOSE-WAIT until the descriptors run out."""

# Chinese has its own punctuation, and sentences without spaces to break them at.
# ruff: noqa: RUF001, E501
from __future__ import annotations

import errno
import os
import resource
import select
import socket
from contextlib import ExitStack
from typing import NamedTuple

from gearshift import Server
from gearshift.kernel.listening import listening
from gearshift.lab.experiment import Experiment, Notebook
from gearshift.lab.forked import forked
from gearshift.lab.readings import OWN_LOOPBACK, at, descriptors, reaches, until
from gearshift.report.charts import Lines
from gearshift.report.words import Text

CLAIMS = {
    "only-state": Text(
        "A client's closing only changes the state of the server's socket and wakes whoever reads it; the server must still close its descriptor.",
        "客户端关闭只是改变服务器端套接字的状态，并唤醒正在读它的人；服务器仍须自己关闭描述符。",
    ),
    "runs-out": Text(
        "A long-running server that doesn't close runs out of descriptors.",
        "长期运行的服务器如果不关闭，描述符终会耗尽。",
    ),
    "closed-properly": Text(
        "One that closes properly serves any number with the same few.",
        "正确关闭的服务器，用同样几个描述符就能服务任意多的连接。",
    ),
    "short-program": Text(
        "A short program gets away without, since its end closes everything.",
        "短命的程序不关闭也没事：它结束时一切都会被关闭。",
    ),
    "listener": Text(
        "Closing the listening socket does not close the connected ones.",
        "关闭监听套接字并不会关闭已连接的套接字。",
    ),
    "gearshift": Text(
        "Gearshift leaves none in CLOSE-WAIT, on any engine.", "Gearshift 在任何引擎上都不会留下 CLOSE-WAIT。"
    ),
}
LIMIT = 64  # descriptors that the forgetful server may open
CLIENTS = 200


def run(notebook: Notebook) -> None:
    _only_state(notebook)
    forgetful, careful = forked(lambda: _serve(close=False)), forked(lambda: _serve(close=True))
    _judge_servers(notebook, forgetful, careful)
    _short_program(notebook)
    _listener(notebook)
    _gearshift(notebook)


def _only_state(notebook: Notebook) -> None:
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server((OWN_LOOPBACK, 0)))
        client = stack.enter_context(socket.create_connection(listener.getsockname()))
        server = stack.enter_context(listener.accept()[0])
        poller = select.poll()
        poller.register(server, select.POLLIN | select.POLLRDHUP)
        quiet = poller.poll(0)
        before = descriptors()
        client.close()
        woken = poller.poll(5000)
        seen = reaches(server, "CLOSE-WAIT")
        read = server.recv(10)
        # The client's own descriptor is the one that went.
        still_open = descriptors() == before - 1
        server.send(b"still able to send")
    notebook.judge(
        "only-state",
        not quiet and bool(woken) and bool(woken[0][1] & select.POLLRDHUP) and read == b"" and still_open,
        Text(
            f"After the client's `close` the server's socket is {seen}; `poll` reports POLLIN and POLLRDHUP, `recv` returns b''; its descriptor is open, and even `send` succeeds.",
            f"客户端 `close` 之后，服务器端套接字为 {seen}；`poll` 报告 POLLIN 和 POLLRDHUP，`recv` 返回 b''；描述符仍然打开，甚至 `send` 也能成功。",
        ),
    )


class Served(NamedTuple):
    """What a server came to: descriptors and CLOSE-WAIT after each connection, and the error that ended it."""

    points: list[tuple[int, int, int]]
    error: str


def _serve(close: bool) -> Served:
    """Clients come one after another, say a word, and close; runs in a process whose descriptors are few."""
    limit = min(LIMIT, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    points, kept, error = [], [], ""
    with socket.create_server((OWN_LOOPBACK, 0)) as listener:
        place = listener.getsockname()
        for number in range(1, CLIENTS + 1):
            try:
                # The client is a descriptor too, and is closed before the next comes.
                with socket.create_connection(listener.getsockname()) as client:
                    server, _ = listener.accept()
                    client.sendall(b"hello")
                    server.recv(10)
            except OSError as failure:
                error = errno.errorcode[failure.errno or 0]
                break
            if close:
                server.close()
            else:
                kept.append(server)  # forgotten, as far as closing goes
            if number % 5 == 0 or number == 1:
                points.append((number, _open_numbers(), _in_close_wait(place)))
        for sock in kept:
            sock.close()
    return Served(points, error)


def _open_numbers() -> int:
    """Asked without /proc, which would need a descriptor more."""
    found = 0
    for fd in range(LIMIT):
        try:
            os.fstat(fd)
        except OSError:
            continue
        found += 1
    return found


def _in_close_wait(place: tuple[str, int]) -> int:
    """Counted from the kernel's table where a descriptor for it is left."""
    try:
        return len(at(place, ("CLOSE-WAIT",)))
    except OSError:
        return 0


def _judge_servers(notebook: Notebook, forgetful: Served, careful: Served) -> None:
    last, (_, open_careful, waiting_careful) = forgetful.points[-1], careful.points[-1]
    notebook.judge(
        "runs-out",
        forgetful.error == "EMFILE" and last[2] >= last[0] - 1 and last[1] > LIMIT * 0.8,
        Text(
            f"With {LIMIT} descriptors, {forgetful.error} came after some {last[0]} connections; at {last[0]} of them {last[2]} sockets stood in CLOSE-WAIT and {last[1]} descriptors were open.",
            f"描述符上限为 {LIMIT} 时，约 {last[0]} 条连接之后出现 {forgetful.error}；第 {last[0]} 条时有 {last[2]} 个套接字停在 CLOSE-WAIT，{last[1]} 个描述符打开着。",
        ),
    )
    notebook.judge(
        "closed-properly",
        not careful.error
        and careful.points[-1][0] == CLIENTS
        and waiting_careful == 0
        and open_careful == careful.points[0][1],
        Text(
            f"{CLIENTS} connections with the same limit: {open_careful} descriptors open after the first and after the last, {waiting_careful} in CLOSE-WAIT.",
            f"同样的上限，{CLIENTS} 条连接：第一条之后和最后一条之后都是 {open_careful} 个描述符，CLOSE-WAIT 为 {waiting_careful}。",
        ),
    )
    notebook.picture(
        Lines(
            Text("Descriptors of a server whose clients come and go", "客户端来来去去时，服务器的描述符"),
            Text("connections so far", "累计连接数"),
            Text("open descriptors", "打开的描述符"),
            {
                Text("never closes: open", "从不关闭：打开"): [
                    (one, fds) for one, fds, _ in forgetful.points
                ],
                Text("never closes: CLOSE-WAIT", "从不关闭：CLOSE-WAIT"): [
                    (one, waiting) for one, _, waiting in forgetful.points
                ],
                Text("closes", "正确关闭"): [(one, fds) for one, fds, _ in careful.points],
            },
            Text(
                f"The limit of this process was {LIMIT}. At it, accept fails with EMFILE, and new clients wait in the queue for nobody.",
                f"该进程的上限为 {LIMIT}。到达之后 accept 以 EMFILE 失败，新的客户端在队列里空等。",
            ),
        )
    )


def _short_program(notebook: Notebook) -> None:
    number = 20
    with socket.create_server((OWN_LOOPBACK, 0), backlog=number) as listener:
        place = listener.getsockname()

        def short() -> int:
            """Accepts, never closes, ends; returns how many it left in CLOSE-WAIT."""
            kept = []
            for _ in range(number):
                with socket.create_connection(place):
                    kept.append(listener.accept()[0])
            until(lambda: len(at(place, ("CLOSE-WAIT",))) == number, "all in CLOSE-WAIT")
            return len(at(place, ("CLOSE-WAIT",)))

        before = forked(short)
        until(lambda: not at(place, ("CLOSE-WAIT", "ESTAB")), "none is left")
        after = len(at(place, ("CLOSE-WAIT",)))
    notebook.judge(
        "short-program",
        before == number and after == 0,
        Text(
            f"A process with {before} sockets in CLOSE-WAIT ended: {after} were left. The kernel closes the descriptors of a process that ends.",
            f"一个有 {before} 个 CLOSE-WAIT 套接字的进程结束后：剩下 {after} 个。进程结束时，内核会关闭它的描述符。",
        ),
    )


def _listener(notebook: Notebook) -> None:
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server((OWN_LOOPBACK, 0), backlog=4))
        place = listener.getsockname()
        accepted = stack.enter_context(socket.create_connection(place))
        server = stack.enter_context(listener.accept()[0])
        waiting = stack.enter_context(socket.create_connection(place))
        until(lambda: listening(listener.fileno()).accept_queue == 1, "the second client waits")
        listener.close()
        accepted.sendall(b"ping")
        server.sendall(server.recv(10).upper())
        answer = accepted.recv(10)
        with socket.socket() as late:
            refused = errno.errorcode.get(late.connect_ex(place), "connected")
        waiting.settimeout(5)
        try:
            lost = repr(waiting.recv(10))
        except ConnectionResetError:
            lost = "ECONNRESET"
    notebook.judge(
        "listener",
        (answer, refused, lost) == (b"PING", "ECONNREFUSED", "ECONNRESET"),
        Text(
            f"After the listener's `close` the accepted connection still answered {answer.decode()}; a new client got {refused}; one that was waiting in the accept queue got {lost}.",
            f"监听套接字 `close` 之后，已 accept 的连接仍然回答 {answer.decode()}；新客户端得到 {refused}；还在 accept 队列里等待的得到 {lost}。",
        ),
        Text(
            "not the accepted ones. Those that still wait in the accept queue belong to the listener, and are reset with it: a server that wants to lose nobody accepts them first, as Gearshift's drain does.",
            "已经 accept 的不受影响。仍在 accept 队列里的连接属于监听套接字，会随它一起被重置：不想丢下任何人的服务器要先把它们 accept 出来，Gearshift 停机时正是这样做的。",
        ),
    )


def _answer(environ: object, start_response: object) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])  # type: ignore[operator]
    return [b"ok"]


def _gearshift(notebook: Notebook) -> None:
    left = {}
    number = 50
    for engine in ("thread", "pool", "epoll", "uring", "auto"):
        with Server(_answer, bind=f"{OWN_LOOPBACK}:0", engine=engine) as server:
            place = OWN_LOOPBACK, int(server.url.rpartition(":")[2].strip("/"))
            for _ in range(number):
                with socket.create_connection(place) as client:
                    client.sendall(b"GET / HTTP/1.1\r\nHost: lab\r\n\r\n")
                    client.recv(4096)
            until(lambda: not at(place, ("CLOSE-WAIT", "ESTAB")), f"{engine} has closed all")  # noqa: B023
            left[engine] = len(at(place, ("CLOSE-WAIT",)))
    listed = ", ".join(f"{engine} {count}" for engine, count in left.items())
    notebook.judge(
        "gearshift",
        not any(left.values()),
        Text(
            f"After {number} clients that left each: {listed}.",
            f"每个引擎各有 {number} 个客户端离开之后：{listed}。",
        ),
    )


EXPERIMENT = Experiment(
    "close",
    Text("Who must close", "谁必须关闭"),
    Text("What becomes of a connection whose client has gone?", "客户端离开之后，连接会怎样？"),
    [
        Text(
            "Closing is said by each side for itself. When the peer closes, the kernel acknowledges and moves the socket to CLOSE-WAIT: it waits for this program to close. That state has no timeout: a socket that everybody has forgotten stays until its process ends.",
            "关闭是双方各自的事。对端关闭时，内核予以确认，并把套接字移到 CLOSE-WAIT：等待本程序来关闭。这个状态没有超时：被所有人遗忘的套接字会一直留到进程结束。",
        ),
    ],
    CLAIMS,
    run,
)
