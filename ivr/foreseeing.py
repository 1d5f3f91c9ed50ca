"""What the line would say next if its caller had finished, so that it can be rendered before they have. Pure."""

from config.documents import Language
from ivr.actions import AgentFound, Ask, FindAgent, Heard, Prompt, Speak
from ivr.interpreter import advance
from ivr.ports import Understanding
from ivr.script import Script
from ivr.state import State


def foreseen(script: Script, state: State, said: Understanding) -> tuple[Prompt, Language]:
    """The next prompt and its language, as far as neither depends on what is looked up first; empty where they do."""
    state, action = advance(script, state, Heard(said))
    if isinstance(action, FindAgent):  # whatever is found, the matter is said back
        state, action = advance(script, state, AgentFound(free=False))
    return action.prompt if isinstance(action, Ask | Speak) else (), state.language
