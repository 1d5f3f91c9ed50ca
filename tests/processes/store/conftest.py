from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store.migrate import upgrade
from store.records import SqlRecords, open_records


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'records.db'}"
    upgrade(url)
    return url


@pytest.fixture
async def records(sqlite_url: str) -> AsyncIterator[SqlRecords]:
    async with open_records(sqlite_url) as opened:
        yield opened
