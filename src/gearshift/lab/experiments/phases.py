"""The two phases of a read, waiting and copying, timed apart; and what DMA, page cache, sendfile and zero-copy save."""

# Chinese has its own punctuation, and sentences without spaces to break them at.
# ruff: noqa: RUF001, E501
from __future__ import annotations

import array
import fcntl
import os
import select
import socket
import statistics
import struct
import tempfile
import termios
import time
from contextlib import ExitStack, suppress
from typing import NamedTuple

from gearshift.lab.experiment import Experiment, Notebook
from gearshift.lab.forked import Helper
from gearshift.lab.readings import LOOPBACK, until
from gearshift.report.charts import Bars
from gearshift.report.words import Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

CLAIMS = {
    "two-phases": Text(
        "Input has two phases: waiting until the data is in the kernel's memory, and copying it to the process.",
        "输入分两个阶段：等待数据到达内核内存，再把它复制到进程。",
    ),
    "non-blocking": Text("A non-blocking read never keeps the caller.", "非阻塞读从不让调用者停留。"),
    "dma": Text(
        "The device brings data into memory by itself (DMA); the processor is only told.",
        "设备自己把数据送进内存（DMA），处理器只是得到通知。",
    ),
    "page-cache": Text(
        "What was read once is in the page cache: the second read needs no device.",
        "读过一次的内容就在页缓存里：第二次读取不需要设备。",
    ),
    "sendfile": Text(
        "sendfile sends a file without copying it through the process, and costs less than read and send.",
        "sendfile 发送文件不必经过进程复制，比 read 加 send 便宜。",
    ),
    "zero-copy": Text("MSG_ZEROCOPY sends without any copy.", "MSG_ZEROCOPY 发送时完全不复制。"),
}
DELAY = 0.08  # seconds until the sender sends
AMOUNT = 1 << 20  # bytes of a read whose phases are timed
ENOUGH = 1 << 16  # of them, that surely fit into a receive buffer with some more
FILE = 64 << 20  # bytes
PIECE = 1 << 17  # that is read and sent at a time
TRIALS = 7
GIGABYTE = 1e9
SO_ZEROCOPY, MSG_ZEROCOPY, COPIED = 60, 0x4000000, 1  # asm-generic/socket.h, linux/socket.h, linux/errqueue.h

NOTICE = struct.Struct("=6x B x II")  # code, first and last send that it is about


def run(notebook: Notebook) -> None:
    _two_phases(notebook)
    _non_blocking(notebook)
    with tempfile.TemporaryDirectory(prefix="gearshift-lab-", dir=_folder()) as folder:
        path = os.path.join(folder, "file")  # noqa: PTH118
        _write(path)
        _storage(notebook, path)
        costs = _sending(notebook, path)
    notebook.picture(
        Bars(
            Text("Sending a file: the processor's time", "发送文件所用的处理器时间"),
            Text("milliseconds of processor time for a gigabyte", "每吉字节的处理器时间（毫秒）"),
            [(name, cost, f"{cost:.0f} ms") for name, cost in costs.items()],
            Text(
                "Of the sending thread alone, over loopback TCP, from the page cache; the best of seven trials.",
                "仅计发送线程，经回环 TCP，文件已在页缓存中；七次中最好的一次。",
            ),
        )
    )


def _folder() -> str:
    """Where files may be on a disk: /var/tmp outlives a restart, /tmp is often memory (hier(7))."""
    return "/var/tmp" if os.access("/var/tmp", os.W_OK) else tempfile.gettempdir()


class Phase(NamedTuple):
    """Seconds by the clock and of this thread on a processor."""

    wall: float
    cpu: float


def _phase(act: Callable[[], object]) -> Phase:
    wall, cpu = time.perf_counter(), time.thread_time()
    act()
    return Phase(time.perf_counter() - wall, time.thread_time() - cpu)


def _pair(stack: ExitStack) -> tuple[socket.socket, socket.socket]:
    """Both ends of a connection, whose buffers are as large as everybody may make them."""
    listener = stack.enter_context(socket.create_server((LOOPBACK, 0)))
    client = stack.enter_context(socket.socket())
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, AMOUNT)  # cut to net.core.rmem_max
    client.connect(listener.getsockname())
    return client, stack.enter_context(listener.accept()[0])


def _late_sender(sock: socket.socket) -> None:
    """Sends everything after a while, for each byte it is asked with."""
    data = b"x" * AMOUNT
    while sock.recv(1):
        time.sleep(DELAY)
        sock.sendall(data)


def _unread(sock: socket.socket) -> int:
    """Bytes that have arrived and not been read: SIOCINQ (tcp(7))."""
    answer = array.array("i", [0])
    fcntl.ioctl(sock, termios.FIONREAD, answer)
    return answer[0]


def _two_phases(notebook: Notebook) -> None:
    with ExitStack() as stack:
        mine, theirs = _pair(stack)
        stack.enter_context(Helper(lambda: _late_sender(theirs)))
        poller = select.poll()
        poller.register(mine, select.POLLIN)
        rounds = [_one_read(mine, poller) for _ in range(TRIALS)]
    # Each phase as it was least disturbed.
    waiting, small, large = (min(phases, key=lambda phase: phase.cpu) for phases in zip(*rounds, strict=True))
    notebook.judge(
        "two-phases",
        waiting.wall > DELAY * 0.8 and waiting.cpu < waiting.wall / 10 and large.cpu > 2 * small.cpu,
        Text(
            f"Waiting: {waiting.wall * 1000:.1f} ms by the clock, {waiting.cpu * 1e6:.0f} µs of the processor. Copying 1,000 bytes: {small.cpu * 1e6:.1f} µs of the processor; {ENOUGH:,} bytes: {large.cpu * 1e6:.1f} µs. The first phase is sleep, the second is work.",
            f"等待：时钟上 {waiting.wall * 1000:.1f} ms，处理器只用了 {waiting.cpu * 1e6:.0f} µs。复制 1000 字节：处理器 {small.cpu * 1e6:.1f} µs；{ENOUGH:,} 字节：{large.cpu * 1e6:.1f} µs。第一阶段是睡眠，第二阶段是干活。",
        ),
    )


def _one_read(mine: socket.socket, poller: select.poll) -> tuple[Phase, Phase, Phase]:
    """Asks for AMOUNT bytes: the wait for the first of them, and what it takes to copy a few and many that are there."""
    buffer = bytearray(b"." * AMOUNT)  # written to: so that no page of it is first made by the copy
    few, many = 1000, ENOUGH
    mine.send(b"?")
    waiting = _phase(lambda: poller.poll(10_000))
    until(lambda: _unread(mine) > few + many, "enough has arrived")
    mine.recv_into(buffer, 1)  # takes what came while the socket was in use off its backlog too
    small = _phase(lambda: mine.recv_into(buffer, few))
    large = _phase(lambda: mine.recv_into(buffer, many))
    left = AMOUNT - few - many - 1
    while left:
        left -= mine.recv_into(buffer, left)
    return waiting, small, large


def _non_blocking(notebook: Notebook) -> None:
    with ExitStack() as stack:
        mine, theirs = _pair(stack)
        mine.setblocking(False)
        buffer = bytearray(b"." * AMOUNT)

        def ask() -> None:
            with suppress(BlockingIOError):
                mine.recv_into(buffer)

        empty = statistics.median(_phase(ask).wall for _ in range(99))
        theirs.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                theirs.send(buffer)
        until(lambda: _unread(mine) >= ENOUGH, "something has arrived")
        arrived = min(_unread(mine), AMOUNT)
        full = _phase(lambda: mine.recv_into(buffer, arrived))
    notebook.judge(
        "non-blocking",
        empty < DELAY / 10 and full.wall > 3 * empty,
        Text(
            f"With nothing there: EAGAIN after {empty * 1e6:.1f} µs. With {arrived:,} bytes there: {full.wall * 1e6:.0f} µs, in which this thread does nothing else.",
            f"没有数据时：{empty * 1e6:.1f} µs 后返回 EAGAIN。有 {arrived:,} 字节时：{full.wall * 1e6:.0f} µs，其间本线程什么别的也做不了。",
        ),
        Text(
            "it spares the caller the first phase only. The copy is still made by the caller and in its time; only completions (io_uring) take that over too.",
            "它只免去第一阶段。复制仍由调用者完成，占用调用者的时间；只有完成式接口（io_uring）才连复制也接管。",
        ),
    )


def _write(path: str) -> None:
    with open(path, "wb") as file:  # noqa: PTH123
        for _ in range(FILE >> 20):
            file.write(os.urandom(1 << 20))
        file.flush()
        os.fsync(file.fileno())


def _from_device() -> int | None:
    """Bytes this process has had read from storage; None where the kernel doesn't count (CONFIG_TASK_IO_ACCOUNTING)."""
    try:
        with open("/proc/self/io", encoding="ascii") as file:  # noqa: PTH123
            return next(int(line.split()[1]) for line in file if line.startswith("read_bytes"))
    except (OSError, StopIteration):
        return None


def _storage(notebook: Notebook, path: str) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        counted = [_from_device()]
        first = _phase(lambda: _read_all(file))
        counted.append(_from_device())
        second = _phase(lambda: _read_all(file))
        counted.append(_from_device())
    finally:
        os.close(file)
    before, between, after = counted
    if before is None or between is None or after is None or between - before < FILE // 2:
        reason = Text(
            "no device was read: the folder for temporary files lies in memory, or the kernel does not tell.",
            "没有读取设备：临时文件夹在内存里，或者内核没有给出计数。",
        )
        notebook.skip("dma", reason)
        notebook.skip("page-cache", reason)
        return
    waited = first.wall - first.cpu
    notebook.judge(
        "dma",
        waited > 0,
        Text(
            f"{FILE >> 20} MiB from the device: {first.wall * 1000:.0f} ms by the clock, {first.cpu * 1000:.0f} ms of this thread on a processor; the other {waited * 1000:.0f} ms it slept while {(between - before) >> 20} MiB came into memory.",
            f"从设备读取 {FILE >> 20} MiB：时钟上 {first.wall * 1000:.0f} ms，本线程占用处理器 {first.cpu * 1000:.0f} ms；其余 {waited * 1000:.0f} ms 它在睡眠，其间 {(between - before) >> 20} MiB 进入了内存。",
        ),
        Text(
            "what can be seen from a program is that it sleeps meanwhile; what it is still charged for is making room in the page cache and the copy out of it. Of a network interface nothing can be seen on loopback, which has no device.",
            "程序能看到的只是自己其间在睡眠；仍要它付的是在页缓存里腾地方，以及从中复制出来。回环没有设备，网卡的情形在这里看不到。",
        ),
    )
    notebook.judge(
        "page-cache",
        after - between < FILE // 50,  # a page or two of something else may be read meanwhile
        Text(
            f"The second read: {after - between} bytes from the device, {second.wall * 1000:.0f} ms instead of {first.wall * 1000:.0f}: only the copy is left.",
            f"第二次读取：从设备读了 {after - between} 字节，耗时 {second.wall * 1000:.0f} ms，而第一次为 {first.wall * 1000:.0f} ms：只剩下复制。",
        ),
    )


def _read_all(file: int) -> None:
    os.lseek(file, 0, os.SEEK_SET)
    buffer = bytearray(PIECE)
    while os.readv(file, [buffer]):
        pass


def _drain(sock: socket.socket) -> None:
    """Throws away what comes, without copying it (MSG_TRUNC, tcp(7)), and says after each file that it has it."""
    had = 0
    buffer = bytearray(1 << 20)
    while piece := sock.recv_into(buffer, 0, socket.MSG_TRUNC):
        had += piece
        if had >= FILE:
            had -= FILE
            sock.send(b"!")


def _sending(notebook: Notebook, path: str) -> dict[Text, float]:
    """Milliseconds of processor time for a gigabyte, by the way of sending."""
    file = os.open(path, os.O_RDONLY)
    try:
        _read_all(file)  # so that all find it in the page cache
        with ExitStack() as stack:
            mine, theirs = _pair(stack)
            stack.enter_context(Helper(lambda: _drain(theirs)))
            theirs.close()
            # A buffer may not be touched before its notice has come: so each piece of the file has its own.
            buffers = [bytearray(b"." * PIECE) for _ in range(FILE // PIECE)]
            ways: dict[Text, Callable[[], int]] = {
                Text("read + send", "read 加 send"): lambda: _read_and_send(file, mine),
                Text("sendfile", "sendfile（文件直接发送）"): lambda: _sendfile(file, mine),
                Text("MSG_ZEROCOPY", "MSG_ZEROCOPY（零拷贝）"): lambda: _zero_copy(file, mine, buffers),
            }
            spent: dict[Text, list[float]] = {way: [] for way in ways}
            told: dict[Text, int] = {}
            for _ in range(TRIALS):
                for way, send in ways.items():
                    cpu = time.thread_time()
                    told[way] = send()
                    spent[way].append(time.thread_time() - cpu)
                    mine.recv(1)
    finally:
        os.close(file)
    # The least disturbed trial: whatever else the machine does can only add to it.
    costs = {way: min(times) * GIGABYTE / FILE * 1000 for way, times in spent.items()}
    read, sendfile, zero = costs.values()
    calls, fewer, said = told.values()
    _judge_sending(notebook, (read, calls), (sendfile, fewer))
    copied = said & COPIED
    evidence = Text(
        f"{zero:.0f} ms of processor time for a gigabyte, read + send {read:.0f}, sendfile {sendfile:.0f}. The kernel's notice of completion says: {'copied all the same' if copied else 'not copied'}.",
        f"每吉字节处理器时间 {zero:.0f} ms，read 加 send 为 {read:.0f}，sendfile 为 {sendfile:.0f}。内核的完成通知说：{'仍然复制了' if copied else '没有复制'}。",
    )
    if said < 0:
        notebook.skip(
            "zero-copy", Text("this kernel refuses SO_ZEROCOPY here.", "这里的内核不接受 SO_ZEROCOPY。")
        )
    elif copied:
        notebook.judge(
            "zero-copy",
            True,
            evidence,
            Text(
                "it may, where the device can fetch the pages itself; on loopback the receiver would see later changes of them, so the kernel copies, and says so in the notice (SO_EE_CODE_ZEROCOPY_COPIED).",
                "在设备能自己取走内存页的地方可以；在回环上，接收方会看到这些页后来的改动，所以内核还是复制，并在通知里说明（SO_EE_CODE_ZEROCOPY_COPIED）。",
            ),
        )
    else:
        notebook.judge("zero-copy", True, evidence)
    return costs


def _judge_sending(notebook: Notebook, by_read: tuple[float, int], by_sendfile: tuple[float, int]) -> None:
    """Each: milliseconds for a gigabyte, and system calls for the file."""
    (read, calls), (sendfile, fewer) = by_read, by_sendfile
    evidence = Text(
        f"Processor time for a gigabyte: {read:.0f} ms by read and send, {sendfile:.0f} ms by sendfile; system calls for {FILE >> 20} MiB: {calls} and {fewer}.",
        f"每吉字节的处理器时间：read 加 send 为 {read:.0f} ms，sendfile 为 {sendfile:.0f} ms；发送 {FILE >> 20} MiB 的系统调用数：{calls} 和 {fewer}。",
    )
    if sendfile < read * 0.9:
        notebook.judge("sendfile", fewer < calls, evidence)
        return
    notebook.judge(
        "sendfile",
        fewer < calls,
        evidence,
        Text(
            "it saves a copy and the calls, but what is saved is the cheaper half: a piece that was just read lies in the processor's cache, and on loopback the same thread is charged for receiving too.",
            "它省下一次复制和许多系统调用，但省下的是便宜的那一半：刚读出的数据还在处理器缓存里，而在回环上，接收的开销也算在同一个线程头上。",
        ),
    )


def _read_and_send(file: int, sock: socket.socket) -> int:
    """How many system calls it took."""
    os.lseek(file, 0, os.SEEK_SET)
    buffer, calls = bytearray(PIECE), 1
    while os.readv(file, [buffer]):
        sock.sendall(buffer)
        calls += 2
    return calls


def _sendfile(file: int, sock: socket.socket) -> int:
    """How many system calls it took."""
    at, calls = 0, 1
    while sent := os.sendfile(sock.fileno(), file, at, FILE - at):
        at += sent
        calls += 1
    return calls


def _zero_copy(file: int, sock: socket.socket, buffers: list[bytearray]) -> int:
    """What the notices of completion say, or -1 where it can't be had."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_ZEROCOPY, 1)
    except OSError:
        return -1
    os.lseek(file, 0, os.SEEK_SET)
    said, sends, done = 0, 0, 0
    for buffer in buffers:
        os.readv(file, [buffer])
        view = memoryview(buffer)
        while view:
            view = view[sock.send(view, MSG_ZEROCOPY) :]
            sends += 1
        said, done = _notices(sock, said, done)
    while done < sends:
        select.select([], [], [sock], 1)
        said, done = _notices(sock, said, done)
    return said


def _notices(sock: socket.socket, said: int, done: int) -> tuple[int, int]:
    """What came so far, and of how many sends: struct sock_extended_err in linux/errqueue.h."""
    with suppress(BlockingIOError):
        while True:
            _, ancillary, _, _ = sock.recvmsg(0, 512, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT)
            for _, _, data in ancillary:
                code, first, last = NOTICE.unpack_from(data)
                said |= code
                done += last - first + 1
    return said, done


EXPERIMENT = Experiment(
    "phases",
    Text("Waiting and copying", "等待与复制"),
    Text(
        "Where does the time of a read go, and which copies can be saved?",
        "一次读取的时间花在哪里？哪些复制可以省掉？",
    ),
    [
        Text(
            "When a program reads from a socket, two things happen one after the other. First somebody has to send: the data comes into the kernel's memory, brought there by the device, and the program has nothing to do meanwhile. Then the kernel copies it into the program's buffer, which keeps a processor busy. All models of I/O differ in who waits in the first phase, and who does the second.",
            "程序从套接字读数据时，先后发生两件事。首先要有人发送：数据由设备送进内核的内存，这期间程序无事可做。然后内核把数据复制到程序的缓冲区，这要占用处理器。各种 I/O 模型的区别就在于：第一阶段由谁等，第二阶段由谁做。",
        ),
    ],
    CLAIMS,
    run,
)
