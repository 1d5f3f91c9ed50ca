"""What we ring people for, and what is special of each purpose. The dialler is the same for all of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    CALLBACK = "callback"  # somebody who waited chose to be rung instead
    DELAY = "delay"  # what was promised comes later
    CLOSING = "closing"  # what came of the matter
    SURVEY = "survey"  # how it went


@dataclass(frozen=True)
class PurposeRule:
    """What is special of the calls of one purpose."""

    for_agent: bool = False
    """It has a place in the queue, is dialled for an agent whose desk shows it, and its call takes that place."""
    ends_with_ticket: bool = False  # nobody is rung for it once the matter is closed


RULES: Mapping[Purpose, PurposeRule] = {
    Purpose.CALLBACK: PurposeRule(for_agent=True, ends_with_ticket=True),
    Purpose.DELAY: PurposeRule(ends_with_ticket=True),
    Purpose.CLOSING: PurposeRule(),
    Purpose.SURVEY: PurposeRule(),
}
FOR_AGENT = tuple(purpose for purpose, rule in RULES.items() if rule.for_agent)
ENDING_WITH_TICKET = tuple(purpose for purpose, rule in RULES.items() if rule.ends_with_ticket)
