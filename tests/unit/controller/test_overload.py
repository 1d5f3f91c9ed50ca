"""What a controller says of its own load, and how many calls it serves by that."""

from dataclasses import replace
from typing import Any

import pytest

from controller.overload import FEWEST, LATE_S, LOOKS, MORE, READING_S, CallLimit, Measured, Overload, Strain
from web.ports import SERVES_STILL


class Counts:
    """A controller's counts, as a test sets them."""

    def __init__(self) -> None:
        self.now = Measured()

    def __call__(self) -> Measured:
        taken, self.now = self.now, replace(self.now, late_s=0.0)
        return taken

    def grow(self, **more: float) -> None:
        grown: Any = {name: getattr(self.now, name) + value for name, value in more.items()}
        self.now = replace(self.now, **grown)


@pytest.fixture
def counts() -> Counts:
    return Counts()


@pytest.fixture
def overload(counts: Counts) -> Overload:
    return Overload(counts)


def quiet(overload: Overload, looks: int) -> None:
    for _ in range(looks):
        overload.look()


async def test_a_machine_with_nothing_to_do_is_well(overload: Overload) -> None:
    quiet(overload, LOOKS)
    assert await overload() is None


@pytest.mark.parametrize(
    ("grown", "says"),
    [
        ({"lost_s": 0.24}, "sound stood still for 0.5 s"),
        ({"unread": 1}, "2 utterances were not read in time"),
        ({"unrecorded": 2}, "4 calls could not be recorded in time"),
    ],
)
async def test_what_callers_lose_twice_is_an_overload(
    overload: Overload, counts: Counts, grown: dict[str, float], says: str
) -> None:
    counts.grow(**grown)
    overload.look()
    assert (await overload() or "").startswith(SERVES_STILL)  # once may be chance
    counts.grow(**grown)
    overload.look()
    told = await overload() or ""
    assert not told.startswith(SERVES_STILL)
    assert says in told


@pytest.mark.parametrize("grown", [{"late_s": LATE_S}, {"reading_s": READING_S}])
async def test_what_is_only_slow_is_busy(overload: Overload, counts: Counts, grown: Any) -> None:
    for _ in range(LOOKS):
        counts.now = replace(counts.now, **grown)
        overload.look()
    assert (await overload() or "").startswith(SERVES_STILL)


async def test_it_is_well_again_only_when_nothing_was_seen_for_some_time(overload: Overload, counts: Counts) -> None:
    for _ in range(2):
        counts.grow(lost_s=1.0)
        overload.look()
    quiet(overload, LOOKS - 1)
    assert overload.strain is Strain.OVERLOADED  # the latest bad look is still among those that count
    quiet(overload, 1)
    assert await overload() is None


def overloaded(limit: CallLimit, now_s: float) -> None:
    limit.adapt(Measured(lost_s=0.3), Strain.OVERLOADED, now_s)


def test_as_many_as_come_are_served_until_they_were_too_many() -> None:
    limit = CallLimit()
    assert [limit.place(f"caller{number}", 0.0) for number in range(500)] == [0] * 500
    limit.serving = 200
    overloaded(limit, 1.0)
    assert limit.place("new", 1.0) == 1
    limit.serving = 100
    assert limit.place("new", 2.0) == 0


def test_the_longest_waiting_come_first() -> None:
    limit = CallLimit()
    limit.serving = 100
    overloaded(limit, 0.0)
    assert [limit.place(name, 0.0) for name in ("first", "second", "third")] == [1, 2, 3]
    limit.serving = 78  # room for two
    assert limit.place("third", 1.0) == 3
    assert limit.place("newcomer", 1.0) == 4
    assert limit.place("second", 1.0) == 0
    limit.serving += 1
    assert limit.place("first", 1.0) == 0


def test_who_hung_up_or_asks_no_more_keeps_nobody_waiting() -> None:
    limit = CallLimit(forgotten_s=30)
    limit.serving = 100
    overloaded(limit, 0.0)
    for name in ("hangs up", "is gone", "waits"):
        limit.place(name, 0.0)
    limit.left("hangs up")
    assert limit.place("waits", 25.0) == 2
    limit.adapt(Measured(), Strain.OK, 31.0)
    assert limit.place("waits", 31.0) == 1


def test_one_overload_is_answered_once_and_never_by_serving_hardly_anybody() -> None:
    limit = CallLimit()
    limit.serving = 100
    for second in range(5):
        overloaded(limit, float(second))
    assert limit.limit == 80
    limit.serving = 1
    overloaded(limit, 10.0)
    assert limit.limit == FEWEST


def test_when_all_is_well_more_are_served_little_by_little() -> None:
    limit = CallLimit()
    limit.serving = 100
    overloaded(limit, 0.0)
    limit.adapt(Measured(late_s=LATE_S), Strain.BUSY, 1.0)
    assert limit.limit == 80
    limit.adapt(Measured(), Strain.OVERLOADED, 2.0)
    assert limit.limit == 80 + MORE


def test_where_only_the_recognisers_are_late_nobody_waits_in_line() -> None:
    limit = CallLimit()
    limit.serving = 100
    limit.adapt(Measured(unread=3), Strain.OVERLOADED, 0.0)
    assert limit.place("new", 0.0) == 0


def test_a_call_counts_while_it_is_served() -> None:
    limit = CallLimit()
    with limit.served():
        assert limit.serving == 1
    assert limit.serving == 0
