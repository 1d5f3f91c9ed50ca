"""Threads that work beside the event loop give way to callers' sound."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.documents import DocumentsRefused
from config.settings import LineSettings, Settings
from controller.controller import serve

FRAME_S = 0.020  # of a caller's sound


@pytest.fixture
def as_before() -> Iterator[None]:
    interval_s = sys.getswitchinterval()
    yield
    sys.setswitchinterval(interval_s)


@pytest.mark.usefixtures("as_before")
async def test_a_busy_thread_gives_way_within_a_fraction_of_a_frame(tmp_path: Path) -> None:
    nothing = Settings(data_dir=tmp_path / "var", line=LineSettings(config_dir=tmp_path))
    with pytest.raises(DocumentsRefused):  # as soon as it has been set: there is nothing to serve with
        await serve(nothing)
    assert sys.getswitchinterval() <= FRAME_S / 10
