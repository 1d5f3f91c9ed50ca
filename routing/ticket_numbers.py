"""Ticket numbers for speaking: short, never reused, with a check digit; neighbours sound nothing alike.

The n-th ticket gets the n-th value of a walk through all numbers of four digits, then of five,
then six, each followed by its Damm check digit (which catches every single wrong digit and every
swap of neighbours). No number begins with zero.
"""

FEWEST_DIGITS = 4  # without the check digit: 9,000 tickets, then 90,000, then 900,000, …
_STRIDE = 0.6180339887  # golden ratio: consecutive values fall far apart
_DAMM = (
    "0317598642", "7092154863", "4206871359", "1750983426", "6123045978",
    "3674209581", "5869720134", "8945362017", "9438617205", "2581436790",
)  # fmt: skip


def nth_ticket_number(nth: int) -> str:
    """The number of the nth ticket (1, 2, …), check digit last."""
    index, digits = nth - 1, FEWEST_DIGITS
    while index >= (size := 9 * 10 ** (digits - 1)):
        index, digits = index - size, digits + 1
    value = str(10 ** (digits - 1) + (index + 1) * _stride(size) % size)
    return value + _check_digit(value)


def is_ticket_number(text: str) -> bool:
    """Whether the digits could be a ticket's number, going by the check digit alone."""
    plausible = text.isascii() and text.isdigit() and FEWEST_DIGITS < len(text) <= 12 and text[0] != "0"
    return plausible and _check_digit(text) == "0"


def ticket_number(text: str) -> str:
    """A ticket's number as people write, key or say it, as it was given: digits alone, the first of them no zero."""
    return "".join(mark for mark in text if mark.isascii() and mark.isdigit()).lstrip("0")


def _stride(size: int) -> int:
    """A step near the golden ratio without a factor in common with `size` (9·10ⁿ: no 2, 3, 5)."""
    step = int(size * _STRIDE)
    while step % 2 == 0 or step % 3 == 0 or step % 5 == 0:
        step += 1
    return step


def _check_digit(digits: str) -> str:
    interim = "0"
    for digit in digits:
        interim = _DAMM[int(interim)][int(digit)]
    return interim
