"""How a small server gets HTTP wrong: one recv(1024), keep-alive promised and not kept; beside Gearshift."""

# Chinese has its own punctuation, and sentences without spaces to break them at.
# ruff: noqa: RUF001, E501
from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import NamedTuple

from gearshift import Server
from gearshift.lab.experiment import Experiment, Notebook
from gearshift.lab.readings import LOOPBACK
from gearshift.report.diagrams import Exchange, Step
from gearshift.report.words import Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Place = tuple[str, int]

CLAIMS = {
    "message": Text(
        "A message is a head, a blank line and a body; an answer's first line is the protocol, a status and its words, and the rest of the head are fields.",
        "一个报文由首部、空行和正文组成；应答的第一行是协议、状态码及其说明，首部的其余部分是字段。",
    ),
    "long-head": Text("A single recv(1024) reads a request.", "一次 recv(1024) 就能读到一个请求。"),
    "split-head": Text("A request arrives in one piece.", "一个请求会一次整个到达。"),
    "two-at-once": Text("What is received is one request.", "收到的就是一个请求。"),
    "keep-alive": Text(
        "`Connection: keep-alive` in an answer is enough to keep a connection.",
        "在应答里写上 `Connection: keep-alive` 就能保持连接。",
    ),
    "gearshift": Text(
        "Gearshift answers the same bytes rightly, on every engine.",
        "同样的字节，Gearshift 在每个引擎上都能正确应答。",
    ),
}
HOST = b"Host: lab\r\n"
END_OF_HEAD = b"\r\n\r\n"
PATIENCE = 5.0
PAUSE = 0.1  # seconds between two pieces of a request


class Case(NamedTuple):
    """What is sent, in pieces with a pause between them; right: the paths that a right server tells it has answered."""

    name: str
    title: Text
    pieces: Sequence[bytes]
    right: Sequence[str]


def _get(path: str, more: bytes = b"") -> bytes:
    return b"GET " + path.encode() + b" HTTP/1.1\r\n" + HOST + more + b"\r\n"


LONG = b"Cookie: " + b"c" * 3000 + b"\r\nX-Last: seen\r\n"
CASES = (
    Case(
        "long-head", Text("a head of 3,000 bytes", "3000 字节的首部"), [_get("/long", LONG)], ["/long seen"]
    ),
    Case(
        "split-head",
        Text("a head in two pieces", "分两段到达的首部"),
        [b"GET /split HTTP/1.1\r\nHo", b"st: lab\r\nX-Last: seen\r\n\r\n"],
        ["/split seen"],
    ),
    Case(
        "two-at-once",
        Text("two requests in one segment", "一个报文段里有两个请求"),
        [_get("/one") + _get("/two")],
        ["/one -", "/two -"],
    ),
    Case(
        "keep-alive",
        Text("a second request later", "稍后的第二个请求"),
        [_get("/first"), _get("/second")],
        ["/first -", "/second -"],
    ),
)


class Seen(NamedTuple):
    """bodies: of the answers, in order. ending: how the connection ended, "open" if it didn't. raw: all bytes."""

    bodies: list[str]
    ending: str
    raw: bytes


def run(notebook: Notebook) -> None:
    with _naive_server() as place:
        naive = {case.name: _ask(place, case) for case in CASES}
    rows, wrong = [], []
    ours: dict[str, dict[str, Seen]] = {}
    for engine in ("thread", "pool", "epoll", "uring", "auto"):
        with Server(_application, bind=f"{LOOPBACK}:0", engine=engine) as server:
            host, _, port = server.url.removeprefix("http://").rstrip("/").rpartition(":")
            ours[engine] = {case.name: _ask((host, int(port)), case) for case in CASES}
        wrong += [
            f"{engine} {case.name}" for case in CASES if ours[engine][case.name].bodies != list(case.right)
        ]
    for case in CASES:
        rows.append([case.title, _words(naive[case.name]), _words(ours["auto"][case.name])])
    _judge_naive(notebook, naive)
    _message(notebook, ours["auto"]["split-head"].raw)
    notebook.judge(
        "gearshift",
        not wrong,
        Text(
            f"{len(CASES)} cases on {len(ours)} engines: {len(CASES) * len(ours) - len(wrong)} right. {' '.join(wrong)}",
            f"{len(CASES)} 种情形，{len(ours)} 个引擎：{len(CASES) * len(ours) - len(wrong)} 次正确。{' '.join(wrong)}",
        ),
    )
    notebook.table(
        Text("The same bytes to both", "把同样的字节发给两者"),
        [
            Text("what is sent", "发送的内容"),
            Text("a naive server", "朴素的服务器"),
            "Gearshift",
        ],
        rows,
    )
    notebook.picture(_picture(naive["two-at-once"], naive["keep-alive"]))


@contextmanager
def _naive_server() -> Iterator[Place]:
    """The server of many a tutorial: accept, one recv, answer, close; one connection after the other."""
    listener = socket.create_server((LOOPBACK, 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:  # shut down
                return
            with connection:
                request = connection.recv(1024).decode("latin-1")
                lines = request.split("\r\n")
                path = lines[0].split(" ")[1] if lines[0].count(" ") == 2 else "?"
                last = next((line[8:] for line in lines if line.startswith("X-Last: ")), "-")
                connection.sendall(_answer(f"{path} {last}"))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        listener.close()


def _answer(body: str) -> bytes:
    return (
        f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: keep-alive\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def _application(
    environ: dict[str, str], start_response: Callable[[str, list[tuple[str, str]]], object]
) -> list[bytes]:
    """Says which path was asked for, and what stood in the field at the end of the head."""
    body = f"{environ['PATH_INFO']} {environ.get('HTTP_X_LAST', '-')}".encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


def _ask(place: Place, case: Case) -> Seen:
    """Sends the pieces; reads until there are as many answers as there should be, or it is over."""
    with socket.create_connection(place, timeout=PATIENCE) as client:
        received, ending = b"", "open"
        try:
            for number, piece in enumerate(case.pieces):
                if number:
                    received, ending = _read(
                        client, received, number if case.name == "keep-alive" else 1, PAUSE
                    )
                    client.settimeout(PATIENCE)
                client.sendall(piece)
            received, ending = _read(client, received, len(case.right), PATIENCE)
            if ending == "open":  # so far
                received, ending = _read(client, received, len(case.right) + 1, PAUSE)
        except (ConnectionResetError, BrokenPipeError) as error:
            ending = "reset" if isinstance(error, ConnectionResetError) else "broken pipe"
        return Seen(_bodies(received), ending, received)


def _read(client: socket.socket, received: bytes, answers: int, within: float) -> tuple[bytes, str]:
    """What has come once there are so many answers, or the peer has closed, or nothing came for that time."""
    client.settimeout(within)
    while len(_bodies(received)) < answers:
        try:
            piece = client.recv(65536)
        except TimeoutError:
            return received, "open"
        except ConnectionResetError:
            return received, "reset"
        if not piece:
            return received, "closed"
        received += piece
    return received, "open"


def _bodies(received: bytes) -> list[str]:
    """The bodies of whole answers with a length."""
    found = []
    while END_OF_HEAD in received:
        head, _, rest = received.partition(END_OF_HEAD)
        length = next(
            int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
        )
        if len(rest) < length:
            break
        found.append(rest[:length].decode())
        received = rest[length:]
    return found


def _words(seen: Seen) -> Text:
    listed = ", ".join(seen.bodies) or "-"
    ended = {
        "open": Text("still open", "连接仍在"),
        "closed": Text("closed", "已关闭"),
        "reset": Text("reset", "被重置"),
        "broken pipe": Text("closed while it was sent to", "发送时已关闭"),
    }[seen.ending]
    return Text(f"{listed} ({ended.en})", f"{listed}（{ended.zh}）")


def _judge_naive(notebook: Notebook, naive: dict[str, Seen]) -> None:
    long, split, both, kept = (naive[case.name] for case in CASES)
    notebook.judge(
        "long-head",
        "/long seen" not in long.bodies,
        Text(
            f"Of a head of {len(CASES[0].pieces[0])} bytes it read 1,024: the field at the end was never seen. It closed with the rest unread, so TCP sent a reset; the client got: {_words(long).en}.",
            f"{len(CASES[0].pieces[0])} 字节的首部它只读了 1024 字节：末尾的字段根本没有看到。它关闭时还有数据未读，于是 TCP 发出重置；客户端得到：{_words(long).zh}。",
        ),
        Text(
            "`recv(1024)` returns what is there, at most 1,024 bytes. A head ends at its blank line, wherever that is: read until it has come, up to a limit, and then refuse with 431.",
            "`recv(1024)` 返回此刻已有的数据，最多 1024 字节。首部到空行才算结束，不管空行在哪里：要一直读到它出现为止，超过上限则以 431 拒绝。",
        ),
    )
    notebook.judge(
        "split-head",
        "/split seen" not in split.bodies,
        Text(
            f"It answered the first piece: {_words(split).en}.",
            f"它只凭第一段就作了回答：{_words(split).zh}。",
        ),
        Text(
            "TCP is a stream: a request may come in as many pieces as it has bytes. What has come is kept until the head is whole.",
            "TCP 是字节流：请求有多少字节就可能分多少段到达。要把已到的留着，直到首部完整。",
        ),
    )
    notebook.judge(
        "two-at-once",
        len(both.bodies) == 1,
        Text(
            f"It answered one of the two, and threw the other away: {_words(both).en}.",
            f"它只回答了两个请求中的一个，另一个丢掉了：{_words(both).zh}。",
        ),
        Text(
            "one receive may hold several requests (RFC 9112, 9.3.2, pipelining), or one and a half; each is answered, in order.",
            "一次接收可能包含好几个请求（RFC 9112 第 9.3.2 节，流水线），也可能是一个半；每个都要按顺序回答。",
        ),
    )
    notebook.judge(
        "keep-alive",
        kept.bodies == ["/first -"] and kept.ending != "open" and b"keep-alive" in kept.raw,
        Text(
            f"The answer said `Connection: keep-alive`, and then the connection was gone: {_words(kept).en}.",
            f"应答里写着 `Connection: keep-alive`，连接却随即没了：{_words(kept).zh}。",
        ),
        Text(
            "it is kept by reading the next request from it. A client that trusts the promise sends its next request into a closed connection, and may not know whether it was carried out. In HTTP/1.1 a connection persists unless somebody says `close` (RFC 9112, 9.3).",
            "保持连接靠的是继续从中读取下一个请求。相信承诺的客户端会把下一个请求发进已关闭的连接，而且无从得知请求是否已被执行。HTTP/1.1 中只要没人说 `close`，连接就一直保持（RFC 9112 第 9.3 节）。",
        ),
    )


def _message(notebook: Notebook, raw: bytes) -> None:
    head, blank, body = raw.partition(END_OF_HEAD)
    first, *fields = head.decode("latin-1").split("\r\n")
    protocol, status, words = first.split(" ", 2)
    named = dict(field.split(": ", 1) for field in fields)
    notebook.judge(
        "message",
        (protocol, status, words) == ("HTTP/1.1", "200", "OK")
        and bool(blank)
        and int(named["Content-Length"]) == len(body),
        Text(
            f"`{first}`, {len(fields)} fields ({', '.join(named)}), a blank line, and {len(body)} bytes, as Content-Length says.",
            f"`{first}`，{len(fields)} 个字段（{', '.join(named)}），一个空行，随后是 Content-Length 所说的 {len(body)} 字节。",
        ),
    )


def _picture(both: Seen, kept: Seen) -> Exchange:
    nothing = Text("(no second answer)", "（没有第二个应答）")
    return Exchange(
        Text("A naive server, seen from its client", "从客户端看一个朴素的服务器"),
        Text("client", "客户端"),
        Text("naive server", "朴素的服务器"),
        [
            Step(Text("two requests at once", "一次发两个请求"), ">", "GET /one, GET /two", "recv(1024)"),
            Step(f"200 {both.bodies[0]}" if both.bodies else "", "<", "keep-alive", "sendall()"),
            Step(nothing, "<", f"{both.ending}", "close()"),
            Step("", "", "", ""),
            Step(Text("first request", "第一个请求"), ">", "GET /first", "recv(1024)"),
            Step(f"200 {kept.bodies[0]}" if kept.bodies else "", "<", "keep-alive", "sendall()"),
            Step(Text("believes in keep-alive", "相信 keep-alive"), "<", "FIN", "close()"),
            Step(
                Text("second request", "第二个请求"),
                "x>",
                "GET /second",
                Text("nobody is there", "已无人接收"),
            ),
        ],
        Text(
            "It throws away what it has not asked for, and promises what it does not do.",
            "它丢掉没去读的东西，又承诺自己不做的事。",
        ),
    )


EXPERIMENT = Experiment(
    "http",
    Text("How small servers get HTTP wrong", "小服务器如何弄错 HTTP"),
    Text(
        "What happens to a server that reads a request with one recv(1024)?",
        "只用一次 recv(1024) 读请求的服务器会怎样？",
    ),
    [
        Text(
            "HTTP/1.1 is text over a stream: a head, a blank line, perhaps a body, and then the next message on the same connection. Where one message ends is told by the bytes alone, never by how they happened to arrive. A server that takes one receive for one request works in a demonstration, and fails with the first long cookie.",
            "HTTP/1.1 是字节流上的文本：首部、空行，也许还有正文，随后是同一连接上的下一个报文。一个报文在哪里结束，只由字节本身决定，与它们碰巧怎样到达无关。把一次接收当成一个请求的服务器，演示时没有问题，遇到第一个很长的 cookie 就会出错。",
        ),
    ],
    CLAIMS,
    run,
)
