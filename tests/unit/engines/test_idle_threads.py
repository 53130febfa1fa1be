"""Threads that do one task after another, and end where none comes."""

from __future__ import annotations

import threading
from typing import Any

from gearshift.engines.idle_threads import IdleThreads
from tests.support.waiting import eventually

PATIENT = 60.0  # seconds


class Tasks:
    """Where each was done: the thread, and its name meanwhile. A task is an event that it waits for, or None."""

    def __init__(self, patience: float) -> None:
        self.done: list[tuple[threading.Thread, str]] = []
        self.threads = IdleThreads(self._work, patience)

    def _work(self, task: Any) -> None:
        if isinstance(task, threading.Event):
            task.wait(10)
        thread = threading.current_thread()
        self.done.append((thread, thread.name))

    def idle(self) -> list[threading.Thread]:
        return [thread for thread, _ in self.done if thread.is_alive() and thread.name == "gearshift-idle"]

    def run(self, name: str) -> None:
        """A task, and until its thread has nothing to do again."""
        before = len(self.done)
        self.threads.run("at once", name)
        eventually(lambda: len(self.done) > before and self.done[-1][0] in self.idle(), "it is idle")


def test_one_task_after_another_is_done_by_one_thread() -> None:
    tasks = Tasks(PATIENT)
    for number in range(5):
        tasks.run(f"task-{number}")
    assert len({thread for thread, _ in tasks.done}) == 1
    assert [name for _, name in tasks.done] == [f"task-{number}" for number in range(5)]
    tasks.threads.end()
    eventually(lambda: not tasks.done[0][0].is_alive(), "the idle thread ends")


def test_tasks_at_once_are_done_by_threads_of_their_own() -> None:
    tasks = Tasks(PATIENT)
    go = threading.Event()
    for number in range(8):
        tasks.threads.run(go, f"task-{number}")
    assert not tasks.done
    tasks.threads.end()  # who works may end its work
    go.set()
    eventually(lambda: len(tasks.done) == 8, "all are done")
    assert len({thread for thread, _ in tasks.done}) == 8
    eventually(lambda: not any(thread.is_alive() for thread, _ in tasks.done), "they end")


def test_a_thread_without_a_task_ends() -> None:
    tasks = Tasks(0.01)
    tasks.threads.run("at once", "task")
    eventually(lambda: tasks.done and not tasks.done[0][0].is_alive(), "it has ended")
    tasks.threads.run("at once", "task")
    eventually(lambda: len(tasks.done) == 2, "another does the next")
    assert tasks.done[0][0] is not tasks.done[1][0]


def test_no_task_is_lost_where_threads_end_in_the_moment_that_they_are_chosen() -> None:
    tasks = Tasks(0.00005)
    for number in range(2000):
        tasks.threads.run("at once", f"task-{number}")
        if number % 3:
            eventually(lambda expected=number: len(tasks.done) > expected, "it is done")  # type: ignore[misc]
    eventually(lambda: len(tasks.done) == 2000, "all are done")
    tasks.threads.end()
    eventually(lambda: not any(thread.is_alive() for thread, _ in tasks.done), "they end")
