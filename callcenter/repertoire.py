"""What calls can be about, and in whose voice: the flows that the settings name."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from callcenter.config import Dialogue, Hearing, Settings, Talking
from callcenter.dialogue.check import load_checked
from callcenter.dialogue.flow import Flow
from callcenter.errors import ConfigurationError
from callcenter.speech.voice import VoiceName

ENGLISH_ONLY = ".en"
"""What the name of a Whisper model ends in that knows no other language."""

OPENAI = "coral"
DEEPGRAM = {
    "en": "aura-2-thalia-en",
    "es": "aura-2-celeste-es",
    "fr": "aura-2-agathe-fr",
    "de": "aura-2-viktoria-de",
    "it": "aura-2-livia-it",
    "nl": "aura-2-rhea-nl",
}


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
    if read.language != "en" and "whisper" in hearing.recognisers and hearing.model.endswith(ENGLISH_ONLY):
        raise ConfigurationError(
            f"[hearing] model: {hearing.model} knows English only, and the flow {read.name} is in {read.language}; "
            "name a multilingual one, such as base"
        )
    return read


def voices(flow: Flow, talking: Talking) -> tuple[VoiceName, ...]:
    """The flow's own, else its language's in `[talking] voices`, else Piper's for English, espeak-ng's for the others.

    Of several the first speaks, and the next when it fails. Where the flow's own is that of a cloud, its language's are
    next. Raises ConfigurationError when the flow names none of the engine's, and it has none for the language.
    """
    listed = tuple(map(VoiceName.parse, talking.voices.get(flow.language, ())))
    if flow.voice:
        own = VoiceName(engine=flow.voice.engine, name=flow.voice.name or _usual(flow, talking))
        others = tuple(name for name in listed if name != own)
        return (own, *others) if own.elsewhere else (own,)
    if listed:
        return tuple(dict.fromkeys(listed))
    if flow.language == "en":
        return (VoiceName(engine="piper", name=talking.voice),)
    return (VoiceName(engine="espeak", name=flow.language),)


def _usual(flow: Flow, talking: Talking) -> str:
    """The voice of the flow's engine where it names none."""
    usual: dict[str, Mapping[str, str]] = {
        "piper": {flow.language: talking.voice},
        "espeak": {flow.language: flow.language},
        "openai": {flow.language: OPENAI},
        "deepgram": DEEPGRAM,
    }
    engine = flow.voice.engine if flow.voice else ""
    if flow.language not in usual[engine]:
        raise ConfigurationError(f"voice.name of the flow {flow.name}: {engine} has no usual voice for {flow.language}")
    return usual[engine][flow.language]


def asks(flow: Flow) -> tuple[str, ...]:
    """The services that the flow looks things up at, each once: `http://host:port`."""
    urls = [state.do.fetch.url for state in flow.states.values() if state.do and state.do.fetch]
    parts = [urlsplit(url) for url in urls]
    return tuple(dict.fromkeys(f"{part.scheme}://{part.netloc}" for part in parts))
