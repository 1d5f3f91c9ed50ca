"""How many are let in, and what is kept for whom."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.documents import Contact, Site, load_edition
from config.settings import PROJECT, Admission, Asterisk, Settings
from telephony.admission import EMERGENCIES_KEPT, SENTENCES, TooFewPorts, attention, shares, staff_numbers

DEMO = load_edition(PROJECT / "config").site


@pytest.fixture
def site() -> Site:
    return DEMO


def settings(ports: int, **admission: int) -> Settings:
    return Settings(asterisk={"rtp_start": 20_000, "rtp_end": 20_000 + ports - 1}, admission=admission)


def limits(settings: Settings) -> tuple[Asterisk, Admission]:
    return settings.asterisk, settings.admission


def with_phones(site: Site, urgent: int, fallback: int) -> Site:
    emergency = site.emergency.model_copy(
        update={
            "urgent_phones": tuple(f"urgent{n}" for n in range(urgent)),
            "fallback_numbers": tuple(f"fallback{n}" for n in range(fallback)),
        }
    )
    return site.model_copy(update={"emergency": emergency})


@given(ports=st.integers(60, 40_000), urgent=st.integers(1, 8), fallback=st.integers(1, 4))
def test_whoever_is_let_in_can_be_put_through_and_emergencies_find_legs(ports: int, urgent: int, fallback: int) -> None:
    site = with_phones(DEMO, urgent, fallback)
    try:
        given_ = shares(*limits(settings(ports)), site)
    except TooFewPorts:
        assert ports // 2 < 2 + SENTENCES + EMERGENCIES_KEPT * (1 + urgent + fallback)
        return
    rung = urgent + fallback
    legs = 2 * given_.callers + SENTENCES + EMERGENCIES_KEPT * (1 + rung)
    assert legs * 2 <= ports
    assert 1 <= given_.strangers <= given_.outside <= max(1, given_.callers)


def test_the_default_range_carries_what_its_documentation_says(site: Site) -> None:
    given_ = shares(*limits(Settings()), site)
    assert (given_.callers, given_.outside, given_.strangers) == (243, 194, 121)
    assert (given_.of_address, given_.of_phone) == (20, 4)


def test_fewer_callers_may_be_chosen_and_never_more_than_the_ports_carry(site: Site) -> None:
    assert shares(*limits(settings(1_000, callers=30)), site).callers == 30
    assert (
        shares(*limits(settings(1_000, callers=3_000)), site).callers == shares(*limits(settings(1_000)), site).callers
    )


def test_a_range_that_carries_no_call_is_refused(site: Site) -> None:
    with pytest.raises(TooFewPorts, match="RTP ports 20000 to 20015 carry no call"):
        shares(*limits(settings(16)), site)


@pytest.mark.parametrize(
    ("urgent", "open_phones", "at_once", "kept"),
    [(1, ("urgent0",), 1, False), (2, ("urgent1",), 1, True), (4, ("urgent1", "urgent2", "urgent3"), 3, True)],
)
def test_one_urgent_phone_is_kept_wherever_there_are_two(
    site: Site, urgent: int, open_phones: tuple[str, ...], at_once: int, kept: bool
) -> None:
    found = attention(with_phones(site, urgent, 1))
    assert (found.open_phones, found.strangers, found.kept) == (open_phones, at_once, kept)


def test_numbers_of_staff_alone_count_as_known(site: Site) -> None:
    contacts = (
        Contact(number="+31 20-555 0300", name="Ward", kind="staff"),
        Contact(number="205", name="Own phone", kind="staff", phone=True),  # no trunk speaks for it
        Contact(number="302", name="PBX phone", kind="staff"),
        Contact(number="300", name="Corridor", kind="staff", shared=True),
        Contact(number="301", name="Ms Jansen", kind="patient"),
        Contact(number="anonymous", name="?", kind="staff"),
    )
    assert staff_numbers(site.model_copy(update={"contacts": contacts})) == [
        "31205550300", "0031205550300", "0205550300", "302"
    ]  # fmt: skip
