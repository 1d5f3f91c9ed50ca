"""What came of a dialling that reached nobody, and when the number is rung again. Pure: time is an argument."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from config.documents import AgainRule, CallbackRules
from routing.model import Attempt, AttemptState

MOST_NUMBERS = 3  # times the attempts allowed, counting those that were lost
WRONG_NUMBER_ENDING = "wrong_number"  # of a call: who took the phone is not who was meant


class AttemptResult(StrEnum):
    """The same words as in `config.documents.AttemptResultName`."""

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    MACHINE = "machine"  # the phone was taken, and nobody pressed a key
    DECLINED = "declined"
    WRONG_NUMBER = "wrong_number"  # the network knows none such, or who took the phone said so
    UNREACHABLE = "unreachable"  # the network could not get there, or the phone is off


LOST = "lost"  # told of an attempt that the line lost, which says nothing of the phone


def result_of(attempt: Attempt) -> AttemptResult | None:
    """What came of it; None where it was lost, reached somebody, is under way, or was noted otherwise before."""
    known = attempt.ending if attempt.state is AttemptState.FAILED else None
    return AttemptResult(known) if known in set(AttemptResult) else None


def result_of_call(ending: str | None) -> AttemptResult:
    """Of a phone that was taken, where the call ended so and no key had shown a person."""
    return AttemptResult.WRONG_NUMBER if ending == WRONG_NUMBER_ENDING else AttemptResult.MACHINE


def again_at(attempts: Sequence[Attempt], rules: CallbackRules, now: datetime) -> datetime | None:
    """When the number is rung again after these attempts; None: not again, a person must look.

    The last one's result has its rule. Attempts that were lost count only towards a ceiling.
    """
    counted = [attempt for attempt in attempts if attempt.state is not AttemptState.LOST]
    if len(counted) >= rules.attempts or len(attempts) >= rules.attempts * MOST_NUMBERS:
        return None
    last = result_of(attempts[-1]) if attempts else None
    rule = rules.again.get(last.value, AgainRule()) if last else AgainRule()
    if rule.times is not None and sum(result_of(attempt) is last for attempt in counted) >= rule.times:
        return None
    return now + timedelta(seconds=rules.spacing_s if rule.after_s is None else rule.after_s)
