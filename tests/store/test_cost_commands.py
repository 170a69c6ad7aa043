"""`callcenter costs`, as it is typed."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from callcenter import cli, config
from callcenter.commands import costs
from callcenter.config import Settings
from callcenter.store import statements
from callcenter.store.database import Database
from tests.store import samples


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This machine is two hours east of Greenwich."""
    monkeypatch.setenv("TZ", "UTC-2")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-01", datetime(2026, 10, 31, 22, tzinfo=UTC)),
        ("2026-11-01T09:30", datetime(2026, 11, 1, 7, 30, tzinfo=UTC)),
        ("2026-11-01T09:30+00:00", datetime(2026, 11, 1, 9, 30, tzinfo=UTC)),
        ("90m", samples.NOON - timedelta(minutes=90)),
        ("12h", samples.NOON - timedelta(hours=12)),
        ("7d", samples.NOON - timedelta(days=7)),
        ("2w", samples.NOON - timedelta(weeks=2)),
    ],
)
@pytest.mark.usefixtures("zone")
def test_moments(text: str, expected: datetime) -> None:
    assert costs.moment(text, samples.NOON) == expected


@pytest.mark.parametrize("text", ["yesterday", "7", "d", "-7d", "7y", "", "2026-13-01", "12345d"])
def test_what_is_no_moment(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.parser().parse_args(["costs", f"--since={text}"])
    assert "is neither a date such as 2026-11-01 nor 12h or 7d" in capsys.readouterr().err


async def run(url: str, *arguments: str) -> int:
    options = cli.parser().parse_args(["costs", *arguments])
    status: int = await options.command(options, Settings(database=config.Database(url=SecretStr(url))))
    return status


@pytest.fixture
async def stored(url: str, database: Database) -> str:
    async with database.session() as session:
        for number in (1, 2):
            await statements.store(session, samples.started(number))
            await statements.store(session, replace(samples.ended(number), usage=samples.EARS | samples.MIND))
        await statements.store(session, samples.lead(1, "qualified"))
        await statements.store(session, samples.phrase(1))
    return url


async def test_as_json(stored: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert await run(stored, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["flow"] for row in found["flows"]] == ["investment"]
    assert (found["flows"][0]["cost_per_call"], found["flows"][0]["cost_per_lead"]) == (0.75, 1.5)
    assert found["providers"][0]["usage"]["cost"] == 0.5
    assert [(row["flow"], row["phrases"], row["usage"]["cost"]) for row in found["phrases"]] == [
        ("investment", 1, 0.125)
    ]


async def test_as_tables(stored: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert await run(stored, "--since", "2026-11-21T12:01+00:00", "--lead", "partial") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-9].split() == ["investment", "2", "1.5", "0.75", "0", "0.05", "1,600", "80"]
    assert lines[-11].split() == ["per", "partial", "per", "minutes", "characters", "tokens", "tokens"]
    assert [line.split()[0] for line in lines[-6:-3]] == ["provider", "deepgram", "model"]
    assert lines[-1].split() == ["investment", "openai:speech", "1", "0.125", "40"]


async def test_of_no_calls(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert await run(url, "--since", "1d") == 0
    assert capsys.readouterr().out.splitlines()[-1] == "no calls yet"
