"""flite: English that Whisper understands nearly as well as a person's."""

from callcenter import debian
from callcenter.simulation.engines.engine import Speech, Supply
from callcenter.simulation.engines.sound import Sound, spoken_by


async def speak(speech: Speech, supply: Supply) -> Sound:
    """An `Engine`."""
    command, _ = await supply.program("flite", debian.VOICES)
    stretch = f"duration_stretch={speech.stretch:.4f}"
    return await spoken_by("flite", command, "-voice", speech.voice, "--setf", stretch, "-t", speech.text, "-o")
