import pytest

from callcenter.errors import AriError
from callcenter.outbound.endpoint import TrunkAri, named
from tests.outbound.telephone_network import TelephoneNetwork


@pytest.mark.parametrize(
    ("trunk", "name"),
    [
        ("PJSIP/{number}@trunk", "trunk"),
        ("PJSIP/00{digits}@my-trunk", "my-trunk"),
        ("PJSIP/trunk/sip:{number}@192.0.2.1", "trunk"),
        ("Local/{digits}@network/n", ""),
        ("DAHDI/g0/{digits}", ""),
    ],
)
def test_the_endpoint_in_a_dial_string(trunk: str, name: str) -> None:
    assert named(trunk) == name


@pytest.mark.parametrize(
    ("trunk", "state", "trouble"),
    [
        ("PJSIP/{number}@trunk", "online", ""),
        ("PJSIP/{number}@trunk", "unknown", ""),
        ("PJSIP/{number}@trunk", "offline", "the trunk trunk does not answer Asterisk"),
        ("PJSIP/{number}@other", "online", "Asterisk has no PJSIP endpoint other"),
        ("Net/{number}", "offline", ""),
    ],
)
async def test_what_is_wrong_with_a_trunk(network: TelephoneNetwork, trunk: str, state: str, trouble: str) -> None:
    network.trunk = state
    async with TrunkAri(network.settings) as ari:
        found = await ari.trouble(trunk)
    assert found.startswith(trouble)
    assert bool(found) == bool(trouble)


async def test_an_asterisk_that_does_not_say(network: TelephoneNetwork) -> None:
    network.trunk = ""
    async with TrunkAri(network.settings) as ari:
        with pytest.raises(AriError):
            await ari.trouble("PJSIP/{number}@trunk")
