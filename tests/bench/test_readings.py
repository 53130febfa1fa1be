"""What /proc tells of a process whose doings are known."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gearshift.bench.processors import busy_seconds, choose, on
from gearshift.bench.readings import Watch, cpu_seconds, processes_of

# Tells when it begins; then for each line: burns CPU time, or switches; at the end of its input it ends.
DOER = """
import sys, threading, time
print("ready", flush=True)
for line in sys.stdin:
    word, number = line.split()
    if word == "burn":
        until = time.process_time() + float(number)
        while time.process_time() < until:
            pass
    else:
        def wait():
            for _ in range(int(number)):
                time.sleep(0.0001)
        thread = threading.Thread(target=wait)
        thread.start()
        print("begun", flush=True)
        sys.stdin.readline()
        thread.join()
    print("done", flush=True)
"""


class Doer:
    """A process that does as it is told."""

    def __init__(self, popen: subprocess.Popen[str]) -> None:
        self.popen, self.pid = popen, popen.pid
        assert self.hears() == "ready\n"

    def tell(self, line: str) -> None:
        assert self.popen.stdin is not None
        self.popen.stdin.write(line + "\n")
        self.popen.stdin.flush()

    def hears(self) -> str:
        assert self.popen.stdout is not None
        return self.popen.stdout.readline()


@contextmanager
def doer() -> Iterator[Doer]:
    popen = subprocess.Popen(
        [sys.executable, "-c", DOER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with popen:
        yield Doer(popen)


def test_cpu_time_memory_and_the_session() -> None:
    with doer() as process:
        assert processes_of(process.pid) == [process.pid]
        watch = Watch([process.pid], choose().server)
        process.tell("burn 0.3")
        assert process.hears() == "done\n"
        use = watch.end()
    assert use.cpu_seconds == pytest.approx(0.3, abs=0.1)
    assert use.threads == 1
    assert use.memory is not None
    assert use.peak_memory is not None
    assert 2**20 < use.memory <= use.peak_memory * 1.1
    assert processes_of(process.pid) == []
    assert cpu_seconds([process.pid]) == 0.0


def test_switches_of_a_thread_that_has_ended_are_counted_from_the_last_look() -> None:
    with doer() as process:
        watch = Watch([process.pid], choose().server)
        process.tell("wait 200")
        assert process.hears() == "begun\n"
        while watch._after and max(waits for waits, _ in watch._after.values()) < 150:
            watch.look()
        process.tell("go on")
        assert process.hears() == "done\n"
        use = watch.end()
    assert 150 <= use.waits < 400
    assert use.threads == 2


def test_what_others_do_on_the_processor_is_seen() -> None:
    """Two processes on one processor, of which one is watched."""
    processors = choose()
    with on(processors.server), doer() as watched, doer() as other:
        watch = Watch([watched.pid], processors.server)
        other.tell("burn 0.4")
        assert other.hears() == "done\n"
        use = watch.end()
    assert use.foreign_cpu_seconds > 0.3
    assert 0.1 < use.foreign_share <= 1.0
    assert use.cpu_seconds < 0.1


def test_on_a_shared_processor_nobody_is_foreign() -> None:
    with doer() as watched, doer() as other:
        watch = Watch([watched.pid], None)
        other.tell("burn 0.1")
        assert other.hears() == "done\n"
        assert watch.end().foreign_share == 0.0


def test_processors_are_apart_where_there_are_two_and_given_back() -> None:
    before = os.sched_getaffinity(0)
    processors = choose()
    assert {processors.server, processors.client} <= before
    assert processors.apart == (len(before) > 1)
    with on(processors.client):
        assert os.sched_getaffinity(0) == {processors.client}
    assert os.sched_getaffinity(0) == before
    assert busy_seconds(processors.server)
    assert busy_seconds(100_000) is None
