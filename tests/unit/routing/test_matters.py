"""The matter, not the ticket that it got, is what is served."""

import pytest

from routing.matters import same_matter
from routing.model import CallerId, Intake, Promise, TicketDraft
from tests.unit.routing.world import START

TOPICS = {"plumbing", "printer"}


def about(topic: str, place: str | None = None) -> TicketDraft:
    return TicketDraft(
        topic, "technical", "normal", Promise("promise_attend", START), Intake.of_call(CallerId()), place=place
    )


@pytest.mark.parametrize(
    ("owed", "told", "same"),
    [
        (about("plumbing", "ward-4"), None, True),
        (about("plumbing", "ward-4"), about("person"), True),
        (about("person"), about("plumbing", "ward-4"), True),
        (about("plumbing", "ward-4"), about("plumbing", "ward-4"), True),
        (about("plumbing"), about("plumbing", "ward-4"), True),
        (about("plumbing", "ward-4"), about("plumbing", "ward-5"), False),
        (about("plumbing", "ward-4"), about("printer", "ward-4"), False),
        (about("plumbing"), about("printer"), False),
    ],
)
def test_a_caller_wants_the_talk_that_they_are_owed(owed: TicketDraft, told: TicketDraft | None, same: bool) -> None:
    assert same_matter(owed, told, TOPICS) is same
