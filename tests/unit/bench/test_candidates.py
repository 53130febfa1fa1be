"""What is tried for which application."""

from __future__ import annotations

from gearshift.apps.loader import Kind
from gearshift.bench.candidates import plan


def names(kind: Kind, connections: int = 64, refusal: str = "", **more: object) -> list[str]:
    return [one.name for one in plan(kind, connections, refusal, **more).candidates]  # type: ignore[arg-type]


def test_wsgi_is_tried_on_every_engine_in_several_sizes_the_default_first() -> None:
    found = names(Kind.WSGI)
    assert found[0] == "auto 16"
    assert sorted(found) == ["auto 16", "auto 64", "epoll", "pool 16", "pool 4", "pool 64", "thread", "uring"]


def test_folders_need_no_sizes_of_auto_and_asgi_none_at_all() -> None:
    assert sorted(names(Kind.ASGI)) == ["auto", "epoll", "pool", "thread", "uring"]
    for kind in (Kind.STATIC, Kind.PAGE):
        assert sorted(names(kind)) == ["auto", "epoll", "pool 16", "pool 4", "thread", "uring"]
    for kind in (Kind.ASGI, Kind.STATIC, Kind.PAGE):
        assert plan(kind, 64, "").candidates[0].is_default


def test_a_kernel_without_a_ring_and_its_reason() -> None:
    found = plan(Kind.WSGI, 64, "kernel.io_uring_disabled is 2")
    assert "uring" not in [one.engine for one in found.candidates]
    assert found.left_out == [("uring", "kernel.io_uring_disabled is 2")]


def test_more_threads_than_connections_are_left_out_and_it_is_said() -> None:
    found = plan(Kind.WSGI, 8, "")
    assert max(one.threads for one in found.candidates) == 4
    assert "8 connections" in found.left_out[0][1]
    assert names(Kind.WSGI, 1, engines=["pool"]) == ["pool 1"]


def test_what_the_user_names_is_tried_and_nothing_else() -> None:
    assert names(Kind.WSGI, engines=["pool"], sizes=[32, 128]) == ["pool 32", "pool 128"]
    assert names(Kind.WSGI, engines=["auto", "epoll"], sizes=[8]) == ["auto 8", "epoll"]


def test_flags_are_those_of_serve() -> None:
    flags = {one.name: one.flags for one in plan(Kind.WSGI, 64, "").candidates}
    assert flags["pool 64"] == "--engine pool --threads 64"
    assert flags["epoll"] == "--engine epoll"
