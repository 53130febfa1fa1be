"""What receive() and send() return: awaitables that mostly have their answer already.

An application that awaits a ready one does not leave its thread. Applications also hand the call itself to
asyncio.create_task() or to a task group, which take coroutines only: so these speak the coroutine's protocol
(send, throw, close), and a call that has to wait is a real coroutine.
"""

from asyncio import wait


class Done:
    """Awaited, it answers None at once."""

    def __await__(self):
        return self

    def __iter__(self):
        return self

    def __next__(self):
        raise StopIteration

    def send(self, value):
        raise StopIteration

    def throw(self, kind, value=None, traceback=None):
        raise kind if value is None else value

    def close(self):
        """There is nothing to end."""


class Value:
    """Awaited, it answers its value at once."""

    def __await__(self):
        return self

    def __iter__(self):
        return self

    def __next__(self):
        raise StopIteration(self.value)

    def send(self, value):
        raise StopIteration(self.value)

    def throw(self, kind, value=None, traceback=None):
        raise kind if value is None else value

    def close(self):
        """There is nothing to end."""


DONE = Done()


def ready(value: object):
    made: Value = Value.__new__(Value)
    made.value = value
    return made


async def behind(future, again):
    """A coroutine that asks again once the future, for which another task waits already, is done.

    With one future for both, each would have the same message, and to cancel one task would cancel the other.
    """
    await wait((future,))
    return await again()


async def waiting(future):
    """A coroutine that answers what the future will."""
    return await future


def settle(future, value, error):
    """Answers a future that nobody has answered or cancelled."""
    if future.done():
        return
    if error is None:
        future.set_result(value)
    else:
        future.set_exception(error)
