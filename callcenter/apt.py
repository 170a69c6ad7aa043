"""Debian's package tool, used with directories of its own so that the host's are only read."""

import asyncio
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from callcenter import apt_sources
from callcenter.apt_sources import Source
from callcenter.errors import MissingPartError


def host_sources(etc: Path) -> list[Source]:
    """All sources in apt's configuration directory."""
    found = []
    for path in (etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))):
        if path.suffix == ".list" and path.is_file():
            found += apt_sources.parse_list(path.read_text(encoding="utf-8"))
        elif path.suffix == ".sources":
            found += apt_sources.parse_sources(path.read_text(encoding="utf-8"))
    return found


CONFIGURATION = """
Dir::State "{work}/state";
Dir::State::Lists "{work}/state/lists";
Dir::State::Status "{work}/state/status";
Dir::Cache "{work}/cache";
Dir::Cache::Archives "{work}/cache/archives";
Dir::Log "{work}/log";
Dir::Etc::SourceList "/dev/null";
Dir::Etc::SourceParts "{work}/sources.d";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
APT::Sandbox::User "root";
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::Retries "3";
Debug::NoLocking "true";
"""


class Apt:
    """apt with a state, a cache and sources of its own under `work`; proxies, keys and passwords stay the host's."""

    def __init__(self, work: Path) -> None:
        self.work = work
        for folder in ("state/lists/partial", "cache/archives/partial", "log", "sources.d"):
            (work / folder).mkdir(parents=True)
        (work / "state/status").touch()
        (work / "apt.conf").write_text(CONFIGURATION.format(work=work), encoding="utf-8")

    async def update(self, sources: Sequence[Source]) -> str:
        """Read the lists of `sources`; the report says what could not be read."""
        stanzas = "\n".join(source.stanza() for source in sources)
        (self.work / "sources.d/own.sources").write_text(stanzas, encoding="utf-8")
        return (await self._get("update"))[1]

    async def plan(self, packages: Sequence[str]) -> dict[str, int]:
        """The files of `packages` and of what they depend on, with their sizes; empty if any is not to be had."""
        status, report = await self._get("install", "--print-uris", "-qq", "-y", *packages)
        files = re.findall(r"^'\S+' (\S+) (\d+)", report, re.MULTILINE)
        return {} if status else {name: int(size) for name, size in files}

    async def download(self, packages: Sequence[str], percent: Callable[[int], None]) -> list[Path]:
        """The archives of `packages` and of what they depend on, checked by apt; told every tenth part."""
        archives = self.work / "cache/archives"
        before = set(archives.glob("*.deb"))
        told = 0

        def tell(line: str) -> None:
            nonlocal told
            found = re.match(r"dlstatus:\d+:(\d+)", line)
            if found and int(found[1]) // 10 > told:
                told = int(found[1]) // 10
                percent(told * 10)

        options = ("--download-only", "-y", "-o", "APT::Status-Fd=1")
        status, report = await self._get("install", *options, *packages, each=tell)
        if status:
            failures = [line[3:] for line in report.splitlines() if line.startswith("E: ")]
            raise MissingPartError(f"the download was cut short, try again: {(failures or [report[-200:]])[0]}")
        return sorted(set(archives.glob("*.deb")) - before)

    async def _get(self, *arguments: str, each: Callable[[str], None] = lambda _: None) -> tuple[int, str]:
        return await run("env", "LC_ALL=C", "apt-get", "-c", str(self.work / "apt.conf"), *arguments, each=each)


async def run(*command: str, each: Callable[[str], None] = lambda _: None) -> tuple[int, str]:
    """Run to its end, handing over each line; returns the exit status and all that was printed."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout
    lines = []
    try:
        async for raw in process.stdout:
            lines.append(raw.decode(errors="replace"))
            each(lines[-1])
        return await process.wait(), "".join(lines)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
