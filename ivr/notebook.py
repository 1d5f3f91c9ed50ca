"""What happened in a call since it was last saved."""

from ivr import outcome_json
from ivr.actions import Outcome
from routing.clocks import Clock
from routing.model import NewOutcome
from routing.timeline import Notes


class Notebook(Notes):
    """Collects a call's events in memory between two saves; everything in it is written before the next prompt."""

    def __init__(self, call_id: str, leg_id: str, clock: Clock) -> None:
        super().__init__(call_id, clock, leg_id=leg_id)

    def outcome(self, outcome: Outcome) -> NewOutcome:
        """What came of the dialogue's last action, to be kept with the state that it leads to."""
        return NewOutcome(self._clock(), outcome_json.to_json(outcome))
