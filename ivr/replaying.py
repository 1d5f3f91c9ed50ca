"""A call run again from what came of its actions: what it did, and where that led."""

from collections.abc import Iterable
from dataclasses import dataclass

from ivr.actions import Action, Outcome
from ivr.interpreter import advance
from ivr.script import Script
from ivr.state import State


@dataclass(frozen=True)
class Replay:
    """One state and one action for each outcome."""

    begun: State
    states: tuple[State, ...]
    actions: tuple[Action, ...]

    @property
    def end(self) -> State:
        return self.states[-1] if self.states else self.begun


def replay(script: Script, begun: State, outcomes: Iterable[Outcome]) -> Replay:
    """The same outcomes lead the same documents to the same end: `advance` knows nothing else."""
    state, states, actions = begun, list[State](), list[Action]()
    for outcome in outcomes:
        state, action = advance(script, state, outcome)
        states.append(state)
        actions.append(action)
    return Replay(begun, tuple(states), tuple(actions))
