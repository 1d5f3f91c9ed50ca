"""Nobody has a third party rung again and again."""

import pytest

from config.documents import CallbackRules
from routing.caps import Asked, AskedAlike, over_the_cap

RULES = CallbackRules(dial_patterns=(), hourly_per_number=2, hourly_per_caller=3, hourly_withheld=4, hourly_outside=9)
ME, VICTIM = "+31612345678", "+31687654321"


@pytest.mark.parametrize(
    ("alike", "asked", "why"),
    [
        (AskedAlike(), Asked(ME, ME), None),
        (AskedAlike(to_number=1, by_caller=1), Asked(ME, ME), None),
        (AskedAlike(to_number=2, by_caller=2), Asked(ME, ME), "number"),
        (AskedAlike(to_number=2), Asked(VICTIM, "205"), "number"),  # whoever asks
        (AskedAlike(by_caller=3), Asked(VICTIM, "204"), "caller"),
        (AskedAlike(by_caller=3), Asked(VICTIM, None), None),
        (AskedAlike(by_caller=4), Asked(VICTIM, None), "withheld"),
        (AskedAlike(outside=9), Asked(VICTIM, "204"), "outside"),
        (AskedAlike(outside=9), Asked(VICTIM, None, by_caller=False), "outside"),
        (AskedAlike(outside=9), Asked("205", "204"), None),
        (AskedAlike(outside=8), Asked(VICTIM, "204"), None),
        (AskedAlike(to_number=1, by_caller=9), Asked(VICTIM, None, by_caller=False), None),
    ],
)
def test_one_more_is_too_many(alike: AskedAlike, asked: Asked, why: str | None) -> None:
    assert over_the_cap(asked, alike, RULES) == why
