"""Why somebody is next, as reasons."""

from dataclasses import replace
from datetime import timedelta

from routing.turns import Turn, Why, turns
from tests.unit.routing.test_policy import NOW, OVERFLOWING, RULES, caller


def told(waiting: list[Turn]) -> list[tuple[str, int, tuple[Why, ...]]]:
    return [(turn.entry.id, turn.position, turn.why) for turn in waiting]


def test_each_has_a_place_in_their_crew_and_the_reasons_for_it() -> None:
    urgent, early = caller("urgent", urgency="high"), caller("early", since=NOW - timedelta(minutes=4))
    again, late, other = caller("again", contacts=3), caller("late"), caller("other", crew="it")
    pressing = caller("pressing", pressing=True, since=NOW + timedelta(seconds=1))
    assert told(turns([late, other, early, again, pressing, urgent], NOW, RULES)) == [
        ("urgent", 1, (Why.HIGH, Why.LONGEST)),
        ("pressing", 2, (Why.PRESSING, Why.BEHIND)),
        ("again", 3, (Why.REPEATED,)),
        ("early", 4, (Why.LONGEST,)),
        ("late", 5, (Why.BEHIND,)),
        ("other", 1, (Why.LONGEST,)),
    ]


def test_who_cannot_be_offered_yet_is_in_nobodys_way() -> None:
    aside = caller("aside", not_before=NOW + timedelta(seconds=9), since=NOW - timedelta(minutes=1))
    assert told(turns([aside, caller("next")], NOW, RULES)) == [
        ("aside", 0, (Why.NOT_YET,)), ("next", 1, (Why.LONGEST,)),
    ]  # fmt: skip


def test_overflow_and_who_knows_the_matter_are_told() -> None:
    waited = caller(since=NOW - timedelta(seconds=60), last_agent="anna")
    (turn,) = turns([waited], NOW, OVERFLOWING)
    assert turn.crews == ("technical", "it")
    assert turn.why == (Why.LONGEST, Why.OVERFLOW, Why.KNOWN)
    assert turn.is_next
    (fresh,) = turns([replace(waited, since=NOW)], NOW, OVERFLOWING)
    assert fresh.crews == ("technical",)
