"""A certificate of this machine's own."""

import subprocess
from pathlib import Path


def self_signed(folder: Path) -> Path:
    """One of 127.0.0.1 and localhost for two days, with its key in the same file."""
    path = folder / "both.pem"
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1"
    names = ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command.split(), *names], check=True, capture_output=True)
    path.write_text(key.read_text() + certificate.read_text())
    return path
