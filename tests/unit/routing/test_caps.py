"""Nobody has a third party rung again and again."""

import pytest

from config.documents import CallbackRules
from routing.caps import Asked, over_the_cap

RULES = CallbackRules(dial_patterns=(), hourly_per_number=2, hourly_per_caller=3, hourly_withheld=4)
ME, VICTIM = "+31612345678", "+31687654321"


@pytest.mark.parametrize(
    ("lately", "asked", "why"),
    [
        ([], Asked(ME, ME), None),
        ([Asked(ME, ME)], Asked(ME, ME), None),
        ([Asked(ME, ME)] * 2, Asked(ME, ME), "number"),
        ([Asked(VICTIM, "204"), Asked(VICTIM, None)], Asked(VICTIM, "205"), "number"),  # whoever asks
        ([Asked(str(other), "204") for other in range(3)], Asked(VICTIM, "204"), "caller"),
        ([Asked(str(other), "204") for other in range(3)], Asked(VICTIM, "205"), None),
        ([Asked(str(other), None) for other in range(3)], Asked(VICTIM, None), None),
        ([Asked(str(other), None) for other in range(4)], Asked(VICTIM, None), "withheld"),
    ],
)
def test_one_more_is_too_many(lately: list[Asked], asked: Asked, why: str | None) -> None:
    assert over_the_cap(asked, lately, RULES) == why
