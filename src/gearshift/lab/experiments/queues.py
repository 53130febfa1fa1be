"""A server that never accepts: where connections wait, how many fit, what their clients see, how it is counted."""

# Chinese has its own punctuation, and sentences without spaces to break them at.
# ruff: noqa: RUF001, E501
from __future__ import annotations

import socket
import time
from contextlib import ExitStack
from typing import NamedTuple

from gearshift.kernel.backlog import somaxconn
from gearshift.kernel.host_counters import host_counters
from gearshift.kernel.listening import listening
from gearshift.kernel.tcp_info import tcp_info
from gearshift.lab.experiment import Experiment, Notebook
from gearshift.lab.forked import forked
from gearshift.lab.half_open import everything, only_syns
from gearshift.lab.namespace import NamespaceRefusedError, enter, set_sysctl
from gearshift.lab.readings import OWN_LOOPBACK, at, becomes, find, state, until
from gearshift.report.charts import Lines
from gearshift.report.words import Text

CLAIMS = {
    "before-accept": Text(
        "Before `accept`, a connection exists only as kernel structures; the client already believes it is connected, and may send.",
        "在 `accept` 之前，连接只以内核数据结构的形式存在；而客户端已经认为连接建立，并且可以发送数据。",
    ),
    "syn-queue": Text(
        "After a SYN the kernel keeps a half-open entry in the SYN queue; after the last ACK it moves to the accept queue.",
        "收到 SYN 后，内核在 SYN 队列中保留一个半开条目；收到最后一个 ACK 后，它移入 accept 队列。",
    ),
    "capacity": Text(
        "The accept queue holds as many connections as `listen(backlog)` says.",
        "accept 队列能容纳的连接数就是 `listen(backlog)` 所给的数。",
    ),
    "clamp": Text(
        "The backlog is clamped by net.core.somaxconn, without a word.",
        "backlog 会被 net.core.somaxconn 悄悄截断。",
    ),
    "full": Text(
        "When the queue is full, SYNs are dropped; the client tries again, and gives up or gets in when there is room.",
        "队列满时 SYN 被丢弃；客户端会重试，直到放弃，或者等到空位再进来。",
    ),
    "counted": Text(
        "Every drop is counted: at the listener, and in ListenOverflows and ListenDrops.",
        "每一次丢弃都有计数：在监听套接字上，也在 ListenOverflows 和 ListenDrops 中。",
    ),
    "abort": Text(
        "With net.ipv4.tcp_abort_on_overflow the client of a full queue is reset.",
        "打开 net.ipv4.tcp_abort_on_overflow 后，队列满时客户端会被重置。",
    ),
}
ESTABLISHED = ("ESTAB",)
BACKLOGS = (2, 4, 8)
ATTEMPTS = 14
SHORT = 0.25  # seconds; on loopback a handshake is done before connect() returns


def run(notebook: Notebook) -> None:
    _before_accept(notebook)
    _half_open(notebook)
    _capacity(notebook)
    _clamp(notebook)
    _full(notebook)
    _in_a_namespace(notebook)


def _listener(backlog: int) -> socket.socket:
    return socket.create_server((OWN_LOOPBACK, 0), backlog=backlog)


def _begin(listener: socket.socket, stack: ExitStack) -> socket.socket:
    """A client that has asked for a connection, and doesn't wait for it."""
    client = stack.enter_context(socket.socket())
    client.setblocking(False)
    client.connect_ex(listener.getsockname())
    return client


def _connected(client: socket.socket) -> bool:
    return becomes(lambda: state(client) == "ESTAB", SHORT)


def _depth(listener: socket.socket) -> int:
    depth = listening(listener.fileno()).accept_queue
    assert depth is not None
    return depth


def _before_accept(notebook: Notebook) -> None:
    sent = b"sent before anybody accepted" * 100
    with _listener(4) as listener, socket.create_connection(listener.getsockname()) as client:
        client.sendall(sent)
        place, peer = listener.getsockname(), client.getsockname()
        until(
            lambda: (row := find(place, peer, ESTABLISHED)) is not None and row.unread == len(sent),
            "the bytes wait in the kernel",
        )
        row = find(place, peer, ESTABLISHED)
        seen = state(client), _depth(listener)
        with listener.accept()[0] as server:
            received = server.recv(65536)
            after = find(place, peer, ESTABLISHED)
    notebook.judge(
        "before-accept",
        row is not None
        and row.inode == 0
        and seen == ("ESTAB", 1)
        and received == sent
        and after is not None
        and after.inode > 0,
        Text(
            f"The client is ESTAB and has sent {len(sent)} bytes. At the server the kernel has a row for it: {row and row.state}, {row and row.unread} bytes unread, inode {row and row.inode}: no descriptor leads there. After `accept` the same row has inode {after and after.inode}, and all bytes were there.",
            f"客户端处于 ESTAB，已发送 {len(sent)} 字节。服务器一侧内核里有它的记录：{row and row.state}，未读 {row and row.unread} 字节，inode 为 {row and row.inode}：没有任何描述符指向它。`accept` 之后同一条记录的 inode 变为 {after and after.inode}，数据一个字节也不少。",
        ),
    )


def _half_open(notebook: Notebook) -> None:
    seen = forked(_half_open_anywhere)
    if isinstance(seen, str):
        notebook.skip("syn-queue", _no_namespace(seen))
        return
    notebook.judge(
        "syn-queue",
        seen,
        Text(
            "While a filter on the listener kept the last ACK out, the client was ESTAB already, the server had one socket in SYN-RECV (inode 0), and the accept queue was empty. Once the ACK got through: none in SYN-RECV, one in the accept queue.",
            "监听套接字上的过滤器拦住最后一个 ACK 时：客户端已是 ESTAB，服务器有一个 SYN-RECV 条目（inode 0），accept 队列为空。ACK 放行之后：SYN-RECV 为零，accept 队列中有一个。",
        ),
    )


def _no_namespace(reason: str) -> Text:
    return Text(
        f"it needs a network namespace (as root, or with user namespaces allowed): {reason}",
        f"需要网络命名空间（root，或允许用户命名空间）：{reason}",
    )


def _half_open_anywhere() -> bool | str:
    """Whether all was as claimed; in a network of its own where this one's doesn't let us filter; a text where none
    can be had.
    """
    try:
        return _half_open_seen()
    except PermissionError:
        pass
    try:
        enter()
    except NamespaceRefusedError as error:
        return str(error)
    return _half_open_seen()


def _half_open_seen() -> bool:
    with ExitStack() as stack:
        listener = stack.enter_context(_listener(4))
        place = listener.getsockname()
        only_syns(listener)
        client = _begin(listener, stack)
        believes = _connected(client)
        half = at(place, ("SYN-RECV",))
        depth = _depth(listener)
        everything(listener)
        client.send(b"x")  # carries an acknowledgement, which ends the handshake
        moved = becomes(lambda: _depth(listener) == 1 and not at(place, ("SYN-RECV",)), 5)
    return believes and len(half) == 1 and half[0].inode == 0 and depth == 0 and moved


def _capacity(notebook: Notebook) -> None:
    """One client after the other, each noted with how long the queue is after it."""
    lines: dict[Text | str, list[tuple[float, float]]] = {}
    fitted = []
    for backlog in BACKLOGS:
        with ExitStack() as stack:
            listener = stack.enter_context(_listener(backlog))
            points = [(0.0, 0.0)]
            for number in range(1, ATTEMPTS + 1):
                _begin(listener, stack)
                points.append((float(number), float(_depth(listener))))
            # What has not arrived by now was dropped: a handshake on loopback takes microseconds.
            until(lambda: _depth(listener) == backlog + 1, f"{backlog + 1} in the queue")  # noqa: B023
            fitted.append(len(at(listener.getsockname(), ESTABLISHED)))
        lines[f"listen({backlog})"] = points
    listed = ", ".join(
        f"listen({backlog}): {number}" for backlog, number in zip(BACKLOGS, fitted, strict=True)
    )
    notebook.judge(
        "capacity",
        fitted == [backlog + 1 for backlog in BACKLOGS],
        Text(f"Of {ATTEMPTS} clients fitted: {listed}.", f"{ATTEMPTS} 个客户端中进入队列的个数：{listed}。"),
        Text(
            "backlog + 1: the kernel calls the queue full when it is longer than the backlog (sk_acceptq_is_full), not when it is as long.",
            "是 backlog + 1 个：内核在队列长度“超过” backlog 时才算满（sk_acceptq_is_full），相等时还不算。",
        ),
    )
    notebook.picture(
        Lines(
            Text("A listener that never accepts", "从不 accept 的监听套接字"),
            Text("clients that have tried to connect", "尝试连接的客户端数"),
            Text("connections in the accept queue", "accept 队列中的连接数"),
            lines,
            Text("Each queue stops growing at backlog + 1.", "每条曲线都停在 backlog + 1。"),
        )
    )


def _clamp(notebook: Notebook) -> None:
    limit = somaxconn()
    if limit is None:
        notebook.skip(
            "clamp",
            Text("/proc does not tell net.core.somaxconn here.", "这里的 /proc 读不到 net.core.somaxconn。"),
        )
        return
    asked = limit + 1000
    with _listener(asked) as listener:
        granted = listening(listener.fileno()).limit
    notebook.judge(
        "clamp",
        granted == limit,
        Text(
            f"`listen({asked})` succeeded and gave a queue of {granted}; net.core.somaxconn is {limit}.",
            f"`listen({asked})` 成功返回，队列上限却是 {granted}；net.core.somaxconn 为 {limit}。",
        ),
    )


def _full(notebook: Notebook) -> None:
    with ExitStack() as stack:
        listener = stack.enter_context(_listener(1))
        before = host_counters()
        waiting = [_begin(listener, stack) for _ in range(2)]
        fits = all(map(_connected, waiting))
        late = _begin(listener, stack)
        began = time.monotonic()
        stays = not _connected(late) and state(late) == "SYN-SENT"
        retried = becomes(lambda: _resent(late) >= 1, 5)
        tries = _resent(late)
        drops = listening(listener.fileno()).drops
        after = host_counters()
        stack.enter_context(listener.accept()[0])
        got_in = becomes(lambda: state(late) == "ESTAB", 20)
        waited = time.monotonic() - began
    notebook.judge(
        "full",
        fits and stays and retried and got_in,
        Text(
            f"With listen(1) and two waiting, the third client stayed in SYN-SENT, and heard nothing at all; its kernel sent the SYN again after a second ({tries} so far). After one `accept` the next try got in, {waited:.1f} s after the first.",
            f"listen(1) 且已有两个连接等待时，第三个客户端停在 SYN-SENT，听不到任何回音；它的内核一秒后重发了 SYN（此时共重发 {tries} 次）。服务器 `accept` 一次之后，下一次重试成功，距第一次 {waited:.1f} 秒。",
        ),
    )
    if drops is None or before is None or after is None:
        notebook.skip(
            "counted", Text("this kernel does not show its counters here.", "这里看不到内核计数器。")
        )
        return
    grown = {name: after.counts[name] - before.counts[name] for name in ("ListenOverflows", "ListenDrops")}
    notebook.judge(
        "counted",
        drops >= 2 and all(number >= drops for number in grown.values()),
        Text(
            f"One client, {drops} drops at the listener; ListenOverflows grew by {grown['ListenOverflows']}, ListenDrops by {grown['ListenDrops']}.",
            f"一个客户端，监听套接字上却有 {drops} 次丢弃；ListenOverflows 增加 {grown['ListenOverflows']}，ListenDrops 增加 {grown['ListenDrops']}。",
        ),
        Text(
            "what is counted is packets, not clients: each repeated SYN counts again. The listener's own count (SO_MEMINFO) is exact; the other two are everybody's in the network namespace.",
            "计的是报文而不是客户端：每次重发的 SYN 都再计一次。监听套接字自己的计数（SO_MEMINFO）是准确的；另外两个是整个网络命名空间共用的。",
        ),
    )


def _resent(client: socket.socket) -> int:
    info = tcp_info(client.fileno())
    return 0 if info is None else info.total_retransmits


class Aborted(NamedTuple):
    """What two clients of a full queue saw: one that came too late, and one whose handshake had begun before."""

    late: str
    begun: str


def _in_a_namespace(notebook: Notebook) -> None:
    seen = forked(_overflow_with_abort)
    if isinstance(seen, str):
        notebook.skip("abort", _no_namespace(seen))
        return
    without, with_abort = seen
    notebook.judge(
        "abort",
        without.begun == "ESTAB" and with_abort == Aborted("SYN-SENT", "ECONNRESET"),
        Text(
            f"In a network of its own. A client whose SYN came to a full queue: {with_abort.late}, with the setting as without. One whose handshake had begun before the queue filled, and which then sent data: {without.begun} without the setting, {with_abort.begun} with it.",
            f"在独立的网络命名空间中。SYN 到达时队列已满的客户端：{with_abort.late}，开不开都一样。队列填满之前已开始握手、随后发送数据的客户端：不开为 {without.begun}，打开后为 {with_abort.begun}。",
        ),
        Text(
            "only those are reset whose last ACK finds the queue full; a SYN that finds it full is dropped in silence whatever the setting, and that is by far the more frequent case.",
            "只有最后一个 ACK 到达时队列已满的连接才会被重置；到达时队列已满的 SYN 无论如何都被悄悄丢弃，而这才是最常见的情形。",
        ),
    )


def _overflow_with_abort() -> tuple[Aborted, Aborted] | str:
    """Without and with the setting; a text where no namespace can be had."""
    try:
        enter()
        set_sysctl("net.ipv4.tcp_abort_on_overflow", 0)
        without = _overflow()
        set_sysctl("net.ipv4.tcp_abort_on_overflow", 1)
        return without, _overflow()
    except NamespaceRefusedError as error:
        return str(error)


def _overflow() -> Aborted:
    with ExitStack() as stack:
        listener = stack.enter_context(_listener(1))
        only_syns(listener)
        begun = _begin(listener, stack)
        _connected(begun)
        everything(listener)
        for _ in range(2):
            _connected(_begin(listener, stack))
        begun.send(b"x")
        late = _begin(listener, stack)
        begun.settimeout(SHORT)
        try:
            begun.recv(1)
            ended = "closed"
        except TimeoutError:
            ended = state(begun)
        except ConnectionResetError:
            ended = "ECONNRESET"
        return Aborted(state(late), ended)


EXPERIMENT = Experiment(
    "queues",
    Text("Where connections wait", "连接在哪里等待"),
    Text("What happens to clients of a server that never accepts?", "服务器从不 accept，客户端会怎样？"),
    [
        Text(
            "A listening socket has two queues. A client's SYN makes a small half-open entry; the last packet of the handshake makes a whole connection of it, which waits in the accept queue until the program calls `accept`. All this is done by the kernel, without the program. So a server that is too slow does not look broken to its clients: they are connected, they send, and nobody answers.",
            "监听套接字有两个队列。客户端的 SYN 产生一个小小的半开条目；握手的最后一个报文把它变成完整的连接，在 accept 队列里等待程序调用 `accept`。这一切由内核完成，与程序无关。所以服务器太慢时，客户端并不觉得它坏了：连上了，也发出去了，只是没人回答。",
        ),
    ],
    CLAIMS,
    run,
)
