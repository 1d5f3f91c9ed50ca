"""Why a phone that the line rang was not reached, as Asterisk tells it in two places."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from routing.identity import is_id
from routing.retrying import AttemptResult
from telephony.ami import AmiEvent

REMEMBERED = 1_000  # hang-ups whose response is still to come; it follows within a second
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
    """A channel's cause comes with its hang-up, just before the response to the Originate."""

    _causes: OrderedDict[str, str] = field(default_factory=OrderedDict)

    def hung_up(self, event: AmiEvent) -> None:
        """Channels that are named by an id of ours are those that we rang."""
        if not is_id(event["Uniqueid"]):
            return
        self._causes[event["Uniqueid"]] = event["Cause"]
        while len(self._causes) > REMEMBERED:
            self._causes.popitem(last=False)

    def of(self, response: AmiEvent) -> AttemptResult:
        """Of an `OriginateResponse` that tells of a failure."""
        cause = self._causes.pop(response["ActionID"], "")
        return CAUSES.get(cause) or REASONS.get(response["Reason"], AttemptResult.UNREACHABLE)
