import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from callcenter import cli, config
from callcenter.config import Outbound, Settings
from callcenter.errors import ConfigurationError, innermost
from callcenter.outbound import plans
from callcenter.store import campaigns, do_not_call
from callcenter.store.contacts import Contact
from callcenter.store.database import Database
from tests.outbound.telephone_network import TelephoneNetwork

Run = Callable[..., Awaitable[Any]]
NEVER = {"mon": "0:00-0:01"}
ALWAYS = {"mon-sun": "0:00-24:00"}


@pytest.fixture
def settings(url: str, network: TelephoneNetwork) -> Settings:
    return Settings(
        asterisk=network.settings,
        database=config.Database(url=SecretStr(url)),
        outbound=Outbound(trunk="Net/{number}", region="FR", hours=ALWAYS, per_minute=60_000, tries=1),
    )


async def run(settings: Settings, *arguments: str) -> int:
    options = cli.parser(arguments).parse_args(arguments)
    status: int = await options.command(options, settings)
    return status


async def test_a_call(settings: Settings, network: TelephoneNetwork, capsys: pytest.CaptureFixture[str]) -> None:
    network.people["+33612345678"] = 17
    assert await run(settings, "call", "06 12 34 56 78", "--json") == 0
    captured = capsys.readouterr()
    ((_, tally),) = json.loads(captured.out[captured.out.index("\n{") :]).items()
    assert tally["outcomes"] == {"busy": 1}
    assert "+33612345678" in captured.err
    assert network.rung == {"+33612345678": 1}


async def test_a_call_in_the_middle_of_the_night(settings: Settings, network: TelephoneNetwork) -> None:
    night = settings.model_copy(update={"outbound": settings.outbound.model_copy(update={"hours": NEVER})})
    with pytest.raises(ConfigurationError, match="--now does so all the same"):
        await run(night, "call", "+33612345678")
    assert not network.rung
    await run(night, "call", "+33612345678", "--now")
    assert network.rung == {"+33612345678": 1}


async def test_a_call_to_who_is_barred(settings: Settings, network: TelephoneNetwork) -> None:
    await run(settings, "dnc", "add", "06 12 34 56 78", "--reason", "asked for it")
    await run(settings, "call", "+33612345678", "--now")
    assert not network.rung


async def test_a_campaign_and_its_rehearsal(
    settings: Settings, network: TelephoneNetwork, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network.people = {"+33612345678": 17, "+33612345679": 17}
    file = tmp_path / "autumn.csv"
    file.write_text("number,name\n0612345678,Claire\n0612345679,Luc\n0612345670,Eve\n")
    await run(settings, "dnc", "add", "0612345670")
    capsys.readouterr()
    await run(settings, "campaign", str(file), "--dry-run", "--json")
    found = json.loads(capsys.readouterr().out)
    assert (found["contacts"], found["now"], found["later"], found["do_not_call"], found["known"]) == (3, 2, 0, 1, 0)
    assert not network.rung
    await run(settings, "campaign", str(file), "--at-once", "1")
    assert network.rung == {"+33612345678": 1, "+33612345679": 1}
    assert network.most_at_once == 1
    await run(settings, "campaign", str(file))
    await run(settings, "campaign")
    assert network.rung == {"+33612345678": 1, "+33612345679": 1}


async def test_campaigns_are_looked_at_and_cancelled(
    settings: Settings, network: TelephoneNetwork, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    night = settings.model_copy(update={"outbound": settings.outbound.model_copy(update={"hours": NEVER})})
    async with Database(settings.database, settings.paths) as database:
        contacts = [Contact(number=f"+3361234567{n}", zones=("Europe/Paris",)) for n in range(3)]
        await plans.create(database, "spring", "investment", contacts)
    await run(night, "campaigns", "--json")
    printed = capsys.readouterr().out
    (found,) = json.loads(printed[printed.index("[\n") :])
    assert (found["name"], found["waiting"], found["zones"]) == ("spring", 3, {"Europe/Paris": 3})
    opens = datetime.fromisoformat(found["next_call"]).astimezone(ZoneInfo("Europe/Paris"))
    assert (opens.weekday(), opens.hour) == (0, 0)
    await run(settings, "campaigns", "cancel", "spring")
    await run(settings, "campaigns", "list", "spring", "--json")
    printed = capsys.readouterr().out
    assert json.loads(printed[printed.index("\n[") :])[0]["outcomes"] == {"cancelled": 3}
    await run(settings, "campaign")
    assert not network.rung
    with pytest.raises(ConfigurationError, match="there is no campaign summer"):
        await run(settings, "campaigns", "cancel", "summer")
    with pytest.raises(ConfigurationError, match="say which"):
        await run(settings, "campaigns", "cancel")


async def test_a_campaign_that_another_process_conducts_is_left_to_it(
    settings: Settings, network: TelephoneNetwork, capsys: pytest.CaptureFixture[str]
) -> None:
    network.people = {"+33612345678": 17, "+33612345679": 17}
    async with Database(settings.database, settings.paths) as database, database.session() as session:
        for name, number in (("mine", "+33612345678"), ("theirs", "+33612345679")):
            one = await plans.create(database, name, "investment", [Contact(number=number, zones=("UTC",))])
            assert name == "mine" or await campaigns.reserve(session, one.id)
        await run(settings, "campaign")
        assert network.rung == {"+33612345678": 1}
        with pytest.raises(ExceptionGroup) as caught:
            await run(settings, "campaign")
    assert "theirs is conducted by another" in str(innermost(caught.value))
    assert "left to it" in capsys.readouterr().out


async def test_the_list(settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "barred.csv"
    file.write_text("number\n+33612345671\n+33612345672\n")
    await run(settings, "dnc", "add", "0612345670", "--reason", "asked")
    await run(settings, "dnc", "import", str(file))
    await run(settings, "dnc", "remove", "06 12 34 56 71")
    capsys.readouterr()
    await run(settings, "dnc", "list", "--json")
    listed = {entry["number"]: entry["reason"] for entry in json.loads(capsys.readouterr().out)}
    assert listed == {"+33612345670": "asked", "+33612345672": ""}
    await run(settings, "dnc", "list")
    assert "+33612345670" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "changes", "message"),
    [
        (["call", "12"], {}, "12 is no telephone number"),
        (["call", "+33612345678", "--flow", "none"], {}, "the daemon has no flow none"),
        (["call", "+33612345678"], {"trunk": ""}, "outbound.trunk is not set"),
        (["call", "+33612345678"], {"hours": {"mo": ""}}, "outbound.hours: 'mo' is no day"),
        (["campaign", "none.csv"], {}, "none.csv: No such file"),
        (["campaign", "none.csv", "--at-once", "-1"], {}, "--at-once must be 1 or more"),
        (["dnc", "add", "x"], {}, "x is no telephone number"),
    ],
    ids=["number", "flow", "no trunk", "hours", "no file", "at once", "dnc"],
)
async def test_what_cannot_be_done(
    settings: Settings, arguments: list[str], changes: dict[str, Any], message: str
) -> None:
    changed = settings.model_copy(update={"outbound": settings.outbound.model_copy(update=changes)})
    with pytest.raises(ConfigurationError, match=message):
        await run(changed, *arguments)


async def test_a_message_that_neither_the_flow_nor_the_settings_have(settings: Settings) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        await run(settings, "call", "+33612345678", "--now", "--machine", "message")
    assert "what to tell a machine?" in str(innermost(caught.value))


async def test_a_trunk_takes_a_number() -> None:
    with pytest.raises(ValueError, match=r"trunk must hold \{number\} or \{digits\}"):
        Outbound(trunk="PJSIP/trunk")


async def test_the_reason_is_kept(settings: Settings) -> None:
    await run(settings, "dnc", "add", "+33612345678", "--reason", "asked for it")
    async with Database(settings.database, settings.paths) as database, database.session() as session:
        (entry,) = await do_not_call.listed(session)
    assert entry.reason == "asked for it"
    assert entry.added <= datetime.now(UTC)
