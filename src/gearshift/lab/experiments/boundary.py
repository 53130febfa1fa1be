"""What crossing into the kernel costs: a function call, a system call, and many operations submitted at once."""

# Chinese has its own punctuation, and sentences without spaces to break them at.
# ruff: noqa: RUF001, E501
from __future__ import annotations

import ctypes
import mmap
import os
import platform
import signal
import socket
import time
from functools import partial

from gearshift.lab import crossing
from gearshift.lab.experiment import Experiment, Notebook
from gearshift.lab.readings import LOOPBACK, least_of
from gearshift.lab.ring import NOP, Ring
from gearshift.report.charts import Bars
from gearshift.report.words import Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

CLAIMS = {
    "privileges": Text(
        "User code runs with few privileges and cannot touch devices: the processor itself refuses.",
        "用户代码权限很低，碰不到设备：拒绝它的正是处理器本身。",
    ),
    "far-more": Text("A system call costs far more than a function call.", "系统调用比函数调用昂贵得多。"),
    "every-call": Text(
        "Whatever asks the kernel something is a system call.", "凡是向内核询问，都是一次系统调用。"
    ),
    "batch": Text(
        "A batched submission crosses once for many operations, and each of them costs less.",
        "批量提交只跨越一次边界就完成许多操作，平均到每个操作更便宜。",
    ),
    "one-send": Text(
        "It pays to say much with one call: one send of many pieces beats a send for each.",
        "一次调用多做些事是划算的：把许多小块一次发送，胜过逐块发送。",
    ),
}
CALLS = 30_000
MEASURES = (crossing.function_calls, crossing.clock_readings, crossing.system_calls)
TRIALS = 15
BATCH = 1024
CLOCK_SOURCE = "/sys/devices/system/clocksource/clocksource0/current_clocksource"
READ_BY_PROCESSES = ("tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter")
# An instruction that only the kernel may execute: hlt; msr daifset, #15.
PRIVILEGED = {"x86_64": b"\xf4\xc3", "aarch64": b"\xdf\x4f\x03\xd5\xc0\x03\x5f\xd6"}


def run(notebook: Notebook) -> None:
    # By turns: a processor that is slow for a while is so for all three.
    trials = [[measure(CALLS) for measure in MEASURES] for _ in range(TRIALS)]
    function, clock, system = map(min, zip(*trials, strict=True))
    _privileges(notebook)
    notebook.judge(
        "far-more",
        system > 5 * function,
        Text(
            f"In C: a function of the library {function:.1f} ns, `getppid` {system:.0f} ns: {system / function:.0f} times as much. (In Python a call of a function takes {_python_call():.0f} ns: there the difference drowns.)",
            f"用 C 测量：库函数 {function:.1f} ns，`getppid` {system:.0f} ns：是前者的 {system / function:.0f} 倍。（Python 中调用一个函数要 {_python_call():.0f} ns，差别就被淹没了。）",
        ),
    )
    _clock(notebook, clock, system)
    batched = _batched(notebook, system)
    single, together = _sends(notebook)
    bars: list[tuple[Text, float, str]] = [
        (Text("function call", "函数调用"), function, f"{function:.1f} ns"),
        (Text("the clock (vDSO)", "读时钟（vDSO）"), clock, f"{clock:.0f} ns"),
        (Text("system call (getppid)", "系统调用（getppid）"), system, f"{system:.0f} ns"),
    ]
    if batched is not None:
        bars.append(
            (
                Text(f"io_uring, {BATCH} at once, each", f"io_uring，一次 {BATCH} 个，平均每个"),
                batched,
                f"{batched:.0f} ns",
            )
        )
    bars += [
        (Text("send of 64 bytes", "发送 64 字节"), single, f"{single:,.0f} ns"),
        (
            Text("the same, 64 in one send, each", "同上，64 块一次发送，平均每块"),
            together,
            f"{together:,.0f} ns",
        ),
    ]
    notebook.picture(
        Bars(
            Text("What one operation costs", "一个操作的代价"),
            Text("nanoseconds (powers of ten)", "纳秒（对数刻度）"),
            bars,
            Text(
                "The least disturbed of several trials; the axis goes in powers of ten.",
                "多次试验中受干扰最少的一次；横轴为对数刻度。",
            ),
            log=True,
        )
    )


def _clock(notebook: Notebook, clock: float, system: float) -> None:
    """Whether the time can be read without a system call depends on where the kernel has it from."""
    with open(CLOCK_SOURCE, encoding="ascii") as file:  # noqa: PTH123 - as for all of /sys
        source = file.read().strip()
    evidence = Text(
        f"`clock_gettime` {clock:.0f} ns, `getppid` {system:.0f} ns; the clock source is {source}.",
        f"`clock_gettime` {clock:.0f} ns，`getppid` {system:.0f} ns；时钟源为 {source}。",
    )
    if source not in READ_BY_PROCESSES:
        notebook.judge("every-call", clock > system / 2, evidence)
        return
    notebook.judge(
        "every-call",
        clock < system * 0.8,
        evidence,
        Text(
            "some questions are answered without crossing: the kernel keeps the time in a page that every process can read (the vDSO), since programs ask so often.",
            "有些问题不用跨越边界就能回答：内核把时间放在每个进程都能读的页里（vDSO），因为程序问得太频繁了。",
        ),
    )


def _python_call() -> float:
    """Nanoseconds of calling a Python function that does nothing."""

    def nothing() -> None:
        return None

    def trial() -> float:
        began = time.perf_counter_ns()
        for _ in range(20_000):
            nothing()
        return (time.perf_counter_ns() - began) / 20_000

    return least_of(TRIALS, trial)


def _privileges(notebook: Notebook) -> None:
    code = PRIVILEGED.get(platform.machine())
    if code is None:
        notebook.skip(
            "privileges",
            Text(
                f"no instruction for {platform.machine()} is known here.",
                f"这里没有 {platform.machine()} 的指令。",
            ),
        )
        return
    try:
        page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    except OSError as error:
        notebook.skip(
            "privileges",
            Text(
                f"memory that can be executed is refused here: {error.strerror}",
                f"这里不允许可执行内存：{error.strerror}",
            ),
        )
        return
    page.write(code)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    child = os.fork()
    if child == 0:
        ctypes.CFUNCTYPE(None)(address)()
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    name = signal.Signals(-status).name if status < 0 else f"exit code {status}"
    notebook.judge(
        "privileges",
        status in (-signal.SIGSEGV, -signal.SIGILL),
        Text(
            f"A child that executed one privileged instruction ({'hlt' if code[0] == 0xF4 else 'msr daifset'}), as {'root' if os.geteuid() == 0 else 'an ordinary user'}, was ended with {name}. Being root is a matter of the kernel's rules; the processor knows only user mode and kernel mode.",
            f"一个子进程以 {'root' if os.geteuid() == 0 else '普通用户'} 身份执行一条特权指令（{'hlt' if code[0] == 0xF4 else 'msr daifset'}），被 {name} 终止。root 只是内核规则里的身份；处理器只分用户态和内核态。",
        ),
    )


def _batched(notebook: Notebook, system: float) -> float | None:
    """Nanoseconds for one of many operations that are handed over together; None where there is no ring."""
    try:
        ring = Ring(BATCH)
    except OSError as error:
        notebook.skip(
            "batch",
            Text(f"io_uring is refused here: {error.strerror}", f"这里不允许使用 io_uring：{error.strerror}"),
        )
        return None
    with ring:
        for place in range(BATCH):
            ring.prepare(place, NOP, -1, None, place)
        many, one = least_of(25, partial(_round, ring, BATCH)), least_of(25, partial(_round, ring, 1))
    cheaper = many < system
    evidence = Text(
        f"{BATCH} operations with one `io_uring_enter`: {many:.0f} ns each, against {one:,.0f} for one alone (called from Python) and {system:.0f} ns for the simplest system call.",
        f"一次 `io_uring_enter` 提交 {BATCH} 个操作：平均每个 {many:.0f} ns；单独提交一个要 {one:,.0f} ns（从 Python 调用），最简单的系统调用为 {system:.0f} ns。",
    )
    if cheaper:
        notebook.judge("batch", many < one / 2, evidence)
    else:
        notebook.judge(
            "batch",
            many < one / 2,
            evidence,
            Text(
                "batching saves the crossing, not the work: on a processor whose system calls are cheap, a ring's own bookkeeping costs as much.",
                "批量提交省下的是跨越边界，而不是操作本身：在系统调用很便宜的处理器上，环自身的记账也要花同样多。",
            ),
        )
    return many


def _round(ring: Ring, number: int) -> float:
    """Nanoseconds of each operation. The places are full already; the next ones in order are used."""
    began = time.perf_counter_ns()
    ring.submit(number, number)
    took = time.perf_counter_ns() - began
    ring.forget()
    return took / number


def _sends(notebook: Notebook) -> tuple[float, float]:
    pieces = [b"x" * 64] * 64
    with (
        socket.create_server((LOOPBACK, 0)) as listener,
        socket.create_connection(listener.getsockname()) as client,
    ):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with listener.accept()[0] as server:

            def one_by_one() -> float:
                return _timed(lambda: [client.send(piece) for piece in pieces], server)

            def at_once() -> float:
                return _timed(lambda: client.sendmsg(pieces), server)

            single, together = least_of(TRIALS, one_by_one), least_of(TRIALS, at_once)
    notebook.judge(
        "one-send",
        single > 3 * together,
        Text(
            f"64 pieces of 64 bytes over TCP: {single:,.0f} ns a piece with a `send` each, {together:,.0f} with one `sendmsg`. It is what Gearshift does with the answers to pipelined requests.",
            f"TCP 上 64 块、每块 64 字节：逐块 `send` 平均每块 {single:,.0f} ns，一次 `sendmsg` 为 {together:,.0f} ns。Gearshift 对流水线请求的应答正是这样发送的。",
        ),
    )
    return single, together


def _timed(send: Callable[[], object], server: socket.socket) -> float:
    """Nanoseconds a piece; what was sent is taken away afterwards."""
    began = time.perf_counter_ns()
    send()
    took = time.perf_counter_ns() - began
    left = 64 * 64
    while left:
        left -= len(server.recv(left))
    return took / 64


EXPERIMENT = Experiment(
    "boundary",
    Text("Crossing into the kernel", "跨越内核边界"),
    Text(
        "What does a system call cost, and what is saved by asking for many things at once?",
        "一次系统调用要花多少？一次多问几件事能省多少？",
    ),
    [
        Text(
            "A program cannot reach the network card. It puts numbers into registers and executes one special instruction; the processor changes into kernel mode, the kernel looks at what is wanted, does it, and returns. That way there and back costs something each time, whatever is done there.",
            "程序无法直接接触网卡。它把若干数值放进寄存器，执行一条特殊指令；处理器切换到内核态，内核看清要做什么，做完再返回。无论做的是什么，这一来一回每次都要付出代价。",
        ),
    ],
    CLAIMS,
    run,
)
