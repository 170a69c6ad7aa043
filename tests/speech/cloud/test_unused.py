"""A daemon that needs no cloud loads nothing for one."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module",
    ["callcenter.daemon", "callcenter.speech.cloud.deepgram", "callcenter.speech.cloud.flux"],
)
def test_the_sdk_is_not_loaded_by_importing(module: str) -> None:
    program = f"import sys, {module}; print(*sorted({{'deepgram', 'httpx', 'websockets.legacy'}} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []
