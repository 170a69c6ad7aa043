"""Who PostgreSQL's programs run as. They refuse to run as root, and no user is made for them.

Root enters a user namespace where it goes by another number and owns the same files; where the host refuses that, they
run as nobody, and the files are given to nobody. Everyone else runs them directly.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from callcenter.errors import StoreError

NOBODY = 65534
_UNSHARE = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")
_LIMIT_S = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account and how to run a program as it."""

    prefix: tuple[str, ...] = ()
    switch: bool = False
    """Become nobody."""

    @property
    def number(self) -> int:
        """The owner that its files must have."""
        return NOBODY if self.switch else os.geteuid()

    def run(self, program: Path, *arguments: str) -> None:
        """Run to the end. Raises StoreError with the program's last words when it fails or takes too long."""
        who = {"user": NOBODY, "group": NOBODY, "extra_groups": ()} if self.switch else {}
        try:
            done = subprocess.run(  # type: ignore[call-overload]
                [*self.prefix, str(program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=_LIMIT_S,
                text=True,
                cwd="/",
                start_new_session=True,
                **who,
            )
        except subprocess.TimeoutExpired as error:
            raise StoreError(f"{program.name} was not done after {_LIMIT_S} s") from error
        except OSError as error:
            raise StoreError(f"{program} cannot be run: {error.strerror}.{self._advice}") from error
        if done.returncode:
            words = done.stdout.strip().splitlines()[-3:]
            raise StoreError(f"{program.name} failed: {' '.join(words)}.{self._advice}")

    @property
    def _advice(self) -> str:
        return " Set database.url, or run as an ordinary user" if self.switch else ""

    def own(self, directory: Path) -> None:
        """Give `directory` and what is in it to the account, where root has run it otherwise before."""
        if os.geteuid() == 0 and directory.stat().st_uid != self.number:
            for path in (*directory.rglob("*"), directory):
                os.chown(path, self.number, self.number, follow_symlinks=False)


def find(*, unshare: bool = True) -> Account:
    """The account for this process; `unshare=False` is for a host that refuses user namespaces."""
    if os.geteuid() != 0:
        return Account()
    if unshare and _succeeds(*_UNSHARE, "true"):
        return Account(prefix=_UNSHARE)
    return Account(switch=True)


def _succeeds(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False
