"""What came of a call's actions, stored and read again, leads to the same actions and the same end."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from ivr import outcome_json
from ivr.replaying import Replay, replay
from ivr.simulator import Simulation, World, steps_of
from ivr.state import State
from tests.unit.ivr.site import CALLER, KNOWN, begin, play, script

TURNS = [*KNOWN, "silence", "noise", "deaf", "crash", *(f"key {key}" for key in "0123456789*"), "key 04#", "more 4#"]


def again(call: Simulation) -> Replay:
    stored = json.loads(json.dumps([outcome_json.to_json(outcome) for outcome in call.outcomes]))
    return replay(script(), begin(**CALLER), map(outcome_json.from_json, stored))


@settings(max_examples=150, deadline=None)
@given(caller=st.lists(st.sampled_from(TURNS), max_size=20), staffed=st.booleans(), free=st.booleans())
def test_the_same_outcomes_lead_to_the_same_end(caller: list[str], staffed: bool, free: bool) -> None:
    call = play(*caller, world=World(staffed=staffed, free=free))
    told = again(call)
    assert (told.end, steps_of(told.actions)) == (call.state, call.steps())
    for state in told.states:
        assert State.from_json(json.loads(json.dumps(state.to_json()))) == state


def test_a_call_of_which_nothing_came_ends_where_it_began() -> None:
    assert replay(script(), begin(**CALLER), ()).end == begin(**CALLER)
