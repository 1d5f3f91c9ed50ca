import pytest
from asterisk.ami import Event
from hypothesis import given
from hypothesis import strategies as st

from telephony.ami import (
    AmiEvent,
    Originate,
    ValueRefused,
    action,
    live_channel,
    one_line_each,
    originate_action,
    registered,
)
from telephony.dialling import RegisteredPhone

CALL = Originate("0190a0b0-0000-7000-8000-000000000001", RegisteredPhone("2001"), "onenumber-outbound",
                 caller_number="100", variables={"ON_ATTEMPT": "0190a0b0", "__ON_TRACE": "x"})  # fmt: skip


def test_a_call_to_be_made() -> None:
    lines = str(originate_action(CALL)).split("\r\n")
    assert lines[0] == "Action: Originate"
    assert set(lines[1:-1]) == {
        "ActionID: 0190a0b0-0000-7000-8000-000000000001",
        "ChannelId: 0190a0b0-0000-7000-8000-000000000001",
        "Channel: PJSIP/2001",
        "Context: onenumber-outbound",
        "Exten: s",
        "Priority: 1",
        "Timeout: 30000",
        "Async: true",
        "CallerID: <100>",
        "Variable: ON_ATTEMPT=0190a0b0",
        "Variable: __ON_TRACE=x",
    }


@pytest.mark.parametrize("value", ["x,ON_NEXT=dial", 'x"', "x\\", "x\ny", "x\r\nApplication: System", "x\0"])
def test_a_variable_stays_one(value: str) -> None:
    with pytest.raises(ValueRefused):
        originate_action(Originate("1", RegisteredPhone("2001"), "x", variables={"ON_ATTEMPT": value}))


@given(st.text(), st.sampled_from(["Channel", "Value"]))
def test_no_value_becomes_a_header(value: str, key: str) -> None:
    try:
        text = str(action("Setvar", {key: value}))
    except ValueRefused:
        return
    assert text.count("\r") == text.count("\n") == 2
    assert len(text.splitlines()) == 2


@pytest.mark.parametrize("key", ["Channel:", "Chan nel", "", "X\r\nY"])
def test_keys_are_ours(key: str) -> None:
    with pytest.raises(ValueRefused):
        action("Hangup", {key: "x"})
    with pytest.raises(ValueRefused):
        action(key, {})


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\n", "\r"])
def test_no_name_of_a_caller_becomes_a_field(mark: str) -> None:
    pack = f"Event: DialEnd\r\nDialStatus: CANCEL\r\nCallerIDName: Ann{mark}DialStatus: ANSWER\r\nUniqueid: 1"
    event = Event.read(one_line_each(pack))
    assert event.keys["DialStatus"] == "CANCEL"
    assert event.keys["Uniqueid"] == "1"


def test_a_channel_as_listed() -> None:
    channel = live_channel(AmiEvent("Status", {"Channel": "PJSIP/1", "Uniqueid": "7", "Application": "AGI"}))
    assert (channel.name, channel.uniqueid, channel.application, channel.bridge) == ("PJSIP/1", "7", "AGI", "")


@pytest.mark.parametrize(
    ("state", "there"),
    [("NOT_INUSE", True), ("INUSE", True), ("RINGING", True), ("BUSY", True), ("UNAVAILABLE", False),
     ("INVALID", False), ("UNKNOWN", False)],
)  # fmt: skip
def test_a_registered_phone(state: str, there: bool) -> None:
    assert registered(AmiEvent("DeviceStateChange", {"Device": "PJSIP/2001", "State": state})) is there
