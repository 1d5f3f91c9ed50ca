"""What an INVITE says of its caller, in every form that the RFCs allow and some that they do not."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from telephony.sip_identity import Address, InviteIdentity, addresses, claimed_caller

FROM = '"Porter" <sip:anonymous@anonymous.invalid>;tag=1'


@pytest.mark.parametrize(
    ("value", "number", "display"),
    [
        ("<sip:204@h>;tag=x", "204", ""),
        ("sip:204@h;tag=x", "204", ""),
        ("<sip:204;x=y@h>", "204", ""),
        ("<sip:+31612345678;cpc=ordinary@h;user=phone>;tag=2", "+31612345678", ""),
        ("<sip:+31-6-1234.5678@h;user=phone>", "+31612345678", ""),
        ("<sip:0612345678;phone-context=+31@h;user=phone>", "0612345678", ""),
        ("<sips:204:secret@h:5061;transport=tls>", "204", ""),
        ("<sip:%32%30%34@h>", "204", ""),
        ("<SIP:204@[2001:db8::1]:5060>", "204", ""),
        ("<tel:+31-6-1234-5678;ext=9>", "+31612345678", ""),
        ("tel:+31612345678;tag=4", "+31612345678", ""),
        ("<tel:204;phone-context=hospital.example>;tag=5", "204", ""),
        ("<TEL:+31612345678>", "+31612345678", ""),
        ('"Nurse, <4> \\"east\\"" <sip:204@h>', "204", 'Nurse, <4> "east"'),
        ("Nurse Joy <sip:204@h>", "204", "Nurse Joy"),
        ('"Zoë 张伟" <sip:204@h>', "204", "Zoë 张伟"),
        ('"never closed <sip:204@h>', "204", "never closed"),
        ('"a" <sip:204@h', "204", "a"),
        ('"a" sip:204@h>;tag=1', "204", "a"),
        ("<sip:2-04@h>", "", ""),
        ("<sip:%20204@h>", "", ""),
        ("<sip:2.04@h>", "", ""),
        ("<sip:204%00@h>", "204", ""),
        ("<sip:ward7@h>", "", ""),
        ("<sip:h>", "", ""),
        ("<urn:service:sos>", "", ""),
        ("", "", ""),
    ],
)
def test_one_address(value: str, number: str, display: str) -> None:
    found, *_ = addresses(value) or [Address()]
    assert (found.number, found.display) == (number, display)


def test_a_name_that_is_no_number_is_kept_as_it_was_written() -> None:
    for user, number in (("2-04", "2-04"), ("%20204", " 204"), ("ward7", "ward7"), ("+204", "+204")):
        assert claimed_caller(InviteIdentity(f"<sip:{user}@h>")).number == number


@pytest.mark.parametrize(
    ("said", "number", "name", "withheld"),
    [
        (InviteIdentity(FROM, ("<tel:+31612345678>",)), "+31612345678", "Porter", False),
        (InviteIdentity(FROM, ('"W 4" <sip:204@h>, <tel:+31205550204>',)), "204", "W 4", False),
        (InviteIdentity(FROM, ("<sip:ward4@h>", "<tel:+31205550204>")), "+31205550204", "Porter", False),
        (InviteIdentity(FROM, ("<tel:+31612345678>",), privacy="id"), "+31612345678", "Porter", True),
        (InviteIdentity(FROM, ("<tel:+31612345678>",), privacy="header;id;critical"), "+31612345678", "Porter", True),
        (InviteIdentity(FROM, ("<tel:+31612345678>",), privacy="none"), "+31612345678", "Porter", False),
        (InviteIdentity("<sip:1@h>", ("garbage",)), "1", "", False),
        (InviteIdentity("<sip:1@h>", party='"W" <sip:204@h>;party=calling;privacy=off'), "204", "W", False),
        (InviteIdentity("<sip:1@h>", party="<sip:204@h>;party=calling;privacy=full"), "204", "", True),
        (InviteIdentity("<sip:1@h>", party="<sip:204@h>;party=called"), "1", "", False),
        (InviteIdentity("<sip:1@h>", ("<tel:5>",), party="<sip:204@h>;privacy=full"), "5", "", False),
        (InviteIdentity('"Anonymous" <sip:Anonymous@anonymous.invalid>'), "", "", True),
        (InviteIdentity("<sip:0612345678@h>", privacy="user;critical"), "0612345678", "", True),
        (InviteIdentity(""), "", "", True),
    ],
)
def test_what_is_asserted_counts_before_from(said: InviteIdentity, number: str, name: str, withheld: bool) -> None:
    told = claimed_caller(said)
    assert (told.number, told.name, told.withheld) == (number, name, withheld)


@pytest.mark.parametrize(
    ("diversion", "history"),
    [
        ("<tel:+31205550000>;reason=no-answer, <sip:300@h>;reason=unconditional", ""),
        ("", "<sip:300@h>;index=1, <sip:+31205550000@h?Reason=SIP%3Bcause%3D302>;index=1.1, <sip:100@h>;index=1.1.1"),
    ],
)
def test_who_diverted_is_known_and_is_not_the_caller(diversion: str, history: str) -> None:
    told = claimed_caller(InviteIdentity("<sip:0612345678@h>", diversion=diversion, history=history))
    assert (told.number, told.diverted_by) == ("0612345678", "+31205550000")


def test_a_history_of_the_call_to_us_alone_tells_of_no_diversion() -> None:
    assert claimed_caller(InviteIdentity("<sip:1@h>", history="<sip:100@h>;index=1")).diverted_by == ""


@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=50))
@example('"' * 2000, "<" * 2000, ",;" * 500)
@example("<sip:%0d%0aVariable%3a x=y%00@h>", "<tel:%e2%80%a8>", "id")
def test_whatever_stands_there_is_one_printable_line(sender: str, asserted: str, privacy: str) -> None:
    told = claimed_caller(InviteIdentity(sender, (asserted,), asserted, privacy, sender, asserted))
    for text in (told.number, told.name, told.diverted_by):
        assert len(text.splitlines()) <= 1
        assert not any(character < " " or "\x7f" <= character <= "\x9f" for character in text)


@given(st.from_regex(r"[0-9A-Za-z .,;:<>\"\\@%()*#+-]{0,60}", fullmatch=True))
def test_a_number_is_digits_and_nothing_else(value: str) -> None:
    for address in addresses(value):
        assert set(address.number) <= set("+0123456789*#ABCD")
