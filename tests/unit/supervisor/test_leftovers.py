"""What a dead supervisor left running is taken over where it is the same and works; all else of it is ended."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.paths import DataPaths
from supervisor import leftovers
from supervisor.leftovers import Mark, take_over
from supervisor.parts import ProcessPart
from supervisor.supervise import Rule, SupervisedPart
from telephony.processes import RunningProcess, birth

SLEEP = "import subprocess, sys, time; subprocess.Popen(['sleep', '600']); time.sleep(600)"


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen([sys.executable, "-c", SLEEP], start_new_session=True)
    yield child
    child.kill()
    child.wait()


def kept(folder: Path, check: Callable[[], bool] = lambda: True, made_of: str = "this") -> SupervisedPart:
    return SupervisedPart(ProcessPart("web", ["false"], folder / "log", check, made_of=made_of), Rule())


def mark_of(child: subprocess.Popen[bytes]) -> Mark:
    return Mark(child.pid, birth(child.pid) or "", "this")


def test_what_is_the_same_and_answers_is_taken_over(sleeper: subprocess.Popen[bytes], tmp_path: Path) -> None:
    part = kept(tmp_path)
    assert take_over([part], {"web": mark_of(sleeper)}) == ["web"]
    assert (part.pid, part.state) == (sleeper.pid, "up")
    assert leftovers.written([part]) == {"web": {"pid": sleeper.pid, "born": birth(sleeper.pid), "made_of": "this"}}


def test_what_was_started_with_other_settings_is_ended(sleeper: subprocess.Popen[bytes], tmp_path: Path) -> None:
    part = kept(tmp_path, made_of="that")
    assert take_over([part], {"web": mark_of(sleeper)}) == []
    assert sleeper.wait(30) != 0
    assert part.pid is None


def test_what_does_not_answer_is_ended(
    sleeper: subprocess.Popen[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftovers, "ANSWER_S", 0.2)
    assert take_over([kept(tmp_path, check=lambda: False)], {"web": mark_of(sleeper)}) == []
    assert sleeper.wait(30) != 0


def test_whoever_has_the_id_of_a_dead_part_is_left_alone(sleeper: subprocess.Popen[bytes], tmp_path: Path) -> None:
    assert take_over([kept(tmp_path)], {"web": Mark(sleeper.pid, "another boot:7", "this")}) == []
    assert sleeper.poll() is None


def test_a_process_that_has_ended_was_never_found(sleeper: subprocess.Popen[bytes]) -> None:
    born = birth(sleeper.pid) or ""
    sleeper.kill()
    while birth(sleeper.pid) is not None:
        pass
    assert RunningProcess.found(sleeper.pid, born) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"parts": 1}', '{"parts": {"web": {"pid": 1}}}'])
def test_marks_that_cannot_be_read_are_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    assert leftovers.marks(DataPaths(tmp_path).run_state) == {}
