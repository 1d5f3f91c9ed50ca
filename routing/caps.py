"""How many calls the line may be asked to make: nobody has a third party rung again and again. Pure."""

from dataclasses import dataclass
from datetime import timedelta

from config.documents import CallbackRules

WINDOW = timedelta(hours=1)
OUTSIDE = "+"  # how numbers outside the house begin


@dataclass(frozen=True)
class Asked:
    """A call as it was asked for: to which number and, by a caller, from which (None: withheld)."""

    number: str
    caller: str | None
    by_caller: bool = True  # False: the line rings of its own accord

    @property
    def is_outside(self) -> bool:
        """Whether the call costs money."""
        return self.number.startswith(OUTSIDE)


@dataclass(frozen=True)
class AskedAlike:
    """How many calls were asked for in the last `WINDOW` that are like another one."""

    to_number: int = 0  # that ring the same number, whoever asked
    by_caller: int = 0  # callbacks that the same caller asked for
    outside: int = 0  # whatever they are, that ring numbers outside the house


def over_the_cap(asked: Asked, alike: AskedAlike, rules: CallbackRules) -> str | None:
    """Why one more is too many after those, or None. Who asks for their own phone asks as both."""
    if alike.to_number >= rules.hourly_per_number:
        return "number"
    if asked.is_outside and alike.outside >= rules.hourly_outside:
        return "outside"
    if not asked.by_caller:
        return None
    if asked.caller is None:
        return "withheld" if alike.by_caller >= rules.hourly_withheld else None
    return "caller" if alike.by_caller >= rules.hourly_per_caller else None
