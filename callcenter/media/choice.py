"""Which way the sound of a call takes: as the dialplan says, else as the settings say for the number, else for all."""

from collections.abc import Mapping

import structlog

from callcenter.config import Media
from callcenter.media.line_choice import DIALPLAN, Kind, LineChoice

log = structlog.get_logger()

KINDS: Mapping[str, Kind] = {
    "rtp": "rtp",
    "audiosocket": "audiosocket",
    "websocket": "websocket",
    "audiosocket-dialplan": DIALPLAN,
}
RATES = {"8000": 8000, "16000": 16_000}
NARROW = {"rtp", DIALPLAN}
"""Of 8 kHz only: what is sent to Asterisk as RTP of 16 kHz it drops, and AudioSocket() asks for 8."""


def chosen(media: Media, did: str, arguments: Mapping[str, str]) -> LineChoice:
    """The line of a call to `did` with these arguments of Stasis(), by name.

    A caller whose dialplan asks for what there is not gets the line of the settings, and the log says so.
    """
    own = media.by_did.get(did)
    usual = LineChoice(
        kind=(own and own.line) or media.line,
        rate=(own and own.rate) or media.rate,
        codec=(own and own.codec) or media.codec,
    )
    kind = arguments.get("line") or usual.kind
    rate = arguments.get("rate") or ("8000" if kind in NARROW else str(usual.rate))
    if kind not in KINDS or rate not in RATES or (kind in NARROW and rate != "8000"):
        log.error("! line", line=kind, rate=rate, instead=usual.kind, known=[*KINDS], narrow=sorted(NARROW))
        return usual
    return LineChoice(kind=KINDS[kind], rate=RATES[rate], codec=usual.codec)


def kinds(media: Media) -> set[Kind]:
    """Those of the lines that the settings name."""
    return {media.line, *(number.line for number in media.by_did.values() if number.line)}


def rates(media: Media) -> list[int]:
    """Those of the lines that calls may get, the narrowest first."""
    own = [number.rate for number in media.by_did.values() if number.rate]
    return sorted({media.rate, *own, *media.dialplan_rates})
