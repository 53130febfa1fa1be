"""From what the user wishes to what is found: application, requests, candidates, measurements, verdict, words."""

from __future__ import annotations

import os
import tempfile
import time
from typing import NamedTuple

from gearshift.bench.application import look_at
from gearshift.bench.candidates import GEARSHIFT, Candidate, plan
from gearshift.bench.checking import checked
from gearshift.bench.loading import Load
from gearshift.bench.processors import Processors, choose
from gearshift.bench.run import Ask, Bench, Outcome
from gearshift.bench.served import Served, gearshift_command
from gearshift.bench.verdict import Verdict, judge
from gearshift.bench.words import Told, tell
from gearshift.engines.ring import refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gearshift.bench.requests import Requests

SAFEST = Candidate(GEARSHIFT, "thread", 0)  # with it, each request is checked without another in its way


class Wish(NamedTuple):
    """What the command line asks for.

    app, interface: as for `gearshift serve`. requests: to be sent. target: of the 99th percentile, milliseconds.
    connections: of the load. seconds: for everything. versus: names of peers. engines, sizes: what to try of Gearshift;
    no sizes for what suits the application.
    """

    app: str
    interface: str
    requests: Requests
    target: float
    connections: int
    seconds: float
    versus: Sequence[str]
    engines: Sequence[str]
    sizes: Sequence[int]


class Result(NamedTuple):
    """Everything that can be shown. requests: as they were sent, with notes of what was not."""

    ask: Ask
    requests: Requests
    processors: Processors
    connections: int
    outcome: Outcome
    verdict: Verdict
    told: Told


def measure(wish: Wish, tell_progress: Callable[[float, str], None]) -> Result:
    """All of it. Ctrl-C ends it with what is known by then, once anything is. Raises GearshiftError."""
    began = time.monotonic()
    tell_progress(0.0, "imports the application")
    application = look_at(wish.app, wish.interface)
    ask = Ask(application, wish.app, wish.interface, wish.target, wish.seconds)
    processors = choose()
    tell_progress(0.0, "checks the requests")
    with Served(gearshift_command(wish.app, wish.interface, SAFEST.flags), processors.server) as served:
        requests = checked(served.url, wish.requests)
    to_try = plan(application.kind, wish.connections, refusal(), wish.engines, wish.sizes)
    with tempfile.NamedTemporaryFile("w", suffix=".requests", encoding="ascii") as file:
        file.writelines(f"{request.line}\n" for request in requests.sent)
        file.flush()
        load = Load(file.name, wish.connections, processors)
        bench = Bench(ask, load, processors, requests.sent[0], tell_progress, began)
        outcome = bench.run(to_try.candidates, list(wish.versus))
    outcome.left_out[:0] = to_try.left_out
    verdict = judge(outcome.measured)
    told = tell(verdict, outcome, ask, processors, wish.connections)
    return Result(ask, requests, processors, wish.connections, outcome, verdict, told)


def machine() -> str:
    """What it was measured on, in a line."""
    system = os.uname()
    usable = len(os.sched_getaffinity(0))
    return f"{system.sysname} {system.release}, {system.machine}, {usable} processors"
