"""Dial strings: what may be rung, how Asterisk is told, and how it tells who rings."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.dialling import (
    Destination,
    DialplanExtension,
    DialRefused,
    OutsideNumber,
    RegisteredPhone,
    dial_string,
    phone_of_channel,
    phone_of_device,
    who_is_rung,
)

HOSTILE = (
    "2001&PJSIP/2002", "2001\r\nApplication: System", "", "a b", "2001,30", "sip:x@evil.example/", "${SHELL(id)}",
    "2001/sip:x", "x;y", "x" * 81, "anna\n", "0\N{ARABIC-INDIC DIGIT ONE}",
)  # fmt: skip


def test_phones_ring_at_their_endpoint_and_numbers_by_way_of_the_trunk() -> None:
    whom = (RegisteredPhone("agent1"), OutsideNumber("+31612345678", "test-trunk"))
    assert dial_string(*whom) == "PJSIP/agent1&PJSIP/+31612345678@test-trunk"
    assert dial_string(DialplanExtension("s", "onenumber-outbound")) == "Local/s@onenumber-outbound"
    assert dial_string() == ""


MAKERS: tuple[Callable[[str], Destination], ...] = (
    RegisteredPhone,
    lambda number: OutsideNumber(number, "trunk"),
    lambda trunk: OutsideNumber("112", trunk),
    lambda exten: DialplanExtension(exten, "x"),
    lambda context: DialplanExtension("s", context),
)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("make", MAKERS)
def test_nothing_else_can_be_dialled(make: Callable[[str], Destination], text: str) -> None:
    with pytest.raises(DialRefused):
        make(text)


@given(st.text())
def test_one_destination_is_one_channel(text: str) -> None:
    try:
        dialled = dial_string(RegisteredPhone(text))
    except DialRefused:
        return
    assert dialled == f"PJSIP/{text}"
    assert not set(text) & set("&,/@$;|\r\n \"'\\")


@pytest.mark.parametrize(
    ("dialled", "channel", "who"),
    [
        ("agent1", "PJSIP/agent1-0000000a", "agent1"),
        ("0612345678@trunk", "PJSIP/trunk-0000000a", "0612345678"),
        ("PJSIP/+31612345678@trunk", "PJSIP/trunk-0000000a", "+31612345678"),
        ("s@line", "Local/s@line-00000001;2", None),
    ],
)
def test_who_is_rung_is_read_from_what_asterisk_tells(dialled: str, channel: str, who: str | None) -> None:
    assert who_is_rung(dialled, channel) == who


def test_channels_and_devices_are_those_of_a_phone() -> None:
    assert phone_of_channel("PJSIP/ward-4-0000002f") == "ward-4"
    assert phone_of_channel("PJSIP/ward-4-0000002f\n") is None
    assert (phone_of_device("PJSIP/anna"), phone_of_device("Local/100@x")) == ("anna", None)
