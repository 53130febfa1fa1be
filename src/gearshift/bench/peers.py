"""Other servers of the same Python environment: which can serve an application, and how they are started.

Each as one process, with keep-alive as long as Gearshift's, its access log off, and no limit of connections in the way.
"""

from __future__ import annotations

import sys
from importlib import metadata

from gearshift.apps.loader import Kind
from gearshift.bench.candidates import DEFAULT_THREADS, Candidate
from gearshift.errors import SettingError, did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gearshift.bench.application import Application

KEEP_ALIVE = "75"  # seconds
CONNECTIONS = "20000"
FIRST_GUNICORN_WITH_ASGI = 24


def names_in(text: str) -> list[str]:
    """The peers that `--versus` names, with commas between. Raises SettingError."""
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        if name not in PEERS:
            expected = f"some of {', '.join(PEERS)}"
            raise SettingError(f"--versus: found {name!r}{did_you_mean(name, PEERS)}, expected {expected}")
    return names


def chosen(
    names: Iterable[str], application: Application, threads: int
) -> tuple[list[Candidate], list[tuple[str, str]]]:
    """Those of the peers that can serve it, and the others with the reason in words.

    threads: for those that call WSGI applications in threads; 0 for as many as Gearshift has by default.
    """
    candidates, left_out = [], []
    for name in names:
        reason = _reason_against(name, application)
        if reason:
            left_out.append((name, reason))
            continue
        has_threads = application.kind is Kind.WSGI and name in WITH_THREADS
        candidates.append(Candidate(name, "", (threads or DEFAULT_THREADS) if has_threads else 0))
    return candidates, left_out


def command(candidate: Candidate, application: Application, port: int) -> list[str]:
    """Starts that peer on that port of 127.0.0.1."""
    words = PEERS[candidate.server](application.name, application.kind is Kind.ASGI, candidate.threads, port)
    return [sys.executable, "-m", candidate.server, *words]


def version(name: str) -> str:
    """Of an installed peer."""
    return metadata.version(name)


def _reason_against(name: str, application: Application) -> str:
    """Why a peer can't be compared; "" where it can."""
    try:
        found = version(name)
    except metadata.PackageNotFoundError:
        return f"not installed in this Python environment (pip install {name})"
    if application.kind not in (Kind.WSGI, Kind.ASGI):
        return "it serves applications, not folders"
    if name == "uvicorn" and application.kind is Kind.WSGI:
        return "it serves ASGI, and this is a WSGI application"
    if name == "waitress" and application.kind is Kind.ASGI:
        return "it serves WSGI, and this is an ASGI application"
    if name == "gunicorn" and application.kind is Kind.ASGI:
        major = found.partition(".")[0]
        if major.isdigit() and int(major) < FIRST_GUNICORN_WITH_ASGI:
            return f"gunicorn {found} has no worker for ASGI; {FIRST_GUNICORN_WITH_ASGI} has"
    return ""


# ---- the words after `python -m NAME`: of an application, whether it is ASGI, threads, port --------------------


def _gunicorn(application: str, asgi: bool, threads: int, port: int) -> list[str]:
    worker = ["-k", "asgi"] if asgi else ["-k", "gthread", "--threads", str(threads)]
    general = ["-w", "1", "--keep-alive", KEEP_ALIVE, "--worker-connections", CONNECTIONS]
    return [*worker, *general, "--log-level", "error", "-b", f"127.0.0.1:{port}", application]


def _uvicorn(application: str, asgi: bool, threads: int, port: int) -> list[str]:
    quiet = ["--no-access-log", "--log-level", "error", "--timeout-keep-alive", KEEP_ALIVE]
    return ["--host", "127.0.0.1", "--port", str(port), *quiet, *_factory(application, "--factory")]


def _granian(application: str, asgi: bool, threads: int, port: int) -> list[str]:
    how = ["--interface", "asgi"] if asgi else ["--interface", "wsgi", "--blocking-threads", str(threads)]
    quiet = ["--no-access-log", "--log-level", "error", "--backpressure", CONNECTIONS]
    return ["--host", "127.0.0.1", "--port", str(port), *how, *quiet, *_factory(application, "--factory")]


def _waitress(application: str, asgi: bool, threads: int, port: int) -> list[str]:
    limits = ["--threads", str(threads), "--connection-limit", CONNECTIONS, "--channel-timeout", KEEP_ALIVE]
    return ["--listen", f"127.0.0.1:{port}", *limits, *_factory(application, "--call")]


def _hypercorn(application: str, asgi: bool, threads: int, port: int) -> list[str]:
    mode = "asgi" if asgi else "wsgi"
    return ["-b", f"127.0.0.1:{port}", "--keep-alive", KEEP_ALIVE, f"{mode}:{application}"]


def _factory(application: str, flag: str) -> list[str]:
    """The application, and the flag that says so where it is a function that makes one."""
    name = application.removesuffix("()")
    return [name] if name == application else [flag, name]


PEERS: dict[str, Callable[[str, bool, int, int], list[str]]] = {
    "gunicorn": _gunicorn,
    "uvicorn": _uvicorn,
    "granian": _granian,
    "waitress": _waitress,
    "hypercorn": _hypercorn,
}
WITH_THREADS = ("gunicorn", "granian", "waitress")
