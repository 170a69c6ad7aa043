"""Programs from the distribution's own packages, without root and without installing anything.

apt downloads with a state, a cache and a list of sources of its own, so that the host's are only read; the packages
and all they depend on, the C library included, are unpacked into one tree under the user's cache. A program in it is
started through the tree's own loader, and so does not care which release the host is.
"""

import asyncio
import fcntl
import hashlib
import json
import platform
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

from callcenter import apt_sources, config
from callcenter.apt import Apt, host_sources, run
from callcenter.apt_sources import Source
from callcenter.errors import CallCenterError, MissingPartError

Progress = Callable[[str], None]

LAYOUT = 1
"""Raised when a tree is laid out in another way, so that older ones are not used."""

STAMP = "packages.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Packages that are brought together."""

    name: str
    packages: tuple[str, ...]
    debian_suite: str = ""
    """The suite to take them from on Debian; by default the host's own."""
    components: tuple[str, ...] = ()
    """What they are taken from besides the free part, by Debian's names, such as `non-free`."""
    megabytes: int
    """What it needs on disk while it is brought."""


ASTERISK = Bundle(name="asterisk", packages=("asterisk",), debian_suite="sid", megabytes=450)
"""Debian 12 and 13 ship no Asterisk; sid does."""

VOICES = Bundle(name="voices", packages=("flite", "espeak-ng"), megabytes=150)
"""Simulated callers who speak English, or another language badly."""

PICO = Bundle(name="pico", packages=("libttspico-utils",), components=("non-free",), megabytes=150)
"""Simulated callers who speak French, Spanish, German or Italian. Only the library and its data are used, but their own
packages may take other names. The licence is Apache-2.0; the data have no source, and so are in non-free."""

RHVOICE = Bundle(
    name="rhvoice", packages=("rhvoice", "rhvoice-brazilian-portuguese"), components=("non-free",), megabytes=250
)
"""Simulated callers who speak Portuguese. With a voice named, apt leaves out the English ones (34 MB). The program is
GPL-3 and this voice CC BY-SA 4.0; other languages' voices may not be used for profit, and so it is all in non-free."""


@dataclass(frozen=True, slots=True)
class Tree:
    """Unpacked packages."""

    root: Path

    @property
    def complete(self) -> bool:
        """Whether it is there; a tree takes its name only once it is whole."""
        return (self.root / STAMP).is_file()

    @property
    def versions(self) -> dict[str, str]:
        """The version of each package in it."""
        content: dict[str, str] = json.loads((self.root / STAMP).read_text(encoding="utf-8"))
        return content

    def command(self, program: str) -> list[str]:
        """How to start `program`, a path inside the tree such as `usr/sbin/asterisk`; arguments follow it."""
        path = self.root / program
        if not path.is_file():
            raise MissingPartError(f"{path} is not there; remove {self.root} and try again")
        loaders = sorted(self.root.glob("usr/lib/*/ld-linux*.so.*")) or sorted(self.root.glob("lib/*/ld-linux*.so.*"))
        if not loaders:
            raise MissingPartError(f"{self.root} has no C library; remove it and try again")
        return [str(loaders[0]), "--library-path", ":".join(map(str, self.libraries())), str(path)]

    def libraries(self) -> list[Path]:
        """The folders that hold its shared libraries."""
        parents = [self.root / "usr/lib", self.root / "lib"]
        folders = [path for parent in parents for path in sorted(parent.glob("*-linux-gnu*"))]
        private = {library.parent for folder in folders for library in folder.glob("*/lib*.so*")}
        return folders + parents + sorted(private)


async def bring(bundle: Bundle, cache: Path, progress: Progress, *, etc: Path = Path("/etc/apt")) -> Tree:
    """The tree of `bundle` under `cache`, brought there if it is not yet from the mirror that `etc` configures.

    Raises MissingPartError when there is no apt, no network or no room, with what to do.
    """
    tree = Tree(cache / f"{bundle.name}-{_recipe(bundle)}")
    if tree.complete:
        return tree
    try:
        await asyncio.to_thread(cache.mkdir, parents=True, exist_ok=True)
        async with _alone(cache / f"{bundle.name}.lock", bundle, progress):
            if not tree.complete:
                await _bring(bundle, tree, progress, host_sources(etc))
    except OSError as error:
        raise MissingPartError(f"{bundle.name} cannot be kept in {cache}: {error.strerror}") from error
    return tree


def _recipe(bundle: Bundle) -> str:
    release = platform.freedesktop_os_release()
    system = (release.get("ID"), release.get("VERSION_ID"), platform.machine())
    parts = (LAYOUT, bundle.packages, bundle.debian_suite, *system)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


@asynccontextmanager
async def _alone(lock: Path, bundle: Bundle, progress: Progress) -> AsyncIterator[None]:
    """Hold a lock that processes share; one that dies lets go of it."""
    with lock.open("w") as file:
        waiting = False
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not waiting:
                    progress(f"{bundle.name}: another process is bringing it, waiting")
                waiting = True
                await asyncio.sleep(0.2)
        yield


async def _bring(bundle: Bundle, tree: Tree, progress: Progress, host: Sequence[Source]) -> None:
    for program in ("apt-get", "dpkg-deb"):
        if not shutil.which(program):
            raise MissingPartError(
                f"there is no {program} on this machine; install {' and '.join(bundle.packages)} yourself"
            )
    if shutil.disk_usage(tree.root.parent).free < bundle.megabytes * 1_000_000:
        raise MissingPartError(f"{bundle.name} needs {bundle.megabytes} MB in {tree.root.parent}; free some room there")
    work = tree.root.parent / f".{bundle.name}-unfinished"
    await asyncio.to_thread(shutil.rmtree, work, ignore_errors=True)
    work.mkdir(mode=0o700)
    try:
        apt = Apt(work)
        archives = await _downloaded(bundle, apt, progress, host)
        unpacked = Tree(work / "tree")
        unpacked.root.mkdir()
        await _unpacked(bundle, archives, unpacked.root, progress)
        versions = dict(unquote(path.stem).split("_")[:2] for path in archives)
        (unpacked.root / STAMP).write_text(json.dumps(versions, indent=1), encoding="utf-8")
        unpacked.root.chmod(0o700)  # as root, packages keep their set-user-id programs: nobody else may come near
        unpacked.root.rename(tree.root)
    finally:
        await asyncio.to_thread(shutil.rmtree, work, ignore_errors=True)


async def _downloaded(bundle: Bundle, apt: Apt, progress: Progress, host: Sequence[Source]) -> list[Path]:
    """The archives of all packages of `bundle` and of what they depend on."""
    release = platform.freedesktop_os_release()
    sources = apt_sources.wanted(host, release, bundle.debian_suite, bundle.components)
    if not sources:
        raise MissingPartError(f"apt knows no package source of {release.get('PRETTY_NAME', 'this system')}")
    packages = (*bundle.packages, "libc6")
    progress(f"{bundle.name}: reading the list of packages")
    report = await apt.update(sources)
    plan = await apt.plan(packages)
    if not plan and "NO_PUBKEY" in report:
        progress(f"{bundle.name}: bringing the current signing keys")
        keyring = await _current_keys(apt, apt_sources.wanted(host, release, ""))
        report = await apt.update([replace(source, options=(("Signed-By", str(keyring)),)) for source in sources])
        plan = await apt.plan(packages)
    if not plan:
        raise MissingPartError(_unavailable(bundle, report))
    megabytes = sum(plan.values()) / 1_000_000
    progress(f"{bundle.name}: downloading {len(plan)} packages, {megabytes:.0f} MB")
    archives = await apt.download(packages, lambda part: progress(f"{bundle.name}: {part} % of {megabytes:.0f} MB"))
    if len(archives) < len(plan):
        raise MissingPartError(f"apt downloaded only {len(archives)} of the {len(plan)} packages of {bundle.name}")
    return archives


def _unavailable(bundle: Bundle, report: str) -> str:
    reasons = [line[3:] for line in report.splitlines() if line.startswith(("E: ", "W: "))]
    reason = f" ({reasons[0]})" if reasons else ""
    return (
        f"the packages of {bundle.name} could not be had from this machine's package mirror{reason}; "
        f"check the network, or install {' and '.join(bundle.packages)} yourself"
    )


async def _current_keys(apt: Apt, own: Sequence[Source]) -> Path:
    """Debian's current signing keys, out of the host's own release, which the host's keys vouch for.

    An older host may not know the keys that sid is signed with.
    """
    await apt.update(own)
    folder = apt.work / "keys"
    for archive in await apt.download(("debian-archive-keyring",), lambda _: None):
        await run("dpkg-deb", "-x", str(archive), str(folder))
    return folder / "usr/share/keyrings/debian-archive-keyring.gpg"


async def _unpacked(bundle: Bundle, archives: Sequence[Path], root: Path, progress: Progress) -> None:
    progress(f"{bundle.name}: unpacking")
    for archive in archives:
        status, report = await run("dpkg-deb", "-x", str(archive), str(root))
        if status:
            raise MissingPartError(f"{archive.name} could not be unpacked into {root.parent}: {report.strip()}")


def main(arguments: Sequence[str]) -> int:
    """Bring the bundles named in `arguments`; returns the exit status."""
    bundles = {bundle.name: bundle for bundle in (ASTERISK, VOICES, PICO, RHVOICE)}
    try:
        cache = config.load().paths.cache
        for name in arguments:
            asyncio.run(bring(bundles[name], cache, lambda line: print(line, file=sys.stderr, flush=True)))
    except CallCenterError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
