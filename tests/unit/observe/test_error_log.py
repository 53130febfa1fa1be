"""The error log: one line for each call, whatever is in it."""

import os
import re
import threading
from pathlib import Path

import pytest

from gearshift.errors import SettingError
from gearshift.observe.error_log import ErrorLog

LINE = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [+-]\d{4} \[\d+\] (info|warning|error): (.*)$")


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def test_lines_have_time_process_and_severity(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = ErrorLog(str(path), now=lambda: 1_800_000_000.25)
    log.info("one")
    log.warning("two")
    log.error("three")
    log.close()
    found = [LINE.match(line) for line in lines(path)]
    assert [match and match.groups() for match in found] == [
        ("info", "one"),
        ("warning", "two"),
        ("error", "three"),
    ]
    assert all(".250 " in line and f"[{os.getpid()}]" in line for line in lines(path))


def test_the_second_changes_with_the_clock(tmp_path: Path) -> None:
    moments = iter([1_800_000_000.999, 1_800_000_001.0])
    log = ErrorLog(str(tmp_path / "log"), now=lambda: next(moments))
    log.info("a")
    log.info("b")
    log.close()
    first, second = lines(tmp_path / "log")
    assert first[17:23] == f"{int(second[17:19]) - 1:02d}.999"
    assert second[19:23] == ".000"


def test_control_characters_cannot_make_a_line(tmp_path: Path) -> None:
    log = ErrorLog(str(tmp_path / "log"))
    log.error("bad\n2026 [1] info: forged\x1b[2J")
    log.close()
    (line,) = lines(tmp_path / "log")
    assert line.endswith("error: bad\\x0a2026 [1] info: forged\\x1b[2J")


def test_an_exception_comes_with_its_indented_traceback(tmp_path: Path) -> None:
    log = ErrorLog(str(tmp_path / "log"))
    try:
        raise ValueError("no\x1b[31m 中文 \ud800")
    except ValueError as error:
        log.exception("GET /x failed", error)
    log.close()
    head, *rest = lines(tmp_path / "log")
    assert head.endswith("error: GET /x failed")
    assert rest[0] == "    Traceback (most recent call last):"
    assert "test_error_log.py" in rest[1]
    assert rest[-1] == "    ValueError: no\\x1b[31m 中文 \\ud800"
    assert all(line.startswith("    ") for line in rest)


def test_dash_is_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    log = ErrorLog("-")
    log.info("to standard error")
    log.reopen()
    log.close()
    log.close()
    log.info("and again")  # a thread that outlives its server may still have something to tell
    assert log.lost == 0
    said = capfd.readouterr().err.splitlines()
    assert [line.rpartition("info: ")[2] for line in said] == ["to standard error", "and again"]


def test_it_appends_and_follows_a_rotated_file(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("before\n")
    log = ErrorLog(str(path))
    log.info("one")
    path.rename(tmp_path / "log.1")
    log.info("two")
    log.reopen()
    log.info("three")
    log.close()
    assert [line[-3:] for line in lines(tmp_path / "log.1")] == ["ore", "one", "two"]
    assert [line[-5:] for line in lines(path)] == ["three"]


def test_a_file_that_cannot_be_reopened_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    log = ErrorLog(str(folder / "log"))
    folder.rename(tmp_path / "moved")
    log.reopen()
    log.info("still here")
    log.close()
    first, second = lines(tmp_path / "moved" / "log")
    assert f"--error-log: cannot open {folder}/log: No such file or directory" in first
    assert second.endswith("still here")


def test_a_file_that_cannot_be_opened_is_a_setting_error(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"^--error-log: cannot open .*: No such file or directory$"):
        ErrorLog(str(tmp_path / "no" / "log"))


def test_a_full_disk_is_survived_and_counted() -> None:
    log = ErrorLog("/dev/full")
    log.error("lost")
    log.error("lost too")
    assert log.lost == 2
    log.close()


def test_a_signal_handler_may_log_while_its_thread_is_logging(tmp_path: Path) -> None:
    log = ErrorLog(str(tmp_path / "log"))
    interrupted = False

    def now() -> float:
        nonlocal interrupted
        if not interrupted:
            interrupted = True
            with log._lock:  # as if in the middle of a line
                log.info("from the handler")
        return 1.0

    log._now = now
    log.info("interrupted")
    log.close()
    assert [line.rpartition(": ")[2] for line in lines(tmp_path / "log")] == [
        "from the handler",
        "interrupted",
    ]


def test_threads_do_not_mix_their_lines(tmp_path: Path) -> None:
    log = ErrorLog(str(tmp_path / "log"))
    threads = [
        threading.Thread(target=lambda name=name: [log.info(name * 50) for _ in range(100)])
        for name in "abcd"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    texts = [line.rpartition(": ")[2] for line in lines(tmp_path / "log")]
    assert sorted(texts) == sorted(name * 50 for name in "abcd" for _ in range(100))
