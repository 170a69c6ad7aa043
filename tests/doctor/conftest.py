"""What tests of the doctor share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.doctor.clouds import Clouds, opened


@pytest.fixture
async def clouds(tmp_path: Path) -> AsyncIterator[Clouds]:
    """Well, for one test."""
    async with opened(tmp_path) as clouds:
        yield clouds
