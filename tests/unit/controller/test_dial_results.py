"""What came of a dialling, from what Asterisk tells of it."""

import pytest

from controller.dial_results import REMEMBERED, DialResults
from routing.identity import new_id
from routing.retrying import AttemptResult
from telephony.ami import AmiEvent

ATTEMPT = "0190a1b2-0000-7000-8000-00000000abcd"


def told(reason: str, cause: str | None = None) -> AttemptResult:
    results = DialResults()
    if cause is not None:
        results.hung_up(AmiEvent("Hangup", {"Uniqueid": ATTEMPT, "Cause": cause}))
    return results.of(AmiEvent("OriginateResponse", {"ActionID": ATTEMPT, "Response": "Failure", "Reason": reason}))


@pytest.mark.parametrize(
    ("reason", "cause", "result"),
    [
        ("5", "17", AttemptResult.BUSY),
        ("5", None, AttemptResult.BUSY),
        ("3", "0", AttemptResult.NO_ANSWER),
        ("3", None, AttemptResult.NO_ANSWER),
        ("0", "21", AttemptResult.DECLINED),
        ("0", "1", AttemptResult.WRONG_NUMBER),
        ("0", "28", AttemptResult.WRONG_NUMBER),
        ("0", "20", AttemptResult.UNREACHABLE),
        ("8", "34", AttemptResult.UNREACHABLE),
        ("0", None, AttemptResult.UNREACHABLE),
        ("", "", AttemptResult.UNREACHABLE),
    ],
)
def test_a_result_is_read_from_cause_and_reason(reason: str, cause: str | None, result: AttemptResult) -> None:
    assert told(reason, cause) is result


def test_only_so_many_hang_ups_are_remembered_and_none_of_other_channels() -> None:
    results = DialResults()
    results.hung_up(AmiEvent("Hangup", {"Uniqueid": ATTEMPT, "Cause": "21"}))
    for _ in range(REMEMBERED):
        results.hung_up(AmiEvent("Hangup", {"Uniqueid": new_id(), "Cause": "17"}))
    results.hung_up(AmiEvent("Hangup", {"Uniqueid": "1795918207.19", "Cause": "17"}))
    assert len(results._causes) == REMEMBERED
    assert results.of(AmiEvent("OriginateResponse", {"ActionID": ATTEMPT, "Reason": "0"})) is AttemptResult.UNREACHABLE
