"""Raw handlers whose methods are coroutines: each call is a task on the server's asyncio loop."""

from __future__ import annotations

import asyncio
import contextlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from typing import Any

    from gearshift.conversation import Conversation, RawApplication

    Returned = Callable[[object, BaseException | None], None]


def begin(application: RawApplication, key: object, call: Awaitable[Any], returned: Returned) -> None:
    """Lets the call run in the loop; `returned` is told there what it returned, or raised. key: whose call it is."""
    assert application.loop is not None
    try:
        application.loop.call_soon_threadsafe(_run, application, key, call, returned)
    except RuntimeError as error:  # the server has ended without this connection
        _let_go(call)
        returned(None, error)


def begin_for(
    application: RawApplication,
    key: object,
    call: Awaitable[Any],
    returned: Callable[[object, object, BaseException | None], None],
    address: object,
) -> None:
    """As begin(), for one of several calls at a time: `returned` is told first whose it was."""
    begin(application, key, call, lambda result, error: returned(address, result, error))


def after(conversation: Conversation, closed: Callable[[], Any]) -> None:
    """The last call of a connection's handler: closed(), once the call before it has returned."""
    application = conversation.application

    def returned(result: object, error: BaseException | None) -> None:
        if error is not None:
            application.error_log.exception(f"error in closed {application.name}", error)

    begin(application, conversation, _farewell(conversation, closed), returned)


async def _farewell(conversation: Conversation, closed: Callable[[], Any]) -> None:
    tasks = conversation.application.tasks
    before = [task for task, key in tasks.items() if getattr(key, "conversation", None) is conversation]
    for task in before:
        with contextlib.suppress(Exception, asyncio.CancelledError):
            await asyncio.shield(task)
    result = closed()
    if hasattr(type(result), "__await__"):
        await result


def _run(application: RawApplication, key: object, call: Awaitable[Any], returned: Returned) -> None:
    """In the loop's thread."""
    assert application.loop is not None
    task = application.loop.create_task(awaited(call))
    application.tasks[task] = key

    def done(task: asyncio.Task[Any]) -> None:
        application.tasks.pop(task, None)
        _let_go(call)
        if task.cancelled():
            returned(None, RuntimeError("the handler's task was cancelled"))
        else:
            error = task.exception()
            returned(None if error is not None else task.result(), error)

    task.add_done_callback(done)


def _let_go(call: Awaitable[Any]) -> None:
    """Of a coroutine that nobody has begun Python would warn."""
    if hasattr(call, "close"):
        call.close()


async def last_words(applications: Iterable[RawApplication], seconds: float) -> None:
    """Returns when every call has, or after that time."""
    ends = asyncio.get_running_loop().time() + seconds
    while tasks := [task for application in applications for task in application.tasks]:
        _, late = await asyncio.wait(tasks, timeout=max(ends - asyncio.get_running_loop().time(), 0))
        if late:
            applications = ()
            for task in late:
                task.cancel()


async def awaited(call: Awaitable[Any]) -> Any:
    """A coroutine of anything that can be awaited: tasks are made of nothing else."""
    return await call
