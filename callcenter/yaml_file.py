"""YAML files read into validated models; a mistake is reported with its file and line."""

import re
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from callcenter.errors import FileError

Model = TypeVar("Model", bound=BaseModel)

_HINT = "; within {} and [] quote text that has a comma, a colon or a question mark"
BOOLEAN = "tag:yaml.org,2002:bool"


class Loader(yaml.SafeLoader):
    """Reads `on`, `off`, `yes` and `no` as the words they are, as YAML 1.2 does; PyYAML's own makes them booleans."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != BOOLEAN]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver(BOOLEAN, re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


class Part(BaseModel):
    """A mapping in a file. A key that it does not know is an error that lists those it knows."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _only_known_keys(cls, content: Any) -> Any:
        if not isinstance(content, dict):
            return content
        keys = [field.alias or name for name, field in cls.model_fields.items()]
        allowed = ", ".join(keys)
        unknown = [
            InitErrorDetails(
                type=PydanticCustomError("unknown_key", "not known here; allowed are {allowed}", {"allowed": allowed}),
                loc=(str(key),),
                input=value,
            )
            for key, value in content.items()
            if key not in keys
        ]
        if unknown:
            raise ValidationError.from_exception_data(cls.__name__, unknown)
        return content


def load(path: Path, model: type[Model]) -> Model:
    """Read `path` and validate it as `model`.

    Raises FileError naming the file, the line and what is allowed; of several mistakes all are in its text,
    one to a line, and the error's line is that of the first.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise FileError(path, None, error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise FileError(path, None, f"not UTF-8: {error.reason} at byte {error.start}") from error
    try:
        tree, content = _read(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        hint = _HINT if str(error.problem).startswith("expected ','") else ""
        raise FileError(path, mark.line + 1 if mark else None, f"not YAML: {error.problem}{hint}") from error
    except yaml.YAMLError as error:
        raise FileError(path, None, f"not YAML: {error}") from error
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise _with_lines(path, tree, error) from error


def _read(text: str) -> tuple[yaml.Node | None, Any]:
    """The tree, which knows its lines, and what is made of it: to parse takes nine tenths of the time."""
    loader = Loader(text)
    try:
        tree = loader.get_single_node()
        return tree, None if tree is None else loader.construct_document(tree)
    finally:
        loader.dispose()


def _with_lines(path: Path, tree: yaml.Node | None, error: ValidationError) -> FileError:
    mistakes = sorted((line_of(tree, item["loc"]), _sentence(item["loc"], item["msg"])) for item in error.errors())
    first, message = mistakes[0]
    rest = "".join(f"\n{path}:{line}: {sentence}" for line, sentence in mistakes[1:])
    return FileError(path, first, message + rest)


def _sentence(location: tuple[int | str, ...], message: str) -> str:
    where = ".".join(str(part) for part in location)
    return f"{where}: {message}" if where else message


def line_of(tree: yaml.Node | None, location: tuple[int | str, ...]) -> int:
    """The 1-based line of the deepest node of `tree` that `location` (keys and indexes) leads to."""
    node, line = tree, 1
    if tree is not None:
        line = tree.start_mark.line + 1
    for part in location:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == str(part)]
            if not found:
                continue  # a union's tag in the location, or a key that is missing
            key, node = found[-1]  # the last one holds, also over those that `<<` has brought
            line = key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line
