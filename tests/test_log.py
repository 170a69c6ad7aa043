"""What the log looks like."""

import io
import json
from collections.abc import Iterator

import pytest
import structlog

from callcenter import log
from callcenter.config import Log


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def failing(secret: str) -> None:
    raise ValueError(f"no use for {len(secret)} characters")


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_failure_is_told_without_what_variables_hold(form: str) -> None:
    stream = io.StringIO()
    log.configure(Log.model_validate({"format": form}), stream)
    try:
        failing(" ".join(["tell", "nobody"]))
    except ValueError:
        structlog.get_logger().exception("! call", call="c1")
    printed = stream.getvalue()
    assert "no use for 11 characters" in printed
    assert "tell nobody" not in printed
    if form == "json":
        assert json.loads(printed)["event"] == "! call"
