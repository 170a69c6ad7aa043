"""The directory that a private Asterisk runs in: the shipped configuration set with ports and passwords of its own."""

import json
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from callcenter.errors import AsteriskError, MissingPartError

LOOPBACK = "127.0.0.1"
BLOCK = 1000
"""Ports of one instance: SIP on the first, HTTP on the second, sound on those from the tenth on.

The third is where it finds a daemon that listens for WebSockets, the fourth HTTP over TLS, if that is wanted.
"""

PARAMETERS = "asterisk.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """An Asterisk that can be started."""

    command: tuple[str, ...]
    modules: Path | None = None
    """Where its modules and data are; those of an installed one are compiled in."""
    data: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The ports and passwords of one instance, kept in its run directory."""

    block: int
    """The first of its ports."""
    ari_password: str = field(default_factory=secrets.token_urlsafe, repr=False)
    phone_password: str = field(default_factory=secrets.token_urlsafe, repr=False)
    person_password: str = field(default_factory=secrets.token_urlsafe, repr=False)
    certificate: str = ""
    """The PEM file, with its key, of the HTTP server; without one it speaks no TLS."""

    @classmethod
    def load(cls, run_dir: Path) -> Self | None:
        """Those of the instance that runs, or ran, in `run_dir`."""
        path = run_dir / PARAMETERS
        return cls(**json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None

    def save(self, run_dir: Path) -> None:
        """Keep them in `run_dir`, for the owner's eyes only."""
        path = run_dir / PARAMETERS
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @property
    def ari_url(self) -> str:
        """Of the REST interface, without a closing slash; by TLS where there is a certificate."""
        return f"https://{LOOPBACK}:{self.tls_port}/ari" if self.certificate else self.plain_ari_url

    @property
    def plain_ari_url(self) -> str:
        """The same without TLS."""
        return f"http://{LOOPBACK}:{self.http_port}/ari"

    @property
    def http_port(self) -> int:
        """TCP."""
        return self.block + 1

    @property
    def tls_port(self) -> int:
        """TCP."""
        return self.block + 3

    @property
    def sip_port(self) -> int:
        """UDP."""
        return self.block

    @property
    def websocket_port(self) -> int:
        """TCP, of the daemon."""
        return self.block + 2


def lay_out(run_dir: Path, parameters: Parameters, program: Program) -> None:
    """Write an instance's configuration, and make the directories that it names."""
    run_dir.mkdir(parents=True, exist_ok=True)
    run_dir.chmod(0o700)
    for folder in ("etc", "log", "spool", "var", "cache"):
        (run_dir / folder).mkdir(exist_ok=True)
    changes = _changes(run_dir, parameters, program)
    for path in sorted(shipped().glob("*.conf")):
        text = path.read_text(encoding="utf-8")
        for old, new in changes.pop(path.name, {}).items():
            text = replaced(text, old, new, path)
        (run_dir / "etc" / path.name).write_text(text, encoding="utf-8")
    if changes:
        raise AsteriskError(f"{shipped()} lacks {', '.join(changes)}")
    write_passwords(run_dir / "etc", parameters)
    parameters.save(run_dir)


def replaced(text: str, old: str, new: str, path: Path) -> str:
    """`text` of the shipped file `path` with the one `old` made `new`. Raises AsteriskError if it is not one."""
    if text.count(old) != 1:
        raise AsteriskError(f"{path} must hold {old!r} exactly once: a private Asterisk has its own value there")
    return text.replace(old, new)


def _changes(run_dir: Path, parameters: Parameters, program: Program) -> dict[str, dict[str, str]]:
    """By file, what a private instance has in place of the shipped text."""
    first = parameters.block
    return {
        "asterisk.conf": {"[directories](!)": "[directories]\n" + _directories(run_dir, program)},
        "http.conf": {"bindport = 8088": f"bindport = {parameters.http_port}", **_tls(parameters)},
        "pjsip.conf": {"bind = 127.0.0.1:5060": f"bind = {LOOPBACK}:{parameters.sip_port}"},
        "websocket_client.conf": {"ws://127.0.0.1:9093/": f"ws://{LOOPBACK}:{parameters.websocket_port}/"},
        "rtp.conf": {
            "rtpstart = 10000": f"rtpstart = {first + 10}",
            "rtpend = 20000": f"rtpend = {first + BLOCK - 1}",
        },
    }


def _tls(parameters: Parameters) -> dict[str, str]:
    if not parameters.certificate:
        return {}
    return {
        ";tlsenable = yes": "tlsenable = yes",
        ";tlsbindaddr = 10.0.0.5:8089": f"tlsbindaddr = {LOOPBACK}:{parameters.tls_port}",
        ";tlscertfile = /etc/asterisk/keys/asterisk.crt": f"tlscertfile = {parameters.certificate}",
        ";tlsprivatekey = /etc/asterisk/keys/asterisk.key": f"tlsprivatekey = {parameters.certificate}",
    }


def _directories(run_dir: Path, program: Program) -> str:
    directories = {
        "astetcdir": run_dir / "etc",
        "astrundir": run_dir,
        "astlogdir": run_dir / "log",
        "astspooldir": run_dir / "spool",
        "astvarlibdir": run_dir / "var",
        "astdbdir": run_dir / "var",
        "astkeydir": run_dir / "var",
        "astcachedir": run_dir / "cache",
    }
    if program.modules and program.data:
        directories |= {"astmoddir": program.modules, "astdatadir": _data(run_dir, program.data)}
    return "".join(f"{name} => {path}\n" for name, path in directories.items())


def _data(run_dir: Path, data: Path) -> Path:
    """A data directory whose sounds are where Asterisk looks; the package leaves that link to its installation."""
    own = run_dir / "data"
    (own / "sounds").mkdir(parents=True, exist_ok=True)
    sounds = next((data / "sounds").glob("en_*"), data / "sounds/en")
    links = {name: data / name for name in ("documentation", "rest-api")} | {"sounds/en": sounds}
    for name, target in links.items():
        if not (own / name).is_symlink():
            (own / name).symlink_to(target)
    return own


def shipped() -> Path:
    """The configuration set: in the checkout, or inside an installed wheel."""
    package = Path(__file__).parents[1]
    places = (package.parent / "asterisk_config", package / "asterisk_config")
    found = next((place for place in places if (place / "asterisk.conf").is_file()), None)
    if not found:
        raise MissingPartError(f"there is no asterisk_config beside or inside {package}; install callcenter again")
    return found


def write_passwords(folder: Path, parameters: Parameters) -> None:
    """The two files that the shipped set includes, readable by their owner only."""
    phones = {"phone": parameters.phone_password, "person": parameters.person_password}
    contents = {
        "callcenter_ari.conf": f"[callcenter]\ntype = user\npassword = {parameters.ari_password}\n",
        "callcenter_pjsip.conf": "\n".join(
            f"[{name}-auth]\ntype = auth\nauth_type = userpass\nusername = {name}\npassword = {password}\n"
            for name, password in phones.items()
        ),
    }
    for name, text in contents.items():
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(text, encoding="utf-8")
