"""RHVoice: Brazilian Portuguese."""

import os
import tempfile

from callcenter import debian
from callcenter.errors import SimulationError
from callcenter.simulation.engines.engine import Speech, Supply
from callcenter.simulation.engines.sound import Sound, spoken_by

SLOWEST, FASTEST = 50, 200
"""Its rates in percent; it takes what lies outside for these, and says nothing."""


async def speak(speech: Speech, supply: Supply) -> Sound:
    """An `Engine`."""
    rate = round(100 / speech.stretch)
    if not SLOWEST <= rate <= FASTEST:
        raise SimulationError(
            f"rhvoice cannot speak at {rate} % of its usual tempo, which the voice's tempo and pitch together ask for; "
            f"allowed are {SLOWEST} to {FASTEST} %"
        )
    command, tree = await supply.program("RHVoice-test", debian.RHVOICE)
    environment = dict(os.environ)
    if tree:
        environment["RHVOICE_DATA_PATH"] = str(tree.root / "usr/share/RHVoice")
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as text:
        text.write(speech.text)
        text.flush()
        options = ("-p", speech.voice, "-r", str(rate), "-i", text.name, "-o")
        return await spoken_by("rhvoice", command, *options, environment=environment)
