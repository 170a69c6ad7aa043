"""A private Asterisk: an ordinary process on loopback ports that leaves nothing behind and changes nothing on the host.

It is the installed program if that is recent enough, else one unpacked from the distribution's packages, and runs from
a copy of `asterisk_config/` with ports and passwords of its own.
"""

import asyncio
import random
import re
import resource
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import aiohttp

from callcenter import debian
from callcenter.asterisk.run_directory import BLOCK, LOOPBACK, Parameters, Program, lay_out
from callcenter.debian import Progress
from callcenter.errors import AsteriskError

OLDEST = 18
"""The oldest major version that is used."""

BOOT_S = 60.0
STOP_S = 10.0
LONGEST_RUN_DIR = 90
"""A Unix socket's path has at most 107 bytes."""

TAIL_LINES = 20

BLOCKS = range(10_000, 32_000, BLOCK)
"""Below the ports that Linux hands out by itself."""


async def program(cache: Path, progress: Progress) -> Program:
    """The installed Asterisk if it is of 18 or later, else one unpacked under `cache`."""
    installed = shutil.which("asterisk") or shutil.which("asterisk", path="/usr/sbin:/usr/local/sbin")
    if installed and await _major_version(installed) >= OLDEST:
        return Program(command=(installed,))
    tree = await debian.bring(debian.ASTERISK, cache, progress)
    modules = next(tree.root.glob("usr/lib/*/asterisk/modules"), tree.root / "usr/lib/asterisk/modules")
    return Program(
        command=tuple(tree.command("usr/sbin/asterisk")),
        modules=modules,
        data=tree.root / "usr/share/asterisk",
    )


async def _major_version(path: str) -> int:
    found = re.match(r"Asterisk (?:certified/)?(\d+)", await _output(path, "-V"))
    return int(found[1]) if found else 0


class PrivateAsterisk:
    """One instance; `start` after `stop` or `kill` brings it back with the same ports and passwords.

    Start it on a thread that lives as long as it should: when that thread ends, or the whole process, Linux kills
    Asterisk too, unless `outlive` is set.
    """

    ari_username = "callcenter"
    sip_host = LOOPBACK
    phone_user = "phone"
    person_user = "person"

    def __init__(
        self,
        cache: Path,
        run_dir: Path | None = None,
        *,
        outlive: bool = False,
        certificate: Path | None = None,
        progress: Progress = lambda _: None,
    ) -> None:
        """Claim ports. A `run_dir` of one's own is kept by `close`, and gives back the parameters of an earlier run.

        With a `certificate`, a PEM file with its key, ARI and the media WebSockets are at a port with TLS.
        """
        self.run_dir = run_dir.absolute() if run_dir else Path(tempfile.mkdtemp(prefix="callcenter-asterisk-"))
        if len(str(self.run_dir)) > LONGEST_RUN_DIR:
            raise AsteriskError(f"{self.run_dir} is too long a path for Asterisk's socket; choose a shorter directory")
        self._temporary = run_dir is None
        self._cache = cache
        self._outlive = outlive
        self._progress = progress
        earlier = Parameters.load(self.run_dir)
        self._claim, block = claim_ports(earlier.block if earlier else None)
        parameters = earlier or Parameters(block=block)
        self.parameters = replace(parameters, block=block, certificate=str(certificate or ""))
        self._program: Program | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def ari_url(self) -> str:
        """Of the REST interface, without a closing slash."""
        return self.parameters.ari_url

    @property
    def ari_password(self) -> str:
        """Of `ari_username`."""
        return self.parameters.ari_password

    @property
    def websocket_port(self) -> int:
        """Of the daemon, where this Asterisk connects to with WebSockets."""
        return self.parameters.websocket_port

    @property
    def sip_port(self) -> int:
        """UDP."""
        return self.parameters.sip_port

    @property
    def phone_password(self) -> str:
        """Of `phone_user`, who calls."""
        return self.parameters.phone_password

    @property
    def person_password(self) -> str:
        """Of `person_user`, who takes transferred calls."""
        return self.parameters.person_password

    @property
    def log(self) -> Path:
        """What Asterisk writes down."""
        return self.run_dir / "log/messages.log"

    @property
    def pid(self) -> int | None:
        """Of the process, while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def start(self) -> None:
        """Start, and return when ARI answers and SIP is ready. Raises AsteriskError with the end of the log."""
        if self.pid:
            return
        self._program = self._program or await program(self._cache, self._progress)
        await asyncio.to_thread(lay_out, self.run_dir, self.parameters, self._program)
        with (self.run_dir / "log/console.log").open("wb") as console:
            self._process = self._spawn([*control(self._program, self.run_dir), "-f", "-n"], console)
        try:
            async with asyncio.timeout(BOOT_S):
                await self._booted(self._process)
        except TimeoutError:
            await self.kill()
            raise AsteriskError(f"Asterisk was not ready after {BOOT_S:.0f} s\n{self._tail()}") from None
        except BaseException:
            await self.kill()
            raise

    def _spawn(self, command: Sequence[str], output: IO[bytes]) -> subprocess.Popen[bytes]:
        files = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 65_536)
        mortal = [] if self._outlive else ["setpriv", "--pdeathsig", "KILL"]
        return subprocess.Popen(
            [*mortal, "prlimit", f"--nofile={files}", *command],
            cwd=self.run_dir,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C at the terminal is for us alone
            pass_fds=[self._claim.fileno()],
        )

    async def _booted(self, process: subprocess.Popen[bytes]) -> None:
        ping = f"{self.parameters.plain_ari_url}/asterisk/ping?api_key={self.ari_username}:{self.ari_password}"
        async with aiohttp.ClientSession() as session:
            while True:
                if process.poll() is not None:
                    raise AsteriskError(f"Asterisk ended with status {process.returncode}\n{self._tail()}")
                with suppress(aiohttp.ClientError):
                    async with session.get(ping) as response:
                        if response.status == 200:
                            break
                await asyncio.sleep(0.05)
        await self.command("core waitfullybooted")

    async def command(self, text: str) -> str:
        """What Asterisk's command line answers to `text`, such as `core show channels concise`."""
        self._program = self._program or await program(self._cache, self._progress)
        return await command(self._program, self.run_dir, text)

    async def stop(self) -> None:
        """End it in order, its calls too."""
        if self._process and self._process.poll() is None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(self._process.wait, STOP_S)
        await self.kill()

    async def kill(self) -> None:
        """End it at once, as a crash would."""
        if self._process:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)

    async def close(self) -> None:
        """Stop, give the ports back, and remove the run directory if it was made for this instance."""
        await self.stop()
        self._claim.close()
        if self._temporary:
            await asyncio.to_thread(shutil.rmtree, self.run_dir, ignore_errors=True)

    def leave(self) -> None:
        """Let go of one that outlives this process."""
        self._claim.close()

    def _tail(self) -> str:
        logs = [path for path in (self.run_dir / "log/console.log", self.log) if path.is_file()]
        lines = [line for path in logs for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]
        return "\n".join(lines[-TAIL_LINES:])


def claim_ports(preferred: int | None = None) -> tuple[socket.socket, int]:
    """A block of free ports, and the socket that marks it as taken while anybody holds it, in any process.

    Asterisk inherits the socket, so a block stays taken as long as either lives.
    """
    blocks = random.sample(BLOCKS, len(BLOCKS))
    for block in [preferred, *blocks] if preferred else blocks:
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0callcenter-asterisk-{block}")
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sip, socket.socket() as http:
                http.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                sip.bind((LOOPBACK, block))
                http.bind((LOOPBACK, block + 1))
        except OSError:
            claim.close()
        else:
            return claim, block
    raise AsteriskError(f"none of the UDP ports {BLOCKS.start} to {BLOCKS.stop} is free")


async def command(found: Program, run_dir: Path, text: str) -> str:
    """What the command line of the instance in `run_dir` answers to `text`. Raises AsteriskError if it does not run."""
    return await _output(*control(found, run_dir), "-rx", text)


def control(found: Program, run_dir: Path) -> list[str]:
    """How to reach the instance in `run_dir`; what it should do follows."""
    return [*found.command, "-C", str(run_dir / "etc/asterisk.conf")]


async def _output(*command: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    text = output.decode(errors="replace")
    if process.returncode:
        raise AsteriskError(text.strip() or f"{command[0]} ended with status {process.returncode}")
    return text
