"""The protocol's states and the moves between them: the only place that says what may follow what.

A request is read like this::

    BETWEEN ── first byte ──> HEAD ──┬── Content-Length ──> SIZED_BODY ──────────────┐
                                     ├── chunked ──> CHUNK_SIZE ⇄ CHUNK_DATA/_END    ├──> COMPLETE ──> BETWEEN
                                     │                   └── size 0 ──> TRAILERS ────┤
                                     └── no body ────────────────────────────────────┘

One without a body can be the last: COMPLETE ──> UPGRADED, where its answer is that the protocol changes.

Every state can go to BROKEN (the peer was refused) and to ENDED (the peer finished); neither is ever left.
"""

import cython
from cython.cimports.gearshift.http.states import Reading

TRANSITIONS = {
    Reading.BETWEEN: (Reading.HEAD, Reading.BROKEN, Reading.ENDED),
    Reading.HEAD: (
        Reading.SIZED_BODY,
        Reading.CHUNK_SIZE,
        Reading.COMPLETE,
        Reading.BETWEEN,  # it was the preface of HTTP/2, which others read
        Reading.BROKEN,
        Reading.ENDED,
    ),
    Reading.SIZED_BODY: (Reading.COMPLETE, Reading.BROKEN, Reading.ENDED),
    Reading.CHUNK_SIZE: (Reading.CHUNK_DATA, Reading.TRAILERS, Reading.BROKEN, Reading.ENDED),
    Reading.CHUNK_DATA: (Reading.CHUNK_END, Reading.BROKEN, Reading.ENDED),
    Reading.CHUNK_END: (Reading.CHUNK_SIZE, Reading.BROKEN, Reading.ENDED),
    Reading.TRAILERS: (Reading.COMPLETE, Reading.BROKEN, Reading.ENDED),
    Reading.COMPLETE: (Reading.BETWEEN, Reading.UPGRADED, Reading.BROKEN, Reading.ENDED),
    Reading.BROKEN: (),
    Reading.ENDED: (),
    Reading.UPGRADED: (Reading.BROKEN, Reading.ENDED),
}

# The same table as one bit mask a state, for the compiled core.
_allowed = cython.declare(cython.uint[11])
for _origin, _targets in TRANSITIONS.items():
    _allowed[cython.cast(cython.int, _origin)] = sum(1 << _target for _target in _targets)


def may_move(origin: Reading, target: Reading) -> bool:
    return (_allowed[cython.cast(cython.int, origin)] >> cython.cast(cython.int, target)) & 1 == 1
