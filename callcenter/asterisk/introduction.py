"""A first word with Asterisk, before anything that takes long: whether it is there, and lets us in."""

import asyncio

import structlog

from callcenter.asterisk.ari import REFUSED, Ari
from callcenter.config import Asterisk
from callcenter.errors import AriError, AsteriskError

log = structlog.get_logger()

PATIENCE_S = 1.0
"""The start waits no longer for an Asterisk that is silent; whether it lets us in is then seen at the event stream."""


async def introduced(settings: Asterisk) -> None:
    """Say who we are, and the log which Asterisk it is, or why there is none: that may pass, and is no error.

    Raises AriError when it refuses user or password, ConfigurationError for a CA's certificate that is none.
    """
    async with Ari(settings) as ari:
        try:
            async with asyncio.timeout(PATIENCE_S):
                log.info("= asterisk", version=await ari.version())
        except TimeoutError:
            _not_there(f"ARI at {settings.url} did not answer within {PATIENCE_S:g} s: does asterisk.url lead to it?")
        except AsteriskError as error:
            if isinstance(error, AriError) and error.status in REFUSED:
                raise
            _not_there(str(error))


def _not_there(reason: str) -> None:
    log.warning("! asterisk", error=reason, meaning="it is tried again until it lets us in")
