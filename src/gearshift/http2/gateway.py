"""The thread that waits for what the inner connections of all HTTP/2 connections of a server answer.

It begins with the first of them and ends with the last. It also makes their sessions, since importing what they need
takes longer than an engine's turn may, and looks four times a second at what time alone changes: windows that stay
closed, inner connections at rest, the server's coming to its end.
"""

from __future__ import annotations

import os
import select
import socket
from threading import Lock, Thread
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from gearshift.connection import Connection
    from gearshift.http2.conversation import Http2Conversation
    from gearshift.http2.inner import Inner
    from gearshift.http2.session import Session
    from gearshift.observe.error_log import ErrorLog

NEWS = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLET
TICK = 0.25  # seconds
LAST_MOMENT = 1.0  # seconds that the thread has to end


class Terms:
    """streams: open at once in a connection. head: bytes of a request's header list. write: seconds that a peer may
    keep its windows closed. connections: open at once in an engine, inner ones among them.
    """

    __slots__ = ("connections", "head", "streams", "write")

    def __init__(self, streams: int, head: int, write: float, connections: int) -> None:
        self.streams = streams
        self.head = head
        self.write = write
        self.connections = connections


class Gateway:
    """engine: the one in gear, asked for each inner connection that is opened.

    Its lock guards who is there and whether the thread runs; nobody asks for another lock while holding it.
    """

    def __init__(self, engine: Callable[[], Any], error_log: ErrorLog, terms: Terms) -> None:
        self.terms = terms
        self.error_log = error_log
        self._engine = engine
        self._lock = Lock()
        self._newcomers: list[Http2Conversation] = []
        self._present: set[Http2Conversation] = set()
        self._watched: dict[int, Inner] = {}
        self._thread: Thread | None = None
        self._poll: select.epoll | None = None
        self._wakeup = -1

    # ---- from the engines' threads ---------------------------------------------------------------------------

    def welcome(self, conversation: Http2Conversation) -> None:
        """A connection begins; its session is made soon. Raises OSError, RuntimeError: no thread can be had."""
        with self._lock:
            if self._thread is None:
                self._open()
            self._present.add(conversation)
            self._newcomers.append(conversation)
            os.eventfd_write(self._wakeup, 1)

    def lost(self, conversation: Http2Conversation) -> None:
        """Its socket is closed: so are its streams' connections."""
        session = conversation.session
        if session is not None:
            session.lost()
        with self._lock:
            self._present.discard(conversation)
            if not self._present and self._wakeup >= 0:
                os.eventfd_write(self._wakeup, 1)

    def close(self) -> None:
        """The engines have ended, and with them every connection: returns when the thread has, too."""
        thread = self._thread
        if thread is not None:
            thread.join(LAST_MOMENT)

    def descriptors(self) -> list[int]:
        """Those that are open for it at this moment."""
        with self._lock:
            poller = [] if self._poll is None else [self._poll.fileno(), self._wakeup]
        return [*self._watched, *poller]

    # ---- for the sessions, with their lock held ----------------------------------------------------------------

    def open_inner(self, session: Session) -> Inner | None:
        """A new connection of the engine in gear; None where there is no room for one."""
        from gearshift.http2.inner import Inner

        engine = self._engine()
        if engine.connections >= self.terms.connections or self._poll is None:
            return None
        try:
            far, near = socket.socketpair()
        except OSError:
            return None
        far.setblocking(False)
        connection = session.conversation.inner(near.detach())
        inner = Inner(far, connection, session)
        self._watched[inner.fd] = inner
        self._poll.register(inner.fd, NEWS)
        self._give(engine, connection)
        return inner

    def _give(self, engine: Any, connection: Connection) -> None:
        """To the engine in gear. One that has stopped before it saw the connection has been relieved by another."""
        from gearshift.engines.accepting import Life

        while True:
            engine.take(connection)
            successor = self._engine()
            if engine.life != Life.STOPPED or successor is engine:
                return
            engine = successor

    def ask_for_room(self, inner: Inner, wanted: bool) -> None:
        """Whether it is to be told when the inner socket takes more."""
        if self._poll is not None:
            self._poll.modify(inner.fd, NEWS | select.EPOLLOUT if wanted else NEWS)

    def close_inner(self, inner: Inner) -> None:
        inner.stream = None
        if self._watched.pop(inner.fd, None) is not None:
            inner.far.close()

    # ---- the thread --------------------------------------------------------------------------------------------

    def _open(self) -> None:
        poll = select.epoll()
        self._wakeup = -1
        try:
            self._wakeup = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
            poll.register(self._wakeup, select.EPOLLIN)
            self._poll = poll
            thread = Thread(target=self._run, name="http2", daemon=True)
            thread.start()
        except (OSError, RuntimeError):
            self._close(poll)
            raise
        self._thread = thread

    def _close(self, poll: select.epoll) -> None:
        poll.close()
        if self._wakeup >= 0:
            os.close(self._wakeup)
        self._wakeup = -1
        self._poll = self._thread = None

    def _run(self) -> None:
        poll = self._poll
        assert poll is not None
        due = monotonic() + TICK
        while not self._is_over():
            news: dict[Session, list[tuple[Inner, int]]] = {}
            for descriptor, mask in poll.poll(max(due - monotonic(), 0.0)):
                inner = self._watched.get(descriptor)
                if inner is not None:
                    news.setdefault(inner.session, []).append((inner, mask))
                elif descriptor == self._wakeup:
                    os.eventfd_read(descriptor)
            for session, told in news.items():
                self._safely(session.conversation, session.ready, told)
            while self._newcomers:
                newcomer = self._newcomers.pop()
                self._safely(newcomer, self._begin, newcomer)
            now = monotonic()
            if now >= due:
                due = now + TICK
                for conversation in list(self._present):
                    open_session = conversation.session  # it may be gone in the next moment
                    if open_session is not None:
                        self._safely(conversation, open_session.tick, now)

    def _begin(self, conversation: Http2Conversation) -> None:
        from gearshift.http2.session import Session

        Session(conversation, self).begin()

    def _safely(self, conversation: Http2Conversation, step: Callable[..., None], *told: Any) -> None:
        """A flaw of the server itself costs one connection."""
        try:
            step(*told)
        except Exception as error:
            self.error_log.exception("internal error; one HTTP/2 connection is closed", error)
            conversation.finish()
        if conversation.said:
            conversation.wake()

    def _is_over(self) -> bool:
        """Whether nobody is left; then everything is closed, and the next connection begins anew."""
        with self._lock:
            if self._present or self._newcomers:
                return False
            assert self._poll is not None
            self._close(self._poll)
            return True
