"""Which engine speaks which language, and with which voices."""

from typing import Literal, get_args

EngineName = Literal["flite", "espeak", "piper", "pico", "rhvoice"]

VOICES: dict[EngineName, dict[str, str]] = {
    "flite": dict.fromkeys(("rms", "awb", "awb_time", "kal", "kal16", "slt"), "en"),
    "pico": {"en-US": "en", "en-GB": "en", "de-DE": "de", "es-ES": "es", "fr-FR": "fr", "it-IT": "it"},
    "rhvoice": {"letícia-f123": "pt"},
}
"""The voices of the engines that have only these, each with its language; the first of a language is its usual one.

espeak-ng has a voice for any language, and with Piper one may have any model.
"""

USUAL: dict[str, EngineName] = {
    "en": "flite",
    "de": "pico",
    "es": "pico",
    "fr": "pico",
    "it": "pico",
    "pt": "rhvoice",
}
"""The engine for callers who name none; espeak-ng for other languages.

Over the shipped personas' lines Whisper base at 8 kHz got .6 to .9 of espeak-ng's French, Spanish and Portuguese words
wrong, .38 of Pico's French, .11 of its Spanish, .12 of RHVoice's Portuguese.
"""


def usual_engine(language: str) -> EngineName:
    """The engine of a caller for whom none is named; `language` is such as `fr` or `pt-BR`."""
    return USUAL.get(_without_region(language), "espeak")


def usual_voice(engine: EngineName, language: str) -> str:
    """The voice of a caller for whom none is named."""
    match engine:
        case "espeak":
            return language.lower()
        case "piper":
            return "joe-us"
    names = [name for name, spoken in VOICES[engine].items() if spoken == _without_region(language)]
    return language if language in names else names[0]


def no_such_language(engine: EngineName, language: str) -> str | None:
    """What to say when the engine does not speak `language`."""
    if _speaks(engine, language):
        return None
    able = [name for name in get_args(EngineName) if _speaks(name, language)]
    spoken = ", ".join(sorted(set(VOICES[engine].values())))
    return f"{engine} speaks only {spoken}, not {language!r}; allowed are {', '.join(able)}"


def no_such_voice(engine: EngineName, voice: str) -> str | None:
    """What to say when the engine has no voice of that name; it may be of another language than its caller's."""
    if engine not in VOICES or voice in VOICES[engine]:
        return None
    return f"{engine} has no voice {voice!r}; allowed are {', '.join(sorted(VOICES[engine]))}"


def _speaks(engine: EngineName, language: str) -> bool:
    return engine not in VOICES or _without_region(language) in VOICES[engine].values()


def _without_region(language: str) -> str:
    return language.partition("-")[0]
