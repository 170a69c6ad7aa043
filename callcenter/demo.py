"""The whole house on this machine: a private Asterisk, the daemon, and simulated callers who dial in."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from pydantic import SecretStr

from callcenter import config, control, local_time
from callcenter.asterisk.ari import Ari
from callcenter.asterisk.private import PrivateAsterisk
from callcenter.config import Settings
from callcenter.errors import CallCenterError, MissingPartError

PERSONA = Path(__file__).parent / "simulation" / "demo.yaml"
"""Who calls in the demo."""
START_S = 120.0
"""The first start makes the database, on a machine that is busy with other things."""
STOP_S = 15.0
LOOKS, LOOK_EVERY_S = 50, 0.1
"""A hang-up takes Asterisk a moment; what is still there after 5 s is left behind."""


class DaemonProcess:
    """`callcenter run` as a process of its own, as it is on a host."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.log = settings.paths.state / "daemon.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Of the process, while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    async def start(self) -> None:
        """Start it and wait until it answers calls. Raises CallCenterError with the end of its log if it does not."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: ASYNC220 - it outlives this loop where tests share it
                # When we are killed, it is told to stop.
                ["setpriv", "--pdeathsig", "TERM", sys.executable, "-m", "callcenter", "run"],
                env={**os.environ, **config.as_environment(self.settings)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C at the terminal is for us alone
            )
        try:
            async with asyncio.timeout(START_S):
                while not await self._answers():
                    if self.pid is None:
                        raise CallCenterError(f"the daemon ended with {self._process.returncode}:\n{self.tail()}")
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise CallCenterError(f"the daemon was not ready within {START_S:g} s:\n{self.tail()}") from None

    async def stop(self) -> None:
        """SIGTERM, and wait until it has drained."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """SIGKILL, as a crash would."""
        await self._end(signal.SIGKILL)

    async def status(self) -> dict[str, Any]:
        """What `callcenter status --json` says."""
        return await control.status(self.settings.paths.control_socket)

    def tail(self, lines: int = 15) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    async def _answers(self) -> bool:
        try:
            report = await self.status()
        except MissingPartError:
            return False
        return bool(report["process"]["pid"] == self.pid and report["asterisk"] == "connected")

    async def _end(self, number: signal.Signals) -> None:
        if self._process is None or self.pid is None:
            return
        self._process.send_signal(number)
        try:
            await asyncio.to_thread(self._process.wait, self.settings.limits.drain_s + STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)


class Traces:
    """What calls leave behind: Asterisk's channels and bridges, and the daemon's tasks, more than there were before."""

    def __init__(self, settings: Settings, before: dict[str, int]) -> None:
        self._settings = settings
        self._before = before

    @classmethod
    async def before(cls, settings: Settings) -> Self:
        """Look at what there is before the calls."""
        return cls(settings, await _count(settings))

    async def left(self) -> dict[str, int]:
        """Look again, until nothing is left or five seconds are over; all should be 0."""
        for _ in range(LOOKS):
            now = await _count(self._settings)
            left = {name: max(0, count - self._before[name]) for name, count in now.items()}
            if not any(left.values()):
                break
            await asyncio.sleep(LOOK_EVERY_S)
        return left


async def _count(settings: Settings) -> dict[str, int]:
    report = await control.status(settings.paths.control_socket)
    async with Ari(settings.asterisk) as ari:
        channels, bridges = len(await ari.channels()), len(await ari.bridges())
    return {"channels": channels, "bridges": bridges, "tasks": report["process"]["tasks"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A private Asterisk and a daemon that answers its calls."""

    settings: Settings
    """Those that lead to the two."""
    asterisk: PrivateAsterisk
    daemon: DaemonProcess
    traces: Traces

    @classmethod
    async def started(cls, settings: Settings, asterisk: PrivateAsterisk, daemon: DaemonProcess) -> Self:
        """The house of an Asterisk that runs, and of `daemon`, which is started."""
        await daemon.start()
        return cls(settings=settings, asterisk=asterisk, daemon=daemon, traces=await Traces.before(settings))

    @property
    def invitation(self) -> str:
        """How a person can call."""
        return (
            f"Call it yourself: register a softphone on this machine at {self.asterisk.sip_host}:"
            f"{self.asterisk.sip_port} (UDP), user {self.asterisk.phone_user}, password "
            f"{self.asterisk.phone_password}, and dial 9000, or the name of a flow. Ctrl-C ends it."
        )


def led_to(settings: Settings, asterisk: PrivateAsterisk, state: Path) -> Settings:
    """`settings` with a state of its own, that lead a daemon and a simulated caller to `asterisk`."""
    sections = {
        "asterisk": {
            "url": asterisk.ari_url,
            "username": asterisk.ari_username,
            "password": SecretStr(asterisk.ari_password),
        },
        "phone": {
            "host": asterisk.sip_host,
            "port": asterisk.sip_port,
            "username": asterisk.phone_user,
            "password": SecretStr(asterisk.phone_password),
        },
        "paths": {"state": state, "control": None},
        "media": {
            "audiosocket_listen": f"{asterisk.sip_host}:0",
            "websocket_listen": f"{asterisk.sip_host}:{asterisk.websocket_port}",
        },
    }
    return settings.model_copy(
        update={name: getattr(settings, name).model_copy(update=changes) for name, changes in sections.items()}
    )


def about(settings: Settings, flows: Iterable[str | None]) -> Settings:
    """`settings` with `flows` loaded too; None is what answers anyway."""
    wanted = dict.fromkeys((*settings.dialogue.flows, *filter(None, flows)))
    return settings.model_copy(update={"dialogue": settings.dialogue.model_copy(update={"flows": tuple(wanted)})})


def rehearsed(settings: Settings, now: datetime) -> Settings:
    """`settings` whose flows believe that it is the next Friday morning, if they pretend nothing yet.

    At night or on Sunday nobody would be in the flows' offices.
    """
    if settings.dialogue.pretend_it_is:
        return settings
    changes = {"pretend_it_is": local_time.usual_time(now)}
    return settings.model_copy(update={"dialogue": settings.dialogue.model_copy(update=changes)})


@asynccontextmanager
async def house(settings: Settings, progress: Callable[[str], None]) -> AsyncIterator[House]:
    """Bring up Asterisk and the daemon, with a state of their own, and take both down again."""
    progress("starting a private Asterisk")
    async with PrivateAsterisk(settings.paths.cache, progress=progress) as asterisk:
        settings = led_to(settings, asterisk, settings.paths.state / "demo")
        daemon = DaemonProcess(settings)
        progress("starting the daemon: models, voice, database")
        try:
            yield await House.started(settings, asterisk, daemon)
        finally:
            await daemon.stop()
