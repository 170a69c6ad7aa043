"""The set-up scripts and the service's files: what they say when something is missing, and what they would do."""

import asyncio
import configparser
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from callcenter import config, debian
from callcenter.debian import Bundle

CHECKOUT = Path(__file__).parents[1]
SCRIPTS = [CHECKOUT / "scripts" / name for name in ("asterisk", "demo", "install", "test")] + [CHECKOUT / ".ci/run"]
PYTHONS = ("python3.11", "python3.12", "python3.13", "python3.14", "python3", "python")


def bash(line: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run `line` after scripts/environment.sh, the programs in `path` before all others."""
    environment = os.environ | ({"PATH": f"{path}:{os.environ['PATH']}"} if path else {})
    script = f'set -euo pipefail; source "{CHECKOUT}/scripts/environment.sh"; {line}'
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=environment, check=False)


def programs(folder: Path, names: tuple[str, ...], script: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return folder


@pytest.mark.parametrize("script", [*SCRIPTS, CHECKOUT / "scripts/environment.sh"], ids=lambda path: path.name)
def test_a_script_is_well_formed(script: Path) -> None:
    assert subprocess.run(["bash", "-n", script], capture_output=True, check=False).returncode == 0
    assert os.access(script, os.X_OK) == (script.suffix != ".sh")


def test_continuous_integration_runs_the_tests_and_nothing_else() -> None:
    commands = [line for line in SCRIPTS[-1].read_text().splitlines()[1:] if not line.startswith("set ")]
    assert len(commands) == 1
    assert "scripts/test" in commands[0]


def test_a_python_that_is_too_old_is_said(tmp_path: Path) -> None:
    old = programs(tmp_path, PYTHONS, '[ "$1" = -V ] && echo "Python 3.9.2" && exit\nexit 1')
    found = bash("find_python", old)
    assert found.returncode == 1
    assert found.stderr == (
        "error: Python 3.11 or later is needed, and python3.11 is Python 3.9.2; install python3.11 or later\n"
    )


def test_a_python_without_venv_is_said_with_its_package(tmp_path: Path) -> None:
    bare = programs(tmp_path, PYTHONS, 'case $2 in *ensurepip*) exit 1;; *-venv*) echo "python3.12-venv";; esac')
    found = bash("find_python", bare)
    assert found.returncode == 1
    assert found.stderr.endswith("cannot make virtual environments; install the package python3.12-venv\n")


def test_too_little_room_is_said(tmp_path: Path) -> None:
    found = bash(f"need_room 1000000000 {tmp_path}")
    assert found.returncode == 1
    assert re.search(r"has \d+ MB left and about 1000000000 MB are needed; free some room", found.stderr)


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("Failed to establish a new connection", "the package index could not be reached"),
        ("ERROR: No matching distribution found for callcenter", "the package index could not be reached"),
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("Traceback: a mistake", "this step failed: sh -c"),
    ],
)
def test_a_step_that_fails_is_explained(printed: str, expected: str) -> None:
    found = bash(f"run_step 'Installing' sh -c 'echo \"{printed}\"; exit 3'")
    assert found.returncode == 1
    assert found.stdout == ""
    assert found.stderr.startswith(f"Installing\n{printed}\nerror: {expected}")


def test_only_the_demonstration_writes_to_standard_output(tmp_path: Path) -> None:
    shutil.copytree(CHECKOUT / "scripts", tmp_path / "scripts")
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)
    programs(tmp_path / ".venv/bin", ("callcenter", "python"), 'echo "$(basename "$0") $*"')
    ready = subprocess.run(
        ["bash", "-c", f'source {tmp_path}/scripts/environment.sh; environment_sum demo > "$venv/.callcenter-demo"'],
        check=False,
    )
    assert ready.returncode == 0
    found = subprocess.run([tmp_path / "scripts/demo", "--json"], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "callcenter demo --json\n"), found.stderr
    assert found.stderr.splitlines() == [
        "callcenter models fetch",
        "python -m callcenter.asterisk bring",
        "python -m callcenter.debian voices",
    ]


def test_an_environment_is_made_again_when_what_it_is_made_from_changes(tmp_path: Path) -> None:
    shutil.copytree(CHECKOUT / "scripts", tmp_path / "scripts")
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)
    programs(tmp_path / ".venv/bin", ("python",), "exit 0")
    source = f"source {tmp_path}/scripts/environment.sh"
    line = f'{source}; environment_sum dev > "$venv/.callcenter-dev"; environment_ready demo && environment_ready dev'
    assert subprocess.run(["bash", "-c", line], check=False).returncode == 0
    with (tmp_path / "scripts/constraints.txt").open("a") as constraints:
        constraints.write("more==1.0\n")
    assert subprocess.run(["bash", "-c", f"{source}; environment_ready demo"], check=False).returncode == 1


def test_every_dependency_is_pinned() -> None:
    lines = (CHECKOUT / "scripts/constraints.txt").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.+!-]+", pin) for pin in pins)
    pinned = {normal(pin.partition("==")[0]) for pin in pins}
    assert not pinned & {"callcenter", "pip", "setuptools"}
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["piper"], *extras["simulate"], *extras["dev"]]
    names = {normal(re.split(r"[<>=\[; ]", line)[0]) for line in wanted} - {"callcenter"}
    assert names <= pinned


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def install(*arguments: str) -> list[str]:
    command = [str(CHECKOUT / "scripts/install"), *arguments]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    return found.stdout.splitlines()


def test_a_dry_run_says_all_and_does_nothing(tmp_path: Path) -> None:
    said = install("--dry-run", "--asterisk", "--root", str(tmp_path))
    assert list(tmp_path.iterdir()) == []
    assert all(line.startswith("+ ") for line in said)
    assert f"+ write {tmp_path}/etc/callcenter/credentials/asterisk_password (mode 600)" in said
    for name in ("callcenter.service", "callcenter.sysusers.conf", "callcenter.toml", "pjsip.conf"):
        assert any(f"{name} " in line for line in said), name


def test_asterisk_is_left_alone_unless_asked_for(tmp_path: Path) -> None:
    assert not [line for line in install("--dry-run", "--root", str(tmp_path)) if "/etc/asterisk" in line]


def test_a_file_of_asterisk_that_differs_is_kept_beside_the_one_that_replaces_it(tmp_path: Path) -> None:
    theirs = tmp_path / "etc/asterisk"
    shutil.copytree(CHECKOUT / "asterisk_config", theirs)
    (theirs / "pjsip.conf").write_text("; an administrator's own\n")
    said = [line for line in install("--dry-run", "--asterisk", "--root", str(tmp_path)) if ".conf" in line]
    copies = [line for line in said if line.startswith("+ cp ")]
    assert len(copies) == 1
    assert f"cp -p {theirs}/pjsip.conf {theirs}/pjsip.conf.before-callcenter-" in copies[0]
    assert not [line for line in said if "asterisk_config/ari.conf" in line], "what is the same is not touched"


@pytest.mark.parametrize(
    ("text", "speaks"),
    [
        ("", False),
        ('[dialogue]\nflow = "energy"', True),
        ('[dialogue]\nflow = "energy"\n[talking.voices]\nfr = "deepgram:aura-2-agathe-fr"', False),
        ('[talking.voices]\nen = ["openai:coral", "espeak:en-us"]', True),
    ],
    ids=["english", "french", "french-in-a-cloud", "when-a-cloud-fails"],
)
def test_espeak_is_installed_where_a_flow_may_speak_with_it(text: str, speaks: bool, tmp_path: Path) -> None:
    (tmp_path / "callcenter.toml").write_text(text)
    function = re.search(r"^speaks_espeak\(\) \{.*?^\}$", (CHECKOUT / "scripts/install").read_text(), re.M | re.S)
    assert function
    script = f'settings="{tmp_path}" program="{sys.prefix}"; {function[0]}\nspeaks_espeak'
    asked = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert (asked.returncode, asked.stderr) == (0 if speaks else 1, "")


def test_the_installed_command_has_the_secrets_of_the_service(tmp_path: Path) -> None:
    """A secret whose credential is commented out in the unit is none of the service's either."""
    command = (CHECKOUT / "systemd/callcenter.sh").read_text().replace("/etc/callcenter", str(tmp_path))
    for name, secret in (("asterisk_password", "pa$$ word"), ("openai_key", "unused")):
        (tmp_path / name).write_text(f"{secret}\n")
    (tmp_path / "secrets.env").write_text("# keys\nCALLCENTER_MODEL__KEY='sk=1'\n")
    credential = f"LoadCredential=callcenter_asterisk__password:{tmp_path}/asterisk_password"
    unit = f"{credential}\n#LoadCredential=callcenter_openai__key:{tmp_path}/openai_key"
    path = programs(tmp_path / "bin", ("id",), "echo 0")
    programs(path, ("systemctl",), f"cat << 'END'\n{unit}\nEND")
    programs(path, ("runuser",), 'echo "$@"\nenv | grep ^CALLCENTER_ | sort')
    environment = {"PATH": f"{path}:{os.environ['PATH']}"}
    ran = subprocess.run(
        ["sh", "-c", command, "callcenter", "doctor", "--json"],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert ran.stderr == ""
    assert ran.stdout.splitlines() == [
        "--preserve-environment -u callcenter -- /opt/callcenter/bin/callcenter doctor --json",
        "CALLCENTER_ASTERISK__PASSWORD=pa$$ word",
        f"CALLCENTER_CONFIG={tmp_path}/callcenter.toml",
        "CALLCENTER_MODEL__KEY=sk=1",
    ]


def test_uninstalling_keeps_what_was_recorded(tmp_path: Path) -> None:
    (tmp_path / "opt/callcenter/bin").mkdir(parents=True)
    (tmp_path / "var/lib/callcenter").mkdir(parents=True)
    install("--uninstall", "--root", str(tmp_path))
    assert not (tmp_path / "opt/callcenter").exists()
    assert (tmp_path / "var/lib/callcenter").exists()
    install("--uninstall", "--purge", "--root", str(tmp_path))
    assert not (tmp_path / "var/lib/callcenter").exists()


def unit() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.read(CHECKOUT / "systemd/callcenter.service")
    return parser["Service"]


def test_the_credential_of_the_service_is_a_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = unit()["LoadCredential"].partition(":")[0]
    (tmp_path / name).write_text("from systemd\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert config.load(CHECKOUT / "systemd/callcenter.toml").asterisk.password.get_secret_value() == "from systemd"


def test_the_service_has_time_to_drain() -> None:
    assert int(unit()["TimeoutStopSec"]) >= config.Limits().drain_s + 20


def test_the_service_may_write_where_its_settings_say() -> None:
    paths = config.load(CHECKOUT / "systemd/callcenter.toml").paths
    assert paths.state == Path("/var/lib") / unit()["StateDirectory"]
    assert paths.cache == Path("/var/cache") / unit()["CacheDirectory"]
    assert paths.control_socket.parent == Path("/run") / unit()["RuntimeDirectory"]


@pytest.mark.real
def test_systemd_rates_the_service_ok() -> None:
    analyze = ["systemd-analyze"]
    if not shutil.which("systemd-analyze"):
        systemd = Bundle(name="systemd", packages=("systemd",), megabytes=150)
        tree = asyncio.run(debian.bring(systemd, config.load().paths.cache, print))
        analyze = tree.command("usr/bin/systemd-analyze")
    found = subprocess.run(
        [*analyze, "security", "--offline=true", "--no-pager", CHECKOUT / "systemd/callcenter.service"],
        capture_output=True,
        text=True,
        check=False,
    )
    rating = re.search(r"Overall exposure level for callcenter.service: ([\d.]+) OK", found.stdout)
    assert rating, found.stdout + found.stderr
    assert float(rating[1]) < 2
