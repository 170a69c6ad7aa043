"""What calls can be about, and in whose voice: the flows that the settings name."""

from urllib.parse import urlsplit

from callcenter.config import Dialogue, Hearing, Settings, Talking
from callcenter.dialogue.check import load_checked
from callcenter.dialogue.flow import Flow
from callcenter.errors import ConfigurationError
from callcenter.speech.voice import VoiceName

ENGLISH_ONLY = ".en"
"""What the name of a Whisper model ends in that knows no other language."""


def flows(settings: Settings) -> dict[str, Flow]:
    """By name, the one that answers where the dialplan names none first.

    Raises FileError for a mistake in a flow file, ConfigurationError when two have the same name.
    """
    found: dict[str, Flow] = {}
    for source in sources(settings.dialogue):
        read = flow(source, settings.hearing)
        if read.name in found:
            raise ConfigurationError(f"[dialogue] flows: {source} is the second flow named {read.name}; rename one")
        found[read.name] = read
    return found


def sources(dialogue: Dialogue) -> list[str]:
    """The shipped names and paths of what is loaded, each once."""
    return list(dict.fromkeys((dialogue.flow, *dialogue.flows)))


def flow(source: str, hearing: Hearing) -> Flow:
    """A shipped flow, or that of a file, which the recogniser can be used for. Raises ConfigurationError."""
    read = load_checked(source)
    if read.language != "en" and hearing.model.endswith(ENGLISH_ONLY):
        raise ConfigurationError(
            f"[hearing] model: {hearing.model} knows English only, and the flow {read.name} is in {read.language}; "
            "name a multilingual one, such as base"
        )
    return read


def voice(flow: Flow, talking: Talking) -> VoiceName:
    """The flow's own, else its language's in `[talking] voices`, else Piper's for English, espeak-ng's for the others.

    A voice of the flow without a name is the engine's usual one.
    """
    if flow.voice:
        usual = talking.voice if flow.voice.engine == "piper" else flow.language
        return VoiceName(engine=flow.voice.engine, name=flow.voice.name or usual)
    if flow.language in talking.voices:
        return VoiceName.parse(talking.voices[flow.language][0])
    if flow.language == "en":
        return VoiceName(engine="piper", name=talking.voice)
    return VoiceName(engine="espeak", name=flow.language)


def asks(flow: Flow) -> tuple[str, ...]:
    """The services that the flow looks things up at, each once: `http://host:port`."""
    urls = [state.do.fetch.url for state in flow.states.values() if state.do and state.do.fetch]
    parts = [urlsplit(url) for url in urls]
    return tuple(dict.fromkeys(f"{part.scheme}://{part.netloc}" for part in parts))
