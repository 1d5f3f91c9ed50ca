"""Nobody has a third party rung again and again."""

import pytest

from config.documents import CallbackRules
from routing.caps import Asked, AskedAlike, over_the_cap

RULES = CallbackRules(dial_patterns=(), hourly_per_number=2, hourly_per_caller=3, hourly_withheld=4)
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
        (AskedAlike(to_number=1, by_caller=9), Asked(VICTIM, None, by_caller=False), None),
    ],
)
def test_one_more_is_too_many(alike: AskedAlike, asked: Asked, why: str | None) -> None:
    assert over_the_cap(asked, alike, RULES) == why
