"""What can be known of the other one's environment and script without having it."""

import ast
import sys
from pathlib import Path

import pytest

from callcenter.bench import pipecat_room
from callcenter.errors import MissingPartError

SCRIPT = Path(pipecat_room.__file__).with_name("pipecat_plane.py")


def test_the_script_imports_nothing_of_ours() -> None:
    nodes = list(ast.walk(ast.parse(SCRIPT.read_text())))
    named = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    named += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    assert "pipecat.pipeline.worker" in named
    assert [name for name in named if name.split(".")[0] == "callcenter"] == []


async def test_an_environment_that_is_complete_is_used_again(tmp_path: Path) -> None:
    (tmp_path / "pipecat").mkdir()
    (tmp_path / "pipecat" / "complete").write_text("\n".join(pipecat_room.requirements()))
    said: list[str] = []
    assert await pipecat_room.furnished(tmp_path, said.append) == tmp_path / "pipecat" / "bin" / "python"
    assert said == []


async def test_one_that_cannot_be_made_says_so_and_is_not_taken_for_complete(tmp_path: Path) -> None:
    wanted = [str(tmp_path / "nothing.whl")]
    said: list[str] = []
    with pytest.raises(MissingPartError, match=r"nothing\.whl"):
        await pipecat_room.furnished(tmp_path, said.append, wanted)
    assert said[0].startswith("bringing")
    assert not (tmp_path / "pipecat" / "complete").exists()


def test_the_same_event_loop_and_runtime_as_ours() -> None:
    names = [requirement.partition("==")[0] for requirement in pipecat_room.requirements()]
    assert names == ["pipecat-ai[silero]", "uvloop", "onnxruntime", "numpy"]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (["Collecting x", "ERROR: No matching distribution found for x", ""], "No matching distribution found for x"),
        ([f"{sys.executable}: No module named pip"], "No module named pip"),
        ([], "it gave no reason"),
    ],
    ids=["pip", "no-pip", "nothing"],
)
def test_a_reason_is_given(said: list[str], reason: str) -> None:
    assert reason in pipecat_room.explain("pip", said)
