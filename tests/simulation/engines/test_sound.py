"""Programs that speak into a file, and those that fail to."""

import sys

import numpy as np
import pytest

from callcenter.errors import SimulationError
from callcenter.simulation.engines.sound import spoken_by

STEREO = """
import sys, wave
with wave.open(sys.argv[-1], "wb") as file:
    file.setparams((2, 2, 16000, 0, "NONE", ""))
    file.writeframes(bytes((0, 64, 0, 32)) * int(sys.argv[1]))
"""


def program(code: str) -> list[str]:
    return [sys.executable, "-I", "-c", code]


async def test_what_a_program_writes_is_read_with_its_channels_mixed() -> None:
    sound = await spoken_by("it", program(STEREO), "160")
    assert sound.rate == 16000
    assert np.array_equal(sound.samples, np.full(160, 0.375, np.float32))


async def test_a_program_gets_its_environment() -> None:
    code = "import os, sys; sys.exit(os.environ['RHVOICE_DATA_PATH'])"
    with pytest.raises(SimulationError, match="it did not speak: /the/data"):
        await spoken_by("it", program(code), environment={"RHVOICE_DATA_PATH": "/the/data"})


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import sys; sys.exit('no such voice')", "it did not speak: no such voice"),
        ("import os; os.kill(os.getpid(), 11)", "it did not speak: it ended with status -11"),
        ("pass", "it did not speak: it ended with status 0"),
        ("import sys; open(sys.argv[-1], 'w').write('no sound')", "it wrote no sound: file does not start with RIFF"),
        ("import sys; open(sys.argv[-1], 'w')", "it wrote no sound: "),
    ],
    ids=["complains", "crashes", "says nothing", "writes something else", "writes nothing"],
)
async def test_programs_that_do_not_speak(code: str, says: str) -> None:
    with pytest.raises(SimulationError, match=says):
        await spoken_by("it", program(code))
