"""The whole house on this machine: a private Asterisk, the daemon, and simulated callers who dial in."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

from pydantic import SecretStr

from callcenter import config, control
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
        self.log = settings.paths.state / "daemon.log"
        self._socket = settings.paths.control_socket
        self._environment = {**os.environ, **config.as_environment(settings)}
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self._process, "not started"
        return self._process.pid

    async def start(self) -> None:
        """Start it and wait until it answers calls. Raises CallCenterError with the end of its log if it does not."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "callcenter", "run", env=self._environment, stdout=log, stderr=log
            )
        try:
            async with asyncio.timeout(START_S):
                while not await self._answers():
                    if self._process.returncode is not None:
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
        return await control.status(self._socket)

    def tail(self, lines: int = 15) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    async def _answers(self) -> bool:
        try:
            report = await self.status()
        except MissingPartError:
            return False
        return bool(report["process"]["pid"] == self.pid and report["asterisk"] == "connected")

    async def _end(self, signal_number: int) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(signal_number)
        try:
            async with asyncio.timeout(STOP_S + 30):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


class House:
    """A private Asterisk and a daemon that answers its calls."""

    def __init__(self, settings: Settings, asterisk: PrivateAsterisk, daemon: DaemonProcess) -> None:
        self.settings = settings
        """Those that lead to the two."""
        self.asterisk = asterisk
        self.daemon = daemon
        self._tasks_at_rest = 0

    @property
    def invitation(self) -> str:
        """How a person can call."""
        return (
            f"Call it yourself: register a softphone on this machine at {self.asterisk.sip_host}:"
            f"{self.asterisk.sip_port} (UDP), user {self.asterisk.phone_user}, password "
            f"{self.asterisk.phone_password}, and dial 9000. Ctrl-C ends it."
        )

    async def settle(self) -> Self:
        """Note what the daemon holds while it is idle, for `left`."""
        self._tasks_at_rest = (await self.daemon.status())["process"]["tasks"]
        return self

    async def left(self) -> dict[str, int]:
        """What past calls have left behind: Asterisk's channels and bridges, the daemon's tasks; all should be 0."""
        async with Ari(self.settings.asterisk) as ari:
            for _ in range(LOOKS):
                channels, bridges = len(await ari.channels()), len(await ari.bridges())
                tasks = max(0, (await self.daemon.status())["process"]["tasks"] - self._tasks_at_rest)
                if not (channels or bridges or tasks):
                    break
                await asyncio.sleep(LOOK_EVERY_S)
        return {"channels": channels, "bridges": bridges, "tasks": tasks}


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
    }
    return settings.model_copy(
        update={name: getattr(settings, name).model_copy(update=changes) for name, changes in sections.items()}
    )


@asynccontextmanager
async def house(settings: Settings, progress: Callable[[str], None]) -> AsyncIterator[House]:
    """Bring up Asterisk and the daemon, with a state of their own, and take both down again."""
    state = settings.paths.state / "demo"
    progress("starting a private Asterisk")
    async with PrivateAsterisk(settings.paths.cache, progress=progress) as asterisk:
        settings = led_to(settings, asterisk, state)
        daemon = DaemonProcess(settings)
        progress("starting the daemon: models, voice, database")
        try:
            await daemon.start()
            yield await House(settings, asterisk, daemon).settle()
        finally:
            await daemon.stop()
