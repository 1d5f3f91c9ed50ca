"""One press of a key is one key, by however many ways a phone tells of it.

Asterisk hands on keys that came as RTP events (RFC 4733) and as SIP INFO, and does not say which; of an INFO the SIP
trace tells us beside; tones we hear ourselves. Whoever sends an INFO and an event for each press is counted by the
INFOs; whoever sends a tone and an event, by the one that came first.
"""

from dataclasses import dataclass

SAME_PRESS_S = 2.0  # two ways tell of one press within it: Asterisk plays a key without a beginning to its full length
LATE_S = 15.0  # keys told twice come ever later while many are pressed: no INFO is forgotten sooner
ECHO_S = 0.3  # the end of a tone whose event came first


@dataclass
class _KeyCounts:
    """What was told of one key lately."""

    at_s: float
    keys: int = 0  # from Asterisk
    infos: int = 0
    given: int = 0  # presses, of those that Asterisk told of
    key_s: float = -SAME_PRESS_S
    owed_event_s: float = -SAME_PRESS_S  # a press that its tone has told, and whose event may still come


class PressCounter:
    """Returns whether what is told is a new press; time is an argument, in seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._counts = dict[str, _KeyCounts]()

    def info(self, key: str, now_s: float) -> None:
        """A SIP INFO told of it; Asterisk hands the key on, too."""
        self._of(key, now_s).infos += 1

    def key(self, key: str, now_s: float) -> bool:
        """Asterisk handed it on."""
        counts = self._of(key, now_s)
        counts.keys += 1
        counts.key_s = now_s
        new = counts.given < min(counts.keys, max(counts.infos, counts.keys - counts.infos))
        counts.given += new
        if new and now_s - counts.owed_event_s < SAME_PRESS_S:
            counts.owed_event_s = -SAME_PRESS_S
            return False
        return new

    def tone(self, key: str, now_s: float) -> bool:
        """Its tone was heard."""
        counts = self._of(key, now_s)
        if now_s - counts.key_s < ECHO_S:
            return False
        counts.owed_event_s = now_s
        return True

    def _of(self, key: str, now_s: float) -> _KeyCounts:
        counts = self._counts.setdefault(key, _KeyCounts(now_s))
        all_came = counts.keys >= counts.infos
        if now_s - counts.at_s > (SAME_PRESS_S if all_came else LATE_S):
            counts.keys = counts.infos = counts.given = 0
        counts.at_s = now_s
        return counts
