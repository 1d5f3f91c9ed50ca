from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as some

from routing.identity import first_id, id_of, new_id

AT = datetime(2026, 11, 22, 2, 10, tzinfo=UTC)


def test_an_id_of_a_name_is_always_the_same() -> None:
    assert id_of("a", AT) == id_of("a", AT)
    assert len({id_of(name, at) for name in "ab" for at in (AT, AT + timedelta(seconds=1))}) == 4


@given(some.text(), some.datetimes(datetime(1970, 1, 2), datetime(2500, 1, 1), timezones=some.just(UTC)))
def test_an_id_of_a_name_is_a_uuid_of_version_7(name: str, at: datetime) -> None:
    made = UUID(id_of(name, at))
    assert (made.version, made.variant) == (7, UUID(new_id()).variant)


def test_it_sorts_among_the_others_by_its_time() -> None:
    assert (
        id_of("a", datetime.now(UTC) - timedelta(seconds=1))
        < new_id()
        < id_of("a", datetime.now(UTC) + timedelta(seconds=1))
    )


@given(some.text(), some.integers(0, 999))
def test_no_id_from_a_time_on_is_before_its_first(name: str, later_ms: int) -> None:
    assert first_id(AT) <= id_of(name, AT + timedelta(milliseconds=later_ms))
    assert first_id(AT) > id_of(name, AT - timedelta(milliseconds=1 + later_ms))
