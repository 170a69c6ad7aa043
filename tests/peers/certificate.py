"""Certificates of this machine's own."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

NEW = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certified:
    """A server's certificate, as a CA of its own signs it."""

    server: Path
    """With its key."""
    authority: Path
    """The CA's certificate."""


def self_signed(folder: Path) -> Path:
    """One of 127.0.0.1 and localhost for two days, with its key in the same file."""
    return _made(folder, "both", "127.0.0.1", ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"])


def of_own_authority(folder: Path, name: str = "IP:127.0.0.1") -> Certified:
    """One of `name` for two days, by a CA that nobody knows."""
    authority = _made(folder, "authority", "an authority", [])
    by = ["-CA", str(authority), "-CAkey", str(authority), "-addext", f"subjectAltName={name}"]
    return Certified(server=_made(folder, "server", "asterisk", by), authority=folder / "authority.crt")


def _made(folder: Path, name: str, subject: str, arguments: list[str]) -> Path:
    """`name`.pem with both of `name`.crt and `name`.key."""
    key, certificate, both = (folder / f"{name}.{kind}" for kind in ("key", "crt", "pem"))
    command = [*NEW.split(), "-subj", f"/CN={subject}", "-keyout", str(key), "-out", str(certificate), *arguments]
    subprocess.run(command, check=True, capture_output=True)
    both.write_text(key.read_text() + certificate.read_text())
    return both
