"""The states of a stream and what moves it between them (RFC 9113 section 5.1), as a server sees it.

Nothing is pushed, so nothing is reserved. What a closed stream still may be sent depends on who closed it and how, and
only so many are remembered: FORGOTTEN is any stream below the highest of which nothing is known, skipped or long over.
"""

import cython
from cython.cimports.gearshift.http2.stream_states import Outcome, Step, StreamState

_OPEN_TO_BOTH = {
    Step.RECEIVE_HEADERS: Outcome.STAY,
    Step.RECEIVE_DATA: Outcome.STAY,
    Step.RECEIVE_WINDOW: Outcome.STAY,
    Step.RECEIVE_RESET: StreamState.RESET_BY_PEER,
    Step.SEND_RESET: StreamState.RESET_BY_US,
}
# A step that is not named is never taken: what would take it is a flaw of the server.
TRANSITIONS = {
    StreamState.IDLE: {
        Step.RECEIVE_HEADERS: StreamState.OPEN,
        Step.RECEIVE_DATA: Outcome.UNKNOWN_TO_ALL,
        Step.RECEIVE_WINDOW: Outcome.UNKNOWN_TO_ALL,
        Step.RECEIVE_RESET: Outcome.UNKNOWN_TO_ALL,
    },
    StreamState.OPEN: {
        **_OPEN_TO_BOTH,
        Step.RECEIVE_END: StreamState.HALF_CLOSED_REMOTE,
        Step.SEND: Outcome.STAY,
        Step.SEND_END: StreamState.HALF_CLOSED_LOCAL,
    },
    StreamState.HALF_CLOSED_LOCAL: {**_OPEN_TO_BOTH, Step.RECEIVE_END: StreamState.CLOSED},
    StreamState.HALF_CLOSED_REMOTE: {
        **_OPEN_TO_BOTH,
        Step.RECEIVE_HEADERS: Outcome.CLOSED_TO_STREAM,
        Step.RECEIVE_DATA: Outcome.CLOSED_TO_STREAM,
        Step.SEND: Outcome.STAY,
        Step.SEND_END: StreamState.CLOSED,
    },
    StreamState.CLOSED: {
        Step.RECEIVE_HEADERS: Outcome.CLOSED_TO_ALL,
        Step.RECEIVE_DATA: Outcome.CLOSED_TO_ALL,
        Step.RECEIVE_WINDOW: Outcome.DROP,
        Step.RECEIVE_RESET: Outcome.DROP,
    },
    # The peer may not have heard of it yet.
    StreamState.RESET_BY_US: {
        Step.RECEIVE_HEADERS: Outcome.DROP,
        Step.RECEIVE_DATA: Outcome.DROP,
        Step.RECEIVE_WINDOW: Outcome.DROP,
        Step.RECEIVE_RESET: Outcome.DROP,
    },
    StreamState.RESET_BY_PEER: {
        Step.RECEIVE_HEADERS: Outcome.CLOSED_TO_STREAM,
        Step.RECEIVE_DATA: Outcome.CLOSED_TO_STREAM,
        Step.RECEIVE_WINDOW: Outcome.DROP,
        Step.RECEIVE_RESET: Outcome.DROP,
    },
    StreamState.FORGOTTEN: {
        Step.RECEIVE_HEADERS: Outcome.UNKNOWN_TO_ALL,
        Step.RECEIVE_DATA: Outcome.CLOSED_TO_ALL,
        Step.RECEIVE_WINDOW: Outcome.DROP,
        Step.RECEIVE_RESET: Outcome.DROP,
    },
}

_outcomes = cython.declare(cython.int[64])  # [8 * state + step]
for _state in range(8):
    for _step in range(8):
        _outcomes[8 * _state + _step] = int(Outcome.NEVER)
for _state, _steps in TRANSITIONS.items():
    for _step, _outcome in _steps.items():
        _outcomes[8 * int(_state) + int(_step)] = int(_state) if _outcome == Outcome.STAY else int(_outcome)


def outcome(state: StreamState, step: Step) -> cython.int:
    """The state that follows, or an Outcome."""
    return _outcomes[8 * cython.cast(cython.int, state) + cython.cast(cython.int, step)]
