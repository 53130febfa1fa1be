"""A worker's life as its supervisor sees it: one table of states and moves."""

from __future__ import annotations

from enum import Enum


class State(Enum):
    """What a worker does."""

    STARTING = "starting"  # imports the application, makes its engine
    SERVING = "serving"
    RETIRING = "retiring"  # accepts nothing, gives its connections to the others, answers what it has
    DRAINING = "draining"  # everything ends, and so does it
    GONE = "gone"


MOVES = {
    State.STARTING: {State.SERVING, State.DRAINING, State.GONE},
    State.SERVING: {State.RETIRING, State.DRAINING, State.GONE},
    State.RETIRING: {State.DRAINING, State.GONE},
    State.DRAINING: {State.GONE},
    State.GONE: set(),
}


def may_move(state: State, target: State) -> bool:
    return target in MOVES[state]
