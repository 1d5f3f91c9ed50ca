"""How many calls the line may be asked to make: nobody has a third party rung again and again. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from config.documents import CallbackRules

WINDOW = timedelta(hours=1)


@dataclass(frozen=True)
class Asked:
    """A call as it was asked for: to which number and, by a caller, from which (None: withheld)."""

    number: str
    caller: str | None
    by_caller: bool = True  # False: the line rings of its own accord


def over_the_cap(asked: Asked, lately: Sequence[Asked], rules: CallbackRules) -> str | None:
    """Why one more is too many after those of the last `WINDOW`, or None. Who asks for their own phone asks as both."""
    if sum(other.number == asked.number for other in lately) >= rules.hourly_per_number:
        return "number"
    if not asked.by_caller:
        return None
    same_caller = sum(other.by_caller and other.caller == asked.caller for other in lately)
    if asked.caller is None:
        return "withheld" if same_caller >= rules.hourly_withheld else None
    return "caller" if same_caller >= rules.hourly_per_caller else None
