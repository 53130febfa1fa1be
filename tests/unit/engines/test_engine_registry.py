"""The registry of engines, and what each is given."""

import inspect
from pathlib import Path

import pytest

from gearshift.engines import ENGINES, Timeouts, make_engine
from gearshift.engines.deadlines import DeadlineLists

SOURCES = Path(__file__).parents[3] / "src" / "gearshift" / "engines"
MOST_VERBS = 8
# What an engine that can be an asyncio loop's selector offers to that loop.
AS_SELECTOR = {"select", "watch_foreign", "forget_foreign", "patience"}


def test_every_engine_has_a_file_of_its_name() -> None:
    assert all((SOURCES / f"{name}.py").is_file() for name in ENGINES)


def test_it_makes_the_engine_that_is_asked_for(name: str, prepare) -> None:
    running = prepare(name)
    assert f"{type(running.engine).__module__}:{type(running.engine).__name__}" == ENGINES[name]


def test_an_unknown_engine_is_none() -> None:
    with pytest.raises(KeyError):
        make_engine("warp", None)  # type: ignore[arg-type]


def test_an_engine_wants_a_workplace(name: str) -> None:
    with pytest.raises(AttributeError):
        make_engine(name, None)  # type: ignore[arg-type]


def test_engines_have_few_verbs_and_the_same(name: str, prepare) -> None:
    made = type(prepare(name).engine)
    verbs = {
        verb
        for verb, value in inspect.getmembers(made)
        if not verb.startswith("_") and callable(value) and not inspect.isclass(value)
    }
    assert {"run", "drain", "stop", "interrupt"} <= verbs
    assert len(verbs - AS_SELECTOR) <= MOST_VERBS


def test_timeouts_are_the_seconds_that_were_given() -> None:
    timeouts = Timeouts(idle=1.0, head=2.0, body=3.0, write=4.0)
    assert (timeouts.idle, timeouts.head, timeouts.body, timeouts.write) == (1.0, 2.0, 3.0, 4.0)
    assert timeouts.linger > 0


def test_timeouts_make_empty_deadline_lists() -> None:
    lists = Timeouts(idle=1.0, head=2.0, body=3.0, write=4.0).lists()
    assert isinstance(lists, DeadlineLists)
    assert lists.size == 0
    assert list(lists) == []
