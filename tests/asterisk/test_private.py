"""A private Asterisk's directory, ports and passwords, before it starts."""

import re
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from callcenter.asterisk.private import BLOCKS, PrivateAsterisk, claim_ports
from callcenter.asterisk.run_directory import BLOCK, LOOPBACK, Parameters, Program, lay_out, replaced, shipped
from callcenter.errors import AsteriskError

INSTALLED = Program(command=("/usr/sbin/asterisk",))
PARAMETERS = Parameters(block=12_000, ari_password="a", phone_password="b", person_password="c")


def test_a_directory_holds_the_shipped_set_with_its_own_ports_and_passwords(tmp_path: Path) -> None:
    lay_out(tmp_path / "run", PARAMETERS, INSTALLED)
    etc = tmp_path / "run/etc"
    assert {path.name for path in shipped().glob("*.conf")} < {path.name for path in etc.iterdir()}
    assert f"astetcdir => {etc}\n" in (etc / "asterisk.conf").read_text()
    assert "astmoddir" not in (etc / "asterisk.conf").read_text()
    assert "\nbindport = 12001\n" in (etc / "http.conf").read_text()
    assert "\ntls" not in (etc / "http.conf").read_text()
    assert "bind = 127.0.0.1:12000\n" in (etc / "pjsip.conf").read_text()
    assert "rtpstart = 12010\nrtpend = 12999\n" in (etc / "rtp.conf").read_text()
    assert (etc / "callcenter_ari.conf").read_text() == "[callcenter]\ntype = user\npassword = a\n"
    assert re.findall(r"username = (\w+)\npassword = (\w)", (etc / "callcenter_pjsip.conf").read_text()) == [
        ("phone", "b"),
        ("person", "c"),
    ]


def test_with_a_certificate_it_is_reached_by_tls(tmp_path: Path) -> None:
    parameters = replace(PARAMETERS, certificate="/keys/both.pem")
    lay_out(tmp_path, parameters, INSTALLED)
    lines = (tmp_path / "etc/http.conf").read_text().splitlines()
    assert {line for line in lines if line.startswith("tls")} == {
        "tlsenable = yes",
        "tlsbindaddr = 127.0.0.1:12003",
        "tlscertfile = /keys/both.pem",
        "tlsprivatekey = /keys/both.pem",
    }
    assert (parameters.ari_url, PARAMETERS.ari_url) == ("https://127.0.0.1:12003/ari", "http://127.0.0.1:12001/ari")
    assert Parameters.load(tmp_path) == parameters


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    lay_out(run_dir, PARAMETERS, INSTALLED)
    assert run_dir.stat().st_mode & 0o777 == 0o700
    for name in ("asterisk.json", "etc/callcenter_ari.conf", "etc/callcenter_pjsip.conf"):
        assert (run_dir / name).stat().st_mode & 0o777 == 0o600


def test_an_unpacked_one_finds_its_modules_and_the_sounds_that_nobody_has_linked(tmp_path: Path) -> None:
    data = tmp_path / "tree/usr/share/asterisk"
    (data / "sounds/en_US_f_Allison").mkdir(parents=True)
    (data / "sounds/en_US_f_Allison/im-sorry.gsm").touch()
    found = Program(command=("asterisk",), modules=tmp_path / "tree/modules", data=data)
    for _ in range(2):
        lay_out(tmp_path / "run", PARAMETERS, found)
    assert f"astmoddir => {tmp_path}/tree/modules\n" in (tmp_path / "run/etc/asterisk.conf").read_text()
    assert (tmp_path / "run/data/sounds/en/im-sorry.gsm").exists()


@pytest.mark.parametrize("text", ["", "bindport = 8088\nbindport = 8088"])
def test_a_shipped_file_that_lacks_what_is_replaced_is_said(text: str) -> None:
    with pytest.raises(AsteriskError, match=r"http\.conf must hold 'bindport = 8088' exactly once"):
        replaced(text, "bindport = 8088", "bindport = 1", Path("http.conf"))


def test_the_shipped_set_holds_no_password_and_is_reachable_from_this_machine_only() -> None:
    texts = {path.name: path.read_text() for path in shipped().glob("*.conf")}
    settings = [line for text in texts.values() for line in text.splitlines() if not line.startswith(";")]
    assert not [line for line in settings if re.search(r"password|secret", line) and "#tryinclude" not in line]
    bound = re.findall(r"^bind(?:addr)? = (\S+)", "\n".join(settings), re.MULTILINE)
    assert bound
    assert all(address.startswith("127.0.0.1") for address in bound)
    assert "autoload = no" in texts["modules.conf"]


def test_parameters_come_back_in_the_same_directory(tmp_path: Path) -> None:
    PARAMETERS.save(tmp_path)
    assert Parameters.load(tmp_path) == PARAMETERS
    assert Parameters.load(tmp_path / "elsewhere") is None
    assert Parameters(block=1) != Parameters(block=1), "passwords are drawn at random"


def test_a_claimed_block_is_not_given_again_until_it_is_let_go() -> None:
    claim, block = claim_ports()
    with claim:
        assert block in BLOCKS
        other, elsewhere = claim_ports(block)
        other.close()
        assert elsewhere != block
    again, same = claim_ports(block)
    again.close()
    assert same == block


@pytest.mark.parametrize(("kind", "offset"), [(socket.SOCK_DGRAM, 0), (socket.SOCK_STREAM, 1)])
def test_a_block_whose_port_somebody_uses_is_not_given(kind: socket.SocketKind, offset: int) -> None:
    claim, block = claim_ports()
    claim.close()
    with socket.socket(socket.AF_INET, kind) as somebody:
        somebody.bind((LOOPBACK, block + offset))
        if kind is socket.SOCK_STREAM:
            somebody.listen()
        other, elsewhere = claim_ports(block)
        other.close()
    assert elsewhere != block


def test_blocks_end_below_the_ports_that_linux_hands_out() -> None:
    assert BLOCKS[-1] + BLOCK <= 32_768


def test_a_directory_too_deep_for_a_socket_is_said(tmp_path: Path) -> None:
    with pytest.raises(AsteriskError, match="too long a path for Asterisk's socket"):
        PrivateAsterisk(tmp_path, tmp_path / ("deep" * 25))
