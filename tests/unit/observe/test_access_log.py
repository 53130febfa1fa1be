"""The access log: its formats, its buffer, and what becomes of it when the disk is full."""

import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gearshift.errors import SettingError
from gearshift.observe import access_log as module
from gearshift.observe.access_formats import LONGEST_REMEMBERED, MOST_REMEMBERED, Remembered
from gearshift.observe.access_log import AccessEntry, AccessLog
from gearshift.observe.error_log import ErrorLog

MOMENT = 1_800_000_000.125  # 2027-01-15T08:00:00.125Z


def entry(**changes: object) -> AccessEntry:
    values: dict[str, object] = {
        "peer": "192.0.2.7:50000",
        "method": b"GET",
        "target": b"/a?b=c",
        "protocol": "HTTP/1.1",
        "status": 200,
        "body_bytes": 1234,
        "referer": b"http://example.org/",
        "user_agent": b"test/1.0",
        "wall_time": MOMENT,
        "duration": 0.0012345,
        "application_seconds": 0.001,
        "engine": "epoll",
        "requests": 3,
    }
    return AccessEntry(**{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def universal_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def error_log(tmp_path: Path) -> Iterator[ErrorLog]:
    log = ErrorLog(str(tmp_path / "errors"))
    yield log
    log.close()


def never(seconds: float) -> None:
    """A pause for logs whose flusher must not run by itself: tests flush."""


@pytest.fixture
def written(tmp_path: Path, error_log: ErrorLog) -> Callable[..., list[str]]:
    def write(format: str, *entries: AccessEntry) -> list[str]:
        log = AccessLog(str(tmp_path / "access"), format, error_log)
        for one in entries:
            log.write(one)
        log.close()
        return (tmp_path / "access").read_text(encoding="ascii").splitlines()

    return write


def test_common(written: Callable[..., list[str]]) -> None:
    assert written("common", entry()) == [
        '192.0.2.7 - - [15/Jan/2027:08:00:00 +0000] "GET /a?b=c HTTP/1.1" 200 1234 0.001234'
    ]


def test_combined(written: Callable[..., list[str]]) -> None:
    absent = entry(referer=None, user_agent=None, body_bytes=0, protocol="HTTP/1.0", peer="")
    assert written("combined", entry(), absent) == [
        '192.0.2.7 - - [15/Jan/2027:08:00:00 +0000] "GET /a?b=c HTTP/1.1" 200 1234'
        ' "http://example.org/" "test/1.0" 0.001234',
        '- - - [15/Jan/2027:08:00:00 +0000] "GET /a?b=c HTTP/1.0" 200 - "-" "-" 0.001234',
    ]


def test_json(written: Callable[..., list[str]]) -> None:
    (line,) = written("json", entry(referer=None, user_agent=b'"\\\xff\x1b'))
    assert json.loads(line) == {
        "time": "2027-01-15T08:00:00.125Z",
        "peer": "192.0.2.7:50000",
        "method": "GET",
        "target": "/a?b=c",
        "protocol": "HTTP/1.1",
        "status": 200,
        "body_bytes": 1234,
        "duration_ms": 1.234,
        "application_ms": 1.0,
        "referer": None,
        "user_agent": '"\\\xff\x1b',
        "engine": "epoll",
        "requests": 3,
    }


@pytest.mark.parametrize("format", ["common", "combined", "json"])
def test_nothing_from_a_client_can_end_a_line(format: str, written: Callable[..., list[str]]) -> None:
    evil = b'/"\r\n127.0.0.1 - - forged\x1b[2J\x00\x85\xff'
    lines = written(format, entry(target=evil, referer=evil, user_agent=evil, peer='/run/"\n\udcff'))
    assert len(lines) == 1
    assert lines[0].isprintable()


@pytest.mark.parametrize(
    ("peer", "host"), [("[2001:db8::1]:443", "2001:db8::1"), ("192.0.2.1:1", "192.0.2.1"), ("", "-")]
)
def test_the_port_is_left_out_for_log_tools(peer: str, host: str, written: Callable[..., list[str]]) -> None:
    assert written("common", entry(peer=peer))[0].startswith(f"{host} - - [")


def test_the_second_is_not_stale(written: Callable[..., list[str]]) -> None:
    lines = written("common", entry(), entry(wall_time=MOMENT + 1), entry())
    assert [re.findall(r"08:00:(\d\d)", line)[0] for line in lines] == ["00", "01", "00"]


def test_nothing_is_written_before_the_buffer_is_full(tmp_path: Path, error_log: ErrorLog) -> None:
    held = threading.Event()
    log = AccessLog(str(tmp_path / "access"), "common", error_log, pause=lambda seconds: held.wait())
    size = len(log._line(entry()))
    for _ in range(module.BUFFER_CHARACTERS // size):
        log.write(entry())
    assert (tmp_path / "access").stat().st_size == 0
    log.write(entry())
    assert (tmp_path / "access").stat().st_size == (module.BUFFER_CHARACTERS // size + 1) * size
    held.set()
    log.close()


def test_a_quiet_log_is_written_when_its_second_is_over(tmp_path: Path, error_log: ErrorLog) -> None:
    paused = threading.Event()
    second_is_over = threading.Event()
    seconds = []

    def pause(duration: float) -> None:
        seconds.append(duration)
        paused.set()
        second_is_over.wait()

    log = AccessLog(str(tmp_path / "access"), "common", error_log, pause=pause)
    log.write(entry())
    assert paused.wait(10)
    assert (tmp_path / "access").stat().st_size == 0
    second_is_over.set()
    log.close()
    assert seconds[0] == module.OLDEST_SECONDS
    assert len((tmp_path / "access").read_text().splitlines()) == 1


def test_an_unused_log_has_no_thread(tmp_path: Path, error_log: ErrorLog) -> None:
    before = threading.active_count()
    log = AccessLog(str(tmp_path / "access"), "common", error_log)
    assert threading.active_count() == before
    log.close()
    log.close()


def test_what_comes_after_closing_is_counted(tmp_path: Path, error_log: ErrorLog) -> None:
    log = AccessLog(str(tmp_path / "access"), "common", error_log)
    log.close()
    log.write(entry())
    log.flush()
    assert log.lost == 1


def test_dash_is_standard_output(capfd: pytest.CaptureFixture[str], error_log: ErrorLog) -> None:
    log = AccessLog("-", "common", error_log)
    log.write(entry())
    log.reopen()
    log.close()
    os.fstat(1)  # closing the log has not closed it
    assert "GET /a?b=c" in capfd.readouterr().out


def test_a_file_that_cannot_be_opened_is_a_setting_error(tmp_path: Path, error_log: ErrorLog) -> None:
    with pytest.raises(SettingError, match=r"^--access-log: cannot open .*: Is a directory$"):
        AccessLog(str(tmp_path), "common", error_log)


def test_it_follows_a_rotated_file(tmp_path: Path, error_log: ErrorLog) -> None:
    path = tmp_path / "access"
    log = AccessLog(str(path), "common", error_log, pause=never)
    log.write(entry(target=b"/one"))
    log.flush()
    path.rename(tmp_path / "access.1")
    log.reopen()
    log.write(entry(target=b"/two"))
    log.close()
    assert "/one" in (tmp_path / "access.1").read_text()
    assert "/two" in path.read_text()
    assert "/one" not in path.read_text()


def test_a_file_that_cannot_be_reopened_is_kept(tmp_path: Path, error_log: ErrorLog) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    log = AccessLog(str(folder / "access"), "common", error_log)
    folder.rename(tmp_path / "moved")
    log.reopen()
    log.write(entry())
    log.close()
    assert len((tmp_path / "moved" / "access").read_text().splitlines()) == 1
    assert "--access-log: cannot open" in (tmp_path / "errors").read_text()


def test_a_full_disk_is_said_once_counted_and_survived(
    tmp_path: Path, error_log: ErrorLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = AccessLog("/dev/full", "common", error_log, pause=never)
    for _ in range(3):
        log.write(entry())
        log.write(entry())
        log.flush()
    assert log.lost == 6
    said = (tmp_path / "errors").read_text().splitlines()
    assert len(said) == 1
    assert said[0].endswith(
        "error: access log /dev/full: No space left on device; entries are lost until it can be written again"
    )
    monkeypatch.setattr(log, "path", str(tmp_path / "access"))
    log.reopen()
    log.write(entry())
    log.close()
    assert len((tmp_path / "access").read_text().splitlines()) == 1
    assert (tmp_path / "errors").read_text().splitlines()[1].endswith("written again, 6 entries were lost")
    assert log.lost == 6


def test_a_line_that_the_disk_cut_off_does_not_swallow_the_next(
    tmp_path: Path, error_log: ErrorLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "access"
    log = AccessLog(str(path), "common", error_log, pause=never)
    line = log._line(entry())
    room = len(line) + 10
    real_write = os.write

    def write(fd: int, data: bytes) -> int:
        nonlocal room
        if fd != log._fd:
            return real_write(fd, data)
        if not room:
            raise OSError(28, "No space left on device")
        taken = real_write(fd, data[:room])
        room -= taken
        return taken

    monkeypatch.setattr(os, "write", write)
    for _ in range(3):
        log.write(entry())
    log.flush()
    assert log.lost == 2
    log.write(entry())
    log.flush()
    assert log.lost == 3
    room = 10**6
    log.write(entry())
    log.close()
    assert path.read_text() == line + line[:10] + "\n" + line
    assert log.lost == 3


def test_no_entry_of_any_thread_is_lost(tmp_path: Path, error_log: ErrorLog) -> None:
    log = AccessLog(str(tmp_path / "access"), "common", error_log, pause=never)

    def work(name: int) -> None:
        for number in range(2000):
            log.write(entry(target=b"/%d/%d" % (name, number)))

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    found = re.findall(r"GET /(\d)/(\d+) ", (tmp_path / "access").read_text())
    assert len(found) == 8000
    for name in "0123":  # and each thread's entries stand in their order
        assert [int(number) for owner, number in found if owner == name] == list(range(2000))


def test_what_is_remembered_is_bounded_and_right() -> None:
    calls = []

    def make(value: bytes) -> str:
        calls.append(value)
        return value.decode()

    known = Remembered(make)
    assert [known[b"a"], known[b"a"]] == ["a", "a"]
    assert calls == [b"a"]
    long = b"x" * (LONGEST_REMEMBERED + 1)
    assert [known[long], known[long]] == [long.decode()] * 2
    assert calls.count(long) == 2
    for number in range(3 * MOST_REMEMBERED):
        assert known[b"%d" % number] == str(number)
    assert len(known) <= MOST_REMEMBERED
