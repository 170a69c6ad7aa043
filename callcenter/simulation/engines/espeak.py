"""espeak-ng: any language, with the sound of a machine."""

import asyncio
import re
import tempfile

from callcenter import debian
from callcenter.errors import SimulationError
from callcenter.simulation.engines.engine import Speech, Supply
from callcenter.simulation.engines.sound import Sound, spoken_by

WORDS_PER_MINUTE = 160


async def speak(speech: Speech, supply: Supply) -> Sound:
    """An `Engine`."""
    command, tree = await supply.program("espeak-ng", debian.VOICES)
    if tree:
        data = next(tree.root.glob("usr/lib/*/espeak-ng-data"), tree.root)
        command = [*command, f"--path={data.parent}"]
    if speech.voice.lower().partition("+")[0] not in await _voices(command):
        # It would speak in its usual voice without a word of complaint.
        raise SimulationError(f"espeak-ng has no voice {speech.voice!r}; `espeak-ng --voices` lists them")
    speed = str(round(WORDS_PER_MINUTE / speech.stretch))
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as text:
        text.write(speech.text)
        text.flush()
        return await spoken_by("espeak-ng", command, "-v", speech.voice, "-s", speed, "-f", text.name, "-w")


async def _voices(command: list[str]) -> set[str]:
    process = await asyncio.create_subprocess_exec(*command, "--voices", stdout=asyncio.subprocess.PIPE)
    listed, _ = await process.communicate()
    return set(re.findall(r"[\w-]+", listed.decode(errors="replace").lower()))
