"""Why a caller is next, in a sentence: of the reasons that `routing.turns` gives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from routing.turns import Turn, Why
from web.display_names import DisplayNames
from web.texts import Texts
from web.times import Times
from web.untrusted import one_line

Say = Callable[..., str]  # key and what varies → text


@dataclass(frozen=True)
class TurnWording:
    """`agents`: names by id."""

    texts: Texts
    naming: DisplayNames
    times: Times

    def shown(self, language: str, turn: Turn, agents: Mapping[str, str], now: datetime) -> Markup:
        """For a page."""

        def say(key: str, **parts: object) -> Markup:
            return self.texts.marked_up(language, key, **parts)

        by = self.times.moment(turn.entry.promise_by, now) if turn.entry.promise_by else ""
        reasons = Markup(", ").join(self._reasons(say, turn, agents, by))
        return say(_frame(turn), reasons=reasons)

    def told(self, language: str, turn: Turn, agents: Mapping[str, str]) -> str:
        """For a program that shows it to somebody."""

        def say(key: str, **parts: object) -> str:
            return self.texts.plain(language, key, **parts)

        promised = turn.entry.promise_by
        by = promised.astimezone(self.times.zone).strftime("%Y-%m-%d %H:%M") if promised else ""
        return say(_frame(turn), reasons=", ".join(self._reasons(say, turn, agents, by)))

    def _reasons(self, say: Say, turn: Turn, agents: Mapping[str, str], by: str) -> list[str]:
        varying: Mapping[Why, Mapping[str, object]] = {
            Why.PRESSING: {"by": by},
            Why.REPEATED: {"count": turn.entry.contacts},
            Why.OVERFLOW: {"crews": ", ".join(self.naming.crew(crew) for crew in turn.crews[1:])},
            Why.KNOWN: {"agent": one_line(agents.get(turn.entry.last_agent or "", ""))},
        }
        known = [why for why in turn.why if why is not Why.KNOWN or turn.entry.last_agent in agents]
        return [say(f"turn.{why}", **varying.get(why, {})) for why in known]


def _frame(turn: Turn) -> str:
    return "turn.next" if turn.is_next else "turn.later"
