"""Why a phone that the line rang was not reached, as Asterisk tells it in two places."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from routing.identity import is_id
from routing.retrying import AttemptResult
from telephony.ami import AmiEvent

REMEMBERED = 1_000  # hang-ups whose response may still come
HANGUP_S = 1.0  # it follows the response at once, if at all
REASONS: Mapping[str, AttemptResult] = {  # of OriginateResponse: control frames (frame.h), 0 is any other failure
    "1": AttemptResult.NO_ANSWER,  # it hung up
    "3": AttemptResult.NO_ANSWER,  # it rang to the end
    "5": AttemptResult.BUSY,
    "8": AttemptResult.UNREACHABLE,  # congestion
}
CAUSES: Mapping[str, AttemptResult] = {  # of Hangup: Q.850, as res_pjsip makes it of a SIP answer
    "1": AttemptResult.WRONG_NUMBER,  # unallocated: 404, 604
    "17": AttemptResult.BUSY,  # 486, 600
    "18": AttemptResult.NO_ANSWER,  # no user responding: 408
    "19": AttemptResult.NO_ANSWER,  # 480
    "21": AttemptResult.DECLINED,  # 603, 403
    "22": AttemptResult.WRONG_NUMBER,  # changed: 410
    "28": AttemptResult.WRONG_NUMBER,  # format: 484
}


@dataclass
class DialResults:
    """Where a phone has refused, the cause comes with its channel's hang-up, before the response or just after it.

    A phone that is not there has no channel, and no hang-up.
    """

    _causes: OrderedDict[str, str] = field(default_factory=OrderedDict)  # told before their response
    _waiting: dict[str, float] = field(default_factory=dict)  # ids that wait for their cause, since when

    def happened(self, event: AmiEvent, at: float) -> tuple[str, AttemptResult] | None:
        """The id that was dialled and what came of it, once that is known; `at` is in seconds."""
        if event.name == "Hangup" and is_id(event["Uniqueid"]):
            return self._hung_up(event["Uniqueid"], event["Cause"])
        if event.name == "OriginateResponse" and event["Response"] == "Failure":
            return self._responded(event["ActionID"], event["Reason"], at)
        return None

    def without_channel(self, at: float) -> list[str]:
        """The ids of those that wait for a hang-up that does not come: they were not reachable."""
        late = [dialled for dialled, since in self._waiting.items() if at - since >= HANGUP_S]
        for dialled in late:
            del self._waiting[dialled]
        return late

    def _hung_up(self, dialled: str, cause: str) -> tuple[str, AttemptResult] | None:
        if self._waiting.pop(dialled, None) is not None:
            return dialled, CAUSES.get(cause, AttemptResult.UNREACHABLE)
        self._causes[dialled] = cause
        while len(self._causes) > REMEMBERED:
            self._causes.popitem(last=False)
        return None

    def _responded(self, dialled: str, reason: str, at: float) -> tuple[str, AttemptResult] | None:
        cause = self._causes.pop(dialled, None)
        if result := CAUSES.get(cause or "") or REASONS.get(reason):
            return dialled, result
        if cause is not None:
            return dialled, AttemptResult.UNREACHABLE
        self._waiting[dialled] = at
        return None
