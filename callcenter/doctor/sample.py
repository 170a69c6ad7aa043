"""What clouds are examined with: speech, and their SDKs."""

import asyncio
from collections.abc import Mapping, Sequence

from pydantic import SecretStr

from callcenter import openai_client
from callcenter.config import Settings
from callcenter.doctor.finding import Ailment
from callcenter.errors import CallCenterError, innermost
from callcenter.media.pcm import NARROWBAND, Clip
from callcenter.speech import voices
from callcenter.speech.cloud.deepgram_client import DeepgramClient
from callcenter.speech.voice import VoiceName

TEXT = "1, 2, 3, 4, 5."
"""Every voice can say it, and every recogniser knows a word of it."""
SILENCE_S = 0.3
"""Before and after it, as in a call."""
PATIENCE_S = 10.0
"""Longer than calls wait: so what is slow is told from what is dead."""
NOWHERE = "http://127.0.0.1:1"


class Equipment:
    """Got ready once, by whoever comes first, while the others wait: nobody's work is taken for a cloud's slowness."""

    def __init__(
        self, spoken: Mapping[str, Sequence[VoiceName]], sdks: frozenset[str], patience_s: float = PATIENCE_S
    ) -> None:
        """`spoken` are voices by language; `sdks` those that will be used, of `openai` and `deepgram`; whoever is asked
        may take `patience_s`."""
        self.patience_s = patience_s
        self._spoken = spoken
        self._sdks = sdks
        self._lock = asyncio.Lock()
        self._ready = False
        self._clips: dict[str, Clip] = {}
        self._reasons: list[str] = []

    @property
    def voices(self) -> list[VoiceName]:
        """Those of all languages, each once."""
        return list(dict.fromkeys(name for names in self._spoken.values() for name in names))

    async def samples(self, settings: Settings) -> Mapping[str, Clip]:
        """`TEXT` in each language. Raises Ailment where no voice can say it."""
        await self.ready(settings)
        if self._reasons:
            raise Ailment(
                f"there is no speech to try it with: {'; '.join(self._reasons)}", "run `apt install espeak-ng`"
            )
        return self._clips

    async def ready(self, settings: Settings) -> None:
        """Have all that there is to be had. Takes seconds."""
        async with self._lock:
            if not self._ready:
                await self._load(settings)
                for language, names in self._spoken.items():
                    await self._say(language, in_order(language, names, settings.talking.voice), settings)
                self._ready = True

    async def _load(self, settings: Settings) -> None:
        if "openai" in self._sdks:
            async with openai_client.opened(NOWHERE, SecretStr("")):
                pass
        if "deepgram" in self._sdks:
            client = DeepgramClient(settings.deepgram)
            try:
                await client.ready()
            finally:
                await client.close()

    async def _say(self, language: str, names: Sequence[VoiceName], settings: Settings) -> None:
        """In the first voice that can."""
        reasons = []
        for name in names:
            try:
                async with asyncio.timeout(PATIENCE_S), voices.opened(name, voices.Sources.of(settings)) as voice:
                    clip = await voice.render(TEXT, NARROWBAND)
            except TimeoutError:
                reasons.append(f"{name} did not answer within {PATIENCE_S:g} s")
            except (CallCenterError, ExceptionGroup) as error:
                if not isinstance(reason := innermost(error), CallCenterError):
                    raise
                reasons.append(str(reason))
            else:
                silence = bytes(2 * round(SILENCE_S * NARROWBAND))
                self._clips[language] = Clip(text=TEXT, pcm=silence + clip.pcm + silence, rate=NARROWBAND)
                return
        self._reasons += reasons


def in_order(language: str, names: Sequence[VoiceName], piper: str) -> list[VoiceName]:
    """Who is asked to say it: the voices of this machine that calls have, those that it may have, then the clouds'."""
    usual = [VoiceName(engine="espeak", name=language)]
    if language == "en":
        usual.append(VoiceName(engine="piper", name=piper))
    here = [name for name in names if not name.elsewhere]
    elsewhere = [name for name in names if name.elsewhere]
    return list(dict.fromkeys([*here, *usual, *elsewhere]))
