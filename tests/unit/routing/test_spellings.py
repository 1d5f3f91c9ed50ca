"""A number is found however it was written."""

import pytest

from routing.spellings import Spellings, spellings


def found(text: str) -> Spellings:
    known = spellings(text, "NL")
    assert known
    return known


@pytest.mark.parametrize("text", ["+31612345678", "0612345678", "06 12 34 56 78", "0031612345678", "06-12345678"])
def test_one_number_in_any_spelling(text: str) -> None:
    number = found(text)
    assert number.number == "+31612345678"
    for written in (
        "ring me at 06-12 34 56 78 please", '{"n": "+31612345678"}', "sip:0612345678@10.0.0.1", "0031 6 1234 5678",
        "31612345678", "+31 (0)6 12345678", "number=+31612345678\n",
    ):  # fmt: skip
        assert number.stands_in(written), written
    for other in ("10612345678", "06123456789", "+32612345678", "061234567", "id 5506123456789012"):
        assert not number.stands_in(other), other


def test_what_was_received_is_compared_as_a_number() -> None:
    number = found("+31612345678")
    assert all(number.is_this(raw) for raw in ("0612345678", "+31612345678", "sip:+31612345678@pbx", "0031612345678"))
    assert not any(number.is_this(raw) for raw in (None, "", "anonymous", "+31612345679", "204"))


def test_an_extension_is_a_whole_number_only() -> None:
    number = found("204")
    assert number.is_this("204")
    assert not number.is_this("2040")
    assert not number.stands_in("room 204 is wet")  # that is a room
    assert number.pattern.search("from sip:204@10.0.0.1")
    assert not number.pattern.search("2026-11-30T04:20:04.204Z")


def test_its_mark_tells_nobody_which_it_is() -> None:
    assert found("0612345678").mark(b"key") == found("+31612345678").mark(b"key") != found("0612345678").mark(b"other")
    assert spellings("anonymous", "NL") is None
