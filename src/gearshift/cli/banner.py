"""What `gearshift serve` says when it is ready."""

from __future__ import annotations

import os

from gearshift.apps.loader import Kind
from gearshift.kernel.limits import descriptor_limits, shortage_in_words
from gearshift.observe.interpreter import interpreter_in_words, is_free_threaded
from gearshift.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gearshift.listeners.listener import Listener
    from gearshift.server import Serving
    from gearshift.settings import Settings


def announce(serving: Serving, control: str) -> None:
    """Prints what is served where. control: where the control socket lies, "" where there is none."""
    settings, name = serving.settings, serving.application.name
    if serving.application.kind is Kind.PAGE and settings.template:
        name = f"the pages in {settings.template}"
    page = "" if serving.status_page is None else serving.status_page.url
    asgi = serving.application.kind is Kind.ASGI
    text = banner(settings, serving.places, serving.gear.name, name, asgi, control, page)
    try:
        print(text, end="", flush=True)
    except OSError as error:
        serving.error_log.warning(f"standard output can't be written to: {error.strerror}")


def banner(
    settings: Settings,
    listeners: Sequence[Listener],
    engine: str,
    application: str,
    asgi: bool = False,
    control: str = "",
    status_page: str = "",
    workers: Sequence[int] = (),
) -> str:
    """The start text, lines ended.

    engine: the one in force ("thread", "pool", "epoll", "auto"). application: its name as shown to users; asgi: whether
    it has an event loop.
    control, status_page: where the control socket lies and the status page is, "" where there is none.
    workers: processes that serve, where this one only supervises them.
    """
    width = max((len(listener.url) for listener in listeners), default=0)
    lines = [f"Gearshift {__version__} serves {application}"]
    lines += [f"  {listener.url:<{width}}  {listener.backlog_in_words()}" for listener in listeners]
    lines.append(f"  engine {engine}: {threads_in_words(settings, engine, asgi)}")
    if is_free_threaded() and not workers:  # whose applications may bring what turns the lock on
        lines.append(f"  {interpreter_in_words()}")
    if workers:
        lines.append(
            f"  {len(workers)} worker{'s' if len(workers) > 1 else ''}: process {', '.join(map(str, workers))};"
            f" SIGHUP to {os.getpid()} reloads, SIGUSR2 starts a new program in its place"
        )
    shortage = shortage_in_words(settings.max_connections, descriptor_limits())
    if shortage:
        lines.append(f"  {shortage}: idle ones are closed to make room")
    if status_page:
        lines.append(f"  status page {status_page}" + "?token=TOKEN" * bool(settings.status_token))
    if control:
        lines.append(f"  control socket {control}")
    lines.append(f"  Ctrl-C (or SIGTERM to process {os.getpid()}) answers what has been received and stops")
    return "\n".join(lines) + "\n"


def threads_in_words(settings: Settings, engine: str, asgi: bool) -> str:
    """How many threads serve, and when they are made."""
    if asgi and engine == "pool":
        return "one thread for all connections, beside the application's event loop"
    if asgi and engine == "auto":
        return "one thread for all connections, and a watch over the application's event loop"
    if engine == "pool":
        made = "made ahead" if settings.preload_threads else "made on demand"
        return f"{settings.threads} thread{'' if settings.threads == 1 else 's'}, {made}"
    if engine == "auto":
        return f"inline, or on up to {settings.threads} threads where handlers take long"
    if engine == "thread":
        return f"a thread for each connection, at most {settings.max_connections}"
    return "one thread for all connections"
