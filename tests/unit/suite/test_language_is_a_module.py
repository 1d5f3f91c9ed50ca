"""No words of a language stand in the code of the dialogue, but in its modules: weekdays, numbers, "at", "and", …"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr.locales.registry import LOCALES
from tests.rooms import sources

ROOT = Path(__file__).resolve().parents[3]
LOCALES_FOLDER = ROOT / "ivr/locales"
SOURCES = [path for path in sorted((ROOT / "ivr").rglob("*.py")) if LOCALES_FOLDER not in path.parents]
ANSWERS = {"yeah", "yep", "nope", "okay", "please", "ja", "nee", "stop"}
ALLOWED = {  # (file, text) → why no caller says or hears it
    ("ivr/ports.py", "en"): "code of the language that is taken where nobody names one",
    ("ivr/state.py", "en"): "code of the language that is taken where nobody names one",
    ("ivr/turn.py", "by"): "key of an event",
    ("ivr/session.py", "to"): "key of an event",
    ("ivr/wording.py", "number"): "variable of a prompt",
    ("ivr/phases.py", "number"): "phase of a step",
    ("ivr/phases.py", "by"): "key of a saved state",
    ("ivr/flow_facts.py", "or"): "in a sentence for a flow's author",
    ("ivr/understanding/places.py", "to"): "role of a place",
    ("ivr/validation.py", "and"): "in a sentence for a flow's author",
    ("ivr/understanding/onnx_encoder.py", "en"): "language whose encoder it is",
    ("ivr/understanding/onnx_encoder.py", "in"): "in a sentence for a keeper",
}


def spoken_words() -> set[str]:
    """Every word of which the languages make numbers, times, places in line and lists; letters aside."""
    said = (part for spoken in LOCALES.values() for part in (*spoken.vocabulary(), spoken.LINK, spoken.AND))
    heard = (word for spoken in LOCALES.values() for word in (
        *spoken.NUMBERS.values, *spoken.NUMBERS.hundreds, *spoken.NUMBERS.points, *spoken.NUMBERS.repeats,
        *spoken.ARTICLES, *spoken.NUMBER_NOUNS, *spoken.ENDINGS))  # fmt: skip
    return {word for text in (*said, *heard, *ANSWERS) for word in words_of(text) if len(word) > 1}


def words_of(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", text.casefold())


def texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every string of the code, parts of f-strings too; docstrings are for readers."""
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.lineno, node.value


WORDS = spoken_words()
Place = tuple[str, str]  # file, text


def faults(where: str, source: str) -> list[tuple[Place, int]]:
    """Strings made of nothing but spoken words, and their lines."""
    found = ((text.strip(), line) for line, text in texts(ast.parse(source)))
    return [((where, text), line) for text, line in found if (words := words_of(text)) and WORDS.issuperset(words)]


def in_the_dialogue() -> list[tuple[Place, int]]:
    files = ((path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in SOURCES)
    return [fault for where, source in files for fault in faults(where, source)]


def test_no_words_of_a_language_stand_in_the_code_of_the_dialogue() -> None:
    assert [fault for fault in in_the_dialogue() if fault[0] not in ALLOWED] == []


def test_what_is_allowed_is_there() -> None:
    assert ALLOWED.keys() == {place for place, _ in in_the_dialogue()}


@pytest.mark.parametrize(
    "source",
    [
        'DAYS = ("Monday", x)', 'LINK = "at"', 'f"{a} and {b}"', 'f"by {time}"', 'x = "half past"', 'x = "Stop"',
        'ARTICLES = {"the"}', '{"double": 2}', 'if word == "twenty": pass', 'say("as soon as possible")',
        'word.endswith("n\'t")', 'f"om {uur}"',
    ],
)  # fmt: skip
def test_words_of_a_language_are_found(source: str) -> None:
    assert faults("x.py", source)


@pytest.mark.parametrize("source", ['"""By noon."""', 'note("queue.left", {"reason": why})', 'x = "step_and_phase0*"'])
def test_docstrings_and_keys_are_no_words_to_callers(source: str) -> None:
    assert faults("x.py", source) == []


def test_only_the_modules_of_languages_count_aloud() -> None:
    """By num2words, which would say English to whoever forgets to name a language."""
    files = sources()
    using = {path for path in files if "num2words" in path.read_text(encoding="utf-8")}
    assert using == {LOCALES_FOLDER / f"{code}.py" for code in LOCALES}
