"""What is done for one call in a group of tasks that all calls share."""

import asyncio
from collections.abc import Coroutine
from contextvars import copy_context
from typing import Any, TypeVar

T = TypeVar("T")


class Errands:
    """The tasks of one call, in a group that all calls share."""

    def __init__(self) -> None:
        self.closed = False
        self._tasks: set[asyncio.Task[Any]] = set()
        # Tasks run in the call's context, which its log lines take the call's id from.
        self._context = copy_context()

    def start(self, work: Coroutine[Any, Any, T], group: asyncio.TaskGroup) -> asyncio.Task[T]:
        """Do `work` until the call is over."""
        task = group.create_task(work, context=self._context)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def close(self) -> None:
        """Drop them all."""
        self.closed = True
        for task in self._tasks:
            task.cancel()
