"""receive() and send() of a conversation: awaitables that look for themselves when their task goes on.

A message is taken out of the queue only when its task runs, so one that is cancelled meanwhile loses none. They speak
the coroutine's protocol, as applications hand the call itself to asyncio.create_task() (see awaitables.py).
"""

import cython
from cython.cimports.gearshift.apps.asgi.resumption import Resumption, Waiting, resumption
from cython.cimports.gearshift.floor import leave_floor, take_floor


class Conversing:
    """A call of an application to which messages come, and which sends some, for as long as it lasts."""

    def next_message(self):
        """What receive() answers now, or None."""
        raise NotImplementedError

    def has_message(self) -> cython.bint:
        """Whether next_message() has one."""
        raise NotImplementedError

    def may_send(self) -> cython.bint:
        """Whether there is room for more. Raises where the client is gone."""
        raise NotImplementedError

    def resume_receivers(self, here: cython.bint):
        """Tasks that wait go on as long as there is a message for each. here: within this call."""
        while self.receivers and self.has_message():
            wait: Resumption = self.receivers.pop(0)
            wait.resume(here)
            if not here:
                break  # it takes its message later; then the next one's turn comes
        return 0

    def resume_senders(self, here: cython.bint):
        waiting: list = self.senders
        self.senders = []
        for item in waiting:
            wait: Resumption = item
            wait.resume(here)
        return 0


class Turn:
    """One call of receive() or send()."""

    def __await__(self):
        return self

    def __iter__(self):
        return self

    def send(self, value):
        return next(self)

    def throw(self, kind, value=None, traceback=None):
        if self.wait is not None:
            self.wait.cancel()
        raise kind if value is None else value

    def close(self):
        """There is nothing to end."""

    def _wait(self, waiting: list):
        wait: Resumption = resumption(self.call.application.loop)
        wait._asyncio_future_blocking = True
        self.wait = wait
        if waiting and cython.cast(Resumption, waiting[0]).waiting != Waiting.PENDING:
            waiting[:] = [other for other in waiting if not other.done()]
        waiting.append(wait)
        return wait


class Receiving:
    """Awaited, it answers the next message."""

    def __next__(self):
        take_floor()
        try:
            return self._next()
        finally:
            leave_floor()

    def _next(self):
        message = self.call.next_message()
        if message is None:
            wait: Resumption = self._wait(self.call.receivers)
            # One that came just now, by another thread, has seen nobody wait.
            message = self.call.next_message()
            if message is None:
                return wait
            self.call.receivers.remove(wait)
        raise StopIteration(message)


class Sending:
    """Awaited, it answers once there is room."""

    def __next__(self):
        take_floor()
        try:
            return self._next()
        finally:
            leave_floor()

    def _next(self):
        if not self.call.may_send():
            wait: Resumption = self._wait(self.call.senders)
            if not self.call.may_send():
                return wait
            self.call.senders.remove(wait)
        raise StopIteration


def receiving(call: Conversing):
    made: Receiving = Receiving.__new__(Receiving)
    made.call = call
    return made


def sending(call: Conversing):
    made: Sending = Sending.__new__(Sending)
    made.call = call
    return made
