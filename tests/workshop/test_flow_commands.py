"""`callcenter flow …`, as it is typed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from callcenter import cli
from callcenter.config import Settings
from callcenter.errors import ConfigurationError
from callcenter.simulation.persona import Persona

FLOW = """\
name: hours
language: en
country: US
greeting: Hello.
slots: {name: {type: name, required: false}}
states: {a: {on: [{if: {open: desk}, end: there}], end: away}}
people: {desk: {dial: Local/9100@people, hours: {mon-fri: "9:00-12:00"}}}
variants: {short: {share: 50, change: {greeting: Hi.}}}
"""
PERSONA = "name: anyone\nexpect: {outcome: there}\n"


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """A flow that ends `there` while its desk is open, and a persona that expects so."""
    flow, persona = tmp_path / "hours.yaml", tmp_path / "anyone.yaml"
    flow.write_text(FLOW)
    persona.write_text(PERSONA)
    return str(flow), str(persona)


async def flow(*arguments: str) -> int:
    options = cli.parser().parse_args(["flow", *arguments])
    status: int = await options.command(options, Settings())
    return status


@pytest.mark.parametrize(
    ("at", "status", "shown"),
    [
        ([], 0, "T09:30"),
        (["--at", "2026-11-20T11:59"], 0, "2026-11-20T11:59"),
        (["--at", "2026-11-20T12:30"], 1, "2026-11-20T12:30"),
        (["--at", "2026-11-22"], 1, "2026-11-22T00:00"),
    ],
)
async def test_calls_are_played_at_a_time(
    files: tuple[str, str], at: list[str], status: int, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await flow("test", *files, "--json", *at) == status
    report = json.loads(capsys.readouterr().out)
    assert (report["ok"], report["at"].endswith(shown)) == (status == 0, True)


@pytest.mark.parametrize("text", ["noon", "2026-02-30T09:00", "2026-11-20T09:00+01:00"])
def test_what_is_no_time(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.parser().parse_args(["flow", "chat", "energy", "--at", text])
    assert repr(text) in capsys.readouterr().err


async def test_calls_are_played_in_a_variants_wording(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert await flow("test", *files, "--json", "--variant", "short") == 0
    (call,) = json.loads(capsys.readouterr().out)["calls"]
    assert call["exchanges"][0]["agent"].startswith("Hi.")
    with pytest.raises(ConfigurationError, match="--variant long: hours has no such variant; it has short"):
        await flow("test", *files, "--variant", "long")


@pytest.mark.parametrize(("at", "outcome"), [("2026-11-20T11:00", "there"), ("2026-11-20T12:30", "away")])
def test_talk_at_a_time(files: tuple[str, str], at: str, outcome: str) -> None:
    command = [sys.executable, "-m", "callcenter", "flow", "chat", files[0], "--json", "--at", at]
    done = subprocess.run(command, input="", capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(done.stdout)["outcome"] == outcome


async def test_the_schema_of_personas_knows_their_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert await flow("schema", "--persona") == 0
    schema = json.loads(capsys.readouterr().out)
    assert set(schema["properties"]) == set(Persona.model_fields)
    assert schema["required"] == ["name", "expect"]
    assert {"Line", "Service", "Expectation"} <= set(schema["$defs"])
    assert schema["additionalProperties"] is False
    assert await flow("schema") == 0
    assert "states" in json.loads(capsys.readouterr().out)["properties"]
