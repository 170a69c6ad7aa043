"""What the doctor says of flows and voices, before it looks at anything that runs."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from callcenter import doctor
from callcenter.config import Dialogue, Paths, Settings, Talking
from callcenter.dialogue.flow import SHIPPED
from callcenter.doctor import Finding

TEXT = (SHIPPED / "investment.yaml").read_text()


def written(folder: Path, name: str, mistake: str = "") -> str:
    """The path of a copy of the shipped flow, called `name`, spoken by espeak-ng."""
    path = folder / f"{name}.yaml"
    own = f"name: {name}\nvoice: {{engine: espeak, name: en-gb}}"
    path.write_text(TEXT.replace("name: investment", own, 1) + mistake)
    return str(path)


async def findings(folder: Path, flows: Sequence[str]) -> dict[str, list[Finding]]:
    """By what was looked at, up to the voices, in a house without models or programs."""
    settings = Settings(
        dialogue=Dialogue(flow="investment", flows=tuple(flows)),
        talking=Talking(),
        paths=Paths(state=folder / "state", cache=folder / "cache"),
    )
    found: dict[str, list[Finding]] = {}
    async for finding in doctor.examine(settings):
        if finding.name == "database":
            break
        found.setdefault(finding.name, []).append(finding)
    return found


@pytest.fixture(autouse=True)
def _nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


async def test_every_flow_is_looked_at_and_the_first_is_the_usual_one(tmp_path: Path) -> None:
    found = await findings(tmp_path, [written(tmp_path, "harbour")])
    assert [finding.ok for finding in found["flow"]] == [True, True]
    assert "spoken by piper:joe-us" in found["flow"][0].found
    assert found["flow"][1].found.startswith("harbour, in en, ")
    assert "spoken by espeak:en-gb" in found["flow"][1].found
    (together,) = found["flows"]
    assert together.found == "investment, harbour; investment answers where the dialplan names none"


async def test_one_flow_is_not_looked_at_twice(tmp_path: Path) -> None:
    found = await findings(tmp_path, [])
    assert len(found["flow"]) == len(found["voice"]) == 1
    assert "flows" not in found


async def test_a_mistake_in_one_is_told_of_that_one(tmp_path: Path) -> None:
    wrong = written(tmp_path, "wrong", mistake="\nnonsense: 1\n")
    found = await findings(tmp_path, [wrong, written(tmp_path, "harbour")])
    assert [finding.ok for finding in found["flow"]] == [True, False, True]
    assert found["flow"][1].found.startswith(f"{wrong}:")
    assert "[dialogue] flow or flows" in found["flow"][1].advice
    assert len(found["voice"]) == 2


async def test_two_of_a_name_are_told(tmp_path: Path) -> None:
    found = await findings(tmp_path, [written(tmp_path, "investment")])
    assert [finding.ok for finding in found["flow"] + found["flows"]] == [True, True, False]
    assert "name of its own" in found["flows"][0].advice


async def test_each_voice_that_is_needed_says_how_to_bring_it(tmp_path: Path) -> None:
    found = await findings(tmp_path, [written(tmp_path, "harbour"), written(tmp_path, "market")])
    piper, espeak = found["voice"]
    assert (piper.ok, espeak.ok) == (False, False)
    assert "models fetch" in piper.advice
    assert "apt install espeak-ng" in espeak.advice
