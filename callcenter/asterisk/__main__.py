"""`scripts/asterisk`: a private Asterisk that goes on running, for use from a shell."""

import argparse
import asyncio
import os
import shlex
import sys
from pathlib import Path

import psutil

from callcenter.asterisk.private import PrivateAsterisk, command, control, program
from callcenter.asterisk.run_directory import Parameters, write_passwords
from callcenter.config import load
from callcenter.errors import AsteriskError, CallCenterError

STOP_S = 15.0


def main() -> int:
    """Do what the command line says; returns the exit status."""
    try:
        arguments = _parser().parse_args()
        return asyncio.run(_do(arguments.action, arguments))
    except CallCenterError as error:
        print(f"asterisk: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    paths = load().paths
    parser = argparse.ArgumentParser(prog="scripts/asterisk", description="A private Asterisk on loopback ports.")
    parser.add_argument("--run-dir", type=Path, default=paths.state / "asterisk", help="where it keeps its files")
    parser.set_defaults(cache=paths.cache)
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("bring", help="unpack Asterisk, unless it is installed or there already")
    actions.add_parser("start", help="start it and leave it running")
    actions.add_parser("stop", help="end it")
    actions.add_parser("status", help="say whether it runs")
    actions.add_parser("config", help="print what points `callcenter run` at it, for eval")
    cli = actions.add_parser("cli", help="a command for Asterisk's own command line, or a session there without one")
    cli.add_argument("words", nargs=argparse.REMAINDER, metavar="WORD", help="such as: core show channels")
    passwords = actions.add_parser("passwords", help="write the two password files of a configuration folder")
    passwords.add_argument("folder", type=Path)
    return parser


async def _do(action: str, arguments: argparse.Namespace) -> int:
    run_dir, cache = arguments.run_dir, arguments.cache
    match action:
        case "bring":
            await program(cache, _progress)
        case "start":
            await _start(run_dir, cache)
        case "stop":
            await asyncio.to_thread(_stop, run_dir)
        case "status":
            return await _status(run_dir, cache)
        case "config":
            print(_exports(_known(run_dir)))
        case "passwords":
            write_passwords(arguments.folder, Parameters(block=0))
        case "cli" if arguments.words:
            print(await command(await program(cache, _progress), run_dir, " ".join(arguments.words)), end="")
        case "cli":
            session = [*control(await program(cache, _progress), run_dir), "-rvvv"]
            os.execv(session[0], session)
    return 0


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


async def _start(run_dir: Path, cache: Path) -> None:
    if _process(run_dir):
        _progress("it runs already")
        return
    asterisk = PrivateAsterisk(cache, run_dir, outlive=True, progress=_progress)
    await asterisk.start()
    asterisk.leave()
    print(f"Asterisk runs as process {asterisk.pid}; phones at {asterisk.sip_host}:{asterisk.sip_port}/udp:")
    parameters = asterisk.parameters
    print(f"  {asterisk.phone_user} (dials 9000)    password {parameters.phone_password}")
    print(f"  {asterisk.person_user} (takes transfers) password {parameters.person_password}")
    print('Point the call centre at it with: eval "$(scripts/asterisk config)"')


def _stop(run_dir: Path) -> None:
    process = _process(run_dir)
    if not process:
        _progress("it does not run")
        return
    process.terminate()
    try:
        process.wait(STOP_S)
    except psutil.TimeoutExpired:
        process.kill()


async def _status(run_dir: Path, cache: Path) -> int:
    process = _process(run_dir)
    if not process:
        print("not running")
        return 1
    print(f"running as process {process.pid} in {run_dir}, ARI at {_known(run_dir).ari_url}")
    print(await command(await program(cache, _progress), run_dir, "core show channels count"), end="")
    return 0


def _process(run_dir: Path) -> psutil.Process | None:
    """The Asterisk that runs in `run_dir`, which has named itself there."""
    try:
        process = psutil.Process(int((run_dir / "asterisk.pid").read_text()))
        return process if str(run_dir / "etc/asterisk.conf") in process.cmdline() else None
    except (FileNotFoundError, ValueError, psutil.Error):
        return None


def _known(run_dir: Path) -> Parameters:
    parameters = Parameters.load(run_dir)
    if not parameters:
        raise AsteriskError(f"none was started in {run_dir}; start one with scripts/asterisk start")
    return parameters


def _exports(parameters: Parameters) -> str:
    variables = {
        "URL": parameters.ari_url,
        "USERNAME": PrivateAsterisk.ari_username,
        "PASSWORD": parameters.ari_password,
    }
    return "\n".join(f"export CALLCENTER_ASTERISK__{name}={shlex.quote(value)}" for name, value in variables.items())


if __name__ == "__main__":
    sys.exit(main())
