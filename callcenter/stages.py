"""The stages of an answer, from the end of the caller's sound to the first sound that the agent makes."""

from collections.abc import Mapping

STAGES: Mapping[str, str] = {
    "endpoint": "blue",
    "recognise": "magenta",
    "queue": "red",
    "think": "yellow",
    "voice": "green",
    "wire": "cyan",
}
"""In the order in which they follow each other, with the colours that they have on a terminal."""
