"""The typed face of poller.py."""

from gearshift.engines.epoll import EpollEngine

class PollerEngine(EpollEngine):
    """The pool engine for ASGI: a poller beside the loop's thread."""

    is_selector: bool
