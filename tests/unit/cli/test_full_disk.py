"""A full disk costs logs, the panel and a file of state; nothing that callers depend on."""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import structlog

from config.settings import Settings
from ivr.sound_files import write_whole
from runtime.logs import SafeStream, configure_logs
from runtime.reserve import FULL_BYTES, RESERVE_BYTES, ROOMY_BYTES, Reserve, gives_up, takes
from supervisor.line import StateOnDisk
from supervisor.parts import ProcessPart
from supervisor.supervise import Rule, SupervisedPart
from supervisor.views import SafeView, View
from tests.conftest import wait_until
from tests.disks import fill, small_disk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 48) as folder:
        yield folder


@pytest.fixture
def logs() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def test_a_log_that_cannot_be_written_fails_nobody(logs: None) -> None:
    with open("/dev/full", "w") as full:
        configure_logs(Settings().log_private, full)
        for _ in range(1_000):  # more than any buffer takes
            structlog.get_logger("full").error("something happened")
        SafeStream(full).flush()
        with pytest.raises(OSError, match="No space left"):
            full.flush()
        full.buffer.raw.close()  # type: ignore[attr-defined]


def test_logs_leave_the_last_of_a_disk_to_the_records(disk: Path) -> None:
    with (disk / "log").open("w") as file:
        log = SafeStream(file)
        log.write("while there is room")
        filled = fill(disk)
        with filled.open("r+b") as most:
            most.truncate(filled.stat().st_size - 2**20)
        log.write("no more")
        log.flush()
    assert (disk / "log").read_text() == "while there is room"


def test_a_log_that_is_no_file_is_always_written() -> None:
    told = io.StringIO()
    SafeStream(told).write("told")
    assert told.getvalue() == "told"


def test_the_reserve_is_given_up_when_the_disk_is_full_and_taken_when_there_is_room() -> None:
    assert [gives_up(True, FULL_BYTES - 1), gives_up(True, FULL_BYTES), gives_up(False, 0)] == [True, False, False]
    assert [takes(False, ROOMY_BYTES), takes(False, ROOMY_BYTES - 1), takes(True, ROOMY_BYTES)] == [True, False, False]
    assert ROOMY_BYTES - RESERVE_BYTES > FULL_BYTES  # what is taken is not given up at once


def test_a_full_disk_has_room_for_records_again(disk: Path) -> None:
    (disk / "reserve").write_bytes(b"\0" * RESERVE_BYTES)
    reserve = Reserve(disk)
    assert reserve.look() == ""
    fill(disk)
    assert "is full" in reserve.look()
    assert not reserve.held
    (disk / "record").write_bytes(b"\0" * (RESERVE_BYTES - 2**20))
    assert reserve.look() == ""


def test_a_reserve_that_cannot_be_taken_leaves_nothing(tmp_path: Path) -> None:
    assert Reserve(tmp_path / "not there").look() == ""
    assert list(tmp_path.iterdir()) == []


class Failing:
    def tell(self, text: str) -> None:
        raise OSError(28, "No space left on device")

    def show(self, kept: Sequence[SupervisedPart], ready: bool) -> None:
        raise OSError(5, "Input/output error")

    def close(self) -> None:
        raise ValueError("closed")


def test_a_panel_that_cannot_be_shown_ends_nothing() -> None:
    shown: View = SafeView(Failing())
    shown.tell("something")
    shown.show([], True)
    shown.close()


def test_a_state_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    state = StateOnDisk(Settings(data_dir=tmp_path / "later"))
    state.note([], True)
    (tmp_path / "later").mkdir()
    state.note([], True)
    assert (tmp_path / "later/run.json").exists()
    state.forget()


def test_a_part_starts_without_its_log(tmp_path: Path) -> None:
    (tmp_path / "log").touch()
    part = ProcessPart("sleeper", ["sleep", "600"], tmp_path / "log/no folder.log", lambda: True)
    kept = SupervisedPart(part, Rule())
    assert kept.start(0.0)
    wait_until(part.alive, "it did not start")
    part.stop()


def test_what_does_not_fit_leaves_nothing_behind(disk: Path) -> None:
    fill(disk)
    with pytest.raises(OSError, match="No space left"):
        write_whole(disk / "messages/one.wav", b"\0" * 2**16, durable=True)
    assert list((disk / "messages").iterdir()) == []
