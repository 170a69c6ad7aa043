"""What is wrong with settings, told with its place and what may stand there."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from callcenter.config.media import LineOfNumber
from callcenter.config.providers import Price
from callcenter.config.section import PREFIX, Section
from callcenter.errors import ConfigurationError, FileError


def explained(
    error: ValidationError, known: Mapping[str, FieldInfo], path: Path | None, text: str
) -> ConfigurationError:
    """The first mistake and its place, in the TOML `text` of `path` or the environment; `known` are the sections."""
    first = error.errors()[0]
    keys = [str(part) for part in first["loc"] if part != "[key]"]
    message = f"{first['msg']}{_allowed(keys, known)}"
    if path and _is_in(tomllib.loads(text), keys):
        return FileError(path, _line(text, keys), f"{'.'.join(keys)}: {message}")
    return ConfigurationError(f"environment: {PREFIX}{'__'.join(keys).upper()}: {message}")


def _is_in(content: dict[str, Any], keys: list[str]) -> bool:
    section = content.get(keys[0])
    return (len(keys) == 1 and keys[0] in content) or (isinstance(section, dict) and keys[1] in section)


def _allowed(keys: list[str], known: Mapping[str, FieldInfo]) -> str:
    """What stands in the place of an unknown key."""
    section = known.get(keys[0])
    if section is None:
        return f"; the sections are {', '.join(known)}"
    model = section.annotation
    if keys[0] == "prices" and len(keys) > 2 and keys[2] not in Price.model_fields:
        return f"; a price has {', '.join(Price.model_fields)}"
    if keys[:2] == ["media", "by_did"] and len(keys) > 3 and keys[3] not in LineOfNumber.model_fields:
        return f"; a number has {', '.join(LineOfNumber.model_fields)}"
    if len(keys) > 1 and isinstance(model, type) and issubclass(model, Section) and keys[1] not in model.model_fields:
        return f"; [{keys[0]}] knows {', '.join(model.model_fields)}"
    return ""


def _line(text: str, keys: list[str]) -> int | None:
    """The 1-based line of what `keys` lead to in TOML `text`, else of its table; tomllib keeps no positions."""
    table: list[str] = []
    line_of_table = None
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[([^\[\]]+)\]", line):
            table = _path(header[1])
            line_of_table = number if table == keys[: len(table)] else line_of_table
        elif assigned := re.match(r"\s*([\w.\"-]+)\s*=", line):
            path = table + _path(assigned[1])
            if path == keys[: len(path)]:
                return number
    return line_of_table


def _path(name: str) -> list[str]:
    """The parts of a TOML table's or key's name."""
    return [part.strip(' "') for part in name.split(".")]
