"""What is promised, and by when."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.documents import Hours, Site, Topic, TopicLimits, load_edition
from config.settings import PROJECT
from routing.model import CallerId, Intake, Stage, Ticket, TicketDraft
from routing.promise import deadline, is_open, is_settled_by, make_promise, moved_promise

ZONE = ZoneInfo("Europe/Amsterdam")
WEEKDAY = ("08:00", "17:00")


@pytest.fixture(scope="module")
def site() -> Site:
    hours = Hours(
        country="NL",
        week={"mon": WEEKDAY, "tue": WEEKDAY, "wed": WEEKDAY, "thu": WEEKDAY, "fri": WEEKDAY, "sat": None, "sun": None},
    )
    return load_edition(PROJECT / "config").site.model_copy(update={"hours": hours, "zone": "Europe/Amsterdam"})


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "minutes", "due"),
    [
        ("2026-11-23T10:00", 60, "2026-11-23T11:00"),  # Monday
        ("2026-11-23T16:30", 60, "2026-11-24T08:30"),  # over the night
        ("2026-11-27T16:30", 60, "2026-11-30T08:30"),  # over the weekend
        ("2026-11-23T05:00", 60, "2026-11-23T09:00"),  # before opening
        ("2026-11-28T12:00", 60, "2026-11-30T09:00"),  # on Saturday
        ("2026-11-23T16:00", 60, "2026-11-23T17:00"),  # to the minute of closing
        ("2026-12-24T16:30", 60, "2026-12-28T08:30"),  # Christmas Day, Boxing Day and the weekend
        ("2026-11-23T08:00", 9 * 60 * 5, "2026-11-27T17:00"),  # a working week
        ("2026-03-27T16:30", 60, "2026-03-30T08:30"),  # the clock goes forward in between
        ("2026-10-23T16:30", 60, "2026-10-26T08:30"),  # and back
    ],
)
def test_working_minutes_count_opening_hours_only(site: Site, start: str, minutes: int, due: str) -> None:
    assert deadline(local(start), minutes, True, site) == local(due)


@pytest.mark.parametrize("start", ["2026-03-28T20:00", "2026-10-24T20:00"])
def test_other_minutes_are_real_minutes_through_any_night(site: Site, start: str) -> None:
    assert deadline(local(start), 12 * 60, False, site) == local(start) + timedelta(hours=12)


moments = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))


@given(moments, st.integers(1, 5_000), st.integers(1, 500))
def test_more_time_is_never_due_earlier(site: Site, start: datetime, minutes: int, more: int) -> None:
    assert deadline(start, minutes, True, site) < deadline(start, minutes + more, True, site)


@given(moments, st.integers(1, 5_000), st.integers(1, 500))
def test_who_calls_later_is_never_promised_earlier(site: Site, start: datetime, minutes: int, later: int) -> None:
    after = start + timedelta(minutes=later)
    assert deadline(start, minutes, True, site) <= deadline(after, minutes, True, site)


@given(moments, st.integers(1, 5_000))
def test_work_is_due_while_the_site_is_open(site: Site, start: datetime, minutes: int) -> None:
    due = deadline(start, minutes, True, site)
    assert is_open(due - timedelta(microseconds=1), site)
    assert due - start >= timedelta(minutes=minutes)


def test_a_site_that_never_opens_still_owes_a_time(site: Site) -> None:
    closed = site.model_copy(update={"hours": Hours(country="NL", week={})})
    start = local("2026-11-23T10:00")
    assert deadline(start, 60, True, closed) > start


def test_opening_hours_to_midnight(site: Site) -> None:
    late = site.model_copy(update={"hours": Hours(country="NL", week={"mon": ("20:00", "24:00")})})
    assert is_open(local("2026-11-23T23:59"), late)
    assert not is_open(local("2026-11-24T00:00"), late)


def topic(promise: str, limits: TopicLimits) -> Topic:
    return Topic(id="t", name={}, crew="technical", urgency="high", limits=limits, promise=promise, phrases={})


def test_who_is_promised_somebody_is_told_of_the_arrival(site: Site) -> None:
    opened = local("2026-11-23T10:00")
    limits = TopicLimits(accepted=10, arrived=30, completed=240)
    promise = make_promise(topic("attend", limits), opened, site)
    assert (promise.what, promise.by) == ("promise_attend", opened + timedelta(minutes=30))


def test_who_is_promised_an_answer_is_told_of_the_end(site: Site) -> None:
    opened = local("2026-11-23T16:30")
    limits = TopicLimits(accepted=10, arrived=30, completed=60, working=True)
    promise = make_promise(topic("answer", limits), opened, site)
    assert (promise.what, promise.by) == ("promise_answer", local("2026-11-24T08:30"))


def test_a_promise_to_attend_is_kept_by_arriving_any_other_by_completing() -> None:
    assert is_settled_by("promise_attend", Stage.ARRIVED)
    assert not is_settled_by("promise_answer", Stage.ARRIVED)
    assert is_settled_by("promise_answer", Stage.COMPLETED)
    assert is_settled_by("promise_answer", Stage.CLOSED)
    assert not is_settled_by("promise_attend", Stage.ACCEPTED)


MATTER = Topic(
    id="t",
    name={},
    crew="technical",
    urgency="normal",
    phrases={},
    limits=TopicLimits(accepted=30, arrived=240, completed=480),
)


def reported(site: Site, opened: datetime, urgency_set: str | None = None) -> Ticket:
    draft = TicketDraft(
        "t", "technical", MATTER.urgency, make_promise(MATTER, opened, site), Intake.of_call(CallerId())
    )
    return Ticket("id", "123", site.id, opened, Stage.RECORDED, draft, urgency_set)


@pytest.mark.parametrize(
    ("urgency", "minutes"), [("critical", 30 + 15), ("high", 30 + 60), ("normal", 240), ("low", 30 + 2880)]
)
def test_a_set_urgency_moves_the_promise(site: Site, urgency: str, minutes: int) -> None:
    opened = local("2026-11-23T10:00")
    moved = moved_promise(reported(site, opened), urgency, MATTER, opened + timedelta(minutes=30), site)
    assert (moved.what, moved.by) == ("promise_attend", opened + timedelta(minutes=minutes))


def test_a_raised_urgency_never_moves_it_later_nor_a_lowered_one_sooner(site: Site) -> None:
    opened = local("2026-11-23T10:00")
    ticket = reported(site, opened)
    late = opened + timedelta(minutes=235)
    assert moved_promise(ticket, "high", MATTER, late, site).by == ticket.draft.promise.by
    lowered = moved_promise(reported(site, opened, "critical"), "high", MATTER, opened, site)
    assert lowered.by == opened + timedelta(minutes=240)


NIGHT = ("22:00", "06:00")


@pytest.fixture(scope="module")
def night_site(site: Site) -> Site:
    """Open in the nights after Monday to Friday."""
    days = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), NIGHT)
    return site.model_copy(update={"hours": Hours.model_validate({"country": "NL", "week": days})})


@pytest.mark.parametrize(
    ("at", "is_it"),
    [
        ("2026-11-23T21:59", False), ("2026-11-23T22:00", True), ("2026-11-24T00:00", True),
        ("2026-11-24T05:59", True), ("2026-11-24T06:00", False),
        ("2026-11-28T03:00", True),  # Saturday morning: the night of Friday
        ("2026-11-23T03:00", False),  # Monday morning: Sunday has none
        ("2026-12-25T03:00", True), ("2026-12-25T23:00", False),  # none begins on Christmas Day
    ],
)  # fmt: skip
def test_hours_may_run_over_midnight(night_site: Site, at: str, is_it: bool) -> None:
    assert is_open(local(at), night_site) is is_it


@pytest.mark.parametrize(
    ("start", "minutes", "due"),
    [
        ("2026-11-24T02:00", 60, "2026-11-24T03:00"),
        ("2026-11-24T05:30", 60, "2026-11-24T22:30"),
        ("2026-11-28T05:30", 60, "2026-11-30T22:30"),  # from the last night of the week into the next one
        ("2026-10-24T02:00", 60 * 4, "2026-10-24T06:00"),
    ],
)
def test_working_minutes_of_a_night_run_over_midnight(night_site: Site, start: str, minutes: int, due: str) -> None:
    assert deadline(local(start), minutes, True, night_site) == local(due)
