"""Other threads have a turn between the items of a long list."""

import sys
import threading

from gearshift.kernel.giving_way import EVERY, giving_way


def test_all_items_come_in_order() -> None:
    assert list(giving_way(range(EVERY * 2 + 1))) == list(range(EVERY * 2 + 1))
    assert list(giving_way([])) == []


def test_another_thread_runs_meanwhile() -> None:
    """Though whoever computes may keep the interpreter for ten seconds here."""
    turn, before = threading.Event(), sys.getswitchinterval()
    other = threading.Thread(target=turn.set)
    seen = []
    sys.setswitchinterval(10)
    try:
        for item in giving_way(range(EVERY * 200)):
            if item == 0:
                other.start()
            seen.append(turn.is_set())
    finally:
        sys.setswitchinterval(before)
        other.join()
    assert seen[-1]
