"""Steps that ask nothing: say, branch."""

from typing import Any

from ivr.actions import Outcome, Sentence, Speak
from ivr.flow import Branch, Case, Say
from ivr.script import Next, Script, Turn
from ivr.state import State


def enter_say(script: Script, step: Say, state: State) -> Turn:
    return state, Speak((Sentence(step.prompt),))


def take_say(script: Script, step: Say, state: State, outcome: Outcome) -> Next:
    return step.next


def enter_branch(script: Script, step: Branch, state: State) -> Next:
    return next((case.goto for case in step.cases if _holds(case, script.fact(state, case.fact))), step.otherwise)


def take_branch(script: Script, step: Branch, state: State, outcome: Outcome) -> Next:
    return enter_branch(script, step, state)


def _holds(case: Case, fact: Any) -> bool:
    """A fact that is no number is neither much nor little."""
    if case.equals is not None:
        return _written(fact) == _written(case.equals)
    try:
        value = float(fact)
    except (TypeError, ValueError):
        return False
    return (case.at_least is None or value >= case.at_least) and (case.below is None or value < case.below)


def _written(fact: Any) -> str:
    """As flows write it: yes, no, and nothing for what is not known."""
    if isinstance(fact, bool):
        return "yes" if fact else "no"
    if isinstance(fact, float) and fact.is_integer():
        return str(int(fact))
    return "" if fact is None else str(fact)
