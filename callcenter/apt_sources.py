"""Where apt takes packages from: a host's own sources, read from its files and turned into what a bundle needs."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A stanza of apt's sources: where packages come from."""

    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    options: tuple[tuple[str, str], ...] = ()
    """Such as `Signed-By`, with continuation lines kept."""

    def stanza(self) -> str:
        """In deb822 format."""
        fields = [
            ("Types", "deb"),
            ("URIs", " ".join(self.uris)),
            ("Suites", " ".join(self.suites)),
            ("Components", " ".join(self.components)),
            *self.options,
        ]
        return "".join(f"{name}: {value}\n" for name, value in fields)


LONG_NAMES = {"arch": "Architectures", "lang": "Languages", "target": "Targets"}
"""Options that deb822 stanzas call otherwise than one-line sources."""

FIELD = re.compile(r"^(\S+?):[ \t]*(.*\n?(?:[ \t].*\n?)*)", re.MULTILINE)


def parse_list(text: str) -> list[Source]:
    """The binary sources of a one-line-style `.list` file."""
    found = []
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)\s*([^#]*)", line)
        if match:
            options, uri, suite, components = match.groups(default="")
            pairs = (option.partition("=") for option in options.split())
            found.append(
                Source(
                    uris=(uri,),
                    suites=(suite,),
                    components=tuple(components.split()),
                    options=tuple(
                        (LONG_NAMES.get(key, key.title()), value.replace(",", " ")) for key, _, value in pairs
                    ),
                )
            )
    return found


def parse_sources(text: str) -> list[Source]:
    """The enabled binary sources of a deb822-style `.sources` file."""
    text = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))
    found = []
    for paragraph in re.split(r"\n\s*\n", text):
        fields = {key.lower(): value.rstrip() for key, value in FIELD.findall(paragraph)}
        if "deb" in fields.pop("types", "").split() and fields.pop("enabled", "yes") != "no":
            uris, suites, components = (tuple(fields.pop(key, "").split()) for key in ("uris", "suites", "components"))
            options = tuple((key.title(), value) for key, value in fields.items() if not key.startswith("x-"))
            found.append(Source(uris=uris, suites=suites, components=components, options=options))
    return found


COMPONENTS = {"debian": ("main",), "ubuntu": ("main", "universe")}
"""What every bundle may be taken from. Ubuntu keeps Asterisk and flite in `universe`, which a host may not use."""

UBUNTU_NAMES = {"non-free": "multiverse"}
"""Ubuntu's names of Debian's other components."""


def wanted(
    sources: Sequence[Source], release: Mapping[str, str], suite: str, further: Sequence[str] = ()
) -> list[Source]:
    """The distribution's own sources among a host's, turned to `suite` on Debian if it is not empty.

    `release` is the content of os-release, `further` are components by Debian's names, which a host may not use either.
    """
    system = release.get("ID", "")
    names_here = UBUNTU_NAMES if system == "ubuntu" else {}
    components = (*COMPONENTS.get(system, ("main",)), *(names_here.get(name, name) for name in further))
    names = {release.get(key, "") for key in ("VERSION_CODENAME", "DEBIAN_CODENAME", "UBUNTU_CODENAME")} - {""}
    names |= {"stable", "testing", "unstable", "sid"} if system == "debian" else set()
    ours = {name + pocket for name in names for pocket in ("", "-updates", "-security")}
    found = []
    for source in sources:
        suites = tuple(name for name in source.suites if name.rstrip("/") in ours)
        if not suites or "main" not in source.components:
            continue
        if suite and system == "debian":
            if names.intersection(suites):
                found.append(replace(source, suites=(suite,), components=components))
        else:
            found.append(replace(source, suites=suites, components=components))
    return found
