"""What a task waits on until the server has something for it: a future that can resume its task there and then.

A Future's callbacks take a trip round the event loop. Where the engine is the selector of the loop, no task runs while
it serves: so a task that waits for a message goes on within the very call that has read the message, and what it says
leaves with the same send. To a task this is a future in all that it asks of one (asyncio.Task looks at
`_asyncio_future_blocking`, `get_loop`, `add_done_callback`, `cancel` and `result`); it is never handed to anybody else.
"""

from asyncio import CancelledError, InvalidStateError

import cython
from cython.cimports.gearshift.apps.asgi.resumption import Waiting
from cython.cimports.gearshift.floor import let_go, take_again


class Resumption:
    """One wait of one task. It has no value: whoever goes on looks for himself what there is."""

    def get_loop(self):
        return self.loop

    def add_done_callback(self, callback, *, context=None):
        self.callback = callback
        self.context = context
        if (
            self.waiting != Waiting.PENDING
        ):  # it was resumed before its task came to wait (a loop beside the engine)
            self._call_soon()

    def remove_done_callback(self, callback):
        self.callback = None
        return 1

    def done(self):
        return self.waiting != Waiting.PENDING

    def cancelled(self):
        return self.waiting == Waiting.GIVEN_UP

    def cancel(self, msg=None):
        """By its task, which is being cancelled: it goes on with a CancelledError, from the loop."""
        if self.waiting != Waiting.PENDING:
            return False
        self.waiting = Waiting.GIVEN_UP
        self._call_soon()
        return True

    def result(self):
        if self.waiting == Waiting.GIVEN_UP:
            raise CancelledError
        if self.waiting == Waiting.PENDING:
            raise InvalidStateError("nothing has come")

    def exception(self):
        self.result()

    def _call_soon(self):
        callback = self.callback
        self.callback = None
        if callback is not None:
            self.loop.call_soon(callback, self, context=self.context)
        return 0

    def resume(self, here: cython.bint):
        """In the loop's thread: its task goes on. here: within this call, because no other task runs."""
        if self.waiting != Waiting.PENDING:
            return 0
        self.waiting = Waiting.READY
        callback = self.callback
        if callback is None:
            return 0
        if not here:
            self._call_soon()
            return 0
        self.callback = None
        floor: cython.int = let_go()
        try:
            self.context.run(callback, self)
        finally:
            take_again(floor)
        return 0


def resumption(loop: object):
    made: Resumption = Resumption.__new__(Resumption)
    made.loop = loop
    return made
