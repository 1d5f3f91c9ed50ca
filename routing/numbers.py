"""Telephone numbers from hostile hands: who calls, as far as the network says, and what may be dialled."""

import re
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberType

from config.documents import CallbackRules, Contact, Site
from routing.model import UNPROVEN, CallerId
from routing.model import NotCallable as NotCallable

NUMBER = re.compile(r"\+?[0-9][0-9 ()./-]{0,38}", re.ASCII)
EXTENSION_DIGITS = 5  # up to so many digits are a number of the house
# Phones of people. Not: numbers that charge who calls them, that only receive, or that are no subscriber's.
PEOPLE = frozenset(
    {
        PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.VOIP, PhoneNumberType.PERSONAL_NUMBER, PhoneNumberType.UAN,
    }
)  # fmt: skip
SEPARATORS = str.maketrans("", "", " ()./-")
UNNAMED = {"", "anonymous", "unknown", "restricted", "private", "unavailable", "withheld"}
LONGEST = 8_000  # of a number or name as received, in characters


class Proof(StrEnum):
    """What proves that a call comes from the number that it tells."""

    NONE = "none"  # whoever calls wrote it there
    TRUNK = "trunk"  # a trusted trunk asserts it
    PHONE = "phone"  # a phone of ours, by its password
    PERSON = "person"  # somebody of the house has taken it down


def identify(raw: str, name: str, withheld: bool, site: Site, proof: Proof = Proof.NONE) -> CallerId:
    """Number and name as received, the number normalised, and the contact that it is proved to be.

    A withheld number identifies nobody, whatever the network sent along; nor does one that nothing proves, which is
    kept as what the caller says.
    """
    raw, name = raw[:LONGEST], name[:LONGEST]
    withheld = withheld or raw.strip().lower() in UNNAMED
    number = None if withheld else normalise(raw, site.region)
    if withheld:
        return CallerId(raw, None, name, True)
    contact = _contact(raw, number, site)
    if not _proves(proof, contact):
        return CallerId(raw, number, name, kind=UNPROVEN)
    if contact is None:
        return CallerId(raw, number, name)
    # A contact may be a phone without digits, such as a SIP user name.
    number = number or contact.number
    return CallerId(raw, number, name, False, contact.name, contact.place, contact.kind, contact.shared)


def _proves(proof: Proof, contact: Contact | None) -> bool:
    """A phone that registers here proves itself by its password: no trunk speaks for it."""
    return proof in (Proof.PHONE, Proof.PERSON) or (proof is Proof.TRUNK and not (contact and contact.phone))


def normalise(text: str, region: str) -> str | None:
    """E.164, or the bare digits of an extension; None for what is no number."""
    text = text.strip()
    if not NUMBER.fullmatch(text):
        return None
    digits = text.translate(SEPARATORS)
    if len(digits) <= EXTENSION_DIGITS and not digits.startswith("+"):
        return digits
    return _e164(digits, region)


def callable_number(text: str, site: Site) -> str:
    """What to dial for a number that was said, keyed or received.

    Never anything outside the dial patterns, an alarm, or a number that is no person's phone (premium, toll-free, …).

    Raises: NotCallable.
    """
    number = normalise(text, site.region)
    if number is None or not may_be_dialled(number, site.callback):
        raise NotCallable("no dial pattern allows this number")
    if number in _alarms(site) or phonenumbers.is_emergency_number(number, site.region):
        raise NotCallable("nobody is called back at the emergency services")
    return number


def may_be_dialled(number: str, rules: CallbackRules) -> bool:
    """Whether a dial pattern matches the whole number, it is not excepted, and it can be a person's phone."""
    if number in rules.never or not any(re.fullmatch(pattern, number) for pattern in rules.dial_patterns):
        return False
    return not number.startswith("+") or _is_a_persons(number)


def _is_a_persons(number: str) -> bool:
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(parsed) and phonenumbers.number_type(parsed) in PEOPLE


def _alarms(site: Site) -> frozenset[str]:
    """Numbers that ring for emergencies."""
    return frozenset({site.national_emergency, *site.emergency.urgent_phones})


def _e164(digits: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _contact(raw: str, number: str | None, site: Site) -> Contact | None:
    for contact in site.contacts:
        same_number = number is not None and _contact_number(contact.number, site.region) == number
        if same_number or contact.number == raw.strip():
            return contact
    return None


@lru_cache(maxsize=1024)
def _contact_number(text: str, region: str) -> str | None:
    return normalise(text, region)
