"""Settings from a file, the environment and systemd's credentials."""

from pathlib import Path

import pytest

from callcenter import config
from callcenter.errors import ConfigurationError, FileError


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("CALLCENTER_")]:
        monkeypatch.delenv(name)


def written(folder: Path, text: str) -> Path:
    path = folder / "callcenter.toml"
    path.write_text(text)
    return path


def test_defaults_hold_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = config.load()
    assert settings.asterisk.app == "ai-call-center"
    assert settings.database.url.get_secret_value() == ""
    assert settings.paths.control_socket == settings.paths.state / "control.sock"


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, '[asterisk]\nurl = "http://file:1/ari"\nusername = "file"\n')
    monkeypatch.setenv("CALLCENTER_ASTERISK__URL", "http://environment:1/ari")
    settings = config.load(path)
    assert (settings.asterisk.url, settings.asterisk.username) == ("http://environment:1/ari", "file")


def test_a_credential_is_read_and_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "callcenter_asterisk__password").write_text("tell nobody\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    settings = config.load(written(tmp_path, ""))
    assert settings.asterisk.password.get_secret_value() == "tell nobody"
    assert "tell nobody" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("[asterisk]\nurl = 1\n", 2, "asterisk.url: Input should be a valid string"),
        ("\n[asterisk]\nport = 8088\n", 3, "[asterisk] knows url, username, password, app"),
        ("[astersik]\n", 1, "the sections are asterisk, media"),
        ("[limits]\nsilences = 0\n", 2, "greater than or equal to 1"),
        ("\n[media]\nrate = 16000\n", 2, 'media: Value error, rate 16000 needs line = "audiosocket" or "websocket"'),
        ("[media]\nrate = 44100\n", 2, "Input should be 8000 or 16000"),
        ("[media]\nline = 'audio'\n", 2, "'rtp', 'audiosocket' or 'websocket'"),
        ("[media]\ncodec = 'g722'\n", 2, "'ulaw', 'alaw' or 'slin'"),
        ("[media]\naudiosocket_listen = '9092'\n", 2, "String should match pattern"),
        ("[media]\naudiosocket_listen = '0.0.0.0:9092'\n", 1, "needs audiosocket_host"),
        ("[media]\nwebsocket_key = 'key.pem'\n", 1, "websocket_key needs websocket_certificate"),
        ('[media]\n[media.by_did."+33"]\nrate = 16000\n', 1, 'by_did.+33: rate 16000 needs line = "audiosocket"'),
        ('[media.by_did."+33"]\nflow = "x"\n', 2, "a number has line, rate, codec"),
        ("[log]\n\nlevel = 'loud'\n", 3, "'debug', 'info', 'warning' or 'error'"),
        ("[asterisk\n", 1, "not TOML"),
        ("\n[hearing]\npause_ms = 300\n", 2, "early_ms 200, short_pause_ms 350, pause_ms 300, long_pause_ms 1100"),
        ("[talking]\n\nvoices = {fr = 'flite:slt'}\n", 3, "talking.voices.fr.0: String should match pattern"),
        ("[talking.voices]\nes = 'espeak:es'\nfr = 'fr'\n", 3, "^(espeak|piper|openai|deepgram):.+$"),
        ("[talking]\nvoices.fr = 'fr'\n", 2, "^(espeak|piper|openai|deepgram):.+$"),
        ("[talking.voices]\nfrench = 'espeak:fr'\n", 2, "^[a-z]{2}$"),
        ("[dialogue]\npretend_it_is = '2026-11-20T09:30Z'\n", 2, "Input should not have timezone info"),
        (
            "[prices.deepgramm]\nminute = 1\n",
            1,
            "nobody of this name is paid; those who may be are deepgram, flux, openai",
        ),
        ("\n[prices]\nmodel = 5\n", 3, "prices.model: Input should be a valid dictionary"),
        ('[prices."openai:speech"]\nminutes = 1\n', 2, "a price has minute, million_characters, million_tokens_in"),
        ("[prices.model]\nmillion_tokens_in = inf\n", 2, "prices.model.million_tokens_in: Input should be a finite"),
        ("[dialogue]\nflow = 'a'\nflows = ['b', 1]\n", 3, "dialogue.flows.1: Input should be a valid string"),
    ],
)
def test_a_mistake_in_the_file_names_file_line_and_what_is_allowed(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(FileError) as caught:
        config.load(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert said in str(caught.value)


def test_a_mistake_in_the_environment_names_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLCENTER_HEARING__THREADS", "many")
    with pytest.raises(ConfigurationError, match="CALLCENTER_HEARING__THREADS"):
        config.load(written(tmp_path, ""))


def test_lists_and_tables_come_through_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        "[dialogue]\nflow = 'energy'\nflows = ['support', 'own.yaml']\npretend_it_is = 2026-11-20T09:30:00\n"
        "[talking.voices]\nfr = 'espeak:fr'\n"
        "[media]\nrate = 16000\nline = 'websocket'\ndialplan_rates = [8000]\n"
        "[media.by_did.'+33']\nline = 'audiosocket'\nrate = 8000\n"
        "[asterisk]\npassword = 'p'\n[hearing]\nrecognisers = ['flux', 'whisper']\n[prices.deepgram]\nminute = 0.006\n"
    )
    settings = config.load(written(tmp_path, text))
    for name, value in config.as_environment(settings).items():
        monkeypatch.setenv(name, value)
    again = config.load(written(tmp_path, ""))
    assert again == settings
    assert (again.dialogue.flows, again.talking.voices) == (("support", "own.yaml"), {"fr": ("espeak:fr",)})
    assert (again.hearing.recognisers, again.prices["deepgram"].minute) == (("flux", "whisper"), 0.006)


def test_a_voice_of_one_language_may_be_set_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLCENTER_TALKING__VOICES__FR", "espeak:fr-ch")
    settings = config.load(written(tmp_path, "[talking.voices]\nes = 'espeak:es'\n"))
    assert settings.talking.voices == {"es": ("espeak:es",), "fr": ("espeak:fr-ch",)}


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="No such file"):
        config.load(tmp_path / "none.toml")
