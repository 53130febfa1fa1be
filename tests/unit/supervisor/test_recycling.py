"""When a worker has served long enough."""

from __future__ import annotations

from gearshift.settings import Settings
from gearshift.supervisor.recycling import Recycling, resident


def settings(**said: object) -> Settings:
    """As a command line has them."""
    plain = Settings.of()
    return Settings({**plain.values, **said}, dict.fromkeys(plain.values, "flag"))


def test_nothing_is_looked_at_by_default() -> None:
    recycling = Recycling(settings())
    assert not recycling.wanted
    assert recycling.reason(10**9, 1e9) == ""


def test_requests_age_and_memory() -> None:
    size = 0
    recycling = Recycling(
        settings(recycle_requests=1000, recycle_age=60.0, recycle_memory=1 << 20), 0.0, lambda: size
    )
    assert recycling.wanted
    assert recycling.reason(999, 59.9) == ""
    assert recycling.reason(1000, 0) == "1000 requests"
    assert recycling.reason(0, 60) == "60 s of age"
    size = 1 << 20
    assert recycling.reason(0, 0) == "1048576 bytes of memory"


def test_chance_only_ever_allows_more() -> None:
    said = settings(recycle_requests=1000)
    assert Recycling(said, 0.0).reason(1000, 0)
    assert not Recycling(said, 1.0).reason(1099, 0)
    assert Recycling(said, 1.0).reason(1100, 0)


def test_this_process_is_in_memory() -> None:
    assert 1 << 20 < resident() < 1 << 34
