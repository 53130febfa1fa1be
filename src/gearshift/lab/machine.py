# Chinese has its own punctuation.
# ruff: noqa: RUF001
"""What an experiment's figures belong to: the kernel, the processors, the interpreter, the user."""

from __future__ import annotations

import os
import platform
import time

from gearshift.kernel.backlog import somaxconn
from gearshift.kernel.limits import descriptor_limits
from gearshift.report.words import Text
from gearshift.version import __version__

CPUINFO = "/proc/cpuinfo"
MEMINFO = "/proc/meminfo"


def machine() -> list[tuple[Text, Text]]:
    """Names and values, as a report shows them."""
    limits = descriptor_limits()
    usable = len(os.sched_getaffinity(0))
    who = Text("root", "root 用户") if os.geteuid() == 0 else Text("an ordinary user", "普通用户")
    return [
        (Text("kernel", "内核"), _same(f"{platform.system()} {platform.release()} ({platform.machine()})")),
        (
            Text("processors", "处理器"),
            Text(f"{usable} usable: {_model()}", f"可用 {usable} 个：{_model()}"),
        ),
        (Text("memory", "内存"), _same(_memory())),
        (Text("Python", "Python"), _same(f"{platform.python_implementation()} {platform.python_version()}")),
        (Text("Gearshift", "Gearshift"), _same(__version__)),
        (Text("run by", "运行身份"), who),
        (
            Text("limits", "限制"),
            _same(f"net.core.somaxconn {somaxconn()}, RLIMIT_NOFILE {limits.soft} / {limits.hard}"),
        ),
        (Text("date", "日期"), _same(time.strftime("%Y-%m-%d %H:%M %Z"))),
    ]


def _same(text: str) -> Text:
    return Text(text, text)


def _field(path: str, name: str) -> str:
    """The value of the first `name: value` of a file of /proc; "" where there is none."""
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 - as everywhere for /proc
            for line in file:
                key, colon, value = line.partition(":")
                if colon and key.strip() == name:
                    return value.strip()
    except OSError:
        pass
    return ""


def _model() -> str:
    return _field(CPUINFO, "model name") or platform.machine()


def _memory() -> str:
    kilobytes = _field(MEMINFO, "MemTotal").partition(" ")[0]
    return f"{int(kilobytes) / 2**20:.1f} GiB" if kilobytes else "?"
