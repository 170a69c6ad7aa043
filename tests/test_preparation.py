"""What is rendered beforehand, and what is kept of its cost."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from callcenter.config import Price
from callcenter.dialogue.flow import Flow, load_flow
from callcenter.dialogue.sentences import clauses
from callcenter.errors import SpeechError
from callcenter.media.pcm import NARROWBAND, Clip
from callcenter.preparation import Preparation
from callcenter.speech.phrases import PhraseCache
from callcenter.store.records import PhrasePrepared, Record
from callcenter.usage import Meter

CLOUD = "openai:speech"
FLOWS = [load_flow("energy"), load_flow("support")]


class Voice:
    """One of a cloud, which wants to be paid, and cannot say all."""

    name = "cloud"

    def __init__(self, unsayable: Iterable[str] = ()) -> None:
        self.unsayable = set(unsayable)

    async def render(self, text: str, rate: int) -> Clip:
        if text in self.unsayable:
            raise SpeechError("it is away")
        return Clip(text=text, pcm=b"\1\0", rate=rate, by=CLOUD)


class Books:
    """A preparation with one voice for all flows, and what became of it."""

    def __init__(self, folder: Path, voice: Voice) -> None:
        self.records: list[Record] = []
        self.spent = Meter({CLOUD: Price(million_characters=1_000_000)})
        phrases = PhraseCache(voice, folder)
        voices = {flow.name: phrases for flow in FLOWS}
        self.preparation = Preparation(voices, [NARROWBAND], self.spent, self.records.append)

    @property
    def characters(self) -> dict[str, list[int]]:
        """Of each phrase that is recorded, by flow."""
        found: dict[str, list[int]] = {}
        for record in self.records:
            assert isinstance(record, PhrasePrepared)
            assert (record.provider, record.charge.cost) == (CLOUD, record.charge.characters_spoken)
            found.setdefault(record.flow, []).append(record.charge.characters_spoken)
        return {flow: sorted(lengths) for flow, lengths in found.items()}

    @property
    def total(self) -> int:
        """Of characters, as `status` tells it."""
        return self.spent.total()[CLOUD].characters_spoken if self.spent.total() else 0


def opening(flow: Flow) -> list[str]:
    return [*clauses(flow.greeting), *clauses(flow.sentences.too_busy)]


async def test_all_that_is_paid_is_counted_and_recorded_for_the_flow_that_needed_it_first(tmp_path: Path) -> None:
    books = Books(tmp_path, Voice())
    await books.preparation.openings(FLOWS)
    greetings = [set(opening(flow)) for flow in FLOWS]
    first, second = greetings[0], greetings[1] - greetings[0]
    assert books.characters == {"energy": sorted(map(len, first)), "support": sorted(map(len, second))}
    await books.preparation.everything(FLOWS)
    phrases = {text for flow in FLOWS for text in [*flow.phrases(), *opening(flow)]}
    assert sum(map(len, books.characters.values())) == len(phrases)
    assert sum(map(sum, books.characters.values())) == sum(map(len, phrases)) == books.total
    assert len({record.phrase for record in books.records if isinstance(record, PhrasePrepared)}) == len(phrases)


async def test_after_a_restart_nothing_is_paid(tmp_path: Path) -> None:
    await Books(tmp_path, Voice()).preparation.openings(FLOWS)
    books = Books(tmp_path, Voice())
    await books.preparation.openings(FLOWS)
    assert (books.records, books.total) == ([], 0)


async def test_who_cannot_greet_does_not_start(tmp_path: Path) -> None:
    books = Books(tmp_path, Voice(opening(FLOWS[1])[:1]))
    with pytest.raises(SpeechError, match="away"):
        await books.preparation.openings(FLOWS)
    assert list(books.characters) == ["energy"]


async def test_a_flow_that_cannot_be_said_holds_up_no_other_and_what_was_paid_is_kept(tmp_path: Path) -> None:
    first, second = (flow.phrases() for flow in FLOWS)
    books = Books(tmp_path, Voice(first[5:6]))
    await books.preparation.everything(FLOWS)
    assert 0 < len(books.characters["energy"]) < len(first)
    assert len(books.characters["support"]) >= len(set(second) - set(first))
    assert sum(map(sum, books.characters.values())) == books.total
