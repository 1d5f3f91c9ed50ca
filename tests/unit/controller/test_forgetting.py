"""What is private goes when its time has come; what is still owed stays."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.forgetting import Forgetting
from store import open_records
from store.migrate import upgrade
from store.retention import ClockLeapt, look

NOW = datetime(2026, 3, 1, tzinfo=UTC)
OLD = NOW - timedelta(days=31)
FRESH = NOW - timedelta(days=29)


def file(path: Path, at: datetime, text: str = "") -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text or "x" * 100)
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


@pytest.fixture
def database(tmp_path: Path) -> str:
    url = f"sqlite+aiosqlite:///{tmp_path / 'onenumber.db'}"
    upgrade(url)
    return url


async def left_after_forgetting(tmp_path: Path, database: str) -> set[str]:
    async with open_records(database) as records:
        forgetting = Forgetting(records, tmp_path / "recordings", tmp_path / "messages", timedelta(days=30))
        await forgetting.forget(NOW)
    return {path.name for folder in ("recordings", "messages") for path in (tmp_path / folder).glob("*")}


async def test_a_recording_that_no_ticket_has_yet_stays(tmp_path: Path, database: str) -> None:
    file(tmp_path / "recordings/old.wav", OLD)
    file(tmp_path / "recordings/old.owed", OLD)
    assert await left_after_forgetting(tmp_path, database) == {"old.wav", "old.owed"}


async def test_old_recordings_go_and_fresh_ones_stay(tmp_path: Path, database: str) -> None:
    file(tmp_path / "recordings/old.wav", OLD)
    file(tmp_path / "recordings/fresh.wav", FRESH)
    assert await left_after_forgetting(tmp_path, database) == {"fresh.wav"}


async def test_a_message_that_has_become_a_ticket_goes_with_its_facts(tmp_path: Path, database: str) -> None:
    file(tmp_path / "messages/1.wav", OLD)
    file(tmp_path / "messages/1.done", OLD)
    assert await left_after_forgetting(tmp_path, database) == set()


async def test_a_message_that_still_waits_stays_however_old(tmp_path: Path, database: str) -> None:
    file(tmp_path / "messages/2.wav", OLD)
    file(tmp_path / "messages/2.txt", OLD, f"at={int(OLD.timestamp())}\noutcome=message\n")
    assert await left_after_forgetting(tmp_path, database) == {"2.wav", "2.txt"}


async def test_no_folders_yet_is_nothing_to_forget(tmp_path: Path, database: str) -> None:
    assert await left_after_forgetting(tmp_path, database) == set()


async def test_a_clock_that_leapt_deletes_nothing_until_somebody_vouches_for_it(tmp_path: Path, database: str) -> None:
    file(tmp_path / "recordings/fresh.wav", FRESH)
    async with open_records(database) as records:
        forgetting = Forgetting(records, tmp_path / "recordings", tmp_path / "messages", timedelta(days=30))
        await forgetting.forget(NOW)
        far = NOW + timedelta(days=4_000)
        for _ in range(2):  # also when it looks again and again
            with pytest.raises(ClockLeapt, match="2037"):
                await forgetting.forget(far)
        assert (tmp_path / "recordings/fresh.wav").exists()
        await forgetting.forget(NOW + timedelta(hours=1))  # it was set right again
        await look(records, far, trusted=True)
        assert (await forgetting.forget(far))["recordings"] == 1


async def test_a_line_that_was_off_for_a_weekend_goes_on_forgetting(tmp_path: Path, database: str) -> None:
    file(tmp_path / "recordings/old.wav", FRESH)
    async with open_records(database) as records:
        forgetting = Forgetting(records, tmp_path / "recordings", tmp_path / "messages", timedelta(days=30))
        await forgetting.forget(NOW)
        assert (await forgetting.forget(NOW + timedelta(days=2)))["recordings"] == 1
