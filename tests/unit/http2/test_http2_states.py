"""The table of a stream's states."""

from __future__ import annotations

import pytest

from gearshift.http2.stream_states import TRANSITIONS, Outcome, Step, StreamState, outcome

RECEIVED = [step for step in Step if step.name.startswith("RECEIVE") and step != Step.RECEIVE_END]
OVER = [state for state in StreamState if state >= StreamState.CLOSED]


def test_whatever_frame_comes_it_is_said_what_becomes_of_it() -> None:
    assert set(TRANSITIONS) == set(StreamState)
    for state in StreamState:
        for step in RECEIVED:
            assert outcome(state, step) != Outcome.NEVER, (state, step)


def test_nothing_leaves_what_is_over() -> None:
    for state in OVER:
        for step in Step:
            assert outcome(state, step) >= Outcome.STAY


@pytest.mark.parametrize("state", StreamState)
@pytest.mark.parametrize("step", Step)
def test_the_table_is_what_is_asked(state: StreamState, step: Step) -> None:
    said = TRANSITIONS[state].get(step, Outcome.NEVER)
    assert outcome(state, step) == (state if said == Outcome.STAY else said)


def test_nothing_is_sent_behind_our_end() -> None:
    """Nor is an end said twice (RFC 9113 section 5.1)."""
    for state in (StreamState.HALF_CLOSED_LOCAL, StreamState.IDLE, *OVER):
        assert outcome(state, Step.SEND) == outcome(state, Step.SEND_END) == Outcome.NEVER
    for state in (StreamState.HALF_CLOSED_REMOTE, *OVER):
        assert outcome(state, Step.RECEIVE_END) == Outcome.NEVER
