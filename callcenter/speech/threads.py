"""The threads that models work in. They make way for the event loop, which has a frame to send every 20 ms."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

URGENT = 5
"""The niceness of what callers are interrupted by: voice activity."""
PATIENT = 10
"""... of what they can wait for: recognition and speech."""


def pool(workers: int, name: str, niceness: int) -> ThreadPoolExecutor:
    """Threads of that niceness, and so are the threads that they start, such as those of CTranslate2.

    On Linux each thread has its own (see setpriority(2), "C library/kernel differences"); elsewhere it is left alone.
    """
    return ThreadPoolExecutor(workers, thread_name_prefix=name, initializer=partial(_make_way, niceness))


def _make_way(niceness: int) -> None:
    with suppress(AttributeError, OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
