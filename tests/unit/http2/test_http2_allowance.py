"""What may be done how often."""

from __future__ import annotations

from gearshift.http2.allowance import Allowance


def test_an_allowance_comes_back_with_time_and_with_honest_work() -> None:
    allowance = Allowance(3, 2.0, 100.0)
    assert [allowance.spend(100.0) for _ in range(4)] == [True, True, True, False]
    assert not allowance.spend(100.2)
    assert allowance.spend(102.0)
    allowance.earn(50)
    assert [allowance.spend(102.0) for _ in range(4)] == [True, True, True, False]
