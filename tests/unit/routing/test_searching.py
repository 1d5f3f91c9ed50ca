"""What a search means: words in any order, numbers as people write them, names in any language."""

import pytest

from routing.searching import SiteWords, fits, folded, searchable
from routing.ticket_numbers import nth_ticket_number

SITE = SiteWords(
    "NL", {"plumbing": "plumbing a blocked drain verstopping"}, {"ward-4": "ward-4 04 ward 4 osasto nelja"}
)
NUMBER = "+31205550204"


@pytest.mark.parametrize(
    ("written", "same"),
    [("Åsa", "asa"), ("ÅSA ØDEGÅRD", "asa odegard"), ("Łódź", "lodz"), ("Straße", "STRASSE"), ("A\u030asa", "åsa"),
     ("ﬁlter", "FILTER"), ("４２", "42"), ("二号病房", "二号病房")],
)  # fmt: skip
def test_case_accents_and_widths_make_no_difference(written: str, same: str) -> None:
    assert folded(written) == folded(same)


def found(text: str, words: str = "the drain is blocked", number: str = NUMBER) -> bool:
    numbers = ("52341", number)
    return all(fits(term, searchable(words), numbers, "plumbing", "ward-4") for term in SITE.terms(text))


@pytest.mark.parametrize(
    "text", ["blocked drain", "drain blocked", "BLOCKED,  drain", "verstopping 4", "nelja drain", ""]
)
def test_words_are_found_in_any_order_and_by_name(text: str) -> None:
    assert found(text)


@pytest.mark.parametrize(
    "text",
    ["+31205550204", "+31 20 555 0204", "0031 20 5550204", "020 5550204", "020-555 02 04", "(020) 5550204",
     "5550204", "555 0204", "0205550204", "drain 020-5550204", "52341", "52341 blocked"],
)  # fmt: skip
def test_a_number_is_found_in_any_form(text: str) -> None:
    assert found(text)


def test_a_tickets_number_is_found_in_groups_as_it_was_said() -> None:
    number = nth_ticket_number(1)
    for text in (f"{number[:2]} {number[2:]}", f"{number[:3]}-{number[3:]}", " ".join(number)):
        (term,) = SITE.terms(text)
        assert fits(term, "", [number]), text
        assert not fits(term, "", [nth_ticket_number(2)]), text


@pytest.mark.parametrize("text", ["printer", "blocked printer", "020 5550205", "+31 20 5550205", "52342"])
def test_what_does_not_fit_is_not_found(text: str) -> None:
    assert not found(text)


def test_a_search_has_an_end() -> None:
    assert len(SITE.terms("word " * 50 + " ".join(map(str, range(50))))) <= 12
