"""A call of an ASGI application: its task, on an asyncio loop in the engine's own thread or beside it.

Beside it (thread, pool), receive() and send() run in the loop's thread and everything else in the engine's; they meet
in the few attributes of the exchange that either only ever adds to, and wake each other through the driver and through
call_soon_threadsafe. The first step is run eagerly where Python can (3.12).
"""

import sys
from asyncio import Task

import cython
from cython.cimports.cpython.bytes import PyBytes_AS_STRING, PyBytes_GET_SIZE
from cython.cimports.gearshift.apps.asgi.scope import ScopeBuilder
from cython.cimports.gearshift.channel import Driver
from cython.cimports.gearshift.exchange import Stage
from cython.cimports.gearshift.floor import leave_floor, let_go, take_again, take_floor
from cython.cimports.gearshift.http.output import Output
from cython.cimports.gearshift.loop_calls import LoopCalls

from gearshift.apps.asgi.awaitables import waiting
from gearshift.exchange import RequestTimedOut
from gearshift.http.response import ResponseError

EAGER = cython.declare(cython.bint, sys.version_info >= (3, 12))


class Callee:
    """An ASGI callable and what its calls share; attach() says on which loop its coroutines run."""

    def __init__(self, callable: object, error_log: object):
        self.callable = callable
        self.error_log = error_log
        self.tasks = {}
        self.asynchronous = True

    def attach(self, loop) -> None:
        """The asyncio loop for every call."""
        self.loop = loop
        self.calls = LoopCalls(loop)

    def share(self, state: dict) -> None:
        """The lifespan's state, copied into every request's scope."""
        self.state = state

    def request_of(self, task):
        """The request that a task answers, as "GET /path"; None where it answers none."""
        exchange: Call = self.tasks.get(task)
        take_floor()
        try:
            return None if exchange is None else exchange.name or exchange.name_of_request()
        finally:
            leave_floor()

    def local(self, concurrent: cython.bint):
        return ScopeBuilder()


class Call:
    """One call of an ASGI application; its kinds add receive() and send()."""

    def call(self):
        scope = self.scope()
        driver: Driver = self.channel.driver
        self.beside = driver.beside
        if self.beside:
            self.application.calls.put(self, scope, driver)
            return 0
        self.entered = True
        try:
            self._begin_task(scope)
        finally:
            self.entered = False
        self.suspended = EAGER
        return 0

    def scope(self):
        """What the application is told of the request."""
        builder: ScopeBuilder = self.channel.driver.local
        return builder.build(self, self.application.state)

    def begin_here(self, scope: dict):
        """In the loop's thread, which is not the engine's."""
        try:
            self._begin_task(scope)
        except BaseException as error:  # SystemExit too: one request must not end the server
            self._task_over(error)
        self.suspended = EAGER
        if self._has_spoken():
            self._changed()
        return 0

    def _first_step(self, scope: dict):
        """The task, begun; its first step has run, where Python can do that here."""
        application: Callee = self.application
        floor: cython.int = let_go()
        try:
            coroutine = application.callable(scope, self.receive, self.send)
            if not hasattr(coroutine, "send"):
                coroutine = waiting(coroutine)
            if EAGER:
                return Task(coroutine, loop=application.loop, eager_start=True)
            task = Task(coroutine, loop=application.loop)
            application.loop.call_soon(self._after_first_step, task)
            application.calls.steps()
            return task
        finally:
            take_again(floor)

    def _begin_task(self, scope: dict):
        application: Callee = self.application
        task = self._first_step(scope)
        if task.done():
            self._task_done(task)
        else:
            application.tasks[task] = self
            task.add_done_callback(self._task_done)
        return 0

    def _after_first_step(self, task):
        """Before Python 3.12 the first step runs from the loop's queue, and this right behind it."""
        take_floor()
        self.application.calls.stepped()
        if not task.done():
            self.suspended = True
            if self._has_spoken():
                self._changed()
        leave_floor()

    def _task_done(self, task):
        self.application.tasks.pop(task, None)
        take_floor()
        try:
            self._outcome(task)
        finally:
            leave_floor()

    def _outcome(self, task: object):
        if task.cancelled() and self.application.ending:
            self.refused = True  # the server has cut its connection, or is about to
            self._task_over(None)
        elif task.cancelled() and self.timed_out:
            self._task_over(RequestTimedOut("it ran longer than --request-timeout"))
        elif task.cancelled():
            self._task_over(RuntimeError("the application's task was cancelled"))
        else:
            self._task_over(task.exception())
        return 0

    def _task_over(self, error: object):
        """The application returned or raised."""
        raise NotImplementedError

    def _has_spoken(self) -> cython.bint:
        """Whether it has said something that the engine should look at."""
        raise NotImplementedError

    def write_fields(self, output: Output, headers: object):
        """The application's own of an answer's head, as send() was given them."""
        for name, value in headers:
            if type(name) is not bytes or type(value) is not bytes:
                raise ResponseError(f"the header {name!r}: {value!r} must be a pair of bytes")
            self.response.field(
                output,
                PyBytes_AS_STRING(name),
                PyBytes_GET_SIZE(name),
                PyBytes_AS_STRING(value),
                PyBytes_GET_SIZE(value),
            )
        return 0

    def time_out(self) -> None:
        """From any thread: the application has had its time. Its task is cancelled, as soon as the loop comes round."""
        if not self.timed_out:
            self.timed_out = True
            self.application.loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        for task, exchange in list(self.application.tasks.items()):
            if exchange is self and self.stage != Stage.OVER:
                task.cancel()

    def _changed(self):
        """There is something new for the engine."""
        if self.stage != Stage.OVER:
            self.channel.driver.wake(self.channel)
        return 0
