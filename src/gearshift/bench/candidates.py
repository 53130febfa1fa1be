"""What is tried: engines with their numbers of threads, and other servers."""

from __future__ import annotations

from typing import NamedTuple

from gearshift.apps.loader import Kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

GEARSHIFT = "gearshift"
ENGINES = ("auto", "pool", "epoll", "uring", "thread")  # the most telling first, should time run out
SIZES = (4, 16, 64)
DEFAULT_THREADS = 16  # what `serve` has where nobody says
# Threads run its files or its coroutines' protocol, not waiting handlers: sizes beyond these only cost.
SIZES_WITHOUT_HANDLERS = (4, 16)


class Candidate(NamedTuple):
    """One way to serve.

    server: GEARSHIFT or a peer's name. engine: Gearshift's, "" of a peer. threads: 0 where there is nothing to choose.
    """

    server: str
    engine: str
    threads: int

    @property
    def name(self) -> str:
        """For tables and plots: `pool 16`, `epoll`, `waitress 16`."""
        word = self.engine or self.server
        return f"{word} {self.threads}" if self.threads else word

    @property
    def in_words(self) -> str:
        """For sentences: `pool with 16 threads`."""
        word = self.engine or self.server
        if not self.threads:
            return word
        return f"{word} with {self.threads} thread{'s' if self.threads > 1 else ''}"

    @property
    def flags(self) -> str:
        """What to give `gearshift serve`; "" of a peer."""
        if not self.engine:
            return ""
        threads = f" --threads {self.threads}" if self.threads else ""
        return f"--engine {self.engine}{threads}"

    @property
    def is_default(self) -> bool:
        """Whether `gearshift serve` does this where nobody says anything."""
        return self.engine == "auto" and self.threads in (0, DEFAULT_THREADS)


class Plan(NamedTuple):
    """candidates: what is tried, in that order. left_out: what is not, each with the reason in words."""

    candidates: list[Candidate]
    left_out: list[tuple[str, str]]


def plan(
    kind: Kind,
    connections: int,
    uring_refusal: str,
    engines: Sequence[str] = ENGINES,
    sizes: Sequence[int] = (),
) -> Plan:
    """What of Gearshift's own is worth trying for an application of that kind.

    connections: of the load: threads beyond them would have nothing to do. uring_refusal: why this kernel offers no
    ring, "" where it does. engines: those to try. sizes: numbers of threads to try; by default what suits the kind.
    """
    tried: list[Candidate] = []
    left_out = []
    usual = SIZES if kind is Kind.WSGI else SIZES_WITHOUT_HANDLERS
    wanted = sorted(set(sizes or usual))
    fitting = [size for size in wanted if size <= connections]
    if len(fitting) < len(wanted) and not sizes:
        left_out.append(
            (f"more than {connections} threads", f"the load has {connections} connections (--connections)")
        )
    for engine in (name for name in ENGINES if name in engines):
        if engine == "uring" and uring_refusal:
            left_out.append(("uring", uring_refusal))
        else:
            tried += _of(engine, kind, list(sizes) or fitting or [1])
    return Plan(sorted(tried, key=_most_telling_first), left_out)


def _of(engine: str, kind: Kind, sizes: list[int]) -> list[Candidate]:
    """With the numbers of threads that make a difference to it."""
    if engine == "pool" and kind is not Kind.ASGI:
        return [Candidate(GEARSHIFT, engine, size) for size in sizes]
    if engine == "auto" and kind is Kind.WSGI:
        return [Candidate(GEARSHIFT, engine, size) for size in sizes if size >= DEFAULT_THREADS] or [
            Candidate(GEARSHIFT, engine, max(sizes))
        ]
    # Coroutines run in one thread; files are sent by one, mostly.
    return [Candidate(GEARSHIFT, engine, 0)]


def _most_telling_first(candidate: Candidate) -> tuple[int, int]:
    """The default first; then one of each engine, the largest pool before the smaller ones."""
    return (0 if candidate.is_default else 1, ENGINES.index(candidate.engine))
