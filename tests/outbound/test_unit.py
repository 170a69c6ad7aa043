"""The unit that goes on with campaigns after a reboot, beside the daemon's, and what the installation does with it."""

import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from callcenter.outbound import dialler

CHECKOUT = Path(__file__).parents[2]
UNIT = CHECKOUT / "systemd/callcenter-campaigns.service"
OWN = {"LoadCredential", "Environment", "EnvironmentFile", "User", "Group", "StateDirectory", "CacheDirectory"}


def unit(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(path)
    return parser


def test_it_comes_up_with_the_host_and_after_the_daemon() -> None:
    parsed = unit(UNIT)
    assert parsed["Install"]["WantedBy"] == "multi-user.target"
    assert "callcenter.service" in parsed["Unit"]["After"].split()
    assert parsed["Service"]["ExecStart"].endswith("/callcenter campaign")
    assert parsed["Service"]["Restart"] == "on-failure"


def test_it_has_the_daemons_settings_and_secrets_and_may_do_no_more() -> None:
    daemon, campaigns = unit(UNIT.with_name("callcenter.service"))["Service"], unit(UNIT)["Service"]
    limits = {
        name for name in daemon if name.startswith(("Protect", "Private", "Restrict", "SystemCall", "Lock", "No"))
    }
    limits = {name for name in limits if name not in ("Restart", "RestartSec", "NotifyAccess")}
    assert len(limits) > 15
    assert {name: campaigns[name] for name in OWN | limits} == {name: daemon[name] for name in OWN | limits}


def test_it_has_time_to_take_leave() -> None:
    assert int(unit(UNIT)["Service"]["TimeoutStopSec"]) >= dialler.LEAVE_S + 10


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze here")
def test_systemd_understands_it(tmp_path: Path) -> None:
    for path in (UNIT, UNIT.with_name("callcenter.service")):
        (tmp_path / path.name).write_text(path.read_text().replace("/opt/callcenter/bin/callcenter", "/bin/true"))
    command = ["systemd-analyze", "verify", "--recursive-errors=no", str(tmp_path / UNIT.name)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")


def test_it_is_installed_and_removed() -> None:
    def said(*arguments: str) -> str:
        command = [str(CHECKOUT / "scripts/install"), "--dry-run", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    target = "/etc/systemd/system/callcenter-campaigns.service"
    assert f"{UNIT} {target}" in said()
    assert "systemctl enable callcenter-campaigns" not in said(), "campaigns are begun by people"
    assert target in said("--uninstall")


def test_a_voice_is_installed_where_there_is_none(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("bash", "env", "dirname", "basename", "printf", "cmp", "date", "python3.11", "apt-get", "systemctl"):
        found = Path(sys.executable).resolve() if name.startswith("python") else shutil.which(name)
        (programs / name).symlink_to(found or "/bin/true")
    script = (CHECKOUT / "scripts/install").read_text()
    narrowed = script.replace("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", f"PATH={programs}")
    assert narrowed != script
    assert "+ apt-get install --yes --no-install-recommends espeak-ng" in run_script(tmp_path, narrowed)
    (programs / "espeak-ng").symlink_to("/bin/true")
    assert "espeak-ng" not in run_script(tmp_path, narrowed)


def run_script(folder: Path, script: str) -> str:
    """A dry run of the changed `script`."""
    scripts = folder / "scripts"
    scripts.mkdir(exist_ok=True)
    shutil.copy(CHECKOUT / "scripts/environment.sh", scripts)
    (scripts / "install").write_text(script)
    command = [shutil.which("bash") or "bash", str(scripts / "install"), "--dry-run"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    return found.stdout
