"""A host's package sources, in both formats, and what is taken from them."""

import pytest

from callcenter.apt_sources import Source, parse_list, parse_sources, wanted

DEBIAN = {"ID": "debian", "VERSION_CODENAME": "bookworm"}
UBUNTU = {"ID": "ubuntu", "VERSION_CODENAME": "noble", "UBUNTU_CODENAME": "noble"}
MIRROR = "http://mirror.example.com/debian"


def source(uri: str, suites: str, components: str = "main", **options: str) -> Source:
    return Source(
        uris=(uri,),
        suites=tuple(suites.split()),
        components=tuple(components.split()),
        options=tuple((key.replace("_", "-"), value) for key, value in options.items()),
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"deb {MIRROR} bookworm main", [source(MIRROR, "bookworm")]),
        (f"  deb   {MIRROR}   bookworm  main contrib  # ours", [source(MIRROR, "bookworm", "main contrib")]),
        (
            f"deb [arch=amd64,arm64 signed-by=/keys/a.gpg] {MIRROR} bookworm main",
            [source(MIRROR, "bookworm", Architectures="amd64 arm64", Signed_By="/keys/a.gpg")],
        ),
        (f"deb [ trusted=yes ] {MIRROR} ./", [source(MIRROR, "./", "", Trusted="yes")]),
        (f"deb-src {MIRROR} bookworm main", []),
        (f"# deb {MIRROR} bookworm main", []),
        ("", []),
    ],
)
def test_one_line_sources(line: str, expected: list[Source]) -> None:
    assert parse_list(line + "\n") == expected


STANZAS = f"""# made by the installer
Types: deb deb-src
# a comment between fields
URIs: {MIRROR}
Suites: bookworm bookworm-updates
Components: main
Signed-By: /keys/a.gpg

Types: deb-src
URIs: {MIRROR}
Suites: bookworm
Components: main

types: deb
uris: http://other.example.com/debian
suites: bookworm
components: main
enabled: no

Types: deb
URIs: http://inline.example.com/debian
Suites: bookworm
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBF
 -----END PGP PUBLIC KEY BLOCK-----
"""


def test_stanzas() -> None:
    first, second = parse_sources(STANZAS)
    assert first == source(MIRROR, "bookworm bookworm-updates", Signed_By="/keys/a.gpg")
    assert second.uris == ("http://inline.example.com/debian",)
    key = "\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBF\n -----END PGP PUBLIC KEY BLOCK-----"
    assert second.options == (("Signed-By", key),)


def test_a_stanza_is_read_as_it_is_written() -> None:
    for found in parse_sources(STANZAS):
        assert parse_sources(found.stanza()) == [found]


@pytest.mark.parametrize(
    ("release", "suite", "host", "expected"),
    [
        pytest.param(
            DEBIAN,
            "",
            [source(MIRROR, "bookworm bookworm-updates bookworm-backports", "main contrib")],
            [source(MIRROR, "bookworm bookworm-updates")],
            id="the host's own suites",
        ),
        pytest.param(
            DEBIAN,
            "sid",
            [source(MIRROR, "bookworm bookworm-updates"), source("http://mirror.example.com/s", "bookworm-security")],
            [source(MIRROR, "sid")],
            id="sid from the same mirror, which the security mirror does not have",
        ),
        pytest.param(
            DEBIAN, "sid", [source(MIRROR, "stable")], [source(MIRROR, "sid")], id="a host that follows stable"
        ),
        pytest.param(
            UBUNTU,
            "sid",
            [source("http://u.example.com/ubuntu", "noble noble-security")],
            [source("http://u.example.com/ubuntu", "noble noble-security", "main universe")],
            id="Ubuntu has its own Asterisk, in universe",
        ),
        pytest.param(
            DEBIAN,
            "",
            [source("http://vendor.example.com/apt", "cloud-sdk-bookworm"), source(MIRROR, "bookworm", "contrib")],
            [],
            id="a vendor's",
        ),
    ],
)
def test_what_is_taken(release: dict[str, str], suite: str, host: list[Source], expected: list[Source]) -> None:
    assert wanted(host, release, suite) == expected


@pytest.mark.parametrize(
    ("release", "suite", "components"),
    [
        pytest.param(DEBIAN, "", "main non-free", id="Debian"),
        pytest.param(DEBIAN, "sid", "main non-free", id="Debian's sid"),
        pytest.param({**UBUNTU, "VERSION_CODENAME": "bookworm"}, "", "main universe multiverse", id="Ubuntu"),
    ],
)
def test_further_components_that_a_host_does_not_use(release: dict[str, str], suite: str, components: str) -> None:
    host = [source(MIRROR, "bookworm")]
    assert wanted(host, release, suite, ("non-free",)) == [source(MIRROR, suite or "bookworm", components)]
