"""Settings, read once from a TOML file and the environment into frozen sections.

The file is `$CALLCENTER_CONFIG`, else the first of `./callcenter.toml`, the user's configuration directory and
`/etc/callcenter/callcenter.toml` that exists; without one the defaults hold. An environment variable wins over it:
`CALLCENTER_ASTERISK__URL` is `url` in `[asterisk]`. A secret may also be a file of that name in lower case in
systemd's credentials directory. This package is the only reader of either.
"""

import json
import os
import re
import tomllib
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from callcenter.config.media import LineOfNumber, Media
from callcenter.config.mistakes import explained
from callcenter.config.providers import Deepgram, Model, OpenAI, Price, ProviderName, Remote
from callcenter.config.section import PREFIX, Section
from callcenter.config.sections import (
    Admission,
    Asterisk,
    Database,
    Dialogue,
    Hearing,
    Limits,
    Log,
    Outbound,
    Paths,
    Phone,
    RecogniserName,
    Recording,
    Talking,
    Understanding,
)
from callcenter.errors import FileError

__all__ = [
    "Admission",
    "Asterisk",
    "Database",
    "Deepgram",
    "Dialogue",
    "Hearing",
    "Limits",
    "LineOfNumber",
    "Log",
    "Media",
    "Model",
    "OpenAI",
    "Outbound",
    "Paths",
    "Phone",
    "Price",
    "RecogniserName",
    "Recording",
    "Remote",
    "Section",
    "Settings",
    "Talking",
    "Understanding",
    "as_environment",
    "find",
    "load",
]


class Settings(BaseSettings):
    """All sections."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
    )

    asterisk: Asterisk = Asterisk()
    media: Media = Media()
    hearing: Hearing = Hearing()
    talking: Talking = Talking()
    dialogue: Dialogue = Dialogue()
    understanding: Understanding = Understanding()
    model: Model = Model()
    openai: OpenAI = OpenAI()
    deepgram: Deepgram = Deepgram()
    remote: Remote = Remote()
    prices: dict[ProviderName, Price] = {}
    """By provider: `[prices.deepgram]`, `[prices.model]`, `[prices."openai:speech"]` …; see `usage.PROVIDERS`."""
    limits: Limits = Limits()
    admission: Admission = Admission()
    recording: Recording = Recording()
    database: Database = Database()
    outbound: Outbound = Outbound()
    phone: Phone = Phone()
    paths: Paths = Paths()
    log: Log = Log()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment first, then systemd's credentials, then the file (handed over as keyword arguments)."""
        return env_settings, _Credentials(settings_cls), init_settings


class _Credentials(EnvSettingsSource):
    """The files in systemd's credentials directory, read as if each were an environment variable."""

    def _load_env_vars(self) -> dict[str, str | None]:
        directory = os.environ.get("CREDENTIALS_DIRECTORY")
        if not directory:
            return {}
        found = (path for path in Path(directory).iterdir() if path.name.startswith(PREFIX.lower()))
        return {path.name: path.read_text(encoding="utf-8").strip() for path in found}


def load(path: Path | None = None) -> Settings:
    """Read the settings, from `path` if given.

    Raises FileError (with the line) for a mistake in the file, ConfigurationError for one in the environment.
    """
    found = path or find()
    text = _read(found) if found else ""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise FileError(found or Path("-"), int(line[1]) if line else None, f"not TOML: {error}") from error
    try:
        return Settings(**content)
    except ValidationError as error:
        raise explained(error, Settings.model_fields, found, text) from error


def as_environment(settings: Settings) -> dict[str, str]:
    """The variables from which `load` reads these settings again, in another process; secrets are in clear."""
    values: dict[str, Any] = {}
    for name, section in settings:
        if isinstance(section, Section):
            values |= {f"{PREFIX}{name}__{key}".upper(): value for key, value in section}
        else:
            values[f"{PREFIX}{name}".upper()] = {key: dict(value) for key, value in section.items()}
    return {name: _in_environment(value) for name, value in values.items() if value is not None}


def find() -> Path | None:
    """The configuration file that `load` reads when none is given."""
    named = os.environ.get(PREFIX + "CONFIG")
    if named:
        return Path(named)
    places = (
        Path("callcenter.toml"),
        Path(platformdirs.user_config_dir("callcenter")) / "callcenter.toml",
        Path("/etc/callcenter/callcenter.toml"),
    )
    return next((place for place in places if place.is_file()), None)


def _in_environment(value: Any) -> str:
    match value:
        case SecretStr():
            return value.get_secret_value()
        case tuple() | dict():
            return json.dumps(value, default=dict)
        case _:
            return str(value)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise FileError(path, None, error.strerror or str(error)) from error
