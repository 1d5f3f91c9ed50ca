"""What fails once on real parts is run again by itself, and the second run decides."""

import pytest

from config.settings import PROJECT
from tests.second_run import OFF

pytest_plugins = ["pytester"]

FAILS_ONCE = """
import pytest
from pathlib import Path
pytestmark = pytest.mark.{mark}

def test_it():
    seen = Path("seen")
    first, _ = not seen.exists(), seen.touch()
    assert not (first or {always}), "the first time"
"""


@pytest.fixture(autouse=True)
def as_in_a_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(OFF, raising=False)
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))  # the session's folder is another one


def run(pytester: pytest.Pytester, mark: str, always: bool = False) -> pytest.RunResult:
    pytester.makeini("[pytest]\nmarkers =\n    wire: real\n    plain: not\n")
    pytester.makeconftest("pytest_plugins = ['tests.second_run']")
    pytester.makepyfile(test_once=FAILS_ONCE.format(mark=mark, always=always))
    return pytester.runpytest_subprocess()


def test_a_failure_on_real_parts_that_passes_alone_is_recovered_and_told(pytester: pytest.Pytester) -> None:
    result = run(pytester, "wire")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["FIRST  failed (call)*test_it", "*the first time*", "SECOND passed*", "*1 recovered*"])


def test_what_fails_twice_has_failed(pytester: pytest.Pytester) -> None:
    result = run(pytester, "wire", always=True)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["SECOND failed*", "*1 failed*"])


def test_what_needs_no_real_parts_has_one_chance(pytester: pytest.Pytester) -> None:
    result = run(pytester, "plain")
    assert result.ret == 1
    result.stdout.no_fnmatch_line("SECOND*")
