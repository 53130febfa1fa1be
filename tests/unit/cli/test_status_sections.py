"""The parts of `gearshift status` that newer servers tell, from documented values."""

from __future__ import annotations

from gearshift.cli.status import in_words
from tests.support.seen import kind, oldest_form, seen, slow, stuck, thread


def lines_of(**changes: object) -> list[str]:
    return in_words(seen(**changes)).splitlines()


def test_the_whole() -> None:
    lines = lines_of()
    assert lines[6:14] == [
        "  pool: 8 of at most 16 threads, 1 busy, 7 idle; 2 in the queue, the longest for 12.0ms; leader changes: 5",
        "  threads: 2: 1 loop polling, 1 worker in handler",
        "  stuck: 1 longer than --slow-request",
        "    GET /orders/17 for 4.0s, pool-3, connection 7 from 127.0.0.1:20007",
        '      File "shop.py", line 12, in checkout',
        "          time.sleep(60)",
        "  descriptors: 45 of 1024 open: 40 socket, 5 file",
        "  host (all servers, since it started): 0 accept-queue overflows, 0 drops at listeners, 0 SYN-queue drops,"
        " 0 SYN cookies sent",
    ]
    assert lines[14:] == [
        "",
        "  time by kind   count  handler mean  p50     p95     p99     max    cpu  queue p95  write p95",
        "  GET /orders/*  100    20.0ms        18.0ms  40.0ms  60.0ms  100ms  85%  200us      20us",
        "  GET /          100    1.0ms         900us   2.0ms   3.0ms   5.0ms  85%  200us      20us",
        "",
        "  slowest requests  status  total  queue  handler  on cpu  write",
        "  GET /orders/17    200     1.2s   300ms  900ms    -       0us",
        "  GET /             200     400ms  100ms  300ms    -       0us",
    ]


def test_what_the_server_does_not_tell_is_left_out() -> None:
    without = in_words(oldest_form())
    assert in_words(oldest_form(pool=None, loop=None, threads=None, times=None, stuck=None)) == without
    empty = {"kinds": [], "slowest": []}
    assert in_words(oldest_form(pool=None, loop=None, threads=[], times=empty, stuck=[])) == without
    for word in ("pool:", "loop:", "threads:", "stuck:", "slowest", "time by kind"):
        assert word not in without


def test_an_event_loop_and_a_pool_without_a_queue() -> None:
    loop = {"lag_seconds": 0.0002, "lag_max_seconds": 0.031, "tasks": 12}
    pool = {**seen()["pool"], "queue": 0, "longest_wait_seconds": 0.0, "leader_changes": None}
    lines = lines_of(loop=loop, pool=pool)
    assert "  pool: 8 of at most 16 threads, 1 busy, 7 idle; 0 in the queue" in lines
    assert "  event loop: 12 tasks, 200us late, at most 31.0ms in the last minute" in lines


def test_only_the_first_are_told_and_how_many_more_there_are() -> None:
    kinds = [kind(f"GET /{number}", number / 1000) for number in range(1, 31)]
    slowest = [slow(f"GET /{number}", 30.0 - number) for number in range(10)]
    many = [stuck(f"GET /{number}", float(number)) for number in range(9)]
    lines = lines_of(times={"kinds": kinds, "slowest": slowest}, stuck=many)
    assert "  and 10 more kinds: --json" in lines
    assert [line.split()[:2] for line in lines if line.startswith("  GET /")][:2] == [
        ["GET", "/30"],
        ["GET", "/29"],
    ]
    assert len([line for line in lines if line.startswith("  GET /")]) == 20 + 3
    assert "    GET /8 for 8.0s, pool-3, connection 7 from 127.0.0.1:20007" in lines
    assert "    and 4 more: gearshift top, or --json" in lines


def test_threads_are_counted_by_what_they_do() -> None:
    threads = [thread(f"pool-{number}", number) for number in range(3)] + [
        thread("x", 9, role="other", state="")
    ]
    assert "  threads: 4: 3 worker idle, 1 other" in lines_of(threads=threads)


def test_nothing_moves_the_cursor_of_a_terminal() -> None:
    hostile = "GET /\x1b[2J"
    lines = in_words(
        seen(
            times={"kinds": [kind(hostile, 1.0)], "slowest": [slow(hostile, 1.0)]},
            stuck=[stuck(hostile, 1.0, owner="\x1b[1m", stack=["File \x1b[2J"])],
            threads=[thread("x", 9, state="\x1b[2J")],
        )
    )
    assert all(line.isprintable() for line in lines.splitlines())
