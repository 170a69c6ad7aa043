"""What a call uses of others is in the records of its turns and of its end."""

from dataclasses import replace

from callcenter.media.pcm import Clip
from callcenter.store.records import TurnEnded
from callcenter.usage import Charge
from tests.scene import Scene, played
from tests.stand_ins import ToneVoice


class PaidVoice(ToneVoice):
    """Paid by the character."""

    async def render(self, text: str, rate: int) -> Clip:
        return replace(await super().render(text, rate), by="openai:speech")


def test_what_was_heard_and_said_is_told_turn_by_turn_and_altogether() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        scene.ear.seconds_heard["deepgram"] = 2.0
        scene.say("Funds.")
        await scene.quiet()
        scene.ear.seconds_heard["deepgram"] = 3.0
        scene.hang_up()

    def paid(scene: Scene) -> None:
        scene.voice = PaidVoice()

    scene = played(caller, paid)
    greeting, answer = scene.of(TurnEnded)
    assert set(greeting.usage) == {"openai:speech"}
    assert len(greeting.said) - greeting.said.count(" ") < greeting.usage["openai:speech"].characters_spoken
    assert answer.usage["deepgram"] == Charge(seconds_heard=2.0)
    spoken = sum(turn.usage["openai:speech"].characters_spoken for turn in (greeting, answer))
    assert scene.ended.usage == {
        "deepgram": Charge(seconds_heard=3.0),
        "openai:speech": Charge(characters_spoken=spoken),
    }
