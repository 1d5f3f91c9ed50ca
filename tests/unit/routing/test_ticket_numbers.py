"""Ticket numbers for speaking."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.ticket_numbers import is_ticket_number, nth_ticket_number, ticket_number

nths = st.integers(1, 2_000_000)


def test_no_number_comes_twice_and_the_first_are_short() -> None:
    numbers = [nth_ticket_number(nth) for nth in range(1, 100_001)]
    assert len(set(numbers)) == 100_000
    assert {len(number) for number in numbers[:9_000]} == {5}
    assert {len(number) for number in numbers[9_000:99_000]} == {6}


@given(nths)
def test_neighbours_differ_in_most_digits(nth: int) -> None:
    one, other = nth_ticket_number(nth), nth_ticket_number(nth + 1)
    assert len(one) != len(other) or sum(a != b for a, b in zip(one, other, strict=True)) >= 3


@given(nths, st.data())
def test_one_wrong_digit_is_never_another_ticket(nth: int, data: st.DataObject) -> None:
    number = nth_ticket_number(nth)
    where = data.draw(st.integers(0, len(number) - 1))
    wrong = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != number[where]]))
    assert not is_ticket_number(number[:where] + wrong + number[where + 1 :])


@given(nths, st.data())
def test_two_swapped_digits_are_never_another_ticket(nth: int, data: st.DataObject) -> None:
    number = nth_ticket_number(nth)
    where = data.draw(st.integers(0, len(number) - 2))
    swapped = number[:where] + number[where + 1] + number[where] + number[where + 2 :]
    assert swapped == number or not is_ticket_number(swapped)


@given(st.text())
def test_any_text_may_be_asked_about(text: str) -> None:
    assert is_ticket_number(text) in (True, False)


@given(nths)
def test_every_number_is_one(nth: int) -> None:
    assert is_ticket_number(nth_ticket_number(nth))


@pytest.mark.parametrize("written", ["47213", " 47 213", "0047213", "47-213#", "ticket 47213"])
def test_a_number_is_the_same_however_it_is_written(written: str) -> None:
    assert ticket_number(written) == "47213"
