"""The step that changes the language of a call: set_language."""

from dataclasses import replace

from ivr.actions import Outcome
from ivr.flow import SetLanguage
from ivr.script import Next, Script
from ivr.state import State


def enter_set_language(script: Script, step: SetLanguage, state: State) -> Next:
    """Whoever could not be heard in one language may be in another: it has a recogniser of its own."""
    deaf = state.deaf and state.language == step.language
    return replace(state, language=step.language, deaf=deaf), step.next


def take_set_language(script: Script, step: SetLanguage, state: State, outcome: Outcome) -> Next:
    return enter_set_language(script, step, state)
