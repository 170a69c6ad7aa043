"""The daemon's local socket."""

import asyncio
import json
import socket
import stat
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import uvloop

from callcenter import control
from callcenter.control import Watchers, serving
from callcenter.errors import ConfigurationError, MissingPartError


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - the socket's other end has no event for it
        await asyncio.sleep(0.01)


def report() -> dict[str, Any]:
    return {"asterisk": "connected"}


async def test_status_is_answered(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    async with serving(path, Watchers(), report):
        assert await control.status(path) == {"asterisk": "connected"}
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()


async def test_without_a_daemon_the_error_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(MissingPartError, match="callcenter run"):
        await control.status(tmp_path / "control.sock")


async def test_a_watcher_gets_every_event_in_order_and_ends_with_the_daemon(tmp_path: Path) -> None:
    path, watchers = tmp_path / "control.sock", Watchers()
    seen: list[int] = []

    async def watch() -> None:
        async for event in control.watch(path):
            seen.append(event["number"])

    async with asyncio.TaskGroup() as group:
        async with serving(path, watchers, report):
            watching = group.create_task(watch())
            await until(lambda: watchers.count == 1)
            for number in range(100):
                watchers.publish({"number": number})
            await until(lambda: len(seen) == 100)
        await watching
    assert seen == list(range(100))


async def test_a_watcher_that_leaves_in_the_middle_is_no_fault(tmp_path: Path) -> None:
    path, watchers = tmp_path / "control.sock", Watchers()
    faults: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: faults.append(context))
    async with serving(path, watchers, report):
        watcher = socket.socket(socket.AF_UNIX)
        watcher.connect(str(path))
        watcher.sendall(b'{"op": "watch"}\n')
        await until(lambda: watchers.count == 1)
        watchers.publish({"number": 1})
        await asyncio.sleep(0.05)
        watcher.close()  # with an event that it has not read, which resets the connection
        for number in range(3):
            watchers.publish({"number": number})
        await until(lambda: watchers.count == 0)
        await asyncio.sleep(0.05)
    assert faults == []


async def test_a_watcher_that_leaves_is_forgotten(tmp_path: Path) -> None:
    path, watchers = tmp_path / "control.sock", Watchers()
    async with serving(path, watchers, report):
        _, writer = await asyncio.open_unix_connection(path)
        writer.write(b'{"op": "watch"}\n')
        await until(lambda: watchers.count == 1)
        writer.close()
        await until(lambda: watchers.count == 0)


async def test_a_watcher_that_does_not_read_is_let_go(tmp_path: Path) -> None:
    watchers = Watchers()
    events = watchers.events()
    first = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0)
    for number in range(control.EVENTS_WAITING + 2):
        watchers.publish({"number": number})
    assert await first == {"number": 0}
    assert watchers.count == 0
    assert [event["number"] async for event in events] == list(range(1, control.EVENTS_WAITING))


async def test_one_whose_socket_is_full_is_let_go_and_loses_nothing_before_that(tmp_path: Path) -> None:
    path, watchers, most = tmp_path / "control.sock", Watchers(), 20 * control.EVENTS_WAITING
    async with serving(path, watchers, report):
        with socket.socket(socket.AF_UNIX) as watcher:
            watcher.connect(str(path))
            watcher.sendall(b'{"op": "watch"}\n')
            await until(lambda: watchers.count == 1)
            for number in range(most):
                watchers.publish({"number": number, "text": 500 * "x"})
                await asyncio.sleep(0)  # time to send each, were there room for it
                if watchers.count == 0:
                    break
            assert watchers.count == 0
            assert await control.status(path) == report()
            sent = [json.loads(line)["number"] for line in await asyncio.to_thread(all_lines, watcher)]
    assert sent == list(range(number))
    assert number > control.EVENTS_WAITING


@pytest.mark.parametrize(
    "scenario",
    [
        test_a_watcher_that_leaves_in_the_middle_is_no_fault,
        test_one_whose_socket_is_full_is_let_go_and_loses_nothing_before_that,
    ],
)
def test_it_is_the_same_on_uvloop(tmp_path: Path, scenario: Callable[[Path], Coroutine[Any, Any, None]]) -> None:
    uvloop.run(scenario(tmp_path), debug=True)


def all_lines(connection: socket.socket) -> list[bytes]:
    """What comes until the other end closes."""
    connection.settimeout(10)
    with connection.makefile("rb") as stream:
        return stream.readlines()


@pytest.mark.parametrize("request_line", [b'{"op": "dance"}\n', b"[]\n", b"12\n"])
async def test_an_unknown_request_is_answered_with_what_is_known(tmp_path: Path, request_line: bytes) -> None:
    path = tmp_path / "control.sock"
    async with serving(path, Watchers(), report):
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(request_line)
        assert "status and watch" in json.loads(await reader.readline())["error"]
        writer.close()


@pytest.mark.parametrize("nonsense", [b"\xff\xfe\n", b"{\n", b"", b"x" * (2 * control.LINE_LIMIT)])
async def test_nonsense_costs_only_its_own_connection(tmp_path: Path, nonsense: bytes) -> None:
    path = tmp_path / "control.sock"
    async with serving(path, Watchers(), report):
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(nonsense)
        if nonsense:
            with suppress(ConnectionResetError):
                assert await reader.read() == b""
        writer.close()
        assert await control.status(path) == report()


async def test_a_second_daemon_is_refused_and_a_dead_ones_socket_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    async with serving(path, Watchers(), report):
        with pytest.raises(ConfigurationError, match="another daemon"):
            async with serving(path, Watchers(), report):
                pass
        assert await control.status(path) == report()
    dead = await asyncio.start_unix_server(lambda *_: None, path)
    dead.close()
    path.touch()
    async with serving(path, Watchers(), report):
        assert await control.status(path) == report()
