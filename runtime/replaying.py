"""A stored call run again, with the documents that it began with."""

from dataclasses import dataclass

from ivr import outcome_json
from ivr.flow import Flow
from ivr.replaying import Replay, replay
from ivr.script import Script
from ivr.state import State
from store import SqlRecords, editions


class NotReplayable(Exception):
    """What the call's dialogue began with, or some of what came of it, is not kept (any more)."""


@dataclass(frozen=True)
class Replayed:
    replay: Replay
    recorded: State  # where the call stood when it was saved last

    @property
    def same(self) -> bool:
        """Whether it led to the recorded end."""
        return self.replay.end == self.recorded


async def replayed(records: SqlRecords, call_id: str) -> Replayed:
    """Raises: NotFound, NotReplayable, UnknownOutcome."""
    call, history = await records.calls.load(call_id), await records.calls.history(call_id)
    if not history.begun:
        raise NotReplayable("what it began with is not kept, or some of what came of it has been erased")
    if not history.whole:
        raise NotReplayable("some of what came of it has been erased")
    edition = await editions.load(records, call.pins)
    begun = State.from_json(history.begun)
    script = Script(Flow.model_validate(edition.flows[begun.flow]), edition)
    run = replay(script, begun, map(outcome_json.from_json, history.outcomes))
    return Replayed(run, State.from_json(call.dialogue))
