"""Where a cloud is set up, and what there is to do when it does not serve."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Any, Self
from urllib.parse import urlsplit

from callcenter.config import Settings
from callcenter.config.section import PREFIX
from callcenter.doctor.finding import Ailment

STATUS = re.compile(r"(?:status|answered) (\d{3})\b")
"""As errors of providers tell it."""


class Reason(Enum):
    """Why somebody elsewhere does not serve."""

    KEY = "the key is refused"
    LIMIT = "too much is asked"
    QUESTION = "what is asked for is not there"
    SERVER = "the server is ill"
    WAY = "there is no answer, or not that of such a server"

    @classmethod
    def of(cls, failure: str) -> Self:
        """By the HTTP status in the words of a provider's error, if any."""
        found = STATUS.search(failure)
        match int(found[1]) if found else None:
            case None:
                return cls.WAY
            case 401 | 403:
                return cls.KEY
            case 429:
                return cls.LIMIT
            case status:
                return cls.SERVER if status >= 500 else cls.QUESTION


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A section of the settings: `[openai]`, `[deepgram]`, `[remote]` or `[model]`."""

    section: str
    server: str
    """Host and port; what else the URL holds may be a secret."""
    keyed: bool
    """A key is set."""
    public: bool
    """It is the provider's own server, which serves nobody without a key."""
    wanted: str
    """Where it is said what is asked for there, such as `[openai] speech`."""

    @classmethod
    def of(cls, settings: Settings, section: str, wanted: str) -> Self:
        """That section of `settings`."""
        part: Any = getattr(settings, section)
        usual = type(part).model_fields["url"].default
        return cls(
            section=section,
            server=urlsplit(part.url).netloc.rpartition("@")[2],
            keyed=bool(part.key.get_secret_value()),
            public=part.url == usual and usual.startswith("https://"),
            wanted=wanted,
        )

    @property
    def key(self) -> str:
        """How a key is given."""
        variable = f"{PREFIX}{self.section}__key"
        return f"{variable.upper()}, or the credential {variable.lower()}"

    def demand_key(self) -> None:
        """Raise Ailment where nothing can be had without a key, and there is none."""
        if self.public and not self.keyed:
            raise Ailment(f"there is no key for {self.server}", f"set {self.key}")

    def demand_haste(self, who: str, took_s: float, limit_s: float, setting: str = "timeout_s") -> None:
        """Raise Ailment when `who` took longer than a call waits, which is said by that setting."""
        if took_s > limit_s:
            found = f"{who} answered after {took_s:.1f} s, and calls wait {limit_s:g} s"
            raise Ailment(found, f"raise [{self.section}] {setting}, or name a quicker one before it")

    def advice(self, failure: str) -> str:
        """What to do about `failure`, in a provider error's words."""
        match Reason.of(failure):
            case Reason.KEY:
                return f"{'correct' if self.keyed else 'set'} {self.key}"
            case Reason.LIMIT:
                return f"wait, or have the limits of your account at {self.server} raised"
            case Reason.QUESTION:
                return f"correct {self.wanted}, or [{self.section}] url"
            case Reason.SERVER:
                return f"wait, or ask those who run {self.server}"
            case Reason.WAY:
                return f"see that [{self.section}] url is right, and that {self.server} can be reached from here"
