"""Callers whom the dialplan did not let in, as it tells of them: counted for machines, logged for people."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

import structlog

from telephony.ami import AmiEvent

LOG_EVERY_S = 10.0  # a flood of callers is no flood of log lines
REFUSED = "OneNumberRefused"  # the dialplan's UserEvent

log = structlog.get_logger()


@dataclass
class Refusals:
    """`full`: the share was used up; `source`: its own was; `crowded`: let in for an emergency alone."""

    counts: Counter[str] = field(default_factory=Counter)
    _logged_at_s: dict[str, float] = field(default_factory=dict)

    def take(self, event: AmiEvent) -> None:
        """One caller was refused; others' user events are passed over."""
        why = event["Why"]
        if event["UserEvent"] != REFUSED or why not in ("full", "source", "crowded"):
            return
        self.counts[why] += 1
        now_s = asyncio.get_running_loop().time()
        if now_s - self._logged_at_s.get(why, -LOG_EVERY_S) >= LOG_EVERY_S:
            self._logged_at_s[why] = now_s
            log.warning(
                "callers are refused", why=why, kind=event["Kind"], pii_source=event["Source"], so_far=self.counts[why]
            )
