"""What Whisper is told beforehand: whole names, and a full stop."""

from stt.whisper_engine import HINT_CHARACTERS, hint_of


def test_names_become_a_sentence() -> None:
    assert hint_of(["ward 4", "the heart clinic"]) == "ward 4, the heart clinic."


def test_what_does_not_fit_is_left_out_whole() -> None:
    names = [f"the clinic number {number}" for number in range(100)]
    hint = hint_of(names)
    assert hint is not None
    assert HINT_CHARACTERS - 25 < len(hint) <= HINT_CHARACTERS
    assert hint.removesuffix(".").split(", ") == names[: hint.count(",") + 1]


def test_nothing_to_say_is_no_hint() -> None:
    assert hint_of([]) is None
    assert hint_of(["x" * (HINT_CHARACTERS + 1)]) is None
