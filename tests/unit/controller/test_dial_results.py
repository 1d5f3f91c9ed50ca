"""What came of a dialling, from what Asterisk tells of it: response and hang-up, in either order."""

import pytest

from controller.dial_results import HANGUP_S, REMEMBERED, DialResults
from routing.identity import new_id
from routing.retrying import AttemptResult
from telephony.ami import AmiEvent

ATTEMPT = "0190a1b2-0000-7000-8000-00000000abcd"


def hangup(cause: str, channel: str = ATTEMPT) -> AmiEvent:
    return AmiEvent("Hangup", {"Uniqueid": channel, "Cause": cause})


def response(reason: str, said: str = "Failure") -> AmiEvent:
    return AmiEvent("OriginateResponse", {"ActionID": ATTEMPT, "Response": said, "Reason": reason})


@pytest.mark.parametrize("hangup_first", [True, False])
@pytest.mark.parametrize(
    ("reason", "cause", "result"),
    [
        ("0", "17", AttemptResult.BUSY),
        ("0", "21", AttemptResult.DECLINED),
        ("0", "1", AttemptResult.WRONG_NUMBER),
        ("0", "28", AttemptResult.WRONG_NUMBER),
        ("0", "19", AttemptResult.NO_ANSWER),
        ("0", "20", AttemptResult.UNREACHABLE),
        ("0", "34", AttemptResult.UNREACHABLE),
        ("0", "", AttemptResult.UNREACHABLE),
    ],
)
def test_a_refusal_is_told_once_by_its_cause(
    reason: str, cause: str, result: AttemptResult, hangup_first: bool
) -> None:
    results = DialResults()
    events = [hangup(cause), response(reason)] if hangup_first else [response(reason), hangup(cause)]
    assert [results.happened(event, 0.0) for event in events] == [None, (ATTEMPT, result)]
    assert results.without_channel(HANGUP_S) == []


@pytest.mark.parametrize(
    ("reason", "result"),
    [
        ("3", AttemptResult.NO_ANSWER),
        ("1", AttemptResult.NO_ANSWER),
        ("5", AttemptResult.BUSY),
        ("8", AttemptResult.UNREACHABLE),
    ],
)
def test_what_the_response_tells_needs_no_cause(reason: str, result: AttemptResult) -> None:
    assert DialResults().happened(response(reason), 0.0) == (ATTEMPT, result)


def test_a_phone_that_is_not_there_has_no_channel_to_hang_up() -> None:
    results = DialResults()
    assert results.happened(response("0"), 5.0) is None
    assert results.without_channel(5.0) == []
    assert results.without_channel(5.0 + HANGUP_S) == [ATTEMPT]
    assert results.without_channel(5.0 + HANGUP_S) == []
    assert results.happened(hangup("21"), 7.0) is None


def test_nothing_comes_of_an_answer_or_of_other_channels() -> None:
    results = DialResults()
    assert results.happened(response("4", "Success"), 0.0) is None
    assert results.happened(hangup("16"), 0.0) is None  # at the end of the talk
    assert results.happened(hangup("17", "1795918207.19"), 0.0) is None
    assert results.without_channel(9.0) == []


def test_only_so_many_hang_ups_are_remembered() -> None:
    results = DialResults()
    for _ in range(REMEMBERED):
        results.happened(hangup("17", new_id()), 0.0)
    results.happened(hangup("21"), 0.0)
    assert len(results._causes) == REMEMBERED
    assert results.happened(response("0"), 0.0) == (ATTEMPT, AttemptResult.DECLINED)
