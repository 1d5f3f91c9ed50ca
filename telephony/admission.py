"""How many callers are let in at once, and what of the line is kept for whom. Pure: settings and site in, numbers out.

Each leg of a call takes two UDP ports (RTP, RTCP). A caller who is let in must still reach a person, who is a second
leg; an emergency rings the whole urgent group and the fallback numbers, a leg each, at once.
"""

from dataclasses import dataclass

from config.documents import Site
from config.settings import Admission, Asterisk
from routing.spellings import spellings

PORTS_PER_LEG = 2
EMERGENCIES_KEPT = 2  # that many more emergencies of known phones find legs when everything else is taken
SENTENCES = 4  # callers who are being told that the line is full; more get the bare status


class TooFewPorts(Exception):
    """The RTP ports carry no call beside the legs that are kept for emergencies."""


@dataclass(frozen=True)
class Shares:
    callers: int  # at once, whoever they are, each with a leg to be put through on
    outside: int  # of these, at most so many from outside: strangers, and callers of a trunk
    strangers: int  # and so many for whom neither a password nor a trunk stands
    of_address: int  # calls at once from one stranger's address
    of_phone: int  # calls at once of one phone with a password
    emergencies: int  # callers with a known phone beyond all of these, for an emergency alone
    sentences: int = SENTENCES


def shares(asterisk: Asterisk, chosen: Admission, site: Site) -> Shares:
    """Raises: TooFewPorts."""
    legs = (asterisk.rtp_end - asterisk.rtp_start + 1) // PORTS_PER_LEG
    rung = len(site.emergency.urgent_phones) + len(site.emergency.fallback_numbers)
    carried = (legs - SENTENCES - EMERGENCIES_KEPT * (1 + rung)) // 2
    if carried < 1:
        raise TooFewPorts(f"RTP ports {asterisk.rtp_start} to {asterisk.rtp_end} carry no call: widen the range")
    callers = min(carried, chosen.callers or carried)
    outside = max(1, callers * chosen.outside_percent // 100)
    strangers = max(1, callers * chosen.strangers_percent // 100)
    return Shares(callers, outside, strangers, chosen.of_address, chosen.of_phone, EMERGENCIES_KEPT)


@dataclass(frozen=True)
class Attention:
    """Whose phones an emergency rings: a known phone's all; strangers leave one free."""

    open_phones: tuple[str, ...]  # the urgent phones that a stranger's emergency rings first
    strangers: int  # emergencies of strangers that ring or talk at once
    fallback_strangers: int  # the same among the fallback numbers
    kept: bool  # whether one is kept; where not, a stranger waits while a known phone's emergency has them


def attention(site: Site) -> Attention:
    """One urgent phone is kept for known phones wherever there are two."""
    urgent, fallback = site.emergency.urgent_phones, site.emergency.fallback_numbers
    return Attention(
        open_phones=urgent[1:] or urgent,
        strangers=max(1, len(urgent) - 1),
        fallback_strangers=max(1, len(fallback) - 1),
        kept=len(urgent) > 1,
    )


def staff_numbers(site: Site) -> list[str]:
    """Digits of the numbers that belong to staff alone, in every way in which a trunk presents them.

    From a trusted trunk they count as known; a phone that registers here proves itself by its password.
    """
    staff = (contact for contact in site.contacts if contact.kind == "staff" and not contact.shared)
    known = (spellings(contact.number, site.region) for contact in staff if not contact.phone)
    return list(dict.fromkeys(digits for number in known if number for digits in number.presented()))
