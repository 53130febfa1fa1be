"""A server and a client, call by call: descriptors, states, addresses, the close in four packets, and UDP beside it."""

# Chinese has its own punctuation, and sentences without spaces to break them at.
# ruff: noqa: RUF001, E501
from __future__ import annotations

import os
import socket
from contextlib import ExitStack
from errno import ESPIPE

from gearshift.kernel.sockets import address_text
from gearshift.kernel.tcp_info import tcp_info
from gearshift.kernel.tcp_table import Row
from gearshift.lab.experiment import Experiment, Notebook
from gearshift.lab.readings import LOOPBACK, find, link, reaches, tuple_of, until
from gearshift.report.diagrams import Exchange, Step
from gearshift.report.words import Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gearshift.report.words import Words

CLAIMS = {
    "steps": Text(
        "A server creates a socket, binds it, listens, accepts, receives and sends, closes; a client creates one, connects, sends and receives, closes.",
        "服务器创建套接字、绑定、监听、接受连接、收发数据、关闭；客户端创建套接字、发起连接、收发数据、关闭。",
    ),
    "own-descriptor": Text(
        "A server has one listening socket, and each connection gets a connected socket with a descriptor of its own.",
        "服务器只有一个监听套接字，而每条连接都得到一个已连接套接字，各有自己的文件描述符。",
    ),
    "five-parts": Text(
        "A connection is named by five parts (protocol, two addresses, two ports); a listening socket has only the first three.",
        "一条连接由五元组（协议、两个地址、两个端口）标识；监听套接字只有前三项。",
    ),
    "descriptor": Text(
        "A socket's descriptor is used with the same calls as a file's, but stands for a kernel object, not for bytes on a disk.",
        "套接字描述符和文件描述符用同样的系统调用来读写，但它代表一个内核对象，而不是磁盘上的字节。",
    ),
    "stream": Text(
        "TCP is a stream: two sends may arrive as one receive. UDP carries single datagrams: never.",
        "TCP 是字节流：两次发送可能一次收完。UDP 传送独立的数据报：绝不会合并。",
    ),
    "udp-steps": Text(
        "A UDP server only creates a socket and binds it: nothing to listen for, to accept, or to close for each client.",
        "UDP 服务器只需创建并绑定：不用监听，不用接受连接，也没有属于每个客户端的东西要关闭。",
    ),
    "no-promise": Text(
        "UDP promises neither order nor delivery.",
        "UDP 既不保证顺序，也不保证送达。",
    ),
    "first-to-close": Text(
        "A connection is closed by four packets, and the side that closes first ends in TIME-WAIT.",
        "关闭一条连接要四个报文，先关闭的一方最后停在 TIME-WAIT。",
    ),
}

Said = tuple[str, str, str, str, str]  # side, call, descriptor, state, tuple
Address = tuple[str, int]


def run(notebook: Notebook) -> None:
    with ExitStack() as stack:
        _connection(notebook, stack)
    _who_waits(notebook)
    _one_for_all(notebook)
    _datagrams(notebook)


def _connection(notebook: Notebook, stack: ExitStack) -> None:
    """One connection from its first call to its last, and a second one beside it."""
    steps: list[Said] = []
    expected: list[tuple[str, str]] = []

    def saw(side: str, call: str, sock: socket.socket, wanted: str) -> None:
        expected.append((reaches(sock, wanted), wanted))
        steps.append((side, call, f"fd {sock.fileno()} → {link(sock.fileno())}", wanted, tuple_of(sock)))

    listener = stack.enter_context(socket.socket())
    saw("server", "socket()", listener, "UNCONN")
    listener.bind((LOOPBACK, 0))
    saw("server", "bind()", listener, "UNCONN")
    listener.listen(8)
    saw("server", "listen(8)", listener, "LISTEN")
    client = stack.enter_context(socket.socket())
    saw("client", "socket()", client, "UNCONN")
    client.connect(listener.getsockname())
    saw("client", "connect()", client, "ESTAB")
    server, _ = listener.accept()
    stack.enter_context(server)
    saw("server", "accept()", server, "ESTAB")
    client.sendall(b"hello")
    asked = server.recv(100)
    server.sendall(asked.upper())
    answered = client.recv(100)
    second = stack.enter_context(socket.create_connection(listener.getsockname()))
    beside = stack.enter_context(listener.accept()[0])
    _descriptors(notebook, listener, server, beside, second)
    _file_calls(notebook, client, server)
    _streams(notebook, client, server)
    client_place, server_place = client.getsockname(), server.getsockname()
    client.close()
    saw("server", "(the client's close)", server, "CLOSE-WAIT")
    _row_in(client_place, server_place, "FIN-WAIT-2")  # the server's ACK of the FIN may be delayed by 40 ms
    server.close()
    rest = _row_in(client_place, server_place, "TIME-WAIT")
    steps.append(("server", "close()", "-", f"client: {rest.state}", "inode 0: no process has it"))
    ended = find(server_place, client_place) is None
    notebook.judge(
        "steps",
        all(found == wanted for found, wanted in expected)
        and (asked, answered) == (b"hello", b"HELLO")
        and ended,
        Text(
            f"{len(steps)} calls, each seen in the kernel's state: UNCONN → LISTEN at the server, UNCONN → ESTAB at the client; `hello` was answered with `HELLO`.",
            f"共 {len(steps)} 步，每一步都能在内核状态里看到：服务器 UNCONN → LISTEN，客户端 UNCONN → ESTAB；`hello` 得到了 `HELLO`。",
        ),
    )
    notebook.table(
        Text("Call by call", "逐个系统调用"),
        [
            Text("side", "哪一方"),
            Text("call", "调用"),
            Text("descriptor", "描述符"),
            Text("state", "状态"),
            Text("names", "标识"),
        ],
        [[_side(one[0]), *one[1:]] for one in steps],
    )
    notebook.picture(_picture(address_text(server_place), address_text(client_place)))


def _side(word: str) -> Text:
    return Text(word, {"server": "服务器", "client": "客户端"}[word])


def _row_in(local: Address, peer: Address, wanted: str) -> Row:
    """The kernel's row of that end once it is in that state."""
    row = until(lambda: find(local, peer, (wanted,)), f"{wanted} at {local}")
    assert row is not None
    return row


def _descriptors(
    notebook: Notebook,
    listener: socket.socket,
    server: socket.socket,
    beside: socket.socket,
    second: socket.socket,
) -> None:
    mine = [listener, server, beside]
    links = [link(sock.fileno()) for sock in mine]
    notebook.judge(
        "own-descriptor",
        len({sock.fileno() for sock in mine}) == len(set(links)) == 3,
        Text(
            "Listening: fd {0} ({3}); connected: fd {1} ({4}) and fd {2} ({5}).".format(
                *(sock.fileno() for sock in mine), *links
            ),
            "监听：fd {0}（{3}）；已连接：fd {1}（{4}）和 fd {2}（{5}）。".format(
                *(sock.fileno() for sock in mine), *links
            ),
        ),
    )
    place = listener.getsockname()
    at_listener = find(place, ("0.0.0.0", 0))
    first, other = find(place, server.getpeername()), find(place, second.getsockname())
    same_end = first is not None and other is not None and first.local == other.local == place
    notebook.judge(
        "five-parts",
        at_listener is not None and at_listener.state == "LISTEN" and same_end and first != other,
        Text(
            f"Listening: `{tuple_of(listener)}`, the peer is 0.0.0.0:0. Connected: `{tuple_of(server)}` and `{tuple_of(beside)}`: both have the listener's port, and only the client's port tells them apart.",
            f"监听：`{tuple_of(listener)}`，对端为 0.0.0.0:0。已连接：`{tuple_of(server)}` 和 `{tuple_of(beside)}`：两者都用监听端口，仅凭客户端端口相区分。",
        ),
    )


def _file_calls(notebook: Notebook, client: socket.socket, server: socket.socket) -> None:
    """read() and write() do; lseek() has nothing to move in."""
    os.write(client.fileno(), b"by write")
    by_read = os.read(server.fileno(), 100)
    try:
        os.lseek(server.fileno(), 0, os.SEEK_SET)
        refused: int | None = None
    except OSError as error:
        refused = error.errno
    named = link(server.fileno())
    notebook.judge(
        "descriptor",
        by_read == b"by write" and refused == ESPIPE and named.startswith("socket:["),
        Text(
            f"`write` and `read` carried 8 bytes; /proc/self/fd/{server.fileno()} leads to `{named}`, which is no path; `lseek` was refused with ESPIPE (illegal seek).",
            f"`write` 与 `read` 传送了 8 字节；/proc/self/fd/{server.fileno()} 指向 `{named}`，并不是路径；`lseek` 被拒绝，错误为 ESPIPE。",
        ),
    )


def _streams(notebook: Notebook, client: socket.socket, server: socket.socket) -> None:
    client.sendall(b"one,")
    client.sendall(b"two")
    # Both have arrived once they can be looked at together.
    until(lambda: len(server.recv(100, socket.MSG_PEEK)) == 7, "seven bytes have arrived")
    together = server.recv(100)
    with _udp() as receiver, _udp() as sender:
        sender.sendto(b"one,", receiver.getsockname())
        sender.sendto(b"two", receiver.getsockname())
        apart = [receiver.recv(100), receiver.recv(100)]
        sender.sendto(b"x" * 100, receiver.getsockname())
        sender.sendto(b"next", receiver.getsockname())
        cut = [receiver.recv(10), receiver.recv(100)]
    notebook.judge(
        "stream",
        together == b"one,two" and apart == [b"one,", b"two"] and cut == [b"x" * 10, b"next"],
        Text(
            "TCP: sends of 4 and 3 bytes, one `recv` of 7. UDP: two datagrams, two `recv` of 4 and 3. And of a datagram of 100 bytes `recv(10)` gave 10: the rest was gone, the next `recv` gave the next datagram.",
            "TCP：发送 4 字节和 3 字节，一次 `recv` 收到 7 字节。UDP：两个数据报，两次 `recv` 分别收到 4 和 3 字节。而对 100 字节的数据报 `recv(10)` 只得 10 字节：剩余部分就此丢弃，下一次 `recv` 得到的是下一个数据报。",
        ),
    )


def _udp() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((LOOPBACK, 0))
    sock.settimeout(5)
    return sock


def _who_waits(notebook: Notebook) -> None:
    """Two connections; one is closed by its client first, one by its server."""
    seen = []
    for client_first in (True, False):
        with socket.create_server((LOOPBACK, 0)) as listener:
            client = socket.create_connection(listener.getsockname())
            server, _ = listener.accept()
            client_place, server_place = client.getsockname(), server.getsockname()
            first, then = (client, server) if client_first else (server, client)
            first.close()
            between = reaches(then, "CLOSE-WAIT")
            then.close()
            mine, other = (client_place, server_place) if client_first else (server_place, client_place)
            row = _row_in(mine, other, "TIME-WAIT")
            seen.append((between, row.state, row.inode, find(other, mine)))
    notebook.judge(
        "first-to-close",
        all(one == ("CLOSE-WAIT", "TIME-WAIT", 0, None) for one in seen),
        Text(
            "Closed by the client first: TIME-WAIT at the client's address, nothing at the server's. Closed by the server first: the other way round. Each time the later side stood in CLOSE-WAIT until its own `close`.",
            "客户端先关：TIME-WAIT 留在客户端地址，服务器一侧什么也不剩。服务器先关：正好相反。后关的一方在自己 `close` 之前一直处于 CLOSE-WAIT。",
        ),
        Text(
            "four segments, if neither side has the other's FIN ride on an acknowledgement of its own (then three are enough); and what waits is no socket of a process any more but a row of the kernel (inode 0), for 60 s, so that late segments find nobody new and a lost last ACK can be repeated.",
            "若一方把 FIN 和对前一个 FIN 的确认合在同一个报文里，三个报文就够了；停在 TIME-WAIT 的也不再是某个进程的套接字，而只是内核里的一条记录（inode 为 0），保留 60 秒：让迟到的报文不会落到新连接上，丢失的最后一个 ACK 也能重发。",
        ),
    )


def _datagrams(notebook: Notebook) -> None:
    """More than the receiver's buffer takes: the sender is told nothing."""
    sent = 2000
    with _udp() as receiver, _udp() as sender:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for number in range(sent):
            sender.sendto(number.to_bytes(4, "big") + b"." * 96, receiver.getsockname())
        receiver.setblocking(False)
        numbers = []
        while True:
            try:
                numbers.append(int.from_bytes(receiver.recv(200)[:4], "big"))
            except BlockingIOError:
                break
    notebook.judge(
        "no-promise",
        0 < len(numbers) < sent and numbers == sorted(numbers),
        Text(
            f"{sent} datagrams were sent without an error to a receiver with a small buffer: {len(numbers)} arrived, {sent - len(numbers)} were dropped by the kernel. Those that arrived were in order.",
            f"向一个缓冲区很小的接收方发送了 {sent} 个数据报，发送方没有得到任何错误：到达 {len(numbers)} 个，内核丢弃 {sent - len(numbers)} 个。到达的顺序并没有乱。",
        ),
        Text(
            "loss is real even on one machine, and silent; on loopback the order is kept all the same, since there is only one way through. What UDP lacks is the promise.",
            "即使在同一台机器上也会丢失，而且悄无声息；不过回环只有一条路，所以顺序保持不变。UDP 缺的是保证。",
        ),
    )


def _one_for_all(notebook: Notebook) -> None:
    """Two clients, one of them connected, which sends no packet: it only remembers an address."""
    with _udp() as server, _udp() as plain, _udp() as connected:
        plain.sendto(b"a", server.getsockname())
        connected.connect(server.getsockname())
        server.setblocking(False)
        silent = not _told(server, b"b")
        connected.send(b"b")
        server.settimeout(5)
        peers = []
        for sock in (plain, connected):
            data, peer = server.recvfrom(10)
            server.sendto(data.upper(), peer)
            peers.append((peer == sock.getsockname(), sock.recv(10)))
        info = tcp_info(server.fileno())
        names = f"`{tuple_of(server)}`", f"`{tuple_of(connected)}`"
    notebook.judge(
        "udp-steps",
        silent and info is None and peers == [(True, b"A"), (True, b"B")],
        Text(
            f"One socket, {names[0]}, answered two clients; `recvfrom` said each time whom. `connect` of a UDP client sent nothing: it only fixed the peer ({names[1]}).",
            f"一个套接字 {names[0]} 回应了两个客户端，每次由 `recvfrom` 告知对方是谁。UDP 客户端的 `connect` 什么也没有发出，只是记住了对端（{names[1]}）。",
        ),
    )


def _told(sock: socket.socket, data: bytes) -> bool:
    """Whether those bytes have come; looks without waiting, and takes nothing."""
    try:
        return sock.recv(100, socket.MSG_PEEK) == data
    except BlockingIOError:
        return False


def _picture(server: str, client: str) -> Exchange:
    left: Words = Text(f"client {client}", f"客户端 {client}")
    right: Words = Text(f"server {server}", f"服务器 {server}")
    data = Text("data", "数据")
    return Exchange(
        Text("One connection from its first call to its last", "一条连接：从第一个调用到最后一个"),
        left,
        right,
        [
            Step("", "", "", "socket()  UNCONN"),
            Step("", "", "", "bind(), listen()  LISTEN"),
            Step("socket()  UNCONN", "", "", ""),
            Step("connect()  SYN-SENT", ">", "SYN", "SYN-RECV"),
            Step("ESTAB", "<", "SYN, ACK", ""),
            Step("", ">", "ACK", "ESTAB"),
            Step("", "", "", "accept()"),
            Step("send()", ">", data, "recv()"),
            Step("recv()", "<", data, "send()"),
            Step("close()  FIN-WAIT-1", ">", "FIN", "CLOSE-WAIT"),
            Step("FIN-WAIT-2", "<", "ACK", "recv() → b''"),
            Step("TIME-WAIT", "<", "FIN", "close()  LAST-ACK"),
            Step(Text("after 60 s: gone", "60 秒后消失"), ">", "ACK", Text("gone", "消失")),
        ],
        Text(
            "The states that this run saw, with the packets that lead to them. Whoever closes first keeps TIME-WAIT.",
            "本次运行中观察到的状态，以及引起变化的报文。谁先关闭，谁就留下 TIME-WAIT。",
        ),
    )


EXPERIMENT = Experiment(
    "sockets",
    Text("A server and a client, step by step", "服务器与客户端：一步一步来"),
    Text(
        "What does each call make, and what does the kernel have afterwards?",
        "每个调用造出了什么？调用之后内核里有什么？",
    ),
    [
        Text(
            "A program talks to another one through a socket: an object in the kernel, for which the program holds a number, the descriptor. The experiment makes each call of a server and a client and asks the kernel after each: which descriptors exist, what state the socket is in, and by which addresses it is known.",
            "程序通过套接字与另一个程序通信：套接字是内核中的对象，程序手里只有一个编号，即描述符。本实验依次执行服务器和客户端的每个调用，并在每一步之后询问内核：有哪些描述符，套接字处于什么状态，用哪些地址来标识。",
        ),
    ],
    CLAIMS,
    run,
)
