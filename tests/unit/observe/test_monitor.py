"""What the monitor sees of threads, and when it says so."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gearshift.observe import threads as threads_module
from gearshift.observe.error_log import ErrorLog
from gearshift.observe.monitor import ThreadMonitor
from gearshift.observe.threads import ThreadState, parse_stat, thread_states

STAT = "17 (a (strange) name) S 1 1 1 0 -1 4194304 100 0 0 0 150 50 0 0 20 0 1 0 100 1000 10"


@pytest.fixture
def error_log(tmp_path: Path) -> Iterator[ErrorLog]:
    log = ErrorLog(str(tmp_path / "errors"))
    yield log
    log.close()


def test_stat_lines_with_parentheses_in_the_name() -> None:
    name, state, seconds = parse_stat(STAT)
    assert (name, state) == ("a (strange) name", "sleeping")
    assert seconds == 200 / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize(("letter", "words"), [("R", "running"), ("D", "waiting for disk"), ("?", "?")])
def test_states_in_words(letter: str, words: str) -> None:
    assert parse_stat(STAT.replace(" S ", f" {letter} "))[1] == words


def test_this_process_is_seen_as_it_is() -> None:
    waiting = threading.Event()
    done = threading.Event()

    def wait_for_the_test() -> None:
        waiting.set()
        done.wait()

    thread = threading.Thread(target=wait_for_the_test, name="waits for the test")
    thread.start()
    waiting.wait()
    states = {state.native_id: state for state in thread_states()}
    done.set()
    thread.join()
    here = states[threading.get_native_id()]
    assert here.name == threading.current_thread().name
    assert here.state == "running"
    assert here.where.startswith("gearshift.observe.threads.thread_states (line ")
    assert thread.native_id is not None
    assert states[thread.native_id].name == "waits for the test"
    assert states[thread.native_id].where != ""


def test_threads_that_python_did_not_start_and_threads_that_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "17").mkdir()
    (tmp_path / "17" / "stat").write_text(STAT)
    (tmp_path / "18").mkdir()  # listed, and gone before it could be read
    (state,) = thread_states(str(tmp_path))
    assert str(state) == "thread a (strange) name (17): sleeping, 2.00 s of CPU"


def test_it_writes_one_line_per_thread_at_each_interval_until_stopped(
    tmp_path: Path, error_log: ErrorLog
) -> None:
    pauses = []

    def pause(seconds: float) -> bool:
        pauses.append(seconds)
        return len(pauses) > 2

    states = [
        ThreadState("pool-1", 11, "sleeping", 0.5, "queue.Queue.get (line 1)"),
        ThreadState("evil\nname", 12, "running", 1.25, ""),
    ]
    monitor = ThreadMonitor(2.5, error_log, pause=pause, look=lambda: states)
    monitor.start()
    monitor.stop()
    assert pauses == [2.5, 2.5, 2.5]
    lines = [line.partition("info: ")[2] for line in (tmp_path / "errors").read_text().splitlines()]
    assert lines == 2 * [
        "thread pool-1 (11): sleeping, 0.50 s of CPU, in queue.Queue.get (line 1)",
        "thread evil\\x0aname (12): running, 1.25 s of CPU",
    ]


def test_stopping_does_not_wait_for_the_interval(error_log: ErrorLog) -> None:
    monitor = ThreadMonitor(100_000.0, error_log)
    monitor.start()
    monitor.stop()
    assert threads_module.TASKS == "/proc/self/task"
