"""What the doctor looks at, and what is said of it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from callcenter.config import Settings
from callcenter.errors import CallCenterError, innermost

LONGEST_S = 60.0
"""Bringing up a database or a model takes seconds; what takes longer than this never comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of one check."""

    name: str
    ok: bool
    found: str
    advice: str = ""
    """What to do, when it is not ok."""


class Ailment(Exception):  # noqa: N818 - a finding, not a fault of ours
    """What a check has found, by which it knows what to do better than in general."""

    def __init__(self, found: str, advice: str) -> None:
        self.advice = advice
        super().__init__(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that is looked at."""

    name: str
    find: Callable[[Settings], Awaitable[str]]
    """Says what is there. Raises CallCenterError, or Ailment, when it is not well."""
    advice: str
    longest_s: float = LONGEST_S

    async def finding(self, settings: Settings) -> Finding:
        """What comes of it, within `longest_s`."""
        try:
            async with asyncio.timeout(self.longest_s):
                return Finding(name=self.name, ok=True, found=await self.find(settings))
        except TimeoutError:
            return self._ill(f"no answer within {self.longest_s:g} s", self.advice)
        except (Ailment, CallCenterError, ExceptionGroup) as error:
            reason = innermost(error)
            match reason:
                case Ailment():
                    return self._ill(str(reason), reason.advice)
                case CallCenterError():
                    return self._ill(str(reason), self.advice)
            raise

    def _ill(self, found: str, advice: str) -> Finding:
        return Finding(name=self.name, ok=False, found=found, advice=advice)
