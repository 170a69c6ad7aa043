"""Imports go one way, and a command does not wait for those of another."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "callcenter"

LEAVES = {"errors", "config", "yaml_file", "systemd", "log"}
PARTIES = {"asterisk", "media", "speech", "dialogue", "store"}

ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "config": {"errors", "usage"},
    "yaml_file": {"errors"},
    "systemd": set(),
    "breaker": set(),
    "ladder": {"breaker", "errors"},
    "openai_client": {"errors"},
    "usage": set(),
    "log": {"config"},
    "apt_sources": {"errors"},
    "apt": {"errors", "apt_sources"},
    "debian": {"errors", "config", "apt", "apt_sources"},
    "control": {"errors"},
    "asterisk": {"errors", "config", "debian"},
    "media": {"errors", "config"},
    "speech": {"breaker", "errors", "config", "debian", "ladder", "media.pcm", "openai_client"},
    "dialogue": {"breaker", "errors", "config", "ladder", "openai_client", "usage", "yaml_file"},
    "store": {"errors", "config", "usage"},
    "journal": {"control", "dialogue.brain", "store", "usage"},
    "stages": set(),
    "latency": {"stages"},
    "admission": {"config", "latency"},
    "turn": {"dialogue.brain", "media.playout", "speech.ear"},
    "attention": {"dialogue.brain", "journal", "media.playout", "speech.ear", "turn"},
    "office": {
        *("asterisk", "attention", "config", "dialogue.brain", "latency", "media", "speech", "store.records", "usage")
    },
    "speaker": {
        *LEAVES,
        *("attention", "dialogue.sentences", "journal", "media", "office", "speech.voice", "turn", "usage"),
    },
    "signals": {"asterisk", "dialogue.brain", "errors", "media.line", "turn"},
    "call": {*LEAVES, *PARTIES, "attention", "journal", "office", "signals", "speaker", "turn", "usage"},
    "repertoire": {"config", "dialogue.check", "dialogue.flow", "errors", "speech.voice"},
    "background": set(),
    "senses": {"config", "dialogue.flow", "repertoire", "speech"},
    "preparation": {
        *("dialogue.flow", "dialogue.sentences", "errors", "media.pcm", "speech.voice", "store.records", "usage"),
    },
    "local_time": set(),
    "garbage": set(),
    "refusal": {*LEAVES, "admission", "asterisk", "call", "dialogue", "journal", "media.line", "office"},
    "exchange": {*LEAVES, "asterisk", "admission", "call", "office", "outbound.passing", "refusal", "background"},
    "books": {"background", "config", "control", "latency", "store", "usage"},
    "minds": {"config", "dialogue", "enquiry", "speech.models", "speech.threads"},
    "wiring": {"asterisk", "config", "media", "office"},
    "daemon": {
        *(*LEAVES, "asterisk.introduction", "asterisk.stream", "dialogue", "media"),
        *("admission", "attention", "background", "books", "control", "exchange", "garbage", "local_time", "minds"),
        *("office", "preparation", "repertoire", "senses", "wiring"),
    },
    "enquiry": {"dialogue.brain"},
    "outbound": {*LEAVES, "asterisk", "control", "media", "repertoire", "background", "speech", "store"},
    "workshop": {"dialogue", "enquiry", "errors", "simulation"},
    "simulation": {*LEAVES, "control", "debian", "figures", "latency", "media", "speech", "stages"},
    "demo": {*LEAVES, "control", "asterisk", "local_time", "simulation"},
    "doctor": {*LEAVES, *PARTIES, "control", "line_trial", "openai_client", "outbound.endpoint", "repertoire"},
    "line_trial": {"asterisk", "config", "errors", "media"},
    "bench": {
        *(*LEAVES, *PARTIES),
        *("attention", "background", "call", "control", "demo", "garbage", "latency", "line_trial", "office"),
        *("simulation", "stages"),
    },
    "display": set(),
    "figures": {"usage"},
    "status_view": {"display", "figures", "stages", "usage"},
    "record_view": {"display", "figures", "store"},
    "transcript_view": {"display", "figures", "latency", "record_view", "stages", "store"},
    "cost_view": {"display", "figures", "store"},
    "model_view": {"display", "figures"},
    "finding_view": {"display", "doctor"},
    "whisper_questions": {"speech.wav"},
    "whisper_server": {*LEAVES, "background", "speech", "whisper_questions"},
    "commands": {
        *(*LEAVES, "bench", "control", "daemon", "demo", "dialogue", "display", "doctor", "enquiry", "local_time"),
        *("outbound", "repertoire", "simulation", "speech", "store", "whisper_server", "workshop"),
        *("cost_view", "finding_view", "model_view", "record_view", "status_view", "transcript_view"),
    },
    "cli": {"config", "errors", "log"},
    "__main__": {"cli"},
    "__init__": set(),
}

HEAVY = {
    *("aiohttp", "asyncpg", "av", "ctranslate2", "deepgram", "faster_whisper", "numpy", "onnxruntime", "openai"),
    *("pipecat", "piper", "soxr", "tokenizers"),
}
LIGHT: dict[str, set[str]] = {
    "--version": set(),
    "--help": set(),
    "status": set(),
    "models list": set(),
    "flow check investment": {"numpy"},
    "calls": {"asyncpg", "numpy"},
    "leads": {"asyncpg"},
    "costs": {"asyncpg"},
    "campaigns": {"asyncpg"},
    "dnc list": {"asyncpg"},
}
"""By command line, what of `HEAVY` it needs."""

LISTED = """
import atexit, sys
from callcenter import cli
atexit.register(lambda: print("\\n", *sys.modules))
cli.main()
"""
"""Runs a command line, and prints what has been imported on the last line."""


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imported(tree: ast.AST) -> Iterator[tuple[ast.stmt, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "callcenter":
            yield from ((node, f"callcenter.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node, node.module


def own(tree: ast.AST) -> list[tuple[ast.stmt, str]]:
    ours = ((node, name.split(".", 1)) for node, name in imported(tree) if name.startswith("callcenter."))
    return [(node, name) for node, (_, name) in ours if name != "__version__"]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_what_its_place_allows(path: Path) -> None:
    place = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    allowed = ALLOWED[place] | {place}
    for _, name in own(ast.parse(path.read_text())):
        assert any(name == entry or name.startswith(f"{entry}.") for entry in allowed), f"{place} imports {name}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_own_modules_are_imported_at_the_top(path: Path) -> None:
    tree = ast.parse(path.read_text())
    top = {id(node) for node in tree.body}
    assert [name for node, name in own(tree) if id(node) not in top] == []


@pytest.mark.parametrize("arguments", LIGHT)
def test_a_command_imports_only_what_it_needs(arguments: str, tmp_path: Path) -> None:
    """There is neither a daemon nor a database, which is found out when everything is imported."""
    settings = {
        "CALLCENTER_PATHS__STATE": str(tmp_path),
        "CALLCENTER_DATABASE__URL": "postgresql://nobody@127.0.0.1:1/none",
    }
    done = subprocess.run(
        [sys.executable, "-c", LISTED, *arguments.split()],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "callcenter.cli" in loaded
    assert HEAVY & loaded == LIGHT[arguments]
