"""A module's constant has one value: a second one would silently count for whoever meant the first."""

import ast
from collections import Counter
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
ROOMS = (
    "cli", "config", "controller", "desk", "doctor", "ivr", "routing", "runtime", "store", "stt", "supervisor",
    "telephony", "testcall", "tts", "web",
)  # fmt: skip


def constants(path: Path) -> Counter[str]:
    """How often each name is given a value at the top of a module."""
    found = Counter[str]()
    for line in ast.parse(path.read_text()).body:
        targets = line.targets if isinstance(line, ast.Assign) else [getattr(line, "target", None)]
        found.update(target.id for target in targets if isinstance(target, ast.Name) and target.id.isupper())
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_no_constant_is_given_two_values(room: str) -> None:
    files = sorted((PROJECT / room).rglob("*.py"))
    assert files
    twice = {str(path): [name for name, times in constants(path).items() if times > 1] for path in files}
    assert {path: names for path, names in twice.items() if names} == {}
