"""What a branch of a flow may ask: which facts there are, and what they can be."""

from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any, get_type_hints

from config.documents import Edition
from ivr import drafting
from ivr.facts import Facts
from ivr.flow import Case

DERIVED: Mapping[str, type] = {"place_missing": bool, "topic_kind": str}  # by `Script.fact`
KINDS: Mapping[str, Any] = {**get_type_hints(Facts), **DERIVED}
LISTS = {each.name for each in fields(Facts) if each.default == ()}  # of several parts: no value is theirs
ASKED = tuple(sorted(KINDS.keys() - LISTS))
NUMBERS = ("confidence", "caller_number", "callback_number", "status_number")  # that are more or less than others
YES_NO = ("yes", "no")
UNKNOWN = ""  # what a fact equals that is not known
FEW = 2  # values that a sentence names


def fault_of(case: Case, edition: Edition) -> tuple[str, str] | None:
    """The field that can never hold, and why; None when the case may be asked."""
    if case.fact not in ASKED:
        return "fact", f"there is no fact “{case.fact}”; there are {', '.join(ASKED)}"
    if case.equals is None:
        field = "below" if case.at_least is None else "at_least"
        return None if case.fact in NUMBERS else (field, f"fact “{case.fact}” is no number to be compared")
    if case.fact == "confidence":
        return None if _is_number(case.equals) else ("equals", "fact “confidence” is a number")
    known = _values(edition).get(case.fact)
    if known is None or case.equals in known or (KINDS[case.fact] is bool and isinstance(case.equals, bool)):
        return None
    values = f"; it is {' or '.join(known)}" if len(known) <= FEW else ""
    return "equals", f"fact “{case.fact}” is never “{case.equals}”{values}"


def _values(edition: Edition) -> Mapping[str, Collection[str]]:
    """Facts that are one of several values → those values."""
    return {
        "topic": (*edition.topics, drafting.PERSON.id, drafting.EMERGENCY_TOPIC.id, UNKNOWN),
        "place": (*(place.id for place in edition.places), UNKNOWN),
        "asset": (*(asset.id for asset in edition.assets), UNKNOWN),
        "topic_kind": ("facility", "patient", UNKNOWN),
        "wants": ("person", UNKNOWN),
        **{name: YES_NO for name in ASKED if KINDS[name] is bool},
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
