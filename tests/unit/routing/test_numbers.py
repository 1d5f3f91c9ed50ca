"""Numbers from hostile hands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.documents import Contact, Site, load_edition
from config.settings import PROJECT
from routing.model import NotCallable
from routing.numbers import Proof, callable_number, identify, normalise


@pytest.fixture(scope="module")
def site() -> Site:
    site = load_edition(PROJECT / "config").site
    contacts = (
        Contact(number="204", name="Ward 4 desk", place="ward-4", kind="staff"),
        Contact(number="300", name="Corridor phone", shared=True),
        Contact(number="020 555 1234", name="Dr. Smit"),
        Contact(number="ward7", name="Ward 7 phone", place="ward-7", kind="staff"),
    )
    rules = site.callback.model_copy(update={"dial_patterns": ("[1-9][0-9]{2,4}", r"\+31[1-9][0-9]{8}")})
    return site.model_copy(update={"contacts": contacts, "callback": rules, "region": "NL"})


def test_a_known_extension_names_its_contact(site: Site) -> None:
    caller = identify("204", "Ward 4", False, site, Proof.TRUNK)
    assert (caller.number, caller.contact, caller.place, caller.kind, caller.shared) == (
        "204", "Ward 4 desk", "ward-4", "staff", False,
    )  # fmt: skip


@pytest.mark.parametrize("raw", ["0205551234", "+31205551234", "0031205551234", "+31 (20) 555-1234"])
def test_one_number_in_many_spellings_is_one_contact(site: Site, raw: str) -> None:
    caller = identify(raw, "", False, site, Proof.TRUNK)
    assert (caller.number, caller.contact) == ("+31205551234", "Dr. Smit")


def test_a_phone_without_digits_may_be_a_contact(site: Site) -> None:
    assert identify("ward7", "", False, site, Proof.PHONE).contact == "Ward 7 phone"
    assert identify("ward8", "", False, site).number is None


def test_a_shared_phone_says_so(site: Site) -> None:
    assert identify("300", "", False, site, Proof.PHONE).shared


@pytest.mark.parametrize("raw", ["204", "+31205551234"])
def test_a_withheld_number_identifies_nobody(site: Site, raw: str) -> None:
    caller = identify(raw, "Ward 4", True, site, Proof.PHONE)
    assert (caller.number, caller.contact, caller.withheld) == (None, None, True)


@pytest.mark.parametrize("raw", ["204", "2-04", "2.04", " 204", "+204", "0205551234", "ward7"])
def test_a_number_that_nothing_proves_is_nobodys(site: Site, raw: str) -> None:
    caller = identify(raw, "Ward 4 desk", False, site)
    assert (caller.contact, caller.place, caller.kind, caller.identifies) == (None, None, "unproven", False)
    assert (caller.known_as, caller.name) == ("", "Ward 4 desk")


def test_no_trunk_speaks_for_a_phone_that_has_a_password(site: Site) -> None:
    contacts = (Contact(number="204", name="Ward 4 desk", phone=True, kind="staff"),)
    site = site.model_copy(update={"contacts": contacts})
    assert identify("204", "", False, site, Proof.TRUNK).kind == "unproven"
    assert identify("204", "", False, site, Proof.PHONE).contact == "Ward 4 desk"


@pytest.mark.parametrize("raw", ["", "anonymous", "Unknown", " Restricted "])
def test_no_number_is_a_withheld_number(site: Site, raw: str) -> None:
    assert identify(raw, "", False, site).withheld


@given(st.text(max_size=60), st.text(max_size=60), st.booleans(), st.sampled_from(Proof))
def test_any_caller_may_call(site: Site, raw: str, name: str, withheld: bool, proof: Proof) -> None:
    caller = identify(raw, name, withheld, site, proof)
    assert (caller.raw, caller.name) == (raw, name)
    known = {contact.number for contact in site.contacts}
    assert caller.number is None or caller.number in known or caller.number.lstrip("+").isdecimal()


def test_endless_names_are_cut(site: Site) -> None:
    assert len(identify("204", "x" * 1_000_000, False, site).name) == 8_000


@pytest.mark.parametrize(
    ("text", "dialled"),
    [
        ("204", "204"),
        ("204\n", "204"),
        ("0612345678", "+31612345678"),
        ("+31 6 1234 5678", "+31612345678"),
        (" 31204 ", "31204"),
    ],
)
def test_what_may_be_dialled_is_normalised(site: Site, text: str, dialled: str) -> None:
    assert callable_number(text, site) == dialled


@pytest.mark.parametrize(
    "text",
    ["", "112", "+88213000000", "0900 1234567", "204&SIP/trunk/0900", "204@evil", "204\r\nApplication: System",
     "０６１２３４５６７８", "Local/s@default", "+", "0" * 400, "204,,9", "*21*0900#", "anonymous"],
)  # fmt: skip
def test_what_matches_no_pattern_or_calls_emergency_services_is_not_dialled(site: Site, text: str) -> None:
    with pytest.raises(NotCallable):
        callable_number(text, site)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0900 8844", "premium"), ("+31909123456", "premium"), ("0800 1234", "toll-free"), ("0661234567", "a pager"),
        ("+31970123456", "no subscriber's"), ("+4490912345678", "no number at all"), ("2222", "the house's own alarm"),
        ("112", "emergency services"), ("911", "emergency services"), ("7777", "rings the urgent group"),
    ],
)  # fmt: skip
def test_a_number_that_is_no_persons_phone_is_not_called(site: Site, text: str, why: str) -> None:
    alarms = site.emergency.model_copy(update={"urgent_phones": ("7777",)})
    rules = site.callback.model_copy(update={"dial_patterns": ("[0-9]{3,4}", r"\+[0-9]+"), "never": ("2222",)})
    with pytest.raises(NotCallable):
        callable_number(text, site.model_copy(update={"callback": rules, "emergency": alarms}))


@pytest.mark.parametrize("text", ["0612345678", "+31201234567", "+4915123456789", "0881234567", "0851234567"])
def test_a_persons_phone_is_called_in_any_country_that_a_pattern_allows(site: Site, text: str) -> None:
    rules = site.callback.model_copy(update={"dial_patterns": (r"\+[0-9]+",)})
    assert callable_number(text, site.model_copy(update={"callback": rules})).startswith("+")


@given(st.text(max_size=40))
def test_only_plain_digits_are_ever_dialled(site: Site, text: str) -> None:
    try:
        number = callable_number(text, site)
    except NotCallable:
        return
    assert number.isascii()
    assert number.lstrip("+").isdigit()


@pytest.mark.parametrize(
    ("text", "number"), [("12345", "12345"), ("123456", "+31123456"), ("999999999999999999", None)]
)
def test_short_numbers_are_of_the_house(text: str, number: str | None) -> None:
    assert normalise(text, "NL") == number
