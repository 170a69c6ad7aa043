"""Programs from the distribution's packages: real apt and dpkg, on a small package mirror made here."""

import asyncio
import os
import platform
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from callcenter import debian
from callcenter.apt import host_sources
from callcenter.debian import Bundle, Tree
from callcenter.errors import MissingPartError

HELLO = Bundle(name="hello", packages=("hello",), megabytes=1)
CONTROL = """Package: {name}
Version: {version}
Architecture: {architecture}
Maintainer: nobody <nobody@example.com>
Description: for a test
{more}"""


def package(
    folder: Path, name: str, version: str, files: dict[str, str], *, more: str = "", component: str = "main"
) -> None:
    """Build a .deb of `files` into the mirror at `folder`."""
    tree = folder / f"{name}-tree"
    for path, text in files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)
    (tree / "DEBIAN").mkdir()
    fields = CONTROL.format(name=name, version=version, architecture=architecture(), more=more)
    (tree / "DEBIAN/control").write_text(fields)
    archive = folder / f"{name}.deb"
    subprocess.run(["dpkg-deb", "--build", "--root-owner-group", tree, archive], check=True, capture_output=True)
    sha = subprocess.run(["sha256sum", archive], check=True, capture_output=True, text=True).stdout.split()[0]
    with index(folder, component).open("a") as packages:
        packages.write(f"{fields}Filename: {name}.deb\nSize: {archive.stat().st_size}\nSHA256: {sha}\n\n")


def architecture() -> str:
    command = ["dpkg", "--print-architecture"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def index(folder: Path, component: str) -> Path:
    codename = platform.freedesktop_os_release()["VERSION_CODENAME"]
    path = folder / f"dists/{codename}/{component}/binary-{architecture()}/Packages"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    """An apt configuration directory that knows a mirror of two packages, one needed by the other."""
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    package(mirror, "libc6", "2.40-1", {f"usr/lib/{platform.machine()}-linux-gnu/ld-linux.so.2": "the loader"})
    package(mirror, "hello-data", "1.0", {"usr/share/hello/words": "good day"})
    package(mirror, "hello", "1:1.0-1", {"usr/bin/hello": "the program"}, more="Depends: hello-data\n")
    etc = tmp_path / "etc"
    (etc / "sources.list.d").mkdir(parents=True)
    codename = platform.freedesktop_os_release()["VERSION_CODENAME"]
    (etc / "sources.list").write_text(f"deb [trusted=yes] copy:{mirror} {codename} main\n")
    return etc


async def test_packages_come_with_what_they_depend_on_and_stay(etc: Path, tmp_path: Path) -> None:
    told: list[str] = []
    tree = await debian.bring(HELLO, tmp_path / "cache", told.append, etc=etc)
    assert (tree.root / "usr/share/hello/words").read_text() == "good day"
    assert tree.versions == {"hello": "1:1.0-1", "hello-data": "1.0", "libc6": "2.40-1"}
    assert "hello: downloading 3 packages, 0 MB" in told
    assert tree.root.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == sorted([tree.root.name, "hello.lock"])
    told.clear()
    assert await debian.bring(HELLO, tmp_path / "cache", told.append, etc=Path("/nowhere")) == tree
    assert told == []


async def test_a_program_is_started_through_the_loader_of_its_tree(etc: Path, tmp_path: Path) -> None:
    tree = await debian.bring(HELLO, tmp_path / "cache", print, etc=etc)
    libraries = tree.root / f"usr/lib/{platform.machine()}-linux-gnu"
    program = tree.root / "usr/bin/hello"
    assert tree.command("usr/bin/hello") == [
        str(libraries / "ld-linux.so.2"),
        "--library-path",
        f"{libraries}:{tree.root}/usr/lib:{tree.root}/lib",
        str(program),
    ]
    with pytest.raises(MissingPartError, match="usr/bin/goodbye is not there; remove"):
        tree.command("usr/bin/goodbye")


async def test_two_at_once_bring_it_once(etc: Path, tmp_path: Path) -> None:
    told: list[str] = []
    async with asyncio.TaskGroup() as tasks:
        both = [tasks.create_task(debian.bring(HELLO, tmp_path / "cache", told.append, etc=etc)) for _ in range(2)]
    assert both[0].result() == both[1].result()
    assert told.count("hello: unpacking") == 1
    assert told.count("hello: another process is bringing it, waiting") == 1


async def test_an_interrupted_one_leaves_nothing_half_done(etc: Path, tmp_path: Path) -> None:
    def interrupt(line: str) -> None:
        if "unpacking" in line:
            raise KeyError(line)

    with pytest.raises(KeyError):
        await debian.bring(HELLO, tmp_path / "cache", interrupt, etc=etc)
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["hello.lock"]
    assert (await debian.bring(HELLO, tmp_path / "cache", print, etc=etc)).complete


async def test_what_a_killed_one_left_is_replaced(etc: Path, tmp_path: Path) -> None:
    left = tmp_path / "cache/.hello-unfinished/tree/usr/bin"
    left.mkdir(parents=True)
    (left / "hello").write_text("half a prog")
    tree = await debian.bring(HELLO, tmp_path / "cache", print, etc=etc)
    assert (tree.root / "usr/bin/hello").read_text() == "the program"


async def test_a_package_that_is_not_what_the_mirror_says_is_refused(etc: Path, tmp_path: Path) -> None:
    with (tmp_path / "mirror/hello.deb").open("r+b") as archive:
        archive.seek(-1, os.SEEK_END)
        archive.write(b"?")
    with pytest.raises(MissingPartError, match="the download was cut short"):
        await debian.bring(HELLO, tmp_path / "cache", print, etc=etc)


async def test_an_unreachable_mirror_is_said_with_what_to_do(etc: Path, tmp_path: Path) -> None:
    (tmp_path / "mirror").rename(tmp_path / "gone")
    with pytest.raises(MissingPartError, match=r"could not be had .*check the network, or install hello yourself"):
        await debian.bring(HELLO, tmp_path / "cache", print, etc=etc)


async def test_an_unknown_package_is_said(etc: Path, tmp_path: Path) -> None:
    unknown = Bundle(name="unknown", packages=("no-such-thing",), megabytes=1)
    with pytest.raises(MissingPartError, match="install no-such-thing yourself"):
        await debian.bring(unknown, tmp_path / "cache", print, etc=etc)


async def test_only_a_bundle_that_says_so_takes_what_is_not_free(etc: Path, tmp_path: Path) -> None:
    component = {"debian": "non-free", "ubuntu": "multiverse"}[platform.freedesktop_os_release()["ID"]]
    package(tmp_path / "mirror", "bonjour", "2.0", {"usr/share/bonjour/words": "bonjour"}, component=component)
    bonjour = Bundle(name="bonjour", packages=("bonjour",), megabytes=1)
    with pytest.raises(MissingPartError, match="install bonjour yourself"):
        await debian.bring(bonjour, tmp_path / "cache", print, etc=etc)
    tree = await debian.bring(replace(bonjour, components=("non-free",)), tmp_path / "cache", print, etc=etc)
    assert (tree.root / "usr/share/bonjour/words").read_text() == "bonjour"


async def test_a_host_without_sources_is_said(tmp_path: Path) -> None:
    with pytest.raises(MissingPartError, match="apt knows no package source"):
        await debian.bring(HELLO, tmp_path / "cache", print, etc=tmp_path)


async def test_a_host_without_apt_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingPartError, match="no apt-get on this machine; install hello yourself"):
        await debian.bring(HELLO, tmp_path / "cache", print)


async def test_a_full_disk_is_said(etc: Path, tmp_path: Path) -> None:
    huge = Bundle(name="huge", packages=("hello",), megabytes=10**9)
    with pytest.raises(MissingPartError, match=r"huge needs 1000000000 MB in .*; free some room there"):
        await debian.bring(huge, tmp_path / "cache", print, etc=etc)


async def test_a_cache_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file in its place")
    with pytest.raises(MissingPartError, match=r"hello cannot be kept in .*cache: File exists"):
        await debian.bring(HELLO, tmp_path / "cache", print)


def test_a_tree_without_a_c_library_is_said(tmp_path: Path) -> None:
    (tmp_path / "usr/bin").mkdir(parents=True)
    (tmp_path / "usr/bin/hello").touch()
    with pytest.raises(MissingPartError, match="has no C library"):
        Tree(tmp_path).command("usr/bin/hello")


def test_sources_of_both_formats_are_found(tmp_path: Path) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").write_text("deb http://example.com/debian bookworm main\n")
    (tmp_path / "sources.list.d/more.sources").write_text(
        "Types: deb\nURIs: http://example.org/debian\nSuites: bookworm-updates\nComponents: main\n"
    )
    (tmp_path / "sources.list.d/old.sources.disabled").write_text("Types: deb\nURIs: http://example.net/\n")
    assert [source.uris for source in host_sources(tmp_path)] == [
        ("http://example.com/debian",),
        ("http://example.org/debian",),
    ]
