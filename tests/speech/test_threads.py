"""The niceness of the models' threads."""

import os
import threading

import pytest

from callcenter.speech.threads import PATIENT, URGENT, pool


@pytest.mark.parametrize("niceness", [URGENT, PATIENT])
def test_threads_and_what_they_start_make_way(niceness: int) -> None:
    found = []

    def look() -> None:
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    def start_another() -> None:
        look()
        another = threading.Thread(target=look)
        another.start()
        another.join()

    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    wanted = min(before + niceness, 19)  # more there is not
    with pool(1, "test", wanted) as threads:
        threads.submit(start_another).result()
    assert found == [wanted] * 2
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
