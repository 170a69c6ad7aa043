"""Which engine and which voice speak for whom, and what is said of those that cannot."""

from typing import get_args

import pytest

from callcenter.simulation.engines.catalogue import (
    EngineName,
    no_such_language,
    no_such_voice,
    usual_engine,
    usual_voice,
)


@pytest.mark.parametrize(
    ("language", "engine", "voice"),
    [
        ("en", "flite", "rms"),
        ("fr", "pico", "fr-FR"),
        ("fr-CA", "pico", "fr-FR"),
        ("es", "pico", "es-ES"),
        ("de", "pico", "de-DE"),
        ("it", "pico", "it-IT"),
        ("pt", "rhvoice", "letícia-f123"),
        ("pt-BR", "rhvoice", "letícia-f123"),
        ("nl", "espeak", "nl"),
        ("sv-SE", "espeak", "sv-se"),
    ],
)
def test_usual_speaker_of_a_language(language: str, engine: EngineName, voice: str) -> None:
    assert (usual_engine(language), usual_voice(engine, language)) == (engine, voice)
    assert no_such_language(engine, language) is None


@pytest.mark.parametrize(
    ("engine", "language", "voice"),
    [
        ("pico", "en", "en-US"),
        ("pico", "en-GB", "en-GB"),
        ("pico", "en-IE", "en-US"),
        ("espeak", "pt-BR", "pt-br"),
        ("piper", "en", "joe-us"),
    ],
)
def test_usual_voice_of_another_engine(engine: EngineName, language: str, voice: str) -> None:
    assert usual_voice(engine, language) == voice


@pytest.mark.parametrize(
    ("engine", "language", "says"),
    [
        ("flite", "fr", "flite speaks only en, not 'fr'; allowed are espeak, piper, pico"),
        ("flite", "pt-BR", "flite speaks only en, not 'pt-BR'; allowed are espeak, piper, rhvoice"),
        ("pico", "pt", "pico speaks only de, en, es, fr, it, not 'pt'; allowed are espeak, piper, rhvoice"),
        ("rhvoice", "en", "rhvoice speaks only pt, not 'en'; allowed are flite, espeak, piper, pico"),
        ("pico", "sv", "pico speaks only de, en, es, fr, it, not 'sv'; allowed are espeak, piper"),
        ("pico", "fr-CA", None),
        ("espeak", "sv", None),
        ("piper", "fr", None),
    ],
)
def test_languages(engine: EngineName, language: str, says: str | None) -> None:
    assert no_such_language(engine, language) == says


@pytest.mark.parametrize(
    ("engine", "voice", "says"),
    [
        ("pico", "fr", "pico has no voice 'fr'; allowed are de-DE, en-GB, en-US, es-ES, fr-FR, it-IT"),
        ("rhvoice", "alan", "rhvoice has no voice 'alan'; allowed are letícia-f123"),
        ("pico", "en-GB", None),
        ("flite", "kal16", None),
        ("espeak", "any+f3", None),
        ("piper", "/a/voice.onnx", None),
    ],
)
def test_voices(engine: EngineName, voice: str, says: str | None) -> None:
    assert no_such_voice(engine, voice) == says


@pytest.mark.parametrize("engine", get_args(EngineName))
def test_every_usual_voice_exists(engine: EngineName) -> None:
    languages = [
        language for language in ("en", "de", "es", "fr", "it", "pt") if not no_such_language(engine, language)
    ]
    assert languages
    for language in languages:
        assert no_such_voice(engine, usual_voice(engine, language)) is None
